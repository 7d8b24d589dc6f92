//! Small plausible JSON documents.

use super::JsonKind;
use super::catalogue::Named;
use super::fake::{ADJECTIVES, CATEGORIES, COLORS, MATERIALS, STATUSES, THINGS};
use super::text_format;
use super::text_format::LOWER36;
use super::text_index::power;
use dbmocker_core::rng_stream::CellRng;

/// Digits of the code that tells unique documents apart.
const CODE: usize = 10;

/// `{"color": "teal", "count": 12, ...}`, below 120 characters.
pub(super) fn object(rng: &mut CellRng, out: &mut String) {
    out.push('{');
    match rng.below(3) {
        0 => {
            member("color", COLORS.pick(20, rng), out);
            out.push_str(", \"count\": ");
            text_format::number(rng.below(100), out);
        }
        1 => {
            member("name", THINGS.pick(20, rng), out);
            out.push_str(", \"active\": ");
            out.push_str(if rng.below(4) > 0 { "true" } else { "false" });
        }
        _ => {
            member("status", STATUSES.pick(20, rng), out);
            out.push_str(", \"tags\": ");
            array(rng, out);
        }
    }
    out.push('}');
}

fn member(key: &str, value: &str, out: &mut String) {
    out.push('"');
    out.push_str(key);
    out.push_str("\": ");
    text_format::json_string(value, out);
}

fn array(rng: &mut CellRng, out: &mut String) {
    out.push('[');
    for i in 0..1 + rng.below(3) {
        if i > 0 {
            out.push_str(", ");
        }
        text_format::json_string(MATERIALS.pick(20, rng), out);
    }
    out.push(']');
}

pub(super) fn draw(kind: JsonKind, rng: &mut CellRng, out: &mut String) {
    match kind {
        JsonKind::Object => object(rng, out),
        JsonKind::Array => array(rng, out),
        JsonKind::EmptyObject => out.push_str("{}"),
        JsonKind::EmptyArray => out.push_str("[]"),
        JsonKind::String => {
            out.push('"');
            ADJECTIVES.put(20, rng, out);
            out.push(' ');
            THINGS.put(20, rng, out);
            out.push('"');
        }
        JsonKind::Number => text_format::number(rng.below(1000), out),
        JsonKind::Bool => out.push_str(if rng.below(2) == 0 { "true" } else { "false" }),
        JsonKind::Null => out.push_str("null"),
        JsonKind::Shape(named) => named.entry().draw(usize::MAX, rng, out),
    }
}

pub(super) fn size(kind: JsonKind) -> u128 {
    match kind {
        JsonKind::Object | JsonKind::Array | JsonKind::String | JsonKind::Shape(_) => power(36, CODE),
        JsonKind::Number => power(10, 15),
        JsonKind::Bool => 2,
        JsonKind::EmptyObject | JsonKind::EmptyArray | JsonKind::Null => 1,
    }
}

pub(super) fn value(kind: JsonKind, i: u128, out: &mut String) {
    if let JsonKind::Shape(named) = kind {
        return told_apart(named, i, out);
    }
    let (open, close) = match kind {
        JsonKind::Object => ("{\"id\": \"", "\"}"),
        JsonKind::Array => ("[\"", "\"]"),
        JsonKind::String => ("\"", "\""),
        JsonKind::Number => return text_format::number(i as u64, out),
        JsonKind::Bool => return out.push_str(if i == 0 { "false" } else { "true" }),
        _ => return draw(kind, &mut CellRng::new(0), out),
    };
    out.push_str(open);
    text_format::fixed_base(i, CODE, LOWER36, out);
    if kind == JsonKind::Object {
        out.push_str("\", \"category\": \"");
        out.push_str(CATEGORIES.pick(20, &mut super::text_index::decoration(i)));
    }
    out.push_str(close);
}

/// A document of a shape with a member (or an element) that tells it apart.
fn told_apart(named: Named, i: u128, out: &mut String) {
    let start = out.len();
    named.entry().draw(usize::MAX, &mut super::text_index::decoration(i), out);
    let array = out[start..].starts_with('[');
    let mut code = String::from(if array { "\"" } else { "\"id\": \"" });
    text_format::fixed_base(
        text_format::scatter(text_format::shifted(i, power(36, CODE)), power(36, CODE)),
        CODE,
        LOWER36,
        &mut code,
    );
    code.push_str("\", ");
    out.insert_str(start + 1, &code);
}
