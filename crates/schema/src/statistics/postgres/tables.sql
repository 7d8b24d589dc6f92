-- A partition's own statistics are not read: those of the whole table describe its rows.
select n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
       case when c.relkind = 'p'
            then (select sum(greatest(l.reltuples, 0)) from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid where t.isleaf)
            else c.reltuples end as rows,
       c.relpages as pages,
       to_char(greatest(s.last_analyze, s.last_autoanalyze), 'YYYY-MM-DD') as analyzed,
       s.n_mod_since_analyze as changed,
       -- The file size distinguishes new changes from those that the counter adds late, after an ANALYZE that included them.
       case when s.n_mod_since_analyze > 0.2 * c.reltuples and c.relkind = 'r'
            then pg_relation_size(c.oid) / current_setting('block_size')::int end as pages_now,
       s.n_live_tup as live,
       has_any_column_privilege(c.oid, 'SELECT') as can_select,
       row_security_active(c.oid) as row_security
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_stat_all_tables s on s.relid = c.oid
 where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
