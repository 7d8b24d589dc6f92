//! `dbmocker manifest --join`: joins the parts of an export.

use crate::cli::args::ManifestArgs;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::run::{PreparedScript, joined_script};
use dbmocker_core::humanize;
use dbmocker_files::join::{JoinError, join};
use dbmocker_files::manifest::SQL_SCRIPT;
use dbmocker_files::objects::StoreError;
use dbmocker_files::{Slice, Store, objects};

/// # Errors
/// The parts are not those of one export, do not contain every row exactly once, or the manifest cannot be written.
pub fn run(args: &ManifestArgs, printer: &Printer) -> Result<Exit, Failure> {
    if let [url] = &args.join[..]
        && let Some(url) = url.to_str().filter(|url| objects::is_url(url))
    {
        return in_store(url, args, printer);
    }
    let (manifest, folder) = join(&args.join, args.out.as_deref()).map_err(|e| {
        let exit = match e {
            JoinError::Outside { .. } | JoinError::NoCommonFolder => Exit::Usage,
            _ => Exit::Source,
        };
        Failure::new(exit, e)
    })?;
    // Before a manifest that is to be replaced is removed.
    let script = joined_script(&manifest, &folder, args.overwrite).or_exit(Exit::Target)?;
    let finish = || script.map_or(Ok(()), PreparedScript::finish);
    manifest.write_after(&folder, args.overwrite, finish).or_exit(Exit::Target)?;
    tell(&manifest, &folder.join(manifest.slice.manifest_name()).display(), printer);
    Ok(Exit::Ok)
}

/// Joins the parts of a store.
fn in_store(url: &str, args: &ManifestArgs, printer: &Printer) -> Result<Exit, Failure> {
    let failed = |e: StoreError| Failure::new(Exit::Source, e);
    let store = Store::open(url).map_err(failed)?;
    let whole = Slice::Whole.manifest_name();
    let replaces = store.has(&whole).map_err(failed)?;
    if replaces && !args.overwrite {
        return Err(failed(StoreError::Taken { url: url.to_owned() }));
    }
    let folder = tempfile::tempdir().or_exit(Exit::Target)?;
    store.fetch_slices(folder.path()).map_err(failed)?;
    let (manifest, out) = join(&[folder.path().to_owned()], Some(folder.path())).or_exit(Exit::Source)?;
    let script = joined_script(&manifest, &out, true).or_exit(Exit::Target)?;
    if script.is_some() && !args.overwrite && store.has(SQL_SCRIPT).map_err(failed)? {
        let object = format!("{}/{SQL_SCRIPT}", store.url());
        return Err(Failure::new(Exit::Target, StoreError::Exists { object }));
    }
    if replaces {
        store.remove(&whole).or_exit(Exit::Target)?;
    }
    if let Some(script) = script {
        script.finish().or_exit(Exit::Target)?;
        store.put(&out, SQL_SCRIPT).or_exit(Exit::Target)?;
    }
    manifest.write(&out, false).or_exit(Exit::Target)?;
    store.put(&out, &whole).or_exit(Exit::Target)?;
    tell(&manifest, &format_args!("{}/{whole}", store.url()), printer);
    Ok(Exit::Ok)
}

fn tell(manifest: &dbmocker_files::Manifest, name: &dyn std::fmt::Display, printer: &Printer) {
    let files = manifest.tables.iter().map(|t| t.files.len() as u64).sum();
    printer.note(format_args!(
        "{}: {}, {}, {}",
        name,
        humanize::plural(manifest.tables.len() as u64, "table"),
        humanize::rows(manifest.tables.iter().map(|t| t.rows).sum()),
        humanize::plural(files, "file"),
    ));
}
