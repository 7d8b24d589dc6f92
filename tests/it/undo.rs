//! A load's rows are taken back exactly, wherever they stand.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::audit;
use crate::program::{Ran, command, dbmocker, start, stop};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn run(db: &Database, name: &str, more: &[&str]) -> Ran {
    dbmocker([name, "--url", &db.url].iter().chain(more))
}

/// Every row of the shop, as text.
fn content(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY id"))).collect()
}

fn numbering(db: &Database) -> Vec<i64> {
    let of = |table: &&str| match db.kind {
        Kind::Postgres => db.number(&format!("SELECT last_value FROM {table}_id_seq")),
        Kind::MariaDb => db.number(&format!(
            "SELECT auto_increment FROM information_schema.tables WHERE table_schema = database() AND table_name = '{table}'"
        )),
        Kind::Sqlite => db.number("SELECT count(*) FROM sqlite_sequence"),
    };
    TABLES.iter().filter(|t| db.kind != Kind::Sqlite || **t == "users").map(of).collect()
}

/// A folder and the path of a manifest in it.
fn manifest() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("load.json").to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn rows_of_others_stay_and_the_rest_goes() {
    for kind in KINDS {
        let db = shop(kind);
        run(&db, "load", &["--rows", "20000", "--seed", "7", "--no-verify"]).ok();
        let (before, numbers) = (content(&db), numbering(&db));
        let (_folder, path) = manifest();
        run(&db, "load", &["--rows", "3000", "--manifest", &path, "--no-verify"]).ok();
        let both = content(&db);
        let ran = run(&db, "undo", &["--manifest", &path, "--dry-run"]).ok();
        assert!(ran.stdout.contains("to remove") && ran.stdout.contains("3,000"), "{}", ran.stdout);
        assert!(content(&db) == both, "{kind:?}: a dry run removes nothing");
        let ran = run(&db, "undo", &["--manifest", &path]).ok();
        assert!(ran.stdout.contains("removed"), "{}", ran.stdout);
        assert!(content(&db) == before, "{kind:?}: {}", ran.stdout);
        assert_eq!(numbering(&db), numbers, "{kind:?}");
        assert!(run(&db, "runs", &[]).ok().stdout.contains("undone"), "{kind:?}");
        let ran = run(&db, "undo", &["--manifest", &path, "--json"]).ok();
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&json["tables"][0]["removed"], &json["tables"][0]["gone"]), (&0.into(), &3000.into()));
        audit::rules(&db);
    }
}
