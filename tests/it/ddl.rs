//! `--ddl`: the schema is read from files instead of a database.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{command, dbmocker, path, run, stop};
use crate::servers::{Database, KINDS, Kind, database};
use crate::shop::shop;

/// The DDL of a database as its server's own program prints it.
fn dump(db: &Database) -> String {
    let mut program = match db.server {
        None => {
            let mut c = Command::new("sqlite3");
            c.args([&db.name, ".schema"]);
            c
        }
        Some(server) if db.kind == Kind::Postgres => {
            let mut c = Command::new("pg_dump");
            c.args(["--schema-only", "--create", "-h", "127.0.0.1", "-p", &server.port.to_string(), "-U", server.user]);
            c.arg(&db.name).env("PGPASSWORD", server.password);
            c
        }
        Some(server) => {
            let mut c = Command::new("mariadb-dump");
            c.args([
                "--no-defaults",
                "--no-data",
                "-h",
                "127.0.0.1",
                "-P",
                &server.port.to_string(),
                "-u",
                server.user,
            ]);
            c.args(["--routines", "--databases"]).arg(&db.name).env("MYSQL_PWD", server.password);
            c
        }
    };
    let done = program.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A folder for temporary files that the servers' accounts may enter.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// Fails the test unless all traces of a throw-away database are removed soon.
#[track_caller]
fn assert_gone(temporary: &Path) {
    let begun = Instant::now();
    let left = || fs::read_dir(temporary).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    while !left().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "left: {:?}", left());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_dump_gives_the_rows_of_the_database() {
    for kind in KINDS {
        let db = shop(kind);
        let folder = open_folder();
        let file = path(folder.path(), "schema.sql");
        fs::write(&file, dump(&db)).unwrap();
        let temporary = open_folder();
        let of_file = |name: &str| run(command().args([name, "--ddl", &file]).env("TMPDIR", temporary.path())).ok();
        let of_database = |name: &str| dbmocker([name, "--url", &db.url]).ok().stdout;
        assert_eq!(of_file("preview").stdout, of_database("preview"), "{kind:?}");
        let told = of_file("analyze");
        assert!(told.stderr.contains("of the DDL run"), "{}", told.stderr);
        assert_gone(temporary.path());
        // A plan that was made from the files fits the database.
        let plan = path(folder.path(), "plan.json");
        dbmocker(["plan", "--ddl", &file, "--rows", "20", "--save", &plan]).ok();
        dbmocker(["load", "--url", &db.url, "--plan", &plan]).ok();
        let page = dbmocker(["plan", "--ddl", &file, "--rows", "20", "--html", "-"]).ok().stdout;
        assert!(page.contains(&format!("<title>Plan of {file}</title>")), "{kind:?}");
        assert_eq!(db.number("SELECT count(*) FROM users"), 20, "{kind:?}");
    }
}

#[test]
fn files_come_from_everywhere_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in [
        ("V1__users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"),
        (
            "V2__orders.sql",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));\n",
        ),
        ("V10__more.sql", "ALTER TABLE orders ADD COLUMN note TEXT;\nINSERT INTO users VALUES (1, 'x');\n"),
    ] {
        fs::write(folder.path().join(name), sql).unwrap();
    }
    let tables = |stdout: &str| {
        let schema: serde_json::Value = serde_json::from_str(stdout).unwrap();
        schema["tables"].clone()
    };
    let all = path(folder.path(), "");
    let of_folder = dbmocker(["analyze", "--json", "--dialect", "sqlite", "--ddl", &all]).ok();
    assert!(of_folder.stdout.contains("note"), "{}", of_folder.stdout);
    assert!(of_folder.stderr.contains("1 that write or read rows"), "{}", of_folder.stderr);
    let names = ["V1__users.sql", "V2__orders.sql", "V10__more.sql"].map(|name| path(folder.path(), name));
    let words = ["analyze", "--json", "--dialect", "sqlite", "--ddl"].map(str::to_owned);
    let of_files = dbmocker(words.into_iter().chain(names.clone())).ok();
    assert_eq!(tables(&of_files.stdout), tables(&of_folder.stdout));
    let joined = path(folder.path(), "joined.txt");
    let text: String = names.iter().map(|name| fs::read_to_string(name).unwrap()).collect();
    fs::write(&joined, text).unwrap();
    let input = fs::File::open(&joined).unwrap();
    let of_input = run(command().args(["analyze", "--json", "--ddl", "-", "--dialect", "sqlite"]).stdin(input)).ok();
    assert_eq!(tables(&of_input.stdout), tables(&of_folder.stdout));
}

#[test]
fn what_goes_wrong_is_told_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "bad.sql");
    for (dialect, sql, code, parts) in [
        (
            "postgresql",
            "CREATE TABLE a (id int PRIMARY KEY);\n\nCREATE TABLE b (\n  id int,\n  a_id uuid REFERENCES c (id));",
            3,
            ["line 3", "relation \"c\" does not exist"],
        ),
        (
            "postgresql",
            "CREATE TABLE a (\n  id int,\n  x nosuchtype\n);",
            3,
            ["line 3", "type \"nosuchtype\" does not exist"],
        ),
        ("postgresql", "\nCREATE EXTENSION no_such_extension;", 3, ["line 2", "install the extension"]),
        ("postgresql", "CREATE TABLE a (b text);\nCOPY a FROM PROGRAM 'id';", 2, ["line 2", "is refused"]),
        ("postgresql", "CREATE TABLE a (\n  b text DEFAULT 'x);\n", 3, ["line 2", "does not end"]),
        (
            "mysql",
            "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (id int,\n x nosuchtype);",
            3,
            ["line 2", "nosuchtype"],
        ),
        ("sqlite", "CREATE TABLE a (id INT);\nATTACH 'x.db' AS x;", 2, ["line 2", "is refused"]),
    ] {
        fs::write(&file, sql).unwrap();
        let ran = dbmocker(["plan", "--ddl", &file, "--dialect", dialect]).expect(code);
        for part in [&file, parts[0], parts[1]] {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        }
    }
    let error = dbmocker(["plan", "--ddl", &path(folder.path(), "none.sql")]).expect(3).stderr;
    assert!(error.contains("none.sql"), "{error}");
    fs::write(&file, "CREATE TABLE a (id int);").unwrap();
    let error = dbmocker(["plan", "--ddl", &file]).expect(2).stderr;
    assert!(error.contains("--dialect"), "{error}");
}

/// Code blocks and functions run with the privileges of an account that can access only its own database.
#[test]
fn code_in_the_ddl_reaches_nothing_beyond_its_database() {
    let folder = open_folder();
    let (file, made) = (path(folder.path(), "bad.sql"), path(folder.path(), "made"));
    for sql in [
        format!("DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {made}'''; END $$;"),
        format!("DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO ''{made}'''; END $$;"),
        "CREATE TABLE t AS SELECT pg_read_file('/etc/passwd');".to_owned(),
    ] {
        fs::write(&file, sql).unwrap();
        let ran = dbmocker(["plan", "--ddl", &file, "--dialect", "postgresql"]).expect(3);
        assert!(["permission denied", "must be superuser"].iter().any(|m| ran.stderr.contains(m)), "{}", ran.stderr);
        assert!(!Path::new(&made).exists());
    }
}

#[test]
fn what_dumps_hold_besides_tables_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "dump.sql");
    let postgres = "-- PostgreSQL database dump\n\\restrict x\nSET transaction_timeout = 0;\nSET no_such_setting = 1;\n\
        SELECT pg_catalog.set_config('search_path', '', false);\nCREATE SCHEMA app;\nALTER SCHEMA app OWNER TO nobody_here;\n\
        COMMENT ON EXTENSION no_such IS 'x';\nCREATE TABLE app.t (id integer PRIMARY KEY, e text NOT NULL);\n\
        ALTER TABLE app.t OWNER TO nobody_here;\nGRANT ALL ON app.t TO nobody_here;\n\
        ALTER TABLE ONLY app.gone DROP CONSTRAINT x;\nCOPY app.t (id, e) FROM stdin;\n1\tx;y\n\\.\n\
        CREATE POLICY p ON app.t TO nobody_here USING (true);\n\\unrestrict x\n";
    fs::write(&file, postgres).unwrap();
    let ran = dbmocker(["analyze", "--ddl", &file]).ok();
    assert!(ran.stdout.contains("app.t"), "{}", ran.stdout);
    for part in [
        "3 of ownership and grants",
        "1 that write or read rows",
        "2 for the server's own client",
        "failed without harm",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    // A trigger with another user as DEFINER, a collation of MySQL 8.
    let mysql = "-- MySQL dump\n/*!40101 SET NAMES utf8mb4 */;\n\
        CREATE TABLE `t` (`id` int NOT NULL AUTO_INCREMENT, `n` varchar(9) DEFAULT NULL, PRIMARY KEY (`id`)) \
        ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;\nDELIMITER ;;\n\
        /*!50003 CREATE*/ /*!50017 DEFINER=`boss`@`%`*/ /*!50003 TRIGGER `x` BEFORE INSERT ON `t` FOR EACH ROW \
        BEGIN SET NEW.n = 'a'; END */;;\nDELIMITER ;\nLOCK TABLES `t` WRITE;\nUNLOCK TABLES;\n";
    fs::write(&file, mysql).unwrap();
    let ran = dbmocker(["analyze", "--ddl", &file]).ok();
    assert!(ran.stderr.contains("2 about the server"), "{}", ran.stderr);
}

#[test]
fn nothing_is_left_of_a_run_that_is_stopped_or_killed() {
    let db = database(Kind::Postgres, "CREATE TABLE t (id int PRIMARY KEY);");
    let folder = open_folder();
    let file = path(folder.path(), "schema.sql");
    // The block keeps the server busy until the run is stopped.
    fs::write(&file, dump(&db) + "\nDO $$ BEGIN PERFORM pg_catalog.pg_sleep(600); END $$;").unwrap();
    for signal in ["INT", "KILL"] {
        let temporary = open_folder();
        let started = command()
            .args(["plan", "--ddl", &file])
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let running = || {
            let mut folders = fs::read_dir(temporary.path()).unwrap().map(|e| e.unwrap().path());
            folders.any(|folder| folder.join(".s.PGSQL.5432").exists())
        };
        stop(started, &[signal], &running);
        assert_gone(temporary.path());
    }
}

/// Texts that a splitter might read as one statement, but a server as several.
#[test]
fn statements_hidden_in_others_reach_nothing() {
    let folder = open_folder();
    let (file, made) = (path(folder.path(), "bad.sql"), path(folder.path(), "made"));
    let victim = path(folder.path(), "victim.db");
    assert!(Command::new("sqlite3").args([&victim, "CREATE TABLE secret (id INTEGER)"]).status().unwrap().success());
    let attach = format!("ATTACH '{victim}' AS v; DROP TABLE v.secret; ATTACH '{made}' AS n; CREATE TABLE n.p (a);");
    for (dialect, sql) in [
        ("sqlite", format!("CREATE TABLE trigger (begin INTEGER PRIMARY KEY); {attach}")),
        (
            "sqlite",
            format!(
                "CREATE TABLE x (begin INTEGER); CREATE TRIGGER t AFTER UPDATE OF begin ON x BEGIN SELECT 1; END; {attach}"
            ),
        ),
        ("sqlite", format!("CREATE TABLE x (a INTEGER); VACUUM INTO '{made}';")),
        (
            "postgresql",
            format!(
                "CREATE EXTENSION file_fdw -- x\r; COPY (SELECT 1) TO PROGRAM 'touch {made}'; SELECT 1 AS --\nCASCADE;\n\
                 CREATE TABLE t (id int);"
            ),
        ),
        (
            "mysql",
            format!(
                "CREATE DATABASE shop /*!999998 ' */; SELECT 1 INTO OUTFILE '{made}'; CREATE TABLE mysql.zz (a int); -- '\n;\n\
                 USE shop; CREATE TABLE t (id int);"
            ),
        ),
        ("mysql", "USE mysql; CREATE TABLE mysql.zz (a int); CREATE TABLE t (id int);".to_owned()),
        ("mysql", "CREATE DATABASE `MySQL`; CREATE TABLE t (id int);".to_owned()),
    ] {
        fs::write(&file, &sql).unwrap();
        let ran = dbmocker(["plan", "--ddl", &file, "--dialect", dialect]);
        assert!(!Path::new(&made).exists(), "{sql}: {}", ran.stderr);
        let tables = Command::new("sqlite3").args([&victim, ".tables"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&tables.stdout).trim(), "secret", "{sql}: {}", ran.stderr);
        if sql.starts_with("USE mysql") || sql.contains("`MySQL`") {
            assert_eq!(ran.code, 2, "{sql}: {}", ran.stderr);
        }
    }
}

#[test]
fn names_that_are_keywords_begin_no_body() {
    let folder = open_folder();
    let file = path(folder.path(), "schema.sql");
    for (dialect, sql) in [
        (
            "mysql",
            "CREATE TABLE event_log (id int PRIMARY KEY, event varchar(20), begin datetime); GRANT ALL ON *.* TO x;",
        ),
        ("sqlite", "CREATE TABLE trigger (begin INTEGER PRIMARY KEY); INSERT INTO trigger VALUES (1);"),
    ] {
        fs::write(&file, sql).unwrap();
        let ran = dbmocker(["plan", "--ddl", &file, "--dialect", dialect]).ok();
        assert!(ran.stderr.contains("passed over: 1 statement"), "{sql}: {}", ran.stderr);
    }
}

#[test]
fn collations_that_a_server_lacks_are_replaced_and_said() {
    let folder = open_folder();
    let file = path(folder.path(), "dump.sql");
    let sql = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */;\n\
        USE `shop`;\nCREATE TABLE t (id int PRIMARY KEY, a varchar(9) COLLATE utf8mb4_de_pb_0900_ai_ci, \
        b varchar(9) COLLATE utf8mb4_0900_as_cs COMMENT 'utf8mb4_0900_ai_ci');\n";
    fs::write(&file, sql).unwrap();
    let ran = dbmocker(["analyze", "--ddl", &file, "--dialect", "mysql"]).ok();
    // MariaDB has these collations since 11.4.
    assert!(
        ran.stderr.contains("run with other collations: 2 statements") || !ran.stderr.contains("collation"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_folder_that_a_link_leads_back_to_is_read_once() {
    let folder = open_folder();
    fs::write(folder.path().join("1.sql"), "CREATE TABLE a (id INTEGER PRIMARY KEY);").unwrap();
    for link in ["x", "y"] {
        std::os::unix::fs::symlink(".", folder.path().join(link)).unwrap();
    }
    let ran = dbmocker(["plan", "--ddl", &path(folder.path(), "."), "--dialect", "sqlite"]).ok();
    assert!(ran.stdout.contains("main.a"), "{}", ran.stdout);
}
