use std::collections::HashSet;

use super::*;
use crate::text::TextKind as K;

#[test]
fn every_language_has_names_and_sentences() {
    for (place, (code, _)) in (0..).zip(FILES) {
        let language = language(place);
        assert!(language.female.len() >= 95 && language.male.len() >= 95 && language.last.len() >= 115, "{code}");
        for people in [&language.female, &language.male, &language.last] {
            for i in 0..people.len() {
                assert!(!people.plain(i).is_empty(), "{code}: {} has no Latin letters", people.shown(i));
            }
        }
        if let Some(women) = &language.last_female {
            assert_eq!(women.len(), language.last.len(), "{code}");
        }
        for kind in ["street", "address", "company", "salutation", "job"] {
            assert!(language.kind(kind).is_some(), "{code}: {kind}");
        }
        assert!(code == "en" || language.kind("sentence").is_some(), "{code}");
    }
}

#[test]
fn names_are_drawn_by_weight() {
    let last = &language(language_of("da").expect("Danish")).last;
    let place = |name: &str| (0..last.len()).find(|&i| last.shown(i) == name).expect("a Danish name");
    let mut drawn = vec![0; last.len()];
    for seed in 0..20_000 {
        drawn[last.pick(&mut CellRng::new(seed))] += 1;
    }
    assert!(drawn[place("Jensen")] > 8 * drawn[place("Skov")].max(1), "{drawn:?}");
    assert!(drawn.iter().all(|n| *n > 0));
}

#[test]
fn places_are_complete_and_unique() {
    let mut seen = HashSet::new();
    for country in places::countries() {
        assert!(!country.cities.is_empty() && country.codes[0].len() == 2 && country.codes[1].len() == 3);
        assert!(country.money.len() == 3 && country.calling.starts_with('+') && !country.languages.is_empty());
        for city in &country.cities {
            assert!(seen.insert((country.name, city.names[0], city.states[0])), "{} twice", city.names[0]);
            let placeholders = |t: &str| t.bytes().filter(|b| matches!(b, b'#' | b'?')).count();
            assert!(
                (1..10).contains(&placeholders(city.zipcode)) && (1..10).contains(&placeholders(city.phone)),
                "{}",
                city.names[0]
            );
            assert!((-90.0..90.0).contains(&city.latitude) && (-180.0..180.0).contains(&city.longitude));
            assert!(city.zone.contains('/') && city.weight > 0);
        }
    }
    assert!(places::countries().len() >= 30);
    assert!(places::read("[US USA] x").is_err());
}

#[test]
fn locales_are_parsed() {
    for (text, full) in [
        ("de_DE", "de_DE"),
        ("de", "de_DE"),
        ("de-AT", "de_AT"),
        ("pt", "pt_PT"),
        ("ja_JP", "ja_JP"),
        ("en", "en_US"),
        ("no_NO", "nb_NO"),
    ] {
        assert_eq!(Locale::parse(text).map(|l| l.to_string()).as_deref(), Some(full), "{text}");
    }
    assert!(Locale::parse("xx_DE").is_none() && Locale::parse("de_XX").is_none());
    assert!(Locale::all().count() >= 30);
}

#[test]
fn texts_of_a_locale_fit() {
    for locale in Locale::all() {
        for kind in
            [K::Name, K::Email, K::StreetAddress, K::Company, K::Sentence, K::Paragraph, K::City, K::Phone, K::Words]
        {
            for room in [3, 12, 40, 400] {
                for seed in 0..20 {
                    let mut out = String::new();
                    let written = draw(locale, &kind, room, &mut CellRng::new(seed), &mut out);
                    assert!(out.len() <= room && written != out.is_empty(), "{locale} {kind:?} in {room}: {out}");
                    assert!(kind != K::Email || out.is_ascii(), "{out}");
                }
            }
        }
    }
}
