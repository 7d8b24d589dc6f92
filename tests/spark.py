"""The Spark data source on a local Spark: counts and checksums equal to an export's for 1, 7 and 32 partitions.

Usage: spark.py BIN. Needs pyspark 4, pyarrow, pandas and Java 17; `make test-spark` installs the packages.
"""

import os
import sqlite3
import sys
import tempfile

os.environ["DBMOCKER_BIN"] = os.path.abspath(sys.argv[1])
os.environ["PYSPARK_PYTHON"] = sys.executable
here = os.path.dirname(os.path.abspath(__file__))
sources = os.path.join(os.path.dirname(here), "python")
os.environ["PYTHONPATH"] = sources
sys.path.insert(0, sources)

import dbmocker  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.functions import expr  # noqa: E402

from dbmocker.spark import DataSource  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    shop, saved, out = (os.path.join(folder, name) for name in ("shop.db", "plan.json", "out"))
    with sqlite3.connect(shop) as database, open(os.path.join(here, "schemas", "sqlite", "shop.sql")) as schema:
        database.executescript(schema.read())
    plan = dbmocker.plan("sqlite://" + shop, rows=20_000)
    plan.write(saved)
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(DataSource)

    def read(table, partitions):
        options = {"plan": saved, "table": table, "partitions": str(partitions)}
        return spark.read.format("dbmocker").options(**options).load()

    exported = plan.to_arrow("orders")
    expected = (exported.num_rows, pc.sum(exported["id"]).as_py(), pc.sum(exported["total"]).as_py())
    for partitions in (1, 7, 32):
        orders = read("orders", partitions)
        row = orders.selectExpr("count(*)", "sum(id)", "sum(total)").first()
        assert tuple(row) == expected, (partitions, row, expected)
        assert orders.rdd.getNumPartitions() == partitions
        print("%d partitions: %s" % (partitions, tuple(row)))
    types = dict(read("orders", 1).dtypes)
    assert (types["id"], types["total"], types["ordered_at"]) == ("bigint", "decimal(12,2)", "timestamp_ntz"), types
    # Tables that are read on their own still refer to each other.
    orders, users = read("orders", 3).alias("o"), read("users", 5).alias("u")
    orphans = orders.join(users, on=[expr("o.user_id = u.id")], how="left_anti")
    assert orphans.count() == 0
    read("orders", 4).write.parquet(out)
    assert tuple(spark.read.parquet(out).selectExpr("count(*)", "sum(id)", "sum(total)").first()) == expected
    spark.stop()
print("spark: ok")
