#!/usr/bin/env python3
"""`dbmocker load` beside each server's own client.

    benches/load.py [--rows 1000000] [--repeat 3] [--only PostgreSQL MariaDB SQLite] [--bin target/release/dbmocker]

One table of 8 columns with PRIMARY KEY, UNIQUE (text), FOREIGN KEY and a secondary index. dbmocker makes the rows and loads
them; the client loads the same rows from a ready file into the same table. Wall-clock seconds from the start of the program
until all constraints are in place; medians; the ratio is dbmocker / client.
"""
import argparse
import pathlib
import shutil
import tempfile

import common

PARENTS = "CREATE TABLE owners (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL);"
TABLE = """CREATE TABLE items (
    id BIGINT NOT NULL PRIMARY KEY, owner_id BIGINT NOT NULL, code VARCHAR(40) NOT NULL UNIQUE, title VARCHAR(80) NOT NULL,
    price DECIMAL(10, 2) NOT NULL, quantity INTEGER NOT NULL, created_at TIMESTAMP NOT NULL, city VARCHAR(40) NOT NULL,
    FOREIGN KEY (owner_id) REFERENCES owners (id));
    CREATE INDEX items_city ON items (city);"""
PARENT_ROWS = 10_000


def fresh(server):
    server.sql("DROP TABLE IF EXISTS items;")
    # SQLite counts rows itself only in a column of exactly this type.
    server.sql(TABLE.replace("id BIGINT NOT NULL PRIMARY KEY", "id INTEGER NOT NULL PRIMARY KEY")
               if server.name == "SQLite" else TABLE.replace("TIMESTAMP", "DATETIME") if server.name == "MariaDB" else TABLE)


def rivals(server, folder, file):
    """The client's commands, by name."""
    if server.name == "PostgreSQL":
        return {r"psql \copy text": (server.client("-c", rf"\copy items from '{file}'"), None)}
    if server.name == "MariaDB":
        statements = folder / "load.sql"
        statements.write_text("SET unique_checks = 0, foreign_key_checks = 0, autocommit = 0;"
                              f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE items; COMMIT;")
        plain = ["mariadb-import", "--no-defaults", "-uroot", f"--socket={server.socket}", "--local", "bench", file]
        return {"mariadb-import --local": (plain, None), "LOAD DATA, checks off": (server.client("bench"), statements)}
    return {"sqlite3 .import": (["sqlite3", "-bail", server.file, ".mode csv", f".import {file} items"], None)}


def ready_file(server, folder):
    """The rows that dbmocker loaded, as the client takes them."""
    file = folder / "items"
    if server.name == "PostgreSQL":
        common.run(server.client("-c", rf"\copy items to '{file}'"))
    elif server.name == "MariaDB":
        server.sql(f"SELECT * FROM items INTO OUTFILE '{server.folder}/data/items.out';")
        shutil.move(server.folder / "data" / "items.out", file)
        file.chmod(0o644)
    else:
        with open(file, "w") as out:
            out.write(common.run(["sqlite3", "-csv", server.file, "SELECT * FROM items"]))
    return file


def bench(server, root, args):
    folder = root / f"{server.name}-files"
    folder.mkdir()
    server.sql("DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS owners;")
    server.sql(PARENTS)
    load = [args.bin, "load", "--url", server.url, "-q", "--no-verify"]
    common.timed([*load, "--tables", "owners", "--rows", PARENT_ROWS])
    fresh(server)
    ours = [*load, "--tables", "items", "--rows", args.rows]
    common.timed(ours)
    file = ready_file(server, folder)
    commands = rivals(server, folder, file)
    seconds = {name: [] for name in ["dbmocker load", *commands]}
    for _ in range(args.repeat):
        fresh(server)
        seconds["dbmocker load"].append(common.timed(ours)[0])
        for name, (argv, stdin) in commands.items():
            fresh(server)
            with open(stdin) if stdin else open("/dev/null") as text:
                seconds[name].append(common.timed(argv, stdin=text)[0])
            assert int(server.sql("SELECT count(*) FROM items;")) == args.rows
    own = common.median(seconds["dbmocker load"])
    print(f"{server.name}, {args.rows:,} rows, {file.stat().st_size / 1e6:.0f} MB")
    for name, all_of_it in seconds.items():
        taken = common.median(all_of_it)
        ratio = "" if name == "dbmocker load" else f"   ratio {own / taken:.2f}"
        each = " ".join(f"{s:.2f}" for s in all_of_it)
        print(f"    {name:<24} {taken:7.2f} s  {args.rows / taken:>9,.0f} rows/s  ({each}){ratio}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--bin", default=common.BINARY)
    args = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp(prefix="dbmocker-bench-"))
    root.chmod(0o755)
    try:
        for kind in (common.Postgres, common.MariaDb, common.Sqlite):
            if args.only and kind.name not in args.only:
                continue
            server = kind(root)
            try:
                bench(server, root, args)
            finally:
                server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
