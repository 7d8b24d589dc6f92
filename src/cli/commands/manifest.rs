//! `dbmocker manifest --join`: joins the parts of an export.

use crate::cli::args::ManifestArgs;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use dbmocker_core::humanize;
use dbmocker_files::join::{JoinError, join};

/// # Errors
/// The parts are not those of one export, do not contain every row exactly once, or the manifest cannot be written.
pub fn run(args: &ManifestArgs, printer: &Printer) -> Result<Exit, Failure> {
    let joined = join(&args.join, args.out.as_deref(), args.overwrite).map_err(|e| {
        let exit = match e {
            JoinError::Write(_) => Exit::Target,
            JoinError::Outside { .. } | JoinError::NoCommonFolder => Exit::Usage,
            _ => Exit::Source,
        };
        Failure::new(exit, e)
    })?;
    let (manifest, folder) = joined;
    let files = manifest.tables.iter().map(|t| t.files.len() as u64).sum();
    printer.note(format_args!(
        "{}: {}, {}, {}",
        folder.join(manifest.slice.manifest_name()).display(),
        humanize::plural(manifest.tables.len() as u64, "table"),
        humanize::rows(manifest.tables.iter().map(|t| t.rows).sum()),
        humanize::plural(files, "file"),
    ));
    Ok(Exit::Ok)
}
