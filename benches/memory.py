#!/usr/bin/env python3
"""Peak resident memory of `dbmocker export` and `dbmocker load` compared with `--memory-limit`, over the number of rows.

    benches/memory.py [--limit 64] [--rows 1000000 10000000] [--huge] [--only csv parquet PostgreSQL SQLite ...] [--bin PATH]

The table of load.py (8 columns, PRIMARY KEY, UNIQUE (text), FOREIGN KEY, a secondary index). Peak memory as the system measures
it for the whole process (the servers are others); it must stay within the limit and 64 MiB for the program itself. `--huge` adds
100 M rows. `staged` is `load --stage files`: all rows on disk before the first is loaded.
"""
import shutil

import common
import load

WORK = ["csv", "parquet", "PostgreSQL", "PostgreSQL staged", "SQLite", "SQLite staged", "MariaDB"]
MIB = 1 << 20


def main():
    parser = common.parser(__doc__, only=WORK)
    parser.set_defaults(only=WORK[:-1])
    parser.add_argument("--limit", type=int, default=64, help="MiB")
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("--folder", help="where servers and files go [default: the system's temporary folder]")
    args = parser.parse_args()
    print(f"--memory-limit {args.limit}MiB, so at most {args.limit + 64} MiB")
    print(f"{'work':<18} {'rows':>12} {'seconds':>9} {'rows/s':>10} {'peak memory':>12}", flush=True)
    needs = {w: "SQLite" if w in ("csv", "parquet") else w.split()[0] for w in args.only}
    for server, root in common.servers(set(needs.values()), args.folder):
        bench(server, root, [w for w in args.only if needs[w] == server.name], args)


def bench(server, root, work, args):
    server.sql("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;")
    server.sql(load.PARENTS)
    common.run([args.bin, "load", "--url", server.url, "-q", "--tables", "owners", "--rows", load.PARENT_ROWS])
    for name in work:
        for rows in args.rows + ([100_000_000] if args.huge else []):
            load.fresh(server)
            out = root / "out"
            export = ["export", "--out", out, "--format", name]
            fill = ["load", "--no-verify", "--spill-dir", out, *(["--stage", "files"] if "staged" in name else [])]
            command = export if name in ("csv", "parquet") else fill
            more = ["--url", server.url, "-q", "--tables", "items", "--rows", rows, "--memory-limit", f"{args.limit}MiB"]
            seconds, _, peak = common.measured([args.bin, *command, *more])
            shutil.rmtree(out, ignore_errors=True)
            over = "" if peak <= (args.limit + 64) * MIB else "   OVER THE LIMIT"
            print(f"{name:<18} {rows:>12,} {seconds:>9.1f} {rows / seconds:>10,.0f} {peak / MIB:>8.1f} MiB{over}", flush=True)


if __name__ == "__main__":
    main()
