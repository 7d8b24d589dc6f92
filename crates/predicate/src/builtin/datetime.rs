//! Functions of dates and times.

use super::ValueType::{Bool, Date, Format, Int, Interval, Modifier, Number, Text, Time, Timestamp, Unit};
use super::{ALL, Args, Builtin, MYSQL, NOT_POSTGRES, NOT_SQLITE, NullRule, POSTGRES, SQLITE, unknown};
use crate::eval::dates::{self, age, age_part, day_of, instant, month_length, part, shift, timestampdiff, trunc};
use crate::eval::number::num;
use crate::eval::{Env, Eval, EvalError, Row, cast};
use crate::expr::{CastType, Expr};
use crate::solver::{inverses, unchanged};
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, civil, date_text, days, timestamp_text};
use dbmocker_core::value::Value;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::strict("now", &[], Timestamp, |a| Ok(now(a)))
        .spelled(&[("now", NOT_SQLITE)]),
    Builtin::strict("current_date", &[], Date, current_date)
        .spelled(&[("curdate", MYSQL), ("utc_date", MYSQL)]),
    Builtin::propagates("current_time", &[], Time, |a| Ok(Value::Time(a.env.now.rem_euclid(MICROS_PER_DAY))))
        .spelled(&[("curtime", MYSQL)]),
    Builtin::strict("date_trunc", &[Unit, Timestamp, Text], Timestamp, |a| trunc(&a.text(0), &a.values[1], a.env))
        .optional(1).spelled(&[("date_trunc", POSTGRES)])
        .unchanged(unchanged::truncated),
    Builtin::strict("date_part", &[Unit, Timestamp], Number, |a| Err(a.error()))
        .lazy(date_part).spelled(&[("date_part", POSTGRES)])
        .inverse(inverses::date_part),
    Builtin::strict("age", &[Timestamp, Timestamp], Interval, age_of)
        .optional(1).spelled(&[("age", POSTGRES)]),
    Builtin::propagates("isfinite", &[Timestamp], Bool, |_| Ok(Value::Bool(true)))
        .spelled(&[("isfinite", POSTGRES)]),
    Builtin::propagates("make_date", &[Int, Int, Int], Date, make_date)
        .spelled(&[("make_date", POSTGRES)]),
    Builtin::propagates("to_timestamp", &[Number], Timestamp, to_timestamp)
        .spelled(&[("to_timestamp", POSTGRES)]),
    Builtin::propagates("datediff", &[Timestamp, Timestamp], Int, |a| Ok(Value::Int(day(a, 0)? - day(a, 1)?)))
        .spelled(&[("datediff", MYSQL)]),
    Builtin::propagates("timestampdiff", &[Unit, Timestamp, Timestamp], Int, |a| {
        timestampdiff(&a.text(0), instant(&a.values[1], a.env)?, instant(&a.values[2], a.env)?)
    }).spelled(&[("timestampdiff", MYSQL)]),
    // Day 0 is the year 0.
    Builtin::propagates("to_days", &[Timestamp], Int, |a| Ok(Value::Int(day(a, 0)? + 719_528)))
        .spelled(&[("to_days", MYSQL)]),
    Builtin::propagates("last_day", &[Timestamp], Date, last_day)
        .spelled(&[("last_day", MYSQL)]),
    Builtin::propagates("unix_timestamp", &[Timestamp], Int, |a| {
        Ok(Value::Int(i128::from(instant(&a.values[0], a.env)?.div_euclid(MICROS_PER_SECOND))))
    }).spelled(&[("unix_timestamp", MYSQL)]),
    Builtin::propagates("dayofweek", &[Timestamp], Int, |a| Ok(Value::Int((day(a, 0)? + 4).rem_euclid(7) + 1)))
        .spelled(&[("dayofweek", MYSQL)]),
    Builtin::propagates("weekday", &[Timestamp], Int, |a| Ok(Value::Int((day(a, 0)? + 3).rem_euclid(7))))
        .spelled(&[("weekday", MYSQL)]),
    Builtin::propagates("date", &[Timestamp, Modifier], Date, |a| cast_or(a, &CastType::Date))
        .optional(2).variadic().spelled(&[("date", ALL)])
        .inverse(inverses::date).unchanged(unchanged::dated),
    Builtin::propagates("time", &[Timestamp, Modifier], Time, |a| cast_or(a, &CastType::Time))
        .optional(2).variadic().spelled(&[("time", NOT_POSTGRES)])
        .unchanged(unchanged::dated),
    Builtin::new("timestamp", &[Timestamp], Timestamp, NullRule::Propagates, |a| cast_to(a, &CastType::Timestamp))
        .spelled(&[("timestamp", MYSQL)]),
    Builtin::propagates("datetime", &[Timestamp, Modifier], Timestamp, sqlite)
        .optional(2).variadic().spelled(&[("datetime", SQLITE)])
        .unchanged(unchanged::dated),
    Builtin::propagates("julianday", &[Timestamp, Modifier], Number, sqlite)
        .optional(2).variadic().spelled(&[("julianday", SQLITE)]),
    Builtin::propagates("unixepoch", &[Timestamp, Modifier], Int, sqlite)
        .optional(2).variadic().spelled(&[("unixepoch", SQLITE)]),
    Builtin::propagates("strftime", &[Format, Timestamp, Modifier], Text, sqlite)
        .optional(2).variadic().spelled(&[("strftime", SQLITE)])
        .unchanged(unchanged::strftime),
];

fn now(a: &Args<'_>) -> Value {
    match a.env.now {
        now if a.is(Dialect::Sqlite) => {
            Value::Text(timestamp_text(now.div_euclid(MICROS_PER_SECOND) * MICROS_PER_SECOND))
        }
        now => Value::Timestamp(now),
    }
}

fn current_date(a: &Args<'_>) -> Eval {
    let today = day_of(a.env.now)?;
    Ok(if a.is(Dialect::Sqlite) { Value::Text(date_text(today)) } else { Value::Date(today) })
}

/// `date_part(unit, age(...))` counts calendar months and years.
fn date_part(args: &[Expr], row: &dyn Row, env: Env) -> Eval {
    let unit = args[0].value(row, env)?;
    let unit = (!unit.is_null()).then(|| cast::text(&unit, env));
    if let Expr::Call { name, args: dates } = &args[1]
        && name == "age"
    {
        let dates = dates.iter().map(|a| a.value(row, env)).collect::<Result<Vec<_>, _>>()?;
        return match unit {
            Some(unit) if !dates.iter().any(Value::is_null) => age_part(&unit, &dates, env),
            _ => Ok(Value::Null),
        };
    }
    match (unit, args[1].value(row, env)?) {
        (None, _) | (_, Value::Null) => Ok(Value::Null),
        (Some(unit), v) => part(&unit, &v, env),
    }
}

fn age_of(a: &Args<'_>) -> Eval {
    let (months, micros) = age(a.values, a.env)?;
    shift(Value::Interval(micros), months, 0, a.env)
}

/// The day of an argument, counted from 1970-01-01.
fn day(a: &Args<'_>, i: usize) -> Result<i128, EvalError> {
    Ok(day_of(instant(&a.values[i], a.env)?)?.into())
}

fn last_day(a: &Args<'_>) -> Eval {
    let (y, m, _) = civil(day_of(instant(&a.values[0], a.env)?)?);
    Ok(Value::Date(days(y, m, month_length(y, m))))
}

fn make_date(a: &Args<'_>) -> Eval {
    match a.values {
        [Value::Int(y), Value::Int(m), Value::Int(d)] => {
            cast::cast(Value::Text(format!("{y:04}-{m:02}-{d:02}")), &CastType::Date, a.env)
        }
        _ => Err(a.error()),
    }
}

fn to_timestamp(a: &Args<'_>) -> Eval {
    Ok(Value::Timestamp((num(&a.values[0], a.env)?.float() * MICROS_PER_SECOND as f64).round() as i64))
}

fn cast_to(a: &Args<'_>, to: &CastType) -> Eval {
    cast::cast(a.values[0].clone(), to, a.env)
}

/// A cast, or in SQLite a function with modifiers.
fn cast_or(a: &Args<'_>, to: &CastType) -> Eval {
    match a.len() {
        _ if a.is(Dialect::Sqlite) => sqlite(a),
        1 => cast_to(a, to),
        _ => Err(unknown(a.name)),
    }
}

fn sqlite(a: &Args<'_>) -> Eval {
    if !a.is(Dialect::Sqlite) {
        return Err(unknown(a.name));
    }
    dates::sqlite::call(a.name, a.values, a.env)
}
