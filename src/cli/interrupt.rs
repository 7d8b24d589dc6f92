//! Ctrl-C and requests to terminate: the first one asks the run to stop cleanly, the second one ends the program.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::run::Stop;
use crate::stage::spill;

/// Apart from [`STOP`], which the first error of a run sets too.
static REQUESTED: AtomicBool = AtomicBool::new(false);
static STOP: OnceLock<Stop> = OnceLock::new();

/// True once somebody asked the program to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// What the pipelines watch.
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
        if REQUESTED.swap(true, Ordering::SeqCst) {
            spill::remove_folders();
            std::process::exit(Exit::Interrupted as i32);
        }
        stop().set();
        printer.note("stopping; what was changed is being restored (once more: stop at once)");
    })
    .or_exit(Exit::Usage)
}
