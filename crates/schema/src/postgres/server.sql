-- The server and the settings that loading depends on.
select current_setting('server_version')                             as version,
       current_setting('server_version_num')                         as server_version_num,
       current_database()                                            as database,
       (select rolsuper from pg_roles where rolname = current_user)  as is_superuser,
       current_user                                                  as role,
       pg_is_in_recovery()                                           as in_recovery,
       current_setting('default_transaction_read_only')              as read_only,
       current_setting('wal_level')                                  as wal_level,
       current_setting('maintenance_work_mem')                       as maintenance_work_mem,
       current_setting('max_connections')                            as max_connections,
       current_setting('server_encoding')                            as server_encoding,
       current_setting('lc_monetary')                                as lc_monetary,
       (select datcollate from pg_database where datname = current_database()) as collate
