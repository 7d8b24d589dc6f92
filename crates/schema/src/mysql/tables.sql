-- Tables, views and sequences of the database.
select table_name, table_type, engine, auto_increment, table_comment, table_collation, create_options
  from information_schema.tables where table_schema = database() order by table_name
