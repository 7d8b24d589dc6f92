-- User-defined functions that may run in this session, each as its CREATE statement, without those of extensions.
with {trusted}
select n.nspname                                     as schema,
       p.proname                                     as name,
       pg_get_functiondef(p.oid)                     as definition
  from pg_proc p
  join pg_language l on l.oid = p.prolang
  join pg_namespace n on n.oid = p.pronamespace
 where p.proowner in (select t.oid from trusted t)
   and l.lanname not in ('c', 'internal')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and length(p.prosrc) < 20000
   and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
   and coalesce(to_jsonb(p) ->> 'prokind', 'f') = 'f'
   and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
   and not exists (select 1 from pg_aggregate a where a.aggfnoid = p.oid)
 order by p.proname, p.oid
