-- The transaction that holds the lock is exempt from limits on idle ones; a client that disappears without closing its
-- connection is noticed within three minutes. Settings that this version does not have are left out.
SELECT pg_catalog.set_config(s.name, w.value, true)
  FROM (VALUES ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'), ('statement_timeout', '0'),
               ('lock_timeout', '0'), ('tcp_keepalives_idle', '60'), ('tcp_keepalives_interval', '10'),
               ('tcp_keepalives_count', '12'), ('application_name', {line})) AS w (name, value)
  JOIN pg_catalog.pg_settings s ON s.name OPERATOR(pg_catalog.=) w.name
