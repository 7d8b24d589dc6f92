-- The schemas of the search path that the session was given (`dbmocker.path`), in order, each with a role that may have
-- created functions or operators there which this session must not run: one that may create objects in the schema now, or
-- that owns a function or an operator in it.
WITH {trusted},
others AS (
    SELECT r.oid, r.rolname
      FROM pg_roles r
     WHERE r.rolcanlogin
       AND r.oid NOT IN (SELECT t.oid FROM trusted t)
       AND has_database_privilege(r.oid, current_database(), 'CONNECT')
)
SELECT n.nspname,
       coalesce(
           (SELECT min(o.rolname::text)
              FROM (SELECT n.nspowner AS role
                     UNION
                    SELECT a.grantee FROM aclexplode(n.nspacl) a WHERE a.privilege_type = 'CREATE') g
              JOIN others o ON CASE WHEN g.role = 0 THEN true ELSE pg_has_role(o.oid, g.role, 'MEMBER') END),
           (SELECT min(pg_get_userbyid(m.owner)::text)
              FROM (SELECT p.proowner AS owner FROM pg_proc p WHERE p.pronamespace = n.oid
                     UNION
                    SELECT o.oprowner FROM pg_operator o WHERE o.oprnamespace = n.oid) m
             WHERE m.owner NOT IN (SELECT t.oid FROM trusted t)))
  FROM unnest(current_setting('dbmocker.path')::name[]) WITH ORDINALITY AS p(name, place)
  JOIN pg_namespace n ON n.nspname = p.name
 WHERE n.nspname <> 'pg_catalog'
 ORDER BY p.place
