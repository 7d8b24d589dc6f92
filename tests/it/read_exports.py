"""Prints as JSON what pyarrow, DuckDB, polars and pandas read from the exported files of a table: row count, sum of `id`."""

import json
import sys
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.csv
import pyarrow.dataset
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet


def of_pyarrow(kind, file):
    if kind == "arrow":
        with pyarrow.ipc.open_file(file) as reader:
            table = reader.read_all()
    else:
        read = {"csv": pyarrow.csv.read_csv, "parquet": pyarrow.parquet.read_table, "ndjson": pyarrow.json.read_json}
        table = read[kind](file)
    return table.num_rows, pyarrow.compute.sum(table["id"]).as_py()


def of_duckdb(kind, file):
    if kind == "arrow":
        with pyarrow.ipc.open_file(file) as reader:
            rows = reader.read_all()
        return duckdb.sql("SELECT count(*), sum(id)::BIGINT FROM rows").fetchone()
    read = {"csv": "read_csv", "parquet": "read_parquet", "ndjson": "read_json_auto"}
    return duckdb.sql(f"SELECT count(*), sum(id)::BIGINT FROM {read[kind]}('{file}')").fetchone()


def of_polars(kind, file):
    read = {"csv": polars.read_csv, "parquet": polars.read_parquet, "arrow": polars.read_ipc, "ndjson": polars.read_ndjson}
    frame = read[kind](file)
    return frame.height, frame["id"].sum()


def of_pandas(kind, file):
    if kind == "ndjson":
        frame = pandas.read_json(file, lines=True)
    elif kind == "arrow":
        with pyarrow.ipc.open_file(file) as reader:
            frame = reader.read_pandas()
    else:
        frame = {"csv": pandas.read_csv, "parquet": pandas.read_parquet}[kind](file)
    return len(frame), int(frame["id"].sum())


def of_folders(folder):
    """Rows and the sum of `id` for each value of the column that names the folders, by every reader."""
    def found(rows):
        return sorted([str(value), int(count), int(total)] for value, count, total in rows)

    frame = pandas.read_parquet(folder)
    grouped = frame.groupby(frame["country"].astype(str))["id"]
    table = pyarrow.dataset.dataset(folder, partitioning="hive").to_table()
    sums = table.group_by("country").aggregate([("id", "count"), ("id", "sum")])
    files = f"{folder}/**/*.parquet"
    query = f"SELECT country, count(*), sum(id) FROM read_parquet('{files}', hive_partitioning = true) GROUP BY country"
    scanned = polars.scan_parquet(files, hive_partitioning=True).collect()
    counted = scanned.group_by("country").agg(polars.len(), polars.sum("id"))
    return {
        "pandas": found((value, len(ids), ids.sum()) for value, ids in grouped),
        "pyarrow": found(zip(*(sums[name].to_pylist() for name in ["country", "id_count", "id_sum"]))),
        "duckdb": found(duckdb.sql(query).fetchall()),
        "polars": found(counted.rows()),
    }


if sys.argv[1] == "--folders":
    print(json.dumps(of_folders(sys.argv[2])))
    sys.exit()
folder, table = Path(sys.argv[1]), sys.argv[2]
readers = {"pyarrow": of_pyarrow, "duckdb": of_duckdb, "polars": of_polars, "pandas": of_pandas}
print(json.dumps({
    f"{kind} by {name}": read(kind, str(folder / kind / f"{table}.{kind}"))
    for kind in ["csv", "parquet", "arrow", "ndjson"]
    for name, read in readers.items()
}))
