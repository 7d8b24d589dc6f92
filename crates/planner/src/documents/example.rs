//! An example -> the shape of documents like it.

use serde_json::{Number, Value as Json};

use super::text;
use dbmocker_core::schema::SqlType;
use dbmocker_domain::document::{Document, DocumentMember};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_semantics as semantics;
use dbmocker_semantics::InferContext;

/// Fewest characters that the texts of a member may have room for.
const ROOM: usize = 20;
/// How much larger than the example a number may be.
const LARGER: i128 = 20;
/// Fewest items that the longest array may have.
const ITEMS: usize = 3;

/// Returns the shape of documents with the members of `example`, and values of the same kind. `name`: that of the
/// member, or of the column.
pub fn document(example: &Json, name: &str, context: &InferContext) -> Document {
    match example {
        Json::Null => Document::OneOf(vec!["null".into()]),
        Json::Bool(_) => Document::OneOf(vec!["true".into(), "false".into()]),
        Json::Number(number) => Document::Leaf(Box::new(numbers(number, name, context))),
        Json::String(example) => Document::Leaf(Box::new(texts(example, name, context))),
        Json::Array(items) => {
            let Some(first) = items.first() else { return Document::OneOf(vec!["[]".into()]) };
            let item = Box::new(document(first, name.strip_suffix('s').unwrap_or(name), context));
            let most = u32::try_from(items.len().max(ITEMS)).unwrap_or(u32::MAX);
            let unique = (1..items.len()).all(|i| !items[..i].contains(&items[i])) && items.len() > 1;
            Document::Array { item, min: 1, max: most, unique }
        }
        Json::Object(members) => {
            let member = |(name, value): (&String, &Json)| DocumentMember {
                name: name.clone(),
                required: true,
                share: 1.0,
                document: document(value, name, context),
            };
            Document::Object { members: members.iter().map(member).collect(), open: false }
        }
    }
}

/// Numbers that the name suggests, if the example is one of them; else about as large as the example.
fn numbers(example: &Number, name: &str, context: &InferContext) -> Domain {
    match example.as_i64().map(i128::from) {
        Some(n) => {
            let ty = SqlType::Int { bytes: 8, unsigned: false, tinyint1: false };
            match semantics::infer_by_name(name, &ty, context) {
                Some(likely @ Domain::Range { lo, hi, .. })
                    if (lo..=hi).contains(&n) && hi <= LARGER * n.abs().max(10) =>
                {
                    likely
                }
                _ => {
                    let within = |n: i128| n.clamp(i64::MIN.into(), i64::MAX.into());
                    let (lo, hi) = (if n < 0 { within(2 * n) } else { 0 }, within(2 * n).max(10));
                    Domain::Range { kind: RangeKind::Int, lo, hi, step: 1, except: vec![], shape: Shape::Uniform }
                }
            }
        }
        None => {
            let x = example.as_f64().unwrap_or(1.0).clamp(-f64::MAX / 4.0, f64::MAX / 4.0);
            let text = example.to_string();
            let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len()).min(6);
            let decimals = u8::try_from(decimals).unwrap_or(2);
            Domain::Float {
                lo: if x < 0.0 { 2.0 * x } else { 0.0 },
                hi: (2.0 * x).max(1.0),
                decimals,
                shape: Shape::Uniform,
            }
        }
    }
}

/// Texts of the example's form, or those that the name suggests.
fn texts(example: &str, name: &str, context: &InferContext) -> Domain {
    let room = u32::try_from(example.chars().count().saturating_mul(2).max(ROOM)).unwrap_or(u32::MAX);
    match form(example) {
        Some(TextKind::DateTimeText) if example.ends_with('Z') => super::moment(name, context),
        Some(kind) => semantics::plain_text(kind, room.max(80)),
        None => text(name, room, context),
    }
}

/// The form of a text, if others of it can be told from words: `2026-01-31`, `a@b.org`.
fn form(text: &str) -> Option<TextKind> {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    let date = |text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        matches!(parts[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2))
    };
    let uuid = || {
        let parts: Vec<usize> = text.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    };
    let time = |text: &str| {
        let parts: Vec<&str> = text.split(':').collect();
        (2..=3).contains(&parts.len()) && digits(parts[0], 2) && digits(parts[1], 2)
    };
    Some(match text {
        _ if uuid() => TextKind::Uuid,
        _ if date(text) => TextKind::DateText,
        _ if text.split_once(['T', ' ']).is_some_and(|(day, rest)| date(day) && time(rest.get(..5).unwrap_or(""))) => {
            TextKind::DateTimeText
        }
        _ if time(text) => TextKind::TimeText,
        _ if text.starts_with("https://") || text.starts_with("http://") => TextKind::Url,
        _ if text.parse::<std::net::Ipv4Addr>().is_ok() => TextKind::IpAddress,
        _ if text.parse::<std::net::Ipv6Addr>().is_ok() => TextKind::Ipv6,
        _ if text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
        }) =>
        {
            TextKind::Email
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::rng_stream::CellRng;
    use dbmocker_core::schema::Dialect;
    use dbmocker_domain::Special;

    #[test]
    fn documents_have_the_form_of_the_example() {
        let example = r#"{"theme": "dark", "size": 14, "ratio": 0.75, "on": true, "since": "2024-05-01", "none": null,
          "at": "2024-05-01T10:00:00Z", "tags": ["a", "b"], "owner": {"email": "a@example.org", "id": "0b3f2a10-0000-4000-8000-000000000000"}}"#;
        let context = InferContext::new(Dialect::Postgres, 1_767_225_600_000_000);
        let shape = document(&serde_json::from_str(example).unwrap(), "settings", &context);
        let sampler = Domain::Special(Special::Document { binary: true, shape }).sampler();
        let mut seen = std::collections::HashSet::new();
        for i in 0..200 {
            let text = sampler.draw(&mut CellRng::new(i)).to_string();
            let made: Json = serde_json::from_str(&text).unwrap();
            let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["theme", "size", "ratio", "on", "since", "none", "at", "tags", "owner"]);
            assert!(
                made["size"].as_i64().is_some_and(|n| (0..=280).contains(&n))
                    && made["ratio"].as_f64().is_some_and(|x| x < 1.6)
                    && made["on"].is_boolean(),
                "{text}"
            );
            assert!(made["none"].is_null() && (1..=3).contains(&made["tags"].as_array().unwrap().len()), "{text}");
            assert!(made["at"].as_str().unwrap().ends_with('Z'), "{text}");
            assert_eq!(form(made["since"].as_str().unwrap()), Some(TextKind::DateText), "{text}");
            assert_eq!(form(made["at"].as_str().unwrap()), Some(TextKind::DateTimeText), "{text}");
            assert_eq!(form(made["owner"]["email"].as_str().unwrap()), Some(TextKind::Email), "{text}");
            assert_eq!(form(made["owner"]["id"].as_str().unwrap()), Some(TextKind::Uuid), "{text}");
            seen.insert(text);
        }
        assert!(seen.len() > 190);
    }
}
