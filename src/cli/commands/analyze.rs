//! `dbmocker analyze`: the schema as dbmocker understands it.

use crate::cli::args::Analyze;
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};

/// # Errors
/// The database cannot be read.
pub fn run(args: &Analyze, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open(&args.database)?;
    if args.json {
        printer.json(&source.schema)?;
    } else {
        printer.data(&source.schema)?;
    }
    Ok(Exit::Ok)
}
