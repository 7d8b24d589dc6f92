//! Rows of the config file that a table cannot have.

use dbmocker_core::schema::TableName;
use dbmocker_generate::batch::GenerateError;

use super::overrides::{TypedValueError, WeightError};

/// A list of rows that does not fit its table.
#[derive(Debug, thiserror::Error)]
pub enum FixedRowsError {
    #[error("{place}: the server generates column `{column}`; leave it out")]
    Generated { place: String, column: String },
    #[error("column `{column}`: its values are given by rows, `{key}` cannot be kept; leave it out")]
    Override { column: String, key: &'static str },
    #[error("{place}, column `{column}`: NULL contradicts its NOT NULL")]
    Null { place: String, column: String },
    #[error("{place}, column `{column}`: {why}")]
    Value { place: String, column: String, why: Box<TypedValueError> },
    #[error("{place}: {why}")]
    Weights { place: String, why: WeightError },
    #[error("{place}: foreign key `{foreign_key}` is given in part; give all of its columns ({columns}), or none")]
    Partial { place: String, foreign_key: String, columns: String },
    #[error("{place}: key `{key}` ({values}) stands in line {line} as well")]
    Repeated { place: String, key: String, values: String, line: usize },
    #[error(
        "{place}: key `{key}` ({values}) is in the table already; empty it with --truncate, or use its rows with use_existing_data: true"
    )]
    Taken { place: String, key: String, values: String },
    #[error("{place}: key `{key}` takes each row of the list once, so that weights cannot be kept; leave them out")]
    WeightsOfKey { place: String, key: String },
    #[error("{place}: only {rows} of {given} rows fit: {why}")]
    TooMany { place: String, rows: u64, given: usize, why: String },
    #[error("{place}: {why}")]
    Convert { place: String, why: Box<GenerateError> },
    #[error("{place}: the row breaks {check} ({text})")]
    Check { place: String, check: String, text: String },
    #[error("{place}: foreign key `{foreign_key}` ({values}) has no matching row in `{parent}`")]
    NoParent { place: String, foreign_key: String, values: String, parent: Box<TableName> },
}
