select table_name as name, null as counted, table_rows as estimated
  from information_schema.tables
 where table_schema = database() and table_type = 'BASE TABLE'
