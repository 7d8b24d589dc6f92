//! `dbmocker worker`: the worker process of a load, which communicates through pipes.

use std::io::{BufReader, stdin, stdout};
use std::process::ExitCode;

use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::Exit;
use crate::run;

/// Runs until its input ends.
pub fn run(printer: &Printer) -> ExitCode {
    match run::worker(BufReader::new(stdin()), stdout()) {
        Ok(()) => Exit::Ok.into(),
        Err(e) => {
            let failure = config::run_failure(e);
            printer.failure(&failure);
            failure.exit.into()
        }
    }
}
