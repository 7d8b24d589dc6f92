//! What real schemas hold besides tables of plain columns: it fills, or is said before anything is written.

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};

fn load(db: &Database, rows: &str) -> Ran {
    dbmocker(["load", "--url", &db.url, "--rows", rows])
}

#[test]
fn a_table_of_one_row_that_is_there_is_limited_and_the_others_fill() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE settings (only_one CHAR(1) NOT NULL UNIQUE, place BIGINT, CHECK (only_one = 'X'));
             INSERT INTO settings VALUES ('X', 1);
             CREATE TABLE things (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL);",
        );
        let ran = load(&db, "20").ok();
        assert!(ran.stderr.contains("holds all of its values in the rows that are there"), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM settings"), 1, "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM things"), 20, "{kind:?}");
    }
}

#[test]
fn floats_with_digits_keep_their_range() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE vitals (id INT PRIMARY KEY, head FLOAT(4,2) NOT NULL, weight DOUBLE(5,1), big FLOAT(10,2) UNSIGNED);",
    );
    load(&db, "300").ok();
    assert_eq!(db.number("SELECT count(*) FROM vitals WHERE head BETWEEN 0 AND 99.99"), 300);
}
