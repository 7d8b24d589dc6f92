//! SQLite's date functions with their modifiers.

use super::super::{Env, Eval, cast, number};
use super::{add_months, calendar, day_of, instant};
use crate::literal::interval;
use dbmocker_core::time::{
    MICROS_PER_DAY, MICROS_PER_SECOND, civil, date_text, days, midnight, time_text, timestamp_text,
};
use dbmocker_core::value::Value;

/// An unreadable date is NULL.
pub(crate) fn call(name: &str, v: &[Value], env: Env) -> Eval {
    let (format, v) = match (name, v) {
        ("strftime", [f, rest @ ..]) => (cast::text(f, env), rest),
        (_, v) => (String::new(), v),
    };
    let Some(t) = sqlite_instant(v, env) else { return Ok(Value::Null) };
    let whole = t.div_euclid(MICROS_PER_SECOND) * MICROS_PER_SECOND;
    Ok(match name {
        "date" => Value::Text(date_text(day_of(t)?)),
        "time" => Value::Text(time_text(whole.rem_euclid(MICROS_PER_DAY))),
        "datetime" => Value::Text(timestamp_text(whole)),
        "unixepoch" => Value::Int(i128::from(whole / MICROS_PER_SECOND)),
        "julianday" => Value::Float(t as f64 / MICROS_PER_DAY as f64 + 2_440_587.5),
        _ => strftime(&format, t, env)?,
    })
}

fn sqlite_instant(v: &[Value], env: Env) -> Option<i64> {
    let mut t = match v.first() {
        None => env.now,
        Some(Value::Text(s)) if s.eq_ignore_ascii_case("now") => env.now,
        Some(Value::Int(i)) if v.get(1).is_some_and(|m| cast::text(m, env) == "unixepoch") => {
            i64::try_from(*i).ok()?.checked_mul(MICROS_PER_SECOND)?
        }
        // a number is a Julian day
        Some(x @ (Value::Int(_) | Value::Float(_) | Value::Decimal { .. })) => {
            let julian = number::num(x, env).ok()?.float();
            if !(0.0..5_373_484.5).contains(&julian) {
                return None;
            }
            ((julian - 2_440_587.5) * MICROS_PER_DAY as f64).round() as i64
        }
        Some(Value::Text(s)) if s.contains(':') && !s.contains('-') => {
            // a bare time is on 2000-01-01
            dbmocker_core::time::parse_time(s)? + midnight(days(2000, 1, 1))?
        }
        Some(x) => instant(x, env).ok()?,
    };
    for m in v.iter().skip(1) {
        let m = cast::text(m, env).trim().to_lowercase();
        let day = day_of(t).ok()?;
        let (y, mo, dom) = civil(day);
        t = match m.as_str() {
            "unixepoch" | "utc" | "localtime" | "auto" | "subsec" | "subsecond" => t,
            "start of day" => midnight(day)?,
            "start of month" => midnight(days(y, mo, 1))?,
            "start of year" => midnight(days(y, 1, 1))?,
            _ => {
                let (months, micros) = interval(&m, "")?;
                // Days beyond the end of a month go on into the next one.
                let d = add_months(days(y, mo, 1), months).ok()?.checked_add(dom.cast_signed() - 1)?;
                midnight(d)?.checked_add(t.rem_euclid(MICROS_PER_DAY))?.checked_add(micros)?
            }
        };
    }
    Some(t)
}

fn strftime(format: &str, t: i64, env: Env) -> Eval {
    let day = day_of(t)?;
    let (y, m, d) = civil(day);
    let clock = t.rem_euclid(MICROS_PER_DAY) / MICROS_PER_SECOND;
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        out += &match chars.next() {
            Some('Y') => format!("{y:04}"),
            Some('m') => format!("{m:02}"),
            Some('d') => format!("{d:02}"),
            Some('H') => format!("{:02}", clock / 3600),
            Some('M') => format!("{:02}", clock / 60 % 60),
            Some('S') => format!("{:02}", clock % 60),
            Some('s') => format!("{}", t.div_euclid(MICROS_PER_SECOND)),
            Some('f') => format!("{:06.3}", (t.rem_euclid(60 * MICROS_PER_SECOND)) as f64 / 1e6),
            Some('j') => format!("{:03}", day - days(y, 1, 1) + 1),
            Some('w') => calendar("dow", day, env).unwrap_or(0).to_string(),
            Some('F') => date_text(day),
            Some('T') => time_text(clock * MICROS_PER_SECOND),
            Some('%') => "%".into(),
            _ => return Ok(Value::Null),
        };
    }
    Ok(Value::Text(out))
}
