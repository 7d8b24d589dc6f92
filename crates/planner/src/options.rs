//! The options of planning, and the interface to existing rows.

use super::overrides::Overrides;
use super::profile::LearnedProfile;
use super::select::Selection;
use dbmocker_core::schema::{OracleQuery, Table, TableName};
use dbmocker_core::value::Value;

/// How rows are distributed over tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowDistribution {
    /// The same number for every table.
    #[default]
    Level,
    /// Each table has the size of its role.
    ByRole,
    /// The largest table gets the given number, the others in proportion to their roles.
    Largest,
}

/// The options of a run.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    pub rows: u64,
    /// The meaning of `rows`.
    pub shape: RowDistribution,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub now: i64,
    pub selection: Selection,
    /// Existing rows will be deleted before the load.
    pub truncate: bool,
    /// A profile whose statistics the rows reproduce.
    pub profile: Option<LearnedProfile>,
    /// Languages and countries of names, addresses and words, by weight; derived from the tables if empty.
    pub locales: dbmocker_domain::locale::Locales,
    /// Telephone numbers pass validation, and may belong to real persons.
    pub valid_phones: bool,
    /// Overrides for single tables and columns.
    pub overrides: Overrides,
    /// Tables that cannot be planned, or have an unsolved CHECK, are left out with the children that need them, instead
    /// of failing the plan.
    pub skip_unsolved: bool,
    /// Rows need not be consistent beyond keys and CHECKs.
    pub no_coherence: bool,
    /// Share of rows in which a column holds an edge case.
    pub edge_cases: Option<f64>,
    /// Memory limit of the plan in bytes, for keys of existing rows and for tables that keep keys distinct.
    pub memory: Option<u64>,
    /// Tables whose rows the server rejected: left out with the children that need them.
    pub refused: Vec<TableProblem>,
}

/// The tuples of existing rows to read.
#[derive(Debug, Clone, Copy)]
pub struct KeyRequest<'a> {
    pub table: &'a Table,
    /// Column positions in the table.
    pub columns: &'a [usize],
    pub limit: Option<u64>,
}

/// Why the server did not answer a query of the planner.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct QueryError(Box<dyn std::error::Error + Send + Sync>);

impl QueryError {
    pub fn new(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        QueryError(Box::new(cause))
    }
}

/// The planner's interface to the server: key values of existing rows, and the check oracle.
pub trait ExistingRows {
    /// Calls `each` with the tuples that contain no NULL: at most `limit`, in a stable order, spread evenly over all;
    /// or all of them, in any order.
    ///
    /// # Errors
    /// If the query fails.
    fn read(&self, keys: &KeyRequest<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError>;

    /// Returns for each row whether it satisfies a CHECK; `None` if there is no server to evaluate it.
    ///
    /// # Errors
    /// If the query fails.
    fn check_oracle(&self, oracle_query: &OracleQuery<'_>) -> Result<Option<Vec<bool>>, QueryError> {
        let _ = oracle_query;
        Ok(None)
    }

    /// Returns the texts of the functions that an expression calls, transitively.
    ///
    /// # Errors
    /// If the query fails.
    fn sources(&self, expression: &str) -> Result<Vec<String>, QueryError> {
        let _ = expression;
        Ok(Vec::new())
    }
}

/// For empty databases and for tests.
pub struct NoExistingRows;

impl ExistingRows for NoExistingRows {
    fn read(&self, _: &KeyRequest<'_>, _: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError> {
        Ok(())
    }
}

/// The reason why a table cannot be planned, and the remedy.
#[derive(Debug, Clone)]
pub struct TableProblem {
    pub table: TableName,
    pub message: String,
}
