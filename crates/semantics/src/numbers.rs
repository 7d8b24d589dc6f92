//! Ranges of number columns by their names, in the quantity's natural unit and independent of the column's type.

use super::dictionary::{NumberMeaning, dictionary};
use super::names::Name;
use super::neighbours::Neighbours;
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

/// The numbers of a column with a fixed list of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Whole numbers with their weights.
    pub numbers: Vec<(i64, u32)>,
    /// The numbers are percentages, which columns of fractions hold as shares of 1.
    pub percent: bool,
}

/// An entry with the phrase that matched, and the factor of its numbers.
type Found = (String, &'static NumberMeaning, f64);

/// The range of a number column by its name, with the phrase that matched; `None` if no phrase does. `year`: the
/// current year.
pub fn scale_of(neighbours: &Neighbours, name: &Name, year: i32) -> Option<(String, Scale)> {
    if let Some(years) = years(name, year) {
        return Some(("year".into(), years));
    }
    let plural = is_number_of_years(name);
    let Some(found) = lookup(neighbours, name).filter(|(phrase, ..)| !plural || phrase.contains("year")) else {
        // A term alone lasts a year or more.
        let (lo, hi) = if name.words.len() == 1 { (1.0, MOST_YEARS / 3.0) } else { (0.0, MOST_YEARS) };
        let years = Scale { lo, hi, shape: Shape::Low, fraction: false };
        return plural.then(|| ("years".into(), years));
    };
    let ends = |list: &[(i64, u32)], times: f64| {
        let end = |f: fn(i64, i64) -> i64| list.iter().map(|(n, _)| *n).reduce(f).unwrap_or(0) as f64 * times;
        Scale { lo: end(i64::min), hi: end(i64::max), shape: Shape::Low, fraction: false }
    };
    match found {
        (phrase, NumberMeaning::Scale(scale) | NumberMeaning::InUnit(scale, _), times) => {
            // A fraction that is multiplied, as in `interest_rate_pct`, is in percent already.
            let fraction = scale.fraction && times == 1.0;
            Some((phrase, Scale { lo: scale.lo * times, hi: scale.hi * times, fraction, ..*scale }))
        }
        (phrase, NumberMeaning::OneOf(list), times) => Some((phrase, ends(list, times))),
        (phrase, NumberMeaning::PercentOf(list), times) => {
            Some((phrase, Scale { fraction: times == 1.0, ..ends(list, times / 100.0) }))
        }
    }
}

/// The values and weights of a number column that has a fixed list of values, by its name, with the phrase that
/// matched.
pub fn listed(neighbours: &Neighbours, name: &Name) -> Option<(String, Listed)> {
    match lookup(neighbours, name)? {
        (phrase, NumberMeaning::OneOf(list), times) => {
            let numbers = list.iter().map(|(n, weight)| (n * times as i64, *weight)).collect();
            Some((phrase, Listed { numbers, percent: false }))
        }
        (phrase, NumberMeaning::PercentOf(list), times) => {
            Some((phrase, Listed { numbers: list.to_vec(), percent: times == 1.0 }))
        }
        _ => None,
    }
}

/// The entry of a name: with its table's noun (`gross` in `payslips`), with `person` in tables of people, with the trade
/// of its table, by its amount in whole units (`annual_premium_cents` by `annual premium`, times 100), by what it measures
/// in another unit (`elevation_ft` by `elevation`), else alone.
fn lookup(neighbours: &Neighbours, name: &Name) -> Option<Found> {
    let (d, table) = (dictionary(), &neighbours.table);
    let mut plain = name.clone();
    let mut times = 1.0;
    if name.words.len() > 1 && !d.numbers.contains_key(&name.words.join(" ")) && MINOR.contains(&name.last()) {
        plain.words.pop();
        times = 100.0;
    }
    // `fee_eur` is a fee.
    while plain.words.len() > 1 && CURRENCIES.contains(&plain.last()) {
        plain.words.pop();
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
    let people = || within("person").filter(|_| neighbours.is_of_people());
    let found = long_noun().or_else(|| within(table.last())).or_else(people);
    // `weight_kg` in bags is the weight of a bag.
    if found.is_none()
        && times == 1.0
        && let Some(of_rows) = in_other_unit(neighbours, &plain, None)
        && of_rows.0.split(' ').next() != plain.words.first().map(String::as_str)
    {
        return Some(of_rows);
    }
    let found = found.or_else(|| {
        let best = plain.best_in(&d.numbers, &neighbours.trades);
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
        && let Some(of) = of_bound(neighbours, &plain)
    {
        return Some(of);
    }
    // `planned_min` without a `planned_max` is in minutes.
    if let Some((phrase, ..)) = &found
        && phrase == "min"
        && plain.words.len() > 1
        && plain.ends(phrase)
        && !neighbours.names.iter().any(|n| n.has_any(&["max", "maximum"]))
        && let Some(minutes) = d.numbers.get("time minute")
    {
        return Some(("minute".to_owned(), minutes, 1.0));
    }
    if times == 1.0
        && let Some(converted) = in_other_unit(neighbours, &plain, found.as_ref().map(|(phrase, _)| phrase.as_str()))
    {
        return Some(converted);
    }
    let of_cents = |meaning: &NumberMeaning| match meaning {
        NumberMeaning::Scale(scale) => !scale.fraction,
        NumberMeaning::PercentOf(_) => false,
        NumberMeaning::InUnit(..) | NumberMeaning::OneOf(_) => true,
    };
    match found.filter(|(_, meaning)| times == 1.0 || of_cents(meaning)) {
        Some((phrase, meaning)) => Some((phrase, meaning, times)),
        None => name.best(&d.numbers).map(|(phrase, meaning)| (phrase, meaning, 1.0)),
    }
}

/// The entry of what a column measures, where its name ends in a unit of the same quantity: `elevation_ft` by
/// `elevation`. `found`: the phrase that the whole name matches, which counts more if it has other words than the unit.
fn in_other_unit(neighbours: &Neighbours, name: &Name, found: Option<&str>) -> Option<Found> {
    let units = &dictionary().units;
    let (from, unit) =
        (1..name.words.len()).find_map(|from| Some((from, units.get(&name.words[from..].join(" "))?)))?;
    let words_of_unit = name.words.len() - from;
    // The words that an entry with this unit has in common with the name.
    let explicit = found.filter(|phrase| name.ends(phrase)).map_or(0, |phrase| phrase.split(' ').count());
    let longer = |phrase: &str| phrase.split(' ').count() + words_of_unit > explicit;
    let of = Name { words: name.words[..from].to_vec(), whole: name.whole.clone() };
    let of_trade = neighbours.trades.iter().find_map(|trade| {
        let phrase = format!("{trade} {}", of.words.join(" "));
        Some((dictionary().numbers.get(&phrase)?, phrase))
    });
    if let Some((meaning @ NumberMeaning::InUnit(_, own), phrase)) = of_trade
        && own.base == unit.base
        && longer(&phrase)
    {
        return Some((phrase, meaning, own.size / unit.size));
    }
    match lookup(neighbours, &of)? {
        (phrase, meaning @ NumberMeaning::InUnit(_, own), times) if own.base == unit.base && longer(&phrase) => {
            Some((phrase, meaning, times * own.size / unit.size))
        }
        _ => None,
    }
}

/// Words for currencies, at the end of a name.
const CURRENCIES: [&str; 7] = ["eur", "usd", "gbp", "chf", "euro", "dollar", "czk"];

/// Words of bounds, at the end of a name.
const BOUNDS: [&str; 4] = ["min", "max", "minimum", "maximum"];

/// The entry of a bound by the words before it.
fn of_bound(neighbours: &Neighbours, name: &Name) -> Option<Found> {
    let words = name.words.split_last().filter(|(_, before)| !before.is_empty())?.1.to_vec();
    lookup(neighbours, &Name { words, whole: name.whole.clone() })
}

/// The word of percentages, at the end of a name.
const PERCENT: &str = "percent";

/// The entry of a percentage by the words before `percent`, and its factor: `interest_rate_pct` is an interest rate times
/// 100, `spo2_pct` an oxygen saturation; `None` if the entry has numbers beyond 100.
fn percent_of(name: &Name) -> Option<Found> {
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
        NumberMeaning::InUnit(..) => None,
        NumberMeaning::OneOf(list) => list.iter().all(|(n, _)| (0..=100).contains(n)).then_some(1.0),
        NumberMeaning::PercentOf(_) => Some(100.0),
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
