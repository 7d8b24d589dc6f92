//! Why a table cannot be planned.

use dbmocker_core::humanize;
use dbmocker_core::schema::TableName;
use dbmocker_generate::generator::RowError;
use dbmocker_predicate::EvalError;

use super::counts::{CountError, DependentCount};
use super::options::QueryError;

/// Why a table cannot be planned; the message of its [`TableProblem`](super::TableProblem).
#[derive(Debug, thiserror::Error)]
pub enum Unplannable {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Row(#[from] RowError),
    /// An expression of a key.
    #[error(transparent)]
    Expression(#[from] EvalError),
    #[error(transparent)]
    Counts(#[from] CountError),
    #[error("{0}: that are more rows than any server holds")]
    TooManyRows(DependentCount),
    #[error(
        "its rows cannot be counted for each of `{0}`, which refers back to it and is planned later; give a number"
    )]
    CountedByLater(TableName),
    #[error(
        "its rows cannot be counted for each of `{parent}`: {} of the {} rows there are read; raise --memory-limit, or give a number",
        humanize::count(*read), humanize::count(*existing)
    )]
    CountedByUnread { parent: TableName, read: u64, existing: u64 },
    #[error(
        "key `{key}` is kept by values that planning remembers, {} of them, and --memory-limit allows {}; raise it, or ask for fewer rows",
        humanize::bytes(*bytes), humanize::bytes(*allowed)
    )]
    Memory { key: String, bytes: u64, allowed: u64 },
    #[error("CHECK `{check}` could not be solved ({why}): {text}")]
    Unsolved { check: String, why: String, text: String },
}

impl From<Unplannable> for String {
    fn from(e: Unplannable) -> Self {
        e.to_string()
    }
}
