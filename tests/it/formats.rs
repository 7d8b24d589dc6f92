//! Files for other programs: SQL for the servers' own clients, CSV with other characters, compressed text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use arrow::datatypes::DataType;

use crate::audit;
use crate::export::files;
use crate::program::{Ran, command, dbmocker, path};
use crate::servers::{KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn run(args: &[&str]) -> Ran {
    dbmocker(args).ok()
}

#[test]
fn the_servers_own_clients_load_sql_files() {
    for kind in KINDS {
        let (db, folder) = (shop(kind), tempfile::tempdir().unwrap());
        let out = path(folder.path(), "out");
        run(&["export", "--url", &db.url, "--rows", "1200", "--format", "sql", "--out", &out]);
        db.run_script(Path::new(&out), "load.sql");
        audit::shop(&db, 1200);
        audit::numbering_goes_on(&db);
        run(&["verify", "--url", &db.url, "--rows", &out]);
        let refused = dbmocker(["load", "--url", &db.url, "--from", &out]);
        assert!(refused.code == 3 && refused.stderr.contains("sql files"), "{}", refused.stderr);
        // Parts get a script when they are joined.
        let (joined, parts) = (shop(kind), path(folder.path(), "parts"));
        let plan = path(Path::new(&out), "manifest.json");
        for part in ["1/2", "2/2"] {
            run(&["export", "--plan", &plan, "--format", "sql", "--part", part, "--out", &parts]);
        }
        assert!(!Path::new(&parts).join("load.sql").exists());
        run(&["manifest", "--join", &parts]);
        joined.run_script(Path::new(&parts), "load.sql");
        audit::shop(&joined, 1200);
        audit::numbering_goes_on(&joined);
        run(&["verify", "--url", &joined.url, "--rows", &plan]);
        // Statements end at the same rows with any number of workers.
        let again = path(folder.path(), "again");
        let same = ["--plan", &path(Path::new(&out), "manifest.json"), "--workers", "1"];
        run(&[&["export", "--format", "sql", "--out", &again], &same[..]].concat());
        for table in TABLES {
            let text = |out: &str| fs::read(path(Path::new(out), &format!("{table}.sql"))).unwrap();
            assert!(text(&out) == text(&again), "{kind:?} {table}");
            let streamed = run(&[&["export", "--format", "sql", "--out", "-", "--tables", table], &same[..2]].concat());
            assert!(streamed.stdout.as_bytes() == text(&out), "{kind:?} {table}");
        }
        run(&[
            "export",
            "--url",
            &db.url,
            "--truncate",
            "--format",
            "csv",
            "--rows",
            "5",
            "--out",
            &out,
            "--overwrite",
        ]);
        assert!(!Path::new(&out).join("load.sql").exists() && !Path::new(&out).join("users.sql").exists());
    }
}

#[test]
fn a_script_in_the_way_is_not_replaced() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let own = folder.path().join("own");
    fs::write(&own, "mine").unwrap();
    std::os::unix::fs::symlink(&own, folder.path().join("load.sql")).unwrap();
    let out = folder.path().to_str().unwrap();
    let ran = dbmocker(["export", "--url", &db.url, "--rows", "5", "--format", "sql", "--out", out]);
    assert!(ran.code == 4 && ran.stderr.contains("load.sql` exists already"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&own).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no file of the failed export stays");
}

#[test]
fn the_place_of_a_script_is_checked_before_anything_is_written_or_removed() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let [plan, out, parts] = ["plan.json", "out", "parts"].map(|name| path(folder.path(), name));
    let [script, manifest] = ["load.sql", "manifest.json"].map(|name| Path::new(&parts).join(name));
    run(&["plan", "--url", &db.url, "--rows", "50", "--save", &plan]);
    for part in ["1/2", "2/2"] {
        run(&["export", "--plan", &plan, "--format", "sql", "--part", part, "--out", &parts]);
    }
    let held = || fs::read_dir(&parts).unwrap().map(|e| e.unwrap().file_name()).collect::<BTreeSet<_>>();
    let before = held();
    fs::write(&script, "mine").unwrap();
    let ran = dbmocker(["manifest", "--join", &parts]).expect(4);
    assert!(ran.stderr.contains("load.sql` exists already"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&script).unwrap(), "mine");
    fs::remove_file(&script).unwrap();
    assert_eq!(held(), before);
    run(&["manifest", "--join", &parts]);
    // A joined export that is to be replaced stays complete if its new script has no place.
    let joined = fs::read(&manifest).unwrap();
    fs::remove_file(&script).unwrap();
    fs::create_dir(&script).unwrap();
    let ran = dbmocker(["manifest", "--join", &parts, "--overwrite"]).expect(4);
    assert!(ran.stderr.contains("load.sql` is a folder"), "{}", ran.stderr);
    assert_eq!(fs::read(&manifest).unwrap(), joined);
    // So does one that is exported again.
    run(&["export", "--plan", &plan, "--out", &out]);
    let before = files(Path::new(&out), "csv");
    fs::create_dir(Path::new(&out).join("load.sql")).unwrap();
    let ran = dbmocker(["export", "--plan", &plan, "--out", &out, "--format", "sql", "--overwrite"]).expect(4);
    assert!(ran.stderr.contains("load.sql` is a folder"), "{}", ran.stderr);
    assert_eq!(files(Path::new(&out), "csv"), before);
}

/// A file's records with these characters; NULL as `None`.
fn records(text: &[u8], delimiter: u8, quote: u8, null: &str) -> Vec<Vec<Option<String>>> {
    // Unquoted NULL and quoted text of the same letters differ, which the reader does not report.
    assert!(!String::from_utf8_lossy(text).contains(&format!("{0}{null}{0}", char::from(quote))));
    let reader = csv::ReaderBuilder::new().delimiter(delimiter).quote(quote).has_headers(false).from_reader(text);
    let field = |field: &str| (field != null).then(|| field.to_owned());
    reader.into_records().map(|r| r.unwrap().iter().map(field).collect()).collect()
}

#[test]
fn csv_with_other_characters_holds_the_same_values() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let [plan, usual, other, packed] = ["plan.json", "usual", "other", "packed"].map(|name| path(folder.path(), name));
    run(&["plan", "--url", &db.url, "--rows", "500", "--save", &plan]);
    run(&["export", "--plan", &plan, "--null", "\\N", "--out", &usual]);
    let signs = ["--delimiter", "tab", "--quote", "'", "--null", "NULL", "--no-header"];
    run(&[&["export", "--plan", &plan, "--out", &other], &signs[..]].concat());
    let read = |out: &str, name: String| fs::read(path(Path::new(out), &name)).unwrap();
    for table in TABLES {
        let mut expected = records(&read(&usual, format!("{table}.csv")), b',', b'"', "\\N");
        expected.remove(0);
        assert!(records(&read(&other, format!("{table}.csv")), b'\t', b'\'', "NULL") == expected, "{table}");
    }
    let target = shop(Kind::Sqlite);
    let refused = dbmocker(["load", "--url", &target.url, "--from", &other]);
    assert!(refused.code == 3 && refused.stderr.contains("another delimiter"), "{}", refused.stderr);

    run(&["export", "--plan", &plan, "--out", &usual, "--overwrite"]);
    let pack = ["--compression", "gzip", "--compression-level", "9", "--file-rows", "300"];
    run(&[&["export", "--plan", &plan, "--out", &packed], &pack[..]].concat());
    for table in TABLES {
        let unpack = |part: u32| {
            let name = path(Path::new(&packed), &format!("{table}.{part:05}.csv.gz"));
            String::from_utf8(Command::new("gzip").args(["-dc", &name]).output().unwrap().stdout).unwrap()
        };
        let whole = String::from_utf8(read(&usual, format!("{table}.csv"))).unwrap();
        let head = whole.split_inclusive('\n').next().unwrap();
        assert_eq!(unpack(0) + unpack(1).strip_prefix(head).unwrap(), whole, "{table}");
    }
    let refused = dbmocker(["load", "--url", &target.url, "--from", &packed]);
    assert!(refused.code == 3 && refused.stderr.contains("compressed"), "{}", refused.stderr);
    run(&["export", "--plan", &plan, "--out", &packed, "--overwrite", "--compression", "zstd"]);
    assert_eq!(fs::read_dir(&packed).unwrap().count(), TABLES.len() + 1, "the other files are gone");
}

#[test]
fn options_that_fit_no_format_are_refused() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let out = path(folder.path(), "out");
    for (args, says) in [
        (&["--delimiter", "1"][..], "cannot separate fields"),
        (&["--delimiter", "\""], "cannot quote fields"),
        (&["--delimiter", "ab"], "not one character"),
        (&["--null", "a,b"], "cannot stand for NULL"),
        (&["--format", "ndjson", "--no-header"], "are for CSV"),
        (&["--format", "parquet", "--compression", "gzip"], "write zstd or snappy"),
        (&["--format", "arrow", "--compression", "gzip"], "leave it out"),
        (&["--compression", "gzip", "--compression-level", "12"], "1 to 9"),
        (&["--row-group-rows", "10"], "for Parquet"),
    ] {
        let refused = dbmocker(["export", "--url", &db.url, "--out", &out].iter().chain(args));
        assert!(refused.code == 2 && refused.stderr.contains(says), "{args:?}: {}", refused.stderr);
    }
    assert!(!Path::new(&out).exists());
}

#[test]
fn uuids_are_bytes_or_text() {
    let db = database(Kind::Postgres, "CREATE TABLE t (id uuid PRIMARY KEY, other uuid, n int)");
    let folder = tempfile::tempdir().unwrap();
    let [csv, parquet] = ["csv", "parquet"].map(|name| path(folder.path(), name));
    run(&["export", "--url", &db.url, "--rows", "3000", "--out", &csv]);
    let as_text = ["--format", "parquet", "--uuids", "text", "--out", &parquet];
    run(&[&["export", "--url", &db.url, "--rows", "3000"], &as_text[..]].concat());
    let file = fs::File::open(path(Path::new(&parquet), "t.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut lines = String::from("\"id\",\"other\",\"n\"\n");
    for batch in reader {
        let batch = batch.unwrap();
        let text = |c: usize, i: usize| arrow::util::display::array_value_to_string(batch.column(c), i).unwrap();
        (0..batch.num_rows()).for_each(|i| lines += &format!("{},{},{}\n", text(0, i), text(1, i), text(2, i)));
    }
    assert_eq!(lines, fs::read_to_string(path(Path::new(&csv), "t.csv")).unwrap());
    for (form, wanted) in [("text", DataType::Utf8), ("bytes", DataType::FixedSizeBinary(16))] {
        let stream = ["export", "--url", &db.url, "--rows", "3000", "--format", "arrow", "--out", "-", "--uuids", form];
        let written = command().args(stream).output().unwrap().stdout;
        let reader = arrow::ipc::reader::StreamReader::try_new(&written[..], None).unwrap();
        assert_eq!(reader.schema().field(0).data_type(), &wanted);
        assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 3000);
    }
}
