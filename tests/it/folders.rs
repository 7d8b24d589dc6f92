//! Several files of a table: by their size, and in folders by a column's value.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::audit;
use crate::export::files;
use crate::program::{Ran, dbmocker, path};
use crate::servers::{KINDS, Kind, database};
use crate::shop::shop;

fn run(args: &[&str]) -> Ran {
    dbmocker(args).ok()
}

#[test]
fn files_have_about_the_size_that_was_asked_for() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    for format in ["csv", "parquet", "arrow", "ndjson", "sql"] {
        let out = path(folder.path(), format);
        let size = ["--file-bytes", "500kB"];
        let export = ["export", "--url", &db.url, "--rows", "30000", "--tables", "users,orders", "--format", format];
        run(&[&export[..], &["--out", &out], &size].concat());
        let written = files(Path::new(&out), format);
        let numbered: Vec<_> = written.iter().filter(|(name, _)| name.starts_with("users.")).collect();
        assert!(numbered.len() > 3, "{format}: {}", numbered.len());
        for (name, bytes) in &numbered[..numbered.len() - 1] {
            assert!((450_000..550_000).contains(&bytes.len()), "{name}: {} bytes", bytes.len());
        }
        // Where files end does not depend on the workers.
        let again = path(folder.path(), "again");
        run(&[&export[..], &["--out", &again, "--workers", "1", "--overwrite"], &size].concat());
        assert!(files(Path::new(&again), format) == written, "{format}");
        fs::remove_dir_all(&again).unwrap();
    }
    let both = dbmocker(["export", "--url", &db.url, "--out", "x", "--file-rows", "5", "--file-bytes", "5MB"]);
    assert!(both.code == 2 && both.stderr.contains("--file-bytes"), "{}", both.stderr);
}

#[test]
fn folders_by_a_column_are_loaded_and_joined() {
    let (source, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let [plan, whole, parts] = ["plan.json", "whole", "parts"].map(|name| path(folder.path(), name));
    run(&["plan", "--url", &source.url, "--rows", "900", "--save", &plan]);
    let by = ["--format", "parquet", "--partition-by", "orders.status,in_stock,users.country"];
    let columns: Vec<String> = by[3].split(',').map(|c| c.rsplit('.').next().unwrap().to_owned()).collect();
    run(&[&["export", "--plan", &plan, "--out", &whole], &by[..]].concat());
    let written = files(Path::new(&whole), "parquet");
    let folders: BTreeSet<&str> =
        written.keys().filter_map(|n| Some(n.split('/').nth(1)?.split_once('=')?.0)).collect();
    assert_eq!(folders.into_iter().collect::<BTreeSet<_>>(), columns.iter().map(String::as_str).collect());
    for i in 1..=3 {
        let part = format!("{i}/3");
        let more = ["--out", &parts, "--part", &part, "--file-rows", "200"];
        run(&[&["export", "--plan", &plan], &by[..], &more].concat());
    }
    run(&["manifest", "--join", &parts]);
    for kind in KINDS {
        for from in [&whole, &parts] {
            let target = shop(kind);
            run(&["load", "--url", &target.url, "--from", from]);
            audit::shop(&target, 900);
            run(&["verify", "--url", &target.url, "--rows", &plan]);
        }
    }
    // The folders are removed with the export.
    run(&["export", "--plan", &plan, "--out", &whole, "--overwrite", "--tables", "users"]);
    assert!(files(Path::new(&whole), "parquet").is_empty() && !Path::new(&whole).join("orders").exists());
}

#[test]
fn rows_that_refer_to_their_own_table_are_loaded_from_folders() {
    let ddl = "CREATE TABLE staff (id INT NOT NULL PRIMARY KEY, boss_id INT, kind VARCHAR(20) NOT NULL CHECK (kind IN ('a', 'b', 'c')),
        day DATE, ok BOOLEAN, FOREIGN KEY (boss_id) REFERENCES staff (id));";
    for kind in KINDS {
        let (db, folder) = (database(kind, ddl), tempfile::tempdir().unwrap());
        let out = path(folder.path(), "out");
        for by in ["kind", "boss_id", "ok"] {
            let rows = ["--rows", "200", "--out", &out, "--format", "parquet", "--partition-by", by, "--overwrite"];
            run(&[&["export", "--url", &db.url, "--truncate"], &rows[..]].concat());
            run(&["load", "--url", &db.url, "--from", &out, "--truncate", "--yes"]);
            run(&["verify", "--url", &db.url, "--rows", &out]);
        }
    }
}

#[test]
fn a_url_is_no_folder() {
    let (db, folder) = (shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    for args in [
        &["export", "--url", &db.url, "--out", "ftp://bucket/rows"][..],
        &["load", "--url", &db.url, "--from", "http://b"],
    ] {
        let ran = crate::program::run(crate::program::command().args(args).current_dir(folder.path()));
        assert!(ran.code == 2 || ran.code == 3, "{}", ran.stderr);
        let told = if cfg!(feature = "object-store") { "s3://BUCKET/PREFIX" } else { "manifest.json last" };
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn columns_that_cannot_name_folders_are_refused_before_anything_is_written() {
    let (db, folder) = (shop(Kind::Postgres), tempfile::tempdir().unwrap());
    let out = path(folder.path(), "out");
    let refused = |by: &str, more: &[&str], why: &str| {
        let args = ["export", "--url", &db.url, "--rows", "1000", "--out", &out, "--partition-by", by];
        let ran = dbmocker(args.iter().chain(more));
        assert!(ran.code == 2 && ran.stderr.contains(why), "{by}: {}", ran.stderr);
        assert!(!Path::new(&out).exists(), "{by}");
    };
    let parquet = ["--format", "parquet"];
    refused("status", &[], "is for Parquet");
    refused("no_such", &parquet, "no table to write has a column `no_such`");
    refused("users.id", &parquet, "more than 256 values");
    refused("orders.total", &parquet, "choose another column");
    refused("status,orders.priority", &parquet, "two columns of `orders`");
}
