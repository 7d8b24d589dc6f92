-- Whether this session holds the advisory lock ({class}, {object}).
SELECT pg_catalog.count(*)
  FROM pg_catalog.pg_locks l
 WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
   AND l.classid OPERATOR(pg_catalog.=) {class}::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) {object}::pg_catalog.oid
   AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
