-- The object with the ledger's name ({name}), and the reason if it cannot be a ledger.
SELECT 1,
       CASE
       WHEN type <> 'table' OR sql IS NOT {create} THEN 'it is no table as this version makes it'
       WHEN (SELECT count(*) FROM main.sqlite_schema WHERE tbl_name = {name} COLLATE NOCASE) > 1 THEN 'it has triggers or indexes'
       END
  FROM main.sqlite_schema
 WHERE name = {name} COLLATE NOCASE
