-- Roles other than the owner that have a privilege on a table ({table}), for example by default privileges.
SELECT DISTINCT CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC'
                     ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
  FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
 WHERE c.oid OPERATOR(pg_catalog.=) {table}::pg_catalog.regclass AND a.grantee OPERATOR(pg_catalog.<>) c.relowner
