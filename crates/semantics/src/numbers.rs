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
    let plural = is_number_of_years(name);
    let Some(found) = lookup(table, name).filter(|(phrase, ..)| !plural || phrase.contains("year")) else {
        let years = Scale { lo: 0.0, hi: MOST_YEARS, shape: Shape::Low, fraction: false };
        return plural.then(|| ("years".into(), years));
    };
    match found {
        (phrase, NumberMeaning::Scale(scale), times) => {
            // A fraction that is multiplied, as in `interest_rate_pct`, is in percent already.
            let fraction = scale.fraction && times == 1.0;
            Some((phrase, Scale { lo: scale.lo * times, hi: scale.hi * times, fraction, ..*scale }))
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
    let joined = |noun: &str, own: &str| {
        let joined = format!("{noun} {own}");
        let apart = !noun.is_empty() && plain.words.first().is_some_and(|w| w != noun);
        d.numbers.get(&joined).filter(|_| apart).map(|found| (joined, found))
    };
    let within = |noun: &str| joined(noun, &own);
    let long_noun = || within(&table.words[table.words.len().checked_sub(2)?..].join(" "));
    // `score_service` in reviews is a review's score.
    let part =
        || joined(table.last(), plain.words.first().filter(|_| plain.words.len() > 1 && plain.last() != PERCENT)?);
    let people = || within("person").filter(|_| is_of_people(table));
    let found = long_noun().or_else(|| within(table.last())).or_else(people);
    let found = found.or_else(|| {
        let best = plain.best(&d.numbers);
        let is_end = |phrase: &str| phrase.contains(' ') && plain.ends(phrase);
        if best.as_ref().is_some_and(|(phrase, _)| is_end(phrase)) { best } else { part().or(best) }
    });
    if let Some((phrase, scaled, of_percent)) = percent_of(&plain).filter(|_| times == 1.0)
        && found.as_ref().is_none_or(|(phrase, _)| phrase == PERCENT)
    {
        return Some((phrase, scaled, of_percent));
    }
    // `salary_min` is a salary.
    if let Some((phrase, ..)) = &found
        && BOUNDS.contains(&phrase.as_str())
        && plain.ends(phrase)
        && let Some(of) = of_bound(table, &plain)
    {
        return Some(of);
    }
    let found = found.filter(|(_, meaning)| times == 1.0 || !matches!(meaning, NumberMeaning::Scale(s) if s.fraction));
    match found {
        Some((phrase, meaning)) => Some((phrase, meaning, times)),
        None => name.best(&d.numbers).map(|(phrase, meaning)| (phrase, meaning, 1.0)),
    }
}

/// Words of bounds, at the end of a name.
const BOUNDS: [&str; 4] = ["min", "max", "minimum", "maximum"];

/// The entry of a bound by the words before it.
fn of_bound(table: &Name, name: &Name) -> Option<(String, &'static NumberMeaning, f64)> {
    let words = name.words.split_last().filter(|(_, before)| !before.is_empty())?.1.to_vec();
    lookup(table, &Name { words, whole: name.whole.clone() })
}

/// The word of percentages, at the end of a name.
const PERCENT: &str = "percent";

/// The entry of a percentage by the words before `percent`, and its factor: `interest_rate_pct` is an interest rate times
/// 100, `spo2_pct` an oxygen saturation; `None` if the entry has numbers beyond 100.
fn percent_of(name: &Name) -> Option<(String, &'static NumberMeaning, f64)> {
    let (last, of) = name.words.split_last()?;
    if last != PERCENT {
        return None;
    }
    let numbers = &dictionary().numbers;
    let (phrase, meaning) = (0..of.len()).find_map(|i| {
        let phrase = of[i..].join(" ");
        numbers.get(&phrase).map(|meaning| (phrase, meaning))
    })?;
    let factor = match meaning {
        NumberMeaning::Scale(scale) if scale.fraction => Some(100.0),
        NumberMeaning::Scale(scale) => (scale.hi <= 100.0).then_some(1.0),
        NumberMeaning::OneOf(list) => list.iter().all(|(n, _)| (0..=100).contains(n)).then_some(1.0),
    };
    Some((phrase, meaning, factor?))
}

/// Places and goods of which a row has a number.
const COUNTABLE: &[&str] = &[
    "room",
    "seat",
    "bed",
    "table",
    "place",
    "spot",
    "slot",
    "unit",
    "ticket",
    "space",
    "stall",
    "berth",
    "cabin",
    "desk",
    "locker",
    "bike",
    "scooter",
    "dock",
    "charger",
    "car",
    "vehicle",
    "license",
    "licence",
    "copy",
    "card",
    "voucher",
    "coupon",
    "key",
    "pallet",
    "position",
    "apartment",
    "flat",
    "plot",
    "pitch",
    "court",
    "chair",
    "device",
    "bay",
    "gate",
    "suite",
    "tent",
    "boat",
    "badge",
    "permit",
];
/// Words of the number of all, and of those in one state.
const ALL: &[&str] = &["total", "available"];
const IN_ONE_STATE: &[&str] =
    &["sold", "left", "occupied", "free", "taken", "booked", "reserved", "used", "issued", "rented", "vacant"];

/// The range of a column that counts places or goods in one state: `rooms_total`, `seats_available`, `tickets_sold`.
/// `None` for other names.
pub fn counted(name: &Name) -> Option<Scale> {
    let [noun, state] = &name.words[..] else { return None };
    let plural = name.whole.split('_').next().is_some_and(|first| first != noun && first.ends_with('s'));
    if !plural || !COUNTABLE.contains(&noun.as_str()) {
        return None;
    }
    // A part is not more than the total.
    let (lo, hi) = match state.as_str() {
        state if ALL.contains(&state) => (30.0, 160.0),
        state if IN_ONE_STATE.contains(&state) => (0.0, 30.0),
        _ => return None,
    };
    Some(Scale { lo, hi, shape: Shape::Low, fraction: false })
}

/// Whether a whole number counts places or goods, so that it is no amount: `rooms_total`.
pub fn is_count(column: &str) -> bool {
    counted(&Name::new(column)).is_some()
}

/// Words for hundredths of a currency unit, at the end of a name.
const MINOR: [&str; 1] = ["cent"];

/// Whether the table's rows are people.
fn is_of_people(table: &Name) -> bool {
    let d = dictionary();
    let rows = (0..table.words.len()).find_map(|i| d.tables.get(&table.words[i..].join(" ")));
    matches!(rows, Some(Meaning::Kind(TextKind::Name)))
}

/// Largest number of years of a column of durations, of experience, of a contract.
const MOST_YEARS: f64 = 30.0;

/// Whether a name is about a number of years, not about a year: `no_claims_years`.
fn is_number_of_years(name: &Name) -> bool {
    name.last() == "year" && name.whole.ends_with("years") || name.whole.starts_with("years")
}

/// The range of years of a column that holds one, by its name.
fn years(name: &Name, year: i32) -> Option<Scale> {
    let year = f64::from(year);
    if name.last() == "vintage" {
        return Some(Scale { lo: year - 25.0, hi: year - 1.0, shape: Shape::High, fraction: false });
    }
    if is_number_of_years(name) {
        return None;
    }
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
