-- PostgreSQL 15 and later: the setting may be granted to roles that are no superusers.
select has_parameter_privilege(current_user, 'session_replication_role', 'SET') as granted
