//! `dbmocker plan`: what a load would do, and why.

use crate::cli::args::Plan;
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::plan::Detail;

/// # Errors
/// The database cannot be read, or no plan fits.
pub fn run(args: &Plan, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open(&args.database)?;
    let (mut plan, _) = config::plan(&source, &args.tables, &args.rows, args.truncate)?;
    plan.postpone(&source.schema, args.indexes.postpone_from());
    if args.json {
        printer.json(&plan)?;
    } else {
        printer.data(plan.describe(Detail::Columns))?;
    }
    Ok(Exit::Ok)
}
