-- Foreign keys of one table ({table}) that one join can check: name, the statement that locks the parent's rows
-- against changes until the commit, and a query for a row without a parent. Empty if the table has other triggers than
-- those of its foreign keys.
select k.conname,
       format('LOCK TABLE %s%s IN SHARE MODE', p.only, p.name),
       format('SELECT concat_ws('', '', %s) FROM ONLY %s AS c LEFT JOIN %s%s AS p ON %s WHERE p.%I IS NULL AND (%s) LIMIT 1',
              u.cells, t.name, p.only, p.name, u.meets, u.first, u.filled)
from (select c.oid, format('%I.%I', n.nspname, c.relname) as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = {table}::regclass and c.relkind = 'r' and not c.relispartition and not c.relrowsecurity
        and not exists (select from pg_inherits h where c.oid in (h.inhrelid, h.inhparent))
        and not exists (select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal)
        and not exists (select from pg_constraint l
                        where l.conrelid = c.oid and l.condeferrable and l.contype in ('p', 'u', 'x'))) t
join pg_constraint k on k.conrelid = t.oid and k.contype = 'f' and k.conparentid = 0
join (select c.oid, format('%I.%I', n.nspname, c.relname) as name, case c.relkind when 'r' then 'ONLY ' else '' end as only
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where not c.relrowsecurity
        and has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'UPDATE,DELETE,TRUNCATE')) p
  on p.oid = k.confrelid
cross join lateral (
    select string_agg(format('c.%I', a.attname), ', ' order by m.place) as cells,
           string_agg(format('p.%I OPERATOR(%I.%s) c.%I', b.attname, o.space, o.oprname, a.attname), ' AND ' order by m.place)
               as meets,
           string_agg(format('c.%I IS NOT NULL', a.attname), case k.confmatchtype when 'f' then ' OR ' else ' AND ' end)
               as filled,
           min(b.attname::text) filter (where m.place = 1) as first
    from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality as m(child, parent, operator, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = m.child
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = m.parent
    join (select op.oid, op.oprname, s.nspname as space
          from pg_operator op join pg_namespace s on s.oid = op.oprnamespace) o on o.oid = m.operator) u
order by k.conname
