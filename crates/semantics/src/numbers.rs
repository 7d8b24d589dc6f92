//! What a number column holds, by its name: a range in its natural unit, whatever its type.

use super::dictionary::{Numbers, dictionary};
use super::names::Name;
use dbmocker_domain::Shape;

/// A range in whole units (`hi` inclusive).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub lo: f64,
    pub hi: f64,
    pub shape: Shape,
    /// Between 0 and 1 where the type has digits behind the point, in percent where not.
    pub fraction: bool,
}

/// The range of a number column by its name; `year` is the present one.
pub fn scale_of(name: &Name, year: i32) -> Option<(String, Scale)> {
    if let Some(years) = years(name, year) {
        return Some(("year".into(), years));
    }
    match found(name)? {
        (phrase, Numbers::Scale(scale)) => Some((phrase, *scale)),
        (phrase, Numbers::OneOf(list)) => {
            let ends = |f: fn(i64, i64) -> i64| list.iter().map(|(n, _)| *n).reduce(f).unwrap_or(0) as f64;
            Some((phrase, Scale { lo: ends(i64::min), hi: ends(i64::max), shape: Shape::Low, fraction: false }))
        }
    }
}

/// The values of a number column that takes only some, by its name.
pub fn listed(name: &Name) -> Option<(String, &'static [(i64, u32)])> {
    match found(name)? {
        (phrase, Numbers::OneOf(list)) => Some((phrase, list)),
        _ => None,
    }
}

fn found(name: &Name) -> Option<(String, &'static Numbers)> {
    name.best(&dictionary().numbers)
}

fn years(name: &Name, year: i32) -> Option<Scale> {
    let year = f64::from(year);
    if !(name.last() == "year" || name.has("year") && name.words.len() <= 3 && !name.has("years")) {
        return None;
    }
    let (lo, hi) = match name {
        n if n.has("birth") => (year - 80.0, year - 18.0),
        n if n.has("expiry") || n.has("expiration") => (year, year + 6.0),
        n if n.has_any(&["built", "construction", "founded"]) => (year - 70.0, year - 1.0),
        _ => (year - 35.0, year),
    };
    Some(Scale { lo, hi, shape: Shape::High, fraction: false })
}
