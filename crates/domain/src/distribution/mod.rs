//! Distributions from a config file or from statistics. Data in: a uniform number in `[0, 1)`. Data out: a number, a
//! rank or a timestamp.
//!
//! Every distribution is sampled by its inverse (`quantile(u)`), so that it needs no memory, can be truncated to any
//! bounds by restricting `u`, and can depend on the number of the row instead of a random number, for columns that
//! follow the physical order.

use serde::{Deserialize, Serialize};

mod calendar;
mod curve;
mod inverse;
mod order;
mod ranks;
mod rhythm;
mod tail;

pub use calendar::{Calendar, CalendarSampler};
pub use inverse::{InverseCdf, NumberGrid};
pub use order::CorrelatedOrder;
pub use ranks::{RankSampler, Ranks, domain_of_distinct};
pub use rhythm::Rhythm;

/// The distribution of a column's numbers. Their unit is that of the column's values; days since 1970-01-01 for dates,
/// microseconds for timestamps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    Uniform,
    Normal {
        mean: f64,
        sd: f64,
    },
    /// The logarithm is normal, with the standard deviation `sigma`.
    Lognormal {
        median: f64,
        sigma: f64,
    },
    /// From `from` on, with the density halved every `ln 2 * mean`.
    Exponential {
        from: f64,
        mean: f64,
    },
    /// From `least` on; the share of values above `x` is `(least / x)^alpha`.
    Pareto {
        least: f64,
        alpha: f64,
    },
    Triangular {
        least: f64,
        mode: f64,
        most: f64,
    },
    /// The frequency of the k-th value of the range is proportional to `k^-s`.
    Zipf {
        s: f64,
    },
    /// A histogram of adjacent buckets, uniform within each; the first begins at `from`, else at the start of the
    /// range.
    Buckets {
        from: Option<f64>,
        buckets: Vec<Bucket>,
    },
    /// Quantiles, with linear interpolation.
    Quantiles {
        points: Vec<Point>,
    },
    /// Frequent values, and a distribution of the others.
    Learned(LearnedDistribution),
    Calendar(Calendar),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The largest number of it.
    pub to: f64,
    pub share: f64,
}

/// A share of the values, and the value that they do not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub p: f64,
    pub value: f64,
}

/// The distribution of a numeric column, from statistics.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LearnedDistribution {
    /// Values with their shares of all.
    pub atoms: Vec<Atom>,
    /// Quantiles of the other values; from 0 to 1.
    pub rest: Vec<Point>,
    /// The number of different values among the others, spaced by their quantiles.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distinct: Option<u64>,
    /// The fraction that numbers end in, e.g. 0.99, and the share of numbers that do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ending: Option<Ending>,
    /// Of the other values, which are moments: their hours and weekdays.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rhythm: Option<Rhythm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Atom {
    pub value: f64,
    pub share: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// 0 to 1.
    pub fraction: f64,
    pub share: f64,
}

/// An invalid distribution.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DistributionError {
    #[error("`{name}` must be {what}")]
    Parameter { name: &'static str, what: &'static str },
    #[error("{what} must grow from one entry to the next")]
    Order { what: &'static str },
    #[error("none of its values lies within {lo} to {hi}")]
    NoMass { lo: f64, hi: f64 },
}

impl Distribution {
    /// # Errors
    /// A parameter is invalid.
    pub fn check(&self) -> Result<(), DistributionError> {
        let param = |name, ok: bool, what| if ok { Ok(()) } else { Err(DistributionError::Parameter { name, what }) };
        let above = |name, x: f64| param(name, x.is_finite() && x > 0.0, "a number above 0");
        let number = |name, x: f64| param(name, x.is_finite(), "a number");
        match self {
            Distribution::Uniform => Ok(()),
            Distribution::Normal { mean, sd } => number("mean", *mean).and(above("sd", *sd)),
            Distribution::Lognormal { median, sigma } => above("median", *median).and(above("sigma", *sigma)),
            Distribution::Exponential { from, mean } => number("from", *from).and(above("mean", *mean)),
            Distribution::Pareto { least, alpha } => above("least", *least).and(above("alpha", *alpha)),
            Distribution::Triangular { least, mode, most } => {
                number("least", *least).and(number("most", *most))?;
                param("mode", least <= mode && mode <= most && least < most, "between `least` and `most`")
            }
            Distribution::Zipf { s } => param("s", s.is_finite() && (0.0..=20.0).contains(s), "from 0 to 20"),
            Distribution::Buckets { from, buckets } => {
                param("buckets", !buckets.is_empty(), "a list of one entry or more")?;
                let shares = buckets.iter().all(|b| b.share.is_finite() && b.share >= 0.0);
                param("share", shares && buckets.iter().any(|b| b.share > 0.0), "0 or more, and one above 0")?;
                let mut ends = from.iter().copied().chain(buckets.iter().map(|b| b.to));
                grows(&mut ends, true, "`to`")
            }
            Distribution::Quantiles { points } => check_points(points),
            Distribution::Learned(learned) => {
                let shares = learned.atoms.iter().all(|a| a.share >= 0.0 && a.value.is_finite());
                param("atoms", shares, "values with shares of 0 or more")?;
                learned.rhythm.as_ref().map_or(Ok(()), Rhythm::check)?;
                if learned.rest.is_empty() { Ok(()) } else { check_points(&learned.rest) }
            }
            Distribution::Calendar(calendar) => calendar.check(),
        }
    }
}

fn check_points(points: &[Point]) -> Result<(), DistributionError> {
    let whole = points.len() >= 2 && points[0].p == 0.0 && points.last().is_some_and(|p| p.p == 1.0);
    if !whole {
        return Err(DistributionError::Parameter { name: "quantiles", what: "a list of two numbers or more" });
    }
    grows(&mut points.iter().map(|p| p.p), false, "shares")?;
    grows(&mut points.iter().map(|p| p.value), false, "quantiles")
}

fn grows(numbers: &mut dyn Iterator<Item = f64>, strictly: bool, what: &'static str) -> Result<(), DistributionError> {
    let mut before = f64::NEG_INFINITY;
    for n in numbers {
        if !n.is_finite() || n < before || strictly && n <= before {
            return Err(DistributionError::Order { what });
        }
        before = n;
    }
    Ok(())
}

impl std::fmt::Display for Distribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Distribution::Uniform => f.write_str("uniform"),
            Distribution::Normal { mean, sd } => write!(f, "normal, mean {mean}, sd {sd}"),
            Distribution::Lognormal { median, sigma } => write!(f, "lognormal, median {median}, sigma {sigma}"),
            Distribution::Exponential { mean, .. } => write!(f, "exponential, mean {mean}"),
            Distribution::Pareto { least, alpha } => write!(f, "pareto from {least}, alpha {alpha}"),
            Distribution::Triangular { least, mode, most } => write!(f, "triangular, {least} to {most}, mode {mode}"),
            Distribution::Zipf { s } => write!(f, "zipf, s {s}"),
            Distribution::Buckets { buckets, .. } => write!(f, "{} buckets", buckets.len()),
            Distribution::Quantiles { points } => write!(f, "{} quantiles", points.len()),
            Distribution::Learned(l) => {
                match l.atoms.len() {
                    0 => write!(f, "{} quantiles", l.rest.len())?,
                    n if l.rest.is_empty() => write!(f, "{n} frequencies")?,
                    n => write!(f, "{n} frequencies, {} quantiles", l.rest.len())?,
                }
                let part = |weights: &[f64], text| if weights.is_empty() { "" } else { text };
                let rhythm = l.rhythm.as_ref();
                f.write_str(rhythm.map_or("", |r| part(&r.hours, ", hours")))?;
                f.write_str(rhythm.map_or("", |r| part(&r.week, ", weekdays")))
            }
            Distribution::Calendar(c) => c.fmt(f),
        }
    }
}

/// The uniform number in `[0, 1)` of a random word.
#[inline]
pub fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests;
