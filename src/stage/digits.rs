//! Numbers, dates and bytes as text, straight into a byte buffer: no allocation, no formatting machinery.

use crate::time::{MICROS_PER_DAY, MICROS_PER_SECOND, civil};

/// `"00".."99"`, two bytes each.
const PAIRS: [u8; 200] = {
    let mut table = [0u8; 200];
    let mut i = 0;
    while i < 100 {
        table[2 * i] = b'0' + (i / 10) as u8;
        table[2 * i + 1] = b'0' + (i % 10) as u8;
        i += 1;
    }
    table
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Digits of the largest 128-bit number, with room for one before a decimal point.
const MAX_DIGITS: usize = 40;
/// Digits of the largest 64-bit number; half of the above.
const MAX_U64: usize = 20;

/// Appends the first `n` bytes: a copy of a fixed size and a cut, far cheaper than a call for a few bytes.
#[inline]
fn push_first<const N: usize>(out: &mut Vec<u8>, bytes: &[u8; N], n: usize) {
    let end = out.len() + n;
    out.extend_from_slice(bytes);
    out.truncate(end);
}

/// Two digits; `n < 100`.
#[inline]
fn pair(n: usize) -> [u8; 2] {
    [PAIRS[2 * n], PAIRS[2 * n + 1]]
}

/// Writes `n` right-aligned before `end`; returns where it starts.
#[inline]
fn digits_u64(mut n: u64, buffer: &mut [u8; MAX_DIGITS], mut end: usize) -> usize {
    while n >= 100 {
        end -= 2;
        buffer[end..end + 2].copy_from_slice(&pair((n % 100) as usize));
        n /= 100;
    }
    if n >= 10 {
        end -= 2;
        buffer[end..end + 2].copy_from_slice(&pair(n as usize));
    } else {
        end -= 1;
        buffer[end] = b'0' + n as u8;
    }
    end
}

/// Writes `n` right-aligned into the whole buffer; returns where it starts. Other bytes must be `'0'`.
fn digits_u128(mut n: u128, buffer: &mut [u8; MAX_DIGITS]) -> usize {
    const CHUNK: u64 = 10_000_000_000_000_000_000;
    let mut end = MAX_DIGITS;
    // 19 digits at a time; the zeros before a chunk are there already.
    loop {
        match u64::try_from(n) {
            Ok(rest) => return digits_u64(rest, buffer, end),
            Err(_) => {
                digits_u64((n % u128::from(CHUNK)) as u64, buffer, end);
                n /= u128::from(CHUNK);
                end -= 19;
            }
        }
    }
}

#[inline]
pub fn push_u64(out: &mut Vec<u8>, n: u64) {
    // The digits end in the middle, so that as many bytes follow their first one as are copied.
    let mut buffer = [0u8; MAX_DIGITS];
    let start = digits_u64(n, &mut buffer, MAX_U64);
    let copied = buffer[start..].first_chunk::<MAX_U64>().expect("starts before the middle of twice as many bytes");
    push_first(out, copied, MAX_U64 - start);
}

#[inline]
pub fn push_i64(out: &mut Vec<u8>, n: i64) {
    if n < 0 {
        out.push(b'-');
    }
    push_u64(out, n.unsigned_abs());
}

/// `unscaled / 10^scale`, with exactly `scale` digits after the point; `scale < 40`.
#[inline]
pub fn push_decimal(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    if let (Ok(n), 1..=6) = (i64::try_from(unscaled), scale) {
        return push_small_decimal(out, n, scale);
    }
    let mut buffer = [b'0'; MAX_DIGITS];
    let first = digits_u128(unscaled.unsigned_abs(), &mut buffer);
    if unscaled < 0 {
        out.push(b'-');
    }
    if scale == 0 {
        out.extend_from_slice(&buffer[first..]);
        return;
    }
    let point = MAX_DIGITS - usize::from(scale).min(MAX_DIGITS - 1);
    out.extend_from_slice(&buffer[first.min(point - 1)..point]);
    out.push(b'.');
    out.extend_from_slice(&buffer[point..]);
}

/// The same for what most decimals are, without wide arithmetic; `1 <= scale <= 6`.
#[inline]
fn push_small_decimal(out: &mut Vec<u8>, unscaled: i64, scale: u8) {
    const UNITS: [u64; 7] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
    let unit = UNITS[usize::from(scale)];
    let n = unscaled.unsigned_abs();
    if unscaled < 0 {
        out.push(b'-');
    }
    push_u64(out, n / unit);
    // A one before the fraction keeps its zeros, and makes way for the point.
    let mut buffer = [0u8; MAX_DIGITS];
    let start = digits_u64(n % unit + unit, &mut buffer, MAX_U64);
    buffer[start] = b'.';
    let copied = buffer[start..].first_chunk::<8>().expect("eight of the twenty bytes behind the middle");
    push_first(out, copied, usize::from(scale) + 1);
}

/// `YYYY-MM-DD`; years beyond four digits are written out, those before 0 with a minus sign.
#[inline]
pub fn push_date(out: &mut Vec<u8>, days: i32) {
    let (year, month, day) = civil(days);
    if let Ok(year @ 0..=9999) = usize::try_from(year) {
        let ([a, b], [c, d]) = (pair(year / 100), pair(year % 100));
        let ([e, f], [g, h]) = (pair(month as usize), pair(day as usize));
        out.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
        return;
    }
    if year < 0 {
        out.push(b'-');
    }
    let magnitude = u64::from(year.unsigned_abs());
    for bound in [1000, 100, 10] {
        if magnitude < bound {
            out.push(b'0');
        }
    }
    push_u64(out, magnitude);
    let ([e, f], [g, h]) = (pair(month as usize), pair(day as usize));
    out.extend_from_slice(&[b'-', e, f, b'-', g, h]);
}

/// `HH:MM:SS[.ffffff]` of microseconds since midnight, `[0, 24 h)`; the fraction only if there is one.
#[inline]
pub fn push_time(out: &mut Vec<u8>, micros: i64) {
    let micros = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = ((micros / MICROS_PER_SECOND) as usize, (micros % MICROS_PER_SECOND) as usize);
    let ([a, b], [c, d], [e, f]) = (pair(seconds / 3600), pair(seconds / 60 % 60), pair(seconds % 60));
    out.extend_from_slice(&[a, b, b':', c, d, b':', e, f]);
    if fraction != 0 {
        let ([a, b], [c, d], [e, f]) = (pair(fraction / 10_000), pair(fraction / 100 % 100), pair(fraction % 100));
        out.extend_from_slice(&[b'.', a, b, c, d, e, f]);
    }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC.
#[inline]
pub fn push_timestamp(out: &mut Vec<u8>, micros: i64) {
    // 2^63 microseconds are 107 million days: always within 32 bits.
    push_date(out, micros.div_euclid(MICROS_PER_DAY) as i32);
    out.push(b' ');
    push_time(out, micros.rem_euclid(MICROS_PER_DAY));
}

/// Lower-case hex, two digits a byte.
#[inline]
pub fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(2 * bytes.len());
    for &b in bytes {
        out.extend_from_slice(&[HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
    }
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
#[inline]
pub fn push_uuid(out: &mut Vec<u8>, bytes: &[u8; 16]) {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (i, &b) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = HEX[usize::from(b >> 4)];
        text[at + 1] = HEX[usize::from(b & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// The shortest text that reads back as the same number; `NaN`, `Infinity`, `-Infinity`.
#[inline]
pub fn push_float(out: &mut Vec<u8>, x: f64) {
    if x.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(x).as_bytes());
    } else {
        push_not_finite(out, x);
    }
}

/// As [`push_float`], shortest for single precision.
#[inline]
pub fn push_float32(out: &mut Vec<u8>, x: f32) {
    if x.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(x).as_bytes());
    } else {
        push_not_finite(out, f64::from(x));
    }
}

fn push_not_finite(out: &mut Vec<u8>, x: f64) {
    let text: &[u8] = match x {
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => b"NaN",
    };
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn edges() {
        assert_eq!(text(|o| push_i64(o, i64::MIN)), i64::MIN.to_string());
        assert_eq!(text(|o| push_decimal(o, i128::MIN, 0)), i128::MIN.to_string());
        assert_eq!(text(|o| push_decimal(o, -5, 2)), "-0.05");
        assert_eq!(text(|o| push_decimal(o, 0, 38)), format!("0.{}", "0".repeat(38)));
        assert_eq!(text(|o| push_date(o, i32::MAX)), crate::time::date_text(i32::MAX));
        assert_eq!(text(|o| push_timestamp(o, -1)), "1969-12-31 23:59:59.999999");
        assert_eq!(text(|o| push_timestamp(o, i64::MIN)), "-290308-12-21 19:59:05.224192");
        assert_eq!(text(|o| push_float(o, f64::NEG_INFINITY)), "-Infinity");
        assert_eq!(text(|o| push_uuid(o, &[0xab; 16])), "abababab-abab-abab-abab-abababababab");
    }

    proptest! {
        #[test]
        fn as_the_standard_library_says(
            n in any::<i128>(), m in any::<i64>(), scale in 0u8..=38, days in -800_000i32..3_000_000,
            x in any::<f64>(), y in any::<f32>(),
        ) {
            prop_assert_eq!(text(|o| push_i64(o, m)), m.to_string());
            for n in [n, i128::from(m), n >> 70] {
                prop_assert_eq!(text(|o| push_decimal(o, n, scale)), crate::value::decimal_text(n, scale));
            }
            if days > -719_528 {
                prop_assert_eq!(text(|o| push_date(o, days)), crate::time::date_text(days));
            }
            let t = m % (200_000 * MICROS_PER_DAY);
            prop_assert_eq!(text(|o| push_timestamp(o, t)), crate::time::timestamp_text(t));
            if x.is_finite() {
                prop_assert_eq!(text(|o| push_float(o, x)).parse::<f64>().unwrap().to_bits(), x.to_bits());
            }
            if y.is_finite() {
                prop_assert_eq!(text(|o| push_float32(o, y)).parse::<f32>().unwrap().to_bits(), y.to_bits());
            }
        }
    }
}
