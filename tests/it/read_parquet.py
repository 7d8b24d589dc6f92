"""Prints as JSON how pyarrow and DuckDB read a Parquet file: types, row count, values as text."""

import json
import sys

import duckdb
import pyarrow.parquet as pq


def text(value):
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def with_pyarrow(path):
    file = pq.ParquetFile(path)
    table = file.read()
    return {
        "created_by": file.metadata.created_by,
        "row_groups": file.metadata.num_row_groups,
        "rows": table.num_rows,
        "types": {field.name: str(field.type) for field in table.schema},
        "sql_types": {field.name: field.metadata[b"dbmocker:sql_type"].decode() for field in table.schema},
        "values": [[text(v) for v in row.values()] for row in table.to_pylist()],
    }


def with_duckdb(path):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    table = connection.read_parquet(path)
    return {
        "rows": table.aggregate("count(*)").fetchone()[0],
        "types": dict(zip(table.columns, map(str, table.types))),
        "values": table.project("COLUMNS(*)::VARCHAR").fetchall(),
    }


path = sys.argv[1]
json.dump({"pyarrow": with_pyarrow(path), "duckdb": with_duckdb(path)}, sys.stdout)
