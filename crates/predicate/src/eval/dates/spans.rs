//! MySQL's TIME: up to 838 hours, also negative; as a number, its digits (`HHMMSS`).

use super::super::number::Num;
use super::super::{Env, EvalError, cast, type_error};
use super::instant;
use crate::expr::CastType;
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::{MICROS_PER_SECOND, parse_time};
use dbmocker_core::value::Value;

/// The largest time in seconds; its negative is the smallest.
const MOST: i64 = (839 * 3600 - 1) * MICROS_PER_SECOND;

/// `30:15:00` as 301500.
pub fn digits(micros: i64) -> Num {
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let digits = seconds / 3600 * 10_000 + seconds / 60 % 60 * 100 + seconds % 60;
    let unscaled = i128::from(digits) * i128::from(MICROS_PER_SECOND) + i128::from(fraction);
    Num::Exact { unscaled, scale: 6, whole: false }
}

/// 301500 as `30:15:00`; `None` if that is not a time.
pub fn of_digits(n: i128) -> Option<i64> {
    let sign = if n < 0 { "-" } else { "" };
    let n = n.unsigned_abs();
    parse_time(&format!("{sign}{}:{}:{}", n / 10_000, n / 100 % 100, n % 100))
}

pub(super) fn call(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    if env.dialect != Dialect::Mysql {
        return Ok(None);
    }
    let clock = |i: usize| match cast::cast(v[i].clone(), &CastType::Time, env)? {
        Value::Time(t) => Ok(t),
        v => Err(type_error("the time", &v)),
    };
    // The server clamps larger values with a warning, which is an error when a row is stored.
    let span = |t: Option<i64>| match t.filter(|t| t.abs() <= MOST) {
        Some(t) => Ok(Some(Value::Time(t))),
        None => Err(EvalError::Overflow),
    };
    match (name, v) {
        ("time_to_sec", [_]) => Ok(Some(Value::Int(i128::from(clock(0)? / MICROS_PER_SECOND)))),
        ("sec_to_time", [Value::Int(n)]) => span(i64::try_from(*n).ok().and_then(|n| n.checked_mul(MICROS_PER_SECOND))),
        ("timediff", [Value::Date(_) | Value::Timestamp(_), Value::Date(_) | Value::Timestamp(_)]) => {
            span(instant(&v[0], env)?.checked_sub(instant(&v[1], env)?))
        }
        ("timediff", [_, _]) => span(clock(0)?.checked_sub(clock(1)?)),
        ("addtime" | "subtime", [first, _]) => {
            let by = clock(1)? * if name == "addtime" { 1 } else { -1 };
            match first {
                Value::Timestamp(t) => Ok(t.checked_add(by).map(Value::Timestamp)),
                Value::Date(_) => Ok(None),
                _ => span(clock(0)?.checked_add(by)),
            }
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Row;
    use super::*;
    use crate::parse;

    struct NoColumns;

    impl Row for NoColumns {
        fn get(&self, _: &str) -> Option<Value> {
            None
        }
    }

    #[test]
    fn times_are_spans_and_numbers_of_their_digits() {
        let env = Env { dialect: Dialect::Mysql, now: 0 };
        for condition in [
            "time('100:00:00') > time('99:59:59')",
            "time('-00:00:01') < time('00:00:00')",
            "time('30:00:00') > 295959 AND time('30:00:00') = 300000 AND time('-01:02:03') < -10202",
            "time('10:00:00') - time('00:00:01') = 99999",
            "timediff('100:00:00', '200:00:00') = time('-100:00:00')",
            "timediff(timestamp '2024-01-03 00:00:00', timestamp '2024-01-01 12:00:00') = time('36:00:00')",
            "addtime('23:00:00', '03:00:00') = time('26:00:00') AND subtime('01:00:00', '02:00:00') = time('-01:00:00')",
            "sec_to_time(100000) = time('27:46:40') AND time_to_sec('-05:30:10') = -19810",
        ] {
            assert_eq!(parse(condition, Dialect::Mysql).unwrap().truth(&NoColumns, env), Ok(Some(true)), "{condition}");
        }
        assert_eq!(of_digits(8_395_959).map(dbmocker_core::time::time_text), None);
        assert_eq!(of_digits(-301_500).map(dbmocker_core::time::time_text), Some("-30:15:00".into()));
        assert_eq!(of_digits(5090), None);
        let beyond = parse("timediff('800:00:00', '-800:00:00') IS NULL", Dialect::Mysql).unwrap();
        assert_eq!(beyond.truth(&NoColumns, env), Err(EvalError::Overflow));
    }
}
