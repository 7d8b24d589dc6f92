//! `dbmocker analyze`: the schema as dbmocker understands it.

use std::path::Path;

use crate::cli::args::Analyze;
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use dbmocker_core::json_file::STDOUT;
use dbmocker_core::schema::Schema;
use dbmocker_core::yaml::yaml;
use dbmocker_planner::retain;

/// # Errors
/// The database cannot be read, or the file cannot be written.
pub fn run(args: &Analyze, printer: &Printer) -> Result<Exit, Failure> {
    let mut source = config::open_schema(&args.database, &args.ddl, printer)?;
    retain(&mut source.schema, &args.tables.selection()).map_err(config::plan_failure)?;
    let schema = &source.schema;
    if args.output.as_deref().is_some_and(|path| path.as_os_str() == STDOUT) {
        printer.json(schema)?;
    } else if let Some(path) = &args.output {
        write(schema, path)?;
        printer.note(format_args!("written: {}", path.display()));
    } else if args.json {
        printer.json(schema)?;
    } else {
        printer.data(schema)?;
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
