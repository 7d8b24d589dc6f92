//! `dbmocker completions` and `dbmocker manual`: files for shells and for `man`, made from the parser itself.

use crate::cli::args::{Completions, Manual};
use crate::cli::printer::Printer;
use crate::cli::usage;
use crate::error::{Exit, Failure};

const NAME: &str = "dbmocker";

/// # Errors
/// stdout is closed.
pub fn run(args: &Completions, printer: &Printer) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut usage::command(), NAME, &mut script);
    printer.data(String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// # Errors
/// The folder cannot be written to.
pub fn manual(args: &Manual, printer: &Printer) -> Result<Exit, Failure> {
    let failed = |e: std::io::Error| {
        let context = format!("cannot write the manual pages to `{}`; choose another folder", args.folder.display());
        Failure::new(Exit::Target, anyhow::Error::new(e).context(context))
    };
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(usage::command(), &args.folder).map_err(failed)?;
    printer.note(format_args!("written: {}", args.folder.display()));
    Ok(Exit::Ok)
}
