#!/usr/bin/env python3
"""The five-table shop compared with the npm seeder `seedcoherent`, rows a second.

    benches/shop.py --rival node_modules/.bin/seedcoherent [--rows 1000000] [--rival-rows 100000] [--only SQLite] [--bin ...]

Both fill the same empty schema with no configuration; dbmocker with --rows rows a table, the seeder with fewer, since it holds all
rows in memory. Wall-clock seconds from the start of the program until every constraint is in place, dbmocker's own verification
included. The ratio is dbmocker's rows a second / the seeder's.
"""

import common

TABLES = ["users", "categories", "products", "orders", "order_items"]


def fresh(server):
    if server.name == "SQLite":
        server.file.unlink(missing_ok=True)
    elif server.name == "PostgreSQL":
        server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
    else:
        server.sql("DROP DATABASE bench; CREATE DATABASE bench;")
    ddl = (common.HERE / "shop.sql").read_text()
    server.sql(ddl.replace("TIMESTAMP", "DATETIME") if server.name == "MariaDB" else ddl)


def bench(server, args):
    target = server.file if server.name == "SQLite" else server.url
    rival = [args.rival, target, "--rows", *[f"{t}={args.rival_rows}" for t in TABLES]]
    tools = {"dbmocker load": ([args.bin, "load", "--url", server.url, "-q", "--rows", args.rows], args.rows),
             "seedcoherent": (rival, args.rival_rows)}
    rates = {}
    print(f"{server.name}")
    for name, (argv, rows) in tools.items():
        seconds = []
        for _ in range(args.repeat):
            fresh(server)
            seconds.append(common.timed(argv)[0])
            for table in TABLES:
                held = int(server.sql(f"SELECT count(*) FROM {table};"))
                assert held == rows, f"{name}: {table} holds {held} rows of {rows}"
        rates[name] = len(TABLES) * rows / common.median(seconds)
        each = " ".join(f"{s:.2f}" for s in seconds)
        ratio = f"   ratio {rates['dbmocker load'] / rates[name]:.1f}" if name != "dbmocker load" else ""
        print(f"    {name:<14} 5 x {rows:>9,} rows  {rates[name]:>9,.0f} rows/s  ({each} s){ratio}", flush=True)


def main():
    parser = common.parser(__doc__, repeat=3, only=common.SERVERS)
    parser.add_argument("--rival", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rival-rows", type=int, default=100_000)
    args = parser.parse_args()
    for server, _ in common.servers(args.only):
        bench(server, args)


if __name__ == "__main__":
    main()
