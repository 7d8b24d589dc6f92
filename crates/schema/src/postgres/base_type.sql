-- The type below a domain, through any number of domains.
with recursive down(oid, typmod) as (
  select :domain::regtype::oid, -1
  union all
  select t.typbasetype, t.typtypmod from down d join pg_type t on t.oid = d.oid where t.typtype = 'd'
)
select format_type(d.oid, d.typmod) as name from down d join pg_type t on t.oid = d.oid where t.typtype <> 'd'
