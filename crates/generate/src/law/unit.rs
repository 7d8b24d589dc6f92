//! The integers on which laws compute, and their meaning in a column.

use dbmocker_core::schema::SqlType;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, date_text, timestamp_text};
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::{of_units, units};
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_plan::Form;
use dbmocker_plan::{ColumnPlan, Law, LawPlan};

/// How a column's cells map to integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericUnit {
    /// Integers, decimals, days, microseconds.
    Kind(RangeKind),
    /// Floating point with this number of decimals.
    Float(u8),
    /// Moments in this form: microseconds, days or other units.
    Moment(Form),
}

impl NumericUnit {
    /// Returns the unit of a column; `None` if it is not numeric.
    pub fn of(column: &ColumnPlan) -> Option<NumericUnit> {
        if let Some(LawPlan { law: Law::Moment { form, .. }, .. }) = &column.law {
            return Some(match form {
                Form::Timestamp => NumericUnit::Kind(RangeKind::Timestamp),
                Form::Date => NumericUnit::Kind(RangeKind::Date),
                other => NumericUnit::Moment(*other),
            });
        }
        let of_type = match &column.ty {
            SqlType::Int { .. } | SqlType::Year | SqlType::Oid => Some(NumericUnit::Kind(RangeKind::Int)),
            SqlType::Decimal { precision: 1.., scale, .. } => {
                u8::try_from(*scale).ok().map(|scale| NumericUnit::Kind(RangeKind::Decimal { scale }))
            }
            SqlType::Money => Some(NumericUnit::Kind(RangeKind::Decimal { scale: 2 })),
            SqlType::Date => Some(NumericUnit::Kind(RangeKind::Date)),
            SqlType::Timestamp { .. } => Some(NumericUnit::Kind(RangeKind::Timestamp)),
            _ => None,
        };
        match column.rule.domain().or(column.domain.as_ref()) {
            Some(Domain::Range { kind, .. }) => Some(NumericUnit::Kind(*kind)),
            Some(Domain::Float { decimals, .. }) => Some(NumericUnit::Float(*decimals)),
            _ => of_type,
        }
    }

    /// Returns the number of fractional digits.
    pub fn scale(self) -> u8 {
        match self {
            NumericUnit::Kind(RangeKind::Decimal { scale }) | NumericUnit::Float(scale) => scale,
            NumericUnit::Kind(_) | NumericUnit::Moment(_) => 0,
        }
    }

    /// Returns the microseconds in one unit, for moments.
    pub fn micros(self) -> i64 {
        match self {
            NumericUnit::Kind(RangeKind::Date) | NumericUnit::Moment(Form::Date | Form::DateText) => MICROS_PER_DAY,
            NumericUnit::Moment(Form::Seconds) => MICROS_PER_SECOND,
            NumericUnit::Moment(Form::Milliseconds) => 1000,
            _ => 1,
        }
    }

    pub fn value(self, n: i64) -> Value {
        match self {
            NumericUnit::Kind(kind) => of_units(kind, n.into()),
            NumericUnit::Float(decimals) => Value::Float(n as f64 / 10f64.powi(decimals.into())),
            NumericUnit::Moment(Form::DateText) => Value::Text(date_text(i32::try_from(n).unwrap_or(0))),
            NumericUnit::Moment(Form::TimestampText) => Value::Text(timestamp_text(n)),
            NumericUnit::Moment(_) => Value::Int(n.into()),
        }
    }

    /// Returns the integer of a value; `None` for NULL and beyond 64 bits.
    pub fn number(self, value: &Value) -> Option<i64> {
        match (self, value) {
            (NumericUnit::Float(decimals), Value::Float(x)) => {
                let scaled = (x * 10f64.powi(decimals.into())).round();
                (scaled.abs() < 9e18).then_some(scaled as i64)
            }
            (NumericUnit::Moment(Form::DateText), value) => NumericUnit::Kind(RangeKind::Date).number(value),
            (NumericUnit::Moment(Form::TimestampText), value) => NumericUnit::Kind(RangeKind::Timestamp).number(value),
            (NumericUnit::Moment(_), value) => NumericUnit::Kind(RangeKind::Int).number(value),
            (NumericUnit::Float(scale), value) => NumericUnit::Kind(RangeKind::Decimal { scale }).number(value),
            (NumericUnit::Kind(kind), value) => i64::try_from(units(kind, value)?.0).ok(),
        }
    }
}

/// Returns `n / 10^from` as an integer of scale `to`; halves round away from zero.
#[inline]
pub(super) fn rescaled(n: i64, from: u8, to: u8) -> i64 {
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => n,
        std::cmp::Ordering::Less => n.saturating_mul(power(to - from)),
        std::cmp::Ordering::Greater => rounded(n, power(from - to)),
    }
}

/// Returns `n / by`; halves round away from zero; `by` is above 0.
#[inline]
pub(super) fn rounded(n: i64, by: i64) -> i64 {
    let half = by / 2 + by % 2;
    let (whole, rest) = (n / by, n % by);
    if rest.abs() >= half { whole + n.signum() } else { whole }
}

/// As [`rounded`] for 128-bit numbers, clamped to 64 bits.
pub(super) fn rounded_wide(n: i128, by: i128) -> i64 {
    let by = if by == 0 { 1 } else { by };
    let (whole, rest) = (n / by, n % by);
    let away = rest.unsigned_abs() * 2 >= by.unsigned_abs();
    let n = if away { whole + n.signum() * by.signum() } else { whole };
    i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX })
}

/// Returns 10 to the power of `exponent`, at most 10^18.
#[inline]
pub(super) fn power(exponent: u8) -> i64 {
    10i64.pow(u32::from(exponent.min(18)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounded_equals_rounded_wide(n in -1_000_000_000_000i64..1_000_000_000_000, by in 1i64..100_000) {
            prop_assert_eq!(rounded(n, by), rounded_wide(n.into(), by.into()));
            prop_assert!((rounded(n, by) * by - n).abs() * 2 <= by);
        }

        #[test]
        fn values_and_their_numbers_are_inverse(n in -1_000_000_000i64..1_000_000_000, scale in 0u8..6) {
            for unit in [NumericUnit::Float(scale), NumericUnit::Kind(RangeKind::Decimal { scale }), NumericUnit::Kind(RangeKind::Timestamp)] {
                prop_assert_eq!(unit.number(&unit.value(n)), Some(n));
            }
        }
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!([5, 4, -5, -4, 15].map(|n| rounded(n, 10)), [1, 0, -1, 0, 2]);
        assert_eq!(rescaled(12_345, 3, 2), 1235);
        assert_eq!(rescaled(12, 0, 2), 1200);
        assert_eq!(rounded_wide(10, -4), -3);
    }
}
