//! Codes whose format depends on the country: bank accounts (IBAN), banks (BIC), VAT numbers.

use std::fmt::Write;

use super::check_digits::{digit, luhn, mod_11_10, mod_97, remainder, values, weighted};
use super::codes::eleven;
use crate::checksummed::UPPER;
use crate::text_format;
use crate::text_format::DIGITS;

/// Formats of IBANs after the two check digits (ISO 13616): `#` is a digit, `?` a letter, digits are literal, other
/// letters mark national check digits.
const ACCOUNTS: [(&str, &str); 36] = [
    ("DE", "##################"),
    ("FR", "#####################kk"),
    ("GB", "????##############"),
    ("ES", "########cc##########"),
    ("IT", "!######################"),
    ("NL", "????##########"),
    ("BE", "##########bb"),
    ("AT", "################"),
    ("CH", "#################"),
    ("PL", "p#######################"),
    ("PT", "###################tt"),
    ("IE", "????##############"),
    ("SE", "####################"),
    ("DK", "##############"),
    ("FI", "#############l"),
    ("NO", "0000#######"),
    ("CZ", "################0000"),
    ("SK", "################0000"),
    ("HU", "########################"),
    ("RO", "????################"),
    ("BG", "????##############"),
    ("HR", "#################"),
    ("SI", "#############ss"),
    ("GR", "#######################"),
    ("LU", "################"),
    ("LT", "################"),
    ("LV", "????#############"),
    ("EE", "################"),
    ("CY", "########################"),
    ("MT", "????#######################"),
    ("LI", "#################"),
    ("TR", "#####0################"),
    ("AE", "###################"),
    ("SA", "####################"),
    ("IL", "###################"),
    ("UA", "#########################"),
];

/// The number of accounts for each item of [`COMMON`].
const ACCOUNTS_EACH: u128 = 1_000_000_000;
/// The number of IBANs of [`iban`].
pub const IBANS: u128 = ACCOUNTS_EACH * COMMON.len() as u128;

/// Indexes of countries, repeated by their weight; all have formats with at least ten digits to choose.
const COMMON: [usize; 50] = [
    0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 7, 8, 9, 9, 10, 11, 12, 13, 14, 16, 17, 18,
    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
];

/// Appends the `n`-th IBAN, `n` below [`IBANS`].
pub fn iban(n: u128, out: &mut String) {
    let slot = (n % COMMON.len() as u128) as usize;
    let country = COMMON[slot];
    let (slots, place) =
        (COMMON.iter().filter(|c| **c == country).count(), COMMON[..slot].iter().filter(|c| **c == country).count());
    account(country, n / COMMON.len() as u128 * slots as u128 + place as u128, out);
}

/// Appends the `n`-th IBAN of a country, `n` below 10^10. Returns false, and appends nothing, if its format is unknown.
pub fn iban_of(country: &str, n: u128, out: &mut String) -> bool {
    let found = ACCOUNTS.iter().position(|(c, _)| *c == country);
    if let Some(i) = found {
        account(i, n, out);
    }
    found.is_some()
}

fn account(country: usize, n: u128, out: &mut String) {
    let (code, form) = ACCOUNTS[country];
    let mut bban = filled(form, n);
    national_checks(code, &mut bban);
    let check = mod_97(&format!("{bban}{code}"));
    let _ = write!(out, "{code}{check:02}{bban}");
}

/// Fills a format's placeholders: the last digits are those of `n`, the others are derived from it.
fn filled(form: &str, n: u128) -> String {
    let mut left = text_format::scramble(n, 64);
    let mut text: Vec<u8> = Vec::with_capacity(form.len());
    let digits = format!("{n:012}").into_bytes();
    let placeholders = form.bytes().filter(|b| *b == b'#').count();
    let mut filled_count = 0;
    for byte in form.bytes() {
        text.push(match byte {
            b'#' => {
                filled_count += 1;
                let from_end = placeholders - filled_count;
                if from_end < digits.len() {
                    digits[digits.len() - 1 - from_end]
                } else {
                    left = left.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    b'0' + (left >> 40) as u8 % 10
                }
            }
            b'?' => {
                left = left.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                UPPER[(left >> 40) as usize % 26]
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Replaces the national check digits in an account number, which the format marks by lower-case letters.
fn national_checks(code: &str, bban: &mut String) {
    let two = |n: u32| format!("{n:02}");
    let text = match code {
        "BE" => match remainder(&bban[..10], 97) {
            0 => format!("{}97", &bban[..10]),
            rest => bban[..10].to_owned() + &two(rest),
        },
        "ES" => {
            let weights = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
            let check = |s: &str| match 11 - weighted(s, &weights) % 11 {
                11 => 0,
                10 => 1,
                n => n,
            };
            let (bank, account) = (&bban[..8], &bban[10..]);
            format!("{bank}{}{}{account}", check(&format!("00{bank}")), check(account))
        }
        "FR" => {
            let rest =
                89 * remainder(&bban[..5], 97) + 15 * remainder(&bban[5..10], 97) + 3 * remainder(&bban[10..21], 97);
            bban[..21].to_owned() + &two(97 - rest % 97)
        }
        "FI" => {
            let check = luhn(&bban[..13]);
            format!("{}{check}", &bban[..13])
        }
        "IT" => {
            const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
            let sum: u32 =
                values(&bban[1..]).enumerate().map(|(i, d)| if i % 2 == 0 { ODD[d as usize] } else { d }).sum();
            format!("{}{}", char::from(b'A' + (sum % 26) as u8), &bban[1..])
        }
        "PL" => {
            let bank = &bban[1..8];
            let check = (10 - weighted(bank, &[3, 9, 7, 1, 3, 9, 7]) % 10) % 10;
            format!("{bank}{check}{}", &bban[8..])
        }
        "PT" => bban[..19].to_owned() + &two(mod_97(&bban[..19])),
        "SI" => bban[..13].to_owned() + &two(mod_97(&bban[..13])),
        "NO" => return norway(bban),
        _ => return,
    };
    *bban = text;
}

/// The last of eleven digits makes the sum; a remainder of one has none, then another branch.
fn norway(bban: &mut String) {
    let weights = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let serial = bban[bban.len() - 7..].to_owned();
    for branch in ["860", "861", "862"] {
        let s = format!("{branch}{serial}");
        match 11 - weighted(&s, &weights) % 11 {
            10 => {}
            n => {
                *bban = format!("{s}{}", n % 11);
                return;
            }
        }
    }
}

pub const BICS: u128 = 26 * 26 * 26 * 26 * 40 * 36;

/// The branch code of a bank's head office (ISO 9362).
const HEAD_OFFICE: &str = "XXX";

/// Bank, country, place and sometimes a branch (ISO 9362).
pub fn bic(n: u128, out: &mut String) {
    const COUNTRIES: [&str; 20] = [
        "DE", "DE", "DE", "FR", "FR", "GB", "GB", "US", "US", "ES", "IT", "NL", "BE", "AT", "CH", "PL", "PT", "SE",
        "IE", "DK",
    ];
    let rest = n / 456_976;
    text_format::fixed_base(n % 456_976, 4, UPPER, out);
    out.push_str(COUNTRIES[(rest % 20) as usize]);
    text_format::fixed_base(rest / 40 % 36, 1, b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789ABCD", out);
    out.push(['F', 'M', 'L', 'P', 'G', 'B'][(n % 6) as usize]);
    if rest / 20 % 2 == 1 {
        out.push_str([HEAD_OFFICE, "100", "250", "BER"][(n % 4) as usize]);
    }
}

const VAT_COUNTRIES: [&str; 15] =
    ["DE", "FR", "IT", "ES", "NL", "BE", "AT", "PL", "PT", "SE", "DK", "FI", "IE", "LU", "CZ"];
pub const VATS: u128 = 1_000_000 * 15;

pub fn vat(n: u128, out: &mut String) {
    vat_of(VAT_COUNTRIES[(n % 15) as usize], n / 15, out);
}

fn dec(n: u128, width: usize) -> String {
    let mut s = String::new();
    text_format::fixed_base(n, width, DIGITS, &mut s);
    s
}

/// Appends the `n`-th VAT number of a country, `n` below 10^7; for countries without a known format, the country's code
/// and nine digits. It begins with a 9 in countries that assign numbers in sequence.
pub fn vat_of(country: &str, n: u128, out: &mut String) {
    let seven = dec(n, 7);
    let text = match country {
        "DE" => {
            let s = format!("9{seven}");
            let check = mod_11_10(&s);
            format!("DE{s}{check}")
        }
        "FR" => {
            let siren = format!("9{seven}");
            let siren = format!("{siren}{}", luhn(&siren));
            format!("FR{:02}{siren}", (12 + 3 * remainder(&siren, 97)) % 97)
        }
        "IT" => {
            let s = format!("{seven}0{}", ["15", "58", "63"][(n % 3) as usize]);
            format!("IT{s}{}", luhn(&s))
        }
        "ES" => {
            let mut s = String::from("ES");
            cif(n, &mut s);
            s
        }
        "NL" => netherlands(&seven),
        "BE" => {
            let s = format!("0{seven}");
            format!("BE{s}{:02}", 97 - remainder(&s, 97))
        }
        "AT" => {
            let sum: u32 =
                values(&seven).enumerate().map(|(i, d)| if i % 2 == 1 { d * 2 / 10 + d * 2 % 10 } else { d }).sum();
            format!("ATU{seven}{}", (10 - (sum + 4) % 10) % 10)
        }
        "PL" => {
            let mut s = String::from("PL");
            nip(n, &mut s);
            s
        }
        "PT" => {
            let s = format!("5{seven}");
            format!("PT{s}{}", eleven(&s, &[9, 8, 7, 6, 5, 4, 3, 2]))
        }
        "SE" => {
            let s = format!("55{seven}");
            format!("SE{s}{}01", luhn(&s))
        }
        "DK" => fitted("DK", &seven, &[2, 7, 6, 5, 4, 3, 2], 0),
        "FI" => fitted("FI", &seven, &[7, 9, 10, 5, 8, 4, 2], 0),
        "IE" => {
            let sum = weighted(&seven, &[8, 7, 6, 5, 4, 3, 2]) % 23;
            format!("IE{seven}{}", char::from(b"WABCDEFGHIJKLMNOPQRSTUV"[sum as usize]))
        }
        "LU" => {
            let s = &seven[1..];
            format!("LU{s}{:02}", remainder(s, 89))
        }
        "CZ" => {
            let sum = 11 - weighted(&seven, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            let check = match sum {
                10 => 0,
                11 => 1,
                n => n,
            };
            format!("CZ{seven}{check}")
        }
        "GB" => {
            let s = format!("0{}", &seven[1..]);
            format!("GB{s}{:02}", 97 - weighted(&s, &[8, 7, 6, 5, 4, 3, 2]) % 97)
        }
        "HU" => format!("HU{seven}{}", (10 - weighted(&seven, &[9, 7, 3, 1, 9, 7, 3]) % 10) % 10),
        "RO" => {
            let s = format!("1{}", &seven[1..]);
            format!("RO{s}{}", weighted(&s, &[3, 2, 1, 7, 5, 3, 2]) * 10 % 11 % 10)
        }
        "GR" => {
            let s = format!("9{seven}");
            format!("EL{s}{}", values(&s).fold(0, |sum, d| sum * 2 + d) * 2 % 11 % 10)
        }
        "CH" => fitted("CHE1", &seven, &[4, 3, 2, 7, 6, 5, 4], 5),
        "NO" => fitted("NO9", &seven, &[2, 7, 6, 5, 4, 3, 2], 27) + "MVA",
        _ => {
            let s = format!("9{seven}");
            format!("{country}{s}{}", luhn(&s))
        }
    };
    out.push_str(&text);
}

/// Seven digits and a check digit that makes the weighted sum, plus `before`, divisible by 11; the first digit is
/// changed if there is no such check digit.
fn fitted(country: &str, seven: &str, weights: &[u32], before: u32) -> String {
    for first in [2u32, 3, 1] {
        let s = format!("{first}{}", &seven[1..]);
        let rest = (before + weighted(&s, weights)) % 11;
        if rest != 1 {
            return format!("{country}{s}{}", (11 - rest) % 11);
        }
    }
    unreachable!("one of three first digits has a check digit")
}

/// The format of sole traders: nine digits with a check digit modulo 11, `B` and a number.
fn netherlands(seven: &str) -> String {
    for first in ["00", "01", "02"] {
        let s = format!("{first}{}", &seven[1..]);
        let check = weighted(&s, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        if check < 10 {
            return format!("NL{s}{check}B0{}", 1 + seven.as_bytes()[0] % 9);
        }
    }
    unreachable!("one of three first digits has a check digit")
}

/// Appends the `n`-th tax number of a Spanish company.
pub fn cif(n: u128, out: &mut String) {
    let s = dec(n, 7);
    let sum: u32 = values(&s).enumerate().map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { d }).sum();
    let _ = write!(out, "{}{s}{}", ['A', 'B'][(n % 2) as usize], (10 - sum % 10) % 10);
}

/// Appends the `n`-th tax number of a Polish company; the second digit is changed if the check digit would be 10.
pub fn nip(n: u128, out: &mut String) {
    let rest = dec(n % 10_000_000, 7);
    let first = (n / 10_000_000) as u32 % 10;
    for second in 0..3 {
        let s = format!("{}{}{rest}", 5 + first % 5, (first / 5 * 3 + second) % 10);
        let check = weighted(&s, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
        if check < 10 {
            let _ = write!(out, "{s}{}", digit(check));
            return;
        }
    }
}
