//! A [`Payload`] in, its schema and record batches out: staged CSV and Parquet files are read lazily, in bounded
//! memory.

use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;

use crate::{LoadError, Payload};

mod csv;
mod footer;
mod map;

use map::{Map, Resident};

/// Rows of a batch read from a file; fewer where these rows would exceed the byte limit below.
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: usize = 2 << 20;

/// The batches of a payload, one after the other.
pub struct PayloadBatches<'a> {
    /// Columns of every batch, by position.
    pub schema: SchemaRef,
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch, LoadError>> + 'a>,
}

/// Opens a payload for reading.
///
/// # Errors
/// [`LoadError::File`] if a staged file cannot be opened, is damaged, or its columns are not those of its schema.
pub fn open(payload: Payload<'_>) -> Result<PayloadBatches<'_>, LoadError> {
    match payload {
        Payload::Batches { schema, batches } => Ok(PayloadBatches { schema, batches: Box::new(batches) }),
        Payload::Csv { schema, path } => {
            let reader = csv::CsvReader::open(&path, schema.clone())?;
            Ok(PayloadBatches { schema, batches: Box::new(reader) })
        }
        Payload::Parquet { path } => parquet(&path),
    }
}

fn parquet(path: &Path) -> Result<PayloadBatches<'static>, LoadError> {
    let shown = path.display().to_string();
    let fail = |e: &dyn std::fmt::Display| file_error(&shown, format!("{e}"));
    let damaged = |e: &dyn std::fmt::Display| fail(&format!("not a whole Parquet file ({e}); export it again"));
    let map = Map::open(path).map_err(|e| fail(&e))?.ok_or_else(|| damaged(&"it is empty"))?;
    match footer::is_flat(map.bytes().as_ref()) {
        None => return Err(damaged(&"it has no footer")),
        Some(false) => return Err(fail(&"it has columns inside columns, which no table has; export it again")),
        Some(true) => {}
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(map.bytes()).map_err(|e| damaged(&e))?;
    let rows = rows_of_batch(builder.metadata());
    let reader = builder.with_batch_size(rows).build().map_err(|e| damaged(&e))?;
    let schema = reader.schema();
    let mut resident = Resident::new(map);
    let batches = reader.map(move |batch| {
        let batch = batch.map_err(|e| file_error(&shown, e.to_string()))?;
        // Encoded rows usually take less.
        resident.read(batch.get_array_memory_size());
        Ok(batch)
    });
    Ok(PayloadBatches { schema, batches: Box::new(batches) })
}

/// The number of rows that fit the byte limit of a batch, by the file's widest row group.
fn rows_of_batch(metadata: &ParquetMetaData) -> usize {
    let groups = metadata.row_groups().iter().filter(|g| g.num_rows() > 0);
    let widest = groups.map(|g| g.total_byte_size() / g.num_rows()).max().unwrap_or(0);
    let widest = usize::try_from(widest).unwrap_or(0).max(1);
    (BATCH_BYTES / widest).clamp(1, BATCH_ROWS)
}

fn file_error(path: &str, message: String) -> LoadError {
    LoadError::File { path: path.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::ArrowWriter;

    #[test]
    fn parquet_comes_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("t", DataType::Utf8, true),
        ]));
        let ids = Int64Array::from_iter_values(0..20_000);
        let texts: StringArray = (0..20_000).map(|i| (i % 3 > 0).then(|| format!("t{i}"))).collect();
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(ids), Arc::new(texts.clone())]).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema.clone(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let read = open(Payload::Parquet { path: path.clone() }).unwrap();
        assert_eq!(read.schema.fields(), schema.fields());
        let batches: Vec<RecordBatch> = read.batches.collect::<Result<_, _>>().unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 20_000);
        let first = batches[0].column(1).as_any().downcast_ref::<StringArray>().unwrap().clone();
        assert_eq!(first, texts.slice(0, first.len()));

        let whole = std::fs::read(&path).unwrap();
        for part in [whole.len() / 2, 0] {
            std::fs::write(&path, &whole[..part]).unwrap();
            let error = open(Payload::Parquet { path: path.clone() }).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("not a whole Parquet file"), "{error}");
        }
    }

    #[test]
    fn wide_rows_come_in_small_batches() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        let schema = Arc::new(Schema::new(vec![Field::new("t", DataType::Utf8, false)]));
        let texts = StringArray::from_iter_values((0..200).map(|i| format!("{i:050000}")));
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(texts)]).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let read = open(Payload::Parquet { path }).unwrap();
        let batches: Vec<RecordBatch> = read.batches.collect::<Result<_, _>>().unwrap();
        assert!(batches.iter().all(|b| b.num_rows() <= 50), "{}", batches[0].num_rows());
        assert_eq!(arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap(), batch);
    }
}
