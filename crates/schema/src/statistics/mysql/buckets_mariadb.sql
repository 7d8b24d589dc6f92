-- Values of numbers and timestamps; for texts only the lengths.
select s.table_name as name, s.column_name, b.size, b.ndv, char_length(b.start) as length,
       case when c.data_type in ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'year',
                                 'date', 'datetime', 'timestamp', 'time') then b.start end as start
  from mysql.column_stats s
  join information_schema.columns c
    on c.table_schema = s.db_name and c.table_name = s.table_name and c.column_name = s.column_name
  join json_table(s.histogram, '$.histogram_hb[*]' columns (i for ordinality, start text path '$.start',
                  size double path '$.size', ndv bigint path '$.ndv')) as b
 where s.db_name = database() and s.hist_type = 'JSON_HB'
 order by s.table_name, s.column_name, b.i
