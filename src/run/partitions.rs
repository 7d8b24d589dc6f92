//! A table's rows as Parquet files in folders by a column's value.
//!
//! Every value has one open file. When the buffered rows of all files are as many as two row groups, the file with the
//! most of them writes its row group: which one that is depends on the rows alone, so the files are the same on every
//! machine.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use super::export::{Groups, TableFile};
use super::{Batches, GeneratedRange, RunError};
use dbmocker_files::hive::{self, HiveError, MOST_FOLDERS};
use dbmocker_files::parquet::CUT_ROWS;
use dbmocker_files::{BatchSink, FilePart, HivePartition, ParquetOptions, ParquetSink};
use dbmocker_generate::generator::Generator;

/// The rows of one value.
type FolderPart = (Option<String>, RecordBatch);

/// Rows of a table that are checked before anything is written.
const SAMPLE: u64 = 4096;

/// Checks that a table's rows can be written into folders by its column `at`.
///
/// # Errors
/// The column's type or its values do not fit.
pub fn may_partition(generator: &Generator, t: usize, at: usize) -> Result<(), RunError> {
    let table = generator.table(t);
    let field = table.schema.field(at);
    hive::check(field)?;
    if table.schema.fields().len() == 1 {
        return Err(HiveError::Only { column: field.name().clone() }.into());
    }
    let sample = generator.batch(t, 0..SAMPLE.min(table.rows))?;
    for (value, _) in hive::split(&sample, at)? {
        hive::folder(field.name(), value.as_deref())?;
    }
    Ok(())
}

/// A value's file, and its buffered rows of the current row group.
struct OpenFolder {
    sink: ParquetSink,
    waiting: u64,
}

/// The files that are being written.
struct Folders<'a> {
    file: &'a TableFile<'a>,
    /// The name of every file, and of the folder with those of all values.
    name: &'a str,
    above: &'a str,
    column: String,
    at: usize,
    options: ParquetOptions,
    open: BTreeMap<Option<String>, OpenFolder>,
    waiting: u64,
    /// The most rows that are buffered.
    most: u64,
}

impl TableFile<'_> {
    /// Writes the rows into folders by the column `at`, below the folder `above`; every finished file is `noted`.
    pub(super) fn partitioned(
        &self,
        (above, name): (&str, &str),
        groups: &Groups,
        at: usize,
        noted: &dyn Fn(&FilePart) -> Result<(), RunError>,
    ) -> Result<Vec<FilePart>, RunError> {
        let row_group_rows = usize::try_from(groups.rows).unwrap_or(usize::MAX);
        let mut folders = Folders {
            file: self,
            name,
            above,
            column: self.schema().field(at).name().clone(),
            at,
            options: ParquetOptions { row_group_rows, ..groups.options.clone() },
            open: BTreeMap::new(),
            waiting: 0,
            most: groups.rows.saturating_mul(2).max(CUT_ROWS as u64),
        };
        let (schema, options) = (self.schema(), self.options.clone());
        let make = move |generator: &Generator, t: usize, rows| {
            let batch = options.shaped(generator.batch(t, rows)?, &schema);
            let own = batch.get_array_memory_size() as u64;
            let parts = hive::split(&batch, at)?;
            Ok(GeneratedRange { value: parts, held: own, peak: 2 * own })
        };
        let steps = (groups.at_once, groups.row_bytes);
        let made = Batches::steps(self.generator.clone(), self.flow, self.t, steps, make);
        for parts in made.part(self.rows.clone()) {
            for part in self.unless_stopped(parts)? {
                folders.write(part)?;
            }
        }
        folders.finish(noted)
    }
}

impl Folders<'_> {
    fn write(&mut self, (value, rows): FolderPart) -> Result<(), RunError> {
        let more = rows.num_rows() as u64;
        self.file.progress.add(self.file.t, more, rows.get_array_memory_size() as u64);
        if !self.open.contains_key(&value) {
            self.begin(&value)?;
        }
        let open = self.open.get_mut(&value).expect("begun above");
        open.sink.write(&rows)?;
        open.waiting += more;
        self.waiting += more;
        while self.waiting > self.most {
            let Some(fullest) = self.open.values_mut().max_by_key(|open| open.waiting) else { break };
            fullest.sink.flush()?;
            self.waiting -= std::mem::take(&mut fullest.waiting);
        }
        Ok(())
    }

    fn begin(&mut self, value: &Option<String>) -> Result<(), RunError> {
        if self.open.len() == MOST_FOLDERS {
            return Err(HiveError::TooMany { column: self.column.clone() }.into());
        }
        let folder = hive::folder(&self.column, value.as_deref())?;
        let out = self.file.create(&format!("{}/{folder}/{}", self.above, self.name))?;
        let sink = ParquetSink::new(out, hive::schema_without(&self.file.schema(), self.at), &self.options)?;
        self.open.insert(value.clone(), OpenFolder { sink, waiting: 0 });
        Ok(())
    }

    fn finish(self, noted: &dyn Fn(&FilePart) -> Result<(), RunError>) -> Result<Vec<FilePart>, RunError> {
        let rows = &self.file.rows;
        let (first, among) = (rows.start, rows.end - rows.start);
        let mut files = Vec::new();
        for (value, open) in self.open {
            let partition = HivePartition { column: self.column.clone(), value, among };
            let part = Box::new(open.sink).finish()?;
            let part = FilePart { first_row: Some(first), partition: Some(partition), ..part };
            noted(&part)?;
            files.push(part);
        }
        Ok(files)
    }
}
