//! `default: true`: columns that are left to the server.

use crate::program::configured;
use crate::servers::{KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL, state VARCHAR(10) DEFAULT 'draft' NOT NULL, made TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
        votes INTEGER DEFAULT 7 NOT NULL, score INTEGER NOT NULL, code INTEGER DEFAULT 3 NOT NULL, CONSTRAINT codes CHECK (code > 0));";

#[test]
fn the_server_applies_its_default() {
    let config = "tables: {posts: {count: 200, column_configs: {state: {default: true}, made: {default: true}, votes: {default: true}}}}";
    for kind in KINDS {
        let db = database(kind, DDL);
        configured("load", &db.url, config, &[]).ok();
        let count = |sql: &str| db.number(&format!("SELECT count(*) FROM posts WHERE {sql}"));
        assert_eq!(count("state = 'draft' AND votes = 7 AND made > '2026-02-01'"), 200, "{kind:?}");
    }
}

#[test]
fn columns_whose_value_is_needed_are_not_left_to_the_server() {
    let db = database(Kind::Sqlite, DDL);
    for (column, message) in
        [("id", "it has no default"), ("score", "it has no default"), ("code", "codes reads the value")]
    {
        let config = format!("tables: {{posts: {{column_configs: {{{column}: {{default: true}}}}}}}}");
        let ran = configured("load", &db.url, &config, &[]);
        assert_ne!(ran.code, 0, "{column}");
        assert!(ran.stderr.contains(message), "{column}: {}", ran.stderr);
    }
}
