//! JSON Schema -> the shape of documents that satisfy it.

use serde_json::{Map, Value as Json, json};

use super::{MOST_CHARS, moment, text};
use dbmocker_domain::document::{Document, DocumentMember};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_semantics as semantics;
use dbmocker_semantics::InferContext;

/// Maximum nesting of schemas.
const DEEPEST: usize = 12;
/// Maximum number of parts of a schema whose references are replaced.
const MOST_PARTS: usize = 20_000;
/// Step of numbers beside an exclusive bound: that of their decimals.
const STEP: f64 = 0.01;
/// Maximum number of characters of texts without a limit.
const LONGEST: u64 = 60;

/// Returns a schema in which each `$ref` to a part of it is replaced by that part; `None` if a reference leads elsewhere,
/// or to itself, or if the schema becomes too large.
pub fn inlined(schema: &Json) -> Option<Json> {
    let mut left = MOST_PARTS;
    inlined_part(schema, schema, 0, &mut left)
}

/// `left`: the number of parts that the schema may still have.
fn inlined_part(part: &Json, schema: &Json, depth: usize, left: &mut usize) -> Option<Json> {
    *left = left.checked_sub(1)?;
    if depth > 4 * DEEPEST {
        return None;
    }
    let mut inlined = |part: &Json| inlined_part(part, schema, depth + 1, left);
    Some(match part {
        Json::Array(items) => Json::Array(items.iter().map(inlined).collect::<Option<_>>()?),
        Json::Object(rules) => {
            // Definitions are inlined where they are referred to.
            let kept = |name: &str| name != "$ref" && (depth > 0 || !matches!(name, "$defs" | "definitions"));
            let rest = rules.iter().filter(|(name, _)| kept(name));
            let rest = rest.map(|(name, rule)| Some((name.clone(), inlined(rule)?))).collect::<Option<Map<_, _>>>()?;
            match rules.get("$ref") {
                Some(Json::String(path)) => {
                    let part = inlined(schema.pointer(path.strip_prefix('#')?)?)?;
                    // What stands beside a reference holds as well.
                    if rest.is_empty() { part } else { json!({"allOf": [part, rest]}) }
                }
                Some(_) => return None,
                None => Json::Object(rest),
            }
        }
        other => other.clone(),
    })
}

/// Returns the shape of a schema's documents; `None` if it uses an unsupported keyword.
pub fn document(schema: &Json, name: &str, context: &InferContext) -> Option<Document> {
    of(schema, name, context, 0).filter(|shape| shape.most_chars() <= MOST_CHARS)
}

fn of(schema: &Json, name: &str, context: &InferContext, depth: usize) -> Option<Document> {
    let Json::Object(rules) = schema else {
        return (schema == &Json::Bool(true)).then(|| Document::Leaf(Box::new(text(name, 20, context))));
    };
    if depth > DEEPEST || rules.contains_key("$ref") {
        return None;
    }
    if let Some(value) = rules.get("const") {
        return Some(Document::OneOf(vec![value.to_string()]));
    }
    if let Some(Json::Array(values)) = rules.get("enum") {
        return Some(Document::OneOf(values.iter().map(ToString::to_string).collect()));
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(Json::Array(ways)) = rules.get(several) {
            return of(ways.first()?, name, context, depth + 1);
        }
    }
    if let Some(Json::Array(all)) = rules.get("allOf") {
        let mut joined: Map<String, Json> = rules.clone();
        joined.remove("allOf");
        all.iter().filter_map(Json::as_object).for_each(|part| join(&mut joined, part));
        return of(&Json::Object(joined), name, context, depth + 1);
    }
    let number = |key: &str| rules.get(key).and_then(Json::as_f64);
    match kind(rules) {
        "object" => object(rules, context, depth),
        "array" => {
            let most = rules.get("maxItems").and_then(Json::as_u64);
            let fewest = rules.get("minItems").and_then(Json::as_u64).unwrap_or(most.map_or(1, |most| most.min(1)));
            let most = most.unwrap_or(fewest.saturating_add(3)).max(fewest).min(fewest.saturating_add(5));
            let item = match rules.get("items") {
                Some(item) => of(item, name.trim_end_matches('s'), context, depth + 1)?,
                None => Document::Leaf(Box::new(text(name.trim_end_matches('s'), 20, context))),
            };
            Some(Document::Array {
                item: Box::new(item),
                min: u32::try_from(fewest).ok()?,
                max: u32::try_from(most).ok()?,
                unique: rules.get("uniqueItems") == Some(&Json::Bool(true)),
            })
        }
        "boolean" => Some(Document::OneOf(vec!["true".into(), "false".into()])),
        "null" => Some(Document::OneOf(vec!["null".into()])),
        whole @ ("integer" | "number") => {
            let step = if whole == "integer" { 1.0 } else { STEP };
            let least = number("minimum").or(number("exclusiveMinimum").map(|x| x + step));
            let most = number("maximum").or(number("exclusiveMaximum").map(|x| x - step));
            let lo = least.unwrap_or(most.map_or(0.0, |m| m.min(0.0)));
            let hi = most.unwrap_or(lo + 1000.0);
            Some(Document::Leaf(Box::new(if whole == "integer" {
                let (lo, hi) = (lo.ceil() as i128, hi.floor() as i128);
                Domain::Range { kind: RangeKind::Int, lo, hi, step: 1, except: vec![], shape: Shape::Uniform }
            } else {
                Domain::Float { lo, hi, decimals: 2, shape: Shape::Uniform }
            })))
        }
        _ => Some(Document::Leaf(Box::new(string(rules, name, context)))),
    }
}

/// Returns the schema's type, or the type that its keywords imply.
fn kind(rules: &Map<String, Json>) -> &str {
    match rules.get("type") {
        Some(Json::String(kind)) => kind,
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).find(|k| *k != "null").unwrap_or("null"),
        _ if rules.contains_key("properties") || rules.contains_key("required") => "object",
        _ if rules.contains_key("items") => "array",
        _ if rules.contains_key("minimum") || rules.contains_key("maximum") => "number",
        _ => "string",
    }
}

fn object(rules: &Map<String, Json>, context: &InferContext, depth: usize) -> Option<Document> {
    let required: Vec<&str> = match rules.get("required") {
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let empty = Map::new();
    let properties = rules.get("properties").and_then(Json::as_object).unwrap_or(&empty);
    let mut members = Vec::new();
    for (name, schema) in properties {
        let document = of(schema, name, context, depth + 1)?;
        members.push(DocumentMember::new(name, required.contains(&name.as_str()), document));
    }
    for name in required.iter().filter(|n| !properties.contains_key(**n)) {
        let document = Document::Leaf(Box::new(text(name, 20, context)));
        members.push(DocumentMember::new(*name, true, document));
    }
    let closed = rules.get("additionalProperties").is_some_and(|a| *a != Json::Bool(true));
    let counted = rules.contains_key("maxProperties") || rules.contains_key("minProperties");
    Some(Document::Object { members, open: !closed && !counted })
}

fn string(rules: &Map<String, Json>, name: &str, context: &InferContext) -> Domain {
    let length = |key: &str| rules.get(key).and_then(Json::as_u64);
    let least = length("minLength").unwrap_or(0);
    let most = length("maxLength").unwrap_or(LONGEST.max(least.saturating_add(20)));
    let kind = match (rules.get("pattern").and_then(Json::as_str), rules.get("format").and_then(Json::as_str)) {
        (Some(pattern), _) => Some(TextKind::Pattern { regex: anchored(pattern) }),
        (None, Some("email")) => Some(TextKind::Email),
        (None, Some("date")) => Some(TextKind::DateText),
        (None, Some("date-time")) => return moment(name, context),
        (None, Some("time")) => Some(TextKind::TimeText),
        (None, Some("uri" | "url")) => Some(TextKind::Url),
        (None, Some("uuid")) => Some(TextKind::Uuid),
        (None, Some("ipv4")) => Some(TextKind::IpAddress),
        (None, Some("ipv6")) => Some(TextKind::Ipv6),
        (None, Some("hostname")) => Some(TextKind::Hostname),
        _ => None,
    };
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let mut domain = match kind {
        Some(kind) => semantics::plain_text(kind, most),
        None => text(name, most, context),
    };
    if let Domain::Text(t) = &mut domain {
        t.min_chars = u32::try_from(least).unwrap_or(0).min(most);
    }
    domain
}

/// Converts a pattern that may match anywhere to one that matches the whole text.
fn anchored(pattern: &str) -> String {
    let start = if pattern.starts_with('^') { "" } else { "[a-z]{0,3}" };
    let end = if pattern.ends_with('$') { "" } else { "[a-z]{0,3}" };
    format!("{start}{}{end}", pattern.trim_start_matches('^').trim_end_matches('$'))
}

/// Merges the keywords of one schema into another.
fn join(into: &mut Map<String, Json>, part: &Map<String, Json>) {
    for (key, rule) in part {
        match (into.get_mut(key), rule) {
            (Some(Json::Object(old)), Json::Object(new)) => old.extend(new.clone()),
            (Some(Json::Array(old)), Json::Array(new)) => old.extend(new.iter().cloned()),
            _ => _ = into.insert(key.clone(), rule.clone()),
        }
    }
}
