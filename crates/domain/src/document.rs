//! JSON documents of the shape that a CHECK or a JSON Schema requires.

use serde::{Deserialize, Serialize};

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
    /// `open`: other members are allowed.
    Object {
        members: Vec<DocumentMember>,
        open: bool,
    },
    Array {
        item: Box<Document>,
        min: u32,
        max: u32,
    },
}

/// A member of an object; a member that is not required is absent from some documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentMember {
    pub name: String,
    pub required: bool,
    pub document: Document,
}

/// Percentage of documents with a given optional member.
const OPTIONAL_PERCENT: u64 = 65;
/// Percentage of open objects with an additional member.
const ADDITIONAL_PERCENT: u64 = 50;

/// A [`Document`] prepared for many values.
#[derive(Debug, Clone)]
pub(super) enum DocumentSampler {
    Leaf(Box<Sampler>),
    OneOf(Vec<String>),
    Object { members: Vec<(String, bool, DocumentSampler)>, open: bool },
    Array { item: Box<DocumentSampler>, min: u32, max: u32 },
}

impl DocumentSampler {
    pub fn new(document: &Document) -> Self {
        match document {
            Document::Leaf(domain) => DocumentSampler::Leaf(Box::new(domain.sampler())),
            Document::OneOf(texts) => DocumentSampler::OneOf(texts.clone()),
            Document::Object { members, open } => DocumentSampler::Object {
                members: members.iter().map(|m| (m.name.clone(), m.required, Self::new(&m.document))).collect(),
                open: *open,
            },
            Document::Array { item, min, max } => {
                DocumentSampler::Array { item: Box::new(Self::new(item)), min: *min, max: *max }
            }
        }
    }

    /// The number of different documents of [`value`](Self::value).
    pub fn size(&self) -> u128 {
        match self {
            DocumentSampler::Leaf(sampler) => sampler.size(),
            DocumentSampler::OneOf(texts) => texts.len() as u128,
            DocumentSampler::Object { members, .. } => {
                let required = members.iter().filter(|m| m.1);
                required.fold(1, |n, m| n.saturating_mul(m.2.size().max(1)))
            }
            DocumentSampler::Array { item, min, .. } => {
                (0..*min).fold(1, |n: u128, _| n.saturating_mul(item.size().max(1)))
            }
        }
    }

    /// Appends document number `i`, with the required members only.
    pub fn value(&self, mut i: u128, out: &mut String) {
        match self {
            DocumentSampler::Leaf(sampler) => scalar(&sampler.value(i % sampler.size().max(1)), out),
            DocumentSampler::OneOf(texts) => out.push_str(&texts[(i % texts.len().max(1) as u128) as usize]),
            DocumentSampler::Object { members, .. } => {
                out.push('{');
                for (n, (name, _, document)) in members.iter().filter(|m| m.1).enumerate() {
                    begin(n, name, out);
                    let size = document.size().max(1);
                    document.value(i % size, out);
                    i /= size;
                }
                out.push('}');
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
                for (name, required, document) in members {
                    if *required || rng.below(100) < OPTIONAL_PERCENT {
                        begin(n, name, out);
                        document.draw(rng, out);
                        n += 1;
                    }
                }
                if *open && rng.below(100) < ADDITIONAL_PERCENT {
                    json::additional_member(&|key| members.iter().any(|m| m.0 == key), n > 0, rng, out);
                }
                out.push('}');
            }
            DocumentSampler::Array { item, min, max } => {
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
        let member = |name: &str, required, document| DocumentMember { name: name.into(), required, document };
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
