//! `--size`: row counts for a size in bytes.

use std::path::Path;

use crate::export::files;
use crate::program::{Ran, dbmocker, path};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::ddl;

/// Wide rows with long texts and NULLs; a table of readings and its list.
const FORUM: &str = "
    CREATE TABLE members (id INTEGER PRIMARY KEY, email VARCHAR(120) NOT NULL UNIQUE, about VARCHAR(2000), joined_at TIMESTAMP NOT NULL,
        is_admin BOOLEAN NOT NULL, karma INTEGER);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, member_id INTEGER NOT NULL REFERENCES members (id), parent_id INTEGER REFERENCES posts (id),
        title VARCHAR(200) NOT NULL, body VARCHAR(5000) NOT NULL, created_at TIMESTAMP NOT NULL, views BIGINT NOT NULL);
    CREATE INDEX posts_member ON posts (member_id);
    CREATE INDEX posts_created ON posts (created_at);
    CREATE TABLE votes (post_id INTEGER NOT NULL REFERENCES posts (id), member_id INTEGER NOT NULL REFERENCES members (id),
        value SMALLINT NOT NULL CHECK (value IN (-1, 1)), PRIMARY KEY (post_id, member_id));";
const PLANT: &str = "
    CREATE TABLE sites (code VARCHAR(8) NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL);
    CREATE TABLE sensors (id INTEGER PRIMARY KEY, site_code VARCHAR(8) NOT NULL REFERENCES sites (code), serial VARCHAR(20) NOT NULL UNIQUE,
        unit VARCHAR(5) NOT NULL CHECK (unit IN ('C', 'bar', 'rpm')), installed DATE NOT NULL);
    CREATE TABLE readings (sensor_id INTEGER NOT NULL REFERENCES sensors (id), taken_at TIMESTAMP NOT NULL, value DECIMAL(10, 3),
        quality SMALLINT NOT NULL, PRIMARY KEY (sensor_id, taken_at));
    CREATE INDEX readings_taken ON readings (taken_at);";

fn schemas(kind: Kind) -> [(&'static str, &'static str); 3] {
    [("shop", ddl(kind)), ("forum", FORUM), ("plant", PLANT)]
}

fn run(args: &[&str]) -> Ran {
    dbmocker(args).ok()
}

#[track_caller]
fn within_a_tenth(found: u64, wanted: f64, of: &str) {
    let share = found as f64 / wanted;
    assert!((0.9..1.1).contains(&share), "{of}: {found} bytes are {share:.3} of {wanted}");
}

#[test]
fn files_have_the_size_that_was_asked_for() {
    for (name, ddl) in schemas(Kind::Sqlite) {
        let (db, folder) = (database(Kind::Sqlite, ddl), tempfile::tempdir().unwrap());
        for (format, more) in
            [("csv", &[][..]), ("parquet", &["--compression", "zstd"]), ("csv", &["--compression", "gzip"])]
        {
            for (size, bytes) in [("600kB", 6e5), ("4MB", 4e6)] {
                let out = path(folder.path(), "out");
                let export =
                    ["export", "--url", &db.url, "--size", size, "--format", format, "--out", &out, "--overwrite"];
                let ran = run(&[&export[..], more].concat());
                assert!(ran.stderr.contains("--size") && ran.stderr.contains("of files"), "{}", ran.stderr);
                let ending = if format == "csv" && !more.is_empty() { "gz" } else { format };
                let written: usize = files(Path::new(&out), ending).values().map(Vec::len).sum();
                within_a_tenth(written as u64, bytes, &format!("{name} {format} {more:?}"));
            }
        }
    }
}

fn stored(db: &Database) -> u64 {
    let bytes = match db.kind {
        Kind::Postgres => db.number(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        ),
        Kind::MariaDb => {
            for table in db.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = database()") {
                db.rows(&format!("ANALYZE TABLE {}", table[0].as_ref().unwrap()));
            }
            db.number(
                "SELECT sum(data_length + index_length) FROM information_schema.tables WHERE table_schema = database()",
            )
        }
        Kind::Sqlite => std::fs::metadata(&db.name).unwrap().len().try_into().unwrap(),
    };
    bytes.try_into().unwrap()
}

#[test]
fn databases_have_the_size_that_was_asked_for() {
    for kind in KINDS {
        // Small tables of InnoDB take whole extents.
        let sizes: &[(&str, f64)] =
            if kind == Kind::MariaDb { &[("60MB", 60e6)] } else { &[("3MB", 3e6), ("24MB", 24e6)] };
        for (name, ddl) in schemas(kind) {
            for &(size, bytes) in sizes {
                let db = database(kind, ddl);
                let told = run(&["plan", "--url", &db.url, "--size", size]).stdout;
                assert!(told.contains("these row counts are estimated to be") && told.contains("indexes"), "{told}");
                run(&["load", "--url", &db.url, "--size", size, "--no-verify", "--no-journal"]);
                within_a_tenth(stored(&db), bytes, &format!("{kind:?} {name}"));
            }
        }
    }
}

#[test]
fn sizes_that_no_rows_have_are_refused() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, kind VARCHAR(5) NOT NULL UNIQUE CHECK (kind IN ('a', 'b', 'c')))",
    );
    let refused = |args: &[&str], code: i32, why: &str| {
        let ran = dbmocker([&args[..1], &["--url", &db.url], &args[1..]].concat());
        assert!(ran.code == code && ran.stderr.contains(why), "{args:?}: {}", ran.stderr);
    };
    refused(&["load", "--size", "10MB"], 3, "the tables hold no more rows");
    refused(&["load", "--size", "10"], 3, "give a larger size");
    refused(&["load", "--size", "10MB", "--rows", "5"], 2, "--rows");
    refused(&["export", "--size", "10MB", "--out", "-", "--tables", "t"], 2, "--size is that of files");
    refused(&["export", "--size", "10MB", "--format", "none"], 2, "--size is that of files");
    assert_eq!(db.number("SELECT count(*) FROM t"), 0);
}
