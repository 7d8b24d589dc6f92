//! Keys, CHECKs, exclusion constraints and row counts that no rows satisfy.

use dbmocker_core::humanize;
use dbmocker_core::schema::TableName;
use dbmocker_plan::lines_to_add;

use super::parents::EmptyParent;

/// CHECKs that no row satisfies, with the rules of the config file that take part.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("{why}, so that no row can meet {checks}")]
    NoParent { why: Box<EmptyParent>, checks: String },
    #[error(
        "no row can meet {checks} together (columns {}); give rules for the columns in the config file, e.g.{}",
        columns.join(", "), lines_to_add(table, columns)
    )]
    Together { checks: String, columns: Vec<String>, table: String },
    #[error("{} contradicts {checks}; change it in the config file", rules.join(" and "))]
    Rules { rules: Vec<String>, checks: String },
    #[error(
        "`{rule}` for column `{column}` contradicts {checks}: nothing but NULL is left; change it in the config file"
    )]
    OnlyNull { rule: String, column: String, checks: String },
    #[error(
        "column `{column}`: the server takes none of {tried} values for {domain}; give it a rule in the config file, e.g.{}",
        lines_to_add(table, std::slice::from_ref(column))
    )]
    Domain { column: String, tried: usize, domain: String, table: String },
}

/// A key that the rows cannot satisfy.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("key `{key}` names no column `{column}`")]
    NoColumn { key: String, column: String },
    #[error(
        "no row satisfies `{key}`; give rules for its columns in the config file, e.g.{}",
        lines_to_add(table, columns)
    )]
    NoRow { key: String, table: String, columns: Vec<String> },
    #[error(
        "key `{}` {why}, and {} rows are too many to look at while planning, at most {}; ask for fewer rows, or empty the \
         table with --truncate",
        keys.join("`, `"), humanize::count(*rows), humanize::count(*most)
    )]
    TooManyRows { keys: Vec<String>, why: &'static str, rows: u64, most: u64 },
}

/// An exclusion constraint under which existing rows leave no room.
#[derive(Debug, thiserror::Error)]
pub enum ExclusionError {
    #[error(
        "exclusion constraint `{0}`: existing rows overlap new ones; empty the table with --truncate, or leave it out with --exclude-tables"
    )]
    Overlap(String),
    #[error(
        "exclusion constraint `{0}`: existing rows leave no room for new ones; empty the table with --truncate, or leave it out with --exclude-tables"
    )]
    NoRoom(String),
}

/// A row count for each row of a parent that the table cannot have.
#[derive(Debug, thiserror::Error)]
#[error("{requested}: that cannot be kept: {why}")]
pub struct CountedError {
    pub requested: String,
    pub why: Box<CountConflict>,
}

/// Why a parent's rows cannot have the requested numbers of rows.
#[derive(Debug, thiserror::Error)]
pub enum CountConflict {
    #[error("foreign key `{0}` follows from another one; count by that one's parent")]
    Implied(String),
    #[error("these are {requested} rows, and the table can have {rows}: {why}")]
    Limited { requested: u64, rows: u64, why: String },
    #[error("a key allows {room} rows for each ({reason})")]
    KeyRoom { room: u64, reason: String },
    #[error("a key holds the foreign key, and its rows cannot be counted by weight; give a `law`")]
    WeightsOfKey,
    #[error("a key allows one row for each")]
    KeyOfOne,
    #[error("something else chooses the rows of `{parent}`: {reason}")]
    Chosen { parent: TableName, reason: String },
    #[error("a CHECK, another foreign key or an override decides the columns of `{0}`")]
    Decided(String),
}
