//! Bytes of single values, as each server stores them.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt64Type,
};

use dbmocker_core::schema::SqlType;
use dbmocker_loaders::sqlite::Affinity;

/// Bytes of text up to which PostgreSQL's length takes one byte, and no alignment.
const SHORT: usize = 126;

/// MySQL: bytes of the digits on one side of a decimal's point: nine take four bytes.
pub(super) fn mysql_digits(digits: u16) -> u16 {
    digits / 9 * 4 + (digits % 9).div_ceil(2)
}

/// PostgreSQL: alignment and bytes of a value that is not NULL.
pub(super) fn postgres(ty: &SqlType, array: &dyn Array, row: usize) -> (usize, usize) {
    let varying = |bytes: usize| if bytes <= SHORT { (1, bytes + 1) } else { (4, bytes + 4) };
    match (ty, array.data_type()) {
        (SqlType::Enum { .. } | SqlType::Oid | SqlType::Reg { .. }, _) => (4, 4),
        (SqlType::Interval, _) => (8, 16),
        (SqlType::Inet | SqlType::Cidr, _) => (1, 7),
        (SqlType::MacAddr { bytes }, _) => (4, (*bytes).into()),
        (SqlType::Name, _) => (1, 64),
        (SqlType::Money, _) => (8, 8),
        (_, DataType::Boolean) => (1, 1),
        (_, DataType::Int16) => (2, 2),
        (_, DataType::Int32 | DataType::Date32 | DataType::Float32) => (4, 4),
        (_, DataType::FixedSizeBinary(16)) => (1, 16),
        (_, DataType::Decimal128(_, scale)) => {
            varying(2 + 2 * groups(array.as_primitive::<Decimal128Type>().value(row), *scale))
        }
        (_, DataType::Utf8) => varying(array.as_string::<i32>().value(row).len()),
        (_, DataType::Binary) => varying(array.as_binary::<i32>().value(row).len()),
        _ => (8, 8),
    }
}

/// The base-10000 digits of PostgreSQL's `numeric`, without leading and trailing zeros.
fn groups(unscaled: i128, scale: i8) -> usize {
    let fraction = u32::from(scale.unsigned_abs());
    let (up, factor) = ((4 - fraction % 4) % 4, 10u128);
    let mut n = match scale {
        0.. => unscaled.unsigned_abs().saturating_mul(factor.pow(up)),
        _ => unscaled.unsigned_abs().saturating_mul(factor.saturating_pow(fraction)),
    };
    while n > 0 && n % 10_000 == 0 {
        n /= 10_000;
    }
    let mut digits = 0;
    while n > 0 {
        (n, digits) = (n / 10_000, digits + 1);
    }
    digits
}

/// SQLite: the bytes of a value in a record, besides one byte of the record's header, and the additional bytes of a
/// longer type code there.
pub(super) fn sqlite(declared: &str, array: &dyn Array, row: usize) -> (usize, usize) {
    if array.is_null(row) {
        return (0, 0);
    }
    let affinity = Affinity::of(declared);
    let text = |bytes: usize| (bytes, usize::from(2 * bytes + 13 >= 128) + usize::from(2 * bytes + 13 >= 1 << 14));
    let whole = |n: i64| match affinity {
        Affinity::Text => text(n.to_string().len()),
        Affinity::Real => (8, 0),
        _ => (sqlite_int(n), 0),
    };
    match array.data_type() {
        DataType::Boolean => whole(i64::from(array.as_boolean().value(row))),
        DataType::Int16 => whole(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => whole(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => whole(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt64 => whole(i64::try_from(array.as_primitive::<UInt64Type>().value(row)).unwrap_or(i64::MAX)),
        DataType::Decimal128(_, scale) => {
            let unscaled = array.as_primitive::<Decimal128Type>().value(row);
            let unit = 10i128.saturating_pow(u32::from(scale.unsigned_abs()));
            match affinity {
                Affinity::Text => text(unscaled.to_string().len() + usize::from(*scale > 0)),
                // A number without a fraction is stored as a whole one.
                Affinity::Numeric | Affinity::Integer if unscaled % unit == 0 => {
                    (sqlite_int(i64::try_from(unscaled / unit).unwrap_or(i64::MAX)), 0)
                }
                _ => (8, 0),
            }
        }
        DataType::Utf8 => text(array.as_string::<i32>().value(row).len()),
        DataType::Binary => text(array.as_binary::<i32>().value(row).len()),
        DataType::FixedSizeBinary(16) => text(if declared.to_ascii_uppercase().contains("BLOB") { 16 } else { 36 }),
        DataType::Date32 => text(10),
        DataType::Timestamp(..) => {
            let whole = array.as_primitive::<TimestampMicrosecondType>().value(row) % 1_000_000 == 0;
            text(if whole { 19 } else { 26 })
        }
        DataType::Time64(_) => text(8),
        _ => (8, 0),
    }
}

/// Bytes of a whole number in a record.
pub(super) fn sqlite_int(n: i64) -> usize {
    match n {
        0 | 1 => 0,
        -0x80..=0x7f => 1,
        -0x8000..=0x7fff => 2,
        -0x80_0000..=0x7f_ffff => 3,
        -0x8000_0000..=0x7fff_ffff => 4,
        -0x8000_0000_0000..=0x7fff_ffff_ffff => 6,
        _ => 8,
    }
}

/// Bytes of a number of variable length.
pub(super) fn varint(n: u64) -> usize {
    ((64 - n.leading_zeros()).max(1) as usize).div_ceil(7).min(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_numeric_as_postgres_counts_them() {
        // pg_column_size(1234.56::numeric) = 2 groups, and so on.
        for (unscaled, scale, expected) in
            [(0, 2, 0), (123_456, 2, 2), (100, 2, 1), (10_000, 0, 1), (12_345_678, 2, 3), (5, 6, 1), (99, 0, 1)]
        {
            assert_eq!(groups(unscaled, scale), expected, "{unscaled} {scale}");
        }
        assert_eq!([varint(0), varint(127), varint(128), varint(1 << 14), varint(u64::MAX)], [1, 1, 2, 3, 9]);
    }
}
