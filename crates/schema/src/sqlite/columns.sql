-- Columns; hidden is 2 for virtual and 3 for stored generated ones.
select l.name as table_name, c.name, c.type, c."notnull" as not_null, c.dflt_value as expression, c.pk, c.hidden
  from pragma_table_list l, pragma_table_xinfo(l.name, 'main') c
 where l.schema = 'main' and l.type = 'table' and l.name not like 'sqlite\_%' escape '\'
 order by l.name, c.cid
