-- Every type that a user's column has, with the types that it consists of: base types of domains, elements, fields, subtypes.
with recursive used(oid) as (
    select a.atttypid
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace
     where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')
       and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  union
    select below.oid
      from used u
      join pg_type t on t.oid = u.oid
      cross join lateral (
        select t.typelem where t.typelem <> 0
        union all select t.typbasetype where t.typbasetype <> 0
        union all select r.rngsubtype from pg_range r
                   where r.rngtypid = t.oid or (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
        union all select f.atttypid from pg_attribute f
                   where f.attrelid = t.typrelid and t.typrelid <> 0 and f.attnum > 0 and not f.attisdropped
      ) below(oid)
)
select t.oid,
       n.nspname                                    as schema,
       t.typname                                    as name,
       format_type(t.oid, null)                     as full_name,
       t.typtype                                    as kind,
       t.typcategory                                as category,
       t.typelem                                    as element,
       t.typlen                                     as length,
       t.typbasetype                                as base,
       t.typtypmod                                  as base_typmod,
       t.typndims                                   as dimensions,
       t.typnotnull                                 as not_null,
       t.typdefault                                 as default,
       (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
         where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
           and d.refclassid = 'pg_extension'::regclass limit 1) as extension,
       (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels,
       (select json_agg(json_build_array(f.attname, f.atttypid::text, f.atttypmod, f.attndims) order by f.attnum)
          from pg_attribute f
         where f.attrelid = t.typrelid and t.typrelid <> 0 and f.attnum > 0 and not f.attisdropped) as fields,
       (select r.rngsubtype from pg_range r
         where r.rngtypid = t.oid or (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid limit 1) as subtype,
       (select json_agg(json_build_array(k.conname, pg_get_constraintdef(k.oid), k.convalidated) order by k.conname)
          from pg_constraint k where k.contypid = t.oid and k.contype = 'c') as checks
  from pg_type t
  join pg_namespace n on n.oid = t.typnamespace
 where t.oid in (select oid from used)
