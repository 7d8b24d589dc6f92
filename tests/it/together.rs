//! Several runs on one database: one at a time; the others wait or report the active run, and no rows are lost.

use std::process::{Child, Command};

use crate::audit;
use crate::deferred_indexes::{POSTGRES, dump, wait};
use crate::program::{Ran, dbmocker, start};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn signal(name: &str, child: &Child) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn load(db: &Database, rows: u32, more: &[&str]) -> Child {
    start(["load", "--url", &db.url, "--rows", &rows.to_string()].iter().chain(more))
}

/// Waits until the run has its lock: the message that another command on the database gets.
fn refusal(db: &Database, running: &mut Child) -> String {
    let mut told = String::new();
    wait(|| {
        assert!(running.try_wait().unwrap().is_none(), "the load was over before anybody was refused");
        let ran = dbmocker(["restore", "--url", &db.url]);
        told = ran.stderr;
        ran.code != 0
    });
    told
}

fn one_at_a_time(kind: Kind) {
    let db = shop(kind);
    let other = shop(kind);
    let mut first = load(&db, 20_000, &["--stage", "files"]);
    let told = refusal(&db, &mut first);
    for said in ["another run is still active", &format!("process {} of `", first.id()), " UTC", "--wait SECONDS"] {
        assert!(told.contains(said), "{kind:?}: {said}: {told}");
    }
    assert!(!told.contains("killed"), "{kind:?}: {told}");
    signal("STOP", &first);
    let refused = dbmocker(["load", "--url", &db.url, "--rows", "10"]).expect(4);
    assert!(refused.stderr.contains("another run is still active"), "{kind:?}: {}", refused.stderr);
    let refused = dbmocker(["generate", "--url", &db.url, "--rows", "10", "--wait", "2"]).expect(4);
    assert!(refused.stderr.contains("after 2 seconds"), "{kind:?}: {}", refused.stderr);
    dbmocker(["high-performance", "--url", &other.url, "--rows", "10"]).ok();
    for reads in [&["plan"][..], &["verify"], &["high-performance", "--dry-run"]] {
        let read = dbmocker(reads.iter().chain(&["--url", &db.url]));
        // A SQLite file cannot be read while its pages are being written.
        if kind == Kind::Sqlite && read.code == 3 {
            let says = format!(
                "database is locked; another program holds a lock on it: close that program, or its transaction, and try again; the run of process {} of `",
                first.id()
            );
            assert!(read.stderr.contains(&says), "{}", read.stderr);
        } else {
            read.ok();
        }
    }
    let second = load(&db, 300, &["--wait", "300"]);
    signal("CONT", &first);
    for child in [first, second] {
        Ran::from(child.wait_with_output().unwrap()).ok();
    }
    audit::shop(&db, 20_300);
    if kind == Kind::Sqlite {
        let folder = std::path::Path::new(&db.name).parent().unwrap();
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "the lock file is gone");
    }
}

#[test]
fn one_at_a_time_on_postgres() {
    one_at_a_time(Kind::Postgres);
}

#[test]
fn one_at_a_time_on_mariadb() {
    one_at_a_time(Kind::MariaDb);
}

#[test]
fn one_at_a_time_on_sqlite() {
    one_at_a_time(Kind::Sqlite);
}

/// A run that writes a SQLite file locks it exclusively.
#[test]
fn a_locked_file_names_its_run() {
    let db = shop(Kind::Sqlite);
    let mut run = load(&db, 400_000, &["--stage", "files"]);
    refusal(&db, &mut run);
    let writer = rusqlite::Connection::open(&db.name).unwrap();
    // The run is stopped where it holds no lock of the file's own.
    loop {
        signal("STOP", &run);
        match writer.execute_batch("BEGIN EXCLUSIVE") {
            Ok(()) => break,
            Err(e) => assert_eq!(e.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy), "{e}"),
        }
        signal("CONT", &run);
    }
    for writes in [&["load", "--rows", "10"][..], &["restore"], &["load", "--resume"]] {
        let refused = dbmocker(writes.iter().chain(&["--url", &db.url])).expect(4);
        assert!(refused.stderr.contains("another run is still active"), "{writes:?}: {}", refused.stderr);
    }
    for reads in [&["plan"][..], &["verify"], &["runs"]] {
        let refused = dbmocker(reads.iter().chain(&["--url", &db.url])).expect(3);
        assert!(refused.stderr.contains(&format!("the run of process {} of `", run.id())), "{}", refused.stderr);
    }
    drop(writer);
    signal("KILL", &run);
    run.wait().unwrap();
}

/// Loads that start at the same time, by every load method.
fn at_once(db: &Database, more: &[&str]) -> Vec<Ran> {
    let ways = [
        &["--stage", "files"][..],
        &["--processes", "2", "--rows-per-process", "500"],
        &["--rebuild-from", "1"],
        &["--stage", "files", "--rebuild-from", "1"],
    ];
    let begun: Vec<Child> = ways.iter().map(|way| load(db, 1500, &[way, more].concat())).collect();
    begun.into_iter().map(|child| Ran::from(child.wait_with_output().unwrap())).collect()
}

#[test]
fn loads_at_once_lose_no_index() {
    let db = database(Kind::Postgres, POSTGRES);
    let before = dump(&db);
    let more = ["--tables", "parents,children", "--no-verify"];
    let ran = at_once(&db, &more);
    let done = ran.iter().filter(|ran| ran.code == 0).count();
    for refused in ran.iter().filter(|ran| ran.code != 0) {
        assert!(refused.code == 4 && refused.stderr.contains("another run is still active"), "{}", refused.stderr);
    }
    assert!(done > 0);
    assert_eq!(dump(&db), before);
    let held = || db.number("SELECT count(*) FROM children");
    assert_eq!(held(), 1500 * i64::try_from(done).unwrap());

    let more = [&more[..], &["--wait", "300"]].concat();
    at_once(&db, &more).into_iter().for_each(|ran| drop(ran.ok()));
    assert_eq!(dump(&db), before);
    assert_eq!(held(), 1500 * i64::try_from(done + 4).unwrap());
}

#[test]
fn loads_at_once_add_up() {
    for kind in [Kind::MariaDb, Kind::Sqlite] {
        let db = shop(kind);
        at_once(&db, &["--wait", "300"]).into_iter().for_each(|ran| drop(ran.ok()));
        audit::shop(&db, 6000);
        audit::numbering_goes_on(&db);
    }
}

#[test]
fn a_killed_run_keeps_nobody_waiting() {
    for kind in KINDS {
        let db = shop(kind);
        let mut first = load(&db, 200_000, &["--stage", "files"]);
        refusal(&db, &mut first);
        first.kill().unwrap();
        first.wait().unwrap();
        dbmocker(["load", "--url", &db.url, "--rows", "100"]).ok();
        audit::shop(&db, 100);
    }
}

#[test]
fn a_run_that_loses_its_lock_stops() {
    for kind in KINDS {
        let db = shop(kind);
        let mut run = load(&db, 300_000, &[]);
        refusal(&db, &mut run);
        let began = || {
            match kind {
            Kind::Postgres => db.number("SELECT count(*) FROM pg_class WHERE relname = 'dbmocker_run'"),
            Kind::MariaDb => db.number(
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = 'dbmocker_run'",
            ),
            Kind::Sqlite => db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'dbmocker_run'"),
        }
        };
        wait(|| began() == 1);
        match kind {
            Kind::Postgres => db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 1
                   AND classid = x'64626d6b'::int AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            ),
            Kind::MariaDb => {
                let own = format!("dbmocker {} ", run.id());
                let shown = || {
                    db.rows("SELECT id, coalesce(info, '') FROM information_schema.processlist").into_iter().find(
                        |row| row[1].as_ref().unwrap().contains(&own) && !row[1].as_ref().unwrap().contains("INSERT"),
                    )
                };
                let mut session = None;
                wait(|| {
                    session = shown();
                    session.is_some()
                });
                db.execute(&format!("KILL {}", session.unwrap()[0].as_ref().unwrap()));
            }
            Kind::Sqlite => std::fs::remove_file(format!("{}-dbmocker-lock", db.name)).unwrap(),
        }
        let ran = Ran::from(run.wait_with_output().unwrap()).expect(4);
        assert!(ran.stderr.contains("was lost"), "{kind:?}: {}", ran.stderr);
        for table in TABLES {
            let held = db.number(&format!("SELECT count(*) FROM {table}"));
            assert!(held == 0 || held == 300_000, "{kind:?}: {held} rows of {table}");
        }
        let restored = dbmocker(["restore", "--url", &db.url]).ok();
        assert!(restored.stdout.contains("nothing to restore"), "{kind:?}: {}", restored.stdout);
    }
}

#[test]
fn limits_on_idle_sessions_do_not_end_the_lock() {
    let db = shop(Kind::Postgres);
    db.execute(&format!(
        "ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '100ms';
         ALTER DATABASE {name} SET statement_timeout = '60s';",
        name = db.name
    ));
    dbmocker(["load", "--url", &db.url, "--rows", "20000", "--stage", "files"]).ok();
    audit::shop(&db, 20_000);
}
