//! Values as text that all servers read: `12`, `-0.05`, `2024-02-29`, `2024-02-29 10:00:00.5`, UUIDs, hex.
//!
//! Data in: plain numbers as Arrow stores them. Data out: bytes appended to a buffer; nothing is allocated.

use std::io::Write as _;

use dbmocker_core::time::{MICROS_PER_DAY, civil};

const HEX: &[u8; 16] = b"0123456789abcdef";
/// `00` to `99`, two bytes each.
const PAIRS: &[u8; 200] =
    b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

pub fn put_u64(out: &mut Vec<u8>, mut n: u64) {
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    while n >= 100 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(pair(n % 100));
        n /= 100;
    }
    if n >= 10 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(pair(n));
    } else {
        at -= 1;
        buffer[at] = digit(n);
    }
    out.extend_from_slice(&buffer[at..]);
}

pub fn put_i64(out: &mut Vec<u8>, n: i64) {
    if n < 0 {
        out.push(b'-');
    }
    put_u64(out, n.unsigned_abs());
}

/// `unscaled / 10^scale`; a negative scale appends zeros.
pub fn put_decimal(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    if unscaled < 0 {
        out.push(b'-');
    }
    let from = out.len();
    match u64::try_from(unscaled.unsigned_abs()) {
        Ok(n) => put_u64(out, n),
        Err(_) => write_infallible(out, format_args!("{}", unscaled.unsigned_abs())),
    }
    match usize::try_from(scale) {
        Ok(0) => {}
        Ok(scale) => {
            let digits = out.len() - from;
            if digits <= scale {
                out.splice(from..from, std::iter::repeat_n(b'0', scale + 1 - digits));
            }
            out.insert(out.len() - scale, b'.');
        }
        Err(_) if unscaled == 0 => {}
        Err(_) => out.extend(std::iter::repeat_n(b'0', usize::from(scale.unsigned_abs()))),
    }
}

/// The shortest text that reads back as the same number; a power of ten where plain digits would be long.
pub fn put_f64(out: &mut Vec<u8>, x: f64) {
    let size = x.abs();
    if size != 0.0 && !(1e-5..1e17).contains(&size) {
        write_infallible(out, format_args!("{x:e}"));
    } else {
        write_infallible(out, format_args!("{x}"));
    }
}

/// As [`put_f64`], in single precision.
pub fn put_f32(out: &mut Vec<u8>, x: f32) {
    let size = x.abs();
    if size != 0.0 && !(1e-5..1e9).contains(&size) {
        write_infallible(out, format_args!("{x:e}"));
    } else {
        write_infallible(out, format_args!("{x}"));
    }
}

/// `YYYY-MM-DD` of a day number since 1970-01-01.
pub fn put_date(out: &mut Vec<u8>, days: i32) {
    let (year, month, day) = civil(days);
    if let Ok(year @ 0..=9999) = u64::try_from(year) {
        out.extend_from_slice(pair(year / 100));
        out.extend_from_slice(pair(year % 100));
    } else {
        write_infallible(out, format_args!("{year:05}"));
    }
    out.push(b'-');
    out.extend_from_slice(pair(month.into()));
    out.push(b'-');
    out.extend_from_slice(pair(day.into()));
}

/// `[-]HH:MM:SS[.ffffff]`, hours beyond 24 kept as hours; the fraction only if there is one.
pub fn put_time(out: &mut Vec<u8>, micros: i64) {
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let hours = seconds / 3600;
    if hours < 100 {
        out.extend_from_slice(pair(hours));
    } else {
        put_u64(out, hours);
    }
    out.push(b':');
    out.extend_from_slice(pair(seconds / 60 % 60));
    out.push(b':');
    out.extend_from_slice(pair(seconds % 60));
    if fraction != 0 {
        out.push(b'.');
        for part in [fraction / 10_000, fraction / 100 % 100, fraction % 100] {
            out.extend_from_slice(pair(part));
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]` of microseconds since 1970-01-01 00:00:00 UTC.
pub fn put_timestamp(out: &mut Vec<u8>, micros: i64) {
    let days = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).expect("i64 microseconds span fewer than 2^31 days");
    put_date(out, days);
    out.push(b' ');
    put_time(out, micros.rem_euclid(MICROS_PER_DAY));
}

/// `8-4-4-4-12` lower-case hex digits of 16 bytes.
pub fn put_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    for (i, part) in bytes.chunks(2).enumerate() {
        if matches!(i, 2..=5) {
            out.push(b'-');
        }
        put_hex(out, part);
    }
}

pub fn put_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(2 * bytes.len());
    for b in bytes {
        out.extend_from_slice(&[HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
    }
}

/// Two digits of a number below 100.
fn pair(n: u64) -> &'static [u8] {
    let at = usize::try_from(n).map_or(0, |n| 2 * n);
    &PAIRS[at..at + 2]
}

/// The digit of a number below 10.
fn digit(n: u64) -> u8 {
    pair(n)[1]
}

fn write_infallible(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a vector does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"x".to_vec(); // existing bytes are kept
        put(&mut out);
        String::from_utf8(out).unwrap()[1..].to_owned()
    }

    #[test]
    fn decimals_keep_their_zeros() {
        for (unscaled, scale, expected) in [
            (-5, 2, "-0.05"),
            (0, 2, "0.00"),
            (1234, 2, "12.34"),
            (1234, 4, "0.1234"),
            (7, 0, "7"),
            (7, -2, "700"),
            (0, -2, "0"),
            (i128::MIN, 3, "-170141183460469231731687303715884105.728"),
        ] {
            assert_eq!(text(|o| put_decimal(o, unscaled, scale)), expected);
        }
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(text(|o| put_date(o, 11_016)), "2000-02-29");
        assert_eq!(text(|o| put_date(o, -719_162)), "0001-01-01");
        assert_eq!(text(|o| put_timestamp(o, -1)), "1969-12-31 23:59:59.999999");
        assert_eq!(text(|o| put_time(o, -(838 * 3600 + 59) * 1_000_000)), "-838:00:59");
        assert_eq!(text(|o| put_time(o, 500)), "00:00:00.000500");
        assert_eq!(text(|o| put_uuid(o, &[0xab; 16])), "abababab-abab-abab-abab-abababababab");
    }

    proptest! {
        #[test]
        fn whole_numbers_as_std_writes_them(a: i64, b: u64) {
            prop_assert_eq!(text(|o| put_i64(o, a)), a.to_string());
            prop_assert_eq!(text(|o| put_u64(o, b)), b.to_string());
        }

        #[test]
        fn floats_read_back(bits: u64, narrow: u32) {
            let x = f64::from_bits(bits);
            if x.is_finite() {
                prop_assert_eq!(text(|o| put_f64(o, x)).parse::<f64>().unwrap().to_bits(), x.to_bits());
            }
            let y = f32::from_bits(narrow);
            if y.is_finite() {
                prop_assert_eq!(text(|o| put_f32(o, y)).parse::<f32>().unwrap().to_bits(), y.to_bits());
            }
        }
    }
}
