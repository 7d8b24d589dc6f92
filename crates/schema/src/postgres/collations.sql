-- Collations that the user's columns and indexes use. Several columns do not exist in the oldest supported server.
select c.oid,
       c.collname                                    as name,
       coalesce((to_jsonb(c) ->> 'collisdeterministic')::boolean, true) as deterministic,
       coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'collcollate', '') as locale,
       coalesce(to_jsonb(c) ->> 'collicurules', '')  as rules
  from pg_collation c
 where c.oid in (select a.attcollation from pg_attribute a where a.attrelid >= 16384)
