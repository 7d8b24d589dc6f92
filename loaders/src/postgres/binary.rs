//! Arrow columns in, fields of COPY BINARY out: for each a big-endian length, then the value; -1 for NULL.
//!
//! The layouts are those of the receive functions in PostgreSQL's `src/backend/utils/adt` and of "COPY / Binary Format"
//! in its manual.

use arrow::array::{Array, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::columns::WireForm;
use super::numeric;
use dbmocker_core::time::MICROS_PER_DAY;

/// Begins the stream: signature, no flags, no header extension.
pub const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Ends the stream.
pub const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// PostgreSQL's epoch, 2000-01-01, in days after 1970-01-01.
const EPOCH_DAYS: i32 = 10_957;

/// Why a value does not fit its column.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    #[error("beyond the dates of the server")]
    Date,
    #[error("beyond the timestamps of the server")]
    Timestamp,
    /// The day of a timestamp.
    #[error(transparent)]
    Day(#[from] std::num::TryFromIntError),
    #[error("{0} microseconds are not a time of the day")]
    Time(i64),
    #[error("{0} bytes are more than a field can hold")]
    Length(usize),
    #[error("{n} is out of range for {ty}")]
    Range { n: i128, ty: &'static str },
    #[error("{0} is out of range for real")]
    Real(f64),
    #[error("{n} / 10^{scale} is not an amount of money here")]
    Money { n: i128, scale: i8 },
    #[error("`{0:.20}` is more than one byte for \"char\"")]
    SingleChar(String),
    #[error("`{0:.60}` is not a UUID")]
    Uuid(String),
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

/// Appends one row's field. The error says why the value does not fit; the caller knows row and column.
pub type PutField<'a> = Box<dyn Fn(usize, &mut Vec<u8>) -> Result<(), FieldError> + 'a>;

/// The encoder of a column, or `None` if [`WireForm::takes`] returns false.
pub fn encoder(form: WireForm, array: &dyn Array) -> Option<PutField<'_>> {
    if !form.takes(array.data_type()) {
        return None;
    }
    match form {
        WireForm::Bool => {
            let values = array.as_boolean_opt()?;
            Some(nullable(array, move |i, out| {
                fixed(out, [u8::from(values.value(i))]);
                Ok(())
            }))
        }
        WireForm::Int2 => integers(array, |n, out| fit::<i16>(n, "smallint").map(|n| fixed(out, n.to_be_bytes()))),
        WireForm::Int4 => integers(array, |n, out| fit::<i32>(n, "integer").map(|n| fixed(out, n.to_be_bytes()))),
        WireForm::Int8 => integers(array, |n, out| fit::<i64>(n, "bigint").map(|n| fixed(out, n.to_be_bytes()))),
        WireForm::Oid => integers(array, |n, out| fit::<u32>(n, "oid").map(|n| fixed(out, n.to_be_bytes()))),
        WireForm::Float4 | WireForm::Float8 => floats(form, array),
        WireForm::Numeric => numerics(array),
        WireForm::Money { digits } => money(array, digits),
        WireForm::Text => texts(array, |text, out| bytes(out, &[], text.as_bytes())),
        WireForm::VersionedText => texts(array, |text, out| bytes(out, &[1], text.as_bytes())),
        WireForm::SingleChar => texts(array, single_char),
        WireForm::Uuid => uuids(array),
        WireForm::Bytea => binaries(array),
        WireForm::Date => primitive::<Date32Type>(array, |day, out| {
            let day = day.checked_sub(EPOCH_DAYS).filter(|d| *d != i32::MIN && *d != i32::MAX);
            fixed(out, day.ok_or(FieldError::Date)?.to_be_bytes());
            Ok(())
        }),
        WireForm::Time => primitive::<Time64MicrosecondType>(array, |micros, out| {
            if !(0..=MICROS_PER_DAY).contains(&micros) {
                return Err(FieldError::Time(micros));
            }
            fixed(out, micros.to_be_bytes());
            Ok(())
        }),
        WireForm::Timestamp => primitive::<TimestampMicrosecondType>(array, |micros, out| {
            let epoch = i64::from(EPOCH_DAYS) * MICROS_PER_DAY;
            let micros = micros.checked_sub(epoch).filter(|m| *m != i64::MIN && *m != i64::MAX);
            fixed(out, micros.ok_or(FieldError::Timestamp)?.to_be_bytes());
            Ok(())
        }),
    }
}

/// Writes NULL where the array has one; if the array has no NULLs, rows are not checked.
pub fn nullable_with<'a>(
    array: &'a dyn Array,
    null: &'static [u8],
    put: impl Fn(usize, &mut Vec<u8>) -> Result<(), FieldError> + 'a,
) -> PutField<'a> {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => Box::new(put),
        Some(nulls) => Box::new(move |i, out| {
            if nulls.is_null(i) {
                out.extend_from_slice(null);
                return Ok(());
            }
            put(i, out)
        }),
    }
}

fn nullable<'a>(
    array: &'a dyn Array,
    put: impl Fn(usize, &mut Vec<u8>) -> Result<(), FieldError> + 'a,
) -> PutField<'a> {
    nullable_with(array, &[0xff; 4], put)
}

#[inline]
fn fixed<const N: usize>(out: &mut Vec<u8>, value: [u8; N]) {
    out.extend_from_slice(&(N as u32).to_be_bytes()); // N is 1, 2, 4, 8 or 16
    out.extend_from_slice(&value);
}

/// A field of `prefix` and `value`.
#[inline]
fn bytes(out: &mut Vec<u8>, prefix: &[u8], value: &[u8]) -> Result<(), FieldError> {
    let length = prefix.len() + value.len();
    // The server accepts at most 1 GiB and reports longer values itself; here the length must only not wrap around.
    let length = i32::try_from(length).map_err(|_| FieldError::Length(length))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(prefix);
    out.extend_from_slice(value);
    Ok(())
}

#[inline]
fn fit<T: TryFrom<i128>>(n: impl Into<i128>, ty: &'static str) -> Result<T, FieldError> {
    let n = n.into();
    T::try_from(n).map_err(|_| FieldError::Range { n, ty })
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    put: impl Fn(T::Native, &mut Vec<u8>) -> Result<(), FieldError> + 'a,
) -> Option<PutField<'a>> {
    let values = array.as_primitive_opt::<T>()?.values();
    Some(nullable(array, move |i, out| put(values[i], out)))
}

/// Any integer array, its values widened; 128 bits hold them all, and the compiler narrows the check again.
fn integers<'a>(
    array: &'a dyn Array,
    put: impl Fn(i128, &mut Vec<u8>) -> Result<(), FieldError> + 'a,
) -> Option<PutField<'a>> {
    match array.data_type() {
        DataType::Int8 => primitive::<Int8Type>(array, move |n, out| put(n.into(), out)),
        DataType::Int16 => primitive::<Int16Type>(array, move |n, out| put(n.into(), out)),
        DataType::Int32 => primitive::<Int32Type>(array, move |n, out| put(n.into(), out)),
        DataType::Int64 => primitive::<Int64Type>(array, move |n, out| put(n.into(), out)),
        DataType::UInt8 => primitive::<UInt8Type>(array, move |n, out| put(n.into(), out)),
        DataType::UInt16 => primitive::<UInt16Type>(array, move |n, out| put(n.into(), out)),
        DataType::UInt32 => primitive::<UInt32Type>(array, move |n, out| put(n.into(), out)),
        DataType::UInt64 => primitive::<UInt64Type>(array, move |n, out| put(n.into(), out)),
        _ => None,
    }
}

fn floats(form: WireForm, array: &dyn Array) -> Option<PutField<'_>> {
    match (form, array.data_type()) {
        (WireForm::Float4, DataType::Float32) => primitive::<Float32Type>(array, |x, out| {
            fixed(out, x.to_be_bytes());
            Ok(())
        }),
        (WireForm::Float4, _) => primitive::<Float64Type>(array, |x, out| {
            let single = x as f32; // rounded to the type; values that would become infinite or zero are refused
            if (x.is_finite() && single.is_infinite()) || (x != 0.0 && single == 0.0) {
                return Err(FieldError::Real(x));
            }
            fixed(out, single.to_be_bytes());
            Ok(())
        }),
        (_, DataType::Float32) => primitive::<Float32Type>(array, |x, out| {
            fixed(out, f64::from(x).to_be_bytes());
            Ok(())
        }),
        _ => primitive::<Float64Type>(array, |x, out| {
            fixed(out, x.to_be_bytes());
            Ok(())
        }),
    }
}

fn numerics(array: &dyn Array) -> Option<PutField<'_>> {
    match *array.data_type() {
        DataType::Decimal128(_, scale) => primitive::<Decimal128Type>(array, move |n, out| {
            numeric::push(out, n, scale);
            Ok(())
        }),
        _ => integers(array, |n, out| {
            numeric::push(out, n, 0);
            Ok(())
        }),
    }
}

fn money(array: &dyn Array, digits: u8) -> Option<PutField<'_>> {
    let scale = match *array.data_type() {
        DataType::Decimal128(_, scale) => scale,
        _ => 0,
    };
    let shift = i16::from(digits) - i16::from(scale);
    let put = move |n: i128, out: &mut Vec<u8>| {
        let smallest = rescale(n, shift).ok_or(FieldError::Money { n, scale })?;
        fixed(out, fit::<i64>(smallest, "money")?.to_be_bytes());
        Ok(())
    };
    match array.data_type() {
        DataType::Decimal128(..) => primitive::<Decimal128Type>(array, put),
        _ => integers(array, put),
    }
}

/// `n * 10^shift`, if that is a whole number within range.
fn rescale(n: i128, shift: i16) -> Option<i128> {
    let factor = 10_i128.checked_pow(u32::from(shift.unsigned_abs()))?;
    if shift >= 0 { n.checked_mul(factor) } else { (n % factor == 0).then(|| n / factor) }
}

fn texts<'a>(
    array: &'a dyn Array,
    put: impl Fn(&str, &mut Vec<u8>) -> Result<(), FieldError> + 'a,
) -> Option<PutField<'a>> {
    if let Some(values) = array.as_string_opt::<i32>() {
        return Some(nullable(array, move |i, out| put(values.value(i), out)));
    }
    let values = array.as_string_opt::<i64>()?;
    Some(nullable(array, move |i, out| put(values.value(i), out)))
}

/// `"char"` is one byte, and 0 for the empty text.
fn single_char(text: &str, out: &mut Vec<u8>) -> Result<(), FieldError> {
    match text.as_bytes() {
        [] => fixed(out, [0]),
        [byte] => fixed(out, [*byte]),
        _ => return Err(FieldError::SingleChar(text.to_owned())),
    }
    Ok(())
}

fn uuids(array: &dyn Array) -> Option<PutField<'_>> {
    if let Some(values) = array.as_fixed_size_binary_opt() {
        return Some(nullable(array, move |i, out| bytes(out, &[], values.value(i))));
    }
    texts(array, |text, out| {
        fixed(out, parse_uuid(text).ok_or_else(|| FieldError::Uuid(text.to_owned()))?);
        Ok(())
    })
}

/// 32 hexadecimal digits; hyphens after any group of four and braces around all are allowed, as in the server.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let bare = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'))?;
    let mut uuid = [0; 16];
    let mut count = 0;
    for c in bare.chars() {
        if c == '-' {
            (count > 0 && count % 4 == 0).then_some(())?;
            continue;
        }
        let digit = u8::try_from(c.to_digit(16)?).ok()?;
        let byte = uuid.get_mut(count / 2)?;
        *byte = *byte << 4 | digit;
        count += 1;
    }
    (count == 32).then_some(uuid)
}

fn binaries(array: &dyn Array) -> Option<PutField<'_>> {
    if let Some(values) = array.as_binary_opt::<i32>() {
        return Some(nullable(array, move |i, out| bytes(out, &[], values.value(i))));
    }
    if let Some(values) = array.as_binary_opt::<i64>() {
        return Some(nullable(array, move |i, out| bytes(out, &[], values.value(i))));
    }
    let values = array.as_fixed_size_binary_opt()?;
    Some(nullable(array, move |i, out| bytes(out, &[], values.value(i))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray, Time64MicrosecondArray,
        TimestampMicrosecondArray, UInt64Array,
    };

    fn put(form: WireForm, array: &dyn Array, row: usize) -> Result<Vec<u8>, FieldError> {
        let mut out = Vec::new();
        encoder(form, array).expect("an encoder")(row, &mut out)?;
        Ok(out)
    }

    #[test]
    fn nulls_and_simple_values() {
        let bools = BooleanArray::from(vec![Some(true), None]);
        assert_eq!(put(WireForm::Bool, &bools, 0).unwrap(), [0, 0, 0, 1, 1]);
        assert_eq!(put(WireForm::Bool, &bools, 1).unwrap(), [255; 4]);
        let texts = StringArray::from(vec!["é", ""]);
        assert_eq!(put(WireForm::Text, &texts, 0).unwrap(), [0, 0, 0, 2, 0xc3, 0xa9]);
        assert_eq!(put(WireForm::VersionedText, &texts, 1).unwrap(), [0, 0, 0, 1, 1]);
        assert_eq!(put(WireForm::SingleChar, &texts, 1).unwrap(), [0, 0, 0, 1, 0]);
        assert!(put(WireForm::SingleChar, &texts, 0).is_err());
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let big = Int64Array::from(vec![i64::from(i32::MAX) + 1, -1]);
        assert!(put(WireForm::Int4, &big, 0).unwrap_err().to_string().contains("out of range for integer"));
        assert_eq!(put(WireForm::Int4, &big, 1).unwrap(), [0, 0, 0, 4, 255, 255, 255, 255]);
        assert!(put(WireForm::Oid, &big, 1).is_err());
        assert!(put(WireForm::Int8, &UInt64Array::from(vec![u64::MAX]), 0).is_err());
        let floats = Float64Array::from(vec![1e300, f64::NAN, 1e-300, 0.0]);
        assert!(put(WireForm::Float4, &floats, 0).is_err());
        assert!(put(WireForm::Float4, &floats, 1).is_ok());
        assert!(put(WireForm::Float4, &floats, 2).is_err());
        assert!(put(WireForm::Float4, &floats, 3).is_ok());
        let amounts = Decimal128Array::from(vec![12_345]).with_precision_and_scale(10, 3).unwrap();
        assert!(put(WireForm::Money { digits: 2 }, &amounts, 0).is_err(), "half a cent");
        assert_eq!(put(WireForm::Money { digits: 3 }, &amounts, 0).unwrap()[10..], [0x30, 0x39]);
    }

    #[test]
    fn times_have_the_servers_epoch_and_never_mean_infinity() {
        assert_eq!(put(WireForm::Date, &Date32Array::from(vec![10_958]), 0).unwrap(), [0, 0, 0, 4, 0, 0, 0, 1]);
        for day in [i32::MIN, i32::MIN + EPOCH_DAYS] {
            assert!(put(WireForm::Date, &Date32Array::from(vec![day]), 0).is_err());
        }
        let epoch = i64::from(EPOCH_DAYS) * MICROS_PER_DAY;
        for micros in [i64::MIN, i64::MIN + epoch] {
            assert!(put(WireForm::Timestamp, &TimestampMicrosecondArray::from(vec![micros]), 0).is_err());
        }
        for micros in [-1, MICROS_PER_DAY + 1] {
            assert!(put(WireForm::Time, &Time64MicrosecondArray::from(vec![micros]), 0).is_err());
        }
    }

    #[test]
    fn uuids_are_read_as_the_server_reads_them() {
        let text = "00112233-4455-6677-8899-aabbccddeeff";
        let uuid = parse_uuid(text).unwrap();
        assert_eq!((uuid[0], uuid[15]), (0, 0xff));
        assert_eq!(parse_uuid(&format!("{{{}}}", text.to_uppercase())), Some(uuid));
        assert_eq!(parse_uuid(&text.replace('-', "")), Some(uuid));
        for odd in
            ["", "0", "-", &text[1..], "{00112233-4455-6677-8899-aabbccddeeff", "zz112233-4455-6677-8899-aabbccddeeff"]
        {
            assert_eq!(parse_uuid(odd), None, "{odd}");
        }
    }
}
