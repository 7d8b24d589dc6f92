//! Rows on disk: CSV and Parquet files with their manifest, spilled files, and the memory budget.
//!
//! Data in is Arrow record batches, data out is files that are written atomically, each described by a [`FilePart`].
//! Spilled files are temporary files: the same sinks write them, only owner and quota differ.

use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

pub mod compat;
pub mod csv;
pub mod error;
pub mod file;
pub mod hive;
pub mod in_progress;
pub mod ipc;
pub mod join;
pub mod manifest;
pub mod memory;
pub mod names;
pub mod ndjson;
pub mod objects;
pub mod packing;
pub mod parquet;
mod plan_text;
pub mod size;
pub mod slice;
pub mod spill;
pub mod uuids;

pub use compat::{Difference, compare};
pub use csv::{CsvOptions, CsvSink};
pub use error::StageError;
pub use file::{FileOptions, OutFile};
pub use hive::HivePartition;
pub use ipc::IpcSink;
pub use manifest::{Manifest, ManifestError};
pub use memory::{Budget, Reservation};
pub use names::{file_name, file_stem, sliced_file_name};
pub use objects::Store;
pub use packing::Packing;
pub use parquet::{Compression, ParquetOptions, ParquetSink};
pub use slice::Slice;
pub use spill::{SpillFile, SpillStore};

/// The format of files for loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Parquet,
}

/// The formats of `export`: those that can be loaded again, and others for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    Csv,
    Parquet,
    /// Arrow IPC files.
    Arrow,
    /// One JSON object per line.
    Ndjson,
    /// `INSERT` statements.
    Sql,
}

impl FileType {
    pub const ALL: [FileType; 5] = [FileType::Csv, FileType::Parquet, FileType::Arrow, FileType::Ndjson, FileType::Sql];

    /// File name extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FileType::Csv => "csv",
            FileType::Parquet => "parquet",
            FileType::Arrow => "arrow",
            FileType::Ndjson => "ndjson",
            FileType::Sql => "sql",
        }
    }

    /// Whether it is text, which can be compressed as a whole.
    pub fn is_text(self) -> bool {
        matches!(self, FileType::Csv | FileType::Ndjson | FileType::Sql)
    }

    /// The format with which `load --from` reads such files; `None` if it cannot.
    pub fn loaded_as(self) -> Option<Format> {
        match self {
            FileType::Csv => Some(Format::Csv),
            FileType::Parquet => Some(Format::Parquet),
            FileType::Arrow | FileType::Ndjson | FileType::Sql => None,
        }
    }
}

impl From<Format> for FileType {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => FileType::Csv,
            Format::Parquet => FileType::Parquet,
        }
    }
}

/// One finished file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// Name within its folder; empty for [`NullSink`].
    pub path: String,
    pub rows: u64,
    /// The number of its first row in the table, from 0; set if the export does not contain all rows, or if the file is of
    /// a partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_row: Option<u64>,
    /// The column that the file lacks, because all of its rows have the same value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<HivePartition>,
    pub bytes: u64,
    /// XXH3 (128 bits) of the file in hex, computed while it was written; empty if it was not requested.
    #[serde(rename = "xxh3_128")]
    pub checksum: String,
}

/// Writes the batches of one part, in order.
///
/// A sink dropped unfinished leaves no file; `finish` consumes it, so a finished one cannot be written to. After an
/// error the sink must be dropped.
pub trait BatchSink: Send {
    /// Encodes and writes one batch of the sink's schema. Batch sizes do not change the bytes of the file.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError>;

    /// Bytes of memory held for rows not yet written out, as an estimate.
    fn memory(&self) -> usize {
        0
    }

    /// Bytes of the file so far, of rows that were written out.
    fn bytes(&self) -> u64 {
        0
    }

    /// Completes the file and gives it its final name.
    fn finish(self: Box<Self>) -> Result<FilePart, StageError>;
}

/// Counts rows and discards them, to measure generation without a disk.
#[derive(Debug, Default)]
pub struct NullSink {
    rows: u64,
}

impl BatchSink for NullSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<FilePart, StageError> {
        Ok(FilePart {
            path: String::new(),
            rows: self.rows,
            first_row: None,
            partition: None,
            bytes: 0,
            checksum: String::new(),
        })
    }
}

/// Starts the file `name` in `dir` in the given format.
///
/// # Errors
/// The file exists, the folder cannot be written to, or the format does not support a type.
pub fn create(
    dir: &Path,
    name: &str,
    schema: SchemaRef,
    format: Format,
    parquet: &ParquetOptions,
    options: FileOptions,
) -> Result<Box<dyn BatchSink>, StageError> {
    let file = OutFile::create(dir, name, options)?;
    Ok(match format {
        Format::Csv => Box::new(CsvSink::new(file, schema, CsvOptions::default())?),
        Format::Parquet => Box::new(ParquetSink::new(file, schema, parquet)?),
    })
}

/// Checks that the batch has the sink's columns: names and types, not metadata.
fn check_schema(name: &str, schema: &SchemaRef, batch: &RecordBatch) -> Result<(), StageError> {
    let got = batch.schema_ref();
    let same = got.fields().len() == schema.fields().len()
        && got
            .fields()
            .iter()
            .zip(schema.fields())
            .all(|(a, b)| a.name() == b.name() && a.data_type() == b.data_type());
    if same {
        return Ok(());
    }
    let spell = |s: &SchemaRef| {
        s.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect::<Vec<_>>().join(", ")
    };
    Err(StageError::Schema { path: name.to_owned(), expected: spell(schema), got: spell(got) })
}
