-- Settings that loading depends on; the result lacks those that this server does not have.
show variables where variable_name in (
  'sql_mode', 'local_infile', 'read_only', 'super_read_only', 'innodb_read_only', 'max_allowed_packet',
  'lower_case_table_names', 'character_set_server', 'collation_database', 'log_bin', 'foreign_key_checks',
  'unique_checks', 'check_constraint_checks', 'innodb_buffer_pool_size', 'innodb_flush_log_at_trx_commit',
  'innodb_autoinc_lock_mode', 'auto_increment_increment', 'auto_increment_offset', 'max_connections', 'time_zone',
  'explicit_defaults_for_timestamp', 'default_storage_engine', 'gtid_mode', 'wsrep_on')
