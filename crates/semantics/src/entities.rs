//! Which columns of a table tell of the same person, place, file or review, by their names.
//!
//! Data in: names and domains. Data out: groups of columns, each with what it tells. Columns of different roles
//! (`billing_city`, `shipping_city`) are keyed by what stands before the phrase.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Name;
use super::neighbours::Neighbours;
use dbmocker_core::schema::Table;
use dbmocker_domain::entity::Attribute;
use dbmocker_domain::entity::Attribute::*;
use dbmocker_domain::entity::{FileKind as KindOfFile, Whole};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind};

/// What names end in, and what that tells.
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

/// As [`PHRASES`], in tables of files.
const FILES: &[(&[&str], Attribute)] = &[
    (&["extension", "file extension", "file format", "format"], Extension),
    (&["mime type", "mime", "content type", "media type"], MimeType),
    (&["kind", "type", "file type", "media type", "category", "media kind"], FileKind),
    (&["size", "file size", "byte", "bytes", "size byte", "size bytes", "content length"], FileSize),
    (&["width"], Width),
    (&["height"], Height),
];

/// As [`PHRASES`], in tables of reviews.
const REVIEWS: &[(&[&str], Attribute)] = &[(&["rating", "star", "stars", "score", "rate", "grade"], Stars)];

/// Words before those of a file's attribute that say nothing of which file it is.
const OF_FILES: &[&str] =
    &["file", "image", "photo", "picture", "video", "media", "original", "attachment", "document", "upload", "stored"];

/// Words that say which of a person's addresses or numbers it is, not whose.
const OWN: &[&str] = &["work", "home", "private", "personal", "primary", "main", "business", "office", "contact"];

/// A column that tells something of a person, a place, a file or a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeName {
    pub column: usize,
    pub attribute: Attribute,
    /// Whose: `billing`, `author`; empty for the row's own.
    role: String,
}

/// Columns that tell of one person, place, file or review.
#[derive(Debug, PartialEq, Eq)]
pub struct Correlation {
    /// `person`, `billing place`, `file`: keys the stream they share.
    pub of: String,
    pub parts: Vec<AttributeName>,
}

/// What a column tells, by its name and by what its domain holds.
pub fn part(table: &Table, column: usize, domain: &Domain) -> Option<AttributeName> {
    let neighbours = Neighbours::of(table);
    let name = neighbours.names.get(column)?;
    if let Some((attribute, role)) = of_file(&neighbours, name, domain).or_else(|| of_review(&neighbours, name, domain))
    {
        return Some(AttributeName { column, attribute, role });
    }
    let table = &neighbours.table;
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
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => named.filter(|(a, _)| by_pattern(*a))?,
        Domain::Text(t) => {
            let of_kind = PHRASES.iter().map(|(_, a)| *a).find(|a| a.is_of(&t.kind))?;
            match named {
                Some((_, before)) => (of_kind, before),
                // `author`: a name without the word.
                None if of_kind == FullName => (FullName, name.words.len()),
                // `title`: a form of address without the word.
                None if of_kind == Sex && name.last() == "title" => (Sex, name.words.len() - 1),
                None => return None,
            }
        }
        Domain::Choice { .. } => {
            named.filter(|(a, _)| matches!(a, Sex | Country | CountryCode | State | StateCode | City))?
        }
        _ => return None,
    };
    let mut role = &name.words[..before];
    if let [rest @ .., last] = role
        && last == "address"
    {
        role = rest;
    }
    let role = if matches!(role, [only] if table.last() == only.as_str()) { String::new() } else { role.join(" ") };
    Some(AttributeName { column, attribute, role })
}

/// The attribute of the longest phrase that a name ends in, and how many words stand before it.
fn phrase(name: &Name, of: &[(&[&str], Attribute)], allowed: impl Fn(Attribute) -> bool) -> Option<(Attribute, usize)> {
    let phrases = of.iter().filter(|(_, a)| allowed(*a)).flat_map(|(phrases, a)| phrases.iter().map(|p| (*p, *a)));
    let found = phrases.filter(|(p, _)| name.ends(p)).map(|(p, a)| (p.split(' ').count(), a));
    found.max_by_key(|(words, _)| *words).map(|(words, a)| (a, name.words.len() - words))
}

/// What a column tells of a file, and of which.
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
    let role = name.words[..before].iter().map(String::as_str).filter(|w| !OF_FILES.contains(w));
    Some((attribute, role.collect::<Vec<_>>().join(" ")))
}

/// What a column tells of a review; a row is one.
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

/// The kind that all files of a table are of, by the table's name.
pub fn kind_of_files(table: &Table) -> Option<KindOfFile> {
    match Neighbours::of(table).table.last() {
        "image" | "photo" | "picture" | "thumbnail" | "screenshot" | "avatar" | "logo" => Some(KindOfFile::Image),
        "video" | "movie" | "clip" => Some(KindOfFile::Video),
        "audio" | "recording" | "song" | "podcast" => Some(KindOfFile::Audio),
        _ => None,
    }
}

/// What a column may tell of whose values a pattern decides: what the pattern is for is only known of these.
fn by_pattern(attribute: Attribute) -> bool {
    attribute <= Phone || matches!(attribute, TimeZone | Currency | CountryCode3)
}

/// The parts by whom or what they tell of; only those of which there are several attributes.
pub fn entities(parts: &[AttributeName]) -> Vec<Correlation> {
    let mut found = Vec::new();
    for (what, whole) in
        [("person", Whole::Person), ("place", Whole::Place), ("file", Whole::File), ("review", Whole::Review)]
    {
        let mut roles: BTreeMap<&str, Vec<AttributeName>> = BTreeMap::new();
        for part in parts.iter().filter(|p| p.attribute.whole() == whole) {
            roles.entry(&part.role).or_default().push(part.clone());
        }
        join(&mut roles);
        for (role, mut parts) in roles {
            if !several(&mut parts) {
                continue;
            }
            let of = if role.is_empty() { what.to_owned() } else { format!("{role} {what}") };
            found.push(Correlation { of, parts });
        }
    }
    found
}

/// Gives columns that say nothing of whose they are to the one they can be of.
fn join(roles: &mut BTreeMap<&str, Vec<AttributeName>>) {
    // A name, or anything of a place but a telephone number.
    let whole = |parts: &Vec<AttributeName>| parts.iter().any(|p| !is_loose(p.attribute));
    let whole: BTreeSet<&str> = roles.iter().filter(|(_, parts)| whole(parts)).map(|(role, _)| *role).collect();
    let loose: Vec<&str> = roles.keys().copied().filter(|role| !whole.contains(role)).collect();
    for role in loose {
        let to = match whole.first() {
            Some(only) if whole.len() == 1 && role.is_empty() => *only,
            _ if whole.contains("") && OWN.contains(&role) => "",
            _ => continue,
        };
        let parts = roles.remove(role).unwrap_or_default();
        roles.entry(to).or_default().extend(parts);
    }
}

/// Says nothing of whose it is.
fn is_loose(attribute: Attribute) -> bool {
    use Attribute::*;
    matches!(
        attribute,
        Username | Email | Sex | Phone | TimeZone | Currency | Language | LocaleCode | Vat | Iban | CallingCode
    )
}

/// Keeps the first column of each attribute that a row has once; whether more than one attribute is left.
pub fn several(parts: &mut Vec<AttributeName>) -> bool {
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
