//! One cell's value, apart from any database: what CHECKs are evaluated on and what becomes an Arrow value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A scalar (or array) value. Types without a variant of their own (`inet`, `json`, `tsvector`, ...) travel as
/// [`Value::Text`] in the server's input syntax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i128),
    /// `unscaled / 10^scale`.
    Decimal {
        unscaled: i128,
        scale: u8,
    },
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    Timestamp(i64),
    /// Microseconds; months and days are not kept apart.
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
