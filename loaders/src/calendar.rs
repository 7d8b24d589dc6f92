//! Dates, times and timestamps (days and microseconds since 1970-01-01 UTC) to ISO text and back, without allocation.
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

/// Appends `YYYY-MM-DD`, years beyond 9999 with all their digits, years before 1 as `0001-12-31 BC` (PostgreSQL's way).
/// Answers whether it is a BC date, whose mark the caller puts last.
fn push_civil(out: &mut Vec<u8>, day: i64) -> bool {
    let (year, month, d) = civil(day);
    let bc = year < 1;
    push_padded(out, if bc { 1 - year } else { year }.unsigned_abs(), 4);
    out.push(b'-');
    push_padded(out, u64::from(month), 2);
    out.push(b'-');
    push_padded(out, u64::from(d), 2);
    bc
}

/// Appends `YYYY-MM-DD[ BC]`.
pub fn push_date(out: &mut Vec<u8>, day: i64) {
    if push_civil(out, day) {
        out.extend_from_slice(b" BC");
    }
}

/// Appends `HH:MM:SS[.ffffff]`; the fraction only if there is one. `micros` since midnight, 0 to 24 h.
pub fn push_time(out: &mut Vec<u8>, micros: u64) {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    push_padded(out, seconds / 3600, 2);
    out.push(b':');
    push_padded(out, seconds / 60 % 60, 2);
    out.push(b':');
    push_padded(out, seconds % 60, 2);
    if fraction > 0 {
        out.push(b'.');
        push_padded(out, fraction, 6);
    }
}

/// Appends `YYYY-MM-DD HH:MM:SS[.ffffff][zone][ BC]` in UTC; `zone` is `""` or what the server reads as UTC.
pub fn push_timestamp(out: &mut Vec<u8>, micros: i64, zone: &str) {
    let bc = push_civil(out, micros.div_euclid(MICROS_PER_DAY));
    out.push(b' ');
    push_time(out, micros.rem_euclid(MICROS_PER_DAY).unsigned_abs());
    out.extend_from_slice(zone.as_bytes());
    if bc {
        out.extend_from_slice(b" BC");
    }
}

/// Appends the decimal digits of `n`, with zeros in front up to `width`.
pub fn push_padded(out: &mut Vec<u8>, mut n: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while n > 0 || digits.len() - at < width.max(1) {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
    }
    out.extend_from_slice(&digits[at..]);
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
        push_timestamp(&mut out, micros, "");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_of_dates_and_timestamps() {
        let mut out = Vec::new();
        push_date(&mut out, days(0, 12, 31));
        assert_eq!(out, b"0001-12-31 BC");
        assert_eq!(stamp(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(stamp(days(12_345, 1, 2) * MICROS_PER_DAY), "12345-01-02 00:00:00");
        assert_eq!(stamp((days(0, 1, 1) * MICROS_PER_DAY) + 1), "0001-01-01 00:00:00.000001 BC");
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
