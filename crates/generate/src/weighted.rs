//! Numbers of children that are listed for each parent: those in proportion to a column of the parent.
//!
//! The rows of one parent are consecutive, in the order of the parents. Only every 64th start is stored beside the list.

use std::ops::Range;
use std::sync::Arc;

use crate::fanout::ChildRun;

/// Number of parents between two stored starts.
const STRIDE: usize = 64;

/// A number of children for each parent.
#[derive(Debug)]
pub struct WeightedLaw {
    counts: Arc<Vec<u32>>,
    /// The first row of every parent at a multiple of [`STRIDE`].
    starts: Vec<u64>,
}

impl WeightedLaw {
    pub fn new(counts: &Arc<Vec<u32>>) -> Self {
        let mut row = 0;
        let start = |block: &[u32]| {
            let start = row;
            row += block.iter().map(|&n| u64::from(n)).sum::<u64>();
            start
        };
        WeightedLaw { counts: counts.clone(), starts: counts.chunks(STRIDE).map(start).collect() }
    }

    pub fn parents(&self) -> u64 {
        self.counts.len() as u64
    }

    /// Returns the parent of a row, and the row's ordinal among its children; the last parent for rows beyond the last.
    pub fn parent(&self, row: u64) -> (u64, u64) {
        let block = self.starts.partition_point(|&start| start <= row).saturating_sub(1);
        let mut start = self.starts.get(block).copied().unwrap_or(0);
        for (i, &n) in self.counts.iter().enumerate().skip(block * STRIDE) {
            if row - start < u64::from(n) {
                return (i as u64, row - start);
            }
            start += u64::from(n);
        }
        debug_assert!(false, "row {row} of {start}");
        (self.parents().saturating_sub(1), 0)
    }

    /// Returns the first child row of a parent and the number of its children; none beyond the last parent.
    pub fn children(&self, parent: u64) -> (u64, u64) {
        let Some(&count) = usize::try_from(parent).ok().and_then(|p| self.counts.get(p)) else { return (0, 0) };
        let (block, at) = (parent as usize / STRIDE, parent as usize); // below a usize
        let before = self.counts[block * STRIDE..at].iter().map(|&n| u64::from(n)).sum::<u64>();
        (self.starts[block] + before, u64::from(count))
    }

    /// As [`parent`](Self::parent), for consecutive rows.
    pub fn each_run(&self, rows: Range<u64>, each: &mut dyn FnMut(ChildRun)) {
        let Range { start: mut row, end } = rows;
        if row >= end {
            return;
        }
        let (mut parent, mut ordinal) = self.parent(row);
        while row < end && parent < self.parents() {
            let count = u64::from(self.counts[parent as usize]);
            let len = (count - ordinal).min(end - row);
            if len > 0 {
                each(ChildRun { parent, ordinals: ordinal..ordinal + len });
            }
            (row, parent, ordinal) = (row + len, parent + 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_and_parents_are_inverse(counts in prop::collection::vec(0u32..9, 1..400), cut in 0u64..3000) {
            let law = WeightedLaw::new(&Arc::new(counts.clone()));
            let rows: u64 = counts.iter().map(|&n| u64::from(n)).sum();
            let mut next = 0;
            for (parent, &count) in counts.iter().enumerate() {
                prop_assert_eq!(law.children(parent as u64), (next, u64::from(count)));
                for ordinal in 0..u64::from(count) {
                    prop_assert_eq!(law.parent(next + ordinal), (parent as u64, ordinal));
                }
                next += u64::from(count);
            }
            prop_assert_eq!(law.children(counts.len() as u64), (0, 0));
            let from = cut.min(rows);
            let mut row = from;
            law.each_run(from..rows, &mut |run| {
                for ordinal in run.ordinals {
                    assert_eq!(law.parent(row), (run.parent, ordinal));
                    row += 1;
                }
            });
            prop_assert_eq!(row, rows);
        }
    }
}
