//! Ranges of numbers, by type and name.

use super::ColumnInference;
use crate::dates;
use crate::legal::{decimal_bounds, int_bounds, range};
use crate::numbers;
use crate::numbers::Scale;
use crate::text;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, RangeKind, Shape};

/// Largest whole number where the name does not say more: an ordinal or a small count.
const MOST_UNKNOWN: i128 = 100;
/// The same in types of 64 bits.
const MOST_LARGE: i128 = 1000;
/// The same for names in the plural, which count things.
const MOST_COUNTED: i128 = 20;

impl ColumnInference<'_> {
    pub(super) fn int(&self, bytes: u8, unsigned: bool, tinyint1: bool) -> (Domain, String) {
        let (least, most) = int_bounds(bytes, unsigned);
        let year = self.year_now();
        // SQLite keeps `DEFAULT false` as it was written: the column holds booleans.
        let boolean = ["false", "true"].iter().any(|t| self.default.trim_matches(['(', ')']).eq_ignore_ascii_case(t));
        let counted = numbers::counted(&self.name).map(|scale| ("a count".to_owned(), scale));
        // `rooms_available` counts rooms.
        let flag = text::flag(&self.name).filter(|_| counted.is_none()).or(boolean.then_some(50));
        let scale = counted.clone().or_else(|| numbers::scale_of(&self.neighbours, &self.name, year));
        if let (Some(yes), false) = (flag, self.context.in_key) {
            return (int_flag(yes), self.named("flag"));
        }
        let place = matches!(self.name.words.first().map(String::as_str), Some("in" | "on"));
        let default = self.default.trim().trim_matches(['(', ')', '\'', '"']).to_ascii_lowercase();
        // A boolean by its default, independent of its type's name: SQLite's `integer default false`.
        if matches!(default.as_str(), "true" | "false") && !self.context.in_key {
            return (int_flag(if default == "true" { 85 } else { 15 }), format!("default `{default}`"));
        }
        if let Some(list) = self.listed_numbers(least, most).filter(|_| !self.context.in_key) {
            return (list, "comment: a list of values".into());
        }
        let other = default.parse::<i64>().is_ok_and(|n| !(0..=1).contains(&n));
        if tinyint1 && !other && (scale.is_none() || place) {
            return (int_flag(flag.unwrap_or(50)), "type tinyint(1), a boolean".into());
        }
        if bytes >= 4 && dates::is_moment(&self.name) {
            return self.epoch(bytes, most);
        }
        if let (Some((unit, word)), true) = (dates::epoch_unit(&self.name), bytes >= 8) {
            return self.epoch_in(unit, word, most);
        }
        if self.context.in_key {
            // Years stay years; every other key needs the whole range.
            return match scale {
                Some((word, _)) if word == "year" && most >= 2155 => {
                    (range(RangeKind::Int, 1901, 2155, 1, Shape::Uniform), self.named("year"))
                }
                _ => (range(RangeKind::Int, 1, most, 1, Shape::Uniform), "whole number of a key".into()),
            };
        }
        if let Some((word, list)) = numbers::listed(&self.neighbours, &self.name).filter(|_| counted.is_none()) {
            let fits = |n: i64| least <= i128::from(n) && i128::from(n) <= most;
            let list = list.numbers;
            if list.iter().all(|(n, _)| fits(*n)) {
                let values = list.iter().map(|(n, _)| Value::Int((*n).into())).collect();
                let weights = Some(list.iter().map(|(_, w)| *w).collect());
                return (Domain::Choice { values, weights }, self.named(&word));
            }
        }
        let scale = scale.or_else(|| numbers::scale_of(&self.neighbours, self.comment.as_ref()?, year));
        match scale {
            // A type this small holds ordinals.
            Some((word, scale)) if bytes <= 2 && scale.lo > MOST_UNKNOWN as f64 && word == "number" => {
                (range(RangeKind::Int, 1, most.min(MOST_UNKNOWN), 1, Shape::Low), self.named(&word))
            }
            Some((word, scale)) => {
                let factor = if scale.fraction { 100.0 } else { 1.0 };
                let whole = ((scale.lo * factor).ceil() as i128, (scale.hi * factor).floor() as i128);
                // No whole number lies between 1.2 and 1.8: the nearest ones do.
                let (lo, hi) = if whole.0 <= whole.1 { whole } else { (whole.1, whole.0) };
                let (lo, hi) = within(lo, hi, least, most);
                (range(RangeKind::Int, lo, hi, 1, scale.shape), self.named(&word))
            }
            None if bytes < 8 && is_plural(&self.name.whole) => {
                (range(RangeKind::Int, 0, most.min(MOST_COUNTED), 1, Shape::Low), "a count of things".into())
            }
            None => {
                // A type of 64 bits was chosen for more.
                let likely = if bytes < 8 { MOST_UNKNOWN } else { MOST_LARGE };
                (range(RangeKind::Int, 1, most.min(likely), 1, Shape::Low), "type: small positive whole numbers".into())
            }
        }
    }

    /// The numbers that the comment lists: `0 = off, 1 = on, 2 = automatic`. `None` if one is outside the type's range.
    fn listed_numbers(&self, least: i128, most: i128) -> Option<Domain> {
        let numbers: Option<Vec<i128>> = self.listed.iter().map(|t| t.parse().ok()).collect();
        let numbers = numbers.filter(|n| n.len() >= 2 && n.iter().all(|n| (least..=most).contains(n)))?;
        Some(Domain::Choice { values: numbers.into_iter().map(Value::Int).collect(), weights: None })
    }

    /// A timestamp stored as a number: milliseconds in 64 bits, except in SQLite; else seconds.
    pub(super) fn epoch(&self, bytes: u8, most: i128) -> (Domain, String) {
        let millis = bytes >= 8 && self.context.dialect != Dialect::Sqlite;
        let (unit, word) = if millis { (1000, "milliseconds since 1970") } else { (1, "seconds since 1970") };
        self.epoch_in(unit, word, most)
    }

    /// A timestamp stored as a number, with `unit` units to a second.
    fn epoch_in(&self, unit: i128, word: &str, most: i128) -> (Domain, String) {
        let (from, to, shape) = self.seconds();
        let (lo, hi) = within(i128::from(from) * unit, i128::from(to) * unit, 0, most);
        (range(RangeKind::Int, lo, hi, unit, shape), self.named(word))
    }

    pub(super) fn year(&self) -> (Domain, String) {
        let now = self.year_now();
        let (lo, hi) = match numbers::scale_of(&self.neighbours, &self.name, now) {
            _ if self.context.in_key => (1901, 2155),
            Some((_, s)) if s.lo >= 1901.0 => (s.lo as i128, s.hi as i128),
            _ => (i128::from(now) - 35, i128::from(now)),
        };
        (range(RangeKind::Int, lo.max(1901), hi.min(2155), 1, Shape::High), "type year".into())
    }

    pub(super) fn decimal(&self, precision: u16, scale: i16, unsigned: bool) -> (Domain, String) {
        let (most, digits, step) = decimal_bounds(precision, scale);
        let least = if unsigned { 0 } else { -most };
        let kind = RangeKind::Decimal { scale: digits };
        let unit = 10i128.pow(digits.into());
        if self.context.in_key {
            let lo = if step > 1 { 0 } else { 1 };
            return (range(kind, lo, most, step, Shape::Uniform), "number of a key".into());
        }
        if digits == 0 && step == 1 && dates::is_moment(&self.name) && precision >= 10 {
            return match self.epoch(8, most) {
                (Domain::Range { lo, hi, step, shape, .. }, reason) => (range(kind, lo, hi, step, shape), reason),
                other => other,
            };
        }
        if let (Some(yes), 1, 0) = (text::flag(&self.name), precision, digits) {
            let values = [1, 0].map(|n| Value::Decimal { unscaled: n, scale: 0 }).to_vec();
            return (Domain::Choice { values, weights: Some(vec![yes, 100 - yes]) }, self.named("flag"));
        }
        // A fraction is held in percent where the type has no room for its decimals.
        let integer_digits = i32::from(precision) - i32::from(digits);
        let percentages = precision > 0 && integer_digits > 1 && digits <= 2;
        if let Some((word, list)) = numbers::listed(&self.neighbours, &self.name) {
            let share = list.percent && !percentages;
            let list = list.numbers;
            let scaled = |n: i64| i128::from(n) * unit / if share { 100 } else { 1 };
            let exact = !share || digits >= 2;
            if exact && list.iter().all(|(n, _)| (least..=most).contains(&scaled(*n)) && scaled(*n) % step == 0) {
                let decimal = |n: i64| Value::Decimal { unscaled: scaled(n), scale: digits };
                let values = list.iter().map(|(n, _)| decimal(*n)).collect();
                let weights = Some(list.iter().map(|(_, w)| *w).collect());
                return (Domain::Choice { values, weights }, self.named(&word));
            }
        }
        let (found, reason) = match numbers::scale_of(&self.neighbours, &self.name, self.year_now()) {
            Some((word, s)) => (s, self.named(&word)),
            None => (
                Scale { lo: 0.0, hi: 1000.0, shape: Shape::Low, fraction: false },
                if precision == 0 { "type numeric".into() } else { format!("type numeric({precision},{scale})") },
            ),
        };
        let factor = if found.fraction && percentages { 100.0 } else { 1.0 };
        let scaled = |x: f64| (x * factor * unit as f64).round() as i128;
        let (lo, hi) = within(scaled(found.lo), scaled(found.hi), least, most);
        // A decimal with a negative scale has a step above 1: the lower bound is a multiple of it.
        let lo = lo - lo.rem_euclid(step);
        (range(kind, lo, hi, step, found.shape), reason)
    }

    pub(super) fn float(&self, bytes: u8, unsigned: bool) -> (Domain, String) {
        let most = if bytes <= 4 { 1e5 } else { 1e12 };
        let (found, reason) = match numbers::scale_of(&self.neighbours, &self.name, self.year_now()) {
            Some((word, s)) => (s, self.named(&word)),
            None => (Scale { lo: 0.0, hi: 1000.0, shape: Shape::Low, fraction: false }, "type float".into()),
        };
        let lo = if unsigned { found.lo.max(0.0) } else { found.lo };
        let hi = if self.context.in_key { most } else { found.hi.min(most) };
        // The 24-bit mantissa holds seven digits: with more decimals, different numbers become equal.
        let decimals = match (self.name.ends_any(&["latitude", "longitude"]) || found.fraction, bytes) {
            (true, 0..=4) => 4,
            (true, _) => 6,
            (false, _) => 2,
        };
        (Domain::Float { lo: lo.min(hi), hi, decimals, shape: found.shape }, reason)
    }
}

/// Whether a name is in the plural of what one counts: not of money, or of whole populations.
fn is_plural(whole: &str) -> bool {
    const AMOUNTS: &[&str] = &[
        "savings",
        "earnings",
        "assets",
        "liabilities",
        "funds",
        "damages",
        "sales",
        "wages",
        "profits",
        "losses",
        "costs",
        "expenses",
        "proceeds",
        "taxes",
        "revenues",
        "inhabitants",
        "residents",
        "citizens",
        "subscribers",
        "followers",
    ];
    if AMOUNTS.iter().any(|amount| whole.ends_with(amount)) {
        return false;
    }
    whole.len() > 3 && whole.ends_with('s') && !["ss", "us", "is"].iter().any(|end| whole.ends_with(end))
}

/// The intersection of `[lo, hi]` with the type's bounds; if it is empty, the type's values that are not negative.
fn within(lo: i128, hi: i128, least: i128, most: i128) -> (i128, i128) {
    let (a, b) = (lo.max(least), hi.min(most));
    if a <= b && (b > a || lo == hi) { (a, b) } else { (least.max(0).min(most), most) }
}

fn int_flag(yes: u32) -> Domain {
    Domain::Choice { values: vec![Value::Int(1), Value::Int(0)], weights: Some(vec![yes, 100 - yes]) }
}
