use std::collections::{BTreeSet, HashSet};

use super::gazetteer::COUNTRIES;
use super::*;
use crate::TextDomain;
use dbmocker_core::value::Value;

const ROWS: u64 = 3000;

fn text(attribute: Attribute, chars: u32) -> Domain {
    Domain::Text(TextDomain::new(attribute.kind(), chars))
}

fn pattern(regex: &str, chars: u32) -> Domain {
    Domain::Text(TextDomain::new(TextKind::Pattern { regex: regex.into() }, chars))
}

fn choice(values: &[&str]) -> Domain {
    Domain::Choice { values: values.iter().map(|v| Value::text(*v)).collect(), weights: None }
}

/// What columns say of rows: each with its own stream, the entity's word shared.
fn rows(entity: &Entity, columns: &[(Attribute, Domain, bool)]) -> Vec<Vec<String>> {
    let attribute_writers: Vec<AttributeWriter> = columns
        .iter()
        .map(|(a, domain, numbered)| AttributeWriter::new(entity, *a, domain, *numbered).expect("the domain has room"))
        .collect();
    let row = |row: u64| {
        let word = dbmocker_core::rng_stream::mix(row);
        let cell = |(c, writer_of_attribute): (usize, &AttributeWriter)| {
            let mut out = String::from("x");
            let mut rng = CellRng::new(dbmocker_core::rng_stream::mix(word ^ (c as u64 + 1)));
            writer_of_attribute.write(word, &mut rng, columns[c].2.then_some(row), &mut out);
            out.split_off(1)
        };
        attribute_writers.iter().enumerate().map(cell).collect()
    };
    (0..ROWS).map(row).collect()
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}

#[test]
fn what_is_made_of_a_name_is_made_of_the_rows_name() {
    let columns = [
        (Attribute::FirstName, text(Attribute::FirstName, 40), false),
        (Attribute::LastName, text(Attribute::LastName, 40), false),
        (Attribute::FullName, text(Attribute::FullName, 80), false),
        (Attribute::Username, text(Attribute::Username, 40), false),
        (Attribute::Email, text(Attribute::Email, 80), true),
    ];
    let mut emails = HashSet::new();
    for row in rows(&Entity::Person { sexed: false }, &columns) {
        let [first, last, full, user, email] = row.as_slice() else { panic!("five columns") };
        assert_eq!(*full, format!("{first} {last}"));
        let (local, host) = email.split_once('@').expect("an e-mail address");
        assert!(host.starts_with("example."), "{email}");
        for login in [user.as_str(), local] {
            let said = letters(login);
            let (whole, short) = (letters(first) + &letters(last), letters(&first[..1]) + &letters(last));
            assert!(said == whole || said == short, "{login} of {full}");
        }
        assert!(emails.insert(email.to_lowercase()), "{email} twice");
    }
}

#[test]
fn numbered_texts_differ_in_the_narrowest_column_that_takes_them() {
    let narrowest = |a: Attribute| {
        (1..60).find(|&n| AttributeWriter::new(&Entity::Person { sexed: false }, a, &text(a, n), true).is_some())
    };
    for attribute in [Attribute::Username, Attribute::Email] {
        let chars = narrowest(attribute).expect("sixty characters are enough");
        let domain = text(attribute, chars);
        let (mut seen, allowed) = (HashSet::new(), domain.sampler());
        for row in rows(&Entity::Person { sexed: false }, &[(attribute, domain, true)]) {
            assert!(allowed.contains(&Value::text(&row[0])), "{} in {chars} characters", row[0]);
            assert!(seen.insert(row[0].clone()), "{} twice", row[0]);
        }
    }
    // A first name has no place for a number, neither has a text of which only the beginning counts.
    let first = text(Attribute::FirstName, 40);
    assert!(AttributeWriter::new(&Entity::Person { sexed: false }, Attribute::FirstName, &first, true).is_none());
    let seen = TextDomain { distinct_prefix: Some(10), ..TextDomain::new(TextKind::Email, 60) };
    assert!(
        AttributeWriter::new(&Entity::Person { sexed: false }, Attribute::Email, &Domain::Text(seen), true).is_none()
    );
}

#[test]
fn texts_keep_their_limits() {
    let person = Entity::Person { sexed: true };
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
fn first_names_fit_the_sex_and_the_form_of_address() {
    let first = || (Attribute::FirstName, text(Attribute::FirstName, 40), false);
    let lists = [
        choice(&["M", "F", "X"]),
        choice(&["Mr.", "Ms.", "Dr.", "Mrs."]),
        text(Attribute::Sex, 20),
        text(Attribute::Sex, 1),
    ];
    let columns: Vec<_> = [first()].into_iter().chain(lists.map(|d| (Attribute::Sex, d, false))).collect();
    let (mut seen, mut of_men) = (HashSet::new(), HashSet::new());
    for row in rows(&Entity::Person { sexed: true }, &columns) {
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
    assert!(of_men.iter().all(|name| !seen.contains(&(name.clone(), false))), "a name of men and of women");
    assert!(
        AttributeWriter::new(&Entity::Person { sexed: true }, Attribute::Sex, &choice(&["a", "b"]), false).is_none()
    );
}

#[test]
fn a_city_lies_in_its_state_and_country() {
    use Attribute::*;
    let attributes = [City, State, StateCode, Country, CountryCode, Zipcode, Phone];
    let domains: Vec<_> = attributes.iter().map(|a| (*a, text(*a, 40))).collect();
    let all = cities(City, &domains[0].1);
    let columns: Vec<_> = domains.iter().map(|(a, d)| (*a, d.clone(), false)).collect();
    let known: HashSet<[&str; 5]> = COUNTRIES
        .iter()
        .flat_map(|c| c.cities.iter().map(move |city| [city.0, city.1, city.2, c.name, c.codes[0]]))
        .collect();
    let mut countries = HashSet::new();
    for row in rows(&Entity::Place { cities: all }, &columns) {
        let said: Vec<&str> = row[..5].iter().map(String::as_str).collect();
        assert!(known.contains(said.as_slice()), "{row:?}");
        assert!(!row[5].contains(['#', '?']) && row[6].starts_with('+'), "{row:?}");
        countries.insert(row[3].clone());
    }
    assert_eq!(countries.len(), COUNTRIES.len());
}

#[test]
fn cities_are_those_that_every_column_can_tell_of() {
    use Attribute::*;
    let germany = choice(&["de", "Narnia", "at"]);
    let five = text(Zipcode, 5);
    let of_five = cities(Zipcode, &five);
    let found = cities(CountryCode, &germany).into_iter().filter(|i| of_five.contains(i)).collect();
    let columns = [(CountryCode, germany, false), (Zipcode, five, false), (City, text(City, 40), false)];
    let told: BTreeSet<String> =
        rows(&Entity::Place { cities: found }, &columns).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(told, BTreeSet::from(["at".to_owned(), "de".to_owned()]));
    // Codes of two letters and postal codes of five digits suit all of the country that is meant without one.
    let home: Vec<u16> = (0..cities_at_home()).collect();
    for (attribute, domain) in [(Zipcode, pattern("[0-9]{5}", 5)), (StateCode, text(StateCode, 2))] {
        assert_eq!(cities(attribute, &domain)[..home.len()], home);
    }
    assert!(cities(Country, &choice(&["Narnia", "Oz"])).is_empty());
}

/// A part of a template that no column has seen would be filled with one digit only.
#[test]
fn the_list_is_well_formed() {
    let mut seen = HashSet::new();
    for country in COUNTRIES {
        assert!(!country.cities.is_empty() && country.codes[0].len() == 2 && country.codes[1].len() == 3);
        for city in country.cities {
            assert!(seen.insert((country.name, city.0, city.1)), "{} twice", city.0);
            assert!(
                [city.0, city.1, city.2, city.3, city.4].iter().all(|s| s.is_ascii() && !s.is_empty()),
                "{}",
                city.0
            );
            let placeholders = |t: &str| t.bytes().filter(|b| matches!(b, b'#' | b'?')).count();
            assert!((1..10).contains(&placeholders(city.3)) && (1..10).contains(&placeholders(city.4)), "{}", city.0);
        }
    }
}
