//! Loads that were stopped, and go on where they stopped: exactly the rows of a load that was not.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::audit;
use crate::processes::definitions;
use crate::program::{Ran, command, dbmocker};
use crate::servers::{Database, Kind};
use crate::shop::shop;

const ROWS: i64 = 6000;
/// Eight parts a table, everything that can wait waits.
const FLAGS: [&str; 6] = ["--rows", "6000", "--part-rows", "750", "--rebuild-from", "1"];
/// Kills of one load, by server.
const KILLS: u64 = 4;

fn load(db: &Database, more: &[&str]) -> Vec<String> {
    ["load", "--url", &db.url].iter().chain(more).map(ToString::to_string).collect()
}

/// Runs it for so long at most.
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

/// Kills a load again and again, at moments that `random` gives, until it is through; how often it was killed.
fn until_through(db: &Database, flags: &[&str], whole: Duration, most: u64, random: &mut impl FnMut() -> u64) -> u64 {
    let (first, again) = (load(db, flags), load(db, &["--resume"]));
    let (mut args, mut kills) = (&first, 0);
    loop {
        let time = if kills < most { whole.mul_f64((random() % 1000) as f64 / 1000.0) } else { Duration::MAX };
        match killed_after(args, time) {
            None => kills += 1,
            Some(ran) if ran.code == 0 => return kills,
            // Killed before it had written anything.
            Some(ran) => assert!(ran.stderr.contains("no run is written down"), "{}", ran.stderr),
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
