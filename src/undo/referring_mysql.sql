-- Tables that refer to a table ({schema}, {table}), in any database: database, table.
SELECT DISTINCT k.table_schema, k.table_name
  FROM information_schema.key_column_usage AS k
 WHERE k.referenced_table_schema = {schema} AND k.referenced_table_name = {table}
