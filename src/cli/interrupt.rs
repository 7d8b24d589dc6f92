//! Ctrl-C and requests to terminate: the first one asks the run to stop cleanly, the second one ends the program.

use std::sync::OnceLock;

use super::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::run::Stop;

static STOP: OnceLock<Stop> = OnceLock::new();

/// What the pipelines watch: set once somebody asked the program to stop.
pub fn stop() -> &'static Stop {
    STOP.get_or_init(Stop::default)
}

/// Starts listening.
///
/// # Errors
/// The system refuses a signal handler.
pub fn install(printer: &Printer) -> Result<(), Failure> {
    let printer = printer.clone();
    ctrlc::set_handler(move || {
        if stop().is_set() {
            std::process::exit(Exit::Interrupted as i32);
        }
        stop().set();
        printer.note("stopping; what was changed is being restored (once more: stop at once)");
    })
    .or_exit(Exit::Usage)
}
