#!/usr/bin/env python3
"""What each stage of the pipeline costs dbmocker itself: generating rows, encoding them for files, sending them to each server.

    benches/stages.py [--rows 1000000] [--repeat 5] [--only make files PostgreSQL MariaDB SQLite] [--bin target/release/dbmocker]

The table of load.py. CPU seconds of the process, medians; servers are other processes and do not count, SQLite is in this one.
`make` is `export --format none`: every row is generated and discarded. Everything else makes the rows as well, so the last column says how much
each adds to that, in CPU seconds for a million rows. Tables are loaded without keys and indexes: what is left is encoding, sending, and
SQLite's own storing. COPY text is the same rows with one column of a type that has no binary form here. Peak memory is that of the
process. One thread makes rows, so that CPU and wall-clock seconds can be compared.
"""
import tempfile
import pathlib
import shutil

import common
import load

STAGES = ["make", "files", *common.SERVERS]
# Without constraints and indexes, which the server would have to check or maintain.
PLAIN = """CREATE TABLE items (id BIGINT NOT NULL, owner_id BIGINT NOT NULL, code VARCHAR(40) NOT NULL, title VARCHAR(80) NOT NULL,
    price DECIMAL(10, 2) NOT NULL, quantity INTEGER NOT NULL, created_at TIMESTAMP NOT NULL, city VARCHAR(40) NOT NULL);"""


def main():
    parser = common.parser(__doc__, repeat=5, only=STAGES)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    print(f"{args.rows:,} rows of 8 columns, median of {args.repeat}")
    print(f"{'stage':<28} {'CPU s':>7} {'rows/CPU s':>12} {'s':>7} {'peak memory':>12} {'added for 1 M rows':>20}", flush=True)
    made = exports(args)
    for server, _ in common.servers(args.only):
        for name, table in tables(server):
            load.fresh(server, table)
            command = [*common_flags(server.url, args), "--truncate", "--no-probe", "--no-verify"]
            said = common.run([args.bin, "plan", "--url", server.url, "--tables", "items", "--rows", args.rows])
            assert name.split(", ")[-1] in said, said
            show(name, [args.bin, "load", *command], args, made)


def common_flags(url, args):
    return ["--url", url, "-q", "--tables", "items", "--rows", args.rows, "--workers", 1]


def exports(args):
    """Rows that are made, and written as files; gives the CPU seconds that making them takes."""
    with tempfile.TemporaryDirectory(prefix="dbmocker-bench-") as folder:
        database, out = pathlib.Path(folder) / "items.db", pathlib.Path(folder) / "out"
        common.run(["sqlite3", database], input=PLAIN)
        command = [args.bin, "export", *common_flags(f"sqlite://{database}", args), "--format"]
        made = show("make", [*command, "none"], args)
        for form in ["csv", "parquet"] if "files" in args.only else []:
            show(form, [*command, form, "--out", out, "--overwrite"], args, made)
            shutil.rmtree(out)
        return made


def tables(server):
    """The loading methods of a server, each with the table that is loaded by it."""
    if server.name == "PostgreSQL":
        yield "PostgreSQL, COPY binary", PLAIN
        yield "PostgreSQL, COPY text", PLAIN.replace("city VARCHAR(40)", "city TSVECTOR")
    elif server.name == "MariaDB":
        yield "MariaDB, LOAD DATA", PLAIN.replace("TIMESTAMP", "DATETIME")
    else:
        yield "SQLite, INSERT SELECT", PLAIN


def show(name, command, args, made=None):
    measured = [common.measured(command) for _ in range(args.repeat)]
    wall, cpu, peak = (common.median(column) for column in zip(*measured))
    added = f"{(cpu - made) / args.rows * 1e6:+.2f} CPU s" if made is not None else ""
    print(f"{name:<28} {cpu:>7.2f} {args.rows / cpu:>12,.0f} {wall:>7.2f} {peak / (1 << 20):>8.1f} MiB {added:>20}", flush=True)
    return cpu


if __name__ == "__main__":
    main()
