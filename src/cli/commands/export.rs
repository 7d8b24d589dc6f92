//! `dbmocker export`: generated rows as files with a manifest.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::{check_report, close};
use crate::cli::args::{CompressionArg, Export, ExportFormat, Files, TablesArgs, UuidForm};
use crate::cli::config;
use crate::cli::config::Planning;
use crate::cli::file::Generation;
use crate::cli::planned::Planned;
use crate::cli::printer::Printer;
use crate::cli::progress::Bar;
use crate::cli::request::Request;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure, OrExit};
use crate::report::{LeftOut, Progress, Recorder, Report, TableReport, Waits};
use crate::run;
use crate::run::{ExportOptions, FileLimit, Flow, RunError, TableStream};
use dbmocker_core::humanize;
use dbmocker_core::time::timestamp_text;
use dbmocker_files as files;
use dbmocker_files::{CsvOptions, FileType, Packing, ParquetOptions, Slice, Store, objects};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Detail, Plan, TablePlan};
use dbmocker_planner::nearest;

/// # Errors
/// The database cannot be read, there is no valid plan, or the files cannot be written.
pub fn run(args: &Export, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.report.as_deref())?;
    let (target, copies) = target(args)?.in_store(args)?;
    let (planned, resources) = planned(args, &target, printer)?;
    let limit = resources.limit;
    let slice = slice(args, &planned)?;
    let tables = chosen(args, &target, &planned)?;
    let target = target.in_folders(&args.files.partition_by, &planned, &tables)?;
    let target = target.of_columns(&args.column, &planned, &tables)?;
    let Planned { plan, generator, server } = planned;
    printer.note(plan.describe(Detail::Tables));
    // Files must not depend on other memory use.
    let target = target.fit(&resources);
    let resources = resources.beside(plan.held(), 1)?;
    let rows = |(t, p): (usize, &TablePlan)| {
        let rows = slice.rows(&p.label, p.rows).filter(|_| tables.contains(&t)).unwrap_or(0..0);
        (p.label.clone(), rows.end - rows.start)
    };
    let progress = Arc::new(Progress::new(plan.tables.iter().enumerate().map(rows)));
    let bar = Bar::start(progress.clone(), printer);
    let flow = resources.flow()?;
    let work = ExportWork { plan: &plan, generator: &generator, tables, slice, flow: &flow, progress: &progress };
    let recorder = args.report.as_ref().map(|_| Recorder::start(progress.clone(), || 0));
    let written = work.write(&target, resources.streams);
    let samples = recorder.map_or_else(Vec::new, Recorder::end);
    drop(bar);
    drop(copies);
    let report = Report {
        command: "export".into(),
        target: target.to_string(),
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
        samples,
        tables: written.map_err(config::run_failure)?,
        left_out: plan.left_out.iter().map(LeftOut::from).collect(),
        notes: plan.unsolved().into_iter().map(|u| format!("{u}; rows may break it")).collect(),
        ..Report::default()
    };
    close(report, begun, args.report.as_deref(), printer)?;
    Ok(Exit::Ok)
}

/// The destination of the rows.
enum Destination {
    Files(ExportOptions),
    /// One table's rows; whether UUIDs of Arrow streams are text, and their fields, if these are not all.
    Stdout {
        format: FileType,
        csv: CsvOptions,
        uuid_text: bool,
        fields: Option<Vec<usize>>,
    },
    /// They are generated and dropped.
    Nowhere,
}

impl Destination {
    /// Replaces the folder by an object store if it is a URL; the files are written to a temporary folder first.
    fn in_store(self, args: &Export) -> Result<(Self, Option<tempfile::TempDir>), Failure> {
        let Destination::Files(options) = self else { return Ok((self, None)) };
        let Some(url) = options.folder.to_str().filter(|url| objects::is_url(url)) else {
            return Ok((Destination::Files(options), None));
        };
        if args.resume {
            return Err(Failure::usage(
                "--resume goes on with an export into a folder; leave it out, or write to a folder",
            ));
        }
        let store = Some(Arc::new(Store::open(url).or_exit(Exit::Usage)?));
        let copies = tempfile::tempdir().or_exit(Exit::Target)?;
        let folder = copies.path().to_owned();
        let file_limit = options.file_limit.or(Some(FileLimit::Bytes(STORE_FILE)));
        Ok((Destination::Files(ExportOptions { folder, store, file_limit, ..options }), Some(copies)))
    }

    /// Adds the columns whose values determine the folders of a table's files.
    fn in_folders(self, wanted: &[String], planned: &Planned, tables: &[usize]) -> Result<Self, Failure> {
        match self {
            Destination::Files(options) => {
                let partition_by = partition_by(wanted, planned, tables)?;
                Ok(Destination::Files(ExportOptions { partition_by, ..options }))
            }
            other => Ok(other),
        }
    }

    /// Limits an Arrow stream to the named columns of its table.
    fn of_columns(self, wanted: &[String], planned: &Planned, tables: &[usize]) -> Result<Self, Failure> {
        if wanted.is_empty() {
            return Ok(self);
        }
        let Destination::Stdout { format: format @ FileType::Arrow, csv, uuid_text, .. } = self else {
            return Err(Failure::usage("--column is for --out - --format arrow; leave it out"));
        };
        let table = planned.generator.table(tables[0]);
        let find = |name: &String| {
            table.schema.index_of(name).map_err(|_| {
                let nearest = nearest(name, table.schema.fields().iter().map(|f| f.name().clone()));
                let nearest = nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                Failure::usage(format!("--column: `{}` has no column `{name}`{nearest}", table.label))
            })
        };
        let fields = wanted.iter().map(find).collect::<Result<_, _>>()?;
        Ok(Destination::Stdout { format, csv, uuid_text, fields: Some(fields) })
    }

    fn fit(self, resources: &Resources) -> Self {
        match self {
            Destination::Files(options) => Destination::Files(resources.fit(options)),
            other => other,
        }
    }
}

/// The name in reports.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Files(options) => match &options.store {
                Some(store) => f.write_str(store.url()),
                None => write!(f, "{}", options.folder.display()),
            },
            Destination::Stdout { .. } => f.write_str("stdout"),
            Destination::Nowhere => f.write_str("nothing written"),
        }
    }
}

/// The default file size for an object store, in bytes; only a few files are on the local disk at a time.
const STORE_FILE: u64 = 256 << 20;

/// The rows to write, and the resources.
struct ExportWork<'a> {
    plan: &'a Plan,
    generator: &'a Arc<Generator>,
    tables: Vec<usize>,
    slice: Slice,
    flow: &'a Flow,
    progress: &'a Progress,
}

impl ExportWork<'_> {
    fn write(&self, target: &Destination, streams: usize) -> Result<Vec<TableReport>, RunError> {
        let ExportWork { plan, generator, tables, slice, flow, progress } = self;
        match target {
            Destination::Files(options) => {
                let (slice, tables) = (slice.clone(), tables.clone());
                let options = ExportOptions { writers: streams, slice, tables, ..options.clone() };
                run::export(plan, generator, &options, flow, progress)
            }
            Destination::Stdout { format, csv, uuid_text, fields } => {
                self.stream(*format, csv, *uuid_text, fields.clone())
            }
            Destination::Nowhere => run::generate_only(plan, generator, tables, slice, streams, flow, progress),
        }
    }

    fn stream(
        &self,
        format: FileType,
        csv: &CsvOptions,
        uuid_text: bool,
        fields: Option<Vec<usize>>,
    ) -> Result<Vec<TableReport>, RunError> {
        let begun = Instant::now();
        let (t, p) = (self.tables[0], &self.plan.tables[self.tables[0]]);
        let rows = self.slice.rows(&p.label, p.rows).unwrap_or(0..0);
        let count = rows.end - rows.start;
        let (plan, generator) = (self.plan, self.generator);
        let (flow, progress) = (self.flow, self.progress);
        let stream = TableStream { plan, generator, csv, uuid_text, fields, t, rows, flow, progress };
        let bytes = stream.write(format, std::io::stdout().lock())?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(vec![TableReport::new(p.name.to_string(), count, count, bytes, seconds)])
    }
}

/// The tables to write. Unless one table is streamed, the tables of a database were chosen before planning.
fn chosen(args: &Export, target: &Destination, planned: &Planned) -> Result<Vec<usize>, Failure> {
    let streamed = matches!(target, Destination::Stdout { .. });
    if args.plan.is_none() && !streamed {
        return Ok((0..planned.plan.tables.len()).collect());
    }
    let tables = match &args.rows_range {
        Some(Slice::Rows { table, .. }) if streamed && args.tables.tables.is_empty() => vec![planned.table(table)?],
        _ => planned.choose(&args.tables)?,
    };
    if streamed && tables.len() != 1 {
        let message = format!(
            "--out - writes one table, and these are {}; name one with --tables",
            humanize::plural(tables.len() as u64, "table")
        );
        return Err(Failure::usage(message));
    }
    Ok(tables)
}

/// The rows to write: those of a saved plan, or those planned by the flags for the database.
fn planned(args: &Export, target: &Destination, printer: &Printer) -> Result<(Planned, Resources), Failure> {
    if let Some(path) = &args.plan {
        return Ok((Planned::read(path)?, Resources::new(&args.resources, &Generation::default())));
    }
    let request = Request::new(&args.rows)?;
    request.notes().for_each(|text| printer.note(text));
    let source = config::open_schema(&args.database.with_session(&request.session), &args.ddl, printer)?;
    let truncate = args.truncate || request.generation.truncate_existing == Some(true);
    let resources = Resources::new(&args.resources, &request.generation);
    // A streamed table refers to rows of tables that are not streamed.
    let all = TablesArgs::default();
    let tables = if matches!(target, Destination::Stdout { .. }) { &all } else { &args.tables };
    let files = sized_files(target, &resources, request.size)?;
    let flow = files.as_ref().map(|_| resources.flow()).transpose()?;
    let bytes = |plan: &Plan, generator: &Arc<Generator>| {
        let (options, flow) = files.as_ref().zip(flow.as_ref()).expect("a size is asked for");
        run::file_bytes(plan, generator, options, flow).map_err(config::run_failure)
    };
    let planning = Planning {
        source: &source,
        tables,
        request: &request,
        truncate,
        memory: resources.limit,
        postpone_from: None,
        loaders: None,
        files: Some(("of files (by files of some rows)", &bytes)),
        answers: Default::default(),
    };
    Ok((Planned::make_files(&planning)?, resources))
}

/// The options of the files whose total size `--size` sets.
fn sized_files(
    target: &Destination,
    resources: &Resources,
    size: Option<u64>,
) -> Result<Option<ExportOptions>, Failure> {
    match (target, size) {
        (_, None) => Ok(None),
        (Destination::Files(options), Some(_)) => Ok(Some(resources.fit(options.clone()))),
        _ => Err(Failure::usage("--size is that of files; give --out DIR and a --format, or --rows instead of --size")),
    }
}

/// The slice, with the table's name as in the plan.
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

fn target(args: &Export) -> Result<Destination, Failure> {
    let format = match args.format {
        ExportFormat::Csv => FileType::Csv,
        ExportFormat::Parquet => FileType::Parquet,
        ExportFormat::Arrow => FileType::Arrow,
        ExportFormat::Ndjson => FileType::Ndjson,
        ExportFormat::Sql => FileType::Sql,
        ExportFormat::None => return Ok(Destination::Nowhere),
    };
    if !args.files.partition_by.is_empty() && format != FileType::Parquet {
        return Err(Failure::usage("--partition-by is for Parquet; add --format parquet, or leave it out"));
    }
    let Some(folder) = args.out.clone() else {
        return Err(Failure::usage(
            "say where the files go: --out DIR, or --out - for stdout; or --format none to write none",
        ));
    };
    let (parquet, csv, packing) =
        (parquet(&args.files, format)?, csv(&args.files, format)?, packing(&args.files, format)?);
    let uuid_text = args.files.uuids == UuidForm::Text;
    if folder.as_os_str() == "-" {
        if packing.is_some() || args.files.limit().is_some() {
            return Err(Failure::usage(
                "--out - writes one plain stream; leave --compression, --file-rows and --file-bytes out, and pipe it to gzip or zstd",
            ));
        }
        return match format {
            FileType::Parquet => Err(Failure::new(Exit::Usage, RunError::NotStreamed)),
            streamed => Ok(Destination::Stdout { format: streamed, csv, uuid_text, fields: None }),
        };
    }
    Ok(Destination::Files(ExportOptions {
        folder,
        store: None,
        format,
        parquet,
        csv,
        uuid_text,
        packing,
        overwrite: args.overwrite,
        resume: args.resume,
        writers: 1,
        file_limit: args.files.limit(),
        partition_by: Vec::new(),
        slice: Slice::Whole,
        tables: Vec::new(),
    }))
}

impl Files {
    fn limit(&self) -> Option<FileLimit> {
        self.file_rows.map(FileLimit::Rows).or(self.file_bytes.map(FileLimit::Bytes))
    }
}

/// The columns that `--partition-by` names, as (table, column) of the chosen tables.
fn partition_by(wanted: &[String], planned: &Planned, tables: &[usize]) -> Result<Vec<(usize, usize)>, Failure> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for name in wanted {
        let column = |t: usize, column: &str| planned.generator.table(t).schema.index_of(column).ok();
        let everywhere: Vec<(usize, usize)> = tables.iter().filter_map(|&t| column(t, name).map(|c| (t, c))).collect();
        let places = match name.rsplit_once('.') {
            _ if !everywhere.is_empty() => everywhere,
            Some((table, c)) => {
                let t = planned.table(table)?;
                column(t, c).filter(|_| tables.contains(&t)).map(|c| (t, c)).into_iter().collect()
            }
            None => everywhere,
        };
        if places.is_empty() {
            let columns = tables.iter().flat_map(|&t| planned.generator.table(t).schema.fields().iter());
            let nearest = nearest(name, columns.map(|f| f.name().clone()));
            let nearest = nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            return Err(Failure::usage(format!("--partition-by: no table to write has a column `{name}`{nearest}")));
        }
        for (t, c) in places {
            let label = &planned.plan.tables[t].label;
            if found.iter().any(|(table, _)| *table == t) {
                let message = format!("--partition-by names two columns of `{label}`; name one for each table");
                return Err(Failure::usage(message));
            }
            run::may_partition(&planned.generator, t, c)
                .map_err(|e| Failure::new(Exit::Usage, anyhow::Error::new(e).context(format!("table `{label}`"))))?;
            found.push((t, c));
        }
    }
    Ok(found)
}

/// How Parquet files are written.
fn parquet(args: &Files, format: FileType) -> Result<ParquetOptions, Failure> {
    let compression = match args.compression {
        _ if format != FileType::Parquet => files::Compression::default(),
        None => files::Compression::default(),
        Some(CompressionArg::None) => files::Compression::None,
        Some(CompressionArg::Snappy) => files::Compression::Snappy,
        Some(CompressionArg::Zstd) => files::Compression::Zstd,
        Some(CompressionArg::Gzip) => {
            return Err(Failure::usage(
                "--compression gzip is for CSV, NDJSON and SQL; for Parquet write zstd or snappy",
            ));
        }
    };
    if format != FileType::Parquet && args.row_group_rows.is_some() {
        return Err(Failure::usage("--row-group-rows is for Parquet; add --format parquet, or leave it out"));
    }
    let mut options = ParquetOptions { compression, ..ParquetOptions::default() };
    if format == FileType::Parquet && args.compression_level.is_some() {
        if compression != files::Compression::Zstd {
            return Err(Failure::usage("--compression-level is for gzip and zstd; add --compression zstd"));
        }
        options.level = args.compression_level;
    }
    if let Some(rows) = args.row_group_rows {
        options.row_group_rows = usize::try_from(rows).unwrap_or(usize::MAX);
    }
    Ok(options)
}

/// How text files are compressed.
fn packing(args: &Files, format: FileType) -> Result<Option<Packing>, Failure> {
    if format == FileType::Parquet {
        return Ok(None);
    }
    let level = args.compression_level;
    let packing = match args.compression {
        None | Some(CompressionArg::None) => return Ok(None),
        Some(CompressionArg::Gzip) if level.is_some_and(|level| level > 9) => {
            return Err(Failure::usage("--compression-level of gzip is 1 to 9"));
        }
        Some(CompressionArg::Gzip) => Packing::Gzip { level: level.unwrap_or(6) },
        Some(CompressionArg::Zstd) => Packing::Zstd { level: level.unwrap_or(3) },
        Some(CompressionArg::Snappy) => {
            return Err(Failure::usage("--compression snappy is for Parquet; for text files write gzip or zstd"));
        }
    };
    match format.is_text() {
        true => Ok(Some(packing)),
        false => Err(Failure::usage("--compression is for Parquet, CSV, NDJSON and SQL; leave it out")),
    }
}

/// The characters of CSV files.
fn csv(args: &Files, format: FileType) -> Result<CsvOptions, Failure> {
    let usual = CsvOptions::default();
    let options = CsvOptions {
        delimiter: args.delimiter.unwrap_or(usual.delimiter),
        quote: args.quote.unwrap_or(usual.quote),
        null: args.null.clone().unwrap_or_default(),
        header: !args.no_header,
    };
    if format != FileType::Csv && options != usual {
        let message = "--delimiter, --quote, --null and --no-header are for CSV; add --format csv, or leave them out";
        return Err(Failure::usage(message));
    }
    options.validate().map_err(|e| Failure::usage(e.to_string()))?;
    Ok(options)
}
