-- The object with the ledger's name ({schema}, {name}): its OID, and the reason if it cannot be a ledger of this role.
SELECT c.oid,
       CASE
       WHEN c.relkind OPERATOR(pg_catalog.<>) 'r' OR c.relpersistence OPERATOR(pg_catalog.<>) 'p' THEN 'it is no ordinary table'
       WHEN o.rolname OPERATOR(pg_catalog.<>) CURRENT_USER
           THEN pg_catalog.concat('it belongs to the role `', o.rolname, '`, and only that role may restore or remove it')
       WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid) THEN 'it has triggers'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class OPERATOR(pg_catalog.=) c.oid) THEN 'it has rules'
       WHEN c.relrowsecurity OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid)
           THEN 'it has policies'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i
                     WHERE i.inhrelid OPERATOR(pg_catalog.=) c.oid OR i.inhparent OPERATOR(pg_catalog.=) c.oid)
           THEN 'other tables inherit from it, or it from them'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid OPERATOR(pg_catalog.=) c.oid)
         OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid AND k.contype OPERATOR(pg_catalog.<>) 'n')
           THEN 'it has indexes or constraints'
       WHEN EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) a
                     WHERE a.grantee OPERATOR(pg_catalog.<>) c.relowner AND a.privilege_type OPERATOR(pg_catalog.<>) 'SELECT')
         OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attacl IS NOT NULL)
           THEN 'other roles may write to it'
       WHEN (SELECT pg_catalog.string_agg(
                        pg_catalog.concat(a.attname, ' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
                                          CASE WHEN a.atthasdef OR a.attnotnull THEN ' with more' END), ', ' ORDER BY a.attnum)
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0)
            OPERATOR(pg_catalog.<>) 'run text, what text, subject text, place bigint, data text, seal text'
           THEN 'its columns are not those of this version'
       END
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) c.relowner
 WHERE n.nspname OPERATOR(pg_catalog.=) {schema} AND c.relname OPERATOR(pg_catalog.=) {name}
