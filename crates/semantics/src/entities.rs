//! Groups the columns of a table that describe the same person, place, file or review, by their names.
//!
//! Data in: names and domains. Data out: groups of columns, each column with its attribute. Columns of different roles
//! (`billing_city`, `shipping_city`) are in different groups; the role is the words before the attribute's phrase.

use std::collections::{BTreeMap, BTreeSet};

use super::dictionary::{Meaning, dictionary};
use super::names::Name;
use super::neighbours::Neighbours;
use dbmocker_core::schema::Table;
use dbmocker_domain::entity::Attribute;
use dbmocker_domain::entity::Attribute::*;
use dbmocker_domain::entity::{FileKind as KindOfFile, Whole};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind};

/// The phrases that names end in, and the attribute that each indicates.
pub const PHRASES: &[(&[&str], Attribute)] = &[
    (&["first name", "given name", "forename", "first"], FirstName),
    (&["last name", "family name", "last"], LastName),
    (&["name", "full name", "display name", "real name", "legal name"], FullName),
    (&["user name", "username", "login", "screen name", "account name", "handle", "nick"], Username),
    (&["email", "mail", "email address", "mail address"], Email),
    (&["gender", "sex", "salutation", "honorific", "name prefix", "title prefix"], Sex),
    (&["country", "country name", "nation"], Country),
    (&["country code", "country iso", "iso country", "country iso2", "country abbreviation"], CountryCode),
    (&["state", "state name", "state province", "province", "region", "region name"], State),
    (&["state code", "region code", "province code", "state abbreviation"], StateCode),
    (&["city", "city name", "town", "locality", "municipality"], City),
    (&["zipcode", "zipcode code", "postal"], Zipcode),
    (
        &["phone", "phone number", "mobile", "mobile number", "mobile phone", "fax", "fax number", "msisdn", "pager"],
        Phone,
    ),
    (&["country code 3", "iso3", "country iso3"], CountryCode3),
    (&["country calling code", "calling code", "dial code"], CallingCode),
    (
        &["address", "street", "street address", "address line 1", "address 1", "line 1", "street 1", "address line"],
        Street,
    ),
    (&["timezone", "time zone", "timezone name"], TimeZone),
    (&["currency", "currency code"], Currency),
    (&["language", "language code"], Language),
    (&["locale", "culture", "locale code"], LocaleCode),
    (&["latitude"], Latitude),
    (&["longitude"], Longitude),
    (&["vat number", "vat id", "tax number"], Vat),
    (&["iban"], Iban),
];

/// As [`PHRASES`], for tables of files.
const FILES: &[(&[&str], Attribute)] = &[
    (&["extension", "file extension", "file format", "format"], Extension),
    (&["mime type", "mime", "content type", "media type"], MimeType),
    (&["kind", "type", "file type", "media type", "category", "media kind"], FileKind),
    (&["size", "file size", "byte", "bytes", "size byte", "size bytes", "content length"], FileSize),
    (&["width"], Width),
    (&["height"], Height),
];

/// As [`PHRASES`], for tables of reviews.
const REVIEWS: &[(&[&str], Attribute)] = &[(&["rating", "star", "stars", "score", "rate", "grade"], Stars)];

/// Words before a file attribute's phrase that are not a role.
const FILE_PREFIXES: &[&str] =
    &["file", "image", "photo", "picture", "video", "media", "original", "attachment", "document", "upload", "stored"];

/// Words for one of a person's several addresses or numbers: not the role of another person.
const OWN_ROLES: &[&str] = &["work", "home", "private", "personal", "primary", "main", "business", "office", "contact"];

/// A column that holds an attribute of a person, a place, a file or a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeName {
    pub column: usize,
    pub attribute: Attribute,
    /// The role of the person or place: `billing`, `author`; empty for the row's own.
    role: String,
}

impl AttributeName {
    /// Whose attribute it is: `billing`, `author`; empty for the row's own.
    pub fn role(&self) -> &str {
        &self.role
    }
}

/// The columns that describe one person, place, file or review.
#[derive(Debug, PartialEq, Eq)]
pub struct Correlation {
    /// `person`, `billing place`, `file`: part of the key of the random stream that the columns share.
    pub of: String,
    pub parts: Vec<AttributeName>,
}

/// The attribute that a column holds, by its name and its domain; `None` if it holds none.
pub fn attribute_of(table: &Table, column: usize, domain: &Domain) -> Option<AttributeName> {
    let neighbours = Neighbours::of(table);
    let name = neighbours.names.get(column)?;
    if let Some((attribute, role)) = of_file(&neighbours, name, domain).or_else(|| of_review(&neighbours, name, domain))
    {
        return Some(AttributeName { column, attribute, role });
    }
    let named = PHRASES
        .iter()
        .flat_map(|(phrases, a)| phrases.iter().map(move |p| (p.split(' ').count(), p, *a)))
        .filter(|(_, p, _)| name.ends(p))
        .max_by_key(|(words, ..)| *words)
        .map(|(words, _, a)| (a, name.words.len() - words));
    let (attribute, before) = match domain {
        Domain::Float { .. } | Domain::Range { kind: RangeKind::Decimal { .. }, .. } => {
            named.filter(|(a, _)| matches!(a, Latitude | Longitude))?
        }
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => {
            let thing =
                |a: Attribute, before: usize| a == FullName && !is_of_person(&neighbours, &name.words[..before]);
            named.filter(|(a, before)| allows_pattern(*a) && !thing(*a, *before))?
        }
        Domain::Text(t) => {
            let of_kind = PHRASES.iter().map(|(_, a)| *a).find(|a| a.is_of(&t.kind))?;
            match named {
                Some((_, before)) => (of_kind, before),
                // `author`: a person's name whose column is not called `name`.
                None if of_kind == FullName => (FullName, name.words.len()),
                // `title`: a form of address (`Mr`), not a heading.
                None if of_kind == Sex && name.last() == "title" => (Sex, name.words.len() - 1),
                None => return None,
            }
        }
        Domain::Choice { .. } => {
            named.filter(|(a, _)| matches!(a, Sex | Country | CountryCode | State | StateCode | City))?
        }
        _ => return None,
    };
    let role = role_of(&neighbours, name, before);
    Some(AttributeName { column, attribute, role })
}

/// The attribute that a column's name stands for, whatever its values; only of people and places.
pub fn named_attribute(table: &Table, column: usize) -> Option<AttributeName> {
    let neighbours = Neighbours::of(table);
    let name = neighbours.names.get(column)?;
    let (attribute, before) = phrase(name, PHRASES, |_| true)?;
    let role = role_of(&neighbours, name, before);
    Some(AttributeName { column, attribute, role })
}

/// The words of a column's name before those of the attribute, if they say whose it is.
fn role_of(neighbours: &Neighbours, name: &Name, before: usize) -> String {
    let mut role = &name.words[..before];
    if let [rest @ .., last] = role
        && last == "address"
    {
        role = rest;
    }
    if matches!(role, [only] if neighbours.table.last() == only.as_str()) { String::new() } else { role.join(" ") }
}

/// The attribute of the longest phrase that a name ends in, and the number of words before it.
fn phrase(name: &Name, of: &[(&[&str], Attribute)], allowed: impl Fn(Attribute) -> bool) -> Option<(Attribute, usize)> {
    let phrases = of.iter().filter(|(_, a)| allowed(*a)).flat_map(|(phrases, a)| phrases.iter().map(|p| (*p, *a)));
    let found = phrases.filter(|(p, _)| name.ends(p)).map(|(p, a)| (p.split(' ').count(), a));
    found.max_by_key(|(words, _)| *words).map(|(words, a)| (a, name.words.len() - words))
}

/// The file attribute that a column holds, and its role.
fn of_file(neighbours: &Neighbours, name: &Name, domain: &Domain) -> Option<(Attribute, String)> {
    let (attribute, before) = match domain {
        Domain::Text(t) => {
            let attribute = [FileName, Extension, MimeType].into_iter().find(|a| a.is_of(&t.kind))?;
            let named = phrase(name, FILES, |a| a == attribute).map_or(0, |(_, before)| before);
            (attribute, named)
        }
        _ if !neighbours.is_of_files() => return None,
        Domain::Choice { .. } => phrase(name, FILES, |a| matches!(a, Extension | MimeType | FileKind))?,
        Domain::Range { kind: RangeKind::Int | RangeKind::Decimal { .. }, .. } => {
            phrase(name, FILES, |a| matches!(a, FileSize | Width | Height))?
        }
        _ => return None,
    };
    let role = name.words[..before].iter().map(String::as_str).filter(|w| !FILE_PREFIXES.contains(w));
    Some((attribute, role.collect::<Vec<_>>().join(" ")))
}

/// The review attribute that a column holds; the role is empty, as a row is one review.
fn of_review(neighbours: &Neighbours, name: &Name, domain: &Domain) -> Option<(Attribute, String)> {
    if !neighbours.is_of_reviews() {
        return None;
    }
    let attribute = match domain {
        Domain::Text(t) => [Opinion, OpinionTitle].into_iter().find(|a| a.is_of(&t.kind))?,
        Domain::Choice { .. } | Domain::Range { .. } => phrase(name, REVIEWS, |_| true)?.0,
        _ => return None,
    };
    Some((attribute, String::new()))
}

/// The kind of all files of a table, by the table's name; `None` if they may be of several kinds.
pub fn kind_of_files(table: &Table) -> Option<KindOfFile> {
    match Neighbours::of(table).table.last() {
        "image" | "photo" | "picture" | "thumbnail" | "screenshot" | "avatar" | "logo" => Some(KindOfFile::Image),
        "video" | "movie" | "clip" => Some(KindOfFile::Video),
        "audio" | "recording" | "song" | "podcast" => Some(KindOfFile::Audio),
        _ => None,
    }
}

/// Whether the name of what the words stand for, or of the table's rows, is that of a person.
fn is_of_person(neighbours: &Neighbours, words: &[String]) -> bool {
    let known = |words: &[String]| {
        let columns = &dictionary().columns;
        (0..words.len()).any(|i| matches!(columns.get(&words[i..].join(" ")), Some(Meaning::Kind(TextKind::Name))))
    };
    known(words) || words.is_empty() && neighbours.is_of_people()
}

/// Whether a column with this attribute stays in the group although a pattern determines its values.
fn allows_pattern(attribute: Attribute) -> bool {
    attribute <= Phone || matches!(attribute, TimeZone | Currency | CountryCode3)
}

/// The groups of columns that describe the same thing; only groups with at least two different attributes.
pub fn correlations(parts: &[AttributeName]) -> Vec<Correlation> {
    let mut found = Vec::new();
    for (what, whole) in
        [("person", Whole::Person), ("place", Whole::Place), ("file", Whole::File), ("review", Whole::Review)]
    {
        let mut roles: BTreeMap<&str, Vec<AttributeName>> = BTreeMap::new();
        for part in parts.iter().filter(|p| p.attribute.whole() == whole) {
            roles.entry(&part.role).or_default().push(part.clone());
        }
        merge_roles(&mut roles);
        for (role, mut parts) in roles {
            if !keep_distinct(&mut parts) {
                continue;
            }
            let of = if role.is_empty() { what.to_owned() } else { format!("{role} {what}") };
            found.push(Correlation { of, parts });
        }
    }
    found
}

/// Moves columns whose attribute does not identify a person or place into the one group that they can belong to.
fn merge_roles(roles: &mut BTreeMap<&str, Vec<AttributeName>>) {
    // A group is complete if it has a name, or any part of an address.
    let whole = |parts: &Vec<AttributeName>| parts.iter().any(|p| !is_unidentified(p.attribute));
    let whole: BTreeSet<&str> = roles.iter().filter(|(_, parts)| whole(parts)).map(|(role, _)| *role).collect();
    let unidentified: Vec<&str> = roles.keys().copied().filter(|role| !whole.contains(role)).collect();
    for role in unidentified {
        let to = match whole.first() {
            Some(only) if whole.len() == 1 && role.is_empty() => *only,
            _ if whole.contains("") && OWN_ROLES.contains(&role) => "",
            _ => continue,
        };
        let parts = roles.remove(role).unwrap_or_default();
        roles.entry(to).or_default().extend(parts);
    }
}

/// Whether the attribute alone does not identify a person or place: the table must also have a name or an address.
fn is_unidentified(attribute: Attribute) -> bool {
    use Attribute::*;
    matches!(
        attribute,
        Username | Email | Sex | Phone | TimeZone | Currency | Language | LocaleCode | Vat | Iban | CallingCode
    )
}

/// Keeps only the first column of each attribute that a thing has once. Returns whether more than one attribute is
/// left.
pub fn keep_distinct(parts: &mut Vec<AttributeName>) -> bool {
    let mut seen = BTreeSet::new();
    parts.sort_by_key(|p| p.column);
    parts.retain(|p| {
        seen.insert(p.attribute)
            || matches!(
                p.attribute,
                FullName | Username | Email | Sex | Phone | Currency | TimeZone | FileName | Opinion
            )
    });
    seen.len() > 1
}
