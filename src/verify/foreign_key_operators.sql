-- Foreign keys whose columns are compared by operators that are not built in (those of extensions): the table, the
-- key's name, the operators column by column, the parent's value on their left.
select n.nspname                                     as schema,
       c.relname                                     as relation,
       k.conname                                     as name,
       (select json_agg(format('OPERATOR(%I.%s)', s.nspname, o.oprname) order by u.place)
          from unnest(k.conpfeqop) with ordinality u(op, place)
          join pg_operator o on o.oid = u.op
          join pg_namespace s on s.oid = o.oprnamespace) as operators
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'f'
   and exists (select from pg_operator o
                where o.oid = any (k.conpfeqop) and o.oprnamespace <> 'pg_catalog'::regnamespace)
