//! Literals: hexadecimal strings, intervals.

use super::expr::Expr;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, parse_time};

/// Bytes of `0a1B`.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let text = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

/// `'1 year 2 days 03:00'`, `('90', MINUTE)`: an [`Expr::Interval`]; `unit` is the unit of a bare number.
pub(super) fn interval_literal(text: &str, unit: &str) -> Option<Expr> {
    let (months, micros) = interval(text, unit)?;
    Some(Expr::Interval { months, micros })
}

/// Months and microseconds of an interval's text.
pub fn interval(text: &str, unit: &str) -> Option<(i32, i64)> {
    let text = text.trim().trim_start_matches('@').trim();
    let (text, sign) = match text.strip_suffix("ago") {
        Some(rest) => (rest.trim(), -1.0),
        None => (text, 1.0),
    };
    let (mut months, mut micros) = (0.0f64, 0.0f64);
    let mut words = text.split_whitespace().peekable();
    let mut any = false;
    while let Some(w) = words.next() {
        any = true;
        if w.contains(':') {
            let (neg, clock) = w.strip_prefix('-').map_or((1.0, w), |c| (-1.0, c));
            micros += neg * parse_time(clock.trim_start_matches('+'))? as f64;
            continue;
        }
        let split = w.find(|c: char| c.is_alphabetic()).unwrap_or(w.len());
        let amount: f64 = w[..split].parse().ok()?;
        let named = if split < w.len() {
            &w[split..]
        } else if let Some(next) = words.peek().filter(|n| n.starts_with(|c: char| c.is_alphabetic())) {
            let next = *next;
            words.next();
            next
        } else {
            unit
        };
        let (m, u) = unit_size(named)?;
        months += amount * m;
        micros += amount * u;
    }
    if !any || months.abs() > 1e8 || micros.abs() > 9e18 {
        return None;
    }
    // a fraction of a month is converted to days of 30-day months
    let whole = months.trunc();
    micros += (months - whole) * 30.0 * MICROS_PER_DAY as f64;
    Some(((sign * whole) as i32, (sign * micros).round() as i64))
}

/// (months, microseconds) of one unit.
fn unit_size(unit: &str) -> Option<(f64, f64)> {
    let second = MICROS_PER_SECOND as f64;
    let unit = unit.to_lowercase();
    if unit == "ms" {
        return Some((0.0, 1000.0));
    }
    Some(match unit.trim_end_matches('s') {
        "millennium" | "millennia" => (12_000.0, 0.0),
        "century" | "centurie" => (1200.0, 0.0),
        "decade" => (120.0, 0.0),
        "year" | "yr" | "y" => (12.0, 0.0),
        "quarter" => (3.0, 0.0),
        "month" | "mon" => (1.0, 0.0),
        "week" | "w" => (0.0, 7.0 * 86_400.0 * second),
        "day" | "d" => (0.0, 86_400.0 * second),
        "hour" | "hr" | "h" => (0.0, 3600.0 * second),
        "minute" | "min" | "m" => (0.0, 60.0 * second),
        "" | "second" | "sec" => (0.0, second),
        "millisecond" | "msec" | "m." => (0.0, 1000.0),
        "microsecond" | "usec" | "u" => (0.0, 1.0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        assert_eq!(interval("1 year 2 mons 3 days 04:05:06", ""), Some((14, 273_906_000_000)));
        assert_eq!(interval("90", "MINUTE"), Some((0, 5_400_000_000)));
        assert_eq!(interval("-1 day", ""), Some((0, -86_400_000_000)));
        assert_eq!(interval("nonsense", ""), None);
        assert_eq!(interval("", ""), None);
    }
}
