//! `dbmocker export`: generated rows as files with a manifest.

use std::sync::Arc;
use std::time::Instant;

use super::{check_report, close};
use crate::cli::args::{Compression, Export, ExportFormat};
use crate::cli::config;
use crate::cli::config::Resources;
use crate::cli::file::Generation;
use crate::cli::planned::Planned;
use crate::cli::printer::Printer;
use crate::cli::progress::Bar;
use crate::cli::request::Request;
use crate::error::{Exit, Failure};
use crate::report::{LeftOut, Progress, Report, Waits};
use crate::run;
use crate::run::ExportOptions;
use dbmocker_core::humanize;
use dbmocker_core::time::timestamp_text;
use dbmocker_files as files;
use dbmocker_files::{Format, ParquetOptions, Slice};
use dbmocker_plan::{Detail, TablePlan};

/// # Errors
/// The database cannot be read, no plan fits, or the files cannot be written.
pub fn run(args: &Export, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.report.as_deref())?;
    let target = target(args)?;
    let (planned, resources) = planned(args)?;
    let limit = resources.limit;
    let slice = slice(args, &planned)?;
    // Tables of a database were chosen before they were planned.
    let tables = match args.plan {
        Some(_) => planned.choose(&args.tables)?,
        None => (0..planned.plan.tables.len()).collect(),
    };
    let Planned { plan, generator, server } = planned;
    printer.note(plan.describe(Detail::Tables));
    // Files must not depend on what else is held.
    let target = target.map(|options| resources.fit(options));
    let resources = resources.beside(plan.held(), 1)?;
    let rows = |(t, p): (usize, &TablePlan)| {
        let rows = slice.rows(&p.label, p.rows).filter(|_| tables.contains(&t)).unwrap_or(0..0);
        (p.label.clone(), rows.end - rows.start)
    };
    let progress = Arc::new(Progress::new(plan.tables.iter().enumerate().map(rows)));
    let bar = Bar::start(progress.clone(), printer);
    let flow = resources.flow()?;
    let written = match &target {
        Some(options) => {
            let (slice, tables) = (slice.clone(), tables.clone());
            let options = ExportOptions { writers: resources.streams, slice, tables, ..options.clone() };
            run::export(&plan, &generator, &options, &flow, &progress)
        }
        None => run::generate_only(&plan, &generator, &tables, &slice, resources.streams, &flow, &progress),
    };
    drop(bar);
    let report = Report {
        command: "export".into(),
        target: target.map_or_else(|| "nothing written".into(), |options| options.folder.display().to_string()),
        server,
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

/// The rows to write: of a saved plan, or as the flags ask and the database allows.
fn planned(args: &Export) -> Result<(Planned, Resources), Failure> {
    if let Some(path) = &args.plan {
        return Ok((Planned::read(path)?, Resources::new(&args.resources, &Generation::default())));
    }
    let request = Request::new(&args.rows)?;
    let source = config::open(&args.database)?;
    let truncate = args.truncate || request.generation.truncate_existing;
    let resources = Resources::new(&args.resources, &request.generation);
    Ok((Planned::make(&source, &args.tables, &request, truncate, resources.limit)?, resources))
}

/// Which rows, with the table as the plan names it.
fn slice(args: &Export, planned: &Planned) -> Result<Slice, Failure> {
    let slice = args.part.clone().or(args.rows_range.clone()).unwrap_or_default();
    let Slice::Rows { table, rows } = slice else { return Ok(slice) };
    let table = &planned.plan.tables[planned.table(&table)?];
    if rows.end > table.rows {
        let has = humanize::rows(table.rows);
        return Err(Failure::usage(format!("--rows-range ends beyond `{}`, which has {has}", table.label)));
    }
    Ok(Slice::Rows { table: table.label.clone(), rows })
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
        writers: 1,
        rows_per_file: None,
        slice: Slice::Whole,
        tables: Vec::new(),
    }))
}
