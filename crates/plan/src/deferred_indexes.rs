//! What waits until a table's rows are stored: indexes that are built once, foreign keys that are checked by one join.

use serde::{Deserialize, Serialize};

use crate::TablePlan;
use dbmocker_core::Dialect;

/// What waits for the end of a table's load, inside its transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeferredIndexes {
    /// Dropped before the rows and made again after them.
    pub indexes: Vec<String>,
    /// Constraints of SQLite whose indexes are filled after the rows.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Checked by one join after the rows.
    pub foreign_keys: Vec<String>,
    /// The table, which is empty, is emptied again in the transaction that loads it, so that its rows may be stored
    /// frozen.
    #[serde(default)]
    pub freeze: bool,
    pub reason: String,
}

impl DeferredIndexes {
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty() && self.keys.is_empty() && self.foreign_keys.is_empty() && !self.freeze
    }

    /// For people, in the plan; `None` where the table has nothing that could wait.
    pub fn describe(&self, table: &TablePlan, dialect: Dialect) -> Option<String> {
        if dialect == Dialect::Mysql || (self.is_empty() && table.keys.is_empty() && table.foreign.is_empty()) {
            return None;
        }
        if self.is_empty() {
            return Some(format!("indexes and foreign keys stay in place: {}", self.reason));
        }
        let parts = table.cut.as_ref().is_some_and(|c| c.rows.is_some()) && dialect != Dialect::Sqlite;
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
        // Its transaction is the only one that may see rows before it ends.
        if self.freeze && !parts {
            said.push("TRUNCATE, then COPY FREEZE: no page is written again by the first scan or VACUUM".to_owned());
        }
        if said.is_empty() {
            return None;
        }
        let how = if parts { "written down in the database first" } else { "in the same transaction" };
        Some(format!("{}, {how}: {}", said.join("; "), self.reason))
    }
}
