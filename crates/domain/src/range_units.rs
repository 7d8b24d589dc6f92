//! Values in the units of a [`Domain::Range`](super::Domain::Range) and back.

use super::RangeKind;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::{Value, parse_number};

/// A value in a range's units: the floor, and whether nothing was cut off.
pub fn units(kind: RangeKind, v: &Value) -> Option<(i128, bool)> {
    let day = i128::from(MICROS_PER_DAY);
    let scale = match kind {
        RangeKind::Int => Some(0),
        RangeKind::Decimal { scale } => Some(scale),
        _ => None,
    };
    if let Some(scale) = scale {
        return match v {
            Value::Bool(b) => rescaled(i128::from(*b), 0, scale),
            Value::Int(i) => rescaled(*i, 0, scale),
            Value::Decimal { unscaled, scale: s } => rescaled(*unscaled, *s, scale),
            Value::Float(x) if x.is_finite() && x.abs() < 1e30 => units(kind, &Value::Text(format!("{x}"))),
            Value::Text(t) => match parse_number(t)? {
                Value::Float(_) => None,
                n => units(kind, &n),
            },
            _ => None,
        };
    }
    Some(match (kind, v) {
        (RangeKind::Date, Value::Date(d)) => (i128::from(*d), true),
        (RangeKind::Date, Value::Timestamp(t)) => {
            let t = i128::from(*t);
            (t.div_euclid(day), t.rem_euclid(day) == 0)
        }
        (RangeKind::Timestamp, Value::Timestamp(t)) => (i128::from(*t), true),
        (RangeKind::Timestamp, Value::Date(d)) => (i128::from(*d) * day, true),
        (RangeKind::Date | RangeKind::Timestamp, Value::Text(t)) => {
            return units(kind, &Value::Timestamp(dbmocker_core::time::parse_timestamp(t)?));
        }
        (RangeKind::Time | RangeKind::Interval, Value::Time(t) | Value::Interval(t)) => (i128::from(*t), true),
        (RangeKind::Time, Value::Text(t)) => (i128::from(dbmocker_core::time::parse_time(t)?), true),
        _ => return None,
    })
}

fn rescaled(unscaled: i128, from: u8, to: u8) -> Option<(i128, bool)> {
    if from <= to {
        return Some((unscaled.checked_mul(10i128.checked_pow(u32::from(to - from))?)?, true));
    }
    let unit = 10i128.checked_pow(u32::from(from - to))?;
    Some((unscaled.div_euclid(unit), unscaled.rem_euclid(unit) == 0))
}

/// The value of a number in a range's units.
pub fn of_units(kind: RangeKind, n: i128) -> Value {
    let long = |n: i128| i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX });
    match kind {
        RangeKind::Int => Value::Int(n),
        RangeKind::Decimal { scale } => Value::Decimal { unscaled: n, scale },
        RangeKind::Date => Value::Date(i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX })),
        RangeKind::Time => Value::Time(long(n)),
        RangeKind::Timestamp => Value::Timestamp(long(n)),
        RangeKind::Interval => Value::Interval(long(n)),
    }
}
