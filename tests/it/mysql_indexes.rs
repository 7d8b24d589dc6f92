//! MySQL and MariaDB: indexes of tables that are loaded in parts are built after the rows; after the load, an error, or
//! a kill, the tables are defined as before.

use crate::deferred_indexes::wait;
use crate::errors::{account, drop_account};
use crate::introspect::connect;
use crate::processes::{Running, kill};
use crate::program::{Ran, dbmocker, start};
use crate::servers::{Database, Kind, database};

/// Keys that a foreign key needs, that are not plain, or before one that stays, and those that are dropped.
const TABLES: &str = "
    CREATE TABLE owners (id int NOT NULL PRIMARY KEY, code varchar(20) NOT NULL, city varchar(40) NOT NULL,
        UNIQUE KEY code (code), KEY city (city));
    CREATE TABLE items (id int NOT NULL AUTO_INCREMENT, owner_code varchar(20) NOT NULL, code varchar(40) NOT NULL,
        city varchar(40) NOT NULL, note varchar(60), PRIMARY KEY (id),
        UNIQUE KEY `the ``code` (code), KEY early (note), KEY owner (owner_code), KEY city (city(10), code),
        KEY note (note), CONSTRAINT items_owner FOREIGN KEY (owner_code) REFERENCES owners (code));";
const DROPPED: &str = "'the `code', 'city', 'note'";
const ROWS: i64 = 20_000;
const REBUILT: [&str; 2] = ["--rebuild-from", "1"];

fn load(db: &Database, url: &str, more: &[&str]) -> Ran {
    let rows = ["--rows", "3000", "--connections", "2", "--rows-per-process", "750"];
    let ran = dbmocker(["load", "--url", url].iter().chain(&rows).chain(more)).ok();
    assert_eq!(db.number("SELECT count(*) FROM items JOIN owners ON owners.code = owner_code"), 3000);
    ran
}

fn definitions(db: &Database) -> Vec<String> {
    let of = |table: &str| db.rows(&format!("SHOW CREATE TABLE {table}"))[0][1].clone().unwrap();
    // The next AUTO_INCREMENT number is not part of the definition.
    let words = |text: String| text.split(' ').filter(|w| !w.starts_with("AUTO_INC")).collect::<Vec<_>>().join(" ");
    ["owners", "items"].map(|table| words(of(table))).to_vec()
}

fn indexes(db: &Database, names: &str) -> i64 {
    db.number(&format!(
        "SELECT count(DISTINCT index_name) FROM information_schema.statistics \
         WHERE table_schema = database() AND table_name = 'items' AND index_name IN ({names})"
    ))
}

/// Kills a load while the indexes are missing.
fn killed(db: &Database) {
    let rows = ROWS.to_string();
    let mut running = Running::load(db, &["--rows", &rows]);
    wait(|| {
        assert!(running.child.try_wait().unwrap().is_none(), "the load was over before it could be killed");
        running.parts_done(db) > 35 && indexes(db, DROPPED) == 0
    });
    assert_eq!(indexes(db, "'owner', 'early', 'PRIMARY'"), 3);
    let workers = running.workers();
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    workers.into_iter().for_each(kill);
}

#[test]
fn indexes_are_built_after_the_rows() {
    let (db, kept) = (database(Kind::MariaDb, TABLES), database(Kind::MariaDb, TABLES));
    let before = definitions(&db);
    let dry =
        ["load", "--url", &db.url, "--dry-run", "--rows", "3000", "--connections", "2", "--rows-per-process", "750"];
    let plan = dbmocker(dry.iter().chain(&REBUILT)).ok().stdout;
    assert!(plan.contains("made again after the rows, written down in the database first"), "{plan}");
    load(&db, &db.url, &REBUILT);
    assert_eq!(definitions(&db), before);
    load(&kept, &kept.url, &["--keep-indexes"]);
    for table in ["owners", "items"] {
        let all = format!("SELECT * FROM {table} ORDER BY id");
        assert!(db.rows(&all) == kept.rows(&all), "{table}");
    }
}

#[test]
fn a_killed_load_is_put_back_or_resumed() {
    for resumed in [false, true] {
        let db = database(Kind::MariaDb, TABLES);
        let before = definitions(&db);
        killed(&db);
        if resumed {
            dbmocker(["load", "--url", &db.url, "--resume"]).ok();
            assert_eq!(db.number("SELECT count(*) FROM items JOIN owners ON owners.code = owner_code"), ROWS);
        } else {
            let ran = dbmocker(["restore", "--url", &db.url]).ok();
            assert!(ran.stdout.contains("3 indexes made again"), "{}", ran.stdout);
            assert_eq!(db.number("SELECT count(*) FROM items"), 0);
        }
        assert_eq!(definitions(&db), before);
    }
}

#[test]
fn without_the_privilege_to_alter_a_table_its_indexes_stay() {
    let db = database(Kind::MariaDb, TABLES);
    let before = definitions(&db);
    let (url, user) = account(&db, "", "GRANT SELECT, INSERT, DELETE, CREATE, DROP ON DB.* TO USER;");
    let ran = load(&db, &url, &REBUILT);
    assert!(ran.stderr.contains("`") && ran.stderr.contains("its indexes stay in place: "), "{}", ran.stderr);
    assert_eq!(definitions(&db), before);
    drop_account(&db, &user);
}

#[test]
fn definitions_are_read_whatever_the_session_prints() {
    let db = database(Kind::MariaDb, TABLES);
    let before = definitions(&db);
    let quotes = ["--session", "sql_mode=ANSI_QUOTES", "--session", "sql_quote_show_create=0"];
    let ran = load(&db, &db.url, &[&REBUILT[..], &quotes].concat());
    // All others of the planned ones are dropped.
    let kept: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("stays in place while")).collect();
    assert!(kept.len() == 1 && kept[0].contains("items`: `early` stays in place while"), "{}", ran.stderr);
    assert_eq!(definitions(&db), before);
    let dry = ["load", "--url", &db.url, "--dry-run", "--truncate", "--rows", "3000", "--connections", "2"];
    let plan = dbmocker(dry.iter().chain(&["--rows-per-process", "750"]).chain(&REBUILT)).ok().stdout;
    assert!(plan.contains("owner stays in place: a foreign key needs it"), "{plan}");
}

#[test]
fn indexes_wait_for_others_to_be_built() {
    let db = database(Kind::MariaDb, TABLES);
    let before = definitions(&db);
    let rows = ["--rows", "20000", "--connections", "2", "--rows-per-process", "250"];
    let limit = ["--session", "lock_wait_timeout=1"];
    let args = ["load", "--url", &db.url];
    let mut child = start(args.iter().chain(&rows).chain(&REBUILT).chain(&limit));
    let mut goes_on = || assert!(child.try_wait().unwrap().is_none(), "the load was over");
    wait(|| {
        goes_on();
        indexes(&db, DROPPED) == 0
    });
    let mut reader = dbmocker_loaders::connect(&connect(&db.url)).unwrap();
    reader.execute("START TRANSACTION").unwrap();
    reader.query("SELECT id FROM items LIMIT 1").unwrap();
    wait(|| {
        goes_on();
        db.number(&format!(
            "SELECT count(*) FROM information_schema.processlist \
             WHERE db = '{}' AND state LIKE '%metadata lock%' AND info LIKE 'ALTER TABLE%' AND time >= 2",
            db.name
        )) > 0
    });
    reader.execute("ROLLBACK").unwrap();
    Ran::from(child.wait_with_output().unwrap()).ok();
    assert_eq!(definitions(&db), before);
}
