//! Fan-out without memory: the number of children of each parent, and their rows, by arithmetic.
//!
//! Parents are divided into blocks. A block's share of the children is exact (proportional); within the block a hash
//! distributes them unevenly. So row -> (parent, ordinal) and parent -> rows cost O(block) at any table size.

use std::ops::Range;

use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_plan::Fan;

/// Number of parents in a block.
const BLOCK: u64 = 16;
const WIDTH: usize = BLOCK as usize;

/// How the children of a block are distributed over its parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weights {
    /// Details of one object: similar numbers for all parents.
    Even,
    Usual,
    /// Few parents have most children.
    Heavy,
    /// A geometric distribution with this ratio of successive probabilities, in units of 1/65536.
    Geometric(u16),
}

/// Distributes `children` rows over `parents` rows, at most `cap` each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FanOut {
    key: u64,
    parents: u64,
    children: u64,
    /// Minimum number of children of each parent.
    least: u64,
    /// Children beyond the minimum, distributed by hash.
    extra: u64,
    cap: u64,
    weights: Weights,
    /// Parents per child: the first guess of a search.
    ratio: f64,
    /// No parent can reach the cap, and the children of a block fit 32 bits: true for most laws.
    plain: bool,
}

/// The distribution within one block. Recomputed on demand.
struct Block {
    law: FanOut,
    /// First parent of the block.
    first: u64,
    /// Its child rows are `start..end`.
    start: u64,
    end: u64,
    /// For each parent the end of its children, relative to `start`; entries beyond the last parent repeat the last
    /// end.
    ends: [u64; WIDTH],
    /// The most recently requested parent and its child rows: requests come in row order.
    last: (u64, Range<u64>),
}

impl Block {
    /// A block of no law, without rows.
    const NONE: Block = Block {
        law: FanOut {
            key: 0,
            parents: 0,
            children: 0,
            least: 0,
            extra: 0,
            cap: 0,
            weights: Weights::Usual,
            ratio: 0.0,
            plain: true,
        },
        first: 0,
        start: 0,
        end: 0,
        ends: [0; WIDTH],
        last: (0, 0..0),
    };

    #[inline]
    fn parent(&mut self, row: u64) -> (u64, u64) {
        if !self.last.1.contains(&row) {
            let child = row - self.start;
            // Counting over the whole block is faster than a search with branches.
            let i = self.ends.iter().filter(|&&end| end <= child).count();
            let begin = if i == 0 { 0 } else { self.ends[i - 1] };
            self.last = (self.first + i as u64, self.start + begin..self.start + self.ends[i]);
        }
        (self.last.0, row - self.last.1.start)
    }
}

/// Number of cached blocks: the usual number of tables through which a key is inherited.
const MEMO: usize = 4;

thread_local! {
    /// A cache only: its content changes no value.
    static MEMOS: std::cell::RefCell<BlockMemo> = const { std::cell::RefCell::new(BlockMemo { blocks: [const { None }; MEMO], next: 0 }) };
}

/// A range of child rows of one parent.
#[derive(Debug, PartialEq)]
pub struct ChildRun {
    pub parent: u64,
    /// Ordinals of these rows among the parent's children, from 0.
    pub ordinals: Range<u64>,
}

/// Iterates over the rows of a law in order, one run per parent.
pub struct ChildRuns<'a> {
    law: &'a FanOut,
    rows: Range<u64>,
    block: Block,
    /// Index of the parent in the block.
    at: usize,
}

impl Iterator for ChildRuns<'_> {
    type Item = ChildRun;

    #[inline]
    fn next(&mut self) -> Option<ChildRun> {
        if self.rows.is_empty() {
            return None;
        }
        if !(self.block.start..self.block.end).contains(&self.rows.start) {
            self.law.work_out(self.rows.start, &mut self.block);
            self.at = 0;
        }
        let child = self.rows.start - self.block.start;
        while self.block.ends[self.at] <= child {
            self.at += 1;
        }
        let begin = if self.at == 0 { 0 } else { self.block.ends[self.at - 1] };
        let end = self.block.ends[self.at].min(self.rows.end - self.block.start);
        self.rows.start = self.block.start + end;
        Some(ChildRun { parent: self.block.first + self.at as u64, ordinals: child - begin..end - begin })
    }
}

struct BlockMemo {
    blocks: [Option<Block>; MEMO],
    /// Entry to replace when the law has none.
    next: usize,
}

impl BlockMemo {
    fn parent(&mut self, law: &FanOut, row: u64) -> (u64, u64) {
        let own = self.blocks.iter().position(|b| b.as_ref().is_some_and(|b| b.law == *law));
        let at = own.unwrap_or_else(|| {
            self.next = (self.next + 1) % MEMO;
            self.next
        });
        let block = self.blocks[at].get_or_insert(Block::NONE);
        if own.is_none() || !(block.start..block.end).contains(&row) {
            law.work_out(row, block);
        }
        block.parent(row)
    }
}

/// Returns a geometrically distributed integer for 16 random bits, as a weight.
fn geometric(factor: u16, word: u32) -> u32 {
    let u = (f64::from(word) + 0.5) / 65_536.0;
    let number = u.ln() / (f64::from(factor) / 65_536.0).ln();
    // At least 1, so that the sum of the weights is not zero.
    1 + 64 * (number as u32).min(1_000)
}

/// Returns `total / whole` as a fixed-point number with 32 fractional bits, rounded up so that the last end equals the
/// total. The sum of a block's weights has at most 20 bits.
#[inline]
fn each(total: u64, whole: u32) -> u64 {
    (total << 32).div_ceil(u64::from(whole))
}

impl FanOut {
    /// # Panics
    /// If the children do not fit: `children > parents * cap`.
    pub fn new(key: u64, parents: u64, children: u64, cap: u64, fan: Fan) -> Self {
        assert!(
            u128::from(children) <= u128::from(parents) * u128::from(cap),
            "{children} children do not fit {parents} parents of at most {cap} each"
        );
        let ratio = parents as f64 / children.max(1) as f64;
        let light = fan == Fan::Light;
        let weights = if light { Weights::Even } else { Weights::Usual };
        let law = FanOut { key, parents, children, least: 0, extra: children, cap, weights, ratio, plain: false };
        let one_each = light && children >= parents && cap > 0;
        if one_each { law.with_least(1) } else { law.made_plain() }
    }

    /// The law of details: a small number for each parent, with little variation.
    pub fn details(key: u64, parents: u64, children: u64) -> Self {
        let fan = if children >= parents + parents / 2 { Fan::Light } else { Fan::Usual };
        FanOut::new(key, parents.max(1), children, u64::MAX, fan)
    }

    /// The law of rows that owners accumulate over time: few owners have most, many have none.
    pub fn gathered(key: u64, parents: u64, children: u64) -> Self {
        FanOut { weights: Weights::Heavy, ..FanOut::new(key, parents.max(1), children, u64::MAX, Fan::Usual) }
    }

    /// The law for a known mean: a geometric distribution.
    pub fn geometric(key: u64, parents: u64, children: u64, least: u64) -> Self {
        let law = FanOut::new(key, parents.max(1), children, u64::MAX, Fan::Usual);
        let mean = (children as f64 / parents.max(1) as f64 - least as f64).max(0.01);
        let factor = (65_536.0 * mean / (1.0 + mean)) as u16;
        let law = FanOut { weights: Weights::Geometric(factor.max(1)), ..law };
        if parents.checked_mul(least).is_some_and(|all| all <= children) { law.with_least(least) } else { law }
    }

    /// As before, with a minimum number of children for each parent.
    ///
    /// # Panics
    /// If there are fewer children than that, or if the cap is lower.
    pub fn with_least(self, least: u64) -> Self {
        if least <= self.least {
            return self;
        }
        let extra = self.parents.checked_mul(least).and_then(|all| self.children.checked_sub(all));
        let extra = extra.filter(|_| least <= self.cap).expect("there are children for every parent");
        FanOut { least, extra, ..self }.made_plain()
    }

    fn made_plain(mut self) -> Self {
        let widest = u128::from(self.extra) * u128::from(BLOCK) / u128::from(self.parents.max(1)) + 1;
        self.plain = widest <= u128::from(self.cap - self.least) && widest < 1 << 32;
        self
    }

    /// Returns the number of parents.
    pub fn parents(&self) -> u64 {
        self.parents
    }

    /// Returns the first child row of the parents from `parent` on.
    fn start(&self, parent: u64) -> u64 {
        let composite_key = match self.extra.checked_mul(parent) {
            Some(product) => product / self.parents,
            // 128-bit division is many times slower.
            None => (u128::from(self.extra) * u128::from(parent) / u128::from(self.parents)) as u64,
        };
        debug_assert!(composite_key <= self.extra);
        self.least * parent + composite_key
    }

    /// Returns the running sums of the weights of a block's `len` parents. A weight is the product of two uniform
    /// bytes: most parents have few children, some have many, few have none.
    fn sums(&self, first: u64, len: usize) -> [u32; WIDTH] {
        let mut rng = CellRng::new(self.key ^ mix(first));
        let words: [u64; WIDTH / 4] = std::array::from_fn(|_| rng.word());
        // Weights first: they are independent of each other.
        let mut sums: [u32; WIDTH] = std::array::from_fn(|i| {
            let [low, high] = ((words[i / 4] >> (16 * (i % 4))) as u16).to_le_bytes();
            let product = u32::from(low) * u32::from(high);
            match self.weights {
                _ if i >= len => 0,
                Weights::Even => 1 + u32::from(low) + u32::from(high),
                Weights::Usual => 1 + product,
                // The square, scaled down to 16 bits.
                Weights::Geometric(factor) => geometric(factor, (u32::from(high) << 8) | u32::from(low)),
                Weights::Heavy => 1 + (product >> 4) * (product >> 4) / 256,
            }
        });
        for i in 1..WIDTH {
            sums[i] += sums[i - 1];
        }
        sums
    }

    /// Returns the number of parents in the block that begins with `first`.
    fn len(&self, first: u64) -> usize {
        (self.parents - first).min(BLOCK) as usize
    }

    /// Returns for each parent of the block the end of its children, relative to the block's first child. `total`:
    /// children of the block.
    fn ends(&self, first: u64, total: u64) -> [u64; WIDTH] {
        if self.least == 0 {
            return self.ends_of_extra(first, total);
        }
        let len = self.len(first) as u64;
        let mut ends = self.ends_of_extra(first, total - self.least * len);
        ends.iter_mut().zip(1..).for_each(|(end, parents)| *end += self.least * len.min(parents));
        ends
    }

    fn ends_of_extra(&self, first: u64, total: u64) -> [u64; WIDTH] {
        let len = self.len(first);
        let sums = self.sums(first, len);
        let whole = sums[WIDTH - 1];
        if self.plain {
            let each = each(total, whole);
            return sums.map(|sum| (u64::from(sum) * each) >> 32);
        }
        let mut ends = sums.map(|sum| (u128::from(total) * u128::from(sum) / u128::from(whole)) as u64);
        self.level(&mut ends[..len]);
        ends[len..].fill(total);
        ends
    }

    /// Moves children above the cap to parents below it; a block always has room for its share.
    fn level(&self, ends: &mut [u64]) {
        let mut counts = [0; WIDTH];
        let mut before = 0;
        for (count, end) in counts.iter_mut().zip(ends.iter()) {
            *count = end - before;
            before = *end;
        }
        let counts = &mut counts[..ends.len()];
        let cap = self.cap - self.least;
        let mut surplus = 0;
        for c in counts.iter_mut() {
            surplus += c.saturating_sub(cap);
            *c = (*c).min(cap);
        }
        let mut sum = 0;
        for (c, end) in counts.iter_mut().zip(ends) {
            let moved = surplus.min(cap - *c);
            surplus -= moved;
            sum += *c + moved;
            *end = sum;
        }
        debug_assert_eq!(surplus, 0);
    }

    /// Returns the parent of a child row, and the row's ordinal among the children (from 0).
    pub fn parent(&self, row: u64) -> (u64, u64) {
        debug_assert!(row < self.children);
        // Rows come in order, and the columns of a key together: the block is almost always that of the previous call.
        MEMOS.with_borrow_mut(|memo| memo.parent(self, row))
    }

    /// As [`parent`](Self::parent), for consecutive rows.
    pub fn runs(&self, rows: Range<u64>) -> ChildRuns<'_> {
        ChildRuns { law: self, rows, block: Block::NONE, at: 0 }
    }

    /// As [`parent`](Self::parent), for rows in random order: caches nothing, so consecutive calls are independent.
    #[inline]
    pub fn find(&self, row: u64) -> (u64, u64) {
        let (first, start, end) = self.block(row);
        if !self.plain || self.len(first) < WIDTH {
            return self.parent(row);
        }
        let (sums, child) = (self.sums(first, WIDTH), row - start);
        let each = each(end - start - self.least * BLOCK, sums[WIDTH - 1]);
        let end_of = |i: usize| ((u64::from(sums[i]) * each) >> 32) + self.least * (i as u64 + 1);
        // Branch-free binary search for the first end beyond the child.
        let mut i = 0;
        for half in [8, 4, 2, 1] {
            i += if end_of(i + half - 1) <= child { half } else { 0 };
        }
        let begin = if i == 0 { 0 } else { end_of(i - 1) };
        (first + i as u64, child - begin)
    }

    /// Returns the block of a child row: its first parent, its first child and the end of its children.
    #[inline]
    fn block(&self, row: u64) -> (u64, u64, u64) {
        let guess = (row as f64 * self.ratio) as u64;
        let mut first = guess.min(self.parents - 1) / BLOCK * BLOCK;
        let next = |first: u64| (first + BLOCK).min(self.parents);
        let (mut start, mut end) = (self.start(first), self.start(next(first)));
        if !(start..end).contains(&row) {
            first = self.search(first, row);
            (start, end) = (self.start(first), self.start(next(first)));
        }
        (first, start, end)
    }

    /// Returns the first parent of the last block that begins at or before a child row, in steps that double: with few
    /// children a block without any may be followed by any number of others.
    #[cold]
    fn search(&self, guess: u64, row: u64) -> u64 {
        let last = (self.parents - 1) / BLOCK;
        let begins = |block: u64| self.start(block * BLOCK) <= row;
        let (mut low, mut stride) = (guess / BLOCK, 1_u64);
        let mut high = low + 1;
        while !begins(low) {
            (high, low) = (low, low.saturating_sub(stride));
            stride = stride.saturating_mul(2);
        }
        while high <= last && begins(high) {
            (low, high) = (high, high.saturating_add(stride).min(last + 1));
            stride = stride.saturating_mul(2);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if begins(middle) { low = middle } else { high = middle }
        }
        low * BLOCK
    }

    fn work_out(&self, row: u64, block: &mut Block) {
        let (first, start, end) = self.block(row);
        block.ends = self.ends(first, end - start);
        (block.law, block.first, block.start, block.end, block.last) = (*self, first, start, end, (0, 0..0));
    }

    /// Returns the first child row of a parent and the number of its children; none beyond the last parent.
    pub fn children(&self, parent: u64) -> (u64, u64) {
        // A key's domain may be smaller than the parent table.
        if parent >= self.parents {
            return (0, 0);
        }
        let first = parent / BLOCK * BLOCK;
        let start = self.start(first);
        let ends = self.ends(first, self.start(first + self.len(first) as u64) - start);
        let i = (parent - first) as usize;
        let before = if i == 0 { 0 } else { ends[i - 1] };
        (start + before, ends[i] - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parent_and_children_are_inverse(
            key: u64,
            parents in 1u64..500,
            cap in 1u64..40,
            part in 0.0f64..=1.0,
            least in 0u64..4,
            light: bool,
        ) {
            let fan = if light { Fan::Light } else { Fan::Usual };
            let least = least.min(cap);
            let children = (((parents * cap) as f64 * part) as u64).max(parents * least);
            let law = FanOut::new(key, parents, children, cap, fan).with_least(least);
            let mut runs = law.runs(0..children);
            let mut next = 0;
            for p in 0..parents {
                let (start, count) = law.children(p);
                prop_assert_eq!(start, next);
                prop_assert!((least..=cap).contains(&count));
                for k in 0..count {
                    prop_assert_eq!(law.parent(start + k), (p, k));
                    prop_assert_eq!(law.find(start + k), (p, k));
                }
                if count > 0 {
                    prop_assert_eq!(runs.next(), Some(ChildRun { parent: p, ordinals: 0..count }));
                    let middle: Vec<ChildRun> = law.runs(start + count / 2..start + count).collect();
                    prop_assert_eq!(middle, [ChildRun { parent: p, ordinals: count / 2..count }]);
                }
                next += count;
            }
            prop_assert_eq!(next, children);
            prop_assert_eq!(runs.next(), None);
        }
    }

    proptest! {
        #[test]
        fn details_give_every_parent_a_row_and_are_invertible(key: u64, parents in 1u64..300, children in 0u64..2000) {
            let law = FanOut::details(key, parents, children);
            let mut next = 0;
            for p in 0..parents {
                let (start, count) = law.children(p);
                prop_assert_eq!(start, next);
                // With about as many rows as parents, some parents have several and some none.
                if children >= parents + parents / 2 {
                    prop_assert!(count > 0);
                    prop_assert!(count <= 1 + 9 * children.div_ceil(parents));
                }
                for k in 0..count {
                    prop_assert_eq!(law.parent(start + k), (p, k));
                    prop_assert_eq!(law.find(start + k), (p, k));
                }
                next += count;
            }
            prop_assert_eq!(next, children);
            let parent = |run: ChildRun| run.ordinals.map(move |k| (run.parent, k));
            let rows: Vec<(u64, u64)> = law.runs(0..children).flat_map(parent).collect();
            prop_assert!((0..children).all(|row| rows[row as usize] == law.parent(row)));
        }
    }

    #[test]
    fn fan_out_is_uneven_and_bounded() {
        let law = FanOut::new(7, 10_000, 100_000, u64::MAX, Fan::Usual);
        let counts: Vec<u64> = (0..10_000).map(|p| law.children(p).1).collect();
        assert!(counts.iter().filter(|&&c| c > 0).count() > 8_000, "most parents have children");
        assert!(counts.iter().max() > Some(&30), "some have many");
    }

    #[test]
    fn details_vary_little_and_every_parent_has_a_row() {
        let law = FanOut::new(7, 10_000, 25_000, u64::MAX, Fan::Light);
        let counts: Vec<u64> = (0..10_000).map(|p| law.children(p).1).collect();
        assert!(counts.iter().all(|c| (1..=8).contains(c)), "{:?} to {:?}", counts.iter().min(), counts.iter().max());
        assert!(counts.iter().filter(|&&c| c == 1).count() > 500 && counts.iter().filter(|&&c| c > 3).count() > 300);
    }

    /// Blocks without children are not tried one after the other.
    #[test]
    fn few_children_of_very_many_parents_are_found_at_once() {
        let law = FanOut::new(1, 1_000_000_000_000_000, 3, u64::MAX, Fan::Usual);
        let mut before = None;
        for row in 0..3 {
            let (parent, ordinal) = law.parent(row);
            let (start, count) = law.children(parent);
            assert!(ordinal < count && start + ordinal == row, "{row} of {parent}");
            assert!(before <= Some(parent));
            assert_eq!(law.find(row), (parent, ordinal));
            before = Some(parent);
        }
        let runs: Vec<u64> = law.runs(0..3).map(|run| run.parent).collect();
        assert!(runs.is_sorted() && runs.last() == Some(&law.parent(2).0), "{runs:?}");
    }

    #[test]
    fn law_is_exact_for_huge_tables() {
        let law = FanOut::new(1, 3_000_000_000, 10_000_000_000, 1 << 40, Fan::Usual);
        for row in [0, 1, 4_999_999_999, 9_999_999_999] {
            let (p, k) = law.parent(row);
            let (start, count) = law.children(p);
            assert!(k < count && start + k == row);
        }
    }
}
