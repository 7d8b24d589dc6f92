#!/usr/bin/env python3
"""Parts, Python, Spark, streams, and the servers' own limits: a line for each, with its target.

    benches/beyond.py [--only parts batches arrow memory spark dbldatagen postgres mysql] [--repeat 3] [--rows 2000000]
                      [--scale 1] [--sources python jvm] [--mysql URL] [--bin target/release/dbmocker]

`batches` and `memory` need pyarrow; `spark` and `dbldatagen` need pyspark 4, pyarrow, pandas, dbldatagen and Java 17: this
script runs itself again by the python of target/spark-venv, which `make test-spark` makes, if this one lacks them. They
measure the Python data source and that of the jar of `make spark-jar`; --sources names one of them. `mysql` needs a running MySQL 9 with an empty database, by URL. What is missing is named, and the rest is measured. Each ratio is of
medians of wall-clock or CPU seconds, of runs that take turns.
"""
import importlib.util
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

import common
import export
import load

ROOT = common.HERE.parent
PARTS = (1, 2, 16)
VENV = ROOT / "target" / "spark-venv" / "bin" / "python"
JAR = ROOT / "target" / "spark" / "dbmocker-spark.jar"
FORMATS = {"python": "dbmocker", "jvm": "dbmocker-jvm"}


class Missing(Exception):
    """A program or package that a comparison needs is not there."""


def tell(what, found, target, more=""):
    print(f"{what:46} {found:7.2f}   target {target}   {more}", flush=True)


def needs(*packages):
    lacking = [name for name in packages if importlib.util.find_spec(name) is None]
    if lacking:
        raise Missing(f"needs {', '.join(lacking)}: `make test-spark` makes {VENV.parent.parent} with it")


def in_turn(args, *measures):
    """The median of each, measured one after the other, as often as asked for."""
    taken = [[measure() for measure in measures] for _ in range(args.repeat)]
    return [common.median(column) for column in zip(*taken)]


def tables_of_tpch(args):
    """TPC-H's row counts at the scale factor."""
    return {t: n if t in export.FIXED else max(round(n * args.scale), 1) for t, n in export.TABLES.items()}


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
    rows = ",".join(f"{table}={rows}" for table, rows in tables_of_tpch(args).items())
    return saved_plan(args, root, (common.HERE / "tpch.sql").read_text(), rows)


def parts(args, root):
    plan = shop(args, root)
    out, whole = root / "out", root / "whole"

    def exported(folder, *more):
        return common.timed([args.bin, "export", "--plan", plan, "--out", folder, *more])[1]

    def alone():
        shutil.rmtree(whole, ignore_errors=True)
        return exported(whole)

    def joined(n):
        def run():
            shutil.rmtree(out, ignore_errors=True)
            cpu = sum(exported(out, "--part", f"{i}/{n}") for i in range(1, n + 1))
            cpu += common.timed([args.bin, "manifest", "--join", out])[1]
            same_bytes(whole, out, n)
            return cpu
        return run

    one, *others = in_turn(args, alone, *map(joined, PARTS))
    for n, cpu in zip(PARTS, others):
        tell(f"CPU of {n} parts / CPU of one export", cpu / one, "at most 1.05", f"bytes are equal; {cpu:.2f} s, {one:.2f} s")


def same_bytes(whole, parts, n):
    """Ends the benchmark if the rows of the parts' CSV files are not those of the whole, byte for byte."""
    for file in whole.glob("*.csv"):
        with open(file, "rb") as wanted:
            wanted.readline()
            for part in sorted(parts.glob(f"{file.stem}.part-*.csv")) or [parts / file.name]:
                with open(part, "rb") as found:
                    found.readline()
                    while piece := found.read(1 << 20):
                        if wanted.read(len(piece)) != piece:
                            sys.exit(f"{file.stem}: {n} parts are not the whole")
            if wanted.read(1):
                sys.exit(f"{file.stem}: {n} parts are less than the whole")


BATCHES = """import sys, dbmocker
plan = dbmocker.Plan.read(sys.argv[1])
print(sum(b.num_rows for t in plan.tables for b in plan.batches(t.name)))
"""


def batches(args, root):
    needs("pyarrow")
    plan, script = shop(args, root), root / "batches.py"
    script.write_text(BATCHES)
    os.environ.update(PYTHONPATH=str(ROOT / "python"), DBMOCKER_BIN=str(args.bin))
    python, alone = in_turn(args,
                            lambda: common.timed([sys.executable, script, plan])[1],
                            lambda: common.timed([args.bin, "export", "--plan", plan, "--format", "none"])[1])
    tell("rows a CPU second in Python / --format none", alone / python, "at least 0.7", f"{python:.2f} s, {alone:.2f} s of CPU")


def arrow(args, root):
    plan = shop(args, root)
    command = [args.bin, "export", "--plan", plan, "--tables"]
    for table in ("order_items", "users"):
        files = ["--out", root / "out", "--format", "parquet", "--overwrite"]
        stream, parquet = in_turn(args,
                                  lambda: common.timed([*command, table, "--out", "-", "--format", "arrow"])[0],
                                  lambda: common.timed([*command, table, *files])[0])
        tell(f"rows a second, Arrow to stdout / Parquet: {table}", parquet / stream, "at least 1", f"{stream:.2f} s, {parquet:.2f} s")


def memory(args, root):
    """Peak memory of four times the rows, compared."""
    def peaks(command):
        few, many = (common.measured(command(plan))[2] for plan in plans)
        return many / few, f"{few >> 20} MiB, {many >> 20} MiB"

    plans = []
    for name, rows in (("few", args.rows // 4), ("many", args.rows)):
        (root / name).mkdir()
        plans.append(saved_plan(args, root / name, (ROOT / "tests/schemas/sqlite/shop.sql").read_text(), str(rows)))
    out = root / "out"
    for what, flags in {
        "export --part 1/2": ["--out", out, "--part", "1/2", "--overwrite"],
        "export --out - --format arrow": ["--out", "-", "--format", "arrow", "--tables", "users"],
    }.items():
        found, more = peaks(lambda plan: [args.bin, "export", "--plan", plan, "--memory-limit", "256MiB", *flags])
        tell(f"memory of {what}, 4 times the rows", found, "flat", more)
        shutil.rmtree(out, ignore_errors=True)
    needs("pyarrow")
    script = root / "batches.py"
    script.write_text(BATCHES)
    os.environ.update(PYTHONPATH=str(ROOT / "python"), DBMOCKER_BIN=str(args.bin))
    found, more = peaks(lambda plan: [sys.executable, script, plan])
    tell("memory of plan.batches, 4 times the rows", found, "flat", more)


def session(args, root):
    needs("pyspark", "pyarrow", "pandas")
    if not shutil.which("java"):
        raise Missing("needs Java 17")
    if "jvm" in args.sources and not JAR.exists():
        raise Missing(f"needs {JAR}: `make spark-jar` makes it")
    sys.path.insert(0, str(ROOT / "python"))
    os.environ["PYTHONPATH"] = str(ROOT / "python")
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    from pyspark.sql import SparkSession
    from dbmocker.spark import DataSource
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.driver.memory", "4g").config("spark.local.dir", str(root))
    spark = builder.config("spark.jars", str(JAR) if JAR.exists() else "").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(DataSource)
    return spark


def written(frame, folder):
    begun = time.monotonic()
    frame.write.mode("overwrite").parquet(str(folder))
    return time.monotonic() - begun


def of_plan(spark, source, plan, table, **more):
    options = {"plan": str(plan), "table": table, "partitions": "8", **more}
    return spark.read.format(FORMATS[source]).options(**options).load()


def spark(args, root):
    needs("pyspark")
    os.environ["DBMOCKER_BIN"] = str(args.bin)
    plan, spark, out = tpch(args, root), session(args, root), root / "out"
    tables = tables_of_tpch(args)
    own, copied = dict.fromkeys(args.sources, 0), 0
    for table, rows in tables.items():
        ready = root / f"ready-{table}"
        # Also warms up the virtual machine.
        for source in args.sources:
            written(of_plan(spark, source, plan, table), ready)
            if spark.read.parquet(str(ready)).count() != rows:
                sys.exit(f"{table}: Spark wrote other than {rows} rows")
        read, *generated = in_turn(args,
                                   lambda: written(spark.read.parquet(str(ready)), out),
                                   *(lambda source=s: written(of_plan(spark, source, plan, table), out) for s in args.sources))
        own, copied = {s: own[s] + seconds for s, seconds in zip(args.sources, generated)}, copied + read
        print(f"    {table}: {', '.join(f'{s:.2f} s' for s in generated)}; copied {read:.2f} s", flush=True)
    spark.stop()
    for source, seconds in own.items():
        what = f"Spark, TPC-H SF {args.scale:g}, {source}: generated / copied"
        tell(what, seconds / copied, "at most 1.4", f"{seconds:.1f} s, {copied:.1f} s")


def repeated(spark, plan, table, rows):
    """The rows of one ready batch, again and again, by a Python data source: what Spark itself costs."""
    import pyarrow
    from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
    from dbmocker import Plan
    from dbmocker.spark import _plain_batch
    ready = _plain_batch(next(iter(Plan.read(str(plan)).batches(table, 0, 16_384, uuids="text", workers=1))))
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, ready.schema) as writer:
        writer.write_batch(ready)
    stream, schema, times = sink.getvalue().to_pybytes(), of_plan(spark, "python", plan, table).schema, rows // ready.num_rows // 8

    class Reader(DataSourceReader):
        def partitions(self):
            return [InputPartition(i) for i in range(8)]

        def read(self, partition):
            import pyarrow
            batch = pyarrow.ipc.open_stream(stream).read_next_batch()
            for _ in range(times):
                yield batch

    class Ready(DataSource):
        @classmethod
        def name(cls):
            return "ready"

        def schema(self):
            return schema

        def reader(self, schema):
            return Reader()

    spark.dataSource.register(Ready)
    return spark.read.format("ready").load()


def streamed(args, root, spark, plan, table, rows):
    """Ready Arrow streams, by the source for the virtual machine: what Spark, the source and the pipes cost."""
    streams = root / "streams"
    streams.mkdir()
    cuts = [rows * i // 8 for i in range(9)]
    for start, stop in [(0, 1), *zip(cuts, cuts[1:])]:
        name = f"{table}:{start}..{stop}"
        with open(streams / name, "wb") as stream:
            command = [args.bin, "export", "--plan", plan, "--out", "-", "--format", "arrow", "--uuids", "text"]
            subprocess.run([*command, "--rows-range", name], check=True, stdout=stream, stderr=subprocess.DEVNULL)
    program = root / "program"
    program.write_text(f"""#!/bin/sh
for each; do case "$each" in {table}:*) name=$each ;; esac; done
cat >/dev/null
exec cat "{streams}/$name"
""")
    program.chmod(0o755)
    return of_plan(spark, "jvm", plan, table, program=str(program))


def dbldatagen(args, root):
    needs("pyspark", "dbldatagen", "jmespath", "pyparsing")
    import dbldatagen as dg
    os.environ["DBMOCKER_BIN"] = str(args.bin)
    plan, spark, out = tpch(args, root), session(args, root), root / "out"
    rows = tables_of_tpch(args)["lineitem"]

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

    ready, measures = {}, [rival]
    for source in args.sources:
        # The first write warms up the virtual machine.
        written(of_plan(spark, source, plan, "supplier"), out)
        if source == "python":
            ready[source] = repeated(spark, plan, "lineitem", rows)
        else:
            ready[source] = streamed(args, root, spark, plan, "lineitem", rows)
        measures.append(lambda source=source: written(of_plan(spark, source, plan, "lineitem"), out))
        measures.append(lambda source=source: written(ready[source], out))
    theirs, *taken = in_turn(args, *measures)
    spark.stop()
    for source, ours, least in zip(args.sources, taken[::2], taken[1::2]):
        more = f"{rows:,} rows; {theirs:.1f} s, {ours:.1f} s"
        tell(f"Spark, lineitem, {source}: dbldatagen / dbmocker", theirs / ours, "at least 3", more)
        tell(f"Spark, lineitem, {source}: dbmocker / ready batches", ours / least, "none", f"{ours:.1f} s, {least:.1f} s")


def postgres(args, root):
    """Compared with the server's own limit: binary COPY FREEZE from its own disk, then the same constraints."""
    if not (list(pathlib.Path("/usr/lib/postgresql").glob("*/bin")) or shutil.which("initdb")):
        raise Missing("needs a PostgreSQL server's programs")
    for server, folder in common.servers(["PostgreSQL"], args.folder):
        tables = load.PARENTS + load.TABLE
        drop = "DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;"
        command = [args.bin, "load", "--url", server.url, "--rows", args.rows, "--no-verify", "--no-journal"]

        def ours():
            server.sql(drop + tables)
            server.sql("CHECKPOINT")
            return common.timed(command)[0]

        ours()
        files = {table: folder / f"{table}.bin" for table in ("owners", "items")}
        for table, file in files.items():
            file.touch()
            file.chmod(0o666)
            server.sql(f"COPY {table} TO '{file}' (FORMAT binary)")
        script = folder / "limit.sql"
        copy = "".join(f"COPY {t} FROM '{f}' (FORMAT binary, FREEZE);\n" for t, f in files.items())
        bare = load.BARE.replace("id BIGINT NOT NULL PRIMARY KEY", "id BIGINT NOT NULL")
        owners = "CREATE TABLE owners (id BIGINT NOT NULL, name VARCHAR(60) NOT NULL);"
        keys = "ALTER TABLE owners ADD PRIMARY KEY (id); ALTER TABLE items ADD PRIMARY KEY (id);\n"
        script.write_text(f"SET maintenance_work_mem = '256MB';\nBEGIN;\n{owners}{bare}\n{copy}{keys}{load.REBUILD}ANALYZE owners;\nCOMMIT;\n")

        def limit():
            server.sql(drop)
            server.sql("CHECKPOINT")
            with open(script) as stdin:
                return common.timed(server.client(), stdin)[0]

        own, theirs = in_turn(args, ours, limit)
        tell("PostgreSQL, load / COPY FREEZE and constraints", own / theirs, "at most 1.1", f"2 x {args.rows:,} rows; {own:.1f} s, {theirs:.1f} s")


def client_of(url):
    """The command line of the client for a database's URL."""
    program = shutil.which("mysql") or shutil.which("mariadb")
    if not program:
        raise Missing("needs the client `mysql` or `mariadb`")
    at = urllib.parse.urlsplit(url)
    password = [f"-p{urllib.parse.unquote(at.password)}"] if at.password else []
    return [program, "-h", at.hostname, "-P", str(at.port or 3306), "-u", at.username, *password, at.path.strip("/")]


def mysql(args, root):
    """Compared with LOAD DATA LOCAL of a prepared file with checks off, on a running MySQL."""
    if not args.mysql:
        raise Missing("needs --mysql URL, of an empty database of MySQL 9 with local_infile on")
    client = client_of(args.mysql)
    tables = load.PARENTS + load.TABLE.replace("TIMESTAMP", "DATETIME")
    rows = args.rows // 2
    version = common.run([*client, "-N", "-e", "SELECT version()"]).strip()

    def empty():
        common.run(client, input="DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;" + tables)

    def ours():
        empty()
        return common.timed([args.bin, "load", "--url", args.mysql, "--rows", rows, "--no-verify", "--no-journal"])[0]

    empty()
    out, script = root / "out", root / "limit.sql"
    common.run([args.bin, "export", "--url", args.mysql, "--rows", rows, "--truncate", "--out", out, "--delimiter", "tab", "--null", r"\N"])
    lines = "".join(f"LOAD DATA LOCAL INFILE '{out / t}.csv' INTO TABLE {t} CHARACTER SET utf8mb4 "
                    f"FIELDS OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' IGNORE 1 LINES;\n" for t in ("owners", "items"))
    script.write_text(f"SET unique_checks = 0, foreign_key_checks = 0, autocommit = 0;\n{lines}COMMIT;\n")

    def limit():
        empty()
        with open(script) as stdin:
            taken = common.timed([*client, "--local-infile=1"], stdin)[0]
        stored = common.run([*client, "-N", "-e", "SELECT count(*) FROM items"]).strip()
        if stored != str(rows):
            sys.exit(f"LOAD DATA stored {stored} of {rows} rows")
        return taken

    own, theirs = in_turn(args, ours, limit)
    empty()
    tell("MySQL, load / LOAD DATA with checks off", own / theirs, "at most 0.55", f"MySQL {version}, 2 x {rows:,} rows; {own:.1f} s, {theirs:.1f} s")


ALL = {f.__name__: f for f in (parts, batches, arrow, memory, spark, dbldatagen, postgres, mysql)}


def main():
    parser = common.parser(__doc__, repeat=3, only=list(ALL))
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--scale", type=float, default=1, help="TPC-H's scale factor, for Spark")
    parser.add_argument("--sources", nargs="+", choices=list(FORMATS), default=list(FORMATS), help="Spark's data sources")
    parser.add_argument("--folder", help="for files and servers [default: the system's temporary folder]")
    parser.add_argument("--mysql", help="URL of an empty database of MySQL 9")
    args = parser.parse_args()
    args.bin = pathlib.Path(args.bin).resolve()
    failed = []
    for name in args.only:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="dbmocker-beyond-", dir=args.folder, ignore_cleanup_errors=True) as made:
            try:
                ALL[name](args, pathlib.Path(made))
            except Missing as missing:
                print(f"{name}: not measured: {missing}", flush=True)
            except (Exception, SystemExit) as error:
                # The others are measured all the same.
                failed.append(name)
                print(f"{name}: failed: {error}", flush=True)
        print(f"    {name}: {time.monotonic() - begun:.0f} s", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    if importlib.util.find_spec("pyspark") is None and VENV.exists():
        os.execv(VENV, [str(VENV), *sys.argv])
    main()
