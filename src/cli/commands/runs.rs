//! `dbmocker runs`: the runs that a database's journal records.

use std::fmt::Write;

use crate::cli::args::RunsArgs;
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::run;
use crate::run::{History, RunState};
use dbmocker_core::humanize;

/// # Errors
/// The database cannot be reached, or its journal is another role's.
pub fn run(args: &RunsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let connection = config::connection(&args.database, printer)?;
    let runs = run::runs(&connection).map_err(config::run_failure)?;
    if args.json {
        printer.json(&runs)?;
    } else if runs.is_empty() {
        printer.data("no run is recorded on this database\n")?;
    } else {
        printer.data(described(&runs))?;
    }
    Ok(Exit::Ok)
}

/// One line per run, the oldest first.
fn described(runs: &[History]) -> String {
    let mut out = format!("{:<19}  {:<8}  {:>20}  {:>13}  {:<27}  by\n", "started", "state", "seed", "tables", "rows");
    for run in runs {
        let of = |some: u64, all: u64| match some == all {
            true => humanize::count(all),
            false => format!("{} of {}", humanize::count(some), humanize::count(all)),
        };
        let whole = matches!(run.state, RunState::Complete | RunState::Undone);
        let tables = if whole { humanize::count(run.tables) } else { of(run.tables_complete, run.tables) };
        let rows = of(run.rows, run.rows_planned);
        let started: String = plain(&run.started).chars().take(19).collect();
        let unsure = if run.trusted { "" } else { "  (not signed by this account)" };
        writeln!(
            out,
            "{started:<19}  {:<8}  {:>20}  {tables:>13}  {rows:<27}  {} {}{unsure}",
            run.state,
            run.seed,
            plain(&run.by),
            plain(&run.command),
        )
        .expect("writing to memory is infallible");
        if let Some(message) = run.message.as_ref().and_then(|m| m.lines().next()) {
            writeln!(out, "    {}", plain(message)).expect("writing to memory is infallible");
        }
    }
    out
}

/// Removes control characters, which would reach the terminal: any account may have written the text.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(300).collect()
}
