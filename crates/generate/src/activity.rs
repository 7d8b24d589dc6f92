//! The law that assigns each row of an activity table to one of the parents that exist at that time, weighted, and its
//! inverse.
//!
//! Rows are divided into periods of equal size; in each period a prefix of the parents exists. A permutation maps the
//! rows of a period to places, and the places are distributed over the parents: each block of 256 parents gets its
//! proportional number, rounded by a random word of the period; within a block each parent has a weight that is the
//! same in all periods. A quarter of the places belongs to the newest quarter of the parents.

use super::permute::{InversePermutation, Permutation};
use dbmocker_core::rng_stream::{Stream, mix};
use row_lists::{ActivityId, last_below};

mod row_lists;

/// Number of parents in a block, and in a part of a block.
const BLOCK: u64 = 256;
const PART: u64 = 16;
const WIDTH: usize = PART as usize;

/// [`Activity::child`]: random draws before it falls back to a scan, and the length of that scan.
const TRIES: usize = 8;
const FEW: u64 = 64;

/// [`Activity::previous`]: numbers of rows that are compared without sorting them, of a parent and back from a row.
const FEW_OF_PARENT: u64 = 8;
const NEAR: u64 = 16;

/// Parent weights, indexed by a random byte: a heavy tail, and 16 weights of zero.
const fn weights() -> [u32; 256] {
    let mut out = [0; 256];
    let mut i = 0;
    while i < 240 {
        // Slightly flatter than `1 / rank`.
        let n = i as u32 + 1;
        out[i] = 8192 / n + 8192 * n.ilog2() / (16 * n) + 2;
        i += 1;
    }
    out
}

const WEIGHTS: [u32; 256] = weights();

/// Weights of parents. If they are learned, the weight of a part is the sum of its parents' weights.
#[derive(Debug, Clone)]
struct Popularity {
    key: u64,
    weights: [u32; 256],
    learned: bool,
}

/// Assigns the rows of one table to rows of one parent table.
#[derive(Debug)]
pub struct Activity {
    id: ActivityId,
    popular: Popularity,
    rows: u64,
    periods: Vec<Period>,
}

#[derive(Debug)]
struct Period {
    start: u64,
    scatter: Permutation,
    gather: InversePermutation,
    /// One over all existing parents, one over the newest quarter.
    spans: [PlaceRange; 2],
}

/// A range of places that is distributed over a range of parents.
#[derive(Debug, Clone, Copy)]
struct PlaceRange {
    /// Key of the random words that round its shares.
    key: u64,
    place: u64,
    places: u64,
    parent: u64,
    parents: u64,
}

impl Activity {
    /// `popular` keys the parents' weights; it is the same for all child tables of one parent table. `existing`: number
    /// of existing parents in each period. `weights`: 256 learned weights, or empty.
    pub fn new(stream: Stream, popular: Stream, rows: u64, existing: &[u64], weights: &[u32]) -> Self {
        let count = existing.len() as u64;
        let period = |(b, &parents): (usize, &u64)| {
            let start = |b: u64| {
                u64::try_from(u128::from(b) * u128::from(rows)).map_or_else(
                    |_| (u128::from(b) * u128::from(rows)).div_ceil(u128::from(count)) as u64,
                    |n| n.div_ceil(count),
                )
            };
            let (begin, end) = (start(b as u64), start(b as u64 + 1));
            let key = mix(stream.key() ^ mix(b as u64));
            let scatter = Permutation::new(key, (end - begin).max(1));
            let newest = (parents / 4).max(1);
            let places = if parents > 4 { (end - begin) / 4 } else { 0 };
            let all = PlaceRange { key: mix(key ^ 1), place: 0, places: end - begin - places, parent: 0, parents };
            let new = PlaceRange {
                key: mix(key ^ 2),
                place: all.places,
                places,
                parent: parents - newest.min(parents),
                parents: newest,
            };
            Period { start: begin, scatter, gather: scatter.inverse(), spans: [all, new] }
        };
        let learned = <[u32; 256]>::try_from(weights).ok();
        let popular =
            Popularity { key: popular.key(), weights: learned.unwrap_or(WEIGHTS), learned: learned.is_some() };
        Activity { id: ActivityId::new(), popular, rows, periods: existing.iter().enumerate().map(period).collect() }
    }

    /// Returns the parent of a row.
    pub fn parent(&self, row: u64) -> u64 {
        let period = &self.periods[self.period(row)];
        let place = period.scatter.apply(row - period.start);
        let span = &period.spans[usize::from(place >= period.spans[1].place && period.spans[1].places > 0)];
        span.parent + span.find(place - span.place, &self.popular)
    }

    /// Returns the period of a row.
    fn period(&self, row: u64) -> usize {
        let count = self.periods.len() as u64;
        let guess = (u128::from(row) * u128::from(count) / u128::from(self.rows.max(1))) as usize;
        let mut b = guess.min(self.periods.len() - 1);
        while self.periods[b].start > row {
            b -= 1;
        }
        b
    }

    /// Returns the number of rows of a parent.
    pub fn count(&self, parent: u64) -> u64 {
        self.spans(parent).map(|(_, from, to)| to - from).sum()
    }

    /// Iterates over the rows of a parent, period by period.
    pub fn children(&self, parent: u64) -> impl Iterator<Item = u64> {
        self.spans(parent).flat_map(|(b, from, to)| {
            let period = &self.periods[b];
            (from..to).map(|place| period.start + period.gather.apply(place))
        })
    }

    /// Returns the row before a row among the rows of its parent; `None` for the first.
    pub fn previous(&self, row: u64) -> Option<u64> {
        let (b, parent) = (self.period(row), self.parent(row));
        (0..=b).rev().find_map(|b| self.last_of(b, parent, row))
    }

    /// Returns the last row below `limit` of a parent in a period.
    fn last_of(&self, b: usize, parent: u64, limit: u64) -> Option<u64> {
        let period = &self.periods[b];
        let last = self.periods.get(b + 1).map_or(self.rows, |next| next.start);
        let end = last.min(limit);
        let places = period.spans.iter().filter_map(|span| span.of(parent, &self.popular));
        let count: u64 = places.clone().map(|(from, to)| to - from).sum();
        // Of a frequent parent, a row is near; of a rare one, there are few to compare.
        if count.saturating_mul(NEAR) > last - period.start {
            return (period.start..end).rev().find(|&row| self.parent(row) == parent);
        }
        let rows = places.flat_map(|(from, to)| from..to).map(|place| period.gather.apply(place));
        let limit = end - period.start;
        if count <= FEW_OF_PARENT || u32::try_from(limit).is_err() {
            return rows.filter(|&row| row < limit).max().map(|row| period.start + row);
        }
        // Rows beyond 32 bits are above the limit.
        let rows = || rows.filter_map(|row| u32::try_from(row).ok()).collect();
        last_below((self.id, b, parent), limit as u32, rows).map(|row| period.start + u64::from(row))
    }

    /// Returns one of the parent's rows below `limit`, chosen by a random word; `None` if none was found.
    pub fn child(&self, parent: u64, limit: u64, word: u64) -> Option<u64> {
        let spans: Vec<_> = self.spans(parent).filter(|(b, ..)| self.periods[*b].start < limit).collect();
        let total: u64 = spans.iter().map(|(_, from, to)| to - from).sum();
        let row = |mut n: u64| {
            let (b, place) = spans.iter().find_map(|&(b, from, to)| match n.checked_sub(to - from) {
                Some(rest) => {
                    n = rest;
                    None
                }
                None => Some((b, from + n)),
            })?;
            Some(self.periods[b].start + self.periods[b].gather.apply(place)).filter(|row| *row < limit)
        };
        let mut words = std::iter::successors(Some(word), |w| Some(mix(w ^ 0x51))).take(TRIES);
        let drawn = words.find_map(|word| (total > 0).then(|| row(below(word, total))).flatten());
        drawn.or_else(|| (0..total.min(FEW)).find_map(row))
    }

    /// Returns the number of parents that exist in the period of a row.
    pub fn existing(&self, row: u64) -> u64 {
        self.periods[self.periods.partition_point(|p| p.start <= row).saturating_sub(1)].spans[0].parents
    }

    /// Iterates over the periods in which a parent has places: period, first place, end.
    fn spans(&self, parent: u64) -> impl Iterator<Item = (usize, u64, u64)> {
        let spans = self.periods.iter().enumerate().flat_map(|(b, p)| p.spans.iter().map(move |s| (b, s)));
        spans.filter_map(move |(b, span)| span.of(parent, &self.popular).map(|(from, to)| (b, from, to)))
    }
}

/// Returns `floor((n * x + dice) / of)`; with one `dice`, the differences over the steps of `x` add up to `n`.
#[inline]
fn share(n: u64, x: u64, of: u64, dice: u64) -> u64 {
    match n.checked_mul(x).and_then(|p| p.checked_add(dice)) {
        Some(p) => p / of,
        None => ((u128::from(n) * u128::from(x) + u128::from(dice)) / u128::from(of)) as u64,
    }
}

/// Maps a random word to a number below `n`.
#[inline]
fn below(word: u64, n: u64) -> u64 {
    ((u128::from(word) * u128::from(n)) >> 64) as u64
}

/// Returns the running sums of the weights; entries from `len` on repeat the last sum.
#[inline]
fn sums(weights: [u32; WIDTH], len: usize) -> [u32; WIDTH] {
    let mut out = [0; WIDTH];
    let mut sum = 0;
    for i in 0..WIDTH {
        sum += if i < len { weights[i] } else { 0 };
        out[i] = sum;
    }
    if sum == 0 {
        // All weights are zero: distribute evenly.
        out = std::array::from_fn(|i| (i + 1).min(len) as u32);
    }
    out
}

impl PlaceRange {
    /// Returns the places of a parent in the period, if it has any.
    fn of(&self, parent: u64, popular: &Popularity) -> Option<(u64, u64)> {
        let own = parent.checked_sub(self.parent).filter(|p| *p < self.parents && self.places > 0)?;
        let (from, to) = self.places_of(own, popular);
        (from < to).then_some((self.place + from, self.place + to))
    }

    /// Returns the first place of the parents from `x` on.
    #[inline]
    fn begin(&self, x: u64) -> u64 {
        share(self.places, x, self.parents, below(self.key, self.parents))
    }

    /// Returns the first parent of part `i` of a block, and the number of parents in it.
    fn part(&self, first: u64, i: usize) -> (u64, usize) {
        let begin = first + i as u64 * PART;
        (begin, self.parents.saturating_sub(begin).min(PART) as usize)
    }

    /// Returns the weights of the parts of a block.
    #[inline]
    fn of_parts(&self, first: u64, popular: &Popularity) -> [u32; WIDTH] {
        if popular.learned {
            let weight = |i: usize| {
                let (begin, len) = self.part(first, i);
                self.of_parents(begin, len, popular)[WIDTH - 1]
            };
            return sums(std::array::from_fn(weight), WIDTH);
        }
        let at = mix(popular.key ^ mix((self.parent + first) ^ 0x5bd1));
        let words = [at, mix(at)];
        sums(
            std::array::from_fn(|i| {
                let byte = (words[i / 8] >> (8 * (i % 8))) as u8;
                (64 + u32::from(byte)) * self.part(first, i).1 as u32
            }),
            WIDTH,
        )
    }

    /// Returns the weights of the parents of a part; they depend on the parent numbers only.
    #[inline]
    fn of_parents(&self, begin: u64, len: usize, popular: &Popularity) -> [u32; WIDTH] {
        let number = |i: usize| self.parent + begin + i as u64;
        // One random word serves eight parents; a part may begin within such a group.
        let mut word = (u64::MAX, 0);
        sums(
            std::array::from_fn(|i| {
                let n = number(i);
                if word.0 != n / 8 {
                    word = (n / 8, mix(popular.key ^ mix(n / 8)));
                }
                popular.weights[usize::from((word.1 >> (8 * (n % 8))) as u8)]
            }),
            len,
        )
    }

    /// Returns the parent of a place.
    fn find(&self, place: u64, popular: &Popularity) -> u64 {
        let guess = (u128::from(place) * u128::from(self.parents) / u128::from(self.places.max(1))) as u64;
        let mut first = guess.min(self.parents - 1) / BLOCK * BLOCK;
        while self.begin(first) > place {
            first -= BLOCK;
        }
        while first + BLOCK < self.parents && self.begin(first + BLOCK) <= place {
            first += BLOCK;
        }
        let begin = self.begin(first);
        let n = self.begin((first + BLOCK).min(self.parents)) - begin;
        let dice = mix(self.key ^ mix(first));
        let (i, start, end) = pick(&self.of_parts(first, popular), n, place - begin, dice);
        let (begin_of, len) = self.part(first, i);
        let inner = mix(dice ^ i as u64);
        let (j, ..) = pick(&self.of_parents(begin_of, len, popular), end - start, place - begin - start, inner);
        begin_of + j as u64
    }

    /// Returns the places of a parent as begin and end.
    fn places_of(&self, parent: u64, popular: &Popularity) -> (u64, u64) {
        let first = parent / BLOCK * BLOCK;
        let begin = self.begin(first);
        let n = self.begin((first + BLOCK).min(self.parents)) - begin;
        if n == 0 {
            return (0, 0);
        }
        let dice = mix(self.key ^ mix(first));
        let i = ((parent - first) / PART) as usize;
        let (start, end) = slice(&self.of_parts(first, popular), n, i, dice);
        if start == end {
            return (0, 0);
        }
        let (begin_of, len) = self.part(first, i);
        let inner = mix(dice ^ i as u64);
        let (from, to) =
            slice(&self.of_parents(begin_of, len, popular), end - start, (parent - begin_of) as usize, inner);
        (begin + start + from, begin + start + to)
    }
}

/// Returns the begin and end of part `i` of `n` places, by weight.
#[inline]
fn slice(sums: &[u32; WIDTH], n: u64, i: usize, dice: u64) -> (u64, u64) {
    let of = u64::from(sums[WIDTH - 1]);
    let end = |i: usize| share(n, sums[i].into(), of, below(dice, of));
    (if i == 0 { 0 } else { end(i - 1) }, end(i))
}

/// Returns the part that holds a place, and its begin and end.
#[inline]
fn pick(sums: &[u32; WIDTH], n: u64, place: u64, dice: u64) -> (usize, u64, u64) {
    let of = u64::from(sums[WIDTH - 1]);
    let dice = below(dice, of);
    let end = |i: usize| share(n, sums[i].into(), of, dice);
    let mut i = 0;
    for half in [8, 4, 2, 1] {
        i += if end(i + half - 1) <= place { half } else { 0 };
    }
    (i, if i == 0 { 0 } else { end(i - 1) }, end(i))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn law(seed: u64, rows: u64, existing: &[u64]) -> Activity {
        Activity::new(
            Stream::new(seed, "orders", "customer"),
            Stream::new(seed, "customers", "weight"),
            rows,
            existing,
            &[],
        )
    }

    proptest! {
        #[test]
        fn parent_and_children_are_inverse(seed: u64, rows in 1u64..600, grown in prop::collection::vec(0u64..60, 1..20)) {
            let existing: Vec<u64> = grown.iter().scan(1, |sum, g| { *sum += g; Some(*sum) }).collect();
            let law = law(seed, rows, &existing);
            let parents = *existing.last().unwrap();
            let mut found = vec![Vec::new(); parents as usize];
            let count = existing.len() as u64;
            for row in 0..rows {
                let parent = law.parent(row);
                prop_assert!(parent < existing[(row * count / rows) as usize], "row {row}");
                found[parent as usize].push(row);
            }
            for (parent, rows) in found.into_iter().enumerate() {
                prop_assert_eq!(law.count(parent as u64), rows.len() as u64);
                let mut children: Vec<u64> = law.children(parent as u64).collect();
                children.sort_unstable();
                prop_assert_eq!(&children, &rows);
                for (i, &row) in rows.iter().enumerate() {
                    prop_assert_eq!(law.previous(row), i.checked_sub(1).map(|before| rows[before]));
                }
            }
        }
    }

    #[test]
    fn previous_rows_are_those_of_the_parent() {
        let law = law(5, 30_000, &[40, 400, 700, 900]);
        let mut last = std::collections::HashMap::new();
        for row in 0..30_000 {
            assert_eq!(law.previous(row), last.insert(law.parent(row), row), "{row}");
        }
    }

    /// Returns the Gini coefficient in percent.
    fn gini(mut counts: Vec<u64>) -> f64 {
        counts.sort_unstable();
        let (n, sum) = (counts.len() as f64, counts.iter().sum::<u64>() as f64);
        let ranked: f64 = counts.iter().zip(1..).map(|(&c, r)| c as f64 * f64::from(r)).sum();
        100.0 * (2.0 * ranked / (n * sum) - (n + 1.0) / n)
    }

    #[test]
    fn rows_per_parent_are_uneven_at_all_sizes() {
        for (parents, rows) in [(2000, 2000), (1000, 20_000), (50, 5000), (300_000, 30_000)] {
            let existing: Vec<u64> = (1..=64).map(|b| (parents * b / 64).max(1)).collect();
            let law = law(3, rows, &existing);
            let counts: Vec<u64> = (0..parents).map(|p| law.count(p)).collect();
            assert_eq!(counts.iter().sum::<u64>(), rows);
            let g = gini(counts);
            // With few parents the coefficient varies more.
            assert!((if parents < 100 { 50.0 } else { 60.0 }..98.0).contains(&g), "{parents} {rows}: {g}");
        }
    }

    #[test]
    fn parent_weights_are_equal_in_all_periods() {
        let law = law(3, 640_000, &[1000; 64]);
        let early: Vec<u64> = (0..320_000).map(|row| law.parent(row)).collect();
        let late: Vec<u64> = (320_000..640_000).map(|row| law.parent(row)).collect();
        let of = |rows: &[u64], parent| rows.iter().filter(|p| **p == parent).count() as f64;
        let busiest = (0..1000).max_by_key(|p| law.count(*p)).unwrap();
        let ratio = of(&early, busiest) / of(&late, busiest);
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }
}
