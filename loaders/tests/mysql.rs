//! The MySQL loader against a real MariaDB.
#![allow(clippy::unwrap_used)] // in a test, a panic is the report

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatchOptions;
use dbmocker_loaders::{Connection, LoadError, Loader, Payload, Target, TlsMode};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[path = "common/mariadb.rs"]
mod mariadb;
#[path = "common/rows.rs"]
mod rows;

use mariadb::Server;
use rows::{NASTY, batch, column, load, load_all, target, value};

fn some<T>(x: T) -> Vec<Option<T>> {
    vec![Some(x), None]
}

/// Creates `t` with one column a type and returns its target.
fn table(loader: &mut dyn Loader, columns: &[(&str, &str)]) -> Target {
    let defs: Vec<String> = columns.iter().map(|(n, t)| format!("`{n}` {t}")).collect();
    loader.execute(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t ({}) ENGINE=InnoDB", defs.join(", "))).unwrap();
    target("shop", "t", columns)
}

#[test]
fn every_type_arrives_with_its_nulls() {
    let server = Server::start();
    let mut loader = server.loader();
    all_types(&mut *loader, "LOAD DATA");
    loader.execute("SET GLOBAL local_infile = 0").unwrap();
    loader.finish().unwrap();
    all_types(&mut *server.loader(), "INSERT");
}

fn all_types(loader: &mut dyn Loader, path: &str) {
    let micros = 1_700_000_000_123_456;
    let columns: [(&str, &str, ArrayRef, &str, &str); 24] = [
        ("boolean", "tinyint(1)", Arc::new(BooleanArray::from(some(true))), "{}", "1"),
        ("small", "smallint", Arc::new(Int16Array::from(some(-7))), "{}", "-7"),
        ("unsigned", "bigint unsigned", Arc::new(UInt64Array::from(some(u64::MAX))), "{}", "18446744073709551615"),
        ("whole", "bigint", Arc::new(Int64Array::from(some(i64::MIN))), "{}", "-9223372036854775808"),
        ("real", "double", Arc::new(Float64Array::from(some(1.0 / 3.0))), "{}", "0.3333333333333333"),
        ("huge", "double", Arc::new(Float64Array::from(some(-1.5e300))), "{}", "-1.5e300"),
        ("narrow", "float", Arc::new(Float32Array::from(some(0.1))), "{}", "0.1"),
        (
            "money",
            "decimal(12,2)",
            Arc::new(Decimal128Array::from(some(-5)).with_precision_and_scale(12, 2).unwrap()),
            "{}",
            "-0.05",
        ),
        ("day", "date", Arc::new(Date32Array::from(some(11_016))), "{}", "2000-02-29"),
        ("clock", "time(6)", Arc::new(Time64MicrosecondArray::from(some(1))), "{}", "00:00:00.000001"),
        (
            "moment",
            "datetime(6)",
            Arc::new(TimestampMicrosecondArray::from(some(micros))),
            "{}",
            "2023-11-14 22:13:20.123456",
        ),
        (
            "stamp",
            "timestamp(6) NULL",
            Arc::new(TimestampMicrosecondArray::from(some(micros)).with_timezone("UTC")),
            "UNIX_TIMESTAMP({})",
            "1700000000.123456",
        ),
        ("age", "year", Arc::new(Int16Array::from(some(2155))), "{}", "2155"),
        ("bits", "bit(12)", Arc::new(StringArray::from(some("100000000001"))), "BIN({})", "100000000001"),
        ("allbits", "bit(64)", Arc::new(StringArray::from(some(&"1".repeat(64)[..]))), "HEX({})", "FFFFFFFFFFFFFFFF"),
        ("flag", "bit(1)", Arc::new(BooleanArray::from(some(true))), "{} + 0", "1"),
        ("fixed", "binary(4)", Arc::new(BinaryArray::from(some(&b"\x00\xff\\\t"[..]))), "HEX({})", "00FF5C09"),
        ("blob", "longblob", Arc::new(BinaryArray::from(some(&b"\n'\x80\\N"[..]))), "HEX({})", "0A27805C4E"),
        ("doc", "json", Arc::new(StringArray::from(some(r#"{"a": "q\"\\ \n"}"#))), "{}", r#"{"a": "q\"\\ \n"}"#),
        ("choice", "enum('a','b''c','')", Arc::new(StringArray::from(some("b'c"))), "{}", "b'c"),
        ("many", "set('x','y','z')", Arc::new(StringArray::from(some("x,z"))), "{}", "x,z"),
        ("old", "varchar(20) CHARACTER SET latin1", Arc::new(StringArray::from(some("café"))), "HEX({})", "636166E9"),
        ("place", "point", Arc::new(StringArray::from(some("POINT(1 2.5)"))), "ST_AsText({})", "POINT(1 2.5)"),
        (
            "id",
            "uuid",
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(some([0xab; 16]).into_iter(), 16).unwrap()),
            "{}",
            "abababab-abab-abab-abab-abababababab",
        ),
    ];
    let defs: Vec<(&str, &str)> = columns.iter().map(|(name, ty, ..)| (*name, *ty)).collect();
    let target = table(loader, &defs);
    let loaded = load(loader, &target, columns.iter().map(|(_, _, array, ..)| Arc::clone(array)).collect()).unwrap();
    assert_eq!((loaded.sent, loaded.stored), (2, 2));
    assert_eq!(loaded.notes.is_empty(), path == "LOAD DATA", "{:?}", loaded.notes);
    for (name, ty, _, read, expected) in &columns {
        let read = read.replace("{}", &format!("`{name}`"));
        let got = column(loader, &format!("SELECT {read} FROM t ORDER BY boolean IS NULL"));
        assert_eq!(got, [Some((*expected).to_owned()), None], "{path}: {name} {ty}");
    }
}

/// `NASTY`, and one value of 1 MB, by every path and in both modes of the backslash.
#[test]
fn nasty_text_arrives_unchanged() {
    let server = Server::start();
    let long = "0123456789abcde\\".repeat(1 << 16);
    let texts: Vec<Option<&str>> = NASTY.iter().copied().chain([long.as_str()]).map(Some).chain([None]).collect();
    for local_infile in [1, 0] {
        for mode in ["", "NO_BACKSLASH_ESCAPES,ANSI_QUOTES"] {
            let setup = format!("SET GLOBAL local_infile = {local_infile}; SET GLOBAL sql_mode = '{mode}'");
            server.loader().execute(&setup).unwrap();
            let mut loader = server.loader();
            let target = table(&mut *loader, &[("id", "int"), ("text", "longtext")]);
            let ids = Int32Array::from_iter_values(0..i32::try_from(texts.len()).unwrap());
            let loaded =
                load(&mut *loader, &target, vec![Arc::new(ids), Arc::new(StringArray::from(texts.clone()))]).unwrap();
            assert_eq!(loaded.stored, texts.len() as u64);
            assert_eq!(loaded.notes.iter().any(|n| n.contains("SET GLOBAL local_infile = 1")), local_infile == 0);
            let got = column(&mut *loader, "SELECT `text` FROM t ORDER BY id");
            for (got, text) in got.iter().zip(&texts) {
                assert!(got.as_deref() == *text, "{got:?} for {text:?}, {local_infile}, {mode}");
            }
        }
    }
}

#[test]
fn any_text_survives_the_round_trip() {
    let server = Server::start();
    let mut loader = server.loader();
    let target = table(&mut *loader, &[("id", "int"), ("text", "longtext"), ("bytes", "longblob")]);
    let shared = RefCell::new(loader);
    let special = prop::sample::select(vec!["\\", "\t", "\n", "\r", "\0", "'", "\"", "N", "n", "🦀", "é", ",", " "]);
    let piece = prop_oneof![special.prop_map(str::to_owned), any::<String>()];
    let text = prop::option::of(prop::collection::vec(piece, 0..6).prop_map(|p| p.concat()));
    let bytes = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    let mut runner = TestRunner::new(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() });
    runner
        .run(&prop::collection::vec((text, bytes), 1..40), |rows| {
            let mut loader = shared.borrow_mut();
            loader.execute("TRUNCATE t").unwrap();
            let (texts, blobs): (Vec<_>, Vec<_>) = rows.iter().cloned().unzip();
            let ids = Int32Array::from_iter_values(0..i32::try_from(rows.len()).unwrap());
            load(
                &mut **loader,
                &target,
                vec![
                    Arc::new(ids),
                    Arc::new(StringArray::from(texts.clone())),
                    Arc::new(BinaryArray::from_iter(&blobs)),
                ],
            )
            .unwrap();
            let got = column(&mut **loader, "SELECT `text` FROM t ORDER BY id");
            prop_assert_eq!(got, texts);
            let hex = |b: &Vec<u8>| b.iter().map(|b| format!("{b:02X}")).collect::<String>();
            let got = column(&mut **loader, "SELECT HEX(bytes) FROM t ORDER BY id");
            prop_assert_eq!(got, blobs.iter().map(|b| b.as_ref().map(hex)).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
}

/// Everything that LOAD DATA LOCAL reports as a warning only.
#[test]
fn what_the_server_would_change_or_skip_is_an_error_and_leaves_nothing() {
    let server = Server::start();
    for local_infile in [1, 0] {
        server.loader().execute(&format!("SET GLOBAL local_infile = {local_infile}")).unwrap();
        let mut loader = server.loader();
        let ids = |ids: &[i64]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
        let cases: [(&str, ArrayRef, &str, &str); 8] = [
            ("tinyint UNIQUE", ids(&[7, 8, 7]), "Duplicate", "23000"),
            ("tinyint PRIMARY KEY", ids(&[7, 8, 7]), "Duplicate entry", "23000"),
            ("tinyint PRIMARY KEY", ids(&[7, 8, 1000]), "Out of range", "22003"),
            ("tinyint CHECK (v < 9)", ids(&[7, 8, 9]), "CONSTRAINT", "23000"),
            ("tinyint NOT NULL", Arc::new(Int64Array::from(vec![Some(1), None])), "null", ""),
            ("varchar(3)", Arc::new(StringArray::from(vec!["abc", "abcd"])), "Data ", ""),
            ("date", Arc::new(StringArray::from(vec!["2023-02-28", "2023-02-30"])), "at row 2", ""),
            ("varchar(9) CHARACTER SET latin1", Arc::new(StringArray::from(vec!["日本"])), "Incorrect string", ""),
        ];
        for (ty, array, expected, state) in cases {
            let target = table(&mut *loader, &[("v", ty)]);
            let error = load(&mut *loader, &target, vec![array]).unwrap_err();
            let LoadError::Table { table, message, code } = &error else { panic!("{error:?}") };
            assert_eq!(table, "shop.t");
            assert!(message.to_lowercase().contains(&expected.to_lowercase()), "{ty}: {message}");
            assert!(state.is_empty() || code.as_deref() == Some(state), "{ty}: {code:?} {message}");
            assert_eq!(value(&mut *loader, "SELECT COUNT(*) FROM t"), "0", "{ty} by {local_infile}");
        }
    }
}

#[test]
fn a_load_inside_a_transaction_is_taken_back_alone() {
    let server = Server::start();
    let mut loader = server.loader();
    let target = table(&mut *loader, &[("v", "int PRIMARY KEY")]);
    loader.execute("START TRANSACTION").unwrap();
    loader.execute("INSERT INTO t VALUES (1)").unwrap();
    load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![2, 3]))]).unwrap();
    load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![4, 2]))]).unwrap_err();
    assert_eq!(column(&mut *server.loader(), "SELECT v FROM t"), []);
    loader.execute("COMMIT").unwrap();
    let stored: Vec<_> = column(&mut *server.loader(), "SELECT v FROM t").into_iter().flatten().collect();
    assert_eq!(stored, ["1", "2", "3"]);
}

#[test]
fn an_error_of_the_source_leaves_no_rows_and_comes_through() {
    let server = Server::start();
    let mut loader = server.loader();
    let target = table(&mut *loader, &[("v", "int")]);
    let rows = batch(&target, vec![Arc::new(Int32Array::from_iter_values(0..300_000))]);
    let batches =
        vec![Ok(rows.clone()), Err(LoadError::File { path: "part-7".into(), message: "gone".into() }), Ok(rows)];
    let error = load_all(&mut *loader, &target, batches[0].as_ref().unwrap().schema(), batches).unwrap_err();
    assert!(matches!(error, LoadError::File { .. }), "{error:?}");
    assert_eq!(value(&mut *loader, "SELECT COUNT(*) FROM t"), "0");
    load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![1]))]).unwrap();
    assert_eq!(value(&mut *loader, "SELECT COUNT(*) FROM t"), "1");
}

#[test]
fn zero_is_kept_in_auto_increment_and_triggers_do_not_count() {
    let server = Server::start();
    let mut loader = server.loader();
    let target = table(&mut *loader, &[("v", "int AUTO_INCREMENT PRIMARY KEY")]);
    loader
        .execute(
            "CREATE TABLE log (v int); \
             CREATE TRIGGER copied AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (NEW.v), (NEW.v)",
        )
        .unwrap();
    let loaded = load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![0, 1, 5]))]).unwrap();
    assert_eq!((loaded.sent, loaded.stored), (3, 3));
    assert_eq!(value(&mut *loader, "SELECT GROUP_CONCAT(v ORDER BY v) FROM t"), "0,1,5");
    assert_eq!(value(&mut *loader, "SELECT COUNT(*) FROM log"), "6");
}

#[test]
fn a_table_that_fills_itself_takes_rows_without_columns() {
    let server = Server::start();
    for local_infile in [1, 0] {
        server.loader().execute(&format!("SET GLOBAL local_infile = {local_infile}")).unwrap();
        let mut loader = server.loader();
        let mut target = table(&mut *loader, &[("v", "int AUTO_INCREMENT PRIMARY KEY")]);
        target.columns.clear();
        let options = RecordBatchOptions::new().with_row_count(Some(4));
        let schema = Arc::new(Schema::empty());
        let rows = RecordBatch::try_new_with_options(Arc::clone(&schema), vec![], &options).unwrap();
        let loaded = load_all(&mut *loader, &target, schema, vec![Ok(rows)]).unwrap();
        assert_eq!(loaded.stored, 4);
        assert_eq!(value(&mut *loader, "SELECT GROUP_CONCAT(v) FROM t"), "1,2,3,4");
    }
}

/// An endless payload, until the load is stopped.
#[test]
fn a_load_can_be_stopped_from_another_thread() {
    let server = Server::start();
    let mut loader = server.loader();
    let target = table(&mut *loader, &[("v", "int")]);
    let rows = batch(&target, vec![Arc::new(Int32Array::from_iter_values(0..50_000))]);
    let stop = loader.canceller();
    let schema = Arc::new(Schema::new(vec![Field::new("v", DataType::Int32, true)]));
    let mut batches = 0;
    let mut endless = std::iter::repeat_with(|| {
        batches += 1;
        if batches == 20 {
            std::thread::scope(|scope| scope.spawn(&stop).join().unwrap());
        }
        Ok(rows.clone())
    });
    let error = loader.load(&target, Payload::Batches { schema, batches: &mut endless }).unwrap_err();
    assert!(matches!(error, LoadError::Cancelled), "{error:?}");
    assert_eq!(value(&mut *loader, "SELECT COUNT(*) FROM t"), "0");
    let again = load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![1]))]).unwrap_err();
    assert!(matches!(again, LoadError::Cancelled));
    loader.finish().unwrap();
}

#[test]
fn a_late_kill_stops_no_other_statement_and_somebody_elses_is_told() {
    let server = Server::start();
    let (mut loader, mut other) = (server.loader(), server.loader());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let sleeps = "SELECT id FROM information_schema.processlist WHERE info = 'SELECT SLEEP(600)'";
            loop {
                if let Some(row) = other.query(sleeps).unwrap().pop() {
                    return other.execute(&format!("KILL QUERY {}", row[0].as_deref().unwrap())).unwrap();
                }
            }
        });
        // The function gives 1 where it is interrupted; as part of a statement that writes it is an error.
        match loader.query("SELECT SLEEP(600)") {
            Ok(rows) => assert_eq!(rows[0][0].as_deref(), Some("1")),
            Err(e) => assert!(e.to_string().contains("another session stopped it"), "{e}"),
        }
    });
    let stop = loader.canceller();
    std::thread::scope(|scope| {
        let stopper = scope.spawn(|| (0..20).for_each(|_| stop()));
        while !stopper.is_finished() {
            match loader.query("SELECT 1") {
                Ok(_) | Err(LoadError::Cancelled) => {}
                Err(e) => panic!("{e}"),
            }
        }
    });
    for _ in 0..50 {
        loader.query("SELECT 1").unwrap();
    }
}

#[test]
fn an_engine_without_transactions_is_told() {
    let server = Server::start();
    let mut loader = server.loader();
    loader.execute("CREATE TABLE m (v int PRIMARY KEY) ENGINE=MyISAM").unwrap();
    let target = target("shop", "m", &[("v", "int")]);
    let error = load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![1, 1]))]).unwrap_err();
    assert!(error.to_string().contains("engine has no transactions"), "{error}");
}

#[test]
fn a_locked_row_is_named() {
    let server = Server::start();
    let (mut first, mut second) = (server.loader(), server.loader());
    let target = table(&mut *first, &[("v", "int PRIMARY KEY")]);
    first.execute("START TRANSACTION; INSERT INTO t VALUES (1)").unwrap();
    second.execute("SET innodb_lock_wait_timeout = 1").unwrap();
    let error = load(&mut *second, &target, vec![Arc::new(Int32Array::from(vec![1]))]).unwrap_err();
    assert!(error.to_string().contains("another session holds a lock"), "{error}");
}

#[test]
fn connecting_fails_with_advice() {
    let server = Server::start();
    let fails = |change: &dyn Fn(&mut Connection)| {
        let mut connection = server.connection("shop");
        change(&mut connection);
        match dbmocker_loaders::mysql::connect(&connection) {
            Err(e) => e.to_string(),
            Ok(_) => panic!("connected"),
        }
    };
    let message = fails(&|c| c.database = "shpo".into());
    assert!(message.contains("no database `shpo`") && message.contains("did you mean `shop`?"), "{message}");
    let message = fails(&|c| c.port = 1);
    assert!(message.contains("nothing listens there"), "{message}");
    let message = fails(&|c| {
        c.user = "nobody".into();
        c.password = Some("hunter2".into());
    });
    assert!(message.contains("check user and password") && !message.contains("hunter2"), "{message}");
    let message = fails(&|c| c.tls = TlsMode::Require);
    assert!(message.contains("offers no TLS"), "{message}");
    let message = fails(&|c| c.host = "/nowhere/mysqld.sock".into());
    assert!(message.contains("no such socket"), "{message}");
    let mut connection = server.connection("shop");
    connection.tls = TlsMode::Prefer;
    dbmocker_loaders::mysql::connect(&connection).unwrap();
    connection.host = server.path().join("sock").display().to_string();
    dbmocker_loaders::mysql::connect(&connection).unwrap();
}

/// A certificate authority and a certificate of it for `localhost` only, in `folder`.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
        let done = done.expect("openssl is installed: apt install openssl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-authority -keyout ca.key -out ca.pem");
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    std::fs::write(folder.join("san"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile san -out server.pem");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out version1.pem");
}

#[test]
fn encryption_is_what_the_connection_asks() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let option = |name: &str, file: &str| format!("--{name}={}", folder.path().join(file).display());
    let (ca, cert, key) =
        (option("ssl-ca", "ca.pem"), option("ssl-cert", "server.pem"), option("ssl-key", "server.key"));
    let server = Server::start_with(&["--local-infile=1", &ca, &cert, &key]);
    let cipher = |tls, host: &str, root: bool| {
        let connection = Connection {
            tls,
            host: host.into(),
            tls_root: root.then(|| folder.path().join("ca.pem")),
            session: dbmocker_loaders::SessionOptions::default(),
            ..server.connection("shop")
        };
        let mut loader = dbmocker_loaders::connect(&connection).map_err(|e| e.to_string())?;
        let row = loader.query("SHOW STATUS LIKE 'Ssl_cipher'").unwrap().remove(0);
        let target = table(&mut *loader, &[("v", "int")]);
        load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![1]))]).unwrap();
        Ok::<_, String>(row[1].clone().unwrap())
    };
    assert_eq!(cipher(TlsMode::Disable, "127.0.0.1", false).unwrap(), "");
    for (mode, host, root) in [
        (TlsMode::Prefer, "127.0.0.1", false),
        (TlsMode::Require, "127.0.0.1", false),
        (TlsMode::VerifyCa, "127.0.0.1", true),
        (TlsMode::VerifyFull, "localhost", true),
    ] {
        assert_ne!(cipher(mode, host, root).unwrap(), "", "{mode:?}");
    }
    for (mode, host, root) in [
        (TlsMode::VerifyFull, "127.0.0.1", true),
        (TlsMode::VerifyFull, "localhost", false),
        (TlsMode::VerifyCa, "127.0.0.1", false),
    ] {
        let message = cipher(mode, host, root).unwrap_err();
        assert!(message.contains("TLS failed") && message.contains("certificate"), "{mode:?}: {message}");
    }
}

/// The drivers do not read them: what prefers encryption goes on without, all else says why not.
#[test]
fn certificates_of_version_1() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let option = |name: &str, file: &str| format!("--{name}={}", folder.path().join(file).display());
    let (ca, cert, key) =
        (option("ssl-ca", "ca.pem"), option("ssl-cert", "version1.pem"), option("ssl-key", "server.key"));
    let server = Server::start_with(&[&ca, &cert, &key]);
    let to = |tls| {
        let session = dbmocker_loaders::SessionOptions::default();
        let tls_root = Some(folder.path().join("ca.pem"));
        Connection { tls, tls_root, host: "127.0.0.1".into(), session, ..server.connection("shop") }
    };
    let mut loader = dbmocker_loaders::connect(&to(TlsMode::Prefer)).unwrap();
    assert_eq!(loader.query("SHOW STATUS LIKE 'Ssl_cipher'").unwrap()[0][1].as_deref(), Some(""));
    for tls in [TlsMode::Require, TlsMode::VerifyCa] {
        let message = dbmocker_loaders::connect(&to(tls)).map(drop).unwrap_err().to_string();
        assert!(message.contains("X.509 version 1") && message.contains("-extfile"), "{tls:?}: {message}");
    }
}

/// Two sessions that wait for each other's row lock.
#[test]
fn a_deadlock_is_named() {
    let server = Server::start();
    let (mut first, mut second) = (server.loader(), server.loader());
    let target = table(&mut *first, &[("v", "int PRIMARY KEY")]);
    first.execute("INSERT INTO t VALUES (0)").unwrap(); // the first rows of an empty table lock all of it
    first.execute("START TRANSACTION; INSERT INTO t VALUES (1)").unwrap();
    second.execute("START TRANSACTION; INSERT INTO t VALUES (2)").unwrap();
    let loads = |mut loader: Box<dyn Loader>, v: i32| {
        let error = load(&mut *loader, &target, vec![Arc::new(Int32Array::from(vec![v]))]).err();
        loader.execute("ROLLBACK").unwrap();
        error
    };
    let errors = std::thread::scope(|scope| {
        let threads = [scope.spawn(|| loads(first, 2)), scope.spawn(|| loads(second, 1))];
        threads.map(|t| t.join().unwrap())
    });
    let messages: Vec<String> = errors.into_iter().flatten().map(|e| e.to_string()).collect();
    assert!(messages.iter().any(|m| m.contains("victim of a deadlock")), "{messages:?}");
}

/// A payload larger than all buffers between loader and server, with the smallest packet limit that a server may have.
#[test]
fn many_chunks_arrive_through_small_packets() {
    let server = Server::start_with(&["--local-infile=1", "--max-allowed-packet=16K"]);
    let mut loader = server.loader();
    for local_infile in [1, 0] {
        loader.execute(&format!("SET GLOBAL local_infile = {local_infile}")).unwrap();
        let mut loader = server.loader();
        let target = table(&mut *loader, &[("id", "int PRIMARY KEY"), ("v", "varchar(200)")]);
        let batches: Vec<_> = (0..8)
            .map(|part| {
                let ids = Int32Array::from_iter_values(part * 5000..(part + 1) * 5000);
                let texts: StringArray = ids.iter().map(|id| id.map(|id| format!("{id}\t").repeat(12))).collect();
                Ok(batch(&target, vec![Arc::new(ids), Arc::new(texts)]))
            })
            .collect();
        let schema = batches[0].as_ref().map(|b: &RecordBatch| b.schema()).unwrap();
        let loaded = load_all(&mut *loader, &target, schema, batches).unwrap();
        assert_eq!(loaded.stored, 40_000);
        assert!(loaded.bytes > 2 << 20);
        let wrong = "SELECT COUNT(*) FROM t WHERE v <> REPEAT(CONCAT(id, '\t'), 12)";
        assert_eq!(value(&mut *loader, wrong), "0");
    }
}
