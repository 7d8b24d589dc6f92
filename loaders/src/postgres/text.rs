//! Arrow columns in, fields of COPY TEXT out: the server's input syntax, tab, newline and backslash escaped, `\N` for NULL.

use arrow::array::{Array, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::binary::{Put, nullable_with};
use super::columns::Form;
use crate::calendar::{MICROS_PER_DAY, push_date, push_padded, push_time, push_timestamp};

const NULL: &[u8] = b"\\N";

/// The encoder of a column for any server type; `form` tells 16 bytes of `bytea` from a UUID. `None`: not a type that
/// travels here.
pub fn encoder(form: Option<Form>, array: &dyn Array) -> Option<Put<'_>> {
    match *array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean_opt()?;
            Some(nullable(array, move |i, out| {
                out.push(if values.value(i) { b't' } else { b'f' });
                Ok(())
            }))
        }
        DataType::Int8 => signed::<Int8Type>(array),
        DataType::Int16 => signed::<Int16Type>(array),
        DataType::Int32 => signed::<Int32Type>(array),
        DataType::Int64 => signed::<Int64Type>(array),
        DataType::UInt8 => unsigned::<UInt8Type>(array),
        DataType::UInt16 => unsigned::<UInt16Type>(array),
        DataType::UInt32 => unsigned::<UInt32Type>(array),
        DataType::UInt64 => unsigned::<UInt64Type>(array),
        DataType::Float32 => floats::<Float32Type>(array, |x| (1e-5..1e16).contains(&x.abs())),
        DataType::Float64 => floats::<Float64Type>(array, |x| (1e-5..1e16).contains(&x.abs())),
        DataType::Decimal128(_, scale) => primitive::<Decimal128Type>(array, move |n, out| {
            push_decimal(out, n, scale);
            Ok(())
        }),
        DataType::Date32 => primitive::<Date32Type>(array, |day, out| {
            push_date(out, day.into());
            Ok(())
        }),
        DataType::Time64(TimeUnit::Microsecond) => primitive::<Time64MicrosecondType>(array, |micros, out| {
            let time = u64::try_from(micros).ok().filter(|_| micros <= MICROS_PER_DAY);
            push_time(out, time.ok_or_else(|| format!("{micros} microseconds are not a time of the day"))?);
            Ok(())
        }),
        // The session is in UTC, so a zone would change nothing.
        DataType::Timestamp(TimeUnit::Microsecond, _) => primitive::<TimestampMicrosecondType>(array, |micros, out| {
            push_timestamp(out, micros, "");
            Ok(())
        }),
        DataType::Utf8 => {
            let values = array.as_string_opt::<i32>()?;
            Some(nullable(array, move |i, out| {
                push_escaped(out, values.value(i));
                Ok(())
            }))
        }
        DataType::LargeUtf8 => {
            let values = array.as_string_opt::<i64>()?;
            Some(nullable(array, move |i, out| {
                push_escaped(out, values.value(i));
                Ok(())
            }))
        }
        _ => bytes(form, array),
    }
}

fn bytes(form: Option<Form>, array: &dyn Array) -> Option<Put<'_>> {
    if let Some(values) = array.as_binary_opt::<i32>() {
        return Some(nullable(array, move |i, out| {
            push_bytea(out, values.value(i));
            Ok(())
        }));
    }
    if let Some(values) = array.as_binary_opt::<i64>() {
        return Some(nullable(array, move |i, out| {
            push_bytea(out, values.value(i));
            Ok(())
        }));
    }
    let values = array.as_fixed_size_binary_opt()?;
    let uuid = values.value_length() == 16 && form != Some(Form::Bytea);
    Some(nullable(array, move |i, out| {
        if uuid {
            push_uuid(out, values.value(i))
        } else {
            push_bytea(out, values.value(i))
        }
        Ok(())
    }))
}

fn nullable<'a>(array: &'a dyn Array, put: impl Fn(usize, &mut Vec<u8>) -> Result<(), String> + 'a) -> Put<'a> {
    nullable_with(array, NULL, put)
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    put: impl Fn(T::Native, &mut Vec<u8>) -> Result<(), String> + 'a,
) -> Option<Put<'a>> {
    let values = array.as_primitive_opt::<T>()?.values();
    Some(nullable(array, move |i, out| put(values[i], out)))
}

fn signed<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array) -> Option<Put<'_>> {
    primitive::<T>(array, |n, out| {
        let n: i64 = n.into();
        if n < 0 {
            out.push(b'-');
        }
        push_padded(out, n.unsigned_abs(), 1);
        Ok(())
    })
}

fn unsigned<T: ArrowPrimitiveType<Native: Into<u64>>>(array: &dyn Array) -> Option<Put<'_>> {
    primitive::<T>(array, |n, out| {
        push_padded(out, n.into(), 1);
        Ok(())
    })
}

/// The shortest text that reads back as the same number: `12.5`, `1e300`, `NaN`, `inf`.
fn floats<T>(array: &dyn Array, plain: fn(T::Native) -> bool) -> Option<Put<'_>>
where
    T: ArrowPrimitiveType<Native: std::fmt::Display + std::fmt::LowerExp>,
{
    use std::io::Write;
    primitive::<T>(array, move |x, out| {
        let written = if plain(x) { write!(out, "{x}") } else { write!(out, "{x:e}") };
        written.map_err(|e| e.to_string())
    })
}

/// Appends `unscaled / 10^scale` with all its digits.
fn push_decimal(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    let mut digits = [b'0'; 39];
    let mut at = digits.len();
    let mut rest = unscaled.unsigned_abs();
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    if unscaled < 0 {
        out.push(b'-');
    }
    let digits = &digits[at..];
    let fraction = usize::try_from(scale).unwrap_or(0);
    let whole = digits.len().saturating_sub(fraction);
    if whole == 0 {
        out.push(b'0');
    }
    out.extend_from_slice(&digits[..whole]);
    if scale < 0 && !digits.is_empty() {
        out.extend(std::iter::repeat_n(b'0', usize::from(scale.unsigned_abs())));
    }
    if fraction > 0 {
        out.push(b'.');
        out.extend(std::iter::repeat_n(b'0', fraction.saturating_sub(digits.len())));
        out.extend_from_slice(&digits[whole..]);
    }
}

/// Appends text; the four bytes that COPY reads otherwise get their backslash form.
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

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// `\x0aff`, its backslash escaped.
fn push_bytea(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"\\\\x");
    push_hex(out, bytes);
}

fn push_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    for (i, part) in [0..4, 4..6, 6..8, 8..10, 10..16].into_iter().enumerate() {
        if i > 0 {
            out.push(b'-');
        }
        push_hex(out, bytes.get(part).unwrap_or_default());
    }
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
        assert_eq!(all(&floats), ["12.5", "1e300", "NaN", "-inf", "0e0", "1"]);
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
        encoder(Some(Form::Bytea), &array).unwrap()(0, &mut out).unwrap();
        assert_eq!(out, [b"\\\\x".to_vec(), b"ab".repeat(16)].concat());
    }
}
