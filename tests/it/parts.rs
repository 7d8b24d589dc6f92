//! Saved plans, and exports in parts that are joined.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use arrow::compute::concat_batches;
use arrow::ipc::reader::StreamReader;

use crate::audit;
use crate::export::{csv_rows, files};
use crate::program::{Ran, command, dbmocker, path};
use crate::servers::{KINDS, Kind, database};
use crate::shop::{TABLES, shop};

fn run(args: &[&str]) -> Ran {
    dbmocker(args).ok()
}

#[test]
fn parts_of_a_saved_plan_are_the_whole() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let [plan, whole, parts] = ["plan.json", "whole", "parts"].map(|name| path(folder.path(), name));
    run(&["plan", "--url", &db.url, "--rows", "1000", "--save", &plan]);
    run(&["export", "--url", &db.url, "--rows", "1000", "--out", &whole]);
    let expected = files(Path::new(&whole), "csv");
    for n in [1, 2, 7, 16] {
        let parts = format!("{parts}-{n}");
        for i in 1..=n {
            run(&["export", "--plan", &plan, "--part", &format!("{i}/{n}"), "--out", &parts]);
        }
        // Parts that are not joined are not accepted as a complete export.
        let empty = database(Kind::Sqlite, "");
        let early = dbmocker(["load", "--url", &empty.url, "--from", &parts]);
        assert!(early.code == 3 && early.stderr.contains("--join"), "{}", early.stderr);
        run(&["manifest", "--join", &parts]);
        let joined = files(Path::new(&parts), "csv");
        for table in TABLES {
            assert!(csv_rows(&joined, table) == csv_rows(&expected, table), "{table} of {n} parts");
        }
    }
    let target = shop(Kind::Sqlite);
    run(&["load", "--url", &target.url, "--from", &format!("{parts}-16")]);
    run(&["verify", "--url", &target.url, "--rows", &plan]);
}

/// The rows of a table's files, in order and one after another, as the readers of the format see them.
fn joined(folder: &str, table: &str, format: &str, whole: bool) -> Vec<u8> {
    let rows = |text: &[u8]| match format {
        "ndjson" => text.to_vec(),
        // Statements end at other rows in a part: one row, as `(...)` and `,` or `;`, a line.
        "sql" => {
            let lines = text.split(|&b| b == b'\n').filter(|line| line.starts_with(b"("));
            lines.flat_map(|line| [&line[..line.len() - 1], b"\n"].concat()).collect()
        }
        "arrow" => {
            let reader = arrow::ipc::reader::FileReader::try_new(std::io::Cursor::new(text), None).unwrap();
            lines_of(reader.map(Result::unwrap))
        }
        _ => {
            let text = bytes::Bytes::copy_from_slice(text);
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(text, 1000).unwrap();
            lines_of(reader.map(Result::unwrap))
        }
    };
    let written = files(Path::new(folder), format);
    let own: Vec<_> = written.iter().filter(|(name, _)| name.split('.').next() == Some(table)).collect();
    assert_eq!(own.len() == 1, whole, "{folder}: {:?}", own.iter().map(|(name, _)| name).collect::<Vec<_>>());
    own.into_iter().flat_map(|(_, text)| rows(text)).collect()
}

/// The values of batches as text, a line each.
fn lines_of(batches: impl Iterator<Item = arrow::record_batch::RecordBatch>) -> Vec<u8> {
    let mut out = Vec::new();
    for batch in batches {
        dbmocker_files::ndjson::encode(&batch, &mut out).unwrap();
    }
    out
}

#[test]
fn parts_of_every_format_are_the_whole() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let plan = path(folder.path(), "plan.json");
    run(&["plan", "--url", &db.url, "--rows", "900", "--save", &plan]);
    let export = ["export", "--plan", &plan, "--tables", "users,orders", "--format"];
    for format in ["ndjson", "sql", "arrow", "parquet"] {
        let whole = path(folder.path(), &format!("{format}-whole"));
        run(&[&export[..], &[format, "--out", &whole]].concat());
        for n in [1, 2, 7, 16] {
            let parts = path(folder.path(), &format!("{format}-{n}"));
            for i in 1..=n {
                run(&[&export[..], &[format, "--part", &format!("{i}/{n}"), "--out", &parts]].concat());
            }
            run(&["manifest", "--join", &parts]);
            for table in ["users", "orders"] {
                let (found, wanted) = (joined(&parts, table, format, n == 1), joined(&whole, table, format, true));
                assert!(found == wanted, "{table} of {n} {format} parts");
                assert_eq!(wanted.split(|&b| b == b'\n').count(), 901, "{table} {format}");
            }
        }
    }
}

#[test]
fn parts_of_other_formats_are_not_joined() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let [plan, out] = ["plan.json", "out"].map(|name| path(folder.path(), name));
    run(&["plan", "--url", &db.url, "--rows", "100", "--save", &plan]);
    let export = |part: &str, more: &[&str]| {
        let args = ["export", "--plan", &plan, "--part", part, "--out", &out, "--overwrite"];
        run(&[&args[..], more].concat());
    };
    // Parts have no script, and need no one else's.
    fs::create_dir(&out).unwrap();
    fs::write(path(Path::new(&out), "load.sql"), "mine").unwrap();
    export("1/2", &["--format", "sql"]);
    assert_eq!(fs::read_to_string(path(Path::new(&out), "load.sql")).unwrap(), "mine");
    export("1/2", &[]);
    for (other, why) in [
        (&["--format", "parquet"][..], "formats;"),
        (&["--no-header"], "formats of text"),
        (&["--compression", "gzip"], "formats of text"),
    ] {
        export("2/2", other);
        let ran = dbmocker(["manifest", "--join", &out]).expect(3);
        assert!(ran.stderr.contains("are of different") && ran.stderr.contains(why), "{other:?}: {}", ran.stderr);
    }
}

#[test]
fn a_plan_with_many_existing_keys_is_compressed() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE a (id TEXT PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY, a_id TEXT NOT NULL REFERENCES a);",
    );
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
            INSERT INTO a SELECT printf('customer-%07d-%05d', i, i * 7919 % 99991) FROM n",
    );
    let folder = tempfile::tempdir().unwrap();
    let [plan, whole, parts] = ["plan.json", "whole", "parts"].map(|name| path(folder.path(), name));
    run(&["plan", "--url", &db.url, "--tables", "b", "--rows", "300", "--save", &plan]);
    assert!(fs::metadata(&plan).unwrap().len() < 800_000, "{}", fs::metadata(&plan).unwrap().len());
    run(&["export", "--url", &db.url, "--tables", "b", "--rows", "300", "--out", &whole]);
    for part in ["1/2", "2/2"] {
        run(&["export", "--plan", &plan, "--part", part, "--out", &parts]);
    }
    run(&["manifest", "--join", &parts]);
    assert!(csv_rows(&files(Path::new(&parts), "csv"), "b") == csv_rows(&files(Path::new(&whole), "csv"), "b"));
    run(&["load", "--url", &db.url, "--plan", &plan]);
    run(&["verify", "--url", &db.url, "--rows", &plan]);
    let text = fs::read_to_string(&plan).unwrap();
    let at = text.find("\"zstd\"").unwrap() + 400;
    let damaged = format!("{}{}{}", &text[..at], if &text[at..=at] == "A" { "B" } else { "A" }, &text[at + 1..]);
    fs::write(&plan, damaged).unwrap();
    let ran = dbmocker(["export", "--plan", &plan, "--format", "none"]).expect(3);
    assert!(ran.stderr.contains("checksum") || ran.stderr.contains("cannot be read"), "{}", ran.stderr);
}

#[test]
fn parts_in_folders_of_their_own_are_joined_above_them() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let plan = path(folder.path(), "plan.json");
    run(&["plan", "--url", &db.url, "--rows", "1000", "--save", &plan]);
    let parts = [1, 2, 3].map(|i| path(folder.path(), &format!("node-{i}")));
    for (i, out) in parts.iter().enumerate() {
        let part = format!("{}/3", i + 1);
        run(&["export", "--plan", &plan, "--part", &part, "--out", out, "--format", "parquet"]);
    }
    let short = dbmocker(["manifest", "--join", &parts[0], &parts[2]]);
    assert!(short.code == 3 && short.stderr.contains("are in no part"), "{}", short.stderr);
    let twice = dbmocker(["manifest", "--join", &parts[0], &parts[1], &parts[1], &parts[2]]);
    assert!(twice.code == 3 && twice.stderr.contains("leave one of them out"), "{}", twice.stderr);
    run(&["manifest", "--join", &parts[0], &parts[1], &parts[2]]);
    let target = shop(Kind::Sqlite);
    run(&["load", "--url", &target.url, "--from", folder.path().to_str().unwrap()]);
    run(&["verify", "--url", &target.url, "--rows", &plan]);

    // Another seed is another plan.
    let other = path(folder.path(), "other.json");
    run(&["plan", "--url", &db.url, "--rows", "1000", "--seed", "7", "--save", &other]);
    run(&["export", "--plan", &other, "--part", "2/3", "--out", &parts[1], "--format", "parquet", "--overwrite"]);
    let mixed = dbmocker(["manifest", "--join", &parts[0], &parts[1], &parts[2], "--overwrite"]);
    assert!(mixed.code == 3 && mixed.stderr.contains("different plans"), "{}", mixed.stderr);
}

#[test]
fn a_range_of_rows_replaces_a_part_that_was_lost() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let [plan, out] = ["plan.json", "out"].map(|name| path(folder.path(), name));
    run(&["plan", "--url", &db.url, "--rows", "100", "--save", &plan]);
    run(&["export", "--plan", &plan, "--tables", TABLES[0], "--part", "1/2", "--out", &out]);
    run(&[
        "export",
        "--plan",
        &plan,
        "--tables",
        TABLES[0],
        "--rows-range",
        &format!("{}:50..100", TABLES[0]),
        "--out",
        &out,
    ]);
    run(&["manifest", "--join", &out]);
    run(&["export", "--plan", &plan, "--tables", TABLES[0], "--out", &path(folder.path(), "whole")]);
    let whole = files(&folder.path().join("whole"), "csv");
    assert!(csv_rows(&files(Path::new(&out), "csv"), TABLES[0]) == csv_rows(&whole, TABLES[0]));
    let beyond = dbmocker(["export", "--plan", &plan, "--rows-range", &format!("{}:0..101", TABLES[0]), "--out", &out]);
    assert!(beyond.code == 2 && beyond.stderr.contains("has 100 rows"), "{}", beyond.stderr);
}

#[test]
fn a_saved_plan_previews_the_same_rows_and_a_damaged_one_is_refused() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let plan = path(folder.path(), "plan.json");
    run(&["plan", "--url", &db.url, "--rows", "100", "--save", &plan]);
    let told = run(&["preview", "--url", &db.url, "--rows", "100"]).stdout;
    assert_eq!(run(&["preview", "--plan", &plan]).stdout, told);
    let unknown = dbmocker(["preview", "--plan", &plan, "--table", "no_such"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("no table `no_such`"), "{}", unknown.stderr);
    let both = dbmocker(["export", "--plan", &plan, "--seed", "7", "--format", "none"]);
    assert!(both.code == 2 && both.stderr.contains("--seed"), "{}", both.stderr);

    let text = fs::read_to_string(&plan).unwrap();
    assert!(!text.contains(&db.url), "a plan names no database");
    let refused = |text: &str, why: &str| {
        fs::write(&plan, text).unwrap();
        let ran = dbmocker(["preview", "--plan", &plan]);
        assert!(ran.code == 3 && ran.stderr.contains(why), "{}", ran.stderr);
    };
    refused(&text[..text.len() / 2], "damaged at line");
    refused("{}", "was not written by dbmocker");
    let changed = text.replacen(r#""existing":0"#, r#""existing":1"#, 1);
    assert_ne!(changed, text);
    refused(&changed, "checksum");
    let newer = text.replacen("\"format_version\": 1", "\"format_version\": 9", 1);
    assert_ne!(newer, text);
    refused(&newer, "has layout 9");
}

#[test]
fn one_table_is_streamed_to_stdout() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let out = path(folder.path(), "out");
    let stream = |format: &str, more: &[&str]| {
        let args = ["export", "--url", &db.url, "--rows", "1000", "--out", "-", "--format", format];
        dbmocker(args.iter().chain(more))
    };
    let [parent, child] = [TABLES[0], TABLES[TABLES.len() - 1]];
    run(&["export", "--url", &db.url, "--rows", "1000", "--out", &out]);
    for table in [parent, child] {
        let ran = stream("csv", &["--tables", table]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.as_bytes() == fs::read(path(Path::new(&out), &format!("{table}.csv"))).unwrap());
    }
    let part = stream("ndjson", &["--rows-range", &format!("{child}:10..13")]);
    assert_eq!((part.code, part.stdout.lines().count()), (0, 3), "{}", part.stderr);
    for line in part.stdout.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object(), "{line}");
    }
    let all = stream("csv", &[]);
    assert!(all.code == 2 && all.stdout.is_empty() && all.stderr.contains("--tables"), "{}", all.stderr);
    let parquet = stream("parquet", &["--tables", child]);
    assert!(parquet.code == 2 && parquet.stderr.contains("--format arrow"), "{}", parquet.stderr);
}

#[test]
fn columns_of_a_plan_from_stdin_are_those_of_the_whole() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let plan = path(folder.path(), "plan.json");
    run(&["plan", "--url", &db.url, "--rows", "1000", "--save", &plan]);
    let export = |format: &str, columns: &[&str]| {
        let mut export = command();
        export.args(["export", "--plan", "-", "--tables", "users", "--out", "-", "--format", format]);
        export.args(columns.iter().map(|c| format!("--column={c}")));
        export.stdin(fs::File::open(&plan).unwrap()).output().unwrap()
    };
    let read = |columns: &[&str]| {
        let reader = StreamReader::try_new(Cursor::new(export("arrow", columns).stdout), None).unwrap();
        let schema = reader.schema();
        concat_batches(&schema, &reader.map(Result::unwrap).collect::<Vec<_>>()).unwrap()
    };
    let whole = read(&[]);
    assert_eq!(whole.num_rows(), 1000);
    let at = |name| whole.schema().index_of(name).unwrap();
    assert_eq!(read(&["email", "id"]), whole.project(&[at("email"), at("id")]).unwrap());
    for (format, column, why) in [("arrow", "emial", "did you mean `email`?"), ("csv", "email", "--column is for")] {
        let refused = Ran::from(export(format, &[column]));
        assert!(refused.code == 2 && refused.stderr.contains(why), "{}", refused.stderr);
    }
    let mut cut = command();
    cut.args(["export", "--plan", "-", "--format", "none"]);
    let cut = Ran::from(cut.stdin(std::process::Stdio::null()).output().unwrap());
    assert!(cut.code == 3 && cut.stderr.contains("`stdin`"), "{}", cut.stderr);
}

#[test]
fn files_for_other_programs_are_not_loaded() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    for format in ["arrow", "ndjson"] {
        let out = path(folder.path(), format);
        run(&["export", "--url", &db.url, "--rows", "10", "--out", &out, "--format", format]);
        assert_eq!(files(Path::new(&out), format).len(), TABLES.len());
        let ran = dbmocker(["load", "--url", &db.url, "--from", &out]);
        assert!(ran.code == 3 && ran.stderr.contains("--format parquet"), "{}", ran.stderr);
        run(&["export", "--url", &db.url, "--rows", "10", "--out", &out, "--format", format, "--overwrite"]);
    }
}

#[test]
fn a_saved_plan_is_loaded_where_it_fits() {
    for kind in KINDS {
        let (source, target, folder) = (shop(kind), shop(kind), tempfile::tempdir().unwrap());
        let plan = path(folder.path(), "plan.json");
        run(&["plan", "--url", &source.url, "--rows", "700", "--save", &plan]);
        run(&["load", "--url", &target.url, "--plan", &plan]);
        audit::shop(&target, 700);
        run(&["verify", "--url", &target.url, "--rows", &plan]);
        let filled = dbmocker(["load", "--url", &target.url, "--plan", &plan]);
        assert!(
            filled.code == 3 && filled.stderr.contains("holds 700 rows, and the plan was made when it held 0 rows"),
            "{}",
            filled.stderr
        );
        source.execute("ALTER TABLE users ADD COLUMN shoe_size int");
        let other = dbmocker(["load", "--url", &source.url, "--plan", &plan]);
        assert!(other.code == 3 && other.stderr.contains("does not fit this database"), "{}", other.stderr);
        assert!(other.stderr.contains("`shoe_size`"), "{}", other.stderr);
        assert_eq!(source.number("SELECT count(*) FROM users"), 0);
    }
    let usage = dbmocker(["load", "--url", "sqlite://x.db", "--plan", "p.json", "--rows", "5"]);
    assert!(usage.code == 2 && usage.stderr.contains("cannot be used with"), "{}", usage.stderr);
}

#[test]
fn a_plan_beside_rows_needs_those_rows() {
    let folder = tempfile::tempdir().unwrap();
    let plan = path(folder.path(), "plan.json");
    let filled = || {
        let db = shop(Kind::Sqlite);
        run(&["load", "--url", &db.url, "--rows", "50", "--seed", "3"]);
        db
    };
    let (same, other) = (filled(), filled());
    run(&["plan", "--url", &same.url, "--rows", "200", "--save", &plan]);
    other.execute("UPDATE users SET id = 1000 WHERE id = 50; UPDATE orders SET user_id = 1000 WHERE user_id = 50");
    let refused = dbmocker(["load", "--url", &other.url, "--plan", &plan]);
    assert!(refused.code == 3 && refused.stderr.contains("and some are not there"), "{}", refused.stderr);
    assert_eq!(other.number("SELECT count(*) FROM users"), 50);
    run(&["load", "--url", &same.url, "--plan", &plan]);
    audit::shop(&same, 250);
    other.execute("CREATE UNIQUE INDEX one_city ON users (city, created_at)");
    let refused = dbmocker(["load", "--url", &other.url, "--plan", &plan]);
    assert!(refused.stderr.contains("key `one_city` of table `users` is not in the plan"), "{}", refused.stderr);
}
