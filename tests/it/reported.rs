//! Faults that were reported with real schemas, each reduced to a small schema.

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};

/// Fills an empty database; the load verifies itself.
fn filled(kind: Kind, ddl: &str, rows: &str) -> (Database, Ran) {
    let db = database(kind, ddl);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", rows]).ok();
    (db, ran)
}

#[test]
fn parts_of_texts_that_an_index_casts_can_be_cast() {
    let (db, _) = filled(
        Kind::Postgres,
        "CREATE TABLE parcels (id int PRIMARY KEY, label text, origin varchar(60), line text, price double precision NOT NULL, facts jsonb NOT NULL);
         CREATE INDEX ON parcels ((split_part(label, '-', 2)::int));
         CREATE INDEX ON parcels ((substring(origin FROM position(',' IN origin) + 1)::integer));
         CREATE INDEX ON parcels ((right(line, 3)::int));
         CREATE INDEX ON parcels (((facts ->> 'size')::int));
         CREATE INDEX ON parcels (ln(price));",
        "300",
    );
    assert!(db.number("SELECT count(DISTINCT split_part(label, '-', 2)::int) FROM parcels") > 100);
    assert!(db.number("SELECT count(*) FROM parcels WHERE position(',' IN origin) > 1") > 200);
}

#[test]
fn checks_of_a_part_of_a_text_leave_texts_with_such_a_part() {
    let (db, _) = filled(
        Kind::Postgres,
        "CREATE TABLE lots (id int PRIMARY KEY, code text CHECK (split_part(code, '/', 2) ~ '^[1-9][0-9]{3}$'),
           year text CHECK (left(year, 4)::int BETWEEN 1990 AND 2025), size text CHECK (replace(size, 'x', '')::int > 5));",
        "300",
    );
    assert!(db.number("SELECT least(count(code), count(year), count(size)) FROM lots") > 200);
}

/// A table for each kind of a thing refers to the thing and its kind.
#[test]
fn constants_that_checks_ask_of_a_key_are_in_the_parent() {
    for kind in KINDS {
        let (db, _) = filled(
            kind,
            "CREATE TABLE papers (org int NOT NULL, sort varchar(20) NOT NULL, no int NOT NULL, PRIMARY KEY (org, sort, no));
             CREATE TABLE permits (org int NOT NULL, sort varchar(20) NOT NULL CHECK (sort = 'Permit'), no int NOT NULL,
               PRIMARY KEY (org, no), FOREIGN KEY (org, sort, no) REFERENCES papers (org, sort, no));
             CREATE TABLE stages (code varchar(20) PRIMARY KEY);
             CREATE TABLE jobs (id int PRIMARY KEY, stage varchar(20) NOT NULL CHECK (stage IN ('open', 'shut')),
               FOREIGN KEY (stage) REFERENCES stages (code));",
            "300",
        );
        for table in ["papers", "permits", "stages", "jobs"] {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 300, "{kind:?} {table}");
        }
        assert_eq!(db.number("SELECT count(DISTINCT stage) FROM jobs"), 2, "{kind:?}");
    }
}

#[test]
fn unique_references_to_another_row_make_lists_that_end() {
    for kind in KINDS {
        let (db, _) = filled(
            kind,
            "CREATE TABLE revisions (id int PRIMARY KEY, earlier int UNIQUE, FOREIGN KEY (earlier) REFERENCES revisions (id));
             CREATE TABLE cars (id int PRIMARY KEY, front int UNIQUE, back int UNIQUE,
               FOREIGN KEY (front) REFERENCES cars (id), FOREIGN KEY (back) REFERENCES cars (id));",
            "600",
        );
        assert_eq!(
            db.number("SELECT count(*) FROM revisions") + db.number("SELECT count(*) FROM cars"),
            1200,
            "{kind:?}"
        );
        assert!(db.number("SELECT count(earlier) FROM revisions") > 400, "{kind:?}");
        let ends = "WITH RECURSIVE walk (id, up, n) AS (SELECT id, earlier, 0 FROM revisions UNION ALL
            SELECT r.id, r.earlier, n + 1 FROM walk w JOIN revisions r ON r.id = w.up WHERE n < 50) SELECT max(n) FROM walk";
        assert!(db.number(ends) < 50, "{kind:?}");
    }
}

#[test]
fn stays_between_two_columns_have_slots_for_each_room() {
    let (db, _) = filled(
        Kind::Postgres,
        "CREATE EXTENSION btree_gist;
         CREATE TABLE rooms (id serial PRIMARY KEY, name text NOT NULL);
         CREATE TABLE stays (id serial PRIMARY KEY, room int NOT NULL REFERENCES rooms, arrives date NOT NULL, leaves date NOT NULL,
           CHECK (leaves > arrives), EXCLUDE USING gist (room WITH =, daterange(arrives, leaves) WITH &&));",
        "60000",
    );
    assert_eq!(db.number("SELECT count(*) FROM stays"), 60_000);
    assert_eq!(
        db.number("SELECT count(*) FROM stays WHERE arrives < date '2025-01-01' OR leaves > date '2028-01-01'"),
        0
    );
}

#[test]
fn rows_of_very_wide_tables_fit_a_page() {
    let columns = |n: usize, ty: &str| (0..n).map(|i| format!("c{i} {ty}")).collect::<Vec<_>>().join(", ");
    let (db, _) = filled(
        Kind::Postgres,
        &format!(
            "CREATE TABLE sheet (id int PRIMARY KEY, {}); CREATE TABLE strict (id int PRIMARY KEY, {});",
            columns(1500, "text"),
            columns(700, "text NOT NULL")
        ),
        "40",
    );
    assert_eq!(db.number("SELECT count(*) FROM sheet") + db.number("SELECT count(*) FROM strict"), 80);
    let full = database(Kind::Postgres, &format!("CREATE TABLE sheet ({});", columns(1300, "bigint NOT NULL")));
    let said = dbmocker(["load", "--url", &full.url, "--rows", "10"]).expect(3).stderr;
    assert!(said.contains("do not fit a page") && said.contains("--exclude-tables"), "{said}");
}

#[test]
fn rows_are_numbered_from_where_the_table_says() {
    let (db, _) = filled(
        Kind::MariaDb,
        "CREATE TABLE bills (id int AUTO_INCREMENT PRIMARY KEY, n varchar(20)) AUTO_INCREMENT = 5000;",
        "50",
    );
    assert_eq!(db.number("SELECT min(id) * 100000 + max(id) FROM bills"), 500_005_049);
    dbmocker(["load", "--url", &db.url, "--rows", "50", "--truncate"]).ok();
    assert_eq!(db.number("SELECT min(id) FROM bills"), 1, "TRUNCATE starts the numbers anew");
}

#[test]
fn a_foreign_key_to_columns_that_are_not_unique_is_told_while_planning() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE firms (id integer PRIMARY KEY, code integer); CREATE TABLE bills (id integer PRIMARY KEY, firm integer REFERENCES firms(code));",
    );
    let plan = dbmocker(["plan", "--url", &db.url]).ok().stdout;
    assert!(plan.contains("firms(code) is no PRIMARY KEY") && plan.contains("foreign key mismatch"), "{plan}");
}

#[test]
fn a_default_that_the_session_answers_is_a_candidate() {
    let (db, _) = filled(
        Kind::Postgres,
        "CREATE FUNCTION is_role(name) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)';
         CREATE TABLE grants (id int PRIMARY KEY, holder name NOT NULL DEFAULT current_user CHECK (is_role(holder)));",
        "20",
    );
    assert_eq!(db.number("SELECT count(*) FROM grants WHERE holder = current_user"), 20);
}
