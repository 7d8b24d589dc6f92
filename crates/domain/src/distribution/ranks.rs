//! Frequencies of the values of a list by rank: explicit ones for the first ranks, a power law for the others.

use serde::{Deserialize, Serialize};

/// Shares of ranks `0 .. size`, the most frequent first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranks {
    pub size: u64,
    /// Shares of the first ranks.
    pub head: Vec<f64>,
    /// The exponent `s` of the power law `k^-s`; by default, the one for which the frequencies continue those of the
    /// head.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exponent: Option<f64>,
}

/// Maximum ranks in the head of a Zipf distribution.
const HEAD: u64 = 256;
/// Maximum exponent of the power law after the head.
const STEEPEST: f64 = 6.0;

impl Ranks {
    /// A Zipf distribution: the frequency of rank `k` is proportional to `k^-s`.
    pub fn zipf(s: f64, size: u64) -> Ranks {
        let weight = |k: f64| k.powf(-s);
        let head = size.min(HEAD);
        let shares: Vec<f64> = (1..=head).map(|k| weight(k as f64)).collect();
        let rest = Power::new(head, size - head, s).weight;
        let total = shares.iter().sum::<f64>() + rest;
        Ranks { size, head: shares.into_iter().map(|w| w / total).collect(), exponent: Some(s) }
    }

    pub fn sampler(&self) -> RankSampler {
        RankSampler::new(self)
    }
}

/// [`Ranks`] prepared for many draws.
#[derive(Debug, Clone)]
pub struct RankSampler {
    size: u64,
    /// Cumulative shares of the head.
    sums: Vec<f64>,
    rest: Option<Power>,
}

impl RankSampler {
    fn new(ranks: &Ranks) -> Self {
        let count = usize::try_from(ranks.size).unwrap_or(usize::MAX).min(ranks.head.len());
        let head = &ranks.head[..count];
        let rest = ranks.size - count as u64;
        let sum: f64 = head.iter().map(|s| s.max(0.0)).sum();
        // Without other ranks, the head's shares sum to 1.
        let whole = if rest == 0 { sum } else { sum.max(1.0) };
        let whole = if whole > 0.0 { whole } else { 1.0 };
        let mut sums: Vec<f64> = head
            .iter()
            .scan(0.0, |sum, s| {
                *sum += s.max(0.0) / whole;
                Some(*sum)
            })
            .collect();
        let left = 1.0 - sums.last().copied().unwrap_or(0.0);
        let rest = (rest > 0 && left > 1e-12).then(|| {
            let last = head.last().map_or(0.0, |s| s / whole / left);
            Power::new(count as u64, rest, ranks.exponent.unwrap_or_else(|| fitted(count as u64, rest, last)))
        });
        if rest.is_none()
            && let Some(last) = sums.last_mut()
        {
            *last = 1.0;
        }
        RankSampler { size: ranks.size, sums, rest }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// The rank for a uniform number in `[0, 1)`.
    #[inline]
    pub fn rank(&self, u: f64) -> u64 {
        let head = self.sums.last().copied().unwrap_or(0.0);
        match &self.rest {
            Some(rest) if u >= head => self.sums.len() as u64 + rest.rank((u - head) / (1.0 - head)),
            _ => (self.sums.partition_point(|&sum| sum <= u) as u64).min(self.size.saturating_sub(1)),
        }
    }

    /// The share of all ranks before this one.
    pub fn before(&self, rank: u64) -> f64 {
        let count = self.sums.len() as u64;
        match usize::try_from(rank) {
            Ok(0) => 0.0,
            Ok(i) if i <= self.sums.len() => self.sums[i - 1],
            _ => {
                let head = self.sums.last().copied().unwrap_or(0.0);
                self.rest.as_ref().map_or(1.0, |rest| head + (1.0 - head) * rest.before(rank - count))
            }
        }
    }

    /// The expected number of different ranks among random draws. With `lost`, draws are stratified (each has its own
    /// share), and each is dropped with the probability `lost`.
    pub fn expected(&self, draws: f64, lost: Option<f64>) -> f64 {
        let seen = |share: f64| match lost {
            None => -(-share * draws).exp_m1(),
            Some(lost) if share * draws < 1.0 => share * draws * (1.0 - lost),
            Some(lost) => 1.0 - lost.powf(share * draws),
        };
        let mut before = 0.0;
        let mut sum = 0.0;
        for &s in &self.sums {
            sum += seen(s - before);
            before = s;
        }
        let Some(rest) = &self.rest else { return sum };
        // Neighbouring ranks have nearly the same share.
        let steps = rest.size.min(512);
        for i in 0..steps {
            let edge = |i: u64| (u128::from(rest.size) * u128::from(i) / u128::from(steps)) as u64;
            let (from, to) = (edge(i), edge(i + 1));
            let share = (rest.before(to) - rest.before(from)) * (1.0 - before) / (to - from) as f64;
            sum += (to - from) as f64 * seen(share);
        }
        sum
    }
}

/// A power law: `size` ranks after `first` others, with frequencies proportional to the rank to the power of `-s`.
#[derive(Debug, Clone)]
struct Power {
    size: u64,
    s: f64,
    from: f64,
    to: f64,
    weight: f64,
    /// `from` and `to` to the power of `1 - s`.
    ends: (f64, f64),
}

impl Power {
    fn new(first: u64, size: u64, s: f64) -> Self {
        // The integral over a rank approximates its power.
        let (from, to) = (first as f64 + 0.5, first as f64 + size as f64 + 0.5);
        let ends = (from.powf(1.0 - s), to.powf(1.0 - s));
        Power { size, s, from, to, weight: integral(from, to, s), ends }
    }

    #[inline]
    fn rank(&self, u: f64) -> u64 {
        let e = 1.0 - self.s;
        let x = if e.abs() < 1e-9 {
            self.from * (self.to / self.from).powf(u)
        } else {
            let (a, b) = self.ends;
            (a + (b - a) * u).powf(1.0 / e)
        };
        ((x - self.from).max(0.0) as u64).min(self.size - 1)
    }

    fn before(&self, rank: u64) -> f64 {
        if rank >= self.size {
            return 1.0;
        }
        let (e, to) = (1.0 - self.s, self.from + rank as f64);
        // As [`integral`].
        let before = if e.abs() < 1e-9 { (to / self.from).ln() } else { (to.powf(e) - self.ends.0) / e };
        before / self.weight
    }
}

/// The integral of `x^-s`.
fn integral(from: f64, to: f64, s: f64) -> f64 {
    let e = 1.0 - s;
    if e.abs() < 1e-9 { (to / from).ln() } else { (to.powf(e) - from.powf(e)) / e }
}

/// The exponent for which the first rank of the power law has the share `last` of it.
fn fitted(first: u64, size: u64, last: f64) -> f64 {
    let share = |s: f64| {
        let from = first as f64 + 0.5;
        integral(from, from + 1.0, s) / integral(from, from + size as f64, s)
    };
    if last <= share(0.0) {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, STEEPEST);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if share(middle) < last { low = middle } else { high = middle }
    }
    low
}

/// The number of equally likely values for which `draws` draws are expected to give `distinct` different ones; `lost`
/// as in [`RankSampler::expected`]. Infinite if nearly all draws must differ.
pub fn domain_of_distinct(distinct: f64, draws: f64, lost: Option<f64>) -> f64 {
    let kept = draws * (1.0 - lost.unwrap_or(0.0));
    if distinct >= kept * 0.999 {
        return f64::INFINITY;
    }
    let seen = |size: f64| match lost {
        None => -size * (-draws / size).exp_m1(),
        Some(lost) => size.min(draws) * (1.0 - lost.powf((draws / size).max(1.0))),
    };
    let (mut low, mut high) = (distinct, distinct.max(1.0) * 2.0);
    while seen(high) < distinct && high < draws * 1e6 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if seen(middle) < distinct { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}
