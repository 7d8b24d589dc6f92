//! Queries to the check oracle: the server evaluates CHECKs for candidate rows that are in no table.

use super::TableName;
use crate::value::Value;

/// A CHECK, and candidate rows to evaluate it for.
#[derive(Debug, Clone, Copy)]
pub struct OracleQuery<'a> {
    /// The expression as the server prints it.
    pub expression: &'a str,
    pub cells: &'a [QueryCell<'a>],
    /// One value per cell.
    pub rows: &'a [Vec<Value>],
    /// Tables that the functions of the CHECK read, with the rows that they will hold.
    pub scenes: &'a [Scene<'a>],
}

/// A table that functions read, with rows that it will hold.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    pub table: &'a TableName,
    /// Name, and the server's type name.
    pub columns: Vec<(&'a str, &'a str)>,
    pub rows: Vec<Vec<Value>>,
    /// Number of its existing rows that are included as well.
    pub existing: u64,
}

/// A column of the candidate rows.
#[derive(Debug, Clone, Copy)]
pub struct QueryCell<'a> {
    /// Its name in the CHECK.
    pub name: &'a str,
    /// The server's type name.
    pub type_name: &'a str,
    /// The type is a domain, and the candidates have its base type, because the CHECK is that of the domain.
    pub below: bool,
}
