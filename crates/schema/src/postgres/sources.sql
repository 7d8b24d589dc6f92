-- The source text of user-defined functions, without those of extensions.
select p.proname                                     as name,
       quote_literal(n.nspname || '.' || p.proname)  as literal,
       case when p.prosrc = '' and to_jsonb(p) ->> 'prosqlbody' is not null
            then pg_get_functiondef(p.oid) else p.prosrc end as source
  from pg_proc p
  join pg_language l on l.oid = p.prolang
  join pg_namespace n on n.oid = p.pronamespace
 where l.lanname not in ('c', 'internal')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and length(p.prosrc) < 20000
   and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
   and not exists (select 1 from pg_aggregate a where a.aggfnoid = p.oid)
 order by p.proname, p.oid
