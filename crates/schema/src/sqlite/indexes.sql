-- Index parts; column is null for an expression. origin is c (CREATE INDEX), u (UNIQUE), pk.
select l.name as table_name, i.name, i."unique" as is_unique, i.origin, x.seqno, x.name as column_name, x.coll as collation, m.sql
  from pragma_table_list l, pragma_index_list(l.name, 'main') i, pragma_index_xinfo(i.name, 'main') x
  left join sqlite_schema m on m.type = 'index' and m.name = i.name
 where l.schema = 'main' and l.type = 'table' and l.name not like 'sqlite\_%' escape '\' and x.key = 1
 order by l.name, i.name, x.seqno
