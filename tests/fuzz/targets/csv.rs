//! A staged CSV file of every kind of column.
#![no_main]

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use dbmocker_loaders::Payload;
use dbmocker_loaders::staged::open;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (u8, &[u8])| {
    let types = [
        DataType::Int64,
        DataType::UInt64,
        DataType::Float64,
        DataType::Boolean,
        DataType::Utf8,
        DataType::Binary,
        DataType::Date32,
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Decimal128(12, 2),
        DataType::Decimal256(50, 4),
    ];
    let of = |i: usize| types[(usize::from(data.0) + i) % types.len()].clone();
    let schema = Arc::new(Schema::new(vec![Field::new("a", of(0), true), Field::new("b", of(3), true)]));
    let file = tempfile::NamedTempFile::new().expect("the temporary folder is writable");
    std::fs::write(file.path(), [b"a,b\n", data.1].concat()).expect("the temporary folder is writable");
    if let Ok(read) = open(Payload::Csv { schema, path: file.path().to_owned() }) {
        for batch in read.batches {
            if batch.is_err() {
                break;
            }
        }
    }
});
