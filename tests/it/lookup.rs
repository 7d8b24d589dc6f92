//! Lookup tables: rows given in the config file or in a CSV file are loaded unchanged, and mistakes in them are
//! reported with their position before anything is written.

use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE status (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(12) NOT NULL UNIQUE, note VARCHAR(20), weight DECIMAL(6,2) NOT NULL,
        CONSTRAINT known CHECK (name <> 'unknown'), CONSTRAINT light CHECK (weight < 100 OR id > 100));
    CREATE TABLE sort (code CHAR(2) NOT NULL PRIMARY KEY, status_id INTEGER, parent CHAR(2), since DATE, FOREIGN KEY (status_id) REFERENCES status (id),
        FOREIGN KEY (parent) REFERENCES sort (code));
    CREATE TABLE task (id INTEGER NOT NULL PRIMARY KEY, status_id INTEGER NOT NULL, code CHAR(2) NOT NULL,
        FOREIGN KEY (status_id) REFERENCES status (id), FOREIGN KEY (code) REFERENCES sort (code));";

struct Files(tempfile::TempDir);

impl Files {
    fn new(csv: &str, config: &str) -> Self {
        let files = Files(tempfile::tempdir().unwrap());
        std::fs::write(files.0.path().join("sorts.csv"), csv).unwrap();
        std::fs::write(files.0.path().join("shop.yaml"), config).unwrap();
        files
    }

    fn run(&self, command: &str, db: &Database, more: &[&str]) -> crate::program::Ran {
        let config = self.0.path().join("shop.yaml");
        let args = [command, "--url", &db.url, "--rows", "200", "--config", config.to_str().unwrap()];
        dbmocker(args.iter().chain(more))
    }
}

const CSV: &str = "code,parent,status_id,since\nAA,,7,2024-02-29\nBB,AA,9,\n\"C,\",CC,,1999-12-31\nCC,CC,7,\n";
const CONFIG: &str = "
tables:
  status:
    rows: [{id: 7, name: open}, {id: 9, name: \"it's \\\"shut\\\"\"}]
  sort: {rows_from: sorts.csv}
";

#[test]
fn given_rows_are_loaded_as_they_stand_and_children_refer_to_them() {
    for kind in KINDS {
        let db = database(kind, DDL);
        let files = Files::new(CSV, CONFIG);
        files.run("load", &db, &[]).ok();
        let text = |rows: Vec<Vec<Option<String>>>| -> Vec<String> {
            let cell = |c: Option<String>| c.map_or("NULL".to_owned(), |c| c.trim_end().to_owned());
            rows.into_iter().map(|r| r.into_iter().map(cell).collect::<Vec<_>>().join("|")).collect()
        };
        assert_eq!(text(db.rows("SELECT id, name FROM status ORDER BY id")), ["7|open", "9|it's \"shut\""], "{kind:?}");
        let sorts = text(db.rows("SELECT code, parent, status_id, since FROM sort ORDER BY code"));
        assert_eq!(
            sorts,
            ["AA|NULL|7|2024-02-29", "BB|AA|9|NULL", "C,|CC|NULL|1999-12-31", "CC|CC|7|NULL"],
            "{kind:?}"
        );
        assert_eq!(db.number("SELECT count(*) FROM task"), 200, "{kind:?}");
        assert_eq!(db.number("SELECT count(DISTINCT status_id) FROM task"), 2, "{kind:?}");
        assert_eq!(db.number("SELECT count(DISTINCT code) FROM task"), 4, "{kind:?}");
        // Columns that are not given are generated as usual.
        assert_eq!(db.number("SELECT count(*) FROM status WHERE weight IS NULL"), 0, "{kind:?}");

        // The rows exist already: a second load reports that, unless it empties the tables.
        let again = files.run("load", &db, &[]).expect(3);
        assert!(again.stderr.contains("in the table already; empty it with --truncate"), "{}", again.stderr);
        assert_eq!(db.number("SELECT count(*) FROM task"), 200, "{kind:?}");
        let manifest = files.0.path().join("load.json");
        files.run("load", &db, &["--truncate", "--manifest", manifest.to_str().unwrap()]).ok();
        let again = dbmocker(["verify", "--url", &db.url, "--rows", manifest.to_str().unwrap()]).ok();
        assert_eq!(again.stdout.matches(" same").count(), 3, "{}", again.stdout);
        assert_eq!(db.number("SELECT count(*) FROM sort"), 4, "{kind:?}");

        let out = files.0.path().join("out");
        files.run("export", &db, &["--tables", "status,sort,task", "--out", out.to_str().unwrap()]).expect(3);
        let empty = database(kind, DDL);
        files.run("export", &empty, &["--out", out.to_str().unwrap()]).ok();
        dbmocker(["load", "--url", &empty.url, "--from", out.to_str().unwrap()]).ok();
        assert_eq!(
            text(empty.rows("SELECT code, parent, status_id, since FROM sort ORDER BY code")),
            sorts,
            "{kind:?}"
        );
    }
}

#[test]
fn mistakes_in_given_rows_are_told_with_their_place() {
    let status = |rows: &str| format!("tables:\n  status:\n    rows:\n{rows}");
    for kind in KINDS {
        let db = database(kind, DDL);
        for (csv, config, told) in [
            (
                CSV,
                status("      - {id: 1, name: a}\n      - {id: x, name: b}"),
                "`shop.yaml`, line 5, column `id`: `x` does not fit",
            ),
            (
                CSV,
                status("      - {id: 1, name: null}"),
                "`shop.yaml`, line 4, column `name`: NULL contradicts its NOT NULL",
            ),
            (
                CSV,
                status("      - {id: 1, name: much too long}"),
                "line 4, column `name`: `much too long` does not fit",
            ),
            (CSV, status("      - {id: 1, name: a}\n      - {id: 1, name: b}"), "`shop.yaml`, line 5: key"),
            (CSV, status("      - {id: 1, name: a}\n      - {id: 2, name: a}"), "stands in line 4 as well"),
            (
                CSV,
                status("      - {id: 1, name: a}\n      - {id: 2, name: unknown}"),
                "`shop.yaml`, line 5: the row breaks known",
            ),
            (CSV, status("      - {id: 3, weight: 100.5, name: a}"), "`shop.yaml`, line 4: the row breaks light"),
            (CSV, status("      - {id: 3, weight: 1000000, name: a}"), "column `weight`: `1000000` does not fit"),
            (CSV, status("      - {id: 3, nmae: a}"), "`shop.yaml`, line 4: no column `nmae` in table"),
            ("code,status_id\nAA,7\nBB,8\n", CONFIG.into(), "`sorts.csv`, line 3: foreign key"),
            ("code,parent\nAA,ZZ\n", CONFIG.into(), "`sorts.csv`, line 2: foreign key"),
            (
                "code,since\nAA,\nBB,2024-02-30\n",
                CONFIG.into(),
                "`sorts.csv`, line 3, column `since`: `2024-02-30` does not fit",
            ),
            (
                "code,since\nAA\n",
                CONFIG.into(),
                "`sorts.csv`, line 2, column 2: 1 fields, but the header names 2 columns",
            ),
            (CSV, "tables: {sort: {rows_from: no.csv}}".into(), "no.csv"),
        ] {
            let ran = Files::new(csv, &config).run("load", &db, &[]);
            assert!(ran.code == 3 || ran.code == 2, "{kind:?} {config}\n{}", ran.stderr);
            assert!(ran.stderr.contains(told), "{kind:?} {told}\n{}", ran.stderr);
            assert_eq!(db.number("SELECT count(*) FROM status"), 0, "{kind:?}");
        }
    }
}

#[test]
fn keys_beside_given_columns_are_still_unique() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE rate (country CHAR(2) NOT NULL, sort INTEGER NOT NULL CHECK (sort BETWEEN 1 AND 3), name TEXT, PRIMARY KEY (country, sort));",
    );
    let rows: String = "DE FR DE DE FR ES".split(' ').map(|c| format!("{c}\n")).collect();
    let files = Files::new(&format!("country\n{rows}"), "tables: {rate: {rows_from: sorts.csv}}");
    files.run("load", &db, &[]).ok();
    assert_eq!(db.number("SELECT count(*) FROM rate WHERE country = 'DE'"), 3);
    let more = Files::new(&format!("country\n{rows}DE\n"), "tables: {rate: {rows_from: sorts.csv}}");
    let ran = more.run("load", &db, &["--truncate"]).expect(3);
    assert!(ran.stderr.contains("only 6 of 7 rows fit"), "{}", ran.stderr);
}
