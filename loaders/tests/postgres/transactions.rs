//! Loads inside and outside of transactions, staged files, statements.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::Schema;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use dbmocker_loaders::{Payload, Target};
use parquet::arrow::ArrowWriter;

use crate::{complaint, load, load_all, open, pairs, postgres};

const T: &str = "CREATE TABLE t (id integer, t text)";

#[test]
fn a_load_joins_the_open_transaction() {
    let database = postgres().create_database(T);
    let mut loader = open(&database);
    let (target, batch) = pairs("t", 0..10);
    loader.execute("BEGIN").unwrap();
    load(&mut *loader, &target, batch.clone()).unwrap();
    assert_eq!(database.number("SELECT count(*) FROM t"), 0, "not committed yet");
    loader.execute("ROLLBACK").unwrap();
    loader.execute("BEGIN; SELECT 1").unwrap();
    load(&mut *loader, &target, batch.clone()).unwrap();
    load(&mut *loader, &target, batch.clone()).unwrap();
    loader.execute("COMMIT").unwrap();
    assert_eq!(database.number("SELECT count(*) FROM t"), 20);
    load(&mut *loader, &target, batch).unwrap();
    assert_eq!(database.number("SELECT count(*) FROM t"), 30, "a transaction of its own");
    loader.finish().unwrap();
}

#[test]
fn dropped_without_finish_nothing_stays() {
    let database = postgres().create_database(T);
    let (target, batch) = pairs("t", 0..100_000);
    let mut loader = open(&database);
    loader.execute("BEGIN").unwrap();
    load(&mut *loader, &target, batch.clone()).unwrap();
    drop(loader);
    let mut loader = open(&database);
    loader.execute("BEGIN").unwrap();
    let mut batches = [Ok(batch.clone()), Err(dbmocker_loaders::LoadError::Cancelled)].into_iter();
    load_all(&mut *loader, &target, batch.schema(), &mut batches).unwrap_err();
    drop(loader);
    let sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbmocker' AND datname = current_database()";
    let begun = Instant::now();
    while database.number(sessions) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "a session stays open");
    }
    assert_eq!(database.number("SELECT count(*) FROM t"), 0);
}

#[test]
fn a_session_outlives_the_servers_limit_for_idle_ones() {
    let database = postgres().create_database(T);
    database.execute(&format!("ALTER DATABASE {} SET idle_session_timeout = '10s'", database.name));
    let mut loader = open(&database);
    assert_eq!(loader.query("SHOW idle_session_timeout").unwrap(), [[Some("0".to_owned())]]);
}

#[test]
fn statements_and_their_errors() {
    let database = postgres().create_database(T);
    let mut loader = open(&database);
    assert_eq!(
        loader.execute("INSERT INTO public.t VALUES (1), (2); UPDATE public.t SET t = 'é' WHERE id = 1").unwrap(),
        1
    );
    assert_eq!(loader.execute("CREATE TABLE public.u ()").unwrap(), 0);
    let rows = loader.query("SELECT id, t FROM public.t ORDER BY id").unwrap();
    assert_eq!(rows, [[Some("1".to_owned()), Some("é".to_owned())], [Some("2".to_owned()), None]]);
    let settings = "SELECT current_setting('synchronous_commit'), current_setting('TimeZone'), current_setting('application_name')";
    assert_eq!(loader.query(settings).unwrap()[0], ["off", "UTC", "dbmocker"].map(|s| Some(s.to_owned())));
    let error = complaint(loader.execute("SELECT *\n  FROM nowhere"));
    assert_eq!(error, "`SELECT * FROM nowhere`: relation \"nowhere\" does not exist");
}

#[test]
fn rows_of_nothing_but_defaults() {
    let database = postgres()
        .create_database("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, d date DEFAULT '2024-01-01')");
    let mut loader = open(&database);
    let schema = Arc::new(Schema::empty());
    let options = RecordBatchOptions::new().with_row_count(Some(7));
    let batch = RecordBatch::try_new_with_options(schema, vec![], &options).unwrap();
    let target = Target { schema: "public".into(), table: "t".into(), columns: vec![], freeze: false };
    assert_eq!(load(&mut *loader, &target, batch).unwrap().stored, 7);
    assert_eq!(database.number("SELECT sum(id) FROM t WHERE d = '2024-01-01'"), 28);
    // An identity GENERATED ALWAYS takes what COPY supplies.
    let ids: arrow::array::ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![100, 200]));
    let (target, batch) = crate::table("t", vec![("id", "bigint", ids)]);
    load(&mut *loader, &target, batch).unwrap();
    assert_eq!(database.number("SELECT max(id) FROM t"), 200);
}

#[test]
fn staged_files_hold_the_same_rows() {
    let database =
        postgres().create_database("CREATE TABLE a (id integer, t text); CREATE TABLE b (id integer, t text);");
    let mut loader = open(&database);
    let folder = tempfile::tempdir().unwrap();
    let (csv, parquet) = (folder.path().join("a.csv"), folder.path().join("b.parquet"));
    let (target_a, batch) = pairs("a", 0..20_000);
    let lines: Vec<String> = (0..20_000).map(|i| format!("{i},\"text {i}\"")).collect();
    std::fs::write(&csv, format!("\"id\",\"t\"\n{}\n", lines.join("\n"))).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&parquet).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let loaded = loader.load(&target_a, Payload::Csv { schema: batch.schema(), path: csv.clone() }).unwrap();
    assert_eq!(loaded.stored, 20_000);
    let (target_b, _) = pairs("b", 0..0);
    assert_eq!(loader.load(&target_b, Payload::Parquet { path: parquet }).unwrap().stored, 20_000);
    assert_eq!(database.number("SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM b) x"), 0);

    std::fs::write(&csv, "id,t\n1,\"x\n").unwrap();
    let error = complaint(loader.load(&target_a, Payload::Csv { schema: batch.schema(), path: csv.clone() }));
    assert!(error.contains("a.csv") && error.contains("row 1"), "{error}");
    let narrow = crate::target("a", &[]);
    let error = complaint(loader.load(&narrow, Payload::Csv { schema: batch.schema(), path: csv }));
    assert!(error.contains("2 columns were given for 0"), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM a"), 20_000);
}
