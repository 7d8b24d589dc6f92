#!/usr/bin/env python3
"""`dbmocker export` compared with tpchgen-cli (PyPI): the eight tables of TPC-H with the same row counts, rows per CPU second.

    benches/export.py [--scale 1] [--repeat 5] [--format csv parquet] [--bin target/release/dbmocker] [--tpchgen tpchgen-cli]

Both write all eight tables into an empty folder, in turn; dbmocker from an empty SQLite database with the same columns, the
row counts from a config file; the second time with `--no-coherence`, each column by itself, as the others make them. CPU seconds are user and system of the whole process, start-up and planning included; medians; a ratio
above 1 means that dbmocker (default) writes more rows in a CPU second.
"""
import pathlib
import shutil
import tempfile

import common

# Rows at scale factor 1; lineitem's are what tpchgen-cli writes there.
TABLES = {"region": 5, "nation": 25, "supplier": 10_000, "customer": 150_000, "part": 200_000, "partsupp": 800_000,
          "orders": 1_500_000, "lineitem": 6_001_215}
FIXED = ("region", "nation")


def config(path, scale):
    rows = {t: n if t in FIXED else max(round(n * scale), 1) for t, n in TABLES.items()}
    lines = [f"  {t}: {{rows_to_generate: {n}}}" for t, n in rows.items()]
    path.write_text("tables:\n" + "\n".join(lines) + "\n")
    return sum(rows.values())


def size(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def compare(form, root, args):
    database, settings, out = root / f"{form}.db", root / "tpch.yaml", root / "out"
    common.run(["sqlite3", database], input=(common.HERE / "tpch.sql").read_text())
    rows = config(settings, args.scale)
    ours = [args.bin, "export", "--url", f"sqlite://{database}", "-q", "--out", out, "--format", form, "--config", settings]
    theirs = [args.tpchgen, form, "--output-dir", out, "-s", args.scale]
    programs = {"dbmocker": ours, "no-coherence": [*ours, "--no-coherence"], "tpchgen-cli": theirs}
    if args.duckdb:
        programs["DuckDB"] = [args.duckdb, common.HERE / "duckdb_rows.py", form, out, rows]
    wall, cpu, written = {}, {}, {}
    for _ in range(args.repeat):
        for name, argv in programs.items():
            taken, burnt = common.timed(argv)
            wall.setdefault(name, []).append(taken)
            cpu.setdefault(name, []).append(burnt)
            written[name] = size(out)
            shutil.rmtree(out)
    print(f"{form}, {rows:,} rows")
    for name in cpu:
        seconds = common.median(cpu[name])
        ratio = "" if name == "dbmocker" else f"   ratio {seconds / common.median(cpu['dbmocker']):.2f}"
        print(f"    {name:<12} {seconds:6.2f} CPU s  {rows / seconds:>10,.0f} rows/CPU s  {common.median(wall[name]):6.2f} s"
              f"  {written[name] / 1e6:6.0f} MB  {written[name] / seconds / 1e6:4.0f} MB/CPU s{ratio}", flush=True)


def main():
    parser = common.parser(__doc__, repeat=5)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--format", nargs="*", default=["csv", "parquet"])
    parser.add_argument("--duckdb", help="a Python that has DuckDB: its COPY of as many lineitem-shaped rows beside it")
    parser.add_argument("--tpchgen", default=shutil.which("tpchgen-cli") or "tpchgen-cli")
    args = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp(prefix="dbmocker-bench-"))
    try:
        for form in args.format:
            compare(form, root, args)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
