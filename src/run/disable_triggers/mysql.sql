-- What recreating a table's INSERT triggers requires: those of other definers; whether the binary log requires more privileges;
-- whether the account may set other definers.
SELECT (SELECT count(*) FROM information_schema.triggers
         WHERE event_object_schema = {schema} AND event_object_table = {table} AND event_manipulation = 'INSERT'
           AND definer <> CURRENT_USER()),
       @@log_bin AND NOT @@log_bin_trust_function_creators,
       (SELECT count(*) FROM information_schema.user_privileges
         WHERE privilege_type IN ('SUPER', 'SET USER', 'SET_USER_ID', 'SET_ANY_DEFINER')
           AND grantee = concat('''', substring_index(CURRENT_USER(), '@', 1), '''@''', substring_index(CURRENT_USER(), '@', -1), ''''))
