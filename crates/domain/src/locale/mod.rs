//! Languages and countries: names, streets, sentences and cities in local form.
//!
//! Data in: the files of `data/`, loaded once. Data out: a [`Language`] with texts by kind; countries and cities in
//! [`places`].

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::catalogue::{Catalogue, CatalogueEntry};
use super::fold::fold;
use super::string_arena::StringArena;
use dbmocker_core::rng_stream::CellRng;

mod draw;
mod people;
pub mod places;
#[cfg(test)]
mod tests;

pub(super) use draw::draw;
pub use draw::has;
pub use people::People;
use places::{Country, country};

const FILES: [(&str, &str); 22] = [
    ("en", include_str!("data/en.txt")),
    ("de", include_str!("data/de.txt")),
    ("fr", include_str!("data/fr.txt")),
    ("es", include_str!("data/es.txt")),
    ("pt", include_str!("data/pt.txt")),
    ("it", include_str!("data/it.txt")),
    ("nl", include_str!("data/nl.txt")),
    ("pl", include_str!("data/pl.txt")),
    ("tr", include_str!("data/tr.txt")),
    ("ru", include_str!("data/ru.txt")),
    ("ja", include_str!("data/ja.txt")),
    ("zh", include_str!("data/zh.txt")),
    ("sv", include_str!("data/sv.txt")),
    ("da", include_str!("data/da.txt")),
    ("nb", include_str!("data/nb.txt")),
    ("fi", include_str!("data/fi.txt")),
    ("cs", include_str!("data/cs.txt")),
    ("el", include_str!("data/el.txt")),
    ("hu", include_str!("data/hu.txt")),
    ("ro", include_str!("data/ro.txt")),
    ("ko", include_str!("data/ko.txt")),
    ("uk", include_str!("data/uk.txt")),
];

/// A language's names and texts.
#[derive(Debug)]
pub struct Language {
    pub code: &'static str,
    pub female: People,
    pub male: People,
    pub last: People,
    /// Last names of women, if they differ.
    pub last_female: Option<People>,
    kinds: HashMap<&'static str, &'static CatalogueEntry>,
}

/// A language, loaded with its first use.
type LazyLanguage = LazyLock<Language, fn() -> Language>;

static LANGUAGES: LazyLock<Vec<LazyLanguage>> = LazyLock::new(|| {
    macro_rules! each {
        ($($n:literal)*) => { vec![$(LazyLock::new((|| Language::read($n)) as fn() -> Language)),*] };
    }
    each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21)
});

/// The index of the language with a code such as `de`; `None` if there is none.
pub fn language_of(code: &str) -> Option<u8> {
    FILES.iter().position(|(c, _)| *c == code).and_then(|i| u8::try_from(i).ok())
}

/// The language at an index; its file is loaded with the first call.
pub fn language(place: u8) -> &'static Language {
    &LANGUAGES[usize::from(place)]
}

impl Language {
    fn read(place: usize) -> Language {
        let (code, text) = FILES[place];
        let shown = people::without_latin(text);
        let file = format!("{code}.txt");
        let catalogue = Catalogue::read(&[(&file, &shown)]).expect("a test parses the files of all languages");
        let kinds = catalogue.into_entries().into_iter().map(|e| (e.name, &*Box::leak(Box::new(e)))).collect();
        let list = |name: &str| People::of(text, name, code);
        let names = |name: &str| list(name).expect("a test loads the names of every language");
        Language {
            code,
            female: names("female"),
            male: names("male"),
            last: names("last"),
            last_female: list("last_female"),
            kinds,
        }
    }

    /// The language's values of a kind; `None` if its file has none.
    pub fn kind(&self, name: &str) -> Option<&'static CatalogueEntry> {
        self.kinds.get(name).copied()
    }

    /// Whether last names come first: `Nagy Anna`.
    pub fn last_first(&self) -> bool {
        matches!(self.code, "ja" | "zh" | "ko" | "hu")
    }

    /// The separator between a person's names.
    pub fn between_names(&self) -> &'static str {
        if matches!(self.code, "zh" | "ko") { "" } else { " " }
    }
}

/// A language in a country: `de_AT`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locale {
    language: u8,
    country: u8,
}

impl Locale {
    /// Parses `de_DE`, `de-DE`, or `de` alone, which means the language's main country. `None` for an unknown language
    /// or country.
    pub fn parse(text: &str) -> Option<Locale> {
        let (code, land) = match text.trim().split_once(['_', '-']) {
            Some((code, land)) => (code, Some(land.to_ascii_uppercase())),
            None => (text.trim(), None),
        };
        let code = code.to_ascii_lowercase();
        let code = if code == "no" || code == "nn" { "nb" } else { &code };
        let language = language_of(code)?;
        let has_language = |c: &Country| c.languages.iter().any(|(l, _)| *l == language);
        let all = places::countries();
        let found = match land {
            Some(land) => all.iter().position(|c| c.codes[0] == land),
            // A country with the language's code, else one with it as first language, else any with it.
            None => {
                let main = |c: &Country| c.languages.first().is_some_and(|(l, _)| *l == language);
                let home = all.iter().position(|c| c.codes[0].eq_ignore_ascii_case(code));
                home.or_else(|| all.iter().position(main)).or_else(|| all.iter().position(has_language))
            }
        };
        Some(Locale { language, country: u8::try_from(found?).ok()? })
    }

    pub fn language(self) -> &'static Language {
        language(self.language)
    }

    pub fn language_place(self) -> u8 {
        self.language
    }

    pub fn country(self) -> &'static Country {
        country(self.country)
    }

    /// All locales: every country with each of its languages.
    pub fn all() -> impl Iterator<Item = Locale> {
        (0u8..).zip(places::countries()).flat_map(|(country, c)| {
            c.languages.iter().map(move |(language, _)| Locale { language: *language, country })
        })
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.language().code, self.country().codes[0])
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Locale::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("unknown locale `{text}`")))
    }
}

/// Locales with their weights.
pub type Locales = Vec<(Locale, u32)>;

/// A random item, by weight; there must be at least one.
#[inline]
pub fn pick<T: Copy>(of: &[(T, u32)], rng: &mut CellRng) -> T {
    if let [(only, _)] = of {
        return *only;
    }
    let all: u32 = of.iter().map(|(_, w)| w).sum();
    let mut at = rng.below(u64::from(all.max(1))) as u32;
    for (item, weight) in of {
        if at < *weight {
            return *item;
        }
        at -= weight;
    }
    of[0].0
}
