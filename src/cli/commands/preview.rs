//! `dbmocker preview`: the first rows of each table as they would be generated.

use crate::cli::args::{Preview, TablesArgs};
use crate::cli::config;
use crate::cli::planned::Planned;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::error::{Exit, Failure, OrExit};
use crate::report::{Align, Grid};
use dbmocker_core::value::Value;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::TablePlan;

/// Longer texts are cut for the screen.
const WIDEST: usize = 32;

/// # Errors
/// The database cannot be read, there is no valid plan, or a row's CHECKs cannot be satisfied.
pub fn run(args: &Preview, printer: &Printer) -> Result<Exit, Failure> {
    let planned = match &args.plan {
        Some(path) => Planned::read(path)?,
        None => {
            let request = Request::new(&args.rows)?;
            let source = config::open(&args.database, printer)?;
            // Parents are planned as well, so that a row refers to the same keys as in a load.
            let tables = TablesArgs::default();
            Planned::make(&source, &tables, &request, false, config::default_memory())?
        }
    };
    let shown = args.table.as_ref().map(|name| planned.table(name)).transpose()?;
    let Planned { plan, generator, .. } = planned;
    let chosen = |t: &(usize, &TablePlan)| shown.is_none_or(|i| i == t.0);
    for (t, table) in plan.tables.iter().enumerate().filter(chosen) {
        printer.data(format_args!("{}\n{}\n", table.name, rows(&generator, t, table, args.limit)?))?;
    }
    Ok(Exit::Ok)
}

fn rows(generator: &Generator, t: usize, table: &TablePlan, limit: u64) -> Result<Grid, Failure> {
    let sent = &generator.table(t).sent;
    let columns: Vec<(&str, Align)> = sent.iter().map(|&c| (table.columns[c].name.as_str(), Align::Left)).collect();
    let mut grid = Grid::new(&columns);
    for row in 0..limit.min(table.rows) {
        let cells = generator.cells(t, sent, row).or_exit(Exit::Source)?;
        grid.row(cells.iter().map(shortened));
    }
    Ok(grid)
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= WIDEST { text } else { text.chars().take(WIDEST - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened(&Value::text("é".repeat(32))), "é".repeat(32));
        assert_eq!(shortened(&Value::text("é".repeat(33))), "é".repeat(31) + "…");
        assert_eq!(shortened(&Value::Null), "NULL");
    }
}
