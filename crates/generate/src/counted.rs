//! Exact numbers of children: a given number of parents has one row, a given number has two, and so on.
//!
//! Parents are divided into blocks. Each block holds a proportional number of the parents of each class (parents with
//! equal numbers of rows), so the first parent and the first row of a block are sums of one division per class; within
//! a block, a hash assigns parents to classes. So row -> (parent, ordinal) and parent -> rows cost O(block) at any
//! table size.

use std::cell::RefCell;
use std::ops::Range;

use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_plan::ChildCounts;

use crate::fanout::{ChildRun, FanOut};
use crate::weighted::WeightedLaw;

/// Number of parents in a block; larger with many classes, to limit the number of divisions per parent.
const BLOCK: u64 = 64;

/// The assignment of child rows to parents, by any of the laws.
#[derive(Debug)]
pub enum ChildLaw {
    /// The rows are distributed over the parents, unevenly.
    FanOut(FanOut),
    /// Each number of children applies to a given number of parents.
    Counted(CountedLaw),
    /// A number of children for each parent.
    Weighted(WeightedLaw),
}

impl ChildLaw {
    pub fn parents(&self) -> u64 {
        match self {
            ChildLaw::FanOut(law) => law.parents(),
            ChildLaw::Counted(law) => law.parents,
            ChildLaw::Weighted(law) => law.parents(),
        }
    }

    /// Returns the parent of a child row, and the row's ordinal among its children (from 0).
    #[inline]
    pub fn parent(&self, row: u64) -> (u64, u64) {
        match self {
            ChildLaw::FanOut(law) => law.parent(row),
            ChildLaw::Counted(law) => law.parent(row),
            ChildLaw::Weighted(law) => law.parent(row),
        }
    }

    /// As [`parent`](Self::parent), for rows in random order.
    #[inline]
    pub fn find(&self, row: u64) -> (u64, u64) {
        match self {
            ChildLaw::FanOut(law) => law.find(row),
            ChildLaw::Counted(law) => law.parent(row),
            ChildLaw::Weighted(law) => law.parent(row),
        }
    }

    /// As [`parent`](Self::parent), for consecutive rows.
    #[inline]
    pub fn each_run(&self, rows: Range<u64>, mut each: impl FnMut(ChildRun)) {
        match self {
            ChildLaw::FanOut(law) => law.runs(rows).for_each(each),
            ChildLaw::Counted(law) => law.each_run(rows, &mut each),
            ChildLaw::Weighted(law) => law.each_run(rows, &mut each),
        }
    }

    /// Returns the first child row of a parent and the number of its children; none beyond the last parent.
    pub fn children(&self, parent: u64) -> (u64, u64) {
        match self {
            ChildLaw::FanOut(law) => law.children(parent),
            ChildLaw::Counted(law) => law.children(parent),
            ChildLaw::Weighted(law) => law.children(parent),
        }
    }
}

/// The law that assigns one of the numbers of children to each parent.
#[derive(Debug)]
pub struct CountedLaw {
    key: u64,
    classes: Vec<Class>,
    blocks: u64,
    parents: u64,
    rows: u64,
}

#[derive(Debug)]
struct Class {
    children: u64,
    parents: u64,
    /// Below the number of blocks: the block at which the class's numbers are rounded up, so that rare classes are
    /// spread over different blocks.
    phase: u64,
}

/// Parents and rows before a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    parent: u64,
    row: u64,
}

struct CountedBlock {
    law: u64,
    start: Start,
    /// For each parent the end of its children, relative to the block's first.
    ends: Vec<u64>,
}

impl CountedBlock {
    fn children(&self, i: usize) -> Range<u64> {
        let begin = if i == 0 { 0 } else { self.ends[i - 1] };
        begin..self.ends[i]
    }

    fn holds_row(&self, row: u64) -> bool {
        let rows = self.ends.last().copied().unwrap_or(0);
        (self.start.row..self.start.row + rows).contains(&row)
    }

    fn holds_parent(&self, parent: u64) -> bool {
        (self.start.parent..self.start.parent + self.ends.len() as u64).contains(&parent)
    }

    /// Returns the parent of a row of the block, and the row's ordinal.
    fn parent(&self, row: u64) -> (u64, u64) {
        let child = row - self.start.row;
        let i = self.ends.partition_point(|&end| end <= child);
        (self.start.parent + i as u64, child - self.children(i).start)
    }
}

/// Number of blocks cached by each thread.
const MEMO: usize = 4;

thread_local! {
    /// A cache only: its content changes no value.
    static MEMOS: RefCell<Vec<CountedBlock>> = const { RefCell::new(Vec::new()) };
}

impl CountedLaw {
    pub fn new(key: u64, counts: &ChildCounts) -> Self {
        let parents = counts.parents();
        let blocks = (parents / BLOCK.max(2 * counts.0.len() as u64)).max(1);
        let mut key = key;
        let class = |&(children, parents): &(u64, u64)| {
            key = mix(key ^ mix(children) ^ parents);
            Class { children, parents, phase: CellRng::new(key).below(blocks) }
        };
        let classes = counts.0.iter().map(class).collect();
        CountedLaw { key, classes, blocks, parents, rows: counts.rows() }
    }

    /// Returns the parents and rows before a block; for the block after the last, the totals.
    fn start(&self, block: u64) -> Start {
        self.classes.iter().fold(Start { parent: 0, row: 0 }, |sum, class| {
            let parents = self.before(class, block);
            Start { parent: sum.parent + parents, row: sum.row + parents * class.children }
        })
    }

    /// Returns the number of parents of a class before a block.
    #[inline]
    fn before(&self, class: &Class, block: u64) -> u64 {
        match block.checked_mul(class.parents).and_then(|n| n.checked_add(class.phase)) {
            Some(n) => n / self.blocks,
            None => {
                let n = u128::from(block) * u128::from(class.parents) + u128::from(class.phase);
                (n / u128::from(self.blocks)) as u64 // at most the class's parents
            }
        }
    }

    fn block(&self, block: u64) -> CountedBlock {
        let mut counts = Vec::new();
        for class in &self.classes {
            let parents = self.before(class, block + 1) - self.before(class, block);
            counts.extend((0..parents).map(|_| class.children));
        }
        let mut rng = CellRng::new(self.key ^ mix(block));
        for i in (1..counts.len()).rev() {
            counts.swap(i, rng.below(i as u64 + 1) as usize);
        }
        let mut sum = 0;
        counts.iter_mut().for_each(|n| {
            sum += *n;
            *n = sum;
        });
        CountedBlock { law: self.key, start: self.start(block), ends: counts }
    }

    /// Returns the last block whose start, measured by `of`, is at most `at`; `all` is the total.
    fn search(&self, at: u64, all: u64, of: impl Fn(Start) -> u64) -> u64 {
        let begins = |block: u64| of(self.start(block)) <= at;
        let guess = u128::from(at) * u128::from(self.blocks) / u128::from(all.max(1));
        let guess = (guess as u64).min(self.blocks - 1);
        let (mut low, mut high, mut stride) = (guess, guess + 1, 1);
        while !begins(low) {
            (high, low) = (low, low.saturating_sub(stride));
            stride *= 2;
        }
        stride = 1;
        while high < self.blocks && begins(high) {
            (low, high) = (high, (high + stride).min(self.blocks));
            stride *= 2;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if begins(middle) { low = middle } else { high = middle }
        }
        low
    }

    /// Calls `with` with the block for which `holds` is true; `search` finds its number.
    fn with_block<R>(
        &self,
        holds: impl Fn(&CountedBlock) -> bool,
        search: impl FnOnce() -> u64,
        with: impl FnOnce(&CountedBlock) -> R,
    ) -> R {
        MEMOS.with_borrow_mut(|memo| {
            let known = memo.iter().position(|b| b.law == self.key && holds(b));
            let at = known.unwrap_or_else(|| {
                let made = self.block(search());
                if memo.len() < MEMO {
                    memo.push(made);
                    return memo.len() - 1;
                }
                memo.rotate_left(1);
                memo[MEMO - 1] = made;
                MEMO - 1
            });
            with(&memo[at])
        })
    }

    fn parent(&self, row: u64) -> (u64, u64) {
        debug_assert!(row < self.rows);
        let search = || self.search(row, self.rows, |s| s.row);
        self.with_block(|b| b.holds_row(row), search, |b| b.parent(row))
    }

    fn children(&self, parent: u64) -> (u64, u64) {
        if parent >= self.parents {
            return (0, 0);
        }
        let search = || self.search(parent, self.parents, |s| s.parent);
        self.with_block(
            |b| b.holds_parent(parent),
            search,
            |b| {
                let of = b.children((parent - b.start.parent) as usize);
                (b.start.row + of.start, of.end - of.start)
            },
        )
    }

    fn each_run(&self, rows: Range<u64>, each: &mut dyn FnMut(ChildRun)) {
        let Range { start: mut row, end } = rows;
        while row < end {
            let from = row;
            let search = || self.search(from, self.rows, |s| s.row);
            let runs = |b: &CountedBlock| {
                let begin = from - b.start.row;
                let first = b.ends.partition_point(|&end| end <= begin);
                for i in first..b.ends.len() {
                    let of = b.children(i);
                    let first = b.start.row + of.start;
                    let (begin, to) = (first.max(from), (b.start.row + of.end).min(end));
                    if begin < to {
                        let parent = b.start.parent + i as u64;
                        each(ChildRun { parent, ordinals: begin - first..to - first });
                        row = to;
                    }
                }
            };
            self.with_block(|b| b.holds_row(from), search, runs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_of_children_applies_to_its_number_of_parents(
            key: u64,
            numbers in prop::collection::btree_map(0u64..40, 1u64..300, 1..20),
        ) {
            let counts = ChildCounts(numbers.into_iter().collect());
            let law = ChildLaw::Counted(CountedLaw::new(key, &counts));
            let mut found = std::collections::BTreeMap::new();
            let mut next = 0;
            for p in 0..counts.parents() {
                let (start, count) = law.children(p);
                prop_assert_eq!(start, next);
                *found.entry(count).or_insert(0u64) += 1;
                for k in 0..count {
                    prop_assert_eq!(law.parent(start + k), (p, k));
                }
                next += count;
            }
            prop_assert_eq!(next, counts.rows());
            prop_assert_eq!(ChildCounts(found.into_iter().collect()), counts);
            let mut rows = Vec::new();
            law.each_run(0..next, |run| rows.extend(run.ordinals.map(|k| (run.parent, k))));
            prop_assert!((0..next).all(|row| rows[row as usize] == law.parent(row)));
            if next > 2 {
                let mut middle = Vec::new();
                law.each_run(next / 3..next / 2, |run| middle.extend(run.ordinals.map(|k| (run.parent, k))));
                prop_assert_eq!(&middle[..], &rows[next as usize / 3..next as usize / 2]);
            }
        }
    }

    #[test]
    fn law_is_exact_for_huge_tables() {
        let counts = ChildCounts(vec![(0, 1 << 40), (1, 1 << 41), (5, 3), (500, 1 << 30)]);
        let law = CountedLaw::new(1, &counts);
        for row in [0, 1, counts.rows() / 2, counts.rows() - 1] {
            let (p, k) = law.parent(row);
            let (start, count) = law.children(p);
            assert!(k < count && start + k == row);
        }
    }

    /// Parents of a rare class are not all at the end.
    #[test]
    fn rare_classes_are_spread_over_the_parents() {
        let counts = ChildCounts((1..=400).map(|n| (n, 4_000 / n)).collect());
        let law = CountedLaw::new(3, &counts);
        let parents = counts.parents();
        let heavy = (0..parents).filter(|p| law.children(*p).1 > 100);
        let (early, late): (Vec<u64>, Vec<u64>) = heavy.partition(|p| *p < parents / 2);
        assert!(early.len() > 1_000 && late.len() > 1_000, "{} and {}", early.len(), late.len());
    }
}
