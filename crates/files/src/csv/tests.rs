use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use arrow::record_batch::RecordBatchOptions;
use dbmocker_loaders::{Payload, staged};
use proptest::prelude::*;

use super::*;
use crate::{FileOptions, FilePart};
use dbmocker_core::value::Value;
use dbmocker_generate::testdata::{batch, cut, row, schema, values};

fn encoded(batches: &[RecordBatch]) -> Vec<u8> {
    let mut out = CsvLines::default();
    batches.iter().for_each(|b| encode(b, &CsvOptions::default(), &mut out).unwrap());
    out.as_bytes().to_vec()
}

fn written(dir: &Path, name: &str, batches: &[RecordBatch]) -> (FilePart, Vec<u8>) {
    let file = OutFile::create(dir, name, FileOptions { durable: false, ..FileOptions::default() }).unwrap();
    let mut sink = Box::new(CsvSink::new(file, batches[0].schema(), CsvOptions::default()).unwrap());
    batches.iter().for_each(|b| sink.write(b).unwrap());
    let part = sink.finish().unwrap();
    let bytes = std::fs::read(dir.join(name)).unwrap();
    (part, bytes)
}

#[test]
fn the_dialect_to_the_byte() {
    let text = |s: &str| Value::text(s);
    let full = vec![
        Value::Bool(true),
        Value::Int(-1),
        Value::Int(2),
        Value::Int(i64::MIN.into()),
        Value::Int(u64::MAX.into()),
        Value::Decimal { unscaled: -5, scale: 2 },
        Value::Int(7),
        Value::Float(0.1),
        Value::Float(1e300),
        text("a \"b\",\nc"),
        Value::Bytes(vec![0, 255]),
        Value::Date(0),
        Value::Time(1),
        Value::Timestamp(0),
        Value::Timestamp(1_500_000),
        text("00112233-4455-6677-8899-aabbccddeeff"),
        text("{\"a\":1}"),
    ];
    let mut empty = vec![Value::Null; 17];
    empty[9] = text("");
    empty[10] = Value::Bytes(Vec::new());
    let schema = schema();
    let mut out = CsvLines::default();
    header(&schema, &CsvOptions::default(), &mut out);
    encode(&batch(&schema, &[full, empty]), &CsvOptions::default(), &mut out).unwrap();
    let want = concat!(
        "\"flag\",\"small\",\"plain\",\"big\",\"huge\",\"price\",\"wide\",\"single\",\"double\",\"name, \"\"quoted\"\"\",\"raw\",",
        "\"day\",\"clock\",\"at\",\"at_utc\",\"id\",\"doc\"\n",
        "true,-1,2,-9223372036854775808,18446744073709551615,-0.05,7.0000000000,0.1,1e+300,\"a \"\"b\"\",\nc\",",
        "\"\\x00ff\",1970-01-01,00:00:00.000001,1970-01-01 00:00:00,1970-01-01 00:00:01.500000+00,",
        "00112233-4455-6677-8899-aabbccddeeff,\"{\"\"a\"\":1}\"\n",
        ",,,,,,,,,\"\",\"\\x\",,,,,,\n",
    );
    assert_eq!(str::from_utf8(out.as_bytes()).unwrap(), want);
}

#[test]
fn a_type_without_a_form_is_refused_when_the_file_is_started() {
    let dir = tempfile::tempdir().unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::UInt8, false)]));
    let file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    assert!(matches!(CsvSink::new(file, schema, CsvOptions::default()), Err(StageError::Unsupported { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_batch_of_another_table_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    let mut sink = CsvSink::new(file, schema(), CsvOptions::default()).unwrap();
    let other = RecordBatch::try_from_iter([("n", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]).unwrap();
    assert!(matches!(sink.write(&other), Err(StageError::Schema { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_that_were_there_before_leave_nothing_behind(
        long in prop::collection::vec(row(), 1..4), short in prop::collection::vec(row(), 1..3),
    ) {
        let (schema, mut lines) = (schema(), CsvLines::default());
        encode(&batch(&schema, &long), &CsvOptions::default(), &mut lines).unwrap();
        lines.clear();
        prop_assert!(lines.as_bytes().is_empty());
        let short = batch(&schema, &short);
        encode(&short, &CsvOptions::default(), &mut lines).unwrap();
        prop_assert_eq!(lines.as_bytes(), encoded(&[short]));
    }

    #[test]
    fn bytes_do_not_depend_on_the_cut(
        rows in prop::collection::vec(row(), 1..40), cuts in prop::collection::vec(0usize..20, 0..6),
    ) {
        let whole = batch(&schema(), &rows);
        let pieces = cut(&whole, &cuts);
        prop_assert_eq!(encoded(&pieces), encoded(std::slice::from_ref(&whole)));
        let dir = tempfile::tempdir().unwrap();
        let (a, bytes_a) = written(dir.path(), "a.csv", &[whole]);
        let (b, bytes_b) = written(dir.path(), "b.csv", &pieces);
        prop_assert_eq!(&bytes_a, &bytes_b);
        prop_assert_eq!((&a.checksum, a.rows, a.bytes), (&b.checksum, b.rows, bytes_b.len() as u64));
    }

    /// The loaders' reader returns the batch that was written, with NULL distinct from ''.
    #[test]
    fn the_loaders_read_what_was_written(rows in prop::collection::vec(row(), 0..40)) {
        let whole = batch(&schema(), &rows);
        let dir = tempfile::tempdir().unwrap();
        written(dir.path(), "a.csv", std::slice::from_ref(&whole));
        prop_assert_eq!(spelled(&read(&dir.path().join("a.csv"), schema())), spelled(&[whole]));
    }

    /// A single column is a special case: its NULL is an empty line.
    #[test]
    fn one_column_alone(rows in prop::collection::vec(row(), 0..20), which in 0usize..17) {
        let whole = batch(&schema(), &rows).project(&[which]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        written(dir.path(), "a.csv", std::slice::from_ref(&whole));
        prop_assert_eq!(spelled(&read(&dir.path().join("a.csv"), whole.schema())), spelled(&[whole]));
    }
}

#[test]
fn rows_without_columns_are_counted() {
    let none = RecordBatchOptions::new().with_row_count(Some(5));
    let whole = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &none).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (part, bytes) = written(dir.path(), "a.csv", std::slice::from_ref(&whole));
    assert_eq!((part.rows, bytes.as_slice()), (5, b"\n\n\n\n\n\n".as_slice()));
    let read = read(&dir.path().join("a.csv"), whole.schema());
    assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 5);
}

fn read(path: &Path, schema: SchemaRef) -> Vec<RecordBatch> {
    let payload = Payload::Csv { schema, path: path.to_owned() };
    staged::open(payload).unwrap().batches.collect::<Result<_, _>>().unwrap()
}

/// Rows as text, because NaN is not equal to itself.
fn spelled(batches: &[RecordBatch]) -> Vec<String> {
    batches.iter().flat_map(values).map(|row| format!("{row:?}")).collect()
}
