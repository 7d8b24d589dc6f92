select s.schemaname as schema, s.tablename as name, to_json(s.attnames) as columns,
       (select json_object_agg(a.attnum, a.attname) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as numbers,
       s.n_distinct::text as n_distinct, s.dependencies::text as dependencies,
       s.most_common_vals is not null as has_common
  from pg_stats_ext s
  join pg_namespace n on n.nspname = s.schemaname
  join pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
 where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
