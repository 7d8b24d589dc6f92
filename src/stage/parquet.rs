//! Parquet files with their logical types: record batches in, the same bytes out however the rows were cut.
//!
//! Batches are cut again at fixed rows before they reach the encoder, because page and row group boundaries depend on
//! where a batch ends. The Arrow schema is stored too, so that readers of Arrow get the very same fields back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use serde::{Deserialize, Serialize};

use super::file::Failure;
use super::{BatchSink, FilePart, OutFile, StageError, check_schema};
use crate::generate::arrow::{JSON_EXTENSION, UUID_EXTENSION, extension};

/// Rows handed to the encoder at once, counted from the start of the file.
const CUT_ROWS: usize = 16_384;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    None,
    #[default]
    Snappy,
    Zstd,
}

impl From<Compression> for parquet::basic::Compression {
    fn from(c: Compression) -> Self {
        match c {
            Compression::None => Self::UNCOMPRESSED,
            Compression::Snappy => Self::SNAPPY,
            Compression::Zstd => Self::ZSTD(Default::default()),
        }
    }
}

/// A row group ends at the first limit it reaches.
#[derive(Debug, Clone)]
pub struct ParquetOptions {
    pub compression: Compression,
    pub row_group_rows: usize,
    /// Encoded bytes; also about what the writer holds in memory.
    pub row_group_bytes: usize,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        ParquetOptions { compression: Compression::default(), row_group_rows: 1 << 20, row_group_bytes: 128 << 20 }
    }
}

/// Writes one Parquet file.
#[must_use]
pub struct ParquetSink {
    writer: ArrowWriter<OutFile>,
    schema: SchemaRef,
    /// Fewer than [`CUT_ROWS`] rows that wait for more.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    rows: u64,
    path: PathBuf,
    failure: Failure,
}

impl ParquetSink {
    /// Starts the file.
    ///
    /// # Errors
    /// A column type that Parquet cannot carry, or no columns at all.
    pub fn new(file: OutFile, schema: SchemaRef, options: &ParquetOptions) -> Result<Self, StageError> {
        let (path, failure) = (file.path().to_owned(), file.failure());
        if schema.fields().is_empty() {
            return Err(StageError::NoColumns { path });
        }
        let encode = |e: ParquetError| StageError::Encode { path: path.clone(), message: e.to_string() };
        let properties = WriterProperties::builder()
            .set_compression(options.compression.into())
            .set_max_row_group_row_count(Some(options.row_group_rows.max(1)))
            .set_max_row_group_bytes(Some(options.row_group_bytes.max(1)))
            .set_created_by(format!("dbmocker version {}", env!("CARGO_PKG_VERSION")))
            .build();
        let arrow_options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_parquet_schema(parquet_schema(&schema).map_err(encode)?);
        let writer = ArrowWriter::try_new_with_options(file, schema.clone(), arrow_options).map_err(encode)?;
        Ok(ParquetSink { writer, schema, waiting: Vec::new(), waiting_rows: 0, rows: 0, path, failure })
    }

    /// Encodes the rows that wait.
    fn cut(&mut self) -> Result<(), StageError> {
        let whole = match self.waiting.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            many => concat_batches(&self.schema, many)
                .map_err(|e| StageError::Encode { path: self.path.clone(), message: e.to_string() })?,
        };
        self.waiting.clear();
        self.waiting_rows = 0;
        self.writer.write(&whole).map_err(|e| told(&self.failure, &self.path, &e))
    }
}

/// The file's own error if it was the file, the encoder's otherwise.
fn told(failure: &Failure, path: &Path, error: &ParquetError) -> StageError {
    failure.take().unwrap_or_else(|| StageError::Encode { path: path.to_owned(), message: error.to_string() })
}

impl BatchSink for ParquetSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        check_schema(&self.path.display().to_string(), &self.schema, batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let piece = batch.slice(from, (CUT_ROWS - self.waiting_rows).min(batch.num_rows() - from));
            from += piece.num_rows();
            self.waiting_rows += piece.num_rows();
            self.waiting.push(piece);
            if self.waiting_rows == CUT_ROWS {
                self.cut()?;
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn memory(&self) -> usize {
        self.writer.memory_size() + self.waiting.iter().map(RecordBatch::get_array_memory_size).sum::<usize>()
    }

    fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    fn finish(mut self: Box<Self>) -> Result<FilePart, StageError> {
        self.cut()?;
        let Self { writer, failure, path, rows, .. } = *self;
        let file = writer.into_inner().map_err(|e| told(&failure, &path, &e))?;
        file.finish(rows)
    }
}

/// The Parquet schema of an Arrow schema, with the logical types that parquet-rs leaves out: UUID and JSON.
fn parquet_schema(schema: &Schema) -> Result<SchemaDescriptor, ParquetError> {
    let plain = ArrowSchemaConverter::new().convert(schema)?;
    let columns = plain.root_schema().get_fields().iter().zip(schema.fields());
    let fields = columns
        .map(|(column, field)| {
            let repetition = if field.is_nullable() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
            let builder = match extension(field) {
                Some(UUID_EXTENSION) => Type::primitive_type_builder(column.name(), PhysicalType::FIXED_LEN_BYTE_ARRAY)
                    .with_length(16)
                    .with_logical_type(Some(LogicalType::Uuid)),
                Some(JSON_EXTENSION) => Type::primitive_type_builder(column.name(), PhysicalType::BYTE_ARRAY)
                    .with_logical_type(Some(LogicalType::Json)),
                _ => return Ok(column.clone()),
            };
            Ok(Arc::new(builder.with_repetition(repetition).build()?))
        })
        .collect::<Result<Vec<TypePtr>, ParquetError>>()?;
    let root = Type::group_type_builder(plain.name()).with_fields(fields).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

#[cfg(test)]
mod tests;
