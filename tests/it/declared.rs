//! References that no constraint declares: generated, ordered and verified like foreign keys.

use crate::program::{Ran, configured, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE events (id INTEGER NOT NULL PRIMARY KEY, who CHAR(36) NOT NULL, weight INTEGER);
    CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, code CHAR(36) NOT NULL UNIQUE, boss INTEGER);
    CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL);
    CREATE TABLE photos (id INTEGER NOT NULL PRIMARY KEY, size INTEGER NOT NULL);
    CREATE TABLE remarks (id INTEGER NOT NULL PRIMARY KEY, about INTEGER NOT NULL, sort VARCHAR(10) NOT NULL);
    CREATE TABLE marks (id INTEGER NOT NULL PRIMARY KEY, about INTEGER, sort INTEGER NOT NULL);";

const CONFIG: &str = "
generation: {rows: 300}
references:
  - {from: events.who, to: users.code}
  - {from: users.boss, to: users.id}
  - {from: remarks.about, type: sort, to: {Post: posts.id, Photo: photos.id}}
  - {from: marks.about, type: sort, to: {1: posts.id, 2: photos.id}}
tables:
  events: {count: {per: users, exactly: 2}}
  photos: {count: 40}
";

fn run(command: &str, db: &Database, config: &str, more: &[&str]) -> Ran {
    configured(command, &db.url, config, more)
}

#[test]
fn declared_references_hold_and_are_counted() {
    for (kind, more) in KINDS.into_iter().flat_map(|k| [(k, &[][..]), (k, &["--no-coherence"][..])]) {
        let db = database(kind, DDL);
        run("load", &db, CONFIG, more).ok();
        let none =
            |sql: &str| assert_eq!(db.number(&format!("SELECT count(*) FROM {sql}")), 0, "{kind:?} {more:?}: {sql}");
        none("events WHERE who NOT IN (SELECT code FROM users)");
        none("(SELECT who FROM events GROUP BY who HAVING count(*) <> 2) t");
        none("users WHERE boss NOT IN (SELECT id FROM users)");
        none("remarks WHERE sort NOT IN ('Post', 'Photo')");
        none("remarks WHERE sort = 'Post' AND about NOT IN (SELECT id FROM posts)");
        none("remarks WHERE sort = 'Photo' AND about NOT IN (SELECT id FROM photos)");
        none("marks WHERE sort = 2 AND about NOT IN (SELECT id FROM photos)");
        assert_eq!(db.number("SELECT count(DISTINCT sort) FROM marks"), 2, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM users WHERE boss IS NOT NULL") > 200, "{kind:?}");

        run("verify", &db, CONFIG, &[]).ok();
        db.execute("UPDATE remarks SET about = 4000 WHERE id IN (3, 4)");
        db.execute("UPDATE events SET who = 'nobody' WHERE id = 7");
        dbmocker(["verify", "--url", &db.url]).ok();
        let found = run("verify", &db, CONFIG, &[]).expect(1).stdout;
        assert!(
            found.contains("who (declared at `shop.yaml`, line 4): 1 row, has no matching row in"),
            "{kind:?}: {found}"
        );
        assert!(found.contains("about (declared at `shop.yaml`, line 6):"), "{kind:?}: {found}");
    }
}

#[test]
fn references_that_cannot_be_made_are_named() {
    let db = database(Kind::Sqlite, DDL);
    for (references, message) in [
        (
            "[{from: events.whom, to: users.code}]",
            "`shop.yaml`, line 1: no column `whom` in table `main.events`; did you mean `who`?",
        ),
        ("[{from: events.who, to: users.id}]", "does not fit its type"),
        ("[{from: events.who}]", "line 1, column 14: the reference has no `to`"),
        ("[{from: events.who, too: users.id}]", "unknown key `too` in a reference; did you mean `to`?"),
        (
            "[{from: events.who, type: weight, to: users.id}]",
            "`type` names one of several tables, and `to` is one column",
        ),
        ("[{from: who, to: users.code}]", "`who` is no column; write table.column"),
        (
            "[{from: events.weight, to: users.boss}, {from: users.boss, to: events.id}]",
            "it closes a cycle of references",
        ),
        ("[{from: events.who, to: users.code}, {from: events.who, to: users.code}]", "it is declared twice"),
        (
            "[{from: events.who, to: users.code}]\ntables: {events: {column_configs: {who: {pattern: x}}}}",
            "`pattern` gives its values as well",
        ),
        (
            "[{from: remarks.about, type: sort, to: {Post: posts.id, Photo: photos.id}}]\ntables: {photos: {count: 0}}",
            "gets no rows in this run",
        ),
        (
            "[{from: remarks.about, type: sort, to: {Post: posts.id}}]\ntables: {remarks: {column_configs: {sort: {possible_values: [Post, Page]}}}}",
            "`sort` may be Page, for which `to` names no table",
        ),
    ] {
        let ran = run("plan", &db, &format!("references: {references}\n"), &[]);
        assert!(ran.code != 0 && ran.stderr.contains(message), "{references}: {}{}", ran.stdout, ran.stderr);
    }
}
