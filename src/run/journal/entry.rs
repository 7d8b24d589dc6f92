//! The journal's entries: data as one line of JSON each, and the plan and schema of the last run in pieces.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use dbmocker_core::schema::TableName;

/// Layout of the lines that this version writes and reads.
pub const VERSION: u32 = 1;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    Run(RunEntry),
    /// A table of the run.
    Table {
        table: TableName,
        before: u64,
        planned: u64,
    },
    /// The tables were emptied, as `--truncate` requires.
    Emptied,
    /// A task, in the task's own transaction, with the rows that it added.
    Task {
        number: u64,
        rows: Vec<(TableName, u64)>,
    },
    /// How the run ended, or that it was resumed.
    State {
        state: RunState,
        at: String,
        message: Option<String>,
    },
}

/// The first line of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    pub version: u32,
    /// Version of the program.
    pub program: String,
    pub started: String,
    /// As [`crate::run::Who`] writes it.
    pub by: String,
    pub command: String,
    pub seed: u64,
    /// "Today" of the rows.
    pub now: String,
    /// The tables were to be emptied first.
    pub truncate: bool,
    /// Triggers may be switched off.
    pub disable_triggers: bool,
    /// Tables whose triggers are switched off while they are loaded, and why.
    #[serde(rename = "silent")]
    pub triggers_disabled: Vec<(TableName, String)>,
    /// The values of flags, by the flags' names.
    pub options: BTreeMap<String, String>,
}

/// The state of a run. A killed run has not recorded its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    /// It was active, and is no longer, without having recorded its end.
    Killed,
    Complete,
    Failed,
    Restored,
    Undone,
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RunState::Running => "running",
            RunState::Killed => "killed",
            RunState::Complete => "complete",
            RunState::Failed => "failed",
            RunState::Restored => "restored",
            RunState::Undone => "undone",
        })
    }
}

/// Kinds of lines, as the column `what` has them.
pub const RUN: &str = "run";
pub const TABLE: &str = "table";
pub const EMPTIED: &str = "emptied";
pub const TASK: &str = "task";
pub const STATE: &str = "state";
/// A piece of the plan, and of the schema that it was made from, in order.
pub const PLAN: &str = "plan";
pub const SCHEMA: &str = "schema";

impl Entry {
    /// What kind of line it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Entry::Run(_) => RUN,
            Entry::Table { .. } => TABLE,
            Entry::Emptied => EMPTIED,
            Entry::Task { .. } => TASK,
            Entry::State { .. } => STATE,
        }
    }
}
