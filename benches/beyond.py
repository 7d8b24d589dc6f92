#!/usr/bin/env python3
"""Parts, Python, Spark, streams, and the servers' own limits: a line for each, with its target.

    benches/beyond.py [--only parts batches arrow spark dbldatagen postgres mysql] [--repeat 3] [--rows 2000000]
                      [--mysql URL --mysql-client COMMAND] [--bin target/release/dbmocker]

`batches` needs pyarrow; `spark` and `dbldatagen` need pyspark 4, pyarrow, pandas, dbldatagen and Java 17 (target/spark-venv of
`make test-spark`, with `pip install dbldatagen`); run this script by that environment's python. `mysql` needs a running
MySQL 9 with an empty database. Medians of wall-clock or CPU seconds; memory.py measures memory.
"""
import os
import pathlib
import shutil
import sqlite3
import sys
import tempfile
import time

import common
import export
import load

ROOT = common.HERE.parent
PARTS = (1, 2, 16)
TPCH = export.TABLES


def tell(what, found, target, more=""):
    print(f"{what:46} {found:7.2f}   target {target}   {more}", flush=True)


def saved_plan(args, root, schema, rows):
    """A plan of a schema for SQLite, saved."""
    database, plan = root / "schema.db", root / "plan.json"
    with sqlite3.connect(database) as connection:
        connection.executescript(schema)
    common.run([args.bin, "plan", "--url", f"sqlite://{database}", "--rows", rows, "--save", plan])
    database.unlink()
    return plan


def shop(args, root):
    return saved_plan(args, root, (ROOT / "tests/schemas/sqlite/shop.sql").read_text(), str(args.rows))


def tpch(args, root):
    rows = ",".join(f"{table}={rows}" for table, rows in TPCH.items())
    return saved_plan(args, root, (common.HERE / "tpch.sql").read_text(), rows)


def repeated(args, measure):
    return common.median([measure() for _ in range(args.repeat)])


def parts(args, root):
    plan = shop(args, root)
    out, whole = root / "out", root / "whole"

    def exported(folder, *more):
        return common.timed([args.bin, "export", "--plan", plan, "--out", folder, *more])[1]

    def alone():
        shutil.rmtree(whole, ignore_errors=True)
        return exported(whole)

    one = repeated(args, alone)
    text = {p.name.split(".")[0]: p.read_bytes().split(b"\n", 1)[1] for p in whole.glob("*.csv")}
    for n in PARTS:
        def joined():
            shutil.rmtree(out, ignore_errors=True)
            cpu = sum(exported(out, "--part", f"{i}/{n}") for i in range(1, n + 1))
            return cpu + common.timed([args.bin, "manifest", "--join", out])[1]
        cpu = repeated(args, joined)
        for table, rows in text.items():
            files = sorted(out.glob(f"{table}.part-*.csv"))
            if b"".join(p.read_bytes().split(b"\n", 1)[1] for p in files) != rows:
                sys.exit(f"{table}: {n} parts are not the whole")
        tell(f"CPU of {n} parts / CPU of one export", cpu / one, "at most 1.05", "bytes are equal")


def batches(args, root):
    plan = shop(args, root)
    script = root / "batches.py"
    script.write_text("import sys, dbmocker\nplan = dbmocker.Plan.read(sys.argv[1])\n"
                      "print(sum(b.num_rows for t in plan.tables for b in plan.batches(t.name)))\n")
    os.environ.update(PYTHONPATH=str(ROOT / "python"), DBMOCKER_BIN=str(args.bin))
    python = repeated(args, lambda: common.timed([sys.executable, script, plan])[1])
    alone = repeated(args, lambda: common.timed([args.bin, "export", "--plan", plan, "--format", "none"])[1])
    tell("rows a CPU second in Python / --format none", alone / python, "at least 0.7")


def arrow(args, root):
    plan = shop(args, root)
    table = ["--tables", "order_items"]
    stream = repeated(args, lambda: common.timed([args.bin, "export", "--plan", plan, *table, "--out", "-", "--format", "arrow"])[0])
    files = ["--out", root / "out", "--format", "parquet", "--overwrite"]
    parquet = repeated(args, lambda: common.timed([args.bin, "export", "--plan", plan, *table, *files])[0])
    tell("rows a second, Arrow to stdout / Parquet files", parquet / stream, "at least 1")


def session(root):
    sys.path.insert(0, str(ROOT / "python"))
    os.environ["PYTHONPATH"] = str(ROOT / "python")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession
    from dbmocker.spark import DataSource
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.memory", "4g").config("spark.local.dir", str(root)).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(DataSource)
    return spark


def written(frame, folder):
    begun = time.monotonic()
    frame.write.mode("overwrite").parquet(str(folder))
    return time.monotonic() - begun


def of_plan(spark, plan, table, partitions=8):
    options = {"plan": str(plan), "table": table, "partitions": str(partitions)}
    return spark.read.format("dbmocker").options(**options).load()


def spark(args, root):
    os.environ["DBMOCKER_BIN"] = str(args.bin)
    plan, spark, out = tpch(args, root), session(root), root / "out"
    own = copied = 0
    for table in TPCH:
        ready = root / f"ready-{table}"
        written(of_plan(spark, plan, table), ready)
        own += repeated(args, lambda: written(of_plan(spark, plan, table), out))
        copied += repeated(args, lambda: written(spark.read.parquet(str(ready)), out))
    spark.stop()
    tell("Spark, TPC-H SF 1: generated / copied", own / copied, "at most 1.4", f"{own:.1f} s, {copied:.1f} s")


def dbldatagen(args, root):
    import dbldatagen as dg
    os.environ["DBMOCKER_BIN"] = str(args.bin)
    plan, spark, out = tpch(args, root), session(root), root / "out"
    rows = TPCH["lineitem"]

    def rival():
        spec = dg.DataGenerator(spark, name="lineitem", rows=rows, partitions=8)
        for column in ("l_orderkey", "l_partkey", "l_suppkey", "l_linenumber"):
            spec = spec.withColumn(column, "long", minValue=1, maxValue=1_500_000, random=True)
        for column in ("l_quantity", "l_extendedprice", "l_discount", "l_tax"):
            spec = spec.withColumn(column, "decimal(15,2)", minValue=1, maxValue=100_000, random=True)
        for column in ("l_returnflag", "l_linestatus", "l_shipmode", "l_shipinstruct"):
            spec = spec.withColumn(column, "string", values=["A", "N", "R", "AIR", "RAIL"], random=True)
        for column in ("l_shipdate", "l_commitdate", "l_receiptdate"):
            spec = spec.withColumn(column, "date", begin="1992-01-01", end="1998-12-31", interval="1 day", random=True)
        spec = spec.withColumn("l_comment", "string", template=r"\w \w \w|\w \w \w \w", random=True)
        return written(spec.build(), out)

    theirs = repeated(args, rival)
    ours = repeated(args, lambda: written(of_plan(spark, plan, "lineitem"), out))
    spark.stop()
    tell("Spark, lineitem: dbldatagen / dbmocker", theirs / ours, "at least 3", f"{theirs:.1f} s, {ours:.1f} s")


def postgres(args, root):
    """Compared with the server's own limit: binary COPY FREEZE from its own disk, then the same constraints."""
    for server, folder in common.servers(["PostgreSQL"], args.folder):
        tables = load.PARENTS + load.TABLE

        def empty():
            server.sql("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;" + tables)

        def ours():
            empty()
            return common.timed([args.bin, "load", "--url", server.url, "--rows", args.rows, "--no-verify", "--no-journal"])[0]

        own = repeated(args, ours)
        files = {table: folder / f"{table}.bin" for table in ("owners", "items")}
        for file in files.values():
            file.touch()
            file.chmod(0o666)
        for table, file in files.items():
            server.sql(f"COPY {table} TO '{file}' (FORMAT binary)")
        script = folder / "limit.sql"
        copy = "".join(f"COPY {t} FROM '{f}' (FORMAT binary, FREEZE);\n" for t, f in files.items())
        bare = load.BARE.replace("id BIGINT NOT NULL PRIMARY KEY", "id BIGINT NOT NULL")
        owners = "CREATE TABLE owners (id BIGINT NOT NULL, name VARCHAR(60) NOT NULL);"
        keys = "ALTER TABLE owners ADD PRIMARY KEY (id); ALTER TABLE items ADD PRIMARY KEY (id);\n"
        script.write_text(f"SET maintenance_work_mem = '256MB';\nBEGIN;\n{owners}{bare}\n{copy}{keys}{load.REBUILD}ANALYZE owners;\nCOMMIT;\n")

        def limit():
            server.sql("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;")
            with open(script) as stdin:
                return common.timed(server.client(), stdin)[0]

        theirs = repeated(args, limit)
        tell("PostgreSQL, load / COPY FREEZE and constraints", own / theirs, "at most 1.1", f"{own:.1f} s, {theirs:.1f} s")


def mysql(args, root):
    """Compared with LOAD DATA LOCAL of a prepared file with checks off, on a running MySQL."""
    if not args.mysql or not args.mysql_client:
        print("mysql: give --mysql URL and --mysql-client 'mysql -uroot ... DATABASE', of an empty database")
        return
    client = args.mysql_client.split()
    tables = load.PARENTS + load.TABLE.replace("TIMESTAMP", "DATETIME")
    rows = args.rows // 2

    def sql(text):
        return common.run(client, input=text)

    def empty():
        sql("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;" + tables)

    def ours():
        empty()
        return common.timed([args.bin, "load", "--url", args.mysql, "--rows", rows, "--no-verify", "--no-journal"])[0]

    own = repeated(args, ours)
    out = root / "out"
    common.run([args.bin, "export", "--url", args.mysql, "--rows", rows, "--truncate", "--out", out, "--delimiter", "tab", "--null", r"\N"])
    script = root / "limit.sql"
    lines = "".join(f"LOAD DATA LOCAL INFILE '{out / t}.csv' INTO TABLE {t} CHARACTER SET utf8mb4 "
                    f"FIELDS OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' IGNORE 1 LINES;\n" for t in ("owners", "items"))
    script.write_text(f"SET unique_checks = 0, foreign_key_checks = 0, autocommit = 0;\n{lines}COMMIT;\n")

    def limit():
        empty()
        with open(script) as stdin:
            return common.timed([*client, "--local-infile=1"], stdin)[0]

    theirs = repeated(args, limit)
    tell("MySQL, load / LOAD DATA with checks off", own / theirs, "at most 0.55", f"{own:.1f} s, {theirs:.1f} s")


ALL = {f.__name__: f for f in (parts, batches, arrow, spark, dbldatagen, postgres, mysql)}


def main():
    parser = common.parser(__doc__, repeat=3, only=list(ALL))
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--folder", help="for files and servers [default: the system's temporary folder]")
    parser.add_argument("--mysql", help="URL of an empty database of MySQL 9")
    parser.add_argument("--mysql-client", help="the client's command line for the same database")
    args = parser.parse_args()
    args.bin = pathlib.Path(args.bin).resolve()
    for name in args.only:
        with tempfile.TemporaryDirectory(prefix="dbmocker-beyond-", dir=args.folder, ignore_cleanup_errors=True) as made:
            ALL[name](args, pathlib.Path(made))


if __name__ == "__main__":
    main()
