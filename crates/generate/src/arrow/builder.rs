//! Builds one Arrow array from values. A value that the conversion would change is an error; nothing wraps.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder,
    FixedSizeBinaryBuilder, Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder, PrimitiveBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, TimeUnit};

use super::convert;
use super::text::{TextBuilder, push_value};
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::time;
use dbmocker_core::value::Value;
use dbmocker_domain::LineText;

/// The reason why a value was not appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    #[error(
        "column `{column}`: `{value}` does not fit `{sql_type}` (carried as {arrow}); give the column a rule whose values do"
    )]
    Unfit { column: String, value: String, sql_type: String, arrow: String },
    #[error("column `{column}` is NOT NULL, but its rule gave NULL; give the column a rule without NULL")]
    Null { column: String },
    #[error("column `{column}`: no way to build arrays of {arrow}; this is a fault of dbmocker, please report it")]
    NoBuilder { column: String, arrow: String },
    #[error("column `{column}`: one batch would hold more than 2 GiB of it; use a smaller --batch-size")]
    BatchTooLarge { column: String },
}

/// Builds the array of one field, cell by cell.
///
/// ```
/// use arrow::datatypes::{DataType, Field};
/// use dbmocker_generate::arrow::ColumnBuilder;
/// use dbmocker_core::value::Value;
///
/// let mut price = ColumnBuilder::with_capacity(&Field::new("price", DataType::Decimal128(5, 2), true), 3)?;
/// price.append(&Value::Int(7))?;
/// price.append(&Value::Null)?;
/// assert!(price.append(&Value::Int(1000)).is_err());
/// assert_eq!(price.finish().len(), 2);
/// # Ok::<(), dbmocker_generate::arrow::ConvertError>(())
/// ```
#[must_use]
pub struct ColumnBuilder {
    field: Field,
    inner: ArrayKind,
}

enum ArrayKind {
    Bool(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt64(UInt64Builder),
    Decimal {
        builder: Decimal128Builder,
        scale: u8,
        limit: i128,
    },
    Float32(Float32Builder),
    Float64(Float64Builder),
    /// `zone`: the suffix that makes a time of day a time with time zone.
    Text {
        builder: TextBuilder,
        zone: &'static str,
    },
    Binary(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Uuid(FixedSizeBinaryBuilder),
}

/// Runs `$body` with `$b` bound to the Arrow builder of any variant.
macro_rules! with_builder {
    ($inner:expr, $b:ident => $body:expr) => {
        match $inner {
            ArrayKind::Bool($b) => $body,
            ArrayKind::Int16($b) => $body,
            ArrayKind::Int32($b) => $body,
            ArrayKind::Int64($b) => $body,
            ArrayKind::UInt64($b) => $body,
            ArrayKind::Decimal { builder: $b, .. } => $body,
            ArrayKind::Float32($b) => $body,
            ArrayKind::Float64($b) => $body,
            ArrayKind::Text { builder: $b, .. } => $body,
            ArrayKind::Binary($b) => $body,
            ArrayKind::Date($b) => $body,
            ArrayKind::Time($b) => $body,
            ArrayKind::Timestamp($b) => $body,
            ArrayKind::Uuid($b) => $body,
        }
    };
}

/// Assumed size in bytes of a text or binary cell, for the initial capacity.
const TYPICAL_BYTES: usize = 16;

impl ColumnBuilder {
    /// Creates a builder with capacity for `rows` cells.
    ///
    /// # Errors
    /// [`ConvertError::NoBuilder`] for an Arrow type that [`super::field`] never produces.
    pub fn with_capacity(field: &Field, rows: usize) -> Result<Self, ConvertError> {
        let inner = match field.data_type() {
            DataType::Boolean => ArrayKind::Bool(BooleanBuilder::with_capacity(rows)),
            DataType::Int16 => ArrayKind::Int16(Int16Builder::with_capacity(rows)),
            DataType::Int32 => ArrayKind::Int32(Int32Builder::with_capacity(rows)),
            DataType::Int64 => ArrayKind::Int64(Int64Builder::with_capacity(rows)),
            DataType::UInt64 => ArrayKind::UInt64(UInt64Builder::with_capacity(rows)),
            ty @ DataType::Decimal128(precision, scale @ 0..) => ArrayKind::Decimal {
                builder: Decimal128Builder::with_capacity(rows).with_data_type(ty.clone()),
                scale: scale.unsigned_abs(),
                limit: 10i128.pow(u32::from(*precision).min(38)),
            },
            DataType::Float32 => ArrayKind::Float32(Float32Builder::with_capacity(rows)),
            DataType::Float64 => ArrayKind::Float64(Float64Builder::with_capacity(rows)),
            DataType::Utf8 => ArrayKind::Text {
                builder: TextBuilder::with_capacity(rows, rows * TYPICAL_BYTES),
                zone: if is_time_with_zone(field) { "+00" } else { "" },
            },
            DataType::Binary => ArrayKind::Binary(BinaryBuilder::with_capacity(rows, rows * TYPICAL_BYTES)),
            DataType::Date32 => ArrayKind::Date(Date32Builder::with_capacity(rows)),
            DataType::Time64(TimeUnit::Microsecond) => ArrayKind::Time(Time64MicrosecondBuilder::with_capacity(rows)),
            ty @ DataType::Timestamp(TimeUnit::Microsecond, _) => {
                ArrayKind::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(ty.clone()))
            }
            DataType::FixedSizeBinary(16) => ArrayKind::Uuid(FixedSizeBinaryBuilder::with_capacity(rows, 16)),
            other => {
                return Err(ConvertError::NoBuilder { column: field.name().clone(), arrow: other.to_string() });
            }
        };
        Ok(ColumnBuilder { field: field.clone(), inner })
    }

    /// Appends a value that the column represents exactly (a float column takes the nearest float).
    ///
    /// # Errors
    /// [`ConvertError::Unfit`] names column and value; the builder is unchanged.
    pub fn append(&mut self, value: &Value) -> Result<(), ConvertError> {
        if value.is_null() {
            if !self.field.is_nullable() {
                return Err(ConvertError::Null { column: self.field.name().clone() });
            }
            self.append_null();
            return Ok(());
        }
        let done = match &mut self.inner {
            ArrayKind::Text { .. } if matches!(value, Value::Bytes(bytes) if std::str::from_utf8(bytes).is_err()) => {
                None
            }
            ArrayKind::Text { builder, zone } => match builder.append_with(|out| push_value(out, value, zone)) {
                None => return Err(ConvertError::BatchTooLarge { column: self.field.name().clone() }),
                appended => appended,
            },
            ArrayKind::Binary(b) => match value {
                Value::Bytes(bytes) => return self.append_bytes(bytes),
                Value::Text(s) => {
                    check_room(&self.field, b.values_slice().len(), s.len())?;
                    b.append_value(s.as_bytes());
                    Some(())
                }
                _ => None,
            },
            ArrayKind::Bool(b) => convert::boolean(value).map(|v| b.append_value(v)),
            ArrayKind::Float32(b) => convert::float(value).and_then(narrow).map(|v| b.append_value(v)),
            ArrayKind::Float64(b) => convert::float(value).map(|v| b.append_value(v)),
            ArrayKind::Date(b) => convert::date(value).map(|v| b.append_value(v)),
            ArrayKind::Time(b) => convert::clock(value).map(|v| b.append_value(v)),
            ArrayKind::Timestamp(b) => convert::timestamp(value).map(|v| b.append_value(v)),
            ArrayKind::Uuid(b) => convert::uuid(value).and_then(|v| b.append_value(v).ok()),
            ArrayKind::Decimal { builder, scale, limit } => convert::decimal(value, *scale)
                .filter(|v| v.unsigned_abs() < limit.unsigned_abs())
                .map(|v| builder.append_value(v)),
            whole => convert::int(value).and_then(|v| push_whole(whole, v)),
        };
        done.ok_or_else(|| self.unfit(value))
    }

    /// Appends NULL; the record batch's constructor checks whether the column allows it.
    pub fn append_null(&mut self) {
        with_builder!(&mut self.inner, b => b.append_null());
    }

    /// Appends a text: unchanged to a text or binary column, parsed for any other type.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_text(&mut self, text: &str) -> Result<(), ConvertError> {
        self.append_written(|out| out.push_str(text))
    }

    /// Appends the text that `write` writes, as [`append_text`](Self::append_text) does; in a text column it is written
    /// in place.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_written(&mut self, write: impl FnOnce(&mut String)) -> Result<(), ConvertError> {
        if let ArrayKind::Text { builder, .. } = &mut self.inner {
            return match builder.append_with(write) {
                Some(()) => Ok(()),
                None => Err(ConvertError::BatchTooLarge { column: self.field.name().clone() }),
            };
        }
        let mut text = String::new();
        write(&mut text);
        self.append(&Value::Text(text))
    }

    /// Appends one text for each stream to a text column, NULL where there is no stream.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    ///
    /// # Panics
    /// On a column of another type.
    pub fn append_lines(
        &mut self,
        streams: impl Iterator<Item = Option<CellRng>>,
        texts: &impl LineText,
    ) -> Result<(), ConvertError> {
        let ArrayKind::Text { builder, .. } = &mut self.inner else { panic!("only texts are written on lines") };
        let appended = builder.append_lines(streams, texts);
        appended.ok_or_else(|| ConvertError::BatchTooLarge { column: self.field.name().clone() })
    }

    /// Appends an integer; a decimal column applies its scale.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_i64(&mut self, n: i64) -> Result<(), ConvertError> {
        if let ArrayKind::Int64(b) = &mut self.inner {
            b.append_value(n);
            return Ok(());
        }
        self.append_i128(i128::from(n))
    }

    /// Appends an integer; a decimal column applies its scale.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_i128(&mut self, n: i128) -> Result<(), ConvertError> {
        match push_whole(&mut self.inner, n) {
            Some(()) => Ok(()),
            None => self.append(&Value::Int(n)),
        }
    }

    /// Appends an integer in the column's own unit: the number itself, a decimal's unscaled digits in the column's
    /// scale, days, or microseconds.
    ///
    /// # Errors
    /// As [`append`](Self::append), also for columns without such a unit.
    #[inline]
    pub fn append_raw(&mut self, n: i128) -> Result<(), ConvertError> {
        let done = match &mut self.inner {
            ArrayKind::Decimal { builder, limit, .. } => {
                (n.unsigned_abs() < limit.unsigned_abs()).then(|| builder.append_value(n))
            }
            ArrayKind::Date(b) => i32::try_from(n).ok().map(|v| b.append_value(v)),
            ArrayKind::Time(b) => {
                i64::try_from(n).ok().filter(|t| (0..time::MICROS_PER_DAY).contains(t)).map(|v| b.append_value(v))
            }
            ArrayKind::Timestamp(b) => i64::try_from(n).ok().map(|v| b.append_value(v)),
            whole => push_whole(whole, n),
        };
        done.ok_or_else(|| self.unfit(&Value::Int(n)))
    }

    /// Appends many numbers as [`append_raw`](Self::append_raw) does.
    ///
    /// # Errors
    /// As [`append_raw`](Self::append_raw), and for NULL in a column that is not nullable.
    pub fn append_numbers(&mut self, numbers: &Nullable<i64>) -> Result<(), ConvertError> {
        let nulls = numbers.nulls();
        let (values, reach) = (numbers.values(), reach(numbers.values()));
        // Fast path if all numbers fit, which one range check shows; else the slow path reports the number that does
        // not fit.
        let done = (nulls.is_none() || self.field.is_nullable())
            && match &mut self.inner {
                ArrayKind::Decimal { builder, limit, .. } => {
                    let limit = u64::try_from(*limit).unwrap_or(u64::MAX);
                    let fit = reach.0.unsigned_abs().max(reach.1.unsigned_abs()) < limit;
                    fit && append_all(builder, values, nulls, i128::from)
                }
                ArrayKind::Date(b) => within(reach, i32::MIN, i32::MAX) && append_all(b, values, nulls, |n| n as i32),
                ArrayKind::Int16(b) => within(reach, i16::MIN, i16::MAX) && append_all(b, values, nulls, |n| n as i16),
                ArrayKind::Int32(b) => within(reach, i32::MIN, i32::MAX) && append_all(b, values, nulls, |n| n as i32),
                ArrayKind::UInt64(b) => reach.0 >= 0 && append_all(b, values, nulls, i64::cast_unsigned),
                ArrayKind::Timestamp(b) => append_all(b, values, nulls, |n| n),
                ArrayKind::Int64(b) => append_all(b, values, nulls, |n| n),
                _ => false,
            };
        if !done {
            for n in numbers.iter() {
                match n {
                    Some(n) => self.append_raw(n.into())?,
                    None => self.append(&Value::Null)?,
                }
            }
        }
        Ok(())
    }

    /// Appends a float.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_f64(&mut self, x: f64) -> Result<(), ConvertError> {
        if let ArrayKind::Float64(b) = &mut self.inner {
            b.append_value(x);
            return Ok(());
        }
        self.append(&Value::Float(x))
    }

    /// Appends a boolean.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_bool(&mut self, x: bool) -> Result<(), ConvertError> {
        if let ArrayKind::Bool(b) = &mut self.inner {
            b.append_value(x);
            return Ok(());
        }
        self.append(&Value::Bool(x))
    }

    /// Appends bytes to a binary or UUID column.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    #[inline]
    pub fn append_bytes(&mut self, bytes: &[u8]) -> Result<(), ConvertError> {
        match &mut self.inner {
            ArrayKind::Binary(b) => {
                check_room(&self.field, b.values_slice().len(), bytes.len())?;
                b.append_value(bytes);
                Ok(())
            }
            ArrayKind::Uuid(b) if bytes.len() == 16 => {
                b.append_value(bytes).map_err(|_| self.unfit(&Value::Bytes(bytes.to_vec())))
            }
            _ => self.append(&Value::Bytes(bytes.to_vec())),
        }
    }

    /// Returns the type of the array.
    pub fn data_type(&self) -> &DataType {
        self.field.data_type()
    }

    /// Returns the number of cells appended so far.
    pub fn len(&self) -> usize {
        use arrow::array::ArrayBuilder as _;
        with_builder!(&self.inner, b => b.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the array of all appended cells.
    pub fn finish(mut self) -> ArrayRef {
        with_builder!(&mut self.inner, b => Arc::new(b.finish()))
    }

    fn unfit(&self, value: &Value) -> ConvertError {
        ConvertError::Unfit {
            column: self.field.name().clone(),
            value: shortened(value),
            sql_type: self.field.metadata().get(super::SQL_TYPE_KEY).cloned().unwrap_or_default(),
            arrow: self.field.data_type().to_string(),
        }
    }
}

/// Returns the smallest and the largest number; (0, 0), which fits every column, if there are none.
fn reach(numbers: &[i64]) -> (i64, i64) {
    let first = numbers.first().copied().unwrap_or_default();
    numbers.iter().fold((first, first), |(lo, hi), &n| (lo.min(n), hi.max(n)))
}

fn within<T: Into<i64>>(reach: (i64, i64), lo: T, hi: T) -> bool {
    lo.into() <= reach.0 && reach.1 <= hi.into()
}

/// Appends numbers that all fit. Returns true, so that it can end a chain of conditions.
fn append_all<T: ArrowPrimitiveType>(
    builder: &mut PrimitiveBuilder<T>,
    numbers: &[i64],
    nulls: Option<&[bool]>,
    fit: impl Fn(i64) -> T::Native,
) -> bool {
    let natives: Vec<T::Native> = numbers.iter().map(|&n| fit(n)).collect();
    match nulls {
        None => builder.append_slice(&natives),
        Some(nulls) => builder.append_values(&natives, &nulls.iter().map(|null| !null).collect::<Vec<_>>()),
    }
    true
}

/// Appends to an integer builder; `None` if the number does not fit or the builder is another one.
fn push_whole(inner: &mut ArrayKind, n: i128) -> Option<()> {
    match inner {
        ArrayKind::Int16(b) => b.append_value(i16::try_from(n).ok()?),
        ArrayKind::Int32(b) => b.append_value(i32::try_from(n).ok()?),
        ArrayKind::Int64(b) => b.append_value(i64::try_from(n).ok()?),
        ArrayKind::UInt64(b) => b.append_value(u64::try_from(n).ok()?),
        _ => return None,
    }
    Some(())
}

/// Arrow's offsets have 32 bits: its builders panic beyond 2 GiB.
#[inline]
fn check_room(field: &Field, held: usize, more: usize) -> Result<(), ConvertError> {
    match held.checked_add(more) {
        Some(total) if i32::try_from(total).is_ok() => Ok(()),
        _ => Err(ConvertError::BatchTooLarge { column: field.name().clone() }),
    }
}

/// Returns the single-precision value; `None` if a finite double is out of its range.
fn narrow(x: f64) -> Option<f32> {
    let single = x as f32;
    (single.is_finite() || !x.is_finite()).then_some(single)
}

fn is_time_with_zone(field: &Field) -> bool {
    field.metadata().get(super::SQL_TYPE_KEY).is_some_and(|t| {
        t == "timetz" || (t.starts_with("time") && !t.starts_with("timestamp") && t.ends_with("with time zone"))
    })
}

/// Returns a value's text for a message, at most 80 characters.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}
