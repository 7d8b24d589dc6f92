"""Runs the examples of the Python API's documentation, and what they do not show. Usage: python_api.py FOLDER."""

import doctest
import os
import pickle
import sqlite3
import sys

import dbmocker
import dbmocker._plan
import duckdb
import polars

path = os.path.join(sys.argv[1], "shop.db")
with sqlite3.connect(path) as database:
    database.executescript(
        """CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, total DECIMAL(8,2),
            ordered_at DATETIME);"""
    )
URL = "sqlite://" + path

found = doctest.testmod(dbmocker._plan, extraglobs={"URL": URL})
assert found.attempted >= 8 and found.failed == 0, found

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
rows = plan.rows("orders", 0, 100)
assert duckdb.sql("SELECT count(*) FROM rows").fetchone() == (100,)
assert polars.DataFrame(rows).height == 100
# If the reader stops, no process is left running.
reader = plan.batches("orders")
reader.read_next_batch()
del reader

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
