//! `dbmocker restore`: restores a database after a killed load.

use crate::cli::args::Restore;
use crate::cli::config;
use crate::cli::interrupt;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::run;
use crate::run::Restoring;

/// # Errors
/// The database cannot be reached, the run is still active, or the server refuses a statement.
pub fn run(args: &Restore, printer: &Printer) -> Result<Exit, Failure> {
    let (connection, _lock) = config::locked(&args.database, &args.turn, args.force, printer)?;
    let how = Restoring { force: args.force, trust: args.trust_ledger };
    let done = run::restore(&connection, how, interrupt::stop());
    match done.map_err(config::run_failure)? {
        Some(lines) => printer.data(lines.join("\n") + "\n")?,
        None => printer.data("no load was killed on this database: nothing to restore\n")?,
    }
    Ok(Exit::Ok)
}
