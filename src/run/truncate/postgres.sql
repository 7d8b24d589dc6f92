-- Why PostgreSQL would refuse to empty these tables ({tables}: an array of quoted names): a missing privilege, or a table that
-- refers to one of them and is not among them. Table, obstacle, whether it is a privilege.
WITH RECURSIVE wanted AS (
    SELECT t.name::pg_catalog.regclass::pg_catalog.oid AS oid FROM pg_catalog.unnest({tables}::pg_catalog.text[]) AS t (name)
), filled AS (
    SELECT w.oid FROM wanted w
    UNION
    SELECT i.inhrelid FROM filled f JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) f.oid
)
SELECT w.oid::pg_catalog.regclass::pg_catalog.text, 'TRUNCATE', true
  FROM wanted w WHERE NOT pg_catalog.has_table_privilege(w.oid, 'TRUNCATE')
UNION ALL
SELECT k.confrelid::pg_catalog.regclass::pg_catalog.text, k.conrelid::pg_catalog.regclass::pg_catalog.text, false
  FROM pg_catalog.pg_constraint k
 WHERE k.contype OPERATOR(pg_catalog.=) 'f'
   AND EXISTS (SELECT FROM filled f WHERE f.oid OPERATOR(pg_catalog.=) k.confrelid)
   AND NOT EXISTS (SELECT FROM filled f WHERE f.oid OPERATOR(pg_catalog.=) k.conrelid)
