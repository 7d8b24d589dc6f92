//! Ctrl-C and requests to terminate: the first one stops the run cleanly, the second one ends the program. Before a run
//! nothing has to be restored: then the first one ends the program.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::run::{Stop, remove_lock_file};
use dbmocker_files::spill;

/// Separate from [`STOP`], which the first error of a run sets, too.
static REQUESTED: AtomicBool = AtomicBool::new(false);
static STOP: OnceLock<Stop> = OnceLock::new();

/// True after a request to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// The flag that the pipelines check.
pub fn stop() -> &'static Stop {
    STOP.get_or_init(Stop::default)
}

/// One request may arrive twice: `timeout` and some shells send it to the program and to its group.
const ONE_REQUEST: Duration = Duration::from_millis(500);

/// Installs the handlers.
///
/// # Errors
/// The system refuses a signal handler.
pub fn install(printer: &Printer) -> Result<(), Failure> {
    let printer = printer.clone();
    let mut first: Option<Instant> = None;
    ctrlc::set_handler(move || {
        REQUESTED.store(true, Ordering::SeqCst);
        let again = first.is_some_and(|first| first.elapsed() > ONE_REQUEST);
        match STOP.get() {
            Some(stop) if !again => {
                stop.set();
                if first.is_none() {
                    printer.note("stopping; what was changed is being restored (once more: stop at once)");
                }
            }
            _ => end(),
        }
        first.get_or_insert_with(Instant::now);
    })
    .or_exit(Exit::Usage)
}

fn end() -> ! {
    spill::remove_folders();
    remove_lock_file();
    std::process::exit(Exit::Interrupted as i32);
}
