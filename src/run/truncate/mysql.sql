-- Tables of other databases that refer to a table of this one ({schema}, {table}): database, table.
SELECT DISTINCT k.table_schema, k.table_name
  FROM information_schema.key_column_usage AS k
 WHERE k.referenced_table_schema = {schema} AND k.referenced_table_name = {table} AND k.table_schema <> {schema}
