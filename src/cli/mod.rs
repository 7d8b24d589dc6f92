//! The command line: arguments ([`args`]) -> resolved configuration ([`config`]) -> one command -> an exit code.
//!
//! stdout has the requested data; logs, progress and errors go to stderr.

use std::process::ExitCode;

use crate::error::{Exit, Failure};

pub mod args;
pub mod commands;
pub mod conda;
pub mod config;
mod connections;
mod effects;
pub mod file;
pub mod guard;
pub mod host;
pub mod interrupt;
pub mod parse;
pub mod planned;
pub mod printer;
pub mod progress;
pub mod request;
pub mod resources;
pub mod row_counts;
pub mod scratch;
mod secrets;
mod size;
pub mod usage;

use args::Command;
use printer::Printer;

/// Runs the program on the process's own arguments.
pub fn main() -> ExitCode {
    secrets::hide_from_process_list();
    let (cli, note) = match usage::parse() {
        Ok(parsed) => parsed,
        Err(e) => return not_parsed(&e),
    };
    let printer = Printer::new(cli.quiet, cli.verbose).colored(cli.color);
    if matches!(cli.command, Command::Worker) {
        // A worker prints no message at exit: it is killed, or its input ends.
        return commands::worker::run(&printer);
    }
    let opened = cli.log_file.as_ref().map_or(Ok(()), |path| printer.log_to(path));
    if printer.shows_details() {
        let printer = printer.clone();
        dbmocker_loaders::trace::listen(move |sql, took| printer.statement(sql, took));
    }
    note.iter().for_each(|note| printer.note(note));
    let fills = matches!(cli.command, Command::Load(_) | Command::Generate(_) | Command::HighPerformance(_));
    let rules = note.as_ref().map_or(Ok(()), |_| usage::check_found(fills));
    let ticker = progress::phases(&printer);
    let done = opened.and(rules).and_then(|()| interrupt::install(&printer)).and_then(|()| run(cli.command, &printer));
    printer.phase_over();
    drop(ticker);
    match done {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_broken_pipe() => Exit::Ok.into(),
        Err(failure) => {
            printer.failure(&failure);
            let exit = if interrupt::requested() { Exit::Interrupted } else { failure.exit };
            exit.into()
        }
    }
}

/// Help and version are not errors; a usage error shows clap's message.
fn not_parsed(e: &clap::Error) -> ExitCode {
    // A closed terminal cannot be handled here.
    let _ = e.print();
    if e.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}

fn run(command: Command, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        Command::Analyze(args) => commands::analyze::run(&args, printer),
        Command::Plan(args) => commands::plan::run(&args, printer),
        Command::Preview(args) => commands::preview::run(&args, printer),
        Command::Export(args) => commands::export::run(&args, printer),
        Command::Manifest(args) => commands::manifest::run(&args, printer),
        Command::Load(args) => commands::load::run(&args, printer),
        Command::Restore(args) => commands::restore::run(&args, printer),
        Command::Undo(args) => commands::undo::run(&args, printer),
        Command::Runs(args) => commands::runs::run(&args, printer),
        Command::Learn(args) => commands::learn::run(&args, printer),
        Command::Compare(args) => commands::compare::run(&args, printer),
        Command::Explain(args) => commands::explain::run(&args, printer),
        Command::ProfileSchema => commands::learn::schema(printer),
        Command::Worker => Ok(Exit::Usage),
        Command::Verify(args) => commands::verify::run(&args, printer),
        Command::HighPerformance(args) => commands::high_performance::run(&args, printer),
        Command::Generate(args) => commands::generate::run(&args, printer),
        Command::InitConfig(args) => commands::init_config::run(&args, printer),
        Command::ConfigSchema => commands::init_config::schema(printer),
        Command::Generators => commands::generators::run(printer),
        Command::Completions(args) => commands::completions::run(&args, printer),
        Command::Manual(args) => commands::completions::manual(&args, printer),
        Command::Env => commands::env::run(printer),
    }
}
