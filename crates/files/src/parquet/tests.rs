use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;

use super::*;
use crate::FileOptions;
use dbmocker_core::value::Value;
use dbmocker_generate::testdata::{batch, cut, row, schema, values};

fn written(dir: &Path, name: &str, batches: &[RecordBatch], options: &ParquetOptions) -> (FilePart, Vec<u8>) {
    let file = OutFile::create(dir, name, FileOptions { durable: false, ..FileOptions::default() }).unwrap();
    let mut sink = Box::new(ParquetSink::new(file, batches[0].schema(), options).unwrap());
    batches.iter().for_each(|b| sink.write(b).unwrap());
    let part = sink.finish().unwrap();
    (part, std::fs::read(dir.join(name)).unwrap())
}

fn read(bytes: Vec<u8>) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

fn numbers(rows: i64) -> RecordBatch {
    let schema = schema();
    let rows: Vec<Vec<Value>> = (0..rows)
        .map(|n| {
            let mut row = vec![Value::Null; schema.fields().len()];
            row[3] = Value::Int(n.into());
            row[9] = Value::Text(format!("row {} {n}", n % 7));
            row
        })
        .collect();
    batch(&schema, &rows)
}

#[test]
fn logical_types_and_nothing_of_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let (part, bytes) = written(dir.path(), "t.parquet", &[numbers(10)], &ParquetOptions::default());
    assert_eq!((part.rows, part.bytes), (10, bytes.len() as u64));
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let meta = reader.metadata().file_metadata();
    assert_eq!(meta.created_by(), Some(concat!("dbmocker version ", env!("CARGO_PKG_VERSION"))));
    let keys: Vec<_> = meta.key_value_metadata().unwrap().iter().map(|kv| kv.key.as_str()).collect();
    assert_eq!(keys, ["ARROW:schema"]);
    let logical = |name: &str| {
        let column = meta.schema_descr().columns().iter().find(|c| c.name() == name).unwrap().clone();
        format!("{:?}", column.logical_type_ref())
    };
    assert_eq!(logical("id"), "Some(Uuid)");
    assert_eq!(logical("doc"), "Some(Json)");
    for (name, part) in
        [("price", "Decimal"), ("day", "Date"), ("clock", "Time"), ("at", "Timestamp"), ("name, \"quoted\"", "String")]
    {
        assert!(logical(name).contains(part), "{name}: {}", logical(name));
    }
}

#[test]
fn row_groups_keep_their_limits() {
    let dir = tempfile::tempdir().unwrap();
    let groups = |name: &str, options: &ParquetOptions| {
        let (_, bytes) = written(dir.path(), name, &[numbers(100_000)], options);
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        reader.metadata().row_groups().iter().map(|g| g.num_rows()).collect::<Vec<_>>()
    };
    let by_rows = groups("rows", &ParquetOptions { row_group_rows: 30_000, ..Default::default() });
    assert_eq!(by_rows, [30_000, 30_000, 30_000, 10_000]);
    let by_bytes = groups("bytes", &ParquetOptions { row_group_bytes: 300_000, ..Default::default() });
    assert!(by_bytes.len() > 1 && by_bytes.iter().sum::<i64>() == 100_000, "{by_bytes:?}");
}

#[test]
fn the_same_bytes_across_pages_and_row_groups_for_every_compression() {
    let dir = tempfile::tempdir().unwrap();
    let whole = numbers(70_000);
    for compression in [Compression::None, Compression::Snappy, Compression::Zstd] {
        let options =
            ParquetOptions { compression, row_group_rows: 20_000, row_group_bytes: 200_000, ..Default::default() };
        let name = |n: u32| format!("{compression:?}.{n}");
        let (one, bytes) = written(dir.path(), &name(1), std::slice::from_ref(&whole), &options);
        for (n, cuts) in [(2, vec![1, 16_383, 1, 999, 40_000]), (3, vec![777; 90]), (4, vec![0, 16_384, 20_000])] {
            let (other, other_bytes) = written(dir.path(), &name(n), &cut(&whole, &cuts), &options);
            assert!(bytes == other_bytes && one.checksum == other.checksum, "{compression:?} {n}");
        }
    }
}

#[test]
fn groups_encoded_elsewhere_give_the_bytes_of_rows_written_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let whole = numbers(10_000);
    let options = ParquetOptions { row_group_rows: 4096, ..Default::default() };
    let (part, bytes) = written(dir.path(), "one", &cut(&whole, &[7, 5000]), &options);
    let name = "other".to_owned();
    let file = OutFile::create(dir.path(), &name, FileOptions { durable: false, ..Default::default() }).unwrap();
    let mut sink = ParquetSink::new(file, whole.schema(), &options).unwrap();
    let encoder = sink.encoder();
    let encode = |from: usize| {
        let mut group = encoder.begin().unwrap();
        let end = (from + 4096).min(whole.num_rows());
        for at in (from..end).step_by(2048) {
            group.write(&whole.slice(at, 2048.min(end - at))).unwrap();
        }
        group.finish().unwrap()
    };
    let groups: Vec<EncodedGroup> = std::thread::scope(|s| {
        let threads: Vec<_> = [0, 4096, 8192].map(|from| s.spawn(move || encode(from))).into();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    groups.into_iter().for_each(|g| sink.append(g).unwrap());
    let other = Box::new(sink).finish().unwrap();
    assert_eq!((other.rows, other.checksum), (part.rows, part.checksum));
    assert!(std::fs::read(dir.path().join(&name)).unwrap() == bytes);
}

#[test]
fn plain_files_hold_the_same_rows_and_gather_none() {
    let dir = tempfile::tempdir().unwrap();
    let whole = numbers(10_000);
    let options = ParquetOptions { row_group_rows: 4096, plain: true, ..Default::default() };
    let (_, bytes) = written(dir.path(), "plain", &cut(&whole, &[7, 5000]), &options);
    assert!(concat_batches(&whole.schema(), &read(bytes)).unwrap() == whole);
    let file = OutFile::create(dir.path(), "t", FileOptions { durable: false, ..Default::default() }).unwrap();
    let mut sink = ParquetSink::new(file, whole.schema(), &options).unwrap();
    sink.write(&whole.slice(0, 10)).unwrap();
    assert_eq!(sink.waiting.len(), 0);
}

#[test]
fn groups_hold_whole_cuts_where_rows_are_small() {
    let options = ParquetOptions { row_group_bytes: 1 << 20, ..Default::default() };
    assert_eq!(
        [1, 100, 1000, 2000, 1 << 20, 1 << 30, 0].map(|row| options.rows_of_group(row)),
        [1 << 20, 10_240, 1024, 524, 1, 1, 1 << 20]
    );
}

#[test]
fn a_table_without_columns_is_refused_because_its_rows_would_be_lost() {
    let dir = tempfile::tempdir().unwrap();
    let file = OutFile::create(dir.path(), "t.parquet", FileOptions::default()).unwrap();
    let error = ParquetSink::new(file, Arc::new(Schema::empty()), &ParquetOptions::default()).err().unwrap();
    assert!(matches!(error, StageError::NoColumns { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn values_and_fields_come_back(rows in prop::collection::vec(row(), 0..30), cuts in prop::collection::vec(0usize..20, 0..4)) {
        let dir = tempfile::tempdir().unwrap();
        let whole = batch(&schema(), &rows);
        let (_, bytes) = written(dir.path(), "a", &cut(&whole, &cuts), &ParquetOptions::default());
        let (_, again) = written(dir.path(), "b", std::slice::from_ref(&whole), &ParquetOptions::default());
        prop_assert_eq!(&bytes, &again);
        let back = read(bytes);
        for batch in &back {
            prop_assert_eq!(batch.schema_ref().fields(), whole.schema_ref().fields());
        }
        let spell = |rows: Vec<Vec<Value>>| format!("{rows:?}");
        prop_assert_eq!(spell(back.iter().flat_map(values).collect()), spell(values(&whole)));
    }
}

#[test]
fn columns_of_distinct_values_have_no_dictionary() {
    let dir = tempfile::tempdir().unwrap();
    let batches = [numbers(5000)];
    let name = batches[0].schema().field(3).name().clone();
    let options = ParquetOptions { distinct: vec![name, "nobody".into()], ..ParquetOptions::default() };
    let (_, bytes) = written(dir.path(), "d.parquet", &batches, &options);
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes.clone())).unwrap();
    let columns = file.metadata().row_group(0).columns();
    assert!(columns[3].dictionary_page_offset().is_none());
    assert!(columns[9].dictionary_page_offset().is_some());
    assert_eq!(concat_batches(&batches[0].schema(), &read(bytes)).unwrap(), batches[0]);
}
