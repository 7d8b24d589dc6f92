-- TimescaleDB's tables whose rows are in chunks; 1: chunks may be compressed.
select schema_name, table_name, compression_state = 1 as compressed from _timescaledb_catalog.hypertable
