//! Inputs and limits that must end in an error with an exit code, never in an abort.

use std::process::Command;

use crate::program::dbmocker;
use crate::servers::{Kind, database};

const DDL: &str = "CREATE TABLE crate_of (id INTEGER PRIMARY KEY, label TEXT UNIQUE);
     CREATE TABLE bottle (crate_of INT NOT NULL REFERENCES crate_of, no INT NOT NULL, PRIMARY KEY (crate_of, no));";

#[test]
fn more_rows_than_any_server_holds_are_refused() {
    let db = database(Kind::Sqlite, DDL);
    for rows in ["9e18", "9000000000000000000", "18446744073709551615"] {
        let ran = dbmocker(["plan", "--url", &db.url, "--rows", rows]).expect(2);
        assert!(ran.stderr.contains("more than any server holds"), "{}", ran.stderr);
    }
    dbmocker(["plan", "--url", &db.url, "--rows", "1e15"]).ok();
}

#[test]
fn rows_that_planning_cannot_look_at_are_refused_at_once() {
    let db = database(Kind::Sqlite, DDL);
    dbmocker(["load", "--url", &db.url, "--rows", "50"]).ok();
    let ran = dbmocker(["plan", "--url", &db.url, "--rows", "1e10"]).expect(3);
    assert!(ran.stderr.contains("too many to look at while planning"), "{}", ran.stderr);
}

#[test]
fn little_memory_and_few_threads_end_with_an_exit_code() {
    let db = database(Kind::Sqlite, DDL);
    let program = env!("CARGO_BIN_EXE_dbmocker");
    // The program itself is mapped as well.
    let own = std::fs::metadata(program).unwrap().len() / 1024;
    for room in [20_000, 40_000, 80_000, 120_000] {
        let script = format!("ulimit -v {}; exec \"$0\" load --url \"$1\" --rows 20000 --truncate --yes", own + room);
        let ended = Command::new("sh").args(["-c", &script, program, &db.url]).output().unwrap();
        let code = ended.status.code();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(matches!(code, Some(0 | 3 | 4)), "{room} KiB: {:?}: {said}", ended.status);
    }
    dbmocker(["restore", "--url", &db.url]).ok();
    dbmocker(["load", "--url", &db.url, "--rows", "100", "--truncate", "--yes"]).ok();
}

/// Compared value by value, two such lists would take hours.
#[test]
fn checks_with_long_lists_are_planned() {
    let list = |word: &str| (0..20_000).map(|i| format!("{word}{}{word}", i * 3)).collect::<Vec<_>>().join(", ");
    let ors = (0..800).map(|i| format!("n = {}", i * 7)).collect::<Vec<_>>().join(" OR ");
    let db = database(
        Kind::Sqlite,
        &format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v INT NOT NULL CHECK (v IN ({})), w TEXT NOT NULL CHECK (w IN ({})),
                             n INT NOT NULL CHECK ({ors}), CHECK (w NOT IN ('0', '3')));",
            list(""),
            list("'")
        ),
    );
    dbmocker(["load", "--url", &db.url, "--rows", "300"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM t WHERE v % 3 = 0 AND n % 7 = 0"), 300);
}
