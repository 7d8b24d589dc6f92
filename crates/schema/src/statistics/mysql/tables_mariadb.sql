select t.table_name as name, s.cardinality as counted, t.table_rows as estimated
  from information_schema.tables t
  left join mysql.table_stats s on s.db_name = t.table_schema and s.table_name = t.table_name
 where t.table_schema = database() and t.table_type = 'BASE TABLE'
