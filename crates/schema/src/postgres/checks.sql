-- CHECK constraints of the user's tables and partitions.
select k.conrelid                                    as relation,
       k.conname                                     as name,
       pg_get_expr(k.conbin, k.conrelid)             as text,
       k.convalidated and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) as validated,
       k.conislocal                                  as is_local,
       k.coninhcount > 0                             as inherited
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'c'
   and c.relkind in ('r', 'p')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_(toast|temp)'
 order by k.conrelid, k.conname
