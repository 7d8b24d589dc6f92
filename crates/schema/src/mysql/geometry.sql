-- MariaDB: the reference system of spatial columns (the columns named f_... are of another kind, or empty).
select g_table_name as table_name, g_geometry_column as column_name, srid
  from information_schema.geometry_columns where g_table_schema = database()
