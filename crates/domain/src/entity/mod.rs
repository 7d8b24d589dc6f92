//! What several columns of a row tell of: the row's person, the row's place.
//!
//! Data in: the entity, which of its attributes a column holds, the column's domain, and the row's random word for the
//! entity, which is the same for all of its columns. Data out: texts that agree with each other within each column's
//! own limits. A column whose domain leaves an attribute no room has no [`AttributeWriter`].

use serde::{Deserialize, Serialize};

use super::Domain;
use super::text::TextKind;
use dbmocker_core::rng_stream::CellRng;

mod gazetteer;
mod person;
mod place;

use person::PersonWriter;
use place::PlaceWriter;
pub use place::{cities, cities_at_home};

/// What the columns of a row tell of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// `sexed`: a column holds the sex, so first names are those of men or of women.
    Person { sexed: bool },
    /// One of these cities, by their numbers in the list.
    Place { cities: Vec<u16> },
}

/// What a column tells of a person or a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    FirstName,
    LastName,
    FullName,
    Username,
    Email,
    /// Sex or form of address.
    Sex,
    Country,
    CountryCode,
    State,
    StateCode,
    City,
    Zipcode,
    Phone,
}

impl Attribute {
    pub fn is_personal(self) -> bool {
        self <= Attribute::Sex
    }

    /// The kind of text that holds it.
    pub fn kind(self) -> TextKind {
        match self {
            Attribute::FirstName => TextKind::FirstName,
            Attribute::LastName => TextKind::LastName,
            Attribute::FullName => TextKind::Name,
            Attribute::Username => TextKind::Username,
            Attribute::Email => TextKind::Email,
            Attribute::Sex => TextKind::Gender,
            Attribute::Country => TextKind::Country,
            Attribute::CountryCode => TextKind::CountryCode,
            Attribute::State => TextKind::State,
            Attribute::StateCode => TextKind::StateCode,
            Attribute::City => TextKind::City,
            Attribute::Zipcode => TextKind::Zipcode,
            Attribute::Phone => TextKind::Phone,
        }
    }
}

/// Writes one attribute of a row's entity, within a column's domain.
#[derive(Debug)]
pub struct AttributeWriter(WriterKind);

#[derive(Debug)]
enum WriterKind {
    Person(Box<PersonWriter>),
    Place(PlaceWriter),
}

impl AttributeWriter {
    /// `None` where the domain leaves the attribute no room. A `numbered` teller puts the row's number into the text,
    /// so that texts of different numbers differ whatever the letter case: user names and e-mail addresses.
    pub fn new(entity: &Entity, attribute: Attribute, domain: &Domain, numbered: bool) -> Option<Self> {
        Some(AttributeWriter(match entity {
            Entity::Person { sexed } if attribute.is_personal() => {
                WriterKind::Person(Box::new(PersonWriter::new(*sexed, attribute, domain, numbered)?))
            }
            Entity::Place { cities } if !attribute.is_personal() && !numbered => {
                WriterKind::Place(PlaceWriter::new(cities, attribute, domain)?)
            }
            _ => return None,
        }))
    }

    /// Appends the text: `word` is the row's for the entity, `rng` the cell's own, `number` the row's if numbered.
    #[inline]
    pub fn write(&self, word: u64, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        match &self.0 {
            WriterKind::Person(person) => person.write(word, rng, number, out),
            WriterKind::Place(place) => place.write(word, rng, out),
        }
    }
}

#[cfg(test)]
mod tests;
