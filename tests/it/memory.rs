//! `--memory-limit` holds, whatever the number of rows: exports, loads, and spilled rows.

use crate::program::dbmocker;
use crate::servers::{Kind, database, sqlite_database};

const DDL: &str = "
    CREATE TABLE orders (id INTEGER PRIMARY KEY, code VARCHAR(40) NOT NULL UNIQUE, email VARCHAR(60) NOT NULL,
        amount DECIMAL(10, 2) NOT NULL, ordered_at TIMESTAMP NOT NULL, notes VARCHAR(500), city VARCHAR(60), paid BOOLEAN);
    CREATE TABLE order_lines (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), product VARCHAR(80));";
/// Rows of some 100 KB.
const WIDE: &str = "CREATE TABLE pages (id INTEGER PRIMARY KEY, a VARCHAR(60000) NOT NULL CHECK (length(a) > 50000),
    b VARCHAR(60000) NOT NULL CHECK (length(b) > 50000));";
const LIMIT: u64 = 32 << 20;
/// Memory allowed for the program itself, in addition to the limit.
const BESIDES: u64 = 64 << 20;

/// Peak resident memory of a run, in bytes, from the report.
fn peak(args: &[&str]) -> u64 {
    let report = tempfile::NamedTempFile::new().unwrap();
    let more = ["--report", report.path().to_str().unwrap(), "--memory-limit", "32MiB", "--workers", "4"];
    dbmocker(args.iter().chain(&more)).ok();
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report.path()).unwrap()).unwrap();
    assert_eq!(report["memory_limit"].as_u64(), Some(LIMIT));
    report["peak_memory"].as_u64().unwrap()
}

fn exported(ddl: &str, rows: &str, format: &str) -> u64 {
    let db = sqlite_database(ddl);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    peak(&["export", "--url", &db.url, "--out", out.to_str().unwrap(), "--format", format, "--rows", rows])
}

#[track_caller]
fn flat(what: &str, of: impl Fn(&str) -> u64) {
    let (some, many) = (of("10000"), of("100000"));
    assert!(many <= LIMIT + BESIDES, "{what}: {many} bytes");
    assert!(many <= some + LIMIT, "{what}: {some} bytes for 10 000 rows, {many} for ten times as many");
}

#[test]
fn exports_keep_the_limit() {
    for format in ["csv", "parquet"] {
        flat(format, |rows| exported(DDL, rows, format));
    }
}

#[test]
fn wide_rows_keep_the_limit() {
    for format in ["csv", "parquet"] {
        let bytes = exported(WIDE, "800", format);
        assert!(bytes <= LIMIT + BESIDES, "{format}: {bytes} bytes");
        let db = sqlite_database(WIDE);
        let load = ["load", "--url", &db.url, "--no-verify", "--rows", "800", "--spill-format", format];
        let bytes = peak(&[&load[..], &["--stage", "files"]].concat());
        assert!(bytes <= LIMIT + BESIDES, "staged, {format}: {bytes} bytes");
    }
}

/// A Parquet writer keeps metadata of each column chunk until the file ends.
#[test]
fn many_columns_and_groups_keep_the_limit_by_several_files() {
    let columns: String = (0..1000).map(|i| format!(", c{i} SMALLINT NOT NULL")).collect();
    let ddl = format!("CREATE TABLE wide (id INTEGER PRIMARY KEY{columns});");
    let (db, folder) = (sqlite_database(&ddl), tempfile::tempdir().unwrap());
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let export = ["export", "--url", &db.url, "--out", out, "--format", "parquet", "--rows", "2500", "--seed", "5"];
    dbmocker(export.iter().chain(&["--memory-limit", "1MiB"])).ok();
    let files =
        std::fs::read_dir(out).unwrap().flatten().filter(|e| e.path().extension().is_some_and(|e| e == "parquet"));
    assert!(files.count() > 1);
    dbmocker(["load", "--url", &db.url, "--from", out]).ok();
    let other = sqlite_database(&ddl);
    dbmocker(["load", "--url", &other.url, "--rows", "2500", "--seed", "5"]).ok();
    let sum = "SELECT sum(id * c0 + c1 * c999) FROM wide";
    assert_eq!(db.number(sum), other.number(sum));
}

fn loads_keep_the_limit(kind: Kind) {
    for more in [&[][..], &["--stage", "files"]] {
        flat(&format!("{kind:?} {more:?}"), |rows| {
            let (db, spill) = (database(kind, DDL), tempfile::tempdir().unwrap());
            let args = ["load", "--no-verify", "--url", &db.url, "--rows", rows, "--spill-dir"];
            peak(&[&args[..], &[spill.path().to_str().unwrap()], more].concat())
        });
    }
}

#[test]
fn loads_keep_the_limit_on_sqlite() {
    loads_keep_the_limit(Kind::Sqlite);
}

#[test]
fn loads_keep_the_limit_on_postgres() {
    loads_keep_the_limit(Kind::Postgres);
}

#[test]
fn loads_keep_the_limit_on_mariadb() {
    loads_keep_the_limit(Kind::MariaDb);
}

#[test]
fn loads_of_files_keep_the_limit() {
    let db = sqlite_database(DDL);
    let folder = tempfile::tempdir().unwrap();
    for format in ["csv", "parquet"] {
        let out = folder.path().join(format);
        let out = out.to_str().unwrap();
        // Row groups of the maximum size.
        dbmocker(["export", "--url", &db.url, "--out", out, "--format", format, "--rows", "300000"]).ok();
        let fresh = sqlite_database(DDL);
        let bytes = peak(&["load", "--url", &fresh.url, "--from", out]);
        assert!(bytes <= LIMIT + BESIDES, "{format}: {bytes} bytes");
    }
}
