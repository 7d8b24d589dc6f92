-- The INSERT triggers of a table and its partitions that fire in an ordinary session, with the statements that disable and
-- enable each.
WITH RECURSIVE tree (relid) AS (
    SELECT {table}::pg_catalog.regclass::oid
    UNION ALL
    SELECT i.inhrelid
      FROM tree
      JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.relid
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
)
SELECT format('ALTER TABLE ONLY %I.%I DISABLE TRIGGER %I', n.nspname, c.relname, t.tgname),
       format('ALTER TABLE ONLY %I.%I ENABLE %sTRIGGER %I', n.nspname, c.relname,
              CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' ELSE '' END, t.tgname)
  FROM tree
  JOIN pg_catalog.pg_trigger t ON t.tgrelid = tree.relid
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 4 <> 0
 ORDER BY 1
