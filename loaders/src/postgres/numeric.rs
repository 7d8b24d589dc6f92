//! Exact numbers in, PostgreSQL's binary `numeric` out: base-10000 digits, most significant first.

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
/// Decimal digits in one base-10000 digit.
const GROUP: usize = 4;
/// Digits of the largest magnitude (39), zeros of the largest negative scale (128), and room to align both ends.
const ROOM: usize = 39 + 128 + 2 * GROUP;

/// Appends the field (length and value) of `unscaled / 10^scale`.
pub fn push(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    let sign = if unscaled < 0 { NEGATIVE } else { POSITIVE };
    match (u64::try_from(unscaled.unsigned_abs()), usize::try_from(scale)) {
        (Ok(magnitude), Ok(scale)) if scale <= 12 && magnitude < u64::MAX / 1000 => small(out, sign, magnitude, scale),
        _ => large(out, sign, unscaled.unsigned_abs(), scale),
    }
}

/// The usual case, in machine words: at most 16 decimal digits before the point and 12 after.
fn small(out: &mut Vec<u8>, sign: u16, magnitude: u64, scale: usize) {
    const PAD: [u64; GROUP] = [1, 1000, 100, 10];
    // Align the point with a group's end: 12.5 at scale 1 is 12 5000.
    let mut rest = magnitude * PAD[scale % GROUP];
    let fraction = scale.div_ceil(GROUP);
    let mut groups = [0_u16; 6];
    let mut first = groups.len();
    while rest > 0 {
        first -= 1;
        groups[first] = (rest % 10_000) as u16;
        rest /= 10_000;
    }
    write(out, sign, &groups[first..], fraction, scale);
}

/// Any 128-bit number, by its decimal digits.
fn large(out: &mut Vec<u8>, sign: u16, mut magnitude: u128, scale: i8) {
    let (scale, zeros) = match usize::try_from(scale) {
        Ok(scale) => (scale, 0),
        Err(_) => (0, usize::from(scale.unsigned_abs())),
    };
    let fraction = scale.div_ceil(GROUP);
    let mut digits = [0_u8; ROOM];
    // The last digit is placed at its power of ten, so that the decimal point is between two groups.
    let end = ROOM / GROUP * GROUP;
    let mut at = end - (fraction * GROUP - scale) - zeros;
    while magnitude > 0 {
        at -= 1;
        digits[at] = (magnitude % 10) as u8;
        magnitude /= 10;
    }
    let mut groups = [0_u16; ROOM / GROUP];
    for (group, four) in groups.iter_mut().zip(digits[..end].chunks_exact(GROUP)) {
        *group = four.iter().fold(0, |n, &d| n * 10 + u16::from(d));
    }
    let first = groups.iter().position(|&g| g > 0).unwrap_or(groups.len());
    write(out, sign, &groups[first..], fraction, scale);
}

/// Appends the field. `groups` ends with the last group after the point and begins with a group above 0; `fraction` of
/// them are after the point (`groups` may be fewer: 0.0001).
fn write(out: &mut Vec<u8>, sign: u16, groups: &[u16], fraction: usize, scale: usize) {
    let count = groups.len() - groups.iter().rev().take_while(|&&g| g == 0).count();
    // All bounded by ROOM, far below 2^15.
    let weight = if count == 0 { 0 } else { groups.len() as i16 - fraction as i16 - 1 };
    let sign = if count == 0 { POSITIVE } else { sign };
    out.extend_from_slice(&(8 + 2 * count as i32).to_be_bytes());
    out.extend_from_slice(&(count as i16).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&(scale as u16).to_be_bytes());
    for group in &groups[..count] {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(unscaled: i128, scale: i8) -> Vec<u16> {
        let mut out = Vec::new();
        push(&mut out, unscaled, scale);
        let (length, body) = out.split_at(4);
        assert_eq!(length, u32::try_from(body.len()).unwrap().to_be_bytes());
        body.chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect()
    }

    /// Digits, weight, sign, scale, groups: as `SELECT numeric_send(x)` gives them.
    #[test]
    fn known_values() {
        assert_eq!(words(0, 0), [0, 0, 0, 0]);
        assert_eq!(words(0, 2), [0, 0, 0, 2]);
        assert_eq!(words(1, 0), [1, 0, 0, 0, 1]);
        assert_eq!(words(10_000, 0), [1, 1, 0, 0, 1]);
        assert_eq!(words(-12_345, 2), [2, 0, 0x4000, 2, 123, 4500]);
        assert_eq!(words(125, 1), [2, 0, 0, 1, 12, 5000]);
        assert_eq!(words(1, 4), [1, 0xffff, 0, 4, 1]);
        assert_eq!(words(1, 5), [1, 0xfffe, 0, 5, 1000]);
        assert_eq!(words(123_456_789, 0), [3, 2, 0, 0, 1, 2345, 6789]);
        assert_eq!(words(5, -3), [1, 0, 0, 0, 5000]);
        assert_eq!(words(5, -4), [1, 1, 0, 0, 5]);
    }

    #[test]
    fn extremes_do_not_panic() {
        for unscaled in [i128::MIN, i128::MAX, 1, -1, i128::from(u64::MAX), i128::from(u64::MAX / 1000)] {
            for scale in i8::MIN..=i8::MAX {
                words(unscaled, scale);
            }
        }
    }

    proptest! {
        #[test]
        fn both_ways_agree(magnitude in 0..u64::MAX / 1000, scale in 0_usize..=12) {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            small(&mut a, NEGATIVE, magnitude, scale);
            large(&mut b, NEGATIVE, u128::from(magnitude), i8::try_from(scale).unwrap());
            prop_assert_eq!(a, b);
        }

        #[test]
        fn groups_spell_the_number(unscaled in any::<i128>(), scale in 0_i8..=38) {
            let words = words(unscaled, scale);
            let weight = i32::from(words[1].cast_signed());
            let groups: String = words[4..].iter().map(|g| format!("{g:04}")).collect();
            // Value = groups * 10000^(weight + 1 - groups).
            let power = 4 * (weight + 1) - i32::try_from(groups.len()).unwrap();
            let shift = power + i32::from(scale);
            let text = if shift >= 0 { groups + &"0".repeat(shift as usize) } else { groups[..groups.len() - shift.unsigned_abs() as usize].to_owned() };
            let digits = text.trim_start_matches('0');
            let expected = unscaled.unsigned_abs().to_string();
            prop_assert_eq!(digits, expected.trim_start_matches('0'));
        }
    }
}
