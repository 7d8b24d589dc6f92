//! Rows distributed unevenly over their parents, without memory: parent weights follow a lognormal law.
//!
//! The heaviest fraction `t` of the parents has the share `F(G(t) + s)` of all rows, `F` being the normal distribution
//! and `G` its inverse; so a uniform number `u` maps to the parent of rank `F(G(u) - s)`. That function is tabulated
//! and interpolated linearly. A multiplication modulo the number of parents scatters the ranks over them.

use std::sync::LazyLock;

use dbmocker_core::rng_stream::mix;
use dbmocker_plan::Spread;

/// Number of intervals of the table, a power of two.
const STRETCHES: usize = 1 << STRETCHES_BITS;
const STRETCHES_BITS: u32 = 10;

/// Maximum number of used parents of a lookup table.
const LIST: u64 = 50;

type StretchTable = [f64; STRETCHES + 1];

/// The distribution of one [`Spread`].
#[derive(Debug)]
struct SpreadTable {
    /// Percentage of the parents that have rows.
    used: u64,
    ranks: StretchTable,
}

fn law(how: Spread) -> &'static SpreadTable {
    static LAWS: LazyLock<[SpreadTable; 4]> = LazyLock::new(|| {
        // The Gini coefficient of a lognormal law is erf(s / 2).
        [(100, 0.9), (47, 0.45), (100, 1.45), (100, 2.1)].map(|(used, s)| SpreadTable { used, ranks: ranks(s) })
    });
    &LAWS[match how {
        Spread::Lookup => 0,
        Spread::Some => 1,
        Spread::Heavy => 2,
        Spread::Extreme => 3,
    }]
}

fn ranks(s: f64) -> StretchTable {
    std::array::from_fn(|i| match i {
        0 => 0.0,
        STRETCHES => 1.0,
        i => normal(quantile(i as f64 / STRETCHES as f64) - s),
    })
}

/// A random choice among `size` parents.
#[derive(Debug)]
pub struct SpreadGen {
    law: &'static SpreadTable,
    size: u64,
    /// Number of parents that have rows.
    used: u64,
    step: u64,
    offset: u64,
}

impl SpreadGen {
    pub fn new(key: u64, how: Spread, size: u64) -> Self {
        let law = law(how);
        let used = (size / 100 * law.used + (size % 100 * law.used).div_ceil(100)).min(size);
        let used = if how == Spread::Lookup { used.min(LIST) } else { used };
        let (step, offset) = match size {
            0 => (1, 0),
            n => (coprime(n, mix(key) % n), mix(key ^ 1) % n),
        };
        SpreadGen { law, size, used, step, offset }
    }

    /// Returns the parent of a random word; `None` if there are no parents.
    #[inline]
    pub fn pick(&self, word: u64) -> Option<u64> {
        if self.size == 0 {
            return None;
        }
        let stretch = (word >> (64 - STRETCHES_BITS)) as usize;
        let along = (word << STRETCHES_BITS >> 11) as f64 / (1u64 << 53) as f64;
        let (from, to) = (self.law.ranks[stretch], self.law.ranks[stretch + 1]);
        let rank = ((from + (to - from) * along) * self.used as f64) as u64;
        Some(self.parent(rank.min(self.used - 1)))
    }

    /// Returns the parent of a rank; distinct ranks have distinct parents.
    #[inline]
    fn parent(&self, rank: u64) -> u64 {
        match rank.checked_mul(self.step).and_then(|p| p.checked_add(self.offset)) {
            Some(product) => product % self.size,
            None => {
                ((u128::from(rank) * u128::from(self.step) + u128::from(self.offset)) % u128::from(self.size)) as u64
            }
        }
    }
}

/// Returns the first number from `near` on that is coprime to `n`.
pub(crate) fn coprime(n: u64, near: u64) -> u64 {
    // Neighbouring ranks are mapped to distant parents.
    let near = near.max(n / 3).max(1);
    (near..).find(|&step| gcd(step, n) == 1).expect("a prime is not far")
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Returns the normal distribution function, to seven digits (Abramowitz and Stegun, 26.2.17).
fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly;
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// Returns its inverse, by bisection.
fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if normal(middle) < p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Returns the number of rows of each of `size` parents.
    fn counts(how: Spread, size: u64, rows: u64) -> Vec<u64> {
        let spread = SpreadGen::new(7, how, size);
        let mut counts = vec![0; size as usize];
        (0..rows).for_each(|row| counts[spread.pick(mix(row)).unwrap() as usize] += 1);
        counts
    }

    fn gini(mut counts: Vec<u64>) -> f64 {
        counts.sort_unstable();
        let (n, sum) = (counts.len() as f64, counts.iter().sum::<u64>() as f64);
        let weighed: f64 = counts.iter().enumerate().map(|(i, c)| (i + 1) as f64 * *c as f64).sum();
        2.0 * weighed / (n * sum) - (n + 1.0) / n
    }

    #[test]
    fn gini_coefficients_match_the_spread() {
        for rows in [2_000, 20_000, 200_000] {
            let of = |how| gini(counts(how, 2_000, rows));
            assert!((0.6..0.9).contains(&of(Spread::Heavy)), "heavy: {} of {rows}", of(Spread::Heavy));
            assert!((0.82..0.97).contains(&of(Spread::Extreme)), "extreme: {} of {rows}", of(Spread::Extreme));
            assert!((0.6..0.8).contains(&of(Spread::Some)), "some: {} of {rows}", of(Spread::Some));
            let with: Vec<u64> = counts(Spread::Some, 2_000, rows).into_iter().filter(|c| *c > 0).collect();
            let most = with.iter().max().copied().unwrap_or(0) as f64 / (rows as f64 / with.len() as f64);
            assert!(most < 10.0 && gini(with) <= 0.40, "parents that have some");
        }
        let list = counts(Spread::Lookup, 8, 2_000);
        assert!(list.iter().all(|&c| c > 10) && list.iter().max() > Some(&500), "{list:?}");
        assert_eq!(counts(Spread::Heavy, 1, 5), [5]);
    }

    proptest! {
        #[test]
        fn distinct_ranks_have_distinct_parents(key: u64, size in 1u64..3000) {
            for how in [Spread::Lookup, Spread::Some, Spread::Heavy, Spread::Extreme] {
                let spread = SpreadGen::new(key, how, size);
                let parents: HashSet<u64> = (0..spread.used).map(|rank| spread.parent(rank)).collect();
                prop_assert_eq!(parents.len() as u64, spread.used);
                prop_assert!(parents.iter().all(|p| *p < size));
            }
        }

        #[test]
        fn parents_of_huge_tables_are_in_range(word: u64, size in 1u64 << 40..1u64 << 62) {
            prop_assert!(SpreadGen::new(3, Spread::Heavy, size).pick(word) < Some(size));
        }
    }
}
