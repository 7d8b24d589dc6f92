//! Arrow columns in, fields of COPY TEXT out: the server's input syntax, tab, newline and backslash escaped, `\N` for
//! NULL.

use std::io::Write as _;

use arrow::array::{Array, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::binary::{FieldError, PutField, nullable_with};
use super::columns::WireForm;
use crate::text::{put_date, put_decimal, put_f32, put_f64, put_hex, put_i64, put_time, put_u64, put_uuid};
use dbmocker_core::time::{MICROS_PER_DAY, civil};

const NULL: &[u8] = b"\\N";

/// The encoder of a column for any server type; `form` distinguishes 16 bytes of `bytea` from a UUID. `None`: the type
/// is not supported.
pub fn encoder(form: Option<WireForm>, array: &dyn Array) -> Option<PutField<'_>> {
    match *array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean_opt()?;
            Some(each(array, move |i, out| out.push(if values.value(i) { b't' } else { b'f' })))
        }
        DataType::Int8 => plain::<Int8Type>(array, |out, n| put_i64(out, n.into())),
        DataType::Int16 => plain::<Int16Type>(array, |out, n| put_i64(out, n.into())),
        DataType::Int32 => plain::<Int32Type>(array, |out, n| put_i64(out, n.into())),
        DataType::Int64 => plain::<Int64Type>(array, put_i64),
        DataType::UInt8 => plain::<UInt8Type>(array, |out, n| put_u64(out, n.into())),
        DataType::UInt16 => plain::<UInt16Type>(array, |out, n| put_u64(out, n.into())),
        DataType::UInt32 => plain::<UInt32Type>(array, |out, n| put_u64(out, n.into())),
        DataType::UInt64 => plain::<UInt64Type>(array, put_u64),
        DataType::Float32 => plain::<Float32Type>(array, put_f32),
        DataType::Float64 => plain::<Float64Type>(array, put_f64),
        DataType::Decimal128(_, scale) => {
            plain::<Decimal128Type>(array, move |out, unscaled| put_decimal(out, unscaled, scale))
        }
        DataType::Date32 => checked::<Date32Type>(array, push_date),
        DataType::Time64(TimeUnit::Microsecond) => checked::<Time64MicrosecondType>(array, push_time),
        // The session is in UTC, so a zone would change nothing.
        DataType::Timestamp(TimeUnit::Microsecond, _) => checked::<TimestampMicrosecondType>(array, push_timestamp),
        DataType::Utf8 => {
            let values = array.as_string_opt::<i32>()?;
            Some(each(array, move |i, out| push_escaped(out, values.value(i))))
        }
        DataType::LargeUtf8 => {
            let values = array.as_string_opt::<i64>()?;
            Some(each(array, move |i, out| push_escaped(out, values.value(i))))
        }
        DataType::Binary => {
            let values = array.as_binary_opt::<i32>()?;
            Some(each(array, move |i, out| push_bytea(out, values.value(i))))
        }
        DataType::LargeBinary => {
            let values = array.as_binary_opt::<i64>()?;
            Some(each(array, move |i, out| push_bytea(out, values.value(i))))
        }
        DataType::FixedSizeBinary(width) => {
            let values = array.as_fixed_size_binary_opt()?;
            let put = if width == 16 && form != Some(WireForm::Bytea) { put_uuid } else { push_bytea };
            Some(each(array, move |i, out| put(out, values.value(i))))
        }
        _ => None,
    }
}

/// Fields that cannot fail.
fn each<'a>(array: &'a dyn Array, put: impl Fn(usize, &mut Vec<u8>) + 'a) -> PutField<'a> {
    nullable_with(array, NULL, move |i, out| {
        put(i, out);
        Ok(())
    })
}

/// Values written without conversion.
fn plain<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    put: impl Fn(&mut Vec<u8>, T::Native) + 'a,
) -> Option<PutField<'a>> {
    let values = array.as_primitive_opt::<T>()?.values();
    Some(each(array, move |i, out| put(out, values[i])))
}

/// Values that may have no text form.
fn checked<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    put: impl Fn(&mut Vec<u8>, T::Native) -> Result<(), FieldError> + 'a,
) -> Option<PutField<'a>> {
    let values = array.as_primitive_opt::<T>()?.values();
    Some(nullable_with(array, NULL, move |i, out| put(out, values[i])))
}

fn push_date(out: &mut Vec<u8>, day: i32) -> Result<(), FieldError> {
    let era = put_day(out, day)?;
    out.extend_from_slice(era);
    Ok(())
}

fn push_time(out: &mut Vec<u8>, micros: i64) -> Result<(), FieldError> {
    if !(0..=MICROS_PER_DAY).contains(&micros) {
        return Err(FieldError::Time(micros));
    }
    put_time(out, micros);
    Ok(())
}

/// Appends a date and returns the suffix to write after it (and after the time): the server writes years before 1 as
/// `0001-12-31 BC`.
fn put_day(out: &mut Vec<u8>, day: i32) -> Result<&'static [u8], FieldError> {
    const YEAR_ONE: i32 = -719_162;
    if day >= YEAR_ONE {
        put_date(out, day);
        return Ok(b"");
    }
    let (year, month, day) = civil(day);
    write!(out, "{:04}-{month:02}-{day:02}", 1 - year)?;
    Ok(b" BC")
}

fn push_timestamp(out: &mut Vec<u8>, micros: i64) -> Result<(), FieldError> {
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY))?;
    let era = put_day(out, day)?;
    out.push(b' ');
    put_time(out, micros.rem_euclid(MICROS_PER_DAY));
    out.extend_from_slice(era);
    Ok(())
}

/// Appends text; the four bytes with a special meaning in COPY are escaped by a backslash.
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| matches!(b, b'\\' | b'\n' | b'\r' | b'\t')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            _ => b"\\\\",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// `\x0aff`, its backslash escaped.
fn push_bytea(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"\\\\x");
    put_hex(out, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Decimal128Array, FixedSizeBinaryArray, Float64Array, Int64Array, StringArray};

    fn all(array: &dyn Array) -> Vec<String> {
        let put = encoder(None, array).expect("an encoder");
        let one = |i| {
            let mut out = Vec::new();
            put(i, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        (0..array.len()).map(one).collect()
    }

    #[test]
    fn nasty_text() {
        let array = StringArray::from(vec![Some("a\\b\tc\nd\re"), Some("\\N"), Some(""), None, Some("\\.")]);
        assert_eq!(all(&array), ["a\\\\b\\tc\\nd\\re", "\\\\N", "", "\\N", "\\\\."]);
    }

    #[test]
    fn numbers() {
        assert_eq!(all(&Int64Array::from(vec![i64::MIN, 0, 7])), ["-9223372036854775808", "0", "7"]);
        let floats = Float64Array::from(vec![12.5, 1e300, f64::NAN, f64::NEG_INFINITY, 0.0, 1.0]);
        assert_eq!(all(&floats), ["12.5", "1e300", "NaN", "-inf", "0", "1"]);
        let decimal =
            |values: Vec<i128>, scale| Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap();
        assert_eq!(all(&decimal(vec![-5, 0, 12_345, 5], 2)), ["-0.05", "0.00", "123.45", "0.05"]);
        assert_eq!(all(&decimal(vec![-5, 0], 0)), ["-5", "0"]);
        assert_eq!(all(&decimal(vec![-5, 0], -2)), ["-500", "0"]);
    }

    #[test]
    fn sixteen_bytes_are_a_uuid_unless_the_column_is_bytea() {
        let array = FixedSizeBinaryArray::try_from_iter([[0xab_u8; 16]].into_iter()).unwrap();
        assert_eq!(all(&array), ["abababab-abab-abab-abab-abababababab"]);
        let mut out = Vec::new();
        encoder(Some(WireForm::Bytea), &array).unwrap()(0, &mut out).unwrap();
        assert_eq!(out, [b"\\\\x".to_vec(), b"ab".repeat(16)].concat());
    }
}
