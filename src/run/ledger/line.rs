//! The lines of the ledger: data from which statements are built when they are needed. No line holds a statement that
//! is executed unchecked: the only complete statement is that of a trigger dropped on MySQL, and its heading is parsed.

use serde::{Deserialize, Serialize};

use crate::run::deferred_indexes::IndexDefinition;
use crate::run::disable_triggers::DroppedTrigger;
use crate::run::session::SessionId;
use dbmocker_core::schema::TableName;

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerLine {
    /// The first line. `by`: as written by [`crate::run::Who`].
    Run { version: u32, started: String, by: String },
    /// A table of the run.
    Table { table: TableName, before: u64, planned: u64 },
    /// A session that writes.
    Session { session: SessionId },
    /// A task that a worker process has committed, in the task's own transaction.
    Task { number: u64 },
    /// An empty table is being loaded in parts.
    Parts { table: TableName },
    /// An index of it that was dropped.
    Index { table: TableName, index: IndexDefinition },
    /// A trigger that was dropped, or is about to be (MySQL).
    Trigger { table: TableName, trigger: DroppedTrigger },
}

/// Layout of the lines that this version writes and reads.
pub const VERSION: u32 = 1;

impl LedgerLine {
    /// The kind of the line, for queries by kind.
    pub fn kind(&self) -> &'static str {
        match self {
            LedgerLine::Run { .. } => "run",
            LedgerLine::Table { .. } => "table",
            LedgerLine::Session { .. } => "session",
            LedgerLine::Task { .. } => "task",
            LedgerLine::Parts { .. } => "parts",
            LedgerLine::Index { .. } => "index",
            LedgerLine::Trigger { .. } => "trigger",
        }
    }

    /// The subject of the line: a table or a trigger, by its qualified name, or a number.
    pub fn subject(&self) -> String {
        match self {
            LedgerLine::Run { .. } => String::new(),
            LedgerLine::Table { table, .. } | LedgerLine::Parts { table } | LedgerLine::Index { table, .. } => {
                subject(table, "")
            }
            LedgerLine::Session { session } => session.to_string(),
            LedgerLine::Task { number } => number.to_string(),
            LedgerLine::Trigger { table, trigger } => subject(table, &trigger.name),
        }
    }
}

/// Different names give different subjects.
pub fn subject(table: &TableName, more: &str) -> String {
    serde_json::to_string(&[&table.schema, &table.name, more]).expect("texts always fit JSON")
}
