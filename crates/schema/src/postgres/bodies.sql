-- What the functions do that a person wrote, for the triggers that call them; functions of one name go together.
select p.proname                                     as name,
       string_agg(p.prosrc, E';\n')                  as body
  from pg_proc p
  join pg_language l on l.oid = p.prolang
  join pg_namespace n on n.oid = p.pronamespace
 where l.lanname in ('sql', 'plpgsql')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and exists (select 1 from pg_trigger t where not t.tgisinternal)
 group by p.proname
