-- Roles whose functions may run in this session: superusers, those who can become this role, and, unless this role is
-- a superuser, the roles that it is a member of and the database's owner. They can act as this role already, or own
-- the objects that it uses. Part of a WITH clause.
me AS (
    SELECT r.oid, r.rolsuper FROM pg_roles r WHERE r.rolname = current_user
),
trusted AS (
    SELECT r.oid
      FROM pg_roles r CROSS JOIN me
     WHERE r.rolsuper
        OR pg_has_role(r.oid, me.oid, 'MEMBER')
        OR NOT me.rolsuper
           AND (pg_has_role(me.oid, r.oid, 'MEMBER')
                OR r.oid = (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()))
)
