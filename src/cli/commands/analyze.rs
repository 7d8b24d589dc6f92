//! `dbmocker analyze`: the schema as dbmocker understands it.

use std::path::Path;

use crate::cli::args::Analyze;
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use dbmocker_core::schema::Schema;
use dbmocker_core::yaml::yaml;

/// # Errors
/// The database cannot be read, or the file cannot be written.
pub fn run(args: &Analyze, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open(&args.database, printer)?;
    if let Some(path) = &args.output {
        write(&source.schema, path)?;
        printer.note(format_args!("written: {}", path.display()));
    } else if args.json {
        printer.json(&source.schema)?;
    } else {
        printer.data(&source.schema)?;
    }
    Ok(Exit::Ok)
}

fn write(schema: &Schema, path: &Path) -> Result<(), Failure> {
    let value = serde_json::to_value(schema).or_exit(Exit::Source)?;
    let is_yaml = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"));
    let text = if is_yaml { yaml(&value) } else { format!("{value:#}\n") };
    std::fs::write(path, text).map_err(|e| {
        Failure::new(Exit::Target, anyhow::anyhow!("cannot write `{}`: {e}; choose another --output", path.display()))
    })
}
