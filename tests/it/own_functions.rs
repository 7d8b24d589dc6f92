//! SQLite files whose application registers functions and collations that SQLite does not have.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::functions::FunctionFlags;

use crate::program::dbmocker;
use crate::servers::{Database, Kind, database};

/// Creates the file as its application does.
fn made_by_its_program(ddl: &str) -> Database {
    let db = database(Kind::Sqlite, "");
    let own = rusqlite::Connection::open(Path::new(db.url.strip_prefix("sqlite://").unwrap())).unwrap();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, arguments) in [("regexp", 2), ("soundslike", 2)] {
        own.create_scalar_function(name, arguments, flags, |_| Ok(true)).unwrap();
    }
    own.create_collation("localized", |a: &str, b: &str| -> Ordering { b.cmp(a) }).unwrap();
    own.execute_batch(ddl).unwrap();
    db
}

#[test]
fn checks_by_regexp_are_solved_tried_and_verified() {
    let db = made_by_its_program(
        r"CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL CHECK (code REGEXP '^[A-Z]{3}-[0-9]{4}$'),
           mail TEXT UNIQUE CHECK (regexp('^[^@]+@[^@]+\.[a-z]{2,}$', mail)), path TEXT NOT NULL CHECK (path NOT REGEXP '[A-Z ]'),
           n INTEGER CHECK (n REGEXP '^[1-9]'));",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "500"]).ok();
    assert!(ran.stderr.contains("no error found") && !ran.stderr.contains("not checked"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM t WHERE code GLOB '[A-Z][A-Z][A-Z]-[0-9][0-9][0-9][0-9]'"), 500);
    dbmocker(["verify", "--url", &db.url, "--strict"]).ok();
    // The function that the verification registers gives correct results.
    db.execute("PRAGMA ignore_check_constraints = ON; UPDATE t SET code = 'abc' WHERE id = 7;");
    let ran = dbmocker(["verify", "--url", &db.url]).expect(1);
    assert!(ran.stdout.contains("CHECK check_1: 1 row"), "{}", ran.stdout);
}

#[test]
fn what_only_the_own_program_can_write_is_told_before_and_can_be_left_out() {
    let db = made_by_its_program(
        "CREATE TABLE called (id INTEGER PRIMARY KEY, a TEXT NOT NULL, CONSTRAINT alike CHECK (soundslike(a, 'x')));
         CREATE TABLE generated (id INTEGER PRIMARY KEY, a TEXT, b TEXT AS (soundslike(a, 'x')));
         CREATE TABLE indexed (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX sounds ON indexed (soundslike(a, 'x'));
         CREATE TABLE partial (id INTEGER PRIMARY KEY, a TEXT); CREATE UNIQUE INDEX p ON partial (a) WHERE soundslike(a, 'x');
         CREATE TABLE sorted (id INTEGER PRIMARY KEY, a TEXT NOT NULL); CREATE INDEX by_a ON sorted (a COLLATE localized);
         CREATE TABLE keyed (a TEXT COLLATE localized PRIMARY KEY) WITHOUT ROWID;
         CREATE TABLE compared (id INTEGER PRIMARY KEY, a TEXT COLLATE localized CHECK (a <> ''));
         CREATE TABLE child (id INTEGER PRIMARY KEY, a TEXT NOT NULL REFERENCES keyed);
         CREATE TABLE free (id INTEGER PRIMARY KEY, a TEXT COLLATE localized NOT NULL, b TEXT DEFAULT (soundslike(1, 2)));
         CREATE TABLE heard (id INTEGER PRIMARY KEY, a TEXT);
         CREATE TRIGGER hear AFTER INSERT ON heard BEGIN SELECT soundslike(new.a, 'x'); END;",
    );
    for command in ["plan", "load"] {
        let ran = dbmocker([command, "--url", &db.url, "--rows", "20"]).expect(3);
        for told in [
            "`main.called`: CHECK `alike` calls `soundslike`",
            "`main.generated`: generated column `b` calls `soundslike`",
            "`main.indexed`: index `sounds` calls `soundslike`",
            "`main.partial`: unique index `p` calls `soundslike`",
            "`main.sorted`: index `by_a` sorts column `a` by the collation `localized`",
            "DROP INDEX \"by_a\"",
            "`main.keyed`: index `sqlite_autoindex_keyed_1` sorts column `a`",
            "`main.compared`: CHECK `check_1` compares by the collation `localized`",
            "--skip-unsolved",
        ] {
            assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
        }
    }
    assert_eq!(db.number("SELECT count(*) FROM free"), 0);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "20", "--skip-unsolved"]).ok();
    assert!(ran.stderr.contains("`main.heard`: its triggers are off"), "{}", ran.stderr);
    for (table, rows) in [("free", 20), ("heard", 20), ("called", 0), ("sorted", 0), ("child", 0)] {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    // Checks that can be made are made; the others are listed, and are not errors.
    let ran = dbmocker(["verify", "--url", &db.url]).ok();
    assert!(
        ran.stdout.contains("not checked alike") && ran.stdout.contains("integrity_check(sorted)"),
        "{}",
        ran.stdout
    );
    dbmocker(["verify", "--url", &db.url, "--strict"]).expect(1);
}
