//! `dbmocker generators`: the names that a config file may use.

use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::report::{Align, Grid};
use dbmocker_semantics::generator_names;

/// # Errors
/// stdout is closed.
pub fn run(printer: &Printer) -> Result<Exit, Failure> {
    let mut grid = Grid::new(&[("generator_function", Align::Left), ("example", Align::Left)]);
    for (name, _, example) in generator_names() {
        let line: String = example.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        grid.row([name.to_owned(), line]);
    }
    printer.data(grid)?;
    Ok(Exit::Ok)
}
