//! Files whose foreign keys refer to rows that are neither in the files nor in the database.

use std::path::Path;

use crate::audit;
use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn export(db: &Database, out: &Path, format: &str) {
    let out = out.to_str().unwrap();
    dbmocker(["export", "--url", &db.url, "--out", out, "--rows", "500", "--format", format]).ok();
}

fn load(url: &str, folder: &Path, more: &[&str]) -> Ran {
    dbmocker(["load", "--url", url, "--no-verify", "--from", folder.to_str().unwrap()].iter().chain(more))
}

#[test]
fn parents_that_are_left_out_must_hold_the_rows() {
    for kind in KINDS {
        for format in ["csv", "parquet"] {
            let (db, folder) = (shop(kind), tempfile::tempdir().unwrap());
            export(&db, folder.path(), format);
            let ran = load(&db.url, folder.path(), &["--tables", "order_items"]).expect(3);
            for parent in ["orders", "products"] {
                let said = format!("refers to rows of `{}`, which is not among the tables", db.qualified(parent));
                assert!(ran.stderr.contains(&said), "{kind:?}: {}", ran.stderr);
            }
            let ran = dbmocker(["restore", "--url", &db.url]).ok();
            assert!(ran.stdout.contains("nothing to restore"), "{kind:?}: {}", ran.stdout);
            // Nothing is written before every table has been checked.
            load(&db.url, folder.path(), &["--tables", "categories,users,order_items"]).expect(3);
            assert!(TABLES.iter().all(|t| db.number(&format!("SELECT count(*) FROM {t}")) == 0), "{kind:?}");

            load(&db.url, folder.path(), &[]).ok();
            let lost = db.number("SELECT min(order_id) FROM order_items");
            db.execute(&format!("DELETE FROM order_items; DELETE FROM orders WHERE id = {lost};"));
            let ran = load(&db.url, folder.path(), &["--tables", "order_items"]).expect(3);
            assert!(ran.stderr.contains(&format!("no row (id) = ({lost})")), "{kind:?}: {}", ran.stderr);
            assert_eq!(db.number("SELECT count(*) FROM order_items"), 0, "{kind:?}");

            load(&db.url, folder.path(), &["--truncate"]).ok();
            audit::shop(&db, 500);
            db.execute("DELETE FROM order_items;");
            load(&db.url, folder.path(), &["--tables", "order_items"]).ok();
            audit::shop(&db, 500);
        }
    }
}

#[test]
fn an_account_without_temporary_tables_has_its_rows_compared_before_the_commit() {
    let (db, folder) = (shop(Kind::MariaDb), tempfile::tempdir().unwrap());
    export(&db, folder.path(), "parquet");
    let user = format!("plain{}", &db.name[db.name.len() - 8..]);
    db.execute(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'not-a-secret-4';
         GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES ON {}.* TO {user}@'%';",
        db.name
    ));
    let url = db.server.unwrap().url_as(&user, "not-a-secret-4", &db.name);
    let ran = load(&url, folder.path(), &["--tables", "order_items"]).expect(4);
    assert!(ran.stderr.contains("rows refer to rows of") && ran.stderr.contains("rolled back"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM order_items"), 0);
    load(&url, folder.path(), &["--exclude-tables", "order_items"]).ok();
    load(&url, folder.path(), &["--tables", "order_items"]).ok();
    audit::shop(&db, 500);
    db.execute(&format!("DROP USER {user}@'%'"));
}

/// The exporter's schema did not have the foreign key, so the rows need not satisfy it.
#[test]
fn a_foreign_key_that_the_exporter_did_not_have_is_checked() {
    let tables = |key: &str| {
        format!(
            "CREATE TABLE shelves (id INT NOT NULL PRIMARY KEY CHECK (id < 600));
             CREATE TABLE books (id INT NOT NULL PRIMARY KEY, shelf INT NOT NULL CHECK (shelf > 600){key});"
        )
    };
    for kind in KINDS {
        let (from, folder) = (database(kind, &tables("")), tempfile::tempdir().unwrap());
        export(&from, folder.path(), "csv");
        let db = database(kind, &tables(", FOREIGN KEY (shelf) REFERENCES shelves (id)"));
        let ran = load(&db.url, folder.path(), &[]).expect(4);
        assert!(kind == Kind::Postgres || ran.stderr.contains("500 rows refer to rows of"), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM books"), 0, "{kind:?}");
    }
}
