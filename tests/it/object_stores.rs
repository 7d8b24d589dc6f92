//! Exports to an S3 server that answers 500 and 503 now and then and drops connections, and loads from it.
#![allow(clippy::unwrap_used)] // test support

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::audit;
use crate::program::{Ran, command, path, run};
use crate::readers::environment;
use crate::servers::Kind;
use crate::shop::shop;

const SECRET: &str = "a-secret-that-nobody-may-see";

struct S3 {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    port: String,
}

impl S3 {
    fn start() -> S3 {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/object_stores.py");
        let python = environment("test-venv-s3", &["moto[server]==5.2.1"]);
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut s3 = S3 { child, stdin, stdout: BufReader::new(stdout), port: String::new() };
        s3.port = s3.line();
        s3
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn ask(&mut self, question: &str) -> serde_json::Value {
        writeln!(self.stdin, "{question}").unwrap();
        serde_json::from_str(&self.line()).unwrap()
    }

    fn keys(&mut self, prefix: &str) -> Vec<String> {
        let keys = self.ask(&format!("list {prefix}"));
        keys.as_array().unwrap().iter().map(|k| k.as_str().unwrap().to_owned()).collect()
    }

    /// `dbmocker ARGS...` with the server's endpoint and credentials in its environment.
    fn dbmocker(&self, args: &[&str]) -> Ran {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let ran = run(command().args(args).envs([
            ("AWS_ENDPOINT", &*endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]));
        assert!(!ran.stderr.contains(SECRET) && !ran.stdout.contains(SECRET), "{}", ran.stderr);
        ran
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn exports_go_to_a_store_and_come_back_though_requests_fail() {
    let (mut s3, db, folder) = (S3::start(), shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let plan = path(folder.path(), "plan.json");
    s3.dbmocker(&["plan", "--url", &db.url, "--rows", "60000", "--save", &plan]).ok();
    let whole = ["export", "--plan", &plan, "--out", "s3://rows/whole"];
    s3.dbmocker(&whole).ok();
    let counts = s3.ask("counts");
    assert!(counts["faults"].as_u64() > Some(3) && counts["parts"].as_u64() > Some(1), "{counts}");
    assert!(s3.keys("whole/").contains(&"whole/manifest.json".to_owned()));
    let target = shop(Kind::Sqlite);
    s3.dbmocker(&["load", "--url", &target.url, "--from", "s3://rows/whole"]).ok();
    audit::shop(&target, 60000);
    s3.dbmocker(&["verify", "--url", &target.url, "--rows", &plan]).ok();
    let taken = s3.dbmocker(&whole).expect(4);
    assert!(taken.stderr.contains("holds an export already"), "{}", taken.stderr);

    // An export of another format replaces the first, of which no file is left.
    let by = ["--format", "parquet", "--partition-by", "orders.status", "--overwrite", "--rows-range", "orders:0..500"];
    let refused = s3.dbmocker(&[&whole[..], &by].concat()).expect(4);
    assert!(refused.stderr.contains("this is a part of one"), "{}", refused.stderr);
    s3.dbmocker(&[&whole[..], &by[..5], &["--tables", "users,orders"]].concat()).ok();
    let keys = s3.keys("whole/");
    assert!(keys.iter().all(|k| k.ends_with(".parquet") || k == "whole/manifest.json"), "{keys:?}");
    assert!(keys.iter().any(|k| k.starts_with("whole/orders/status=paid/")), "{keys:?}");
    assert_eq!(s3.ask("uploads"), 0);
}

#[test]
fn parts_in_a_store_are_joined_there() {
    let (mut s3, db, folder) = (S3::start(), shop(Kind::Sqlite), tempfile::tempdir().unwrap());
    let plan = path(folder.path(), "plan.json");
    s3.dbmocker(&["plan", "--url", &db.url, "--rows", "600", "--save", &plan]).ok();
    for part in ["1/3", "3/3"] {
        s3.dbmocker(&["export", "--plan", &plan, "--part", part, "--out", "s3://rows/a/parts"]).ok();
    }
    let early = s3.dbmocker(&["load", "--url", &db.url, "--from", "s3://rows/a/parts"]).expect(3);
    assert!(early.stderr.contains("dbmocker manifest --join s3://rows/a/parts"), "{}", early.stderr);
    let short = s3.dbmocker(&["manifest", "--join", "s3://rows/a/parts"]).expect(3);
    assert!(short.stderr.contains("are in no part"), "{}", short.stderr);
    s3.dbmocker(&["export", "--plan", &plan, "--part", "2/3", "--out", "s3://rows/a/parts"]).ok();
    s3.dbmocker(&["manifest", "--join", "s3://rows/a/parts"]).ok();
    s3.dbmocker(&["load", "--url", &db.url, "--from", "s3://rows/a/parts"]).ok();
    audit::shop(&db, 600);
    assert!(s3.keys("a/").iter().all(|k| k.starts_with("a/parts/")));

    // SQL parts get their script from the join.
    for part in ["1/2", "2/2"] {
        let sql = ["export", "--plan", &plan, "--part", part, "--format", "sql", "--out", "s3://rows/sql"];
        s3.dbmocker(&sql).ok();
    }
    assert!(!s3.keys("sql/").contains(&"sql/load.sql".to_owned()));
    s3.dbmocker(&["manifest", "--join", "s3://rows/sql"]).ok();
    assert!(s3.keys("sql/").contains(&"sql/load.sql".to_owned()));
    s3.dbmocker(&["export", "--plan", &plan, "--out", "s3://rows/sql", "--overwrite", "--tables", "users"]).ok();
    assert!(!s3.keys("sql/").iter().any(|k| k.ends_with(".sql")), "no file of the joined export is left");
}

#[test]
fn what_fails_leaves_nothing_and_no_secret() {
    let (mut s3, db) = (S3::start(), shop(Kind::Sqlite));
    let export = |s3: &S3, out: &str| s3.dbmocker(&["export", "--url", &db.url, "--rows", "500", "--out", out]);
    let refused = export(&s3, "s3://rows/refused/here").expect(4);
    assert!(refused.stderr.contains("cannot write `s3://rows/refused/here/manifest.json`"), "{}", refused.stderr);
    assert!(s3.keys("refused/").is_empty());
    let missing = export(&s3, "s3://no-such-bucket/x").expect(4);
    assert!(missing.stderr.contains("s3://no-such-bucket/x"), "{}", missing.stderr);
    let told = export(&s3, "s3://key:word@rows/x").expect(2);
    assert!(told.stderr.contains("leave them to the environment") && !told.stderr.contains("word@"), "{}", told.stderr);
    let other = export(&s3, "ftp://rows/x").expect(2);
    assert!(other.stderr.contains("s3://BUCKET/PREFIX"), "{}", other.stderr);
}
