//! `--memory-limit` holds, whatever the number of rows.

use crate::program::dbmocker;
use crate::servers::sqlite_database;

const DDL: &str = "
    CREATE TABLE orders (id INTEGER PRIMARY KEY, code VARCHAR(40) NOT NULL UNIQUE, email VARCHAR(60) NOT NULL,
        amount DECIMAL(10, 2) NOT NULL, ordered_at TIMESTAMP NOT NULL, notes VARCHAR(500), city VARCHAR(60), paid BOOLEAN);
    CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), product VARCHAR(80));";
const LIMIT: u64 = 32 << 20;
/// What the program itself may take besides.
const BESIDES: u64 = 64 << 20;

/// Peak resident memory of an export, in bytes, as the report tells it.
fn peak(rows: &str, format: &str) -> u64 {
    let db = sqlite_database(DDL);
    let folder = tempfile::tempdir().unwrap();
    let (out, report) = (folder.path().join("out"), folder.path().join("report.json"));
    let (out, report) = (out.to_str().unwrap(), report.to_str().unwrap());
    let args = ["export", "--url", &db.url, "--out", out, "--format", format, "--rows", rows, "--report", report];
    dbmocker(args.iter().chain(&["--memory-limit", "32MiB", "--workers", "4"])).ok();
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["memory_limit"].as_u64(), Some(LIMIT));
    report["peak_memory"].as_u64().unwrap()
}

#[test]
fn peak_memory_is_flat_and_within_the_limit() {
    for format in ["csv", "parquet"] {
        let (some, many) = (peak("20000", format), peak("200000", format));
        assert!(many <= LIMIT + BESIDES, "{format}: {many} bytes");
        assert!(many <= some + LIMIT, "{format}: {some} bytes for 20 000 rows, {many} for ten times as many");
    }
}
