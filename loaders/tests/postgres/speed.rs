//! Two hundred thousand rows: both formats store the same rows, and the rates are printed with `--nocapture`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::{Loaded, Target};

use crate::{load_all, open, postgres, table};

const ROWS: i64 = 200_000;
const BATCH: i64 = 8192;

/// Eight columns, about 100 bytes a row; `last` is the type of the last column, which takes text.
fn rows(name: &str, last: &str, from: i64) -> (Target, RecordBatch) {
    let ids = from..(from + BATCH).min(ROWS);
    let mix = |i: i64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
    let decimals =
        Decimal128Array::from_iter(ids.clone().map(|i| (i % 7 > 0).then(|| i128::from(mix(i) % 100_000_000))));
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("id", "bigint", Arc::new(Int64Array::from_iter_values(ids.clone()))),
        (
            "n",
            "integer",
            Arc::new(Int32Array::from_iter(ids.clone().map(|i| (i % 5 > 0).then_some((mix(i) >> 33) as i32)))),
        ),
        ("price", "numeric(12,2)", Arc::new(decimals.with_precision_and_scale(12, 2).unwrap())),
        ("f", "double precision", Arc::new(Float64Array::from_iter_values(ids.clone().map(|i| mix(i) as f64 / 1e9)))),
        ("ok", "boolean", Arc::new(BooleanArray::from_iter(ids.clone().map(|i| Some(i % 3 == 0))))),
        ("at", "timestamptz", Arc::new(TimestampMicrosecondArray::from_iter_values(ids.clone().map(|i| mix(i) >> 12)))),
        (
            "name",
            "text",
            Arc::new(StringArray::from_iter_values(ids.clone().map(|i| format!("name {i}\tof {:x}\\", mix(i))))),
        ),
        ("note", last, Arc::new(StringArray::from_iter_values(ids.map(|i| format!("<n>{i}</n>"))))),
    ];
    table(name, columns)
}

/// Processor time of this thread so far, if the kernel reports it.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

#[test]
fn binary_and_text_store_the_same() {
    let columns =
        "id bigint, n integer, price numeric(12,2), f double precision, ok boolean, at timestamptz, name text";
    let database = postgres()
        .create_database(&format!("CREATE TABLE b ({columns}, note text); CREATE TABLE t ({columns}, note xml);"));
    let mut loader = open(&database);
    let mut run = |name: &str, last: &str| -> Loaded {
        let (target, first) = rows(name, last, 0);
        let batches: Vec<RecordBatch> =
            (0..ROWS).step_by(BATCH as usize).map(|from| rows(name, last, from).1).collect();
        let before = processor_seconds();
        let loaded = load_all(&mut *loader, &target, first.schema(), &mut batches.into_iter().map(Ok)).unwrap();
        let (rate, own) = (ROWS as f64 / loaded.elapsed.as_secs_f64(), processor_seconds() - before);
        println!("{name}: {} bytes, {:?}, {rate:.0} rows/s, {own:.3} s of it ours", loaded.bytes, loaded.elapsed);
        loaded
    };
    let (binary, text) = (run("b", "text"), run("t", "xml"));
    assert_eq!((binary.stored, text.stored), (ROWS as u64, ROWS as u64));
    assert!(binary.notes.is_empty() && text.notes.len() == 1);
    let digest = |name: &str| {
        let row = "concat_ws('|', id, n, price, f, ok, at, name, note)";
        database.value(&format!("SELECT md5(string_agg({row}, '~' ORDER BY id)) FROM {name}"))
    };
    assert_eq!(digest("b"), digest("t"));
}
