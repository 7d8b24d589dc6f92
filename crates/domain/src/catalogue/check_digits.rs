//! Check digits of texts of digits and capital letters, where A is 10.

/// The values of the characters: 0 to 9 for digits, 10 to 35 for letters.
pub fn values(text: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    text.bytes().map(|b| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b => u32::from(b.to_ascii_uppercase() - b'A') + 10,
    })
}

/// The character of a value below 36.
pub fn digit(n: u32) -> char {
    char::from_digit(n, 36).expect("one digit").to_ascii_uppercase()
}

/// The Luhn check digit (ISO/IEC 7812-1); letters count as two digits, as in ISINs (but not in CUSIPs).
pub fn luhn(text: &str) -> char {
    let digits: Vec<u32> = values(text).flat_map(|v| if v > 9 { vec![v / 10, v % 10] } else { vec![v] }).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| {
            let d = d * if i % 2 == 0 { 2 } else { 1 };
            d / 10 + d % 10
        })
        .sum();
    digit((10 - sum % 10) % 10)
}

/// The check digit of EAN, UPC, GTIN and ISBN-13: weights 3 and 1 from the right.
pub fn ean(text: &str) -> char {
    let sum: u32 = values(text).rev().enumerate().map(|(i, d)| d * if i % 2 == 0 { 3 } else { 1 }).sum();
    digit((10 - sum % 10) % 10)
}

/// The sum of the characters' values times weights.
pub fn weighted(text: &str, weights: &[u32]) -> u32 {
    values(text).zip(weights).map(|(v, w)| v * w).sum()
}

/// The remainder of the text as a number, where letters count as two digits.
pub fn remainder(text: &str, modulus: u32) -> u32 {
    values(text).fold(0, |n, v| (n * if v > 9 { 100 } else { 10 } + v) % modulus)
}

/// The check digit of ISO 7064, mod 11,10.
pub fn mod_11_10(text: &str) -> char {
    let product = values(text).fold(10, |product, d| {
        let sum = (d + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    digit((11 - product) % 10)
}

/// The two check digits of ISO 7064, mod 97-10, as a number.
pub fn mod_97(text: &str) -> u32 {
    98 - remainder(&format!("{text}00"), 97)
}

/// The Verhoeff check digit.
pub fn verhoeff(text: &str) -> char {
    const INVERSE: [usize; 10] = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
    /// The product in the dihedral group of order ten.
    fn times(a: usize, b: usize) -> usize {
        match (a / 5, b / 5) {
            (0, 0) => (a + b) % 5,
            (0, _) => 5 + (a + b) % 5,
            (_, 0) => 5 + (a + 5 - b) % 5,
            _ => (a + 5 - b) % 5,
        }
    }
    const PERMUTATION: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted = |n: usize, times: usize| (0..times).fold(n, |n, _| PERMUTATION[n]);
    let sum = values(text).rev().enumerate().fold(0, |c, (i, d)| times(c, permuted(d as usize, (i + 1) % 8)));
    digit(INVERSE[sum] as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_published_examples() {
        assert_eq!(luhn("411111111111111"), '1');
        assert_eq!(luhn("US037833100"), '5');
        assert_eq!(ean("400638133393"), '1');
        assert_eq!(mod_11_10("0794"), '5');
        assert_eq!(verhoeff("236"), '3');
        assert_eq!(mod_97("5493001KJTIIGC8Y1R"), 17 - 5);
    }
}
