-- Partitions and subpartitions.
select table_name, partition_name, subpartition_name, partition_method, subpartition_method, partition_expression,
       subpartition_expression, partition_description
  from information_schema.partitions
 where table_schema = database() and partition_name is not null
 order by table_name, partition_ordinal_position, subpartition_ordinal_position
