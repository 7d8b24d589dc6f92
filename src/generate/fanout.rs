//! Fan-out without memory: how many children each parent has, and which rows they are, as arithmetic.
//!
//! Parents are cut into blocks; a block's share of the children is exact (proportional), and inside the block a hash
//! shares them out unevenly. So row -> (parent, ordinal) and parent -> rows cost O(block), whatever the table sizes.

use crate::stream::mix;

const BLOCK: u64 = 32;

/// The largest weight of a parent.
const HEAVIEST: u64 = 1 + 255 * 255;

/// The law that gives `children` rows to `parents` rows, at most `cap` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FanOut {
    key: u64,
    parents: u64,
    children: u64,
    cap: u64,
    /// No parent can reach the cap, and no product of a block is wider than a word: most laws by far.
    plain: bool,
}

/// A block worked out: computed, never remembered for its own sake.
struct Block {
    law: FanOut,
    /// Its first parent.
    first: u64,
    /// Its child rows are `start..end`.
    start: u64,
    end: u64,
    shares: Shares,
}

/// How a block's children are shared out; beyond its parents the last number repeats.
enum Shares {
    /// Sums of the weights up to each parent, itself included: a parent's children end at `total * sum / whole`.
    Weights([u64; BLOCK as usize]),
    /// One past the last child of each parent, counted from the block's first.
    Ends([u64; BLOCK as usize]),
}

impl Block {
    fn holds(&self, row: u64) -> bool {
        (self.start..self.end).contains(&row)
    }

    fn parent(&self, row: u64) -> (u64, u64) {
        let child = row - self.start;
        match &self.shares {
            Shares::Weights(sums) => {
                let (total, whole) = (self.end - self.start, sums[BLOCK as usize - 1]);
                // The first sum with `total * sum / whole > child`, without a division for each.
                let least = ((child + 1) * whole).div_ceil(total);
                let i = sums.partition_point(|&sum| sum < least);
                let begin = if i == 0 { 0 } else { total * sums[i - 1] / whole };
                (self.first + i as u64, child - begin)
            }
            Shares::Ends(ends) => {
                let i = ends.partition_point(|&end| end <= child);
                (self.first + i as u64, child - if i == 0 { 0 } else { ends[i - 1] })
            }
        }
    }
}

/// Blocks of as many laws as a key is commonly inherited through.
const MEMO: usize = 4;

thread_local! {
    /// A memo and nothing more: which blocks it holds changes no value.
    static MEMOS: std::cell::RefCell<Memo> = const { std::cell::RefCell::new(Memo { blocks: [const { None }; MEMO], next: 0 }) };
}

struct Memo {
    blocks: [Option<Block>; MEMO],
    /// The one to go where a law has none.
    next: usize,
}

impl Memo {
    fn parent(&mut self, law: &FanOut, row: u64) -> (u64, u64) {
        let own = self.blocks.iter().position(|b| b.as_ref().is_some_and(|b| b.law == *law));
        let at = own.unwrap_or_else(|| {
            self.next = (self.next + 1) % MEMO;
            self.next
        });
        match &mut self.blocks[at] {
            Some(block) if own.is_some() && block.holds(row) => block.parent(row),
            place => place.insert(law.block(row)).parent(row),
        }
    }
}

impl FanOut {
    /// # Panics
    /// If the children do not fit: `children > parents * cap`.
    pub fn new(key: u64, parents: u64, children: u64, cap: u64) -> Self {
        assert!(
            u128::from(children) <= u128::from(parents) * u128::from(cap),
            "{children} children do not fit {parents} parents of at most {cap} each"
        );
        let widest = u128::from(children) * u128::from(BLOCK) / u128::from(parents.max(1)) + 1;
        let plain = widest <= u128::from(cap) && (widest + 1) * u128::from(BLOCK * HEAVIEST) < 1 << 64;
        FanOut { key, parents, children, cap, plain }
    }

    /// First child row of the parents from `parent` on.
    fn start(&self, parent: u64) -> u64 {
        let share = match self.children.checked_mul(parent) {
            Some(product) => product / self.parents,
            // The division of wide numbers is many times slower.
            None => (u128::from(self.children) * u128::from(parent) / u128::from(self.parents)) as u64,
        };
        debug_assert!(share <= self.children);
        share
    }

    /// Sums of the weights of a block's `len` parents. A weight is the product of two uniform bytes: most parents have few
    /// children, some have many, few have none.
    fn sums(&self, first: u64, len: usize) -> [u64; BLOCK as usize] {
        let mut sums = [0; BLOCK as usize];
        let mut sum = 0;
        for (four, out) in sums.chunks_exact_mut(4).enumerate() {
            let bytes = mix(self.key ^ mix(first + 4 * four as u64)).to_le_bytes();
            for (i, out) in out.iter_mut().enumerate() {
                let weight = 1 + u64::from(bytes[2 * i]) * u64::from(bytes[2 * i + 1]);
                sum += if 4 * four + i < len { weight } else { 0 };
                *out = sum;
            }
        }
        sums
    }

    /// Parents of the block that begins with `first`.
    fn len(&self, first: u64) -> usize {
        (self.parents - first).min(BLOCK) as usize
    }

    /// One past the last child of each parent of the block, counted from its first child.
    fn ends(&self, first: u64) -> [u64; BLOCK as usize] {
        let len = self.len(first);
        let total = self.start(first + len as u64) - self.start(first);
        let sums = self.sums(first, len);
        let whole = sums[BLOCK as usize - 1];
        let mut ends = sums.map(|sum| (u128::from(total) * u128::from(sum) / u128::from(whole)) as u64);
        if !self.plain {
            self.level(&mut ends[..len]);
        }
        ends
    }

    /// Moves what exceeds the cap to the parents with room; a block always has room for its share.
    fn level(&self, ends: &mut [u64]) {
        let mut counts = [0; BLOCK as usize];
        let mut before = 0;
        for (count, end) in counts.iter_mut().zip(ends.iter()) {
            *count = end - before;
            before = *end;
        }
        let counts = &mut counts[..ends.len()];
        let mut surplus = 0;
        for c in counts.iter_mut() {
            surplus += c.saturating_sub(self.cap);
            *c = (*c).min(self.cap);
        }
        let mut sum = 0;
        for (c, end) in counts.iter_mut().zip(ends) {
            let moved = surplus.min(self.cap - *c);
            surplus -= moved;
            sum += *c + moved;
            *end = sum;
        }
        debug_assert_eq!(surplus, 0);
    }

    /// Parent of a child row, and which of its children the row is (from 0).
    pub fn parent(&self, row: u64) -> (u64, u64) {
        debug_assert!(row < self.children);
        // Rows come in order, and a key's columns together: the block is nearly always the one of the call before.
        MEMOS.with_borrow_mut(|memo| memo.parent(self, row))
    }

    /// The block that holds a child row.
    fn block(&self, row: u64) -> Block {
        let guess = match row.checked_mul(self.parents) {
            Some(product) => product / self.children,
            None => (u128::from(row) * u128::from(self.parents) / u128::from(self.children)) as u64,
        };
        let mut first = guess.min(self.parents - 1) / BLOCK * BLOCK;
        while self.start(first) > row {
            first -= BLOCK;
        }
        while self.start((first + BLOCK).min(self.parents)) <= row {
            first += BLOCK;
        }
        let (start, end) = (self.start(first), self.start((first + BLOCK).min(self.parents)));
        let shares = if self.plain {
            Shares::Weights(self.sums(first, self.len(first)))
        } else {
            Shares::Ends(self.ends(first))
        };
        Block { law: *self, first, start, end, shares }
    }

    /// Child rows of a parent: first row and how many.
    pub fn children(&self, parent: u64) -> (u64, u64) {
        let first = parent / BLOCK * BLOCK;
        let ends = self.ends(first);
        let i = (parent - first) as usize;
        let before = if i == 0 { 0 } else { ends[i - 1] };
        (self.start(first) + before, ends[i] - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_child_has_its_place(key: u64, parents in 1u64..500, cap in 1u64..40, share in 0.0f64..=1.0) {
            let children = ((parents * cap) as f64 * share) as u64;
            let law = FanOut::new(key, parents, children, cap);
            let mut next = 0;
            for p in 0..parents {
                let (start, count) = law.children(p);
                prop_assert_eq!(start, next);
                prop_assert!(count <= cap);
                for k in 0..count {
                    prop_assert_eq!(law.parent(start + k), (p, k));
                }
                next += count;
            }
            prop_assert_eq!(next, children);
        }
    }

    #[test]
    fn fan_out_is_uneven_but_wide() {
        let law = FanOut::new(7, 10_000, 100_000, u64::MAX);
        let counts: Vec<u64> = (0..10_000).map(|p| law.children(p).1).collect();
        assert!(counts.iter().filter(|&&c| c > 0).count() > 8_000, "most parents have children");
        assert!(counts.iter().max() > Some(&30), "some have many");
    }

    #[test]
    fn huge_tables() {
        let law = FanOut::new(1, 3_000_000_000, 10_000_000_000, 1 << 40);
        for row in [0, 1, 4_999_999_999, 9_999_999_999] {
            let (p, k) = law.parent(row);
            let (start, count) = law.children(p);
            assert!(k < count && start + k == row);
        }
    }
}
