-- Triggers with their text, which alone says when they fire.
select tbl_name as table_name, name, sql from sqlite_schema where type = 'trigger' order by tbl_name, name
