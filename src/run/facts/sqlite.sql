-- A table of this name ({table}), not a virtual one.
SELECT 0, 0 FROM main.sqlite_schema WHERE type = 'table' AND name = {table} AND rootpage > 0
