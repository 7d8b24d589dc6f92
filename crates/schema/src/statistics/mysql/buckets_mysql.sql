-- JSON_TABLE of MySQL 9 accepts an expression of this view's columns, not the column itself.
-- A singleton bucket is (value, cumulative share), an equi-height one (least, greatest, cumulative share, values). Texts
-- are base64 after two colons; only their lengths are returned.
select s.table_name as name, s.column_name as column_name, json_unquote(json_extract(s.histogram, '$."histogram-type"')) as kind,
       json_extract(s.histogram, '$."null-values"') as nulls_ratio,
       left(json_unquote(json_extract(s.histogram, '$."last-updated"')), 10) as analyzed,
       case when json_unquote(json_extract(s.histogram, '$."data-type"')) in ('int', 'uint', 'double', 'decimal', 'date', 'time', 'datetime')
            then json_unquote(b.a) end as start,
       case when json_unquote(json_extract(s.histogram, '$."data-type"')) in ('int', 'uint', 'double', 'decimal', 'date', 'time', 'datetime')
            then json_unquote(b.b) end as second,
       case when json_unquote(b.a) like 'base64:%' then char_length(convert(from_base64(substring_index(json_unquote(b.a), ':', -1)) using utf8mb4)) end as length,
       case when json_unquote(json_extract(s.histogram, '$."histogram-type"')) = 'singleton' then b.b + 0.0 else b.c end as cumulative,
       b.d as ndv
  from information_schema.column_statistics s
  join json_table(json_extract(s.histogram, '$.buckets'), '$[*]' columns (i for ordinality, a json path '$[0]', b json path '$[1]',
                  c double path '$[2]', d double path '$[3]')) as b
 where s.schema_name = database()
 order by s.table_name, s.column_name, b.i
