//! `dbmocker load`: generated rows, or those of exported files, into the database.

use std::path::Path;
use std::time::Instant;

use super::load_pipeline::{Fill, warn_search_path};
use super::{check_manifest, check_report, resume};
use crate::cli::args::LoadArgs;
use crate::cli::config;
use crate::cli::config::{Planning, Source};
use crate::cli::connections::Connections;
use crate::cli::guard;
use crate::cli::guard::ConfirmPolicy;
use crate::cli::interrupt;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure, OrExit};
use crate::report::{LeftOut, Report};
use crate::run;
use crate::run::TableJob;
use dbmocker_core::humanize;
use dbmocker_core::schema::Table;
use dbmocker_files::manifest::ManifestError;
use dbmocker_files::{Manifest, Store, manifest, objects};
use dbmocker_plan::{Detail, Plan};
use dbmocker_planner::select;

/// # Errors
/// The database or the files cannot be read, there is no valid plan, or the server refuses rows.
pub fn run(args: &LoadArgs, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.report.as_deref())?;
    check_manifest(args.manifest.as_deref())?;
    if args.resume {
        return resume::run(args, begun, printer);
    }
    let request = Request::new(&args.rows)?;
    let database = args.database.with_session(&request.session);
    let mut source = match args.dry_run {
        true => config::open(&database, printer),
        false => config::open_to_fill(&database, &args.turn, printer),
    }?;
    if !args.dry_run {
        guard::protected(&source, &request.protect)?;
    }
    source.declare(&request.overrides)?;
    let resources = Resources::new(&args.resources, &request.generation);
    // Prefetched and staged rows are for one connection per table, so tables are not loaded in parts.
    let staged = args.staging.is_asked();
    let connections = Connections::choose(&args.processes, staged, resources.streams, &source.connection);
    let connections = connections.map_err(config::run_failure)?;
    let resources = connections.apply(resources, printer);
    let fill = Fill {
        truncate: args.truncate || request.generation.truncate_existing == Some(true),
        append: args.append,
        preflight: !args.no_probe,
        disable_triggers: !args.keep_triggers,
        verify: !args.no_verify,
        report: args.report.as_deref(),
        manifest: args.manifest.as_deref(),
        pace: args.pace.clone(),
        asks: match (args.safety.yes, args.safety.keeps_journal()) {
            (true, _) => ConfirmPolicy::Never,
            (_, true) => ConfirmPolicy::Always,
            // Without a journal it is unknown which rows dbmocker made; on this machine that alone does not stop the
            // run.
            (_, false) => ConfirmPolicy::Elsewhere,
        },
        keep_journal: args.safety.keeps_journal(),
        journal: (!args.safety.no_journal).then(|| resume::load_flags(args, &source.connection.session.settings)),
        ..Fill::new("load", &source, resources, &args.staging, begun)
    };
    match &args.from {
        Some(from) => {
            let fetched = fetched(from, printer)?;
            let folder = fetched.as_ref().map_or(from.as_path(), |copy| copy.path());
            warn_search_path(&source.schema, printer);
            let (jobs, report) = from_files(args, folder, &source, printer)?;
            if fill.truncate {
                let names: Vec<_> = jobs.iter().map(|job| job.name.clone()).collect();
                config::may_empty(&source, &names)?;
            }
            fill.files(jobs, report, printer)
        }
        None => {
            let planning = Planning {
                source: &source,
                tables: &args.tables,
                request: &request,
                truncate: fill.truncate,
                memory: fill.resources.limit,
                postpone_from: args.indexes.postpone_from(),
                loaders: Some(args.processes.loaders(&connections, staged)),
                files: None,
                answers: Default::default(),
            };
            config::planning(&source, printer);
            let (plan, generator) = match &args.plan {
                Some(path) => planning.saved(path)?,
                None => planning.plan(&[])?,
            };
            if args.dry_run {
                printer.data(plan.describe(Detail::Columns))?;
                printer.note("dry run: nothing was written");
                return Ok(Exit::Ok);
            }
            printer.note(plan.describe(Detail::Tables));
            request.notes().for_each(|text| printer.note(text));
            Ok(fill.plan(&planning, plan, generator, printer)?.0)
        }
    }
}

/// A copy of the files of a store in a temporary folder; `None` for a folder, whose files are read where they are.
fn fetched(from: &Path, printer: &Printer) -> Result<Option<tempfile::TempDir>, Failure> {
    let Some(url) = from.to_str().filter(|url| objects::is_url(url)) else { return Ok(None) };
    let store = Store::open(url).or_exit(Exit::Source)?;
    let copy = tempfile::tempdir().or_exit(Exit::Source)?;
    printer.note(format_args!("copying the files of {} to {}", store.url(), copy.path().display()));
    store.fetch(copy.path()).or_exit(Exit::Source)?;
    Ok(Some(copy))
}

/// An export: the manifest's tables, with their files checked first.
fn from_files(
    args: &LoadArgs,
    folder: &Path,
    source: &Source,
    printer: &Printer,
) -> Result<(Vec<TableJob>, Report), Failure> {
    let manifest = Manifest::read(folder).or_exit(Exit::Source)?;
    manifest.loaded_as(folder).or_exit(Exit::Source)?;
    let plan = plan_of(&manifest, folder, printer)?;
    printer.note(format_args!("checking {} of files", humanize::bytes(manifest.bytes())));
    manifest.verify_files(folder, &mut |_| {}).or_exit(Exit::Source)?;
    let (chosen, left_out) = select(&source.schema, &args.tables.selection()).map_err(config::plan_failure)?;
    let wanted = |table: &Table| chosen.iter().any(|&t| source.schema.tables[t].name == table.name);
    let jobs = run::jobs_from_manifest(&source.schema, (&manifest, plan.as_ref()), folder, &wanted, args.truncate);
    let mut jobs = jobs.map_err(|problems| {
        Failure::new(Exit::Source, anyhow::anyhow!("the files do not fit this database:\n{problems}"))
    })?;
    run::check_references(&source.connection, &source.schema, &mut jobs, plan.as_ref(), interrupt::stop())
        .map_err(config::run_failure)?;
    run::defer_indexes(&source.schema, &mut jobs, args.indexes.postpone_from());
    let report = Report {
        seed: manifest.seed,
        now: manifest.now.clone(),
        left_out: left_out.iter().map(LeftOut::from).collect(),
        ..Report::default()
    };
    Ok((jobs, report))
}

/// The plan of the files; `None` if it is of another version, whose rules this one does not know.
fn plan_of(manifest: &Manifest, folder: &Path, printer: &Printer) -> Result<Option<Plan>, Failure> {
    match manifest.plan(&folder.join(manifest::FILE_NAME)) {
        Ok(plan) => Ok(Some(plan)),
        Err(e @ ManifestError::Algorithm { .. }) => {
            printer.note(format_args!("{e}; the files are loaded, and the foreign keys of their rows compared"));
            Ok(None)
        }
        Err(e) => Err(Failure::new(Exit::Source, e)),
    }
}
