-- Column name and name of the receive function of its type (`none` where it has none), domains followed to their base type;
-- digits of an amount of money after the point; whether row-level security applies to this role.
WITH RECURSIVE base AS (
    SELECT a.attname, t.typtype, t.typbasetype, t.typreceive
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = {table}::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.attname, t.typtype, t.typbasetype, t.typreceive
    FROM base b
    JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype
    WHERE b.typtype = 'd'
)
SELECT b.attname, coalesce(p.proname, 'none'), scale(1::money::numeric),
       pg_catalog.row_security_active({table}::pg_catalog.text)
FROM base b
LEFT JOIN pg_catalog.pg_proc p ON p.oid = b.typreceive::pg_catalog.oid
WHERE b.typtype <> 'd'
