//! Attributes that follow from values which the user gave: texts made of names, and the cities of a place's name.

use super::Attribute;
use crate::fake::MAIL_HOSTS;
use crate::fold;
use crate::locale::places::{alias_of, everywhere};
use crate::text_format;
use dbmocker_core::rng_stream::CellRng;

/// Returns the full name, user name or e-mail address of a person with these names; `None` if it does not fit, or if
/// no letter is left. `number`: it ends in this number before any `@`, and is shortened to fit, so that texts of
/// different numbers differ.
pub fn of_names(
    attribute: Attribute,
    (first, last): (&str, &str),
    room: usize,
    rng: &mut CellRng,
    number: Option<u64>,
) -> Option<String> {
    let mut out = String::new();
    if let Attribute::FirstName | Attribute::LastName = attribute {
        let name = if attribute == Attribute::FirstName { first } else { last }.trim();
        return (!name.is_empty() && name.chars().count() <= room).then(|| name.to_owned());
    }
    if attribute == Attribute::FullName {
        let both = [first.trim(), last.trim()].into_iter().filter(|name| !name.is_empty());
        out = both.collect::<Vec<_>>().join(" ");
        return (!out.is_empty() && out.chars().count() <= room).then_some(out);
    }
    let letters = |name: &str| -> String {
        // No digits: they would run into the number.
        fold::ascii(name).chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (first, last) = (letters(first), letters(last));
    let host = if attribute == Attribute::Email {
        MAIL_HOSTS.get(MAIL_HOSTS.pick_index(MAIL_HOSTS.fitting(room / 2).max(1), rng))
    } else {
        ""
    };
    let initial = number.is_none() && rng.below(8) == 0 && !last.is_empty();
    out.push_str(if initial { first.get(..1).unwrap_or_default() } else { &first });
    if !initial && !first.is_empty() && !last.is_empty() {
        out.push(if rng.below(4) == 0 { '_' } else { '.' });
    }
    out.push_str(&last);
    if let Some(n) = number {
        let mut digits = String::new();
        text_format::number(n.saturating_add(1), &mut digits);
        let after = digits.len() + if host.is_empty() { 0 } else { host.len() + 1 };
        out.truncate(room.saturating_sub(after));
        out.truncate(out.trim_end_matches(['.', '_']).len());
        out.push_str(&digits);
    } else if out.is_empty() {
        return None;
    }
    if !host.is_empty() {
        out.push('@');
        out.push_str(host);
    }
    (out.len() <= room).then_some(out)
}

/// Returns the cities, by index, of which a text is this attribute, in any letter case.
pub fn cities_of(attribute: Attribute, text: &str) -> Vec<u16> {
    let wanted = text.trim().to_lowercase();
    let official = alias_of(&wanted);
    let same = |spelled: &[&str]| {
        spelled.iter().any(|s| {
            let lower = s.to_lowercase();
            lower == wanted || official.is_some_and(|official| lower == *official) || fold::ascii(&lower) == wanted
        })
    };
    let cities = (0u16..).zip(everywhere()).filter(|(_, (country, city))| {
        let [two, three] = country.codes;
        match attribute {
            Attribute::City => same(&city.names),
            Attribute::State | Attribute::StateCode => same(&city.states) || same(&[city.state_code]),
            Attribute::Country | Attribute::CountryCode | Attribute::CountryCode3 => {
                same(&[country.name, country.native, two, three])
            }
            Attribute::TimeZone => same(&[city.zone]),
            Attribute::Currency => same(&[country.money]),
            _ => false,
        }
    });
    cities.map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_of_the_names() {
        let of = |attribute, names, number| of_names(attribute, names, 60, &mut CellRng::new(5), number);
        let mail = of(Attribute::Email, ("Zoë", "O'Hara"), Some(41)).unwrap();
        assert!(mail.starts_with("zoe") && mail.contains("ohara42@"), "{mail}");
        assert_eq!(of(Attribute::FullName, ("Ada", "King"), None).unwrap(), "Ada King");
        assert_eq!(of(Attribute::Username, ("7", "8"), None), None);
        assert_eq!(of(Attribute::Username, ("7", "8"), Some(9)).as_deref(), Some("10"));
        assert_eq!(of_names(Attribute::Username, ("Maximilian", "Huber"), 5, &mut CellRng::new(1), None), None);
    }

    #[test]
    fn places_have_other_names() {
        for (attribute, other, name) in [
            (Attribute::City, "Munich", "München"),
            (Attribute::City, "cologne", "Köln"),
            (Attribute::City, "Geneva", "Genève"),
            (Attribute::Country, "UK", "United Kingdom"),
            (Attribute::Country, "USA", "United States"),
            (Attribute::Country, "Holland", "Netherlands"),
        ] {
            let found = cities_of(attribute, other);
            assert!(!found.is_empty() && found == cities_of(attribute, name), "{other}");
        }
        for name in crate::locale::places::aliases().values() {
            let known = [Attribute::City, Attribute::Country].iter().any(|a| !cities_of(*a, name).is_empty());
            assert!(known, "{name} is no name in places.txt");
        }
    }

    #[test]
    fn names_of_places_are_found() {
        let france = cities_of(Attribute::Country, "france");
        assert!(france.len() > 3);
        assert_eq!(france, cities_of(Attribute::CountryCode, "FR"));
        let paris = cities_of(Attribute::City, "Paris");
        assert!(paris.iter().all(|c| france.contains(c)) && !paris.is_empty());
        assert!(cities_of(Attribute::Country, "Narnia").is_empty());
    }
}
