//! Newline-delimited JSON: record batches in, one object per line out.
//!
//! Every column is a member, in the table's order; NULL is `null`. Numbers are JSON numbers with all their digits (NaN
//! and the infinities, which JSON lacks, are strings), booleans are JSON booleans, JSON documents are nested values.
//! Dates are `YYYY-MM-DD`, times `HH:MM:SS[.ffffff]`, timestamps `YYYY-MM-DDTHH:MM:SS[.ffffff]` with `Z` where the
//! column has a time zone, UUIDs in their usual form, bytes `\x` and hex, all of them as JSON strings.
//!
//! [`encode`] is pure: a file's bytes do not depend on the batch boundaries.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt64Type,
};
use arrow::record_batch::RecordBatch;

use super::StageError;
use dbmocker_core::fast_format::{self, Cursor, WIDEST};
use dbmocker_generate::arrow::{JSON_EXTENSION, UUID_EXTENSION, extension};

/// Appends every row of `batch`, one line each.
///
/// # Errors
/// [`StageError::Unsupported`] for an Arrow type that dbmocker's columns never have; nothing is appended then.
pub fn encode(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), StageError> {
    let schema = batch.schema_ref();
    let members = batch.columns().iter().zip(schema.fields()).enumerate();
    let members = members
        .map(|(i, (array, field))| JsonMember::of(array.as_ref(), field, i == 0))
        .collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        if members.is_empty() {
            out.push(b'{');
        }
        for member in &members {
            out.extend_from_slice(&member.key);
            if member.array.is_null(row) {
                out.extend_from_slice(b"null");
            } else {
                (member.put)(member.array, row, out);
            }
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(())
}

type PutJson = fn(&dyn Array, usize, &mut Vec<u8>);

/// One column of a batch.
struct JsonMember<'a> {
    /// The text before the value: `{"id":` or `,"id":`.
    key: Vec<u8>,
    array: &'a dyn Array,
    put: PutJson,
}

impl<'a> JsonMember<'a> {
    fn of(array: &'a dyn Array, field: &Field, first: bool) -> Result<Self, StageError> {
        let mut key = vec![if first { b'{' } else { b',' }];
        put_text(field.name(), &mut key);
        key.push(b':');
        let put = put_of(array.data_type(), extension(field)).ok_or_else(|| StageError::Unsupported {
            column: field.name().clone(),
            arrow: array.data_type().to_string(),
            format: "NDJSON",
        })?;
        Ok(JsonMember { key, array, put })
    }
}

fn put_of(data_type: &DataType, extension: Option<&str>) -> Option<PutJson> {
    Some(match data_type {
        DataType::Boolean => |a, i, out| {
            out.extend_from_slice(if a.as_boolean().value(i) { b"true" } else { b"false" });
        },
        DataType::Int16 => |a, i, out| {
            short(out, |text| fast_format::put_i64(text, a.as_primitive::<Int16Type>().value(i).into()));
        },
        DataType::Int32 => |a, i, out| {
            short(out, |text| fast_format::put_i64(text, a.as_primitive::<Int32Type>().value(i).into()));
        },
        DataType::Int64 => |a, i, out| {
            short(out, |text| fast_format::put_i64(text, a.as_primitive::<Int64Type>().value(i)));
        },
        DataType::UInt64 => |a, i, out| {
            short(out, |text| fast_format::put_u64(text, a.as_primitive::<UInt64Type>().value(i)));
        },
        DataType::Decimal128(_, 0..=38) => |a, i, out| {
            let array = a.as_primitive::<Decimal128Type>();
            short(out, |text| fast_format::put_decimal(text, array.value(i), array.scale().unsigned_abs()));
        },
        DataType::Float32 => |a, i, out| {
            let x = a.as_primitive::<Float32Type>().value(i);
            float(x.is_finite(), out, |text| fast_format::put_float32(text, x));
        },
        DataType::Float64 => |a, i, out| {
            let x = a.as_primitive::<Float64Type>().value(i);
            float(x.is_finite(), out, |text| fast_format::put_float(text, x));
        },
        DataType::Utf8 if extension == Some(JSON_EXTENSION) => |a, i, out| {
            // Line breaks within a document occur only between its tokens.
            let document = a.as_string::<i32>().value(i).bytes();
            out.extend(document.map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { b }));
        },
        DataType::Utf8 => |a, i, out| put_text(a.as_string::<i32>().value(i), out),
        DataType::Binary => |a, i, out| bytes(a.as_binary::<i32>().value(i), out),
        DataType::FixedSizeBinary(16) if extension == Some(UUID_EXTENSION) => |a, i, out| {
            let value = a.as_fixed_size_binary().value(i);
            let value = value.try_into().expect("the column was taken for UUIDs because its width is 16");
            quoted(out, |text| text.all(&fast_format::uuid(value)));
        },
        DataType::FixedSizeBinary(_) => |a, i, out| bytes(a.as_fixed_size_binary().value(i), out),
        DataType::Date32 => |a, i, out| {
            quoted(out, |text| fast_format::put_date(text, a.as_primitive::<Date32Type>().value(i)));
        },
        DataType::Time64(TimeUnit::Microsecond) => |a, i, out| {
            quoted(out, |text| fast_format::put_time(text, a.as_primitive::<Time64MicrosecondType>().value(i)));
        },
        DataType::Timestamp(TimeUnit::Microsecond, None) => |a, i, out| timestamp(a, i, b"", out),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => |a, i, out| timestamp(a, i, b"Z", out),
        _ => return None,
    })
}

/// A value of bounded width.
fn short(out: &mut Vec<u8>, put: impl FnOnce(&mut Cursor<'_>)) {
    let mut room = [0; WIDEST];
    let mut text = Cursor::new(&mut room, 0);
    put(&mut text);
    out.extend_from_slice(text.written());
}

fn quoted(out: &mut Vec<u8>, put: impl FnOnce(&mut Cursor<'_>)) {
    out.push(b'"');
    short(out, put);
    out.push(b'"');
}

fn float(finite: bool, out: &mut Vec<u8>, put: impl FnOnce(&mut Cursor<'_>)) {
    if finite { short(out, put) } else { quoted(out, put) }
}

fn timestamp(array: &dyn Array, row: usize, zone: &[u8], out: &mut Vec<u8>) {
    let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
    let from = out.len();
    quoted(out, |text| {
        fast_format::put_timestamp(text, micros);
        text.slice(zone);
    });
    if let Some(space) = out[from..].iter().position(|&b| b == b' ') {
        out[from + space] = b'T';
    }
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"\\\\x");
    for piece in value.chunks(WIDEST / 2) {
        short(out, |text| fast_format::put_hex(text, piece));
    }
    out.push(b'"');
}

/// A JSON string.
fn put_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing to memory is infallible");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, StringArray};
    use arrow::datatypes::Schema;

    use super::*;
    use dbmocker_core::value::Value;
    use dbmocker_generate::testdata;

    fn lines(batch: &RecordBatch) -> Vec<serde_json::Value> {
        let mut out = Vec::new();
        encode(batch, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_type_has_a_member() {
        let schema = testdata::schema();
        let read = lines(&testdata::batch(&schema, &[vec![Value::Null; schema.fields().len()]]));
        let [serde_json::Value::Object(row)] = &read[..] else { panic!("{read:?}") };
        assert_eq!(row.len(), schema.fields().len());
        assert!(row.values().all(serde_json::Value::is_null));
    }

    #[test]
    fn values_are_those_of_json() {
        let json = Field::new("doc", DataType::Utf8, true)
            .with_metadata([(dbmocker_generate::arrow::EXTENSION_NAME_KEY, JSON_EXTENSION)]);
        let uuid = Field::new("uuid", DataType::FixedSizeBinary(16), true)
            .with_metadata([(dbmocker_generate::arrow::EXTENSION_NAME_KEY, UUID_EXTENSION)]);
        let schema = Schema::new(vec![
            Field::new("a \"b\"", DataType::Int64, true),
            Field::new("text", DataType::Utf8, true),
            Field::new("x", DataType::Float64, true),
            json,
            uuid,
        ]);
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(-7), None])),
            Arc::new(StringArray::from(vec!["line\nend \\ \u{1}", "é"])),
            Arc::new(Float64Array::from(vec![1.5, f64::NAN])),
            Arc::new(StringArray::from(vec!["{\"k\":\n [1]}", "null"])),
            Arc::new(FixedSizeBinaryArray::try_from_iter([[7u8; 16], [0; 16]].into_iter()).unwrap()),
        ];
        let read = lines(&RecordBatch::try_new(Arc::new(schema), arrays).unwrap());
        let told = serde_json::json!([
            {"a \"b\"": -7, "text": "line\nend \\ \u{1}", "x": 1.5, "doc": {"k": [1]}, "uuid": "07070707-0707-0707-0707-070707070707"},
            {"a \"b\"": null, "text": "é", "x": "NaN", "doc": null, "uuid": "00000000-0000-0000-0000-000000000000"},
        ]);
        assert_eq!(serde_json::Value::from(read), told);
    }
}
