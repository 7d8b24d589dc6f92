//! Rows that a person gives as they stand: of lookup tables, in the config file or in a CSV file.

use super::Scalar;

/// All rows of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GivenRows {
    /// The file that holds them, for messages.
    pub file: String,
    /// Columns as typed.
    pub columns: Vec<String>,
    pub rows: Vec<GivenRow>,
}

/// One row as it was given, with its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GivenRow {
    /// Where the row starts, from 1.
    pub line: usize,
    /// One a column.
    pub cells: Vec<Scalar>,
}

impl GivenRows {
    /// Where a row stands.
    pub fn place(&self, row: usize) -> String {
        format!("`{}`, line {}", self.file, self.rows.get(row).map_or(0, |r| r.line))
    }
}
