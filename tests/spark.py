"""The Spark data sources on a local Spark: rows equal to an export's for 1, 7 and 32 partitions; Parquet files both ways.

Usage: spark.py BIN JAR. Needs pyspark 4, pyarrow, pandas and Java 17; `make test-spark` installs the packages and builds
both.
"""

import datetime
import decimal
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

os.environ["DBMOCKER_BIN"] = os.path.abspath(sys.argv[1])
os.environ["PYSPARK_PYTHON"] = sys.executable
# Workers connect to the driver by this address.
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
here = os.path.dirname(os.path.abspath(__file__))
sources = os.path.join(os.path.dirname(here), "python")
os.environ["PYTHONPATH"] = sources
sys.path.insert(0, sources)

import dbmocker  # noqa: E402
import pyarrow  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.functions import expr  # noqa: E402
from pyspark.sql.pandas.types import from_arrow_schema  # noqa: E402

from dbmocker.spark import DataSource, _plain  # noqa: E402

PYTHON, JVM = "dbmocker", "dbmocker-jvm"

# Types that Spark lacks, or has other names for. Spark 4.0 reads no Parquet file with times of day.
ODD = """CREATE TABLE odd (id UUID PRIMARY KEY, day DATE, doc JSON, raw BLOB, ok BOOLEAN, x DOUBLE, name VARCHAR(30) NOT NULL);
    CREATE TABLE clock (id INTEGER PRIMARY KEY, at TIME NOT NULL)"""


def session():
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.jars", os.path.abspath(sys.argv[2]))
    spark = builder.config("spark.sql.session.timeZone", "Asia/Tokyo").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(DataSource)
    return spark


def planned(folder, name, ddl, rows):
    """A saved plan of a schema for SQLite."""
    database, saved = (os.path.join(folder, name + end) for end in (".db", ".json"))
    with sqlite3.connect(database) as connection:
        connection.executescript(ddl)
    plan = dbmocker.plan("sqlite://" + database, rows=rows)
    plan.write(saved)
    return plan, saved


def exported(saved):
    """A folder with the rows of a saved plan as Parquet files."""
    out = saved + ".out"
    command = [dbmocker.program(), "export", "--quiet", "--plan", saved, "--out", out, "--format", "parquet", "--uuids", "text"]
    subprocess.run(command, check=True)
    return out


def checksum(frame):
    """Rows, and a sum of hashes over all columns, which does not depend on the rows' order."""
    columns = ", ".join("cast(`%s` as string)" % name for name in frame.columns)
    return tuple(frame.selectExpr("count(*)", "sum(cast(xxhash64(%s) as decimal(38, 0)))" % columns).first())


def read(source, plan, table, partitions=1, **more):
    options = {"plan": plan, "table": table, "partitions": str(partitions), **more}
    return spark.read.format(source).options(**options).load()


def fails(why, run):
    try:
        run()
    except Exception as error:
        assert why in str(error), error
    else:
        raise AssertionError("no error: " + why)


def script(path, *lines):
    """A program of this name."""
    with open(path, "w") as file:
        file.write("\n".join(["#!/bin/sh", *lines, ""]))
    os.chmod(path, 0o755)
    return path


def same_as_exported(source, plan, saved, out):
    for table in plan.tables:
        files = spark.read.parquet("%s/%s.parquet" % (out, table.name))
        expected = checksum(files)
        assert expected[0] == table.rows
        for partitions in (1, 7, 32):
            rows = read(source, saved, table.name, partitions)
            assert dict(rows.dtypes) == dict(files.dtypes), (rows.dtypes, files.dtypes)
            assert rows.rdd.getNumPartitions() == partitions
            assert checksum(rows) == expected, (source, table.name, partitions)
        print("%s, %s: %d rows, as exported" % (source, table.name, table.rows), flush=True)
    types = dict(read(source, saved, "orders").dtypes)
    assert (types["id"], types["total"], types["ordered_at"]) == ("bigint", "decimal(12,2)", "timestamp_ntz"), types


def refers(source, saved):
    """Tables that are read on their own still refer to each other."""
    for child, column, parent in [("orders", "user_id", "users"), ("order_items", "order_id", "orders"),
                                  ("order_items", "product_id", "products"), ("products", "category_id", "categories")]:
        rows, parents = read(source, saved, child, 3).alias("c"), read(source, saved, parent, 5).alias("p")
        orphans = rows.join(parents, on=[expr("c.%s = p.id" % column)], how="left_anti").where("%s is not null" % column)
        assert orphans.count() == 0, (source, child, column)


def written(source, folder, saved):
    """Written by Spark, and read back."""
    out = os.path.join(folder, "written by " + source)
    read(source, saved, "orders", 4).write.parquet(out)
    assert checksum(spark.read.parquet(out)) == checksum(read(source, saved, "orders"))


def refuses(source, saved):
    for wrong, why in [({"plan": saved}, '"table" is missing'), ({"plan": saved, "table": "no"}, "the plan has"),
                       ({"plan": saved, "table": "orders", "partitions": "0"}, "1 or more")]:
        fails(why, lambda: spark.read.format(source).options(**wrong).load().count())
    damaged = saved + ".damaged"
    with open(saved) as file, open(damaged, "w") as out:
        json.dump({**json.load(file), "plan_xxh3_128": "0" * 32}, out)
    fails("checksum", lambda: read(source, damaged, "orders").collect())


def columns_and_limits(saved, out):
    """Columns that are not read are not generated, nor rows after a limit."""
    files = spark.read.parquet(out + "/users.parquet")
    for columns in (["id"], files.columns[::-1], files.columns[2:5]):
        rows = read(JVM, saved, "users", 3).select(*columns)
        assert checksum(rows) == checksum(files.select(*columns)), columns
    assert read(JVM, saved, "users", 3).where("id % 2 = 0").count() == files.where("id % 2 = 0").count()
    assert read(JVM, saved, "users", 3).limit(8000).count() == 8000
    first = read(JVM, saved, "users", 3).limit(5)
    assert first.rdd.getNumPartitions() == 1
    assert first.collect() == spark.read.parquet(out + "/users.parquet").coalesce(1).limit(5).collect()
    # No program is run where no column is read.
    counting = script(saved + ".counting", 'case "$*" in *:0..1*) exec "$DBMOCKER_BIN" "$@" ;; esac', "exit 1")
    assert read(JVM, saved, "users", 3, program=counting).count() == files.count()


# Each with an Arrow type that the program writes, NULLs and the ends of its range.
TYPES = [("flag", pyarrow.bool_(), [True, None, False]), ("small", pyarrow.int16(), [-32768, None, 32767]),
         ("whole", pyarrow.int32(), [-(2**31), None, 2**31 - 1]), ("large", pyarrow.int64(), [-(2**63), None, 2**63 - 1]),
         ("unsigned", pyarrow.uint64(), [0, None, 2**64 - 1]), ("single", pyarrow.float32(), [-0.5, None, 3.25]),
         ("double", pyarrow.float64(), [-0.1, None, 1e300]), ("text", pyarrow.string(), ["", None, "grün 𝄞"]),
         ("raw", pyarrow.binary(), [b"", None, b"\0\xff"]),
         ("price", pyarrow.decimal128(12, 2), [decimal.Decimal("-9999999999.99"), None, decimal.Decimal("0.07")]),
         ("wide", pyarrow.decimal128(38, 4), [decimal.Decimal("-" + "9" * 34 + ".9999"), None, decimal.Decimal("-0.0001")]),
         ("wider", pyarrow.decimal128(38, 0), [decimal.Decimal(2**64 - 1), None, decimal.Decimal(2**63)]),
         ("day", pyarrow.date32(), [datetime.date(1, 1, 1), None, datetime.date(9999, 12, 31)]),
         ("at", pyarrow.time64("us"), [datetime.time(0), None, datetime.time(23, 59, 59, 999999)]),
         ("moment", pyarrow.timestamp("us"), [datetime.datetime(1900, 1, 1, 0, 0, 0, 1), None, datetime.datetime(2024, 2, 29)]),
         ("instant", pyarrow.timestamp("us", "UTC"), [datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc), None,
                                                      datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)])]


def every_type(folder):
    """The types of the Python source, and the values, of a stream with every type."""
    _, saved = planned(folder, "three", "CREATE TABLE three (id INTEGER PRIMARY KEY)", 3)
    arrow = pyarrow.table([pyarrow.array(values, type) for _, type, values in TYPES], [name for name, _, _ in TYPES])
    stream = os.path.join(folder, "three.arrow")
    with pyarrow.ipc.new_stream(stream, arrow.schema) as writer:
        writer.write_table(arrow)
    program = script(os.path.join(folder, "three.sh"), "cat >/dev/null", "exec cat '%s'" % stream)
    rows = read(JVM, saved, "three", program=program)
    assert rows.schema == from_arrow_schema(_plain(arrow.schema), prefer_timestamp_ntz=True), rows.schema
    expected = {name: values for name, _, values in TYPES}
    expected["unsigned"] = [decimal.Decimal(0), None, decimal.Decimal(2**64 - 1)]
    expected["at"] = ["00:00:00.000000", None, "23:59:59.999999"]
    found = rows.withColumn("instant", expr("unix_micros(instant)")).collect()
    expected["instant"] = [v and int(v.timestamp()) * 1_000_000 for v in expected["instant"]]
    for name, values in expected.items():
        assert [row[name] for row in found] == values, (name, found)
    odd = pyarrow.table([pyarrow.array([1], pyarrow.duration("s"))], ["span"])
    with pyarrow.ipc.new_stream(stream, odd.schema) as writer:
        writer.write_table(odd)
    fails("`span` has the Arrow type", lambda: read(JVM, saved, "three", program=program))


def errors_of_tasks(saved):
    """What the program says in a task is the message of the job, before and in the middle of its rows."""
    real = 'case "$*" in *:0..1*) exec "$DBMOCKER_BIN" "$@" ;; esac'
    for number, rows in enumerate(["cat >/dev/null", '"$DBMOCKER_BIN" "$@" | head -c 100000']):
        program = script("%s.%d" % (saved, number), real, rows, "echo 'error: the disk is full' >&2", "exit 4")
        fails("the disk is full", lambda: read(JVM, saved, "orders", 2, program=program).collect())
    short = script(saved + ".short", real, 'exec "$DBMOCKER_BIN" export --quiet --plan - --out - --format arrow --rows-range orders:0..7')
    fails("7 rows", lambda: read(JVM, saved, "orders", 1, program=short).collect())
    fails("/no/such/program", lambda: read(JVM, saved, "orders", program="/no/such/program"))


def running(table):
    """The programs that make rows of the table."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if "--rows-range %s:" % table in line]


def until(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


def leaves_no_program(folder):
    """Neither a job that is cancelled nor one that needs few rows leaves a running program."""
    table = "endless_%d" % os.getpid()
    _, saved = planned(folder, table, "CREATE TABLE %s (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL)" % table, 2_000_000_000)
    failed = []

    def job():
        spark.sparkContext.setJobGroup("endless", "endless")
        try:
            read(JVM, saved, table, 4).selectExpr("max(name)").collect()
        except Exception as error:
            failed.append(error)

    # Without the filter the limit would be part of the read.
    read(JVM, saved, table, 4).where("id > 10").limit(5).collect()
    until(lambda: not running(table))
    thread = threading.Thread(target=job)
    thread.start()
    until(lambda: len(running(table)) == 2)
    spark.sparkContext.cancelJobGroup("endless")
    thread.join()
    assert failed, "the job was not cancelled"
    until(lambda: not running(table))


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(here, "schemas", "sqlite", "shop.sql")) as schema:
        plan, saved = planned(folder, "shop", schema.read(), 20_000)
    out = exported(saved)
    _, odd = planned(folder, "odd", ODD, 500)
    odd_files = exported(odd)
    spark = session()
    for source in (JVM, PYTHON):
        same_as_exported(source, plan, saved, out)
        refers(source, saved)
        written(source, folder, saved)
        assert checksum(read(source, odd, "odd", 3)) == checksum(spark.read.parquet(odd_files + "/odd.parquet"))
        assert read(source, odd, "clock", 2).where("at rlike '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]'").count() == 500
        refuses(source, saved)
    assert checksum(read(PYTHON, odd, "clock")) == checksum(read(JVM, odd, "clock", 3))
    columns_and_limits(saved, out)
    every_type(folder)
    errors_of_tasks(saved)
    leaves_no_program(folder)
    spark.stop()
print("spark: ok")
