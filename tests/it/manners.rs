//! What all commands share: table flags, stdout as a file, variables, the folder's config file, logs, completions.

use std::fs;

use crate::program::{command, dbmocker, path, run};
use crate::servers::{Kind, database};
use crate::shop::shop;

#[test]
fn the_summary_of_many_tables_fits_a_screen() {
    let ddl: String = (0..400)
        .map(|i| format!("CREATE TABLE t{i} (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t{} (id), n TEXT);\n", i / 3))
        .collect();
    let db = database(Kind::Sqlite, &ddl);
    let summary = dbmocker(["plan", "--url", &db.url, "--summary"]).ok().stdout;
    assert!(summary.lines().count() <= 40, "{summary}");
    assert!(summary.starts_with("400 tables in ") && summary.contains("largest: "), "{summary}");
    let one = dbmocker(["plan", "--url", &db.url, "--table", "t7"]).ok().stdout;
    assert!(one.contains("main.t7: ") && !one.contains("main.t8: "), "{one}");
}

#[test]
fn every_command_takes_the_same_table_flags() {
    let db = shop(Kind::Sqlite);
    let of = |words: &[&str]| dbmocker(words.iter().chain(&["--url", &db.url])).ok().stdout;
    let preview = of(&["preview", "--tables", "order*"]);
    assert!(preview.contains("main.orders\n") && preview.contains("main.order_items\n"), "{preview}");
    assert!(!preview.contains("main.users\n"), "{preview}");
    // The flag's former name.
    assert!(of(&["preview", "--table", "users"]).contains("main.users\n"));
    let analyze = of(&["analyze", "--exclude-tables", "order*"]);
    assert!(analyze.contains("users  ") && !analyze.contains("orders  "), "{analyze}");
}

#[test]
fn previews_as_json_and_in_lines() {
    let db = shop(Kind::Sqlite);
    let json =
        dbmocker(["preview", "--url", &db.url, "--tables", "users,orders", "--limit", "2", "--json"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[0]["rows"].as_array().unwrap().len(), 2);
    assert!(json[0]["rows"][0]["id"].is_i64(), "{json}");
    let lines = dbmocker(["preview", "--url", &db.url, "--tables", "users", "--expanded"]).ok().stdout;
    assert!(lines.contains("-- row 1\n") && lines.lines().any(|line| line.starts_with("email ")), "{lines}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let db = shop(Kind::Sqlite);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "10", "--dry-run"]).ok();
    assert!(ran.stdout.contains("main.users: 10 rows"), "{}", ran.stdout);
    assert_eq!(db.number("SELECT count(*) FROM users"), 0);
    assert_eq!(db.number("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'dbmocker%'"), 0);
}

#[test]
fn a_hyphen_is_stdout_wherever_a_file_is_written() {
    let db = shop(Kind::Sqlite);
    for words in [
        &["plan", "--save", "-"][..],
        &["analyze", "--output", "-"],
        &["load", "--rows", "5", "--report", "-"],
        &["load", "--rows", "5", "--manifest", "-", "--truncate", "--yes"],
    ] {
        let out = dbmocker(words.iter().chain(&["--url", &db.url])).ok().stdout;
        serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|e| panic!("{words:?}: {e}\n{out}"));
    }
    let config = dbmocker(["init-config", "--url", &db.url, "--output", "-"]).ok().stdout;
    assert!(config.contains("tables:"), "{config}");
}

#[test]
fn flags_come_from_the_environment_and_rules_from_the_folder() {
    let db = shop(Kind::Sqlite);
    let by_variable = run(command().args(["plan", "--url", &db.url]).env("DBMOCKER_ROWS", "7")).ok();
    assert!(by_variable.stdout.contains("main.users: 7 rows"), "{}", by_variable.stdout);
    let by_flag = run(command().args(["plan", "--url", &db.url, "--rows", "8"]).env("DBMOCKER_ROWS", "7")).ok();
    assert!(by_flag.stdout.contains("main.users: 8 rows"), "{}", by_flag.stdout);
    let dry = run(command().args(["load", "--url", &db.url]).env("DBMOCKER_DRY_RUN", "1")).ok();
    assert!(dry.stderr.contains("nothing was written"), "{}", dry.stderr);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dbmocker.yaml"), "tables:\n  users:\n    count: 9\n").unwrap();
    let of = |more: &[&str]| run(command().args(["plan", "--url", &db.url]).args(more).current_dir(folder.path())).ok();
    let found = of(&[]);
    assert!(found.stdout.contains("main.users: 9 rows") && found.stderr.contains("`dbmocker.yaml`"), "{found:?}");
    let none = of(&["--config", "none"]);
    assert!(!none.stdout.contains("main.users: 9 rows") && !none.stderr.contains("dbmocker.yaml"), "{none:?}");
}

#[test]
fn logs_say_phases_and_statements() {
    let db = shop(Kind::Postgres);
    let folder = tempfile::tempdir().unwrap();
    let log = path(folder.path(), "run.log");
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "5", "--log-file", &log]).ok();
    assert!(!ran.stderr.contains("COPY") && !ran.stderr.contains("reading the schema"), "{}", ran.stderr);
    let log = fs::read_to_string(log).unwrap();
    for part in
        ["connecting to ", "reading the schema", "planning 5 tables", "loading", "verifying", "rows into public.users"]
    {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert!(!log.contains(db.server.unwrap().password), "{log}");
    let timed = dbmocker(["load", "-vv", "--url", &db.url, "--rows", "5", "--append"]).ok();
    assert!(timed.stderr.contains(" ms  "), "{}", timed.stderr);
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let script = dbmocker(["completions", shell]).ok().stdout;
        assert!(script.contains("init-config") && script.contains("skip-unsolved"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    dbmocker(["manual", &path(folder.path(), "man")]).ok();
    let page = fs::read_to_string(folder.path().join("man/dbmocker-load.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("truncate"), "{page}");
    let version = dbmocker(["--version"]).ok().stdout;
    assert!(version.starts_with(concat!("dbmocker ", env!("CARGO_PKG_VERSION"))), "{version}");
}

#[test]
fn a_table_without_a_plan_leaves_the_others_their_rules() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER NOT NULL CHECK (n > 5 AND n < 3));\
         CREATE TABLE b (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);",
    );
    let config = dbmocker(["init-config", "--url", &db.url]).ok().stdout;
    assert!(config.contains("# to settle: "), "{config}");
    assert!(config.lines().any(|line| line.contains("email: {}") && line.contains("unique")), "{config}");
}

#[test]
fn a_config_file_that_nobody_named_reaches_nothing_outside_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, db) = (folder.path().join("inner"), shop(Kind::Sqlite));
    fs::create_dir(&inner).unwrap();
    fs::write(folder.path().join("outside.txt"), "a secret\n").unwrap();
    fs::write(folder.path().join("base.yaml"), "generation: {rows: 9}\n").unwrap();
    std::os::unix::fs::symlink("../outside.txt", inner.join("link.txt")).unwrap();
    let values = |file: &str| format!("tables: {{users: {{column_configs: {{city: {{values_from: {file}}}}}}}}}\n");
    let plan = |config: &str, named: &[&str]| {
        fs::write(inner.join("dbmocker.yaml"), config).unwrap();
        run(command().current_dir(&inner).env("ROWS", "7").args([&["plan", "--url", &db.url], named].concat()))
    };
    for config in [
        values("../outside.txt"),
        values("link.txt"),
        values(folder.path().join("outside.txt").to_str().unwrap()),
        "extends: ../base.yaml\n".into(),
        "generation: {rows: \"${ROWS}\"}\n".into(),
        "session: {app.tenant_id: 7}\n".into(),
    ] {
        let refused = plan(&config, &[]).expect(2);
        assert!(refused.stderr.contains("no flag names this file"), "{config}: {}", refused.stderr);
        assert!(!refused.stderr.contains("a secret") && refused.stdout.is_empty());
        if !config.starts_with("session") {
            plan(&config, &["--config", "dbmocker.yaml"]).ok();
        }
    }
    fs::write(inner.join("cities.txt"), "Here\n").unwrap();
    plan(&values("cities.txt"), &[]).ok();
}

#[test]
fn config_files_are_bounded_and_read_no_passwords() {
    let (folder, db) = (tempfile::tempdir().unwrap(), shop(Kind::Sqlite));
    let path = |n: usize| folder.path().join(format!("{n}.yaml"));
    for n in 0..40 {
        fs::write(path(n), format!("extends: {}.yaml\n", n + 1)).unwrap();
    }
    let refused = |config: &std::path::Path, why: &str| {
        let ran = run(command().env("DBMOCKER_PASSWORD", "geheim").args([
            "plan",
            "--url",
            &db.url,
            "--config",
            config.to_str().unwrap(),
        ]));
        assert!(ran.code == 2 && ran.stderr.contains(why) && !ran.stderr.contains("geheim"), "{}", ran.stderr);
    };
    refused(&path(0), "more than 16 files");
    let own = folder.path().join("own.yaml");
    fs::write(&own, "extends: /dev/zero\n").unwrap();
    refused(&own, "is no config file");
    fs::write(&own, "tables: {users: {column_configs: {city: {possible_values: [\"${DBMOCKER_PASSWORD}\"]}}}}\n")
        .unwrap();
    refused(&own, "may hold a password");
}

#[test]
fn a_config_file_that_nobody_named_empties_no_table() {
    let db = shop(Kind::Sqlite);
    dbmocker(["load", "--url", &db.url, "--rows", "5"]).ok();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dbmocker.yaml"), "generation: {truncate_existing: true}\n").unwrap();
    let load = |more: &[&str]| {
        run(command().args(["load", "--url", &db.url, "--rows", "5", "--yes"]).args(more).current_dir(folder.path()))
    };
    let refused = load(&[]).expect(2);
    assert!(refused.stderr.contains("truncate_existing"), "{}", refused.stderr);
    assert_eq!(db.number("SELECT count(*) FROM users"), 5);
    load(&["--config", "dbmocker.yaml"]).ok();
}

#[test]
fn names_of_tables_cannot_write_log_entries_or_steer_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (path(folder.path(), "s.sql"), path(folder.path(), "run.log"));
    fs::write(&file, "CREATE TABLE \"a\u{1b}]0;x\u{7}\n2026-01-01 00:00:00.000  forged\" (id INTEGER PRIMARY KEY);")
        .unwrap();
    let ran = dbmocker([
        "export",
        "--ddl",
        &file,
        "--dialect",
        "sqlite",
        "--out",
        &path(folder.path(), "out"),
        "--log-file",
        &log,
    ]);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    let log_text = fs::read_to_string(&log).unwrap();
    assert!(
        !log_text.contains('\u{1b}') && !log_text.lines().any(|l| l.starts_with("2026-01-01 00:00:00.000")),
        "{log_text:?}"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&log).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
