//! References whose rows have no parent.

use dbmocker_core::schema::TableName;
use dbmocker_core::value::Value;
use dbmocker_generate::generator::RowError;
use dbmocker_plan::Endless;

/// A foreign key to a table that has no rows and gets none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("foreign key `{foreign_key}` needs rows of `{parent}`, which {why}")]
pub struct EmptyParent {
    pub foreign_key: String,
    pub parent: TableName,
    pub why: EmptyReason,
}

/// Why a parent table has no rows.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EmptyReason {
    #[error("is left out and holds none")]
    LeftOut,
    /// It is in another schema or database.
    #[error("is in {0} and empty; fill it first")]
    Elsewhere(&'static str),
    #[error("is empty and not among the tables to fill; add it with --tables, or fill it first")]
    NotSelected,
    /// Its own settings exclude it.
    #[error(
        "is empty and not filled: {why}{}; request rows of it, fill it first, or request none of this table",
        place(origin)
    )]
    NotRequested { why: &'static str, origin: String },
}

fn place(origin: &str) -> String {
    if origin.is_empty() { String::new() } else { format!(" ({origin})") }
}

/// A foreign key that rows cannot satisfy.
#[derive(Debug, thiserror::Error)]
pub enum ForeignKeyError {
    #[error(transparent)]
    Empty(#[from] EmptyParent),
    #[error(
        "the columns of self reference `{0}` are those of other foreign keys, and nothing makes them agree; leave the \
         table out with --exclude-tables"
    )]
    SelfReference(String),
    #[error("foreign keys {0} share columns, but no rows of their parents agree on them")]
    NoAgreement(String),
    #[error(
        "foreign key `{foreign_key}` must agree in {shared}, and key `{key}` over its other columns cannot be kept; make {free} \
         nullable, or leave the table out with --exclude-tables"
    )]
    SharedKey { foreign_key: String, shared: String, key: String, free: String },
    #[error(
        "no row of `{parent}` that foreign key `{foreign_key}` could refer to meets {checks}; fill that table with rows that do (possible_values in the config file)"
    )]
    Restricted { parent: Box<TableName>, foreign_key: String, checks: String },
}

/// A cycle of foreign keys that rows cannot satisfy.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    #[error("column `{column}` {why}")]
    Endless { column: String, why: Endless },
    #[error(
        "foreign key `{foreign_key}` needs a row of `{parent}` for each that refers back to it, and row {row} has none that agrees; \
         request more rows of `{parent}` (count in the config file), or leave both out with --exclude-tables"
    )]
    Lonely { foreign_key: String, parent: String, row: u64 },
    #[error(transparent)]
    Row(#[from] RowError),
}

/// A reference of the config file, by a type and an id, that rows cannot keep.
#[derive(Debug, thiserror::Error)]
#[error("reference from `{column}` ({origin}): {why}")]
pub struct PairError {
    pub column: String,
    pub origin: String,
    pub why: Box<PairConflict>,
}

/// Why rows cannot keep a reference by a type and an id.
#[derive(Debug, thiserror::Error)]
pub enum PairConflict {
    #[error("a table that it refers to gets no rows in this run; fill it, or leave it out of `to`")]
    NotFilled,
    #[error("something else decides `{kind}` ({kind_reason}) or `{id}` ({id_reason})")]
    Decided { kind: String, kind_reason: String, id: String, id_reason: String },
    #[error("`{kind}` is never {value}")]
    Never { kind: String, value: Value },
    #[error("`{kind}` may be {value}, for which `to` names no table, and `{id}` is never NULL")]
    Unnamed { kind: String, value: Value, id: String },
}
