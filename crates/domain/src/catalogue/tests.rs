use std::collections::HashSet;

use super::*;
use crate::fold::fold;

type Write = Box<dyn Fn(u128, &mut String)>;

fn drawn(name: &str, seed: u64) -> String {
    let mut out = String::new();
    Named::find(name).unwrap_or_else(|| panic!("{name}")).entry().draw(200, &mut CellRng::new(seed), &mut out);
    out
}

#[test]
fn the_files_are_valid() {
    if let Err(error) = Catalogue::read(&FILES) {
        panic!("{error}");
    }
    assert!(Named::all().count() >= 240, "{} kinds", Named::all().count());
}

#[test]
fn errors_name_file_and_line() {
    let wrong = |text: &str| Catalogue::read(&[("x.txt", text)]).expect_err("not a catalogue").to_string();
    assert_eq!(wrong("[a] A\ncolour"), "x.txt:2: expected a name, a space, then `=`, `:` or `!`");
    assert_eq!(wrong("\nsize = S *x1 | M *0"), "x.txt:2: the weight `0` is not a whole number from 1 to 10000");
    assert_eq!(wrong("code : {digits}"), "x.txt:1: `{digits}`: no list or earlier template of this name");
    assert_eq!(wrong("code : {int:9-1}"), "x.txt:1: `{int:9-1}`: expected a range such as `{int:1-99}`");
    assert_eq!(wrong("a = b\na = c"), "x.txt:2: `a` is defined twice");
}

#[test]
fn texts_fit_and_are_not_empty_with_the_needed_room() {
    for kind in Named::all() {
        let entry = kind.entry();
        for seed in 0..50 {
            for room in [1, 3, 8, 16, 40, 200] {
                let mut out = String::new();
                entry.draw(room, &mut CellRng::new(seed), &mut out);
                assert!(out.len() <= room, "{kind:?} in {room}: {out}");
                assert!(!out.is_empty() || room < entry.need(), "{kind:?} in {room}");
            }
        }
    }
}

/// They differ under collations that ignore letter case and accents.
#[test]
fn enumerated_texts_differ() {
    for kind in Named::all() {
        let (size, write): (u128, Write) = match &kind.entry().body {
            EntryBody::Code(code) => (code.size, Box::new(code.write)),
            EntryBody::Template(t) => (t.size(usize::MAX), Box::new(|i, out: &mut String| t.write(i, out))),
            EntryBody::List(words) => {
                (words.len() as u128, Box::new(|i, out: &mut String| words.write(i as usize, out)))
            }
        };
        let mut seen = HashSet::new();
        for k in 0..4000u128.min(size) {
            let i = if size <= 4000 || k < 2000 { k } else { size / 4000 * k };
            let mut out = String::new();
            write(i, &mut out);
            assert!(seen.insert(fold(&out)), "{kind:?} {i}: {out} twice");
            if let EntryBody::Code(code) = &kind.entry().body {
                assert!((code.shortest..=code.longest).contains(&out.len()), "{kind:?}: {out}");
            }
        }
    }
}

#[test]
fn codes_have_the_check_digits_of_published_examples() {
    let written = |name: &str, i: u128| {
        let EntryBody::Code(code) = &Named::find(name).expect(name).entry().body else { panic!("{name}") };
        let mut out = String::new();
        (code.write)(i, &mut out);
        out
    };
    assert_eq!(written("isbn13", 30_640_615), "9780306406157");
    assert_eq!(written("ean13", 638_133_393), "4006381333931");
    assert_eq!(written("sscc", 123_456_789_012_000), "041234567890120006");
    assert_eq!(written("issn", 378_595), "0378-5955");
    assert_eq!(written("dni", 9_999_999), "99999999R");
    let account = |country: &str| {
        let mut out = String::new();
        assert!(iban_of(country, 532_013_000, &mut out));
        out
    };
    for (country, length) in [("DE", 22), ("FR", 27), ("GB", 22), ("NO", 15), ("IT", 27), ("ES", 24), ("PL", 28)] {
        let iban = account(country);
        assert_eq!((iban.len(), &iban[..2]), (length, country), "{iban}");
        let turned = format!("{}{}", &iban[4..], &iban[..4]);
        assert_eq!(check_digits::remainder(&turned, 97), 1, "{iban}");
    }
}

#[test]
fn every_country_has_a_vat_number() {
    let written = |country: &str, n: u128| {
        let mut out = String::new();
        vat_of(country, n, &mut out);
        out
    };
    assert_eq!(written("HU", 1_289_231), "HU12892312");
    assert_eq!(written("RO", 854_729), "RO18547290");
    let sum = |text: &str, weights: &[u32]| check_digits::weighted(text, weights);
    for n in (0..10_000_000).step_by(76_543) {
        let gb = written("GB", n);
        let two: u32 = gb[9..].parse().expect("two digits");
        assert_eq!((sum(&gb[2..9], &[8, 7, 6, 5, 4, 3, 2]) + two) % 97, 0, "{gb}");
        let ch = written("CH", n);
        assert_eq!((ch.len(), sum(&ch[3..], &[5, 4, 3, 2, 7, 6, 5, 4, 1]) % 11), (12, 0), "{ch}");
        let no = written("NO", n);
        assert_eq!((no.len(), sum(&no[2..11], &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11), (14, 0), "{no}");
        for country in crate::locale::places::countries() {
            let text = written(country.codes[0], n);
            let fits = text.is_ascii() && (10..=14).contains(&text.len());
            assert!(fits && text[..2].bytes().all(|b| b.is_ascii_uppercase()), "{text}");
        }
    }
}

/// Each number is in a range that its authority does not assign, and its check digits are correct.
#[test]
fn national_numbers_are_in_unassigned_ranges() {
    for (name, pattern) in [
        ("ssn", r"^(77[3-9]|7[89]\d|8[0-6]\d|87[0-2])-(0[1-9]|[1-9]\d)-\d{4}$"),
        ("ein", r"^(17|18|19|28|29|49|69|70)-\d{7}$"),
        ("npi", r"^2\d{9}$"),
        ("nino", "^QQ[0-9]{6}[A-D]$"),
        ("nhs_number", r"^99[89]\d{7}$"),
        ("dni", r"^9\d{7}[A-Z]$"),
        ("nie", r"^Z[789]\d{6}[A-Z]$"),
        ("steuer_id", r"^0\d{10}$"),
        ("codice_fiscale", r"^[A-Z]{6}\d\d[A-Z]\d\dZ9[2-9]\d[A-Z]$"),
        ("partita_iva", r"^\d{7}[2-7]\d{3}$"),
        ("nif_pt", r"^4[0-4]\d{7}$"),
        ("bsn", r"^9\d{8}$"),
        ("pesel", r"^\d\d[67]\d{8}$"),
        ("tckn", r"^9[0-5]\d{9}$"),
        ("inn", r"^00\d{8}$"),
        ("inn_person", r"^00\d{10}$"),
        ("ogrn", r"^1\d\d00\d{8}$"),
        ("snils", r"^9\d\d-\d{3}-\d{3} \d\d$"),
        ("curp", r"^[A-Z]{4}\d{6}[HM]XX[A-Z]{3}0\d$"),
        ("rfc", r"^[A-Z]{4}\d{6}00[\dA]$"),
        ("sin", r"^0\d{8}$"),
        ("aadhaar", r"^1\d{11}$"),
        ("pan_india", "^[A-Z]{3}P[A-Z]0000[A-Z]$"),
        ("gstin", r"^\d\d[A-Z]{3}P[A-Z]0000[A-Z][1-4]Z[\dA-Z]$"),
        ("chinese_id", r"^110199\d{11}[\dX]$"),
        ("personnummer", r"^\d{6}-9[89]\d\d$"),
        ("cpr", r"^[678]\d[01]\d{3}-\d{4}$"),
        ("fodselsnummer", r"^\d\d[89]\d{3} [0-4]\d{4}$"),
        ("hetu", r"^\d{6}-9\d\d[\dA-Y]$"),
        ("rodne_cislo", r"^\d\d[23]\d{3}/\d{4}$"),
        ("rrn", r"^\d{6}-[12]9[6-9]\d{4}$"),
        ("passport_number", r"^[IOQU]\d{8}$"),
    ] {
        let pattern = regex::Regex::new(pattern).expect(name);
        for seed in 0..200 {
            let text = drawn(name, seed);
            assert!(pattern.is_match(&text), "{name}: {text}");
        }
    }
}

#[test]
fn check_digits_satisfy_their_sums() {
    let sum = |text: &str, weights: &[u32]| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        check_digits::weighted(&digits, weights)
    };
    for seed in 0..500 {
        let number = drawn("fodselsnummer", seed);
        for weights in [[3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0], [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]] {
            assert_eq!(sum(&number, &weights) % 11, 0, "{number}");
        }
        let number = drawn("rrn", seed);
        let check = (11 - sum(&number, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
        assert!(number.ends_with(char::from_digit(check, 10).expect("a digit")), "{number}");
        let number = drawn("bsn", seed);
        assert_eq!((sum(&number, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * sum(&number[8..], &[1])) % 11, 0, "{number}");
        let number = drawn("nif_pt", seed);
        assert!(sum(&number, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 <= 1, "{number}");
    }
    let mut published = String::new();
    let EntryBody::Code(code) = &Named::find("utr").expect("a kind").entry().body else { panic!("utr") };
    (code.write)(955_839_661, &mut published);
    assert_eq!(published, "1955839661");
}

#[test]
fn drawn_texts_look_like_their_kind() {
    for (name, pattern) in [
        ("ulid", "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("uuid7", "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("uuid1", "^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("jwt", r"^[\w-]+\.[\w-]+\.[\w-]+$"),
        ("bcrypt", r"^\$2b\$12\$[./A-Za-z0-9]{53}$"),
        ("bic", "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$"),
        ("semver", r"^v?\d+\.\d+\.\d+(-[\w.]+)?$"),
        ("base64", "^([A-Za-z0-9+/]{4})+$"),
        ("crypto_address", "^(0x[0-9a-f]{40}|bc1[a-z0-9]{25,59})$"),
        ("cron", r"^(\S+ ){4}\S+$"),
        ("vin", "^[A-HJ-NPR-Z0-9]{17}$"),
    ] {
        let pattern = regex::Regex::new(pattern).expect(name);
        for seed in 0..200 {
            let text = drawn(name, seed);
            assert!(pattern.is_match(&text), "{name}: {text}");
        }
    }
}
