select format('%I.%I', schemaname, sequencename) as name, last_value from pg_sequences where last_value is not null
