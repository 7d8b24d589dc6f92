//! Columns as Arrow: the Arrow type of a column, arrays built from [`Value`]s, and values read back from arrays.
//!
//! In: a [`Column`] (with its [`Domain`] where the SQL type leaves the Arrow type open) or single values. Out: a
//! [`Field`] or an array of it. Field metadata holds the SQL type and, for UUID and JSON, Arrow's canonical extension
//! name; it holds nothing of the environment, so the same rows give the same bytes everywhere.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt64Type,
};

use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, RangeKind, Special};

mod builder;
mod convert;
mod text;

pub use builder::{ColumnBuilder, ConvertError};

/// Field metadata key of the column's own SQL type, e.g. `character varying(24)`.
pub const SQL_TYPE_KEY: &str = "dbmocker:sql_type";
/// Field metadata key of Arrow's extension types.
pub const EXTENSION_NAME_KEY: &str = "ARROW:extension:name";
/// Field metadata key of an extension type's parameters; empty for both extensions used here.
pub const EXTENSION_METADATA_KEY: &str = "ARROW:extension:metadata";
/// 16 bytes that are a UUID.
pub const UUID_EXTENSION: &str = "arrow.uuid";
/// Text that is a JSON document.
pub const JSON_EXTENSION: &str = "arrow.json";

/// Arrow's largest precision of a 128-bit decimal.
const MAX_PRECISION: u8 = 38;
/// Fractional digits of an unconstrained decimal whose domain has no scale either.
const DEFAULT_SCALE: i8 = 2;

/// Returns the Arrow field of `column`. `domain` determines the type where the SQL type leaves it open (unconstrained
/// decimals, SQLite columns without a type).
pub fn field(column: &Column, domain: Option<&Domain>) -> Field {
    field_of(&column.name, &column.ty, &column.type_name, column.nullable, domain)
}

/// As [`field`], from single properties of a column.
pub fn field_of(name: &str, ty: &SqlType, type_name: &str, nullable: bool, domain: Option<&Domain>) -> Field {
    let (data_type, extension) = carrier(ty, domain);
    let field = Field::new(name, data_type, nullable);
    let sql_type = (SQL_TYPE_KEY, type_name);
    match extension {
        None => field.with_metadata([sql_type]),
        Some(name) => field.with_metadata([sql_type, (EXTENSION_NAME_KEY, name), (EXTENSION_METADATA_KEY, "")]),
    }
}

/// Returns the extension name of a field, if it has one.
pub fn extension(field: &Field) -> Option<&str> {
    field.metadata().get(EXTENSION_NAME_KEY).map(String::as_str)
}

/// Returns the Arrow type and the extension name of a SQL type.
fn carrier(ty: &SqlType, domain: Option<&Domain>) -> (DataType, Option<&'static str>) {
    let plain = match ty {
        SqlType::Bool => DataType::Boolean,
        SqlType::Int { bytes, unsigned, .. } => whole_number(*bytes, *unsigned),
        SqlType::Decimal { precision, scale, .. } => decimal(*precision, *scale, domain),
        SqlType::Money => DataType::Decimal128(19, 2),
        SqlType::Float { bytes: 4, .. } => DataType::Float32,
        SqlType::Float { .. } => DataType::Float64,
        SqlType::Binary { .. } => DataType::Binary,
        SqlType::Date => DataType::Date32,
        SqlType::Time { span: true, .. } if !domain.is_some_and(within_a_day) => DataType::Utf8,
        SqlType::Time { tz: false, .. } => DataType::Time64(TimeUnit::Microsecond),
        SqlType::Timestamp { tz, .. } => DataType::Timestamp(TimeUnit::Microsecond, tz.then(|| "UTC".into())),
        SqlType::Year => DataType::Int16,
        SqlType::Uuid => return (DataType::FixedSizeBinary(16), Some(UUID_EXTENSION)),
        SqlType::Json { .. } => return (DataType::Utf8, Some(JSON_EXTENSION)),
        SqlType::Untyped => return domain.map_or((DataType::Utf8, None), by_domain),
        // Text, and every type that is sent as text in the server's syntax.
        _ => DataType::Utf8,
    };
    (plain, None)
}

fn whole_number(bytes: u8, unsigned: bool) -> DataType {
    match (bytes, unsigned) {
        (1, _) | (2, false) => DataType::Int16,
        (2 | 3, true) | (3 | 4, false) => DataType::Int32,
        (8.., true) => DataType::UInt64,
        _ => DataType::Int64,
    }
}

/// Returns true if every value is below 24 hours: Arrow and Parquet support no other times.
fn within_a_day(domain: &Domain) -> bool {
    let inside = |micros: i128| (0..i128::from(MICROS_PER_DAY)).contains(&micros);
    match domain {
        Domain::Range { lo, hi, .. } => inside(*lo) && inside(*hi),
        Domain::Choice { values, .. } => values.iter().all(|v| match v {
            Value::Time(t) => inside((*t).into()),
            v => v.is_null(),
        }),
        _ => false,
    }
}

/// Returns a decimal type within the limits of Arrow and Parquet: `1 <= precision <= 38`, `0 <= scale <= precision`.
fn decimal(precision: u16, scale: i16, domain: Option<&Domain>) -> DataType {
    let drawn = domain.and_then(domain_scale);
    if precision == 0 {
        return DataType::Decimal128(MAX_PRECISION, drawn.unwrap_or(DEFAULT_SCALE));
    }
    // A negative scale adds integer digits; a scale above the precision needs leading zeros.
    let whole_zeros = u16::try_from(-scale).unwrap_or(0);
    let fraction = u16::try_from(scale).unwrap_or(0);
    let needed = (precision + whole_zeros).max(fraction);
    let small = |n: u16| u8::try_from(n).unwrap_or(MAX_PRECISION).min(MAX_PRECISION);
    let declared = i8::try_from(small(fraction)).unwrap_or(i8::MAX);
    match u8::try_from(needed) {
        Ok(needed) if needed <= MAX_PRECISION => DataType::Decimal128(needed, declared),
        // More digits than Arrow supports: keep only as many fractional digits as the values use.
        _ => DataType::Decimal128(MAX_PRECISION, drawn.map_or(declared, |d| d.min(declared))),
    }
}

/// Returns the number of fractional digits of a domain's values; `None` for a domain that is not numeric.
fn domain_scale(domain: &Domain) -> Option<i8> {
    match domain {
        Domain::Range { kind: RangeKind::Decimal { scale }, .. } => i8::try_from(*scale).ok(),
        Domain::Range { kind: RangeKind::Int, .. } => Some(0),
        Domain::Float { decimals, .. } => i8::try_from(*decimals).ok(),
        Domain::Choice { values, .. } => values.iter().filter_map(value_scale).max(),
        _ => None,
    }
    .map(|s| s.min(MAX_PRECISION as i8))
}

fn value_scale(value: &Value) -> Option<i8> {
    match value {
        Value::Int(_) => Some(0),
        Value::Decimal { scale, .. } => i8::try_from(*scale).ok(),
        _ => None,
    }
}

/// Returns the Arrow type of a column whose SQL type leaves it open.
fn by_domain(domain: &Domain) -> (DataType, Option<&'static str>) {
    let plain = match domain {
        Domain::Choice { values, .. } => by_values(values, domain),
        Domain::Range { kind, .. } => match kind {
            RangeKind::Int => DataType::Int64,
            RangeKind::Decimal { .. } => decimal(0, 0, Some(domain)),
            RangeKind::Date => DataType::Date32,
            RangeKind::Time => DataType::Time64(TimeUnit::Microsecond),
            RangeKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            RangeKind::Interval => DataType::Utf8,
        },
        Domain::Float { .. } => DataType::Float64,
        Domain::Bytes { .. } => DataType::Binary,
        Domain::Special(Special::Json { .. } | Special::Document { .. }) => {
            return (DataType::Utf8, Some(JSON_EXTENSION));
        }
        _ => DataType::Utf8,
    };
    (plain, None)
}

/// Returns the type that holds every listed value exactly; text where their kinds differ.
fn by_values(values: &[Value], domain: &Domain) -> DataType {
    let mut kinds = values.iter().filter(|v| !v.is_null()).map(value_type);
    let Some(first) = kinds.next() else { return DataType::Utf8 };
    let number = |t: &DataType| matches!(t, DataType::Int64 | DataType::Decimal128(..));
    let (mut same, mut numbers) = (true, number(&first));
    for kind in kinds {
        same &= kind == first;
        numbers &= number(&kind);
    }
    match first {
        DataType::Decimal128(..) if numbers => decimal(0, 0, Some(domain)),
        first if same => first,
        _ if numbers => decimal(0, 0, Some(domain)),
        _ => DataType::Utf8,
    }
}

fn value_type(value: &Value) -> DataType {
    match value {
        Value::Bool(_) => DataType::Boolean,
        Value::Int(_) => DataType::Int64,
        Value::Decimal { .. } => DataType::Decimal128(MAX_PRECISION, DEFAULT_SCALE),
        Value::Float(_) => DataType::Float64,
        Value::Bytes(_) => DataType::Binary,
        Value::Date(_) => DataType::Date32,
        Value::Time(_) => DataType::Time64(TimeUnit::Microsecond),
        Value::Timestamp(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
        Value::Null | Value::Text(_) | Value::Interval(_) | Value::Array(_) => DataType::Utf8,
    }
}

/// Returns one cell as a value: the inverse of [`ColumnBuilder::append`], for `preview` and comparisons.
///
/// UUIDs become hyphenated text; types that are sent as text become [`Value::Text`]. A type that [`field`] never
/// produces becomes Arrow's own text of the cell.
///
/// # Panics
/// If `row` is not below the array's length.
pub fn value_at(array: &dyn Array, field: &Field, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int16 => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row).into()),
        DataType::UInt64 => Value::Int(array.as_primitive::<UInt64Type>().value(row).into()),
        DataType::Decimal128(_, scale) => Value::Decimal {
            unscaled: array.as_primitive::<Decimal128Type>().value(row),
            scale: u8::try_from(*scale).unwrap_or(0),
        },
        DataType::Float32 => Value::Float(convert::widen(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::text(array.as_string::<i32>().value(row)),
        DataType::Binary => Value::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => {
            let bytes = array.as_fixed_size_binary().value(row);
            match <&[u8; 16]>::try_from(bytes) {
                Ok(uuid) if extension(field) == Some(UUID_EXTENSION) => Value::Text(convert::uuid_text(uuid)),
                _ => Value::Bytes(bytes.to_vec()),
            }
        }
        DataType::Date32 => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Microsecond) => {
            Value::Time(array.as_primitive::<Time64MicrosecondType>().value(row))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Value::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        _ => Value::Text(arrow::util::display::array_value_to_string(array, row).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
