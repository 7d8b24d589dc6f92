//! Values that the config file asks for and that need care: keys by an expression, steps below a second, numbers that
//! cannot be negative, NaN and infinities, functions of other servers.

use crate::program::configured;
use crate::servers::{KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE members (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, age INTEGER NOT NULL, change_value INTEGER NOT NULL,
        price DECIMAL(10,2) NOT NULL, ratio DOUBLE PRECISION, card VARCHAR(20) NOT NULL UNIQUE);
    CREATE TABLE visits (member_id INTEGER NOT NULL, no INTEGER NOT NULL, label VARCHAR(40) NOT NULL, PRIMARY KEY (member_id, no), UNIQUE (label),
        FOREIGN KEY (member_id) REFERENCES members (id));";

/// The texts of an expression of members' cards, and of visits' labels.
fn keys(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::MariaDb => ("concat('M-', lpad(id, 6, '0'))", "concat(member_id, '/', no)"),
        Kind::Postgres => ("'M-' || lpad(id::text, 6, '0')", "member_id || '/' || no"),
        _ => ("'M-' || (100000 + id)", "member_id || '/' || no"),
    }
}

#[test]
fn unique_columns_may_be_computed_from_the_key_of_the_row() {
    for kind in KINDS {
        let db = database(kind, DDL);
        let (card, label) = keys(kind);
        let config = format!(
            "tables:\n  members: {{count: 300, column_configs: {{card: {{expression: \"{card}\"}}}}}}\n  \
             visits: {{count: {{per: members, min: 0, max: 4}}, column_configs: {{label: {{expression: \"{label}\"}}}}}}\n"
        );
        configured("load", &db.url, &config, &[]).ok();
        assert_eq!(db.number("SELECT count(*) FROM members"), 300, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM visits") > 300, "{kind:?}");
        assert_eq!(db.number(&format!("SELECT count(*) FROM members WHERE card <> {card}")), 0, "{kind:?}");
        assert_eq!(db.number(&format!("SELECT count(*) FROM visits WHERE label <> {label}")), 0, "{kind:?}");
    }
}

#[test]
fn expressions_that_repeat_values_of_a_key_are_refused_before_anything_is_written() {
    let db = database(Kind::Sqlite, DDL);
    for (card, message) in [
        (
            "'M-' || age",
            "key `sqlite_autoindex_members_1` needs different values; the expression cannot give its values",
        ),
        ("'M-' || (id % 50)", "needs different values, and it gives only 50 of them for 300 rows"),
    ] {
        let config =
            format!("tables:\n  members: {{count: 300, column_configs: {{card: {{expression: \"{card}\"}}}}}}\n");
        let ran = configured("load", &db.url, &config, &[]);
        assert!(ran.code != 0 && ran.stderr.contains(message), "{card}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM members"), 0);
    }
}

#[test]
fn steps_below_a_second_are_kept_where_the_type_holds_them() {
    for kind in KINDS {
        let (ty, difference) = match kind {
            Kind::MariaDb => ("DATETIME(3)", "timestampdiff(MICROSECOND, a, b) / 1000"),
            Kind::Postgres => ("TIMESTAMP(3)", "round(1000 * extract(epoch FROM b - a))"),
            _ => ("TIMESTAMP(3)", "round(1000 * 86400 * (julianday(b) - julianday(a)))"),
        };
        let db = database(kind, &format!("CREATE TABLE pulses (at {ty} NOT NULL PRIMARY KEY, n INTEGER NOT NULL);"));
        let config = |step: &str| {
            format!(
                "tables:\n  pulses: {{count: 400, column_configs: {{at: {{series: {{start: 2026-01-01, step: {step}}}}}}}}}\n"
            )
        };
        configured("load", &db.url, &config("250ms"), &[]).ok();
        let steps = "SELECT at AS b, lag(at) OVER (ORDER BY at) AS a FROM pulses";
        let wrong = format!("SELECT count(*) FROM ({steps}) t WHERE a IS NOT NULL AND {difference} <> 250");
        assert_eq!(db.number(&wrong), 0, "{kind:?}");
        assert_eq!(db.number("SELECT count(DISTINCT at) FROM pulses"), 400, "{kind:?}");
        let ran = configured("plan", &db.url, &config("100us"), &["--truncate"]);
        assert!(ran.code != 0 && ran.stderr.contains("is finer than the type"), "{}", ran.stderr);
    }
}

#[test]
fn ages_and_prices_by_a_bell_curve_are_not_negative_and_the_plan_says_so() {
    const CONFIG: &str = "
tables:
  members:
    count: 2000
    column_configs:
      age: {distribution: {normal: {mean: 20, sd: 20}}}
      price: {distribution: {normal: {mean: 5, sd: 5}}}
      change_value: {distribution: {normal: {mean: 20, sd: 20}}, min_value: -500}
  visits: {count: 0}
";
    for kind in KINDS {
        let db = database(kind, DDL);
        let plan = configured("plan", &db.url, CONFIG, &[]).ok().stdout;
        for column in ["age", "price"] {
            let line = plan.lines().find(|line| line.trim_start().starts_with(column)).unwrap_or_default();
            let begins = line.contains(", 0 to") || line.contains(", 0.00 to");
            assert!(line.contains("normal") && begins, "{plan}");
        }
        configured("load", &db.url, CONFIG, &[]).ok();
        assert_eq!(db.number("SELECT count(*) FROM members WHERE age < 0 OR price < 0"), 0, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM members WHERE age > 40") > 200, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM members WHERE change_value < 0") > 100, "{kind:?}");
    }
}

#[test]
fn nan_and_infinities_come_only_when_asked_for_and_only_on_postgres() {
    const CONFIG: &str = "
tables:
  members:
    count: 300
    column_configs:
      ratio: {rules: [{when: \"id % 3 = 0\", values: {NaN: 1, Infinity: 1, -Infinity: 1}}], null_probability: 0}
  visits: {count: 0}
";
    for kind in KINDS {
        let db = database(kind, DDL);
        let ran = configured("load", &db.url, CONFIG, &[]);
        if kind == Kind::Postgres {
            ran.ok();
            let count = |what: &str| db.number(&format!("SELECT count(*) FROM members WHERE {what}"));
            assert!(
                count("ratio = 'NaN'") > 15 && count("ratio = 'Infinity'") > 15 && count("ratio = '-Infinity'") > 15
            );
            assert_eq!(count("(id % 3 = 0) <> (ratio IN ('NaN', 'Infinity', '-Infinity'))"), 0);
        } else {
            assert!(ran.code != 0 && ran.stderr.contains("which PostgreSQL does"), "{kind:?}: {}", ran.stderr);
            assert_eq!(db.number("SELECT count(*) FROM members"), 0, "{kind:?}");
        }
    }
}

#[test]
fn functions_that_only_other_servers_have_are_named() {
    for (kind, expression, message) in [
        (Kind::Sqlite, "strpos(name, 'a')", "`strpos` is a function of PostgreSQL, and SQLite has none of this name"),
        (Kind::Sqlite, "year('2026-01-01')", "`year` is a function of MySQL, and SQLite has none of this name"),
        (Kind::Sqlite, "greatest(age, 1)", "`greatest` is a function of PostgreSQL and MySQL, and SQLite has none"),
        (Kind::Postgres, "if(age > 3, 1, 2)", "`if` is a function of MySQL and SQLite, and PostgreSQL has none"),
        (
            Kind::Postgres,
            "datediff('2026-01-02', '2026-01-01')",
            "`datediff` is a function of MySQL, and PostgreSQL has",
        ),
        (Kind::MariaDb, "strpos(name, 'a')", "`strpos` is a function of PostgreSQL, and MySQL has none of this name"),
        (
            Kind::MariaDb,
            "unixepoch('2026-01-01')",
            "`unixepoch` is a function of SQLite, and MySQL has none of this name",
        ),
        (Kind::MariaDb, "fancy(age)", "the function `fancy` is not known here"),
    ] {
        let db = database(kind, DDL);
        let config =
            format!("tables: {{members: {{column_configs: {{change_value: {{expression: \"{expression}\"}}}}}}}}\n");
        let ran = configured("plan", &db.url, &config, &[]);
        assert!(ran.code != 0 && ran.stderr.contains(message), "{kind:?} {expression}: {}", ran.stderr);
    }
}

/// A function of the database itself, of another server's name, is the server's to evaluate.
#[test]
fn a_check_over_a_function_of_another_servers_name_asks_the_server() {
    let db = database(
        Kind::Postgres,
        "CREATE FUNCTION instr(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN left($1, 1) = $2 THEN 7 ELSE 0 END';
         CREATE TABLE words (id int PRIMARY KEY, word varchar(12) NOT NULL CHECK (word IN ('alpha', 'banana', 'cat') AND instr(word, 'b') = 7));",
    );
    configured("load", &db.url, "tables: {words: {count: 20}}\n", &[]).ok();
    assert_eq!(db.number("SELECT count(*) FROM words WHERE word = 'banana'"), 20);
}

#[test]
fn rows_and_columns_that_are_the_same_are_as_the_servers_say() {
    for (kind, check) in [
        (Kind::Postgres, "(a, b) IS NOT DISTINCT FROM (c, d)"),
        (Kind::Sqlite, "(a, b) IS (c, d)"),
        (Kind::MariaDb, "(a <=> c) AND (b <=> d)"),
    ] {
        let ddl = format!(
            "CREATE TABLE pairs (id INTEGER NOT NULL PRIMARY KEY, a INTEGER, b INTEGER, c INTEGER, d INTEGER, CONSTRAINT alike CHECK ({check}));"
        );
        let db = database(kind, &ddl);
        let config = "tables: {pairs: {count: 300, column_configs: {a: {null_probability: 0.3}}}}\n";
        configured("load", &db.url, config, &[]).ok();
        assert_eq!(db.number("SELECT count(*) FROM pairs"), 300, "{kind:?}");
        let nulls = db.number("SELECT count(*) FROM pairs WHERE a IS NULL AND c IS NULL");
        assert!(nulls > 30, "{kind:?}: {nulls}");
    }
}
