-- Indexes and keys of one table ({table}) that can be dropped and made again exactly as they were: name, the statement that
-- drops it, and those that make it again, one a line of the array. What has properties that no statement here restores
-- (clustered, replica identity, statistics targets, labels), or something that depends on it, is left out.
select i.relname,
       case when k.oid is null then format('DROP INDEX %I.%I', n.nspname, i.relname)
            else format('ALTER TABLE %s DROP CONSTRAINT %I', t.name, k.conname) end,
       format('SET LOCAL default_tablespace = %L', coalesce(s.spcname, '')),
       pg_get_indexdef(i.oid),
       case when k.oid is not null then
           format('ALTER TABLE %s ADD CONSTRAINT %I %s USING INDEX %I%s%s', t.name, k.conname,
                  case k.contype when 'p' then 'PRIMARY KEY' else 'UNIQUE' end, i.relname,
                  case when k.condeferrable then ' DEFERRABLE' end, case when k.condeferred then ' INITIALLY DEFERRED' end) end,
       case when obj_description(i.oid, 'pg_class') is not null then
           format('COMMENT ON INDEX %I.%I IS %L', n.nspname, i.relname, obj_description(i.oid, 'pg_class')) end,
       case when obj_description(k.oid, 'pg_constraint') is not null then
           format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, t.name, obj_description(k.oid, 'pg_constraint')) end
from (select c.oid, format('%I.%I', tn.nspname, c.relname) as name
      from pg_class c join pg_namespace tn on tn.oid = c.relnamespace
      where c.oid = {table}::regclass and c.relkind = 'r' and not c.relispartition
        and not exists (select from pg_inherits h where c.oid in (h.inhrelid, h.inhparent))
        and pg_has_role(c.relowner, 'USAGE')) t
join pg_index x on x.indrelid = t.oid
join pg_class i on i.oid = x.indexrelid
join pg_namespace n on n.oid = i.relnamespace
left join pg_constraint k on k.conindid = i.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x')
left join pg_tablespace s on s.oid = i.reltablespace
where x.indisvalid and x.indisready and x.indislive
  and not x.indisexclusion and not x.indisclustered and not x.indisreplident
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
