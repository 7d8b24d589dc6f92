//! Plan -> files: each table's batches in order into its own file, the manifest last of all.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow::array::{Array as _, ArrayRef, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::file_size;
use super::schedule::Schedule;
use super::sql_text;
use super::sql_text::SqlText;
use super::{Batches, Flow, GeneratedRange, RunError, Stop};
use crate::report::{Progress, TableReport};
use dbmocker_files::csv::{CsvLines, CsvSink, encode};
use dbmocker_files::file::remove_file;
use dbmocker_files::in_progress;
use dbmocker_files::in_progress::{InProgress, LeftoverFiles};
use dbmocker_files::manifest::{ColumnEntry, FORMAT_VERSION, Manifest, PlanText, SQL_SCRIPT, TableEntry};
use dbmocker_files::objects::StoreError;
use dbmocker_files::parquet::{CHUNKS_OF_FILE, CUT_ROWS};
use dbmocker_files::{
    BatchSink, CsvOptions, FileOptions, FilePart, FileType, IpcSink, OutFile, Packing, ParquetOptions, ParquetSink,
    Slice, StageError, Store, file_stem, ndjson, sliced_file_name, uuids,
};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, TablePlan};

/// The folder and the format of the files.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    pub folder: PathBuf,
    /// Where finished files go from the folder, which holds none of them then.
    pub store: Option<Arc<Store>>,
    pub format: FileType,
    pub parquet: ParquetOptions,
    pub csv: CsvOptions,
    /// UUIDs of Parquet and Arrow files are text, not 16 bytes.
    pub uuid_text: bool,
    /// Of text files.
    pub packing: Option<Packing>,
    pub overwrite: bool,
    /// An export of the same plan that was stopped goes on; and what this one has finished stays if it is stopped.
    pub resume: bool,
    /// Tables written side by side.
    pub writers: usize,
    /// How long a file is; `None`: one file per table.
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
    /// About so many bytes; how many rows that is, is estimated from some of them.
    Bytes(u64),
}

impl ExportOptions {
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
/// The first error; all files that were written are removed, and so is a new folder in which nothing stays. They stay
/// where the export can go on.
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
    let taken = |slice: &Slice| options.folder.join(slice.manifest_name()).exists();
    // Other parts may be written at the same time, so no part may remove existing files.
    if options.slice != Slice::Whole && taken(&Slice::Whole) {
        return Err(RunError::FolderWhole { path: options.folder.clone() });
    }
    if taken(&options.slice) {
        if !options.overwrite {
            return Err(RunError::FolderTaken { path: options.folder.clone() });
        }
        Manifest::remove(&options.folder, &options.slice).map_err(|e| no_folder(options, &e))?;
    }
    let kept = FinishedFiles::begin(plan, options)?;
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
        if options.format == FileType::Sql {
            sql_text::script(plan, options, &files)?;
            kept.written.lock().unwrap_or_else(PoisonError::into_inner).push(SQL_SCRIPT.to_owned());
            options.store.as_ref().map_or(Ok(()), |store| store.put(&options.folder, SQL_SCRIPT))?;
        }
        manifest(plan, generator, options, files).write(&options.folder, options.overwrite)?;
        options.store.as_ref().map_or(Ok(()), |store| store.put(&options.folder, &options.slice.manifest_name()))?;
        in_progress::remove(&options.folder, &options.slice).map_err(|e| no_folder(options, &e))?;
        Ok(reports)
    };
    let written = write();
    if written.is_err() && !options.resume {
        for name in kept.written.into_inner().unwrap_or_else(PoisonError::into_inner) {
            // What cannot be removed stays without a manifest; the error is the one to tell.
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

/// What an export has finished, this one and the one that it goes on with.
struct FinishedFiles {
    before: BTreeMap<String, FilePart>,
    notes: InProgress,
    written: Mutex<Vec<String>>,
}

impl FinishedFiles {
    fn begin(plan: &Plan, options: &ExportOptions) -> Result<Self, RunError> {
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
        let notes = InProgress::begin(&options.folder, slice, &digest, []).map_err(|e| no_folder(options, &e))?;
        Ok(FinishedFiles { before, notes, written: Mutex::default() })
    }

    /// The file of this name, if it is there as it was finished.
    fn whole(&self, options: &ExportOptions, name: &str, rows: u64) -> Result<Option<FilePart>, RunError> {
        let part = self.before.get(name).filter(|p| p.rows == rows && in_progress::is_whole(&options.folder, p));
        part.map_or(Ok(None), |part| self.note(options, part).map(|()| Some(part.clone())))
    }

    /// The files of these rows in folders by a column's value, if all of them are there.
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
    // Each of the folders' files has row groups of its own.
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

/// The boundaries of a table's row groups and Parquet files, computed from its first rows, so that they depend neither
/// on the machine nor on the workers.
pub(super) struct Groups {
    /// Bytes of a row in memory.
    pub(super) row_bytes: u64,
    /// Rows of a group, and those generated at once for it.
    pub(super) rows: u64,
    pub(super) at_once: u64,
    rows_of_file: u64,
    /// The writer's properties, without a dictionary for columns with too many values.
    pub(super) options: ParquetOptions,
}

impl Groups {
    /// Those of a table's Parquet files; `None` for other files.
    pub(super) fn for_format(
        generator: &Generator,
        t: usize,
        options: &ExportOptions,
    ) -> Result<Option<Self>, RunError> {
        match options.format {
            FileType::Csv | FileType::Arrow | FileType::Ndjson | FileType::Sql => Ok(None),
            FileType::Parquet => Groups::of(generator, t, &options.parquet).map(Some),
        }
    }

    pub(super) fn of(generator: &Generator, t: usize, options: &ParquetOptions) -> Result<Self, RunError> {
        let (mut row_bytes, mut distinct) = (1, Vec::new());
        for rows in SAMPLES.map(|n| n.min(generator.table(t).rows)) {
            if row_bytes * rows > SAMPLE_BYTES {
                break;
            }
            let sample = generator.batch(t, 0..rows)?;
            row_bytes = (sample.get_array_memory_size() as u64).div_ceil(rows.max(1)).max(1);
            let schema = sample.schema();
            let many = schema.fields().iter().zip(sample.columns()).filter(|(_, column)| too_many_values(column));
            distinct = many.map(|(field, _)| field.name().clone()).collect();
        }
        let rows = options.rows_of_group(usize::try_from(row_bytes).unwrap_or(usize::MAX)) as u64;
        let at_once = if row_bytes <= NARROW_BYTES { NARROW_ROWS } else { CUT_ROWS as u64 };
        let columns = generator.table(t).schema.fields().len().max(1);
        let rows_of_file = rows * (CHUNKS_OF_FILE / columns).max(1) as u64;
        Ok(Groups { row_bytes, rows, at_once, rows_of_file, options: ParquetOptions { distinct, ..options.clone() } })
    }
}

/// Some rows of a table, and the file that they become.
pub(super) struct TableFile<'a> {
    pub(super) plan: &'a Plan,
    pub(super) generator: &'a Arc<Generator>,
    pub(super) t: usize,
    pub(super) rows: Range<u64>,
    pub(super) options: &'a ExportOptions,
    pub(super) flow: &'a Flow,
    pub(super) progress: &'a Progress,
}

/// Rows that show how wide a table's rows are; the more rows, the smaller the share of the arrays' fixed overhead.
const SAMPLES: [u64; 3] = [8, 256, 4096];
const SAMPLE_BYTES: u64 = 1 << 20;
/// Rows generated at once for a row group, where they are narrow: a multiple of the encoder's batch size.
const NARROW_ROWS: u64 = 4 * CUT_ROWS as u64;
const NARROW_BYTES: u64 = 512;
/// Row groups of files in folders, for one of a file of all values: they end earlier.
const FOLDER_GROUPS: u64 = 16;

/// Whether a dictionary of the column's values would take longer than it saves. Delta-encoded numbers are about as
/// small as numbers in a dictionary, unless there are few different ones; texts only where nearly all differ.
fn too_many_values(column: &ArrayRef) -> bool {
    let Ok(compare) = make_comparator(column, column, SortOptions::default()) else { return false };
    let mut order: Vec<usize> = (0..column.len()).filter(|&i| column.is_valid(i)).collect();
    order.sort_unstable_by(|&a, &b| compare(a, b));
    let repeats = order.windows(2).filter(|pair| compare(pair[0], pair[1]).is_eq()).count();
    let text = matches!(column.data_type(), DataType::Utf8 | DataType::Binary);
    let (different, held) = (order.len() - repeats, order.len());
    held > 1 && if text { different * 4 >= held * 3 } else { different * 8 > held }
}

impl TableFile<'_> {
    /// The rows as one file, unless it is there already.
    fn alone(self, name: &str, groups: Option<&Groups>, kept: &FinishedFiles) -> Result<FilePart, RunError> {
        let first_row = (self.options.slice != Slice::Whole).then_some(self.rows.start);
        let options = self.options;
        if let Some(part) = kept.whole(options, name, self.rows.end - self.rows.start)? {
            self.progress.add(self.t, part.rows, part.bytes);
            return Ok(FilePart { first_row, ..part });
        }
        let part = self.write(name, groups)?;
        kept.note(options, &part)?;
        Ok(FilePart { first_row, ..part })
    }

    /// The rows in folders by a column's value, unless they are there already.
    fn in_folders(
        self,
        name: &str,
        groups: &Groups,
        at: usize,
        kept: &FinishedFiles,
    ) -> Result<Vec<FilePart>, RunError> {
        let there = kept.whole_folders(self.options, name, &self.rows)?;
        if !there.is_empty() {
            there.iter().for_each(|part| self.progress.add(self.t, part.rows, part.bytes));
            return Ok(there);
        }
        let above = file_stem(&self.plan.tables[self.t].label);
        self.partitioned((&above, name), groups, at, &|part| kept.note(self.options, part))
    }

    /// The rows as one file.
    pub(super) fn write(self, name: &str, groups: Option<&Groups>) -> Result<FilePart, RunError> {
        match (self.options.format, groups) {
            (_, Some(groups)) => self.parquet(name, groups),
            (FileType::Arrow, None) => self.arrow(name),
            (FileType::Ndjson, None) => self.ndjson(name),
            (FileType::Sql, None) => self.sql(name),
            (FileType::Csv | FileType::Parquet, None) => self.csv(name),
        }
    }

    pub(super) fn create(&self, name: &str) -> Result<OutFile, RunError> {
        // A file of the export that goes on, finished but not noted.
        let overwrite = self.options.overwrite || self.options.resume;
        let file = FileOptions { overwrite, packing: self.options.packing, ..FileOptions::default() };
        Ok(OutFile::create(&self.options.folder, name, file)?)
    }

    pub(super) fn schema(&self) -> SchemaRef {
        let schema = &self.generator.table(self.t).schema;
        if self.options.uuid_text { uuids::schema_with_text(schema) } else { schema.clone() }
    }

    /// CsvLines are encoded by the workers that generate them.
    fn csv(self, name: &str) -> Result<FilePart, RunError> {
        let mut sink = CsvSink::new(self.create(name)?, self.schema(), self.options.csv.clone())?;
        // Buffers are reused: new ones would cost a page fault for every page.
        let spare: Arc<Mutex<Vec<CsvLines>>> = Arc::default();
        let taken = spare.clone();
        let options = self.options.csv.clone();
        let encode = move |batch: RecordBatch| {
            let mut lines = taken.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            encode(&batch, &options, &mut lines)?;
            let held = lines.memory() as u64;
            Ok(((batch.num_rows() as u64, lines), held))
        };
        for lines in Batches::with(self.generator.clone(), self.flow, self.t, encode).part(self.rows.clone()) {
            let (rows, mut lines) = self.unless_stopped(lines)?;
            self.progress.add(self.t, rows, lines.as_bytes().len() as u64);
            sink.write_encoded(rows, &lines)?;
            lines.clear();
            spare.lock().unwrap_or_else(PoisonError::into_inner).push(lines);
        }
        Ok(Box::new(sink).finish()?)
    }

    /// Lines are encoded by the workers that generate them.
    fn ndjson(self, name: &str) -> Result<FilePart, RunError> {
        let mut file = self.create(name)?;
        let mut written = 0;
        let lines = Batches::with(self.generator.clone(), self.flow, self.t, encode_ndjson);
        for lines in lines.part(self.rows.clone()) {
            let (rows, lines) = self.unless_stopped(lines)?;
            self.progress.add(self.t, rows, lines.len() as u64);
            file.put(&lines)?;
            written += rows;
        }
        Ok(file.finish(written)?)
    }

    /// Statements are encoded by the workers that generate the rows; where one ends depends on the row's number alone.
    fn sql(self, name: &str) -> Result<FilePart, RunError> {
        let mut file = self.create(name)?;
        let sql = SqlText::of(self.plan, self.generator, self.t)?;
        file.put(sql.begin().as_bytes())?;
        let mut written = 0;
        for text in sql.batches(self.generator, self.flow, self.t, self.rows.clone()) {
            let (rows, text) = self.unless_stopped(text)?;
            self.progress.add(self.t, rows, text.len() as u64);
            file.put(&text)?;
            written += rows;
        }
        file.put(sql.end().as_bytes())?;
        Ok(file.finish(written)?)
    }

    fn arrow(self, name: &str) -> Result<FilePart, RunError> {
        let schema = self.schema();
        let mut sink = IpcSink::new(self.create(name)?, schema.clone())?;
        for batch in Batches::new(self.generator.clone(), self.flow, self.t).part(self.rows.clone()) {
            let batch = self.unless_stopped(batch)?;
            self.progress.add(self.t, batch.num_rows() as u64, batch.get_array_memory_size() as u64);
            sink.write(&self.options.shaped(batch, &schema))?;
        }
        Ok(Box::new(sink).finish()?)
    }

    /// Row groups are encoded by the workers that generate them; their boundaries depend on the rows alone.
    fn parquet(self, name: &str, groups: &Groups) -> Result<FilePart, RunError> {
        let mut sink = ParquetSink::new(self.create(name)?, self.schema(), &groups.options)?;
        let Groups { row_bytes, rows: step, at_once, .. } = *groups;
        let (encoder, schema, options) = (sink.encoder(), self.schema(), self.options.clone());
        let encode = move |generator: &Generator, t: usize, rows: Range<u64>| {
            let mut group = encoder.begin()?;
            let mut peak = 0;
            for from in rows.clone().step_by(at_once as usize) {
                let batch = options.shaped(generator.batch(t, from..rows.end.min(from + at_once))?, &schema);
                group.write(&batch)?;
                peak = peak.max(batch.get_array_memory_size() + group.memory());
            }
            let group = group.finish()?;
            let held = group.bytes();
            Ok(GeneratedRange { value: group, held, peak: peak as u64 })
        };
        let encoded = Batches::steps(self.generator.clone(), self.flow, self.t, (step, row_bytes), encode);
        for group in encoded.part(self.rows.clone()) {
            let group = self.unless_stopped(group)?;
            self.progress.add(self.t, group.rows(), group.bytes());
            sink.append(group)?;
        }
        Ok(Box::new(sink).finish()?)
    }

    pub(super) fn unless_stopped<T>(&self, made: Result<T, RunError>) -> Result<T, RunError> {
        if self.flow.stop.is_set() { Err(RunError::Interrupted) } else { made }
    }
}

fn manifest(plan: &Plan, generator: &Generator, options: &ExportOptions, files: Vec<Vec<FilePart>>) -> Manifest {
    let mut manifest = manifest_of(plan, generator);
    manifest.format = Some(options.format);
    manifest.compression = (options.format == FileType::Parquet).then_some(options.parquet.compression);
    manifest.csv =
        (options.format == FileType::Csv && options.csv != CsvOptions::default()).then(|| options.csv.clone());
    manifest.packing = options.packing;
    if options.uuid_text {
        for (t, table) in manifest.tables.iter_mut().enumerate() {
            table.columns = columns(&uuids::schema_with_text(&generator.table(t).schema));
        }
    }
    manifest.slice = options.slice.clone();
    let all = std::mem::take(&mut manifest.tables);
    let chosen = all.into_iter().enumerate().filter(|(t, _)| options.tables.contains(t)).map(|(_, table)| table);
    manifest.tables = chosen.zip(files).map(|(table, files)| TableEntry { files, ..table }).collect();
    manifest
}

fn columns(schema: &SchemaRef) -> Vec<ColumnEntry> {
    schema.fields().iter().map(|f| ColumnEntry::of(f)).collect()
}

/// The manifest of a plan's rows, without files.
pub fn manifest_of(plan: &Plan, generator: &Generator) -> Manifest {
    let text = PlanText::of(plan);
    let entry = |(t, p): (usize, &TablePlan)| TableEntry {
        name: p.name.name.clone(),
        schema: p.name.schema.clone(),
        label: p.label.clone(),
        rows: p.rows,
        columns: columns(&generator.table(t).schema),
        files: Vec::new(),
        limited_by: p.limited_by.clone(),
    };
    Manifest {
        format_version: FORMAT_VERSION,
        algorithm_version: plan.algorithm_version,
        generator: Manifest::generator(),
        seed: plan.seed,
        now: dbmocker_core::time::timestamp_text(plan.now),
        dialect: plan.dialect,
        format: None,
        compression: None,
        csv: None,
        packing: None,
        slice: Slice::Whole,
        tables: plan.tables.iter().enumerate().map(entry).collect(),
        plan_xxh3_128: Some(text.checksum()),
        plan: text,
    }
}
