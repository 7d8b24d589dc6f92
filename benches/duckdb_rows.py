"""duckdb_rows.py FORMAT FOLDER ROWS: lineitem-shaped rows by DuckDB, `COPY (SELECT ... FROM range(n))`."""
import pathlib
import sys

import duckdb

WORDS = "quick,silent,careful,regular,final,bold,even,express,special,pending,ironic,busy,daring,fluffy,blithe,slow".split(",")


def main():
    form, folder, rows = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    folder.mkdir()
    db = duckdb.connect()
    word = lambda salt: f"list_extract({WORDS!r}, 1 + (hash(i, {salt}) % {len(WORDS)})::INT)"
    number = lambda salt, n: f"(hash(i, {salt}) % {n})::INT"
    day = lambda salt: f"DATE '1992-01-01' + {number(salt, 2500)}"
    options = "HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION snappy"
    db.execute(f"""COPY (SELECT i // 4 AS l_orderkey, 1 + {number(1, 200000)} AS l_partkey, 1 + {number(2, 10000)} AS l_suppkey,
        1 + i % 4 AS l_linenumber, (1 + {number(3, 50)})::DECIMAL(15, 2) AS l_quantity,
        ({number(4, 9000000)} / 100)::DECIMAL(15, 2) AS l_extendedprice, ({number(5, 11)} / 100)::DECIMAL(15, 2) AS l_discount,
        ({number(6, 9)} / 100)::DECIMAL(15, 2) AS l_tax, {word(7)} AS l_returnflag, {word(8)} AS l_linestatus,
        {day(9)} AS l_shipdate, {day(10)} AS l_commitdate, {day(11)} AS l_receiptdate, {word(12)} AS l_shipinstruct,
        {word(13)} AS l_shipmode, concat_ws(' ', {word(14)}, {word(15)}, {word(16)}) AS l_comment
        FROM range({rows}) t(i)) TO '{folder / ("lineitem." + form)}' ({options})""")


if __name__ == "__main__":
    main()
