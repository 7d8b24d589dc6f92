//! A row's place: a city with its state, country, postal code, telephone numbers, position, time zone and money.

use super::{Attribute, by_totals};
use crate::catalogue::{IBANS, iban, iban_of, vat_of};
use crate::locale::places::{City, Country, countries, everywhere};
use crate::locale::{Locales, language, pick};
use crate::range_units::of_units;
use crate::text::TextKind;
use crate::{Domain, RangeKind, Sampler};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// Cities by their countries, each as likely as its weight says.
#[derive(Debug)]
pub(super) struct Places {
    groups: Vec<Group>,
    totals: Vec<u32>,
}

#[derive(Debug)]
struct Group {
    country: &'static Country,
    languages: Vec<(u8, u32)>,
    cities: Vec<&'static City>,
    totals: Vec<u32>,
}

/// A row's choice.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    group: usize,
    city: usize,
    pub language: u8,
}

impl Places {
    /// Of cities by number; with locales, the weights of countries and languages are theirs.
    pub fn new(numbers: &[u16], locales: &Locales) -> Option<Self> {
        let all: Vec<_> = everywhere().collect();
        let places = numbers.iter().map(|&i| all.get(usize::from(i)).copied()).collect::<Option<Vec<_>>>()?;
        let mut groups = Vec::new();
        let (mut totals, mut total) = (Vec::new(), 0);
        for of_one in places.chunk_by(|(a, _), (b, _)| a.name == b.name) {
            let country = of_one[0].0;
            let own = locales.iter().filter(|(l, _)| l.country().name == country.name);
            let own: Vec<(u8, u32)> = own.map(|(l, weight)| (l.language_place(), *weight)).collect();
            total += if own.is_empty() { country.weight } else { own.iter().map(|(_, w)| w).sum() };
            totals.push(total);
            let languages = if own.is_empty() { country.languages.clone() } else { own };
            let cities: Vec<&City> = of_one.iter().map(|(_, city)| *city).collect();
            let sums = cities.iter().scan(0, |sum, city| {
                *sum += city.weight;
                Some(*sum)
            });
            groups.push(Group { country, languages, totals: sums.collect(), cities });
        }
        (!groups.is_empty()).then_some(Places { groups, totals })
    }

    #[inline]
    pub fn choose(&self, word: u64) -> Chosen {
        let mut rng = CellRng::new(word);
        let group = by_totals(&self.totals, &mut rng);
        let of = &self.groups[group];
        let city = by_totals(&of.totals, &mut rng);
        Chosen { group, city, language: pick(&of.languages, &mut rng) }
    }

    /// Every language that a row may have.
    pub fn languages(&self) -> impl Iterator<Item = u8> + '_ {
        self.groups.iter().flat_map(|g| g.languages.iter().map(|(language, _)| *language))
    }
}

/// Writes one attribute.
#[derive(Debug)]
pub(super) struct PlaceWriter {
    places: Places,
    attribute: Attribute,
    form: Form,
    /// Characters between the domain's constant ends; or what a position is rounded to.
    room: usize,
}

#[derive(Debug)]
enum Form {
    /// By country and city.
    Texts(Vec<Vec<String>>),
    /// With holes for digits and letters.
    Templates(Vec<Vec<String>>),
    /// A latitude or longitude, as the range's kind or as a float.
    Position(Option<RangeKind>),
    /// Made by the country: street, account, language.
    Made,
}

impl PlaceWriter {
    pub fn new(cities: &[u16], locales: &Locales, attribute: Attribute, domain: &Domain) -> Option<Self> {
        let places = Places::new(cities, locales)?;
        let form = match (attribute, domain) {
            (Attribute::Latitude | Attribute::Longitude, Domain::Range { kind, .. }) => Form::Position(Some(*kind)),
            (Attribute::Latitude | Attribute::Longitude, Domain::Float { .. }) => Form::Position(None),
            _ if made(attribute) => Form::Made,
            _ => {
                let sampler = domain.sampler();
                let own = !locales.is_empty();
                let told = |g: &Group| -> Option<Vec<String>> {
                    g.cities.iter().map(|city| told(g.country, city, attribute, domain, &sampler, own)).collect()
                };
                let texts = places.groups.iter().map(told).collect::<Option<Vec<Vec<String>>>>()?;
                match attribute {
                    Attribute::Zipcode | Attribute::Phone => Form::Templates(texts),
                    _ => Form::Texts(texts),
                }
            }
        };
        let room = match domain {
            Domain::Text(t) => t.max_chars.min(t.max_bytes.unwrap_or(u32::MAX)) as usize,
            _ => 40,
        };
        let writer_of_attribute = PlaceWriter { places, attribute, form, room };
        (!matches!(writer_of_attribute.form, Form::Made | Form::Position(_)) || writer_of_attribute.is_allowed(domain))
            .then_some(writer_of_attribute)
    }

    /// Whether the domain allows what is made on trial.
    fn is_allowed(&self, domain: &Domain) -> bool {
        let sampler = domain.sampler();
        (0..200).all(|i| {
            let mut rng = CellRng::new(i);
            sampler.contains(&self.value(dbmocker_core::rng_stream::mix(i), &mut rng))
        })
    }

    /// As a number where the column is one.
    pub fn value(&self, word: u64, rng: &mut CellRng) -> Value {
        let chosen = self.places.choose(word);
        match &self.form {
            Form::Position(kind) => self.position(chosen, word, *kind),
            _ => {
                let mut out = String::new();
                self.write(word, rng, &mut out);
                Value::Text(out)
            }
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self.form, Form::Position(_))
    }

    /// Somewhere within a few kilometres of the city's middle, the same for both coordinates of a row.
    fn position(&self, chosen: Chosen, word: u64, kind: Option<RangeKind>) -> Value {
        let group = &self.places.groups[chosen.group];
        let city = group.cities[chosen.city];
        let (middle, salt) = match self.attribute {
            Attribute::Latitude => (city.latitude, 1),
            _ => (city.longitude, 2),
        };
        let mut rng = CellRng::new(word ^ salt);
        let x = middle + (rng.unit() + rng.unit() - 1.0) * 0.06;
        match kind {
            Some(kind @ RangeKind::Decimal { scale }) => of_units(kind, (x * 10f64.powi(scale.into())).round() as i128),
            Some(kind) => of_units(kind, x.round() as i128),
            None => Value::Float((x * 1e6).round() / 1e6),
        }
    }

    #[inline]
    pub fn write(&self, word: u64, rng: &mut CellRng, out: &mut String) {
        let chosen = self.places.choose(word);
        match &self.form {
            Form::Texts(texts) => out.push_str(&texts[chosen.group][chosen.city]),
            Form::Templates(texts) => fill_template(&texts[chosen.group][chosen.city], rng, out),
            Form::Position(kind) => out.push_str(&self.position(chosen, word, *kind).to_string()),
            Form::Made => self.make(chosen, rng, out),
        }
    }

    fn make(&self, chosen: Chosen, rng: &mut CellRng, out: &mut String) {
        let country = self.places.groups[chosen.group].country;
        let code = country.codes[0];
        let start = out.len();
        match self.attribute {
            Attribute::Street | Attribute::Company => {
                let name = if self.attribute == Attribute::Street { "address" } else { "company" };
                if let Some(entry) = language(chosen.language).kind(name) {
                    entry.draw(self.room, rng, out);
                }
            }
            Attribute::Vat => vat_of(code, rng.below_u128(10_000_000), out),
            Attribute::Iban if iban_of(code, rng.below_u128(10_000_000_000), out) => {}
            // The country has none: an account abroad.
            Attribute::Iban => iban(rng.below_u128(IBANS), out),
            Attribute::Language => out.push_str(language(chosen.language).code),
            _ => {
                out.push_str(language(chosen.language).code);
                out.push('_');
                out.push_str(code);
            }
        }
        if out.len() == start {
            write_short_street(rng, out);
        }
    }
}

fn write_short_street(rng: &mut CellRng, out: &mut String) {
    out.push_str("No. ");
    crate::text_format::number(1 + rng.below(200), out);
}

fn made(attribute: Attribute) -> bool {
    use Attribute::*;
    matches!(attribute, Street | Company | Vat | Iban | Language | LocaleCode)
}

/// Fills a template's holes: `#` with digits, `?` with letters.
pub fn fill_template(text: &str, rng: &mut CellRng, out: &mut String) {
    // Seven bits each: templates hold at most nine digits and letters.
    let mut left = rng.word();
    let mut next = |n: usize| {
        let digit = ((left & 127) as usize * n) >> 7;
        left >>= 7;
        digit
    };
    for c in text.chars() {
        out.push(match c {
            '#' => char::from(b'0' + next(10) as u8),
            '?' => char::from(LETTERS[next(LETTERS.len())]),
            c => c,
        });
    }
}

/// Letters of postal codes: those that Canada and Great Britain both use.
const LETTERS: &[u8] = b"ABEHJLNPRSTWXYZ";

/// The cities of which a column can tell, by number; all of the world, those of the first country first.
pub fn cities(attribute: Attribute, domain: &Domain, locales: &Locales) -> Vec<u16> {
    let numbers = || (0u16..).zip(everywhere());
    let of_locales =
        |country: &Country| locales.is_empty() || locales.iter().any(|(l, _)| l.country().name == country.name);
    if made(attribute) || matches!(attribute, Attribute::Latitude | Attribute::Longitude) {
        return numbers().filter(|(_, (country, _))| of_locales(country)).map(|(i, _)| i).collect();
    }
    let sampler = domain.sampler();
    let own = !locales.is_empty();
    let fits = |(country, city)| of_locales(country) && told(country, city, attribute, domain, &sampler, own).is_some();
    numbers().filter(|(_, place)| fits(*place)).map(|(i, _)| i).collect()
}

/// How many cities lie in the country that is meant where no column names one.
pub fn cities_at_home() -> u16 {
    u16::try_from(countries()[0].cities.len()).expect("a short list")
}

/// What a column says of a city: the first spelling that its domain allows, in the country's language if asked for.
fn told(
    country: &'static Country,
    city: &'static City,
    of: Attribute,
    domain: &Domain,
    sampler: &Sampler,
    own: bool,
) -> Option<String> {
    let [two, three] = country.codes;
    let open = match domain {
        Domain::Text(t) if of.is_of(&t.kind) => false,
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => true,
        Domain::Choice { values, weights: None } => values.len() > 1,
        _ => return None,
    };
    let in_own = |[english, native]: [&'static str; 2]| if own { [native, english] } else { [english, native] };
    let (names, states, nation) = (in_own(city.names), in_own(city.states), in_own([country.name, country.native]));
    let zone = [city.zone];
    let spellings: Vec<&str> = match of {
        Attribute::City => names.into(),
        Attribute::State if open => [&states[..], &[city.state_code]].concat(),
        Attribute::State => states.into(),
        // Codes of two characters are letters.
        Attribute::StateCode if is_pair(domain) && !city.state_code.bytes().all(|b| b.is_ascii_uppercase()) => {
            return None;
        }
        Attribute::StateCode if is_pair(domain) && city.state_code.len() != 2 => return None,
        Attribute::StateCode => vec![city.state_code],
        Attribute::Country if open => [&nation[..], &[two, three]].concat(),
        Attribute::Country => nation.into(),
        Attribute::CountryCode if open => vec![two, three, country.name],
        Attribute::CountryCode => vec![two],
        Attribute::CountryCode3 => vec![three],
        Attribute::Zipcode => vec![city.zipcode],
        Attribute::Phone if is_valid(domain) => vec![country.valid_phone()],
        Attribute::Phone => vec![city.phone],
        Attribute::TimeZone => zone.into(),
        Attribute::Currency => vec![country.money],
        Attribute::CallingCode => vec![country.calling],
        _ => return None,
    };
    let allowed = |text: &str| sampler.contains(&Value::text(text)) && fits_charset(text, domain);
    if matches!(of, Attribute::Zipcode | Attribute::Phone) {
        // Only a pattern looks at more than the length.
        let tried = if open { usize::MAX } else { 1 };
        return Some(spellings[0]).filter(|t| fillings(t).take(tried).all(|text| allowed(&text))).map(String::from);
    }
    let as_written = spellings.iter().find(|s| allowed(s)).map(|s| (*s).to_owned());
    as_written
        .or_else(|| {
            let cased = spellings.iter().flat_map(|s| [s.to_uppercase(), s.to_lowercase()]);
            cased.into_iter().find(|s| allowed(s))
        })
        .or_else(|| {
            let plain = crate::fold::ascii(spellings[0]);
            (!plain.is_empty() && allowed(&plain)).then_some(plain)
        })
}

/// Texts of two characters at most.
fn is_pair(domain: &Domain) -> bool {
    matches!(domain, Domain::Text(t) if t.max_chars == 2)
}

/// Telephone numbers that any check calls valid were asked for.
fn is_valid(domain: &Domain) -> bool {
    matches!(domain, Domain::Text(t) if matches!(&t.kind, TextKind::Catalogue(named) if named.name() == "valid_phone"))
}

fn fits_charset(text: &str, domain: &Domain) -> bool {
    !matches!(domain, Domain::Text(t) if (t.ascii && !text.is_ascii()) || t.max_bytes.is_some_and(|b| text.len() > b as usize))
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
