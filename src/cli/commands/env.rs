//! `dbmocker env`: the machine, what the adaptive rules choose on it, and the conda environments.

use std::fmt::Write;

use crate::cli::conda::Conda;
use crate::cli::host::Machine;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use dbmocker_core::humanize;
use dbmocker_files::error::free_space;

/// # Errors
/// stdout is closed.
pub fn run(printer: &Printer) -> Result<Exit, Failure> {
    let machine = Machine::now();
    let adaptive = machine.adaptive();
    let mut out = String::new();
    let mut line = |name: &str, text: String| {
        writeln!(out, "{name:<18}{text}").expect("writing to memory is infallible");
    };
    line("dbmocker", env!("CARGO_PKG_VERSION").into());
    line("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    line("cores", machine.cores.to_string());
    line(
        "memory",
        match &machine.memory {
            Some(m) => format!("{} available, by {}", humanize::bytes(m.bytes), m.source),
            None => "unknown".into(),
        },
    );
    let disk = |folder: &std::path::Path| match free_space(folder) {
        Some(bytes) => format!("{} free in {}", humanize::bytes(bytes), folder.display()),
        None => format!("unknown in {}", folder.display()),
    };
    line("disk", disk(&std::env::current_dir().unwrap_or_default()));
    line("", disk(&std::env::temp_dir()));
    line("batch size", format!("{} rows", humanize::count(adaptive.batch_rows)));
    line("processes", format!("up to {} for tables of 100 000 rows and more", adaptive.processes));
    line("chosen by", adaptive.because);
    printer.data(out)?;
    printer.data(Conda::here().describe())?;
    Ok(Exit::Ok)
}
