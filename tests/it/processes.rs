//! Worker processes: the same rows as with one thread, also if processes are killed.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::audit;
use crate::deferred_indexes::{dump, wait};
use crate::program::{Ran, command, dbmocker, run};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

const ROWS: i64 = 6000;
/// Four workers, eight parts per table, and everything that can be deferred is.
const FLAGS: [&str; 8] = ["--processes", "4", "--rows-per-process", "750", "--rebuild-from", "1", "--workers", "4"];

pub struct Running {
    pub child: Child,
    /// Where it puts its files.
    _folder: tempfile::TempDir,
    parts: std::path::PathBuf,
}

impl Running {
    pub fn load(db: &Database, more: &[&str]) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command();
        command.args(["load", "--url", &db.url]).args(FLAGS).args(more).env("TMPDIR", folder.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let parts = folder.path().to_owned();
        Running { child, _folder: folder, parts }
    }

    /// Process numbers of its workers.
    pub fn workers(&self) -> Vec<u32> {
        let of = |pid: u32| -> Option<u32> {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let mut after = stat.rsplit_once(") ")?.1.split(' ');
            let alive = after.next()? != "Z";
            (alive && after.next()?.parse() == Ok(self.child.id())).then_some(pid)
        };
        let all = fs::read_dir("/proc").unwrap().flatten();
        all.filter_map(|e| e.file_name().to_str()?.parse().ok()).filter_map(of).collect()
    }

    /// Waits until some parts are done and others are not.
    fn in_the_middle(&mut self, db: &Database) {
        wait(|| {
            assert!(self.child.try_wait().unwrap().is_none(), "the load was over before anybody could be killed");
            self.workers().len() == 4 && self.parts_done(db) >= 6
        });
    }

    pub fn parts_done(&self, db: &Database) -> i64 {
        if db.kind == Kind::Sqlite {
            let files = fs::read_dir(&self.parts).into_iter().flatten().flatten();
            let files = files.flat_map(|f| fs::read_dir(f.path()).into_iter().flatten().flatten());
            // File names are numbered.
            let numbers = files.filter_map(|f| f.file_name().to_str()?.split('-').next()?.parse().ok());
            return numbers.max().unwrap_or(0);
        }
        let there = match db.kind {
            Kind::Postgres => "SELECT count(*) FROM pg_class WHERE relname = 'dbmocker_run'".to_owned(),
            _ => format!(
                "SELECT count(*) FROM information_schema.tables WHERE table_name = 'dbmocker_run' AND table_schema = '{}'",
                db.name
            ),
        };
        if db.number(&there) == 0 { 0 } else { db.number("SELECT count(*) FROM dbmocker_journal WHERE what = 'task'") }
    }

    fn end(self) -> Ran {
        let output = self.child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), stdout: String::new(), stderr }
    }
}

pub fn kill(pid: u32) {
    Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status().unwrap();
}

fn contents(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY 1, 2"))).collect()
}

/// The schema as the server reports it.
pub fn definitions(db: &Database) -> String {
    match db.kind {
        Kind::Postgres => dump(db),
        Kind::MariaDb => {
            let of = |t: &&str| db.rows(&format!("SHOW CREATE TABLE {t}"))[0][1].clone().unwrap();
            let all = TABLES.iter().map(of).collect::<Vec<_>>().join("\n");
            // The next AUTO_INCREMENT number is not part of the definition.
            all.split(' ').filter(|w| !w.starts_with("AUTO_INCREMENT=")).collect::<Vec<_>>().join(" ")
        }
        Kind::Sqlite => {
            let all = "SELECT type, name, sql FROM sqlite_schema WHERE name <> 'dbmocker_journal' ORDER BY type, name";
            format!("{:?}", db.rows(all))
        }
    }
}

fn a_killed_worker(kind: Kind) {
    let db = shop(kind);
    let before = definitions(&db);
    let rows = ROWS.to_string();
    let mut running = Running::load(&db, &["--rows", &rows]);
    running.in_the_middle(&db);
    kill(running.workers()[1]);
    let ran = running.end().ok();
    assert!(ran.stderr.contains("a worker process died over"), "{}", ran.stderr);
    audit::shop(&db, ROWS);
    audit::numbering_goes_on(&db);
    assert_eq!(definitions(&db), before);

    let alone = shop(kind);
    dbmocker(["load", "--url", &alone.url, "--rows", &rows, "--workers", "1"]).ok();
    assert!(contents(&db) == contents(&alone), "{kind:?}: other rows than one thread gives");
}

#[test]
fn a_killed_worker_on_postgres() {
    a_killed_worker(Kind::Postgres);
}

#[test]
fn a_killed_worker_on_mariadb() {
    a_killed_worker(Kind::MariaDb);
}

#[test]
fn a_killed_worker_on_sqlite() {
    a_killed_worker(Kind::Sqlite);
}

#[test]
fn a_worker_killed_while_a_trigger_is_off() {
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE t (id int PRIMARY KEY, code varchar(30) NOT NULL UNIQUE);
         CREATE TRIGGER t_never BEFORE INSERT ON t FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'never';",
    );
    let triggers = || db.rows("SHOW CREATE TRIGGER t_never")[0][2].clone();
    let before = triggers();
    let mut running = Running::load(&db, &["--rows", "60000"]);
    let there = format!(
        "SELECT count(*) FROM information_schema.tables WHERE table_name = 'dbmocker_run' AND table_schema = '{}'",
        db.name
    );
    let off = "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = database() AND trigger_name = 't_never'";
    wait(|| {
        assert!(running.child.try_wait().unwrap().is_none(), "the load was over before anybody could be killed");
        db.number(&there) == 1 && db.number(off) == 0
    });
    running.workers().into_iter().for_each(kill);
    let ran = running.end().ok();
    assert!(ran.stderr.contains("a worker process died over"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM t"), 60_000);
    assert_eq!(triggers(), before);
}

fn a_killed_parent(kind: Kind) {
    let db = shop(kind);
    let before = definitions(&db);
    let rows = ROWS.to_string();
    let mut running = Running::load(&db, &["--rows", &rows]);
    running.in_the_middle(&db);
    let workers = running.workers();
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    wait(|| workers.iter().all(|pid| !fs::exists(format!("/proc/{pid}")).unwrap()));

    let refused = dbmocker(["load", "--url", &db.url, "--rows", "10"]).expect(4);
    assert!(refused.stderr.contains("`dbmocker restore`"), "{}", refused.stderr);
    let left = || fs::read_dir(&running.parts).unwrap().count();
    assert_eq!(left(), usize::from(kind == Kind::Sqlite));
    let ran = run(command().args(["restore", "--url", &db.url]).env("TMPDIR", &running.parts)).ok();
    assert!(ran.stdout.contains("a run was killed"), "{}", ran.stdout);
    assert_eq!(left(), 0, "files of the killed run");
    assert_eq!(definitions(&db), before);
    for table in TABLES {
        let held = db.number(&format!("SELECT count(*) FROM {table}"));
        assert!(held == 0 || held == ROWS, "{held} rows of {table}\n{}", ran.stdout);
    }
    audit::rules(&db);
    let ran = dbmocker(["restore", "--url", &db.url]).ok();
    assert!(ran.stdout.contains("nothing to restore"), "{}", ran.stdout);

    dbmocker(["load", "--url", &db.url, "--truncate", "--rows", "500"].iter().chain(&FLAGS)).ok();
    audit::shop(&db, 500);
}

#[test]
fn a_killed_parent_on_postgres() {
    a_killed_parent(Kind::Postgres);
}

#[test]
fn a_killed_parent_on_mariadb() {
    a_killed_parent(Kind::MariaDb);
}

#[test]
fn a_killed_parent_on_sqlite() {
    a_killed_parent(Kind::Sqlite);
}

#[test]
fn a_run_that_is_still_at_work_is_not_put_back_unless_by_force() {
    let db = shop(Kind::Postgres);
    let before = definitions(&db);
    let mut running = Running::load(&db, &["--rows", "6000"]);
    running.in_the_middle(&db);
    let signal = |name: &str| {
        let pids = running.workers().into_iter().chain([running.child.id()]).map(|pid| pid.to_string());
        Command::new("kill").args(["-s", name]).args(pids).status().unwrap();
    };
    signal("STOP");
    // A load reports this before it reads the schema, which would wait for the run's locks.
    for command in ["restore", "load"] {
        let refused = dbmocker([command, "--url", &db.url]).expect(4);
        assert!(refused.stderr.contains("still active") && refused.stderr.contains("--force"), "{}", refused.stderr);
    }
    dbmocker(["restore", "--url", &db.url, "--force"]).ok();
    signal("KILL");
    running.child.wait().unwrap();
    assert_eq!(definitions(&db), before);
    audit::rules(&db);
}

#[test]
fn a_part_that_fails_leaves_the_table_empty() {
    for (kind, rule) in [
        // The function fails only while the index is deferred; before, it succeeds.
        (
            Kind::Postgres,
            "CREATE FUNCTION fits(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
                 'DECLARE found boolean; BEGIN EXECUTE ''SELECT $1 % 1499 <> 0 OR to_regclass($2) IS NOT NULL'' INTO found USING n, ''t_n'';
                 RETURN found; END';
             CREATE TABLE t (id int PRIMARY KEY CHECK (fits(id)), code text NOT NULL UNIQUE, n int NOT NULL);
             CREATE INDEX t_n ON t (n);",
        ),
        (
            Kind::MariaDb,
            "CREATE TABLE t (id int PRIMARY KEY, code varchar(20) NOT NULL UNIQUE, CHECK (crc32(id) <> crc32(2500)));",
        ),
        (
            Kind::Sqlite,
            "CREATE TABLE t (id integer PRIMARY KEY, code text NOT NULL UNIQUE, CHECK (hex(id) <> hex('2500')));",
        ),
    ] {
        let db = database(kind, rule);
        let schema = || match kind {
            Kind::Postgres => dump(&db),
            _ => String::new(),
        };
        let before = schema();
        let flags = ["--rows", "4000", "--no-verify"];
        let ran = dbmocker(["load", "--url", &db.url].iter().chain(&FLAGS).chain(&flags)).expect(4);
        assert_eq!(db.number("SELECT count(*) FROM t"), 0, "{}", ran.stderr);
        assert_eq!(schema(), before);
        let ran = dbmocker(["restore", "--url", &db.url]).ok();
        assert!(ran.stdout.contains("nothing to restore"), "{}", ran.stdout);
    }
}

#[test]
fn workers_that_die_again_and_again_stop_the_run() {
    let db = shop(Kind::Postgres);
    let before = definitions(&db);
    let mut running = Running::load(&db, &["--rows", "20000"]);
    wait(|| {
        running.workers().into_iter().for_each(kill);
        std::thread::sleep(Duration::from_millis(20));
        running.child.try_wait().unwrap().is_some()
    });
    let ran = running.end().expect(4);
    assert!(ran.stderr.contains("worker processes die again and again over"), "{}", ran.stderr);
    assert_eq!(definitions(&db), before);
}

#[test]
fn the_plan_says_who_loads_and_in_which_parts() {
    for kind in KINDS {
        let db = shop(kind);
        let args = ["high-performance", "--url", &db.url, "--rows", "100", "--max-workers", "2", "--batch-size", "25"];
        let dry = |more: &[&str]| dbmocker(args.iter().chain(more).chain(&["--dry-run"])).ok().stdout;
        let small = dry(&["--max-processes", "2"]);
        assert!(small.contains("Processes: 1 of at most 2 (the largest table gets 100 rows; threads"), "{small}");
        let cut = dry(&["--max-processes", "2", "--rows-per-process", "25"]);
        assert!(
            cut.contains("Processes: 2 of at most 2 (the largest table gets 100 rows; --max-processes 2)"),
            "{cut}"
        );
        assert!(cut.contains("Multiprocessing: on") && cut.contains("  users: 4 parts of 25 rows at most"), "{cut}");

        dbmocker(args.iter().chain(&["--max-processes", "2", "--rows-per-process", "25"])).ok();
        audit::shop(&db, 100);
    }
}

#[test]
fn the_password_is_in_no_argument_and_no_variable() {
    let db = shop(Kind::Postgres);
    let mut running = Running::load(&db, &["--rows", "6000"]);
    running.in_the_middle(&db);
    for pid in running.workers() {
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains("not-a-secret"), "{file}");
        }
    }
    running.end().ok();
}

/// The lock may be held by the run that is to be terminated.
#[test]
fn restore_waits_for_nobody_who_has_locked_a_table() {
    let db = shop(Kind::Postgres);
    let mut other = postgres::Client::connect(&db.url, postgres::NoTls).unwrap();
    other.batch_execute("BEGIN; LOCK TABLE users, orders IN ACCESS EXCLUSIVE MODE").unwrap();
    let mut restore = command().args(["restore", "--url", &db.url]).stdout(Stdio::piped()).spawn().unwrap();
    wait(|| restore.try_wait().unwrap().is_some());
    let output = restore.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("nothing to restore"), "{output:?}");
}

#[test]
fn a_worker_without_a_parent_stops() {
    let ran = dbmocker(["worker"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert!(!dbmocker(["--help"]).ok().stdout.contains("worker processes run"));
}

#[test]
fn several_connections_load_parts_of_one_table() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let (db, alone) = (shop(kind), shop(kind));
        let rows = ["--rows", "6000", "--rows-per-process", "750", "--rebuild-from", "1"];
        let load = |db: &Database, n: &str| {
            dbmocker([&["load", "--url", &db.url, "--connections", n], &rows[..]].concat()).ok()
        };
        let told = load(&db, "4").stderr;
        assert!(told.contains("4 connections load parts of large tables: --connections 4"), "{told}");
        let told = load(&alone, "1").stderr;
        assert!(!told.contains("connections load parts"), "{told}");
        audit::shop(&db, ROWS);
        for table in TABLES {
            let all = format!("SELECT * FROM {table} ORDER BY id");
            assert!(db.rows(&all) == alone.rows(&all), "{kind:?} {table}");
        }
    }
    let both = dbmocker(["load", "--url", "sqlite://x.db", "--connections", "2", "--processes", "2"]).expect(2);
    assert!(both.stderr.contains("--processes"), "{}", both.stderr);
}

#[test]
fn connections_to_a_server_with_many_cores_follow_the_rates() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let (db, alone) = (shop(kind), shop(kind));
        // As many threads as a machine with four cores has.
        let rows = ["--rows", "6000", "--rows-per-process", "300", "--rebuild-from", "1"];
        let load = |db: &Database, more: &[&str]| {
            dbmocker([&["load", "--url", &db.url], &rows[..], more].concat()).ok().stderr
        };
        let told = load(&db, &["--workers", "4"]);
        // MariaDB loads an empty table in bulk, which takes one connection.
        let measured = told.contains("connections loaded parts of large tables; rows a second: ");
        assert_eq!(measured, kind == Kind::Postgres, "{told}");
        load(&alone, &["--connections", "1"]);
        audit::shop(&db, ROWS);
        for table in TABLES {
            let all = format!("SELECT * FROM {table} ORDER BY id");
            assert!(db.rows(&all) == alone.rows(&all), "{kind:?} {table}");
        }
    }
}

/// A proxy that forwards a connection's bytes, those of the server with a delay.
fn far_away(to: std::net::SocketAddr) -> u16 {
    use std::io::{Read, Write, copy};
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(to).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (mut client, mut server) = (client, server);
            std::thread::spawn(move || {
                let _ = copy(&mut up, &mut server);
                let _ = server.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let mut buffer = [0; 1 << 16];
                while let Ok(n @ 1..) = down.read(&mut buffer) {
                    std::thread::sleep(Duration::from_millis(5));
                    if client.write_all(&buffer[..n]).is_err() {
                        break;
                    }
                }
                let _ = client.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    port
}

#[test]
fn a_server_far_away_gets_more_connections() {
    let db = shop(Kind::Postgres);
    let url = url::Url::parse(&db.url).unwrap();
    let server = (url.host_str().unwrap(), url.port().unwrap());
    let server = std::net::ToSocketAddrs::to_socket_addrs(&server).unwrap().next().unwrap();
    let far = db
        .url
        .replace(&format!("{}:{}", url.host_str().unwrap(), server.port()), &format!("127.0.0.1:{}", far_away(server)));
    let rows = ["--rows", "2000", "--rows-per-process", "500", "--rebuild-from", "1", "--yes"];
    let told = dbmocker([&["load", "--url", &far], &rows[..]].concat()).ok().stderr;
    assert!(told.contains("connections load parts of large tables: the server answers in"), "{told}");
    audit::shop(&db, 2000);
}
