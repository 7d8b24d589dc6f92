//! What the check oracle, the server that evaluates CHECKs for rows that no table holds, is asked.

use crate::value::Value;

/// A CHECK, and candidate rows to evaluate it for.
#[derive(Debug, Clone, Copy)]
pub struct OracleQuery<'a> {
    /// The expression as the server prints it.
    pub expression: &'a str,
    pub cells: &'a [QueryCell<'a>],
    /// One value a cell.
    pub rows: &'a [Vec<Value>],
}

/// A column of the candidate rows.
#[derive(Debug, Clone, Copy)]
pub struct QueryCell<'a> {
    /// As the CHECK calls it.
    pub name: &'a str,
    /// As the server spells it.
    pub type_name: &'a str,
    /// The type is a domain, and what counts is the type below it: the CHECK is its own.
    pub below: bool,
}
