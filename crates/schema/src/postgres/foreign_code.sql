-- Untrusted code that rows of a table would execute, if this role has elevated privileges: functions of untrusted roles,
-- called directly or by operators, types and casts; and functions of the server with side effects (`lo_export`,
-- `query_to_xml`) in expressions of tables and domains of such roles. One row each: the table, the caller, the function,
-- the role that owns the caller or the function, and whether the role owns the function.
WITH RECURSIVE {trusted},
powers AS (
    SELECT EXISTS (SELECT FROM pg_roles r
                    WHERE r.oid = me.oid AND (r.rolsuper OR r.rolcreaterole))
        OR EXISTS (SELECT FROM pg_database d
                    WHERE d.datname = current_database() AND pg_has_role(me.oid, d.datdba, 'MEMBER'))
        OR EXISTS (SELECT FROM pg_roles r
                    WHERE r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
                      AND pg_has_role(me.oid, r.oid, 'MEMBER')) AS held
      FROM me
),
others AS (
    SELECT r.oid, r.rolname FROM pg_roles r, powers p WHERE p.held AND r.oid NOT IN (SELECT t.oid FROM trusted t)
),
-- Expressions of other roles: those of their tables and domains, and conditions of triggers on tables on which they may
-- create triggers.
expressions (classid, objid, relation, type, owner, tree) AS (
    SELECT 'pg_constraint'::regclass, k.oid, k.conrelid, 0::oid, c.relowner, k.conbin::text
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'c'
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 0, t.oid, t.typowner, k.conbin::text
      FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid WHERE k.contype = 'c'
    UNION ALL
    SELECT 'pg_attrdef'::regclass, d.oid, d.adrelid, 0, c.relowner, d.adbin::text
      FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, i.indrelid, 0, c.relowner, concat(i.indexprs::text, i.indpred::text)
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, c.oid, 0, c.relowner, p.partexprs::text
      FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    UNION ALL
    SELECT 'pg_policy'::regclass, p.oid, p.polrelid, 0, c.relowner, concat(p.polqual::text, p.polwithcheck::text)
      FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    UNION ALL
    SELECT 'pg_rewrite'::regclass, r.oid, c.oid, 0, c.relowner, concat(r.ev_qual::text, r.ev_action::text)
      FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'pg_trigger'::regclass, t.oid, t.tgrelid, 0,
           coalesce((SELECT min(a.grantee::bigint)::oid
                       FROM aclexplode(c.relacl) a
                      WHERE a.privilege_type = 'TRIGGER' AND a.grantee IN (SELECT o.oid FROM others o)), c.relowner),
           t.tgqual::text
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgqual IS NOT NULL
),
called (classid, objid, relation, type, owner, function) AS (
    SELECT e.classid, e.objid, e.relation, e.type, e.owner, f.oid
      FROM expressions e
      JOIN others w ON w.oid = e.owner
      CROSS JOIN LATERAL (
          SELECT m[1]::oid FROM regexp_matches(e.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') m
          UNION
          SELECT o.oprcode::oid
            FROM regexp_matches(e.tree, ':opnos? (?:\(o )?([0-9 ]+)', 'g') m
            CROSS JOIN LATERAL regexp_split_to_table(trim(m[1]), ' +') n(number)
            JOIN pg_operator o ON o.oid = n.number::oid) f(oid)
),
-- Functions with side effects, or that execute their arguments.
deeds AS (
    SELECT c.*
      FROM called c
      JOIN pg_proc p ON p.oid = c.function
     WHERE p.proowner IN (SELECT t.oid FROM trusted t)
       AND p.provolatile <> 'i'
       AND NOT (p.provolatile = 's'
                AND (p.pronamespace = 'pg_catalog'::regnamespace AND p.proname !~ '(_xml|xmlschema|pg_input_)'
                     OR EXISTS (SELECT FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
                                 WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                                   AND x.extname IN ('citext', 'hstore', 'ltree', 'pg_trgm', 'unaccent', 'postgis', 'intarray',
                                                     'cube', 'earthdistance', 'isn', 'seg', 'vector', 'fuzzystrmatch'))))
       AND NOT (p.proname IN ('clock_timestamp', 'timeofday', 'random', 'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7',
                              'nextval', 'currval', 'lastval', 'uuid_generate_v1', 'uuid_generate_v1mc', 'uuid_generate_v4',
                              'gen_random_bytes', 'gen_salt'))
),
reached (classid, objid, function, role) AS (
    SELECT 'pg_proc'::regclass::oid, p.oid, p.oid, p.proowner FROM pg_proc p JOIN others o ON o.oid = p.proowner
    UNION
    SELECT d.classid::oid, d.objid, d.function, d.owner FROM deeds d
    UNION
    SELECT s.classid, s.objid, r.function, r.role
      FROM reached r
      CROSS JOIN LATERAL (
          SELECT d.classid, d.objid
            FROM pg_depend d
           WHERE d.refclassid = r.classid AND d.refobjid = r.objid
             AND r.classid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
             AND (d.classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_class'::regclass, 'pg_trigger'::regclass,
                                'pg_policy'::regclass, 'pg_rewrite'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
                  OR d.classid = 'pg_cast'::regclass AND r.classid = 'pg_proc'::regclass)
          UNION ALL
          SELECT 'pg_type'::regclass, k.contypid
            FROM pg_constraint k
           WHERE r.classid = 'pg_constraint'::regclass AND k.oid = r.objid AND k.contypid <> 0
          UNION ALL
          -- Texts are cast to the types of columns.
          SELECT 'pg_type'::regclass, c.casttarget
            FROM pg_cast c JOIN pg_type t ON t.oid = c.casttarget
           WHERE r.classid = 'pg_cast'::regclass AND c.oid = r.objid AND t.typnamespace <> 'pg_catalog'::regnamespace
          UNION ALL
          SELECT 'pg_type'::regclass, c.reltype
            FROM pg_class c
           WHERE r.classid = 'pg_class'::regclass AND c.oid = r.objid AND c.relkind = 'c') s
),
ends (relation, what, function, role) AS (
    SELECT k.conrelid, format('constraint `%s`', k.conname), r.function, r.role
      FROM reached r JOIN pg_constraint k ON r.classid = 'pg_constraint'::regclass AND k.oid = r.objid WHERE k.conrelid <> 0
    UNION ALL
    SELECT d.adrelid, format('the expression of column `%s`', a.attname), r.function, r.role
      FROM reached r
      JOIN pg_attrdef d ON r.classid = 'pg_attrdef'::regclass AND d.oid = r.objid
      JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    UNION ALL
    SELECT i.indrelid, format('index `%s`', c.relname), r.function, r.role
      FROM reached r
      JOIN pg_index i ON r.classid = 'pg_class'::regclass AND i.indexrelid = r.objid
      JOIN pg_class c ON c.oid = i.indexrelid
    UNION ALL
    SELECT c.oid, 'a type of its columns, or its partition key,', r.function, r.role
      FROM reached r JOIN pg_class c ON r.classid = 'pg_class'::regclass AND c.oid = r.objid WHERE c.relkind IN ('r', 'p')
    UNION ALL
    SELECT t.tgrelid, format('trigger `%s`', t.tgname), r.function, r.role
      FROM reached r JOIN pg_trigger t ON r.classid = 'pg_trigger'::regclass AND t.oid = r.objid
    UNION ALL
    SELECT p.polrelid, format('policy `%s`', p.polname), r.function, r.role
      FROM reached r JOIN pg_policy p ON r.classid = 'pg_policy'::regclass AND p.oid = r.objid
    UNION ALL
    SELECT w.ev_class, format('rule `%s`', w.rulename), r.function, r.role
      FROM reached r JOIN pg_rewrite w ON r.classid = 'pg_rewrite'::regclass AND w.oid = r.objid
)
SELECT DISTINCT ON (e.relation)
       e.relation, e.what, e.function::regprocedure::text AS function, p.proowner = e.role AS is_theirs,
       pg_get_userbyid(e.role) AS role
  FROM ends e
  JOIN pg_proc p ON p.oid = e.function
 ORDER BY e.relation, e.what, function
