//! An impossible `--truncate` is reported when planning, and a statement that the server refuses leaves no changes.

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database, postgres};
use crate::shop::shop;

fn load(url: &str, more: &[&str]) -> Ran {
    dbmocker(["load", "--url", url, "--rows", "20"].iter().chain(more))
}

/// Checks that the next load does not require a `restore`.
fn nothing_is_left(db: &Database) {
    let ran = dbmocker(["restore", "--url", &db.url]).ok();
    assert!(ran.stdout.contains("nothing to restore"), "{:?}: {}", db.kind, ran.stdout);
}

#[test]
fn tables_that_others_refer_to_are_told_while_planning() {
    for kind in KINDS {
        let db = shop(kind);
        load(&db.url, &[]).ok();
        let more = ["--truncate", "--tables", "users"];
        let said = format!("rows of `{}`", db.qualified("orders"));
        for ran in [load(&db.url, &more).expect(3), dbmocker(["plan", "--url", &db.url].iter().chain(&more)).expect(3)]
        {
            assert!(ran.stderr.contains(&said), "{kind:?}: {}", ran.stderr);
        }
        assert_eq!(db.number("SELECT count(*) FROM users"), 20, "{kind:?}");
        nothing_is_left(&db);
        load(&db.url, &[]).ok();
    }
}

#[test]
fn tables_that_this_account_does_not_fill_count_as_well() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
         CREATE TABLE hidden (id int PRIMARY KEY, users_id int REFERENCES users);",
    );
    let role = format!("plain_{}", db.name);
    db.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'not-a-secret-2'; GRANT SELECT, INSERT ON users TO {role};"
    ));
    let url = postgres().url_as(&role, "not-a-secret-2", &db.name);
    db.execute(&format!("GRANT TRUNCATE ON users, hidden TO {role}; INSERT INTO users VALUES (-1, 'a'); INSERT INTO hidden VALUES (1, -1)"));
    let ran = load(&url, &["--truncate"]).expect(3);
    assert!(ran.stderr.contains("rows of `public.hidden`"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM hidden"), 1);
    db.execute(&format!("DROP TABLE hidden; REVOKE TRUNCATE ON users FROM {role}"));
    let ran = load(&url, &["--truncate"]).expect(3);
    assert!(ran.stderr.contains("TRUNCATE privilege"), "{}", ran.stderr);
    load(&url, &[]).ok();
    db.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));

    let users = "CREATE TABLE users (id int PRIMARY KEY, name varchar(30) NOT NULL);";
    let (db, other) = (database(Kind::MariaDb, users), database(Kind::MariaDb, ""));
    load(&db.url, &[]).ok();
    other.execute(&format!(
        "CREATE TABLE visits (users_id int NOT NULL, FOREIGN KEY (users_id) REFERENCES {name}.users (id));
         INSERT INTO visits SELECT id FROM {name}.users;",
        name = db.name
    ));
    let ran = load(&db.url, &["--truncate"]).expect(3);
    assert!(ran.stderr.contains(&format!("rows of `{}.visits`", other.name)), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM users"), 20);
}

/// The obstacle is detected only when the statement is run.
#[test]
fn what_the_server_refuses_leaves_no_ledger() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
         CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never emptied'; END $$;
         CREATE TRIGGER no BEFORE TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION no();",
    );
    load(&db.url, &["--keep-indexes"]).ok();
    let ran = load(&db.url, &["--truncate"]).expect(4);
    assert!(ran.stderr.contains("never emptied"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM pg_class WHERE relname = 'dbmocker_run'"), 0);
    nothing_is_left(&db);
    load(&db.url, &["--keep-indexes"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM users"), 40);
}
