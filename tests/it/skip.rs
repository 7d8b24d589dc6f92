//! `--skip-unsolved`: tables that cannot be filled are left out with the children that need them, and named.

use std::collections::BTreeMap;

use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind, database};

/// `bad` cannot be filled; `child` and `grandchild` need it, `loose` and `both` do not.
const DDL: &str = "
    CREATE TABLE good (id INTEGER NOT NULL PRIMARY KEY);
    CREATE TABLE bad (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL, CONSTRAINT no_room CHECK (n > 5 AND n < 3));
    CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, bad_id INTEGER NOT NULL, FOREIGN KEY (bad_id) REFERENCES bad (id));
    CREATE TABLE grandchild (id INTEGER NOT NULL PRIMARY KEY, child_id INTEGER NOT NULL, FOREIGN KEY (child_id) REFERENCES child (id));
    CREATE TABLE loose (id INTEGER NOT NULL PRIMARY KEY, bad_id INTEGER, good_id INTEGER NOT NULL,
        FOREIGN KEY (bad_id) REFERENCES bad (id), FOREIGN KEY (good_id) REFERENCES good (id));
    CREATE TABLE either_one (id INTEGER NOT NULL PRIMARY KEY, bad_id INTEGER, good_id INTEGER,
        CONSTRAINT one CHECK (bad_id IS NOT NULL OR good_id IS NOT NULL),
        FOREIGN KEY (bad_id) REFERENCES bad (id), FOREIGN KEY (good_id) REFERENCES good (id));
    CREATE TABLE wants (id INTEGER NOT NULL PRIMARY KEY, bad_id INTEGER, CONSTRAINT given CHECK (bad_id IS NOT NULL),
        FOREIGN KEY (bad_id) REFERENCES bad (id));";

fn load(db: &Database, more: &[&str]) -> crate::program::Ran {
    dbmocker(["load", "--url", &db.url, "--rows", "60"].iter().chain(more))
}

/// Tables left out of a report, by their own name, with the reason.
fn left_out(path: &std::path::Path) -> BTreeMap<String, String> {
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let own = |name: String| name.rsplit('.').next().unwrap().to_owned();
    report["left_out"].as_array().unwrap().iter().map(|l| (own(text(&l["name"])), text(&l["reason"]))).collect()
}

#[test]
fn tables_without_a_plan_go_with_the_children_that_need_them() {
    for kind in KINDS {
        let db = database(kind, DDL);
        let ran = load(&db, &[]).expect(3);
        assert!(ran.stderr.contains("no_room") && ran.stderr.contains("--skip-unsolved"), "{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM good"), 0, "{kind:?}");

        let planned = dbmocker(["plan", "--url", &db.url, "--skip-unsolved"]).ok().stdout;
        assert_eq!(planned.matches("left out: ").count(), 4, "{planned}");

        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json");
        let ran = load(&db, &["--skip-unsolved", "--report", report.to_str().unwrap()]).ok();
        let left_out = left_out(&report);
        assert_eq!(left_out.keys().collect::<Vec<_>>(), ["bad", "child", "grandchild", "wants"], "{kind:?}");
        assert!(left_out["bad"].contains("no_room"), "{left_out:?}");
        for (table, parent) in [("child", "bad"), ("grandchild", "child"), ("wants", "bad")] {
            let reason = &left_out[table];
            assert!(reason.contains(parent) && reason.contains("is left out"), "{reason}");
            assert!(ran.stderr.contains(reason.as_str()), "{}", ran.stderr);
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 0, "{kind:?}");
        }
        for table in ["good", "loose", "either_one"] {
            assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 60, "{kind:?} {table}");
        }
        assert_eq!(db.number("SELECT count(bad_id) FROM loose"), 0, "{kind:?}");
        assert_eq!(db.number("SELECT count(good_id) FROM either_one"), 60, "{kind:?}");

        let out = folder.path().join("rows");
        let export =
            |more: &[&str]| dbmocker(["export", "--url", &db.url, "--out", out.to_str().unwrap()].iter().chain(more));
        export(&[]).expect(3);
        export(&["--skip-unsolved"]).ok();
        assert!(out.join("good.csv").exists() && !out.join("child.csv").exists());
    }
}

#[test]
fn tables_whose_rows_the_server_refuses_go_as_well() {
    for kind in KINDS {
        let refusing = match kind {
            Kind::Postgres => {
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
                 CREATE TRIGGER stop BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION nothing();"
            }
            Kind::MariaDb => {
                "CREATE TRIGGER stop BEFORE INSERT ON parent FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not today';"
            }
            Kind::Sqlite => "CREATE TRIGGER stop BEFORE INSERT ON parent BEGIN SELECT RAISE(ABORT, 'not today'); END;",
        };
        let db = database(
            kind,
            &format!(
                "CREATE TABLE good (id INTEGER NOT NULL PRIMARY KEY);
                 CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY);
                 CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER NOT NULL, FOREIGN KEY (parent_id) REFERENCES parent (id));
                 {refusing}"
            ),
        );
        let ran = load(&db, &["--keep-triggers"]).expect(3);
        assert!(ran.stderr.contains("--skip-unsolved"), "{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM good"), 0, "{kind:?}");
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json");
        load(&db, &["--keep-triggers", "--skip-unsolved", "--report", report.to_str().unwrap()]).ok();
        let left_out = left_out(&report);
        assert_eq!(left_out.keys().collect::<Vec<_>>(), ["child", "parent"], "{kind:?}");
        assert!(left_out["parent"].contains("not today"), "{kind:?}: {left_out:?}");
        assert_eq!(db.number("SELECT count(*) FROM good"), 60, "{kind:?}");
    }
}

#[test]
fn where_nothing_is_left_the_reasons_are_told() {
    let db = database(Kind::Sqlite, "CREATE TABLE bad (n INTEGER NOT NULL CHECK (n > 5 AND n < 3));");
    let ran = load(&db, &["--skip-unsolved"]).expect(3);
    assert!(ran.stderr.contains("no table is left") && ran.stderr.contains("bad"), "{}", ran.stderr);
}

#[test]
fn tables_whose_rows_the_server_refuses_while_they_are_loaded_go_as_well() {
    for kind in KINDS {
        let full = "(SELECT count(*) FROM parent) > 700";
        let refusing = match kind {
            Kind::Postgres => format!(
                "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN IF {full} THEN RAISE EXCEPTION 'no more'; END IF; RETURN NEW; END $$;
                 CREATE TRIGGER stop BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION full_up();"
            ),
            Kind::MariaDb => format!(
                "\nDELIMITER //\nCREATE TRIGGER stop BEFORE INSERT ON parent FOR EACH ROW
                 IF {full} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no more'; END IF//\nDELIMITER ;\n"
            ),
            Kind::Sqlite => format!(
                "CREATE TRIGGER stop BEFORE INSERT ON parent BEGIN SELECT RAISE(ABORT, 'no more') WHERE {full}; END;"
            ),
        };
        let db = database(
            kind,
            &format!(
                "CREATE TABLE good (id INTEGER NOT NULL PRIMARY KEY);
                 CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY);
                 CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER NOT NULL, FOREIGN KEY (parent_id) REFERENCES parent (id));
                 CREATE TABLE grandchild (id INTEGER NOT NULL PRIMARY KEY, child_id INTEGER NOT NULL, FOREIGN KEY (child_id) REFERENCES child (id));
                 CREATE TABLE last (id INTEGER NOT NULL PRIMARY KEY, good_id INTEGER NOT NULL, FOREIGN KEY (good_id) REFERENCES good (id));
                 {refusing}"
            ),
        );
        let load = |more: &[&str]| {
            let flags = ["load", "--url", &db.url, "--rows", "1000", "--keep-triggers", "--truncate"];
            dbmocker(flags.iter().chain(more))
        };
        let ran = load(&[]).expect(4);
        assert!(ran.stderr.contains("no more") && ran.stderr.contains("--skip-unsolved"), "{kind:?}: {}", ran.stderr);
        let folder = tempfile::tempdir().unwrap();
        let (report, manifest) = (folder.path().join("report.json"), folder.path().join("manifest.json"));
        let files = ["--report", report.to_str().unwrap(), "--manifest", manifest.to_str().unwrap()];
        for processes in ["1", "3"] {
            let more = ["--skip-unsolved", "--processes", processes, "--rows-per-process", "300"];
            let ran = load(&[&more[..], &files].concat()).ok();
            let left_out = left_out(&report);
            assert_eq!(left_out.keys().collect::<Vec<_>>(), ["child", "grandchild", "parent"], "{kind:?}");
            assert!(
                left_out["parent"].contains("the server refuses its rows: ") && left_out["parent"].contains("no more")
            );
            assert!(left_out["grandchild"].contains("child`, which is left out"), "{left_out:?}");
            for said in left_out.values().map(String::as_str).chain(["verified: 2 tables, 2,000 rows, no error found"])
            {
                assert!(ran.stderr.contains(said), "{kind:?}, {processes}: {said}\n{}", ran.stderr);
            }
            for (table, rows) in [("good", 1000), ("parent", 0), ("child", 0), ("grandchild", 0), ("last", 1000)] {
                assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), rows, "{kind:?} {table}");
            }
            dbmocker(["verify", "--url", &db.url, "--rows", manifest.to_str().unwrap()]).ok();
        }
        let ran = load(&["--skip-unsolved", "--tables", "parent"]).expect(4);
        assert!(ran.stderr.contains("no table is left"), "{kind:?}: {}", ran.stderr);
    }
}

#[test]
fn partitioned_tables_without_a_partition_are_told_before_anything_is_written() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE good (id INT PRIMARY KEY);
         CREATE TABLE bare (id INT, at DATE NOT NULL) PARTITION BY RANGE (at);
         CREATE TABLE cut (id INT, k INT NOT NULL) PARTITION BY LIST (k);
         CREATE TABLE cut_1 PARTITION OF cut FOR VALUES IN (1) PARTITION BY HASH (id);
         CREATE TABLE rest (id INT, k INT NOT NULL) PARTITION BY LIST (k);
         CREATE TABLE rest_1 PARTITION OF rest FOR VALUES IN (1, 2, 3) PARTITION BY HASH (id);
         CREATE TABLE rest_2 PARTITION OF rest DEFAULT;",
    );
    let ran = load(&db, &[]).expect(3);
    for said in ["`public.bare`: no partition takes its rows", "`public.cut_1` is partitioned, and has no partition"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert_eq!(db.number("SELECT count(*) FROM good"), 0);
    load(&db, &["--skip-unsolved"]).ok();
    assert_eq!(db.number("SELECT (SELECT count(*) FROM good) + (SELECT count(*) FROM rest_2)"), 120);
}
