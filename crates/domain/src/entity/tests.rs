use std::collections::{BTreeSet, HashSet};

use super::*;
use crate::TextDomain;
use crate::locale::places;
use dbmocker_core::value::Value;

const ROWS: u64 = 3000;

fn person(sexed: bool) -> Entity {
    Entity::Person { sexed, locales: Locales::new(), cities: Vec::new() }
}

fn place(cities: Vec<u16>) -> Entity {
    Entity::Place { cities, locales: Locales::new() }
}

fn text(attribute: Attribute, chars: u32) -> Domain {
    Domain::Text(TextDomain::new(attribute.kind(), chars))
}

fn pattern(regex: &str, chars: u32) -> Domain {
    Domain::Text(TextDomain::new(TextKind::Pattern { regex: regex.into() }, chars))
}

fn choice(values: &[&str]) -> Domain {
    Domain::Choice { values: values.iter().map(|v| Value::text(*v)).collect(), weights: None }
}

/// The texts of rows; each column has its own random stream, and the columns share the entity's word.
fn rows(entity: &Entity, columns: &[(Attribute, Domain, bool)]) -> Vec<Vec<String>> {
    let writers: Vec<AttributeWriter> = columns
        .iter()
        .map(|(a, domain, numbered)| AttributeWriter::new(entity, *a, domain, *numbered).expect("the domain has room"))
        .collect();
    let row = |row: u64| {
        let word = dbmocker_core::rng_stream::mix(row);
        let cell = |(c, writer): (usize, &AttributeWriter)| {
            let mut out = String::from("x");
            let mut rng = CellRng::new(dbmocker_core::rng_stream::mix(word ^ (c as u64 + 1)));
            writer.write(word, &mut rng, columns[c].2.then_some(row), &mut out);
            out.split_off(1)
        };
        writers.iter().enumerate().map(cell).collect()
    };
    (0..ROWS).map(row).collect()
}

/// A name in Latin letters without accents.
fn letters(name: &str) -> String {
    crate::fold::fold(name).chars().filter(char::is_ascii_lowercase).collect()
}

/// A name in the German spelling without umlauts.
fn german(name: &str) -> String {
    letters(&name.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"))
}

#[test]
fn user_names_and_addresses_contain_the_rows_name() {
    let columns = [
        (Attribute::FirstName, text(Attribute::FirstName, 40), false),
        (Attribute::LastName, text(Attribute::LastName, 40), false),
        (Attribute::FullName, text(Attribute::FullName, 80), false),
        (Attribute::Username, text(Attribute::Username, 40), false),
        (Attribute::Email, text(Attribute::Email, 80), true),
    ];
    let mut emails = HashSet::new();
    for row in rows(&person(false), &columns) {
        let [first, last, full, user, email] = row.as_slice() else { panic!("five columns") };
        assert_eq!(*full, format!("{first} {last}"));
        let (local, host) = email.split_once('@').expect("an e-mail address");
        assert!(host.starts_with("example.") || host.ends_with(".example"), "{email}");
        for login in [user.as_str(), local] {
            let said = letters(login);
            let initial: String = first.chars().take(1).collect();
            let spelled = |plain: fn(&str) -> String| {
                [plain(first) + &plain(last), plain(&initial)[..1].to_owned() + &plain(last)]
            };
            assert!(spelled(letters).contains(&said) || spelled(german).contains(&said), "{login} of {full}");
        }
        assert!(emails.insert(email.to_lowercase()), "{email} twice");
    }
}

#[test]
fn names_without_locale_are_in_latin_letters() {
    let cities = cities(Attribute::City, &text(Attribute::City, 60), &Locales::new());
    let world = Entity::Person { sexed: true, locales: Locales::new(), cities };
    let columns = [
        (Attribute::FirstName, text(Attribute::FirstName, 40), false),
        (Attribute::LastName, text(Attribute::LastName, 40), false),
        (Attribute::FullName, text(Attribute::FullName, 80), false),
    ];
    let mut accents = 0;
    for row in rows(&world, &columns) {
        let [first, last, full] = row.as_slice() else { panic!("three columns") };
        assert_eq!(*full, format!("{first} {last}"));
        assert!(full.chars().all(|c| c < '\u{2e80}'), "{full}");
        accents += usize::from(!last.is_ascii());
    }
    assert!((30..1500).contains(&accents), "{accents}");
    let japan: Locales = vec![(crate::locale::Locale::parse("ja_JP").expect("a locale"), 1)];
    let home = Entity::Person { sexed: true, locales: japan, cities: Vec::new() };
    assert!(rows(&home, &columns[2..]).iter().all(|row| !row[0].is_ascii()));
}

#[test]
fn state_codes_in_two_characters_are_letters() {
    let pairs = cities(Attribute::StateCode, &text(Attribute::StateCode, 2), &Locales::new());
    let columns = [(Attribute::StateCode, text(Attribute::StateCode, 2), false)];
    for row in rows(&place(pairs), &columns) {
        assert!(row[0].len() == 2 && row[0].bytes().all(|b| b.is_ascii_uppercase()), "{}", row[0]);
    }
}

#[test]
fn numbered_texts_differ_in_the_shortest_possible_column() {
    let narrowest =
        |a: Attribute| (1..60).find(|&n| AttributeWriter::new(&person(false), a, &text(a, n), true).is_some());
    for attribute in [Attribute::Username, Attribute::Email] {
        let chars = narrowest(attribute).expect("sixty characters are enough");
        let domain = text(attribute, chars);
        let (mut seen, allowed) = (HashSet::new(), domain.sampler());
        for row in rows(&person(false), &[(attribute, domain, true)]) {
            assert!(allowed.contains(&Value::text(&row[0])), "{} in {chars} characters", row[0]);
            assert!(seen.insert(row[0].clone()), "{} twice", row[0]);
        }
    }
    // A first name cannot include a number, and neither can a text that must differ in its first characters.
    let first = text(Attribute::FirstName, 40);
    assert!(AttributeWriter::new(&person(false), Attribute::FirstName, &first, true).is_none());
    let seen = TextDomain { distinct_prefix: Some(10), ..TextDomain::new(TextKind::Email, 60) };
    assert!(AttributeWriter::new(&person(false), Attribute::Email, &Domain::Text(seen), true).is_none());
}

#[test]
fn texts_are_within_their_limits() {
    let person = person(true);
    for (attribute, domain) in [
        (Attribute::Username, pattern("[a-z0-9_]{3,40}", 40)),
        (Attribute::Username, pattern("[a-z]+[0-9]*", 40)),
        (Attribute::Email, pattern("[^@ ]+@[^@ ]+[.][a-z]+", 60)),
        (Attribute::FullName, text(Attribute::FullName, 12)),
        (Attribute::FirstName, text(Attribute::FirstName, 5)),
        (
            Attribute::Email,
            Domain::Text(TextDomain { suffix: "@corp.test".into(), ..TextDomain::new(TextKind::Email, 30) }),
        ),
        (Attribute::Username, Domain::Text(TextDomain { min_chars: 12, ..TextDomain::new(TextKind::Username, 20) })),
    ] {
        let allowed = domain.sampler();
        for row in rows(&person, &[(attribute, domain, false)]) {
            assert!(allowed.contains(&Value::text(&row[0])), "{attribute:?}: {}", row[0]);
        }
    }
    assert!(AttributeWriter::new(&person, Attribute::Email, &pattern("[0-9]+", 60), false).is_none());
}

#[test]
fn first_names_agree_with_sex_and_form_of_address() {
    let first = || (Attribute::FirstName, text(Attribute::FirstName, 40), false);
    let lists = [
        choice(&["M", "F", "X"]),
        choice(&["Mr.", "Ms.", "Dr.", "Mrs."]),
        text(Attribute::Sex, 20),
        text(Attribute::Sex, 1),
    ];
    let columns: Vec<_> = [first()].into_iter().chain(lists.map(|d| (Attribute::Sex, d, false))).collect();
    let (mut seen, mut of_men) = (HashSet::new(), HashSet::new());
    for row in rows(&person(true), &columns) {
        let sexes: BTreeSet<bool> = row[1..]
            .iter()
            .filter_map(|s| match s.as_str() {
                "M" | "Mr." | "male" | "m" => Some(true),
                "X" | "Dr." | "other" => None,
                _ => Some(false),
            })
            .collect();
        assert!(sexes.len() < 2, "{row:?}");
        if let Some(&male) = sexes.first() {
            seen.insert((row[0].clone(), male));
            of_men.extend(male.then(|| row[0].clone()));
        }
    }
    // `Andrea` is a man in Italy and a woman elsewhere.
    let both = of_men.iter().filter(|name| seen.contains(&((*name).clone(), false))).count();
    assert!(both * 20 < of_men.len(), "{both} names of men and of women");
    assert!(AttributeWriter::new(&person(true), Attribute::Sex, &choice(&["a", "b"]), false).is_none());
}

#[test]
fn cities_agree_with_state_and_country() {
    use Attribute::*;
    let attributes = [City, State, StateCode, Country, CountryCode, Zipcode, Phone];
    let domains: Vec<_> = attributes.iter().map(|a| (*a, text(*a, 40))).collect();
    let all = cities(City, &domains[0].1, &Locales::new());
    let columns: Vec<_> = domains.iter().map(|(a, d)| (*a, d.clone(), false)).collect();
    let known: HashSet<[&str; 5]> = places::countries()
        .iter()
        .flat_map(|c| {
            c.cities.iter().map(move |city| [city.names[0], city.states[0], city.state_code, c.name, c.codes[0]])
        })
        .collect();
    let mut countries = HashSet::new();
    for row in rows(&place(all), &columns) {
        let said: Vec<&str> = row[..5].iter().map(String::as_str).collect();
        assert!(known.contains(said.as_slice()), "{row:?}");
        assert!(!row[5].contains(['#', '?']) && row[6].starts_with('+'), "{row:?}");
        countries.insert(row[3].clone());
    }
    assert_eq!(countries.len(), places::countries().len());
}

#[test]
fn cities_are_restricted_to_those_that_a_column_can_represent() {
    use Attribute::*;
    let germany = choice(&["de", "Narnia", "at"]);
    let five = text(Zipcode, 5);
    let of_five = cities(Zipcode, &five, &Locales::new());
    let found = cities(CountryCode, &germany, &Locales::new()).into_iter().filter(|i| of_five.contains(i)).collect();
    let columns = [(CountryCode, germany, false), (Zipcode, five, false), (City, text(City, 40), false)];
    let spellings: BTreeSet<String> = rows(&place(found), &columns).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(spellings, BTreeSet::from(["at".to_owned(), "de".to_owned()]));
    // All cities of the default country have state codes of two letters and postal codes of five digits.
    let home: Vec<u16> = (0..cities_at_home()).collect();
    for (attribute, domain) in [(Zipcode, pattern("[0-9]{5}", 5)), (StateCode, text(StateCode, 2))] {
        assert_eq!(cities(attribute, &domain, &Locales::new())[..home.len()], home);
    }
    assert!(cities(Country, &choice(&["Narnia", "Oz"]), &Locales::new()).is_empty());
}

/// The values of a row's columns.
fn values_of(entity: &Entity, columns: &[(Attribute, Domain)], row: u64) -> Vec<Value> {
    let word = dbmocker_core::rng_stream::mix(row);
    let cell = |(attribute, domain): &(Attribute, Domain)| {
        let writer = AttributeWriter::new(entity, *attribute, domain, false).expect("the domain has room");
        let mut rng = CellRng::new(word ^ *attribute as u64);
        writer.number(word, &mut rng).unwrap_or_else(|| {
            let mut out = String::new();
            writer.write(word, &mut rng, None, &mut out);
            Value::Text(out)
        })
    };
    columns.iter().map(cell).collect()
}

fn whole(lo: i128, hi: i128) -> Domain {
    let shape = crate::Shape::Uniform;
    Domain::Range { kind: crate::RangeKind::Int, lo, hi, step: 1, except: Vec::new(), shape }
}

fn kind(name: &str, chars: u32) -> Domain {
    Domain::Text(TextDomain::new(TextKind::Catalogue(crate::catalogue::Named::find(name).expect(name)), chars))
}

#[test]
fn file_attributes_agree_with_each_other() {
    use Attribute::*;
    let columns = [
        (FileName, text(FileName, 80)),
        (Extension, kind("file_extension", 6)),
        (MimeType, kind("mime_type", 100)),
        (Attribute::FileKind, choice(&["image", "video", "audio", "document"])),
        (FileSize, whole(1, 10_000_000_000)),
        (Width, whole(320, 3840)),
        (Height, whole(240, 2160)),
    ];
    let types = file_types(MimeType, &columns[2].1, None, false);
    assert!(types.len() > 20);
    let mut seen = HashSet::new();
    for row in 0..2000 {
        let cells = values_of(&Entity::File { types: types.clone() }, &columns, row);
        let [
            Value::Text(name),
            Value::Text(ext),
            Value::Text(mime),
            Value::Text(kind),
            Value::Int(size),
            width,
            height,
        ] = &cells[..]
        else {
            panic!("{cells:?}")
        };
        assert!(name.ends_with(&format!(".{ext}")) && name.len() > ext.len() + 5, "{name} {ext}");
        let family = mime.split('/').next().expect("a family");
        let other = matches!(family, "application" | "text");
        assert!(kind == family || (other && kind == "document"), "{kind} of {mime}");
        match (width, height) {
            (Value::Int(w), Value::Int(h)) => {
                assert!(matches!(family, "image" | "video") && *size > w * h / 1000, "{cells:?}");
            }
            nothing => assert!(nothing == (&Value::Null, &Value::Null) && !matches!(family, "image" | "video")),
        }
        seen.insert(ext.clone());
    }
    assert!(seen.len() > 18, "{seen:?}");
}

#[test]
fn file_types_are_restricted_to_those_that_a_column_can_represent() {
    use Attribute::*;
    let png_or_pdf = choice(&["image/png", "application/pdf", "x/y"]);
    let of = |sized| file_types(MimeType, &png_or_pdf, None, sized);
    assert_eq!((of(false).len(), of(true).len()), (2, 1));
    let dotted = choice(&[".PDF"]);
    let types = file_types(Extension, &dotted, None, false);
    let cells = values_of(&Entity::File { types }, &[(Extension, dotted), (FileName, text(FileName, 20))], 1);
    assert!(matches!(&cells[..], [Value::Text(e), Value::Text(n)] if e == ".PDF" && n.ends_with(".pdf")), "{cells:?}");
    let images = file_types(FileName, &kind("image_file", 40), None, false);
    assert!(!images.is_empty() && images.len() < 10);
    let narrow = text(FileName, 6);
    assert!(AttributeWriter::new(&Entity::File { types: images }, FileName, &narrow, false).is_none());
}

#[test]
fn review_texts_agree_with_the_rating() {
    use Attribute::*;
    let columns = [(Stars, whole(1, 5)), (OpinionTitle, kind("review_title", 60)), (Opinion, kind("text_review", 250))];
    let listed = |sentiment: &str| {
        let mut all = HashSet::new();
        let kind = crate::catalogue::Named::find(&format!("review_title_{sentiment}")).expect(sentiment);
        for seed in 0..2000 {
            let mut out = String::new();
            kind.entry().draw(60, &mut CellRng::new(seed), &mut out);
            all.insert(out);
        }
        all
    };
    let (good, fair, bad) = (listed("good"), listed("fair"), listed("bad"));
    let mut stars_seen = [0; 6];
    for row in 0..2000 {
        let cells = values_of(&Entity::Review, &columns, row);
        let [Value::Int(stars), Value::Text(title), Value::Text(text)] = &cells[..] else { panic!("{cells:?}") };
        let sentiment = match stars {
            4 | 5 => &good,
            3 => &fair,
            _ => &bad,
        };
        assert!(sentiment.contains(title), "{stars} stars: {title}");
        let lower = text.to_lowercase();
        let has = |words: [&str; 3]| lower.split(|c: char| !c.is_alphabetic()).any(|word| words.contains(&word));
        assert!(*stars < 4 || !has(["terrible", "awful", "worst"]), "{stars}: {text}");
        assert!(*stars > 2 || !has(["love", "perfect", "excellent"]), "{stars}: {text}");
        stars_seen[*stars as usize] += 1;
    }
    assert!(stars_seen[1..].iter().all(|n| *n > 50) && stars_seen[5] > stars_seen[3], "{stars_seen:?}");
    let ten = values_of(&Entity::Review, &[(Stars, whole(1, 10))], 3);
    assert!(matches!(ten[0], Value::Int(1..=10)));
    assert!(AttributeWriter::new(&Entity::Review, Stars, &whole(1, 1), false).is_none());
}

#[test]
fn streets_keep_to_the_characters_that_a_column_can_store() {
    let ascii = |d: Domain| match d {
        Domain::Text(text) => Domain::Text(TextDomain { ascii: true, ..text }),
        other => other,
    };
    let plain = ascii(text(Attribute::Street, 255));
    let cities = cities(Attribute::Country, &text(Attribute::Country, 45), &Locales::new());
    let columns = [(Attribute::Street, plain, false), (Attribute::Street, text(Attribute::Street, 255), false)];
    let written = rows(&place(cities), &columns);
    assert!(written.iter().all(|row| row[0].is_ascii() && row[0].len() > 3));
    assert!(written.iter().any(|row| !row[1].is_ascii()));
}
