-- Exclusion constraints, element by element with the operator.
select k.conrelid                                    as relation,
       k.conname                                     as name,
       pg_get_constraintdef(k.oid)                   as definition,
       pg_get_expr(i.indpred, i.indrelid)            as predicate,
       (select json_agg(json_build_array(
                 coalesce(a.attname, pg_get_indexdef(i.indexrelid, u.n::int, true)), o.oprname) order by u.n)
          from unnest(k.conexclop) with ordinality u(op, n)
          join pg_operator o on o.oid = u.op
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[u.n - 1] and a.attnum <> 0
       )                                             as elements
  from pg_constraint k
  join pg_index i on i.indexrelid = k.conindid
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'x'
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_(toast|temp)'
 order by k.conrelid, k.conname
