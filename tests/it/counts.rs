//! Requested row counts: by flags, by the config file, and for each row of a parent.

use crate::program::{Ran, configured, dbmocker};
use crate::servers::{Database, KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);
    CREATE TABLE products (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);
    CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL, product_id INTEGER NOT NULL,
        FOREIGN KEY (customer_id) REFERENCES customers (id), FOREIGN KEY (product_id) REFERENCES products (id));
    CREATE TABLE order_lines (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL, quantity INTEGER NOT NULL,
        PRIMARY KEY (order_id, line_no), FOREIGN KEY (order_id) REFERENCES orders (id));
    CREATE TABLE reviews (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER, product_id INTEGER,
        FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (product_id) REFERENCES products (id));
    CREATE TABLE cards (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL UNIQUE, FOREIGN KEY (customer_id) REFERENCES customers (id));
    CREATE TABLE messages (id INTEGER NOT NULL PRIMARY KEY, sender_id INTEGER NOT NULL, reader_id INTEGER NOT NULL,
        FOREIGN KEY (sender_id) REFERENCES customers (id), FOREIGN KEY (reader_id) REFERENCES customers (id));
    CREATE TABLE watched (customer_id INTEGER NOT NULL, product_id INTEGER NOT NULL, PRIMARY KEY (customer_id, product_id),
        FOREIGN KEY (customer_id) REFERENCES customers (id), FOREIGN KEY (product_id) REFERENCES products (id));";

fn run(command: &str, db: &Database, config: &str, more: &[&str]) -> Ran {
    configured(command, &db.url, config, more)
}

/// How many parents have how many rows: `n -> parents`, those without rows included.
fn counts(db: &Database, parent: &str, child: &str, column: &str) -> Vec<(i64, i64)> {
    let each =
        format!("SELECT count(c.{column}) AS n FROM {parent} p LEFT JOIN {child} c ON c.{column} = p.id GROUP BY p.id");
    let rows = db.rows(&format!("SELECT n, count(*) FROM ({each}) t GROUP BY n ORDER BY n"));
    let number = |cell: &Option<String>| cell.as_ref().unwrap().parse().unwrap();
    rows.iter().map(|row| (number(&row[0]), number(&row[1]))).collect()
}

const CONFIG: &str = r#"
generation: {rows: 50}
tables:
  customers: {count: 1k}
  products: {count: 0.1x customers}
  orders:
    count: {per: customers, shares: {1: 0.7, "2-5": 0.3}}
  order_lines:
    count: {per: orders, min: 1, max: 6, mean: 2.5}
  reviews: {count: {per: orders, law: zipf, mean: 0.5, max: 40}}
  cards: {count: {per: customers, shares: {0: 0.4, 1: 0.6}}}
  messages: {count: {per: customers, by: sender_id, exactly: 4}}
  watched: {count: {per: customers, law: poisson, mean: 3, max: 20}}
"#;

#[test]
fn children_for_each_parent_are_counted_exactly() {
    for kind in KINDS {
        let db = database(kind, DDL);
        let ran = run("load", &db, CONFIG, &[]).ok();
        assert!(ran.stderr.contains("verified") || ran.stdout.contains("verified"), "{}", ran.stderr);
        let rows = |table: &str| db.number(&format!("SELECT count(*) FROM {table}"));
        assert_eq!((rows("customers"), rows("products"), rows("orders")), (1_000, 100, 1_750), "{kind:?}");
        let orders = counts(&db, "customers", "orders", "customer_id");
        assert_eq!(orders, [(1, 700), (2, 75), (3, 75), (4, 75), (5, 75)], "{kind:?}");
        assert_eq!(rows("order_lines"), 4_375, "{kind:?}");
        let lines = counts(&db, "orders", "order_lines", "order_id");
        assert!(lines.iter().all(|(n, _)| (1..=6).contains(n)), "{kind:?}: {lines:?}");
        // Numbered from 1 within the order.
        let gaps = "SELECT count(*) FROM (SELECT order_id FROM order_lines GROUP BY order_id HAVING max(line_no) <> count(*)) t";
        assert_eq!(db.number(gaps), 0, "{kind:?}");
        assert_eq!(rows("reviews"), 875, "{kind:?}");
        let reviews = counts(&db, "orders", "reviews", "order_id");
        assert!(reviews[0].1 > 1_000 && reviews.last().unwrap().0 > 8, "{kind:?}: {reviews:?}");
        assert_eq!(counts(&db, "customers", "cards", "customer_id"), [(0, 400), (1, 600)], "{kind:?}");
        assert_eq!(counts(&db, "customers", "messages", "sender_id"), [(4, 1_000)], "{kind:?}");
        assert!(counts(&db, "customers", "messages", "reader_id").len() > 4, "{kind:?}");
        assert_eq!(rows("watched"), 3_000, "{kind:?}");
        // The rows of a parent are consecutive.
        let apart = "SELECT count(*) FROM orders a JOIN orders b ON b.customer_id = a.customer_id AND b.id = a.id + 2
            JOIN orders c ON c.id = a.id + 1 WHERE c.customer_id <> a.customer_id";
        assert_eq!(db.number(apart), 0, "{kind:?}");
    }
}

#[test]
fn the_plan_tells_of_counts() {
    let db = database(Kind::Sqlite, DDL);
    let text = run("plan", &db, CONFIG, &[]).ok().stdout;
    for part in ["(1 to 5 for each, together)", "(1 to 6 for each, together)", "(4 for each, together)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn flags_give_rows_to_single_tables_and_patterns() {
    let db = database(Kind::Sqlite, DDL);
    let config = "
generation: {rows: 50}
tables:
  customers: {count: 10}
  orders: {rows_to_generate: 20}
  '*s': {coherence: false}
";
    let ran =
        run("load", &db, config, &["--rows", "7,orders=2x customers,order_*=30", "--rows", "cards=5,watched=0"]).ok();
    let rows = |table: &str| db.number(&format!("SELECT count(*) FROM {table}"));
    assert_eq!((rows("customers"), rows("orders"), rows("products")), (10, 20, 7));
    assert_eq!((rows("order_lines"), rows("cards"), rows("watched"), rows("reviews")), (30, 5, 0, 7));
    assert!(ran.stderr.contains("--rows 7 overrides `rows: 50`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("gives 2 tables rows of their own, --rows 7 is for the others"), "{}", ran.stderr);
    let plan = run("plan", &db, config, &["--rows", "orders=30"]).ok().stdout;
    assert!(plan.contains("--rows orders=30 overrides 20 rows of `shop.yaml`, line 5"), "{plan}");
    assert!(plan.contains("orders: 30 rows") && plan.contains("products: 50 rows"), "{plan}");
    let few = run("plan", &db, "{}", &["--tables", "order*", "--exclude-tables", "*_lines"]).ok().stdout;
    assert!(few.contains("0 main.orders: ") && few.contains("left out: main.order_lines: excluded"), "{few}");
    let none = run("plan", &db, "{}", &["--schema", "app"]).expect(2);
    assert!(none.stderr.contains("no table of schema `app`; there are main"), "{}", none.stderr);
}

#[test]
fn counts_that_cannot_be_kept_are_named() {
    let db = database(Kind::Sqlite, DDL);
    for (config, message) in [
        (
            "orders: {count: {per: custmers, exactly: 1}}",
            "`shop.yaml`, line 3: no table `custmers`; did you mean `customers`?",
        ),
        (
            "orders: {count: {per: reviews, exactly: 1}}",
            "no foreign key leads there; there are some to `main.customers`, `main.products`",
        ),
        (
            "messages: {count: {per: customers, exactly: 1}}",
            "several foreign keys lead to `main.customers`; name a column of one with `by`: sender_id, reader_id",
        ),
        (
            "messages: {count: {per: customers, by: id, exactly: 1}}",
            "no foreign key to `main.customers` holds column `id`",
        ),
        ("cards: {count: {per: customers, exactly: 2}}", "these are 40 rows, and the table can have 20: key"),
        (
            "watched: {count: {per: customers, exactly: 4}}\n  products: {count: 3}",
            "these are 80 rows, and the table can have 60: key",
        ),
        ("customers: {count: 2x orders}\n  orders: {count: 2x customers}", "counts depend on themselves"),
        (
            "orders: {count: {per: customers}}",
            "line 3, column 19: `count` does not say how many rows for each of `customers`",
        ),
        ("orders: {count: {per: customers, shares: {1: 0.7}}}", "the shares add up to 0.7, not to 1"),
        ("orders: {count: {per: customers, law: zipff, mean: 2}}", "did you mean `zipf`?"),
        (
            "orders: {count: {per: customers, shares: {0: 0.5, 1: 0.5}, exactly: 2}}",
            "`exactly` and `shares` contradict each other",
        ),
        ("orders: {count: {per: customers, law: geometric, max: 6}}", "this law needs a `mean`"),
        ("orders: {count: {per: customers, shares: {0-18446744073709551615: 1}}}", "at most"),
        ("orders: {count: {per: customers, min: 1, mean: 1.0e30}}", "does not lie between"),
        ("orders: {count: {per: customers, exactly: 2, mean: 2}}", "`exactly` and `mean` contradict each other"),
        ("orders: {count: {per: customers, min: 3, max: 5, mean: 7}}", "mean 7 does not lie between 3 and 5"),
        ("orders: {count: many}", "`count` must be a number of rows, `3x users`, or"),
        ("orders: {count: 3, rows_to_generate: 4}", "set its rows twice"),
        (
            "reviews: {count: {per: orders, exactly: 1}, column_configs: {order_id: {null_probability: 0.5}}}",
            "`null_probability` of `order_id` contradicts its `count`",
        ),
        ("'nothing*': {count: 3}", "no table fits `nothing*`"),
    ] {
        let ran = run("plan", &db, &format!("generation: {{rows: 20}}\ntables:\n  {config}\n"), &[]);
        assert!(ran.code != 0 && ran.stderr.contains(message), "{config}: {}{}", ran.stdout, ran.stderr);
    }
    for (rows, message) in
        [("ordrs=3", "did you mean `orders`?"), ("5,6", "two numbers"), ("orders=lots", "not a number of rows")]
    {
        let ran = dbmocker(["plan", "--url", &db.url, "--rows", rows]);
        assert!(ran.code == 2 && ran.stderr.contains(message), "{rows}: {}", ran.stderr);
    }
}

/// Existing parents are counted if the run does not generate parents.
#[test]
fn rows_that_are_there_are_parents_too() {
    for kind in KINDS {
        let db = database(kind, DDL);
        run("load", &db, "{}", &["--rows", "30", "--tables", "customers,products"]).ok();
        run("load", &db, "tables: {orders: {count: {per: customers, exactly: 2}}}", &["--tables", "orders"]).ok();
        assert_eq!(counts(&db, "customers", "orders", "customer_id"), [(2, 30)], "{kind:?}");
        // New customers get new orders, the existing ones keep theirs.
        let config = "tables: {orders: {count: {per: customers, exactly: 3}}}";
        run("load", &db, config, &["--append", "--rows", "10", "--tables", "customers,orders"]).ok();
        assert_eq!(counts(&db, "customers", "orders", "customer_id"), [(2, 30), (3, 10)], "{kind:?}");
    }
}

/// The rows up to each customer are the same share of all as the weights up to it.
#[test]
fn rows_are_counted_in_proportion_to_a_column_of_the_parent() {
    let ddl = "
        CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, credit_limit DECIMAL(10,2) NOT NULL, spent DECIMAL(14,2));
        CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL, amount DECIMAL(10,2) NOT NULL,
            FOREIGN KEY (customer_id) REFERENCES customers (id));
        CREATE TABLE order_lines (order_id INTEGER NOT NULL, line_no INTEGER NOT NULL, PRIMARY KEY (order_id, line_no),
            FOREIGN KEY (order_id) REFERENCES orders (id));";
    let config = |weight: &str| {
        format!(
            "tables:
  customers: {{count: 400, column_configs: {{credit_limit: {{min_value: 0, max_value: 9000}}}}}}
  orders: {{count: {{per: customers, mean: 25, min: 1, {weight}}}}}"
        )
    };
    for kind in KINDS {
        let db = database(kind, ddl);
        let ran = run("plan", &db, &config("weight: credit_limit"), &[]).ok();
        assert!(ran.stdout.contains("by weight, the rows of each together"), "{}", ran.stdout);
        run("load", &db, &config("weight: credit_limit"), &[]).ok();
        assert_eq!(db.number("SELECT count(*) FROM orders"), 10_000, "{kind:?}");
        let each = db.rows(
            "SELECT c.credit_limit, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id
             GROUP BY c.id, c.credit_limit ORDER BY c.id",
        );
        let number = |cell: &Option<String>| cell.as_ref().unwrap().parse::<f64>().unwrap();
        let all: f64 = each.iter().map(|row| number(&row[0])).sum();
        for row in &each {
            let share = 1.0 + number(&row[0]) / all * 9_600.0;
            assert!((number(&row[1]) - share).abs() <= 1.0, "{kind:?}: {row:?} {share}");
        }
    }
    let db = database(Kind::Sqlite, ddl);
    let refused = |more: &str, says: &str| {
        let ran = run("plan", &db, &config(more), &[]);
        assert!(ran.code != 0 && ran.stderr.contains(says), "{more}: {} {}", ran.code, ran.stderr);
    };
    refused("weight: credit_limits", "did you mean `credit_limit`?");
    refused("max: 30, weight: credit_limit", "the weights decide the rest");
    refused("weight: id, law: zipf", "the weights decide the rest");
    let keyed = "tables:
  orders: {count: 20, column_configs: {amount: {min_value: 1}}}
  order_lines: {count: {per: orders, mean: 3, weight: amount}}";
    let ran = run("plan", &db, keyed, &[]);
    assert!(ran.code != 0 && ran.stderr.contains("a key holds the foreign key"), "{} {}", ran.code, ran.stderr);
    let later = "tables:
  customers: {count: 400, column_configs: {spent: {expression: sum(orders.amount)}}}
  orders: {count: {per: customers, mean: 25, weight: spent}}";
    let ran = run("plan", &db, later, &[]);
    assert!(ran.code != 0 && ran.stderr.contains("spent"), "{} {}", ran.code, ran.stderr);
}
