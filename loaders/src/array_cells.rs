//! A record batch's columns as the few kinds of values that the row-wise encoders support.
//!
//! Data in: any Arrow array a payload may hold. Data out: [`ArrayCells`], typed once per batch, so that writing a cell
//! is one match. Narrow integers are widened, other layouts of text and bytes are converted to the plain ones.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int64Array, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, TimeUnit, UInt64Type};
use arrow::record_batch::RecordBatch;

use crate::{LoadError, Target};

/// One column of one batch. Arrays are shared, not copied.
#[derive(Debug, Clone)]
pub enum ArrayCells {
    Null,
    Bool(BooleanArray),
    Int(Int64Array),
    UInt(UInt64Array),
    F32(Float32Array),
    F64(Float64Array),
    Decimal(Decimal128Array),
    Text(StringArray),
    Bytes(BinaryArray),
    /// 16 bytes per value.
    Uuid(FixedSizeBinaryArray),
    /// Days since 1970-01-01.
    Date(Date32Array),
    /// Microseconds since midnight.
    Time(Time64MicrosecondArray),
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    Timestamp(TimestampMicrosecondArray),
    /// Microseconds.
    Duration(DurationMicrosecondArray),
}

impl ArrayCells {
    /// `None` for Arrow types without a plain SQL counterpart (lists, structs, maps, ...).
    pub fn of(array: &ArrayRef) -> Option<ArrayCells> {
        use DataType as T;
        Some(match array.data_type() {
            T::Null => ArrayCells::Null,
            T::Boolean => ArrayCells::Bool(array.as_boolean().clone()),
            T::Int64 => ArrayCells::Int(array.as_primitive::<Int64Type>().clone()),
            T::UInt64 => ArrayCells::UInt(array.as_primitive::<UInt64Type>().clone()),
            T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16 | T::UInt32 => return Self::cast(array, &T::Int64),
            T::Float32 => ArrayCells::F32(array.as_primitive::<Float32Type>().clone()),
            T::Float64 => ArrayCells::F64(array.as_primitive::<Float64Type>().clone()),
            T::Float16 => return Self::cast(array, &T::Float32),
            T::Decimal128(..) => ArrayCells::Decimal(array.as_primitive().clone()),
            T::Decimal32(p, s) | T::Decimal64(p, s) => return Self::cast(array, &T::Decimal128(*p, *s)),
            T::Utf8 => ArrayCells::Text(array.as_string().clone()),
            T::LargeUtf8 | T::Utf8View => return Self::cast(array, &T::Utf8),
            T::Binary => ArrayCells::Bytes(array.as_binary().clone()),
            T::FixedSizeBinary(16) => ArrayCells::Uuid(array.as_fixed_size_binary().clone()),
            T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => return Self::cast(array, &T::Binary),
            T::Date32 => ArrayCells::Date(array.as_primitive().clone()),
            T::Time64(TimeUnit::Microsecond) => ArrayCells::Time(array.as_primitive().clone()),
            T::Time32(_) | T::Time64(_) => return Self::cast(array, &T::Time64(TimeUnit::Microsecond)),
            T::Timestamp(TimeUnit::Microsecond, _) => ArrayCells::Timestamp(array.as_primitive().clone()),
            T::Timestamp(_, zone) => {
                return Self::cast(array, &T::Timestamp(TimeUnit::Microsecond, zone.clone()));
            }
            T::Duration(TimeUnit::Microsecond) => ArrayCells::Duration(array.as_primitive().clone()),
            T::Duration(_) => return Self::cast(array, &T::Duration(TimeUnit::Microsecond)),
            T::Dictionary(_, value) => return Self::cast(array, value),
            _ => return None,
        })
    }

    fn cast(array: &ArrayRef, to: &DataType) -> Option<ArrayCells> {
        let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
        Self::of(&arrow::compute::cast_with_options(array, to, &options).ok()?)
    }

    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            ArrayCells::Null => true,
            ArrayCells::Bool(a) => a.is_null(row),
            ArrayCells::Int(a) => a.is_null(row),
            ArrayCells::UInt(a) => a.is_null(row),
            ArrayCells::F32(a) => a.is_null(row),
            ArrayCells::F64(a) => a.is_null(row),
            ArrayCells::Decimal(a) => a.is_null(row),
            ArrayCells::Text(a) => a.is_null(row),
            ArrayCells::Bytes(a) => a.is_null(row),
            ArrayCells::Uuid(a) => a.is_null(row),
            ArrayCells::Date(a) => a.is_null(row),
            ArrayCells::Time(a) => a.is_null(row),
            ArrayCells::Timestamp(a) => a.is_null(row),
            ArrayCells::Duration(a) => a.is_null(row),
        }
    }
}

/// The batch's columns, in the target's order.
///
/// # Errors
/// [`LoadError::NoEncoding`] for an Arrow type that has no plain form, [`LoadError::Table`] if the batch does not have
/// the target's number of columns.
pub fn of_batch(target: &Target, batch: &RecordBatch) -> Result<Vec<ArrayCells>, LoadError> {
    if batch.num_columns() != target.columns.len() {
        let message = format!(
            "the rows have {} columns, but {} are to be filled; load with the schema they were made for",
            batch.num_columns(),
            target.columns.len()
        );
        return Err(LoadError::Table { table: label(target), message, code: None });
    }
    let cells = batch.columns().iter().zip(&target.columns).map(|(array, column)| {
        ArrayCells::of(array).ok_or_else(|| LoadError::NoEncoding {
            table: label(target),
            column: column.name.clone(),
            arrow: array.data_type().to_string(),
            sql_type: column.sql_type.clone(),
        })
    });
    cells.collect()
}

/// `schema.table`, for messages.
pub fn label(target: &Target) -> String {
    format!("{}.{}", target.schema, target.table)
}
