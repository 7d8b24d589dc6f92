//! Unique strings over an alphabet.

use super::*;

/// All strings over an alphabet of `min..=max` characters, shorter ones first; padded to `padded` characters.
#[derive(Debug, Clone)]
pub(in super::super) struct AlphabetStrings {
    alphabet: &'static [u8],
    min: usize,
    max: usize,
    padded: usize,
    /// A permutation, so that texts of neighbouring numbers are not similar.
    scatter: Option<Scatter>,
    pad_kind: TextKind,
    /// The number of strings of each length of `min..=max`.
    sizes: Vec<u128>,
}

impl AlphabetStrings {
    pub(super) fn new(kind: &TextKind, limits: Limits) -> Self {
        use TextKind as K;
        let (alphabet, natural): (&'static [u8], usize) = match kind {
            K::Hex { length } => (HEX, *length as usize),
            K::Uuid => (HEX, 32),
            K::PasswordHash => (HEX, 64),
            K::Digits { length } => (DIGITS, *length as usize),
            K::Phone | K::Zipcode => (DIGITS, 10),
            K::CreditCard => (DIGITS, 16),
            K::Isbn => (DIGITS, 13),
            K::Code { length } => (LOWER36, *length as usize),
            _ => (LOWER36, 10),
        };
        let longest = natural.max(limits.min).min(limits.max);
        let info = longest.min(limits.distinct_chars);
        let power = power(alphabet.len(), info);
        if alphabet == HEX && info <= 32 {
            // Hashes have one length.
            let scatter = Some(Scatter::Bits(4 * info as u32));
            return AlphabetStrings { scatter, ..AlphabetStrings::of(alphabet, info, info, longest, kind) };
        }
        let fixed = limits.fixed || power >= MIN_TEMPLATE_SIZE || limits.min >= info;
        let min = if fixed { info } else { limits.min.max(1) };
        let padded = if fixed { limits.min.max(info) } else { 0 };
        AlphabetStrings::of(alphabet, min, info, padded, kind)
    }

    pub(super) fn of(alphabet: &'static [u8], min: usize, max: usize, padded: usize, kind: &TextKind) -> Self {
        let sizes = (min..=max).map(|n| power(alphabet.len(), n)).collect();
        AlphabetStrings { alphabet, min, max, padded, scatter: None, pad_kind: kind.clone(), sizes }
    }

    /// Codes of one to `max` letters and digits.
    pub fn codes(max: usize) -> Self {
        AlphabetStrings::of(LOWER36, 1, max, 0, &TextKind::Word)
    }

    /// The same strings in a pseudo-random order, if all have one length, so that small numbers have no leading zeros.
    pub(super) fn scattered(mut self) -> Self {
        if self.min == self.max && self.scatter.is_none() {
            self.scatter = Some(match self.sizes[0] {
                // The exact size is unknown.
                PRACTICALLY_INFINITE => {
                    let bits = (self.max as f64 * (self.alphabet.len() as f64).log2()) as u32;
                    Scatter::Bits(bits.min(128))
                }
                size => Scatter::Below(size),
            });
        }
        self
    }

    pub fn size(&self) -> u128 {
        self.sizes.iter().fold(0u128, |sum, n| sum.saturating_add(*n)).min(PRACTICALLY_INFINITE)
    }

    pub fn write(&self, i: u128, out: &mut String) {
        let start = out.len();
        let (mut rest, mut length) = (i, self.min);
        for here in &self.sizes[..self.sizes.len().saturating_sub(1)] {
            if rest < *here {
                break;
            }
            rest -= here;
            length += 1;
        }
        let n = self.scatter.map_or(rest, |s| s.of(rest));
        // A long text has more characters than 128 bits determine: the others are random.
        let significant = match self.scatter {
            Some(Scatter::Bits(128)) => length.min((128.0 / (self.alphabet.len() as f64).log2()).ceil() as usize),
            _ => length,
        };
        if significant < length {
            text_format::random_chars(self.alphabet, length - significant, &mut decoration(!i), out);
        }
        text_format::fixed_base(n, significant, self.alphabet, out);
        if out.len() - start < self.padded {
            draw::pad(&self.pad_kind, start, self.padded, &mut decoration(i), out);
        }
    }

    /// The number of a text; `None` if it is not one of these strings.
    pub(super) fn rank(&self, text: &str) -> Option<u128> {
        if self.scatter.is_some() || !(self.min..=self.max).contains(&text.len()) || text.len() < self.padded {
            return None;
        }
        let shorter: u128 = self.sizes[..text.len() - self.min].iter().sum();
        text.bytes()
            .try_fold(0u128, |n, b| {
                let digit = self.alphabet.iter().position(|a| *a == b)?;
                Some(n * self.alphabet.len() as u128 + digit as u128)
            })
            .map(|n| shorter + n)
    }
}

/// A pseudo-random permutation of numbers.
#[derive(Debug, Clone, Copy)]
enum Scatter {
    /// Of all numbers of this many bits.
    Bits(u32),
    /// Of all numbers below this one.
    Below(u128),
}

impl Scatter {
    pub(super) fn of(self, i: u128) -> u128 {
        match self {
            Scatter::Bits(bits) => text_format::scramble(i, bits),
            Scatter::Below(size) => text_format::scatter(i, size),
        }
    }
}
