//! Casts between values.

use super::number::{Num, Rounding, num, numeric_prefix, round_to};
use super::{Env, Eval, EvalError, arrays, type_error};
use crate::expr::CastType;
use crate::literal::interval;
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::{MICROS_PER_DAY, midnight, parse_date, parse_time, parse_timestamp};
use dbmocker_core::value::{Value, parse_number};

/// The text that the server would show.
pub fn text(v: &Value, env: Env) -> String {
    match v {
        Value::Bool(b) if env.dialect != Dialect::Postgres => i32::from(*b).to_string(),
        Value::Float(x) if env.dialect == Dialect::Sqlite && x.fract() == 0.0 && x.abs() < 1e15 => format!("{x:.1}"),
        // A column of decimals holds integers and doubles.
        Value::Decimal { unscaled, scale } if env.dialect == Dialect::Sqlite => {
            match 10i128.checked_pow((*scale).into()) {
                Some(unit) if unscaled % unit == 0 => (unscaled / unit).to_string(),
                _ => v.to_string().trim_end_matches('0').to_owned(),
            }
        }
        Value::Bytes(b) => match String::from_utf8(b.clone()) {
            Ok(s) if env.dialect != Dialect::Postgres => s,
            _ => format!("\\x{}", b.iter().map(|x| format!("{x:02x}")).collect::<String>()),
        },
        v => v.to_string(),
    }
}

fn truncate(t: String, max: Option<u32>) -> String {
    match max {
        Some(n) if t.chars().count() > n as usize => t.chars().take(n as usize).collect(),
        _ => t,
    }
}

/// # Errors
/// A value that the dialect refuses to convert.
pub fn cast(v: Value, to: &CastType, env: Env) -> Eval {
    if v.is_null() {
        return Ok(v);
    }
    let fail = |v: &Value| Err(type_error(&format!("a {to:?}"), v));
    Ok(match (to, &v) {
        (CastType::Bool, Value::Bool(_)) => v,
        (CastType::Bool, Value::Text(t)) if env.dialect == Dialect::Postgres => {
            match t.trim().to_lowercase().as_str() {
                "t" | "true" | "yes" | "y" | "on" | "1" => Value::Bool(true),
                "f" | "false" | "no" | "n" | "off" | "0" => Value::Bool(false),
                _ => return fail(&v),
            }
        }
        (CastType::Bool, _) => Value::Bool(num(&v, env)?.float() != 0.0),
        (CastType::Int, Value::Bool(b)) => Value::Int(i128::from(*b)),
        (CastType::Int, Value::Text(t)) if env.dialect != Dialect::Postgres => {
            round_to(numeric_prefix(t, env)?, 0, Rounding::Zero)?.int_value()?
        }
        (CastType::Int, _) => {
            // SQLite truncates, the others round
            let mode = if env.dialect == Dialect::Sqlite { Rounding::Zero } else { Rounding::HalfAway };
            round_to(num(&v, env)?, 0, mode)?.int_value()?
        }
        (CastType::Decimal { .. } | CastType::Float, Value::Text(t)) if not_finite(t, env).is_some() => {
            Value::Float(not_finite(t, env).expect("just found"))
        }
        (CastType::Decimal { scale }, Value::Text(_) | Value::Int(_) | Value::Decimal { .. } | Value::Bool(_)) => {
            match (num(&v, env)?, scale) {
                (Num::Exact { unscaled, scale: 0, .. }, None) if env.dialect == Dialect::Sqlite => Value::Int(unscaled),
                (n @ Num::Exact { .. }, Some(s)) => {
                    decimal(round_to(n.as_decimal(), i32::from(*s), Rounding::HalfAway)?)
                }
                (n, _) => decimal(n.as_decimal()),
            }
        }
        (CastType::Decimal { scale: Some(scale) }, Value::Float(x))
            if env.dialect != Dialect::Sqlite && x.is_finite() && x.abs() < 1e20 =>
        {
            // PostgreSQL converts the first 15 digits.
            let places = 14 - x.abs().max(1e-14).log10().floor() as i32;
            let places = usize::try_from(places).unwrap_or(0);
            let text = if env.dialect == Dialect::Postgres { format!("{x:.places$}") } else { format!("{x}") };
            let exact = parse_number(&text).ok_or_else(|| type_error("a number", &v))?;
            decimal(round_to(num(&exact, env)?.as_decimal(), i32::from(*scale), Rounding::HalfAway)?)
        }
        (CastType::Decimal { .. } | CastType::Float, _) => Value::Float(num(&v, env)?.float()),
        (CastType::Text { max_chars }, v) => Value::Text(truncate(text(v, env), *max_chars)),
        (CastType::Bytes, Value::Text(t)) => Value::Bytes(match t.strip_prefix("\\x") {
            Some(h) => crate::literal::hex(h).ok_or_else(|| type_error("the bytes", &v))?,
            None => t.clone().into_bytes(),
        }),
        (CastType::Bytes, Value::Bytes(_)) => v,
        (CastType::Date, Value::Date(_)) => v,
        (CastType::Date, Value::Timestamp(t)) => Value::Date(day(*t)?),
        (CastType::Date, Value::Text(t)) => {
            match parse_date(t.trim()).or_else(|| parse_timestamp(t).and_then(day_of)) {
                Some(d) => Value::Date(d),
                None => return special_date(t, env).map_or_else(|| fail(&v), |d| Ok(Value::Date(day(d)?))),
            }
        }
        (CastType::Timestamp, Value::Timestamp(_)) => v,
        (CastType::Timestamp, Value::Date(d)) => Value::Timestamp(midnight(*d).ok_or(EvalError::Overflow)?),
        (CastType::Timestamp, Value::Text(t)) => match parse_timestamp(t).or_else(|| special_date(t, env)) {
            Some(t) => Value::Timestamp(t),
            None => return fail(&v),
        },
        (CastType::Time, Value::Time(_)) => v,
        (CastType::Time, Value::Timestamp(t)) => Value::Time(t.rem_euclid(MICROS_PER_DAY)),
        (CastType::Time, Value::Text(t)) => match parse_time(t.trim()) {
            Some(t) => Value::Time(t),
            None => return fail(&v),
        },
        (CastType::Interval, Value::Interval(_)) => v,
        (CastType::Interval, Value::Time(t)) => Value::Interval(*t),
        (CastType::Interval, Value::Text(t)) => match interval(t, "") {
            Some((months, micros)) => Value::Interval(super::interval_micros(months, micros)),
            None => return fail(&v),
        },
        (CastType::Array(of), Value::Array(items)) => {
            Value::Array(items.iter().map(|x| cast(x.clone(), of, env)).collect::<Result<_, _>>()?)
        }
        (CastType::Array(of), Value::Text(t)) => arrays::parse(t, of, env)?,
        // enumerations, json, inet, ...: represented as text
        (CastType::Other(_), _) => v,
        _ => return fail(&v),
    })
}

/// PostgreSQL's special numbers: NaN and the infinities.
fn not_finite(t: &str, env: Env) -> Option<f64> {
    match t.trim().to_lowercase().as_str() {
        _ if env.dialect != Dialect::Postgres => None,
        "nan" => Some(f64::NAN),
        "inf" | "infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn decimal(n: Num) -> Value {
    n.value()
}

impl Num {
    fn as_decimal(self) -> Num {
        match self {
            Num::Exact { unscaled, scale, .. } => Num::Exact { unscaled, scale, whole: false },
            f => f,
        }
    }

    fn int_value(self) -> Eval {
        match self {
            Num::Exact { unscaled, scale: 0, .. } => Ok(Value::Int(unscaled)),
            Num::Float(x) if x.abs() < 1e30 => Ok(Value::Int(x as i128)),
            _ => Err(EvalError::Overflow),
        }
    }
}

fn day_of(micros: i64) -> Option<i32> {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()
}

fn day(micros: i64) -> Result<i32, EvalError> {
    day_of(micros).ok_or(EvalError::Overflow)
}

/// PostgreSQL's special date texts.
fn special_date(t: &str, env: Env) -> Option<i64> {
    match t.trim().to_lowercase().as_str() {
        "now" => Some(env.now),
        "today" => Some(env.now.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY),
        "tomorrow" => Some((env.now.div_euclid(MICROS_PER_DAY) + 1) * MICROS_PER_DAY),
        "epoch" => Some(0),
        // beyond every date that is generated
        "infinity" => Some(i64::MAX / 2),
        "-infinity" => Some(i64::MIN / 2),
        _ => None,
    }
}
