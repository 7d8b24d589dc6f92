//! The SQLite loader against real files.
#![allow(clippy::unwrap_used)] // in a test, a panic is the report

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatchOptions;
use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, Payload, TlsMode};

#[path = "common/rows.rs"]
mod rows;

use rows::{NASTY, batch, column, load, load_all, target, value};

struct File {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new(ddl: &str) -> File {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shop.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(ddl).unwrap();
        File { _dir: dir, path }
    }

    fn loader(&self) -> Box<dyn Loader> {
        open(&self.path).unwrap()
    }
}

fn open(path: &Path) -> Result<Box<dyn Loader>, LoadError> {
    dbmocker_loaders::connect(&Connection {
        dialect: Dialect::Sqlite,
        host: String::new(),
        port: 0,
        user: String::new(),
        password: None,
        database: path.display().to_string(),
        tls: TlsMode::Disable,
        ..Connection::default()
    })
}

fn refused(path: &Path) -> String {
    match open(path) {
        Err(e) => e.to_string(),
        Ok(_) => panic!("opened"),
    }
}

fn some<T>(x: T) -> Vec<Option<T>> {
    vec![Some(x), None]
}

fn ints(values: &[i64]) -> Vec<ArrayRef> {
    vec![Arc::new(Int64Array::from(values.to_vec()))]
}

#[test]
fn every_type_arrives_in_the_storage_class_of_its_column() {
    let micros = 1_700_000_000_123_456;
    let decimal = |n: i128, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(some(n)).with_precision_and_scale(38, scale).unwrap())
    };
    let uuid = || -> ArrayRef {
        Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(some([0xab; 16]).into_iter(), 16).unwrap())
    };
    let columns: Vec<(&str, ArrayRef, &str, &str)> = vec![
        ("BOOLEAN", Arc::new(BooleanArray::from(some(true))), "integer", "1"),
        ("INTEGER", Arc::new(Int64Array::from(some(i64::MIN))), "integer", "-9223372036854775808"),
        ("SMALLINT", Arc::new(Int16Array::from(some(-7))), "integer", "-7"),
        ("BIGINT UNSIGNED", Arc::new(UInt64Array::from(some(7))), "integer", "7"),
        ("TEXT", Arc::new(UInt64Array::from(some(u64::MAX))), "text", "18446744073709551615"),
        ("REAL", Arc::new(Float64Array::from(some(-1.5e300))), "real", "-1.5e+300"),
        ("DOUBLE", Arc::new(Float64Array::from(some(3.0))), "real", "3.0"),
        ("DECIMAL(10,2)", decimal(1234, 2), "real", "12.34"),
        ("DECIMAL(10,2)", decimal(1200, 2), "integer", "12"),
        ("REAL", decimal(1200, 2), "real", "12.0"),
        ("NUMERIC", decimal(42, 0), "integer", "42"),
        ("VARCHAR(20)", decimal(-5, 2), "text", "-0.05"),
        ("", decimal(150, 2), "real", "1.5"),
        ("DATE", Arc::new(Date32Array::from(some(11_016))), "text", "2000-02-29"),
        ("TIME", Arc::new(Time64MicrosecondArray::from(some(1))), "text", "00:00:00.000001"),
        ("DATETIME", Arc::new(TimestampMicrosecondArray::from(some(micros))), "text", "2023-11-14 22:13:20.123456"),
        ("UUID", uuid(), "text", "abababab-abab-abab-abab-abababababab"),
        ("BLOB", uuid(), "blob", "X'ABABABABABABABABABABABABABABABAB'"),
        ("BLOB", Arc::new(BinaryArray::from(some(&b"\x00\xff'"[..]))), "blob", "X'00FF27'"),
        ("BLOB", Arc::new(BinaryArray::from(some(&b""[..]))), "blob", "X''"),
        ("JSON", Arc::new(LargeStringArray::from(some(r#"{"a":1}"#))), "text", r#"{"a":1}"#),
        ("TEXT", Arc::new(StringArray::from(some(""))), "text", ""),
        ("TEXT", Arc::new(StringArray::from(some("12"))), "text", "12"),
    ];
    let names: Vec<String> = (0..columns.len()).map(|i| format!("c{i}")).collect();
    let defs: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(columns.iter().map(|(ty, ..)| *ty)).collect();
    let ddl: Vec<String> = defs.iter().map(|(n, t)| format!("{n} {t}")).collect();
    let file = File::new(&format!("CREATE TABLE t ({})", ddl.join(", ")));
    let mut loader = file.loader();
    let target = target("main", "t", &defs);
    let arrays = columns.iter().map(|(_, array, ..)| Arc::clone(array)).collect();
    let loaded = load(&mut *loader, &target, arrays).unwrap();
    assert_eq!((loaded.sent, loaded.stored), (2, 2));
    for (name, (ty, _, class, text)) in names.iter().zip(&columns) {
        let sql = format!(
            "SELECT typeof({name}) || ' ' || iif(typeof({name}) = 'blob', quote({name}), {name}) FROM t ORDER BY rowid"
        );
        assert_eq!(column(&mut *loader, &sql), [Some(format!("{class} {text}")), None], "{name} {ty}");
    }
}

#[test]
fn nasty_text_arrives_unchanged() {
    for encoding in ["UTF-8", "UTF-16"] {
        let file =
            File::new(&format!("PRAGMA encoding = '{encoding}'; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"));
        let mut loader = file.loader();
        let long = "naïve 🦀 ".repeat(100_000);
        let texts: Vec<Option<&str>> = NASTY.iter().copied().chain([long.as_str()]).map(Some).chain([None]).collect();
        let target = target("main", "t", &[("id", "INTEGER"), ("v", "TEXT")]);
        let ids = Int64Array::from_iter_values(0..i64::try_from(texts.len()).unwrap());
        load(&mut *loader, &target, vec![Arc::new(ids), Arc::new(StringArray::from(texts.clone()))]).unwrap();
        let got = column(&mut *loader, "SELECT v FROM t ORDER BY id");
        assert_eq!(got.iter().map(Option::as_deref).collect::<Vec<_>>(), texts, "{encoding}");
    }
}

#[test]
fn a_broken_constraint_is_named_with_its_row_and_leaves_nothing() {
    let file = File::new(
        "CREATE TABLE u (v INTEGER UNIQUE); CREATE TABLE n (v INTEGER NOT NULL);
         CREATE TABLE c (v INTEGER CONSTRAINT small CHECK (v < 9)); CREATE TABLE s (v INTEGER) STRICT;
         CREATE TABLE r (v INTEGER UNIQUE ON CONFLICT REPLACE); CREATE TABLE i (v INTEGER UNIQUE ON CONFLICT IGNORE);
         CREATE TABLE w (v INTEGER PRIMARY KEY) WITHOUT ROWID;",
    );
    let mut loader = file.loader();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1", "2", "x"]));
    let null: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None]));
    let ints = |last| -> ArrayRef { Arc::new(Int64Array::from(vec![1, 2, last])) };
    for (table, array, expected) in [
        ("u", ints(1), "UNIQUE constraint failed: u.v"),
        ("r", ints(1), "UNIQUE constraint failed: r.v"),
        ("i", ints(1), "UNIQUE constraint failed: i.v"),
        ("w", ints(1), "UNIQUE constraint failed: w.v"),
        ("n", null, "NOT NULL constraint failed: n.v"),
        ("c", ints(9), "CHECK constraint failed: small"),
        ("s", text, "cannot store TEXT value in INTEGER column s.v"),
    ] {
        let target = target("main", table, &[("v", "INTEGER")]);
        // The failing row is the sixth: three valid rows precede it in a separate batch.
        let first = batch(&target, vec![Arc::new(Int64Array::from(vec![-1, -2, -3]))]);
        let second = batch(&target, vec![array]);
        let error = load_all(&mut *loader, &target, first.schema(), vec![Ok(first), Ok(second)]).unwrap_err();
        let LoadError::Table { table: named, message, code } = &error else { panic!("{error:?}") };
        assert_eq!(*named, format!("main.{table}"));
        assert_eq!(*message, format!("{expected} at row 6 of this load"));
        assert!(code.is_some());
        assert_eq!(value(&mut *loader, &format!("SELECT count(*) FROM {table}")), "0");
    }
}

#[test]
fn triggers_neither_count_nor_lose_their_own_conflict_rules() {
    let file = File::new(
        "CREATE TABLE t (v INTEGER PRIMARY KEY); CREATE TABLE log (v INTEGER UNIQUE);
         CREATE TRIGGER copied AFTER INSERT ON t BEGIN INSERT OR IGNORE INTO log VALUES (1), (new.v); END;
         CREATE TABLE skip (v INTEGER); CREATE TRIGGER skipping BEFORE INSERT ON skip WHEN new.v = 2
         BEGIN SELECT RAISE(IGNORE); END;
         CREATE TABLE swap (v INTEGER UNIQUE ON CONFLICT REPLACE);
         CREATE TRIGGER lazy AFTER INSERT ON swap BEGIN INSERT OR IGNORE INTO log VALUES (9); END;
         CREATE TABLE strict_one (v INTEGER UNIQUE);
         CREATE TRIGGER idle AFTER INSERT ON strict_one BEGIN SELECT 1; END;",
    );
    let mut loader = file.loader();
    let of = |table| target("main", table, &[("v", "INTEGER")]);
    let loaded = load(&mut *loader, &of("t"), ints(&[1, 2, 3])).unwrap();
    assert_eq!((loaded.sent, loaded.stored), (3, 3));
    assert_eq!(value(&mut *loader, "SELECT group_concat(v) FROM (SELECT v FROM log ORDER BY v)"), "1,2,3");

    let error = load(&mut *loader, &of("skip"), ints(&[1, 2, 3])).unwrap_err();
    assert!(matches!(error, LoadError::Short { sent: 3, stored: 2, .. }), "{error:?}");
    let error = load(&mut *loader, &of("swap"), ints(&[1, 2, 1])).unwrap_err();
    assert!(matches!(error, LoadError::Short { sent: 3, stored: 2, .. }), "{error:?}");
    let error = load(&mut *loader, &of("strict_one"), ints(&[1, 2, 1])).unwrap_err();
    assert!(error.to_string().ends_with("failed: strict_one.v in rows 1 to 3 of this load"), "{error}");
    for table in ["skip", "swap", "strict_one"] {
        assert_eq!(value(&mut *loader, &format!("SELECT count(*) FROM {table}")), "0");
    }
}

#[test]
fn a_load_inside_a_transaction_is_taken_back_alone() {
    let file = File::new("CREATE TABLE t (v INTEGER PRIMARY KEY)");
    let mut loader = file.loader();
    let target = target("main", "t", &[("v", "INTEGER")]);
    assert_eq!(loader.execute("BEGIN; INSERT INTO t VALUES (1), (9)").unwrap(), 2);
    load(&mut *loader, &target, ints(&[2, 3])).unwrap();
    load(&mut *loader, &target, ints(&[4, 2])).unwrap_err();
    // A second loader would request the write lock, which the first one holds.
    let reader = rusqlite::Connection::open(&file.path).unwrap();
    assert_eq!(reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    drop(reader);
    assert_eq!(loader.execute("COMMIT").unwrap(), 0);
    let stored: Vec<_> = column(&mut *file.loader(), "SELECT v FROM t").into_iter().flatten().collect();
    assert_eq!(stored, ["1", "2", "3", "9"]);
    loader.execute("BEGIN; DELETE FROM t").unwrap();
    drop(loader);
    assert_eq!(value(&mut *file.loader(), "SELECT count(*) FROM t"), "4");
}

#[test]
fn an_error_of_the_source_leaves_no_rows_and_comes_through() {
    let file = File::new("CREATE TABLE t (v INTEGER)");
    let mut loader = file.loader();
    let target = target("main", "t", &[("v", "INTEGER")]);
    let rows = batch(&target, ints(&[1, 2]));
    let failing = Err(LoadError::File { path: "part-7".into(), message: "gone".into() });
    let schema = rows.schema();
    let error = load_all(&mut *loader, &target, schema, vec![Ok(rows.clone()), failing, Ok(rows)]).unwrap_err();
    assert!(matches!(error, LoadError::File { .. }), "{error:?}");
    assert_eq!(value(&mut *loader, "SELECT count(*) FROM t"), "0");
}

#[test]
fn what_sqlite_cannot_hold_is_refused() {
    let file = File::new("CREATE TABLE t (v NUMERIC)");
    let mut loader = file.loader();
    let target = target("main", "t", &[("v", "NUMERIC")]);
    let cases: [(ArrayRef, &str); 4] = [
        (Arc::new(UInt64Array::from(vec![u64::MAX])), "not 18446744073709551615; declare the column as text"),
        (
            Arc::new(Decimal128Array::from(vec![i128::from(i64::MAX) + 1]).with_precision_and_scale(38, 0).unwrap()),
            "not 9223372036854775808",
        ),
        (Arc::new(Float64Array::from(vec![f64::NAN])), "stores NaN as NULL"),
        (
            Arc::new(ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>(vec![Some(vec![Some(1)])])),
            "no encoding from List(",
        ),
    ];
    for (array, expected) in cases {
        let error = load(&mut *loader, &target, vec![array]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_table_that_fills_itself_takes_rows_without_columns() {
    let file = File::new("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let mut loader = file.loader();
    let schema = Arc::new(Schema::empty());
    let options = RecordBatchOptions::new().with_row_count(Some(4));
    let rows = RecordBatch::try_new_with_options(Arc::clone(&schema), vec![], &options).unwrap();
    let loaded = load_all(&mut *loader, &target("main", "t", &[]), schema, vec![Ok(rows)]).unwrap();
    assert_eq!((loaded.sent, loaded.stored), (4, 4));
    assert_eq!(value(&mut *loader, "SELECT group_concat(id) FROM t"), "1,2,3,4");
}

#[test]
fn a_load_can_be_stopped_from_another_thread() {
    let file = File::new("CREATE TABLE t (v INTEGER)");
    let mut loader = file.loader();
    let target = target("main", "t", &[("v", "INTEGER")]);
    let rows = batch(&target, vec![Arc::new(Int64Array::from_iter_values(0..20_000))]);
    let stop = loader.canceller();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        stop();
    });
    let schema = Arc::new(Schema::new(vec![Field::new("v", DataType::Int64, true)]));
    let mut endless = std::iter::repeat_with(|| Ok(rows.clone()));
    let error = loader.load(&target, Payload::Batches { schema, batches: &mut endless }).unwrap_err();
    stopper.join().unwrap();
    assert!(matches!(error, LoadError::Cancelled), "{error:?}");
    assert_eq!(value(&mut *loader, "SELECT count(*) FROM t"), "0");
    loader.finish().unwrap();
}

#[test]
fn the_journal_mode_stays_and_foreign_keys_wait() {
    for mode in ["wal", "delete"] {
        let file = File::new(&format!(
            "PRAGMA journal_mode = {mode}; CREATE TABLE p (id INTEGER PRIMARY KEY);
             CREATE TABLE c (v INTEGER REFERENCES p (id))"
        ));
        let mut loader = file.loader();
        load(&mut *loader, &target("main", "c", &[("v", "INTEGER")]), ints(&[5])).unwrap();
        assert_eq!(value(&mut *loader, "PRAGMA journal_mode"), mode);
        assert_eq!(loader.query("PRAGMA foreign_key_check").unwrap().len(), 1);
        assert_eq!(value(&mut *loader, "PRAGMA synchronous"), if mode == "wal" { "1" } else { "2" });
        loader.finish().unwrap();
    }
}

#[test]
fn opening_fails_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let missing = refused(&dir.path().join("none.db"));
    assert!(missing.ends_with("no such file; create the database and its tables first"), "{missing}");
    assert!(refused(&dir.path().join("no/where.db")).contains("no folder `"));
    assert!(refused(dir.path()).contains("it is a folder"));
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "dear diary, today I was not a database at all. ".repeat(50)).unwrap();
    assert!(refused(&text).contains("not a database; it is encrypted, or"), "{}", refused(&text));
}

#[test]
fn a_locked_file_is_told() {
    let file = File::new("CREATE TABLE t (v INTEGER)");
    let (mut first, mut second) = (file.loader(), file.loader());
    first.execute("BEGIN EXCLUSIVE").unwrap();
    second.execute("PRAGMA busy_timeout = 50").unwrap();
    let error = load(&mut *second, &target("main", "t", &[("v", "INTEGER")]), ints(&[1])).unwrap_err();
    assert!(error.to_string().contains("another program holds a lock"), "{error}");
}

#[test]
fn odd_names_are_quoted() {
    let file = File::new(r#"CREATE TABLE "od""d 't" ("a b" INTEGER, "select" TEXT)"#);
    let mut loader = file.loader();
    let target = target("main", "od\"d 't", &[("a b", "INTEGER"), ("select", "TEXT")]);
    load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![1])), Arc::new(StringArray::from(vec!["x"]))])
        .unwrap();
    assert_eq!(value(&mut *loader, r#"SELECT "a b" || "select" FROM "od""d 't""#), "1x");
}

#[test]
fn a_staged_file_is_loaded_like_batches() {
    let file = File::new("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    let mut loader = file.loader();
    let path = file.path.with_file_name("part.csv");
    std::fs::write(&path, "id,v\n1,\"a\"\n2,\n3,\"\"\n").unwrap();
    let fields = vec![Field::new("id", DataType::Int64, false), Field::new("v", DataType::Utf8, true)];
    let payload = Payload::Csv { schema: Arc::new(Schema::new(fields)), path };
    let loaded = loader.load(&target("main", "t", &[("id", "INTEGER"), ("v", "TEXT")]), payload).unwrap();
    assert_eq!((loaded.sent, loaded.stored), (3, 3));
    let got = column(&mut *loader, "SELECT v FROM t ORDER BY id");
    assert_eq!(got, [Some("a".to_owned()), None, Some(String::new())]);
}
