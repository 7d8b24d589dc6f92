//! A row's place: a city with its state, country, postal code and dialling code.

use super::Attribute;
use super::gazetteer::{COUNTRIES, City, Country};
use crate::text::TextKind;
use crate::{Domain, Sampler};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// Texts or templates of one attribute: countries of cities.
#[derive(Debug)]
pub(super) struct PlaceWriter {
    texts: Vec<Vec<String>>,
    template: bool,
}

impl PlaceWriter {
    pub fn new(cities: &[u16], attribute: Attribute, domain: &Domain) -> Option<Self> {
        let sampler = domain.sampler();
        let all: Vec<_> = everywhere().collect();
        let places = cities.iter().map(|&i| all.get(usize::from(i)).copied()).collect::<Option<Vec<_>>>()?;
        let countries = places.chunk_by(|(a, _), (b, _)| a.name == b.name);
        let told = |&(country, city): &(&Country, &City)| told(country, city, attribute, domain, &sampler);
        let texts = countries.map(|c| c.iter().map(told).collect()).collect::<Option<Vec<Vec<String>>>>()?;
        let template = matches!(attribute, Attribute::Zipcode | Attribute::Phone);
        (!texts.is_empty()).then_some(PlaceWriter { texts, template })
    }

    #[inline]
    pub fn write(&self, word: u64, rng: &mut CellRng, out: &mut String) {
        let mut place = CellRng::new(word);
        let country = &self.texts[early(&mut place, self.texts.len(), HOME)];
        let text = &country[early(&mut place, country.len(), LARGE)];
        if !self.template {
            return out.push_str(text);
        }
        // Seven bits each: templates hold at most nine digits and letters.
        let mut left = rng.word();
        let mut next = |n: usize| {
            let digit = ((left & 127) as usize * n) >> 7;
            left >>= 7;
            digit
        };
        for byte in text.bytes() {
            out.push(char::from(match byte {
                b'#' => b'0' + next(10) as u8,
                b'?' => LETTERS[next(LETTERS.len())],
                byte => byte,
            }));
        }
    }
}

/// How many more rows lie in the first countries, and in the first cities of a country: the power of a uniform number
/// whose place in the list is taken.
const HOME: i32 = 3;
const LARGE: i32 = 2;

/// One of `n`, the first ones more often.
#[inline]
fn early(rng: &mut CellRng, n: usize, power: i32) -> usize {
    ((rng.unit().powi(power) * n as f64) as usize).min(n - 1)
}

/// Letters of postal codes: those that Canada and Great Britain both use.
const LETTERS: &[u8] = b"ABEHJLNPRSTWXYZ";

/// All cities, those of the first country first.
fn everywhere() -> impl Iterator<Item = (&'static Country, &'static City)> {
    COUNTRIES.iter().flat_map(|country| country.cities.iter().map(move |city| (country, city)))
}

/// The cities of which a column can tell, by number; all of the world, those of the first country first.
pub fn cities(attribute: Attribute, domain: &Domain) -> Vec<u16> {
    let sampler = domain.sampler();
    let fits = |(country, city)| told(country, city, attribute, domain, &sampler).is_some();
    (0u16..).zip(everywhere()).filter(|(_, place)| fits(*place)).map(|(i, _)| i).collect()
}

/// How many cities lie in the country that is meant where no column names one.
pub fn cities_at_home() -> u16 {
    u16::try_from(COUNTRIES[0].cities.len()).expect("a short list")
}

/// What a column says of a city: the first spelling that its domain allows.
fn told(country: &Country, city: &City, of: Attribute, domain: &Domain, sampler: &Sampler) -> Option<String> {
    let [two, three] = country.codes;
    let open = match domain {
        Domain::Text(t) if t.kind == of.kind() => false,
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => true,
        Domain::Choice { values, weights: None } => values.len() > 1,
        _ => return None,
    };
    let spellings: &[&str] = match of {
        Attribute::City => &[city.0],
        Attribute::State if open => &[city.1, city.2],
        Attribute::State => &[city.1],
        Attribute::StateCode => &[city.2],
        Attribute::Country if open => &[country.name, two, three],
        Attribute::Country => &[country.name],
        Attribute::CountryCode if open => &[two, three, country.name],
        Attribute::CountryCode => &[two],
        Attribute::Zipcode => &[city.3],
        Attribute::Phone => &[city.4],
        _ => return None,
    };
    let allowed = |text: &str| sampler.contains(&Value::text(text));
    if matches!(of, Attribute::Zipcode | Attribute::Phone) {
        // Only a pattern looks at more than the length.
        let tried = if open { usize::MAX } else { 1 };
        return Some(spellings[0]).filter(|t| fillings(t).take(tried).all(|text| allowed(&text))).map(String::from);
    }
    let as_written = spellings.iter().find(|s| allowed(s)).map(|s| (*s).to_owned());
    as_written.or_else(|| {
        let cased = spellings.iter().flat_map(|s| [s.to_uppercase(), s.to_lowercase()]);
        cased.into_iter().find(|s| allowed(s))
    })
}

/// A template filled with each digit and each letter.
fn fillings(template: &str) -> impl Iterator<Item = String> + use<'_> {
    let with = move |digit: u8, letter: u8| {
        let fill = |c| match c {
            '#' => char::from(digit),
            '?' => char::from(letter),
            c => c,
        };
        template.chars().map(fill).collect::<String>()
    };
    (b'0'..=b'9')
        .zip(LETTERS.iter().cycle())
        .map(move |(d, &l)| with(d, l))
        .chain(LETTERS.iter().map(move |&l| with(b'5', l)))
}
