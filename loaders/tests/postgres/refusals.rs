//! Rows that the server refuses are reported early, with table, constraint and row, and nothing is stored.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray};
use dbmocker_loaders::LoadError;

use crate::{complaint, load, load_all, open, pairs, postgres, table, wait_until_it_sleeps};

#[test]
fn constraints_are_named() {
    let database = postgres().create_database(
        "CREATE TABLE t (id integer CONSTRAINT t_key UNIQUE, t text NOT NULL CONSTRAINT short CHECK (length(t) < 9));
         CREATE TABLE parts (id integer, t text) PARTITION BY RANGE (id);
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
         CREATE TABLE child (id integer REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED, t text);",
    );
    let mut loader = open(&database);
    let columns = |ids: [i32; 2], texts: [Option<&str>; 2]| -> Vec<(&'static str, &'static str, ArrayRef)> {
        let texts = StringArray::from(texts.to_vec());
        vec![("id", "integer", Arc::new(Int32Array::from(ids.to_vec()))), ("t", "text", Arc::new(texts))]
    };
    let cases = [
        (
            "t",
            columns([1, 1], [Some("a"), Some("b")]),
            "23505",
            "violates unique constraint \"t_key\": Key (id)=(1) already exists (row 2 of this load)",
        ),
        ("t", columns([1, 2], [Some("a"), None]), "23502", "null value in column \"t\""),
        ("t", columns([1, 2], [Some("a"), Some("too long text")]), "23514", "violates check constraint \"short\""),
        ("parts", columns([1, 100], [None, None]), "23514", "no partition of relation \"parts\" found for row"),
        ("child", columns([1, 100], [None, None]), "23503", "violates foreign key constraint \"child_id_fkey\""),
        ("missing", columns([1, 2], [None, None]), "42P01", "relation \"public.missing\" does not exist"),
    ];
    for (name, columns, state, part) in cases {
        let (target, batch) = table(name, columns);
        let error = load(&mut *loader, &target, batch).unwrap_err();
        let LoadError::Table { table, message, code } = &error else { panic!("{error:?}") };
        assert_eq!((table.as_str(), code.as_deref()), (format!("public.{name}").as_str(), Some(state)), "{message}");
        assert!(message.contains(part), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
    let counts = "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM parts) + (SELECT count(*) FROM child)";
    assert_eq!(database.number(counts), 0);

    let (target, batch) = pairs("parts", 0..100);
    assert_eq!(load(&mut *loader, &target, batch).unwrap().stored, 100, "the session still works");
}

/// Without early detection, all 400 batches would be encoded and sent before the error is noticed.
#[test]
fn a_refused_row_stops_the_load_early() {
    let database = postgres().create_database("CREATE TABLE t (id integer PRIMARY KEY, t text)");
    let mut loader = open(&database);
    let (target, batch) = pairs("t", 0..20_000);
    let mut pulled = 0;
    let mut batches = (0..400).map(|_| {
        pulled += 1;
        Ok(batch.clone())
    });
    let error = complaint(load_all(&mut *loader, &target, batch.schema(), &mut batches));
    assert!(error.contains("t_pkey") && error.contains("row 20001 of this load"), "{error}");
    assert!(pulled < 100, "{pulled} batches were made");
}

#[test]
fn swallowed_rows_are_an_error() {
    let database = postgres().create_database(
        "CREATE TABLE t (id integer, t text);
         CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN IF NEW.id % 10 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
         CREATE TRIGGER swallow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION swallow();",
    );
    let (target, batch) = pairs("t", 0..100);
    let error = load(&mut *open(&database), &target, batch).unwrap_err();
    assert!(matches!(error, LoadError::Short { sent: 100, stored: 90, .. }), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM t"), 0);
}

#[test]
fn an_error_of_the_source_leaves_nothing() {
    let database = postgres().create_database("CREATE TABLE t (id integer, t text)");
    let mut loader = open(&database);
    let (target, batch) = pairs("t", 0..50_000);
    let failing = || LoadError::Source("the generator gave up".into());
    let mut batches = [Ok(batch.clone()), Ok(batch.clone()), Err(failing()), Ok(batch.clone())].into_iter();
    let error = complaint(load_all(&mut *loader, &target, batch.schema(), &mut batches));
    assert_eq!(error, "the generator gave up");
    assert_eq!(loader.query("SELECT count(*) FROM public.t").unwrap()[0][0].as_deref(), Some("0"));
    assert_eq!(load(&mut *loader, &target, batch).unwrap().stored, 50_000, "the session still works");
}

#[test]
fn another_thread_cancels_a_statement_and_a_load() {
    let database = postgres().create_database("CREATE TABLE t (id integer, t text)");
    let mut loader = open(&database);
    let cancel = loader.canceller();
    cancel(); // nothing runs
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until_it_sleeps(&database);
            cancel();
        });
        let error = loader.query("SELECT pg_sleep(600)").unwrap_err();
        assert!(matches!(error, LoadError::Cancelled), "{error}");
    });
    let (target, batch) = pairs("t", 0..1000);
    let mut batches = 0;
    let mut endless = std::iter::repeat_with(|| {
        batches += 1;
        if batches == 10 {
            cancel();
        }
        Ok(batch.clone())
    });
    let error = load_all(&mut *loader, &target, batch.schema(), &mut endless).unwrap_err();
    assert!(matches!(error, LoadError::Cancelled), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM t"), 0);
    assert_eq!(load(&mut *loader, &target, batch).unwrap().stored, 1000);
}

#[test]
fn a_late_cancel_request_stops_no_other_statement() {
    let database = postgres().create_database("");
    let mut loader = open(&database);
    let cancel = loader.canceller();
    for _ in 0..10 {
        std::thread::scope(|scope| {
            let canceller = scope.spawn(|| (0..10).for_each(|_| cancel()));
            while !canceller.is_finished() {
                match loader.query("SELECT 1") {
                    Ok(_) | Err(LoadError::Cancelled) => {}
                    Err(e) => panic!("{e}"),
                }
            }
        });
        for _ in 0..20 {
            loader.query("SELECT 1").unwrap();
        }
    }
}

#[test]
fn a_cancel_request_of_somebody_else_is_told() {
    let database = postgres().create_database("");
    let mut loader = open(&database);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until_it_sleeps(&database);
            database.execute(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'dbmocker' AND datname = current_database()",
            );
        });
        let error = complaint(loader.query("SELECT pg_sleep(600)"));
        assert!(error.contains("another session stopped it") && error.contains("pg_cancel_backend"), "{error}");
    });
}

#[test]
fn a_lost_connection_says_why() {
    let database = postgres().create_database("CREATE TABLE t (id integer, t text)");
    let mut loader = open(&database);
    let (target, batch) = pairs("t", 0..1000);
    let mut loads = 0;
    let mut batches = std::iter::repeat_with(|| {
        loads += 1;
        if loads == 20 {
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'dbmocker' AND datname = current_database()",
            );
        }
        Ok(batch.clone())
    });
    let error = complaint(load_all(&mut *loader, &target, batch.schema(), &mut batches));
    // The server's last message, unless the socket was closed before it was read.
    let told = ["terminating connection due to administrator command", "the connection was lost"];
    assert!(told.iter().any(|part| error.contains(part)), "{error}");
    let error = complaint(loader.query("SELECT 1"));
    assert!(error.contains("connection"), "{error}");
}

#[test]
fn a_copy_refused_before_it_begins_leaves_the_session_usable() {
    let db = postgres().create_database("CREATE TABLE t (id int, t text); CREATE VIEW v AS SELECT * FROM t;");
    let mut loader = open(&db);
    for _ in 0..3 {
        let (target, batch) = pairs("v", 0..5);
        assert!(complaint(load(&mut *loader, &target, batch)).contains("view"));
        assert_eq!(loader.query("SELECT 7").unwrap()[0][0].as_deref(), Some("7"));
    }
    let (target, batch) = pairs("t", 0..5);
    assert_eq!(load(&mut *loader, &target, batch).unwrap().stored, 5);
}
