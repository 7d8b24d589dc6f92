//! A [`Payload`] in, its schema and record batches out: staged CSV and Parquet files are read lazily, in bounded memory.

use std::fs::File;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{LoadError, Payload};

mod csv;

/// Rows of a batch read from a file; a CSV batch also ends at 8 MiB of text.
const BATCH_ROWS: usize = 8192;

/// The batches of a payload, one after the other.
pub struct Batches<'a> {
    /// Columns of every batch, by position.
    pub schema: SchemaRef,
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch, LoadError>> + 'a>,
}

/// Opens a payload for reading.
///
/// # Errors
/// [`LoadError::File`] if a staged file cannot be opened, is damaged, or its columns are not those of its schema.
pub fn open(payload: Payload<'_>) -> Result<Batches<'_>, LoadError> {
    match payload {
        Payload::Batches { schema, batches } => Ok(Batches { schema, batches: Box::new(batches) }),
        Payload::Csv { schema, path } => {
            let reader = csv::Reader::open(&path, schema.clone())?;
            Ok(Batches { schema, batches: Box::new(reader) })
        }
        Payload::Parquet { path } => parquet(&path),
    }
}

fn parquet(path: &Path) -> Result<Batches<'static>, LoadError> {
    let shown = path.display().to_string();
    let fail = |e: &dyn std::fmt::Display| file_error(&shown, format!("{e}"));
    let file = File::open(path).map_err(|e| fail(&e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|b| b.with_batch_size(BATCH_ROWS).build())
        .map_err(|e| file_error(&shown, format!("not a whole Parquet file ({e}); export it again")))?;
    let schema = reader.schema();
    let batches = reader.map(move |batch| batch.map_err(|e| file_error(&shown, e.to_string())));
    Ok(Batches { schema, batches: Box::new(batches) })
}

fn file_error(path: &str, message: String) -> LoadError {
    LoadError::File { path: path.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = open(Payload::Parquet { path }).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("not a whole Parquet file"), "{error}");
    }
}
