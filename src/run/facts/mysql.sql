-- A table of this name ({schema}, {table}) of the database that the session is in.
SELECT 0, 0 FROM information_schema.tables
 WHERE table_schema = {schema} AND table_schema = DATABASE() AND table_name = {table} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
