-- The bodies of user-defined functions, for the triggers and CHECKs that call them, grouped by name.
select p.proname                                     as name,
       string_agg(case when p.prosrc = '' and to_jsonb(p) ->> 'prosqlbody' is not null
                       then pg_get_functiondef(p.oid) else p.prosrc end, E';\n') as body
  from pg_proc p
  join pg_language l on l.oid = p.prolang
  join pg_namespace n on n.oid = p.pronamespace
 where l.lanname in ('sql', 'plpgsql')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and (exists (select 1 from pg_trigger t where not t.tgisinternal)
        or exists (select 1 from pg_constraint c
                     join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = c.oid
                                     and d.refclassid = 'pg_proc'::regclass
                    where c.contype = 'c'))
 group by p.proname
