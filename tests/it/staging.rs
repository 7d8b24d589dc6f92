//! Rows that wait for the server, in memory and on disk: the rows are the same, no file is left, and the report has the
//! waiting times.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Ran, dbmocker, start, stop};
use crate::servers::{Database, KINDS, Kind};
use crate::shop::{TABLES, shop};

/// Every row of every table of the shop, in key order.
fn contents(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY id"))).collect()
}

fn files(folder: &Path) -> usize {
    let below = |p: std::path::PathBuf| std::fs::read_dir(p).map_or(0, Iterator::count);
    std::fs::read_dir(folder).map_or(0, |found| found.flatten().map(|e| 1 + below(e.path())).sum())
}

fn load(db: &Database, spill: &Path, more: &[&str]) -> (Ran, serde_json::Value) {
    let report = tempfile::NamedTempFile::new().unwrap();
    let (spill, path) = (spill.to_str().unwrap(), report.path().to_str().unwrap());
    let args = ["load", "--url", &db.url, "--no-verify", "--spill-dir", spill, "--report", path];
    let ran = dbmocker(args.iter().chain(more));
    (ran, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap_or_default())
}

#[test]
fn the_same_rows_whatever_the_path() {
    for kind in KINDS {
        let (db, spill) = (shop(kind), tempfile::tempdir().unwrap());
        load(&db, spill.path(), &["--rows", "1500"]).0.ok();
        let rows = contents(&db);
        for format in ["csv", "parquet"] {
            for (memory, stage) in [("1GiB", "files"), ("1MiB", "files"), ("1MiB", "memory")] {
                let more = ["--rows", "1500", "--truncate", "--spill-format", format, "--stage", stage];
                let (ran, report) = load(&db, spill.path(), &[&more[..], &["--memory-limit", memory]].concat());
                ran.ok();
                assert!(rows == contents(&db), "{kind:?}: other rows by {format}, {stage}, {memory}");
                assert_eq!(files(spill.path()), 0, "{kind:?}: left behind");
                assert!(stage == "memory" || report["spilled"].as_u64() > Some(100_000), "{report}");
            }
        }
    }
}

/// Waits for a condition that another process brings about.
fn until(what: &str, mut ready: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn spawn(url: &str, spill: &Path, more: &[&str]) -> Child {
    let load = ["load", "--url", url, "--no-verify", "--spill-dir", spill.to_str().unwrap()];
    start(load.iter().chain(more))
}

#[test]
fn later_tables_wait_on_disk_while_a_slow_server_takes_the_first() {
    let (db, spill) = (shop(Kind::Postgres), tempfile::tempdir().unwrap());
    let report = tempfile::NamedTempFile::new().unwrap();
    let path = report.path().to_str().unwrap();
    let mut locker = postgres::Client::connect(&db.url, postgres::NoTls).unwrap();
    let mut lock = locker.transaction().unwrap();
    lock.batch_execute("LOCK TABLE users IN SHARE MODE; LOCK TABLE categories IN SHARE MODE").unwrap();
    let more = ["--rows", "3000", "--memory-limit", "1MiB", "--report", path];
    let begun = Instant::now();
    let child = spawn(&db.url, spill.path(), &more);
    // Products, orders and their lines, which have to wait for their parents.
    until("three tables are on disk", || files(spill.path()) >= 5);
    // Independent of the machine's load: the server delays two tables for longer than everything before took.
    let held = begun.elapsed().max(Duration::from_millis(200));
    thread::sleep(held);
    lock.commit().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(files(spill.path()), 0);
    crate::audit::shop(&db, 3000);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(report["spilled"].as_u64() > Some(100_000), "{report}");
    assert_eq!(report["bottleneck"], "the server", "{report}");
    assert!(report["waits"]["rows_for_server"].as_f64() > Some(held.as_secs_f64() * 0.75), "{report}");
    let other = shop(Kind::Postgres);
    dbmocker(["load", "--url", &other.url, "--rows", "3000"]).ok();
    assert!(contents(&db) == contents(&other));
}

#[test]
fn a_disk_that_is_too_small_is_told_before_the_first_row() {
    let (db, spill) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let (ran, _) = load(&db, spill.path(), &["--rows", "2000", "--stage", "files", "--disk-limit", "20KiB"]);
    let ran = ran.expect(4);
    assert!(ran.stderr.contains("--disk-limit"), "{}", ran.stderr);
    assert_eq!((files(spill.path()), db.number("SELECT count(*) FROM users")), (0, 0));
    // Rows that do not fit there wait on disk.
    load(&db, spill.path(), &["--rows", "2000", "--memory-limit", "1MiB", "--disk-limit", "20KiB"]).0.ok();
    crate::audit::shop(&db, 2000);
    let (ran, _) = load(&db, Path::new("/proc/no"), &["--rows", "20", "--stage", "files"]);
    assert!(ran.expect(4).stderr.contains("--spill-dir"));
}

#[test]
fn files_are_gone_after_ctrl_c_and_after_a_kill_with_the_next_run() {
    let (db, spill) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    for (signals, code) in [(&["INT"][..], 130), (&["INT", "INT"], 130), (&["KILL"], -1)] {
        let child = spawn(&db.url, spill.path(), &["--rows", "3000000", "--stage", "files"]);
        until("files are written", || files(spill.path()) >= 3);
        stop(child, signals, &|| true).expect(code);
        assert_eq!(files(spill.path()) > 0, code == -1, "after {signals:?}");
    }
    load(&db, spill.path(), &["--rows", "100", "--stage", "files"]).0.ok();
    assert_eq!(files(spill.path()), 0);
    crate::audit::shop(&db, 100);
}

/// A proxy to a server that can be closed and opened again.
struct Way {
    port: u16,
    open: Arc<AtomicBool>,
}

impl Way {
    fn to(port: u16) -> Self {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = first.local_addr().unwrap().port();
        let open = Arc::new(AtomicBool::new(true));
        let is_open = open.clone();
        thread::spawn(move || {
            let mut listener = Some(first);
            loop {
                if !is_open.load(Ordering::SeqCst) {
                    listener = None;
                } else if listener.is_none() {
                    listener = TcpListener::bind(("127.0.0.1", own)).ok();
                }
                if let Some(listener) = &listener {
                    listener.set_nonblocking(true).unwrap();
                    if let Ok((client, _)) = listener.accept() {
                        client.set_nonblocking(false).unwrap();
                        join(client, TcpStream::connect(("127.0.0.1", port)).unwrap());
                    }
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        Way { port: own, open }
    }
}

fn join(client: TcpStream, server: TcpStream) {
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}

#[test]
fn staged_rows_wait_for_a_server_that_is_out_of_reach() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let (db, spill) = (shop(kind), tempfile::tempdir().unwrap());
        let port = db.server.unwrap().port;
        let way = Way::to(port);
        let url = db.url.replace(&format!(":{port}/"), &format!(":{}/", way.port));
        assert_ne!(url, db.url);
        let mut child = spawn(&url, spill.path(), &["--rows", "20000", "--stage", "files"]);
        until("rows are being staged", || files(spill.path()) > 0);
        way.open.store(false, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(1500));
        assert!(child.try_wait().unwrap().is_none(), "{kind:?}: it did not wait");
        way.open.store(true, Ordering::SeqCst);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{kind:?}: {}", String::from_utf8_lossy(&output.stderr));
        crate::audit::shop(&db, 20_000);
    }
}
