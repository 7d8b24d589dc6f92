#!/usr/bin/env python3
"""`dbmocker load` compared with each server's own client and other loading methods.

    benches/load.py [--rows 1000000] [--repeat 5] [--rival-repeat 5] [--only PostgreSQL MariaDB SQLite] [--bin target/release/dbmocker]

One table of 8 columns with PRIMARY KEY, UNIQUE (text), FOREIGN KEY and a secondary index. dbmocker makes the rows and loads
them; the client loads the same rows from a ready file into the same table. Wall-clock seconds from the start of the program
until all constraints are in place; medians, with minimum and maximum; the ratio is dbmocker / client. pgbench fills its own tables with about as many bytes;
INSERT statements are measured on fewer rows and scaled.
"""
import shutil

import common

PARENTS = "CREATE TABLE owners (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL);"
TABLE = """CREATE TABLE items (
    id BIGINT NOT NULL PRIMARY KEY, owner_id BIGINT NOT NULL, code VARCHAR(40) NOT NULL UNIQUE, title VARCHAR(80) NOT NULL,
    price DECIMAL(10, 2) NOT NULL, quantity INTEGER NOT NULL, created_at TIMESTAMP NOT NULL, city VARCHAR(40) NOT NULL,
    FOREIGN KEY (owner_id) REFERENCES owners (id));
    CREATE INDEX items_city ON items (city);"""
PARENT_ROWS = 10_000
# The same table for PostgreSQL, its constraints after the rows.
BARE = """CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, owner_id BIGINT NOT NULL, code VARCHAR(40) NOT NULL,
    title VARCHAR(80) NOT NULL, price DECIMAL(10, 2) NOT NULL, quantity INTEGER NOT NULL, created_at TIMESTAMP NOT NULL,
    city VARCHAR(40) NOT NULL);"""
REBUILD = """ALTER TABLE items ADD UNIQUE (code);
    CREATE INDEX items_city ON items (city);
    ALTER TABLE items ADD FOREIGN KEY (owner_id) REFERENCES owners (id);
    ANALYZE items;
"""
# Text bytes of one unit of pgbench's scale: 100 000 accounts.
PGBENCH_BYTES = 9_700_000


def fresh(server, table=None):
    server.sql("DROP TABLE IF EXISTS items;")
    if table:
        return server.sql(table)
    # SQLite assigns row numbers only in a column of exactly this type.
    server.sql(TABLE.replace("id BIGINT NOT NULL PRIMARY KEY", "id INTEGER NOT NULL PRIMARY KEY")
               if server.name == "SQLite" else TABLE.replace("TIMESTAMP", "DATETIME") if server.name == "MariaDB" else TABLE)


INSERT_ROWS = 50_000


def rivals(server, folder, file, rows):
    """Other methods of loading the prepared rows: name -> (argv, file for stdin, SQL before it instead of the whole table)."""
    statements = inserts(server, folder, rows)
    if server.name == "PostgreSQL":
        binary = folder / "items.bin"
        common.run(server.client("-c", rf"\copy items to '{binary}' (format binary)"))
        rebuild = folder / "rebuild.sql"
        rebuild.write_text(f"SET maintenance_work_mem = '256MB';\n\\copy items from '{binary}' (format binary)\n{REBUILD}")
        scale = max(round(file.stat().st_size / PGBENCH_BYTES), 1)
        pgbench = [server.bin / "pgbench", "-h", "127.0.0.1", "-p", server.port, "-U", "postgres", "-i", "-q", "-s", scale, "postgres"]
        return {r"psql \copy text": (server.client("-c", rf"\copy items from '{file}'"), None, None),
                r"psql \copy binary, rebuild": (server.client(), rebuild, BARE),
                f"pgbench -i -s {scale}": (pgbench, None, None),
                "INSERT statements": (server.client(), statements, None)}
    if server.name == "MariaDB":
        off = folder / "load.sql"
        off.write_text("SET unique_checks = 0, foreign_key_checks = 0, autocommit = 0;"
                       f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE items; COMMIT;")
        client = ["mariadb-import", "--no-defaults", "-uroot", f"--socket={server.socket}", "--local"]
        return {"mariadb-import": ([*client, "bench", file], None, None),
                "mariadb-import, best flags": ([*client, "--ignore-foreign-keys", "--lock-tables", "bench", file], None, None),
                "LOAD DATA, checks off": (server.client("bench"), off, None),
                "INSERT statements": (server.client("bench"), statements, None)}
    loop = common.compiled(folder, "sqlite_loop.c", "-lsqlite3")
    return {"sqlite3 .import": (["sqlite3", "-bail", server.file, ".mode csv", f".import {file} items"], None, None),
            "C loop of constants": ([loop, server.file, rows], None, None),
            "INSERT statements": (["sqlite3", "-bail", server.file], statements, None)}


def inserts(server, folder, rows):
    """The first rows as one INSERT each, in one transaction, as a script without bulk loading sends them."""
    file = folder / "inserts.sql"
    columns = "id, owner_id, code, title, price, quantity, created_at, city"
    quoted = {"PostgreSQL": "quote_literal({})", "MariaDB": "quote({})", "SQLite": "quote({})"}[server.name]
    join = " || ', ' || ".join if server.name != "MariaDB" else lambda parts: "concat_ws(', ', " + ", ".join(parts) + ")"
    cells = join([quoted.format(c) for c in columns.split(", ")])
    made = server.sql(f"SELECT {cells} FROM items ORDER BY id LIMIT {min(rows, INSERT_ROWS)};")
    lines = [f"INSERT INTO items VALUES ({line});" for line in made.splitlines()]
    file.write_text("\n".join(["BEGIN;", *lines, "COMMIT;"]) + "\n")
    return file


def ready_file(server, folder):
    """The rows that dbmocker loaded, in the client's format."""
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
    commands = rivals(server, folder, file, args.rows)
    seconds = {name: [] for name in ["dbmocker load", *commands]}
    for _ in range(args.repeat):
        fresh(server)
        seconds["dbmocker load"].append(common.timed(ours)[0])
        for name, (argv, stdin, bare) in commands.items():
            if len(seconds[name]) == (args.rival_repeat or args.repeat):
                continue
            fresh(server, bare)
            with open(stdin or "/dev/null") as text:
                seconds[name].append(common.timed(argv, stdin=text)[0])
            if not name.startswith("pgbench"):
                expected = min(args.rows, INSERT_ROWS) if name.startswith("INSERT") else args.rows
                assert int(server.sql("SELECT count(*) FROM items;")) == expected, name
    own = common.median(seconds["dbmocker load"])
    print(f"{server.name}, {args.rows:,} rows, {file.stat().st_size / 1e6:.0f} MB, median of {args.repeat}")
    for name, all_of_it in seconds.items():
        rows = min(args.rows, INSERT_ROWS) if name.startswith("INSERT") else args.rows
        taken = common.median(all_of_it) * args.rows / rows
        ratio = "" if name == "dbmocker load" else f"   ratio {own / taken:.2f}"
        each = " ".join(f"{s:.2f}" for s in all_of_it) + ("" if rows == args.rows else f" for {rows:,} rows")
        each = f"{min(all_of_it):.2f} to {max(all_of_it):.2f}: {each}"
        print(f"    {name:<28} {taken:7.2f} s  {args.rows / taken:>9,.0f} rows/s  ({each}){ratio}", flush=True)


def main():
    parser = common.parser(__doc__, repeat=5, only=common.SERVERS)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rival-repeat", type=int, help="times for everybody else [default: as --repeat]; 3 at 5 M rows saves a quarter of an hour")
    args = parser.parse_args()
    for server, root in common.servers(args.only):
        bench(server, root, args)


if __name__ == "__main__":
    main()
