//! Exact conversions of one [`Value`] to the native type of an Arrow builder; `None` where the value would change.

use dbmocker_core::time;
use dbmocker_core::value::Value;

/// Returns an integer from integers, decimals and floats without a fraction, booleans and digits as text.
pub(super) fn int(value: &Value) -> Option<i128> {
    match value {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i128::from(*b)),
        Value::Decimal { unscaled, scale } => rescale(*unscaled, *scale, 0),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 9.0e15 => Some(*x as i128),
        Value::Text(s) => s.parse().ok(),
        _ => None,
    }
}

pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Text(s) => match s.as_str() {
            "t" | "true" | "1" => Some(true),
            "f" | "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the unscaled decimal with `scale` fractional digits.
pub(super) fn decimal(value: &Value, scale: u8) -> Option<i128> {
    match value {
        Value::Int(i) => rescale(*i, 0, scale),
        Value::Bool(b) => rescale(i128::from(*b), 0, scale),
        Value::Decimal { unscaled, scale: from } => rescale(*unscaled, *from, scale),
        Value::Float(x) => parse_decimal(&x.to_string(), scale),
        Value::Text(s) => parse_decimal(s, scale),
        _ => None,
    }
}

/// Returns the nearest float; a decimal may be rounded, as the server rounds it.
pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(*x),
        Value::Int(i) => Some(*i as f64),
        Value::Decimal { unscaled, scale } => dbmocker_core::value::decimal_text(*unscaled, *scale).parse().ok(),
        Value::Text(s) => s.parse().ok(),
        _ => None,
    }
}

pub(super) fn date(value: &Value) -> Option<i32> {
    match value {
        Value::Date(d) => Some(*d),
        Value::Timestamp(t) if t.rem_euclid(time::MICROS_PER_DAY) == 0 => {
            i32::try_from(t.div_euclid(time::MICROS_PER_DAY)).ok()
        }
        Value::Text(s) => time::parse_date(s),
        _ => None,
    }
}

/// Returns the microseconds since midnight of a time of day: `[0, 24 h)`.
pub(super) fn clock(value: &Value) -> Option<i64> {
    let micros = match value {
        Value::Time(t) => *t,
        Value::Text(s) => time::parse_time(s)?,
        _ => return None,
    };
    (0..time::MICROS_PER_DAY).contains(&micros).then_some(micros)
}

pub(super) fn timestamp(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(t) => Some(*t),
        Value::Date(d) => i64::from(*d).checked_mul(time::MICROS_PER_DAY),
        Value::Text(s) => time::parse_timestamp(s),
        _ => None,
    }
}

pub(super) fn uuid(value: &Value) -> Option<[u8; 16]> {
    match value {
        Value::Bytes(b) => b.as_slice().try_into().ok(),
        Value::Text(s) => parse_uuid(s),
        _ => None,
    }
}

/// Returns the same number with another scale; `None` if digits would be lost or do not fit.
fn rescale(unscaled: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return unscaled.checked_mul(10i128.checked_pow(u32::from(to - from))?);
    }
    let Some(divisor) = 10i128.checked_pow(u32::from(from - to)) else { return (unscaled == 0).then_some(0) };
    (unscaled % divisor == 0).then_some(unscaled / divisor)
}

/// Parses `[+-]digits[.digits]`.
fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let unscaled = format!("{whole}{fraction}").parse::<i128>().ok();
    let unscaled = if whole.is_empty() && fraction.is_empty() { Some(0) } else { unscaled };
    let signed = if negative { -unscaled? } else { unscaled? };
    rescale(signed, u8::try_from(fraction.len()).ok()?, scale)
}

/// Parses 32 hex digits with hyphens anywhere between them.
pub(super) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0u8; 16];
    let mut count = 0;
    for c in text.bytes().filter(|&c| c != b'-') {
        let digit = u8::try_from(char::from(c).to_digit(16)?).ok()?;
        let byte = bytes.get_mut(count / 2)?;
        *byte = (*byte << 4) | digit;
        count += 1;
    }
    (count == 32).then_some(bytes)
}

/// Returns the lower-case, hyphenated text.
pub(super) fn uuid_text(bytes: &[u8; 16]) -> String {
    let text = dbmocker_core::fast_format::uuid(bytes).to_vec();
    String::from_utf8(text).expect("a UUID's text is ASCII because only hex digits and hyphens are written")
}

/// Returns the double whose shortest text is that of the single: 0.1f32 becomes 0.1, not 0.10000000149.
pub(super) fn widen(x: f32) -> f64 {
    if x.is_finite() { zmij::Buffer::new().format_finite(x).parse().unwrap_or(f64::from(x)) } else { f64::from(x) }
}
