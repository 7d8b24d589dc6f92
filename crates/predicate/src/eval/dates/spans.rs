//! MySQL's TIME: up to 838 hours, also negative; as a number, its digits (`HHMMSS`).

use super::super::number::Num;
use dbmocker_core::time::{MICROS_PER_SECOND, parse_time};

/// The longest time; its negative is the smallest.
pub(crate) const LONGEST: i64 = (839 * 3600 - 1) * MICROS_PER_SECOND;

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

#[cfg(test)]
mod tests {
    use super::super::super::{Env, EvalError, Row};
    use super::*;
    use crate::parse;
    use dbmocker_core::schema::Dialect;
    use dbmocker_core::value::Value;

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
