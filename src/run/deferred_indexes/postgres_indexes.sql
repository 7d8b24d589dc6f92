-- Indexes and keys of one table ({table}) that can be dropped and recreated identically, each as one JSON object. Indexes
-- with properties that no statement here restores (clustered, replica identity, statistics targets, labels), or on which other
-- objects depend, are left out. So is the primary key where a publication may need it: without it, no row can be deleted.
select pg_catalog.json_build_object(
           'name', i.relname, 'unique', x.indisunique, 'definition', substr(d.text, length(d.head) + 1),
           'tablespace', coalesce(s.spcname, ''), 'comment', obj_description(i.oid, 'pg_class'),
           'constraint', case when k.oid is not null then pg_catalog.json_build_object(
               'name', k.conname, 'primary', k.contype = 'p', 'deferrable', k.condeferrable, 'deferred', k.condeferred,
               'comment', obj_description(k.oid, 'pg_constraint')) end)
from (select c.oid, n.nspname, c.relname, c.relreplident
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = {table}::regclass and c.relkind = 'r' and not c.relispartition
        and not exists (select from pg_inherits h where c.oid in (h.inhrelid, h.inhparent))
        and pg_has_role(c.relowner, 'USAGE')) t
join pg_index x on x.indrelid = t.oid
join pg_class i on i.oid = x.indexrelid
cross join lateral (
    select pg_get_indexdef(i.oid) as text,
           format('CREATE %sINDEX %I ON %I.%I ', case when x.indisunique then 'UNIQUE ' end, i.relname, t.nspname, t.relname)
               as head) d
left join pg_constraint k on k.conindid = i.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x')
left join pg_tablespace s on s.oid = i.reltablespace
where x.indisvalid and x.indisready and x.indislive and strpos(d.text, d.head || 'USING ') = 1
  and not x.indisexclusion and not x.indisclustered and not x.indisreplident
  and not (x.indisprimary and t.relreplident = 'd' and exists (select from pg_publication))
  and not exists (select from pg_depend d
                  where d.deptype = 'n' and d.refobjid in (i.oid, k.oid)
                    and d.refclassid in ('pg_class'::regclass, 'pg_constraint'::regclass))
  and not exists (select from pg_depend d
                  where d.deptype in ('e', 'x') and d.objid in (i.oid, k.oid)
                    and d.classid in ('pg_class'::regclass, 'pg_constraint'::regclass))
  and not exists (select from pg_seclabel l where l.objoid in (i.oid, k.oid))
  and not exists (select from pg_attribute a
                  where a.attrelid = i.oid and (coalesce(a.attstattarget, -1) >= 0 or a.attoptions is not null))
order by x.indisprimary desc, i.relname
