//! The commands of the Python tool of the same name: `high-performance`, `generate`, the config file, and the rest.

use std::fs;

use crate::audit;
use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

/// The original's flags that name a database.
fn place(db: &Database) -> Vec<String> {
    let mut flags: Vec<String> = Vec::new();
    let mut put = |flag: &str, value: &str| flags.extend([flag.to_owned(), value.to_owned()]);
    put("--database", &db.name);
    match db.server {
        None => put("--driver", "sqlite"),
        Some(server) => {
            put("--driver", if db.kind == Kind::Postgres { "postgresql" } else { "mysql" });
            put("--host", "127.0.0.1");
            put("--port", &server.port.to_string());
            put("--username", server.user);
            put("--password", server.password);
        }
    }
    flags
}

fn original(db: &Database, name: &str, more: &[&str]) -> Ran {
    let place = place(db);
    dbmocker([name].into_iter().chain(place.iter().map(String::as_str)).chain(more.iter().copied()))
}

fn contents(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY id"))).collect()
}

/// Tables of the database and rows in them: what a dry run must not change.
fn inventory(db: &Database) -> (i64, i64) {
    let tables = match db.kind {
        Kind::Sqlite => "SELECT count(*) FROM sqlite_schema".into(),
        Kind::Postgres => "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace".into(),
        Kind::MariaDb => {
            format!("SELECT count(*) FROM information_schema.tables WHERE table_schema = '{}'", db.name)
        }
    };
    let rows = TABLES.iter().map(|t| db.number(&format!("SELECT count(*) FROM {t}"))).sum();
    (db.number(&tables), rows)
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

/// How often each value of a column comes, most frequent first.
fn counts(db: &Database, table: &str, column: &str) -> Vec<i64> {
    let sql = format!("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY 1 DESC");
    db.rows(&sql).into_iter().map(|r| r[0].as_deref().unwrap().parse().unwrap()).collect()
}

fn acceptance(kind: Kind) {
    let db = shop(kind);
    let flags = ["--rows", "100", "--max-workers", "2", "--max-processes", "2", "--batch-size", "25"];
    let repeat = ["--enable-duplicates", "users.status,orders.priority", "--smart-duplicates", "products.rating"];
    let ran = original(&db, "high-performance", &[&flags[..], &repeat].concat()).ok();
    audit::shop(&db, 100);
    says(
        &ran.stderr,
        &[
            "High-Performance Generation Plan",
            "Tables to process: 5",
            "High-performance run: 5 tables",
            "  orders: 100 rows",
            "Total rows: 500",
            "Batch size: 25 rows",
            "Workers: 2 threads",
            "of at most 2",
            "  users: status (allow_duplicates)",
            "  orders: priority (allow_duplicates)",
            "  products: rating (smart_duplicates, p=0.5, max=10)",
            "Generation completed: 500 rows in ",
            "Dependency-aware processing: 3 batches processed in order",
            "Dependency batches: 3",
            "  1. categories, users\n  2. orders, products\n  3. order_items",
            "1 composite unique key",
            "rows/s",
        ],
    );
    assert_eq!(counts(&db, "users", "status").len(), 1);
    assert_eq!(counts(&db, "orders", "priority").len(), 1);
    assert!(counts(&db, "products", "rating").len() <= 10);
}

#[test]
fn the_acceptance_run_on_postgres() {
    acceptance(Kind::Postgres);
}

#[test]
fn the_acceptance_run_on_mariadb() {
    acceptance(Kind::MariaDb);
}

#[test]
fn the_acceptance_run_on_sqlite() {
    acceptance(Kind::Sqlite);
}

#[test]
fn repeated_values_measured_in_the_database() {
    for kind in KINDS {
        let db = shop(kind);
        let flags = ["--rows", "4000", "--smart-duplicates", "products.price,orders.user_id,users.age"];
        let more = ["--duplicate-probability", "1", "--max-duplicate-values", "8", "--max-workers", "3"];
        original(&db, "high-performance", &[&flags[..], &more].concat()).ok();
        audit::shop(&db, 4000);
        for (table, column) in [("products", "price"), ("orders", "user_id"), ("users", "age")] {
            let counts = counts(&db, table, column);
            let all: i64 = counts.iter().sum();
            assert_eq!(counts.len(), 8, "{kind:?} {table}.{column}");
            assert!(counts[0] * 100 > all * 35, "{kind:?} {table}.{column} is not skewed: {counts:?}");
            assert!(counts[7] * 100 < all * 6, "{kind:?} {table}.{column} is not skewed: {counts:?}");
        }
    }
}

#[test]
fn keys_refuse_to_repeat() {
    let db = shop(Kind::Postgres);
    let names = "users.id,users.email,order_items.order_id,categories.type";
    let ran = original(&db, "high-performance", &["--rows", "50", "--enable-duplicates", names]).ok();
    audit::shop(&db, 50);
    for (column, why) in [
        ("users: id", "primary key"),
        ("users: email", "unique key"),
        ("order_items: order_id", "composite unique key"),
    ] {
        let of = |l: &&str| l.trim().starts_with(column) && l.contains("refused") && l.contains(why);
        // Once in the plan and once in the closing report.
        assert_eq!(ran.stderr.lines().filter(of).count(), 2, "{column}:\n{}", ran.stderr);
    }
    assert_eq!(counts(&db, "categories", "type").len(), 1);
}

#[test]
fn every_column_that_may_repeats() {
    let db = shop(Kind::Sqlite);
    original(&db, "high-performance", &["--rows", "60", "--allow-duplicates-global"]).ok();
    audit::shop(&db, 60);
    for (table, column) in [("users", "city"), ("products", "price"), ("products", "cost"), ("orders", "user_id")] {
        assert_eq!(counts(&db, table, column).len(), 1, "{table}.{column}");
    }
    assert_eq!(counts(&db, "users", "email").len(), 60);
}

#[test]
fn names_that_are_not_there_are_answered_with_the_nearest() {
    let db = shop(Kind::Sqlite);
    for (flag, names, answer) in [
        ("--enable-duplicates", "users.statsu", "no column `statsu` in table `main.users`; did you mean `status`?"),
        ("--smart-duplicates", "product.rating", "no table `product`; did you mean `products`?"),
        ("--smart-duplicates", "rating", "`rating` is no column; write table.column, e.g. `products.rating`"),
        ("--include-tables", "user", "no table `user`; did you mean `users`?"),
        ("--exclude-tables", "order_item", "no table `order_item`; did you mean `order_items`?"),
    ] {
        let ran = original(&db, "high-performance", &[flag, names]).expect(2);
        says(&ran.stderr, &[answer]);
    }
    let both = ["--enable-duplicates", "users.status", "--smart-duplicates", "users.status"];
    says(&original(&db, "high-performance", &both).expect(2).stderr, &["keep one of them"]);
    let lone = ["--duplicate-probability", "0.7"];
    says(&original(&db, "high-performance", &lone).expect(2).stderr, &["--duplicate-probability is for"]);
    assert_eq!(inventory(&db).1, 0);
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    for kind in KINDS {
        let db = shop(kind);
        let before = inventory(&db);
        for name in ["high-performance", "generate"] {
            let ran = original(&db, name, &["--rows", "500", "--truncate", "--dry-run"]).ok();
            says(&ran.stdout, &["order_items", "500 rows"]);
            assert_eq!(inventory(&db), before, "{kind:?} {name}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_rows_whatever_the_workers_and_batches() {
    for kind in KINDS {
        let db = shop(kind);
        let flags = ["--rows", "300", "--seed", "9", "--smart-duplicates", "users.city,orders.user_id"];
        let run = |more: &[&str]| {
            original(&db, "high-performance", &[&flags[..], more].concat()).ok();
            contents(&db)
        };
        let first = run(&["--max-workers", "1"]);
        assert!(first == run(&["--max-workers", "7", "--batch-size", "11", "--truncate"]), "{kind:?}");
    }
}

const CONFIG: &str = r#"
generation: {batch_size: 64, max_workers: 2, seed: 5, truncate_existing: true}
tables:
  users:
    rows_to_generate: 400
    column_configs:
      username: {format_string: "user-{:06d}"}
      first_name: {generator_function: city, min_length: 4, max_length: 12}
      phone: {pattern: "\\+49 [0-9]{3} [0-9]{4}", null_probability: 0.5}
      age: {min_value: 20, max_value: 30, null_probability: 0}
      country: {possible_values: [Chile, Peru], null_probability: 0}
      city: {weighted_values: {Lima: 9, Cusco: 1}, null_probability: 0}
      status: {duplicate_mode: allow_duplicates, duplicate_value: banned}
      last_name: {duplicate_mode: smart_duplicates, duplicate_probability: 0.9, max_duplicate_values: 5}
  order_items: {rows_to_generate: 0}
  orders:
    rows_to_generate: 200
    column_configs:
      ordered_at: {min_value: 2020-01-01, max_value: "2020-12-31 12:00:00"}
"#;

#[test]
fn every_key_of_the_config_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.yaml");
    fs::write(&path, CONFIG).unwrap();
    let config = path.to_str().unwrap();
    for kind in KINDS {
        let db = shop(kind);
        original(&db, "generate", &["--rows", "10", "--seed", "1", "--exclude-tables", "order_items"]).ok();
        original(&db, "generate", &["--config", config]).ok();
        let n = |sql: &str| db.number(&format!("SELECT count(*) FROM {sql}"));
        assert_eq!((n("users"), n("orders"), n("products"), n("order_items")), (400, 200, 1000, 0), "{kind:?}");
        let length = if kind == Kind::Sqlite { "length" } else { "char_length" };
        assert_eq!(n("users WHERE username LIKE 'user-______'"), 400);
        assert_eq!(n(&format!("users WHERE {length}(first_name) BETWEEN 4 AND 12")), 400);
        assert_eq!(n("users WHERE phone LIKE '+49 ___ ____'") + n("users WHERE phone IS NULL"), 400);
        assert!((140..260).contains(&n("users WHERE phone IS NULL")), "{kind:?}");
        assert_eq!(n("users WHERE age BETWEEN 20 AND 30"), 400);
        assert_eq!(n("users WHERE country IN ('Chile', 'Peru')"), 400);
        assert!((330..390).contains(&n("users WHERE city = 'Lima'")), "{kind:?}");
        assert_eq!(n("users WHERE status = 'banned'"), 400);
        assert!(counts(&db, "users", "last_name").len() <= 5);
        assert_eq!(n("orders WHERE ordered_at >= '2020-01-01' AND ordered_at <= '2020-12-31 12:00:00'"), 200);
        dbmocker(["verify", "--url", &db.url]).ok();
    }
}

#[test]
fn flags_override_the_config_file_and_every_command_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.yaml");
    fs::write(&path, CONFIG).unwrap();
    let config = path.to_str().unwrap();
    let db = shop(Kind::Sqlite);
    original(&db, "generate", &["--config", config, "--rows", "users=30"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM users"), 30);
    assert_eq!(db.number("SELECT count(*) FROM order_items"), 0);
    let plan = original(&db, "plan", &["--config", config]).ok();
    says(&plan.stdout, &["seed 5", "always banned", "0 rows requested"]);
    let preview = original(&db, "preview", &["--config", config, "--table", "users"]).ok();
    says(&preview.stdout, &["banned", "user-"]);
    let out = folder.path().join("out");
    original(&db, "export", &["--config", config, "--out", out.to_str().unwrap()]).ok();
    says(&fs::read_to_string(out.join("manifest.json")).unwrap(), &["\"seed\": 5"]);
    original(&db, "load", &["--config", config]).ok();
    assert_eq!(db.number("SELECT count(*) FROM users"), 400);
    let ran = original(&db, "high-performance", &["--config", config, "--rows", "20", "--dry-run"]).ok();
    says(&ran.stdout, &["Batch size: 64 rows", "Workers: 2 threads", "users: status (allow_duplicates, value=banned)"]);
}

#[test]
fn mistakes_in_the_config_file_are_shown_with_their_place() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.yaml");
    for (text, exit, answer) in [
        (
            "tables:\n  users:\n    column_configs:\n      age: {min_valeu: 3}\n",
            2,
            "`shop.yaml`, line 4, column 13: unknown key `min_valeu` in column `users.age`; did you mean `min_value`?",
        ),
        ("tables:\n  usres: {}\n", 2, "`shop.yaml`, line 2: no table `usres`; did you mean `users`?"),
        (
            "tables: {users: {column_configs: {agee: {min_value: 3}}}}",
            2,
            "`shop.yaml`, line 1: no column `agee` in table `main.users`; did you mean `age`?",
        ),
        (
            "tables: {users: {column_configs: {age: {min_value: 200}}}}",
            3,
            "`min_value: 200` for column `age` contradicts",
        ),
        (
            "tables: {users: {column_configs: {status: {possible_values: [gone]}}}}",
            3,
            "column `status`: `possible_values` lists gone, which CHECK",
        ),
        ("tables: {orders: {column_configs: {user_id: {min_value: 3}}}}", 3, "foreign key"),
        ("tables: {users: {column_configs: {email: {null_probability: 0.5}}}}", 3, "NOT NULL"),
    ] {
        fs::write(&path, text).unwrap();
        let ran = original(&db, "generate", &["--config", path.to_str().unwrap()]).expect(exit);
        says(&ran.stderr, &[answer]);
    }
    original(&db, "generate", &["--config", "/no/such/file.yaml"]).expect(2);
    assert_eq!(inventory(&db).1, 0);
}

#[test]
fn tables_that_are_used_as_they_are() {
    for kind in KINDS {
        let db = shop(kind);
        let empty = original(&db, "generate", &["--rows", "20", "--use-existing-tables", "users"]).expect(3);
        says(&empty.stderr, &["users", "empty"]);
        original(&db, "generate", &["--rows", "20", "--tables", "users"]).ok();
        original(&db, "generate", &["--rows", "60", "--use-existing-tables", "users"]).ok();
        assert_eq!(db.number("SELECT count(*) FROM users"), 20, "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM orders"), 60, "{kind:?}");
        assert!(counts(&db, "orders", "user_id").len() > 3);
    }
}

#[test]
fn processes_and_a_manifest() {
    let (db, folder) = (shop(Kind::Postgres), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (manifest, report) = (path("m.json"), path("r.json"));
    let more = [
        "--rows",
        "400",
        "--processes",
        "2",
        "--rows-per-process",
        "150",
        "--manifest",
        &manifest,
        "--report",
        &report,
    ];
    original(&db, "generate", &more).ok();
    dbmocker(["verify", "--url", &db.url, "--rows", &manifest]).ok();
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["processes"], 2);
    let (all, one) = (report["workers_peak_memory"].as_u64(), report["worker_peak_memory"].as_u64());
    assert!(one > Some(1 << 20) && all > one, "{report}");
}

#[test]
fn a_config_file_to_start_from_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let db = shop(kind);
        let path = folder.path().join(format!("{kind:?}.yaml"));
        let file = path.to_str().unwrap();
        original(&db, "init-config", &["--output", file]).ok();
        let text = fs::read_to_string(&path).unwrap();
        says(&text, &["  users:\n    # count: 1000", "# status: {}", "generator_function"]);
        says(&original(&db, "init-config", &["--output", file]).expect(4).stderr, &["--overwrite"]);
        original(&db, "generate", &["--config", file, "--rows", "10"]).ok();
        assert_eq!(inventory(&db).1, 50, "{kind:?}");
    }
}

/// A CHECK that dbmocker cannot satisfy: the message shows the config file lines that resolve it.
#[test]
fn what_cannot_be_inferred_is_settled_in_the_config_file() {
    let ddl = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL CHECK (a > 5), b INTEGER NOT NULL CHECK (b < 3), CHECK (a < b));";
    let db = database(Kind::Sqlite, ddl);
    let ran = original(&db, "generate", &["--rows", "5"]).expect(3);
    says(&ran.stderr, &["tables:\n", "column_configs:\n", "possible_values"]);
}

#[test]
fn commands_that_only_tell() {
    let schema: serde_json::Value = serde_json::from_str(&dbmocker(["config-schema"]).ok().stdout).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    says(&dbmocker(["generators"]).ok().stdout, &["credit_card", "ip_address", "zipcode"]);
    says(&dbmocker(["env"]).ok().stdout, &["cores", "memory", "free in", "batch size", "processes", "conda"]);
    let db = shop(Kind::Postgres);
    let folder = tempfile::tempdir().unwrap();
    for name in ["schema.json", "schema.yaml"] {
        let path = folder.path().join(name);
        original(&db, "analyze", &["--output", path.to_str().unwrap()]).ok();
        says(&fs::read_to_string(path).unwrap(), &["order_items", "foreign_keys", "rows"]);
    }
    let text = fs::read_to_string(folder.path().join("schema.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
}
