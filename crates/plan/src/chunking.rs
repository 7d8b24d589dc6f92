//! How the rows of a large table are divided into parts, each loaded in a transaction of its own.

use serde::{Deserialize, Serialize};

use crate::TablePlan;
use dbmocker_core::humanize;

/// The processes that were chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessChoice {
    /// 1: threads of one process.
    pub processes: usize,
    pub reason: String,
}

/// How a table's rows are shared out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPlan {
    /// Rows of a part; `None`: all of them in one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<u64>,
    pub reason: String,
}

impl ChunkPlan {
    /// For people, in the plan.
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
