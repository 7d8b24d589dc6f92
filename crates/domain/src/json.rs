//! Small realistic JSON documents.

use std::fmt::Write;

use super::JsonKind;
use super::catalogue::Named;
use super::fake::{ADJECTIVES, CATEGORIES, COLORS, MATERIALS, STATUSES, THINGS};
use super::text_format;
use super::text_format::LOWER36;
use super::text_index::power;
use dbmocker_core::rng_stream::CellRng;

/// Characters of the code that makes documents unique.
const CODE: usize = 10;

/// Number of different members for documents of an unknown kind.
const MEMBERS: u64 = 24;
/// Minimum and maximum members of a document.
const MIN_MEMBERS: u64 = 2;
const MAX_MEMBERS: u64 = 3;

/// Appends an object such as `{"color": "teal", "count": 12}`, shorter than 120 characters.
pub(super) fn object(rng: &mut CellRng, out: &mut String) {
    let n = MIN_MEMBERS + rng.below(MAX_MEMBERS - MIN_MEMBERS + 1);
    // The step is coprime to the number of members, so that all are different.
    let (first, step) = (rng.below(MEMBERS), [1, 5, 7, 11][rng.below(4) as usize]);
    out.push('{');
    for i in 0..n {
        if i > 0 {
            out.push_str(", ");
        }
        any_member((first + i * step) % MEMBERS, rng, out);
    }
    out.push('}');
}

/// Appends a random member, unless its key is `taken`.
pub(super) fn additional_member(taken: &dyn Fn(&str) -> bool, comma: bool, rng: &mut CellRng, out: &mut String) {
    let mut text = String::new();
    any_member(rng.below(MEMBERS), rng, &mut text);
    let key = text.split('"').nth(1).unwrap_or_default();
    if !taken(key) {
        out.push_str(if comma { ", " } else { "" });
        out.push_str(&text);
    }
}

fn any_member(which: u64, rng: &mut CellRng, out: &mut String) {
    let mut number = |key: &str, most: u64, rng: &mut CellRng| {
        let _ = write!(out, "\"{key}\": {}", rng.below(most));
    };
    match which {
        0 => return number("count", 100, rng),
        1 => return number("version", 9, rng),
        2 => return number("retries", 4, rng),
        3 => return number("score", 1000, rng),
        4 => return number("priority", 5, rng),
        5 => return number("limit", 500, rng),
        6 => return number("duration", 3600, rng),
        7 => return number("width", 2000, rng),
        8 => return number("weight", 90, rng),
        _ => {}
    }
    let flag = |key: &str, percent: u64, rng: &mut CellRng, out: &mut String| {
        let _ = write!(out, "\"{key}\": {}", rng.below(100) < percent);
    };
    match which {
        9 => flag("active", 80, rng, out),
        10 => flag("verified", 60, rng, out),
        11 => flag("featured", 10, rng, out),
        12 => member("color", COLORS.pick(10, rng), out),
        13 => member("name", THINGS.pick(12, rng), out),
        14 => member("status", STATUSES.pick(10, rng), out),
        15 => member("material", MATERIALS.pick(10, rng), out),
        16 => member("category", CATEGORIES.pick(12, rng), out),
        17 => member("label", ADJECTIVES.pick(12, rng), out),
        18 => member("source", rng.pick::<&str>(&["web", "mobile", "api", "import"]), out),
        19 => member("language", rng.pick::<&str>(&["en", "de", "fr", "es", "pt"]), out),
        20 => member("size", rng.pick::<&str>(&["S", "M", "L", "XL"]), out),
        21 => member("unit", rng.pick::<&str>(&["kg", "cm", "pcs", "l"]), out),
        22 => member("plan", rng.pick::<&str>(&["free", "pro", "team"]), out),
        _ => {
            out.push_str("\"tags\": ");
            array(rng, out);
        }
    }
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
        return unique_document(named, i, out);
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

/// Appends a document of the shape with a member (or an element) that makes it unique.
fn unique_document(named: Named, i: u128, out: &mut String) {
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
