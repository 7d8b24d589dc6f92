-- Triggers with their text, the only place that shows when they fire.
select tbl_name as table_name, name, sql from sqlite_schema where type = 'trigger' order by tbl_name, name
