//! The forecast of `plan`: time and space of a load, and its effects on other sessions.

use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind};
use crate::shop::shop;

fn plan(db: &Database, more: &[&str]) -> String {
    dbmocker(["plan", "--url", &db.url, "--rows", "60000"].iter().chain(more)).ok().stdout
}

fn stored(db: &Database) -> i64 {
    match db.kind {
        Kind::Postgres => db.number(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        ),
        Kind::MariaDb => {
            db.execute("ANALYZE TABLE users, categories, products, orders, order_items");
            db.number("SELECT sum(data_length + index_length) FROM information_schema.tables WHERE table_schema = database()")
        }
        Kind::Sqlite => std::fs::metadata(&db.name).unwrap().len().try_into().unwrap(),
    }
}

#[test]
fn size_on_disk_and_locks_are_told() {
    for kind in KINDS {
        let db = shop(kind);
        let told = plan(&db, &[]);
        let lock = match kind {
            Kind::Postgres => "ACCESS EXCLUSIVE (TRUNCATE of the empty table",
            Kind::MariaDb => "an exclusive lock on the empty table (bulk insert)",
            Kind::Sqlite => "the file's write lock for every table's transaction",
        };
        let some = ["switched off, locked, dropped meanwhile:", lock, "estimate (a sample of the rows", "on disk"];
        assert!(some.iter().all(|t| told.contains(t)), "{kind:?}: {told}");
        if kind == Kind::Postgres {
            assert!(told.contains(" of WAL") && told.contains("indexes dropped and built again"), "{told}");
            // With one core, one table is loaded at a time.
            let several = std::thread::available_parallelism().unwrap().get() > 1;
            let early =
                "begun while the tables that they refer to are loaded; their locks last until these are committed";
            assert_eq!(told.contains(early), several, "{told}");
        }
        let json: serde_json::Value = serde_json::from_str(&plan(&db, &["--json"])).unwrap();
        let forecast = &json["forecast"];
        let bytes = (forecast["bytes"].as_i64().unwrap() + forecast["indexes"].as_i64().unwrap()) as f64;
        assert!(forecast["seconds"].as_f64().unwrap() > 0.0);
        dbmocker(["load", "--url", &db.url, "--rows", "60000", "--no-verify", "--no-journal"]).ok();
        let ratio = bytes / stored(&db) as f64;
        assert!((0.67..1.5).contains(&ratio), "{kind:?}: {ratio}");
        // The table already has rows: nothing is dropped.
        let told = plan(&db, &["--seed", "7"]);
        assert!(!told.contains("indexes dropped"), "{told}");
    }
}

#[test]
fn triggers_that_may_be_switched_off_are_told() {
    let db = crate::servers::database(
        Kind::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT NOT NULL);
         CREATE TRIGGER odd BEFORE INSERT ON t WHEN NEW.n < 0 BEGIN SELECT RAISE(ABORT, 'no'); END;",
    );
    let told = plan(&db, &[]);
    assert!(
        told.contains("triggers on INSERT fire; where they refuse rows they are off") && told.contains("`t`"),
        "{told}"
    );
}
