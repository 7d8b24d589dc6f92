//! What the page of the config file promises: errors before anything is written, and values as they were asked for.

use crate::program::configured;
use crate::servers::{KINDS, Kind, database};

/// Returns the message of a run that is refused with nothing written.
#[track_caller]
fn refused(kind: Kind, ddl: &str, config: &str, tables: &[&str]) -> String {
    let db = database(kind, ddl);
    let ran = configured("load", &db.url, config, &[]);
    assert_ne!(ran.code, 0, "{kind:?}: {}", ran.stdout);
    for table in tables {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), 0, "{kind:?} {table}: {}", ran.stderr);
    }
    ran.stderr
}

#[test]
fn least_lengths_are_of_characters() {
    for kind in KINDS {
        let length = if kind == Kind::Sqlite { "length" } else { "char_length" };
        let ddl = format!(
            "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, body TEXT NOT NULL CHECK ({length}(body) >= 120), \
             comment TEXT NOT NULL);"
        );
        let db = database(kind, &ddl);
        let config = "tables:\n  notes: {count: 3000, column_configs: {comment: {length: 120..200}}}\n";
        configured("load", &db.url, config, &[]).ok();
        let wrong = format!(
            "SELECT count(*) FROM notes WHERE {length}(body) < 120 OR {length}(comment) NOT BETWEEN 120 AND 200"
        );
        assert_eq!(db.number(&wrong), 0, "{kind:?}");
        // Texts are extended by words, not by letters and digits.
        let like = "SELECT count(*) FROM notes WHERE body LIKE '%!%' AND body LIKE '%4%' AND body LIKE '%7%'";
        assert!(db.number(like) < 30, "{kind:?}");
    }
}

#[test]
fn a_check_that_a_few_rows_break_is_an_error_before_anything_is_written() {
    let parents = "CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY, v INTEGER NOT NULL);
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER NOT NULL, a INTEGER NOT NULL CHECK (a <= 9990),
            FOREIGN KEY (p_id) REFERENCES p (id));";
    let copy = "tables:
  p: {count: 20000, column_configs: {v: {min_value: 1, max_value: 10000, distribution: uniform}}}
  t: {count: 20000, column_configs: {a: {expression: p_id.v}}}
";
    let rare = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v INTEGER NOT NULL, k INTEGER NOT NULL,
        CONSTRAINT small CHECK (v < 100));";
    let rules = "tables:
  t: {count: 30000, column_configs: {k: {min_value: 1, max_value: 10000, distribution: uniform},
        v: {rules: [{when: k = 777, values: {500: 1, 7: 3}}, {values: [5]}]}}}
";
    for kind in KINDS {
        let message = refused(kind, parents, copy, &["p", "t"]);
        assert!(message.contains("does not hold in row") && message.contains("expression of `a` ("), "{message}");
        assert!(message.contains("line 3"), "{message}");
        let message = refused(kind, rare, rules, &["t"]);
        assert!(message.contains("lists 500, which CHECK `small` does not allow"), "{message}");
        assert!(message.contains("rules of `v`") && message.contains("line 3"), "{message}");
    }
}

#[test]
fn a_check_that_the_rows_break_at_the_load_names_the_rule() {
    // Of so many rows, every other one is checked while planning.
    let ddl =
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v INTEGER NOT NULL, CONSTRAINT rare CHECK (v <> 77778));";
    let config = "tables:\n  t: {count: 100000, column_configs: {v: {expression: row_number()}}}\n";
    for kind in KINDS {
        let db = database(kind, ddl);
        let ran = configured("load", &db.url, config, &[]);
        assert_ne!(ran.code, 0, "{kind:?}");
        assert!(
            ran.stderr.contains("the config file gives the values of `v` (expression of"),
            "{kind:?} {}",
            ran.stderr
        );
    }
}

#[test]
fn listed_values_that_a_check_forbids_are_refused() {
    let ddl =
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, tier VARCHAR(10) NOT NULL CHECK (tier IN ('gold', 'silver')),
        n INTEGER NOT NULL CHECK (n BETWEEN 1 AND 5), price DECIMAL(8,2) NOT NULL CHECK (price > 0 AND price < 500));";
    let of = |column: &str| format!("tables:\n  t:\n    count: 100\n    column_configs:\n      {column}\n");
    for kind in KINDS {
        for (column, value) in [
            ("tier: {weighted_values: {gold: 1, silver: 1, platinum: 8}}", "`weighted_values` lists platinum"),
            ("n: {possible_values: [1, 2, 9]}", "`possible_values` lists 9"),
        ] {
            let message = refused(kind, ddl, &of(column), &["t"]);
            assert!(message.contains(value) && message.contains("line 5"), "{message}");
        }
    }
    let db = database(Kind::Sqlite, ddl);
    let plan =
        configured("plan", &db.url, &of("price: {min_value: 100, max_value: 1000, distribution: uniform}"), &[]).ok();
    assert!(plan.stdout.contains("does not allow `max_value: 1000` of `price`"), "{}", plan.stdout);
}

#[test]
fn exponential_numbers_have_the_mean_that_was_asked_for() {
    let ddl = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, revenue DECIMAL(14,2) NOT NULL, wait_ms INTEGER NOT NULL, amount DECIMAL(10,2) NOT NULL);";
    let db = database(Kind::Sqlite, ddl);
    let law = "distribution: {exponential: {mean: 30}}";
    let config = format!(
        "tables:\n  t: {{count: 20000, column_configs: {{revenue: {{{law}}}, wait_ms: {{{law}}}, amount: {{{law}, min_value: 10}}}}}}\n"
    );
    configured("load", &db.url, &config, &[]).ok();
    for (column, mean) in [("revenue", 30), ("wait_ms", 30), ("amount", 40)] {
        let found = db.number(&format!("SELECT CAST(100 * avg({column}) AS INTEGER) FROM t"));
        // 5 standard deviations.
        assert!((found - 100 * mean).abs() < 106, "{column}: {found}");
    }
}

#[test]
fn distributions_of_dates_keep_every_day() {
    let ddl = "CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, on_day DATE NOT NULL);
        CREATE TABLE g (id INTEGER NOT NULL PRIMARY KEY, signup DATE NOT NULL);
        CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, ordered_at TIMESTAMP NOT NULL, shipped_at TIMESTAMP NULL,
            CHECK (shipped_at IS NULL OR shipped_at >= ordered_at));
        CREATE TABLE logs (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL);";
    let bounds = "min_value: 2025-12-22, max_value: 2025-12-31";
    let config = format!(
        "tables:
  a: {{count: 9000, column_configs: {{on_day: {{{bounds}, distribution: {{weekdays: {{sat: 0}}}}}}}}}}
  g: {{count: 9000, column_configs: {{signup: {{{bounds}, distribution: {{growing: 2}}}}}}}}
  orders: {{count: 5000, column_configs: {{ordered_at: {{min_value: 2025-07-01, max_value: 2026-06-30, distribution: uniform}}}}}}
  logs: {{count: 9000, column_configs: {{at: {{{bounds}, distribution: uniform}}}}}}
"
    );
    let kept = |found: i64, of: i64, share: f64| {
        let (n, found) = (of as f64, found as f64);
        // 5 standard deviations.
        (found - n * share).abs() < 5.0 * (n * share * (1.0 - share)).sqrt()
    };
    for kind in KINDS {
        let db = database(
            kind,
            &ddl.replace(
                "TIMESTAMP NOT NULL",
                if kind == Kind::MariaDb { "DATETIME NOT NULL" } else { "TIMESTAMP NOT NULL" },
            )
            .replace("TIMESTAMP NULL", if kind == Kind::MariaDb { "DATETIME NULL" } else { "TIMESTAMP NULL" }),
        );
        configured("load", &db.url, &config, &[]).ok();
        let last = |table: &str, column: &str| {
            db.number(&format!("SELECT count(*) FROM {table} WHERE {column} >= '2025-12-31'"))
        };
        assert!(kept(last("a", "on_day"), 9000, 1.0 / 9.0), "{kind:?}: {}", last("a", "on_day"));
        assert!(kept(last("g", "signup"), 9000, 0.137), "{kind:?}: {}", last("g", "signup"));
        let first = db.number("SELECT count(*) FROM orders WHERE ordered_at < '2026-01-01'");
        assert!(kept(first, 5000, 184.0 / 365.0), "{kind:?}: {first}");
        // The last day is a day of a range of moments.
        assert!(kept(last("logs", "at"), 9000, 0.1), "{kind:?}: {}", last("logs", "at"));
        assert_eq!(db.number("SELECT count(*) FROM logs WHERE at >= '2026-01-01'"), 0, "{kind:?}");
    }
}

const SHOP: &str = "
    CREATE TABLE products (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, price DECIMAL(8,2) NOT NULL);
    CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL, total DECIMAL(12,2) NOT NULL);
    CREATE TABLE order_items (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL, product_id INTEGER NOT NULL, qty INTEGER NOT NULL,
        unit_price DECIMAL(8,2) NOT NULL, discount DECIMAL(4,2) NOT NULL CHECK (discount >= 0 AND discount < 1), amount DECIMAL(12,2) NOT NULL,
        colour VARCHAR(10), size VARCHAR(10), code VARCHAR(40), PRIMARY KEY (order_id, line_no),
        FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (product_id) REFERENCES products (id));";

#[test]
fn listed_values_of_a_foreign_key_keep_what_follows_from_the_parent() {
    let config = |unit_price: &str| {
        format!(
            "tables:
  products: {{count: 3}}
  orders: {{count: 1000}}
  order_items:
    count: {{per: orders, exactly: 2}}
    groups: [{{rows: [{{product_id: 1, colour: red, w: 5}}, {{product_id: 2, colour: blue, w: 3}}, {{product_id: 3, colour: red, w: 2}}], weight: w}}]
    column_configs: {{{unit_price}}}
"
        )
    };
    for kind in KINDS {
        for unit_price in ["", "unit_price: {expression: product_id.price}"] {
            let db = database(kind, SHOP);
            configured("load", &db.url, &config(unit_price), &[]).ok();
            let wrong =
                "SELECT count(*) FROM order_items i JOIN products p ON p.id = product_id WHERE price <> unit_price";
            assert_eq!(db.number(wrong), 0, "{kind:?} {unit_price}");
            let wrong = "SELECT count(*) FROM order_items WHERE NOT ((product_id IN (1, 3) AND colour = 'red') OR (product_id = 2 AND colour = 'blue'))";
            assert_eq!(db.number(wrong), 0, "{kind:?}");
            let first = db.number("SELECT count(*) FROM order_items WHERE product_id = 1");
            // 5 standard deviations.
            assert!((first - 1000).abs() < 112, "{kind:?}: {first}");
        }
    }
    let db = database(Kind::Sqlite, SHOP);
    let ran = configured("load", &db.url, &config("").replace("product_id: 3", "product_id: 9"), &[]);
    assert!(ran.code != 0 && ran.stderr.contains("9") && ran.stderr.contains("products"), "{}", ran.stderr);
}

#[test]
fn discounts_below_1_are_shares() {
    let db = database(Kind::Sqlite, SHOP);
    let config = "tables: {orders: {count: 1000}, order_items: {count: {per: orders, exactly: 2}}}\n";
    configured("load", &db.url, config, &[]).ok();
    let count = |condition: &str| db.number(&format!("SELECT count(*) FROM order_items WHERE {condition}"));
    assert_eq!(count("abs(amount - qty * unit_price * (1 - discount)) > 0.0051"), 0);
    assert_eq!(count("discount > 0.5"), 0);
    assert!(count("discount BETWEEN 0.05 AND 0.25") > 300, "{}", count("discount BETWEEN 0.05 AND 0.25"));
}

#[test]
fn numbers_among_the_rows_of_a_parent_may_be_parts_of_keys() {
    for kind in KINDS {
        let code = if kind == Kind::Postgres || kind == Kind::Sqlite {
            "'C' || order_id || '-' || row_number(order_id)"
        } else {
            "concat('C', order_id, '-', row_number(order_id))"
        };
        let db = database(kind, &SHOP.replace("code VARCHAR(40)", "code VARCHAR(40) NOT NULL UNIQUE"));
        let config = format!(
            "tables:
  orders: {{count: 300}}
  order_items: {{count: {{per: orders, min: 1, max: 5}}, column_configs: {{line_no: {{expression: row_number(order_id)}}, code: {{expression: \"{code}\"}}}}}}
"
        );
        configured("load", &db.url, &config, &[]).ok();
        let wrong = "SELECT count(*) FROM (SELECT order_id FROM order_items GROUP BY order_id HAVING max(line_no) <> count(*) OR min(line_no) <> 1) t";
        assert_eq!(db.number(wrong), 0, "{kind:?}");
        assert_eq!(
            db.number("SELECT count(*) FROM order_items WHERE code = 'C7-1' AND order_id = 7 AND line_no = 1"),
            1,
            "{kind:?}"
        );
    }
    // Of another parent, numbers repeat.
    let db = database(Kind::Sqlite, SHOP);
    let config = "tables: {order_items: {count: {per: products, exactly: 2}, column_configs: {line_no: {expression: row_number(product_id)}}}}\n";
    let ran = configured("load", &db.url, config, &[]);
    assert!(ran.code != 0 && ran.stderr.contains("needs different values"), "{}", ran.stderr);
}

#[test]
fn rules_make_columns_null_beside_checks_that_allow_it() {
    let ddl = "CREATE TABLE o (id INTEGER NOT NULL PRIMARY KEY, st VARCHAR(5) NOT NULL CHECK (st IN ('a', 'b', 'c')), x INTEGER NOT NULL, y INTEGER,
        CHECK (st <> 'c' OR y IS NULL), CONSTRAINT above CHECK (y IS NULL OR y >= x), CONSTRAINT needed CHECK (st <> 'b' OR y IS NOT NULL));";
    let of = |st: &str| {
        format!(
            "tables: {{o: {{count: 1000, column_configs: {{y: {{rules: [{{when: \"st = '{st}'\", null: true}}]}}}}}}}}\n"
        )
    };
    for kind in KINDS {
        let db = database(kind, ddl);
        configured("load", &db.url, &of("a"), &[]).ok();
        assert_eq!(db.number("SELECT count(*) FROM o WHERE st = 'a' AND y IS NOT NULL"), 0, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM o WHERE st = 'b' AND y >= x") > 100, "{kind:?}");
    }
    let message = refused(Kind::Sqlite, ddl, &of("b"), &["o"]);
    assert!(message.contains("CHECK `needed` does not hold in row") && message.contains("rules of"), "{message}");
}

#[test]
fn edge_cases_lie_within_the_bounds_and_reach_those_of_checks() {
    let ddl = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, age INTEGER NOT NULL CHECK (age BETWEEN 18 AND 99), score INTEGER NOT NULL,
        note VARCHAR(200) NOT NULL);";
    let config = "tables:
  t:
    count: 2000
    column_configs:
      age: {edge_cases: 0.2}
      score: {min_value: 10, max_value: 20, edge_cases: 0.5}
      note: {length: 5..30, edge_cases: 0.5}
";
    let db = database(Kind::Sqlite, ddl);
    configured("load", &db.url, config, &[]).ok();
    let count = |condition: &str| db.number(&format!("SELECT count(*) FROM t WHERE {condition}"));
    assert!(count("age = 18") > 100 && count("age = 99") > 100);
    assert!(count("score = 10") > 200 && count("score = 20") > 200);
    assert_eq!(count("score NOT BETWEEN 10 AND 20 OR length(note) NOT BETWEEN 5 AND 30"), 0);
}

#[test]
fn what_settings_do_beyond_their_column_is_noted() {
    let ddl = "CREATE TABLE c (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, created_at TIMESTAMP NOT NULL);
        CREATE TABLE o (id INTEGER NOT NULL PRIMARY KEY, c_id INTEGER NOT NULL, ordered_at TIMESTAMP NOT NULL, FOREIGN KEY (c_id) REFERENCES c (id));";
    let config = "tables:
  c: {count: 500}
  o: {count: {per: c, exactly: 6}, column_configs: {ordered_at: {min_value: now-30d, max_value: now, distribution: uniform}}}
";
    let db = database(Kind::Sqlite, ddl);
    let plan = configured("plan", &db.url, config, &[]).ok().stdout;
    assert!(plan.contains("`ordered_at` lies before `created_at` of its `main.c` in"), "{plan}");
    let refused =
        configured("plan", &db.url, "tables: {o: {column_configs: {c_id: {weighted_values: {1: 3, 2: 1}}}}}\n", &[]);
    assert!(refused.code != 0 && refused.stderr.contains("`groups: [{rows: [{c_id: 1, w: 3}"), "{}", refused.stderr);
    let db = database(Kind::MariaDb, &ddl.replace("TIMESTAMP", "DATETIME"));
    let plan = configured("plan", &db.url, "tables: {c: {column_configs: {name: {expression: \"id || 'x'\"}}}}\n", &[]);
    assert!(plan.stdout.contains("`||` is OR") || plan.stderr.contains("`||` is OR"), "{}{}", plan.stdout, plan.stderr);
}
