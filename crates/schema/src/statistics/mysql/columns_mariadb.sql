-- Minimum and maximum, only of numbers and timestamps.
select s.table_name as name, s.column_name, s.nulls_ratio, s.avg_length, s.avg_frequency, s.hist_type,
       case when c.data_type in ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'year',
                                 'date', 'datetime', 'timestamp', 'time') then s.min_value end as least,
       case when c.data_type in ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'year',
                                 'date', 'datetime', 'timestamp', 'time') then s.max_value end as greatest,
       -- Histograms of texts would show their first letters.
       case when s.hist_type in ('SINGLE_PREC_HB', 'DOUBLE_PREC_HB') and c.data_type not in ('char', 'varchar', 'binary', 'varbinary')
            then hex(s.histogram) end as positions
  from mysql.column_stats s
  join information_schema.columns c
    on c.table_schema = s.db_name and c.table_name = s.table_name and c.column_name = s.column_name
 where s.db_name = database()
