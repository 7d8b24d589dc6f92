-- The rows that this transaction has written so far, partitions as their root: schema, table, rows inserted, updated and deleted. The first row
-- counts the relations.
WITH RECURSIVE root (relid, top) AS (
    SELECT c.oid, c.oid FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    UNION ALL
    SELECT i.inhrelid, root.top
      FROM root
      JOIN pg_catalog.pg_inherits i ON i.inhparent = root.relid
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
)
(SELECT NULL::text AS schema, NULL::text AS relation, count(*) AS rows
   FROM pg_catalog.pg_class WHERE relpersistence <> 't')
UNION ALL
(SELECT n.nspname, c.relname, sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del)
   FROM pg_catalog.pg_stat_xact_user_tables s
   JOIN root ON root.relid = s.relid
   JOIN pg_catalog.pg_class c ON c.oid = root.top
   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  GROUP BY 1, 2
 HAVING sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del) > 0)
