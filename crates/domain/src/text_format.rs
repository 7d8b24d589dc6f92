//! Functions that append formatted values to a `String` without other allocations.

use dbmocker_core::rng_stream::CellRng;

pub const LOWER36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
pub const DIGITS: &[u8] = b"0123456789";
pub const HEX: &[u8] = b"0123456789abcdef";

/// Appends bytes that are ASCII.
#[inline]
fn ascii(bytes: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(bytes).expect("digits and letters are ASCII"));
}

/// Exactly `width` (at most 128) digits of `n` in the base of `alphabet`, most significant first; higher digits are
/// dropped.
pub fn fixed_base(n: u128, width: usize, alphabet: &[u8], out: &mut String) {
    let mut digits = [0u8; 128];
    let digits = &mut digits[..width.min(128)];
    // With a constant base, the compiler replaces divisions by multiplications.
    match alphabet.len() {
        10 => fill::<10>(n, digits, alphabet),
        16 => fill::<16>(n, digits, alphabet),
        26 => fill::<26>(n, digits, alphabet),
        36 => fill::<36>(n, digits, alphabet),
        base => fill_any(n, base as u64, digits, alphabet),
    }
    ascii(digits, out);
}

fn fill<const BASE: u64>(n: u128, digits: &mut [u8], alphabet: &[u8]) {
    fill_any(n, BASE, digits, alphabet);
}

#[inline(always)]
fn fill_any(mut n: u128, base: u64, digits: &mut [u8], alphabet: &[u8]) {
    let mut left = digits.len();
    while left > 0 && n > u128::from(u64::MAX) {
        left -= 1;
        digits[left] = alphabet[(n % u128::from(base)) as usize];
        n /= u128::from(base);
    }
    let mut n = n as u64;
    for slot in digits[..left].iter_mut().rev() {
        *slot = alphabet[(n % base) as usize];
        n /= base;
    }
}

/// Decimal digits of `n`.
pub fn number(mut n: u64, out: &mut String) {
    let mut digits = [0u8; 20];
    let mut i = digits.len();
    loop {
        i -= 1;
        digits[i] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    ascii(&digits[i..], out);
}

/// `n` with at least two digits.
pub fn two(n: u32, out: &mut String) {
    if n < 10 {
        out.push('0');
    }
    number(u64::from(n), out);
}

/// `n` characters drawn from an ASCII alphabet.
pub fn random_chars(alphabet: &[u8], n: usize, rng: &mut CellRng, out: &mut String) {
    random_letters(alphabet, n, rng, |letter| out.push(char::from(letter)));
}

/// `n` random characters, eight from each random word. The bias of selection by a byte is below a percent for an
/// alphabet of 36.
#[inline]
pub fn random_letters(alphabet: &[u8], n: usize, rng: &mut CellRng, mut put: impl FnMut(u8)) {
    let base = alphabet.len() as u64;
    let mut left = n;
    while left > 0 {
        let mut word = rng.word();
        for _ in 0..left.min(8) {
            put(alphabet[(((word & 0xff) * base) >> 8) as usize]);
            word >>= 8;
        }
        left -= left.min(8);
    }
}

/// `YYYY-MM-DD` of a day since 1970-01-01.
pub fn date(days: i32, out: &mut String) {
    let (y, m, d) = dbmocker_core::time::civil(days);
    fixed_base(u128::from(y.unsigned_abs()), 4, DIGITS, out);
    out.push('-');
    two(m, out);
    out.push('-');
    two(d, out);
}

/// `HH:MM:SS` of a second of the day.
pub fn clock(second: u32, out: &mut String) {
    two(second / 3600, out);
    out.push(':');
    two(second / 60 % 60, out);
    out.push(':');
    two(second % 60, out);
}

/// `n` in groups of hex digits: `groups([8, 4], '-')` is `xxxxxxxx-xxxx`; at most 32 digits.
pub fn hex_groups(n: u128, groups: &[usize], separator: char, out: &mut String) {
    let mut text = [0u8; 40];
    let (mut at, mut left) = (0, groups.iter().sum::<usize>());
    for (i, &width) in groups.iter().enumerate() {
        if i > 0 {
            text[at] = separator as u8;
            at += 1;
        }
        for _ in 0..width {
            left -= 1;
            text[at] = HEX[(n >> (4 * left)) as usize & 15];
            at += 1;
        }
    }
    ascii(&text[..at], out);
}

/// A UUID's text from 122 bits: version 4, variant 1 (RFC 9562).
pub fn uuid(bits: u128, out: &mut String) {
    let high = (bits >> 74) & ((1 << 48) - 1);
    let middle = (bits >> 62) & ((1 << 12) - 1);
    let low = bits & ((1 << 62) - 1);
    let n = (high << 80) | (0x4 << 76) | (middle << 64) | (0b10 << 62) | low;
    hex_groups(n, &[8, 4, 4, 4, 12], '-', out);
}

/// A bijection on numbers of `bits` bits (1-128) with pseudo-random results for small numbers, except for 0.
pub fn scramble(n: u128, bits: u32) -> u128 {
    let mask = if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
    let half = bits.div_ceil(2);
    let mut n = n & mask;
    for factor in [0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128, 0xd6e8_feb8_6659_fd93_bf58_476d_1ce4_e5b9] {
        n = n.wrapping_mul(factor) & mask;
        n ^= n >> half;
    }
    n.wrapping_mul(0x94d0_49bb_1331_11eb_ff51_afd7_ed55_8ccd) & mask
}

/// A bijection on `[0, size)`: adds a constant modulo `size`, so that number 0 does not become 0, the fixed point of
/// [`scramble`].
pub fn shifted(n: u128, size: u128) -> u128 {
    (n + 0x9e37_79b9_7f4a_7c15 % size.max(1)) % size.max(1)
}

/// A bijection on `[0, size)`, as [`scramble`] (cycle walking).
pub fn scatter(n: u128, size: u128) -> u128 {
    let bits = 128 - size.saturating_sub(1).leading_zeros();
    let mut n = n;
    loop {
        n = scramble(n, bits.max(1));
        if n < size {
            return n;
        }
    }
}

/// Appends with a JSON string's escapes (RFC 8259), quotes included.
pub fn json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn scramble_is_a_bijection_at_every_small_width() {
        for bits in 1..=12 {
            let seen: HashSet<u128> = (0..1u128 << bits).map(|n| scramble(n, bits)).collect();
            assert_eq!(seen.len(), 1 << bits, "{bits} bits");
            assert!(seen.iter().all(|n| *n < 1 << bits));
        }
    }

    #[test]
    fn scatter_is_a_bijection_at_every_small_size() {
        for size in 1..300 {
            let seen: HashSet<u128> = (0..size).map(|n| scatter(n, size)).collect();
            assert_eq!(seen.len() as u128, size);
            assert!(seen.iter().all(|n| *n < size), "{size}");
        }
    }

    #[test]
    fn uuids_carry_version_and_variant() {
        let mut s = String::new();
        uuid(u128::MAX >> 6, &mut s);
        assert_eq!(s, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        s.clear();
        uuid(1 << 74, &mut s);
        assert_eq!(s, "00000000-0001-4000-8000-000000000000");
    }
}
