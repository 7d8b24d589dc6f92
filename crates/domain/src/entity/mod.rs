//! Entities that several columns of a row describe: a person, a place, a file, a review.
//!
//! Data in: the entity, the attribute that a column holds, the column's domain, and the row's random word for the
//! entity, which is the same for all of its columns. Data out: values that are consistent with each other, within each
//! column's limits. A column whose domain does not allow the attribute has no [`AttributeWriter`].

use serde::{Deserialize, Serialize};

use super::Domain;
use super::locale::Locales;
use super::text::TextKind;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

mod allowed_texts;
mod file;
mod given;
mod person;
mod place;
mod review;

use allowed_texts::is_one_of;
use file::FileWriter;
pub use file::{FileKind, file_types};
pub use given::{cities_of, of_names};
pub use person::write_person;
use person::{NameSource, PersonWriter};
use place::PlaceWriter;
pub use place::{cities, cities_at_home, fill_template};
use review::ReviewWriter;

/// The entity that columns of a row describe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// `sexed`: a column holds the sex, so first names must agree with it. Names are of one of the locales, or of the
    /// language of the row's place if the table has one (in `cities`), else of a mix of languages.
    Person {
        sexed: bool,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        locales: Locales,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        cities: Vec<u16>,
    },
    /// One of these cities, by index; with locales, these determine the weights of countries.
    Place {
        cities: Vec<u16>,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        locales: Locales,
    },
    /// A file of one of these types, by index.
    File { types: Vec<u8> },
    /// A rating, and texts with the same sentiment.
    Review,
}

/// The kind of thing that an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Person,
    Place,
    File,
    Review,
}

/// An attribute of a person, a place, a file or a review that a column holds.
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
    CountryCode3,
    CallingCode,
    Street,
    Company,
    TimeZone,
    Currency,
    Language,
    LocaleCode,
    Latitude,
    Longitude,
    Vat,
    Iban,
    FileName,
    Extension,
    MimeType,
    /// Image, video, document.
    FileKind,
    FileSize,
    Width,
    Height,
    Stars,
    Opinion,
    OpinionTitle,
}

impl Attribute {
    /// Whether it is an attribute of a person.
    pub fn is_personal(self) -> bool {
        self <= Attribute::Sex
    }

    /// The kind of thing that it belongs to.
    pub fn whole(self) -> Whole {
        match self {
            a if a <= Attribute::Sex => Whole::Person,
            a if a <= Attribute::Iban => Whole::Place,
            a if a <= Attribute::Height => Whole::File,
            _ => Whole::Review,
        }
    }

    /// Whether texts of this kind represent it.
    pub fn is_of(self, kind: &TextKind) -> bool {
        match (self, kind) {
            (Attribute::Sex, TextKind::Catalogue(named)) => matches!(named.name(), "name_prefix" | "gender_letter"),
            (Attribute::Phone, TextKind::Catalogue(named)) => named.name() == "valid_phone",
            (Attribute::CountryCode3, TextKind::Catalogue(named)) => named.name() == "country_code3",
            (Attribute::CallingCode, TextKind::Catalogue(named)) => named.name() == "country_calling_code",
            (Attribute::Vat, TextKind::Catalogue(named)) => matches!(named.name(), "vat_number" | "eu_vat"),
            (Attribute::Iban, TextKind::Catalogue(named)) => named.name() == "iban",
            (Attribute::FileName, kind) => *kind == TextKind::FileName || is_one_of(kind, &["image_file"]),
            (Attribute::Extension, kind) => is_one_of(kind, &["file_extension", "image_extension"]),
            (Attribute::MimeType, kind) => *kind == TextKind::MimeType || is_one_of(kind, &["mime_type"]),
            (Attribute::Opinion, kind) => is_one_of(kind, &["text_review"]),
            (Attribute::OpinionTitle, kind) => is_one_of(kind, &["review_title"]),
            (Attribute::FileKind | Attribute::FileSize | Attribute::Width | Attribute::Height, _) => false,
            (Attribute::Stars, _) => false,
            _ => self.kind() == *kind,
        }
    }

    /// The usual kind of text for it.
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
            Attribute::Street => TextKind::StreetAddress,
            Attribute::Company => TextKind::Company,
            Attribute::TimeZone => TextKind::TimeZone,
            Attribute::Currency => TextKind::CurrencyCode,
            Attribute::Language => TextKind::LanguageCode,
            Attribute::LocaleCode => TextKind::Locale,
            Attribute::CountryCode3 => TextKind::Code { length: 3 },
            Attribute::FileName => TextKind::FileName,
            Attribute::MimeType => TextKind::MimeType,
            Attribute::Extension | Attribute::FileKind => TextKind::Word,
            Attribute::Opinion => TextKind::Paragraph,
            Attribute::OpinionTitle => TextKind::Title,
            Attribute::CallingCode
            | Attribute::Latitude
            | Attribute::Longitude
            | Attribute::Vat
            | Attribute::FileSize
            | Attribute::Width
            | Attribute::Height
            | Attribute::Stars => TextKind::NumberText,
            Attribute::Iban => TextKind::Iban,
        }
    }
}

/// The writer of one attribute of a row's entity, within a column's domain.
#[derive(Debug)]
pub struct AttributeWriter(WriterKind);

#[derive(Debug)]
enum WriterKind {
    Person(Box<PersonWriter>),
    Place(PlaceWriter),
    File(FileWriter),
    Review(ReviewWriter),
}

impl AttributeWriter {
    /// `None` if the domain does not allow the attribute. A `numbered` writer includes the row's number in the text, so
    /// that texts of different numbers differ in any letter case; only for user names and e-mail addresses.
    pub fn new(entity: &Entity, attribute: Attribute, domain: &Domain, numbered: bool) -> Option<Self> {
        Some(AttributeWriter(match entity {
            Entity::Person { sexed, locales, cities } if attribute.is_personal() => {
                let source = NameSource::new(*sexed, locales, cities)?;
                WriterKind::Person(Box::new(PersonWriter::new(source, attribute, domain, numbered)?))
            }
            Entity::Place { cities, locales } if attribute.whole() == Whole::Place && !numbered => {
                WriterKind::Place(PlaceWriter::new(cities, locales, attribute, domain)?)
            }
            Entity::File { types } if attribute.whole() == Whole::File && !numbered => {
                WriterKind::File(FileWriter::new(types, attribute, domain)?)
            }
            Entity::Review if attribute.whole() == Whole::Review && !numbered => {
                WriterKind::Review(ReviewWriter::new(attribute, domain)?)
            }
            _ => return None,
        }))
    }

    /// The value of a number column; `None` for text columns.
    pub fn number(&self, word: u64, rng: &mut CellRng) -> Option<Value> {
        match &self.0 {
            WriterKind::Place(place) if place.is_number() => Some(place.value(word, rng)),
            WriterKind::File(file) => file.number(word),
            WriterKind::Review(review) => review.number(word),
            _ => None,
        }
    }

    /// Whether the values are numbers.
    pub fn is_number(&self) -> bool {
        match &self.0 {
            WriterKind::Person(_) => false,
            WriterKind::Place(place) => place.is_number(),
            WriterKind::File(file) => file.is_number(),
            WriterKind::Review(review) => review.is_number(),
        }
    }

    /// Appends the text. `word`: the row's random word for the entity; `rng`: the cell's random stream; `number`: the
    /// row's number, for a numbered writer.
    #[inline]
    pub fn write(&self, word: u64, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        match &self.0 {
            WriterKind::Person(person) => person.write(word, rng, number, out),
            WriterKind::Place(place) => place.write(word, rng, out),
            WriterKind::File(file) => file.write(word, rng, out),
            WriterKind::Review(review) => review.write(word, rng, out),
        }
    }
}

#[cfg(test)]
mod tests;
