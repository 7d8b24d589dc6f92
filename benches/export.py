#!/usr/bin/env python3
"""`dbmocker export` beside tpchgen-cli (PyPI), TPC-H-shaped tables, rows per CPU second.

    benches/export.py [--scale 0.1] [--repeat 3] [--format csv parquet] [--bin target/release/dbmocker] [--tpchgen tpchgen-cli]

Each of the large tables is written alone with the row count of the scale factor, by both programs in turn; parents hold some
rows already, so that foreign keys have something to point at. CPU seconds are user and system of the whole process; a larger
ratio is better for dbmocker.
"""
import argparse
import pathlib
import shutil
import tempfile

import common

# Rows at scale factor 1.
TABLES = {"lineitem": 6_001_215, "orders": 1_500_000, "partsupp": 800_000, "part": 200_000, "customer": 150_000}
PARENT_ROWS = 2_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--format", nargs="*", default=["csv", "parquet"])
    parser.add_argument("--bin", default=common.BINARY)
    parser.add_argument("--tpchgen", default=shutil.which("tpchgen-cli") or "tpchgen-cli")
    args = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp(prefix="dbmocker-bench-"))
    try:
        for form in args.format:
            compare(form, root, args)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def compare(form, root, args):
    total = {"dbmocker": 0.0, "tpchgen-cli": 0.0}
    rows_of_all = 0
    for table, full in TABLES.items():
        rows = round(full * args.scale)
        # Parents of other tables: loaded once for each table, so that its own rows start from none.
        file = root / f"{form}-{table}.db"
        common.run(["sqlite3", file], input=(common.HERE / "tpch.sql").read_text())
        url = f"sqlite://{file}"
        load = [args.bin, "load", "--url", url, "-q", "--no-verify", "--rows", PARENT_ROWS, "--exclude-tables", table]
        if table != "lineitem":
            load[-1] += ",lineitem"
        if table in ("part", "customer"):
            load[-1] += ",partsupp,orders"
        common.timed(load)
        out = root / "out"
        ours = [args.bin, "export", "--url", url, "-q", "--out", out, "--format", form, "--tables", table, "--rows"]
        theirs = [args.tpchgen, form, "--output-dir", out, "--tables", table, "-s"]
        seconds, bytes_of = {name: [] for name in total}, {}
        for _ in range(args.repeat):
            for name, argv, some, few in (("dbmocker", ours, rows, 100), ("tpchgen-cli", theirs, args.scale, 0.001)):
                taken = common.timed([*argv, some])[1]
                bytes_of[name] = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
                shutil.rmtree(out)
                seconds[name].append(max(taken - common.timed([*argv, few])[1], 0.001))
                shutil.rmtree(out)
        own, other = (common.median(seconds[name]) for name in total)
        total["dbmocker"] += own
        total["tpchgen-cli"] += other
        rows_of_all += rows
        line(form, table, rows, own, other, bytes_of)
    line(form, "all", rows_of_all, *total.values(), {})


def line(form, table, rows, own, other, size):
    sizes = ", ".join(f"{name} {n / 1e6:.0f} MB" for name, n in size.items())
    print(f"{form:<8} {table:<9} {rows:>9,} rows  dbmocker {own:6.2f} CPU s {rows / own:>10,.0f} rows/CPU s"
          f"  tpchgen-cli {other:6.2f} CPU s {rows / other:>10,.0f}  ratio {other / own:.2f}  {sizes}", flush=True)


if __name__ == "__main__":
    main()
