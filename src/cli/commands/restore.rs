//! `dbmocker restore`: puts back what a killed load left.

use crate::cli::args::Restore;
use crate::cli::config;
use crate::cli::interrupt;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::run;

/// # Errors
/// The database cannot be reached, the run is still at work, or the server refuses.
pub fn run(args: &Restore, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open(&args.database)?;
    let done = run::restore(&source.connection, &source.schema.default_schema, args.force, interrupt::stop());
    match done.map_err(config::run_failure)? {
        Some(lines) => printer.data(lines.join("\n") + "\n")?,
        None => printer.data("no load was killed on this database: nothing to restore\n")?,
    }
    Ok(Exit::Ok)
}
