//! One file a command: each opens its source, calls the engine and prints. No command decides anything by itself.

use std::time::Instant;

use super::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::report::Report;

pub mod analyze;
pub mod export;
pub mod load;
pub mod plan;
pub mod preview;
pub mod verify;

/// Shows the closing report and writes it where `--report` says.
fn close(report: Report, begun: Instant, file: Option<&std::path::Path>, printer: &Printer) -> Result<(), Failure> {
    let report = report.seal(begun.elapsed().as_secs_f64());
    printer.note(&report);
    if let Some(path) = file {
        let context = || format!("cannot write the report `{}`; choose another --report", path.display());
        report.write_json(path).map_err(|e| anyhow::Error::new(e).context(context())).or_exit(Exit::Target)?;
    }
    Ok(())
}
