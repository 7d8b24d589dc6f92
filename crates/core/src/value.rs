//! One cell's value, independent of any database. CHECKs are evaluated on it, and it is converted to an Arrow value.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod literal;

/// A scalar (or array) value. Types without a separate variant (`inet`, `json`, `tsvector`, ...) are represented by
/// [`Value::Text`] in the server's input syntax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Null,
    Bool(bool),
    Int(#[serde(with = "crate::serde_ext::signed")] i128),
    /// `unscaled / 10^scale`.
    Decimal {
        #[serde(with = "crate::serde_ext::signed")]
        unscaled: i128,
        scale: u8,
    },
    Float(#[serde(with = "crate::serde_ext::float")] f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    Timestamp(i64),
    /// Microseconds; months and days are not distinguished.
    Interval(i64),
    Array(Vec<Value>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn text(s: impl Into<String>) -> Self {
        Value::Text(s.into())
    }
}

/// SQL-like spelling for messages and `preview`; not for building statements.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Decimal { unscaled, scale } => f.write_str(&decimal_text(*unscaled, *scale)),
            Value::Float(x) => write!(f, "{x}"),
            Value::Text(s) => f.write_str(s),
            Value::Bytes(b) => {
                f.write_str("0x")?;
                b.iter().try_for_each(|x| write!(f, "{x:02x}"))
            }
            Value::Date(d) => f.write_str(&crate::time::date_text(*d)),
            Value::Time(t) => f.write_str(&crate::time::time_text(*t)),
            Value::Timestamp(t) => f.write_str(&crate::time::timestamp_text(*t)),
            Value::Interval(t) => f.write_str(&crate::time::interval_text(*t)),
            Value::Array(v) => {
                f.write_str("{")?;
                for (i, x) in v.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{x}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Decimal digits of `unscaled / 10^scale`, e.g. `decimal_text(-5, 2) == "-0.05"`.
pub fn decimal_text(unscaled: i128, scale: u8) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let scale = usize::from(scale);
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}")
}

/// `12`, `12.50` and `1e3`; `None` for a text that is not a number.
pub fn parse_number(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(i) = text.parse::<i128>() {
        return Some(Value::Int(i));
    }
    if let Some(h) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        return i128::from_str_radix(h, 16).ok().map(Value::Int);
    }
    decimal(text).or_else(|| text.parse::<f64>().ok().filter(|x| x.is_finite()).map(Value::Float))
}

fn decimal(text: &str) -> Option<Value> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.')?;
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(Value::Decimal { unscaled: sign * unscaled, scale: u8::try_from(fraction.len()).ok()? })
}

/// A 128-bit fingerprint of a tuple, equal for values that a key may treat as equal: numbers by value, independent of
/// their type, text without case and trailing spaces.
pub fn digest(values: &[Value]) -> u128 {
    let (mut a, mut b): (u64, u64) = (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344);
    let mut put = |word: u64| {
        a = crate::rng_stream::mix(a ^ word);
        b = crate::rng_stream::mix(b.rotate_left(23) ^ word.wrapping_mul(0x9fb2_1c65_1e98_df25));
    };
    values.iter().for_each(|v| feed(v, &mut put));
    (u128::from(a) << 64) | u128::from(b)
}

/// Half of a fingerprint, for uses where a collision with a probability of 2^-64 is acceptable.
pub fn fold(digest: u128) -> u64 {
    #[allow(clippy::cast_possible_truncation)] // half of the bits on purpose
    let low = digest as u64;
    (digest >> 64) as u64 ^ low
}

fn feed(value: &Value, put: &mut impl FnMut(u64)) {
    let mut bytes = |tag: u64, bytes: &[u8]| {
        put(tag ^ ((bytes.len() as u64) << 8));
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            put(u64::from_le_bytes(word));
        }
    };
    match value {
        Value::Null => put(1),
        Value::Bool(b) => bytes(2, &i128::from(*b).to_le_bytes()),
        Value::Int(i) => bytes(2, &i.to_le_bytes()),
        Value::Decimal { unscaled, scale } => {
            let (mut n, mut s) = (*unscaled, *scale);
            while s > 0 && n % 10 == 0 {
                (n, s) = (n / 10, s - 1);
            }
            match s {
                0 => bytes(2, &n.to_le_bytes()),
                s => bytes(3 | (u64::from(s) << 40), &n.to_le_bytes()),
            }
        }
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 1e30 => bytes(2, &(*x as i128).to_le_bytes()),
        Value::Float(x) => bytes(4, &x.to_bits().to_le_bytes()),
        Value::Text(s) => bytes(5, s.trim_end_matches(' ').to_lowercase().as_bytes()),
        Value::Bytes(b) => bytes(6, b),
        Value::Date(d) => bytes(7, &d.to_le_bytes()),
        Value::Time(t) => bytes(8, &t.to_le_bytes()),
        Value::Timestamp(t) => bytes(9, &t.to_le_bytes()),
        Value::Interval(t) => bytes(10, &t.to_le_bytes()),
        Value::Array(v) => {
            bytes(11, &v.len().to_le_bytes());
            v.iter().for_each(|x| feed(x, put));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_compare_as_keys_do() {
        let d = |v: Value| digest(&[v]);
        assert_eq!(d(Value::Int(12)), d(Value::Decimal { unscaled: 1200, scale: 2 }));
        assert_eq!(d(Value::text("Ann ")), d(Value::text("ann")));
        assert_ne!(d(Value::Decimal { unscaled: 125, scale: 1 }), d(Value::Int(125)));
        assert_ne!(digest(&[Value::text("a"), Value::text("bc")]), digest(&[Value::text("ab"), Value::text("c")]));
    }

    #[test]
    fn numbers_are_read_without_rounding() {
        assert_eq!(parse_number("12"), Some(Value::Int(12)));
        assert_eq!(parse_number("-0.50"), Some(Value::Decimal { unscaled: -50, scale: 2 }));
        assert_eq!(parse_number("1e3"), Some(Value::Float(1000.0)));
        assert_eq!(parse_number("0x1F"), Some(Value::Int(31)));
        assert_eq!(parse_number("x"), None);
        assert_eq!(parse_number("."), None);
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(decimal_text(-5, 2), "-0.05");
        assert_eq!(decimal_text(12_345, 3), "12.345");
        assert_eq!(decimal_text(7, 0), "7");
    }
}
