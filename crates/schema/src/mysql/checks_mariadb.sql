-- CHECKs of tables and columns, with the level that MariaDB reports.
select table_name, constraint_name, check_clause, 'YES' as enforced
  from information_schema.check_constraints where constraint_schema = database() order by table_name, constraint_name
