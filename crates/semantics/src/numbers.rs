//! Ranges of number columns by their names, in the quantity's natural unit and independent of the column's type.

use super::dictionary::{Meaning, NumberMeaning, dictionary};
use super::names::Name;
use dbmocker_domain::Shape;
use dbmocker_domain::text::TextKind;

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
pub fn scale_of(table: &Name, name: &Name, year: i32) -> Option<(String, Scale)> {
    if let Some(years) = years(name, year) {
        return Some(("year".into(), years));
    }
    match lookup(table, name)? {
        (phrase, NumberMeaning::Scale(scale), times) => {
            Some((phrase, Scale { lo: scale.lo * times, hi: scale.hi * times, ..*scale }))
        }
        (phrase, NumberMeaning::OneOf(list), times) => {
            let ends = |f: fn(i64, i64) -> i64| list.iter().map(|(n, _)| *n).reduce(f).unwrap_or(0) as f64;
            let (lo, hi) = (ends(i64::min) * times, ends(i64::max) * times);
            Some((phrase, Scale { lo, hi, shape: Shape::Low, fraction: false }))
        }
    }
}

/// The values and weights of a number column that has a fixed list of values, by its name, with the phrase that
/// matched.
pub fn listed(table: &Name, name: &Name) -> Option<(String, Vec<(i64, u32)>)> {
    match lookup(table, name)? {
        (phrase, NumberMeaning::OneOf(list), times) => {
            Some((phrase, list.iter().map(|(n, weight)| (n * times as i64, *weight)).collect()))
        }
        _ => None,
    }
}

/// The entry of a name: with its table's noun (`gross` in `payslips`), with `person` in tables of people, by its amount
/// in whole units (`annual_premium_cents` by `annual premium`, times 100), else alone.
fn lookup(table: &Name, name: &Name) -> Option<(String, &'static NumberMeaning, f64)> {
    let d = dictionary();
    let mut plain = name.clone();
    let mut times = 1.0;
    if name.words.len() > 1 && !d.numbers.contains_key(&name.words.join(" ")) && MINOR.contains(&name.last()) {
        plain.words.pop();
        times = 100.0;
    }
    let own = plain.words.join(" ");
    let within = |noun: &str| {
        let joined = format!("{noun} {own}");
        let apart = !noun.is_empty() && plain.words.first().is_some_and(|w| w != noun);
        d.numbers.get(&joined).filter(|_| apart).map(|found| (joined, found))
    };
    let people = || within("person").filter(|_| is_of_people(table));
    let found = within(table.last()).or_else(people).or_else(|| plain.best(&d.numbers));
    let found = found.filter(|(_, meaning)| times == 1.0 || !matches!(meaning, NumberMeaning::Scale(s) if s.fraction));
    match found {
        Some((phrase, meaning)) => Some((phrase, meaning, times)),
        None => name.best(&d.numbers).map(|(phrase, meaning)| (phrase, meaning, 1.0)),
    }
}

/// Words for hundredths of a currency unit, at the end of a name.
const MINOR: [&str; 1] = ["cent"];

/// Whether the table's rows are people.
fn is_of_people(table: &Name) -> bool {
    let d = dictionary();
    let rows = (0..table.words.len()).find_map(|i| d.tables.get(&table.words[i..].join(" ")));
    matches!(rows, Some(Meaning::Kind(TextKind::Name)))
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
