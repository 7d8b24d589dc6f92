//! Rows that the user gives literally, in the config file or in a CSV file: usually those of lookup tables.

use dbmocker_plan::Scalar;

/// All rows of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FixedRows {
    /// The file that holds them, for messages.
    pub file: String,
    /// Column names as the user wrote them.
    pub columns: Vec<String>,
    pub rows: Vec<FixedRow>,
}

/// One row and its place in the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FixedRow {
    /// Line on which the row starts, from 1.
    pub line: usize,
    /// One for each column.
    pub cells: Vec<Scalar>,
}

/// Columns of a table that take their values together, from one row of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnGroup {
    /// The list; only the columns of the group.
    pub rows: FixedRows,
    /// The weight of each row; empty if all are equal.
    pub weights: Vec<f64>,
    /// The place of the group, e.g. `shop.yaml, line 3`.
    pub origin: String,
}

/// The values of one column, from a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValueFile {
    /// Rows of one column.
    pub rows: FixedRows,
    /// The weight of each value; empty if all are equal.
    pub weights: Vec<f64>,
}

impl FixedRows {
    /// Returns the file and line of a row, for messages.
    pub fn place(&self, row: usize) -> String {
        format!("`{}`, line {}", self.file, self.rows.get(row).map_or(0, |r| r.line))
    }
}
