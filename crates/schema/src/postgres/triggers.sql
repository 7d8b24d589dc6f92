-- User-defined triggers, and rules on INSERT.
select t.tgrelid                                     as relation,
       t.tgname                                      as name,
       case when t.tgtype & 2 <> 0 then 'BEFORE' when t.tgtype & 64 <> 0 then 'INSTEAD OF' else 'AFTER' end as timing,
       concat_ws(' OR ',
         case when t.tgtype & 4 <> 0 then 'INSERT' end,
         case when t.tgtype & 16 <> 0 then 'UPDATE' end,
         case when t.tgtype & 8 <> 0 then 'DELETE' end,
         case when t.tgtype & 32 <> 0 then 'TRUNCATE' end) as events,
       t.tgenabled in ('O', 'A')                     as enabled,
       false                                         as is_rule,
       p.proname                                     as function
  from pg_trigger t
  left join pg_proc p on p.oid = t.tgfoid
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
 where not t.tgisinternal
   and coalesce((to_jsonb(t) ->> 'tgparentid')::bigint, 0) = 0
   and c.relkind in ('r', 'p')
   and n.nspname not in ('pg_catalog', 'information_schema')
union all
select r.ev_class, r.rulename, 'RULE',
       case when r.is_instead then 'ON INSERT DO INSTEAD' else 'ON INSERT DO ALSO' end,
       r.ev_enabled <> 'D', true, null
  from pg_rewrite r
  join pg_class c on c.oid = r.ev_class
  join pg_namespace n on n.oid = c.relnamespace
 where r.ev_type = '3'
   and c.relkind in ('r', 'p')
   and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
