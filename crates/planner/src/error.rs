//! Why a table cannot be planned.

use dbmocker_core::humanize;
use dbmocker_core::schema::TableName;
use dbmocker_generate::generator::RowError;
use dbmocker_predicate::EvalError;
use dbmocker_semantics::Unsupported;

use super::counts::{CountError, DependentCount};
use super::options::QueryError;
use super::parent_weights::WeightError;
use constraints::{CheckError, CountedError, ExclusionError, KeyError};
use fixed_rows::FixedRowsError;
use formulas::FormulaError;
use overrides::OverrideError;
use parents::{EmptyParent, ForeignKeyError, PairError};

pub mod constraints;
pub mod fixed_rows;
pub mod formulas;
pub mod overrides;
pub mod parents;

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
    /// Why the server takes no rows of the table.
    #[error("{}", .0.join("; "))]
    Unfit(Vec<String>),
    #[error(
        "no partition takes its rows: `{table}` is partitioned, and has no partition; create one (CREATE TABLE ... PARTITION OF {table} ...), or leave the table out with --exclude-tables"
    )]
    NoPartition { table: TableName },
    #[error("column `{column}`: {why}")]
    Unsupported { column: String, why: Unsupported },
    #[error(
        "its rows do not fit a page: the values of {columns} columns take about {bytes:.0} bytes, and {page} fit; let columns be NULL, \
         give them a smaller type, or leave the table out with --exclude-tables"
    )]
    RowSize { columns: usize, bytes: f64, page: f64 },
    #[error(transparent)]
    Override(#[from] OverrideError),
    #[error(transparent)]
    FixedRows(#[from] FixedRowsError),
    #[error(transparent)]
    Formula(#[from] FormulaError),
    #[error("CHECK `{check}` does not hold in row {row}: {values}")]
    FormulaCheck { check: String, row: u64, values: String },
    #[error(transparent)]
    ForeignKey(#[from] ForeignKeyError),
    #[error(transparent)]
    Pair(#[from] PairError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Exclusion(#[from] ExclusionError),
    #[error(transparent)]
    Counted(#[from] CountedError),
    #[error("{0}: that are more rows than any server holds")]
    TooManyRows(Box<DependentCount>),
    #[error(
        "its rows cannot be counted for each of `{0}`, which refers back to it and is planned later; give a number"
    )]
    CountedByLater(TableName),
    #[error("its rows cannot be counted by a weight of `{0}`, which is not filled; give a number for each")]
    WeightsOfExisting(TableName),
    #[error(transparent)]
    Weights(Box<WeightError>),
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

impl Unplannable {
    /// Returns the column whose settings in the config file are refused, if the error is about one.
    pub fn column(&self) -> Option<&str> {
        match self {
            Unplannable::Override(e) => Some(e.column()),
            Unplannable::Check(CheckError::OnlyNull { column, .. }) => Some(column),
            _ => None,
        }
    }
}

impl From<EmptyParent> for Unplannable {
    fn from(e: EmptyParent) -> Self {
        ForeignKeyError::Empty(e).into()
    }
}
