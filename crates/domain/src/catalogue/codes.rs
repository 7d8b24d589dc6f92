//! Codes with check digits: each is a bijection from the numbers below a size to texts.
//!
//! National numbers are in ranges that the authority does not assign, as far as the format allows it; a comment at each
//! code names the range.

use std::fmt::Write;

use super::check_digits::{digit, ean, luhn, mod_97, values, verhoeff, weighted};
use super::countries;
use crate::PRACTICALLY_INFINITE;
use crate::checksummed::UPPER;
use crate::text_format;
use crate::text_format::DIGITS;

mod national;
mod technical;

use national::{
    abn_check, bsn, chinese_id, cnpj, codice_fiscale, cpf, curp, fodselsnummer, gstin, hetu, inn_person, my_number,
    nhs, nir, personnummer, pesel, rfc, rodne_cislo, rrn, siret, snils, steuer_id, tckn, tfn, utr,
};
use technical::{base64, container, cron, crypto_address, geohash, jwt, orcid, ulid, uuid1, uuid7};

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
    // The extension digit, the company's prefix and its number for the unit.
    code("sscc", 2 * ten(15), 18, |n, out| { let s = format!("{}4{}", ["0", "3"][(n / ten(15)) as usize], dec(n % ten(15), 15)); out.push_str(&s); out.push(ean(&s)); }),
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
