//! The frequencies of values that are not in a server's list of common values.
//!
//! Data in: the shares of the common values, and how many different ones the server estimates from its sample. Data
//! out: a power law that continues after the least frequent one, accounts for the remaining rows, and is consistent
//! with the estimate.

/// What the power law is fitted to.
#[derive(Debug, Clone, Copy)]
pub struct TailFacts<'a> {
    /// Shares of the common values in the rows that are not NULL, largest first.
    pub head: &'a [f64],
    /// Distinct values, by the server's estimate.
    pub distinct: f64,
    /// Rows that are not NULL.
    pub rows: f64,
    /// Rows of the server's sample, without those that are NULL.
    pub sample: f64,
    /// The largest possible number of distinct values.
    pub most: f64,
    /// The most common values that the server keeps: after a shorter list, the remaining values are about equally
    /// frequent.
    pub room: usize,
    /// Without a head, the numbers of rows of the values follow a geometric distribution, instead of being equal.
    pub by_chance: bool,
}

/// The law of the values below the head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    pub exponent: f64,
    /// Different values, the head included; each of them has a row at least.
    pub distinct: f64,
}

/// The number of steps, of increasing length, in which ranks are summed.
const STEPS: usize = 60;
/// The largest exponent in the search: with it, only the first values below the head have rows.
const STEEPEST: f64 = 8.0;

/// The law, or `None` where nothing is left below the head.
pub fn fit(known: &TailFacts<'_>) -> Option<PowerLaw> {
    let head = known.head.len() as f64; // at most 10000
    if known.distinct <= head || known.rows <= 0.0 {
        return None;
    }
    let most = known.most.min(known.rows).max(known.distinct);
    let law = |distinct: f64| PowerLaw { exponent: exponent(known, distinct), distinct };
    if known.sample >= known.rows || most <= known.distinct {
        return Some(law(known.distinct));
    }
    // The server's estimate grows with the true number of distinct values.
    let (mut low, mut high) = (known.distinct, most);
    if estimate(known, &law(high)) <= known.distinct {
        return Some(law(high));
    }
    for _ in 0..18 {
        let middle = (low * high).sqrt();
        if estimate(known, &law(middle)) < known.distinct { low = middle } else { high = middle }
    }
    Some(law((low * high).sqrt()))
}

/// The exponent with which the rows of the values below the head add up to the remaining rows.
fn exponent(known: &TailFacts<'_>, distinct: f64) -> f64 {
    if known.head.len() < known.room {
        return 0.0;
    }
    let rest = rest(known);
    let (mut low, mut high) = (0.0, STEEPEST);
    let held = |exponent: f64| sum(known, &PowerLaw { exponent, distinct }, |count| count);
    if held(low) <= rest {
        return 0.0;
    }
    for _ in 0..16 {
        let middle = (low + high) / 2.0;
        if held(middle) > rest { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Rows of the values below the head.
fn rest(known: &TailFacts<'_>) -> f64 {
    (1.0 - known.head.iter().sum::<f64>()).max(0.0) * known.rows
}

/// The sum of a function of a value's rows over all ranks below the head.
fn sum(known: &TailFacts<'_>, law: &PowerLaw, of: impl Fn(f64) -> f64) -> f64 {
    let head = known.head.len() as f64; // at most 10000
    let level = rest(known) / (law.distinct - head).max(1.0);
    // Values below the head may be as frequent as its last, no more.
    let first = match known.head.last() {
        Some(least) if known.head.len() >= known.room => (least * known.rows).max(level),
        _ => level,
    };
    let (begin, step) = (head + 0.5, ((law.distinct + 0.5) / (head + 0.5)).ln() / STEPS as f64);
    let ratio = step.exp();
    let (mut edge, mut total) = (begin, 0.0);
    for i in 0..STEPS {
        // The middle of the step, as a multiple of the head's length.
        let depth = (i as f64 + 0.5) * step;
        let width = edge * (ratio - 1.0);
        total += width * of((first * (-law.exponent * depth).exp()).max(1.0));
        edge *= ratio;
    }
    total
}

/// How many different values a server would estimate from its sample (Haas and Stokes, the estimator that PostgreSQL
/// uses): the values seen, and from those seen once how many were not seen.
fn estimate(known: &TailFacts<'_>, law: &PowerLaw) -> f64 {
    let share = (known.sample / known.rows).min(1.0);
    let (seen, once) = if known.by_chance && known.head.is_empty() {
        let p = (law.distinct / known.rows).min(1.0);
        let unseen = 1.0 - (1.0 - p) * (1.0 - share);
        (law.distinct * (1.0 - p * (1.0 - share) / unseen), law.distinct * share * p / (unseen * unseen))
    } else {
        let unseen = |count: f64| (1.0 - share).powf(count);
        let seen = known.head.len() as f64 + sum(known, law, |count| 1.0 - unseen(count));
        (seen, sum(known, law, |count| count * share * (1.0 - share).powf(count - 1.0)))
    };
    let multiple = known.sample - once + once * known.sample / known.rows;
    if multiple <= 0.0 { known.rows } else { (known.sample * seen / multiple).clamp(seen, known.rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of `n` values by a power law, largest first.
    fn zipf(n: u32, exponent: f64) -> Vec<f64> {
        let weights: Vec<f64> = (1..=n).map(|r| f64::from(r).powf(-exponent)).collect();
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|w| w / total).collect()
    }

    #[test]
    fn a_power_law_is_found_again() {
        for (n, exponent) in [(3000, 1.0), (4000, 0.8), (900, 0.6)] {
            let all = zipf(n, exponent);
            let known = TailFacts {
                head: &all[..100],
                distinct: f64::from(n),
                rows: 1e6,
                sample: 1e6,
                most: 1e6,
                room: 100,
                by_chance: false,
            };
            let law = fit(&known).unwrap();
            assert_eq!(law.distinct, f64::from(n));
            assert!((law.exponent - exponent).abs() < 0.08, "{n} {exponent}: {law:?}");
        }
    }

    #[test]
    fn what_a_sample_misses_is_added() {
        let all = zipf(50_000, 0.9);
        let (rows, sample) = (300_000.0, 30_000.0);
        let known =
            TailFacts { head: &all[..100], distinct: 0.0, rows, sample, most: 50_000.0, room: 100, by_chance: false };
        let truth = PowerLaw { exponent: 0.9, distinct: 50_000.0 };
        let estimated = estimate(&known, &truth);
        assert!(estimated < 40_000.0, "{estimated}");
        let law = fit(&TailFacts { distinct: estimated, ..known }).unwrap();
        assert!((law.distinct / 50_000.0 - 1.0).abs() < 0.15, "{law:?}");
        // 2.5 children on average, by chance: as measured on a server.
        let known = TailFacts {
            head: &[],
            distinct: 69_800.0,
            rows: 250_000.0,
            sample,
            most: 250_000.0,
            room: 100,
            by_chance: true,
        };
        let law = fit(&known).unwrap();
        assert!((law.distinct / 100_000.0 - 1.0).abs() < 0.1, "{law:?}");
    }

    #[test]
    fn nothing_below_a_complete_list() {
        let head = [0.6, 0.4];
        assert_eq!(
            fit(&TailFacts {
                head: &head,
                distinct: 2.0,
                rows: 100.0,
                sample: 100.0,
                most: 100.0,
                room: 100,
                by_chance: false
            }),
            None
        );
        let none = TailFacts {
            head: &[],
            distinct: 50.0,
            rows: 100.0,
            sample: 100.0,
            most: 100.0,
            room: 100,
            by_chance: false,
        };
        assert_eq!(fit(&none), Some(PowerLaw { exponent: 0.0, distinct: 50.0 }));
    }
}
