//! Work deferred until a table's rows are stored: indexes built once, foreign keys checked by one join.

use serde::{Deserialize, Serialize};

use crate::TablePlan;
use dbmocker_core::Dialect;

/// Work deferred to the end of a table's load, within its transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeferredIndexes {
    /// Indexes dropped before the load and recreated after it.
    pub indexes: Vec<String>,
    /// Constraints of SQLite whose indexes are filled after the rows.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Foreign keys checked by one join after the rows.
    pub foreign_keys: Vec<String>,
    /// Truncates the empty table again in the transaction that loads it, so that COPY FREEZE is allowed.
    #[serde(default)]
    pub freeze: bool,
    /// Secondary indexes of MySQL that stay in place: name, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<(String, String)>,
    pub reason: String,
}

impl DeferredIndexes {
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty() && self.keys.is_empty() && self.foreign_keys.is_empty() && !self.freeze
    }

    /// Returns the text that a printed plan shows; `None` if nothing can be deferred.
    pub fn describe(&self, table: &TablePlan, dialect: Dialect) -> Option<String> {
        let parts = table.chunks.as_ref().is_some_and(|c| c.rows.is_some()) && dialect != Dialect::Sqlite;
        if (dialect == Dialect::Mysql && !parts)
            || (self.is_empty() && table.keys.is_empty() && table.foreign.is_empty())
        {
            return None;
        }
        let kept: Vec<String> = self.kept.iter().map(|(name, why)| format!("{name} stays in place: {why}")).collect();
        if self.is_empty() && kept.is_empty() {
            return Some(format!("indexes and foreign keys stay in place: {}", self.reason));
        }
        if self.is_empty() {
            return Some(kept.join("; "));
        }
        let mut said = Vec::new();
        if !self.indexes.is_empty() {
            said.push(format!("{} dropped, made again after the rows", self.indexes.join(", ")));
        }
        if !self.keys.is_empty() {
            said.push(format!("{} filled after the rows", self.keys.join(", ")));
        }
        if !self.foreign_keys.is_empty() {
            said.push(format!("{} checked once, after the rows", self.foreign_keys.join(", ")));
        }
        // FREEZE requires that the transaction that truncates the table also loads all of its rows.
        if self.freeze && !parts {
            said.push("TRUNCATE, then COPY FREEZE: no page is written again by the first scan or VACUUM".to_owned());
        }
        if said.is_empty() {
            return None;
        }
        let how = if parts { "written down in the database first" } else { "in the same transaction" };
        let done = format!("{}, {how}: {}", said.join("; "), self.reason);
        Some([&[done], &kept[..]].concat().join("; "))
    }
}
