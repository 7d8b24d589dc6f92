select table_name as name, column_name as column_name, max(cardinality) as cardinality
  from information_schema.statistics
 where table_schema = database() and seq_in_index = 1 and column_name is not null
 group by table_name, column_name
