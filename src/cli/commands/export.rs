//! `dbmocker export`: generated rows as files with a manifest.

use std::sync::Arc;
use std::time::Instant;

use super::{check_report, close};
use crate::cli::args::{Compression, Export, ExportFormat};
use crate::cli::config;
use crate::cli::config::Resources;
use crate::cli::printer::Printer;
use crate::cli::progress::Bar;
use crate::cli::request::Request;
use crate::error::{Exit, Failure};
use crate::report::{LeftOut, Progress, Report, Waits};
use crate::run;
use crate::run::ExportOptions;
use dbmocker_core::time::timestamp_text;
use dbmocker_files as files;
use dbmocker_files::{Format, ParquetOptions};
use dbmocker_plan::Detail;

/// # Errors
/// The database cannot be read, no plan fits, or the files cannot be written.
pub fn run(args: &Export, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.report.as_deref())?;
    let target = target(args)?;
    let request = Request::new(&args.rows)?;
    let source = config::open(&args.database)?;
    let truncate = args.truncate || request.generation.truncate_existing;
    let resources = Resources::new(&args.resources, &request.generation);
    let limit = resources.limit;
    let (plan, generator) = config::plan(&source, &args.tables, &request, truncate, limit)?;
    printer.note(plan.describe(Detail::Tables));
    // Files must not depend on what else is held.
    let target = target.map(|options| resources.fit(options));
    let resources = resources.beside(plan.held(), 1)?;
    let progress = Arc::new(Progress::new(plan.tables.iter().map(|t| (t.label.clone(), t.rows))));
    let bar = Bar::start(progress.clone(), printer);
    let flow = resources.flow()?;
    let written = match &target {
        Some(options) => {
            let options = ExportOptions { writers: resources.streams, ..options.clone() };
            run::export(&plan, &generator, &options, &flow, &progress)
        }
        None => run::generate_only(&plan, &generator, resources.streams, &flow, &progress),
    };
    drop(bar);
    let report = Report {
        command: "export".into(),
        target: target.map_or_else(|| "nothing written".into(), |options| options.folder.display().to_string()),
        server: source.schema.server,
        seed: plan.seed,
        now: timestamp_text(plan.now),
        workers: resources.workers,
        memory_limit: limit,
        waits: Waits {
            disk_for_rows: flow.wait_stats.consumers_waited().as_secs_f64(),
            rows_for_disk: flow.wait_stats.rows_waited().as_secs_f64(),
            rows_for_memory: flow.budget.waited().as_secs_f64(),
            ..Waits::default()
        },
        tables: written.map_err(config::run_failure)?,
        left_out: plan.left_out.iter().map(LeftOut::from).collect(),
        notes: plan.unsolved().into_iter().map(|u| format!("{u}; rows may break it")).collect(),
        ..Report::default()
    };
    close(report, begun, args.report.as_deref(), printer)?;
    Ok(Exit::Ok)
}

/// Where the files go; `None` if the rows are only made.
fn target(args: &Export) -> Result<Option<ExportOptions>, Failure> {
    let format = match args.format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Parquet => Format::Parquet,
        ExportFormat::None => return Ok(None),
    };
    let Some(folder) = args.out.clone() else {
        return Err(Failure::usage("say where the files go: --out DIR; or --format none to write none"));
    };
    if format == Format::Csv && args.compression.is_some() {
        return Err(Failure::usage("--compression is for Parquet; add --format parquet, or leave it out"));
    }
    let compression = match args.compression {
        None => files::Compression::default(),
        Some(Compression::None) => files::Compression::None,
        Some(Compression::Snappy) => files::Compression::Snappy,
        Some(Compression::Zstd) => files::Compression::Zstd,
    };
    Ok(Some(ExportOptions {
        folder,
        format,
        parquet: ParquetOptions { compression, ..ParquetOptions::default() },
        overwrite: args.overwrite,
        resume: args.resume,
        writers: 1,
        rows_per_file: None,
    }))
}
