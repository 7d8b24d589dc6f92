//! Why a run's rows cannot be removed.

use dbmocker_loaders::LoadError;

use super::Undone;
use crate::verify::rows::RowsError;
use dbmocker_core::schema::TableName;
use dbmocker_schema::SchemaError;

/// Why nothing, or not all, was removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UndoError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(
        "nothing was removed: rows of the run were changed since, or rows that it did not make refer to them\n{found}\
         Undo these changes, or let such rows stay with all rows that they need by --changed keep; --changed remove removes changed rows as well"
    )]
    Blocked { found: Box<Undone> },
    #[error(
        "nothing was removed: the keys of the rows are kept in temporary tables, and this account may make none ({message}); grant it TEMP on the database (MySQL: CREATE TEMPORARY TABLES)"
    )]
    NoTemporary { message: String },
    #[error("nothing was removed: `{table}`: {why}")]
    Unfit { table: TableName, why: String },
    #[error(
        "nothing was removed: `{table}` has no key that cannot be NULL, and holds {others} rows besides those of the run, or changed ones: they cannot be told apart. Let all of its rows stay, with those that they refer to, by --changed keep"
    )]
    NoKey { table: TableName, others: u64 },
    #[error(
        "nothing was removed: rows of `{child}`, which this account does not see or which is in another database, may refer to `{table}`; empty it, or drop its foreign key"
    )]
    Elsewhere { table: TableName, child: String },
    #[error(
        "`{table}`: rows were changed, or referred to, while others were being removed ({what}); batches before that are committed. Run the command again to list them"
    )]
    Meanwhile { table: TableName, what: String },
    #[error(
        "`{table}`: the server removed {removed} of {asked} rows{}; the batch was rolled back",
        if triggers.is_empty() { String::new() } else { format!(": its triggers ({triggers}) prevent it") }
    )]
    NotRemoved { table: TableName, removed: u64, asked: u64, triggers: String },
    #[error("interrupted; the batches removed so far are committed; run the same command again to continue")]
    Interrupted,
}
