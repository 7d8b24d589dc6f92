-- Tables that refer to a table ({schema}, {table}): schema, table.
SELECT DISTINCT n.nspname, c.relname
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) k.confrelid
  JOIN pg_catalog.pg_namespace pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace
 WHERE k.contype OPERATOR(pg_catalog.=) 'f'
   AND pn.nspname OPERATOR(pg_catalog.=) {schema} AND p.relname OPERATOR(pg_catalog.=) {table}
