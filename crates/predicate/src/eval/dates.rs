//! Dates and times: arithmetic, truncation, parts.

pub(crate) mod spans;
pub(crate) mod sqlite;

use super::{Env, Eval, EvalError, cast, type_error};
use crate::expr::{Arith, CastType};
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, civil, days};
use dbmocker_core::value::Value;

pub(crate) fn day_of(micros: i64) -> Result<i32, EvalError> {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).map_err(|_| EvalError::Overflow)
}

fn add(a: i64, b: i64) -> Result<i64, EvalError> {
    a.checked_add(b).ok_or(EvalError::Overflow)
}

/// `day` moved by whole months, the day of the month limited to the month's length.
pub fn add_months(day: i32, months: i32) -> Result<i32, EvalError> {
    let (y, m, d) = civil(day);
    let total = i64::from(y) * 12 + i64::from(m) - 1 + i64::from(months);
    let year = i32::try_from(total.div_euclid(12)).map_err(|_| EvalError::Overflow)?;
    if !(-9999..=99_999).contains(&year) {
        return Err(EvalError::Overflow);
    }
    let month = u32::try_from(total.rem_euclid(12) + 1).map_err(|_| EvalError::Overflow)?;
    Ok(days(year, month, d.min(month_length(year, month))))
}

pub(crate) fn month_length(year: i32, month: u32) -> u32 {
    let (y, m) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    u32::try_from(days(y, m, 1) - days(year, month, 1)).unwrap_or(31)
}

fn midnight(day: i32) -> Result<i64, EvalError> {
    dbmocker_core::time::midnight(day).ok_or(EvalError::Overflow)
}

/// A date, time or interval plus months and microseconds.
pub(crate) fn shift(v: Value, months: i32, micros: i64, env: Env) -> Eval {
    Ok(match v {
        Value::Null => Value::Null,
        Value::Date(d) => {
            let d = add_months(d, months)?;
            let t = add(midnight(d)?, micros)?;
            // in MySQL a date plus whole days is a date
            if env.dialect == Dialect::Mysql && micros % MICROS_PER_DAY == 0 {
                Value::Date(day_of(t)?)
            } else {
                Value::Timestamp(t)
            }
        }
        Value::Timestamp(t) => {
            let d = add_months(day_of(t)?, months)?;
            Value::Timestamp(add(add(midnight(d)?, t.rem_euclid(MICROS_PER_DAY))?, micros)?)
        }
        Value::Time(t) if env.dialect == Dialect::Mysql => Value::Time(add(t, micros)?),
        Value::Time(t) => Value::Time(add(t, micros)?.rem_euclid(MICROS_PER_DAY)),
        Value::Interval(i) => Value::Interval(add(i, add(i64::from(months) * 30 * MICROS_PER_DAY, micros)?)?),
        v @ Value::Text(_) => return shift(cast::cast(v, &CastType::Timestamp, env)?, months, micros, env),
        v => return Err(type_error("the date", &v)),
    })
}

/// Arithmetic with a date, time or interval; `None` if there is none.
pub(crate) fn arith(op: Arith, l: &Value, r: &Value, env: Env) -> Option<Eval> {
    use Value as V;
    let temporal = |v: &Value| matches!(v, V::Date(_) | V::Time(_) | V::Timestamp(_) | V::Interval(_));
    let dated = |v: &Value| temporal(v) && !matches!(v, V::Time(_));
    // MySQL calculates with the digits of a time.
    let digits = env.dialect == Dialect::Mysql && !dated(l) && !dated(r);
    if digits || (!temporal(l) && !temporal(r)) {
        return None;
    }
    Some(arith_temporal(op, l, r, env))
}

fn arith_temporal(op: Arith, l: &Value, r: &Value, env: Env) -> Eval {
    use Value as V;
    let days_of = |i: &i128| i32::try_from(*i).map_err(|_| EvalError::Overflow);
    Ok(match (op, l, r) {
        (Arith::Add, V::Date(d), V::Int(n)) | (Arith::Add, V::Int(n), V::Date(d)) => {
            V::Date(d.checked_add(days_of(n)?).ok_or(EvalError::Overflow)?)
        }
        (Arith::Sub, V::Date(d), V::Int(n)) => V::Date(d.checked_sub(days_of(n)?).ok_or(EvalError::Overflow)?),
        (Arith::Sub, V::Date(a), V::Date(b)) => V::Int(i128::from(*a) - i128::from(*b)),
        (Arith::Add, V::Date(d), V::Time(t)) | (Arith::Add, V::Time(t), V::Date(d)) => {
            V::Timestamp(add(midnight(*d)?, *t)?)
        }
        (Arith::Add, x, V::Interval(i)) => shift(x.clone(), 0, *i, env)?,
        (Arith::Add, V::Interval(i), x) => shift(x.clone(), 0, *i, env)?,
        (Arith::Sub, x, V::Interval(i)) => shift(x.clone(), 0, i.checked_neg().ok_or(EvalError::Overflow)?, env)?,
        (Arith::Sub, V::Time(a), V::Time(b)) => V::Interval(add(*a, -*b)?),
        (Arith::Sub, V::Timestamp(_) | V::Date(_), V::Timestamp(_) | V::Date(_)) => {
            V::Interval(add(instant(l, env)?, -instant(r, env)?)?)
        }
        (Arith::Mul, V::Interval(i), n) | (Arith::Mul, n, V::Interval(i)) => {
            scaled(*i, super::number::num(n, env)?.float())?
        }
        (Arith::Div, V::Interval(i), n) => {
            let by = super::number::num(n, env)?.float();
            if by == 0.0 { return Err(EvalError::DivisionByZero) } else { scaled(*i, 1.0 / by)? }
        }
        _ => return Err(EvalError::Type(format!("`{l} {op} {r}` has no meaning here"))),
    })
}

fn scaled(micros: i64, by: f64) -> Eval {
    let x = micros as f64 * by;
    if x.abs() > 9e18 { Err(EvalError::Overflow) } else { Ok(Value::Interval(x.round() as i64)) }
}

/// Microseconds since 1970 of a date, a timestamp, or a text in one of these formats.
pub(crate) fn instant(v: &Value, env: Env) -> Result<i64, EvalError> {
    match cast::cast(v.clone(), &CastType::Timestamp, env)? {
        Value::Timestamp(t) => Ok(t),
        v => Err(type_error("the instant", &v)),
    }
}

/// PostgreSQL's `age`: whole months and the rest, of one instant after another (or of today after one).
pub(crate) fn age(v: &[Value], env: Env) -> Result<(i32, i64), EvalError> {
    let (to, from) = match v {
        [from] => (env.now.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY, instant(from, env)?),
        [to, from] => (instant(to, env)?, instant(from, env)?),
        _ => return Err(EvalError::Type("age takes one or two dates".into())),
    };
    if to < from {
        let (months, micros) = age(&[Value::Timestamp(from), Value::Timestamp(to)], env)?;
        return Ok((-months, -micros));
    }
    let ((y1, m1, _), (y2, m2, _)) = (civil(day_of(from)?), civil(day_of(to)?));
    let mut months = (y2 - y1) * 12 + i32::try_from(m2).unwrap_or(0) - i32::try_from(m1).unwrap_or(0);
    let moved = |months| -> Result<i64, EvalError> {
        add(midnight(add_months(day_of(from)?, months)?)?, from.rem_euclid(MICROS_PER_DAY))
    };
    if moved(months)? > to {
        months -= 1;
    }
    Ok((months, to - moved(months)?))
}

/// A part of `age(...)`, with calendar years and months.
pub(crate) fn age_part(unit: &str, v: &[Value], env: Env) -> Eval {
    let (months, micros) = age(v, env)?;
    match unit {
        "year" | "years" => Ok(Value::Int(i128::from(months / 12))),
        "month" | "months" => Ok(Value::Int(i128::from(months % 12))),
        _ => part(unit, &Value::Interval(micros), env),
    }
}

pub(crate) fn trunc(unit: &str, v: &Value, env: Env) -> Eval {
    if let Value::Interval(i) = v {
        let size = unit_micros(unit).ok_or_else(|| type_error(&format!("date_trunc('{unit}')"), v))?;
        return Ok(Value::Interval(i - i % size));
    }
    let t = instant(v, env)?;
    if let Some(size) = unit_micros(unit) {
        return Ok(Value::Timestamp(t.div_euclid(size) * size));
    }
    let day = day_of(t)?;
    let (y, m, _) = civil(day);
    let start = match unit {
        "week" => day - (day + 3).rem_euclid(7),
        "month" => days(y, m, 1),
        "quarter" => days(y, (m - 1) / 3 * 3 + 1, 1),
        "year" => days(y, 1, 1),
        "decade" => days(y.div_euclid(10) * 10, 1, 1),
        "century" => days((y - 1).div_euclid(100) * 100 + 1, 1, 1),
        _ => return Err(type_error(&format!("date_trunc('{unit}')"), v)),
    };
    Ok(Value::Timestamp(midnight(start)?))
}

/// Microseconds of the units that are always the same length.
pub fn unit_micros(unit: &str) -> Option<i64> {
    Some(match unit.to_lowercase().as_str() {
        "microseconds" | "microsecond" => 1,
        "milliseconds" | "millisecond" => 1000,
        "second" | "seconds" => MICROS_PER_SECOND,
        "minute" | "minutes" => 60 * MICROS_PER_SECOND,
        "hour" | "hours" => 3600 * MICROS_PER_SECOND,
        "day" | "days" => MICROS_PER_DAY,
        _ => return None,
    })
}

fn seconds(micros: i64) -> Value {
    match micros % MICROS_PER_SECOND {
        0 => Value::Int(i128::from(micros / MICROS_PER_SECOND)),
        _ => Value::Decimal { unscaled: i128::from(micros), scale: 6 },
    }
}

pub(crate) fn part(unit: &str, v: &Value, env: Env) -> Eval {
    let v = match v {
        Value::Text(t) if t.len() <= 15 && t.contains(':') && !t.contains('-') => {
            cast::cast(v.clone(), &CastType::Time, env)?
        }
        v => v.clone(),
    };
    let clock = |t: i64| {
        Some(match unit {
            "hour" | "hours" => Value::Int(i128::from(t / (3600 * MICROS_PER_SECOND))),
            "minute" | "minutes" => Value::Int(i128::from(t / (60 * MICROS_PER_SECOND) % 60)),
            "second" | "seconds" if env.dialect == Dialect::Mysql => Value::Int(i128::from(t / MICROS_PER_SECOND % 60)),
            "second" | "seconds" => seconds(t % (60 * MICROS_PER_SECOND)),
            "microsecond" if env.dialect == Dialect::Mysql => Value::Int(i128::from(t % MICROS_PER_SECOND)),
            "millisecond" | "milliseconds" => {
                Value::Decimal { unscaled: i128::from(t % (60 * MICROS_PER_SECOND)), scale: 3 }
            }
            "microsecond" | "microseconds" => Value::Int(i128::from(t % (60 * MICROS_PER_SECOND))),
            "epoch" => seconds(t),
            _ => return None,
        })
    };
    let fail = || type_error(&format!("the {unit}"), &v);
    match &v {
        Value::Time(t) => clock(*t).ok_or_else(fail),
        Value::Interval(t) => match unit {
            "day" | "days" => Ok(Value::Int(i128::from(t / MICROS_PER_DAY))),
            "hour" | "hours" => Ok(Value::Int(i128::from(t / (3600 * MICROS_PER_SECOND)))),
            _ => clock(*t).ok_or_else(fail),
        },
        _ => {
            let t = instant(&v, env)?;
            if unit == "epoch" {
                return Ok(seconds(t));
            }
            if let Some(x) = clock(t.rem_euclid(MICROS_PER_DAY)) {
                return Ok(x);
            }
            calendar(unit, day_of(t)?, env).map(Value::Int).ok_or_else(fail)
        }
    }
}

/// A part of a civil date.
fn calendar(unit: &str, day: i32, env: Env) -> Option<i128> {
    let (y, m, d) = civil(day);
    let dow = (i128::from(day) + 4).rem_euclid(7);
    let iso_dow = if dow == 0 { 7 } else { dow };
    let thursday = day + 4 - i32::try_from(iso_dow).ok()?;
    let iso_year = civil(thursday).0;
    Some(match unit {
        "year" => i128::from(y),
        "month" => i128::from(m),
        "day" => i128::from(d),
        "quarter" => i128::from((m - 1) / 3 + 1),
        "dow" => dow,
        "isodow" => iso_dow,
        "doy" => i128::from(day - days(y, 1, 1)) + 1,
        // MySQL's WEEK mode 0 counts from the first Sunday
        "week" if env.dialect == Dialect::Mysql => {
            let doy = i128::from(day - days(y, 1, 1));
            (doy + 7 - dow) / 7
        }
        "week" => i128::from((thursday - days(iso_year, 1, 1)) / 7) + 1,
        "isoyear" => i128::from(iso_year),
        "decade" => i128::from(y.div_euclid(10)),
        "century" => i128::from((y - 1).div_euclid(100)) + 1,
        "millennium" => i128::from((y - 1).div_euclid(1000)) + 1,
        "julian" => i128::from(day) + 2_440_588,
        _ => return None,
    })
}

pub(crate) fn timestampdiff(unit: &str, from: i64, to: i64) -> Eval {
    if let Some(size) = unit_micros(unit) {
        return Ok(Value::Int(i128::from((to - from) / size)));
    }
    let months = match unit {
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        "week" => return Ok(Value::Int(i128::from((to - from) / (7 * MICROS_PER_DAY)))),
        _ => return Err(EvalError::Type(format!("the unit `{unit}` is not known"))),
    };
    let (a, b, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
    let ((y1, m1, _), (y2, m2, _)) = (civil(day_of(a)?), civil(day_of(b)?));
    let mut n = (y2 - y1) * 12 + i32::try_from(m2).unwrap_or(0) - i32::try_from(m1).unwrap_or(0);
    let moved = add(midnight(add_months(day_of(a)?, n)?)?, a.rem_euclid(MICROS_PER_DAY))?;
    if moved > b {
        n -= 1;
    }
    Ok(Value::Int(i128::from(sign * n / months)))
}
