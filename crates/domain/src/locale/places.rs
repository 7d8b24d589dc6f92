//! Countries and cities with consistent states, postal codes, telephone numbers, positions and time zones.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::language_of;

/// A country.
#[derive(Debug)]
pub struct Country {
    /// The short name in English.
    pub name: &'static str,
    /// ISO 3166-1 codes of two and three letters.
    pub codes: [&'static str; 2],
    /// The name in its first language.
    pub native: &'static str,
    /// The currency code (ISO 4217).
    pub money: &'static str,
    /// Indexes of languages, with weights.
    pub languages: Vec<(u8, u32)>,
    /// The calling code, such as `+49`.
    pub calling: &'static str,
    pub weight: u32,
    pub cities: Vec<City>,
}

/// A city.
#[derive(Debug)]
pub struct City {
    /// The name in English and in the country's language.
    pub names: [&'static str; 2],
    /// The state's name in English and in the country's language.
    pub states: [&'static str; 2],
    /// The state's code (ISO 3166-2), without the country.
    pub state_code: &'static str,
    /// A template of postal codes: `#` is a digit and `?` a letter.
    pub zipcode: &'static str,
    /// A template of telephone numbers.
    pub phone: &'static str,
    /// In degrees.
    pub latitude: f64,
    pub longitude: f64,
    /// The time zone (IANA).
    pub zone: &'static str,
    pub weight: u32,
}

/// Templates of telephone numbers in ranges that a country assigns to mobile telephones.
const VALID_PHONES: [(&str, &str); 37] = [
    ("US", "+1 212 2##-####"),
    ("CA", "+1 416 2##-####"),
    ("GB", "+44 7911 1#####"),
    ("DE", "+49 1512 #######"),
    ("FR", "+33 6 12 ## ## ##"),
    ("ES", "+34 612 ### ###"),
    ("IT", "+39 347 ### ####"),
    ("NL", "+31 6 12######"),
    ("BE", "+32 470 ## ## ##"),
    ("AT", "+43 664 #######"),
    ("CH", "+41 79 2## ## ##"),
    ("PL", "+48 601 ### ###"),
    ("PT", "+351 912 ### ###"),
    ("SE", "+46 70 123 ## ##"),
    ("NO", "+47 412 ## ###"),
    ("DK", "+45 20 ## ## ##"),
    ("FI", "+358 40 #######"),
    ("IE", "+353 85 ### ####"),
    ("CZ", "+420 601 ### ###"),
    ("MX", "+52 55 12## ####"),
    ("BR", "+55 11 961##-####"),
    ("IN", "+91 98123 #####"),
    ("JP", "+81 90 12## ####"),
    ("CN", "+86 131 #### ####"),
    ("KR", "+82 10 2### ####"),
    ("AU", "+61 412 ### ###"),
    ("NZ", "+64 21 2## ####"),
    ("TR", "+90 532 ### ## ##"),
    ("RU", "+7 912 ###-##-##"),
    ("GR", "+30 691 ### ####"),
    ("HU", "+36 20 ### ####"),
    ("RO", "+40 721 ### ###"),
    ("UA", "+380 50 ### ## ##"),
    ("AR", "+54 9 11 2### ####"),
    ("CO", "+57 321 ### ####"),
    ("ZA", "+27 82 ### ####"),
    ("SG", "+65 8### ####"),
];

impl Country {
    /// A template of telephone numbers that validation libraries accept; such a number may be in use.
    pub fn valid_phone(&self) -> &'static str {
        VALID_PHONES.iter().find(|(code, _)| *code == self.codes[0]).map_or(self.cities[0].phone, |(_, form)| form)
    }
}

const FILE: &str = include_str!("data/places.txt");

const ALIASES: &str = include_str!("data/aliases.txt");

static OTHER_NAMES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let lines = ALIASES.lines().filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split_once('|')).flat_map(|(name, others)| {
        let name = name.trim().to_lowercase();
        others.split('|').map(move |other| (other.trim().to_lowercase(), name.clone()))
    });
    names.collect()
});

/// Other names of countries and cities in lower case, with those of the data.
pub fn aliases() -> &'static BTreeMap<String, String> {
    &OTHER_NAMES
}

/// Returns the name in the data of a country or city by another name; both in lower case.
pub fn alias_of(name: &str) -> Option<&'static String> {
    aliases().get(name)
}

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| read(FILE).unwrap_or_else(|error| panic!("places.txt:{error}")));

/// All countries. The first one is the default for tables without a country.
pub fn countries() -> &'static [Country] {
    &COUNTRIES
}

pub(super) fn country(place: u8) -> &'static Country {
    &COUNTRIES[usize::from(place)]
}

/// All cities, those of the first country first.
pub fn everywhere() -> impl Iterator<Item = (&'static Country, &'static City)> {
    countries().iter().flat_map(|country| country.cities.iter().map(move |city| (country, city)))
}

/// A line of the file of places that is not understood.
#[derive(Debug, thiserror::Error)]
#[error("{line}: {needed}")]
pub(super) struct PlacesError {
    line: usize,
    needed: &'static str,
}

pub(super) fn read(text: &'static str) -> Result<Vec<Country>, PlacesError> {
    let mut found: Vec<Country> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let error = |needed: &'static str| PlacesError { line: number, needed };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            found.push(country_of(heading).ok_or_else(|| error("a country line has the fields of the file's head"))?);
            continue;
        }
        let last = found.last_mut().ok_or_else(|| error("a city follows its country"))?;
        last.cities.push(city(line).ok_or_else(|| error("a city line has the eight fields of the file's head"))?);
    }
    Ok(found)
}

/// Parses the line of a country, after its `[`.
fn country_of(text: &'static str) -> Option<Country> {
    let (codes, rest) = text.split_once(']')?;
    let (two, three) = codes.split_once(' ')?;
    let fields: Vec<&'static str> = rest.split(" | ").map(str::trim).collect();
    let [name, native, money, languages @ .., calling, weight] = fields.as_slice() else { return None };
    let languages = languages.iter().map(|l| {
        let (code, weight) = l.split_once(" *").unwrap_or((l, "1"));
        Some((language_of(code)?, weight.parse().ok()?))
    });
    Some(Country {
        name,
        codes: [two, three],
        native,
        money,
        languages: languages.collect::<Option<_>>()?,
        calling,
        weight: weight.parse().ok()?,
        cities: Vec::new(),
    })
}

/// Parses the line of a city.
fn city(line: &'static str) -> Option<City> {
    let fields: Vec<&'static str> = line.split(" | ").collect();
    let [name, state, state_code, zipcode, phone, position, zone, weight] = fields[..] else { return None };
    let (latitude, longitude) = position.split_once(' ')?;
    let both = |text: &'static str| text.split_once('/').map_or([text; 2], |(english, own)| [english, own]);
    Some(City {
        names: both(name),
        states: both(state),
        state_code,
        zipcode,
        phone,
        latitude: latitude.parse().ok()?,
        longitude: longitude.parse().ok()?,
        zone,
        weight: weight.parse().ok()?,
    })
}
