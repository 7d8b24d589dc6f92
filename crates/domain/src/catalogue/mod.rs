//! The catalogue of kinds of values that are defined in data files, by subject: lists with weights, templates, and
//! codes with check digits.
//!
//! Data in: the files of `data/`, loaded once. Data out: an [`CatalogueEntry`] for each kind, which draws and enumerates texts.
//! A new list or template is a line in a file (`data/README.md`); only check digits need code (`codes.rs`).

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fake::Words;
use dbmocker_core::rng_stream::CellRng;

mod check_digits;
mod codes;
mod countries;
mod error;
mod read;
mod template;
#[cfg(test)]
mod tests;

pub(super) use codes::Code;
pub use countries::{IBANS, iban, iban_of, vat_of};
pub use error::NotationError;
pub use read::{CatalogueError, inline};
pub use template::Template;

/// The catalogue's files.
const FILES: [(&str, &str); 10] = [
    ("people.txt", include_str!("data/people.txt")),
    ("places.txt", include_str!("data/places.txt")),
    ("business.txt", include_str!("data/business.txt")),
    ("codes.txt", include_str!("data/codes.txt")),
    ("web.txt", include_str!("data/web.txt")),
    ("social.txt", include_str!("data/social.txt")),
    ("more.txt", include_str!("data/more.txt")),
    ("texts.txt", include_str!("data/texts.txt")),
    ("trades.txt", include_str!("data/trades.txt")),
    ("json.txt", include_str!("data/json.txt")),
];

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::read(&FILES).expect("a test parses the catalogue's files"));

/// All kinds, in the files' order.
#[derive(Debug)]
pub(super) struct Catalogue {
    entries: Vec<CatalogueEntry>,
    names: HashMap<&'static str, u16>,
}

/// A kind of value.
#[derive(Debug)]
pub struct CatalogueEntry {
    pub name: &'static str,
    /// The title of its heading, e.g. `Food and drink`.
    pub subject: &'static str,
    pub body: EntryBody,
}

/// The source of a kind's texts.
#[derive(Debug)]
pub enum EntryBody {
    List(&'static Words),
    Template(&'static Template),
    Code(&'static Code),
}

/// A kind of the catalogue, by its index; serialized as its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named(u16);

impl Catalogue {
    pub(super) fn into_entries(self) -> Vec<CatalogueEntry> {
        self.entries
    }
}

impl Named {
    /// The kind with this name; `None` if there is none.
    pub fn find(name: &str) -> Option<Named> {
        CATALOGUE.names.get(name).copied().map(Named)
    }

    /// All kinds by subject, except those that only other kinds use (`_name`).
    pub fn all() -> impl Iterator<Item = Named> {
        (0u16..).zip(&CATALOGUE.entries).filter(|(_, e)| !e.name.starts_with('_')).map(|(i, _)| Named(i))
    }

    #[inline]
    pub fn entry(self) -> &'static CatalogueEntry {
        &CATALOGUE.entries[usize::from(self.0)]
    }

    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Whether it is a kind of JSON arrays.
    pub fn is_array(self) -> bool {
        let mut text = String::new();
        self.entry().draw(usize::MAX, &mut CellRng::new(1), &mut text);
        text.starts_with('[')
    }

    /// Whether it is a kind of sentences about a subject.
    pub fn is_prose(self) -> bool {
        self.name().starts_with("text_")
    }

    /// Whether texts of the kind may contain characters of four bytes (emoji).
    pub fn is_beyond_basic(self) -> bool {
        matches!(self.name(), "emoji" | "chat_message" | "text_message")
    }

    /// Whether all texts of the kind are ASCII.
    pub fn is_ascii(self) -> bool {
        match &self.entry().body {
            EntryBody::List(words) => words.is_ascii(),
            EntryBody::Template(template) => template.is_ascii(),
            EntryBody::Code(_) => true,
        }
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Named::find(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown kind of value `{name}`")))
    }
}

impl CatalogueEntry {
    /// Appends a text of at most `room` bytes; nothing if none fits.
    #[inline]
    pub fn draw(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        match &self.body {
            EntryBody::List(words) => words.put(room, rng, out),
            EntryBody::Template(template) => template.draw(room, rng, out),
            EntryBody::Code(code) if code.longest <= room => (code.write)(rng.below_u128(code.size), out),
            EntryBody::Code(_) => {}
        }
    }

    /// The bytes that the usual texts of the kind need: two thirds of a list's draws, any code.
    pub fn need(&self) -> usize {
        match &self.body {
            EntryBody::List(words) => (1..).find(|&n| words.share(n) >= 0.67).unwrap_or(usize::MAX),
            EntryBody::Template(template) => template.usual(),
            EntryBody::Code(code) => code.longest,
        }
    }

    /// The bytes of the longest text.
    pub fn longest(&self) -> usize {
        match &self.body {
            EntryBody::List(words) => words.packed().longest(),
            EntryBody::Template(template) => template.longest(),
            EntryBody::Code(code) => code.longest,
        }
    }
}
