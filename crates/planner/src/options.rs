//! What planning is asked, and whom it may ask about rows that are there.

use super::overrides::Overrides;
use super::profile::Learned;
use super::select::Selection;
use dbmocker_core::schema::{OracleQuery, Table, TableName};
use dbmocker_core::value::Value;

/// How rows are shared out among tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// Every table gets as many.
    #[default]
    Level,
    /// Nobody says how many: each table has the size of its role.
    ByRole,
    /// The largest table gets them, the others what their role says.
    Largest,
}

/// What a run is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub rows: u64,
    /// What `rows` means.
    pub shape: Shape,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub now: i64,
    pub selection: Selection,
    /// Rows that are there now will be deleted before the load.
    pub truncate: bool,
    /// Statistics that the rows are to have.
    pub profile: Option<Learned>,
    /// Whose names, addresses and words, by weight; by the tables where none is asked for.
    pub locales: dbmocker_domain::locale::Locales,
    /// Telephone numbers that look valid to any check, and may be somebody's.
    pub valid_phones: bool,
    /// What was asked for beyond that, for single tables and columns.
    pub overrides: Overrides,
    /// Tables that cannot be planned, or hold a CHECK that cannot be solved, are left out with the children that need
    /// them, instead of failing the plan.
    pub skip_unsolved: bool,
    /// Rows need not agree with each other beyond keys and CHECKs.
    pub no_coherence: bool,
    /// Bytes that the plan may hold, of keys of rows that are there and of what keeps keys apart.
    pub memory: Option<u64>,
    /// Tables whose rows the server has refused: left out with the children that need them.
    pub refused: Vec<Problem>,
}

/// Which tuples of rows that are there are asked for.
#[derive(Debug, Clone, Copy)]
pub struct KeyRequest<'a> {
    pub table: &'a Table,
    /// Positions in the table.
    pub columns: &'a [usize],
    pub limit: Option<u64>,
}

/// What planning asks the server for: key values of rows that are already there, and its judgement of rows that are
/// not.
pub trait ExistingRows {
    /// Hands over the tuples, none with NULL: at most `limit`, in a stable order, spread evenly over all; or all of
    /// them, in any order.
    ///
    /// # Errors
    /// If the server cannot be asked.
    fn read(&self, keys: &KeyRequest<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), String>;

    /// Whether rows would keep a CHECK; `None` if nobody can say.
    ///
    /// # Errors
    /// If the server cannot be asked.
    fn check_oracle(&self, oracle_query: &OracleQuery<'_>) -> Result<Option<Vec<bool>>, String> {
        let _ = oracle_query;
        Ok(None)
    }

    /// The texts of the functions that an expression calls, at any depth.
    ///
    /// # Errors
    /// If the server cannot be asked.
    fn sources(&self, expression: &str) -> Result<Vec<String>, String> {
        let _ = expression;
        Ok(Vec::new())
    }
}

/// For empty databases and for tests.
pub struct NoExistingRows;

impl ExistingRows for NoExistingRows {
    fn read(&self, _: &KeyRequest<'_>, _: &mut dyn FnMut(Vec<Value>)) -> Result<(), String> {
        Ok(())
    }
}

/// What is wrong with one table, and the way out.
#[derive(Debug, Clone)]
pub struct Problem {
    pub table: TableName,
    pub message: String,
}
