-- Values of numbers and timestamps; for all other types only the lengths. `t` is the base type of domains.
select s.schemaname as schema, s.tablename as name, s.attname as column_name, a.attnum as number,
       s.null_frac, s.avg_width, s.n_distinct, s.correlation,
       array_to_json(s.most_common_freqs) as freqs,
       case when t.measured then array_to_json(s.most_common_vals::text::text[]) end as vals,
       case when t.measured then array_to_json(s.histogram_bounds::text::text[]) end as bounds,
       case when not t.measured then (select json_agg(case t.name when 'bytea' then (length(v) - 2) / 2 when 'bpchar' then length(rtrim(v, ' ')) else length(v) end order by i)
                                        from unnest(s.most_common_vals::text::text[]) with ordinality as u (v, i)) end as lengths,
       case when not t.measured then (select json_agg(case t.name when 'bytea' then (length(v) - 2) / 2 when 'bpchar' then length(rtrim(v, ' ')) else length(v) end order by i)
                                        from unnest(s.histogram_bounds::text::text[]) with ordinality as u (v, i)) end as bound_lengths,
       cardinality(s.most_common_elems::text::text[]) as elements,
       array_to_json(s.most_common_elem_freqs) as element_freqs,
       array_to_json(s.elem_count_histogram) as element_counts
  from pg_stats s
  join pg_namespace n on n.nspname = s.schemaname
  join pg_class c on c.relnamespace = n.oid and c.relname = s.tablename
  join pg_attribute a on a.attrelid = c.oid and a.attname = s.attname
  cross join lateral (
       with recursive base (oid) as (
            select a.atttypid
            union all
            select d.typbasetype from base b join pg_type d on d.oid = b.oid where d.typtype = 'd')
       select y.typname as name, y.typcategory in ('N', 'D') and y.typtype = 'b' and y.typname not like 'reg%' as measured
         from base b join pg_type y on y.oid = b.oid where y.typtype <> 'd') as t
 where c.relkind in ('r', 'p') and s.inherited = (c.relkind = 'p')
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
