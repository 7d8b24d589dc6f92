-- Column name and name of the receive function of its type (`none` where it has none), domains followed to their base type;
-- digits of an amount of money after the point; whether row-level security applies to this role; the place of the table
-- among those that were asked for.
WITH RECURSIVE wanted(place, rel) AS (VALUES {tables}),
base AS (
    SELECT w.place, w.rel, a.attname, t.typtype, t.typbasetype, t.typreceive
    FROM wanted w
    JOIN pg_catalog.pg_attribute a ON a.attrelid = w.rel AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    UNION ALL
    SELECT b.place, b.rel, b.attname, t.typtype, t.typbasetype, t.typreceive
    FROM base b
    JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype
    WHERE b.typtype = 'd'
)
SELECT b.attname, coalesce(p.proname, 'none'), scale(1::money::numeric),
       pg_catalog.row_security_active(b.rel::pg_catalog.oid), b.place
FROM base b
LEFT JOIN pg_catalog.pg_proc p ON p.oid = b.typreceive::pg_catalog.oid
WHERE b.typtype <> 'd'
