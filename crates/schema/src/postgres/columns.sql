-- Columns of the user's tables, partitions included.
select a.attrelid                                   as relation,
       a.attname                                    as name,
       a.atttypid                                   as type,
       a.atttypmod                                  as typmod,
       a.attndims                                   as dimensions,
       format_type(a.atttypid, a.atttypmod)         as type_name,
       a.attnotnull                                 as not_null,
       a.attidentity                                as identity,
       a.attgenerated                               as generated,
       pg_get_expr(d.adbin, d.adrelid)              as expression,
       case when a.attidentity <> '' then pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
       end                                          as identity_sequence,
       -- The sequence that a default of nextval('...'::regclass) depends on, or that nextval('...'::text) names.
       (select format('%I.%I', sn.nspname, s.relname)
          from pg_class s
          join pg_namespace sn on sn.oid = s.relnamespace
         where s.oid = o.oid and a.attidentity = '')  as default_sequence,
       -- The sequence that numbers the column; it is set beyond the rows.
       (select has_sequence_privilege(o.oid, 'UPDATE') and has_sequence_privilege(o.oid, 'SELECT')
         where o.oid is not null)                   as can_move_sequence,
       q.seqstart                                   as sequence_start,
       q.seqincrement                               as sequence_step,
       q.seqmax                                     as sequence_most,
       q.seqmin                                     as sequence_least,
       a.attcollation                               as collation,
       col_description(a.attrelid, a.attnum)        as comment
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join lateral (
       select p.refobjid as oid
         from pg_depend p
         join pg_class s on s.oid = p.refobjid and s.relkind = 'S'
        where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_class'::regclass
       union all
       select pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)::regclass::oid
        where a.attidentity <> ''
       union all
       (select s.oid
          from pg_class s
         where s.relkind = 'S'
           and s.relnamespace in (n.oid, to_regnamespace('public'))
           and s.relname = substring(pg_get_expr(d.adbin, d.adrelid)
                                     from '^nextval\(\(''"?([^''".]+)"?''::text\)::regclass\)$')
         order by s.relnamespace = n.oid desc)
        limit 1) o on true
  left join pg_sequence q on q.seqrelid = o.oid
 where a.attnum > 0
   and not a.attisdropped
   and c.relkind in ('r', 'p')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_(toast|temp)'
 order by a.attrelid, a.attnum
