-- User-defined functions that return one value, which CHECKs, indexes and domains may call.
select n.nspname                                     as schema,
       p.proname                                     as name,
       l.lanname                                     as language,
       p.proisstrict                                 as strict,
       p.pronargs                                    as arguments,
       to_json(p.proargnames)                        as argument_names,
       case when p.prosrc = '' and to_jsonb(p) ->> 'prosqlbody' is not null
            then pg_get_functiondef(p.oid) end       as definition,
       p.prosrc                                      as source
  from pg_proc p
  join pg_language l on l.oid = p.prolang
  join pg_namespace n on n.oid = p.pronamespace
 where l.lanname in ('sql', 'plpgsql')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and not p.proretset
   and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype, 'void'::regtype)
   and length(p.prosrc) < 4000
   and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
   and not exists (select 1 from pg_aggregate a where a.aggfnoid = p.oid)
 order by p.proname, p.oid
