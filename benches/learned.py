#!/usr/bin/env python3
"""Loading with a profile compared with loading without one.

    benches/learned.py [--rows 300000] [--repeat 5] [--only PostgreSQL MariaDB SQLite] [--bin target/release/dbmocker]

The five-table shop of shop.sql is filled once, and its statistics are learned. Then an empty shop is loaded with the same number
of rows in turns, by --rows and by --profile. Wall-clock seconds from the start of the program until every constraint is in place,
planning and verification included. The ratio of a turn is the rate with the profile / the rate without; 1 is as fast.
"""
import common
from shop import TABLES, fresh

ANALYZE = {"PostgreSQL": "ANALYZE;", "SQLite": "ANALYZE;",
           "MariaDB": "SET histogram_type = 'JSON_HB';" + "".join(f"ANALYZE TABLE {t} PERSISTENT FOR ALL;" for t in TABLES)}


def bench(server, root, args):
    load = [args.bin, "load", "--url", server.url, "-q"]
    profile = root / "profile.yaml"
    fresh(server)
    common.timed([*load, "--rows", args.rows])
    server.sql(ANALYZE[server.name])
    scan = ["--scan"] if server.name == "SQLite" else []
    learned = common.timed([args.bin, "learn", "--url", server.url, "--out", profile, "-q", *scan])[0]
    ways = {"without": [*load, "--rows", args.rows], "with a profile": [*load, "--profile", profile]}
    seconds = {way: [] for way in ways}
    for turn in range(args.repeat):
        for way in sorted(ways, reverse=turn % 2 == 1):
            fresh(server)
            seconds[way].append(common.timed(ways[way])[0])
            held = sum(int(server.sql(f"SELECT count(*) FROM {table};")) for table in TABLES)
            assert abs(held / (len(TABLES) * args.rows) - 1) < 0.01, f"{way}: {held} rows"
    print(f"{server.name}, {len(TABLES)} x {args.rows:,} rows, learn {learned:.1f} s")
    for way, each in seconds.items():
        rate = len(TABLES) * args.rows / common.median(each)
        print(f"    {way:<16} {common.median(each):7.2f} s  {rate:>9,.0f} rows/s  ({' '.join(f'{s:.2f}' for s in each)})")
    ratios = [without / with_profile for without, with_profile in zip(*seconds.values())]
    print(f"    ratio {common.median(ratios):.2f}  ({' '.join(f'{r:.2f}' for r in ratios)})", flush=True)


def main():
    parser = common.parser(__doc__, repeat=5, only=common.SERVERS)
    parser.add_argument("--rows", type=int, default=300_000)
    args = parser.parse_args()
    for server, root in common.servers(args.only):
        bench(server, root, args)


if __name__ == "__main__":
    main()
