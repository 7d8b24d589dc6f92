-- Indexes of the user's tables and partitions; a unique one is a key. An expression's collation is given if it is not
-- the database's own (100).
select i.indexrelid                                  as oid,
       i.indrelid                                    as relation,
       x.relname                                     as name,
       (select h.inhparent from pg_inherits h where h.inhrelid = i.indexrelid limit 1) as parent,
       i.indisunique                                 as is_unique,
       i.indisprimary                                as is_primary,
       i.indisexclusion                              as is_exclusion,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as nulls_not_distinct,
       pg_get_expr(i.indpred, i.indrelid)            as predicate,
       pg_get_indexdef(i.indexrelid)                 as definition,
       k.conname                                     as constraint_name,
       coalesce(k.condeferrable, false)              as deferrable,
       coalesce(k.condeferred, false)                as deferred,
       (select json_agg(json_build_array(
                 case when p.attnum <> 0 then a.attname end,
                 case when p.attnum = 0 then pg_get_indexdef(i.indexrelid, p.n::int, true) end,
                 case when i.indcollation[p.n - 1] <> 0
                       and i.indcollation[p.n - 1] is distinct from coalesce(a.attcollation, 100) then i.indcollation[p.n - 1]::text end
               ) order by p.n)
          from unnest(i.indkey::int2[]) with ordinality p(attnum, n)
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = p.attnum
         where p.n <= i.indnkeyatts)                 as parts
  from pg_index i
  join pg_class x on x.oid = i.indexrelid
  join pg_class c on c.oid = i.indrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x') and k.conrelid = i.indrelid
 where c.relkind in ('r', 'p')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_(toast|temp)'
 order by i.indrelid, not i.indisprimary, x.relname
