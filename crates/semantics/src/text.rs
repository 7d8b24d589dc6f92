//! What a text column holds, by its name and its table's name, within its length.
//!
//! Data in: names and a limit in characters. Data out: a [`TextKind`] or a list of members, with the words that
//! decided.

use super::names::Name;
use super::semantic_types::{MEANINGS, TABLES};
use dbmocker_domain::text::TextKind;

/// What a text column was taken for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Kind(TextKind),
    OneOf(&'static [&'static str]),
    /// `Y` or `N` in the spelling that fits; the share of yes in percent.
    Flag(u32),
}

use Meaning::Kind;
use TextKind as K;

/// What the text column `name` of `table` holds, if its name says.
pub(super) fn meaning(table: &Name, name: &Name, siblings_place: bool) -> Option<(String, Meaning)> {
    let found = |kind: TextKind| Some((String::new(), Kind(kind)));
    if let Some(flag) = flag(name) {
        return Some(("flag".into(), Meaning::Flag(flag)));
    }
    let bare = match name.words.as_slice() {
        [only] => Some(only.as_str()),
        // `customer_name` in `customers` is `name`.
        [first, last] if table.last() == first => Some(last.as_str()),
        _ => None,
    };
    let rows = TABLES.iter().find(|(tables, _)| tables.iter().any(|t| table.ends(t))).map(|(_, kind)| kind);
    match (bare, rows) {
        // What is read, not what is sold.
        (Some("title"), Some(K::Product)) if table.ends("article") => return found(K::Title),
        (Some("level"), _) if table.has("log") => {
            let (phrase, meaning) = Name::new("log level").best(&MEANINGS)?;
            return Some((phrase.to_owned(), meaning.clone()));
        }
        (Some("name" | "title" | "label"), Some(kind)) if !(bare == Some("title") && *kind == K::Name) => {
            return Some((format!("in table `{}`", table.whole), Kind(kind.clone())));
        }
        (Some("title"), Some(_)) => return found(K::JobTitle),
        (Some("code" | "abbreviation" | "iso"), Some(K::Country)) => return found(K::CountryCode),
        (Some("code" | "abbreviation"), Some(K::State)) => return found(K::StateCode),
        (Some("code"), _) if table.ends("currency") => return found(K::CurrencyCode),
        (Some("code"), _) if table.ends("language") => return found(K::LanguageCode),
        _ => {}
    }
    if name.last() == "state" {
        let place = siblings_place || name.has_any(&["billing", "shipping", "ship", "home", "birth", "mailing"]);
        let kind = if place { K::State } else { K::Status };
        return found(kind);
    }
    let (phrase, meaning) = name.best(&MEANINGS)?;
    Some((phrase.to_owned(), meaning.clone()))
}

/// A yes/no column by its name, and how often it says yes (percent).
pub(super) fn flag(name: &Name) -> Option<u32> {
    let verb = [
        "is", "has", "can", "should", "allow", "allows", "was", "use", "enable", "needs", "must", "show", "hide",
        "require", "requires", "supports", "ignore", "skip", "include", "exclude", "needs",
    ];
    let starts = name.words.len() > 1 && verb.contains(&name.words[0].as_str());
    let state = [
        "active",
        "enabled",
        "disabled",
        "deleted",
        "visible",
        "hidden",
        "published",
        "available",
        "archived",
        "locked",
        "blocked",
        "banned",
        "verified",
        "confirmed",
        "approved",
        "required",
        "public",
        "default",
        "flag",
        "suspended",
        "deprecated",
        "obsolete",
        "bool",
        "boolean",
        "readonly",
        "read only",
        "mandatory",
        "optional",
        "featured",
        "expired",
        "paid",
        "completed",
        "processed",
        "discontinued",
        "removed",
        "inactive",
        "yn",
        "recursive",
        "transient",
    ];
    let named = name.ends_any(&state) && !name.ends_any(&["public key"]);
    // `is_*_at`, `has_*_count` and the like are not flags.
    let other = name.ends_any(&[
        "at", "date", "time", "count", "id", "by", "type", "number", "name", "reason", "code", "status", "case",
    ]);
    if other || !(starts || named) {
        return None;
    }
    let rare = [
        "deleted",
        "archived",
        "locked",
        "blocked",
        "banned",
        "hidden",
        "disabled",
        "suspended",
        "deprecated",
        "obsolete",
        "expired",
        "discontinued",
        "removed",
        "inactive",
    ];
    let usual = ["active", "enabled", "visible", "published", "available", "verified", "confirmed", "approved"];
    Some(if name.has_any(&rare) {
        8
    } else if name.has_any(&usual) {
        85
    } else {
        50
    })
}

/// Characters a kind needs to look like itself, and the kind to take where there are fewer.
fn need(kind: &TextKind) -> (u32, TextKind) {
    let code = |length| K::Code { length };
    match kind {
        K::Name => (10, K::LastName),
        K::FirstName | K::LastName => (4, code(4)),
        K::Username => (6, K::Word),
        K::Email => (14, K::Username),
        K::PasswordHash => (32, K::Password),
        K::Password => (6, code(6)),
        K::Phone => (10, K::Digits { length: 10 }),
        K::StreetAddress => (16, K::City),
        K::SecondaryAddress => (9, code(8)),
        K::City | K::Company => (8, K::Word),
        K::Country => (8, K::CountryCode),
        K::State => (8, K::StateCode),
        K::StateCode | K::CountryCode | K::LanguageCode => (2, code(1)),
        K::CurrencyCode => (3, code(2)),
        K::Zipcode => (5, K::Digits { length: 5 }),
        K::JobTitle | K::Department | K::Product | K::Title => (12, K::Word),
        K::Category | K::Brand => (6, K::Word),
        K::Words => (10, K::Word),
        K::Slug | K::FileName | K::MimeType | K::Path => (9, K::Word),
        K::Word => (4, code(4)),
        K::Sentence => (24, K::Words),
        K::Paragraph | K::Lorem | K::Html => (60, K::Sentence),
        K::UserAgent => (60, K::Words),
        K::Url | K::Hostname => (20, K::Domain),
        K::Domain => (10, K::Word),
        K::IpAddress => (15, code(8)),
        K::Ipv6 => (38, K::IpAddress),
        K::MacAddress => (17, K::Hex { length: 12 }),
        K::HexColor => (7, K::Hex { length: 6 }),
        K::Color => (4, code(4)),
        K::Locale => (5, K::LanguageCode),
        K::TimeZone => (12, code(3)),
        K::CreditCard => (16, K::Digits { length: 16 }),
        K::Iban => (22, code(22)),
        K::Isbn => (13, K::Digits { length: 13 }),
        K::Vin => (17, code(17)),
        K::LicensePlate | K::Sku => (9, code(9)),
        K::Uuid => (36, K::Hex { length: 32 }),
        K::Status => (6, code(2)),
        K::Priority => (4, code(2)),
        K::Gender => (1, code(1)),
        K::Version => (8, K::Digits { length: 4 }),
        K::Json => (60, K::Words),
        K::DateTimeText => (19, K::DateText),
        K::DateText => (10, K::Digits { length: 8 }),
        K::TimeText => (8, K::Digits { length: 4 }),
        K::NumberText => (1, code(1)),
        _ => (1, code(1)),
    }
}

/// The kind itself, or the nearest shorter one that looks right in `room` characters.
pub(super) fn fitting(mut kind: TextKind, room: u32) -> TextKind {
    for _ in 0..6 {
        let (chars, shorter) = need(&kind);
        if room >= chars {
            break;
        }
        kind = match shorter {
            K::Code { length } => K::Code { length: length.min(room).max(1) },
            other => other,
        };
    }
    kind
}
