//! How the rows of a large table are divided into parts, each loaded in its own transaction.

use serde::{Deserialize, Serialize};

use crate::TablePlan;
use dbmocker_core::humanize;

/// The chosen number of loader processes, and the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessChoice {
    /// 1: threads of a single process.
    pub processes: usize,
    pub reason: String,
}

/// How a table's rows are divided among loaders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPlan {
    /// Rows per part; `None`: all rows in one part.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<u64>,
    pub reason: String,
}

impl ChunkPlan {
    /// Returns the text that a printed plan shows.
    pub fn describe(&self, table: &TablePlan) -> String {
        match self.rows {
            None => format!("one part: {}", self.reason),
            Some(rows) => format!(
                "{} of {} rows at most: {}",
                humanize::plural(table.rows.div_ceil(rows), "part"),
                humanize::count(rows),
                self.reason
            ),
        }
    }
}
