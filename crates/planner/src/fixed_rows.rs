//! Rows that a person gives as they stand: of lookup tables, in the config file or in a CSV file.

use dbmocker_plan::Scalar;

/// All rows of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FixedRows {
    /// The file that holds them, for messages.
    pub file: String,
    /// Columns as typed.
    pub columns: Vec<String>,
    pub rows: Vec<FixedRow>,
}

/// One row as it was given, with its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FixedRow {
    /// Where the row starts, from 1.
    pub line: usize,
    /// One a column.
    pub cells: Vec<Scalar>,
}

impl FixedRows {
    /// Where a row stands.
    pub fn place(&self, row: usize) -> String {
        format!("`{}`, line {}", self.file, self.rows.get(row).map_or(0, |r| r.line))
    }
}
