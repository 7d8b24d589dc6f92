//! Kinds of values that are data: lists with weights, templates, and codes with check digits, by subject.
//!
//! Data in: the files of `data/`, read once. Data out: an [`Entry`] a kind, which draws texts and numbers them. A new
//! list or template is a line in a file (`data/README.md`); only check digits need code (`codes.rs`).

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fake::Words;
use dbmocker_core::rng_stream::CellRng;

mod check_digits;
mod codes;
mod countries;
mod read;
mod template;
#[cfg(test)]
mod tests;

pub(super) use codes::Code;
pub use countries::{IBANS, iban, iban_of, vat_of};
pub use read::{ReadError, inline};
pub use template::Template;

/// A subject and its kinds.
const FILES: [(&str, &str); 9] = [
    ("people.txt", include_str!("data/people.txt")),
    ("places.txt", include_str!("data/places.txt")),
    ("business.txt", include_str!("data/business.txt")),
    ("codes.txt", include_str!("data/codes.txt")),
    ("web.txt", include_str!("data/web.txt")),
    ("social.txt", include_str!("data/social.txt")),
    ("more.txt", include_str!("data/more.txt")),
    ("texts.txt", include_str!("data/texts.txt")),
    ("json.txt", include_str!("data/json.txt")),
];

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::read(&FILES).expect("the files of the catalogue are read by a test"));

/// All kinds, in the files' order.
#[derive(Debug)]
pub(super) struct Catalogue {
    entries: Vec<Entry>,
    names: HashMap<&'static str, u16>,
}

/// A kind of value.
#[derive(Debug)]
pub struct Entry {
    pub name: &'static str,
    /// The heading it stands under, e.g. `Food and drink`.
    pub subject: &'static str,
    pub body: Body,
}

/// Where the texts of a kind come from.
#[derive(Debug)]
pub enum Body {
    List(&'static Words),
    Template(&'static Template),
    Code(&'static Code),
}

/// A kind of the catalogue, by its place; it travels by its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named(u16);

impl Catalogue {
    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl Named {
    /// The kind of this name.
    pub fn find(name: &str) -> Option<Named> {
        CATALOGUE.names.get(name).copied().map(Named)
    }

    /// All kinds, but for those that only serve others; by subject.
    pub fn all() -> impl Iterator<Item = Named> {
        (0u16..).zip(&CATALOGUE.entries).filter(|(_, e)| !e.name.starts_with('_')).map(|(i, _)| Named(i))
    }

    #[inline]
    pub fn entry(self) -> &'static Entry {
        &CATALOGUE.entries[usize::from(self.0)]
    }

    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// JSON documents that are arrays.
    pub fn is_array(self) -> bool {
        let mut text = String::new();
        self.entry().draw(usize::MAX, &mut CellRng::new(1), &mut text);
        text.starts_with('[')
    }

    /// Sentences about a subject.
    pub fn is_prose(self) -> bool {
        self.name().starts_with("text_")
    }

    /// A text of the kind has letters of four bytes (emoji).
    pub fn is_beyond_basic(self) -> bool {
        matches!(self.name(), "emoji" | "chat_message" | "text_message")
    }

    /// No text of the kind has letters beyond ASCII.
    pub fn is_ascii(self) -> bool {
        match &self.entry().body {
            Body::List(words) => words.is_ascii(),
            Body::Template(template) => template.is_ascii(),
            Body::Code(_) => true,
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
        Named::find(&name).ok_or_else(|| serde::de::Error::custom(format!("no kind of value is called `{name}`")))
    }
}

impl Entry {
    /// Appends a text of at most `room` bytes; nothing where none fits.
    #[inline]
    pub fn draw(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        match &self.body {
            Body::List(words) => words.put(room, rng, out),
            Body::Template(template) => template.draw(room, rng, out),
            Body::Code(code) if code.longest <= room => (code.write)(rng.below_u128(code.size), out),
            Body::Code(_) => {}
        }
    }

    /// Bytes in which the usual text of the kind has room: two thirds of a list, all of a form.
    pub fn need(&self) -> usize {
        match &self.body {
            Body::List(words) => (1..).find(|&n| words.share(n) >= 0.67).unwrap_or(usize::MAX),
            Body::Template(template) => template.usual(),
            Body::Code(code) => code.longest,
        }
    }

    /// Bytes of the longest text.
    pub fn longest(&self) -> usize {
        match &self.body {
            Body::List(words) => words.packed().longest(),
            Body::Template(template) => template.longest(),
            Body::Code(code) => code.longest,
        }
    }
}
