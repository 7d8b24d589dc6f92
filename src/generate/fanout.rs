//! Fan-out without memory: how many children each parent has, and which rows they are, as arithmetic.
//!
//! Parents are cut into blocks; a block's share of the children is exact (proportional), and inside the block a hash
//! shares them out unevenly. So row -> (parent, ordinal) and parent -> rows cost O(block), whatever the table sizes.

use super::stream::mix;

const BLOCK: u64 = 64;

/// The law that gives `children` rows to `parents` rows, at most `cap` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FanOut {
    key: u64,
    parents: u64,
    children: u64,
    cap: u64,
}

/// A block worked out: computed, never remembered for its own sake.
struct Block {
    law: FanOut,
    /// Its first parent.
    first: u64,
    /// Its child rows are `start..end`.
    start: u64,
    end: u64,
    /// One past the last child of each parent; beyond the parents, `u64::MAX`.
    ends: [u64; BLOCK as usize],
}

impl Block {
    fn holds(&self, row: u64) -> bool {
        (self.start..self.end).contains(&row)
    }

    fn parent(&self, row: u64) -> (u64, u64) {
        let i = self.ends.partition_point(|&end| end <= row);
        let begin = if i == 0 { self.start } else { self.ends[i - 1] };
        (self.first + i as u64, row - begin)
    }
}

thread_local! {
    /// A memo and nothing more: which block it holds changes no value.
    static LAST: std::cell::RefCell<Option<Block>> = const { std::cell::RefCell::new(None) };
}

impl FanOut {
    /// # Panics
    /// If the children do not fit: `children > parents * cap`.
    pub fn new(key: u64, parents: u64, children: u64, cap: u64) -> Self {
        assert!(
            u128::from(children) <= u128::from(parents) * u128::from(cap),
            "{children} children do not fit {parents} parents of at most {cap} each"
        );
        FanOut { key, parents, children, cap }
    }

    /// First child row of the parents from `parent` on.
    fn start(&self, parent: u64) -> u64 {
        let share = u128::from(self.children) * u128::from(parent) / u128::from(self.parents);
        u64::try_from(share).expect("at most `children` because parent <= parents")
    }

    /// Children of each parent of the block, in order.
    fn counts(&self, first: u64) -> ([u64; BLOCK as usize], usize) {
        let last = (first + BLOCK).min(self.parents);
        let len = (last - first) as usize;
        let total = self.start(last) - self.start(first);
        let mut counts = [0; BLOCK as usize];
        let weight = |i: usize| {
            // The product of two uniform bytes: most parents have few children, some have many, few have none.
            let h = mix(self.key ^ mix(first + i as u64));
            1 + (h & 0xff) * (h >> 8 & 0xff)
        };
        let weights: u64 = (0..len).map(weight).sum();
        let (mut seen, mut given) = (0u64, 0u64);
        for (i, count) in counts.iter_mut().enumerate().take(len) {
            seen += weight(i);
            let upto = match total.checked_mul(seen) {
                Some(product) => product / weights,
                // The division of wide numbers is many times slower.
                None => (u128::from(total) * u128::from(seen) / u128::from(weights)) as u64,
            };
            *count = upto - given;
            given = upto;
        }
        self.level(&mut counts[..len]);
        (counts, len)
    }

    /// Moves what exceeds the cap to the parents with room; a block always has room for its share.
    fn level(&self, counts: &mut [u64]) {
        let mut surplus = 0;
        for c in counts.iter_mut() {
            surplus += c.saturating_sub(self.cap);
            *c = (*c).min(self.cap);
        }
        for c in counts.iter_mut() {
            let moved = surplus.min(self.cap - *c);
            *c += moved;
            surplus -= moved;
        }
        debug_assert_eq!(surplus, 0);
    }

    /// Parent of a child row, and which of its children the row is (from 0).
    pub fn parent(&self, row: u64) -> (u64, u64) {
        debug_assert!(row < self.children);
        // Rows come in order: the block of the row before is nearly always the row's own.
        LAST.with_borrow_mut(|last| match last {
            Some(block) if block.law == *self && block.holds(row) => block.parent(row),
            _ => last.insert(self.block(row)).parent(row),
        })
    }

    /// The block that holds a child row.
    fn block(&self, row: u64) -> Block {
        let guess = u128::from(row) * u128::from(self.parents) / u128::from(self.children);
        let mut first = (guess as u64).min(self.parents - 1) / BLOCK * BLOCK;
        while self.start(first) > row {
            first -= BLOCK;
        }
        while self.start((first + BLOCK).min(self.parents)) <= row {
            first += BLOCK;
        }
        let (counts, len) = self.counts(first);
        let mut ends = [u64::MAX; BLOCK as usize];
        let start = self.start(first);
        let mut end = start;
        for (upto, count) in ends.iter_mut().zip(&counts[..len]) {
            end += count;
            *upto = end;
        }
        Block { law: *self, first, start, end, ends }
    }

    /// Child rows of a parent: first row and how many.
    pub fn children(&self, parent: u64) -> (u64, u64) {
        let first = parent / BLOCK * BLOCK;
        let (counts, _) = self.counts(first);
        let i = (parent - first) as usize;
        (self.start(first) + counts[..i].iter().sum::<u64>(), counts[i])
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
