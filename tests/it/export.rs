//! `dbmocker export`, and `load --from` of what it wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::audit;
use crate::program::{Ran, dbmocker, start, stop};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn export(db: &Database, out: &Path, more: &[&str]) -> Ran {
    let out = out.to_str().unwrap();
    dbmocker(["export", "--url", &db.url, "--out", out].iter().chain(more))
}

fn load_from(db: &Database, folder: &Path) -> Ran {
    dbmocker(["load", "--url", &db.url, "--from", folder.to_str().unwrap()])
}

/// Data files by name, with their bytes.
pub fn files(folder: &Path, extension: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(f) = folders.pop() {
        for entry in fs::read_dir(f).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The lines of a table's CSV files without their headers, in file order.
pub fn csv_rows(files: &BTreeMap<String, Vec<u8>>, table: &str) -> String {
    let of_table = |name: &str| name.split(['.', '/', '-']).any(|piece| piece == table);
    let mut rows = String::new();
    for (_, bytes) in files.iter().filter(|(name, _)| of_table(name)) {
        let text = std::str::from_utf8(bytes).unwrap();
        rows.push_str(text.split_once('\n').unwrap().1);
    }
    rows
}

fn contents(db: &Database) -> Vec<Vec<Vec<Option<String>>>> {
    TABLES.iter().map(|t| db.rows(&format!("SELECT * FROM {t} ORDER BY id"))).collect()
}

#[test]
fn two_exports_into_one_folder_are_kept_apart() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    // As another export holds it.
    let notes = out.join("manifest.in-progress");
    let held = fs::File::create(&notes).unwrap();
    held.lock().unwrap();
    let ran = export(&db, &out, &["--rows", "10", "--overwrite"]).expect(4);
    assert!(ran.stderr.contains("another export writes into"), "{}", ran.stderr);
    assert!(files(&out, "csv").is_empty());
    drop(held);
    export(&db, &out, &["--rows", "10"]).ok();
    assert!(!notes.exists() && files(&out, "csv").len() == TABLES.len());
}

#[test]
fn rows_that_are_only_made_are_counted() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let report = folder.path().join("report.json");
    let to = ["--report", report.to_str().unwrap()];
    let args = ["export", "--url", &db.url, "--rows", "700"];
    dbmocker(args.iter().chain(&["--format", "none"]).chain(&to)).ok();
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["totals"]["rows"], 3500);
    assert!(report["totals"]["bytes"].as_u64() > Some(100_000), "{report}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(db.number("SELECT count(*) FROM users"), 0);
    assert!(dbmocker(args).expect(2).stderr.contains("--out"));
}

#[test]
fn csv_bytes_do_not_depend_on_the_workers_or_on_a_second_run() {
    for kind in KINDS {
        let db = shop(kind);
        let folder = tempfile::tempdir().unwrap();
        let export_with = |name: &str, workers: &str| {
            let out = folder.path().join(name);
            export(&db, &out, &["--rows", "5000", "--workers", workers]).ok();
            (files(&out, "csv"), fs::read(out.join("manifest.json")).unwrap())
        };
        let one = export_with("one", "1");
        assert!(one.0.len() >= 5, "{:?}", one.0.keys());
        assert_eq!(one, export_with("two", "2"), "{kind:?}");
        assert_eq!(one, export_with("seven", "7"), "{kind:?}");
    }
}

/// Many row groups, which the workers encode; the memory that they may take changes where groups end, the workers do not.
#[test]
fn parquet_bytes_do_not_depend_on_the_workers() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let export_with = |name: &str, workers: &str| {
        let out = folder.path().join(name);
        let more = ["--rows", "20000", "--format", "parquet", "--memory-limit", "2MiB", "--workers", workers];
        export(&db, &out, &more).ok();
        files(&out, "parquet")
    };
    let one = export_with("one", "1");
    let groups = |bytes: &Vec<u8>| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes.clone())).unwrap();
        reader.metadata().num_row_groups()
    };
    assert!(one.len() == 5 && one.values().all(|file| groups(file) > 1), "{:?}", one.keys());
    assert!(one == export_with("two", "2"), "two workers");
    assert!(one == export_with("seven", "7"), "seven workers");
}

#[test]
fn a_table_exported_alone_has_the_same_rows() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let (all, alone) = (folder.path().join("all"), folder.path().join("alone"));
    export(&db, &all, &["--rows", "1000"]).ok();
    export(&db, &alone, &["--rows", "1000", "--tables", "users"]).ok();
    let (all, alone) = (files(&all, "csv"), files(&alone, "csv"));
    assert_eq!(alone.len(), 1, "{:?}", alone.keys());
    assert_eq!(csv_rows(&all, "users"), csv_rows(&alone, "users"));
}

#[test]
fn what_was_exported_is_what_a_direct_load_stores() {
    for kind in KINDS {
        for format in ["csv", "parquet"] {
            let (direct, shipped) = (shop(kind), shop(kind));
            let folder = tempfile::tempdir().unwrap();
            export(&shipped, folder.path(), &["--rows", "700", "--format", format]).ok();
            assert!(contents(&shipped).iter().all(Vec::is_empty), "export wrote to the database");
            load_from(&shipped, folder.path()).ok();
            audit::shop(&shipped, 700);
            audit::numbering_goes_on(&shipped);
            dbmocker(["load", "--url", &direct.url, "--rows", "700"]).ok();
            assert!(contents(&direct) == contents(&shipped), "{kind:?} {format}: other rows");
        }
    }
}

/// Types that all three servers spell alike.
const PORTABLE: &str = "
    CREATE TABLE authors (
        id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, born DATE, email VARCHAR(80) NOT NULL UNIQUE);
    CREATE TABLE books (
        id INTEGER NOT NULL PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES authors (id), title VARCHAR(90) NOT NULL,
        price DECIMAL(8, 2) NOT NULL, pages SMALLINT, isbn CHAR(13) NOT NULL UNIQUE, blurb TEXT,
        FOREIGN KEY (author_id) REFERENCES authors (id));";

#[test]
fn files_of_one_server_load_into_the_others() {
    for format in ["csv", "parquet"] {
        let source = database(Kind::Postgres, PORTABLE);
        let folder = tempfile::tempdir().unwrap();
        export(&source, folder.path(), &["--rows", "300", "--format", format]).ok();
        let mut seen: Option<Vec<Vec<Option<String>>>> = None;
        for kind in KINDS {
            let db = database(kind, PORTABLE);
            load_from(&db, folder.path()).ok();
            let mut rows = db.rows("SELECT id, name, born, email FROM authors ORDER BY id");
            rows.extend(db.rows("SELECT id, author_id, title, pages, isbn, blurb FROM books ORDER BY id"));
            // SQLite keeps decimals as numbers, without their trailing zeros.
            let cents = |r: &Vec<Option<String>>| (r[0].as_ref().unwrap().parse::<f64>().unwrap() * 100.0).round();
            let prices = db.rows("SELECT price FROM books ORDER BY id");
            rows.extend(prices.iter().map(|r| vec![Some(cents(r).to_string())]));
            assert_eq!(rows.len(), 900);
            match &seen {
                None => seen = Some(rows),
                Some(first) => {
                    for (a, b) in first.iter().zip(&rows) {
                        assert_eq!(a, b, "{kind:?} {format}");
                    }
                }
            }
        }
    }
}

#[test]
fn damaged_foreign_and_missing_files_are_refused_before_writing() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    export(&db, folder.path(), &["--rows", "50"]).ok();
    let name = files(folder.path(), "csv").into_keys().find(|n| n.contains("users")).unwrap();
    let path = folder.path().join(&name);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;

    fs::write(&path, &bad).unwrap();
    let ran = load_from(&db, folder.path()).expect(3);
    assert!(ran.stderr.contains(&name), "{}", ran.stderr);
    fs::remove_file(&path).unwrap();
    let ran = load_from(&db, folder.path()).expect(3);
    assert!(ran.stderr.contains(&name), "{}", ran.stderr);
    fs::write(&path, &good).unwrap();

    let other = database(Kind::Sqlite, "CREATE TABLE users (id INTEGER PRIMARY KEY, alias TEXT);");
    let ran = load_from(&other, folder.path()).expect(3);
    assert!(ran.stderr.contains("users"), "{}", ran.stderr);

    fs::write(folder.path().join("manifest.json"), "{\"made by\": \"somebody else\"}").unwrap();
    let ran = load_from(&db, folder.path()).expect(3);
    assert!(ran.stderr.contains("manifest.json"), "{}", ran.stderr);
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    let ran = load_from(&db, folder.path()).expect(3);
    assert!(ran.stderr.contains("manifest.json"), "{}", ran.stderr);
    assert!(contents(&db).iter().all(Vec::is_empty));
}

#[test]
fn a_plan_that_cannot_be_read_is_an_error() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    export(&db, folder.path(), &["--rows", "50"]).ok();
    let path = folder.path().join("manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let damaged = |damage: &dyn Fn(&mut serde_json::Value)| {
        let mut manifest = manifest.clone();
        damage(&mut manifest);
        fs::write(&path, manifest.to_string()).unwrap();
    };
    let refused = |why: &str| {
        let ran = load_from(&db, folder.path()).expect(3);
        let told = ["manifest.json`", why, "export"].iter().all(|part| ran.stderr.contains(part));
        assert!(told, "{}", ran.stderr);
    };
    damaged(&|manifest| manifest["plan_xxh3_128"] = "0".into());
    refused("the plan does not have the checksum");
    damaged(&|manifest| manifest["plan"] = serde_json::Value::Null);
    refused("there is none");
    assert!(contents(&db).iter().all(Vec::is_empty));
    // The files of another version are loaded.
    damaged(&|manifest| manifest["algorithm_version"] = 0.into());
    let ran = load_from(&db, folder.path()).ok();
    assert!(ran.stderr.contains("has rows of algorithm 0"), "{}", ran.stderr);
    crate::audit::shop(&db, 50);
}

#[test]
fn files_in_the_way_stay_unless_told_otherwise() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    export(&db, folder.path(), &["--rows", "20"]).ok();
    let before = files(folder.path(), "csv");
    let ran = export(&db, folder.path(), &["--rows", "30"]).expect(4);
    assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    assert_eq!(before, files(folder.path(), "csv"));
    export(&db, folder.path(), &["--rows", "30", "--overwrite"]).ok();
    assert_ne!(before, files(folder.path(), "csv"));
    assert!(files(folder.path(), "inprogress").is_empty());
}

#[test]
fn an_export_that_is_replaced_leaves_no_file_of_the_old_one() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let all = |extension: &str| files(folder.path(), extension).len();
    export(&db, folder.path(), &["--rows", "20"]).ok();
    fs::write(folder.path().join("mine.csv"), "kept").unwrap();
    let changed = files(folder.path(), "csv").into_keys().find(|n| n.contains("users")).unwrap();
    fs::write(folder.path().join(&changed), "changed by its owner").unwrap();
    export(&db, folder.path(), &["--rows", "20", "--overwrite", "--format", "parquet"]).ok();
    assert_eq!((all("csv"), all("parquet")), (2, 5));
    export(&db, folder.path(), &["--rows", "20", "--overwrite", "--format", "parquet", "--tables", "users"]).ok();
    assert_eq!((all("csv"), all("parquet")), (2, 1));
    load_from(&db, folder.path()).ok();
    // A manifest by another author must not cause the removal of files that an export would not write.
    fs::write(folder.path().join("notes.txt"), "kept").unwrap();
    let manifest = folder.path().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let bytes = fs::metadata(folder.path().join("users.parquet")).unwrap().len();
    let hostile = text.replace("users.parquet", "notes.txt").replace(&format!("\"bytes\": {bytes}"), "\"bytes\": 4");
    assert_ne!(text, hostile);
    fs::write(&manifest, hostile).unwrap();
    export(&db, folder.path(), &["--rows", "20", "--overwrite"]).ok();
    assert_eq!(fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "kept");
}

#[test]
fn duckdb_and_pyarrow_read_the_parquet_with_its_types() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE kinds (
            id bigint PRIMARY KEY, small smallint NOT NULL, exact numeric(12, 3) NOT NULL, ratio double precision NOT NULL,
            flag boolean NOT NULL, day date NOT NULL, at timestamp NOT NULL, zoned timestamptz NOT NULL,
            key uuid NOT NULL, doc jsonb NOT NULL, raw bytea NOT NULL, word varchar(30) NOT NULL, hour time NOT NULL, maybe text);",
    );
    for compression in ["none", "snappy", "zstd"] {
        let folder = tempfile::tempdir().unwrap();
        export(&db, folder.path(), &["--rows", "2500", "--format", "parquet", "--compression", compression]).ok();
        let name = files(folder.path(), "parquet").into_keys().next().unwrap();
        let seen = crate::readers::read_parquet(&folder.path().join(name));
        assert_eq!((&seen["duckdb"]["rows"], &seen["pyarrow"]["rows"]), (&2500.into(), &2500.into()));
        for (column, duckdb) in [
            ("id", "BIGINT"),
            ("small", "SMALLINT"),
            ("exact", "DECIMAL(12,3)"),
            ("ratio", "DOUBLE"),
            ("flag", "BOOLEAN"),
            ("day", "DATE"),
            ("at", "TIMESTAMP"),
            ("zoned", "TIMESTAMP WITH TIME ZONE"),
            ("key", "UUID"),
            ("doc", "JSON"),
            ("raw", "BLOB"),
            ("word", "VARCHAR"),
            ("hour", "TIME"),
        ] {
            assert_eq!(seen["duckdb"]["types"][column], duckdb, "{column}: {}", seen["duckdb"]["types"]);
        }
        assert_eq!(seen["pyarrow"]["types"]["exact"], "decimal128(12, 3)");
    }
}

#[test]
fn files_that_need_rows_of_the_exporters_database_are_told_before_they_are_loaded() {
    for kind in KINDS {
        let db = shop(kind);
        dbmocker(["load", "--url", &db.url, "--rows", "30"]).ok();
        let folder = tempfile::tempdir().unwrap();
        let (added, alone) = (folder.path().join("added"), folder.path().join("alone"));
        export(&db, &added, &["--rows", "40"]).ok();
        export(&db, &alone, &["--rows", "40", "--truncate"]).ok();
        let other = shop(kind);
        let ran = load_from(&other, &added).expect(3);
        for told in ["orders", "users", "30 rows", "there are none here", "--truncate"] {
            assert!(ran.stderr.contains(told), "{kind:?}: {told}: {}", ran.stderr);
        }
        assert_eq!(other.number("SELECT count(*) FROM users"), 0, "{kind:?}");
        let emptied = dbmocker(["load", "--url", &db.url, "--truncate", "--from", added.to_str().unwrap()]).expect(3);
        assert!(emptied.stderr.contains("there are none here"), "{kind:?}: {}", emptied.stderr);
        load_from(&db, &added).ok();
        load_from(&other, &alone).ok();
        assert_eq!(other.number("SELECT count(*) FROM orders WHERE id BETWEEN 1 AND 40"), 40, "{kind:?}");
    }
}

#[test]
fn an_export_that_writes_nothing_leaves_no_folder() {
    let db = shop(Kind::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    let ran = export(&db, &out, &["--memory-limit", "1"]);
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    assert!(!out.exists(), "{}", ran.stderr);
}

#[test]
fn a_stopped_export_goes_on_with_its_finished_files() {
    let folder = tempfile::tempdir().unwrap();
    let db = shop(Kind::Sqlite);
    let args = |out: &Path, more: &[&str]| -> Vec<String> {
        let all = ["export", "--url", &db.url, "--rows", "30000", "--workers", "1", "--out", out.to_str().unwrap()];
        all.iter().chain(more).map(ToString::to_string).collect()
    };
    let folders = ["--format", "parquet", "--partition-by", "status,categories.type"];
    for (n, format) in [&["--format", "csv"][..], &["--format", "parquet"], &folders].into_iter().enumerate() {
        let (whole, out) = (folder.path().join(format!("{n}")), folder.path().join(format!("{n}-stopped")));
        dbmocker(args(&whole, format)).ok();
        let (finished, all) = (|| files(&out, format[1]).len(), files(&whole, format[1]).len());
        let child = start(args(&out, format));
        stop(child, &["KILL"], &|| out.exists() && finished() > 0);
        let kept = files(&out, format[1]);
        assert!(!kept.is_empty() && kept.len() < all && !out.join("manifest.json").exists());
        let refused = dbmocker(args(&out, format)).expect(4);
        assert!(refused.stderr.contains("was stopped; go on with it by --resume"), "{}", refused.stderr);
        let refused = dbmocker(args(&out, &[format, &["--resume", "--seed", "9"]].concat())).expect(4);
        assert!(refused.stderr.contains("it had other options"), "{}", refused.stderr);
        // One that was changed meanwhile is made again.
        let (name, bytes) = kept.iter().next().unwrap();
        fs::write(out.join(name), &bytes[1..]).unwrap();
        dbmocker(args(&out, &[format, &["--resume"]].concat())).ok();
        assert!(files(&out, format[1]) == files(&whole, format[1]), "{format:?}");
        assert_eq!(fs::read(out.join("manifest.json")).unwrap(), fs::read(whole.join("manifest.json")).unwrap());
        assert_eq!(fs::read_dir(&out).unwrap().count(), fs::read_dir(&whole).unwrap().count());
    }
}
