-- What the database file holds: ordinary, virtual and shadow tables, views.
select l.name, l.type as kind, l.wr as without_rowid, l.strict, m.sql
  from pragma_table_list l
  left join sqlite_schema m on m.name = l.name and m.type in ('table', 'view')
 where l.schema = 'main' and l.name not like 'sqlite\_%' escape '\'
 order by l.name
