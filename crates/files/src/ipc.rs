//! Arrow IPC files: record batches in, bytes out that do not depend on the batch boundaries.

use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;

use super::file::FileFailure;
use super::{BatchSink, FilePart, OutFile, StageError, check_schema};

/// Rows of one batch of the file: readers read one batch at a time.
pub const BATCH_ROWS: usize = 16 << 10;

/// Writes one Arrow IPC file.
#[must_use]
pub struct IpcSink {
    writer: FileWriter<OutFile>,
    schema: SchemaRef,
    failure: FileFailure,
    path: std::path::PathBuf,
    /// Rows that do not fill a batch yet.
    waiting: Vec<RecordBatch>,
    rows: u64,
}

impl IpcSink {
    /// Starts the file with its schema.
    ///
    /// # Errors
    /// A write fails.
    pub fn new(file: OutFile, schema: SchemaRef) -> Result<Self, StageError> {
        let (failure, path) = (file.failure(), file.path().to_owned());
        let writer = FileWriter::try_new(file, &schema).map_err(|e| failed(&failure, &path, &e))?;
        Ok(IpcSink { writer, schema, failure, path, waiting: Vec::new(), rows: 0 })
    }

    fn failed(&self, e: &ArrowError) -> StageError {
        failed(&self.failure, &self.path, e)
    }

    fn held(&self) -> usize {
        self.waiting.iter().map(RecordBatch::num_rows).sum()
    }

    fn write_waiting(&mut self) -> Result<(), StageError> {
        let waiting = std::mem::take(&mut self.waiting);
        let written = match &waiting[..] {
            [whole] => self.writer.write(whole),
            pieces => concat_batches(&self.schema, pieces).and_then(|batch| self.writer.write(&batch)),
        };
        written.map_err(|e| self.failed(&e))
    }
}

fn failed(failure: &FileFailure, path: &std::path::Path, e: &ArrowError) -> StageError {
    failure.take().unwrap_or_else(|| StageError::Encode { path: path.to_owned(), message: e.to_string() })
}

impl BatchSink for IpcSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        check_schema(&self.path.display().to_string(), &self.schema, batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = (BATCH_ROWS - self.held()).min(batch.num_rows() - from);
            self.waiting.push(batch.slice(from, rows));
            from += rows;
            if self.held() == BATCH_ROWS {
                self.write_waiting()?;
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn memory(&self) -> usize {
        self.waiting.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    fn bytes(&self) -> u64 {
        self.writer.get_ref().bytes()
    }

    fn finish(mut self: Box<Self>) -> Result<FilePart, StageError> {
        if self.held() > 0 {
            self.write_waiting()?;
        }
        let IpcSink { mut writer, failure, path, rows, .. } = *self;
        writer.finish().map_err(|e| failed(&failure, &path, &e))?;
        writer.into_inner().map_err(|e| failed(&failure, &path, &e))?.finish(rows)
    }
}

#[cfg(test)]
mod tests {
    use arrow::ipc::reader::FileReader;

    use super::*;
    use crate::FileOptions;
    use dbmocker_core::value::Value;
    use dbmocker_generate::testdata;

    #[test]
    fn the_file_is_the_same_however_rows_are_cut() {
        let schema = testdata::schema();
        let folder = tempfile::tempdir().unwrap();
        let row = vec![Value::Null; schema.fields().len()];
        let write = |name: &str, sizes: &[usize]| {
            let file = OutFile::create(folder.path(), name, FileOptions::default()).unwrap();
            let mut sink = Box::new(IpcSink::new(file, schema.clone()).unwrap());
            for &size in sizes {
                sink.write(&testdata::batch(&schema, &vec![row.clone(); size])).unwrap();
            }
            let part = sink.finish().unwrap();
            assert_eq!(part.rows, sizes.iter().sum::<usize>() as u64);
            std::fs::read(folder.path().join(name)).unwrap()
        };
        let whole = write("a", &[BATCH_ROWS + 5]);
        assert!(whole == write("b", &[7, BATCH_ROWS - 3, 1]));
        let read = FileReader::try_new(std::io::Cursor::new(whole), None).unwrap();
        assert_eq!(read.schema(), schema);
        let sizes: Vec<_> = read.map(|b| b.unwrap().num_rows()).collect();
        assert_eq!(sizes, [BATCH_ROWS, 5]);
        assert!(!write("c", &[]).is_empty());
    }
}
