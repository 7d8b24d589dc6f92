-- Foreign keys as declared: those that partitions have from their parent are left out.
select k.conrelid                                    as relation,
       k.conname                                     as name,
       pn.nspname                                    as parent_schema,
       p.relname                                     as parent_name,
       (select json_agg(a.attname order by u.i) from unnest(k.conkey) with ordinality u(attnum, i)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum) as columns,
       (select json_agg(a.attname order by u.i) from unnest(k.confkey) with ordinality u(attnum, i)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum) as parent_columns,
       k.confmatchtype                               as match,
       k.confupdtype                                 as on_update,
       k.confdeltype                                 as on_delete,
       k.condeferrable                               as deferrable,
       k.condeferred                                 as deferred,
       k.convalidated and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) as validated
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class p on p.oid = k.confrelid
  join pg_namespace pn on pn.oid = p.relnamespace
 where k.contype = 'f'
   and k.conparentid = 0
   and c.relkind in ('r', 'p')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_(toast|temp)'
 order by k.conrelid, k.conname
