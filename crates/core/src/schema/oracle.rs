//! What the check oracle, the server that evaluates CHECKs for rows that no table holds, is asked.

use super::TableName;
use crate::value::Value;

/// A CHECK, and candidate rows to evaluate it for.
#[derive(Debug, Clone, Copy)]
pub struct OracleQuery<'a> {
    /// The expression as the server prints it.
    pub expression: &'a str,
    pub cells: &'a [QueryCell<'a>],
    /// One value a cell.
    pub rows: &'a [Vec<Value>],
    /// Tables that the functions of the CHECK read, with rows that will be there.
    pub scenes: &'a [Scene<'a>],
}

/// A table that functions read, with rows that it will hold.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    pub table: &'a TableName,
    /// Name, and type as the server spells it.
    pub columns: Vec<(&'a str, &'a str)>,
    pub rows: Vec<Vec<Value>>,
    /// So many of the rows that it holds already are there as well.
    pub existing: u64,
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
