//! Verification finds all errors, and reports no others.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use dbmocker::verify::{FindingKind, Verification, verify};
use dbmocker_schema::read;

use crate::introspect::connect;
use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop;

fn verified(db: &Database) -> Verification {
    let conn = connect(&db.url);
    let schema = read(&conn).unwrap();
    let found = verify(&conn, &schema).unwrap();
    // The report is also read by programs.
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Verification>(&json).unwrap(), found);
    found
}

fn kinds(found: &Verification) -> Vec<(FindingKind, u64)> {
    found.findings().map(|(_, f)| (f.kind, f.rows)).collect()
}

#[test]
fn an_empty_shop_is_sound() {
    for kind in KINDS {
        let found = verified(&shop::shop(kind));
        assert!(found.passed(true) && found.rows() == 0, "{found}");
        assert!(found.tables.iter().map(|t| t.foreign_keys).sum::<usize>() >= 4);
    }
}

#[test]
fn orphans_and_broken_checks_are_counted() {
    let (schema, damage) = (
        "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
         CREATE TABLE c (id int PRIMARY KEY, a int, b int, n int, CONSTRAINT small CHECK (n < 10),
           CONSTRAINT to_p FOREIGN KEY (a, b) REFERENCES p (a, b));
         INSERT INTO p VALUES (1, 1);
         INSERT INTO c VALUES (1, 1, 1, 5), (2, NULL, 7, NULL);",
        "INSERT INTO c VALUES (3, 1, 2, 1), (4, 9, 9, 99), (5, 9, 1, 11);",
    );
    for kind in KINDS {
        let db = database(kind, schema);
        assert!(verified(&db).passed(true), "{kind:?}");
        db.execute(&match kind {
            Kind::Postgres => format!(
                "SET session_replication_role = replica; ALTER TABLE c DROP CONSTRAINT small; {damage}
                 ALTER TABLE c ADD CONSTRAINT small CHECK (n < 10) NOT VALID;
                 UPDATE pg_constraint SET convalidated = true WHERE conname = 'small';"
            ),
            Kind::MariaDb => format!("SET foreign_key_checks = 0, check_constraint_checks = 0; {damage}"),
            Kind::Sqlite => format!("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on; {damage}"),
        });
        let found = verified(&db);
        let found_kinds = kinds(&found);
        assert!(found_kinds.contains(&(FindingKind::Orphans, 3)), "{kind:?}: {found}");
        assert!(found_kinds.contains(&(FindingKind::Check, 2)), "{kind:?}: {found}");
        assert!(found.to_string().contains("(a, b) has no matching row in"), "{found}");
    }
}

#[test]
fn match_full_partitions_and_sequences_of_postgres() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
         CREATE TABLE c (id int GENERATED ALWAYS AS IDENTITY, a int, b int, n int,
           FOREIGN KEY (a, b) REFERENCES p MATCH FULL) PARTITION BY RANGE (id);
         CREATE TABLE c1 PARTITION OF c (CHECK (n > 0)) FOR VALUES FROM (1) TO (100);
         CREATE SEQUENCE down INCREMENT -1;
         CREATE TABLE d (id int DEFAULT nextval('down'), s serial);
         INSERT INTO d SELECT FROM generate_series(1, 3);",
    );
    assert!(verified(&db).passed(true));
    db.execute(
        "SET session_replication_role = replica;
         INSERT INTO c (id, a, n) OVERRIDING SYSTEM VALUE VALUES (5, 1, 1), (6, NULL, 1);
         SELECT setval('d_s_seq', 2, true);",
    );
    let found = verified(&db);
    assert_eq!(
        kinds(&found),
        [(FindingKind::Orphans, 1), (FindingKind::Sequence, 0), (FindingKind::Sequence, 0)],
        "{found}"
    );
    assert!(found.to_string().contains("the next number is 3, but the table holds 3"), "{found}");
}

#[test]
fn what_cannot_be_evaluated_is_said_and_not_called_damage() {
    let db = database(
        Kind::Sqlite,
        "PRAGMA foreign_keys = off;
         CREATE TABLE a (x TEXT CHECK (length(x) < 5), y INT REFERENCES nowhere (z));
         INSERT INTO a VALUES ('b', NULL);
         PRAGMA writable_schema = on;
         UPDATE sqlite_schema SET sql = replace(sql, 'length(x)', 'strange(x)') WHERE name = 'a';",
    );
    let found = verified(&db);
    assert!(found.findings().any(|(_, f)| f.kind == FindingKind::Unchecked && f.detail.contains("strange")), "{found}");
}

/// The index of one column holds the rows of another.
#[test]
fn a_damaged_index_is_found_unless_the_quick_check_was_asked_for() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT); CREATE INDEX i ON t (a);
         INSERT INTO t VALUES (1, 10, 20), (2, 11, 21);
         PRAGMA writable_schema = on;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (b)' WHERE name = 'i';",
    );
    let ran = dbmocker(["verify", "--url", &db.url]).expect(1);
    assert!(ran.stdout.contains("integrity integrity_check: "), "{}", ran.stdout);
    dbmocker(["verify", "--url", &db.url, "--quick"]).ok();
}

/// SQLite compares a child's value with the affinity and collation of the parent's column: here '7' with '007'.
#[test]
fn sqlite_keys_are_compared_as_the_parent_holds_them() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE p (code TEXT PRIMARY KEY);
         CREATE TABLE c (id INTEGER PRIMARY KEY, code UUID REFERENCES p (code));
         INSERT INTO p VALUES ('007'), ('8');
         PRAGMA foreign_keys = off;
         INSERT INTO c VALUES (1, '007'), (2, '8');",
    );
    assert_eq!(kinds(&verified(&db)), [(FindingKind::Orphans, 1)]);
}

/// SQLite accepts such a foreign key in CREATE TABLE, and refuses every statement that would enforce it.
#[test]
fn foreign_keys_that_sqlite_cannot_follow_are_told_by_load_as_by_verify() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE child (a INTEGER NOT NULL, b INTEGER REFERENCES parent (code));
         CREATE TABLE parent (id INTEGER PRIMARY KEY, code INTEGER);
         CREATE TABLE sound (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id));",
    );
    let loaded = dbmocker(["load", "--url", &db.url, "--rows", "100"]);
    let verified = dbmocker(["verify", "--url", &db.url]);
    for ran in [&loaded, &verified] {
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("foreign key mismatch") && said.contains("\"child\" referencing \"parent\""), "{said}");
        assert!(!said.contains("\"sound\""), "{said}");
    }
    assert_eq!(loaded.code, verified.code, "{}", loaded.stderr);
}
