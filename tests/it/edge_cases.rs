//! `--edge-cases`: values at the limits of types, which every constraint allows.

use crate::program::{configured, dbmocker};
use crate::servers::{KINDS, Kind, database, postgres};

const DDL: &str = "
    CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, nick VARCHAR(40) NOT NULL UNIQUE, motto VARCHAR(300) NOT NULL, points INTEGER NOT NULL,
        rank SMALLINT, fee DECIMAL(8,2) NOT NULL, weight DOUBLE PRECISION NOT NULL, born DATE NOT NULL, level INTEGER NOT NULL, low INTEGER NOT NULL,
        high INTEGER NOT NULL, code VARCHAR(20) NOT NULL,
        CONSTRAINT levels CHECK (level BETWEEN 1 AND 10), CONSTRAINT ordered CHECK (low < high), CONSTRAINT long_code CHECK (length(code) > 3));
    CREATE TABLE pets (id INTEGER NOT NULL PRIMARY KEY, person_id INTEGER NOT NULL, remark VARCHAR(100), FOREIGN KEY (person_id) REFERENCES people (id));";

#[test]
fn edge_cases_keep_every_constraint() {
    for kind in KINDS {
        // MariaDB reserves the name.
        let ddl = if kind == Kind::MariaDb { DDL.replace("rank SMALLINT", "`rank` SMALLINT") } else { DDL.into() };
        let db = database(kind, &ddl);
        dbmocker(["load", "--url", &db.url, "--rows", "3000", "--edge-cases", "20%", "--no-coherence"]).ok();
        let count = |sql: &str| db.number(&format!("SELECT count(*) FROM people WHERE {sql}"));
        assert_eq!(count("1 = 1"), 3000, "{kind:?}");
        for (sql, least) in [
            ("motto = ''", 5),
            ("motto LIKE '%DROP TABLE%'", 5),
            ("length(motto) >= 300", 5),
            // An INTEGER of SQLite has 64 bits.
            ("points IN (2147483647, 9223372036854775807)", 50),
            ("points IN (-2147483648, -9223372036854775807 - 1)", 50),
            ("fee = 999999.99", 50),
            ("born = '9999-12-31'", 20),
            ("born = '2024-02-29'", 20),
            ("level = 10", 1),
        ] {
            assert!(count(sql) >= least, "{kind:?}: {sql}: {}", count(sql));
        }
        assert_eq!(count("level NOT BETWEEN 1 AND 10 OR low >= high OR length(code) <= 3"), 0, "{kind:?}");
        assert!(count("motto LIKE '% %'") > 1500, "{kind:?}");
    }
}

#[test]
fn preview_shows_which_rows_they_are() {
    let db = database(Kind::Sqlite, DDL);
    let base = ["--url", &db.url, "--rows", "500", "--edge-cases"];
    let shown = dbmocker(["preview", "--table", "people", "--limit", "3"].into_iter().chain(base)).ok().stdout;
    let line = shown.lines().find(|l| l.contains("points") || l.contains("motto")).unwrap_or_else(|| panic!("{shown}"));
    let row: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    let range = format!("people:{row}..{}", row + 1);
    let export = ["export", "--tables", "people", "--rows-range", &range, "--format", "ndjson", "--out", "-"];
    let with = dbmocker(export.into_iter().chain(base)).ok().stdout;
    let without = dbmocker(export.into_iter().chain(base[..4].iter().copied())).ok().stdout;
    assert_ne!(with, without);
    assert_eq!(with.lines().count(), 1);
}

#[test]
fn types_of_one_server_have_edge_cases_as_well() {
    let db = postgres().create_database(
        "CREATE TABLE t (id INT PRIMARY KEY, doc JSONB NOT NULL, plain JSON NOT NULL, tags TEXT[] NOT NULL, raw BYTEA NOT NULL, key UUID NOT NULL,
            at TIMESTAMPTZ NOT NULL, span INTERVAL NOT NULL, r REAL NOT NULL, body TEXT NOT NULL, pad CHAR(8) NOT NULL, yes BOOLEAN NOT NULL);",
    );
    let config = "tables: {t: {count: 2000, column_configs: {raw: {edge_cases: 1}, span: {edge_cases: 0.5}}}}";
    configured("load", &db.url, config, &["--edge-cases", "0.3", "--no-coherence"]).ok();
    for sql in [
        "doc::text LIKE '[[[[[[[[%'",
        "cardinality(tags) = 100",
        "cardinality(tags) = 0",
        "key = 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "at = '0001-01-01 00:00:00+00'",
        "body LIKE E'%\\u202e%'",
        "octet_length(raw) = 256",
    ] {
        assert!(db.number(&format!("SELECT count(*) FROM t WHERE {sql}")) > 0, "{sql}");
    }
    assert_eq!(db.number("SELECT count(DISTINCT raw) FROM t"), 5);
}

#[test]
fn edge_cases_that_cannot_be_kept_are_errors() {
    let db = database(Kind::Sqlite, DDL);
    for (column, message) in
        [("nick", "it is part of a key"), ("low", "a CHECK couples it to other columns"), ("id", "it is part of a key")]
    {
        let config = format!("tables: {{people: {{column_configs: {{{column}: {{edge_cases: 0.1}}}}}}}}");
        let ran = configured("load", &db.url, &config, &[]);
        assert_ne!(ran.code, 0, "{column}");
        assert!(ran.stderr.contains(message), "{column}: {}", ran.stderr);
    }
    assert_ne!(dbmocker(["load", "--url", &db.url, "--edge-cases", "200%"]).code, 0);
}
