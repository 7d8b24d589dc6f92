//! Ranges of number columns by their names, in the quantity's natural unit and independent of the column's type.

use super::dictionary::{NumberMeaning, dictionary};
use super::names::Name;
use dbmocker_domain::Shape;

/// A range of numbers, both bounds inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub lo: f64,
    pub hi: f64,
    pub shape: Shape,
    /// A number from 0 to 1 if the type has decimals, in percent if not.
    pub fraction: bool,
}

/// The range of a number column by its name, with the phrase that matched; `None` if no phrase does. `year`: the
/// current year.
pub fn scale_of(name: &Name, year: i32) -> Option<(String, Scale)> {
    if let Some(years) = years(name, year) {
        return Some(("year".into(), years));
    }
    match lookup(name)? {
        (phrase, NumberMeaning::Scale(scale)) => Some((phrase, *scale)),
        (phrase, NumberMeaning::OneOf(list)) => {
            let ends = |f: fn(i64, i64) -> i64| list.iter().map(|(n, _)| *n).reduce(f).unwrap_or(0) as f64;
            Some((phrase, Scale { lo: ends(i64::min), hi: ends(i64::max), shape: Shape::Low, fraction: false }))
        }
    }
}

/// The values and weights of a number column that has a fixed list of values, by its name, with the phrase that
/// matched.
pub fn listed(name: &Name) -> Option<(String, &'static [(i64, u32)])> {
    match lookup(name)? {
        (phrase, NumberMeaning::OneOf(list)) => Some((phrase, list)),
        _ => None,
    }
}

fn lookup(name: &Name) -> Option<(String, &'static NumberMeaning)> {
    name.best(&dictionary().numbers)
}

/// The range of years of a column that holds one, by its name.
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
