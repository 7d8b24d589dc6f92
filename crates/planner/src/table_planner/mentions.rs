//! Finds the columns that expressions of the schema read.

use dbmocker_core::schema::Dialect;
use dbmocker_predicate as predicate;
use dbmocker_predicate::NamedCheck;

use super::TablePlanner;

/// Returns true if an expression reads a column, or cannot be parsed and contains the column's name.
pub(super) fn reads(text: &str, column: &str, dialect: Dialect) -> bool {
    text.contains(column) && predicate::parse(text, dialect).map_or(true, |tree| tree.mentions(column))
}

/// Returns true if a CHECK reads a column.
pub(super) fn check_reads(check: &NamedCheck, column: &str, dialect: Dialect) -> bool {
    match &check.value {
        Some(value) => value == column,
        None => reads(&check.text, column, dialect),
    }
}

impl TablePlanner<'_> {
    /// Returns true if a key has the column, or reads it in an expression or its predicate.
    pub(super) fn key_reads(&self, c: usize, dialect: Dialect) -> bool {
        let name = self.table.columns[c].name.as_str();
        self.table.keys.iter().any(|key| {
            let part = |p: &dbmocker_core::schema::KeyPart| {
                p.column.as_deref() == Some(name) || p.expression.as_deref().is_some_and(|e| reads(e, name, dialect))
            };
            key.parts.iter().any(part) || key.predicate.as_deref().is_some_and(|p| reads(p, name, dialect))
        })
    }
}
