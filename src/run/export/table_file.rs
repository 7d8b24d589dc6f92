//! Some rows of a table, as one file or as files in folders.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::row_groups::Groups;
use super::{ExportOptions, FinishedFiles, encode_ndjson};
use crate::report::Progress;
use crate::run::sql_text::SqlText;
use crate::run::{Batches, Flow, GeneratedRange, RunError};
use dbmocker_files::csv::{CsvLines, CsvSink, encode};
use dbmocker_files::{
    BatchSink, FileOptions, FilePart, FileType, IpcSink, OutFile, ParquetSink, Slice, file_stem, uuids,
};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// Some rows of a table, and the options of the file that they are written to.
pub(in crate::run) struct TableFile<'a> {
    pub plan: &'a Plan,
    pub generator: &'a Arc<Generator>,
    pub t: usize,
    pub rows: Range<u64>,
    pub options: &'a ExportOptions,
    pub flow: &'a Flow,
    pub progress: &'a Progress,
}

impl TableFile<'_> {
    /// Writes the rows as one file, unless it exists already.
    pub(super) fn alone(self, name: &str, groups: Option<&Groups>, kept: &FinishedFiles) -> Result<FilePart, RunError> {
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

    /// Writes the rows in folders by a column's value, unless the files exist already.
    pub(super) fn in_folders(
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
    pub(in crate::run) fn write(self, name: &str, groups: Option<&Groups>) -> Result<FilePart, RunError> {
        match (self.options.format, groups) {
            (_, Some(groups)) => self.parquet(name, groups),
            (FileType::Arrow, None) => self.arrow(name),
            (FileType::Ndjson, None) => self.ndjson(name),
            (FileType::Sql, None) => self.sql(name),
            (FileType::Csv | FileType::Parquet, None) => self.csv(name),
        }
    }

    pub(in crate::run) fn create(&self, name: &str) -> Result<OutFile, RunError> {
        // A resumed export may have finished this file without recording it.
        let overwrite = self.options.overwrite || self.options.resume;
        let file = FileOptions { overwrite, packing: self.options.packing, ..FileOptions::default() };
        Ok(OutFile::create(&self.options.folder, name, file)?)
    }

    pub(in crate::run) fn schema(&self) -> SchemaRef {
        let schema = &self.generator.table(self.t).schema;
        if self.options.uuid_text { uuids::schema_with_text(schema) } else { schema.clone() }
    }

    /// Lines are encoded by the workers that generate them.
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

    pub(in crate::run) fn unless_stopped<T>(&self, made: Result<T, RunError>) -> Result<T, RunError> {
        if self.flow.stop.is_set() { Err(RunError::Interrupted) } else { made }
    }
}
