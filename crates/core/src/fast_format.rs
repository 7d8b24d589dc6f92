//! Numbers, dates and bytes as text, written directly into a byte buffer, without allocation and without `std::fmt`.

use std::sync::LazyLock;

use crate::time::{MICROS_PER_DAY, MICROS_PER_SECOND, civil};

/// Maximum bytes that are written for a number, date, time or UUID, including bytes beyond its end that are overwritten
/// later.
pub const WIDEST: usize = 48;

/// A write position in a buffer, advanced by each write. The buffer must be long enough.
pub struct Cursor<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub fn new(bytes: &'a mut [u8], at: usize) -> Self {
        Cursor { bytes, at }
    }

    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// All bytes before the position.
    #[inline]
    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.at]
    }

    #[inline]
    pub fn written_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.at]
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.bytes[self.at] = byte;
        self.at += 1;
    }

    #[inline]
    pub fn all<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.first(bytes, N);
    }

    /// The first `n` bytes: a copy of fixed size is far cheaper than a `memcpy` call for a few bytes.
    #[inline]
    pub fn first<const N: usize>(&mut self, bytes: &[u8; N], n: usize) {
        *self.bytes[self.at..].first_chunk_mut().expect("the buffer is long enough") = *bytes;
        self.at += n;
    }

    #[inline]
    pub fn slice(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Runs `write` on a separate cursor and continues where it ends: a cursor whose address is not passed to a call
    /// stays in registers.
    #[inline(always)]
    pub fn apart(&mut self, write: impl FnOnce(&mut Cursor<'_>)) {
        let mut own = Cursor { bytes: &mut *self.bytes, at: self.at };
        write(&mut own);
        self.at = own.at;
    }
}

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
const EIGHT_DIGITS: u64 = 100_000_000;
/// A zero in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Two digits; `n < 100`.
#[inline]
fn pair(n: usize) -> [u8; 2] {
    [PAIRS[2 * n], PAIRS[2 * n + 1]]
}

/// Eight digits, one per byte, the first in the lowest; `n < 10^8`. Halves, pairs and digits are split in parallel in
/// one word; `5243 / 2^19` and `103 / 2^10` divide numbers of four and of two digits exactly.
#[inline]
fn eight(n: u64) -> u64 {
    let halves = (n / 10_000) | ((n % 10_000) << 32);
    let hundreds = ((halves * 5243) >> 19) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
}

/// The number of leading zeros of the number that [`eight`] has split, which has at least one digit.
#[inline]
fn leading(digits: u64) -> u32 {
    (digits | 1 << 56).trailing_zeros() / 8
}

#[inline(always)]
pub fn put_u64(out: &mut Cursor<'_>, n: u64) {
    if n < EIGHT_DIGITS {
        let digits = eight(n);
        let zeros = leading(digits);
        out.first(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes(), 8 - zeros as usize);
    } else {
        out.apart(|out| put_long(out, n));
    }
}

#[inline(never)]
fn put_long(out: &mut Cursor<'_>, n: u64) {
    put_u64(out, n / EIGHT_DIGITS);
    out.all(&(eight(n % EIGHT_DIGITS) | ZEROS).to_le_bytes());
}

#[inline(always)]
pub fn put_i64(out: &mut Cursor<'_>, n: i64) {
    if n < 0 {
        out.byte(b'-');
    }
    put_u64(out, n.unsigned_abs());
}

/// `unscaled / 10^scale`, with exactly `scale` digits after the point; `scale < 40`.
#[inline(always)]
pub fn put_decimal(out: &mut Cursor<'_>, unscaled: i128, scale: u8) {
    let n = unscaled.unsigned_abs();
    if unscaled < 0 {
        out.byte(b'-');
    }
    match u64::try_from(n) {
        Ok(n) if n < EIGHT_DIGITS && (1..=7).contains(&scale) => put_small_decimal(out, n, u32::from(scale)),
        _ => out.apart(|out| put_long_decimal(out, n, usize::from(scale))),
    }
}

/// The usual case, without 128-bit arithmetic.
#[inline(always)]
fn put_small_decimal(out: &mut Cursor<'_>, n: u64, scale: u32) {
    let digits = eight(n);
    let zeros = leading(digits).min(7 - scale);
    let (text, whole) = (digits | ZEROS, (8 - zeros - scale) as usize);
    out.first(&(text >> (8 * zeros)).to_le_bytes(), whole);
    out.byte(b'.');
    out.first(&(text >> (8 * (8 - scale))).to_le_bytes(), scale as usize);
}

fn put_long_decimal(out: &mut Cursor<'_>, mut n: u128, scale: usize) {
    let mut buffer = [b'0'; MAX_DIGITS];
    let mut first = MAX_DIGITS;
    // Eight digits at a time; the zeros before the last ones are written already.
    while n > 0 {
        first -= 8;
        buffer[first..first + 8].copy_from_slice(&(eight((n % u128::from(EIGHT_DIGITS)) as u64) | ZEROS).to_le_bytes());
        n /= u128::from(EIGHT_DIGITS);
    }
    let point = MAX_DIGITS - scale.min(MAX_DIGITS - 1);
    let first = buffer[..point - 1].iter().position(|&b| b != b'0').unwrap_or(point - 1);
    out.slice(&buffer[first..point]);
    if scale > 0 {
        out.byte(b'.');
        out.slice(&buffer[point..]);
    }
}

/// Number of dates since 1970 whose text is cached: a hundred years, of which a column uses a few.
const DAYS_KEPT: usize = 36_525;

static DATES: LazyLock<Box<[[u8; 16]]>> = LazyLock::new(|| {
    let mut all = vec![[0; 16]; DAYS_KEPT].into_boxed_slice();
    for (days, text) in (0i32..).zip(&mut all) {
        put_any_date(&mut Cursor::new(text, 0), days);
    }
    all
});

/// `YYYY-MM-DD`; years beyond four digits are written in full, those before 0 with a minus sign.
#[inline(always)]
pub fn put_date(out: &mut Cursor<'_>, days: i32) {
    match usize::try_from(days) {
        Ok(days @ ..DAYS_KEPT) => out.first(&DATES[days], 10),
        _ => out.apart(|out| put_any_date(out, days)),
    }
}

#[inline(never)]
fn put_any_date(out: &mut Cursor<'_>, days: i32) {
    let (year, month, day) = civil(days);
    if let Ok(year @ 0..=9999) = usize::try_from(year) {
        let ([a, b], [c, d]) = (pair(year / 100), pair(year % 100));
        let ([e, f], [g, h]) = (pair(month as usize), pair(day as usize));
        return out.all(&[a, b, c, d, b'-', e, f, b'-', g, h]);
    }
    put_far_date(out, year, month as usize, day as usize);
}

fn put_far_date(out: &mut Cursor<'_>, year: i32, month: usize, day: usize) {
    if year < 0 {
        out.byte(b'-');
    }
    let magnitude = u64::from(year.unsigned_abs());
    for bound in [1000, 100, 10] {
        if magnitude < bound {
            out.byte(b'0');
        }
    }
    put_u64(out, magnitude);
    let ([e, f], [g, h]) = (pair(month), pair(day));
    out.all(&[b'-', e, f, b'-', g, h]);
}

/// `HH:MM:SS[.ffffff]` of microseconds since midnight, `[0, 24 h)`; the fraction only if there is one.
#[inline(always)]
pub fn put_time(out: &mut Cursor<'_>, micros: i64) {
    let micros = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, fraction) = ((micros / MICROS_PER_SECOND) as usize, (micros % MICROS_PER_SECOND) as usize);
    let ([a, b], [c, d], [e, f]) = (pair(seconds / 3600), pair(seconds / 60 % 60), pair(seconds % 60));
    out.all(&[a, b, b':', c, d, b':', e, f]);
    if fraction != 0 {
        let ([a, b], [c, d], [e, f]) = (pair(fraction / 10_000), pair(fraction / 100 % 100), pair(fraction % 100));
        out.all(&[b'.', a, b, c, d, e, f]);
    }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC.
#[inline(always)]
pub fn put_timestamp(out: &mut Cursor<'_>, micros: i64) {
    // 2^63 microseconds are 107 million days: always within 32 bits.
    put_date(out, micros.div_euclid(MICROS_PER_DAY) as i32);
    out.byte(b' ');
    put_time(out, micros.rem_euclid(MICROS_PER_DAY));
}

/// Lower-case hex, two digits per byte.
pub fn put_hex(out: &mut Cursor<'_>, bytes: &[u8]) {
    for &b in bytes {
        out.all(&[HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
    }
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
#[inline]
pub fn uuid(bytes: &[u8; 16]) -> [u8; 36] {
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
    text
}

/// The shortest text that reads back as the same number; `NaN`, `Infinity`, `-Infinity`.
#[inline(always)]
pub fn put_float(out: &mut Cursor<'_>, x: f64) {
    if x.is_finite() {
        out.slice(zmij::Buffer::new().format_finite(x).as_bytes());
    } else {
        put_not_finite(out, x);
    }
}

/// As [`put_float`], shortest for single precision.
#[inline(always)]
pub fn put_float32(out: &mut Cursor<'_>, x: f32) {
    if x.is_finite() {
        out.slice(zmij::Buffer::new().format_finite(x).as_bytes());
    } else {
        put_not_finite(out, f64::from(x));
    }
}

fn put_not_finite(out: &mut Cursor<'_>, x: f64) {
    out.slice(match x {
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => b"NaN",
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(put: impl FnOnce(&mut Cursor<'_>)) -> String {
        let mut bytes = [0; WIDEST];
        let mut out = Cursor::new(&mut bytes, 0);
        put(&mut out);
        let end = out.at();
        String::from_utf8(bytes[..end].to_vec()).expect("ASCII")
    }

    #[test]
    fn edges() {
        assert_eq!(text(|o| put_i64(o, i64::MIN)), i64::MIN.to_string());
        assert_eq!(text(|o| put_decimal(o, i128::MIN, 0)), i128::MIN.to_string());
        assert_eq!(text(|o| put_decimal(o, -5, 2)), "-0.05");
        assert_eq!(text(|o| put_decimal(o, 0, 38)), format!("0.{}", "0".repeat(38)));
        assert_eq!(text(|o| put_date(o, i32::MAX)), crate::time::date_text(i32::MAX));
        assert_eq!(text(|o| put_timestamp(o, -1)), "1969-12-31 23:59:59.999999");
        assert_eq!(text(|o| put_timestamp(o, i64::MIN)), "-290308-12-21 19:59:05.224192");
        assert_eq!(text(|o| put_float(o, f64::NEG_INFINITY)), "-Infinity");
        assert_eq!(text(|o| o.all(&uuid(&[0xab; 16]))), "abababab-abab-abab-abab-abababababab");
    }

    proptest! {
        #[test]
        fn as_the_standard_library_says(
            n in any::<i128>(), m in any::<i64>(), scale in 0u8..=38, days in -800_000i32..3_000_000,
            x in any::<f64>(), y in any::<f32>(),
        ) {
            prop_assert_eq!(text(|o| put_i64(o, m)), m.to_string());
            prop_assert_eq!(text(|o| put_u64(o, m.unsigned_abs() >> (scale + 20))), (m.unsigned_abs() >> (scale + 20)).to_string());
            for n in [n, i128::from(m), n >> 70, n >> 100, n >> 104] {
                prop_assert_eq!(text(|o| put_decimal(o, n, scale)), crate::value::decimal_text(n, scale));
            }
            if days > -719_528 {
                prop_assert_eq!(text(|o| put_date(o, days)), crate::time::date_text(days));
            }
            let t = m % (200_000 * MICROS_PER_DAY);
            prop_assert_eq!(text(|o| put_timestamp(o, t)), crate::time::timestamp_text(t));
            if x.is_finite() {
                prop_assert_eq!(text(|o| put_float(o, x)).parse::<f64>().unwrap().to_bits(), x.to_bits());
            }
            if y.is_finite() {
                prop_assert_eq!(text(|o| put_float32(o, y)).parse::<f32>().unwrap().to_bits(), y.to_bits());
            }
        }
    }
}
