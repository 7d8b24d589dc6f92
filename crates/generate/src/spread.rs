//! Rows spread unevenly over their parents, without memory: parent weights by a lognormal law.
//!
//! The share of all rows that the heaviest `t` of the parents have is `F(G(t) + s)`, `F` being the normal distribution and
//! `G` its inverse: so a uniform number `u` falls to the parent of rank `F(G(u) - s)`. That is looked up in a table and
//! drawn out between its points. Ranks lie scattered over the parents by a multiplication modulo their number.

use std::sync::LazyLock;

use dbmocker_core::rng_stream::mix;
use dbmocker_plan::Spread;

/// Stretches of the table, a power of two.
const STRETCHES: usize = 1 << STRETCHES_BITS;
const STRETCHES_BITS: u32 = 10;

/// Rows of a list that are used at most.
const LIST: u64 = 50;

type Table = [f64; STRETCHES + 1];

/// What a law makes of the parents.
#[derive(Debug)]
struct Law {
    /// Parents of a hundred that have rows at all.
    used: u64,
    ranks: Table,
}

fn law(how: Spread) -> &'static Law {
    static LAWS: LazyLock<[Law; 4]> = LazyLock::new(|| {
        // The Gini coefficient of a lognormal law is erf(s / 2).
        [(100, 0.9), (47, 0.45), (100, 1.45), (100, 2.1)].map(|(used, s)| Law { used, ranks: ranks(s) })
    });
    &LAWS[match how {
        Spread::Lookup => 0,
        Spread::Some => 1,
        Spread::Heavy => 2,
        Spread::Extreme => 3,
    }]
}

fn ranks(s: f64) -> Table {
    std::array::from_fn(|i| match i {
        0 => 0.0,
        STRETCHES => 1.0,
        i => normal(quantile(i as f64 / STRETCHES as f64) - s),
    })
}

/// A choice among `size` parents.
#[derive(Debug)]
pub struct SpreadGen {
    law: &'static Law,
    size: u64,
    /// Parents that have rows.
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

    /// The parent of a random word; `None` if there are none.
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

    /// The parent of a rank: different ones for different ranks.
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

/// The first number from `near` on that shares no divisor with `n`.
pub(crate) fn coprime(n: u64, near: u64) -> u64 {
    // Ranks that are neighbours lie far apart.
    let near = near.max(n / 3).max(1);
    (near..).find(|&step| gcd(step, n) == 1).expect("a prime is not far")
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The normal distribution, to seven digits (Abramowitz and Stegun, 26.2.17).
fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly;
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// Its inverse, found by halving.
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

    /// Rows of each of `size` parents.
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
    fn laws_are_as_uneven_as_they_say() {
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
        fn ranks_are_different_parents(key: u64, size in 1u64..3000) {
            for how in [Spread::Lookup, Spread::Some, Spread::Heavy, Spread::Extreme] {
                let spread = SpreadGen::new(key, how, size);
                let parents: HashSet<u64> = (0..spread.used).map(|rank| spread.parent(rank)).collect();
                prop_assert_eq!(parents.len() as u64, spread.used);
                prop_assert!(parents.iter().all(|p| *p < size));
            }
        }

        #[test]
        fn huge_tables(word: u64, size in 1u64 << 40..1u64 << 62) {
            prop_assert!(SpreadGen::new(3, Spread::Heavy, size).pick(word) < Some(size));
        }
    }
}
