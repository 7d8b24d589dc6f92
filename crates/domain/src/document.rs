//! JSON documents of the shape that a CHECK or a JSON Schema requires.

use serde::{Deserialize, Serialize};

use super::distinct_items::distinct_items;
use super::{Domain, Sampler, json, text_format};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// The shape of a document or of a part of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// One value.
    Leaf(Box<Domain>),
    /// One of these JSON texts.
    OneOf(Vec<String>),
    /// `null` in a share of the documents, from 0 to 1.
    OrNull { nulls: f64, document: Box<Document> },
    /// `open`: other members are allowed.
    Object { members: Vec<DocumentMember>, open: bool },
    Array {
        item: Box<Document>,
        min: u32,
        max: u32,
        /// No item occurs twice.
        #[serde(default)]
        unique: bool,
    },
}

/// A member of an object; a member that is not required is absent from some documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentMember {
    pub name: String,
    pub required: bool,
    /// Share of the documents with it if it is not required, from 0 to 1.
    #[serde(default = "usual_share")]
    pub share: f64,
    pub document: Document,
}

impl Document {
    /// Returns a bound of the number of characters of a document, as far as the shape has one: texts count with their
    /// smallest length, and a few more.
    pub fn most_chars(&self) -> u64 {
        const USUAL: u64 = 64;
        match self {
            Document::Leaf(domain) => match &**domain {
                Domain::Text(text) => USUAL + u64::from(text.min_chars),
                _ => USUAL,
            },
            Document::OneOf(texts) => texts.iter().map(|text| text.len() as u64).max().unwrap_or(0),
            Document::OrNull { document, .. } => document.most_chars(),
            Document::Object { members, .. } => {
                let member = |m: &DocumentMember| m.document.most_chars().saturating_add(m.name.len() as u64 + 6);
                members.iter().map(member).fold(USUAL, u64::saturating_add)
            }
            Document::Array { item, max, .. } => item.most_chars().saturating_add(2).saturating_mul(u64::from(*max)),
        }
    }
}

/// Share of documents with a given optional member.
const OPTIONAL: f64 = 0.65;

fn usual_share() -> f64 {
    OPTIONAL
}

impl DocumentMember {
    /// A member that most documents have.
    pub fn new(name: impl Into<String>, required: bool, document: Document) -> Self {
        DocumentMember { name: name.into(), required, share: OPTIONAL, document }
    }
}
/// Percentage of open objects with an additional member.
const ADDITIONAL_PERCENT: u64 = 50;

/// A [`Document`] prepared for many values.
#[derive(Debug, Clone)]
pub(super) enum DocumentSampler {
    Leaf(Box<Sampler>),
    OneOf(Vec<String>),
    OrNull { nulls: f64, document: Box<DocumentSampler> },
    Object { members: Vec<MemberSampler>, open: bool },
    Array { item: Box<DocumentSampler>, min: u32, max: u32, unique: bool },
}

#[derive(Debug, Clone)]
pub(super) struct MemberSampler {
    name: String,
    required: bool,
    share: f64,
    document: DocumentSampler,
}

impl DocumentSampler {
    pub fn new(document: &Document) -> Self {
        match document {
            Document::Leaf(domain) => DocumentSampler::Leaf(Box::new(domain.sampler())),
            Document::OneOf(texts) => DocumentSampler::OneOf(texts.clone()),
            Document::Object { members, open } => {
                DocumentSampler::Object { members: members.iter().map(MemberSampler::new).collect(), open: *open }
            }
            Document::OrNull { nulls, document } => {
                DocumentSampler::OrNull { nulls: *nulls, document: Box::new(Self::new(document)) }
            }
            Document::Array { item, min, max, unique } => {
                DocumentSampler::Array { item: Box::new(Self::new(item)), min: *min, max: *max, unique: *unique }
            }
        }
    }

    /// The number of different documents of [`value`](Self::value).
    pub fn size(&self) -> u128 {
        match self {
            DocumentSampler::Leaf(sampler) => sampler.size(),
            DocumentSampler::OneOf(texts) => texts.len() as u128,
            DocumentSampler::Object { members, .. } => {
                let required = members.iter().filter(|m| m.required);
                required.fold(1, |n, m| n.saturating_mul(m.document.size().max(1)))
            }
            DocumentSampler::OrNull { document, .. } => document.size(),
            // The first item decides the others.
            DocumentSampler::Array { item, min, unique: true, .. } => {
                if *min > 0 {
                    item.size()
                } else {
                    1
                }
            }
            DocumentSampler::Array { item, min, .. } => item.size().max(1).saturating_pow(*min),
        }
    }

    /// Appends document number `i`, with the required members only.
    pub fn value(&self, mut i: u128, out: &mut String) {
        match self {
            DocumentSampler::Leaf(sampler) => scalar(&sampler.value(i % sampler.size().max(1)), out),
            DocumentSampler::OneOf(texts) => out.push_str(&texts[(i % texts.len().max(1) as u128) as usize]),
            DocumentSampler::Object { members, .. } => {
                out.push('{');
                for (n, member) in members.iter().filter(|m| m.required).enumerate() {
                    begin(n, &member.name, out);
                    let size = member.document.size().max(1);
                    member.document.value(i % size, out);
                    i /= size;
                }
                out.push('}');
            }
            DocumentSampler::OrNull { document, .. } => document.value(i, out),
            DocumentSampler::Array { item, min, unique: true, .. } => {
                out.push('[');
                for n in 0..*min {
                    if n > 0 {
                        out.push_str(", ");
                    }
                    item.value((i + u128::from(n)) % item.size().max(1), out);
                }
                out.push(']');
            }
            DocumentSampler::Array { item, min, .. } => {
                out.push('[');
                for n in 0..*min {
                    if n > 0 {
                        out.push_str(", ");
                    }
                    let size = item.size().max(1);
                    item.value(i % size, out);
                    i /= size;
                }
                out.push(']');
            }
        }
    }

    pub fn draw(&self, rng: &mut CellRng, out: &mut String) {
        match self {
            DocumentSampler::Leaf(sampler) => scalar(&sampler.draw(rng), out),
            DocumentSampler::OneOf(texts) if texts.is_empty() => out.push_str("null"),
            DocumentSampler::OneOf(texts) => out.push_str(rng.pick::<String>(texts)),
            DocumentSampler::Object { members, open } => {
                out.push('{');
                let mut n = 0;
                for member in members {
                    if member.required || rng.unit() < member.share {
                        begin(n, &member.name, out);
                        member.document.draw(rng, out);
                        n += 1;
                    }
                }
                if *open && rng.below(100) < ADDITIONAL_PERCENT {
                    json::additional_member(&|key| members.iter().any(|m| m.name == key), n > 0, rng, out);
                }
                out.push('}');
            }
            DocumentSampler::OrNull { nulls, document } => {
                if rng.unit() < *nulls {
                    out.push_str("null");
                } else {
                    document.draw(rng, out);
                }
            }
            DocumentSampler::Array { item, min, max, unique: true } => {
                let length = u64::from(*min) + rng.below(u64::from(max.saturating_sub(*min)) + 1);
                let draw = |rng: &mut CellRng| {
                    let mut text = String::new();
                    item.draw(rng, &mut text);
                    text
                };
                let value = |i: u128| {
                    let mut text = String::new();
                    item.value(i, &mut text);
                    text
                };
                let items = distinct_items(length as usize, rng, draw, (item.size(), value)); // at most a u32
                out.push('[');
                out.push_str(&items.join(", "));
                out.push(']');
            }
            DocumentSampler::Array { item, min, max, .. } => {
                out.push('[');
                let length = u64::from(*min) + rng.below(u64::from(max.saturating_sub(*min)) + 1);
                for n in 0..length {
                    if n > 0 {
                        out.push_str(", ");
                    }
                    item.draw(rng, out);
                }
                out.push(']');
            }
        }
    }
}

impl MemberSampler {
    fn new(member: &DocumentMember) -> Self {
        MemberSampler {
            name: member.name.clone(),
            required: member.required,
            share: member.share,
            document: DocumentSampler::new(&member.document),
        }
    }
}

fn begin(n: usize, name: &str, out: &mut String) {
    if n > 0 {
        out.push_str(", ");
    }
    text_format::json_string(name, out);
    out.push_str(": ");
}

/// Appends a value in JSON syntax.
fn scalar(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(_) | Value::Int(_) | Value::Decimal { .. } | Value::Float(_) => out.push_str(&value.to_string()),
        // As RFC 3339 has it, which JSON Schema's `date-time` refers to.
        Value::Timestamp(_) => text_format::json_string(&format!("{}Z", value.to_string().replacen(' ', "T", 1)), out),
        other => text_format::json_string(&other.to_string(), out),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{RangeKind, Shape};

    #[test]
    fn documents_match_their_shape_and_differ() {
        let number =
            Domain::Range { kind: RangeKind::Int, lo: 1, hi: 50, step: 1, except: vec![], shape: Shape::Uniform };
        let member = DocumentMember::new;
        let shape = Document::Object {
            members: vec![
                member("age", true, Document::Leaf(Box::new(number))),
                member("theme", false, Document::OneOf(vec!["\"dark\"".into(), "\"light\"".into()])),
            ],
            open: true,
        };
        let sampler = DocumentSampler::new(&shape);
        let mut seen = HashSet::new();
        for i in 0..300 {
            let mut text = String::new();
            sampler.draw(&mut CellRng::new(i), &mut text);
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!((1..=50).contains(&document["age"].as_i64().unwrap()), "{text}");
            seen.insert(text);
        }
        assert!(seen.len() > 200, "{} different documents", seen.len());
        let numbered: HashSet<String> = (0..sampler.size())
            .map(|i| {
                let mut text = String::new();
                sampler.value(i, &mut text);
                text
            })
            .collect();
        assert_eq!(numbered.len() as u128, sampler.size());
    }
}
