-- Triggers of the database's tables, in the order in which they fire.
select event_object_table as table_name, trigger_name, action_timing, event_manipulation, action_statement
  from information_schema.triggers where event_object_schema = database() order by 1, 4, 3, action_order
