//! One file per command: each opens its source, calls the engine and prints. Commands contain no other logic.

use std::path::Path;
use std::time::Instant;

use super::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::pages;
use crate::pages::PageFormat;
use crate::report::Report;

pub mod analyze;
pub mod compare;
pub mod completions;
pub mod env;
pub mod explain;
pub mod export;
pub mod generate;
pub mod generators;
pub mod high_performance;
pub mod init_config;
pub mod learn;
pub mod load;
mod load_pipeline;
pub mod manifest;
pub mod plan;
pub mod preview;
pub mod restore;
mod resume;
pub mod runs;
pub mod undo;
pub mod verify;
pub mod worker;

/// Prints the closing report and writes it to `--report`.
fn close(report: Report, begun: Instant, file: Option<&Path>, printer: &Printer) -> Result<Report, Failure> {
    let report = report.seal(begun.elapsed().as_secs_f64());
    printer.note(&report);
    write_report(&report, file)?;
    Ok(report)
}

/// Writes the report: a page or Markdown if the file's name ends so, else JSON.
fn write_report(report: &Report, file: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = file else { return Ok(()) };
    match PageFormat::of(path) {
        Some(PageFormat::Html) => pages::write(path, &pages::report::html(report)).or_exit(Exit::Target),
        Some(PageFormat::Markdown) => pages::write(path, &pages::report::text(report)).or_exit(Exit::Target),
        Some(PageFormat::Json) | None => report.write_json(path).map_err(|e| no_report(path, e)),
    }
}

/// Checks before the run that the report can be written.
fn check_report(file: Option<&Path>) -> Result<(), Failure> {
    file.map_or(Ok(()), |path| Report::can_write(path).map_err(|e| no_report(path, e)))
}

/// As [`check_report`], for `--manifest`.
fn check_manifest(file: Option<&Path>) -> Result<(), Failure> {
    file.map_or(Ok(()), |path| Report::can_write(path).map_err(|e| no_manifest(path, e)))
}

/// Checks, before anything is read, that `--out` can be written.
fn check_out(path: &Path, overwrite: bool) -> Result<(), Failure> {
    let failed = |why: String| Failure::new(Exit::Target, anyhow::anyhow!("cannot write `{}`: {why}", path.display()));
    if path.exists() && !overwrite {
        return Err(failed("it is there already; replace it with --overwrite, or choose another --out".into()));
    }
    dbmocker_core::json_file::can_write(path).map_err(|e| failed(format!("{e}; choose another --out")))
}

fn no_manifest(path: &Path, e: std::io::Error) -> Failure {
    let context = format!("cannot write the manifest `{}`; choose another --manifest", path.display());
    Failure::new(Exit::Target, anyhow::Error::new(e).context(context))
}

fn no_report(path: &Path, e: std::io::Error) -> Failure {
    let context = format!("cannot write the report `{}`; choose another --report", path.display());
    Failure::new(Exit::Target, anyhow::Error::new(e).context(context))
}
