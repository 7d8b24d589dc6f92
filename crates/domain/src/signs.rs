//! Texts over a large alphabet, for short keys with more rows than there are texts of letters and digits.
//!
//! The alphabet is the letters, digits and punctuation of ASCII, which differ under every case-insensitive collation,
//! and, if the character set has them, ideographs, which all collations distinguish.

use super::PRACTICALLY_INFINITE;

/// Number of printable ASCII characters without the space and capital letters.
const ASCII: u32 = 68;
/// The first ideograph, and the number of them in the oldest block, which every collation supports.
const FIRST: u32 = 0x4e00;
const IDEOGRAPHS: u32 = 20_902;

#[derive(Debug, Clone)]
pub(super) struct Signs {
    base: u128,
    min: usize,
    max: usize,
}

impl Signs {
    /// Texts of `min..=max` characters.
    pub fn new(wide: bool, min: usize, max: usize) -> Signs {
        let base = if wide { ASCII + IDEOGRAPHS } else { ASCII };
        Signs { base: base.into(), min: min.clamp(1, max.max(1)), max: max.max(1) }
    }

    pub fn size(&self) -> u128 {
        let of_length = |n: usize| self.base.saturating_pow(u32::try_from(n).unwrap_or(u32::MAX));
        (self.min..=self.max)
            .map(of_length)
            .take_while(|n| *n < PRACTICALLY_INFINITE)
            .fold(0, u128::saturating_add)
            .max(if self.is_vast() { PRACTICALLY_INFINITE } else { 0 })
            .min(PRACTICALLY_INFINITE)
    }

    fn is_vast(&self) -> bool {
        self.base.saturating_pow(u32::try_from(self.max).unwrap_or(u32::MAX)) >= PRACTICALLY_INFINITE
    }

    /// Appends the `i`-th text, shorter ones first.
    pub fn write(&self, i: u128, out: &mut String) {
        let (mut rest, mut length) = (i, self.min);
        while length < self.max {
            let here = self.base.saturating_pow(u32::try_from(length).unwrap_or(u32::MAX));
            if rest < here {
                break;
            }
            rest -= here;
            length += 1;
        }
        let start = out.len();
        for _ in 0..length {
            let digit = u32::try_from(rest % self.base).expect("below the base");
            out.insert(start, sign(digit));
            rest /= self.base;
        }
    }
}

/// The character of a digit in this order: `a` to `z`, digits, punctuation, ideographs.
fn sign(digit: u32) -> char {
    let code = match digit {
        0..26 => u32::from('a') + digit,
        26..36 => u32::from('0') + digit - 26,
        36..51 => u32::from('!') + digit - 36,
        51..58 => u32::from(':') + digit - 51,
        58..64 => u32::from('[') + digit - 58,
        64..ASCII => u32::from('{') + digit - 64,
        _ => FIRST + digit - ASCII,
    };
    char::from_u32(code).expect("letters, punctuation and ideographs are characters")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn texts_differ_in_any_letter_case() {
        for (wide, max, size) in [(false, 2, 68 + 68 * 68), (true, 1, 20_970), (false, 40, PRACTICALLY_INFINITE)] {
            let signs = Signs::new(wide, 0, max);
            assert_eq!(signs.size(), size);
            let mut seen = HashSet::new();
            for i in 0..size.min(20_970) {
                let mut text = String::new();
                signs.write(i, &mut text);
                assert!((1..=max).contains(&text.chars().count()) && !text.contains(' '), "{text}");
                assert!(text.to_lowercase() == text && seen.insert(text));
            }
        }
    }
}
