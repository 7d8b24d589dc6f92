-- All attributes, because not every server has all of them (srs_id, generation_expression).
select * from information_schema.columns where table_schema = database() order by table_name, ordinal_position
