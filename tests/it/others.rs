//! Code of other roles does not run with the privileges of the user who runs the program (PostgreSQL).

use std::fs;
use std::time::{Duration, Instant};

use crate::program::{Ran, dbmocker};
use crate::servers::{Database, postgres};

/// A separate role for each test: roles belong to the whole server.
struct Mallory {
    name: String,
}

impl Mallory {
    fn new(db: &Database) -> Mallory {
        let name = format!("mallory_{}", db.name);
        db.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'x'; GRANT ALL ON DATABASE {} TO {name};", db.name));
        Mallory { name }
    }

    /// Runs statements as the role.
    fn execute(&self, db: &Database, sql: &str) {
        db.execute(&format!("SET SESSION AUTHORIZATION {}; {sql}", self.name));
    }

    /// A function body that notes that it ran, and makes its author a superuser if it can.
    fn body(&self, returns: &str) -> String {
        format!(
            "BEGIN RAISE LOG '% ran', '{0}';
               BEGIN RESET ROLE; ALTER ROLE {0} SUPERUSER; EXCEPTION WHEN OTHERS THEN NULL; END;
               RETURN {returns}; END",
            self.name
        )
    }

    /// Whether any of its functions has run, by the server's log.
    fn ran(&self, db: &Database) -> bool {
        // The log of a server that was not started by the tests cannot be read.
        let log =
            if postgres().is_own() { fs::read(postgres().folder.join("server.log")).unwrap() } else { Vec::new() };
        let is_super = db.value(&format!("SELECT rolsuper FROM pg_roles WHERE rolname = '{}'", self.name));
        String::from_utf8_lossy(&log).contains(&format!("LOG:  {} ran", self.name)) || is_super.as_deref() == Some("t")
    }

    fn drop(self, db: &Database) {
        db.execute(&format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0};", self.name));
    }
}

/// Runs every command that reads, and a load; returns their outputs.
fn all_commands(db: &Database, more: &[&str]) -> Vec<(String, Ran)> {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    let mut said = Vec::new();
    for command in [
        &["analyze"][..],
        &["plan", "--rows", "20"],
        &["preview"],
        &["export", "--rows", "20", "--out", out],
        &["load", "--rows", "20"],
        &[
            "load",
            "--rows",
            "3000",
            "--truncate",
            "--rebuild-from",
            "1",
            "--processes",
            "2",
            "--rows-per-process",
            "1000",
        ],
        &["verify"],
        &["restore"],
    ] {
        let takes =
            |flag: &&&str| **flag != "--skip-unsolved" || !matches!(command[0], "analyze" | "verify" | "restore");
        let more: Vec<&str> = more.iter().filter(takes).copied().collect();
        said.push((command[0].to_owned(), dbmocker([command, &["--url", &db.url], &more].concat())));
    }
    said
}

#[test]
fn functions_and_operators_in_the_place_of_the_servers_own_are_not_called() {
    let db = postgres().create_database(
        "CREATE TABLE people (id serial PRIMARY KEY, name varchar(40) NOT NULL, age smallint CHECK (age BETWEEN 1 AND 110));
         CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int NOT NULL REFERENCES people,
           note text, price money, CHECK (length(note) < 200));
         CREATE INDEX orders_note ON orders (lower(note));
         CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.note := coalesce(NEW.note, 'x'); RETURN NEW; END $$;
         CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp();",
    );
    let mallory = Mallory::new(&db);
    db.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", mallory.name));
    let functions = [
        "format(text, name)",
        "format(text, name, name)",
        "format(text, name, name, name)",
        "format(text, text, text)",
        "format(text, text, name, text)",
        "concat_ws(text, text, text, text, text)",
        "concat(integer, text, numeric)",
        "json_build_array(name, name)",
        "json_build_array(name, text, boolean)",
        "to_json(text[])",
        "to_jsonb(pg_catalog.pg_constraint)",
        "to_jsonb(pg_catalog.pg_index)",
        "to_jsonb(pg_catalog.pg_collation)",
        "jsonb_build_object(text, text)",
        "unnest(smallint[])",
        "unnest(oid[])",
        "has_table_privilege(oid, text, text)",
        "row_security_active(regclass)",
        "pg_relation_size(oid)",
        "setval(regclass, integer)",
        "obj_description(regclass, name)",
    ];
    let operators = [
        ("=", "oid", "regclass", "boolean"),
        ("=", "regclass", "oid", "boolean"),
        ("=", "smallint", "integer", "boolean"),
        ("<>", "oid", "integer", "boolean"),
        ("<>", "name", "text", "boolean"),
        ("&", "smallint", "integer", "integer"),
        ("=", "bigint", "integer", "boolean"),
        ("=", "varchar", "varchar", "boolean"),
        ("->>", "jsonb", "name", "text"),
        ("||", "name", "text", "text"),
    ];
    let body = mallory.body("NULL");
    let mut sql: String = functions
        .iter()
        .map(|f| format!("CREATE FUNCTION public.{f} RETURNS text LANGUAGE plpgsql AS $f$ {body} $f$;\n"))
        .collect();
    for (i, (op, left, right, returns)) in operators.iter().enumerate() {
        sql += &format!(
            "CREATE FUNCTION public.op_{i}({left}, {right}) RETURNS {returns} LANGUAGE plpgsql AS $f$ {body} $f$;
             CREATE OPERATOR public.{op} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.op_{i});\n"
        );
    }
    mallory.execute(&db, &sql);
    for (command, ran) in all_commands(&db, &[]) {
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
    }
    assert!(!mallory.ran(&db));
    assert_eq!(db.number("SELECT count(*) FROM public.orders"), 3000);
    mallory.drop(&db);
}

/// Tables of the role, each of which has the role's code run by another mechanism.
fn hostile_tables(mallory: &Mallory) -> String {
    let (yes, row) = (mallory.body("true"), mallory.body("NEW"));
    format!(
        "CREATE FUNCTION m.yes(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $f$ {yes} $f$;
         CREATE FUNCTION m.same(int, int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $f$ {yes} $f$;
         CREATE FUNCTION m.row() RETURNS trigger LANGUAGE plpgsql AS $f$ {row} $f$;
         CREATE TABLE m.by_check (id int PRIMARY KEY, a text CHECK (m.yes(a)));
         CREATE TABLE m.by_index (id int PRIMARY KEY, a text);
         CREATE INDEX ON m.by_index (m.yes(a));
         CREATE TABLE m.by_column (id int PRIMARY KEY, a text, b boolean GENERATED ALWAYS AS (m.yes(a)) STORED);
         CREATE TABLE m.by_default (id int PRIMARY KEY, a boolean DEFAULT m.yes('x'));
         CREATE TABLE m.by_trigger (id int PRIMARY KEY, a text);
         CREATE TRIGGER t BEFORE INSERT ON m.by_trigger FOR EACH ROW EXECUTE FUNCTION m.row();
         CREATE DOMAIN m.yes_text AS text CHECK (m.yes(VALUE));
         CREATE TYPE m.pair AS (a m.yes_text, b int);
         CREATE TABLE m.by_domain (id int PRIMARY KEY, a m.yes_text);
         CREATE TABLE m.by_type (id int PRIMARY KEY, a m.pair[]);
         CREATE OPERATOR m.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = m.same);
         CREATE TABLE m.by_operator (id int PRIMARY KEY, a int, CHECK (a OPERATOR(m.===) 3));
         CREATE TABLE m.by_query (id int PRIMARY KEY, a text,
           CHECK (query_to_xml('SELECT m.yes(''x'')', true, true, '') IS NOT NULL));
         CREATE TABLE m.by_partition (id int, a text) PARTITION BY LIST (id);
         CREATE TABLE m.by_partition_1 PARTITION OF m.by_partition DEFAULT;
         ALTER TABLE m.by_partition_1 ADD CHECK (m.yes(a));
         CREATE TABLE m.harmless (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), a text CHECK (length(a) > 2),
           d timestamptz DEFAULT now());
         CREATE TRIGGER q BEFORE INSERT ON public.granted FOR EACH ROW
           WHEN (query_to_xml('SELECT m.yes(''x'')', true, true, '') IS NOT NULL) EXECUTE FUNCTION m.row();"
    )
}

#[test]
fn functions_of_other_roles_are_refused_by_name_and_trusted_where_that_is_said() {
    let db = postgres()
        .create_database("CREATE TABLE granted (id int PRIMARY KEY); CREATE TABLE fine (id int PRIMARY KEY);");
    let mallory = Mallory::new(&db);
    db.execute(&format!("CREATE SCHEMA m AUTHORIZATION {0}; GRANT TRIGGER ON public.granted TO {0};", mallory.name));
    mallory.execute(&db, &hostile_tables(&mallory));
    db.execute("CREATE TABLE public.uses (id int PRIMARY KEY, a m.yes_text);");

    let ran = dbmocker(["load", "--url", &db.url, "--rows", "10", "--tables", "m.by_check"]).expect(3);
    let said = format!("constraint `by_check_a_check` calls function `m.yes(text)` of role `{}`", mallory.name);
    assert!(ran.stderr.contains(&said) && ran.stderr.contains("--trust-schema"), "{}", ran.stderr);
    dbmocker(["load", "--url", &db.url, "--rows", "10", "--no-probe", "--tables", "m.by_trigger"]).expect(3);

    for (command, ran) in all_commands(&db, &["--skip-unsolved"]) {
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
    }
    assert!(!mallory.ran(&db));
    let filled = ["m.harmless", "public.fine", "m.by_check", "public.uses", "public.granted"];
    let rows = filled.map(|t| db.number(&format!("SELECT count(*) FROM {t}")));
    assert_eq!(rows, [3000, 3000, 0, 0, 0]);

    dbmocker(["load", "--url", &db.url, "--rows", "10", "--tables", "m.by_trigger", "--trust-schema"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM m.by_trigger"), 10);
    assert!(mallory.ran(&db), "what is trusted runs");
    mallory.drop(&db);
}

#[test]
fn functions_find_their_tables_unless_others_may_create_some_there() {
    let ddl = "CREATE TABLE counted (id int PRIMARY KEY); CREATE TABLE seen (n int);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END $$;
        CREATE FUNCTION top() RETURNS int LANGUAGE sql AS 'SELECT 100000';
        CREATE FUNCTION low(int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 < top()';
        CREATE TRIGGER note AFTER INSERT ON counted FOR EACH ROW EXECUTE FUNCTION note();
        ALTER TABLE counted ADD CHECK (low(id));";
    let db = postgres().create_database(ddl);
    let load = ["load", "--rows", "10", "--keep-triggers", "--exclude-tables", "seen", "--url", &db.url];
    dbmocker(load).ok();
    dbmocker(["verify", "--strict", "--url", &db.url]).ok();
    assert_eq!(db.number("SELECT count(*) FROM seen"), 10);

    let mallory = Mallory::new(&db);
    db.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", mallory.name));
    let ran = dbmocker(load).expect(3);
    let said = format!("without the schema `public` in their search path, because role `{}`", mallory.name);
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    dbmocker([&load[..], &["--trust-schema"]].concat()).ok();
    assert_eq!(db.number("SELECT count(*) FROM seen"), 20);
    mallory.drop(&db);
}

#[test]
fn a_check_that_writes_does_not_while_rows_are_planned_and_one_without_end_is_given_up() {
    let db = postgres().create_database(
        "CREATE TABLE written (n int);
         CREATE FUNCTION writes(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
           PERFORM set_config('default_transaction_read_only', 'off', false); INSERT INTO written VALUES ($1);
           RETURN true; END $$;
         CREATE TABLE t (id int PRIMARY KEY, a int, CHECK (writes(a)));",
    );
    dbmocker(["plan", "--url", &db.url, "--tables", "t"]);
    dbmocker(["preview", "--url", &db.url, "--table", "t"]);
    db.execute("ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (1, 1); TRUNCATE written;");
    let ran = dbmocker(["verify", "--url", &db.url]);
    assert!(ran.stdout.contains("read-only transaction"), "{}", ran.stdout);
    assert_eq!(db.number("SELECT count(*) FROM written"), 0);

    // The function catches the error that would stop it.
    let db = postgres().create_database(
        "CREATE FUNCTION endless(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
           LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
         CREATE TABLE t (id int PRIMARY KEY, a int, CHECK (endless(a)));
         CREATE TABLE u (id int PRIMARY KEY, a int, CHECK (endless(a)), CHECK (endless(id)));",
    );
    let ran = dbmocker(["plan", "--url", &db.url]).expect(3);
    assert!(ran.stderr.contains("no answer within 10 s"), "{}", ran.stderr);
    let sleeping =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    // Its session is terminated, and ends soon.
    let begun = Instant::now();
    while db.number(sleeping) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "its session goes on");
    }
}
