//! Series, walks and seasons of the config file; the server's own numbering; settings of sessions.

use crate::program::{configured, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE devices (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);
    CREATE TABLE readings (device_id INTEGER NOT NULL, read_at TIMESTAMP NOT NULL, temperature DECIMAL(6,2) NOT NULL, load_avg DECIMAL(8,2) NOT NULL,
        PRIMARY KEY (device_id, read_at), FOREIGN KEY (device_id) REFERENCES devices (id));
    CREATE TABLE days (day DATE NOT NULL PRIMARY KEY, visits INTEGER NOT NULL, cash DECIMAL(10,2) NOT NULL CHECK (cash BETWEEN 0 AND 500));
    CREATE TABLE invoices (id INTEGER NOT NULL PRIMARY KEY, number VARCHAR(20) NOT NULL UNIQUE, due DATE NOT NULL, odometer INTEGER NOT NULL);";

const CONFIG: &str = "
tables:
  devices: {count: 7}
  readings:
    count: 1000
    column_configs:
      read_at: {series: {start: 2026-01-01, step: 5min, per: device_id, jitter: 10s, gaps: 10%}}
      temperature: {random_walk: {start: 20, step: 0.5, min: -10, max: 40, per: device_id}}
      load_avg: {min_value: 100, max_value: 200, seasonality: {by: read_at, hours: {\"0-5\": 0.1}}}
  days:
    count: 365
    column_configs:
      day: {series: {start: 2025-01-01, step: 1d}}
      visits: {min_value: 1000, max_value: 1000, seasonality: {by: day, weekdays: {sat: 0.5, sun: 0.25}}}
      cash: {random_walk: {start: 250, step: 30, drift: 1, min: 0, max: 500}}
  invoices:
    count: 50
    column_configs:
      id: {series: {start: 500, step: 10}}
      number: {series: {start: 1}, format_string: \"INV-{:06d}\"}
      due: {series: {start: 2025-01-31, step: 1mo}}
      odometer: {series: {start: 120000, step: 35}}
";

#[test]
fn series_have_their_steps_and_walks_their_bounds() {
    for kind in KINDS {
        let db = database(kind, DDL);
        configured("load", &db.url, CONFIG, &[]).ok();
        let number = |sql: &str| db.number(sql);
        let none = |sql: &str| assert_eq!(number(&format!("SELECT count(*) FROM {sql}")), 0, "{kind:?}: {sql}");
        assert_eq!(number("SELECT count(*) FROM readings"), 1000, "{kind:?}");
        // 1000 rows of 7 devices: 142 or 143 each.
        none("(SELECT device_id FROM readings GROUP BY device_id HAVING count(*) NOT IN (142, 143)) t");
        let seconds = |a: &str, b: &str| match kind {
            Kind::Postgres => format!("extract(epoch FROM {b} - {a})"),
            Kind::Sqlite => format!("(unixepoch({b}) - unixepoch({a}))"),
            _ => format!("timestampdiff(SECOND, {a}, {b})"),
        };
        let steps = format!(
            "(SELECT {} AS s FROM (SELECT read_at AS b, lag(read_at) OVER (PARTITION BY device_id ORDER BY read_at) AS a FROM readings) w WHERE a IS NOT NULL) t",
            seconds("a", "b")
        );
        // Each step is a multiple of five minutes, up to the jitter of both ends.
        let off = match kind {
            Kind::Postgres => "abs(s - 300 * round(s / 300))",
            _ => "abs(s - 300 * round(s / 300.0))",
        };
        none(&format!("{steps} WHERE {off} > 20 OR s < 280"));
        let gaps = number(&format!("SELECT count(*) FROM {steps} WHERE s > 400"));
        assert!((60..=130).contains(&gaps), "{kind:?}: {gaps} gaps of about 100");
        none("readings WHERE temperature NOT BETWEEN -10 AND 40");
        none(
            "(SELECT abs(temperature - lag(temperature) OVER (PARTITION BY device_id ORDER BY read_at)) AS d FROM readings) t WHERE d > 2",
        );
        assert!(number("SELECT count(DISTINCT temperature) FROM readings") > 300, "{kind:?}: the walk moves");
        let hour = match kind {
            Kind::Postgres => "extract(hour FROM read_at)",
            Kind::Sqlite => "CAST(strftime('%H', read_at) AS INTEGER)",
            _ => "hour(read_at)",
        };
        none(&format!("readings WHERE ({hour} <= 5) <> (load_avg <= 20)"));
        assert_eq!(number("SELECT count(*) FROM days WHERE visits = 250"), 52, "{kind:?}: Sundays of 2025");
        assert_eq!(number("SELECT count(*) FROM days WHERE visits = 500"), 52, "{kind:?}: Saturdays");
        none("days WHERE cash NOT BETWEEN 0 AND 500");
        none("invoices WHERE id < 500 OR id > 990 OR id % 10 <> 0");
        none("invoices WHERE number NOT LIKE 'INV-0000__'");
        assert_eq!(number("SELECT count(*) FROM invoices WHERE due IN ('2025-02-28', '2025-03-31', '2025-04-30')"), 3);
        assert_eq!(number("SELECT max(odometer) FROM invoices"), 120_000 + 49 * 35, "{kind:?}");
    }
}

#[test]
fn a_series_that_cannot_be_is_refused_before_anything_is_written() {
    let db = database(Kind::Sqlite, DDL);
    let column = |table: &str, rest: &str| format!("tables: {{{table}: {{count: 20, column_configs: {{{rest}}}}}}}");
    for (config, message) in [
        (column("readings", "read_at: {series: {start: 2026-01-01}}"), "it needs a `step`"),
        (column("readings", "read_at: {series: {step: 5min}}"), "it needs a `start`"),
        (column("readings", "read_at: {series: {start: soon, step: 5min}}"), "`start: soon` is no date or moment"),
        (
            column("readings", "read_at: {series: {start: 2026-01-01, step: 5min, per: temperature}}"),
            "no column of a foreign key",
        ),
        (
            column("readings", "read_at: {series: {start: 2026-01-01, step: 5s, per: device_id, jitter: 10s}}"),
            "needs different values",
        ),
        (column("days", "day: {series: {start: 2026-01-01, step: 5min}}"), "finer than the type"),
        (column("days", "visits: {series: {step: 1.5}}"), "finer than the type"),
        (column("days", "visits: {series: {start: 1}, min_value: 3}"), "`min_value` gives its values as well"),
        (column("days", "visits: {seasonality: {by: day, weekdays: {someday: 2}}}"), "a weekday is mon to sun"),
        (column("days", "cash: {random_walk: {start: 5, min: 10, max: 20}}"), "`start` between them"),
        (column("days", "visits: {series: {strat: 1}}"), "did you mean `start`?"),
    ] {
        let ran = configured("load", &db.url, &config, &[]);
        assert!(ran.code != 0 && ran.stderr.contains(message), "{config}: {message}: {}", ran.stderr);
    }
    assert_eq!(db.number("SELECT count(*) FROM days"), 0);
}

fn numbers(db: &Database) -> Vec<i64> {
    db.rows("SELECT id FROM a ORDER BY id").iter().map(|row| row[0].as_ref().unwrap().parse().unwrap()).collect()
}

#[test]
fn numbering_of_the_server_is_followed() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE a (id INTEGER GENERATED ALWAYS AS IDENTITY (START 500 INCREMENT 10) PRIMARY KEY, x INTEGER);
         CREATE SEQUENCE numbers START 7 INCREMENT 2;
         CREATE TABLE b (id BIGINT DEFAULT nextval('numbers') PRIMARY KEY, x INTEGER);
         CREATE TABLE c (id BIGINT DEFAULT nextval('numbers') PRIMARY KEY, x INTEGER);
         CREATE TABLE d (id SERIAL PRIMARY KEY, x INTEGER);",
    );
    dbmocker(["load", "--url", &db.url, "--rows", "3"]).ok();
    assert_eq!(numbers(&db), [500, 510, 520]);
    assert_eq!(db.number("SELECT count(*) FROM b JOIN c USING (id)"), 0);
    assert_eq!(
        db.number("SELECT count(*) FROM (SELECT id FROM b UNION SELECT id FROM c) t WHERE id % 2 = 1 AND id >= 7"),
        6
    );
    db.execute("INSERT INTO a (x) VALUES (1); INSERT INTO b (x) VALUES (1); INSERT INTO d (x) VALUES (1)");
    assert_eq!(db.number("SELECT max(id) FROM a"), 530);
    let db = database(
        Kind::MariaDb,
        "CREATE TABLE a (id INTEGER AUTO_INCREMENT PRIMARY KEY, x INTEGER) AUTO_INCREMENT = 500;",
    );
    let step = ["--session", "auto_increment_increment=10", "--session", "auto_increment_offset=5"];
    dbmocker(["load", "--url", &db.url, "--rows", "3"].into_iter().chain(step)).ok();
    assert_eq!(numbers(&db), [505, 515, 525]);
}

#[test]
fn settings_of_sessions_reach_every_connection() {
    let db = database(
        Kind::Postgres,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL DEFAULT current_setting('app.tenant_id')::integer,
             who TEXT NOT NULL DEFAULT current_user);",
    );
    let config = "
session: {app.tenant_id: 7}
tables: {t: {count: 2000, column_configs: {tenant: {default: true}, who: {default: true}}}}
";
    let ran = configured("load", &db.url, &config.replace("7}", "}"), &[]);
    assert!(ran.code != 0);
    configured("load", &db.url, config, &["--connections", "3"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM t WHERE tenant = 7"), 2000);
    // A flag overrides the file.
    configured("load", &db.url, config, &["--truncate", "--session", "app.tenant_id=9"]).ok();
    assert_eq!(db.number("SELECT count(*) FROM t WHERE tenant = 9"), 2000);
    let role = format!("loader_{}", std::process::id());
    db.execute(&format!("CREATE ROLE {role}; GRANT ALL ON t TO {role}; GRANT ALL ON SCHEMA public TO {role}"));
    let url = format!("{}{}options=-c%20role%3D{role}", db.url, if db.url.contains('?') { "&" } else { "?" });
    configured("load", &url, &config.replace("count: 2000", "count: 5"), &["--rows", "t=5"]).ok();
    assert_eq!(db.number(&format!("SELECT count(*) FROM t WHERE who = '{role}'")), 5);
    let config = config.replace("7}", &format!("7, role: {role}}}"));
    configured("load", &db.url, &config, &["--rows", "t=6"]).ok();
    assert_eq!(db.number(&format!("SELECT count(*) FROM t WHERE who = '{role}'")), 11);
    db.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));

    let db = database(Kind::Sqlite, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let ran = configured("load", &db.url, "session: {a.b: 1}", &[]);
    assert!(ran.code != 0 && ran.stderr.contains("SQLite has no settings of sessions"), "{}", ran.stderr);
}

#[test]
fn an_expression_that_repeats_beyond_the_sample_is_named_when_the_server_refuses_its_rows() {
    let db = database(Kind::Sqlite, "CREATE TABLE parts (id INTEGER PRIMARY KEY, code TEXT UNIQUE);");
    let config = "tables: {parts: {count: 9000, column_configs: {code: {expression: \
                  \"case when row_number() between 4001 and 4002 then 'X' else 'P' || row_number() end\"}}}}";
    let plan = configured("plan", &db.url, config, &[]);
    let text = format!("{}{}", plan.stdout, plan.stderr);
    assert!(text.contains("`code` is an expression (") && text.contains("not proved to differ"), "{text}");
    let ran = configured("load", &db.url, config, &[]);
    let named = ran.stderr.contains("those of `code`, an expression (") && ran.stderr.contains("line 1");
    assert!(ran.code != 0 && named, "{}", ran.stderr);
}
