//! Parquet files with their logical types: record batches in, bytes out that do not depend on the batch boundaries.
//!
//! A row group is encoded by itself ([`GroupEncoder`]), on any thread, and appended to its file in order. Batches are
//! split again at fixed rows before they reach an encoder, because page boundaries depend on where a batch ends. The
//! Arrow schema is stored too, so that Arrow readers get exactly the same fields.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Encoding, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescriptor, Type, TypePtr};
use serde::{Deserialize, Serialize};

use super::file::FileFailure;
use super::{BatchSink, FilePart, OutFile, StageError, check_schema};
use dbmocker_generate::arrow::{JSON_EXTENSION, UUID_EXTENSION, extension};

/// Rows passed to the encoder at once, counted from the start of a row group; this is the encoder's own batch size.
pub const CUT_ROWS: usize = 1024;

/// Maximum number of column chunks of one file: each takes most of a KiB of memory until the file ends, so that very
/// wide or long tables get several.
pub const CHUNKS_OF_FILE: usize = 16 << 10;

/// Page size of a file that is read once, in bytes.
const PLAIN_PAGE_BYTES: usize = 64 << 10;

/// How the pages of a Parquet file are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    None,
    #[default]
    Snappy,
    Zstd,
}

/// A row group ends at the first limit it reaches.
#[derive(Debug, Clone)]
pub struct ParquetOptions {
    pub compression: Compression,
    /// Of zstd, 1 (fast) to 22 (small).
    pub level: Option<u8>,
    pub row_group_rows: usize,
    /// Encoded bytes; also the approximate memory of the writer.
    pub row_group_bytes: usize,
    /// Neither dictionaries nor statistics, and pages that end where batches do: for files that are read once, from
    /// start to end.
    pub plain: bool,
    /// Columns with so many values that a dictionary costs more than it saves; they are delta-encoded.
    pub distinct: Vec<String>,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        ParquetOptions {
            compression: Compression::default(),
            level: None,
            row_group_rows: 1 << 20,
            row_group_bytes: 128 << 20,
            plain: false,
            distinct: Vec::new(),
        }
    }
}

impl ParquetOptions {
    /// Rows of a group of about `row_group_bytes`, where a row takes `row_bytes`: a multiple of [`CUT_ROWS`], or fewer
    /// rows than that.
    pub fn rows_of_group(&self, row_bytes: usize) -> usize {
        let rows = (self.row_group_bytes / row_bytes.max(1)).clamp(1, self.row_group_rows.max(1));
        if rows > CUT_ROWS { rows - rows % CUT_ROWS } else { rows }
    }

    fn codec(&self) -> parquet::basic::Compression {
        let level = self.level.and_then(|level| ZstdLevel::try_new(level.into()).ok()).unwrap_or_default();
        match self.compression {
            Compression::None => parquet::basic::Compression::UNCOMPRESSED,
            Compression::Snappy => parquet::basic::Compression::SNAPPY,
            Compression::Zstd => parquet::basic::Compression::ZSTD(level),
        }
    }

    fn properties(&self, schema: &Schema) -> WriterProperties {
        let properties = WriterProperties::builder()
            .set_compression(self.codec())
            .set_max_row_group_row_count(None)
            .set_write_batch_size(CUT_ROWS)
            // Page indexes are held in memory until the file ends, which for 100 M rows exceeds the memory limit.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(format!("dbmocker version {}", env!("CARGO_PKG_VERSION")));
        let properties = if self.plain {
            // Buffers of small pages are reused by the allocator; those of large ones are mapped by the operating
            // system each time.
            properties
                .set_dictionary_enabled(false)
                .set_statistics_enabled(EnabledStatistics::None)
                .set_data_page_size_limit(PLAIN_PAGE_BYTES)
        } else {
            properties
        };
        let named = |name: &String| schema.field_with_name(name).ok();
        let properties = self.distinct.iter().filter_map(named).fold(properties, |properties, field| {
            let path = ColumnPath::new(vec![field.name().clone()]);
            let properties = properties.set_column_dictionary_enabled(path.clone(), false);
            match packed(field.data_type()) {
                Some(encoding) => properties.set_column_encoding(path, encoding),
                None => properties,
            }
        });
        let mut properties = properties.build();
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        properties
    }
}

/// The encoding for a type with many different values.
fn packed(data_type: &DataType) -> Option<Encoding> {
    match data_type {
        DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt64 => Some(Encoding::DELTA_BINARY_PACKED),
        DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..) => Some(Encoding::DELTA_BINARY_PACKED),
        // Wider ones are byte arrays in Parquet.
        DataType::Decimal128(..=18, _) => Some(Encoding::DELTA_BINARY_PACKED),
        DataType::Utf8 | DataType::Binary => Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        _ => None,
    }
}

/// Encodes the row groups of one file.
pub struct GroupEncoder {
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    path: PathBuf,
}

impl GroupEncoder {
    /// An empty row group.
    ///
    /// # Errors
    /// [`StageError::Encode`].
    pub fn begin(&self) -> Result<RowGroup<'_>, StageError> {
        // The number of the group is only used in encrypted files.
        let writers = self.factory.create_column_writers(0).map_err(|e| self.error(&e))?;
        Ok(RowGroup { encoder: self, writers, rows: 0 })
    }

    fn error(&self, e: &dyn std::fmt::Display) -> StageError {
        StageError::Encode { path: self.path.clone(), message: e.to_string() }
    }
}

/// A row group being encoded.
#[must_use]
pub struct RowGroup<'a> {
    encoder: &'a GroupEncoder,
    writers: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl RowGroup<'_> {
    /// Encodes rows. All but the last batch of a group must hold a multiple of [`CUT_ROWS`] rows.
    ///
    /// # Errors
    /// [`StageError::Encode`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        let encode = |e: ParquetError| self.encoder.error(&e);
        let mut writers = self.writers.iter_mut();
        for (field, column) in self.encoder.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, column).map_err(encode)? {
                let writer = writers.next().expect("as many writers as leaves, for they are of one schema");
                writer.write(&leaf).map_err(encode)?;
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// Its memory in bytes.
    pub fn memory(&self) -> usize {
        self.writers.iter().map(ArrowColumnWriter::memory_size).sum()
    }

    fn bytes(&self) -> usize {
        self.writers.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
    }

    /// Finishes the group for [`ParquetSink::append`].
    ///
    /// # Errors
    /// [`StageError::Encode`].
    pub fn finish(self) -> Result<EncodedGroup, StageError> {
        let chunks = self.writers.into_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let chunks = chunks.map_err(|e| self.encoder.error(&e))?;
        Ok(EncodedGroup { chunks, rows: self.rows as u64 })
    }
}

/// A complete encoded row group.
pub struct EncodedGroup {
    chunks: Vec<ArrowColumnChunk>,
    rows: u64,
}

impl EncodedGroup {
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Its size in bytes, in memory and in the file.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|c| c.close().bytes_written).sum()
    }
}

/// Writes one Parquet file.
#[must_use]
pub struct ParquetSink {
    writer: SerializedFileWriter<OutFile>,
    encoder: Arc<GroupEncoder>,
    /// Writers of the row group that [`BatchSink::write`] fills, and its rows.
    group: Option<(Vec<ArrowColumnWriter>, usize)>,
    options: ParquetOptions,
    /// Fewer rows than [`CUT_ROWS`], held until more arrive.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    rows: u64,
    path: PathBuf,
    failure: FileFailure,
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
        let root = parquet_schema(&schema).map_err(encode)?.root_schema_ptr();
        let properties = Arc::new(options.properties(&schema));
        let writer = SerializedFileWriter::new(file, root, properties).map_err(|e| told(&failure, &path, &e))?;
        let factory = ArrowRowGroupWriterFactory::new(&writer, schema.clone());
        let encoder = Arc::new(GroupEncoder { factory, schema, path: path.clone() });
        // An unsupported type is reported now, not with the first rows.
        drop(encoder.begin()?);
        let (options, waiting) = (options.clone(), Vec::new());
        Ok(ParquetSink { writer, encoder, group: None, options, waiting, waiting_rows: 0, rows: 0, path, failure })
    }

    /// The encoder of this file's row groups, for any thread.
    pub fn encoder(&self) -> Arc<GroupEncoder> {
        self.encoder.clone()
    }

    /// Writes a row group that the [`encoder`](Self::encoder) of this file made, or of another one of the same columns
    /// and options.
    ///
    /// # Errors
    /// A write fails.
    pub fn append(&mut self, group: EncodedGroup) -> Result<(), StageError> {
        let told = |e: ParquetError| told(&self.failure, &self.path, &e);
        let mut row_group = self.writer.next_row_group().map_err(told)?;
        for chunk in group.chunks {
            chunk.append_to_row_group(&mut row_group).map_err(told)?;
        }
        row_group.close().map_err(told)?;
        self.rows += group.rows;
        Ok(())
    }

    /// Ends the row group, so that its memory is free.
    ///
    /// # Errors
    /// A write fails.
    pub fn flush(&mut self) -> Result<(), StageError> {
        self.cut()?;
        let Some((writers, rows)) = self.group.take() else { return Ok(()) };
        let encoder = self.encoder.clone();
        self.append(RowGroup { encoder: &encoder, writers, rows }.finish()?)
    }

    /// Encodes the held rows, and writes the row group if it is full.
    fn cut(&mut self) -> Result<(), StageError> {
        let whole = match self.waiting.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            many => concat_batches(&self.encoder.schema, many).map_err(|e| self.encoder.error(&e))?,
        };
        self.waiting.clear();
        self.waiting_rows = 0;
        let encoder = self.encoder.clone();
        let mut group = match self.group.take() {
            Some((writers, rows)) => RowGroup { encoder: &encoder, writers, rows },
            None => encoder.begin()?,
        };
        group.write(&whole)?;
        if group.rows >= self.options.row_group_rows || group.bytes() >= self.options.row_group_bytes {
            return self.append(group.finish()?);
        }
        self.group = Some((group.writers, group.rows));
        Ok(())
    }

    /// Rows up to the next boundary.
    fn room(&self) -> usize {
        let begun = self.group.as_ref().map_or(0, |g| g.1);
        let left = self.options.row_group_rows.max(1) - begun;
        // Files that are read once need no reproducible bytes, and held rows may be wide.
        if self.options.plain { left } else { CUT_ROWS.min(left) - self.waiting_rows }
    }
}

/// The file's error if writing failed, otherwise the encoder's.
fn told(failure: &FileFailure, path: &Path, error: &ParquetError) -> StageError {
    failure.take().unwrap_or_else(|| StageError::Encode { path: path.to_owned(), message: error.to_string() })
}

impl BatchSink for ParquetSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        check_schema(&self.path.display().to_string(), &self.encoder.schema, batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let piece = batch.slice(from, self.room().min(batch.num_rows() - from));
            from += piece.num_rows();
            self.waiting_rows += piece.num_rows();
            self.waiting.push(piece);
            if self.options.plain || self.room() == 0 {
                self.cut()?;
            }
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        let encoded: usize = self.group.iter().flat_map(|g| &g.0).map(ArrowColumnWriter::memory_size).sum();
        encoded + self.waiting.iter().map(RecordBatch::get_array_memory_size).sum::<usize>()
    }

    fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    fn finish(mut self: Box<Self>) -> Result<FilePart, StageError> {
        self.flush()?;
        let Self { writer, failure, path, rows, .. } = *self;
        let file = writer.into_inner().map_err(|e| told(&failure, &path, &e))?;
        file.finish(rows)
    }
}

/// The Parquet schema of an Arrow schema, with the logical types that parquet-rs does not set: UUID and JSON.
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
