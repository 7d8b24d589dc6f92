//! `verify --rows`: the rows of a manifest are generated again and compared with the database's.

use std::path::{Path, PathBuf};

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::shop;

const ROWS: &str = "700";

struct Load {
    folder: tempfile::TempDir,
}

impl Load {
    fn new(db: &Database) -> Self {
        let load = Load { folder: tempfile::tempdir().unwrap() };
        load.again(db, &[]);
        load
    }

    fn again(&self, db: &Database, more: &[&str]) {
        let manifest = self.manifest();
        let args = ["load", "--url", &db.url, "--rows", ROWS, "--manifest", manifest.to_str().unwrap()];
        dbmocker(args.iter().chain(more)).ok();
    }

    fn manifest(&self) -> PathBuf {
        self.folder.path().join("load.json")
    }
}

fn verify(db: &Database, manifest: &Path) -> Ran {
    dbmocker(["verify", "--url", &db.url, "--rows", manifest.to_str().unwrap()])
}

/// Every type that a server has and dbmocker fills, in one table.
fn types(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => {
            "CREATE TYPE mood AS ENUM ('sad', 'ok');
             CREATE TABLE types (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a smallint, b numeric(12,3), c numeric, d real,
               e double precision, f money, g varchar(20), h char(7), i text, j bytea, k date, l time, m timestamptz(3), n timestamp(0),
               o interval, p boolean, q uuid, r json, s jsonb, t xml, u mood, v int[], w text[], x inet, y cidr, z macaddr, aa bit(5),
               bb varbit(9), cc int4range, dd numrange, ee tsvector, ff point, gg timetz, hh pg_lsn, ii tstzrange, jj circle, kk \"char\",
               ll name, mm oid, nn numeric(5,0), oo jsonb[], twice int GENERATED ALWAYS AS (a * 2) STORED);"
        }
        Kind::MariaDb => {
            "CREATE TABLE types (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, a tinyint(1), b decimal(12,3), c float, d double, e varchar(20),
               f char(7), g text, h varbinary(12), i binary(6), j blob, k date, l time(2), m datetime(3), n timestamp NULL, o year,
               p enum('x','y'), q set('c','a','b'), r bit(5), s json, t point, u mediumint unsigned, v uuid, w inet6, x longtext,
               y geometry, z bit(1), aa float(7,2), twice int GENERATED ALWAYS AS (a * 2) STORED) CHARACTER SET utf8mb4;"
        }
        Kind::Sqlite => {
            "CREATE TABLE types (id INTEGER PRIMARY KEY, a INT, b DECIMAL(12,3), c REAL, d VARCHAR(20), e TEXT, f BLOB, g DATE, h DATETIME,
               i TIME, j BOOLEAN, k UUID, l JSON, m NUMERIC, n, o BIGINT, p TIMESTAMP, q DOUBLE, r CHAR(4), s DECIMAL(20,0), t YEAR,
               twice INT GENERATED ALWAYS AS (a * 2) STORED);"
        }
    }
}

#[test]
fn an_intact_database_has_the_rows_of_every_type() {
    for kind in KINDS {
        let ddl = format!("{} CREATE TABLE keyless (n INTEGER, t VARCHAR(5));", types(kind));
        let db = database(kind, &ddl);
        let load = Load::new(&db);
        let ran = verify(&db, &load.manifest()).ok();
        assert_eq!(ran.stdout.matches(" same").count(), 2, "{kind:?}\n{}", ran.stdout);
        assert!(ran.stdout.contains("not compared: `twice`"), "{}", ran.stdout);
        db.execute("DELETE FROM keyless WHERE n IN (SELECT n FROM (SELECT max(n) AS n FROM keyless) AS x);");
        let ran = verify(&db, &load.manifest()).expect(1);
        assert!(ran.stdout.contains("missing: n = "), "{}", ran.stdout);
    }
}

#[test]
fn one_row_that_was_changed_deleted_or_added_is_named() {
    for kind in KINDS {
        let db = shop(kind);
        let load = Load::new(&db);
        let ran = verify(&db, &load.manifest()).ok();
        assert_eq!(ran.stdout.matches(" same").count(), 5, "{kind:?}\n{}", ran.stdout);

        db.execute("UPDATE users SET email = 'somebody@else.example' WHERE id = 17;");
        let was = verify(&db, &load.manifest()).expect(1).stdout;
        let changed = was.lines().find(|l| l.contains("changed: id = 17")).unwrap_or_else(|| panic!("{kind:?}\n{was}"));
        assert!(changed.contains("users") && changed.contains("`email` should be "), "{changed}");
        assert!(changed.ends_with(", is somebody@else.example"), "{changed}");

        db.execute("DELETE FROM order_items WHERE id = 23;");
        db.execute("INSERT INTO categories (id, name, type) VALUES (9999, 'new', 'digital');");
        let json =
            dbmocker(["verify", "--json", "--url", &db.url, "--rows", load.manifest().to_str().unwrap()]).expect(1);
        let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        for (table, kind_of, key) in [
            ("users", "changed", "id = 17"),
            ("order_items", "missing", "id = 23"),
            ("categories", "extra", "id = 9999"),
        ] {
            let of = json["rows_made_again"].as_array().unwrap();
            let of = of.iter().find(|t| t["name"]["name"] == table).unwrap();
            let counts = ["missing", "extra", "changed"].map(|k| of[k].as_u64().unwrap());
            assert_eq!(counts.iter().sum::<u64>(), 1, "{kind:?} {of}");
            assert_eq!(of[kind_of], 1, "{kind:?} {of}");
            assert_eq!(of["examples"][0]["key"], key, "{kind:?} {of}");
        }
        assert!(json["rows_made_again"].as_array().unwrap().iter().all(|t| t["expected"] == 700));
    }
}

#[test]
fn rows_that_were_there_before_are_no_difference() {
    for kind in KINDS {
        let db = shop(kind);
        let load = Load::new(&db);
        load.again(&db, &["--seed", "9"]);
        let ran = verify(&db, &load.manifest()).ok();
        assert!(ran.stdout.contains("700 rows more, as many as were there before"), "{}", ran.stdout);
    }
}

#[test]
fn an_export_that_went_elsewhere_is_compared_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    let ddl = "CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(30) NOT NULL, price DECIMAL(10,2) NOT NULL, flag BOOLEAN NOT NULL,
                 code CHAR(5), day DATE, hour TIME, made TIMESTAMP NULL, share DOUBLE PRECISION);
               CREATE TABLE b (a_id INTEGER NOT NULL, n SMALLINT NOT NULL, PRIMARY KEY (a_id, n), FOREIGN KEY (a_id) REFERENCES a (id));";
    let source = database(Kind::Postgres, ddl);
    dbmocker(["export", "--url", &source.url, "--rows", "300", "--out", out.to_str().unwrap()]).ok();
    for kind in KINDS {
        let db = database(
            kind,
            &ddl.replace("TIMESTAMP", if kind == Kind::MariaDb { "DATETIME(6)" } else { "TIMESTAMP" })
                .replace("TIME,", if kind == Kind::MariaDb { "TIME(6)," } else { "TIME," }),
        );
        dbmocker(["load", "--url", &db.url, "--from", out.to_str().unwrap()]).ok();
        let ran = verify(&db, &out).ok();
        assert_eq!(ran.stdout.matches(" same").count(), 2, "{kind:?}\n{}", ran.stdout);
        db.execute("UPDATE a SET price = price + 1 WHERE id = 3;");
        assert!(verify(&db, &out).expect(1).stdout.contains("changed: id = 3: `price`"));
    }
}

#[test]
fn a_manifest_without_a_plan_or_of_another_algorithm_is_refused() {
    let db = shop(Kind::Sqlite);
    let load = Load::new(&db);
    let whole = std::fs::read_to_string(load.manifest()).unwrap();
    for (from, to, told) in [
        ("\"algorithm_version\": ", "\"algorithm_version\": 99", "rows of algorithm 99"),
        ("\"plan\": {", "\"plan\": null, \"old\": {", "holds no plan"),
        ("\"generator\": \"dbmocker", "\"generator\": \"other", "was not written by dbmocker"),
        ("\"seed\"", "\"seed\"\"", "is damaged at line"),
    ] {
        assert!(whole.contains(from), "{from}");
        std::fs::write(load.manifest(), whole.replacen(from, to, 1)).unwrap();
        let ran = verify(&db, &load.manifest()).expect(3);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    std::fs::write(load.folder.path().join("manifest.json"), &whole).unwrap();
    let ran = dbmocker(["load", "--url", &db.url, "--from", load.folder.path().to_str().unwrap()]).expect(3);
    assert!(ran.stderr.contains("holds a plan and no files"), "{}", ran.stderr);
    let ran = dbmocker(["load", "--url", &db.url, "--rows", "1", "--manifest", "/no/such/folder/m.json"]).expect(4);
    assert!(ran.stderr.contains("cannot write the manifest"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM users"), 700);
}
