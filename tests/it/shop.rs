//! The five-table shop of `tests/schemas`, on each server.

use crate::servers::{Database, Kind, database};

/// In dependency order.
pub const TABLES: [&str; 5] = ["users", "categories", "products", "orders", "order_items"];

pub fn ddl(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => include_str!("../schemas/pgsql/shop.sql"),
        Kind::MariaDb => include_str!("../schemas/mysql/shop.sql"),
        Kind::Sqlite => include_str!("../schemas/sqlite/shop.sql"),
    }
}

/// A fresh, empty shop.
pub fn shop(kind: Kind) -> Database {
    database(kind, ddl(kind))
}
