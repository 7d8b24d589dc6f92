//! Distributions in the config file: names and numbers as the user wrote them in, a [`Distribution`] in a column's own
//! unit out.

use std::collections::BTreeMap;

use super::error::overrides::DistributionProblem;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND, parse_time};
use dbmocker_core::value::{Value, parse_number};
use dbmocker_domain::distribution::{Bucket, Calendar, Distribution, Point};
use dbmocker_domain::{Domain, RangeKind, range_units};
use dbmocker_plan::Scalar;

/// A distribution by its name in the config file.
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionOverride {
    /// `normal`, `zipf`, `buckets`, ...
    pub law: String,
    pub parameters: BTreeMap<String, Scalar>,
    /// For `buckets`: the end of each bucket, and its share.
    pub buckets: Vec<(Scalar, f64)>,
    /// For `quantiles`: values at equal shares, in ascending order.
    pub quantiles: Vec<Scalar>,
    /// The text in the config file, for messages.
    pub text: String,
}

/// The names of distributions.
pub const LAWS: [&str; 10] = [
    "uniform",
    "normal",
    "lognormal",
    "exponential",
    "pareto",
    "triangular",
    "zipf",
    "buckets",
    "quantiles",
    "calendar",
];

/// Names of weekdays, Monday first.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Default exponent of `zipf`: the k-th value has the weight 1 / k.
const ZIPF: f64 = 1.0;

/// The unit of a column's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum DistributionUnit {
    Number,
    /// Days since 1970.
    Days,
    Micros,
    /// Microseconds of a time of day or an interval.
    Span,
}

impl DistributionOverride {
    /// Returns the exponent of a `zipf` distribution.
    ///
    /// # Errors
    /// For any other distribution: list values have no numeric order.
    pub fn of_list(&self) -> Result<f64, DistributionProblem> {
        match self.law.as_str() {
            "zipf" => self.number("s", DistributionUnit::Number, 0).map(|s| s.unwrap_or(ZIPF)),
            "uniform" => Ok(0.0),
            _ => Err(DistributionProblem::OfList),
        }
    }

    /// Returns the distribution in the unit of a domain of numbers, dates, moments, or texts (their numbers of
    /// characters).
    ///
    /// # Errors
    /// A parameter that is missing, unknown, or invalid in the unit.
    pub fn of_numbers(&self, domain: &Domain, now: i64) -> Result<Distribution, DistributionProblem> {
        let unit = match domain {
            Domain::Range { kind: RangeKind::Date, .. } => DistributionUnit::Days,
            Domain::Range { kind: RangeKind::Timestamp, .. } => DistributionUnit::Micros,
            Domain::Range { kind: RangeKind::Time | RangeKind::Interval, .. } => DistributionUnit::Span,
            Domain::Range { .. } | Domain::Float { .. } | Domain::Text(_) => DistributionUnit::Number,
            _ => return Err(DistributionProblem::OfType),
        };
        let optional = |name: &str| self.number(name, unit, now);
        let missing = |name: &'static str| DistributionProblem::Missing { law: self.law.clone(), name };
        let needed = |name: &'static str| optional(name)?.ok_or_else(|| missing(name));
        let span = |name: &'static str| match self.parameters.get(name) {
            Some(typed) => span_of(typed, unit).ok_or_else(|| wrong(format!("{name}: {typed}"), span_name(unit))),
            None => Err(missing(name)),
        };
        let plain = |name: &str| self.number(name, DistributionUnit::Number, 0);
        let law = match self.law.as_str() {
            "uniform" => Distribution::Uniform,
            "normal" => Distribution::Normal { mean: needed("mean")?, sd: span("sd")? },
            "lognormal" => self.lognormal()?,
            "exponential" => {
                let from = optional("from")?.or_else(|| lowest(domain)).unwrap_or(0.0);
                Distribution::Exponential { from, mean: span("mean")? }
            }
            "pareto" => Distribution::Pareto { least: needed("least")?, alpha: plain("alpha")?.unwrap_or(1.16) },
            "triangular" => {
                Distribution::Triangular { least: needed("least")?, mode: needed("mode")?, most: needed("most")? }
            }
            "zipf" => Distribution::Zipf { s: plain("s")?.unwrap_or(ZIPF) },
            "buckets" => {
                let buckets = self.buckets.iter().map(|(to, share)| {
                    let to = number_of(to, unit, now).ok_or_else(|| wrong(format!("to: {to}"), unit_name(unit)))?;
                    Ok(Bucket { to, share: *share })
                });
                Distribution::Buckets {
                    from: optional("from")?,
                    buckets: buckets.collect::<Result<_, DistributionProblem>>()?,
                }
            }
            "quantiles" => {
                let last = self.quantiles.len().saturating_sub(1).max(1) as f64;
                let points = self.quantiles.iter().enumerate().map(|(i, typed)| {
                    let value = number_of(typed, unit, now).ok_or_else(|| wrong(typed.to_string(), unit_name(unit)))?;
                    Ok(Point { p: i as f64 / last, value })
                });
                Distribution::Quantiles { points: points.collect::<Result<_, DistributionProblem>>()? }
            }
            "calendar" if matches!(unit, DistributionUnit::Days | DistributionUnit::Micros) => {
                Distribution::Calendar(self.calendar()?)
            }
            "calendar" => return Err(DistributionProblem::Calendar),
            other => return Err(DistributionProblem::Unknown(other.to_owned())),
        };
        law.check()?;
        Ok(law)
    }

    /// Returns true for a distribution of positive numbers that has no smallest value, so that some would be negative.
    pub(super) fn falls_below_zero(&self) -> bool {
        let mean = self.number("mean", DistributionUnit::Number, 0);
        self.law == "normal" && mean.is_ok_and(|mean| mean.is_some_and(|mean| mean > 0.0))
    }

    /// Returns whether the distribution itself says where its values begin, and where they end.
    pub(super) fn extent(&self) -> (bool, bool) {
        match self.law.as_str() {
            "normal" | "lognormal" | "pareto" | "triangular" | "quantiles" => (true, true),
            "exponential" | "buckets" => (self.parameters.contains_key("from"), true),
            _ => (false, false),
        }
    }

    /// Returns true if numbers begin at 0, or at the smallest one that is allowed: a name's usual range would shift the
    /// mean.
    pub(super) fn begins_at_zero(&self) -> bool {
        self.law == "exponential" && !self.parameters.contains_key("from")
    }

    /// Returns the end of the first bucket, in the unit of a range.
    pub(super) fn first_end(&self, domain: &Domain, now: i64) -> Option<i128> {
        let Ok(Distribution::Buckets { buckets, .. }) = self.of_numbers(domain, now) else { return None };
        let scale = match domain {
            Domain::Range { kind: RangeKind::Decimal { scale }, .. } => 10f64.powi((*scale).into()),
            _ => 1.0,
        };
        buckets.first().map(|bucket| (bucket.to * scale) as i128) // a number of the column
    }

    /// By median and sigma of the logarithm, or by mean and deviation of the values.
    fn lognormal(&self) -> Result<Distribution, DistributionProblem> {
        let get = |name: &str| self.number(name, DistributionUnit::Number, 0);
        match (get("median")?, get("sigma")?, get("mean")?, get("sd")?) {
            (Some(median), Some(sigma), None, None) => Ok(Distribution::Lognormal { median, sigma }),
            (None, None, Some(mean), Some(sd)) if mean > 0.0 => {
                let ratio = 1.0 + (sd / mean) * (sd / mean);
                Ok(Distribution::Lognormal { median: mean / ratio.sqrt(), sigma: ratio.ln().sqrt() })
            }
            _ => Err(DistributionProblem::Lognormal),
        }
    }

    fn calendar(&self) -> Result<Calendar, DistributionProblem> {
        let growth = self.number("growing", DistributionUnit::Number, 0)?.unwrap_or(1.0);
        let hours = match self.parameters.get("hours").map(ToString::to_string) {
            None => Vec::new(),
            Some(text) => hours(&text).ok_or(DistributionProblem::Hours(text))?,
        };
        let weekday = |name: &&str| self.number(name, DistributionUnit::Number, 0).map(|w| w.unwrap_or(1.0));
        let said = WEEKDAYS.iter().any(|d| self.parameters.contains_key(*d));
        let mut week = if said { WEEKDAYS.iter().map(weekday).collect::<Result<Vec<f64>, _>>()? } else { Vec::new() };
        if week.is_empty() && self.parameters.get("hours").is_some_and(|h| h.to_string() == "business") {
            week = vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
        }
        Ok(Calendar { growth, hours, week })
    }

    fn number(&self, name: &str, unit: DistributionUnit, now: i64) -> Result<Option<f64>, DistributionProblem> {
        let Some(typed) = self.parameters.get(name) else { return Ok(None) };
        let found = number_of(typed, unit, now);
        found.map(Some).ok_or_else(|| wrong(format!("{name}: {typed}"), unit_name(unit)))
    }
}

fn wrong(given: String, needed: &'static str) -> DistributionProblem {
    DistributionProblem::Parameter { given, needed }
}

fn lowest(domain: &Domain) -> Option<f64> {
    match domain {
        Domain::Range { kind: RangeKind::Decimal { scale }, lo, .. } => Some(*lo as f64 / 10f64.powi((*scale).into())),
        Domain::Range { lo, .. } => Some(*lo as f64),
        Domain::Float { lo, .. } => Some(*lo),
        _ => None,
    }
}

/// Returns the weights of the hours of the day.
fn hours(text: &str) -> Option<Vec<f64>> {
    let (from, to) = match text {
        "business" => (9, 17),
        _ => {
            let (from, to) = text.split_once('-')?;
            (from.trim().parse::<usize>().ok()?, to.trim().parse::<usize>().ok()?)
        }
    };
    // 22-6 includes midnight.
    let within = |hour: usize| if from < to { (from..to).contains(&hour) } else { hour >= from || hour < to };
    (from < 24 && to <= 24 && from != to).then(|| (0..24).map(|h| f64::from(u8::from(within(h)))).collect())
}

fn unit_name(unit: DistributionUnit) -> &'static str {
    match unit {
        DistributionUnit::Number => "number",
        DistributionUnit::Days => "date",
        DistributionUnit::Micros => "moment",
        DistributionUnit::Span => "time or span",
    }
}

fn span_name(unit: DistributionUnit) -> &'static str {
    if unit == DistributionUnit::Number { "number" } else { "span of time, e.g. 30d, 12h" }
}

fn number_of(typed: &Scalar, unit: DistributionUnit, now: i64) -> Option<f64> {
    let text = typed.to_string();
    match unit {
        DistributionUnit::Number => match parse_number(&text)? {
            Value::Int(n) => Some(n as f64),
            Value::Decimal { unscaled, scale } => Some(unscaled as f64 / 10f64.powi(scale.into())),
            Value::Float(x) => Some(x),
            _ => None,
        },
        DistributionUnit::Days | DistributionUnit::Micros => {
            let kind = if unit == DistributionUnit::Days { RangeKind::Date } else { RangeKind::Timestamp };
            let value = relative(&text, now).map_or(Value::Text(text), Value::Timestamp);
            Some(range_units::units(kind, &value)?.0 as f64)
        }
        DistributionUnit::Span => {
            span_of(typed, unit).or_else(|| Some(range_units::units(RangeKind::Time, &Value::Text(text))?.0 as f64))
        }
    }
}

fn span_of(typed: &Scalar, unit: DistributionUnit) -> Option<f64> {
    match unit {
        DistributionUnit::Number => number_of(typed, unit, 0),
        DistributionUnit::Days => Some(span(&typed.to_string())? as f64 / MICROS_PER_DAY as f64),
        DistributionUnit::Micros | DistributionUnit::Span => Some(span(&typed.to_string())? as f64),
    }
}

/// Returns the microseconds of `30d`, `12h`, `90min`, `45s`, `100ms`, `50us`, `2w`, `1y`, and of PostgreSQL's
/// spellings: `1 day 02:30:00`, `2 hours 5 minutes`.
pub(super) fn span(text: &str) -> Option<i64> {
    if let Some(rest) = text.strip_prefix('-') {
        return span(rest).map(|micros| -micros);
    }
    one_span(text).or_else(|| several_spans(text))
}

/// Returns the sum of numbers with units, and of a time: `1 day 02:30:00`.
fn several_spans(text: &str) -> Option<i64> {
    let mut words = text.split_whitespace().peekable();
    let mut total = Some(0i64).filter(|_| words.peek().is_some());
    while let Some(word) = words.next() {
        let part = match word.contains(':') {
            true => parse_time(word)?,
            false if word.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
                one_span(&format!("{word}{}", words.next()?))?
            }
            false => one_span(word)?,
        };
        total = total?.checked_add(part);
    }
    total
}

fn one_span(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let number = number.parse::<f64>().ok()?;
    let seconds = match unit.trim() {
        "second" | "seconds" | "sec" | "secs" => 1,
        "minute" | "minutes" | "mins" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        "week" | "weeks" => 7 * 86_400,
        "mon" | "mons" | "month" | "months" => 30 * 86_400,
        "year" | "years" => 365 * 86_400,
        "us" | "µs" => return (number < 9e17).then_some(number.round() as i64),
        "ms" => return (number < 9e14).then_some((number * 1000.0).round() as i64),
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "mo" => 30 * 86_400,
        "y" => 365 * 86_400,
        _ => return None,
    };
    let micros = number * f64::from(seconds) * MICROS_PER_SECOND as f64;
    (micros < 9e17).then_some(micros as i64)
}

/// Returns the microseconds of `now`, `today`, `now-30d`, `now+2h`, relative to the run's current time; `None` for any
/// other text.
pub(super) fn relative(text: &str, now: i64) -> Option<i64> {
    let lower = text.trim().to_ascii_lowercase();
    let (base, rest) = match (lower.strip_prefix("now"), lower.strip_prefix("today")) {
        (Some(rest), _) => (now, rest),
        (_, Some(rest)) => (now - now.rem_euclid(MICROS_PER_DAY), rest),
        _ => return None,
    };
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(base);
    }
    let (sign, amount) = rest.strip_prefix('-').map(|a| (-1, a)).or(rest.strip_prefix('+').map(|a| (1, a)))?;
    base.checked_add(sign * span(amount.trim())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_relative_to_now() {
        let now = 20_000 * MICROS_PER_DAY + 5;
        assert_eq!(relative("now", now), Some(now));
        assert_eq!(relative("today", now), Some(20_000 * MICROS_PER_DAY));
        assert_eq!(relative("now-30d", now), Some(now - 30 * MICROS_PER_DAY));
        assert_eq!(relative("now + 1.5h", now), Some(now + 5_400_000_000));
        assert_eq!(relative("now - 1.5ms", now), Some(now - 1_500));
        assert_eq!(
            [span("1 day"), span("2 days 03:00:00"), span("3 hours 5 min")].map(|s| s.unwrap() / 60_000_000),
            [1440, 3060, 185]
        );
        assert_eq!(
            [span("01:30:00"), span("1 parsec"), span("now"), span(" "), span("5")],
            [Some(5_400_000_000), None, None, None, None]
        );
        assert_eq!([span("250us"), span("-100 ms"), span("0.1s")], [Some(250), Some(-100_000), Some(100_000)]);
        for other in ["2025-01-01", "nowhere", "now-30", "now-x", ""] {
            assert_eq!(relative(other, now), None, "{other}");
        }
    }

    #[test]
    fn hour_ranges_may_include_midnight() {
        let of =
            |text: &str| hours(text).map(|h| h.iter().map(|w| if *w > 0.0 { '#' } else { '.' }).collect::<String>());
        assert_eq!(of("business").unwrap(), ".........########.......");
        assert_eq!(of("22-2").unwrap(), "##....................##");
        assert_eq!((of("9"), of("9-9"), of("25-3")), (None, None, None));
    }
}
