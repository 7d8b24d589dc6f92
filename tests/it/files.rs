//! SQLite files that cannot be opened, read or written: reported by name, with the cause and a remedy, before rows are
//! generated.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::program::{Ran, command, dbmocker, run};
use crate::servers::{Database, Kind, database};

const TABLES: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
                      CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent);";

fn commands(url: &str, out: &Path) -> [Vec<String>; 5] {
    let out = out.to_str().unwrap();
    ["analyze", "plan --rows 5", "load --rows 5", "verify", &format!("export --rows 5 --out {out}")]
        .map(|c| c.split(' ').chain(["--url", url]).map(str::to_owned).collect())
}

/// The path in the file's URL.
fn path(db: &Database) -> &Path {
    Path::new(db.url.strip_prefix("sqlite://").unwrap())
}

/// Without the capability to bypass file permissions, which root has.
fn as_anybody(args: &[&str]) -> Ran {
    let program = command().get_program().to_owned();
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return run(Command::new(program).args(args));
    }
    run(Command::new("setpriv").arg("--bounding-set=-dac_override,-dac_read_search").arg(program).args(args))
}

#[test]
fn what_is_no_database_is_told_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("text.db"), "id,name\n1,a\n").unwrap();
    fs::write(at("random.db"), [0xa7; 5000]).unwrap();
    let whole = database(Kind::Sqlite, TABLES);
    fs::write(at("cut.db"), &fs::read(path(&whole)).unwrap()[..6000]).unwrap();
    for (name, cause, way_out) in [
        ("text.db", "not a database", "check the path"),
        ("random.db", "not a database", "encrypted"),
        ("cut.db", "malformed", ".recover"),
        ("", "it is a folder", "name a database file"),
        ("cut.dq", "there is no file", "did you mean"),
        ("nowhere/a.db", "there is no file", "check the path"),
        ("text.db/a.db", "Not a directory", "check the permissions"),
    ] {
        let file = at(name);
        let url = format!("sqlite://{}", file.display());
        for args in commands(&url, &at("out")) {
            let ran = dbmocker(&args).expect(3);
            for told in [file.to_str().unwrap(), cause, way_out] {
                assert!(ran.stderr.contains(told), "{args:?}: {told}\n{}", ran.stderr);
            }
        }
        assert!(!at("out").exists() && !at("nowhere").exists());
    }
}

#[test]
fn a_file_that_can_only_be_read_is_read_and_not_written() {
    let db = database(Kind::Sqlite, TABLES);
    let file = path(&db);
    fs::set_permissions(file, fs::Permissions::from_mode(0o444)).unwrap();
    let out = tempfile::tempdir().unwrap();
    for args in commands(&db.url, &out.path().join("rows")) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = as_anybody(&args);
        if args[0] == "load" {
            let ran = ran.expect(4);
            for told in [file.to_str().unwrap(), "can only be read", "give write permission"] {
                assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
            }
        } else {
            ran.ok();
        }
    }
    fs::set_permissions(file, fs::Permissions::from_mode(0o000)).unwrap();
    let ran = as_anybody(&["analyze", "--url", &db.url]).expect(3);
    assert!(ran.stderr.contains("check the permissions") && ran.stderr.contains(file.to_str().unwrap()));
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(db.number("SELECT count(*) FROM parent"), 0);
}

#[test]
fn a_file_that_another_program_writes_to_is_told_before_rows_are_made() {
    let db = database(Kind::Sqlite, TABLES);
    let other = rusqlite::Connection::open(path(&db)).unwrap();
    let out = tempfile::tempdir().unwrap();
    // Readers can read concurrently with a writer, until it writes its pages.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let [analyze, plan, load, verify, _] = commands(&db.url, out.path());
    [analyze, plan, verify].iter().for_each(|args| drop(dbmocker(args).ok()));
    let ran = dbmocker(&load).expect(4);
    for told in [path(&db).to_str().unwrap(), "locked", "close that program"] {
        assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
    }
    other.execute_batch("ROLLBACK; BEGIN EXCLUSIVE").unwrap();
    let ran = dbmocker(&load).expect(3);
    assert!(ran.stderr.contains("locked") && ran.stderr.contains("close that program"), "{}", ran.stderr);
    other.execute_batch("ROLLBACK").unwrap();
    dbmocker(&load).ok();
}
