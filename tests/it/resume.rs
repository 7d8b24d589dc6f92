//! Stopped loads that are resumed: the result has exactly the rows of an uninterrupted load.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::audit;
use crate::deferred_indexes::wait;
use crate::processes::definitions;
use crate::program::{Ran, command, dbmocker, start, stop};
use crate::servers::{Database, KINDS, Kind};
use crate::shop::shop;

const ROWS: i64 = 6000;
/// Eight parts per table, and everything that can be deferred is.
const FLAGS: [&str; 6] = ["--rows", "6000", "--part-rows", "750", "--rebuild-from", "1"];
/// The number of kills of one load, for each server.
const KILLS: u64 = 2;

fn load(db: &Database, more: &[&str]) -> Vec<String> {
    ["load", "--url", &db.url].iter().chain(more).map(ToString::to_string).collect()
}

/// Runs the command, and kills it after this time.
fn killed_after(args: &[String], time: Duration) -> Option<Ran> {
    let mut child = command().args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < time {
        if child.try_wait().unwrap().is_some() {
            return Some(child.wait_with_output().unwrap().into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Command::new("kill").args(["-KILL", &child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
    let ran: Ran = child.wait_with_output().unwrap().into();
    (ran.code >= 0).then_some(ran)
}

/// Rows in the tables of the journal and the ledger; 0 where there is none.
fn own_rows(db: &Database, table: &str, condition: &str) -> i64 {
    let there = match db.kind {
        Kind::Postgres => format!("SELECT count(*) FROM pg_class WHERE relname = '{table}'"),
        Kind::MariaDb => format!(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = '{table}' AND table_schema = database()"
        ),
        Kind::Sqlite => format!("SELECT count(*) FROM sqlite_schema WHERE name = '{table}'"),
    };
    if db.number(&there) == 0 { 0 } else { db.number(&format!("SELECT count(*) FROM {table} WHERE {condition}")) }
}

fn same_rows(db: &Database, manifest: &str) {
    let ran = dbmocker(["verify", "--url", &db.url, "--rows", manifest]).ok();
    assert_eq!(ran.stdout.matches(" same").count(), 5, "{}", ran.stdout);
}

/// Kills a load repeatedly, at times given by `random`, until it completes; returns the number of kills.
fn until_through(db: &Database, flags: &[&str], whole: Duration, most: u64, random: &mut impl FnMut() -> u64) -> u64 {
    let (first, again) = (load(db, flags), load(db, &["--resume"]));
    let (mut args, mut kills) = (&first, 0);
    loop {
        let time = if kills < most { whole.mul_f64((random() % 1000) as f64 / 1000.0) } else { Duration::MAX };
        match killed_after(args, time) {
            None => kills += 1,
            Some(ran) if ran.code == 0 => return kills,
            // Killed before it had written anything.
            Some(ran) => assert!(ran.stderr.contains("no run is recorded"), "{}", ran.stderr),
        }
        args = if own_rows(db, "dbmocker_journal", "what = 'run'") > 0 { &again } else { &first };
    }
}

fn any_kill(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("load.json").to_str().unwrap().to_owned();
    let alone = shop(kind);
    let begun = Instant::now();
    dbmocker(load(&alone, &[&FLAGS[..], &["--manifest", &manifest]].concat())).ok();
    let whole = begun.elapsed();
    same_rows(&alone, &manifest);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut kills = 0;
    while kills < KILLS {
        let db = shop(kind);
        let before = definitions(&db);
        kills += until_through(&db, &FLAGS, whole, KILLS - kills, &mut random);
        assert_eq!(definitions(&db), before, "{kind:?}");
        assert_eq!(own_rows(&db, "dbmocker_run", "1 = 1"), 0);
        audit::shop(&db, ROWS);
        same_rows(&db, &manifest);
        audit::numbering_goes_on(&db);
        let runs = dbmocker(["runs", "--url", &db.url]).ok().stdout;
        assert_eq!(runs.lines().count(), 2, "{runs}");
        assert!(runs.contains("complete") && runs.contains("30,000"), "{runs}");
        let ran = dbmocker(load(&db, &["--resume"])).ok();
        assert!(ran.stderr.contains("is complete: nothing is left to load"), "{}", ran.stderr);
    }
}

#[test]
fn a_load_goes_on_after_any_kill_on_postgres() {
    any_kill(Kind::Postgres);
}

#[test]
fn a_load_goes_on_after_any_kill_on_mariadb() {
    any_kill(Kind::MariaDb);
}

#[test]
fn a_load_goes_on_after_any_kill_on_sqlite() {
    any_kill(Kind::Sqlite);
}

/// A load that was killed while tables were loaded in parts.
fn stopped(kind: Kind) -> Database {
    let db = shop(kind);
    let args = load(&db, &["--rows", "20000", "--part-rows", "500", "--rebuild-from", "1"]);
    stop(start(args), &["KILL"], &|| own_rows(&db, "dbmocker_journal", "what = 'task'") > 8);
    db
}

#[test]
fn only_the_same_run_goes_on() {
    for kind in KINDS {
        let db = stopped(kind);
        let refused = |more: &[&str], code: i32, told: &[&str]| {
            let ran = dbmocker(load(&db, more)).expect(code);
            assert!(told.iter().all(|t| ran.stderr.contains(t)), "{kind:?} {more:?}: {}", ran.stderr);
        };
        refused(&["--rows", "20000"], 4, &["dbmocker load --resume"]);
        refused(&["--resume", "--rows", "500"], 2, &["--rows 500: the run was begun with 20000"]);
        refused(&["--resume", "--seed", "7"], 2, &["--seed 7: the run was begun without it"]);
        refused(&["--resume", "--strict"], 2, &["--strict: the run was begun without it"]);
        db.execute("ALTER TABLE users ADD COLUMN shoe_size INTEGER");
        refused(&["--resume"], 4, &["the schema has changed since the run began", "users`: column `shoe_size` is new"]);
        db.execute("ALTER TABLE users DROP COLUMN shoe_size");
        db.execute("INSERT INTO categories (id, name, type) VALUES (999999, 'somebody''s', 'digital')");
        refused(&["--resume"], 4, &["categories` should hold ", "another session has changed it"]);
        db.execute("DELETE FROM categories WHERE id = 999999");
        dbmocker(load(&db, &["--resume", "--rows", "20000", "--part-rows", "500", "--workers", "1"])).ok();
        audit::shop(&db, 20_000);
    }
}

#[test]
fn a_stopped_load_can_be_put_back_or_begun_anew() {
    for kind in KINDS {
        let db = stopped(kind);
        dbmocker(["restore", "--url", &db.url]).ok();
        assert!(dbmocker(["runs", "--url", &db.url]).ok().stdout.contains("restored"), "{kind:?}");
        dbmocker(load(&db, &["--truncate", "--rows", "50"])).ok();
        audit::shop(&db, 50);
        let json = dbmocker(["runs", "--json", "--url", &db.url]).ok().stdout;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let states: Vec<_> = json.as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["restored", "complete"], "{kind:?}");
        assert_eq!((&json[1]["rows"], &json[1]["seed"], &json[1]["tables"]), (&250.into(), &42.into(), &5.into()));
    }
}

#[test]
fn a_load_goes_on_after_its_connections_were_cut() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let db = shop(kind);
        let child = start(load(&db, &["--rows", "20000", "--part-rows", "500", "--rebuild-from", "1"]));
        wait(|| own_rows(&db, "dbmocker_journal", "what = 'task'") > 8);
        cut_off(&db);
        let ran: Ran = child.wait_with_output().unwrap().into();
        assert_eq!(ran.code, 4, "{kind:?}: {}", ran.stderr);
        let ran = dbmocker(load(&db, &["--resume"])).ok();
        assert!(ran.stderr.contains("going on with the run of"), "{}", ran.stderr);
        audit::shop(&db, 20_000);
        assert_eq!(own_rows(&db, "dbmocker_run", "1 = 1"), 0);
    }
}

/// Terminates every session on the database except its own.
fn cut_off(db: &Database) {
    match db.kind {
        Kind::Postgres => db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();",
        ),
        _ => {
            let all = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
            let kills: Vec<String> =
                db.rows(all).into_iter().flatten().flatten().map(|id| format!("KILL {id};")).collect();
            // Some of the sessions end by themselves.
            for kill in kills {
                let server = db.server.unwrap();
                let mut client = Command::new("mariadb");
                client.args(["--no-defaults", "-h", "127.0.0.1", "-P", &server.port.to_string(), "-u", server.user]);
                client.env("MYSQL_PWD", server.password).args(["-e", &kill]).stderr(Stdio::null()).status().unwrap();
            }
        }
    }
}

#[test]
fn the_journal_is_nobody_s_table_and_can_be_left_out() {
    for kind in KINDS {
        let db = shop(kind);
        dbmocker(load(&db, &["--rows", "20", "--no-journal"])).ok();
        assert_eq!(own_rows(&db, "dbmocker_journal", "1 = 1"), 0);
        let ran = dbmocker(load(&db, &["--resume"])).expect(3);
        assert!(ran.stderr.contains("no run is recorded on this database"), "{}", ran.stderr);
        assert!(dbmocker(["runs", "--url", &db.url]).ok().stdout.contains("no run is recorded"));
        for _ in 0..2 {
            dbmocker(load(&db, &["--rows", "20"])).ok();
        }
        audit::shop(&db, 60);
        assert!(own_rows(&db, "dbmocker_journal", "what = 'run'") == 2, "{kind:?}");
        assert!(own_rows(&db, "dbmocker_journal", "what = 'plan'") == 1, "{kind:?}");
        for command in ["analyze", "plan", "verify", "init-config"] {
            let ran = dbmocker([command, "--url", &db.url]).ok();
            assert!(!ran.stdout.contains("dbmocker_journal"), "{kind:?} {command}: {}", ran.stdout);
        }
    }
}

#[test]
fn a_journal_of_somebody_else_is_not_believed() {
    let view = "CREATE VIEW dbmocker_journal AS SELECT 1 AS run;";
    for kind in KINDS {
        let db = shop(kind);
        db.execute(view);
        let ran = dbmocker(load(&db, &["--rows", "20"])).ok();
        assert!(ran.stderr.contains("the journal of this run could not be created"), "{kind:?}: {}", ran.stderr);
        let ran = dbmocker(load(&db, &["--resume"])).expect(4);
        assert!(ran.stderr.contains("dbmocker_journal`, the journal of runs"), "{kind:?}: {}", ran.stderr);
        let ran = dbmocker(load(&db, &["--rows", "20", "--no-journal"])).ok();
        assert!(!ran.stderr.contains("journal"), "{kind:?}: {}", ran.stderr);
    }
    // Where tables have no owners, lines are sealed.
    for kind in [Kind::MariaDb, Kind::Sqlite] {
        let db = stopped(kind);
        db.execute("UPDATE dbmocker_journal SET data = replace(data, 'false', 'true') WHERE what = 'run';");
        assert!(dbmocker(["runs", "--url", &db.url]).ok().stdout.contains("not signed by this account"));
        let ran = dbmocker(load(&db, &["--resume"])).expect(4);
        assert!(ran.stderr.contains("is not signed by this account on this machine"), "{}", ran.stderr);
    }
}

#[test]
fn rows_wait_as_long_as_a_query_says_so() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let db = shop(kind);
        db.execute("CREATE TABLE busy (id INT PRIMARY KEY); INSERT INTO busy VALUES (1);");
        let more = ["--rows", "200", "--exclude-tables", "busy", "--max-rate", "100000"];
        let wrong = dbmocker(load(&db, &[&more[..], &["--pause-when", "SELECT nothing"]].concat())).expect(4);
        assert!(wrong.stderr.contains("--pause-when `SELECT nothing`"), "{}", wrong.stderr);
        assert_eq!(own_rows(&db, "dbmocker_journal", "1 = 1"), 0);
        let child = start(load(&db, &[&more[..], &["--pause-when", "SELECT count(*) > 0 FROM busy"]].concat()));
        wait(|| own_rows(&db, "dbmocker_journal", "what = 'run'") == 1);
        assert_eq!(own_rows(&db, "dbmocker_journal", "what = 'task'"), 0);
        db.execute("DELETE FROM busy;");
        let ran: Ran = child.wait_with_output().unwrap().into();
        ran.ok();
        audit::shop(&db, 200);
    }
    let db = shop(Kind::Sqlite);
    dbmocker(load(&db, &["--rows", "20", "--max-rate", "5000"])).ok();
    let ran = dbmocker(load(&db, &["--rows", "20", "--pause-when", "SELECT 1"])).expect(2);
    assert!(ran.stderr.contains("--pause-when is for loads into a server"), "{}", ran.stderr);
}
