-- Indexes, a row for each part. All attributes: `expression` is MySQL's only.
select * from information_schema.statistics where table_schema = database()
 order by table_name, index_name, seq_in_index
