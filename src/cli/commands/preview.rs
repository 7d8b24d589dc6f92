//! `dbmocker preview`: the first rows of each table as they would be generated.

use std::fmt::Write;
use std::io::IsTerminal;

use serde_json::{Map, Number};

use crate::cli::args::{Preview, TablesArgs};
use crate::cli::config;
use crate::cli::planned::Planned;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::resources;
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
            let source = config::open_schema(&args.database.with_session(&request.session), &args.ddl, printer)?;
            // Parents are planned as well, so that a row refers to the same keys as in a load.
            let tables = TablesArgs::default();
            Planned::make(&source, &tables, &request, false, resources::default_memory())?
        }
    };
    let chosen = planned.choose(&args.tables)?;
    let Planned { plan, generator, .. } = planned;
    if args.rows.edge_cases.is_some() {
        for &t in &chosen {
            let shown = edges(&generator, t, &plan.tables[t], args.limit)?;
            printer.data(format_args!("{}\n{shown}\n", plan.tables[t].name))?;
        }
        return Ok(Exit::Ok);
    }
    let tables = chosen.iter().map(|&t| TablePreview::make(&generator, t, &plan.tables[t], args.limit));
    if args.json {
        let tables = tables.map(|sample| Ok(sample?.json())).collect::<Result<Vec<_>, Failure>>()?;
        printer.json(&tables)?;
        return Ok(Exit::Ok);
    }
    let width = if args.expanded { Some(0) } else { width() };
    for sample in tables {
        printer.data(sample?.text(width))?;
    }
    Ok(Exit::Ok)
}

/// Columns of the terminal; `None` if stdout is not a terminal.
fn width() -> Option<usize> {
    let is_terminal = std::io::stdout().is_terminal();
    is_terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0))
}

/// Some rows of a table.
struct TablePreview<'a> {
    table: &'a TablePlan,
    names: Vec<&'a str>,
    rows: Vec<Vec<Value>>,
}

impl<'a> TablePreview<'a> {
    fn make(generator: &Generator, t: usize, table: &'a TablePlan, limit: u64) -> Result<Self, Failure> {
        let sent = &generator.table(t).sent;
        let names = sent.iter().map(|&c| table.columns[c].name.as_str()).collect();
        let rows = (0..limit.min(table.rows)).map(|row| generator.cells(t, sent, row).or_exit(Exit::Source));
        Ok(TablePreview { table, names, rows: rows.collect::<Result<_, _>>()? })
    }

    /// A line for each row, or, where that is wider than `width`, one for each column.
    fn text(&self, width: Option<usize>) -> String {
        let columns: Vec<(&str, Align)> = self.names.iter().map(|&name| (name, Align::Left)).collect();
        let mut grid = Grid::new(&columns);
        self.rows.iter().for_each(|row| grid.row(row.iter().map(shortened)));
        let lines = grid.to_string();
        let widest = lines.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let rows = if width.is_some_and(|width| widest > width) { self.expanded() } else { lines };
        format!("{}\n{rows}\n", self.table.name)
    }

    fn expanded(&self) -> String {
        let mut out = String::new();
        let width = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (i, row) in self.rows.iter().enumerate() {
            writeln!(out, "-- row {}", i + 1).expect("writing to memory is infallible");
            for (name, value) in self.names.iter().zip(row) {
                let value = value.to_string().replace(char::is_control, " ");
                writeln!(out, "{name:width$}  {value}").expect("writing to memory is infallible");
            }
        }
        out
    }

    /// The table's name and its rows, each an object by column.
    fn json(&self) -> serde_json::Value {
        let row = |row: &Vec<Value>| -> serde_json::Value {
            let pairs = self.names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), json(value)));
            pairs.collect::<Map<_, _>>().into()
        };
        serde_json::json!({ "table": self.table.name.to_string(), "rows": self.rows.iter().map(row).collect::<Vec<_>>() })
    }
}

/// A number where JSON has it exactly, else the text of the value.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(n) if i64::try_from(*n).is_ok() => i64::try_from(*n).unwrap_or_default().into(),
        Value::Float(x) => Number::from_f64(*x).map_or_else(|| value.to_string().into(), Into::into),
        Value::Array(values) => values.iter().map(json).collect::<Vec<_>>().into(),
        value => value.to_string().into(),
    }
}

/// Returns the first rows with edge cases: their numbers, and the columns that hold one.
fn edges(generator: &Generator, t: usize, table: &TablePlan, limit: u64) -> Result<Grid, Failure> {
    let mut grid = Grid::new(&[("row", Align::Right), ("column", Align::Left), ("value", Align::Left)]);
    let compiled = generator.table(t);
    let rows = (0..table.rows).filter(|row| !compiled.edges_in(*row).is_empty());
    for row in rows.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        for c in compiled.edges_in(row) {
            let cell = generator.cells(t, &[c], row).or_exit(Exit::Source)?;
            if let Some(value) = cell.first().filter(|value| !value.is_null()) {
                let text = shortened(value).escape_debug().to_string();
                grid.row([row.to_string(), table.columns[c].name.clone(), text]);
            }
        }
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

    #[test]
    fn values_as_json() {
        assert_eq!(json(&Value::Int(7)), serde_json::json!(7));
        assert_eq!(json(&Value::Int(i128::from(u64::MAX))), serde_json::json!("18446744073709551615"));
        assert_eq!(json(&Value::Array(vec![Value::Null, Value::text("a")])), serde_json::json!([null, "a"]));
    }
}
