-- All relations of the user's schemas that hold or show rows, partitions included.
select c.oid,
       n.nspname                                                        as schema,
       c.relname                                                        as name,
       c.relkind                                                        as kind,
       c.relispartition                                                 as is_partition,
       (select i.inhparent from pg_inherits i where i.inhrelid = c.oid and c.relispartition) as partition_of,
       case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
       case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end      as partition_key,
       (select p.partstrat from pg_partitioned_table p where p.partrelid = c.oid) as strategy,
       -- The key column by column: a plain column's name, or null for an expression.
       (select json_agg(case when k.attnum = 0 then null else a.attname end order by k.i)
          from pg_partitioned_table p
          cross join lateral unnest(p.partattrs::int2[]) with ordinality k(attnum, i)
          left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
         where p.partrelid = c.oid)                                     as partition_columns,
       (select pg_get_expr(p.partexprs, c.oid) from pg_partitioned_table p where p.partrelid = c.oid) as partition_expressions,
       (select json_agg(json_build_array(pn.nspname, p.relname) order by i.inhseqno)
          from pg_inherits i
          join pg_class p on p.oid = i.inhparent
          join pg_namespace pn on pn.oid = p.relnamespace
         where i.inhrelid = c.oid and not c.relispartition)             as inherits,
       (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
         where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
           and d.refclassid = 'pg_extension'::regclass limit 1)         as extension,
       has_schema_privilege(n.oid, 'USAGE')                             as can_reach,
       c.relkind in ('r', 'p') and has_schema_privilege(n.oid, 'USAGE')
         and (has_table_privilege(c.oid, 'INSERT') or has_any_column_privilege(c.oid, 'INSERT'))
         and has_table_privilege(c.oid, 'SELECT')                        as can_insert,
       case when not has_table_privilege(c.oid, 'TRUNCATE') then 'this role may not TRUNCATE it'
            when exists (select from pg_constraint f where f.contype = 'f' and f.confrelid = c.oid and f.conrelid <> c.oid)
              then 'other tables refer to it'
            when exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgtype & 32 <> 0)
              then 'it has a TRUNCATE trigger'
            when exists (select from pg_publication_tables p where p.schemaname = n.nspname and p.tablename = c.relname)
              then 'a publication would TRUNCATE its copies' end        as not_emptied,
       has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as can_select,
       c.relkind = 'r' and pg_relation_size(c.oid) = 0                  as no_pages,
       c.relrowsecurity                                                 as row_security,
       c.relrowsecurity and row_security_active(c.oid)                  as row_security_active,
       c.relpersistence                                                 as persistence,
       obj_description(c.oid, 'pg_class')                               as comment
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname !~ '^pg_(toast|temp)'
 order by n.nspname, c.relname
