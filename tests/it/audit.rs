//! An audit of the shop that shares no code with dbmocker: every constraint of its DDL as a SQL query that counts
//! violations.

use crate::servers::{Database, Kind};
use crate::shop::TABLES;

/// Fails the test unless every table of the shop holds `rows` rows and every rule of the schema holds.
#[track_caller]
pub fn shop(db: &Database, rows: i64) {
    for table in TABLES {
        assert_eq!(db.number(&format!("SELECT count(*) FROM {table}")), rows, "{:?}: rows of {table}", db.kind);
    }
    rules(db);
}

/// Checks every rule except the row counts.
#[track_caller]
pub fn rules(db: &Database) {
    for (child, column, parent) in [
        ("categories", "parent_id", "categories"),
        ("products", "category_id", "categories"),
        ("orders", "user_id", "users"),
        ("order_items", "order_id", "orders"),
        ("order_items", "product_id", "products"),
    ] {
        let orphans = format!(
            "SELECT count(*) FROM {child} c WHERE c.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.id = c.{column})"
        );
        none(db, &orphans);
    }
    for (table, columns) in [
        ("users", "id"),
        ("users", "username"),
        ("users", "email"),
        ("categories", "name"),
        ("products", "sku"),
        ("orders", "reference"),
        ("order_items", "order_id, product_id"),
    ] {
        none(
            db,
            &format!("SELECT count(*) FROM (SELECT 1 AS one FROM {table} GROUP BY {columns} HAVING count(*) > 1) d"),
        );
    }
    for (table, broken) in [
        ("users", "age < 16 OR age > 110"),
        ("users", "status NOT IN ('active', 'inactive', 'banned')"),
        ("categories", "type NOT IN ('physical', 'digital', 'service')"),
        ("products", "price <= 0 OR cost < 0 OR cost > price"),
        ("products", "rating < 1 OR rating > 5"),
        ("orders", "priority NOT IN ('low', 'normal', 'high')"),
        ("orders", "status NOT IN ('new', 'paid', 'shipped', 'cancelled')"),
        ("orders", "total < 0 OR shipped_at < ordered_at"),
        ("order_items", "quantity < 1 OR quantity > 99 OR unit_price <= 0"),
        ("users", "length(username) > 40 OR length(email) > 120 OR length(first_name) > 50"),
        ("products", "length(sku) > 20 OR length(name) > 120"),
    ] {
        none(db, &format!("SELECT count(*) FROM {table} WHERE {broken}"));
    }
    if db.kind == Kind::Sqlite {
        assert_eq!(db.value("PRAGMA integrity_check").as_deref(), Some("ok"));
        assert!(db.rows("PRAGMA foreign_key_check").is_empty());
    }
}

/// A row inserted without a key gets a number that is not in use.
#[track_caller]
pub fn numbering_goes_on(db: &Database) {
    let before = db.number("SELECT max(id) FROM categories");
    db.execute("INSERT INTO categories (name, type) VALUES ('numbered by the server', 'digital');");
    let id = db.number("SELECT id FROM categories WHERE name = 'numbered by the server'");
    assert!(id > before, "{:?}: {id} after {before}", db.kind);
    db.execute("DELETE FROM categories WHERE name = 'numbered by the server';");
}

/// Children are spread over the parents: neither all on a few nor uniformly.
#[track_caller]
pub fn fan_out_is_believable(db: &Database) {
    for (child, column) in [("orders", "user_id"), ("products", "category_id"), ("order_items", "order_id")] {
        let rows = db.number(&format!("SELECT count(*) FROM {child}"));
        let parents = db.number(&format!("SELECT count(DISTINCT {column}) FROM {child}"));
        let most = db.number(&format!("SELECT max(n) FROM (SELECT count(*) AS n FROM {child} GROUP BY {column}) d"));
        assert!(parents * 5 > rows, "{:?}: {rows} rows of {child} use {parents} parents", db.kind);
        assert!(most > 1, "{:?}: one {child} for each parent", db.kind);
    }
}

#[track_caller]
fn none(db: &Database, count: &str) {
    assert_eq!(db.number(count), 0, "{:?}: {count}", db.kind);
}
