//! What can go wrong around a run: each is told so that one knows what to do, and leaves nothing half done.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Ran, command, dbmocker, run};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

const TWO: &str = "CREATE TABLE seen (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL);
                   CREATE TABLE hidden (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL);";

/// An account with no right but those that are granted; its URL.
fn account(db: &Database, postgres: &str, mariadb: &str) -> (String, String) {
    let user = format!("e{}", db.name);
    let server = db.server.unwrap();
    match db.kind {
        Kind::Postgres => {
            db.execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'secret-7'; {}", postgres.replace("USER", &user)));
        }
        _ => db.execute(&format!(
            "CREATE USER {user}@'%' IDENTIFIED BY 'secret-7'; {}",
            mariadb.replace("USER", &format!("{user}@'%'")).replace("DB", &db.name)
        )),
    }
    (server.url_as(&user, "secret-7", &db.name), user)
}

fn drop_account(db: &Database, user: &str) {
    match db.kind {
        Kind::Postgres => db.execute(&format!("DROP OWNED BY {user}; DROP ROLE {user};")),
        _ => db.execute(&format!("DROP USER {user}@'%';")),
    }
}

#[test]
fn a_table_that_the_account_may_not_write_is_left_out_and_named() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let db = database(kind, TWO);
        let (url, user) = account(
            &db,
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO USER; GRANT INSERT ON seen TO USER;",
            "GRANT SELECT ON DB.* TO USER; GRANT INSERT, CREATE TEMPORARY TABLES ON DB.* TO USER; REVOKE INSERT ON DB.* FROM USER; GRANT INSERT ON DB.seen TO USER;",
        );
        let ran = dbmocker(["load", "--url", &url, "--rows", "20"]).ok();
        assert!(ran.stderr.contains("hidden: no privilege to insert"), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM seen"), 20, "{kind:?}");
        let ran = dbmocker(["load", "--url", &url, "--rows", "20", "--tables", "hidden"]).expect(3);
        assert!(ran.stderr.contains("no privilege to insert"), "{kind:?}: {}", ran.stderr);
        let ran = dbmocker(["load", "--url", &url, "--rows", "20", "--tables", "seen", "--truncate"]);
        assert_ne!(ran.code, 0, "{kind:?}");
        assert!(!ran.stderr.contains("secret-7"), "{}", ran.stderr);
        let said = ran.stderr.to_lowercase();
        assert!(said.contains("permission denied") || said.contains("command denied"), "{kind:?}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM seen"), 20, "{kind:?}");
        drop_account(&db, &user);
    }
}

#[test]
fn a_type_without_a_generator_is_told_with_its_column_and_the_way_out() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE odd (id int PRIMARY KEY, snap pg_ndistinct NOT NULL); CREATE TABLE good (id int PRIMARY KEY, snap pg_ndistinct);",
    );
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "20"]).expect(3);
    for told in ["`public.odd`", "column `snap`", "pg_ndistinct", "--skip-unsolved"] {
        assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
    }
    dbmocker(["load", "--url", &db.url, "--rows", "20", "--skip-unsolved"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM good"), 20);
}

/// Runs the program where no file may grow beyond so many kibibytes: the next thing to a full disk that needs no rights.
fn with_small_files(kib: u32, args: &[&str]) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
    let program = command().get_program().to_owned();
    run(Command::new("bash").arg("-c").arg(script).arg(program).args(args).stdin(Stdio::null()))
}

#[test]
fn a_full_disk_is_told_and_leaves_no_half_file() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    for format in ["csv", "parquet"] {
        let out = folder.path().join(format);
        let out_text = out.to_str().unwrap();
        let args = ["export", "--url", &db.url, "--rows", "20000", "--format", format, "--out", out_text];
        let ran = with_small_files(200, &args).expect(4);
        assert!(ran.stderr.contains(out_text), "{}", ran.stderr);
        assert!(ran.stderr.to_lowercase().contains("file too large"), "{}", ran.stderr);
        let left: Vec<_> = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
        let half = |n: &std::ffi::OsString| n == "manifest.json" || n.to_string_lossy().contains("inprogress");
        assert!(!left.iter().any(half), "{left:?}");
    }
    let ran = with_small_files(300, &["load", "--url", &db.url, "--rows", "20000"]).expect(4);
    let said = ran.stderr.to_lowercase();
    assert!(said.contains("full") || said.contains("disk i/o error") || said.contains("too large"), "{}", ran.stderr);
    whole_or_empty(&db, 20_000);
    dbmocker(["load", "--url", &db.url, "--rows", "500", "--truncate"]).ok();
}

/// No table is partly filled.
fn whole_or_empty(db: &Database, rows: i64) {
    for table in TABLES {
        let found = db.number(&format!("SELECT count(*) FROM {table}"));
        assert!(found == 0 || found == rows, "{:?}: {table} holds {found} rows", db.kind);
    }
}

/// Keys, foreign keys, CHECKs, indexes and triggers as dbmocker reads them, without row counts.
fn structure(db: &Database) -> serde_json::Value {
    let mut json: serde_json::Value =
        serde_json::from_str(&dbmocker(["analyze", "--json", "--url", &db.url]).ok().stdout).unwrap();
    for table in json["tables"].as_array_mut().unwrap() {
        table.as_object_mut().unwrap().remove("existing");
    }
    json["tables"].take()
}

/// Sends SIGINT once `seen` says that the run is under way.
fn interrupted(args: &[&str], seen: &dyn Fn() -> bool) -> (i32, String) {
    let mut child = command().args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !seen() && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be interrupted");
    Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_interrupted_load_leaves_tables_whole_or_empty_and_everything_in_place() {
    for kind in KINDS {
        let db = shop(kind);
        let before = structure(&db);
        let begun = Instant::now();
        // Indexes and foreign keys wait for the rows of tables this large.
        let (code, stderr) =
            interrupted(&["load", "--url", &db.url, "--rows", "300000"], &|| begun.elapsed() > Duration::from_secs(2));
        assert_eq!(code, 130, "{kind:?}: {stderr}");
        assert!(stderr.contains("interrupted"), "{stderr}");
        whole_or_empty(&db, 300_000);
        assert_eq!(structure(&db), before, "{kind:?}");
        // Nothing of the run stands in the way of the next.
        dbmocker(["load", "--url", &db.url, "--rows", "50", "--truncate"]).ok();
    }
}

#[test]
fn an_interrupted_export_leaves_no_half_file() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    let begun = || out.is_dir() && std::fs::read_dir(&out).is_ok_and(|d| d.count() > 0);
    let args = ["export", "--url", &db.url, "--rows", "2000000", "--out", out.to_str().unwrap()];
    let (code, stderr) = interrupted(&args, &begun);
    assert_eq!(code, 130, "{stderr}");
    let left: Vec<_> = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().contains("inprogress")), "{left:?}");
    assert!(!out.join("manifest.json").exists());
}

#[test]
fn a_password_flag_is_not_in_the_process_list_either() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let common =
        ["analyze", "--driver", "mysql", "--host", "127.0.0.1", "--port", &port, "--username", "me", "--database", "d"];
    listener.set_nonblocking(true).unwrap();
    for password in [&["--password", "seen-by-all"][..], &["--password=seen-by-all"][..]] {
        let mut child =
            command().args(common).args(password).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        let held = loop {
            if let Ok(held) = listener.accept() {
                break held;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "dbmocker did not connect");
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut shown = String::new();
        std::fs::File::open(format!("/proc/{}/cmdline", child.id())).unwrap().read_to_string(&mut shown).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        drop(held);
        assert!(shown.contains("analyze") && !shown.contains("seen-by-all"), "{shown}");
    }
}

#[test]
fn an_empty_database_and_a_manifest_that_is_not_there() {
    for kind in KINDS {
        let db = database(kind, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY); DROP TABLE t;");
        let ran = dbmocker(["load", "--url", &db.url, "--rows", "3"]).expect(3);
        assert!(ran.stderr.contains("has no tables; create them first"), "{kind:?}: {}", ran.stderr);
    }
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let ran = dbmocker(["verify", "--url", &db.url, "--rows", "/no/such.json"]).expect(3);
    assert!(ran.stderr.contains("cannot read `/no/such.json`"), "{}", ran.stderr);
    let ran = dbmocker(["verify", "--url", &db.url, "--rows", folder.path().to_str().unwrap()]).expect(3);
    assert!(ran.stderr.contains("has no manifest.json"), "{}", ran.stderr);
}

#[test]
fn an_account_that_may_make_no_temporary_tables_is_told_what_to_do() {
    let db = database(Kind::Postgres, TWO);
    db.execute(&format!("REVOKE TEMP ON DATABASE {} FROM PUBLIC;", db.name));
    let (url, user) = account(&db, "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO USER;", "");
    for more in [&[][..], &["--skip-unsolved"][..]] {
        let ran = dbmocker(["load", "--url", &url, "--rows", "20"].iter().chain(more)).expect(3);
        assert!(ran.stderr.contains("temporary tables") && ran.stderr.contains("--no-probe"), "{}", ran.stderr);
    }
    dbmocker(["load", "--url", &url, "--rows", "20", "--no-probe"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM hidden"), 20);
    drop_account(&db, &user);
}
