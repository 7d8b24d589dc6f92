-- The conditions of row-level security for inserted rows, where it applies to this role: one of the permissive policies, and every
-- restrictive one.
select p.polrelid                                    as relation,
       p.polname                                     as name,
       p.polpermissive                               as permissive,
       pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) as text
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
 where c.relrowsecurity
   and row_security_active(c.oid)
   and p.polcmd in ('a', '*')
   and coalesce(p.polwithcheck, p.polqual) is not null
   and (p.polroles = '{0}' or exists (select 1 from unnest(p.polroles) r(oid) where pg_has_role(current_user, r.oid, 'USAGE')))
 order by p.polrelid, p.polname
