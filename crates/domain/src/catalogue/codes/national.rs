//! Numbers that countries give to people and companies.

use std::fmt::Write;

use super::{DAYS, born, dec, eleven, letters, ten};
use crate::catalogue::check_digits::{digit, luhn, mod_11_10, remainder, values, weighted};

pub(super) fn siret(n: u128, out: &mut String) {
    let siren = format!("9{}", dec(n / 100, 7));
    let siren = format!("{siren}{}", luhn(&siren));
    let s = format!("{siren}{}", dec(n % 100 + 1, 4));
    out.push_str(&s);
    out.push(luhn(&s));
}

pub(super) fn nir(n: u128, out: &mut String) {
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
pub(super) fn steuer_id(n: u128, out: &mut String) {
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

pub(super) fn codice_fiscale(n: u128, out: &mut String) {
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

pub(super) fn cpf(n: u128, out: &mut String) {
    let s = dec(n, 9);
    let digits = |s: &str, first: u32| {
        let sum: u32 = values(s).zip((2..=first).rev()).map(|(d, w)| d * w).sum();
        digit(sum * 10 % 11 % 10)
    };
    let one = digits(&s, 10);
    let two = digits(&format!("{s}{one}"), 11);
    let _ = write!(out, "{}.{}.{}-{one}{two}", &s[..3], &s[3..6], &s[6..]);
}

pub(super) fn cnpj(n: u128, out: &mut String) {
    let s = format!("{}0001", dec(n, 8));
    let one = eleven(&s, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    let two = eleven(&format!("{s}{one}"), &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    let _ = write!(out, "{}.{}.{}/{}-{one}{two}", &s[..2], &s[2..5], &s[5..8], &s[8..]);
}

/// The last digit is the remainder of the weighted sum, which must not be ten.
pub(super) fn bsn(n: u128, out: &mut String) {
    let (pair, rest) = (n / ten(6) * 2, dec(n % ten(6), 6));
    // The second digit has the weight eight, so that its successor gives another remainder.
    let numbers = [pair, pair + 1].map(|second| format!("9{second}{rest}"));
    let checked = numbers.iter().map(|s| (s, weighted(s, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11));
    let (s, check) = checked.into_iter().find(|(_, check)| *check < 10).expect("one of two has a digit");
    out.push_str(s);
    out.push(digit(check));
}

/// The number indicates a birth in the 23rd century.
pub(super) fn pesel(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("{:02}{:02}{day:02}{:04}", year % 100, month + 60, n / DAYS);
    let check = (10 - weighted(&s, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
    let _ = write!(out, "{s}{check}");
}

pub(super) fn tckn(n: u128, out: &mut String) {
    let s = dec(9 * ten(8) + n, 9);
    let d: Vec<i64> = values(&s).map(i64::from).collect();
    let (odd, even) = (d[0] + d[2] + d[4] + d[6] + d[8], d[1] + d[3] + d[5] + d[7]);
    let ten = (odd * 7 - even).rem_euclid(10);
    let _ = write!(out, "{s}{ten}{}", (odd + even + ten) % 10);
}

pub(super) fn inn_person(n: u128, out: &mut String) {
    let s = format!("00{}", dec(n, 8));
    let one = weighted(&s, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let s = format!("{s}{one}");
    let two = weighted(&s, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let _ = write!(out, "{s}{two}");
}

pub(super) fn snils(n: u128, out: &mut String) {
    let s = format!("9{}", dec(n, 8));
    let check = weighted(&s, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    let _ = write!(out, "{}-{}-{} {check:02}", &s[..3], &s[3..6], &s[6..]);
}

/// The number of a state that does not exist.
pub(super) fn curp(n: u128, out: &mut String) {
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
pub(super) fn rfc(n: u128, out: &mut String) {
    const LETTERS: &str = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ ";
    let (year, month, day) = born(n % DAYS);
    let s = letters(n / DAYS, 3);
    let s = format!("{}A{}{:02}{month:02}{day:02}00", &s[..1], &s[1..], year % 100);
    let place = |c: char| LETTERS.chars().position(|l| l == c).unwrap_or(0) as u32;
    let sum: u32 = s.chars().zip((2..=13).rev()).map(|(c, w)| place(c) * w).sum();
    let check = (11 - sum % 11) % 11;
    let _ = write!(out, "{s}{}", if check == 10 { 'A' } else { digit(check) });
}

pub(super) fn nhs(n: u128, out: &mut String) {
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
pub(super) fn abn_check(nine: &str) -> String {
    let rest = weighted(nine, &[3, 5, 7, 9, 11, 13, 15, 17, 19]);
    let fits = |pair: &u32| (10 * (pair / 10 - 1) + pair % 10 + rest).is_multiple_of(89);
    let pair = (10..100).find(fits).unwrap_or(10);
    pair.to_string()
}

pub(super) fn tfn(n: u128, out: &mut String) {
    let weights = [1, 4, 3, 7, 5, 8, 6, 9];
    // The last digit has the weight ten: one exists for every remainder except one.
    let last = |s: &str| (0..10).find(|d| (weighted(s, &weights) + 10 * d).is_multiple_of(11));
    let first = [1, 2, 3].map(|d| format!("{d}{}", dec(n, 7)));
    let (s, d) = first.iter().find_map(|s| Some((s, last(s)?))).expect("only one remainder has no digit");
    let _ = write!(out, "{s}{d}");
}

/// The number of a person whose tax number has the series 0000; series begin with 0001.
pub(super) fn gstin(n: u128, out: &mut String) {
    let state = [27, 29, 33, 7, 9, 24, 19, 36, 32, 6][(n % 9) as usize];
    let rest = n / 9;
    let s = letters(rest / 4, 5);
    let s = format!("{state:02}{}P{}0000{}{}Z", &s[..3], &s[3..4], &s[4..], 1 + rest % 4);
    let sum: u32 =
        values(&s).enumerate().map(|(i, v)| v * if i % 2 == 1 { 2 } else { 1 }).map(|v| v / 36 + v % 36).sum();
    let _ = write!(out, "{s}{}", digit((36 - sum % 36) % 36));
}

pub(super) fn my_number(n: u128, out: &mut String) {
    let s = dec(n, 11);
    let sum: u32 = values(&s).rev().enumerate().map(|(i, d)| d * if i < 6 { i as u32 + 2 } else { i as u32 - 4 }).sum();
    let rest = sum % 11;
    let _ = write!(out, "{s}{}", if rest < 2 { 0 } else { 11 - rest });
}

/// The number of a district that does not exist.
pub(super) fn chinese_id(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("110199{year}{month:02}{day:02}{:03}", n / DAYS);
    let sum = weighted(&s, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let _ = write!(out, "{s}{}", char::from(b"10X98765432"[(sum % 11) as usize]));
}

pub(super) fn personnummer(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("{:02}{month:02}{day:02}{}", year % 100, 980 + n / DAYS);
    let _ = write!(out, "{}-{}{}", &s[..6], &s[6..], luhn(&s));
}

/// Numbers from 900 on are for tests.
pub(super) fn hetu(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let (date, number) = (format!("{day:02}{month:02}{:02}", year % 100), 900 + n / DAYS);
    let check = format!("{date}{number}").parse::<usize>().map_or(0, |n| n % 31);
    let _ = write!(out, "{date}-{number}{}", char::from(b"0123456789ABCDEFHJKLMNPRSTUVWXY"[check]));
}

/// The month plus 20, as for days whose numbers are exhausted, which never applied to births before 2004.
pub(super) fn rodne_cislo(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let s = format!("{:02}{:02}{day:02}{:03}", year % 100, month + 20, 100 + n / DAYS);
    let check = remainder(&s, 11);
    let _ = write!(out, "{}/{}{}", &s[..6], &s[6..], check % 10);
}

/// The month plus 80, as for the fictitious people in the tax administration's tests.
pub(super) fn fodselsnummer(n: u128, out: &mut String) {
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
pub(super) fn rrn(n: u128, out: &mut String) {
    let (year, month, day) = born(n % DAYS);
    let rest = n / DAYS;
    let s = format!("{:02}{month:02}{day:02}{}{}", year % 100, rest % 2 + 1, 96_000 + rest / 2);
    let check = (11 - weighted(&s, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    let _ = write!(out, "{}-{}{check}", &s[..6], &s[6..]);
}

/// The check digit comes first.
pub(super) fn utr(n: u128, out: &mut String) {
    let s = dec(n, 9);
    let rest = weighted(&s, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    let _ = write!(out, "{}{s}", char::from(b"21987654321"[rest as usize]));
}
