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
fn the_files_are_read() {
    if let Err(error) = Catalogue::read(&FILES) {
        panic!("{error}");
    }
    assert!(Named::all().count() >= 240, "{} kinds", Named::all().count());
}

#[test]
fn an_error_names_file_and_line() {
    let wrong = |text: &str| Catalogue::read(&[("x.txt", text)]).expect_err("not a catalogue").to_string();
    assert_eq!(wrong("[a] A\ncolour"), "x.txt:2: a name, a space, then `=`, `:` or `!`");
    assert_eq!(wrong("\nsize = S *x1 | M *0"), "x.txt:2: the weight `0` is no whole number from 1 to 10000");
    assert_eq!(wrong("code : {digits}"), "x.txt:1: `{digits}`: no list or earlier template of this name");
    assert_eq!(wrong("code : {int:9-1}"), "x.txt:1: `{int:9-1}`: a range is like `{int:1-99}`");
    assert_eq!(wrong("a = b\na = c"), "x.txt:2: `a` is there twice");
}

#[test]
fn texts_keep_their_room_and_are_never_empty_where_they_need_no_more() {
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

/// Keys compare without letter case and accents.
#[test]
fn numbered_texts_differ() {
    for kind in Named::all() {
        let (size, write): (u128, Write) = match &kind.entry().body {
            Body::Code(code) => (code.size, Box::new(code.write)),
            Body::Template(t) => (t.size(usize::MAX), Box::new(|i, out: &mut String| t.write(i, out))),
            Body::List(words) => (words.len() as u128, Box::new(|i, out: &mut String| words.write(i as usize, out))),
        };
        let mut seen = HashSet::new();
        for k in 0..4000u128.min(size) {
            let i = if size <= 4000 || k < 2000 { k } else { size / 4000 * k };
            let mut out = String::new();
            write(i, &mut out);
            assert!(seen.insert(fold(&out)), "{kind:?} {i}: {out} twice");
            if let Body::Code(code) = &kind.entry().body {
                assert!((code.shortest..=code.longest).contains(&out.len()), "{kind:?}: {out}");
            }
        }
    }
}

/// Published examples, so that more than the code itself says what is right.
#[test]
fn codes_have_the_check_digits_of_published_ones() {
    let written = |name: &str, i: u128| {
        let Body::Code(code) = &Named::find(name).expect(name).entry().body else { panic!("{name}") };
        let mut out = String::new();
        (code.write)(i, &mut out);
        out
    };
    assert_eq!(written("isbn13", 30_640_615), "9780306406157");
    assert_eq!(written("ean13", 638_133_393), "4006381333931");
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
