-- Sequences that columns of tables own without counting by them: the table's place, column, sequence.
SELECT w.place, a.attname, format('%I.%I', n.nspname, s.relname)
  FROM (VALUES {tables}) AS w(place, rel)
  JOIN pg_catalog.pg_depend d ON d.refobjid = w.rel
  JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refobjsubid > 0
   AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
   AND CASE s.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(s.oid, 'UPDATE')
                                AND pg_catalog.has_sequence_privilege(s.oid, 'SELECT') ELSE false END
