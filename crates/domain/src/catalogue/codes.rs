//! Codes with check digits: each is a bijection from the numbers below a size to texts.
//!
//! National numbers are in ranges that the authority does not assign, as far as the format allows it; a comment at each
//! code names the range.

use std::fmt::Write;

use super::check_digits::{digit, ean, luhn, mod_11_10, mod_97, remainder, values, verhoeff, weighted};
use super::countries;
use crate::PRACTICALLY_INFINITE;
use crate::checksummed::UPPER;
use crate::text_format;
use crate::text_format::{DIGITS, HEX};

/// A code, with its name in the catalogue's files.
#[derive(Debug)]
pub struct Code {
    pub name: &'static str,
    /// The number of codes.
    pub size: u128,
    pub shortest: usize,
    pub longest: usize,
    /// Appends the code of a number below `size`.
    pub write: fn(u128, &mut String),
}

pub fn find(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.name == name)
}

const fn code(name: &'static str, size: u128, length: usize, write: fn(u128, &mut String)) -> Code {
    Code { name, size, shortest: length, longest: length, write }
}

const fn ten(n: u32) -> u128 {
    10u128.pow(n)
}

/// The last `width` decimal digits of `n`.
fn dec(n: u128, width: usize) -> String {
    let mut s = String::new();
    text_format::fixed_base(n, width, DIGITS, &mut s);
    s
}

fn letters(n: u128, width: usize) -> String {
    let mut s = String::new();
    text_format::fixed_base(n, width, UPPER, &mut s);
    s
}

/// One of 40 * 12 * 28 birth dates from 1960 to 1999, as year, month, day.
fn born(n: u128) -> (u32, u32, u32) {
    let n = (n % 13_440) as u32;
    (1960 + n / 336, n / 28 % 12 + 1, n % 28 + 1)
}

const DAYS: u128 = 13_440;

#[rustfmt::skip]
static CODES: &[Code] = &[
    // Prefixes that GS1 assigns to companies.
    code("ean13", ten(11), 13, |n, out| { let s = format!("4{}", dec(n, 11)); out.push_str(&s); out.push(ean(&s)); }),
    code("ean8", ten(6), 8, |n, out| { let s = format!("4{}", dec(n, 6)); out.push_str(&s); out.push(ean(&s)); }),
    code("upc", ten(10), 12, |n, out| { let s = format!("0{}", dec(n, 10)); out.push_str(&s); out.push(ean(&s)); }),
    code("gtin14", ten(11), 14, |n, out| { let s = format!("14{}", dec(n, 11)); out.push_str(&s); out.push(ean(&s)); }),
    code("isbn10", ten(8), 10, isbn10),
    code("isbn13", ten(9), 13, |n, out| { let s = format!("978{}", dec(n, 9)); out.push_str(&s); out.push(ean(&s)); }),
    code("issn", ten(7), 9, issn),
    // Type allocation codes that begin with 00 are for tests.
    code("imei", ten(11), 15, |n, out| { let s = format!("001{}", dec(n, 11)); out.push_str(&s); out.push(luhn(&s)); }),
    code("iccid", ten(11), 19, |n, out| { let s = format!("8999999{}", dec(n, 11)); out.push_str(&s); out.push(luhn(&s)); }),
    Code { name: "bic", size: countries::BICS, shortest: 8, longest: 11, write: countries::bic },
    Code { name: "iban", size: countries::IBANS, shortest: 15, longest: 32, write: countries::iban },
    Code { name: "card", size: 5 * ten(11), shortest: 15, longest: 16, write: card },
    code("vin", ten(13), 17, vin),
    Code { name: "vat", size: countries::VATS, shortest: 10, longest: 14, write: countries::vat },
    // Prefixes that the Internal Revenue Service does not assign.
    code("ein", 8 * ten(7), 10, |n, out| { let _ = write!(out, "{}-{}", [17, 18, 19, 28, 29, 49, 69, 70][(n / ten(7)) as usize], dec(n % ten(7), 7)); }),
    // All numbers assigned so far begin with 1; 2 is reserved.
    code("npi", ten(8), 10, |n, out| { let s = format!("2{}", dec(n, 8)); let check = luhn(&format!("80840{s}")); out.push_str(&s); out.push(check); }),
    code("cusip", ten(8), 9, cusip),
    code("isin", 5 * ten(9), 12, |n, out| { let s = format!("{}{}", ["US", "DE", "FR", "GB", "NL"][(n / ten(9)) as usize], dec(n % ten(9), 9)); out.push_str(&s); out.push(luhn(&s)); }),
    code("sedol", ten(6), 7, |n, out| { let s = dec(n, 6); out.push_str(&s); out.push(digit((10 - weighted(&s, &[1, 3, 1, 7, 3, 9]) % 10) % 10)); }),
    code("lei", ten(14), 20, |n, out| { let s = format!("5493{}", dec(n, 14)); let _ = write!(out, "{s}{:02}", mod_97(&s)); }),
    code("aba", ten(7), 9, |n, out| { let s = format!("0{}", dec(n, 7)); out.push_str(&s); out.push(digit((10 - weighted(&s, &[3, 7, 1, 3, 7, 1, 3, 7]) % 10) % 10)); }),
    code("siren", ten(7), 9, |n, out| { let s = format!("9{}", dec(n, 7)); out.push_str(&s); out.push(luhn(&s)); }),
    code("siret", ten(9), 14, siret),
    code("nir", 2 * DAYS * 95 * 1000, 15, nir),
    code("steuer_id", ten(8), 11, steuer_id),
    // Numbers above 90 million are not assigned yet.
    code("dni", ten(7), 9, |n, out| { let n = 90_000_000 + n as u32; let _ = write!(out, "{n}{}", DNI[n as usize % 23]); }),
    // Numbers above Z7000000 are not assigned yet.
    code("nie", 3 * ten(6), 9, |n, out| { let n = 7_000_000 + n; let _ = write!(out, "Z{n}{}", DNI[(20_000_000 + n) as usize % 23]); }),
    code("cif", ten(7), 9, countries::cif),
    code("codice_fiscale", 2 * DAYS * 676 * 80, 16, codice_fiscale),
    // Digits 8 to 10 are the office: 001 to 121, 888 or 999 are assigned.
    code("partita_iva", 600 * ten(7), 11, |n, out| { let s = format!("{}{}", dec(n % ten(7), 7), 200 + n / ten(7)); out.push_str(&s); out.push(luhn(&s)); }),
    code("cpf", ten(9), 14, cpf),
    code("cnpj", ten(8), 18, cnpj),
    // Of the numbers that begin with 4, only those with 45 are assigned.
    code("nif_pt", 5 * ten(6), 9, |n, out| { let s = format!("4{}", dec(n, 7)); out.push_str(&s); out.push(eleven(&s, &[9, 8, 7, 6, 5, 4, 3, 2])); }),
    // Numbers that begin with 9 are for tests.
    code("bsn", 5 * ten(6), 9, bsn),
    code("pesel", DAYS * 10_000, 11, pesel),
    code("nip", ten(8), 10, countries::nip),
    code("regon", ten(8), 9, |n, out| { let s = dec(n, 8); out.push_str(&s); out.push(digit(weighted(&s, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10)); }),
    // Numbers of foreigners begin with 97 to 99, those of citizens are far below 90.
    code("tckn", 6 * ten(7), 11, tckn),
    // There is no region 00.
    code("inn", ten(7), 10, |n, out| { let s = format!("00{}", dec(n, 7)); out.push_str(&s); out.push(digit(weighted(&s, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10)); }),
    code("inn_person", ten(8), 12, inn_person),
    // Numbers that begin with 9 are not assigned yet.
    code("snils", ten(8), 14, snils),
    code("ogrn", 23 * ten(7), 13, |n, out| { let s = format!("1{:02}00{}", 2 + n / ten(7), dec(n % ten(7), 7)); let check = s.parse::<u64>().map_or(0, |n| n % 11 % 10); let _ = write!(out, "{s}{check}"); }),
    code("curp", 2 * DAYS * ten(4), 18, curp),
    code("rfc", DAYS * 26 * 26 * 26, 13, rfc),
    // 999 is reserved for tests.
    code("nhs", ten(6), 10, nhs),
    code("abn", ten(9), 11, |n, out| { let s = dec(n, 9); let _ = write!(out, "{}{s}", abn_check(&s)); }),
    code("tfn", ten(7), 9, tfn),
    // Numbers that begin with 0 are not assigned to people.
    code("sin", ten(7), 9, |n, out| { let s = format!("0{}", dec(n, 7)); out.push_str(&s); out.push(luhn(&s)); }),
    // Assigned numbers do not begin with 0 or 1.
    code("aadhaar", ten(10), 12, |n, out| { let s = format!("1{}", dec(n, 10)); out.push_str(&s); out.push(verhoeff(&s)); }),
    code("gstin", 36 * 11_881_376, 15, gstin),
    code("my_number", ten(11), 12, my_number),
    code("chinese_id", DAYS * 1000, 18, chinese_id),
    // The Swedish Tax Agency reserves the numbers from 980 on for tests.
    code("personnummer", DAYS * 20, 11, personnummer),
    code("hetu", DAYS * 100, 11, hetu),
    code("rodne_cislo", DAYS * 900, 11, rodne_cislo),
    code("fodselsnummer", DAYS * 100, 12, fodselsnummer),
    code("rrn", DAYS * 8000, 14, rrn),
    code("utr", ten(9), 10, utr),
    code("ahv", ten(9), 16, |n, out| { let s = format!("756{}", dec(n, 9)); let _ = write!(out, "756.{}.{}.{}{}", &s[3..7], &s[7..11], &s[11..], ean(&s)); }),
    // Areas 773 to 872, which were not assigned while areas had a meaning (until 2011). Areas that are never assigned
    // (000, 666, 9xx, which tax numbers use) would not pass format checks.
    code("ssn", 100 * 99 * 9999, 11, |n, out| { let _ = write!(out, "{}-{:02}-{:04}", 773 + n / 989_901, n / 9999 % 99 + 1, n % 9999 + 1); }),
    // Letters that passports do not use, because they are easily confused.
    Code { name: "passport", size: 4 * ten(8), shortest: 9, longest: 9, write: |n, out| { let _ = write!(out, "{}{}", char::from(b"QOUI"[(n / ten(8)) as usize]), dec(n % ten(8), 8)); } },
    code("ulid", 1 << 80, 26, ulid),
    code("uuid1", 1 << 95, 36, uuid1),
    code("uuid7", 1 << 74, 36, uuid7),
    code("object_id", 1 << 88, 24, |n, out| { let _ = write!(out, "{:08x}{:016x}", 0x6080_0000 + ((n >> 64) & 0x7ff_ffff), n as u64); }),
    Code { name: "jwt", size: PRACTICALLY_INFINITE, shortest: 165, longest: 165, write: jwt },
    Code { name: "base64", size: PRACTICALLY_INFINITE, shortest: 44, longest: 44, write: base64 },
    Code { name: "cron", size: 5 * 60 * 24, shortest: 9, longest: 17, write: cron },
    code("geohash", 1 << 40, 9, geohash),
    code("container", 4 * ten(6), 11, container),
    code("imo", 9 * ten(5), 10, |n, out| { let s = dec(ten(5) + n, 6); let _ = write!(out, "IMO{s}{}", weighted(&s, &[7, 6, 5, 4, 3, 2]) % 10); }),
    Code { name: "icd10", size: 21 * 70 * 10, shortest: 5, longest: 5, write: |n, out| { let _ = write!(out, "{}{:02}.{}", char::from(b"ABCDEFGHIJKLMNOPQRSTZ"[(n / 700) as usize]), n / 10 % 70, n % 10); } },
    code("orcid", ten(8), 19, orcid),
    Code { name: "crypto_address", size: PRACTICALLY_INFINITE, shortest: 42, longest: 42, write: crypto_address },
];

const DNI: [char; 23] =
    ['T', 'R', 'W', 'A', 'G', 'M', 'Y', 'F', 'P', 'D', 'X', 'B', 'N', 'J', 'Z', 'S', 'Q', 'V', 'H', 'L', 'C', 'K', 'E'];

/// A check digit modulo 11, where 10 and 11 become 0.
pub(super) fn eleven(text: &str, weights: &[u32]) -> char {
    let rest = weighted(text, weights) % 11;
    digit(if rest < 2 { 0 } else { 11 - rest })
}

fn isbn10(n: u128, out: &mut String) {
    let s = format!("3{}", dec(n, 8));
    let check = (11 - weighted(&s, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    out.push_str(&s);
    out.push(if check == 10 { 'X' } else { digit(check) });
}

fn issn(n: u128, out: &mut String) {
    let s = dec(n, 7);
    let check = (11 - weighted(&s, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    let _ = write!(out, "{}-{}{}", &s[..4], &s[4..], if check == 10 { 'X' } else { digit(check) });
}

/// Numbers of five brands, with prefixes that the payment networks reserve for tests.
fn card(n: u128, out: &mut String) {
    let (brand, rest) = (n % 5, n / 5);
    let s = match brand {
        0 => format!("4111{}", dec(rest, 11)),
        1 => format!("5555{}", dec(rest, 11)),
        2 => format!("378{}", dec(rest, 11)),
        3 => format!("6011{}", dec(rest, 11)),
        _ => format!("3566{}", dec(rest, 11)),
    };
    out.push_str(&s);
    out.push(luhn(&s));
}

fn vin(n: u128, out: &mut String) {
    const MAKERS: [&str; 10] = ["1FA", "1G1", "WVW", "WBA", "WDB", "VF1", "VF3", "JT2", "JHM", "YV1"];
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    const VALUES: [u32; 33] =
        [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let serial = dec(n / 10 % ten(6), 6);
    let mut rest = n / ten(7);
    let mut next = |alphabet: &'static [u8]| {
        let c = alphabet[(rest % alphabet.len() as u128) as usize];
        rest /= alphabet.len() as u128;
        char::from(c)
    };
    // Model, body, engine; then the model year and the plant.
    let middle: String = (0..3).map(|_| next(b"ABCDEFGHJK")).chain((0..2).map(|_| '4')).collect();
    let (year, plant) = (next(b"DEFGHJKLMN"), next(b"ABCDEFGHJK"));
    let decade = next(b"12345678UX");
    let mut text: Vec<u8> = format!("{}{middle}0{year}{plant}{serial}", MAKERS[(n % 10) as usize]).into_bytes();
    text[6] = decade as u8;
    let value = |b: u8| LETTERS.iter().position(|l| *l == b).map_or(0, |i| VALUES[i]);
    let sum: u32 = text.iter().zip(WEIGHTS).map(|(b, w)| value(*b) * w).sum();
    text[8] = b"0123456789X"[(sum % 11) as usize];
    out.push_str(&String::from_utf8_lossy(&text));
}

fn cusip(n: u128, out: &mut String) {
    let s = dec(n, 8);
    let sum: u32 =
        values(&s).enumerate().map(|(i, v)| v * if i % 2 == 1 { 2 } else { 1 }).map(|v| v / 10 + v % 10).sum();
    out.push_str(&s);
    out.push(digit((10 - sum % 10) % 10));
}

fn siret(n: u128, out: &mut String) {
    let siren = format!("9{}", dec(n / 100, 7));
    let siren = format!("{siren}{}", luhn(&siren));
    let s = format!("{siren}{}", dec(n % 100 + 1, 4));
    out.push_str(&s);
    out.push(luhn(&s));
}

fn nir(n: u128, out: &mut String) {
    let (sex, rest) = (n % 2 + 1, n / 2);
    let (year, month, _) = born(rest % DAYS);
    let (place, order) = (rest / DAYS % 95 + 1, rest / DAYS / 95 % 1000);
    let day = rest % 28;
    // No department has a commune with number 990.
    let place = if place == 20 { 19 } else { place };
    let s = format!("{sex}{:02}{month:02}{place:02}{:03}{order:03}", year % 100, 960 + day);
    let check = 97 - s.parse::<u64>().map_or(0, |n| n % 97);
    let _ = write!(out, "{s}{check:02}");
}

/// Ten digits, one of which occurs twice; numbers that begin with 0 are for tests.
fn steuer_id(n: u128, out: &mut String) {
    let mut left: Vec<u32> = (1..10).collect();
    let (mut rest, mut digits) = (n, vec![0]);
    for _ in 0..8 {
        let i = (rest % left.len() as u128) as usize;
        rest /= left.len() as u128;
        digits.push(left.remove(i));
    }
    // The remaining digit is omitted, another one occurs twice.
    let twice = (rest % 8) as usize + 1;
    let after = digits[twice];
    digits.insert((twice + 3).min(9), after);
    let s: String = digits.into_iter().map(digit).collect();
    out.push_str(&s);
    out.push(mod_11_10(&s));
}

fn codice_fiscale(n: u128, out: &mut String) {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
        10, 22, 25, 24, 23,
    ];
    const MONTHS: &[u8] = b"ABCDEHLMPRST";
    let (female, rest) = (n % 2 == 1, n / 2);
    let (year, month, day) = born(rest % DAYS);
    let names = rest / DAYS;
    let name = |n: u128| char::from(b"BCDFGLMNPRSTVZBCDFGLMNPRST"[(n % 26) as usize]);
    let month = char::from(MONTHS[month as usize - 1]);
    let (one, two) = (name(names), name(names / 26));
    // Places of birth abroad have the letter Z; codes from Z920 on are not assigned.
    let s = format!(
        "{one}RS{two}NC{:02}{month}{:02}Z9{:02}",
        year % 100,
        day + if female { 40 } else { 0 },
        20 + names / 676 % 80
    );
    let sum: u32 = values(&s)
        .enumerate()
        .map(|(i, v)| {
            if i % 2 == 0 {
                ODD[v as usize]
            } else if v > 9 {
                v - 10
            } else {
                v
            }
        })
        .sum();
    out.push_str(&s);
    out.push(char::from(b'A' + (sum % 26) as u8));
}

fn cpf(n: u128, out: &mut String) {
    let s = dec(n, 9);
    let digits = |s: &str, first: u32| {
        let sum: u32 = values(s).zip((2..=first).rev()).map(|(d, w)| d * w).sum();
        digit(sum * 10 % 11 % 10)
    };
    let one = digits(&s, 10);
    let two = digits(&format!("{s}{one}"), 11);
    let _ = write!(out, "{}.{}.{}-{one}{two}", &s[..3], &s[3..6], &s[6..]);
}

fn cnpj(n: u128, out: &mut String) {
    let s = format!("{}0001", dec(n, 8));
    let one = eleven(&s, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    let two = eleven(&format!("{s}{one}"), &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    let _ = write!(out, "{}.{}.{}/{}-{one}{two}", &s[..2], &s[2..5], &s[5..8], &s[8..]);
}

/// The last digit is the remainder of the weighted sum, which must not be ten.
fn bsn(n: u128, out: &mut String) {
    let (pair, rest) = (n / ten(6) * 2, dec(n % ten(6), 6));
    // The second digit has the weight eight, so that its successor gives another remainder.
    let numbers = [pair, pair + 1].map(|second| format!("9{second}{rest}"));
    let checked = numbers.iter().map(|s| (s, weighted(s, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11));
    let (s, check) = checked.into_iter().find(|(_, check)| *check < 10).expect("one of two has a digit");
    out.push_str(s);
    out.push(digit(check));
}

/// The number indicates a birth in the 23rd century.
fn pesel(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("{:02}{:02}{day:02}{:04}", year % 100, month + 60, n / DAYS);
    let check = (10 - weighted(&s, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
    let _ = write!(out, "{s}{check}");
}

fn tckn(n: u128, out: &mut String) {
    let s = dec(9 * ten(8) + n, 9);
    let d: Vec<i64> = values(&s).map(i64::from).collect();
    let (odd, even) = (d[0] + d[2] + d[4] + d[6] + d[8], d[1] + d[3] + d[5] + d[7]);
    let ten = (odd * 7 - even).rem_euclid(10);
    let _ = write!(out, "{s}{ten}{}", (odd + even + ten) % 10);
}

fn inn_person(n: u128, out: &mut String) {
    let s = format!("00{}", dec(n, 8));
    let one = weighted(&s, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let s = format!("{s}{one}");
    let two = weighted(&s, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let _ = write!(out, "{s}{two}");
}

fn snils(n: u128, out: &mut String) {
    let s = format!("9{}", dec(n, 8));
    let check = weighted(&s, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    let _ = write!(out, "{}-{}-{} {check:02}", &s[..3], &s[3..6], &s[6..]);
}

/// The number of a state that does not exist.
fn curp(n: u128, out: &mut String) {
    const LETTERS: &str = "0123456789ABCDEFGHIJKLMN_OPQRSTUVWXYZ";
    let (sex, rest) = (["H", "M"][(n % 2) as usize], n / 2);
    let (year, month, day) = born(rest % DAYS);
    let rest = rest / DAYS;
    let c = |n: u128| char::from(b"BCDFGHJLMN"[(n % 10) as usize]);
    let s = format!(
        "{}A{}{}{:02}{month:02}{day:02}{sex}XX{}RS0",
        c(rest),
        c(rest / 10),
        c(rest / 100),
        year % 100,
        c(rest / 1000)
    );
    let place = |c: char| LETTERS.chars().position(|l| l == c).unwrap_or(0) as u32;
    let sum: u32 = s.chars().zip((2..=18).rev()).map(|(c, w)| place(c) * w).sum();
    let _ = write!(out, "{s}{}", (10 - sum % 10) % 10);
}

/// The two characters before the check digit are not 0.
fn rfc(n: u128, out: &mut String) {
    const LETTERS: &str = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ ";
    let (year, month, day) = born(n % DAYS);
    let s = letters(n / DAYS, 3);
    let s = format!("{}A{}{:02}{month:02}{day:02}00", &s[..1], &s[1..], year % 100);
    let place = |c: char| LETTERS.chars().position(|l| l == c).unwrap_or(0) as u32;
    let sum: u32 = s.chars().zip((2..=13).rev()).map(|(c, w)| place(c) * w).sum();
    let check = (11 - sum % 11) % 11;
    let _ = write!(out, "{s}{}", if check == 10 { 'A' } else { digit(check) });
}

fn nhs(n: u128, out: &mut String) {
    let weights = [10, 9, 8, 7, 6, 5, 4, 3, 2];
    let check = |s: &str| (11 - weighted(s, &weights) % 11) % 11;
    let mut s = format!("999{}", dec(n, 6));
    if check(&s) == 10 {
        s = format!("998{}", dec(n, 6));
    }
    let c = check(&s);
    let _ = write!(out, "{s}{}", if c == 10 { 0 } else { c });
}

/// The two digits before the nine others that make the weighted sum a multiple of 89.
fn abn_check(nine: &str) -> String {
    let rest = weighted(nine, &[3, 5, 7, 9, 11, 13, 15, 17, 19]);
    let fits = |pair: &u32| (10 * (pair / 10 - 1) + pair % 10 + rest).is_multiple_of(89);
    let pair = (10..100).find(fits).unwrap_or(10);
    pair.to_string()
}

fn tfn(n: u128, out: &mut String) {
    let weights = [1, 4, 3, 7, 5, 8, 6, 9];
    // The last digit has the weight ten: one exists for every remainder except one.
    let last = |s: &str| (0..10).find(|d| (weighted(s, &weights) + 10 * d).is_multiple_of(11));
    let first = [1, 2, 3].map(|d| format!("{d}{}", dec(n, 7)));
    let (s, d) = first.iter().find_map(|s| Some((s, last(s)?))).expect("only one remainder has no digit");
    let _ = write!(out, "{s}{d}");
}

/// The number of a person whose tax number has the series 0000; series begin with 0001.
fn gstin(n: u128, out: &mut String) {
    let state = [27, 29, 33, 7, 9, 24, 19, 36, 32, 6][(n % 9) as usize];
    let rest = n / 9;
    let s = letters(rest / 4, 5);
    let s = format!("{state:02}{}P{}0000{}{}Z", &s[..3], &s[3..4], &s[4..], 1 + rest % 4);
    let sum: u32 =
        values(&s).enumerate().map(|(i, v)| v * if i % 2 == 1 { 2 } else { 1 }).map(|v| v / 36 + v % 36).sum();
    let _ = write!(out, "{s}{}", digit((36 - sum % 36) % 36));
}

fn my_number(n: u128, out: &mut String) {
    let s = dec(n, 11);
    let sum: u32 = values(&s).rev().enumerate().map(|(i, d)| d * if i < 6 { i as u32 + 2 } else { i as u32 - 4 }).sum();
    let rest = sum % 11;
    let _ = write!(out, "{s}{}", if rest < 2 { 0 } else { 11 - rest });
}

/// The number of a district that does not exist.
fn chinese_id(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("110199{year}{month:02}{day:02}{:03}", n / DAYS);
    let sum = weighted(&s, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let _ = write!(out, "{s}{}", char::from(b"10X98765432"[(sum % 11) as usize]));
}

fn personnummer(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("{:02}{month:02}{day:02}{}", year % 100, 980 + n / DAYS);
    let _ = write!(out, "{}-{}{}", &s[..6], &s[6..], luhn(&s));
}

/// Numbers from 900 on are for tests.
fn hetu(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let (date, number) = (format!("{day:02}{month:02}{:02}", year % 100), 900 + n / DAYS);
    let check = format!("{date}{number}").parse::<usize>().map_or(0, |n| n % 31);
    let _ = write!(out, "{date}-{number}{}", char::from(b"0123456789ABCDEFHJKLMNPRSTUVWXY"[check]));
}

/// The month plus 20, as for days whose numbers are exhausted, which never applied to births before 2004.
fn rodne_cislo(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("{:02}{:02}{day:02}{:03}", year % 100, month + 20, 100 + n / DAYS);
    let check = remainder(&s, 11);
    let _ = write!(out, "{}/{}{}", &s[..6], &s[6..], check % 10);
}

/// The month plus 80, as for the fictitious people in the tax administration's tests.
fn fodselsnummer(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let check = |s: &str, weights: &[u32]| (11 - weighted(s, weights) % 11) % 11;
    // In five consecutive numbers, each of the two check digits is ten at most once.
    let numbers = (0..5).map(|i| format!("{day:02}{:02}{:02}{:03}", month + 80, year % 100, n / DAYS * 5 + i));
    let checked = |s: String| {
        let one = check(&s, &[3, 7, 6, 1, 8, 9, 4, 5, 2]);
        let two = check(&format!("{s}{}", one % 10), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
        (one < 10 && two < 10).then(|| format!("{} {}{one}{two}", &s[..6], &s[6..]))
    };
    out.push_str(&numbers.filter_map(checked).next().expect("three of five have digits"));
}

/// Places of birth end with 95.
fn rrn(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let rest = n / DAYS;
    let s = format!("{:02}{month:02}{day:02}{}{}", year % 100, rest % 2 + 1, 96_000 + rest / 2);
    let check = (11 - weighted(&s, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    let _ = write!(out, "{}-{}{check}", &s[..6], &s[6..]);
}

/// The check digit comes first.
fn utr(n: u128, out: &mut String) {
    let s = dec(n, 9);
    let rest = weighted(&s, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    let _ = write!(out, "{}{s}", char::from(b"21987654321"[rest as usize]));
}

const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A timestamp of 2022 to 2025 in milliseconds, then random bits.
fn millis(n: u128) -> u128 {
    1_640_995_200_000 + text_format::scramble(n, 100) % 126_230_400_000
}

fn ulid(n: u128, out: &mut String) {
    text_format::fixed_base(millis(n), 10, CROCKFORD, out);
    text_format::fixed_base(text_format::scramble(n, 80), 16, CROCKFORD, out);
}

fn uuid7(n: u128, out: &mut String) {
    let random = text_format::scramble(n, 74);
    let n = millis(n) << 80 | 0x7 << 76 | ((random >> 62) & 0xfff) << 64 | 0b10 << 62 | (random & ((1 << 62) - 1));
    text_format::hex_groups(n, &[8, 4, 4, 4, 12], '-', out);
}

/// The timestamp's low bits first, as in version 1; a node identifier without a manufacturer.
fn uuid1(n: u128, out: &mut String) {
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
fn jwt(n: u128, out: &mut String) {
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

fn base64(n: u128, out: &mut String) {
    encoded(&bytes::<33>(n), false, out);
}

fn cron(n: u128, out: &mut String) {
    let (minute, hour) = (n % 60, n / 60 % 24);
    let _ = match n / 1440 {
        0 => write!(out, "{minute} {hour} * * *"),
        1 => write!(out, "{minute} {hour} * * 1-5"),
        2 => write!(out, "{minute} {hour} * * {}", n % 7),
        3 => write!(out, "{minute} {hour} {} * *", n % 28 + 1),
        _ => write!(out, "{}-59/{} {hour} * * *", minute, [5, 10, 15, 20, 30][n as usize % 5]),
    };
}

fn geohash(n: u128, out: &mut String) {
    const LETTERS: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let first = [b"u0", b"gc", b"dr", b"9q", b"u3"][(n % 5) as usize];
    out.push_str(std::str::from_utf8(first).expect("letters"));
    text_format::fixed_base(n / 5, 7, LETTERS, out);
}

fn container(n: u128, out: &mut String) {
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

fn orcid(n: u128, out: &mut String) {
    let s = format!("0000000{}", dec(n, 8));
    let sum = values(&s).fold(0, |sum, d| (sum + d) * 2 % 11);
    let check = (12 - sum) % 11;
    let check = if check == 10 { 'X' } else { digit(check) };
    let _ = write!(out, "{}-{}-{}-{}{check}", &s[..4], &s[4..8], &s[8..12], &s[12..]);
}

/// An Ethereum address, or a SegWit address of Bitcoin.
fn crypto_address(n: u128, out: &mut String) {
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
