//! Series of the config file: values at regular steps, random walks, factors of the season.
//!
//! In: what the user wrote, and the column. Out: [`SeriesPlan`], [`WalkPlan`] and [`SeasonPlan`] in the column's unit.

use super::distribution::{relative, span};
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, parse_timestamp};
use dbmocker_core::value::Value;
use dbmocker_domain::{RangeKind, range_units};
use dbmocker_plan::{Scalar, SeasonPlan, SeriesPlan, SeriesText, WalkPlan};

/// Values at regular steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeriesOverride {
    pub start: Option<Scalar>,
    pub step: Option<Scalar>,
    /// A column of a foreign key: each parent row has its own series.
    pub per: Option<String>,
    pub jitter: Option<Scalar>,
    /// Share of steps without a row, from 0 to 1.
    pub gaps: f64,
}

/// A random walk.
#[derive(Debug, Clone, PartialEq)]
pub struct WalkOverride {
    pub walk: WalkPlan,
    pub per: Option<String>,
}

/// Factors by the moment in another column; names or ranges of hours, weekdays and months, each with its factor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SeasonOverride {
    pub by: String,
    pub hours: Vec<(Scalar, f64)>,
    pub weekdays: Vec<(Scalar, f64)>,
    pub months: Vec<(Scalar, f64)>,
}

/// The reason why a series does not fit its column.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SeriesProblem {
    #[error("the type `{0}` holds no numbers, dates or moments")]
    Type(String),
    #[error("it needs a `start`, e.g. `start: 2026-01-01`")]
    NoStart,
    #[error("it needs a `step`, e.g. `step: 5min` or `step: 1mo`")]
    NoStep,
    #[error("`{key}: {text}` is no {what}")]
    Unreadable { key: &'static str, text: String, what: &'static str },
    #[error("`{key}: {text}` is finer than the type `{ty}` holds")]
    Finer { key: &'static str, text: String, ty: String },
    #[error("`gaps` must be from 0 to 99 %, e.g. `gaps: 1%`")]
    Gaps,
    #[error("a `{0}` this large leaves the range of every type")]
    Large(&'static str),
    #[error("`step: {0}` gives no other value in the next row")]
    NoMove(String),
    #[error("{0}")]
    Format(&'static str),
    #[error("`min` must lie below `max`, and `start` between them, within {least} and {most}, which the type holds")]
    Bounds { least: f64, most: f64 },
    #[error("`{key}: {text}`: {known}")]
    Season { key: &'static str, text: String, known: &'static str },
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl SeriesOverride {
    /// Returns true if it only counts: one number after the other.
    pub fn counts(&self) -> bool {
        self.per.is_none() && self.jitter.is_none() && self.gaps == 0.0
    }

    /// Returns the start and step of a series of whole numbers.
    pub fn numbers(&self) -> Option<(i128, i128)> {
        let of = |typed: &Option<Scalar>| match typed {
            None => Some(1),
            Some(typed) => match range_units::units(RangeKind::Int, &Value::Text(typed.to_string()))? {
                (n, true) => Some(n),
                _ => None,
            },
        };
        Some((of(&self.start)?, of(&self.step)?))
    }

    /// Returns the series in the unit of the column; `format`: text around its digits.
    pub fn plan(&self, column: &Column, format: Option<&str>, now: i64) -> Result<SeriesPlan, SeriesProblem> {
        let start = self.start.as_ref().map(ToString::to_string);
        let (kind, unit) = unit_of(column, start.as_deref(), format.is_some())?;
        let moment = matches!(kind, RangeKind::Date | RangeKind::Timestamp);
        let number = matches!(kind, RangeKind::Int | RangeKind::Decimal { .. });
        let start = match start {
            Some(text) => self.start_of(&text, kind, now)?,
            None if number => self.start_of("1", kind, now)?,
            None => return Err(SeriesProblem::NoStart),
        };
        let text = format.map(series_text).transpose()?;
        let typed = self.step.as_ref().map(ToString::to_string);
        let (step, months) = match typed.as_deref() {
            Some(text) if moment && months(text).is_some() => (0, months(text).unwrap_or(0)),
            Some(text) => (distance("step", text, kind, unit, column)?, 0),
            None if number => (distance("step", "1", kind, unit, column)?, 0),
            None => return Err(SeriesProblem::NoStep),
        };
        if step == 0 && months == 0 {
            return Err(SeriesProblem::NoMove(typed.unwrap_or_default()));
        }
        let (mut jitter, mut grain) = (0, unit);
        if let Some(typed) = &self.jitter {
            let all = distance("jitter", &typed.to_string(), kind, unit, column)?.abs();
            // Whole seconds stay whole.
            if kind != RangeKind::Date && !number && all % MICROS_PER_SECOND == 0 {
                grain = grain.max(MICROS_PER_SECOND);
            }
            jitter = all / grain;
        }
        if !(0.0..=SeriesPlan::MOST_GAPS).contains(&self.gaps) {
            return Err(SeriesProblem::Gaps);
        }
        let plan = SeriesPlan { kind, start, step, months, jitter, grain, gaps: self.gaps, text };
        match plan.is_valid() {
            true => Ok(plan),
            false => Err(SeriesProblem::Large(if months == 0 { "jitter" } else { "step" })),
        }
    }

    fn start_of(&self, text: &str, kind: RangeKind, now: i64) -> Result<i64, SeriesProblem> {
        let value = match relative(text, now).filter(|_| matches!(kind, RangeKind::Date | RangeKind::Timestamp)) {
            Some(at) if kind == RangeKind::Date => Value::Timestamp(at - at.rem_euclid(MICROS_PER_DAY)),
            Some(at) => Value::Timestamp(at - at.rem_euclid(MICROS_PER_SECOND)),
            None => match span(text).filter(|_| kind == RangeKind::Interval) {
                Some(micros) => Value::Interval(micros),
                None => Value::Text(text.to_owned()),
            },
        };
        let found = range_units::units(kind, &value).filter(|(_, whole)| *whole);
        let found = found.and_then(|(n, _)| i64::try_from(n).ok());
        found.ok_or_else(|| SeriesProblem::Unreadable { key: "start", text: text.to_owned(), what: kind_name(kind) })
    }
}

/// Returns true if no two places of a series have one value.
pub(super) fn is_injective(plan: &SeriesPlan) -> bool {
    // The shortest month.
    let month = if plan.kind == RangeKind::Date { 28 } else { 28 * MICROS_PER_DAY };
    let step = plan.step.unsigned_abs().max(plan.months.unsigned_abs().saturating_mul(month.unsigned_abs()));
    let off = plan.jitter.unsigned_abs().saturating_mul(plan.grain.unsigned_abs()).saturating_mul(2);
    plan.kind != RangeKind::Time && off < step
}

/// Returns the kind of a column's values, and the smallest step that it holds.
fn unit_of(column: &Column, start: Option<&str>, numbered: bool) -> Result<(RangeKind, i64), SeriesProblem> {
    let fraction = |precision: u8| 10i64.pow(6 - u32::from(precision.min(6)));
    Ok(match &column.ty {
        SqlType::Text { .. } if numbered => (RangeKind::Int, 1),
        SqlType::Int { .. } | SqlType::Year => (RangeKind::Int, 1),
        SqlType::Decimal { precision: 1.., scale, .. } => {
            (RangeKind::Decimal { scale: u8::try_from(*scale).unwrap_or(0) }, 1)
        }
        SqlType::Decimal { .. } | SqlType::Float { .. } => (RangeKind::Decimal { scale: 6 }, 1),
        SqlType::Money => (RangeKind::Decimal { scale: 2 }, 1),
        SqlType::Date => (RangeKind::Date, 1),
        SqlType::Timestamp { precision, .. } => (RangeKind::Timestamp, fraction(*precision)),
        SqlType::Time { precision, .. } => (RangeKind::Time, fraction(*precision)),
        SqlType::Interval => (RangeKind::Interval, 1),
        SqlType::Text { .. } | SqlType::Untyped => match start {
            Some(text) if parse_timestamp(text).is_some() || text.starts_with("now") || text.starts_with("today") => {
                // A date stays one.
                let clock = text.contains(':') || text.starts_with("now");
                (if clock { RangeKind::Timestamp } else { RangeKind::Date }, 1)
            }
            Some(text) if text.contains('.') => (RangeKind::Decimal { scale: 6 }, 1),
            _ => (RangeKind::Int, 1),
        },
        _ => return Err(SeriesProblem::Type(column.type_name.clone())),
    })
}

/// Returns a distance between two values, in the unit of `kind`.
fn distance(key: &'static str, text: &str, kind: RangeKind, unit: i64, column: &Column) -> Result<i64, SeriesProblem> {
    let unreadable = |what| SeriesProblem::Unreadable { key, text: text.to_owned(), what };
    let finer = || SeriesProblem::Finer { key, text: text.to_owned(), ty: column.type_name.clone() };
    match kind {
        RangeKind::Int | RangeKind::Decimal { .. } => {
            let found = range_units::units(kind, &Value::Text(text.to_owned()));
            let (n, whole) = found.ok_or_else(|| unreadable("number"))?;
            if whole { i64::try_from(n).map_err(|_| unreadable("number")) } else { Err(finer()) }
        }
        _ => {
            let micros = span(text).ok_or_else(|| unreadable("span of time, e.g. 10s, 5min, 1h, 1d"))?;
            let unit = if kind == RangeKind::Date { MICROS_PER_DAY } else { unit };
            if micros % unit != 0 {
                return Err(finer());
            }
            Ok(if kind == RangeKind::Date { micros / MICROS_PER_DAY } else { micros })
        }
    }
}

/// Returns the calendar months of `1mo`, `3mo`, `1y`.
fn months(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '-')?;
    let (number, unit) = text.split_at(digits);
    let each = match unit.trim() {
        "mo" | "month" | "months" => 1,
        "y" | "year" | "years" => 12,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(each)
}

/// Returns the text around the digits of `INV-{:06d}`.
fn series_text(format: &str) -> Result<SeriesText, SeriesProblem> {
    const HINT: &str = "`format_string` of a series has the number once, as `{}` or `{:06d}`";
    let parts: Vec<&str> = format.split(['{', '}']).collect();
    let [before, inside, after] = parts[..] else { return Err(SeriesProblem::Format(HINT)) };
    let digits = match inside {
        "" => Some(0),
        inside => inside.strip_prefix(':').and_then(|i| i.strip_suffix('d')).and_then(|n| n.parse().ok()),
    };
    let digits = digits.filter(|n| *n <= 30).ok_or(SeriesProblem::Format(HINT))?;
    Ok(SeriesText { before: before.to_owned(), digits, after: after.to_owned() })
}

fn kind_name(kind: RangeKind) -> &'static str {
    match kind {
        RangeKind::Int => "whole number",
        RangeKind::Decimal { .. } => "number of as many digits as the column has",
        RangeKind::Date => "date",
        RangeKind::Timestamp => "date or moment",
        RangeKind::Time => "time of day",
        RangeKind::Interval => "span of time",
    }
}

impl WalkOverride {
    /// Returns the walk; without bounds of its own, it stays within those of the type.
    pub fn plan(&self, column: &Column) -> Result<WalkPlan, SeriesProblem> {
        let (lo, hi) = match &column.ty {
            SqlType::Int { bytes, unsigned, .. } => {
                let bits = i32::from(*bytes) * 8 - i32::from(!unsigned);
                let most = (2f64.powi(bits) - 1.0).min(9e18);
                (if *unsigned { 0.0 } else { -most }, most)
            }
            SqlType::Decimal { precision: precision @ 1.., scale, unsigned } => {
                let most = 10f64.powi(i32::from(*precision) - i32::from(*scale)) - 10f64.powi(-i32::from(*scale));
                (if *unsigned { 0.0 } else { -most }, most)
            }
            SqlType::Decimal { .. } | SqlType::Float { .. } | SqlType::Money | SqlType::Untyped => (-9e15, 9e15),
            _ => return Err(SeriesProblem::Type(column.type_name.clone())),
        };
        let mut walk = self.walk.clone();
        let (least, most) = (walk.least.unwrap_or(lo).max(lo), walk.most.unwrap_or(hi).min(hi));
        if least >= most || !(least..=most).contains(&walk.start) {
            return Err(SeriesProblem::Bounds { least: lo, most: hi });
        }
        walk.scale = match &column.ty {
            SqlType::Int { .. } => Some(0),
            SqlType::Decimal { precision: 1.., scale, .. } => Some(u8::try_from(*scale).unwrap_or(0)),
            SqlType::Money => Some(2),
            _ => None,
        };
        (walk.least, walk.most) = (Some(least), Some(most));
        if walk.is_valid() { Ok(walk) } else { Err(SeriesProblem::Large("step")) }
    }
}

impl SeasonOverride {
    pub fn plan(&self) -> Result<SeasonPlan, SeriesProblem> {
        let hour = |text: &str| text.parse::<usize>().ok().filter(|h| *h < 24);
        let weekday = |text: &str| named(&WEEKDAYS, text);
        let month = |text: &str| match text.parse::<usize>() {
            Ok(n) => (1..=12).contains(&n).then(|| n - 1),
            Err(_) => named(&MONTHS, text),
        };
        Ok(SeasonPlan {
            hours: factors("hours", &self.hours, 24, "an hour is 0 to 23, or a range such as `18-21`", &hour)?,
            weekdays: factors("weekdays", &self.weekdays, 7, "a weekday is mon to sun, or `mon-fri`", &weekday)?,
            months: factors("months", &self.months, 12, "a month is jan to dec, 1 to 12, or `jun-aug`", &month)?,
        })
    }
}

/// Returns the place of a name, which may be shortened to three letters.
fn named(names: &[&str], text: &str) -> Option<usize> {
    let lower = text.trim().to_lowercase();
    names.iter().position(|name| lower.len() >= 3 && name.starts_with(&lower))
}

fn factors(
    key: &'static str,
    entries: &[(Scalar, f64)],
    count: usize,
    known: &'static str,
    read: &dyn Fn(&str) -> Option<usize>,
) -> Result<Vec<f64>, SeriesProblem> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut out = vec![1.0; count];
    for (typed, factor) in entries {
        let text = typed.to_string();
        let (from, to) = text.split_once('-').unwrap_or((&text, &text));
        let (Some(from), Some(to)) = (read(from.trim()), read(to.trim())) else {
            return Err(SeriesProblem::Season { key, text, known });
        };
        // 22-3 includes midnight.
        let length = (to + count - from) % count;
        (0..=length).for_each(|i| out[(from + i) % count] = *factor);
    }
    Ok(out)
}

impl std::fmt::Display for SeriesOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("series")?;
        self.start.iter().try_for_each(|start| write!(f, " from {start}"))?;
        self.step.iter().try_for_each(|step| write!(f, " by {step}"))?;
        self.per.iter().try_for_each(|per| write!(f, " for each {per}"))?;
        self.jitter.iter().try_for_each(|jitter| write!(f, ", jitter {jitter}"))?;
        if self.gaps > 0.0 { write!(f, ", {} % gaps", 100.0 * self.gaps) } else { Ok(()) }
    }
}

impl std::fmt::Display for WalkOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let WalkPlan { start, step, drift, least, most, .. } = &self.walk;
        write!(f, "random walk from {start} by {step}")?;
        if *drift != 0.0 {
            write!(f, ", drift {drift}")?;
        }
        self.per.iter().try_for_each(|per| write!(f, " for each {per}"))?;
        least.iter().try_for_each(|least| write!(f, ", min {least}"))?;
        most.iter().try_for_each(|most| write!(f, ", max {most}"))
    }
}

impl std::fmt::Display for SeasonOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by the season of {}", self.by)
    }
}
