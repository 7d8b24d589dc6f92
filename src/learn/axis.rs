//! Values of a type as numbers, so that quantiles can be taken, moved and rounded.

use dbmocker_core::schema::SqlType;
use dbmocker_core::time::{date_text, parse_date, parse_time, parse_timestamp, time_text};

const MICROS_PER_SECOND: f64 = 1e6;
const SECONDS_PER_DAY: f64 = 86_400.0;
const SECONDS_PER_MINUTE: f64 = 60.0;

/// The unit in which a type's values are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// A number with so many decimals; `None`: any number of them.
    Number {
        scale: Option<usize>,
    },
    Year,
    /// In days since 1970.
    Day,
    /// In seconds since 1970.
    Moment,
    /// In seconds since midnight.
    Clock,
}

impl Axis {
    /// The rounding of a profile that does not depend on the value: dates to the day.
    pub fn rounding(self) -> f64 {
        match self {
            Axis::Day => 1.0,
            Axis::Moment => 86_400.0,
            Axis::Number { .. } | Axis::Year | Axis::Clock => 0.0,
        }
    }

    /// The axis of a type; `None` for texts and the like.
    pub fn of(ty: &SqlType) -> Option<Axis> {
        Some(match ty {
            SqlType::Int { .. } => Axis::Number { scale: Some(0) },
            SqlType::Decimal { precision: 0, .. } | SqlType::Float { .. } => Axis::Number { scale: None },
            SqlType::Decimal { scale, .. } => Axis::Number { scale: Some(usize::try_from(*scale).unwrap_or(0)) },
            SqlType::Money => Axis::Number { scale: Some(2) },
            SqlType::Year => Axis::Year,
            SqlType::Date => Axis::Day,
            SqlType::Timestamp { .. } => Axis::Moment,
            SqlType::Time { .. } => Axis::Clock,
            _ => return None,
        })
    }

    /// The number of a value's text; `None` for `infinity` and what cannot be read.
    pub fn read(self, text: &str) -> Option<f64> {
        let x = match self {
            Axis::Number { .. } | Axis::Year => match text.parse::<f64>() {
                Ok(x) => x,
                // `money` as the server prints it.
                Err(_) => text.replace(['$', ',', ' '], "").parse().ok()?,
            },
            Axis::Day => f64::from(parse_date(text.get(..10).filter(|_| !text.starts_with('-')).unwrap_or(text))?),
            Axis::Moment => parse_timestamp(text)? as f64 / MICROS_PER_SECOND,
            Axis::Clock => {
                let clock = text.find(['+', '-']).filter(|i| *i > 0).map_or(text, |i| &text[..i]);
                parse_time(clock)? as f64 / MICROS_PER_SECOND
            }
        };
        x.is_finite().then_some(x)
    }

    /// Rounded as a profile keeps it: numbers to 3 digits, moments to the day, times of day to the minute.
    pub fn round(self, x: f64) -> f64 {
        match self {
            Axis::Number { scale } => {
                let x = three_digits(x);
                match scale {
                    Some(0) => x.round(),
                    _ => x,
                }
            }
            Axis::Year | Axis::Day => x.round(),
            Axis::Moment => (x / SECONDS_PER_DAY).round() * SECONDS_PER_DAY,
            Axis::Clock => (x / SECONDS_PER_MINUTE).round() * SECONDS_PER_MINUTE,
        }
    }

    /// The text of a rounded number, in the type's input syntax.
    pub fn write(self, x: f64) -> String {
        match self {
            Axis::Number { scale: Some(scale) } if scale < 8 => {
                let text = format!("{x:.scale$}");
                let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                if text == "-0" { "0".into() } else { text.to_owned() }
            }
            Axis::Number { .. } => plain(x),
            Axis::Year => format!("{x:.0}"),
            Axis::Day => date_text(x as i32), // a date's day number
            Axis::Moment => date_text((x / SECONDS_PER_DAY).floor() as i32),
            Axis::Clock => time_text((x * MICROS_PER_SECOND) as i64),
        }
    }
}

/// Formats without an exponent if the result is short.
fn plain(x: f64) -> String {
    let text = x.to_string();
    if text == "-0" { "0".into() } else { text }
}

/// Rounded to three significant digits.
pub fn three_digits(x: f64) -> f64 {
    significant(x, 3)
}

/// Rounded to so many significant digits.
pub fn significant(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_and_written_as_their_type_reads_them() {
        let cents = Axis::Number { scale: Some(2) };
        let whole = Axis::Number { scale: Some(0) };
        let any = Axis::Number { scale: None };
        for (axis, text, kept) in [
            (cents, "1234.56", "1230"),
            (cents, "9.99", "9.99"),
            (cents, "0.50", "0.5"),
            (cents, "$1,234.50", "1230"),
            (cents, "-0.001", "0"),
            (whole, "123456789", "123000000"),
            (whole, "7", "7"),
            (any, "0.000123456", "0.000123"),
            (any, "12345.678", "12300"),
            (Axis::Year, "2019", "2019"),
            (Axis::Day, "1987-05-17", "1987-05-17"),
            (Axis::Moment, "2021-03-04 05:06:07.123456+00", "2021-03-04"),
            (Axis::Moment, "2021-03-04 23:06:07", "2021-03-05"),
            (Axis::Clock, "10:20:31", "10:21:00"),
            (Axis::Clock, "10:20:29+02", "10:20:00"),
        ] {
            let x = axis.read(text).unwrap();
            assert_eq!(axis.write(axis.round(x)), kept, "{text}");
        }
        assert_eq!(Axis::Moment.read("infinity"), None);
        assert_eq!(any.read("NaN"), None);
    }
}
