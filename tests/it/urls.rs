//! URLs and environments as they occur in practice, with real servers.

use crate::program::{command, run};
use crate::servers::{Database, Kind, database, mariadb, postgres};

const TWO: &str =
    "CREATE TABLE one (id INT PRIMARY KEY); CREATE SCHEMA app; CREATE TABLE app.two (id INT PRIMARY KEY);";

fn load(url: Option<&str>, env: &[(&str, &str)]) -> crate::program::Ran {
    let mut command = command();
    for name in ["DATABASE_URL", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGOPTIONS"] {
        command.env_remove(name);
    }
    command.args(["load", "--rows", "20"]).envs(env.iter().copied());
    if let Some(url) = url {
        command.args(["--url", url]);
    }
    run(&mut command)
}

fn counts(db: &Database) -> [i64; 2] {
    ["one", "app.two"].map(|table| db.number(&format!("SELECT count(*) FROM {table}")))
}

#[test]
fn one_schema_is_filled_where_the_url_names_it() {
    let db = database(Kind::Postgres, TWO);
    let ran = load(Some(&format!("{}?schema=app&connection_limit=1&pgbouncer=true", db.url)), &[]).ok();
    assert_eq!(counts(&db), [0, 20], "{}", ran.stderr);
    for key in ["connection_limit", "pgbouncer"] {
        assert!(ran.stderr.contains(&format!("`{key}` of the URL is passed over")), "{}", ran.stderr);
    }
    load(Some(&format!("{}?sslcrl=/x", db.url)), &[]).expect(2);
}

#[test]
fn of_several_hosts_one_that_answers_and_fits_is_taken() {
    let db = database(Kind::Postgres, TWO);
    let server = postgres();
    let (port, password) = (server.port, server.password);
    let url = format!("postgres://{}:{password}@127.0.0.1:1,127.0.0.1:{port}/{}", server.user, db.name);
    load(Some(&format!("{url}?target_session_attrs=read-write&options=-csearch_path%3Dapp")), &[]).ok();
    assert_eq!(counts(&db), [20, 20]);
    let ran = load(Some(&format!("{url}?target_session_attrs=standby")), &[]);
    assert!(ran.code == 2 && ran.stderr.contains("is no standby"), "{}", ran.stderr);
}

#[test]
fn the_environment_names_the_database() {
    let db = database(Kind::Postgres, TWO);
    let server = postgres();
    let port = server.port.to_string();
    let own = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &*port),
        ("PGDATABASE", &*db.name),
        ("PGUSER", server.user),
        ("PGPASSWORD", server.password),
    ];
    let ran = load(None, &own).ok();
    assert!(ran.stderr.contains("as PGHOST and PGDATABASE say"), "{}", ran.stderr);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    let text = format!("[shop]\nhost=127.0.0.1\nport={port}\ndbname={}\nuser={}\n", db.name, server.user);
    std::fs::write(&file, text).unwrap();
    let service = [("PGSERVICE", "shop"), ("PGSERVICEFILE", file.to_str().unwrap()), ("PGPASSWORD", server.password)];
    load(None, &service).ok();
    let ran = load(None, &[("DATABASE_URL", &db.url)]).ok();
    assert!(ran.stderr.contains("as DATABASE_URL says") && !ran.stderr.contains(server.password), "{}", ran.stderr);
    assert_eq!(counts(&db), [60, 60]);
}

#[test]
fn words_of_other_clients_of_mysql() {
    let db = database(Kind::MariaDb, "CREATE TABLE one (id INT PRIMARY KEY);");
    let ran = load(Some(&format!("{}?charset=utf8mb4&serverTimezone=UTC&useSSL=false", db.url)), &[]).ok();
    assert!(ran.stderr.contains("`charset` of the URL is passed over"), "{}", ran.stderr);
    assert_eq!(db.number("SELECT count(*) FROM one"), 20);
    let ran = load(Some(&format!("{}?init_command=x", mariadb().url(&db.name))), &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn a_schema_that_is_not_there_is_an_error() {
    let db = database(Kind::Postgres, TWO);
    let ran = load(Some(&format!("{}?schema=apq", db.url)), &[]);
    assert!(ran.code == 2 && ran.stderr.contains("no schema `apq`") && ran.stderr.contains("`app`"), "{}", ran.stderr);
    assert_eq!(counts(&db), [0, 0]);
}
