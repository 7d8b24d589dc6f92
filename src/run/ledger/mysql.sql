-- The object with the ledger's name ({schema}, {name}), and the reason if it cannot be a ledger.
SELECT 1,
       CASE
       WHEN t.table_type <> 'BASE TABLE' THEN 'it is no ordinary table'
       WHEN upper(t.engine) <> 'INNODB' THEN 'its engine is not InnoDB'
       WHEN EXISTS (SELECT 1 FROM information_schema.triggers AS g
                     WHERE g.event_object_schema = t.table_schema AND g.event_object_table = t.table_name) THEN 'it has triggers'
       WHEN (SELECT group_concat(c.column_name, ' ', c.data_type,
                                 CASE WHEN coalesce(c.generation_expression, '') <> '' THEN ' generated' ELSE '' END
                                 ORDER BY c.ordinal_position SEPARATOR ', ')
               FROM information_schema.columns AS c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name)
            <> 'run varchar, what varchar, subject varchar, place bigint, data longtext, seal varchar'
           THEN 'its columns are not those of this version'
       END
  FROM information_schema.tables AS t
 WHERE t.table_schema = {schema} AND t.table_name = {name}
