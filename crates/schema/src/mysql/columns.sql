-- All attributes, since servers differ in which they have (srs_id, generation_expression).
select * from information_schema.columns where table_schema = database() order by table_name, ordinal_position
