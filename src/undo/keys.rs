//! Chooses the key by which the rows of a table are found, and the order in which tables are emptied.

use super::RunTable;
use dbmocker_core::ident::{literal, quote};
use dbmocker_core::schema::{Column, Dialect, Key, Schema, SqlType, Table, Trigger};
use dbmocker_planner::order::{Edge, TableOrder, order};

/// The primary key, or a unique one that may not be NULL, whose columns are all among `columns` and can be compared with
/// literals; positions among `columns`.
pub(super) fn key(dialect: Dialect, table: &Table, columns: &[usize]) -> Option<Vec<usize>> {
    let positions = |key: &Key| -> Option<Vec<usize>> {
        let whole = key.predicate.is_none() && key.parts.iter().all(|p| p.prefix.is_none());
        let plain = key.plain_columns().filter(|_| whole)?;
        let position = |name: &&str| {
            let c = table.column_index(name).filter(|&c| !table.columns[c].nullable)?;
            columns.iter().position(|&x| x == c).filter(|_| has_literals(dialect, &table.columns[c].ty))
        };
        plain.iter().map(position).collect()
    };
    let mut keys: Vec<&Key> = table.keys.iter().collect();
    keys.sort_by_key(|k| !k.primary);
    keys.into_iter().find_map(positions)
}

/// Whether the canonical text of a value, as a literal, compares equal to the value. SQLite compares numbers by value,
/// and texts, which include timestamps, byte by byte.
fn has_literals(dialect: Dialect, ty: &SqlType) -> bool {
    match ty {
        SqlType::Int { .. } | SqlType::Text { .. } | SqlType::Binary { .. } | SqlType::Enum { .. } => true,
        SqlType::Uuid | SqlType::Date => true,
        SqlType::Bool | SqlType::Decimal { .. } | SqlType::Year | SqlType::Time { .. } | SqlType::Timestamp { .. } => {
            dialect != Dialect::Sqlite
        }
        SqlType::Inet | SqlType::Inet6 | SqlType::Cidr | SqlType::MacAddr { .. } | SqlType::Oid | SqlType::Name => true,
        _ => false,
    }
}

/// A value in its canonical form, as a literal of the column's type.
pub(super) fn key_literal(dialect: Dialect, column: &Column, text: &str) -> String {
    let number = || text.parse::<i128>().is_ok();
    match (&column.ty, dialect) {
        (SqlType::Int { .. } | SqlType::Year, _) if number() => text.to_owned(),
        (SqlType::Binary { .. }, Dialect::Postgres) => format!("'\\x{text}'"),
        (SqlType::Binary { .. }, _) => format!("x'{text}'"),
        (SqlType::Uuid, Dialect::Sqlite) | (SqlType::Uuid, Dialect::Mysql) => literal(dialect, text),
        _ => literal(dialect, text),
    }
}

/// A condition that is true for rows whose columns are one of the lists of literals.
pub(super) fn among(dialect: Dialect, columns: &[&str], rows: &[Vec<String>]) -> String {
    let names: Vec<String> = columns.iter().map(|c| quote(dialect, c)).collect();
    if let [name] = &names[..] {
        let values: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        return format!("{name} IN ({})", values.join(", "));
    }
    let values: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
    let list = if dialect == Dialect::Sqlite { "VALUES " } else { "" };
    format!("({}) IN ({list}{})", names.join(", "), values.join(", "))
}

/// Triggers that fire when rows are removed.
pub(super) fn delete_triggers(table: &Table) -> impl Iterator<Item = &Trigger> {
    table.triggers.iter().filter(|t| t.enabled && t.event.to_ascii_uppercase().contains("DELETE"))
}

fn order_of(tables: &[&Table]) -> TableOrder {
    let mut edges = Vec::new();
    for (child, table) in tables.iter().enumerate() {
        for fk in table.every_foreign_key() {
            let parent = tables.iter().position(|t| t.name == fk.parent);
            edges.extend(parent.map(|parent| Edge { child, parent, strong: false, bound: false }));
        }
    }
    order(tables.len(), &edges)
}

/// The tables in the order of their references.
pub(super) fn parents_first<'a>(_schema: &Schema, tables: Vec<RunTable<'a>>) -> Vec<RunTable<'a>> {
    let order = order_of(&tables.iter().map(|t| t.table).collect::<Vec<_>>());
    let mut tables: Vec<Option<RunTable<'a>>> = tables.into_iter().map(Some).collect();
    order.tables.iter().filter_map(|&t| tables[t].take()).collect()
}

/// What is removed in one transaction, children first: a table, or a cycle of references. The tables are ordered already.
pub(super) fn units(tables: &[&Table]) -> Vec<Vec<usize>> {
    let order = order_of(tables);
    let mut units: Vec<Vec<usize>> = Vec::new();
    for t in (0..tables.len()).rev() {
        let cycle = order.cycles.iter().find(|cycle| cycle.contains(&t));
        match cycle.and_then(|cycle| units.iter().position(|unit| cycle.contains(&unit[0]))) {
            Some(unit) => units[unit].push(t),
            None => units.push(vec![t]),
        }
    }
    units
}
