//! Columns by expressions of the config file: over the row, its parent rows, and its child rows.

use crate::program::{Ran, configured};
use crate::servers::{Database, KINDS, Kind, database};

const DDL: &str = "
    CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, first_name VARCHAR(30) NOT NULL, last_name VARCHAR(30) NOT NULL, mail VARCHAR(80) NOT NULL,
        orders_made INTEGER NOT NULL, spent DECIMAL(14,2));
    CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL, state VARCHAR(10) NOT NULL, buyer VARCHAR(80) NOT NULL,
        total DECIMAL(14,2) NOT NULL, line_count INTEGER NOT NULL, dearest DECIMAL(10,2), worth VARCHAR(10) NOT NULL,
        CONSTRAINT not_cheap CHECK (total >= 0), FOREIGN KEY (customer_id) REFERENCES customers (id));
    CREATE TABLE order_lines (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER NOT NULL, place INTEGER NOT NULL, quantity INTEGER NOT NULL,
        unit_price DECIMAL(8,2) NOT NULL, discount DECIMAL(4,2) NOT NULL, amount DECIMAL(12,2) NOT NULL, town VARCHAR(60),
        CONSTRAINT few CHECK (quantity BETWEEN 1 AND 9), CONSTRAINT part CHECK (discount BETWEEN 0 AND 0.5), CONSTRAINT dear CHECK (amount <= 4000),
        FOREIGN KEY (order_id) REFERENCES orders (id));";

const CONFIG: &str = "
generation: {rows: 200}
tables:
  customers:
    column_configs:
      mail: {expression: \"lower(first_name) || '.' || lower(last_name) || '@example.com'\"}
      orders_made: {expression: count(orders.id)}
      spent: {expression: sum(orders.total)}
  orders:
    count: {per: customers, min: 0, max: 4}
    column_configs:
      buyer: {expression: \"customer_id.first_name || ' ' || customer_id.last_name\"}
      total: {expression: \"coalesce(sum(order_lines.amount), 0)\"}
      line_count: {expression: count(order_lines)}
      dearest: {expression: max(order_lines.unit_price)}
      worth: {expression: \"case when state = 'x' then 'none' when line_count > 2 then 'much' else 'little' end\"}
  order_lines:
    count: {per: orders, min: 0, max: 5}
    column_configs:
      place: {expression: row_number(order_id)}
      amount: {expression: \"round(quantity * unit_price * (1 - discount), 2)\"}
      town: {expression: \"upper(order_id.customer_id.last_name)\"}
";

/// MySQL has no `||` by default.
fn config(kind: Kind) -> String {
    match kind {
        Kind::MariaDb => CONFIG
            .replace(
                "lower(first_name) || '.' || lower(last_name) || '@example.com'",
                "concat(lower(first_name), '.', lower(last_name), '@example.com')",
            )
            .replace(
                "customer_id.first_name || ' ' || customer_id.last_name",
                "concat(customer_id.first_name, ' ', customer_id.last_name)",
            ),
        _ => CONFIG.into(),
    }
}

fn run(command: &str, db: &Database, config: &str, more: &[&str]) -> Ran {
    configured(command, &db.url, config, more)
}

#[test]
fn every_row_has_what_its_expression_says() {
    for (kind, more) in KINDS.into_iter().flat_map(|k| [(k, &[][..]), (k, &["--no-coherence"][..])]) {
        let db = database(kind, DDL);
        run("load", &db, &config(kind), more).ok();
        let none =
            |sql: &str| assert_eq!(db.number(&format!("SELECT count(*) FROM {sql}")), 0, "{kind:?} {more:?}: {sql}");
        let mail = if kind == Kind::MariaDb {
            "concat(lower(first_name), '.', lower(last_name), '@example.com')"
        } else {
            "lower(first_name) || '.' || lower(last_name) || '@example.com'"
        };
        none(&format!("customers WHERE mail <> {mail}"));
        none("order_lines WHERE abs(amount - quantity * unit_price * (1 - discount)) > 0.0050001");
        none("order_lines WHERE amount > 4000 OR quantity NOT BETWEEN 1 AND 9");
        none(
            "orders o WHERE abs(total - (SELECT coalesce(sum(amount), 0) FROM order_lines l WHERE l.order_id = o.id)) > 0.001",
        );
        none("orders o WHERE line_count <> (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id)");
        none(
            "orders o WHERE dearest <> (SELECT max(unit_price) FROM order_lines l WHERE l.order_id = o.id) OR (dearest IS NULL AND line_count > 0)",
        );
        none(
            "orders o JOIN customers c ON c.id = o.customer_id WHERE buyer NOT LIKE '% %' OR length(buyer) <> length(c.first_name) + length(c.last_name) + 1",
        );
        none("orders WHERE state <> 'x' AND worth <> CASE WHEN line_count > 2 THEN 'much' ELSE 'little' END");
        none("customers c WHERE orders_made <> (SELECT count(*) FROM orders o WHERE o.customer_id = c.id)");
        none("customers c WHERE abs(spent - (SELECT sum(total) FROM orders o WHERE o.customer_id = c.id)) > 0.001");
        none(
            "(SELECT order_id FROM order_lines GROUP BY order_id HAVING max(place) <> count(*) OR count(DISTINCT place) <> count(*)) t",
        );
        none(
            "order_lines l JOIN orders o ON o.id = l.order_id JOIN customers c ON c.id = o.customer_id WHERE town <> upper(c.last_name)",
        );
        assert!(db.number("SELECT count(*) FROM order_lines WHERE amount > 100") > 50, "{kind:?}");
    }
}

/// A single generated row equals that row of the whole table.
#[test]
fn single_rows_are_those_of_the_whole() {
    let db = database(Kind::Sqlite, DDL);
    let export = |range: &str| {
        let more = ["--tables", "orders", "--rows-range", range, "--format", "ndjson", "--out", "-"];
        // Tables that the aggregates read are planned with it.
        run("export", &db, CONFIG, &more).ok().stdout
    };
    let whole = export("orders:0..40");
    assert_eq!(whole.lines().count(), 40);
    for row in [0, 7, 39] {
        let one = export(&format!("orders:{row}..{}", row + 1));
        assert_eq!(one.lines().next(), whole.lines().nth(row));
    }
}

#[test]
fn expressions_that_cannot_be_kept_are_named() {
    for (kind, tables, message) in [
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: \"qantity * 2\"}}}",
            "`shop.yaml`, line 3: expression of `main.orders.total`: no column `qantity` in table `main.orders`",
        ),
        (
            Kind::Sqlite,
            "order_lines: {column_configs: {amount: {expression: \"quantty * 2\"}}}",
            "did you mean `quantity`?",
        ),
        (Kind::Sqlite, "orders: {column_configs: {total: {expression: \"1 +\"}}}", "the expression is not understood"),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: \"fancy(line_count)\"}}}",
            "the function `fancy` is not known here",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: line_count + 1}, line_count: {expression: total - 1}}}",
            "depend on themselves: orders.total -> orders.line_count -> orders.total",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: sum(order_lines.amount)}}, count: 5}\n  order_lines: {column_configs: {amount: {expression: order_id.total}}}",
            "depend on themselves",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: state.name}}}",
            "`state` is no column of a foreign key",
        ),
        (
            Kind::Sqlite,
            "order_lines: {column_configs: {amount: {expression: count(customers.id)}}}",
            "no foreign key leads from",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {customer_id: {expression: \"1\"}}}",
            "decides the column; the expression cannot give its values",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {id: {expression: \"1\"}}}",
            "needs different values; the expression cannot give its values",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: \"1\", min_value: 3}}}",
            "`min_value` gives its values as well",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: \"0 - count(order_lines)\"}}}\n  order_lines: {count: {per: orders, exactly: 2}}",
            "CHECK `not_cheap` does not hold in row 0",
        ),
        (
            Kind::Sqlite,
            "orders: {column_configs: {total: {expression: sum(order_lines.amount)}}}\n  order_lines: {count: {per: orders, shares: {0: 0.5, 2: 0.5}}}",
            "gives NULL, and the column is NOT NULL; wrap the expression in coalesce",
        ),
        (
            Kind::Postgres,
            "orders: {column_configs: {state: {expression: \"'a state of ' || worth || ' and more'\"}}}",
            "characters, and the column holds 10",
        ),
        (
            Kind::Postgres,
            "order_lines: {column_configs: {amount: {expression: quantity / 2}, quantity: {min_value: 1, max_value: 9}}}",
            "",
        ),
        (
            Kind::Postgres,
            "customers: {column_configs: {orders_made: {expression: \"cast(id as bigint) * 100000000\"}}}",
            "customers",
        ),
        (Kind::Sqlite, "order_lines: {column_configs: {place: {expression: row_number(order_id)}}}", ""),
    ] {
        let db = database(kind, DDL);
        let ran = run("plan", &db, &format!("generation: {{rows: 50}}\ntables:\n  {tables}\n"), &[]);
        let refused = !message.is_empty();
        assert!((ran.code != 0) == refused && ran.stderr.contains(message), "{tables}: {}{}", ran.stdout, ran.stderr);
    }
}
