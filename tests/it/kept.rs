//! What a config file says about columns is kept, or is an error before anything is written.

use crate::program::configured;
use crate::servers::{Database, KINDS, Kind, database};

/// A table without keys but its number, in a new database.
fn table(kind: Kind, columns: &str) -> Database {
    database(kind, &format!("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, {columns});"))
}

fn config(rows: u64, columns: &str) -> String {
    format!("tables: {{t: {{count: {rows}, column_configs: {{{columns}}}}}}}")
}

fn count(db: &Database, condition: &str) -> i64 {
    db.number(&format!("SELECT count(*) FROM t WHERE {condition}"))
}

#[test]
fn nulls_that_a_check_does_not_allow_are_errors() {
    let checked = "st VARCHAR(8) NOT NULL CHECK (st IN ('x', 'y')), v INTEGER, CONSTRAINT held CHECK (st <> 'x' OR v IS NOT NULL)";
    let pair = "x INTEGER, y INTEGER, CONSTRAINT ordered CHECK (x <= y)";
    for (columns, rules, messages) in [
        (checked, "v: {rules: [{when: \"st = 'x'\", null: true}]}", ["rules of `v`", "`held`"]),
        (checked, "v: {null_probability: 1}", ["`null_probability: 1`", "`held`"]),
        (
            checked,
            "v: {null_probability: 0.5}, st: {weighted_values: {x: 9, y: 1}}",
            ["`null_probability: 0.5`", "`held`"],
        ),
        (
            pair,
            "x: {min_value: 50, max_value: 60, null_probability: 0}, y: {min_value: 10, max_value: 45, null_probability: 0}",
            ["`null_probability: 0`", "`ordered`"],
        ),
        (pair, "y: {expression: x - 5}", ["expression of `y`", "`ordered`"]),
    ] {
        let db = table(Kind::Sqlite, columns);
        let ran = configured("load", &db.url, &config(300, rules), &[]);
        assert_ne!(ran.code, 0, "{rules}");
        messages.iter().for_each(|message| assert!(ran.stderr.contains(message), "{rules}\n{message}\n{}", ran.stderr));
        assert_eq!(count(&db, "1 = 1"), 0);
    }
    let db = table(Kind::Sqlite, "a VARCHAR(9), b VARCHAR(9)");
    let group =
        "tables: {t: {count: 50, groups: [{rows: [{a: x, b: y}]}], column_configs: {a: {null_probability: 0.5}}}}";
    let ran = configured("load", &db.url, group, &[]);
    assert!(ran.code != 0 && ran.stderr.contains("`null_probability: 0.5`"), "{}", ran.stderr);
}

#[test]
fn roots_of_trees_have_their_share() {
    for kind in KINDS {
        let db = table(kind, "parent_id INTEGER, FOREIGN KEY (parent_id) REFERENCES t (id)");
        configured("load", &db.url, &config(1000, "parent_id: {null_probability: 0.2}"), &[]).ok();
        let roots = count(&db, "parent_id IS NULL");
        assert!((150..=250).contains(&roots), "{kind:?}: {roots}");
    }
}

#[test]
fn guessed_ranges_do_not_cut_distributions() {
    let columns = "quantity INTEGER NOT NULL, weight_kg DECIMAL(5,1) NOT NULL, created_at TIMESTAMP NOT NULL, due DATE NOT NULL, g INTEGER NOT NULL";
    let rules = "quantity: {distribution: {triangular: {least: 1, mode: 50, most: 99}}}, weight_kg: {distribution: {normal: {mean: 40, sd: 5}}}, \
        created_at: {distribution: {buckets: [{from: 2015-01-01, to: 2019-12-31, share: 0.5}, {to: 2025-06-30, share: 0.5}]}}, \
        due: {distribution: {normal: {mean: 2035-06-01, sd: 10d}}}, g: {random_walk: {start: 100, step: 3, max: 1000}}";
    for kind in KINDS {
        let db = table(kind, columns);
        configured("load", &db.url, &config(2000, rules), &[]).ok();
        let number = |of: &str| db.number(&format!("SELECT {of} FROM t"));
        assert!(number("max(quantity)") > 90 && number("min(quantity)") >= 1, "{kind:?}");
        assert!(count(&db, "weight_kg < 40") > 800, "{kind:?}");
        let early = count(&db, "created_at < '2020-01-01'");
        assert!((850..1150).contains(&early) && count(&db, "created_at < '2015-01-01'") == 0, "{kind:?}: {early}");
        assert!(count(&db, "due BETWEEN '2035-04-01' AND '2035-08-01'") == 2000, "{kind:?}");
        assert!(number("count(DISTINCT g)") > 20 && number("min(abs(g - 100))") == 0, "{kind:?}");
    }
    let db = table(Kind::Sqlite, columns);
    let never = "created_at: {max_value: 2025-01-01, distribution: {normal: {mean: 2035-01-01, sd: 10d}}}";
    let ran = configured("load", &db.url, &config(20, never), &[]);
    assert!(ran.code != 0 && ran.stderr.contains("2025-01-01"), "{}", ran.stderr);
}

#[test]
fn a_bound_on_one_side_keeps_the_other_near() {
    let columns = "quantity INTEGER NOT NULL, age INTEGER NOT NULL, price DECIMAL(8,2) NOT NULL, due DATE NOT NULL, w REAL NOT NULL";
    let rules = "quantity: {min_value: 500}, age: {max_value: 10}, price: {max_value: -5}, due: {max_value: 2010-01-01}, w: {max_value: -3}";
    let db = table(Kind::Sqlite, columns);
    configured("load", &db.url, &config(500, rules), &[]).ok();
    for wrong in [
        "quantity < 500 OR quantity > 5000",
        "age > 10 OR age < 0",
        "price > -5 OR price < -100000",
        "due > '2010-01-01' OR due < '1950-01-01'",
        "w > -3 OR w < -1000000000000",
    ] {
        assert_eq!(count(&db, wrong), 0, "{wrong}");
    }
}

#[test]
fn weights_and_conditions_that_do_nothing_are_noted() {
    let columns = "st VARCHAR(8) NOT NULL, note VARCHAR(9), amt DECIMAL(8,2) NOT NULL, CONSTRAINT small CHECK (st = 'paid' OR amt < 100)";
    let rules = "st: {weighted_values: {paid: 1, open: 3}}, amt: {distribution: {uniform: {}}, min_value: 0, max_value: 200}, \
        note: {rules: [{when: \"st = 'nope'\", values: [x]}]}";
    let db = table(Kind::Sqlite, columns);
    let plan = configured("plan", &db.url, &config(5000, rules), &[]).ok().stdout;
    assert!(plan.contains("the weights of `weighted_values` of `st` are not kept") && plan.contains("small"), "{plan}");
    assert!(plan.contains("`st = 'nope'` holds in no row"), "{plan}");
}

#[test]
fn distinct_values_are_counted_once() {
    let ddl = "
        CREATE TABLE o (id INTEGER NOT NULL PRIMARY KEY, kinds INTEGER, total INTEGER);
        CREATE TABLE l (id INTEGER NOT NULL PRIMARY KEY, o_id INTEGER NOT NULL, p VARCHAR(5), q INTEGER NOT NULL, FOREIGN KEY (o_id) REFERENCES o (id));";
    let config = "
tables:
  o: {count: 50, column_configs: {kinds: {expression: count(distinct l.p)}, total: {expression: sum(distinct l.q)}}}
  l: {count: {per: o, min: 0, max: 9}, column_configs: {p: {possible_values: [a, b, c]}, q: {min_value: 1, max_value: 4}}}
";
    for kind in KINDS {
        let db = database(kind, ddl);
        configured("load", &db.url, config, &[]).ok();
        let wrong = "SELECT count(*) FROM o WHERE kinds <> (SELECT count(DISTINCT p) FROM l WHERE o_id = o.id) \
            OR total <> (SELECT sum(DISTINCT q) FROM l WHERE o_id = o.id)";
        assert_eq!(db.number(wrong), 0, "{kind:?}");
        assert!(db.number("SELECT max(kinds) FROM o") == 3, "{kind:?}");
    }
}

#[test]
fn weights_of_kinds_keep_their_references() {
    let ddl = "CREATE TABLE sites (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE devices (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE alerts (id INTEGER NOT NULL PRIMARY KEY, target_type VARCHAR(10) NOT NULL, target_id INTEGER NOT NULL);";
    let config = "{generation: {rows: 50}, tables: {alerts: {count: 400, column_configs: {target_type: {weighted_values: {device: 1, site: 3}}}}}}";
    let db = database(Kind::Sqlite, ddl);
    configured("load", &db.url, config, &[]).ok();
    let of = |kind: &str, table: &str| {
        db.number(&format!(
            "SELECT count(*) FROM alerts WHERE target_type = '{kind}' AND target_id IN (SELECT id FROM {table})"
        ))
    };
    let (devices, sites) = (of("device", "devices"), of("site", "sites"));
    assert!(devices + sites == 400 && (60..140).contains(&devices), "{devices} {sites}");
}

#[test]
fn other_moments_follow_given_ones() {
    let ddl = "
        CREATE TABLE cust (id INTEGER NOT NULL PRIMARY KEY, created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL);
        CREATE TABLE ord (id INTEGER NOT NULL PRIMARY KEY, cust_id INTEGER NOT NULL, ordered_at TIMESTAMP NOT NULL,
            FOREIGN KEY (cust_id) REFERENCES cust (id));";
    let tables = |cust: &str, ord: &str| {
        format!(
            "tables: {{cust: {{count: 80, column_configs: {{{cust}}}}}, ord: {{count: 2000, column_configs: {{{ord}}}}}}}"
        )
    };
    for (cust, ord, wrong) in [
        (
            "created_at: {min_value: 2024-01-01, max_value: 2024-06-30}",
            "",
            "SELECT count(*) FROM cust WHERE created_at < '2024-01-01' OR created_at >= '2024-07-01'",
        ),
        (
            "",
            "ordered_at: {distribution: {weekdays: {sun: 0}}}",
            "SELECT count(*) FROM ord WHERE strftime('%w', ordered_at) = '0'",
        ),
        (
            "updated_at: {min_value: 2025-02-01, max_value: 2025-03-31}",
            "",
            "SELECT count(*) FROM cust WHERE updated_at < '2025-02-01' OR updated_at >= '2025-04-01'",
        ),
    ] {
        let db = database(Kind::Sqlite, ddl);
        configured("load", &db.url, &tables(cust, ord), &[]).ok();
        assert_eq!(db.number(wrong), 0, "{cust} {ord}");
        let early = "SELECT count(*) FROM ord JOIN cust c ON c.id = cust_id WHERE ordered_at < c.created_at";
        assert_eq!(db.number(early), 0, "{cust} {ord}");
        assert_eq!(db.number("SELECT count(*) FROM cust WHERE updated_at < created_at"), 0, "{cust} {ord}");
    }
}

#[test]
fn formulas_are_those_of_sqlite() {
    let columns = "v INTEGER NOT NULL, price DECIMAL(6,2) NOT NULL, n INTEGER, amount DECIMAL(9,2), code VARCHAR(12)";
    let given = "v: {min_value: 1, max_value: 50}, price: {possible_values: [1, 2.50, 19.99]}";
    let db = table(Kind::Sqlite, columns);
    let good = "amount: {expression: v * price * 1.1}, code: {expression: \"'p ' || price\"}, n: {expression: v / 4}";
    configured("load", &db.url, &config(200, &format!("{given}, {good}")), &[]).ok();
    let wrong = "abs(amount - v * price * 1.1) > 0.00500001 OR code <> 'p ' || price OR n <> v / 4";
    assert_eq!(count(&db, wrong), 0);
    for (bad, message) in [
        ("n: {expression: v / 4.0}", "which SQLite would store as it is"),
        ("n: {expression: \"'abc'\"}", "which SQLite would store as it is"),
        ("code: {expression: \"'a text that is long ' || v\"}", "substr(..., 1, 12)"),
    ] {
        let ran = configured("load", &db.url, &config(200, &format!("{given}, {bad}")), &["--truncate"]);
        assert!(ran.code != 0 && ran.stderr.contains(message), "{bad}: {}", ran.stderr);
    }
}

#[test]
fn quotients_of_decimals_keep_the_digits_of_the_column() {
    let columns = "w DECIMAL(5,1) NOT NULL CHECK (w BETWEEN 2 AND 300), h INTEGER NOT NULL CHECK (h BETWEEN 140 AND 230), bmi DECIMAL(9,1), root DECIMAL(9,3)";
    let rules = "bmi: {expression: \"w / (h / 100.0 * (h / 100.0))\"}, root: {expression: sqrt(h)}";
    for kind in KINDS {
        let db = table(kind, columns);
        configured("load", &db.url, &config(100, rules), &[]).ok();
        assert_eq!(count(&db, "abs(bmi - w / (h / 100.0 * (h / 100.0))) > 0.0501"), 0, "{kind:?}");
        assert_eq!(count(&db, "abs(root * root - h) > 0.1"), 0, "{kind:?}");
    }
}

#[test]
fn numbers_of_rows_do_not_begin_again() {
    let ddl = "CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER NOT NULL, place INTEGER NOT NULL, n INTEGER NOT NULL, FOREIGN KEY (p_id) REFERENCES p (id));";
    let config = |place: &str| {
        format!(
            "tables: {{p: {{count: 5}}, t: {{count: {{per: p, exactly: 4}}, column_configs: {{place: {{expression: {place}}}, n: {{expression: row_number()}}}}}}}}"
        )
    };
    let db = database(Kind::Sqlite, ddl);
    configured("load", &db.url, &config("row_number(p_id)"), &[]).ok();
    let again = config("row_number(p_id)").replace("p: {count: 5}", "p: {count: 0}");
    let ran = configured("load", &db.url, &again, &[]);
    assert!(ran.code != 0 && ran.stderr.contains("begin at 1 again"), "{}", ran.stderr);
    configured("load", &db.url, &config("'7'"), &[]).ok();
    assert!(db.number("SELECT count(*) - count(DISTINCT n) FROM t") == 0);
}

#[test]
fn sequences_end_at_their_largest_number() {
    let ddl = "CREATE TABLE t (id BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY 5 MAXVALUE 200) PRIMARY KEY, n INTEGER);";
    let db = database(Kind::Postgres, ddl);
    configured("load", &db.url, &config(30, ""), &[]);
    assert_eq!(db.number("SELECT max(id) FROM t"), 200);
    assert_eq!(count(&db, "1 = 1"), 21);
}

#[test]
fn numbers_of_a_list_are_texts_as_written() {
    let db = table(Kind::Sqlite, "zip VARCHAR(6) NOT NULL, version VARCHAR(6) NOT NULL, price DECIMAL(6,2) NOT NULL");
    let rules =
        "zip: {possible_values: [01234]}, version: {weighted_values: {1.10: 1}}, price: {possible_values: [01.50]}";
    configured("load", &db.url, &config(20, rules), &[]).ok();
    assert_eq!(count(&db, "zip = '01234' AND version = '1.10' AND price = 1.5"), 20);
}

#[test]
fn settings_that_rows_depend_on_are_refused() {
    let columns = "app TEXT NOT NULL DEFAULT current_setting('application_name'), waits TEXT NOT NULL DEFAULT current_setting('synchronous_commit')";
    let db = table(Kind::Postgres, columns);
    let with = |settings: &str| {
        format!(
            "{{session: {{{settings}}}, tables: {{t: {{count: 3, column_configs: {{app: {{default: true}}, waits: {{default: true}}}}}}}}}}"
        )
    };
    configured("load", &db.url, &with("application_name: nightly, synchronous_commit: local"), &[]).ok();
    assert_eq!(count(&db, "app = 'nightly' AND waits = 'local'"), 3);
    let ran = configured("load", &db.url, &with("role: nosuchrole"), &[]);
    assert!(ran.stderr.contains("refuses the session: role \"nosuchrole\" does not exist"), "{}", ran.stderr);
    for name in ["TimeZone", "datestyle", "time_zone"] {
        let ran = configured("load", &db.url, &with(&format!("{name}: x")), &[]);
        assert!(ran.code != 0 && ran.stderr.contains("cannot be changed"), "{}", ran.stderr);
    }
}

#[test]
fn names_of_tables_of_two_schemas_are_ambiguous() {
    let db = database(
        Kind::Postgres,
        "CREATE SCHEMA app; CREATE SCHEMA audit; CREATE TABLE app.users (id INT PRIMARY KEY); CREATE TABLE audit.users (id INT PRIMARY KEY);",
    );
    let ran = configured("load", &db.url, "tables: {users: {count: 5}}", &[]);
    assert!(ran.code != 0 && ran.stderr.contains("app.users, audit.users"), "{}", ran.stderr);
}

#[test]
fn rules_rows_and_full_names_move_other_columns() {
    let columns = "full_name VARCHAR(80) NOT NULL, first_name VARCHAR(40) NOT NULL, last_name VARCHAR(40) NOT NULL, email VARCHAR(90) NOT NULL, \
        city VARCHAR(60) NOT NULL, country VARCHAR(60) NOT NULL";
    let db = table(Kind::Sqlite, columns);
    let rules = "full_name: {possible_values: [Jane Roe, John Doe]}, country: {rules: [{when: id <= 100, values: [UK]}, {values: [Germany]}]}";
    configured("load", &db.url, &config(200, rules), &[]).ok();
    assert_eq!(
        count(
            &db,
            "full_name <> first_name || ' ' || last_name OR (email NOT LIKE '%roe%' AND email NOT LIKE '%doe%')"
        ),
        0
    );
    assert_eq!(count(&db, "(country = 'UK') <> (id <= 100)"), 0);
    let british = "city IN ('London', 'Manchester', 'Birmingham', 'Leeds', 'Bristol', 'Edinburgh', 'Glasgow', 'Cardiff', 'Belfast', 'Liverpool', 'Sheffield', 'Newcastle upon Tyne')";
    assert_eq!(count(&db, &format!("(country = 'UK') <> ({british})")), 0);
    let rows = "tables: {t: {rows: [{first_name: Ada, last_name: Quux}, {first_name: Bo, last_name: Xyl}]}}";
    configured("load", &db.url, rows, &["--truncate"]).ok();
    assert_eq!(count(&db, "email NOT LIKE '%' || lower(last_name) || '%'"), 0);
    let munich = config(50, "city: {possible_values: [Munich]}");
    configured("load", &db.url, &munich, &["--truncate"]).ok();
    assert_eq!(count(&db, "country NOT IN ('Germany', 'Deutschland')"), 0);
}

#[test]
fn edge_cases_of_times_of_day_are_times_of_day() {
    for kind in KINDS {
        let db = table(kind, "opens TIME NOT NULL");
        configured("load", &db.url, &config(200, "opens: {edge_cases: 0.5}"), &[]).ok();
        assert!(count(&db, "opens = '23:59:59'") > 10, "{kind:?}");
    }
}
