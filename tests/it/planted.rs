//! Ledgers and journals that another account has forged: no statement of them is run, and no session is terminated.

use std::process::{Command, Stdio};

use crate::deferred_indexes::{POSTGRES, dump, wait};
use crate::program::{Ran, command, dbmocker, start};
use crate::servers::{Database, Kind, database, mariadb, postgres, sqlite_database};

const TABLES: &str =
    "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL); INSERT INTO users VALUES (1, 'dear');";

/// A ledger with lines of this version.
fn ledger(kind: Kind, lines: &[(&str, String)]) -> String {
    let (short, long, text) = match kind {
        Kind::MariaDb => ("varchar(64)", "varchar(500)", "longtext"),
        _ => ("text", "text", "text"),
    };
    let name = if kind == Kind::Sqlite { "\"dbmocker_run\"" } else { "dbmocker_run" };
    let more =
        if kind == Kind::MariaDb { " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" } else { "" };
    let mut sql = format!(
        "CREATE TABLE {name} (run {short}, what {short}, subject {long}, place bigint, data {text}, seal {short}){more};\n"
    );
    let run = (
        "run",
        r#"{"line":"run","version":1,"started":"2026-01-01","by":"dbmocker 1 20260101T000000Z a@b"}"#.to_owned(),
    );
    for (place, (what, data)) in std::iter::once(&run).chain(lines).enumerate() {
        let data = data.replace('\\', "\\\\").replace('\'', "''");
        sql += &format!(
            "INSERT INTO {name} VALUES ('0123456789abcdef0123456789abcdef', '{what}', '', {place}, '{data}', '00');\n"
        );
    }
    sql
}

fn commands(db: &Database) -> Vec<Ran> {
    let load = ["load", "--url", &db.url, "--rows", "10"];
    let all = [&load[..], &["restore", "--url", &db.url], &["restore", "--url", &db.url, "--force"]];
    let more = [[&load[..], &["--truncate", "--yes"]].concat(), [&load[..], &["--append"]].concat()];
    all.into_iter().map(<[&str]>::to_vec).chain(more).map(dbmocker).collect()
}

fn refused(db: &Database, why: &str) {
    for ran in commands(db) {
        let ran = ran.expect(4);
        assert!(ran.stderr.contains(why) && ran.stderr.contains("dbmocker_run"), "{why}: {}", ran.stderr);
    }
    assert_eq!(db.number("SELECT count(*) FROM users"), 1);
}

#[test]
fn another_role_s_ledger_is_not_run_on_postgres() {
    let parts = r#"{"line":"parts","table":{"schema":"public","name":"users"}}"#.to_owned();
    let definition = "USING btree (id); ALTER ROLE MALLORY SUPERUSER";
    let index = format!(
        r#"{{"line":"index","table":{{"schema":"public","name":"users"}},"index":{{"name":"i","unique":false,"definition":"{definition}","tablespace":"","comment":null,"constraint":null}}}}"#
    );
    let planted = ledger(Kind::Postgres, &[("parts", parts), ("index", index)]);
    let old = "CREATE TABLE dbmocker_run (what text, table_name text, place bigint, rows_before bigint, rows_planned bigint, note text);
        INSERT INTO dbmocker_run (what, table_name, place, note) VALUES ('undo', 'users', 0, 'ALTER ROLE MALLORY SUPERUSER'),
            ('table', '(SELECT evil()) AS x', 0, 'x');".to_owned();
    let view = "CREATE VIEW dbmocker_run AS SELECT evil() AS run, 'table' AS what, '' AS subject, 1::bigint AS place, '' AS data, '' AS seal;".to_owned();
    for (what, why) in [(&planted, "belongs to the role"), (&old, "belongs to the role"), (&view, "no ordinary table")]
    {
        let db = database(Kind::Postgres, TABLES);
        let mallory = format!("mallory_{}", db.name);
        db.execute(&format!(
            "CREATE ROLE {mallory} LOGIN PASSWORD 'not-a-secret-3'; GRANT CREATE ON SCHEMA public TO {mallory};
             SET ROLE {mallory};
             CREATE FUNCTION evil() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
               EXECUTE 'ALTER ROLE {mallory} SUPERUSER'; RETURN 'x'; END $$;
             {}
             GRANT ALL ON dbmocker_run TO PUBLIC;",
            what.replace("MALLORY", &mallory)
        ));
        refused(&db, why);
        // The owner does not matter in this case.
        db.execute(&format!("DROP TABLE IF EXISTS users; {TABLES}"));
        assert_eq!(
            db.value(&format!("SELECT rolsuper FROM pg_roles WHERE rolname = '{mallory}'")).as_deref(),
            Some("f")
        );
        db.execute(&format!("DROP OWNED BY {mallory} CASCADE; DROP ROLE {mallory}"));
    }
}

#[test]
fn a_ledger_that_others_may_have_written_to_is_not_run_on_postgres() {
    let parts = r#"{"line":"parts","table":{"schema":"public","name":"users"}}"#.to_owned();
    let planted = ledger(Kind::Postgres, &[("parts", parts)]);
    for (more, why) in [
        ("GRANT INSERT ON dbmocker_run TO PUBLIC", "other roles may write to it"),
        ("GRANT UPDATE (data) ON dbmocker_run TO PUBLIC", "other roles may write to it"),
        ("CREATE RULE r AS ON DELETE TO dbmocker_run DO ALSO DELETE FROM users", "it has rules"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; RETURN OLD; END';
             CREATE TRIGGER t BEFORE DELETE ON dbmocker_run FOR EACH ROW EXECUTE FUNCTION f()",
            "it has triggers",
        ),
        ("ALTER TABLE dbmocker_run ENABLE ROW LEVEL SECURITY", "it has policies"),
        ("CREATE TABLE child () INHERITS (dbmocker_run)", "inherit"),
        ("CREATE INDEX i ON dbmocker_run ((lower(data)))", "indexes or constraints"),
        ("ALTER TABLE dbmocker_run ADD CHECK (place > 0) NOT VALID", "indexes or constraints"),
        ("ALTER TABLE dbmocker_run ALTER seal SET DEFAULT now()::text", "its columns"),
        ("ALTER TABLE dbmocker_run ADD more text", "its columns"),
        ("UPDATE dbmocker_run SET data = replace(data, 'version', 'revision')", "cannot be read"),
        ("UPDATE dbmocker_run SET run = 'x' WHERE what = 'parts'", "several runs"),
    ] {
        let db = database(Kind::Postgres, &format!("{TABLES}{planted}{more};"));
        refused(&db, why);
    }
}

#[test]
fn a_definition_that_is_more_than_an_index_is_not_run() {
    let of = |definition: &str| {
        format!(
            r#"{{"line":"index","table":{{"schema":"public","name":"users"}},"index":{{"name":"i","unique":false,"definition":"{definition}","tablespace":"","comment":null,"constraint":null}}}}"#
        )
    };
    let parts = r#"{"line":"parts","table":{"schema":"public","name":"users"}}"#.to_owned();
    for definition in ["USING btree (id); DROP TABLE users", "ON users (id)", "USING btree (id) -- x"] {
        let planted = ledger(Kind::Postgres, &[("parts", parts.clone()), ("index", of(definition))]);
        let db = database(Kind::Postgres, &format!("{TABLES}{planted}"));
        let ran = dbmocker(["restore", "--url", &db.url]).expect(4);
        assert!(ran.stderr.contains("no single statement"), "{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM users"), 1);
    }
}

/// What a killed load in parts leaves.
fn killed_in_parts(db: &Database, more: &[&str]) {
    let flags = ["--processes", "2", "--rows-per-process", "20000", "--rows", "200000", "--rebuild-from", "1"];
    let mut child = start(["load", "--url", &db.url].iter().chain(&flags).chain(more));
    let there = match db.kind {
        Kind::Postgres => "SELECT count(*) FROM pg_class WHERE relname = 'dbmocker_run'",
        _ => {
            "SELECT count(*) FROM information_schema.tables WHERE table_name = 'dbmocker_run' AND table_schema = database()"
        }
    };
    wait(|| {
        assert!(child.try_wait().unwrap().is_none(), "the load was over before it could be killed");
        db.number(there) == 1 && db.number("SELECT count(*) FROM dbmocker_run WHERE what = 'parts'") > 0
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn default_privileges_give_nobody_the_ledger() {
    let db = database(Kind::Postgres, POSTGRES);
    let before = dump(&db);
    let role = format!("app_{}", db.name);
    db.execute(&format!("CREATE ROLE {role}; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role}, PUBLIC;"));
    killed_in_parts(&db, &["--tables", "parents,children"]);
    let granted = "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE relname = 'dbmocker_run' AND grantee <> relowner";
    assert_eq!(db.number(granted), 0);
    db.execute(&format!("ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM {role}, PUBLIC;"));
    let ran = dbmocker(["restore", "--url", &db.url]).ok();
    assert!(ran.stdout.contains("rows of finished parts removed"), "{}", ran.stdout);
    assert_eq!(dump(&db), before);
    db.execute(&format!("DROP ROLE {role}"));
}

#[test]
fn what_was_dropped_or_made_meanwhile_is_no_obstacle_to_a_restore() {
    let db = database(Kind::Postgres, POSTGRES);
    killed_in_parts(&db, &["--tables", "parents,children"]);
    let lost: Vec<String> = db
        .rows("SELECT data::json -> 'table' ->> 'name' FROM dbmocker_run WHERE what = 'parts'")
        .into_iter()
        .map(|mut row| row.remove(0).unwrap())
        .collect();
    db.execute(&format!("DROP TABLE {} CASCADE", lost[0]));
    let ran = dbmocker(["restore", "--url", &db.url]).ok();
    assert!(ran.stdout.contains(&format!("public.{} is gone", lost[0])), "{}", ran.stdout);
    dbmocker(["restore", "--url", &db.url]).ok();
}

#[test]
fn a_ledger_that_this_account_did_not_write_is_shown_and_not_run_on_mariadb() {
    let table = |db: &Database| format!(r#"{{"schema":"{}","name":"users"}}"#, db.name);
    let db = database(Kind::MariaDb, TABLES);
    let parts = format!(r#"{{"line":"parts","table":{}}}"#, table(&db));
    let trigger = format!(
        r#"{{"line":"trigger","table":{},"trigger":{{"name":"evil","order":0,"sql_mode":"","client":"utf8mb4","connection":"utf8mb4_general_ci","statement":"CREATE DEFINER=`root`@`localhost` TRIGGER evil BEFORE INSERT ON users FOR EACH ROW SET NEW.name = 'x'"}}}}"#,
        table(&db)
    );
    let other =
        trigger.replace("CREATE DEFINER=`root`@`localhost` TRIGGER evil", "DROP TABLE users; CREATE TRIGGER evil");
    db.execute(&ledger(
        Kind::MariaDb,
        &[("parts", parts), ("trigger", trigger), ("trigger", other.replace("\"evil\"", "\"other\""))],
    ));
    for ran in commands(&db) {
        ran.expect(4);
    }
    let ran = dbmocker(["restore", "--url", &db.url, "--force"]).expect(4);
    for said in ["DELETE FROM", "CREATE DEFINER", "--trust-ledger", "does not read as one"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let triggers = "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = database()";
    assert_eq!((db.number("SELECT count(*) FROM users"), db.number(triggers)), (1, 0));
    // Even with --trust-ledger, a statement that does not create a trigger of that table is not run.
    let ran = dbmocker(["restore", "--url", &db.url, "--trust-ledger"]).expect(4);
    assert!(ran.stderr.contains("does not read as one"), "{}", ran.stderr);
    assert_eq!((db.number("SELECT count(*) FROM users"), db.number(triggers)), (0, 1));
}

#[test]
fn a_view_or_a_table_with_triggers_is_no_ledger_on_mariadb() {
    let planted = ledger(Kind::MariaDb, &[]);
    for (more, why) in [
        ("CREATE VIEW dbmocker_run AS SELECT sleep(100) AS run, 'table' AS what;".to_owned(), "no ordinary table"),
        (
            format!("{planted} CREATE TRIGGER t BEFORE DELETE ON dbmocker_run FOR EACH ROW DELETE FROM users;"),
            "it has triggers",
        ),
        (format!("{planted} ALTER TABLE dbmocker_run ENGINE = MyISAM;"), "InnoDB"),
        (format!("{planted} ALTER TABLE dbmocker_run ADD more int;"), "its columns"),
    ] {
        refused(&database(Kind::MariaDb, &format!("{TABLES}{more}")), why);
    }
}

#[test]
fn a_line_that_was_changed_or_added_is_not_run_on_mariadb() {
    let books = "CREATE TABLE books (id INT PRIMARY KEY, code VARCHAR(30) NOT NULL UNIQUE);";
    for change in [
        "UPDATE dbmocker_run SET data = replace(data, '\"books\"', '\"users\"') WHERE what = 'parts'",
        "INSERT INTO dbmocker_run SELECT run, what, subject, place, replace(data, '\"books\"', '\"users\"'), seal FROM dbmocker_run WHERE what = 'parts'",
    ] {
        let db = database(Kind::MariaDb, &format!("{TABLES}{books}"));
        killed_in_parts(&db, &["--tables", "books"]);
        db.execute(change);
        let ran = dbmocker(["restore", "--url", &db.url]).expect(4);
        assert!(ran.stderr.contains("--trust-ledger"), "{}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM users"), 1);
    }
    // Another account or another machine does not have the key.
    let db = database(Kind::MariaDb, &format!("{TABLES}{books}"));
    killed_in_parts(&db, &["--tables", "books"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut restore = command();
    restore.args(["restore", "--url", &db.url]).env("XDG_STATE_HOME", elsewhere.path());
    let ran = crate::program::run(&mut restore).expect(4);
    assert!(ran.stderr.contains("--trust-ledger"), "{}", ran.stderr);
    let ran = dbmocker(["restore", "--url", &db.url]).ok();
    assert!(ran.stdout.contains("rows of finished parts removed"), "{}", ran.stdout);
    assert_eq!(db.number("SELECT count(*) FROM books"), 0);
}

/// MySQL and MariaDB count their sessions from 1 again after a restart.
#[test]
fn nobody_else_s_session_is_ended_by_its_number() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let db = database(kind, TABLES);
        let mut innocent = innocent(&db);
        let number = |db: &Database| {
            match kind {
            Kind::Postgres => db.rows(&format!("SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND query LIKE '%4711%' AND pid <> pg_backend_pid()", db.name)),
            _ => db.rows("SELECT id FROM information_schema.processlist WHERE info LIKE '%sleep(4711)%' AND id <> connection_id()"),
        }
        };
        wait(|| number(&db).len() == 1);
        let id = number(&db)[0][0].clone().unwrap();
        let session = format!(r#"{{"line":"session","session":{{"number":{id},"mark":"1234567890.123456"}}}}"#);
        db.execute(&ledger(kind, &[("session", session)]));
        dbmocker(["restore", "--url", &db.url, "--force", "--trust-ledger"]).ok();
        assert_eq!(number(&db).len(), 1, "{kind:?}");
        innocent.kill().unwrap();
        innocent.wait().unwrap();
    }
}

/// A client whose session sleeps.
fn innocent(db: &Database) -> std::process::Child {
    let mut client = match db.kind {
        Kind::Postgres => {
            let mut psql = Command::new("psql");
            psql.args(["-X", "-c", "SELECT pg_sleep(4711)", &postgres().url(&db.name)]);
            psql
        }
        _ => {
            let server = mariadb();
            let mut client = Command::new("mariadb");
            client.args(["--no-defaults", "-h", "127.0.0.1", "-P", &server.port.to_string(), "-u", server.user]);
            client.env("MYSQL_PWD", server.password).args(["-e", "SELECT sleep(4711)", &db.name]);
            client
        }
    };
    client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn nothing_of_a_hostile_sqlite_file_is_run() {
    let parts = r#"{"line":"parts","table":{"schema":"main","name":"users"}}"#.to_owned();
    for (planted, why) in [
        (
            "CREATE VIEW dbmocker_run AS SELECT 'table' AS what, zeroblob(1000000000) AS run;".to_owned(),
            "no table as this version makes it",
        ),
        (
            format!(
                "{} CREATE TRIGGER t BEFORE DELETE ON dbmocker_run BEGIN DELETE FROM users; END;",
                ledger(Kind::Sqlite, &[])
            ),
            "triggers or indexes",
        ),
        (
            "CREATE TABLE Dbmocker_Run (run text CHECK (run <> hex(zeroblob(1000))));".to_owned(),
            "no table as this version makes it",
        ),
        (ledger(Kind::Sqlite, &[("trigger", parts.replace("parts", "session"))]), "one of its lines cannot be read"),
    ] {
        let db = sqlite_database(&format!("{TABLES}{planted}"));
        refused(&db, why);
    }
    // A table that is listed as loaded in parts is emptied only if this account wrote the line.
    let db = sqlite_database(&format!("{TABLES}{}", ledger(Kind::Sqlite, &[("parts", parts)])));
    let ran = dbmocker(["restore", "--url", &db.url]).expect(4);
    assert!(ran.stderr.contains("is not signed by this account"), "{}", ran.stderr);
    for more in [&[][..], &["--append"], &["--truncate", "--yes"]] {
        dbmocker([&["load", "--url", &db.url, "--rows", "10"], more].concat()).expect(4);
    }
    assert_eq!(db.number("SELECT count(*) FROM users"), 1);
}
