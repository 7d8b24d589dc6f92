//! Plan -> files: each table's batches in order into its own file, the manifest last of all.

mod manifest;
mod row_groups;
mod table_file;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use manifest::manifest;
pub use manifest::manifest_of;
pub(super) use row_groups::Groups;
pub(super) use table_file::TableFile;

use super::file_size;
use super::schedule::Schedule;
use super::sql_text;
use super::{Batches, Flow, RunError, Stop};
use crate::report::{Progress, TableReport};
use dbmocker_files::file::remove_file;
use dbmocker_files::in_progress;
use dbmocker_files::in_progress::{FolderLock, InProgress, LeftoverFiles};
use dbmocker_files::manifest::{Manifest, SQL_SCRIPT, has_script};
use dbmocker_files::objects::StoreError;
use dbmocker_files::{
    CsvOptions, FilePart, FileType, Packing, ParquetOptions, Slice, StageError, Store, ndjson, sliced_file_name, uuids,
};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// The folder and the format of the files.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    pub folder: PathBuf,
    /// The store to which finished files are moved from the folder.
    pub store: Option<Arc<Store>>,
    pub format: FileType,
    pub parquet: ParquetOptions,
    pub csv: CsvOptions,
    /// UUIDs of Parquet and Arrow files are text, not 16 bytes.
    pub uuid_text: bool,
    /// Of text files.
    pub packing: Option<Packing>,
    pub overwrite: bool,
    /// Continues a stopped export of the same plan; if this export is stopped, its finished files are kept.
    pub resume: bool,
    /// Tables written concurrently.
    pub writers: usize,
    /// The size limit of a file; `None`: one file per table.
    pub file_limit: Option<FileLimit>,
    /// The columns by whose values tables are written into folders: (table, column), by index.
    pub partition_by: Vec<(usize, usize)>,
    /// Which rows of each table.
    pub slice: Slice,
    /// Tables of the plan that are written, by index and in order.
    pub tables: Vec<usize>,
}

/// Where a table's files end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileLimit {
    Rows(u64),
    /// About so many bytes; the number of rows is estimated from a sample.
    Bytes(u64),
}

impl ExportOptions {
    /// Files of the same names are replaced.
    pub(super) fn replaces(&self) -> bool {
        self.overwrite || self.resume
    }

    /// Whether a script beside the files runs them in order.
    fn has_script(&self) -> bool {
        has_script(self.format, &self.slice, self.packing)
    }

    /// The column by which a table is written into folders.
    fn partition_of(&self, t: usize) -> Option<usize> {
        self.partition_by.iter().find(|(table, _)| *table == t).map(|(_, column)| *column)
    }

    /// The name of a table's file.
    fn name_of(&self, label: &str, number: Option<u32>) -> String {
        let mut name = sliced_file_name(label, &self.slice, number, self.format);
        self.packing.iter().for_each(|packing| name += &format!(".{}", packing.extension()));
        name
    }

    /// The batch in the files' schema.
    pub(super) fn shaped(&self, batch: RecordBatch, schema: &SchemaRef) -> RecordBatch {
        if self.uuid_text { uuids::with_text(batch, schema) } else { batch }
    }
}

/// Writes the chosen tables of the plan, then `manifest.json`, or the manifest of the slice. An export that is to be
/// replaced is removed first, so that a folder with a manifest is complete at any time.
///
/// # Errors
/// The first error; all files that were written are removed, and so is a new folder that is empty then. If the export
/// can be resumed, its files are kept.
pub fn export(
    plan: &Plan,
    generator: &Arc<Generator>,
    options: &ExportOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<Vec<TableReport>, RunError> {
    let stop = &flow.stop;
    let new = !options.folder.exists();
    std::fs::create_dir_all(&options.folder).map_err(|e| no_folder(options, &e))?;
    let lock = FolderLock::take(&options.folder, &options.slice).map_err(|e| no_folder(options, &e))?;
    let lock = lock.ok_or_else(|| RunError::ExportRuns { path: options.folder.clone() })?;
    let taken = |slice: &Slice| options.folder.join(slice.manifest_name()).exists();
    // Other parts may be written at the same time, so no part may remove existing files.
    if options.slice != Slice::Whole && taken(&Slice::Whole) {
        return Err(RunError::FolderWhole { path: options.folder.clone() });
    }
    if taken(&options.slice) && !options.overwrite {
        return Err(RunError::FolderTaken { path: options.folder.clone() });
    }
    if options.has_script() {
        sql_text::script_place(&options.folder, options.replaces())?;
    }
    if taken(&options.slice) {
        Manifest::remove(&options.folder, &options.slice).map_err(|e| no_folder(options, &e))?;
    }
    let kept = FinishedFiles::begin(lock, plan, options)?;
    options.store.as_ref().map_or(Ok(()), |store| may_write(store, options))?;
    let write = || {
        let written = each_table(plan, &options.tables, options.writers, stop, |t| {
            let files = table(plan, generator, t, options, flow, progress, &kept)?;
            Ok(TableResult {
                rows: files.iter().map(|f| f.rows).sum(),
                bytes: files.iter().map(|f| f.bytes).sum(),
                made: files,
            })
        });
        let (files, reports): (Vec<Vec<FilePart>>, _) = written?.into_iter().unzip();
        if options.has_script() {
            sql_text::script(plan, options, &files)?;
            kept.written.lock().unwrap_or_else(PoisonError::into_inner).push(SQL_SCRIPT.to_owned());
            options.store.as_ref().map_or(Ok(()), |store| store.put(&options.folder, SQL_SCRIPT))?;
        }
        manifest(plan, generator, options, files).write(&options.folder, options.overwrite)?;
        // If a later step fails, the manifest is removed first: a manifest means that all files exist.
        kept.written.lock().unwrap_or_else(PoisonError::into_inner).insert(0, options.slice.manifest_name());
        options.store.as_ref().map_or(Ok(()), |store| store.put(&options.folder, &options.slice.manifest_name()))?;
        in_progress::remove(&options.folder, &options.slice).map_err(|e| no_folder(options, &e))?;
        Ok(reports)
    };
    let written = write();
    if written.is_err() && !options.resume {
        for name in kept.written.into_inner().unwrap_or_else(PoisonError::into_inner) {
            // Files that cannot be removed remain without a manifest; the original error is the one to report.
            let _ = options.store.as_ref().map(|store| store.remove(&name));
            let _ = remove_file(&options.folder, &name);
        }
        let _ = in_progress::remove(&options.folder, &options.slice);
        if new {
            // Only if nothing is in it.
            let _ = std::fs::remove_dir(&options.folder);
        }
    }
    written
}

/// Checks that a store holds no other export, and removes the one that is to be replaced.
fn may_write(store: &Store, options: &ExportOptions) -> Result<(), RunError> {
    let whole = Slice::Whole.manifest_name();
    if options.slice != Slice::Whole && store.has(&whole)? {
        return Err(RunError::FolderWhole { path: store.url().into() });
    }
    match store.has(&options.slice.manifest_name())? {
        false => Ok(()),
        true if options.overwrite => Ok(store.remove_export(&options.slice)?),
        true => Err(StoreError::Taken { url: store.url().to_owned() }.into()),
    }
}

/// The files that this export, and the one that it resumes, have finished.
struct FinishedFiles {
    before: BTreeMap<String, FilePart>,
    notes: InProgress,
    written: Mutex<Vec<String>>,
}

impl FinishedFiles {
    fn begin(lock: FolderLock, plan: &Plan, options: &ExportOptions) -> Result<Self, RunError> {
        let ExportOptions { slice, tables, .. } = options;
        let ExportOptions { format, parquet, csv, uuid_text, packing, file_limit, partition_by, .. } = options;
        let look = format!(
            "{format:?} {parquet:?} {csv:?} {packing:?} {uuid_text} {file_limit:?} {tables:?} {partition_by:?}"
        );
        let digest = in_progress::digest(&[&Manifest::generator(), &look, &plan.to_json()]);
        let before = match in_progress::left(&options.folder, slice, &digest) {
            LeftoverFiles::Files(files) if options.resume => files,
            LeftoverFiles::Nothing => BTreeMap::new(),
            _ if options.overwrite => {
                in_progress::remove_all(&options.folder, slice).map_err(|e| no_folder(options, &e))?;
                BTreeMap::new()
            }
            LeftoverFiles::Files(_) => return Err(RunError::ExportStopped { path: options.folder.clone() }),
            LeftoverFiles::Other => return Err(RunError::OtherExport { path: options.folder.clone() }),
        };
        let notes = InProgress::begin(lock, &options.folder, slice, &digest, []).map_err(|e| no_folder(options, &e))?;
        Ok(FinishedFiles { before, notes, written: Mutex::default() })
    }

    /// The file of this name, if it exists and is unchanged since it was finished.
    fn whole(&self, options: &ExportOptions, name: &str, rows: u64) -> Result<Option<FilePart>, RunError> {
        let part = self.before.get(name).filter(|p| p.rows == rows && in_progress::is_whole(&options.folder, p));
        part.map_or(Ok(None), |part| self.note(options, part).map(|()| Some(part.clone())))
    }

    /// The files of these rows in folders by a column's value, if all of them exist.
    fn whole_folders(&self, options: &ExportOptions, name: &str, rows: &Range<u64>) -> Result<Vec<FilePart>, RunError> {
        let ours = |part: &&FilePart| {
            let of_rows = part.partition.as_ref().is_some_and(|p| p.among == rows.end - rows.start);
            of_rows && part.first_row == Some(rows.start) && part.path.rsplit('/').next() == Some(name)
        };
        let parts: Vec<&FilePart> = self.before.values().filter(ours).collect();
        let complete = parts.iter().map(|p| p.rows).sum::<u64>() == rows.end - rows.start;
        if !complete || !parts.iter().all(|p| in_progress::is_whole(&options.folder, p)) {
            return Ok(Vec::new());
        }
        parts.into_iter().map(|part| self.note(options, part).map(|()| part.clone())).collect()
    }

    fn note(&self, options: &ExportOptions, part: &FilePart) -> Result<(), RunError> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(part.path.clone());
        if let Some(store) = &options.store {
            store.put(&options.folder, &part.path)?;
            remove_file(&options.folder, &part.path).map_err(|e| no_folder(options, &e))?;
        }
        self.notes.finished(part).map_err(|e| no_folder(options, &e))
    }
}

fn no_folder(options: &ExportOptions, e: &std::io::Error) -> RunError {
    RunError::Folder { path: options.folder.clone(), message: e.to_string() }
}

/// Generates the rows of the chosen tables and drops them, to measure generation alone. The bytes are those of the
/// batches.
///
/// # Errors
/// A row cannot be generated.
pub fn generate_only(
    plan: &Plan,
    generator: &Arc<Generator>,
    tables: &[usize],
    slice: &Slice,
    streams: usize,
    flow: &Flow,
    progress: &Progress,
) -> Result<Vec<TableReport>, RunError> {
    let made = each_table(plan, tables, streams, &flow.stop, |t| {
        let (mut rows, mut bytes) = (0, 0);
        let wanted = slice.rows(&plan.tables[t].label, plan.tables[t].rows).unwrap_or(0..0);
        for batch in Batches::new(generator.clone(), flow, t).part(wanted.clone()) {
            let batch = batch?;
            if flow.stop.is_set() {
                return Err(RunError::Interrupted);
            }
            let size = batch.get_array_memory_size() as u64;
            progress.add(t, batch.num_rows() as u64, size);
            rows += batch.num_rows() as u64;
            bytes += size;
        }
        let planned = wanted.end - wanted.start;
        if rows != planned {
            let table = plan.tables[t].name.to_string();
            return Err(RunError::Count { table, planned, sent: rows, held: rows.into(), triggers: Vec::new() });
        }
        Ok(TableResult { made: (), rows, bytes })
    })?;
    Ok(made.into_iter().map(|((), report)| report).collect())
}

/// The result for a table.
struct TableResult<T> {
    made: T,
    rows: u64,
    bytes: u64,
}

/// The encoded lines of a batch, their number and the memory that they take.
pub(super) fn encode_ndjson(batch: RecordBatch) -> Result<((u64, Vec<u8>), u64), StageError> {
    let mut lines = Vec::new();
    ndjson::encode(&batch, &mut lines)?;
    let held = lines.capacity() as u64;
    Ok(((batch.num_rows() as u64, lines), held))
}

/// Applies a function to each of the tables, several concurrently.
fn each_table<T: Send>(
    plan: &Plan,
    tables: &[usize],
    side_by_side: usize,
    stop: &Stop,
    work: impl Fn(usize) -> Result<TableResult<T>, RunError> + Sync,
) -> Result<Vec<(T, TableReport)>, RunError> {
    let done: Mutex<Vec<(usize, T, TableReport)>> = Mutex::default();
    let schedule = Schedule::new(vec![Vec::new(); tables.len()]);
    std::thread::scope(|scope| {
        for _ in 0..side_by_side.clamp(1, tables.len().max(1)) {
            let started = super::start(scope, || {
                schedule.work(stop, |place| {
                    let t = tables[place];
                    let begun = Instant::now();
                    let TableResult { made, rows, bytes } = work(t)?;
                    let (p, seconds) = (&plan.tables[t], begun.elapsed().as_secs_f64());
                    // For a slice, only its rows are written.
                    let requested = if rows == p.rows { p.requested } else { rows };
                    let report = TableReport {
                        level: p.level,
                        limited_by: p.limited_by.clone(),
                        ..TableReport::new(p.name.to_string(), requested, rows, bytes, seconds)
                    };
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((t, made, report));
                    Ok(())
                });
            });
            if let Err(e) = started {
                schedule.fail(e, stop);
                break;
            }
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
    Ok(done.into_iter().map(|(_, made, report)| (made, report)).collect())
}

/// Files in folders have so many row groups for each row group of a single file, since each folder gets only some of
/// the rows.
const FOLDER_GROUPS: u64 = 16;

fn table(
    plan: &Plan,
    generator: &Arc<Generator>,
    t: usize,
    options: &ExportOptions,
    flow: &Flow,
    progress: &Progress,
    kept: &FinishedFiles,
) -> Result<Vec<FilePart>, RunError> {
    let label = &plan.tables[t].label;
    let Some(wanted) = options.slice.rows(label, plan.tables[t].rows) else { return Ok(Vec::new()) };
    let rows = wanted.end - wanted.start;
    // A table without rows also gets one file.
    if rows == 0 && wanted.start > 0 {
        return Ok(Vec::new());
    }
    let groups = Groups::for_format(generator, t, options)?;
    let partition = options.partition_of(t);
    let most = groups.as_ref().map_or(u64::MAX, |g| g.rows_of_file);
    // Each of the folders' files has separate row groups.
    let most = if partition.is_some() { most / FOLDER_GROUPS } else { most };
    let per_file = match options.file_limit {
        Some(FileLimit::Rows(rows)) => rows.min(most),
        Some(FileLimit::Bytes(bytes)) => file_size::of(plan, generator, t, options, flow)?.rows_in(bytes).min(most),
        None => most,
    };
    let per_file = per_file.max(1);
    let parts = rows.div_ceil(per_file).max(1);
    let numbered = parts > 1 || options.file_limit.is_some();
    let mut files = Vec::new();
    for part in 0..parts {
        let number = numbered.then(|| u32::try_from(part).expect("fewer files than a u32 counts"));
        let name = options.name_of(label, number);
        let rows = wanted.start + part * per_file..wanted.start + rows.min((part + 1).saturating_mul(per_file));
        let file = TableFile { plan, generator, t, rows, options, flow, progress };
        files.extend(match (&groups, partition) {
            (Some(groups), Some(column)) => file.in_folders(&name, groups, column, kept)?,
            _ => vec![file.alone(&name, groups.as_ref(), kept)?],
        });
    }
    let written: u64 = files.iter().map(|f| f.rows).sum();
    if written != rows {
        let (table, planned) = (plan.tables[t].name.to_string(), rows);
        return Err(RunError::Count { table, planned, sent: written, held: written.into(), triggers: Vec::new() });
    }
    Ok(files)
}
