#!/usr/bin/env python3
"""Start-up, and `dbmocker plan` for a schema of many tables.

    benches/plan.py [--tables 500] [--checks 700] [--repeat 5] [--only SQLite] [--bin target/release/dbmocker]

Tables refer to earlier ones, by one column, by two, or to themselves; CHECKs are over one column, over two, alternatives, lists and
patterns. Wall-clock seconds of the whole program, medians.
"""

import common

CHECKS = ["CHECK (amount BETWEEN 1 AND 100000)", "CHECK (ends_on >= starts_on)", "CHECK (kind IN ('a', 'b', 'c'))",
          "CHECK (kind <> 'a' OR (note IS NULL AND amount > 10))", "CHECK (length(code) >= 4)", "CHECK (low + 1 < high)"]


def ddl(tables, checks):
    out = []
    for t in range(tables):
        own = [CHECKS[i % len(CHECKS)] for i in range(t * checks // tables, (t + 1) * checks // tables)]
        columns = ["id INTEGER NOT NULL PRIMARY KEY", "code VARCHAR(20) NOT NULL", "kind VARCHAR(8) NOT NULL", "note VARCHAR(200)",
                   "amount INTEGER NOT NULL", "low INTEGER NOT NULL", "high INTEGER NOT NULL", "starts_on DATE NOT NULL",
                   "ends_on DATE NOT NULL", "parent_id INTEGER", "other_id INTEGER", "other_code VARCHAR(20)", "UNIQUE (id, code)"]
        keys = [f"FOREIGN KEY (parent_id) REFERENCES t{max(t * 7 // 8, 0)} (id)"]
        if t > 2:
            keys.append(f"FOREIGN KEY (other_id, other_code) REFERENCES t{t - 1 - t % 3} (id, code)")
        out.append(f"CREATE TABLE t{t} ({', '.join(columns + keys + own)});")
    return "\n".join(out)


def main():
    parser = common.parser(__doc__, repeat=5, only=common.SERVERS)
    parser.add_argument("--tables", type=int, default=500)
    parser.add_argument("--checks", type=int, default=700)
    args = parser.parse_args()
    started = common.median([common.timed([args.bin, "--version"])[0] for _ in range(args.repeat)])
    print(f"start-up: {started * 1000:.0f} ms")
    for server, _ in common.servers(args.only):
        server.sql(ddl(args.tables, args.checks))
        seconds = [common.timed([args.bin, "plan", "--url", server.url])[0] for _ in range(args.repeat)]
        each = " ".join(f"{s:.2f}" for s in seconds)
        print(f"{server.name}: plan of {args.tables} tables, {args.checks} CHECKs: {common.median(seconds):.2f} s ({each})", flush=True)


if __name__ == "__main__":
    main()
