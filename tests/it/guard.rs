//! Rows that no run made are not deleted, nor added to on another machine, without confirmation; protected databases
//! are never filled.

use crate::audit;
use crate::program::{self, Ran, command, dbmocker};
use crate::servers::{KINDS, Kind, database};
use crate::shop::shop;

fn run(url: &str, command: &str, more: &[&str]) -> Ran {
    dbmocker([command, "--url", url, "--rows", "20"].iter().chain(more))
}

const USER: &str = "INSERT INTO categories (id, name, type) VALUES (999999, 'somebody''s', 'digital');";

#[test]
fn rows_that_no_run_made_are_not_emptied_unasked() {
    for kind in KINDS {
        let db = shop(kind);
        run(&db.url, "load", &[]).ok();
        // Rows of an earlier run need no confirmation.
        run(&db.url, "load", &["--truncate"]).ok();
        db.execute(USER);
        let ran = run(&db.url, "load", &["--truncate"]).expect(2);
        let told = [&*format!("{}: 1 row", db.qualified("categories")), "no run of dbmocker made", "--yes"];
        assert!(told.iter().all(|t| ran.stderr.contains(t)), "{kind:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains(&format!("\n  {}: ", db.qualified("orders"))), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM categories"), 21);
        // Fewer tables, none of them with such a row.
        run(&db.url, "load", &["--truncate", "--tables", "orders,order_items"]).ok();
        run(&db.url, "load", &["--truncate", "--yes"]).ok();
        audit::shop(&db, 20);
        db.execute(USER);
        // Scripts for the Python tool continue to work on this machine.
        run(&db.url, "high-performance", &["--truncate"]).ok();
        audit::shop(&db, 20);
    }
}

#[test]
fn tables_of_others_on_another_machine_are_asked_about() {
    let many = "INSERT INTO t SELECT n FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10001) SELECT n FROM c) x;";
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let ddl = format!(
            "CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE few (id INT PRIMARY KEY); {many} INSERT INTO few VALUES (1);"
        );
        let settings = if kind == Kind::MariaDb { "SET max_recursive_iterations = 20000;" } else { "" };
        let db = database(kind, &format!("{settings}{ddl}"));
        // The same address in a form that is not recognised as this machine.
        let url = db.url.replace("127.0.0.1", "127.1");
        for command in ["load", "high-performance"] {
            let ran = run(&url, command, &[]).expect(2);
            assert!(ran.stderr.contains("t: 10,001 rows") && ran.stderr.contains("on host `127.1`"), "{}", ran.stderr);
            assert!(!ran.stderr.contains(&format!("\n  {}: ", db.qualified("few"))), "{}", ran.stderr);
        }
        run(&url, "load", &["--tables", "few"]).ok();
        run(&url, "high-performance", &["--yes"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM t"), 10_021);
        let ran = run(&url, "high-performance", &["--truncate", "--tables", "few"]).expect(2);
        assert!(ran.stderr.contains("few: 1 row"), "{}", ran.stderr);
        run(&db.url, "load", &[]).ok();
    }
}

#[test]
fn protected_databases_are_never_filled() {
    let folder = tempfile::tempdir().unwrap();
    let config = |text: &str| {
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for kind in KINDS {
        let db = shop(kind);
        let refused = |more: &[&str], told: &str| {
            for command in ["load", "generate"] {
                let ran = run(&db.url, command, &[more, &["--yes"]].concat()).expect(4);
                assert!(ran.stderr.contains("is protected: ") && ran.stderr.contains(told), "{}", ran.stderr);
            }
            assert_eq!(db.number("SELECT count(*) FROM users"), 0);
        };
        let name = db.name.rsplit('/').next().unwrap().to_owned();
        let by_name = config(&format!("protect: [\"*.prod.*\", \"db: {}*\"]", &name[..3]));
        refused(&["--config", &by_name], "the config file says `protect: db: ");
        if kind != Kind::Sqlite {
            let by_host = config("protect:\n- db: another\n- 127.*\n");
            refused(&["--config", &by_host], "`protect: 127.*`");
            let comment = match kind {
                Kind::Postgres => format!("COMMENT ON DATABASE {} IS 'The books. dbmocker: protected';", db.name),
                _ => format!("ALTER DATABASE {} COMMENT 'The books. dbmocker: protected';", db.name),
            };
            db.execute(&comment);
            refused(&[], "the comment on the database");
            db.execute(&comment.replace("protected", "welcome"));
        }
        db.execute("CREATE TABLE dbmocker_protected (why VARCHAR(100));");
        refused(&[], "it has a table");
        dbmocker(["plan", "--url", &db.url]).ok();
        db.execute("DROP TABLE dbmocker_protected;");
        run(&db.url, "load", &["--config", &config("protect: [\"*.prod.*\"]")]).ok();
        let ran = run(&db.url, "load", &["--config", &config("protect: billing")]).expect(2);
        assert!(ran.stderr.contains("`protect` must be a list"), "{}", ran.stderr);
    }
}

#[test]
fn a_journal_that_nobody_keeps_is_gone_when_the_run_is_complete() {
    for kind in KINDS {
        let db = shop(kind);
        let plain = |more: &[&str]| {
            let mut command = command();
            command.env_remove("DBMOCKER_JOURNAL").args(["load", "--url", &db.url, "--rows", "50"]).args(more);
            program::run(&mut command).ok();
        };
        plain(&[]);
        let there = match kind {
            Kind::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name LIKE 'dbmocker%'",
            Kind::Postgres => "SELECT count(*) FROM pg_class WHERE relname LIKE 'dbmocker%'",
            Kind::MariaDb => {
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name LIKE 'dbmocker%'"
            }
        };
        assert_eq!(db.number(there), 0, "{kind:?}");
        // It is unknown which rows a run made, and on this machine no confirmation is required.
        plain(&["--truncate"]);
        plain(&["--truncate", "--journal", "--yes"]);
        assert_eq!(db.number("SELECT count(*) FROM users"), 50, "{kind:?}");
        assert!(dbmocker(["runs", "--url", &db.url]).ok().stdout.contains("complete"), "{kind:?}");
    }
}
