//! `dbmocker generators`: the names that a config file may use, by subject.

use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::report::{Align, Grid};
use dbmocker_semantics::generators;

/// Characters of an example that are shown.
const SHOWN: usize = 90;

/// # Errors
/// stdout is closed.
pub fn run(printer: &Printer) -> Result<Exit, Failure> {
    let all = generators();
    let mut from = 0;
    for of_one in all.chunk_by(|a, b| a.subject == b.subject) {
        let mut grid = Grid::new(&[("generator_function", Align::Left), ("example", Align::Left)]);
        for generator in of_one {
            let example = generator.example();
            let line: String = example.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect();
            grid.row([generator.name.to_owned(), line]);
        }
        let space = if from > 0 { "\n" } else { "" };
        from += of_one.len();
        printer.data(format_args!("{space}{} ({})\n", of_one[0].subject, of_one.len()))?;
        printer.data(grid)?;
    }
    Ok(Exit::Ok)
}
