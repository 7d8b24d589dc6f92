//! Calendar arithmetic on plain integers: days and microseconds since 1970-01-01 UTC.
//!
//! Civil-from-days and its inverse follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"
//! (<https://howardhinnant.github.io/date_algorithms.html>).

/// Microseconds of a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Year, month (1-12), day (1-31) of a day number. `civil(0) == (1970, 1, 1)`.
#[inline]
pub fn civil(days: i32) -> (i32, u32, u32) {
    match u32::try_from(days.saturating_add(719_468)) {
        Ok(day @ 0..0x4000_0000) => civil_since_year_0(day),
        _ => civil_of_any_year(days),
    }
}

/// Days are counted from 0000-03-01. With multiplications instead of divisions: Neri, Schneider, "Euclidean affine
/// functions and their application to calendar algorithms" (2023), with its names.
fn civil_since_year_0(n: u32) -> (i32, u32, u32) {
    let n_1 = 4 * n + 3;
    let (century, n_c) = (n_1 / 146_097, n_1 % 146_097 / 4);
    let p_2 = 2_939_745 * u64::from(4 * n_c + 3);
    let (z, n_y) = ((p_2 >> 32) as u32, p_2 as u32 / 2_939_745 / 4);
    let n_3 = 2141 * n_y + 197_913;
    let (month, day) = (n_3 >> 16, (n_3 & 0xffff) / 2141 + 1);
    let next = u32::from(n_y >= 306);
    ((100 * century + z + next) as i32, month - 12 * next, day)
}

fn civil_of_any_year(days: i32) -> (i32, u32, u32) {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// Day number of a civil date; the inverse of [`civil`].
pub fn days(year: i32, month: u32, day: u32) -> i32 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let m = i64::from(month);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    (era * 146_097 + doe - 719_468) as i32
}

/// The first microsecond of a day since 1970-01-01; `None` beyond the range of 64-bit microseconds (about 292 000 years
/// around 1970), which PostgreSQL's dates exceed.
///
/// ```
/// use dbmocker_core::time::{MICROS_PER_DAY, midnight};
/// assert_eq!(midnight(1), Some(MICROS_PER_DAY));
/// assert_eq!(midnight(i32::MAX), None);
/// ```
#[inline]
pub fn midnight(day: i32) -> Option<i64> {
    i64::from(day).checked_mul(MICROS_PER_DAY)
}

/// `YYYY-MM-DD`.
pub fn date_text(d: i32) -> String {
    let (y, m, d) = civil(d);
    format!("{y:04}-{m:02}-{d:02}")
}

/// `HH:MM:SS[.ffffff]`, fraction only if there is one.
pub fn time_text(micros: i64) -> String {
    let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    let (s, f) = (micros / MICROS_PER_SECOND.unsigned_abs(), micros % MICROS_PER_SECOND.unsigned_abs());
    let clock = format!("{sign}{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    if f == 0 { clock } else { format!("{clock}.{f:06}") }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]`, in UTC.
pub fn timestamp_text(micros: i64) -> String {
    let day = micros.div_euclid(MICROS_PER_DAY);
    format!("{} {}", date_text(day as i32), time_text(micros.rem_euclid(MICROS_PER_DAY)))
}

/// `[-]HH:MM:SS[.ffffff]`, hours beyond 24 kept as hours.
pub fn interval_text(micros: i64) -> String {
    time_text(micros)
}

/// Reads `YYYY-MM-DD`.
pub fn parse_date(s: &str) -> Option<i32> {
    let (sign, rest) = s.strip_prefix('-').map_or((1_i32, s), |r| (-1, r));
    let mut parts = rest.splitn(3, '-');
    let y: i32 = parts.next()?.parse().ok()?;
    let m: u32 = parts.next()?.parse().ok()?;
    let d: u32 = parts.next()?.parse().ok()?;
    let y = sign.checked_mul(y)?;
    let n = days(y, m, d);
    (civil(n) == (y, m, d)).then_some(n)
}

/// Reads `[-]HH:MM[:SS[.ffffff]]` into microseconds: up to 838 hours, as MySQL's TIME. Digits beyond six are truncated.
pub fn parse_time(s: &str) -> Option<i64> {
    if let Some(rest) = s.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
        return Some(-parse_time(rest)?);
    }
    let mut parts = s.splitn(3, ':');
    let h: i64 = parts.next()?.parse().ok()?;
    let m: i64 = parts.next()?.parse().ok()?;
    let (sec, frac) = match parts.next() {
        None => (0, 0),
        Some(t) => {
            let (whole, frac) = t.split_once('.').unwrap_or((t, ""));
            let digits: String = frac.chars().chain("000000".chars()).take(6).collect();
            (whole.parse::<i64>().ok()?, digits.parse::<i64>().ok()?)
        }
    };
    ((0..=838).contains(&h) && (0..60).contains(&m) && (0..=60).contains(&sec))
        .then_some(((h * 60 + m) * 60 + sec) * MICROS_PER_SECOND + frac)
}

/// Reads `HH:MM[:SS[.ffffff]]`, a time of day up to 24:00:00, into microseconds; `None` for more than six digits.
pub fn parse_clock(s: &str) -> Option<i64> {
    let fraction = s.split_once('.').map_or("", |(_, f)| f);
    let exact = fraction.len() <= 6 && fraction.bytes().all(|b| b.is_ascii_digit()) && !s.starts_with('-');
    let leap = s.splitn(3, ':').nth(2).is_some_and(|seconds| seconds.starts_with("60"));
    parse_time(s).filter(|t| exact && !leap && *t <= MICROS_PER_DAY)
}

/// Reads `YYYY-MM-DD[( |T)HH:MM[:SS[.ffffff]]][Z|±HH[[:]MM]]` into microseconds, UTC unless an offset is given.
pub fn parse_timestamp(s: &str) -> Option<i64> {
    timestamp(s.trim(), parse_time)
}

/// As [`parse_timestamp`], for text in files: the time of day is parsed by [`parse_clock`], and surrounding spaces are
/// errors.
pub fn parse_instant(s: &str) -> Option<i64> {
    timestamp(s, parse_clock)
}

fn timestamp(s: &str, clock: fn(&str) -> Option<i64>) -> Option<i64> {
    let (date, rest) = match s.find([' ', 'T']) {
        Some(i) => (&s[..i], s[i + 1..].trim()),
        None => (s, ""),
    };
    let day = midnight(parse_date(date)?)?;
    if rest.is_empty() {
        return Some(day);
    }
    let rest = rest.strip_suffix('Z').unwrap_or(rest);
    let Some(i) = rest.rfind(['+', '-']) else { return day.checked_add(clock(rest)?) };
    let zone = rest[i + 1..].replace(':', "");
    let hours: i64 = zone.get(..2)?.parse().ok()?;
    let minutes: i64 = zone.get(2..4).unwrap_or("0").parse().ok()?;
    let offset = (hours * 60 + minutes) * 60 * MICROS_PER_SECOND;
    let offset = if rest.as_bytes()[i] == b'-' { -offset } else { offset };
    day.checked_add(clock(&rest[..i])?)?.checked_sub(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_and_days_are_inverse_over_four_centuries() {
        for d in -200_000..200_000 {
            let (y, m, dd) = civil(d);
            assert_eq!(days(y, m, dd), d);
        }
        let ends = [i32::MIN, -719_469, -719_468, -719_467, 0x4000_0000 - 719_469, 0x4000_0000 - 719_468, i32::MAX];
        for d in (-719_468..0x4000_0000 - 719_468).step_by(9_973).chain(ends) {
            assert_eq!(civil(d), civil_of_any_year(d), "{d}");
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(days(2000, 2, 29), 11_016);
    }

    #[test]
    fn text_and_back() {
        assert_eq!(timestamp_text(1_500_000), "1970-01-01 00:00:01.500000");
        assert_eq!(parse_timestamp("1970-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(parse_timestamp("1970-01-01 02:00:00+02"), Some(0));
        assert_eq!(parse_timestamp("2022-07-01"), Some(19_174 * MICROS_PER_DAY));
        assert_eq!(parse_date("2023-02-30"), None);
        for span in ["-100:00:01.500000", "838:59:59", "-00:00:01"] {
            assert_eq!(parse_time(span).map(time_text).as_deref(), Some(span));
        }
        assert_eq!(parse_time("--01:00"), None);
    }

    #[test]
    fn times_of_files_are_exact() {
        assert_eq!(parse_instant("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(parse_instant("1970-01-01 00:00:01.5Z"), Some(1_500_000));
        assert_eq!(parse_clock("24:00:00"), Some(MICROS_PER_DAY));
        for odd in ["24:00:01", "12:60:00", "12:00:60", "12:00:00.1234567", "-1:00:00", ""] {
            assert_eq!(parse_clock(odd), None, "{odd}");
        }
        for odd in ["2023-02-30", "2023-00-10", "2023-13-01", "x", ""] {
            assert_eq!(parse_date(odd), None, "{odd}");
        }
    }

    #[test]
    fn dates_beyond_what_microseconds_reach() {
        let far = date_text(i32::MAX);
        assert_eq!(parse_date(&far), Some(i32::MAX));
        assert_eq!(parse_timestamp(&far), None);
        assert_eq!(parse_timestamp(&format!("{far} 10:00:00")), None);
    }

    proptest::proptest! {
        #[test]
        fn instants_come_back(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
            proptest::prop_assert_eq!(parse_instant(&timestamp_text(micros)), Some(micros));
        }

        #[test]
        fn reading_never_panics(s in ".{0,40}", t in "[0-9T:+. Z-]{0,40}") {
            for s in [&s, &t] {
                let _ = (parse_date(s), parse_time(s), parse_clock(s), parse_timestamp(s), parse_instant(s));
            }
        }
    }
}
