//! A row's person: first and last name, user name and e-mail address from them, and a sex that agrees with the first
//! name.

use std::sync::LazyLock;

use super::Attribute;
use super::place::CityDistribution;
use crate::fake::{FIRST_NAMES, MAIL_HOSTS};
use crate::locale::{Language, Locales, People, language, language_of, pick};
use crate::text::{Case, TextKind};
use crate::{Domain, Sampler, TextDomain, fold, text_format};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// One person in this many is of neither sex, if the column's values allow it.
const NEITHER: u64 = 24;
/// Characters that a numbered text needs before any `@`.
const NUMBERED_ROOM: usize = 16;
/// Minimum characters of a numbered text before any `@`.
const MIN_NUMBERED: usize = 4;

/// Languages of names for tables without locale and place, with weights.
static WORLD: LazyLock<Vec<(u8, u32)>> = LazyLock::new(|| {
    let of = [("en", 82), ("es", 6), ("de", 4), ("fr", 3), ("pt", 2), ("it", 1), ("pl", 1), ("sv", 1)];
    of.into_iter().filter_map(|(code, weight)| Some((language_of(code)?, weight))).collect()
});

/// First names of any sex, which are far more than those of a known one.
static ANY_FIRST: LazyLock<People> = LazyLock::new(|| People::of_words(&FIRST_NAMES));

/// The source of the names of a table's people.
#[derive(Debug)]
pub(super) struct NameSource {
    sexed: bool,
    /// No locale: names are in Latin letters, with the first name first.
    world: bool,
    languages: Vec<(u8, u32)>,
    /// If the table has places, the row's place determines the language.
    places: Option<CityDistribution>,
}

impl NameSource {
    pub fn new(sexed: bool, locales: &Locales, cities: &[u16]) -> Option<Self> {
        let places = if cities.is_empty() { None } else { Some(CityDistribution::new(cities, locales)?) };
        let languages: Vec<(u8, u32)> = locales.iter().map(|(l, weight)| (l.language_place(), *weight)).collect();
        let languages = if languages.is_empty() { WORLD.clone() } else { languages };
        Some(NameSource { sexed, world: locales.is_empty(), languages, places })
    }

    fn language(&self, word: u64) -> u8 {
        match &self.places {
            Some(places) => places.language(word),
            None => pick(&self.languages, &mut Person::rng(word, 3)),
        }
    }

    /// All languages that a row may have.
    fn all(&self) -> Vec<u8> {
        let mut all: Vec<u8> = match &self.places {
            Some(places) => places.languages().collect(),
            None => self.languages.iter().map(|(l, _)| *l).collect(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[derive(Debug)]
pub(super) struct PersonWriter {
    source: NameSource,
    values: PersonValues,
}

#[derive(Debug)]
enum PersonValues {
    Sex { female: Vec<String>, male: Vec<String>, neither: Vec<String> },
    Text(Box<PersonText>),
}

/// The writer of a text column: a name, user name or e-mail address.
#[derive(Debug)]
struct PersonText {
    attribute: Attribute,
    separator: Separator,
    domain: TextDomain,
    /// Maximum characters without the domain's prefix and suffix.
    room: usize,
    /// Draws a text of the domain if a name does not fit.
    fallback: Sampler,
    /// Only the number of bytes limits a name.
    plain: bool,
}

/// The separator between the names in a user name.
#[derive(Debug, Clone, Copy)]
enum Separator {
    Any,
    Underscore,
    Nothing,
}

/// A row's person, whose attributes are computed on demand.
#[derive(Clone, Copy)]
struct Person {
    word: u64,
    sexed: bool,
    world: bool,
    language: &'static Language,
}

/// A name of a list: the list and the index.
#[derive(Clone, Copy)]
struct PersonName(&'static People, usize);

impl PersonName {
    fn pick(people: &'static People, rng: &mut CellRng) -> Self {
        PersonName(people, people.pick(rng))
    }

    #[inline]
    fn shown(self) -> &'static str {
        self.0.shown(self.1)
    }

    /// Appends the name; if `world`, in Latin letters if its script is East Asian.
    #[inline]
    fn write(self, world: bool, out: &mut String) {
        if world && self.0.is_east_asian() && self.shown().starts_with(|c: char| c > '\u{2e7f}') {
            let start = out.len();
            self.0.write_plain(self.1, out);
            if out.len() > start {
                out[start..=start].make_ascii_uppercase();
            }
        } else {
            self.0.write_shown(self.1, out);
        }
    }

    /// The name in lower-case ASCII letters.
    #[inline]
    fn plain(self) -> &'static str {
        self.0.plain(self.1)
    }
}

/// First and last name, their language, and whether the table has no locale ([`NameSource::world`]).
#[derive(Clone, Copy)]
struct FullName(PersonName, PersonName, &'static Language, bool);

impl Person {
    fn of(word: u64, source: &NameSource) -> Person {
        Person { word, sexed: source.sexed, world: source.world, language: language(source.language(word)) }
    }

    /// An independent random stream for each attribute of the person.
    fn rng(word: u64, attribute: u64) -> CellRng {
        CellRng::new(word ^ attribute.wrapping_mul(0x9fb2_1c65_1e98_df25))
    }

    fn is_female(self) -> bool {
        // Independent of the choice of the place, which uses the same word.
        self.word.count_ones() & 1 == 0
    }

    fn is_neither(self) -> bool {
        Person::rng(self.word, 2).below(NEITHER) == 0
    }

    #[inline]
    fn first(self) -> PersonName {
        let people = match (self.sexed || self.language.code != "en", self.is_female()) {
            (false, _) => &ANY_FIRST,
            (true, true) => &self.language.female,
            (true, false) => &self.language.male,
        };
        PersonName::pick(people, &mut Person::rng(self.word, 0))
    }

    #[inline]
    fn last(self) -> PersonName {
        let mut name = PersonName::pick(&self.language.last, &mut Person::rng(self.word, 1));
        if let Some(women) = self.language.last_female.as_ref().filter(|_| self.is_female()) {
            name.0 = women;
        }
        name
    }

    fn names(self) -> FullName {
        FullName(self.first(), self.last(), self.language, self.world)
    }
}

/// Appends a name, user name or e-mail address of a random person with names of a language.
pub fn write_person(place: u8, kind: &TextKind, room: usize, rng: &mut CellRng, out: &mut String) {
    let person = Person { word: rng.word(), sexed: false, world: false, language: language(place) };
    let names = person.names();
    match kind {
        TextKind::FirstName => out.push_str(names.0.shown()),
        TextKind::LastName => out.push_str(names.1.shown()),
        TextKind::Name => full_name(names, room, out),
        TextKind::Username => user_name(names, room, Separator::Any, rng, None, out),
        _ => {
            let host = host(room.saturating_sub(13), rng);
            user_name(names, room.saturating_sub(host.len() + 1), Separator::Any, rng, None, out);
            out.push('@');
            out.push_str(host);
        }
    }
}

/// The part of an e-mail address after the `@`: a random one of at most `room` characters, else the shortest.
fn host(room: usize, rng: &mut CellRng) -> &'static str {
    match MAIL_HOSTS.fitting(room) {
        0 => MAIL_HOSTS.get(0),
        n => MAIL_HOSTS.get(MAIL_HOSTS.pick_index(n, rng)),
    }
}

impl PersonWriter {
    pub fn new(source: NameSource, attribute: Attribute, domain: &Domain, numbered: bool) -> Option<Self> {
        let values = match (attribute, domain) {
            (Attribute::Sex, _) if numbered => return None,
            (Attribute::Sex, _) => sexes(domain)?,
            (_, Domain::Text(t)) => PersonValues::Text(Box::new(PersonText::new(&source, attribute, t, numbered)?)),
            _ => return None,
        };
        Some(PersonWriter { source, values })
    }

    pub fn write(&self, word: u64, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        let person = Person::of(word, &self.source);
        match &self.values {
            PersonValues::Sex { female, male, neither } => {
                let among = match () {
                    () if !neither.is_empty() && person.is_neither() => neither,
                    () if person.is_female() => female,
                    () => male,
                };
                out.push_str(rng.pick::<String>(among));
            }
            PersonValues::Text(text) => text.write(person, rng, number, out),
        }
    }
}

/// The members of a domain by sex; `None` if it has none for female or none for male.
fn sexes(domain: &Domain) -> Option<PersonValues> {
    let listed: Vec<String> = match domain {
        Domain::Choice { values, .. } => {
            let text = |v: &Value| if let Value::Text(s) = v { Some(s.clone()) } else { None };
            values.iter().map(text).collect::<Option<_>>()?
        }
        Domain::Text(t) if Attribute::Sex.is_of(&t.kind) => {
            let allows = |list: &&[&str]| list.iter().all(|s| domain.contains(&Value::text(*s)));
            let address = matches!(&t.kind, TextKind::Catalogue(named) if named.name() == "name_prefix");
            let own = address.then(|| t.locales.first()).flatten().and_then(|(l, _)| l.language().kind("salutation"));
            if let Some(crate::catalogue::EntryBody::List(words)) = own.map(|e| &e.body) {
                (0..words.len()).map(|i| words.get(i).to_owned()).filter(|w| domain.contains(&Value::text(w))).collect()
            } else {
                let spellings: [&[&str]; 4] = if address {
                    [&["Mr.", "Ms.", "Mrs.", "Dr."], &["Mr.", "Ms."], &["Mr", "Ms"], &["M", "F"]]
                } else {
                    [&["female", "male", "other"], &["F", "M"], &["f", "m"], &["F", "M"]]
                };
                spellings.iter().copied().find(allows)?.iter().map(|s| (*s).to_owned()).collect()
            }
        }
        _ => return None,
    };
    let (mut female, mut male, mut neither) = (vec![], vec![], vec![]);
    for text in listed {
        match text.trim_end().trim_end_matches('.').to_lowercase().as_str() {
            "f" | "female" | "w" | "woman" | "mrs" | "ms" | "miss" | "frau" | "mme" | "sra" | "dra" | "sig.ra"
            | "dott.ssa" | "mevr" | "pani" | "bayan" | "fru" | "rouva" | "paní" | "г-жа" | "пані" | "κα" | "dna"
            | "女士" | "úrnő" | "weiblich" | "femme" | "mujer" | "feminino" | "vrouw" => female.push(text),
            "m" | "male" | "man" | "mr" | "herr" | "sr" | "sig" | "dott" | "dhr" | "pan" | "bay" | "hr" | "herra"
            | "г-н" | "пан" | "κ" | "dl" | "先生" | "úr" | "männlich" | "homme" | "hombre" | "masculino" => {
                male.push(text)
            }
            _ => neither.push(text),
        }
    }
    (!female.is_empty() && !male.is_empty()).then_some(PersonValues::Sex { female, male, neither })
}

impl PersonText {
    fn new(source: &NameSource, attribute: Attribute, t: &TextDomain, numbered: bool) -> Option<Self> {
        let ends = t.prefix.chars().count() + t.suffix.chars().count();
        let room = (t.max_chars.min(t.max_bytes.unwrap_or(u32::MAX)) as usize).checked_sub(ends)?;
        let fallback = Domain::Text(t.clone()).sampler();
        let mut text =
            PersonText { attribute, separator: Separator::Any, domain: t.clone(), room, fallback, plain: is_plain(t) };
        if text.fallback.size() == 0 || (numbered && !text.can_be_numbered()) {
            return None;
        }
        if t.kind == attribute.kind() {
            return Some(text);
        }
        if !matches!(t.kind, TextKind::Pattern { .. }) {
            return None;
        }
        // A pattern is accepted if a sample of texts of every shape matches it.
        text.domain.prefix.clear();
        text.domain.suffix.clear();
        text.room += ends;
        text.plain = is_plain(&text.domain);
        for separator in [Separator::Any, Separator::Underscore, Separator::Nothing] {
            text.separator = separator;
            if text.samples(source, numbered).all(|s| s.is_some_and(|s| text.fallback.contains(&Value::Text(s)))) {
                return Some(text);
            }
        }
        // Then names without accents are tried.
        if !text.domain.ascii {
            text.domain.ascii = true;
            text.plain = false;
            text.separator = Separator::Any;
            let fits = |s: Option<String>| s.is_some_and(|s| text.fallback.contains(&Value::Text(s)));
            if text.samples(source, numbered).all(fits) {
                return Some(text);
            }
        }
        None
    }

    /// Whether a number fits, and texts with different numbers always differ.
    fn can_be_numbered(&self) -> bool {
        let (domain, host) = match self.attribute {
            Attribute::Email => (&self.domain, self.longest_host()),
            Attribute::Username => (&self.domain, 0),
            _ => return false,
        };
        let least = domain.min_chars as usize;
        let shortest = MIN_NUMBERED + host + domain.prefix.len() + domain.suffix.len();
        self.room >= NUMBERED_ROOM + host
            && least <= shortest
            && domain.except.is_empty()
            && domain.distinct_prefix.is_none_or(|d| d >= domain.max_chars)
    }

    /// Maximum characters of the `@` and the host; 0 if the domain's suffix contains them.
    fn longest_host(&self) -> usize {
        if self.domain.suffix.contains('@') {
            return 0;
        }
        1 + MAIL_HOSTS.get(0).len()
    }

    /// A sample of texts of every shape, with the shortest, the longest and many other names; `None` for one that does
    /// not fit.
    fn samples<'a>(&'a self, source: &'a NameSource, numbered: bool) -> impl Iterator<Item = Option<String>> + 'a {
        let ends = |p: &'static People| {
            let by_length = |i: &usize| p.shown(*i).len();
            let (short, long) = ((0..p.len()).min_by_key(by_length), (0..p.len()).max_by_key(by_length));
            [PersonName(p, short.unwrap_or(0)), PersonName(p, long.unwrap_or(0))]
        };
        let extreme = source.all().into_iter().flat_map(move |place| {
            let l = language(place);
            let any = (l.code == "en").then(|| ends(&ANY_FIRST)).into_iter().flatten();
            let first = any.chain(ends(&l.female)).chain(ends(&l.male));
            first.flat_map(move |first| ends(&l.last).map(|last| FullName(first, last, l, source.world)))
        });
        let extreme = extreme.flat_map(|names| (0..24).map(move |i| (i, names)));
        let others = (0..400).map(move |i| (i, Person::of(dbmocker_core::rng_stream::mix(i), source).names()));
        extreme.chain(others).map(move |(i, names)| {
            let mut out = String::new();
            let number = numbered.then(|| 10u64.pow(i as u32 % 12) + 8 * i);
            self.compose(names, &mut CellRng::new(i), number, &mut out).then_some(out)
        })
    }

    fn write(&self, person: Person, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        let start = out.len();
        // Most columns need one name only; the other one is a dummy.
        let l = person.language;
        let names = match self.attribute {
            Attribute::FirstName => FullName(person.first(), PersonName(&l.last, 0), l, person.world),
            Attribute::LastName => FullName(PersonName(&l.female, 0), person.last(), l, person.world),
            _ => person.names(),
        };
        if !self.compose(names, rng, number, out) {
            debug_assert!(number.is_none(), "a numbered text always fits");
            out.truncate(start);
            self.fallback.draw_text(rng, out);
        }
    }

    /// Appends the text without prefix and suffix, in the letter case of the names.
    #[inline]
    fn write_body(&self, names: FullName, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        match self.attribute {
            Attribute::FirstName => names.0.write(names.3, out),
            Attribute::LastName => names.1.write(names.3, out),
            Attribute::FullName => full_name(names, self.room, out),
            Attribute::Username => user_name(names, self.room, self.separator, rng, number, out),
            _ => self.email(names, rng, number, out),
        }
    }

    /// Appends the text. Returns whether it is within the domain's limits.
    fn compose(&self, names: FullName, rng: &mut CellRng, number: Option<u64>, out: &mut String) -> bool {
        let d = &self.domain;
        let start = out.len();
        if self.plain {
            self.write_body(names, rng, number, out);
            return out.len() - start <= self.room && out.len() > start;
        }
        out.push_str(&d.prefix);
        let body = out.len();
        self.write_body(names, rng, number, out);
        if d.ascii && !out[body..].is_ascii() {
            let plain = plain_names(names, self.attribute, &out[body..]);
            out.truncate(body);
            out.push_str(&plain);
        }
        let fits = out.len() - body <= self.room;
        match d.case {
            Case::Any => {}
            Case::Lower => out[body..].make_ascii_lowercase(),
            Case::Upper => out[body..].make_ascii_uppercase(),
        }
        if d.case != Case::Any && !out[body..].is_ascii() {
            let cased = if d.case == Case::Lower { out[body..].to_lowercase() } else { out[body..].to_uppercase() };
            out.truncate(body);
            out.push_str(&cased);
        }
        out.push_str(&d.suffix);
        let text = &out[start..];
        let characters = if text.is_ascii() { text.len() } else { text.chars().count() };
        fits && characters >= d.min_chars as usize && !d.except.iter().any(|e| e.trim_end().eq_ignore_ascii_case(text))
    }

    fn email(&self, names: FullName, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        if self.domain.suffix.contains('@') {
            return user_name(names, self.room, self.separator, rng, number, out);
        }
        let host = host(self.room.saturating_sub(NUMBERED_ROOM + 1), rng);
        user_name(names, self.room.saturating_sub(host.len() + 1), self.separator, rng, number, out);
        out.push('@');
        out.push_str(host);
    }
}

/// Whether texts of the domain have no affixes, no letter case, no exceptions, and any characters and lengths.
fn is_plain(d: &TextDomain) -> bool {
    d.prefix.is_empty()
        && d.suffix.is_empty()
        && d.except.is_empty()
        && d.case == Case::Any
        && !d.ascii
        && d.min_chars <= 1
}

/// Appends a user name such as `maria.lopez`, `mlopez`, `maria_lopez17`: letters, then the number, so that different
/// numbers give different texts.
fn user_name(
    names: FullName,
    room: usize,
    separator: Separator,
    rng: &mut CellRng,
    number: Option<u64>,
    out: &mut String,
) {
    let start = out.len();
    let (initial, separator) = match (separator, rng.below(8)) {
        (_, 0) => (true, ""),
        (Separator::Nothing, _) => (false, ""),
        (Separator::Underscore, _) | (Separator::Any, 1 | 2) => (false, "_"),
        (Separator::Any, _) => (false, "."),
    };
    let digits = match number {
        Some(n) => Some(n.saturating_add(1)),
        None => (rng.below(3) == 0).then(|| 10 + rng.below(90)),
    };
    let width = digits.map_or(0, |n| n.ilog10() as usize + 1);
    lower_case_names(names, initial, separator, out);
    if number.is_some() {
        let letters = room.saturating_sub(width).min(out.len() - start);
        out.truncate(start + letters);
        while out.len() > start && out.ends_with(['.', '_']) {
            out.pop();
        }
    } else if out.len() - start + width > room {
        out.truncate(start);
        return lower_case_names(names, true, "", out);
    }
    if let Some(n) = digits {
        text_format::number(n, out);
    }
}

/// Appends `Maria Lopez`, or `M. Lopez` if that does not fit; the last name comes first in some languages.
fn full_name(FullName(first, last, language, world): FullName, room: usize, out: &mut String) {
    let start = out.len();
    let last_first = language.last_first() && !world;
    let between = if world { " " } else { language.between_names() };
    let (one, two) = if last_first { (last, first) } else { (first, last) };
    one.write(world, out);
    out.push_str(between);
    two.write(world, out);
    if out.len() - start > room && !last_first {
        out.truncate(start);
        out.extend(if world {
            first.plain().chars().next().map(|c| c.to_ascii_uppercase())
        } else {
            first.shown().chars().next()
        });
        out.push_str(". ");
        last.write(world, out);
    }
}

/// Appends both names in lower-case letters; of the first one only the initial if `initial`.
fn lower_case_names(FullName(first, last, ..): FullName, initial: bool, separator: &str, out: &mut String) {
    if initial {
        out.push_str(first.plain().get(..1).unwrap_or_default());
    } else {
        first.0.write_plain(first.1, out);
    }
    out.push_str(separator);
    last.0.write_plain(last.1, out);
}

/// The names in ASCII, for a column whose character set is ASCII.
fn plain_names(FullName(first, last, ..): FullName, attribute: Attribute, shown: &str) -> String {
    let capital = |name: &str| {
        let mut name = name.to_owned();
        if !name.is_empty() {
            name[..1].make_ascii_uppercase();
        }
        name
    };
    let latin = fold::ascii(shown);
    if latin.chars().filter(char::is_ascii_alphabetic).count() >= 2 {
        return latin;
    }
    match attribute {
        Attribute::FirstName => capital(first.plain()),
        Attribute::LastName => capital(last.plain()),
        _ => format!("{} {}", capital(first.plain()), capital(last.plain())),
    }
}
