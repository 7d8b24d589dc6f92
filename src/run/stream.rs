//! Writes one table's rows to a stream such as stdout while they are generated.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;

use super::export::{Groups, encode_ndjson};
use super::sql_text::SqlText;
use super::{Batches, Flow, GeneratedRange, RunError};
use crate::report::Progress;
use dbmocker_files::csv::{CsvLines, encode, header};
use dbmocker_files::{CsvOptions, FileType, ParquetOptions, ipc, uuids};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// Rows of one table for a stream.
pub struct TableStream<'a> {
    pub plan: &'a Plan,
    pub generator: &'a Arc<Generator>,
    pub csv: &'a CsvOptions,
    /// UUIDs of Arrow streams are text, not 16 bytes.
    pub uuid_text: bool,
    /// Fields of the table's schema that Arrow streams have, in this order; without it, all.
    pub fields: Option<Vec<usize>>,
    pub t: usize,
    pub rows: Range<u64>,
    pub flow: &'a Flow,
    pub progress: &'a Progress,
}

impl TableStream<'_> {
    /// Writes all rows and returns the number of bytes. The same rows give the same bytes on every machine.
    ///
    /// # Errors
    /// A row cannot be generated, or a write to the stream fails; bytes written before stay written.
    pub fn write(self, file_type: FileType, out: impl Write) -> Result<u64, RunError> {
        let mut out = Counted { out: io::BufWriter::with_capacity(1 << 20, out), bytes: 0 };
        match file_type {
            FileType::Csv => self.csv(&mut out)?,
            FileType::Ndjson => self.ndjson(&mut out)?,
            FileType::Arrow => self.arrow(&mut out)?,
            FileType::Sql => self.sql(&mut out)?,
            FileType::Parquet => return Err(RunError::NotStreamed),
        }
        out.flush().map_err(RunError::Stream)?;
        Ok(out.bytes)
    }

    fn csv(self, out: &mut impl Write) -> Result<(), RunError> {
        let mut head = CsvLines::default();
        header(&self.generator.table(self.t).schema, self.csv, &mut head);
        out.write_all(head.as_bytes()).map_err(RunError::Stream)?;
        let options = self.csv.clone();
        let encode = move |batch| {
            let mut lines = CsvLines::default();
            encode(&batch, &options, &mut lines)?;
            let held = lines.memory() as u64;
            Ok(((batch.num_rows() as u64, lines), held))
        };
        for lines in Batches::with(self.generator.clone(), self.flow, self.t, encode).part(self.rows.clone()) {
            let (rows, lines) = self.unless_stopped(lines)?;
            self.put(rows, lines.as_bytes(), out)?;
        }
        Ok(())
    }

    fn ndjson(self, out: &mut impl Write) -> Result<(), RunError> {
        for lines in Batches::with(self.generator.clone(), self.flow, self.t, encode_ndjson).part(self.rows.clone()) {
            let (rows, lines) = self.unless_stopped(lines)?;
            self.put(rows, &lines, out)?;
        }
        Ok(())
    }

    fn sql(self, out: &mut impl Write) -> Result<(), RunError> {
        let sql = SqlText::of(self.plan, self.generator, self.t)?;
        out.write_all(sql.begin().as_bytes()).map_err(RunError::Stream)?;
        for text in sql.batches(self.generator, self.flow, self.t, self.rows.clone()) {
            let (rows, text) = self.unless_stopped(text)?;
            self.put(rows, &text, out)?;
        }
        out.write_all(sql.end().as_bytes()).map_err(RunError::Stream)
    }

    fn put(&self, rows: u64, lines: &[u8], out: &mut impl Write) -> Result<(), RunError> {
        out.write_all(lines).map_err(RunError::Stream)?;
        self.progress.add(self.t, rows, lines.len() as u64);
        Ok(())
    }

    fn arrow(self, out: &mut impl Write) -> Result<(), RunError> {
        let own = &self.generator.table(self.t).schema;
        let fields: Vec<usize> = self.fields.clone().unwrap_or_else(|| (0..own.fields().len()).collect());
        let own = Arc::new(own.project(&fields).map_err(refused)?);
        let schema = if self.uuid_text { uuids::schema_with_text(&own) } else { own };
        let mut writer = StreamWriter::try_new(out, &schema).map_err(refused)?;
        let row_bytes = Groups::of(self.generator, self.t, &ParquetOptions::default())?.row_bytes;
        let (uuid_text, shape) = (self.uuid_text, schema.clone());
        let make = move |generator: &Generator, t: usize, rows: Range<u64>| {
            let batch = generator.batch_of(t, rows, &fields)?;
            let value = if uuid_text { uuids::with_text(batch, &shape) } else { batch };
            let held = value.get_array_memory_size() as u64;
            Ok(GeneratedRange { value, held, peak: held })
        };
        let step = (ipc::BATCH_ROWS as u64, row_bytes);
        let batches = Batches::steps(self.generator.clone(), self.flow, self.t, step, make);
        for batch in batches.part(self.rows.clone()) {
            let batch = self.unless_stopped(batch)?;
            writer.write(&batch).map_err(refused)?;
            self.progress.add(self.t, batch.num_rows() as u64, batch.get_array_memory_size() as u64);
        }
        writer.finish().map_err(refused)
    }

    fn unless_stopped<T>(&self, made: Result<T, RunError>) -> Result<T, RunError> {
        if self.flow.stop.is_set() { Err(RunError::Interrupted) } else { made }
    }
}

fn refused(e: ArrowError) -> RunError {
    RunError::Stream(match e {
        ArrowError::IoError(_, e) => e,
        other => io::Error::other(other),
    })
}

/// Counts what is written.
struct Counted<W: Write> {
    out: io::BufWriter<W>,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
