//! Row counts that depend on other tables: a multiple of their rows, or a number of rows for each of theirs.
//!
//! In: the requested count. Out: the number of parents for each number of rows ([`ChildCounts`]).

use std::fmt;

use dbmocker_plan::ChildCounts;

/// Maximum number of rows per parent from a law or a range; a single number may be larger.
const MOST: u64 = 10_000;
/// Tolerance for the sum of shares.
const ROUNDING: f64 = 1e-6;

/// A row count that depends on another table.
#[derive(Debug, Clone, PartialEq)]
pub enum DependentCount {
    /// A multiple of the rows of a table.
    Times { factor: f64, of: String },
    /// A number for each row of a parent.
    PerParent(PerParent),
}

/// The requested row count of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestedRows {
    /// A fixed number; 0: the table is not filled.
    Number(u64),
    By(DependentCount),
}

/// Rows for each row of a parent.
#[derive(Debug, Clone, PartialEq)]
pub struct PerParent {
    /// The parent table's name as the user wrote it.
    pub per: String,
    /// A column of the foreign key, if several refer to the parent.
    pub by: Option<String>,
    pub law: CountLaw,
    /// A column of the parent, in proportion to which its rows have rows.
    pub weight: Option<String>,
}

/// The distribution of the number of rows per parent.
#[derive(Debug, Clone, PartialEq)]
pub enum CountLaw {
    /// A share of the parents has `from` to `to` rows.
    Shares(Vec<CountShare>),
    /// A distribution between two bounds.
    Drawn { shape: CountShape, least: Option<u64>, most: Option<u64>, mean: Option<f64> },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountShare {
    pub from: u64,
    pub to: u64,
    pub share: f64,
}

/// The shape of a distribution of row numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountShape {
    /// Uniform; with a mean, an exponential tilt of it.
    Uniform,
    Poisson,
    Geometric,
    /// Few parents have most rows.
    Zipf,
}

/// Names of [`CountShape`].
pub const COUNT_SHAPES: [(&str, CountShape); 4] = [
    ("uniform", CountShape::Uniform),
    ("poisson", CountShape::Poisson),
    ("geometric", CountShape::Geometric),
    ("zipf", CountShape::Zipf),
];

/// The reason why the numbers are inconsistent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CountError {
    #[error("the shares add up to {0}, not to 1; a share of parents without rows is written as `0: ...`")]
    Shares(f64),
    #[error("{from} to {to} is no range of numbers of rows")]
    Empty { from: u64, to: u64 },
    #[error("at most {MOST} rows for one parent by a law or a range, and these are {0}")]
    TooMany(u64),
    #[error("it has no `mean` and no `max`; give one of them")]
    CycleFailure,
    #[error("this law needs a `mean`")]
    NoMean,
    #[error("mean {mean} does not lie between {least} and {most}")]
    Mean { mean: f64, least: u64, most: u64 },
}

impl CountLaw {
    /// Returns the numbers for this many parents; their sum matches the requested mean.
    ///
    /// # Errors
    /// If bounds, mean and shares contradict each other.
    pub fn counts(&self, parents: u64) -> Result<ChildCounts, CountError> {
        match self {
            CountLaw::Shares(shares) => of_shares(shares, parents),
            CountLaw::Drawn { shape, least, most, mean } => {
                let bounds = Bounds::of(*shape, *least, *most, *mean)?;
                Ok(bounds.counts(*shape, *mean, parents))
            }
        }
    }
}

fn of_shares(shares: &[CountShare], parents: u64) -> Result<ChildCounts, CountError> {
    let sum: f64 = shares.iter().map(|s| s.share).sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(CountError::Shares(sum));
    }
    let mut weights = Vec::new();
    for s in shares {
        if s.from > s.to {
            return Err(CountError::Empty { from: s.from, to: s.to });
        }
        if s.to - s.from >= MOST {
            return Err(CountError::TooMany(s.to));
        }
        let numbers = s.to - s.from + 1;
        weights.extend((s.from..=s.to).map(|n| (n, s.share / numbers as f64)));
    }
    weights.sort_by_key(|(n, _)| *n);
    Ok(apportion(&weights, parents))
}

/// Assigns to each number its share of the parents, rounded so that the shares add up to all parents.
fn apportion(weights: &[(u64, f64)], parents: u64) -> ChildCounts {
    let all: f64 = weights.iter().map(|(_, w)| w).sum();
    let (mut sum, mut given) = (0.0, 0);
    let mut out: Vec<(u64, u64)> = Vec::new();
    for (i, (n, w)) in weights.iter().enumerate() {
        sum += w;
        let upto = if i + 1 == weights.len() { parents } else { ((parents as f64) * (sum / all)).round() as u64 };
        let upto = upto.clamp(given, parents);
        match out.last_mut() {
            Some((last, more)) if last == n => *more += upto - given,
            _ => out.push((*n, upto - given)),
        }
        given = upto;
    }
    out.retain(|(_, parents)| *parents > 0);
    ChildCounts(out)
}

/// Minimum and maximum number of rows of one parent.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    least: u64,
    most: u64,
}

impl Bounds {
    fn of(shape: CountShape, least: Option<u64>, most: Option<u64>, mean: Option<f64>) -> Result<Bounds, CountError> {
        let least = least.unwrap_or(0);
        let most = match (most, mean) {
            (None, None) => return Err(CountError::CycleFailure),
            _ if mean.is_none() && matches!(shape, CountShape::Poisson | CountShape::Geometric) => {
                return Err(CountError::NoMean);
            }
            (Some(most), _) => most,
            // Beyond this bound, the probability is negligible.
            (None, Some(mean)) => {
                let above = (mean - least as f64).max(0.0);
                let far = match shape {
                    CountShape::Uniform => 2.0 * above,
                    CountShape::Poisson => mean + 10.0 * mean.sqrt() + 10.0,
                    CountShape::Geometric => 20.0 * above + 20.0,
                    CountShape::Zipf => 100.0 * above + 100.0,
                };
                least.saturating_add(far.ceil() as u64).min(MOST.max(least))
            }
        };
        if least > most {
            return Err(CountError::Empty { from: least, to: most });
        }
        if most > MOST && least < most {
            return Err(CountError::TooMany(most));
        }
        match mean {
            Some(mean) if !(least as f64..=most as f64).contains(&mean) => Err(CountError::Mean { mean, least, most }),
            _ => Ok(Bounds { least, most }),
        }
    }

    fn counts(self, shape: CountShape, mean: Option<f64>, parents: u64) -> ChildCounts {
        let Some(mean) = mean else {
            let shape = if shape == CountShape::Zipf { (shape, -1.0) } else { (shape, 0.0) };
            return apportion(&self.weights(shape.0, shape.1), parents);
        };
        // The mean grows with the parameter.
        let (mut low, mut high) = (-40.0, 40.0);
        for _ in 0..80 {
            let middle = f64::midpoint(low, high);
            if mean_of(&self.weights(shape, middle)) < mean { low = middle } else { high = middle }
        }
        let mut counts = apportion(&self.weights(shape, high), parents);
        self.correct(&mut counts, (parents as f64 * mean).round() as u64);
        counts
    }

    /// Returns the probability of each number; a larger parameter favours larger numbers.
    fn weights(self, shape: CountShape, parameter: f64) -> Vec<(u64, f64)> {
        let mut factorial = 0.0;
        let log = |n: u64| {
            let above = (n - self.least) as f64;
            match shape {
                CountShape::Uniform | CountShape::Geometric => above * parameter,
                CountShape::Zipf => (above + 1.0).ln() * parameter,
                CountShape::Poisson => {
                    if n > self.least {
                        factorial += (n as f64).ln();
                    }
                    above * parameter - factorial
                }
            }
        };
        let logs: Vec<f64> = (self.least..=self.most).map(log).collect();
        let greatest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (self.least..).zip(logs).map(|(n, log)| (n, (log - greatest).exp())).collect()
    }

    /// Moves parents to neighbouring numbers until the total equals `rows`.
    fn correct(self, counts: &mut ChildCounts, rows: u64) {
        loop {
            let now = counts.rows();
            if now == rows {
                return;
            }
            let more = now < rows;
            let free = |&(n, _): &&(u64, u64)| if more { *n < self.most } else { *n > self.least };
            let Some(&(n, parents)) = counts.0.iter().filter(free).max_by_key(|(_, parents)| *parents) else { return };
            let moved = now.abs_diff(rows).min(parents.div_ceil(2));
            let to = if more { n + 1 } else { n - 1 };
            let mut add = |n: u64, by: &dyn Fn(u64) -> u64| match counts.0.binary_search_by_key(&n, |(n, _)| *n) {
                Ok(i) => counts.0[i].1 = by(counts.0[i].1),
                Err(i) => counts.0.insert(i, (n, by(0))),
            };
            add(n, &|parents| parents - moved);
            add(to, &|parents| parents + moved);
            counts.0.retain(|(_, parents)| *parents > 0);
        }
    }
}

fn mean_of(weights: &[(u64, f64)]) -> f64 {
    let all: f64 = weights.iter().map(|(_, w)| w).sum();
    weights.iter().map(|(n, w)| *n as f64 * w).sum::<f64>() / all
}

impl fmt::Display for RequestedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestedRows::Number(n) => write!(f, "{n}"),
            RequestedRows::By(count) => write!(f, "{count}"),
        }
    }
}

impl fmt::Display for DependentCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DependentCount::Times { factor, of } => write!(f, "{factor}x {of}"),
            DependentCount::PerParent(p) => {
                match (&p.weight, &p.law) {
                    (Some(weight), CountLaw::Drawn { mean: Some(mean), .. }) => {
                        write!(f, "per {}: mean {mean}, by weight {weight}", p.per)?;
                    }
                    _ => write!(f, "per {}: {}", p.per, p.law)?,
                }
                p.by.iter().try_for_each(|by| write!(f, " by {by}"))
            }
        }
    }
}

impl fmt::Display for CountLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CountLaw::Shares(shares) => {
                for (i, s) in shares.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    match (s.from == s.to, shares.len()) {
                        (true, 1) => write!(f, "exactly {}", s.from)?,
                        (true, _) => write!(f, "{comma}{}: {}", s.from, s.share)?,
                        (false, _) => write!(f, "{comma}{}-{}: {}", s.from, s.to, s.share)?,
                    }
                }
                Ok(())
            }
            CountLaw::Drawn { shape, least, most, mean } => {
                let name = COUNT_SHAPES.iter().find(|(_, s)| s == shape).map_or("", |(name, _)| *name);
                f.write_str(name)?;
                mean.iter().try_for_each(|mean| write!(f, ", mean {mean}"))?;
                least.iter().try_for_each(|least| write!(f, ", min {least}"))?;
                most.iter().try_for_each(|most| write!(f, ", max {most}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(shape: CountShape, least: Option<u64>, most: Option<u64>, mean: Option<f64>) -> CountLaw {
        CountLaw::Drawn { shape, least, most, mean }
    }

    #[test]
    fn shares_are_exact() {
        let law = CountLaw::Shares(vec![
            CountShare { from: 1, to: 1, share: 0.7 },
            CountShare { from: 2, to: 5, share: 0.3 },
        ]);
        let counts = law.counts(1_000).unwrap();
        assert_eq!(counts.0, [(1, 700), (2, 75), (3, 75), (4, 75), (5, 75)]);
        assert_eq!((counts.parents(), counts.most()), (1_000, 5));
        assert_eq!(law.counts(0).unwrap().rows(), 0);
    }

    #[test]
    fn laws_match_their_mean_and_bounds() {
        for (shape, least, most, mean) in [
            (CountShape::Uniform, Some(1), Some(6), 2.5),
            (CountShape::Uniform, None, None, 4.0),
            (CountShape::Poisson, None, None, 3.0),
            (CountShape::Poisson, Some(1), Some(4), 3.5),
            (CountShape::Geometric, Some(1), None, 2.5),
            (CountShape::Zipf, None, Some(500), 3.0),
            (CountShape::Zipf, None, None, 0.2),
            (CountShape::Uniform, Some(2), Some(2), 2.0),
        ] {
            for parents in [1, 7, 1_000, 100_000] {
                let counts = drawn(shape, least, most, Some(mean)).counts(parents).unwrap();
                let place = format!("{shape:?} of {mean}, {parents} parents");
                assert_eq!(counts.parents(), parents, "{place}");
                assert_eq!(counts.rows(), (parents as f64 * mean).round() as u64, "{place}");
                assert!(counts.0.iter().all(|(n, _)| *n >= least.unwrap_or(0)), "{place}");
                assert!(counts.most() <= most.unwrap_or(u64::MAX), "{place}");
            }
        }
        let zipf = drawn(CountShape::Zipf, None, Some(500), Some(3.0)).counts(100_000).unwrap();
        assert!(zipf.most() > 400, "few parents have most: {}", zipf.most());
        let even = drawn(CountShape::Uniform, Some(1), Some(4), None).counts(1_000).unwrap();
        assert_eq!(even.0, [(1, 250), (2, 250), (3, 250), (4, 250)]);
    }

    #[test]
    fn contradictions_are_errors() {
        let share = |from, to, share| CountShare { from, to, share };
        assert_eq!(CountLaw::Shares(vec![share(1, 1, 0.7)]).counts(5), Err(CountError::Shares(0.7)));
        assert_eq!(CountLaw::Shares(vec![share(3, 1, 1.0)]).counts(5), Err(CountError::Empty { from: 3, to: 1 }));
        let of = |least, most, mean| drawn(CountShape::Uniform, least, most, mean).counts(5).unwrap_err();
        assert_eq!(of(Some(1), None, None), CountError::CycleFailure);
        assert_eq!(of(Some(3), Some(6), Some(2.0)), CountError::Mean { mean: 2.0, least: 3, most: 6 });
        assert_eq!(of(None, Some(20_000), None), CountError::TooMany(20_000));
    }
}
