"""Runs the examples of the Python API's documentation, and what they do not show. Usage: python_api.py FOLDER."""

import contextlib
import doctest
import io
import os
import pickle
import signal
import sqlite3
import stat
import subprocess
import sys
import time

import dbmocker
import dbmocker._plan
import duckdb
import polars
import pyarrow

path = os.path.join(sys.argv[1], "shop.db")
with sqlite3.connect(path) as database:
    database.executescript(
        """CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, total DECIMAL(8,2),
            ordered_at DATETIME);"""
    )
URL = "sqlite://" + path

found = doctest.testmod(dbmocker._plan, extraglobs={"URL": URL})
assert found.attempted >= 13 and found.failed == 0, found

plan = dbmocker.plan(URL, rows=1000, seed=7, truncate=True)
whole = plan.to_arrow("orders")
assert whole.num_rows == 1000
# Any range has the same rows as the whole, in another process as well.
again = pickle.loads(pickle.dumps(plan))
assert again.to_arrow("orders", 250, 750).equals(whole.slice(250, 500))
assert again.batches("orders", 5, 5).read_all().num_rows == 0
assert [b.num_rows for b in plan.batches("orders", batch_rows=300)] == [300, 300, 300, 100]
assert plan.to_polars("orders")["customer_id"].is_in(plan.to_polars("customers")["id"].implode()).all()
assert plan.to_pandas("customers", 0, 5).shape == (5, 3)
assert whole.slice(3, 2).equals(pyarrow.Table.from_batches(plan.batches("orders", -997, 5, workers=1)))
assert plan.schema("orders") == whole.schema and plan.batches("orders", 5, 5).schema == whole.schema
rows = plan.rows("orders", 0, 100)
assert duckdb.sql("SELECT count(*) FROM rows").fetchone() == (100,)
assert polars.DataFrame(rows).height == 100
# If the reader stops, no process is left running.
reader = plan.batches("orders")
reader.read_next_batch()
del reader

# A bar of tqdm, on stderr.
with contextlib.redirect_stderr(io.StringIO()) as shown:
    assert plan.to_arrow("orders", progress=True).num_rows == 1000
assert "orders: 100%" in shown.getvalue(), shown.getvalue()
with contextlib.redirect_stderr(io.StringIO()) as shown:
    assert [t["rows"] for t in dbmocker.load(URL, plan=plan, truncate=True, progress=True)["tables"]] == [1000, 1000]
assert "rows: 100%" in shown.getvalue(), shown.getvalue()

# A stream that ends too early is the program's error.
program, broken = dbmocker.program(), os.path.join(sys.argv[1], "broken")
with open(broken, "w") as script:
    script.write('#!/bin/sh\n"%s" "$@" | head -c 20000\necho "error: the disk is full" >&2\nexit 4\n' % program)
os.chmod(broken, stat.S_IRWXU)
os.environ["DBMOCKER_BIN"] = broken
try:
    plan.to_arrow("orders")
except dbmocker.DbmockerError as error:
    assert (str(error), error.exit_code) == ("the disk is full", 4), error
else:
    raise AssertionError("a stream that is cut is no error")
os.environ["DBMOCKER_BIN"] = program

# Ctrl-C ends the reader and the program, and nothing is left of a load.
plan_of_many = dbmocker.plan(URL, rows=50_000_000, truncate=True)
plan_of_many.write(os.path.join(sys.argv[1], "many.json"))
READ = """import dbmocker, sys
with dbmocker.Plan.read(sys.argv[1] + "/many.json").batches("orders") as rows:
    for n, batch in enumerate(rows):
        if n == 3:
            print("reading", flush=True)
"""
LOAD = """import dbmocker, sys
print("reading", flush=True)
dbmocker.load(sys.argv[2], rows=50_000_000, truncate=True)
"""
for code in [READ, LOAD]:
    command = [sys.executable, "-c", code, sys.argv[1], URL]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout.readline() == "reading\n"
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode != 0 and said.rstrip().endswith("KeyboardInterrupt"), said
    # Until the system has removed the last process of the group; one that is left running is ended by the limit.
    with contextlib.suppress(ProcessLookupError):
        for _ in range(600):
            os.killpg(child.pid, 0)
            time.sleep(0.1)
        raise AssertionError("a program is left running")

for wrong, kind in [
    (lambda: dbmocker.plan("sqlite:///no/such/file.db"), dbmocker.DbmockerError),
    (lambda: plan.batches("no_such_table"), KeyError),
    (lambda: dbmocker.Plan(b"{}"), ValueError),
]:
    try:
        wrong()
    except kind as error:
        assert str(error)
    else:
        raise AssertionError("no %s" % kind)
print("ok")
