//! Text tables: columns padded to their widest cell, two spaces apart, no frames.

use std::fmt;

/// The alignment of a column's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A table of short texts.
///
/// ```
/// use dbmocker::report::{Align, Grid};
/// let mut grid = Grid::new(&[("table", Align::Left), ("rows", Align::Right)]);
/// grid.row(["users", "1,000"]);
/// assert_eq!(grid.to_string(), "table   rows\nusers  1,000\n");
/// ```
#[derive(Debug, Clone)]
pub struct Grid {
    align: Vec<Align>,
    rows: Vec<GridLine>,
}

#[derive(Debug, Clone)]
enum GridLine {
    Cells(Vec<String>),
    Rule,
}

impl Grid {
    pub fn new(columns: &[(&str, Align)]) -> Self {
        let head = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        Grid { align: columns.iter().map(|(_, align)| *align).collect(), rows: vec![GridLine::Cells(head)] }
    }

    /// Adds a row; missing cells are empty. Line breaks and control characters become spaces.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let clean = |s: String| if s.contains(char::is_control) { s.replace(char::is_control, " ") } else { s };
        self.rows.push(GridLine::Cells(cells.into_iter().map(|s| clean(s.into())).collect()));
    }

    /// A line of dashes under all columns.
    pub fn rule(&mut self) {
        self.rows.push(GridLine::Rule);
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.align.len()];
        for line in &self.rows {
            let GridLine::Cells(cells) = line else { continue };
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for line in &self.rows {
            let GridLine::Cells(cells) = line else {
                let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
                writeln!(f, "{}", "-".repeat(total))?;
                continue;
            };
            let mut text = String::new();
            for (i, ((cell, width), align)) in cells.iter().zip(&widths).zip(&self.align).enumerate() {
                if i > 0 {
                    text.push_str("  ");
                }
                match align {
                    Align::Left => text.push_str(&format!("{cell:<width$}")),
                    Align::Right => text.push_str(&format!("{cell:>width$}")),
                }
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}
