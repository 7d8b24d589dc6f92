//! Features of newer servers: MySQL 9, PostgreSQL 16 to 18, TimescaleDB and pgvector. Each test is skipped, with a
//! printed line, if the server is older: `DBMOCKER_TEST_POSTGRES_URL` and `DBMOCKER_TEST_MYSQL_URL` name newer ones.

use crate::program::dbmocker;
use crate::servers::{Database, Kind, Server, mariadb, postgres};

/// Makes a database on the server, if that is new enough.
fn empty(server: &'static Server, least: u32, ddl: &str) -> Option<Database> {
    // MariaDB has other version numbers.
    let version = server.version();
    let old = version < least || (server.kind == Kind::MariaDb && version >= 10);
    if old {
        eprintln!("passed over: the server has version {version}, not {least} or newer");
        return None;
    }
    Some(server.create_database(ddl))
}

/// Fills a database of the server, if that is new enough.
fn filled(server: &'static Server, least: u32, ddl: &str, rows: &str) -> Option<Database> {
    let db = empty(server, least, ddl)?;
    dbmocker(["load", "--url", &db.url, "--rows", rows]).ok();
    Some(db)
}

#[test]
fn json_predicates_and_ordered_uuids() {
    let ddl =
        "CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL CHECK (body IS JSON OBJECT WITH UNIQUE KEYS),
      tags text CHECK (tags IS JSON ARRAY), one text CHECK (one IS JSON SCALAR));";
    if let Some(db) = filled(postgres(), 16, ddl, "200") {
        assert_eq!(db.number("SELECT count(*) FROM notes"), 200);
        assert!(db.number("SELECT least(count(tags), count(one)) FROM notes") > 100);
    }
    let ddl = "CREATE TABLE events (id uuid PRIMARY KEY DEFAULT uuidv7() CHECK (uuid_extract_version(id) = 7), n int NOT NULL);";
    if let Some(db) = filled(postgres(), 18, ddl, "200") {
        assert_eq!(db.number("SELECT count(DISTINCT id) FROM events"), 200);
    }
}

#[test]
fn predicates_of_mysql() {
    let ddl = r#"CREATE TABLE hosts (id int AUTO_INCREMENT PRIMARY KEY, address varchar(40) CHECK (is_ipv4(address)),
      wide varchar(45) CHECK (is_ipv6(wide)), ident char(36) CHECK (is_uuid(ident)), place point NOT NULL CHECK (st_x(place) > -181),
      settings json NOT NULL, CHECK (json_schema_valid('{"type": "object", "required": ["tier"],
        "properties": {"tier": {"enum": ["free", "paid"]}, "seats": {"type": "integer", "minimum": 1}}}', settings)));"#;
    if let Some(db) = filled(mariadb(), 8, ddl, "200") {
        assert!(db.number("SELECT count(address) + count(wide) + count(ident) FROM hosts") > 300);
        assert_eq!(db.number("SELECT count(DISTINCT settings->>'$.tier') FROM hosts"), 2);
    }
}

#[test]
fn rows_of_hypertables_are_counted_over_their_chunks() {
    let here = "select count(*) from pg_available_extensions where name in ('timescaledb', 'vector')";
    if postgres().create_database("").number(here) < 2 {
        eprintln!("passed over: the server has neither TimescaleDB nor pgvector");
        return;
    }
    let ddl = "CREATE EXTENSION timescaledb; CREATE EXTENSION vector;
      CREATE TABLE sensors (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
      CREATE TABLE measures (at timestamptz NOT NULL, sensor int NOT NULL REFERENCES sensors, value double precision NOT NULL);
      SELECT create_hypertable('measures', by_range('at', interval '7 days'));
      CREATE TABLE papers (id bigserial PRIMARY KEY, embedding vector(16) NOT NULL, half halfvec(8), sparse sparsevec(20));
      CREATE INDEX ON papers USING hnsw (embedding vector_cosine_ops);";
    let Some(db) = filled(postgres(), 16, ddl, "500") else { return };
    assert_eq!(db.number("SELECT count(*) FROM measures"), 500);
    assert!(db.number("SELECT least(count(half), count(sparse)) FROM papers") > 250);
    // The second load finds the rows of the first, and chunks are not filled as tables.
    dbmocker(["load", "--url", &db.url, "--rows", "100"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM measures"), 600);
    dbmocker(["load", "--url", &db.url, "--rows", "100", "--truncate"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM measures"), 100);
}

#[test]
fn mysql_is_learned_from_its_histograms() {
    let ddl =
        "CREATE TABLE p (id int PRIMARY KEY, kind varchar(10) NOT NULL, price decimal(8,2), at datetime, note text);";
    let Some(db) = filled(mariadb(), 8, ddl, "0") else { return };
    db.execute(
        "SET SESSION cte_max_recursion_depth = 10000;
         INSERT INTO p WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5000)
         SELECT n, IF(n % 4, 'MARKa', 'b'), IF(n % 5, (n % 900) + 0.99, NULL), '2020-01-01 04:05:06' + INTERVAL n HOUR, 'MARK' FROM s;
         ANALYZE TABLE p; ANALYZE TABLE p UPDATE HISTOGRAM ON kind, price, at WITH 100 BUCKETS",
    );
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile.yaml");
    let out = profile.to_str().unwrap();
    dbmocker(["learn", "--url", &db.url, "--out", out]).ok();
    let text = std::fs::read_to_string(&profile).unwrap();
    for part in
        ["common: [{share: 0.75, label: MARKa}, {share: 0.25, label: b}]", "nulls: 0.2", "quantiles: {0: \"2020-0"]
    {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let copy = mariadb().create_database(ddl);
    dbmocker(["load", "--url", &copy.url, "--profile", out, "--now", "2025-01-01"]).ok();
    copy.execute("ANALYZE TABLE p; ANALYZE TABLE p UPDATE HISTOGRAM ON kind, price, at WITH 100 BUCKETS");
    dbmocker(["compare", "--url", &copy.url, "--profile", out, "--at-least", "1"]).ok();
}

/// Two tables that are loaded in parts, with indexes that are built after the rows.
const PARTS: &str = "
    CREATE TABLE owners (id int NOT NULL PRIMARY KEY, code varchar(20) NOT NULL, city varchar(40) NOT NULL,
        UNIQUE KEY code (code), KEY city (city));
    CREATE TABLE items (id int NOT NULL AUTO_INCREMENT, owner_code varchar(20) NOT NULL, code varchar(40) NOT NULL,
        city varchar(40) NOT NULL, note varchar(60), PRIMARY KEY (id),
        UNIQUE KEY `the ``code` (code), KEY early (note), KEY owner (owner_code), KEY city (city(10), code DESC),
        KEY hidden (note) INVISIBLE, KEY note (note),
        CONSTRAINT items_owner FOREIGN KEY (owner_code) REFERENCES owners (code));";

#[test]
fn indexes_of_mysql_are_built_after_the_rows() {
    let Some(db) = empty(mariadb(), 9, PARTS) else { return };
    let defined = || ["owners", "items"].map(|table| db.rows(&format!("SHOW CREATE TABLE {table}"))[0][1].clone());
    let words = |text: Option<String>| {
        let text = text.unwrap();
        text.split(' ').filter(|w| !w.starts_with("AUTO_INC")).collect::<Vec<_>>().join(" ")
    };
    let before = defined().map(words);
    let parts = ["--rows", "3000", "--connections", "2", "--rows-per-process", "750", "--rebuild-from", "1"];
    let quotes = ["--session", "sql_mode=ANSI_QUOTES", "--session", "sql_quote_show_create=0"];
    let ran = dbmocker(["load", "--url", &db.url].iter().chain(&parts).chain(&quotes)).ok();
    assert_eq!(db.number("SELECT count(*) FROM items JOIN owners ON owners.code = owner_code"), 3000);
    assert_eq!(defined().map(words), before);
    let kept: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" in place while")).collect();
    let told = |name: &str| kept.iter().any(|line| line.contains(name));
    assert!(["`hidden`", "`early`"].iter().all(|name| told(name)) && !told("`note`"), "{}", ran.stderr);
}

#[test]
fn no_table_is_begun_early_where_transactions_are_limited() {
    let ddl = "CREATE TABLE parents (id integer PRIMARY KEY, code text NOT NULL UNIQUE);
        CREATE TABLE children (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES parents, code text UNIQUE);";
    let Some(db) = empty(postgres(), 17, ddl) else { return };
    let early = || {
        let plan = dbmocker(["plan", "--url", &db.url, "--rows", "3000", "--rebuild-from", "1"]).ok().stdout;
        plan.contains("begun while the tables that they refer to are loaded")
    };
    let several = std::thread::available_parallelism().unwrap().get() > 1;
    assert_eq!(early(), several);
    db.execute(&format!("ALTER DATABASE {} SET transaction_timeout = '1h'", db.name));
    assert!(!early());
    dbmocker(["load", "--url", &db.url, "--rows", "3000", "--rebuild-from", "1", "--connections", "2"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM children JOIN parents p ON p.id = parent_id"), 3000);
}
