//! Rows distributed over their parents by learned frequencies, and the inverse.
//!
//! A permutation maps each row to a place, and places are distributed over ranks by their frequencies; so each rank has
//! the rows of its share, up to one row. A multiplication modulo the number of parents scatters the ranks over them.

use crate::permute::{InversePermutation, Permutation};
use crate::spread::coprime;
use dbmocker_core::rng_stream::mix;
use dbmocker_domain::distribution::{RankSampler, Ranks, unit};

#[derive(Debug)]
pub(super) struct RankedGen {
    ranks: RankSampler,
    rows: u64,
    scatter: Permutation,
    gather: InversePermutation,
    /// Number of parents.
    size: u64,
    step: u64,
    back: u64,
    offset: u64,
}

impl RankedGen {
    /// `weights` keys which parents are frequent; it is the same for all child tables of one parent table.
    pub fn new(key: u64, weights: u64, ranks: &Ranks, size: u64, rows: u64) -> RankedGen {
        let size = size.max(1);
        let ranks = Ranks { size: ranks.size.clamp(1, size), ..ranks.clone() }.sampler();
        let scatter = Permutation::new(key, rows.clamp(1, 1 << 63));
        // The golden section spreads the first ranks evenly, for any number of ranks.
        let step = coprime(size, (size as f64 * 0.618_033_988_749_895) as u64);
        RankedGen {
            ranks,
            rows: rows.max(1),
            scatter,
            gather: scatter.inverse(),
            size,
            step: step % size,
            back: inverse(step % size, size),
            offset: mix(weights ^ 1) % size,
        }
    }

    /// Returns the parent of a row; later attempts draw it by a random word.
    pub fn parent(&self, row: u64, attempt: u32, word: u64) -> u64 {
        let rank = if attempt == 0 && row < self.rows {
            self.rank(self.share(self.scatter.apply(row)))
        } else {
            self.ranks.rank(unit(word))
        };
        product(rank, self.step, self.offset, self.size)
    }

    /// Iterates over the rows of a parent.
    pub fn children(&self, parent: u64) -> impl Iterator<Item = u64> {
        let (from, to) = self.places(parent);
        (from..to).map(|place| self.gather.apply(place))
    }

    /// Returns the number of rows of a parent.
    pub fn count(&self, parent: u64) -> u64 {
        let (from, to) = self.places(parent);
        to - from
    }

    fn share(&self, place: u64) -> f64 {
        (place as f64 + 0.5) / self.rows as f64
    }

    /// Returns the rank whose bounds contain a share; both directions use these bounds, so they agree.
    fn rank(&self, u: f64) -> u64 {
        let mut rank = self.ranks.rank(u);
        while rank > 0 && self.ranks.before(rank) > u {
            rank -= 1;
        }
        while rank + 1 < self.ranks.size() && self.ranks.before(rank + 1) <= u {
            rank += 1;
        }
        rank
    }

    fn places(&self, parent: u64) -> (u64, u64) {
        if parent >= self.size {
            return (0, 0);
        }
        let distance = (parent + self.size - self.offset) % self.size;
        let rank = product(distance, self.back, 0, self.size);
        if rank >= self.ranks.size() {
            return (0, 0);
        }
        let last = rank + 1 == self.ranks.size();
        let from = if rank == 0 { 0 } else { self.begin(self.ranks.before(rank)) };
        let to = if last { self.rows } else { self.begin(self.ranks.before(rank + 1)) };
        (from, to.max(from))
    }

    /// Returns the first place whose share is at least this one.
    fn begin(&self, share: f64) -> u64 {
        let mut place = ((share * self.rows as f64 - 0.5).ceil().max(0.0) as u64).min(self.rows);
        while place > 0 && self.share(place - 1) >= share {
            place -= 1;
        }
        while place < self.rows && self.share(place) < share {
            place += 1;
        }
        place
    }
}

fn product(a: u64, b: u64, plus: u64, n: u64) -> u64 {
    ((u128::from(a) * u128::from(b) + u128::from(plus)) % u128::from(n)) as u64
}

/// Returns the inverse of `step` modulo `n`.
fn inverse(step: u64, n: u64) -> u64 {
    let (mut r, mut next_r) = (i128::from(n), i128::from(step));
    let (mut t, mut next_t) = (0i128, 1i128);
    while next_r != 0 {
        let whole = r / next_r;
        (t, next_t) = (next_t, t - whole * next_t);
        (r, next_r) = (next_r, r - whole * next_r);
    }
    u64::try_from(t.rem_euclid(i128::from(n))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parent_and_children_are_inverse(key: u64, size in 1u64..300, used in 1u64..300, rows in 1u64..2000, s in 0.0f64..2.0, first in 0.01f64..0.2) {
            let ranks = Ranks { size: used.min(size), head: vec![first, first / 2.0], exponent: Some(s) };
            let law = RankedGen::new(key, key ^ 7, &ranks, size, rows);
            let mut found = vec![Vec::new(); size as usize];
            for row in 0..rows {
                found[law.parent(row, 0, 0) as usize].push(row);
            }
            let mut with = 0;
            for (parent, rows) in found.into_iter().enumerate() {
                let mut children: Vec<u64> = law.children(parent as u64).collect();
                children.sort_unstable();
                prop_assert_eq!(law.count(parent as u64), rows.len() as u64);
                with += u64::from(!rows.is_empty());
                prop_assert_eq!(children, rows);
            }
            prop_assert!(with <= used.min(size));
        }
    }

    #[test]
    fn frequencies_and_the_number_of_parents_are_exact() {
        let ranks = Ranks { size: 400, head: vec![0.05, 0.02], exponent: Some(0.0) };
        let law = RankedGen::new(1, 2, &ranks, 1000, 100_000);
        let mut counts: Vec<u64> = (0..1000).map(|parent| law.count(parent)).filter(|n| *n > 0).collect();
        counts.sort_by_key(|n| std::cmp::Reverse(*n));
        assert_eq!((counts.len(), counts[0], counts[1]), (400, 5000, 2000));
        assert!(counts[2..].iter().all(|n| (233..=234).contains(n)), "{counts:?}");
    }
}
