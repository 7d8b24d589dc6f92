//! The behaviour of the command line: help, errors with remedies, exit codes, streams.

use std::net::TcpListener;
use std::process::Stdio;

use crate::program::{command, dbmocker, run};
use crate::servers::{Kind, database, mariadb, postgres};
use crate::shop::shop;

const COMMANDS: [&str; 14] = [
    "analyze",
    "plan",
    "preview",
    "export",
    "load",
    "runs",
    "undo",
    "verify",
    "high-performance",
    "generate",
    "init-config",
    "learn",
    "compare",
    "explain",
];

/// The text with this run's ports, names and folders replaced.
fn steady(text: &str, replace: &[(&str, &str)]) -> String {
    replace.iter().fold(text.to_owned(), |t, (from, to)| t.replace(from, to))
}

#[test]
fn help_texts() {
    insta::assert_snapshot!("help", dbmocker(["--help"]).ok().stdout);
    for name in COMMANDS {
        let ran = dbmocker([name, "--help"]).ok();
        assert_eq!(ran.stderr, "");
        insta::assert_snapshot!(format!("help_{name}"), ran.stdout);
    }
}

#[test]
fn an_unknown_table_is_answered_with_the_nearest() {
    let db = shop(Kind::Sqlite);
    for name in ["plan", "load"] {
        let ran = dbmocker([name, "--url", &db.url, "--tables", "users,order_itms"]).expect(2);
        assert_eq!(ran.stdout, "");
        insta::assert_snapshot!("unknown_table", ran.stderr);
    }
}

#[test]
fn a_missing_file() {
    let ran = dbmocker(["analyze", "--url", "sqlite:///no/such/shop.db"]).expect(3);
    insta::assert_snapshot!("missing_file", ran.stderr);
}

#[test]
fn a_port_where_nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for (name, url) in [("postgres", "postgres://me:pw@127.0.0.1:"), ("mysql", "mysql://me:pw@127.0.0.1:")] {
        let ran = dbmocker(["analyze", "--url", &format!("{url}{port}/shop")]).expect(3);
        insta::assert_snapshot!(format!("wrong_port_{name}"), steady(&ran.stderr, &[(&port, "PORT")]));
    }
}

#[test]
fn a_wrong_password_and_a_missing_database() {
    for server in [postgres(), mariadb()] {
        let port = server.port.to_string();
        let kind = format!("{:?}", server.kind);
        let url = server.url_as(server.user, "wrong-password-7", "shop");
        let ran = dbmocker(["analyze", "--url", &url]).expect(3);
        assert!(!ran.stderr.contains("wrong-password-7"), "{}", ran.stderr);
        insta::assert_snapshot!(format!("wrong_password_{kind}"), steady(&ran.stderr, &[(&port, "PORT")]));
        let ran = dbmocker(["analyze", "--url", &server.url("no_such_database")]).expect(3);
        // The list of databases depends on the other tests.
        let (before, rest) = ran.stderr.split_once("; there are ").unwrap();
        let (_, after) = rest.split_once("; or ").unwrap();
        let shown = format!("{before}; there are ...; or {after}");
        insta::assert_snapshot!(format!("no_database_{kind}"), steady(&shown, &[(&port, "PORT")]));
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [
        &["analyze"][..],
        &["analyze", "--url", "oracle://h/d"],
        &["analyze", "--url", "sqlite://x.db", "--driver", "sqlite"],
        &["analyze", "--url", "postgres://h/d", "--host", "other"],
        &["load", "--url", "sqlite://x.db", "--rows", "many"],
        &["load", "--url", "sqlite://x.db", "--memory-limit", "12 apples"],
        &["load", "--url", "sqlite://x.db", "--workers", "0"],
        &["load", "--url", "sqlite://x.db", "--now", "tomorrow"],
        &["load", "--url", "sqlite://x.db", "--from", "d", "--rows", "5"],
        &["no-such-command"],
        &[],
    ] {
        let ran = dbmocker(args).expect(2);
        assert!(!ran.stderr.is_empty(), "{args:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn flags_and_environment_stand_in_for_the_url() {
    let db = shop(Kind::Postgres);
    let server = db.server.unwrap();
    let port = server.port.to_string();
    let flags =
        ["analyze", "--driver", "postgresql", "--host", "127.0.0.1", "--port", &port, "--username", server.user];
    let by_variable = run(command().args(flags).args(["--database", &db.name]).env("PGPASSWORD", server.password)).ok();
    let by_flag = dbmocker(flags.iter().chain(&["--database", &db.name, "--password", server.password])).ok();
    let by_url = run(command().arg("analyze").env("DBMOCKER_URL", &db.url)).ok();
    assert_eq!(by_variable.stdout, by_url.stdout);
    assert_eq!(by_flag.stdout, by_url.stdout);
    assert!(by_url.stdout.contains("order_items"));
}

#[test]
fn json_is_alone_on_stdout() {
    let db = shop(Kind::Sqlite);
    for name in ["analyze", "plan", "verify"] {
        let ran = dbmocker([name, "--url", &db.url, "--json"]).ok();
        serde_json::from_str::<serde_json::Value>(&ran.stdout)
            .unwrap_or_else(|e| panic!("{name}: {e}\n{}", ran.stdout));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let db = shop(Kind::Sqlite);
    let mut child = command()
        .args(["plan", "--json", "--url", &db.url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn quiet_says_nothing_but_the_data() {
    let db = database(Kind::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL);");
    let ran = dbmocker(["load", "-q", "--url", &db.url, "--rows", "5"]).ok();
    assert_eq!(ran.stderr, "");
    assert_eq!(db.number("SELECT count(*) FROM t"), 5);
}
