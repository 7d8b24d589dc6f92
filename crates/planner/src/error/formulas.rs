//! Expressions and rules of the config file that rows cannot keep.

use super::overrides::ForbiddenValue;
use dbmocker_core::schema::TableName;
use dbmocker_core::value::Value;
use dbmocker_generate::generator::RowError;
use dbmocker_predicate::EvalError;

/// An expression, rules or a series that a column cannot have.
#[derive(Debug, thiserror::Error)]
#[error("{key} of `{column}` ({origin}): {why}")]
pub struct FormulaError {
    /// The key of the config file.
    pub key: &'static str,
    pub column: String,
    pub origin: String,
    pub why: Box<FormulaConflict>,
}

/// Why a column cannot have the values of its expression.
#[derive(Debug, thiserror::Error)]
pub enum FormulaConflict {
    #[error("the column is NOT NULL")]
    NotNull,
    #[error("a foreign key may be NULL by a column with a list of values; give that column possible_values")]
    ForeignKeyByOther,
    #[error("foreign key `{0}` cannot be NULL by rules of one of its columns")]
    ForeignKeyByOwn(String),
    #[error("the rows are counted for each `{0}`, and each has one")]
    Counted(TableName),
    #[error(
        "rules over several columns, or with values, do not keep its `distribution`; give conditions over one \
         column and `null: true`"
    )]
    Distribution,
    #[error(
        "the rows of one parent are not consecutive, so they cannot be numbered; give the table a `count` for each row of that parent"
    )]
    NotNumbered,
    #[error("a foreign key of its path is implied by another one, or leads to rows that are not planned")]
    NotPlanned,
    #[error("`{table}` holds {rows} rows from before, whose columns are not read; empty it with --truncate")]
    Unread { table: TableName, rows: u64 },
    #[error("`{table}` holds {rows} rows from before, whose values the series would meet; empty it with --truncate")]
    Meets { table: TableName, rows: u64 },
    #[error(
        "`{table}` holds {rows} rows from before, so that numbers of rows of one `{parent}` would begin at 1 again; empty it with --truncate"
    )]
    BeginsAgain { table: TableName, rows: u64, parent: TableName },
    #[error(
        "in rows {first} and {second} it gives {value}, and key `{key}` needs different values; let it read more of what identifies the row"
    )]
    Repeated { key: String, first: u64, second: u64, value: Value },
    #[error(
        "key `{key}` needs different values, and it gives only {rows} of them for {requested} rows; let it read more of what identifies the row"
    )]
    TooFew { key: String, rows: u64, requested: u64 },
    #[error("{why} needs a value in rows with {column} = {value}; change the rule, or the values of `{column}`")]
    NeedsValue { why: String, column: String, value: Value },
    #[error("one of them {0}; leave the value out, or change the CHECK")]
    Forbidden(Box<ForbiddenValue>),
    #[error("only NULL meets {0}; change the expression")]
    OnlyNull(String),
    #[error(
        "in row {row} it gives {value}, which SQLite would store as it is, not as a whole number; write cast(round(...) as integer)"
    )]
    NotWhole { row: u64, value: Value },
    #[error("`{0}` is not filled in this run, so that its rows are not known")]
    NotFilled(TableName),
    #[error(
        "the rows of `{child}` cannot be found from a row of `{parent}`; give `{child}` a `count` for each of them"
    )]
    NotFound { child: TableName, parent: TableName },
    #[error("it depends on itself, by columns that are computed from others")]
    Circular,
    #[error("in row {row} it gives {why}")]
    Value { row: u64, why: ValueMisfit },
    #[error(
        "the server computes another value, or an error, where {0}; write it so that both agree, e.g. with round() or cast()"
    )]
    Server(String),
    #[error(transparent)]
    Expression(#[from] EvalError),
    #[error(transparent)]
    Row(#[from] RowError),
}

/// A computed value that its column does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ValueMisfit {
    #[error("NULL, and the column is NOT NULL; wrap the expression in coalesce(..., ...)")]
    Null,
    #[error("{n}, and `{ty}` holds {lo} to {hi}")]
    Range { n: i128, ty: String, lo: i128, hi: i128 },
    #[error("{value}, which `{ty}` does not hold")]
    Outside { value: Value, ty: String },
}
