-- Indexes of one table ({table}) that a CREATE INDEX statement made. Empty if triggers might need them.
SELECT name, 'DROP INDEX {schema}."' || replace(name, '"', '""') || '"', sql
FROM {schema}.sqlite_schema
WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = {table} COLLATE NOCASE
  AND NOT EXISTS (SELECT 1 FROM {schema}.sqlite_schema AS t WHERE t.type = 'trigger' AND t.tbl_name = {table} COLLATE NOCASE)
ORDER BY name
