//! A table with a column of every supported type, and rows for it, for the tests of this crate.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;

use crate::arrow::{ColumnBuilder, field, value_at};
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;

pub fn column(name: &str, ty: SqlType, type_name: &str) -> Column {
    Column { nullable: true, ..Column::new(name, ty, type_name) }
}

fn text() -> SqlType {
    SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false }
}

fn int(bytes: u8, unsigned: bool) -> SqlType {
    SqlType::Int { bytes, unsigned, tinyint1: false }
}

/// Returns one column of each type.
pub fn columns() -> Vec<Column> {
    let timestamp = |tz| SqlType::Timestamp { precision: 6, tz, epoch_range: false };
    vec![
        column("flag", SqlType::Bool, "boolean"),
        column("small", int(2, false), "smallint"),
        column("plain", int(4, false), "integer"),
        column("big", int(8, false), "bigint"),
        column("huge", int(8, true), "bigint unsigned"),
        column("price", SqlType::Decimal { precision: 12, scale: 2, unsigned: false }, "numeric(12,2)"),
        column("wide", SqlType::Decimal { precision: 38, scale: 10, unsigned: false }, "numeric(38,10)"),
        column("single", SqlType::Float { bytes: 4, unsigned: false }, "real"),
        column("double", SqlType::Float { bytes: 8, unsigned: false }, "double precision"),
        column("name, \"quoted\"", text(), "text"),
        column("raw", SqlType::Binary { max_bytes: None, fixed: false }, "bytea"),
        column("day", SqlType::Date, "date"),
        column("clock", SqlType::Time { precision: 6, tz: false, span: false }, "time without time zone"),
        column("at", timestamp(false), "timestamp without time zone"),
        column("at_utc", timestamp(true), "timestamp with time zone"),
        column("id", SqlType::Uuid, "uuid"),
        column("doc", SqlType::Json { binary: true }, "jsonb"),
    ]
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(columns().iter().map(|c| field(c, None)).collect::<Vec<_>>()))
}

/// Texts that are difficult for CSV readers and servers.
fn awkward() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 17] = [
        "",
        "\\N",
        "NULL",
        "\"",
        "\"\"",
        ",",
        "\n",
        "\r\n",
        "\0",
        "\u{feff}",
        " a ",
        "\\",
        "\\.",
        "日本語",
        "🦀",
        "'",
        "\\x00",
    ];
    prop_oneof![
        3 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => ("[a\",\n\\\\]{0,12}").prop_map(|s| s),
        1 => ("[a-z]{0,60}").prop_map(|s| s),
    ]
}

fn or_null(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 5 => value].boxed()
}

/// Generates one row of [`columns`].
pub fn row() -> impl Strategy<Value = Vec<Value>> {
    let ten = |n| 10i128.pow(n);
    let whole = |lo: i128, hi: i128| prop_oneof![4 => lo..=hi, 1 => Just(lo), 1 => Just(hi), 1 => Just(0)];
    let uuid = any::<[u8; 16]>().prop_map(|b| Value::Text(format!("{:032x}", u128::from_be_bytes(b))));
    // Years 1 to 9999, which both servers and readers of this dialect support.
    let micros = -719_162 * MICROS_PER_DAY..2_932_897 * MICROS_PER_DAY;
    vec![
        or_null(any::<bool>().prop_map(Value::Bool)),
        or_null(whole(i16::MIN.into(), i16::MAX.into()).prop_map(Value::Int)),
        or_null(whole(i32::MIN.into(), i32::MAX.into()).prop_map(Value::Int)),
        or_null(whole(i64::MIN.into(), i64::MAX.into()).prop_map(Value::Int)),
        or_null(whole(0, u64::MAX.into()).prop_map(Value::Int)),
        or_null(whole(1 - ten(12), ten(12) - 1).prop_map(|unscaled| Value::Decimal { unscaled, scale: 2 })),
        or_null(whole(1 - ten(38), ten(38) - 1).prop_map(|unscaled| Value::Decimal { unscaled, scale: 10 })),
        or_null(any::<f32>().prop_map(|x| Value::Float(x.into()))),
        or_null(any::<f64>().prop_map(Value::Float)),
        or_null(awkward().prop_map(Value::Text)),
        or_null(prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes)),
        or_null((-719_162i32..2_932_897).prop_map(Value::Date)),
        or_null((0..MICROS_PER_DAY).prop_map(Value::Time)),
        or_null(micros.clone().prop_map(Value::Timestamp)),
        or_null(micros.prop_map(Value::Timestamp)),
        or_null(uuid),
        or_null(awkward().prop_map(|s| Value::Text(serde_json::to_string(&s).expect("a string is JSON")))),
    ]
}

pub fn batch(schema: &SchemaRef, rows: &[Vec<Value>]) -> RecordBatch {
    let arrays = schema.fields().iter().enumerate().map(|(i, field)| {
        let mut builder =
            ColumnBuilder::with_capacity(field, rows.len()).expect("a type of the test data has a builder");
        for row in rows {
            builder.append(&row[i]).expect("the value is of its column");
        }
        builder.finish()
    });
    RecordBatch::try_new(schema.clone(), arrays.collect()).expect("one array a column")
}

/// Returns the cells of a batch, row by row.
pub fn values(batch: &RecordBatch) -> Vec<Vec<Value>> {
    let schema = batch.schema();
    let cell = |row, i: usize| value_at(batch.column(i).as_ref(), schema.field(i), row);
    (0..batch.num_rows()).map(|row| (0..batch.num_columns()).map(|i| cell(row, i)).collect()).collect()
}

/// Splits `batch` after each number of rows in `cuts`; the last part is the rest.
pub fn cut(batch: &RecordBatch, cuts: &[usize]) -> Vec<RecordBatch> {
    let mut from = 0;
    let mut pieces = Vec::new();
    for &n in cuts {
        let n = n.min(batch.num_rows() - from);
        pieces.push(batch.slice(from, n));
        from += n;
    }
    pieces.push(batch.slice(from, batch.num_rows() - from));
    pieces
}
