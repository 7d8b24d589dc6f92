//! Codes of computers, transport and science.

use std::fmt::Write;

use super::{dec, ten};
use crate::catalogue::check_digits::{digit, values};
use crate::text_format;
use crate::text_format::HEX;

const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A timestamp of 2022 to 2025 in milliseconds, then random bits.
fn millis(n: u128) -> u128 {
    1_640_995_200_000 + text_format::scramble(n, 100) % 126_230_400_000
}

pub(super) fn ulid(n: u128, out: &mut String) {
    text_format::fixed_base(millis(n), 10, CROCKFORD, out);
    text_format::fixed_base(text_format::scramble(n, 80), 16, CROCKFORD, out);
}

pub(super) fn uuid7(n: u128, out: &mut String) {
    let random = text_format::scramble(n, 74);
    let n = millis(n) << 80 | 0x7 << 76 | ((random >> 62) & 0xfff) << 64 | 0b10 << 62 | (random & ((1 << 62) - 1));
    text_format::hex_groups(n, &[8, 4, 4, 4, 12], '-', out);
}

/// The timestamp's low bits first, as in version 1; a node identifier without a manufacturer.
pub(super) fn uuid1(n: u128, out: &mut String) {
    let random = text_format::scramble(n, 95);
    let (low, middle) = (random >> 63, random & 0xffff);
    let rest = (0x8000 | (random >> 16 & 0x3fff)) << 48 | 0x0200_0000_0000 | (random >> 30 & 0x1_ffff_ffff);
    let n = low << 96 | middle << 80 | 0x11ef << 64 | rest;
    text_format::hex_groups(n, &[8, 4, 4, 4, 12], '-', out);
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encoded(bytes: &[u8], url: bool, out: &mut String) {
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(match BASE64[(word >> (18 - 6 * i)) as usize & 63] {
                b'+' if url => '-',
                b'/' if url => '_',
                b => char::from(b),
            });
        }
        if !url {
            out.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
}

/// Random bytes that contain the number.
fn bytes<const N: usize>(n: u128) -> [u8; N] {
    let mut rng = crate::text_index::decoration(n);
    let mut bytes = [0; N];
    bytes.fill_with(|| rng.word() as u8);
    bytes[..16].copy_from_slice(&text_format::scramble(n, 128).to_be_bytes());
    bytes
}

/// Header, claims and a signature of 256 bits.
pub(super) fn jwt(n: u128, out: &mut String) {
    out.push_str("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.");
    let id = text_format::scramble(n, 100);
    let claims = format!(
        "{{\"sub\":\"{:08x}\",\"iat\":{},\"jti\":\"{:017x}\"}}",
        id >> 68,
        millis(n) / 1000,
        id & ((1 << 68) - 1)
    );
    let padded = format!("{claims:<63}");
    encoded(padded.as_bytes(), true, out);
    out.push('.');
    encoded(&bytes::<32>(n), true, out);
}

pub(super) fn base64(n: u128, out: &mut String) {
    encoded(&bytes::<33>(n), false, out);
}

pub(super) fn cron(n: u128, out: &mut String) {
    let (minute, hour) = (n % 60, n / 60 % 24);
    let _ = match n / 1440 {
        0 => write!(out, "{minute} {hour} * * *"),
        1 => write!(out, "{minute} {hour} * * 1-5"),
        2 => write!(out, "{minute} {hour} * * {}", n % 7),
        3 => write!(out, "{minute} {hour} {} * *", n % 28 + 1),
        _ => write!(out, "{}-59/{} {hour} * * *", minute, [5, 10, 15, 20, 30][n as usize % 5]),
    };
}

pub(super) fn geohash(n: u128, out: &mut String) {
    const LETTERS: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let first = [b"u0", b"gc", b"dr", b"9q", b"u3"][(n % 5) as usize];
    out.push_str(std::str::from_utf8(first).expect("letters"));
    text_format::fixed_base(n / 5, 7, LETTERS, out);
}

pub(super) fn container(n: u128, out: &mut String) {
    let s = format!("{}{}", ["MSCU", "CSQU", "TGHU", "HLXU"][(n / ten(6)) as usize], dec(n % ten(6), 6));
    let sum: u32 = values(&s).enumerate().map(|(i, v)| container_value(v) << i).sum();
    let _ = write!(out, "{s}{}", sum % 11 % 10);
}

/// ISO 6346: A is 10, B is 12, because 11, 22 and 33 are left out.
fn container_value(v: u32) -> u32 {
    if v < 10 {
        return v;
    }
    (10..).filter(|n| n % 11 != 0).nth(v as usize - 10).unwrap_or(0)
}

pub(super) fn orcid(n: u128, out: &mut String) {
    let s = format!("0000000{}", dec(n, 8));
    let sum = values(&s).fold(0, |sum, d| (sum + d) * 2 % 11);
    let check = (12 - sum) % 11;
    let check = if check == 10 { 'X' } else { digit(check) };
    let _ = write!(out, "{}-{}-{}-{}{check}", &s[..4], &s[4..8], &s[8..12], &s[12..]);
}

/// An Ethereum address, or a SegWit address of Bitcoin.
pub(super) fn crypto_address(n: u128, out: &mut String) {
    let b = bytes::<21>(n);
    if b[20].is_multiple_of(2) {
        out.push_str("0x");
        for byte in &b[..20] {
            text_format::fixed_base(u128::from(*byte), 2, HEX, out);
        }
    } else {
        const LETTERS: &[u8] = b"023456789acdefghjklmnpqrstuvwxyz";
        out.push_str("bc1q");
        text_format::fixed_base(text_format::scramble(n, 100), 20, LETTERS, out);
        let rest = b[..18].iter().map(|b| char::from(LETTERS[usize::from(*b) % 32]));
        out.extend(rest);
    }
}
