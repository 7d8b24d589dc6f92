-- The session that holds the advisory lock ({class}, {object}) of this database: number, role, application.
SELECT l.pid, a.usename, a.application_name
  FROM pg_catalog.pg_locks l
  JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) l.database
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
 WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
   AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted
   AND l.classid OPERATOR(pg_catalog.=) {class}::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) {object}::pg_catalog.oid
   AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
