//! Texts in canonical form from numbers: network addresses, and numbers with check digits.

use super::text_format;
use super::text_format::DIGITS;

pub(super) const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// An IPv4 address in dotted decimal notation.
pub fn ipv4(n: u32, out: &mut String) {
    for (i, byte) in n.to_be_bytes().into_iter().enumerate() {
        if i > 0 {
            out.push('.');
        }
        text_format::number(u64::from(byte), out);
    }
}

/// An IPv6 address of a fixed network with this interface identifier.
pub fn ipv6(interface: u64, out: &mut String) {
    // The range for local use of RFC 4193.
    let network = 0xfd00_u128 << 112;
    out.push_str(&std::net::Ipv6Addr::from(network | u128::from(interface)).to_string());
}

/// A locally administered unicast address (IEEE 802: second bit of the first byte set, first clear).
pub fn mac(n: u128, bytes: usize, out: &mut String) {
    out.push_str("02:");
    text_format::hex_groups(n & ((1 << (8 * (bytes - 1))) - 1), &[2; 7][..bytes - 1], ':', out);
}

/// 16 digits that pass Luhn's test (ISO/IEC 7812-1); `n` below 10^14.
pub fn credit_card(n: u64, out: &mut String) {
    let start = out.len();
    out.push('4');
    text_format::fixed_base(u128::from(n), 14, DIGITS, out);
    let sum: u32 = out.as_bytes()[start..]
        .iter()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            d / 10 + d % 10
        })
        .sum();
    text_format::number(u64::from((10 - sum % 10) % 10), out);
}

/// A German IBAN with right check digits (ISO 13616, mod 97); `n` below 10^18.
pub fn iban(n: u64, out: &mut String) {
    // "DE00", moved to the end, is 131400 in digits.
    let check = 98 - (u128::from(n) * 1_000_000 + 131_400) % 97;
    out.push_str("DE");
    text_format::fixed_base(check, 2, DIGITS, out);
    text_format::fixed_base(u128::from(n), 18, DIGITS, out);
}

/// ISBN-13 with its check digit; `n` below 10^9.
pub fn isbn(n: u64, out: &mut String) {
    let start = out.len();
    out.push_str("978");
    text_format::fixed_base(u128::from(n), 9, DIGITS, out);
    let sum: u32 = out.as_bytes()[start..]
        .iter()
        .enumerate()
        .map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 })
        .sum();
    text_format::number(u64::from((10 - sum % 10) % 10), out);
}

/// `AB-123-CD`; `n` below 26^4 * 1000.
pub fn license_plate(n: u64, out: &mut String) {
    let (letters, number) = (u128::from(n / 1000), u128::from(n % 1000));
    text_format::fixed_base(letters / 676, 2, UPPER, out);
    out.push('-');
    text_format::fixed_base(number, 3, DIGITS, out);
    out.push('-');
    text_format::fixed_base(letters % 676, 2, UPPER, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(f: impl FnOnce(&mut String)) -> String {
        let mut s = String::new();
        f(&mut s);
        s
    }

    #[test]
    fn check_digits_are_correct() {
        // Published examples: a test card number, ISO 13616's German example, an ISBN from the standard's guide.
        assert_eq!(text(|s| credit_card(11_111_111_111_111, s)), "4111111111111111");
        assert_eq!(text(|s| iban(370_400_440_532_013_000, s)), "DE89370400440532013000");
        assert_eq!(text(|s| isbn(30_640_615, s)), "9780306406157");
        assert_eq!(text(|s| license_plate(0, s)), "AA-000-AA");
    }
}
