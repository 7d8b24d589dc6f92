//! `dbmocker load`: generated rows, or those of exported files, into the database.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::{check_report, close, verify};
use crate::cli::args::Load;
use crate::cli::config::{self, Resources, Source};
use crate::cli::interrupt;
use crate::cli::printer::Printer;
use crate::cli::progress::Bar;
use crate::error::{Exit, Failure, OrExit};
use crate::plan::{Detail, select};
use crate::report::{Left, Progress, Report, number};
use crate::run::{self, LoadOptions, TableJob};
use crate::schema::Table;
use crate::stage::Manifest;
use crate::time::timestamp_text;

/// # Errors
/// The database or the files cannot be read, no plan fits, or the server refuses rows.
pub fn run(args: &Load, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.report.as_deref())?;
    let source = config::open(&args.database)?;
    let (jobs, report) = match &args.from {
        Some(folder) => from_files(args, folder, &source, printer)?,
        None => from_plan(args, &source, printer)?,
    };
    let resources = Resources::new(&args.resources);
    let options = LoadOptions {
        connections: resources.streams,
        truncate: args.truncate,
        append: args.append,
        started: started(),
    };
    let filled: Vec<_> = jobs.iter().map(|j| j.name.clone()).collect();
    let progress = Arc::new(Progress::new(jobs.iter().map(|j| (source.schema.label(&j.name), j.rows))));
    let bar = Bar::start(progress.clone(), printer);
    let flow = resources.flow()?;
    let Source { connection, schema } = &source;
    let loaded = run::load(connection, schema, jobs, &options, &flow, &progress);
    drop(bar);
    let loaded = loaded.map_err(config::run_failure)?;
    let report = Report {
        command: "load".into(),
        target: connection.to_string(),
        server: schema.server.clone(),
        workers: resources.workers,
        memory_limit: resources.limit,
        tables: loaded.tables,
        notes: report.notes.iter().cloned().chain(loaded.notes).collect(),
        ..report
    };
    close(report, begun, args.report.as_deref(), printer)?;
    if args.no_verify { Ok(Exit::Ok) } else { verify::after_load(&source, &filled, printer) }
}

/// What is generated: the jobs of a plan.
fn from_plan(args: &Load, source: &Source, printer: &Printer) -> Result<(Vec<TableJob>, Report), Failure> {
    let (mut plan, generator) = config::plan(source, &args.tables, &args.rows, args.truncate)?;
    plan.postpone(&source.schema, args.indexes.postpone_from());
    printer.note(plan.describe(Detail::Tables));
    let unsolved = plan.unsolved();
    if !args.no_probe {
        let Source { connection, schema } = source;
        run::probe(connection, schema, &plan, &generator, interrupt::stop()).map_err(config::run_failure)?;
    } else if let Some(first) = unsolved.first() {
        return Err(Failure::new(
            Exit::Source,
            anyhow::anyhow!("{first}; without the trial (--no-probe) nobody knows whether rows keep it"),
        ));
    }
    let report = Report {
        seed: plan.seed,
        now: timestamp_text(plan.now),
        left_out: plan.left_out.iter().map(Left::from).collect(),
        notes: unsolved
            .into_iter()
            .map(|u| format!("{u}; the server accepted the rows that it was asked about"))
            .collect(),
        ..Report::default()
    };
    Ok((run::jobs_from_plan(&source.schema, &plan, &generator), report))
}

/// What was exported: the manifest's tables, their files checked first.
fn from_files(
    args: &Load,
    folder: &Path,
    source: &Source,
    printer: &Printer,
) -> Result<(Vec<TableJob>, Report), Failure> {
    let manifest = Manifest::read(folder).or_exit(Exit::Source)?;
    printer.note(format_args!("checking {} of files", number::bytes(manifest.bytes())));
    manifest.verify_files(folder, &mut |_| {}).or_exit(Exit::Source)?;
    let (chosen, left_out) = select(&source.schema, &args.tables.selection()).map_err(config::plan_failure)?;
    let wanted = |table: &Table| chosen.iter().any(|&t| source.schema.tables[t].name == table.name);
    let jobs = run::jobs_from_manifest(&source.schema, &manifest, folder, &wanted, args.truncate);
    let mut jobs = jobs.map_err(|problems| {
        Failure::new(Exit::Source, anyhow::anyhow!("the files do not fit this database:\n{problems}"))
    })?;
    run::postpone(&source.schema, &mut jobs, args.indexes.postpone_from());
    let report = Report {
        seed: manifest.seed,
        now: manifest.now.clone(),
        left_out: left_out.iter().map(Left::from).collect(),
        ..Report::default()
    };
    Ok((jobs, report))
}

/// The clock, for the note in the database that a run is under way; no generated value depends on it.
fn started() -> String {
    let micros = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
    timestamp_text(micros)
}
