-- Foreign keys, a row for each column; id counts from the last declared.
select l.name as table_name, f.id, f.seq, f."table" as parent, f."from" as child_column, f."to" as parent_column,
       f.on_update, f.on_delete
  from pragma_table_list l, pragma_foreign_key_list(l.name, 'main') f
 where l.schema = 'main' and l.type = 'table' and l.name not like 'sqlite\_%' escape '\'
 order by l.name, f.id desc, f.seq
