//! Other programs read the Parquet files: pyarrow and DuckDB, from PyPI, return the right types, counts and values.
//!
//! They are installed in a virtual environment below `target/`, created on first use. Without them the test fails, as
//! the files would not be tested.
#![allow(clippy::unwrap_used)] // test support

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::value::Value;
use dbmocker_files as stage;
use dbmocker_files::{Compression, FileOptions, Format, ParquetOptions};
use dbmocker_generate::arrow::{ColumnBuilder, field};

use crate::program::dbmocker;
use crate::servers::{Kind, sqlite_database};
use crate::shop::{TABLES, shop};

const PACKAGES: [&str; 5] = ["pyarrow==22.0.0", "duckdb==1.4.4", "polars==1.35.2", "pandas==2.3.3", "tqdm==4.67.1"];

/// The interpreter of an environment that has [`PACKAGES`].
pub fn python() -> PathBuf {
    environment("test-venv", &PACKAGES)
}

/// The interpreter of an environment of this name that has these packages.
pub fn environment(name: &str, packages: &[&str]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let venv = target.join(name);
    let python = venv.join("bin/python");
    // Several test processes may run this concurrently.
    let lock = File::create(target.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let ready = venv.join(format!("ready {}", packages.join(" ")));
    if !ready.exists() {
        let _ = fs::remove_dir_all(&venv);
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(packages));
        File::create(ready).unwrap();
    }
    python
}

/// What the program printed; fails the test, with its errors, if it failed.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// pyarrow's and DuckDB's reading of a file, as `read_parquet.py` prints it.
#[track_caller]
pub fn read_parquet(path: &Path) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_parquet.py");
    let printed = run(Command::new(python()).arg(script).arg(path));
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn other_programs_read_every_format() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    for format in ["csv", "parquet", "arrow", "ndjson"] {
        let out = folder.path().join(format);
        let ran =
            dbmocker(["export", "--url", &db.url, "--rows", "500", "--format", format, "--out", out.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_exports.py");
    for table in TABLES {
        let printed = run(Command::new(python()).arg(&script).arg(folder.path()).arg(table));
        let counted: BTreeMap<String, (u64, u64)> = serde_json::from_str(&printed).unwrap();
        assert_eq!(counted.len(), 16);
        for (reader, found) in counted {
            assert_eq!(found, (500, 500 * 501 / 2), "{table}: {reader}");
        }
    }
}

#[test]
fn other_programs_read_folders_by_a_column() {
    let ddl = "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, country VARCHAR(40) NOT NULL
        CHECK (country IN ('Côte d''Ivoire', 'New York/USA', 'DE', '50% = x')))";
    let (db, folder) = (sqlite_database(ddl), tempfile::tempdir().unwrap());
    let out = folder.path().to_str().unwrap();
    let by = ["--format", "parquet", "--partition-by", "country", "--out", out];
    dbmocker(["export", "--url", &db.url, "--rows", "500"].iter().chain(&by)).ok();
    dbmocker(["load", "--url", &db.url, "--from", out]).ok();
    let stored = db.rows("SELECT country, count(*), sum(id) FROM people GROUP BY country");
    let mut stored: Vec<serde_json::Value> = stored
        .into_iter()
        .map(|row| {
            let number = |c: usize| row[c].as_ref().unwrap().parse::<u64>().unwrap();
            serde_json::json!([row[0], number(1), number(2)])
        })
        .collect();
    stored.sort_by_key(|row| row[0].as_str().unwrap().to_owned());
    assert_eq!(stored.len(), 4);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_exports.py");
    let printed = run(Command::new(python()).arg(script).arg("--folders").arg(folder.path().join("people")));
    let counted: BTreeMap<String, Vec<serde_json::Value>> = serde_json::from_str(&printed).unwrap();
    assert_eq!(counted.len(), 4);
    for (reader, found) in counted {
        assert_eq!(found, stored, "{reader}");
    }
}

#[test]
fn the_python_api_does_what_its_examples_say() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(python());
    command.arg(root.join("tests/it/python_api.py")).arg(folder.path());
    command.env("DBMOCKER_BIN", env!("CARGO_BIN_EXE_dbmocker")).env("PYTHONPATH", root.join("python"));
    assert_eq!(run(&mut command), "ok\n");
}

fn column(name: &str, ty: SqlType, type_name: &str) -> Column {
    Column { nullable: true, ..Column::new(name, ty, type_name) }
}

/// A column, what pyarrow and DuckDB call its type, a value, and what they print for it.
struct Case {
    column: Column,
    value: Value,
    pyarrow: (&'static str, &'static str),
    duckdb: (&'static str, &'static str),
}

fn case(
    (name, ty): (&str, SqlType),
    value: Value,
    pyarrow: (&'static str, &'static str),
    duckdb: (&'static str, &'static str),
) -> Case {
    Case { column: column(name, ty, &format!("{name}_type")), value, pyarrow, duckdb }
}

#[rustfmt::skip] // a table: one case a line
fn cases() -> Vec<Case> {
    let int = |bytes, unsigned| SqlType::Int { bytes, unsigned, tinyint1: false };
    let number = |precision, scale| SqlType::Decimal { precision, scale, unsigned: false };
    let float = |bytes| SqlType::Float { bytes, unsigned: false };
    let timestamp = |tz| SqlType::Timestamp { precision: 6, tz, epoch_range: false };
    let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
    let cents = Value::Decimal { unscaled: -1_234_567, scale: 2 };
    let uuid = "00112233-4455-6677-8899-aabbccddeeff";
    // 2024-02-29 12:34:56.789012
    let instant = Value::Timestamp(1_709_210_096_789_012);
    vec![
        case(("flag", SqlType::Bool), Value::Bool(true), ("bool", "True"), ("BOOLEAN", "true")),
        case(("small", int(2, false)), Value::Int(-7), ("int16", "-7"), ("SMALLINT", "-7")),
        case(("plain", int(4, false)), Value::Int(1 << 30), ("int32", "1073741824"), ("INTEGER", "1073741824")),
        case(("big", int(8, false)), Value::Int(-1 << 60), ("int64", "-1152921504606846976"), ("BIGINT", "-1152921504606846976")),
        case(("huge", int(8, true)), Value::Int(u64::MAX.into()), ("uint64", "18446744073709551615"), ("UBIGINT", "18446744073709551615")),
        case(("price", number(10, 2)), cents.clone(), ("decimal128(10, 2)", "-12345.67"), ("DECIMAL(10,2)", "-12345.67")),
        case(("wide", number(38, 2)), cents.clone(), ("decimal128(38, 2)", "-12345.67"), ("DECIMAL(38,2)", "-12345.67")),
        case(("money", SqlType::Money), cents, ("decimal128(19, 2)", "-12345.67"), ("DECIMAL(19,2)", "-12345.67")),
        case(("single", float(4)), Value::Float(0.5), ("float", "0.5"), ("FLOAT", "0.5")),
        case(("double", float(8)), Value::Float(0.1), ("double", "0.1"), ("DOUBLE", "0.1")),
        case(("text", text), Value::text("naïve \"🦀\""), ("string", "naïve \"🦀\""), ("VARCHAR", "naïve \"🦀\"")),
        case(("raw", SqlType::Binary { max_bytes: None, fixed: false }), Value::Bytes(vec![0, 65]), ("binary", "0041"), ("BLOB", "\\x00A")),
        case(("day", SqlType::Date), Value::Date(19_782), ("date32[day]", "2024-02-29"), ("DATE", "2024-02-29")),
        case(("clock", SqlType::Time { precision: 6, tz: false, span: false }), Value::Time(3_723_000_001), ("time64[us]", "01:02:03.000001"), ("TIME", "01:02:03.000001")),
        case(("at", timestamp(false)), instant.clone(), ("timestamp[us]", "2024-02-29 12:34:56.789012"), ("TIMESTAMP", "2024-02-29 12:34:56.789012")),
        case(("at_utc", timestamp(true)), instant, ("timestamp[us, tz=UTC]", "2024-02-29 12:34:56.789012+00:00"), ("TIMESTAMP WITH TIME ZONE", "2024-02-29 12:34:56.789012+00")),
        case(("year", SqlType::Year), Value::Int(2024), ("int16", "2024"), ("SMALLINT", "2024")),
        case(("id", SqlType::Uuid), Value::text(uuid), ("extension<arrow.uuid>", uuid), ("UUID", uuid)),
        case(("doc", SqlType::Json { binary: true }), Value::text("{\"a\": [1]}"), ("extension<arrow.json>", "{\"a\": [1]}"), ("JSON", "{\"a\": [1]}")),
        case(("net", SqlType::Inet), Value::text("10.0.0.1/8"), ("string", "10.0.0.1/8"), ("VARCHAR", "10.0.0.1/8")),
    ]
}

/// Two rows: the cases' values, then NULLs only.
fn batch(schema: &SchemaRef, cases: &[Case]) -> RecordBatch {
    let arrays = schema.fields().iter().zip(cases).map(|(field, case)| {
        let mut builder = ColumnBuilder::with_capacity(field, 2).unwrap();
        builder.append(&case.value).unwrap();
        builder.append_null();
        builder.finish()
    });
    RecordBatch::try_new(schema.clone(), arrays.collect()).unwrap()
}

#[test]
fn pyarrow_and_duckdb_read_our_parquet() {
    let cases = cases();
    let schema = Arc::new(Schema::new(cases.iter().map(|c| field(&c.column, None)).collect::<Vec<_>>()));
    let folder = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Snappy, Compression::Zstd] {
        let name = format!("{compression:?}.parquet");
        // Two rows a group, to have several groups.
        let options = ParquetOptions { compression, row_group_rows: 2, ..ParquetOptions::default() };
        let file = FileOptions::default();
        let mut sink = stage::create(folder.path(), &name, schema.clone(), Format::Parquet, &options, file).unwrap();
        let batch = batch(&schema, &cases);
        (0..3).for_each(|_| sink.write(&batch).unwrap());
        sink.finish().unwrap();

        let read = read_parquet(&folder.path().join(name));
        let (pyarrow, duckdb) = (&read["pyarrow"], &read["duckdb"]);
        assert_eq!((pyarrow["rows"].as_u64(), duckdb["rows"].as_u64()), (Some(6), Some(6)));
        assert_eq!(pyarrow["row_groups"], 3);
        assert_eq!(pyarrow["created_by"], concat!("dbmocker version ", env!("CARGO_PKG_VERSION")));
        for (i, case) in cases.iter().enumerate() {
            let name = case.column.name.as_str();
            for (reader, (type_name, text)) in [(pyarrow, case.pyarrow), (duckdb, case.duckdb)] {
                assert_eq!(reader["types"][name], type_name, "type of {name}, {compression:?}");
                assert_eq!(reader["values"][4][i], text, "value of {name}, {compression:?}");
                assert!(reader["values"][5][i].is_null(), "NULL of {name}, {compression:?}");
            }
            assert_eq!(pyarrow["sql_types"][name], case.column.type_name);
        }
    }
}
