/* sqlite_loop FILE ROWS: the fastest plain loop into the table of load.py: one prepared INSERT, constants bound, one transaction,
   the secondary index dropped before and made again after. The floor that a loader which makes its rows is held against. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static sqlite3 *db;

static void check(int code, int wanted) {
    if (code == wanted) return;
    fprintf(stderr, "sqlite_loop: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void run(const char *sql) { check(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK); }

int main(int argc, char **argv) {
    sqlite3_stmt *insert;
    if (argc != 3) return 2;
    check(sqlite3_open(argv[1], &db), SQLITE_OK);
    run("BEGIN; DROP INDEX items_city");
    check(sqlite3_prepare_v2(db, "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)", -1, &insert, 0), SQLITE_OK);
    long rows = atol(argv[2]);
    for (long i = 1; i <= rows; i++) {
        /* Codes in scattered order, as real ones are. */
        char code[32];
        int length = snprintf(code, sizeof code, "%08lx-item", (i * 2654435761UL) & 0xffffffffUL);
        sqlite3_bind_int64(insert, 1, i);
        sqlite3_bind_int64(insert, 2, i % 10000 + 1);
        sqlite3_bind_text(insert, 3, code, length, SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, "A title of thirty characters..", 30, SQLITE_STATIC);
        sqlite3_bind_double(insert, 5, 12.34);
        sqlite3_bind_int64(insert, 6, 7);
        sqlite3_bind_text(insert, 7, "2025-01-02 03:04:05", 19, SQLITE_STATIC);
        sqlite3_bind_text(insert, 8, "Springfield", 11, SQLITE_STATIC);
        check(sqlite3_step(insert), SQLITE_DONE);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    run("CREATE INDEX items_city ON items (city); COMMIT");
    return sqlite3_close(db);
}
