"""The Spark data source on a local Spark: rows equal to an export's for 1, 7 and 32 partitions; Parquet files both ways.

Usage: spark.py BIN. Needs pyspark 4, pyarrow, pandas and Java 17; `make test-spark` installs the packages.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile

os.environ["DBMOCKER_BIN"] = os.path.abspath(sys.argv[1])
os.environ["PYSPARK_PYTHON"] = sys.executable
# Workers connect to the driver by this address.
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
here = os.path.dirname(os.path.abspath(__file__))
sources = os.path.join(os.path.dirname(here), "python")
os.environ["PYTHONPATH"] = sources
sys.path.insert(0, sources)

import dbmocker  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.functions import expr  # noqa: E402

from dbmocker.spark import DataSource  # noqa: E402

# Types that Spark lacks, or has other names for. Spark 4.0 reads no Parquet file with times of day.
ODD = """CREATE TABLE odd (id UUID PRIMARY KEY, day DATE, doc JSON, raw BLOB, ok BOOLEAN, x DOUBLE, name VARCHAR(30) NOT NULL);
    CREATE TABLE clock (id INTEGER PRIMARY KEY, at TIME NOT NULL)"""


def session():
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.session.timeZone", "Asia/Tokyo").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(DataSource)
    return spark


def planned(folder, name, ddl, rows):
    """A saved plan of a schema for SQLite, and its rows exported to Parquet."""
    database, saved, out = (os.path.join(folder, name + end) for end in (".db", ".json", ".out"))
    with sqlite3.connect(database) as connection:
        connection.executescript(ddl)
    plan = dbmocker.plan("sqlite://" + database, rows=rows)
    plan.write(saved)
    command = [dbmocker.program(), "export", "--quiet", "--plan", saved, "--out", out, "--format", "parquet", "--uuids", "text"]
    subprocess.run(command, check=True)
    return plan, saved, out


def checksum(frame):
    """Rows, and a sum of hashes over all columns, which does not depend on the rows' order."""
    columns = ", ".join("cast(`%s` as string)" % name for name in frame.columns)
    return tuple(frame.selectExpr("count(*)", "sum(cast(xxhash64(%s) as decimal(38, 0)))" % columns).first())


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(here, "schemas", "sqlite", "shop.sql")) as schema:
        plan, saved, exported = planned(folder, "shop", schema.read(), 20_000)
    spark = session()

    def read(table, partitions, plan=saved):
        options = {"plan": plan, "table": table, "partitions": str(partitions)}
        return spark.read.format("dbmocker").options(**options).load()

    for table in plan.tables:
        files = spark.read.parquet("%s/%s.parquet" % (exported, table.name))
        expected = checksum(files)
        assert expected[0] == table.rows
        for partitions in (1, 7, 32):
            rows = read(table.name, partitions)
            assert dict(rows.dtypes) == dict(files.dtypes), (rows.dtypes, files.dtypes)
            assert rows.rdd.getNumPartitions() == partitions
            assert checksum(rows) == expected, (table.name, partitions)
        print("%s: %d rows, as exported" % (table.name, table.rows), flush=True)
    types = dict(read("orders", 1).dtypes)
    assert (types["id"], types["total"], types["ordered_at"]) == ("bigint", "decimal(12,2)", "timestamp_ntz"), types

    # Tables that are read on their own still refer to each other.
    for child, column, parent in [("orders", "user_id", "users"), ("order_items", "order_id", "orders"),
                                  ("order_items", "product_id", "products"), ("products", "category_id", "categories")]:
        rows, parents = read(child, 3).alias("c"), read(parent, 5).alias("p")
        orphans = rows.join(parents, on=[expr("c.%s = p.id" % column)], how="left_anti").where("%s is not null" % column)
        assert orphans.count() == 0, (child, column)

    # Written by Spark, and read back.
    out = os.path.join(folder, "written")
    read("orders", 4).write.parquet(out)
    assert checksum(spark.read.parquet(out)) == checksum(read("orders", 1))

    _, odd, files = planned(folder, "odd", ODD, 500)
    assert checksum(read("odd", 3, odd)) == checksum(spark.read.parquet(files + "/odd.parquet"))
    assert read("clock", 2, odd).where("at rlike '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]'").count() == 500

    for wrong, why in [({"plan": saved}, '"table" is missing'), ({"plan": saved, "table": "no"}, "the plan has"),
                       ({"plan": saved, "table": "orders", "partitions": "0"}, "1 or more")]:
        try:
            spark.read.format("dbmocker").options(**wrong).load().count()
        except Exception as error:
            assert why in str(error), error
        else:
            raise AssertionError(wrong)
    spark.stop()
print("spark: ok")
