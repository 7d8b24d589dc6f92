//! Functions of MySQL's TIME, which is a span of up to 838 hours.

use super::ValueType::{Int, Time, Timestamp};
use super::{Args, Builtin, MYSQL, unknown};
use crate::eval::dates::instant;
use crate::eval::dates::spans::LONGEST;
use crate::eval::{Eval, EvalError, cast, type_error};
use crate::expr::CastType;
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::MICROS_PER_SECOND;
use dbmocker_core::value::Value;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::propagates("time_to_sec", &[Time], Int, |a| Ok(Value::Int(i128::from(clock(a, 0)? / MICROS_PER_SECOND))))
        .spelled(&[("time_to_sec", MYSQL)]),
    Builtin::propagates("sec_to_time", &[Int], Time, sec_to_time)
        .spelled(&[("sec_to_time", MYSQL)]),
    Builtin::propagates("timediff", &[Time, Time], Time, timediff)
        .spelled(&[("timediff", MYSQL)]),
    Builtin::propagates("addtime", &[Timestamp, Time], Timestamp, |a| added(a, 1))
        .spelled(&[("addtime", MYSQL)]),
    Builtin::propagates("subtime", &[Timestamp, Time], Timestamp, |a| added(a, -1))
        .spelled(&[("subtime", MYSQL)]),
];

fn clock(a: &Args<'_>, i: usize) -> Result<i64, EvalError> {
    if !a.is(Dialect::Mysql) {
        return Err(unknown(a.name));
    }
    match cast::cast(a.values[i].clone(), &CastType::Time, a.env)? {
        Value::Time(t) => Ok(t),
        v => Err(type_error("the time", &v)),
    }
}

/// The server clamps larger values with a warning, which is an error when a row is stored.
fn span(t: Option<i64>) -> Eval {
    t.filter(|t| t.abs() <= LONGEST).map(Value::Time).ok_or(EvalError::Overflow)
}

fn sec_to_time(a: &Args<'_>) -> Eval {
    match &a.values[0] {
        Value::Int(n) => span(i64::try_from(*n).ok().and_then(|n| n.checked_mul(MICROS_PER_SECOND))),
        _ => Err(a.error()),
    }
}

fn timediff(a: &Args<'_>) -> Eval {
    let dated = |v: &Value| matches!(v, Value::Date(_) | Value::Timestamp(_));
    if a.values.iter().all(dated) {
        return span(instant(&a.values[0], a.env)?.checked_sub(instant(&a.values[1], a.env)?));
    }
    span(clock(a, 0)?.checked_sub(clock(a, 1)?))
}

fn added(a: &Args<'_>, sign: i64) -> Eval {
    let by = clock(a, 1)? * sign;
    match &a.values[0] {
        Value::Timestamp(t) => t.checked_add(by).map(Value::Timestamp).ok_or(EvalError::Overflow),
        Value::Date(_) => Err(a.error()),
        _ => span(clock(a, 0)?.checked_add(by)),
    }
}
