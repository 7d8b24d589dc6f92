//! Plan -> files: each table's batches in order into its own file, the manifest last of all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::schedule::Schedule;
use super::{Batches, Flow, RunError};
use crate::generate::table::Generator;
use crate::plan::Plan;
use crate::report::{Progress, TableReport};
use crate::stage::csv::{CsvSink, encode};
use crate::stage::manifest::{ColumnEntry, FORMAT_VERSION, Manifest, TableEntry};
use crate::stage::{BatchSink, FileOptions, FilePart, Format, OutFile, ParquetOptions, create, file_name};

#[derive(Debug, Clone)]
pub struct ExportOptions {
    pub folder: PathBuf,
    pub format: Format,
    pub parquet: ParquetOptions,
    pub overwrite: bool,
    /// Tables written side by side.
    pub writers: usize,
    /// Rows of one file; `None`: one file a table.
    pub rows_per_file: Option<u64>,
}

/// Writes every table of the plan, then `manifest.json`.
///
/// # Errors
/// The first error; files that were not whole are removed, those that were stay, without a manifest.
pub fn export(
    plan: &Plan,
    generator: &Arc<Generator>,
    options: &ExportOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<Vec<TableReport>, RunError> {
    let stop = &flow.stop;
    std::fs::create_dir_all(&options.folder)
        .map_err(|e| RunError::Folder { path: options.folder.clone(), message: e.to_string() })?;
    if options.folder.join(crate::stage::manifest::FILE_NAME).exists() && !options.overwrite {
        return Err(RunError::FolderTaken { path: options.folder.clone() });
    }
    let done: Mutex<Vec<(usize, Vec<FilePart>, TableReport)>> = Mutex::default();
    let schedule = Schedule::new(vec![Vec::new(); plan.tables.len()]);
    std::thread::scope(|scope| {
        for _ in 0..options.writers.clamp(1, plan.tables.len().max(1)) {
            scope.spawn(|| {
                schedule.work(stop, |t| {
                    let begun = Instant::now();
                    let files = table(plan, generator, t, options, flow, progress)?;
                    let bytes = files.iter().map(|f| f.bytes).sum();
                    let p = &plan.tables[t];
                    let report = TableReport {
                        level: p.level,
                        limited_by: p.limited_by.clone(),
                        ..TableReport::new(
                            p.name.to_string(),
                            p.requested,
                            p.rows,
                            bytes,
                            begun.elapsed().as_secs_f64(),
                        )
                    };
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((t, files, report));
                    Ok(())
                });
            });
        }
    });
    if let Some(error) = schedule.into_error() {
        return Err(error);
    }
    if stop.is_set() {
        return Err(RunError::Interrupted);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(t, ..)| *t);
    manifest(plan, generator, options, &done).write(&options.folder, options.overwrite)?;
    Ok(done.into_iter().map(|(_, _, report)| report).collect())
}

fn table(
    plan: &Plan,
    generator: &Arc<Generator>,
    t: usize,
    options: &ExportOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<Vec<FilePart>, RunError> {
    let files = match (options.format, options.rows_per_file) {
        (Format::Csv, None) => vec![csv(plan, generator, t, options, flow, progress)?],
        _ => batches(plan, generator, t, options, flow, progress)?,
    };
    let written: u64 = files.iter().map(|f| f.rows).sum();
    let planned = plan.tables[t].rows;
    if written != planned {
        let table = plan.tables[t].name.to_string();
        return Err(RunError::Count { table, planned, sent: written, held: written.into() });
    }
    Ok(files)
}

fn open(
    label: &str,
    part: Option<u32>,
    schema: SchemaRef,
    options: &ExportOptions,
) -> Result<Box<dyn BatchSink>, RunError> {
    let name = file_name(label, part, options.format);
    let file = FileOptions { overwrite: options.overwrite, ..FileOptions::default() };
    Ok(create(Path::new(&options.folder), &name, schema, options.format, &options.parquet, file)?)
}

/// One CSV file, its lines encoded by the workers that generate them.
fn csv(
    plan: &Plan,
    generator: &Arc<Generator>,
    t: usize,
    options: &ExportOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<FilePart, RunError> {
    let name = file_name(&plan.tables[t].label, None, Format::Csv);
    let file = FileOptions { overwrite: options.overwrite, ..FileOptions::default() };
    let file = OutFile::create(&options.folder, &name, file)?;
    let mut sink = CsvSink::new(file, generator.table(t).schema.clone())?;
    let encode = |batch: RecordBatch| {
        let mut lines = Vec::with_capacity(batch.get_array_memory_size());
        encode(&batch, &mut lines)?;
        let held = lines.capacity() as u64;
        Ok(((batch.num_rows() as u64, lines), held))
    };
    for lines in Batches::with(generator.clone(), flow, t, encode) {
        if flow.stop.is_set() {
            return Err(RunError::Interrupted);
        }
        let (rows, lines) = lines?;
        progress.add(t, rows, lines.len() as u64);
        sink.write_encoded(rows, &lines)?;
    }
    Ok(Box::new(sink).finish()?)
}

/// Files written batch by batch, as many as `rows_per_file` asks for.
fn batches(
    plan: &Plan,
    generator: &Arc<Generator>,
    t: usize,
    options: &ExportOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<Vec<FilePart>, RunError> {
    let schema = &generator.table(t).schema;
    let per_file = options.rows_per_file.unwrap_or(u64::MAX);
    let open = |part: u32| open(&plan.tables[t].label, options.rows_per_file.map(|_| part), schema.clone(), options);
    let mut files = Vec::new();
    let mut sink = open(0)?;
    let mut held = 0;
    for batch in Batches::new(generator.clone(), flow, t) {
        if flow.stop.is_set() {
            return Err(RunError::Interrupted);
        }
        let batch = batch?;
        progress.add(t, batch.num_rows() as u64, batch.get_array_memory_size() as u64);
        let mut from = 0;
        while from < batch.num_rows() {
            if held == per_file {
                files.push(sink.finish()?);
                sink = open(u32::try_from(files.len()).expect("fewer files than a u32 counts"))?;
                held = 0;
            }
            let room = usize::try_from(per_file - held).unwrap_or(usize::MAX);
            let n = room.min(batch.num_rows() - from);
            sink.write(&batch.slice(from, n))?;
            from += n;
            held += n as u64;
        }
    }
    files.push(sink.finish()?);
    Ok(files)
}

fn manifest(
    plan: &Plan,
    generator: &Generator,
    options: &ExportOptions,
    done: &[(usize, Vec<FilePart>, TableReport)],
) -> Manifest {
    let entry = |(t, files, _): &(usize, Vec<FilePart>, TableReport)| {
        let p = &plan.tables[*t];
        TableEntry {
            name: p.name.name.clone(),
            schema: p.name.schema.clone(),
            label: p.label.clone(),
            rows: p.rows,
            columns: generator.table(*t).schema.fields().iter().map(|f| ColumnEntry::of(f)).collect(),
            files: files.clone(),
            limited_by: p.limited_by.clone(),
        }
    };
    Manifest {
        format_version: FORMAT_VERSION,
        algorithm_version: plan.algorithm_version,
        generator: Manifest::generator(),
        seed: plan.seed,
        now: crate::time::timestamp_text(plan.now),
        dialect: plan.dialect,
        format: options.format,
        compression: (options.format == Format::Parquet).then_some(options.parquet.compression),
        tables: done.iter().map(entry).collect(),
        plan: serde_json::to_value(plan).unwrap_or_default(),
    }
}
