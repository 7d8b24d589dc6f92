-- An ordinary or partitioned table of this name ({schema}, {table}): whether its rows are in partitions, or in the chunks of
-- a TimescaleDB hypertable; with policies.
SELECT c.relkind OPERATOR(pg_catalog.=) 'p'
       OR EXISTS (SELECT FROM pg_catalog.pg_inherits i
                    JOIN pg_catalog.pg_class k ON k.oid OPERATOR(pg_catalog.=) i.inhrelid
                    JOIN pg_catalog.pg_namespace s ON s.oid OPERATOR(pg_catalog.=) k.relnamespace
                   WHERE i.inhparent OPERATOR(pg_catalog.=) c.oid
                     AND s.nspname OPERATOR(pg_catalog.=) '_timescaledb_internal'),
       c.relrowsecurity
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE n.nspname OPERATOR(pg_catalog.=) {schema} AND c.relname OPERATOR(pg_catalog.=) {table}
   AND (c.relkind OPERATOR(pg_catalog.=) 'r' OR c.relkind OPERATOR(pg_catalog.=) 'p')
