//! Calendar arithmetic on days and microseconds since 1970-01-01 UTC, and reading of ISO dates and times.
//!
//! Civil-from-days and its inverse follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"
//! (<https://howardhinnant.github.io/date_algorithms.html>).

pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Year (astronomical: 0 is 1 BC), month (1-12), day (1-31) of a day number.
pub fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    // Both are small by construction: day 1-31, month 1-12.
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = (if mp < 10 { mp + 3 } else { mp - 9 }) as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// Day number of a civil date; the inverse of [`civil`].
pub fn days(year: i64, month: u32, day: u32) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Reads `YYYY-MM-DD` (any number of year digits) into days.
pub fn parse_date(s: &str) -> Option<i64> {
    let (sign, rest) = s.strip_prefix('-').map_or((1, s), |r| (-1, r));
    let mut parts = rest.splitn(3, '-');
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day: u32 = parts.next()?.parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = sign * i64::from(year);
    let n = days(year, month, day);
    (civil(n) == (year, month, day)).then_some(n)
}

/// Reads `HH:MM[:SS[.ffffff]]` into microseconds; up to 24:00:00.
pub fn parse_time(s: &str) -> Option<i64> {
    let mut parts = s.splitn(3, ':');
    let h: i64 = parts.next()?.parse().ok()?;
    let m: i64 = parts.next()?.parse().ok()?;
    let (sec, micros) = match parts.next() {
        None => (0, 0),
        Some(t) => {
            let (whole, fraction) = t.split_once('.').unwrap_or((t, ""));
            if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let scale = 10_i64.pow(6 - u32::try_from(fraction.len()).ok()?);
            let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? };
            (whole.parse::<i64>().ok()?, fraction * scale)
        }
    };
    if !(0..=24).contains(&h) || !(0..60).contains(&m) || !(0..60).contains(&sec) {
        return None;
    }
    let time = ((h * 60 + m) * 60 + sec) * 1_000_000 + micros;
    (time <= MICROS_PER_DAY).then_some(time)
}

/// Reads `YYYY-MM-DD[( |T)HH:MM[:SS[.ffffff]]][Z|±HH[[:]MM]]` into microseconds, UTC unless an offset is given.
pub fn parse_timestamp(s: &str) -> Option<i64> {
    let (date, rest) = s.find([' ', 'T']).map_or((s, ""), |i| (&s[..i], &s[i + 1..]));
    let midnight = parse_date(date)?.checked_mul(MICROS_PER_DAY)?;
    if rest.is_empty() {
        return Some(midnight);
    }
    let rest = rest.strip_suffix('Z').unwrap_or(rest);
    let (clock, offset) = match rest.rfind(['+', '-']) {
        None => (rest, 0),
        Some(i) => {
            let zone = rest[i + 1..].replace(':', "");
            let hours: i64 = zone.get(..2)?.parse().ok()?;
            let minutes: i64 = if zone.len() > 2 { zone.get(2..4)?.parse().ok()? } else { 0 };
            let seconds = (hours * 60 + minutes) * 60 * 1_000_000;
            (&rest[..i], if rest.as_bytes()[i] == b'-' { -seconds } else { seconds })
        }
    };
    midnight.checked_add(parse_time(clock)?)?.checked_sub(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(micros: i64) -> String {
        let mut out = Vec::new();
        crate::text::put_timestamp(&mut out, micros);
        String::from_utf8(out).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn text_and_back(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
            proptest::prop_assert_eq!(parse_timestamp(&stamp(micros)), Some(micros));
        }

        #[test]
        fn civil_and_days_are_inverse(day in -2_500_000_000_i64..2_500_000_000) {
            let (y, m, d) = civil(day);
            proptest::prop_assert_eq!(days(y, m, d), day);
        }

        #[test]
        fn reading_never_panics(s in ".{0,40}", t in "[0-9T:+. Z-]{0,40}") {
            for s in [&s, &t] {
                let _ = (parse_date(s), parse_time(s), parse_timestamp(s));
            }
        }
    }

    #[test]
    fn odd_text_is_refused() {
        assert_eq!(parse_timestamp("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(parse_timestamp("1970-01-01 00:00:01.5Z"), Some(1_500_000));
        assert_eq!(parse_time("24:00:00"), Some(MICROS_PER_DAY));
        for odd in ["24:00:01", "12:60:00", "12:00:00.1234567", "-1:00:00"] {
            assert_eq!(parse_time(odd), None, "{odd}");
        }
        for odd in ["2023-02-30", "2023-00-10", "2023-13-01", "x", ""] {
            assert_eq!(parse_date(odd), None, "{odd}");
        }
    }
}
