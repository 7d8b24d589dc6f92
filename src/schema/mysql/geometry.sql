-- MariaDB: the reference system of spatial columns.
select f_table_name as table_name, f_geometry_column as column_name, srid
  from information_schema.geometry_columns where f_table_schema = database()
