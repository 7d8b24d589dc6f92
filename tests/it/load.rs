//! `dbmocker load`: filled databases, audited by separate SQL queries.

use std::time::Duration;

use crate::audit;
use crate::program::{Ran, after, command, dbmocker, run, start, stop};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn load(db: &Database, more: &[&str]) -> crate::program::Ran {
    dbmocker(["load", "--url", &db.url].iter().chain(more))
}

/// Every row of every table of the shop, in key order.
fn contents(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY id"))).collect()
}

fn fills_the_shop(kind: Kind) {
    let db = shop(kind);
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    load(&db, &["--rows", "3000", "--report", report.to_str().unwrap()]).ok();
    audit::shop(&db, 3000);
    audit::numbering_goes_on(&db);
    audit::fan_out_is_believable(&db);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["totals"]["rows"], 15_000);
    let names: Vec<_> = report["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 5);
    for table in TABLES {
        assert!(names.contains(&db.qualified(table).as_str()), "{names:?}");
    }
    dbmocker(["verify", "--url", &db.url]).ok();
}

#[test]
fn fills_the_shop_on_postgres() {
    fills_the_shop(Kind::Postgres);
}

#[test]
fn fills_the_shop_on_mariadb() {
    fills_the_shop(Kind::MariaDb);
}

#[test]
fn fills_the_shop_on_sqlite() {
    fills_the_shop(Kind::Sqlite);
}

#[test]
fn the_same_seed_gives_the_same_rows_whatever_the_workers() {
    for kind in KINDS {
        let db = shop(kind);
        load(&db, &["--rows", "500", "--workers", "1"]).ok();
        let first = contents(&db);
        load(&db, &["--rows", "500", "--workers", "3", "--truncate"]).ok();
        assert!(first == contents(&db), "{kind:?}: other rows with three workers");
        load(&db, &["--rows", "500", "--truncate", "--seed", "7"]).ok();
        assert!(first != contents(&db), "{kind:?}: the same rows with another seed");
        audit::shop(&db, 500);
    }
}

#[test]
fn a_second_load_appends_without_collisions() {
    for kind in KINDS {
        let db = shop(kind);
        load(&db, &["--rows", "400"]).ok();
        load(&db, &["--rows", "300"]).ok();
        audit::shop(&db, 700);
        load(&db, &["--rows", "300", "--seed", "9"]).ok();
        audit::shop(&db, 1000);
        audit::numbering_goes_on(&db);
    }
}

#[test]
fn chosen_tables_only_and_children_of_rows_that_were_there() {
    for kind in KINDS {
        let db = shop(kind);
        load(&db, &["--rows", "200", "--tables", "users,categories"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM products"), 0, "{kind:?}");
        load(&db, &["--rows", "250", "--exclude-tables", "users,categories"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM users"), 200, "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM order_items"), 250, "{kind:?}");
        audit::rules(&db);
    }
}

/// Keys that share columns: one is unique by arithmetic, the other by rejection sampling, and the table has existing
/// rows.
#[test]
fn a_second_load_beside_two_keys_that_share_columns() {
    let owned = |name: &str| {
        format!(
            "CREATE TABLE {name} (tenant INT NOT NULL REFERENCES tenant, id INT NOT NULL, PRIMARY KEY (tenant, id));"
        )
    };
    let db = database(
        Kind::Sqlite,
        &format!(
            "CREATE TABLE tenant (id INTEGER PRIMARY KEY); INSERT INTO tenant VALUES (1), (2), (3); {} {}
             CREATE TABLE pair (tenant INT NOT NULL, a INT NOT NULL, b INT NOT NULL, UNIQUE (tenant, a), UNIQUE (tenant, b),
                FOREIGN KEY (tenant, a) REFERENCES one (tenant, id), FOREIGN KEY (tenant, b) REFERENCES two (tenant, id));",
            owned("one"),
            owned("two")
        ),
    );
    for round in 1..=3 {
        load(&db, &["--rows", "100", "--exclude-tables", "tenant"]).ok();
        let pairs = db.number("SELECT count(*) FROM pair");
        assert!(pairs > 50 * round, "{pairs} in round {round}");
        dbmocker(["verify", "--url", &db.url, "--strict"]).ok();
    }
}

#[test]
fn names_with_commas_are_written_in_quotes() {
    let db =
        database(Kind::Sqlite, r#"CREATE TABLE "a,b" (id INT); CREATE TABLE a (id INT); CREATE TABLE b (id INT);"#);
    load(&db, &["--rows", "10", "--tables", r#""a,b",b"#]).ok();
    let counts = ["\"a,b\"", "a", "b"].map(|t| db.number(&format!("SELECT count(*) FROM {t}")));
    assert_eq!(counts, [10, 0, 10]);
}

#[test]
fn an_empty_parent_that_was_left_out_is_named_before_writing() {
    for kind in KINDS {
        let db = shop(kind);
        let ran = load(&db, &["--rows", "10", "--tables", "orders"]).expect(3);
        assert!(ran.stderr.contains("users"), "{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM orders"), 0, "{kind:?}");
    }
}

#[test]
fn truncate_empties_the_chosen_tables() {
    for kind in KINDS {
        let db = shop(kind);
        load(&db, &["--rows", "300"]).ok();
        load(&db, &["--rows", "100", "--truncate"]).ok();
        audit::shop(&db, 100);
    }
}

#[test]
fn an_account_that_may_not_insert_is_told_before_writing() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let db = shop(kind);
        let server = db.server.unwrap();
        let user = format!("r{}", db.name);
        match kind {
            Kind::Postgres => {
                db.execute(&format!(
                    "CREATE ROLE {user} LOGIN PASSWORD 'pw'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user};"
                ));
            }
            _ => db.execute(&format!(
                "CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON {}.* TO {user}@'%';",
                db.name
            )),
        }
        let ran = dbmocker(["load", "--url", &server.url_as(&user, "pw", &db.name), "--rows", "5"]);
        assert_ne!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.to_lowercase().contains("privilege") || ran.stderr.contains("permission"), "{}", ran.stderr);
        match kind {
            Kind::Postgres => db.execute(&format!("DROP OWNED BY {user}; DROP ROLE {user};")),
            _ => db.execute(&format!("DROP USER {user}@'%';")),
        }
    }
}

/// Starts a load and sends it `signal` once rows arrive.
fn interrupted(db: &Database, signal: &str) -> Ran {
    stop(start(["load", "--url", &db.url, "--rows", "400000"]), &[signal], &after(Duration::from_millis(1500)))
}

#[test]
fn ctrl_c_stops_cleanly() {
    for kind in KINDS {
        let db = shop(kind);
        interrupted(&db, "INT").expect(130);
        audit::rules(&db);
        constraints_are_enforced(&db);
    }
}

#[test]
fn after_kill_9_the_next_run_fills_every_table_or_says_why_not() {
    for kind in KINDS {
        let db = shop(kind);
        assert_eq!(interrupted(&db, "KILL").code, -1);
        let again = load(&db, &["--rows", "200"]);
        if again.code == 0 {
            audit::shop(&db, 200); // it was killed before it wrote anything
        } else {
            // The message lists the existing rows by table, and both remedies.
            assert_eq!(again.code, 4, "{}", again.stderr);
            for word in ["did not end", "--truncate", "--append", "users"] {
                assert!(again.stderr.contains(word), "{kind:?}: {}", again.stderr);
            }
        }
        load(&db, &["--rows", "200", "--truncate"]).ok();
        audit::shop(&db, 200);
        constraints_are_enforced(&db);
    }
}

/// Every row is referred to once: by itself, or, if a CHECK requires another row, by as many rows as possible.
#[test]
fn self_references_that_are_unique() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE ring (id INT PRIMARY KEY, nxt INT NOT NULL UNIQUE, FOREIGN KEY (nxt) REFERENCES ring (id));
             CREATE TABLE other (id INT PRIMARY KEY, nxt INT NOT NULL UNIQUE, CHECK (nxt <> id), FOREIGN KEY (nxt) REFERENCES other (id));
             CREATE TABLE list (id INT PRIMARY KEY, nxt INT UNIQUE, FOREIGN KEY (nxt) REFERENCES list (id));",
        );
        let ran = dbmocker(["load", "--url", &db.url, "--rows", "200"]).ok();
        assert!(ran.stderr.contains("no error found"), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM ring"), 200, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM other") > 190, "{kind:?}: {}", ran.stderr);
    }
}

/// The server refuses a row that violates a key.
fn constraints_are_enforced(db: &Database) {
    let insert = "INSERT INTO products (category_id, sku, name, price, cost, created_at) VALUES (-5, 'x', 'x', 1, 1, '2020-01-01')";
    let sql = if db.kind == Kind::Sqlite { format!("PRAGMA foreign_keys = ON; {insert}") } else { insert.to_owned() };
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| db.execute(&format!("{sql};")))).is_err();
    assert!(refused, "{:?} took an orphan", db.kind);
}

#[test]
fn the_password_is_in_no_output() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let db = database(kind, "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40));");
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json");
        let ran = run(command().args(["load", "-v", "--url", &db.url, "--rows", "5", "--report"]).arg(&report)).ok();
        let password = db.server.unwrap().password;
        for text in [&ran.stdout, &ran.stderr, &std::fs::read_to_string(&report).unwrap()] {
            assert!(!text.contains(password), "{text}");
        }
    }
}

#[test]
fn after_kill_9_append_adds_to_what_is_there() {
    for kind in KINDS {
        let db = shop(kind);
        assert_eq!(interrupted(&db, "KILL").code, -1);
        let before: Vec<i64> = TABLES.iter().map(|t| db.number(&format!("SELECT count(*) FROM {t}"))).collect();
        load(&db, &["--rows", "200", "--append"]).ok();
        for (table, rows) in TABLES.iter().zip(before) {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), rows + 200, "{kind:?} {table}");
        }
        audit::rules(&db);
    }
}

#[test]
fn a_key_that_is_too_small_limits_its_table_aloud_or_stops_with_strict() {
    for kind in KINDS {
        let db = database(
            kind,
            "CREATE TABLE kinds (code SMALLINT NOT NULL PRIMARY KEY CHECK (code BETWEEN 1 AND 12), note VARCHAR(20));
             CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, code SMALLINT NOT NULL, FOREIGN KEY (code) REFERENCES kinds (code));",
        );
        let plan = dbmocker(["plan", "--url", &db.url, "--rows", "100"]).ok().stdout;
        for told in ["12 rows (of 100 asked: column `code` has 12 values left)", "1 table limited", "--strict"] {
            assert!(plan.contains(told), "{kind:?}: {told}\n{plan}");
        }
        dbmocker(["plan", "--url", &db.url, "--rows", "100", "--strict"]).expect(3);
        let ran = load(&db, &["--rows", "100", "--strict"]).expect(3);
        assert!(ran.stderr.contains("kinds"), "{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM things"), 0, "{kind:?}");
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json");
        load(&db, &["--rows", "100", "--report", report.to_str().unwrap()]).ok();
        assert_eq!(db.number("SELECT count(*) FROM kinds"), 12, "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM things"), 100, "{kind:?}");
        let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        for table in report["tables"].as_array().unwrap() {
            let limited = table["name"] == db.qualified("kinds").as_str();
            assert_eq!(table["limited_by"].is_string(), limited, "{kind:?}: {table}");
        }
    }
}

#[test]
fn verify_finds_what_was_broken_behind_its_back() {
    let db = shop(Kind::Sqlite);
    load(&db, &["--rows", "50"]).ok();
    dbmocker(["verify", "--url", &db.url]).ok();
    db.execute("PRAGMA foreign_keys = OFF; UPDATE orders SET user_id = 987654 WHERE id = 7;");
    let ran = dbmocker(["verify", "--url", &db.url]).expect(1);
    assert!(ran.stdout.contains("orders"), "{}", ran.stdout);
    dbmocker(["verify", "--url", &db.url, "--tables", "users"]).expect(1); // the file's own check sees it all the same
}

#[test]
fn a_report_that_cannot_be_written_is_told() {
    let db = database(Kind::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);");
    let ran = load(&db, &["--rows", "3", "--report", "/no/such/folder/report.json"]).expect(4);
    assert!(ran.stderr.contains("/no/such/folder/report.json"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM t"), 0);
}

/// Regression (a panic): amounts that depend on the price of the referenced row, if all referenced rows existed before.
#[test]
fn a_few_rows_beside_many() {
    for kind in KINDS {
        let db = shop(kind);
        dbmocker(["load", "--url", &db.url, "--rows", "3000"]).ok();
        for (seed, rows) in [(1, 1_u64), (2, 2), (3, 3)] {
            let before = db.number("SELECT count(*) FROM order_items");
            dbmocker(["load", "--url", &db.url, "--rows", &rows.to_string(), "--seed", &seed.to_string()]).ok();
            assert_eq!(
                db.number("SELECT count(*) FROM order_items") - before,
                i64::try_from(rows).unwrap(),
                "{kind:?}"
            );
        }
    }
}

/// With another seed, a few names already exist; most possible names are free.
#[test]
fn another_seed_finds_values_that_are_not_taken() {
    let db = database(Kind::Sqlite, "CREATE TABLE category (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL UNIQUE)");
    for seed in ["42", "7"] {
        load(&db, &["--rows", "20000", "--seed", seed]).ok();
    }
    assert_eq!(db.number("SELECT count(DISTINCT name) FROM category"), 40_000);
}

#[test]
fn numbers_begin_where_the_server_begins_and_shared_sequences_are_taken_in_turn() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE step (id int GENERATED ALWAYS AS IDENTITY (START WITH 500 INCREMENT BY 10) PRIMARY KEY, n text);
         CREATE SEQUENCE common;
         CREATE TABLE one (id int PRIMARY KEY DEFAULT nextval('common'), n text);
         CREATE TABLE two (id int PRIMARY KEY DEFAULT nextval('common'), n text)",
    );
    for rows in 1..3 {
        load(&db, &["--rows", "100"]).ok();
        let wrong = "SELECT count(*) FROM (SELECT id, row_number() OVER (ORDER BY id) AS r FROM step) x WHERE id <> 490 + 10 * r";
        assert_eq!(db.number(wrong), 0);
        assert_eq!(db.number("SELECT count(*) FROM one JOIN two USING (id)"), 0);
        assert_eq!(db.number("SELECT count(*) FROM step"), 100 * rows);
        assert_eq!(db.number("SELECT nextval('step_id_seq') - max(id) FROM step"), 10);
        assert_eq!(
            db.number("SELECT nextval('common') - greatest((SELECT max(id) FROM one), (SELECT max(id) FROM two))"),
            1
        );
    }
}

#[test]
fn sequences_that_count_down_and_those_of_mariadb_are_followed() {
    let postgres = database(
        Kind::Postgres,
        "CREATE TABLE down (id int GENERATED ALWAYS AS IDENTITY (START WITH -1 INCREMENT BY -1) PRIMARY KEY, n text);
         CREATE TABLE below (id int PRIMARY KEY, down_id int NOT NULL REFERENCES down (id))",
    );
    let mariadb = database(
        Kind::MariaDb,
        "CREATE SEQUENCE upward START WITH 100 INCREMENT BY 5;
         CREATE SEQUENCE downward START WITH -1 INCREMENT BY -1 MINVALUE -1000000 MAXVALUE -1;
         CREATE TABLE up (id INT PRIMARY KEY DEFAULT NEXT VALUE FOR upward, n VARCHAR(20));
         CREATE TABLE down (id INT PRIMARY KEY DEFAULT NEXT VALUE FOR downward, n VARCHAR(20));
         CREATE TABLE below (id INT PRIMARY KEY, down_id INT NOT NULL, FOREIGN KEY (down_id) REFERENCES down (id))",
    );
    for rows in 1..3 {
        for db in [&postgres, &mariadb] {
            load(db, &["--rows", "100"]).ok();
            assert_eq!(db.number("SELECT count(*) FROM down WHERE id BETWEEN -100 AND -1"), 100);
            assert_eq!(db.number("SELECT min(id) FROM down"), -100 * rows);
            assert_eq!(db.number("SELECT count(*) FROM below WHERE down_id >= 0"), 0);
        }
        assert_eq!(mariadb.number("SELECT count(*) FROM up WHERE id BETWEEN 100 AND 595 AND id % 5 = 0"), 100);
        assert_eq!(mariadb.number("SELECT max(id) FROM up"), 95 + 500 * rows);
    }
    postgres.execute("INSERT INTO down (n) VALUES ('next')");
    mariadb.execute("INSERT INTO down (n) VALUES ('next')");
    mariadb.execute("INSERT INTO up (n) VALUES ('next')");
    for db in [&postgres, &mariadb] {
        assert_eq!(db.number("SELECT id FROM down WHERE n = 'next'"), -201);
    }
    assert_eq!(mariadb.number("SELECT id FROM up WHERE n = 'next'"), 1100);
}

/// MariaDB warns for each row whose generated column it rounds, more often than it keeps warnings.
#[test]
fn generated_columns_may_be_rounded_and_columns_that_are_sent_may_not() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE offer (id INT AUTO_INCREMENT PRIMARY KEY, net DECIMAL(12,2) NOT NULL, vat DECIMAL(4,1) NOT NULL,
           gross DECIMAL(12,2) AS (net * (1 + vat / 100)) STORED)",
    );
    load(&db, &["--rows", "40000"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM offer"), 40_000);
}
