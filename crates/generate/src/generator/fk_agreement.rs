//! Parent rows that must agree with columns that the row already has: back edges of cycles, and self references that
//! share columns.
//!
//! The shared columns do not depend on such a key, so evaluation never reads a row through itself. A row's own child is
//! found by inverting the parent selections on the path from the child to the row; any other row is found by the digest
//! of its shared columns, in a sorted list that the planner made.

use std::sync::Arc;

use super::parents::ParentChoiceGen;
use super::row_source::is_last_resort;
use super::{Generator, TableGen};
use crate::permute::Permutation;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::value::{Value, digest, fold};
use dbmocker_plan::FkStep;

#[derive(Debug)]
pub(super) struct AgreeGen {
    /// Columns of the row, and of the parent, that must be equal.
    pub columns: Vec<usize>,
    pub parent_columns: Vec<usize>,
    pub path: Vec<FkStep>,
    pub own: bool,
    pub earlier: bool,
    pub rooted: bool,
    /// Pairs of digest and row, sorted.
    pub list: Arc<Vec<u64>>,
}

impl AgreeGen {
    /// Returns the index range of the pairs whose digest is `wanted`.
    fn run(&self, wanted: u64) -> std::ops::Range<usize> {
        let pair = |i: usize| self.list[2 * i];
        let first = partition(0, self.list.len() / 2, |i| pair(i) < wanted);
        first..partition(first, self.list.len() / 2, |i| pair(i) == wanted)
    }
}

/// Returns the first index in `from..to` for which `holds` is false; `holds` must be monotone.
fn partition(from: usize, to: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (from, to);
    while from < to {
        let middle = from + (to - from) / 2;
        if holds(middle) { from = middle + 1 } else { to = middle }
    }
    from
}

/// Returns the digest of the shared columns; `None` if one of them is NULL.
pub fn agreement(cells: &[Value]) -> Option<u64> {
    (!cells.iter().any(Value::is_null)).then(|| fold(digest(cells)))
}

impl Generator {
    /// Returns the parent row of a key that must agree with the row's other columns, without the offset of existing
    /// rows.
    pub(super) fn agreeing(&self, t: usize, foreign: usize, a: &AgreeGen, row: u64, attempt: u32) -> Option<u64> {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let (source, parent) = (&table.sources[f.source], f.parent?);
        let known = self.cells(t, &a.columns, row).ok()?;
        let wanted = agreement(&known)?;
        let word = source.stream.at(row, attempt);
        if attempt == 0 || a.own {
            // The draw is independent of the attempt: another attempt could take another child of the row.
            let child = self.own_child(&a.path, row, source.stream.at(row, 0));
            let same = |p: &u64| self.cells(parent, &a.parent_columns, *p).is_ok_and(|c| agreement(&c) == Some(wanted));
            if let Some(child) = child.filter(|p| *p < self.tables.get(parent).map_or(0, |p| p.rows)).filter(same) {
                return Some(child);
            }
        }
        // A list of own children is keyed by row.
        let run = a.run(if a.own && !a.earlier { row } else { wanted });
        let below = a.earlier && !is_last_resort(attempt);
        let end = if below { partition(run.start, run.end, |i| a.list[2 * i + 1] < row) } else { run.end };
        match (end - run.start) as u64 {
            0 => a.rooted.then_some(row),
            n => {
                let among = if a.own { n - 1 } else { CellRng::of_cell(word).below(n) };
                Some(a.list[2 * (run.start + among as usize) + 1])
            }
        }
    }

    /// Follows a path of foreign keys from child to parent; `None` if a key is NULL or leads to an existing row.
    pub fn ancestor(&self, path: &[FkStep], row: u64) -> Option<u64> {
        path.iter().rev().try_fold(row, |row, step| {
            let table = &self.tables[step.table];
            let up = self.parent_row(step.table, step.foreign, row, table.attempt(row))?;
            up.checked_sub(table.foreign[step.foreign].existing_keys.len() as u64)
        })
    }

    /// Returns a row that leads back to `row` along the path: a descendant of it.
    fn own_child(&self, path: &[FkStep], row: u64, word: u64) -> Option<u64> {
        if path.is_empty() {
            return None;
        }
        path.iter().try_fold(row, |row, step| {
            let table = self.tables.get(step.table)?;
            let f = &table.foreign[step.foreign];
            let source = &table.sources[f.source];
            table.child_of((row + f.existing_keys.len() as u64).checked_sub(source.first)?, f.source, word)
        })
    }
}

impl TableGen {
    /// Returns a row whose parent index by this parent selection is `p`, if the selection can be inverted.
    fn child_of(&self, p: u64, source: usize, word: u64) -> Option<u64> {
        let source = &self.sources[source];
        if source.combinations.is_some() || source.meets.is_some() || p >= source.size {
            return None;
        }
        match &source.pick {
            ParentChoiceGen::OneToOne(permutation) => Some(permutation.invert(p)).filter(|row| *row < self.rows),
            ParentChoiceGen::InOrder(law) => law.child(p),
            ParentChoiceGen::Cover(cover) => cover.child(p),
            ParentChoiceGen::Component { composite_key, place: 0 } => {
                let (first, count) = self.composite_keys[*composite_key].children_of_digit(p)?;
                (count > 0).then(|| first + CellRng::of_cell(mix(word)).below(count))
            }
            _ => None,
        }
    }

    /// Returns true if [`Generator::parent_row`] can be inverted for this parent selection.
    pub fn is_invertible(&self, source: usize) -> bool {
        let source = &self.sources[source];
        let arithmetic = match &source.pick {
            ParentChoiceGen::OneToOne(_) | ParentChoiceGen::InOrder(_) | ParentChoiceGen::Cover(_) => true,
            ParentChoiceGen::Component { composite_key, place: 0 } => {
                self.composite_keys[*composite_key].law().is_some()
            }
            _ => false,
        };
        arithmetic && source.combinations.is_none() && source.meets.is_none()
    }
}

/// Gives most parents a child that the inverse finds: each of the first rows has a different parent.
#[derive(Debug)]
pub(super) struct CoverGen {
    /// Number of leading rows whose parents are distinct.
    firsts: u64,
    permutation: Permutation,
}

impl CoverGen {
    /// Distributes `rows` rows over `size` parents; `all`: give a child to as many parents as possible.
    pub fn new(key: u64, size: u64, rows: u64, all: bool) -> Self {
        // A fifth of the rows are further children, so that some parents have several.
        let firsts = if all { rows } else { rows - rows / 5 };
        CoverGen { firsts: firsts.min(size), permutation: Permutation::new(key, size.clamp(1, 1 << 63)) }
    }

    pub fn parent(&self, row: u64, stream: Stream, attempt: u32) -> Option<u64> {
        let place = if row < self.firsts {
            row
        } else if self.firsts > 0 {
            super::parents::skewed(stream.at(row, attempt), self.firsts)
        } else {
            return None;
        };
        Some(self.permutation.apply(place))
    }

    /// Returns the first child of a parent.
    fn child(&self, parent: u64) -> Option<u64> {
        Some(self.permutation.invert(parent)).filter(|row| *row < self.firsts)
    }
}

/// Unique self references that are never NULL: each row refers to the next, in closed chains of `length` rows. A single
/// row left over at the end joins the chain before it, so no row refers to itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChainGen {
    pub length: u64,
    pub rows: u64,
}

impl ChainGen {
    pub fn next(self, row: u64) -> u64 {
        let ChainGen { length, rows } = self;
        let alone = |first: u64| first > 0 && first.checked_add(1) == Some(rows);
        let mut first = row - row % length;
        if alone(first) {
            first -= length;
        }
        let end = first.saturating_add(length);
        let end = if alone(end) { rows } else { end.min(rows) };
        if row + 1 >= end { first } else { row + 1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cover_parent_and_child_are_inverse(key: u64, size in 1u64..300, rows in 0u64..300, all: bool) {
            let cover = CoverGen::new(key, size, rows, all);
            let stream = Stream::new(key, "t", "c");
            let of = |row| cover.parent(row, stream, 0);
            for row in 0..rows {
                prop_assert!(of(row).is_some_and(|p| p < size));
            }
            let with_child = (0..size).filter(|&p| cover.child(p).is_some()).count() as u64;
            let expected = if all { rows } else { rows - rows / 5 };
            prop_assert_eq!(with_child, expected.min(size));
            for p in 0..size {
                if let Some(child) = cover.child(p) {
                    prop_assert!(child < rows);
                    prop_assert_eq!(of(child), Some(p));
                }
            }
        }

        #[test]
        fn every_row_is_referred_to_once_in_a_chain(rows in 1u64..200, length in 2u64..10) {
            let chain = ChainGen { length, rows };
            let mut seen: Vec<u64> = (0..rows).map(|row| chain.next(row)).collect();
            prop_assert!(rows == 1 || (0..rows).all(|row| chain.next(row) != row));
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..rows).collect::<Vec<_>>());
        }

        #[test]
        fn binary_search_equals_a_filter(mut pairs: Vec<(u8, u8)>, wanted: u8, row: u8) {
            pairs.sort_unstable();
            let list = pairs.iter().flat_map(|&(d, r)| [u64::from(d), u64::from(r)]).collect();
            let a = AgreeGen {
                columns: vec![], parent_columns: vec![], path: vec![], own: false, earlier: true, rooted: false,
                list: Arc::new(list),
            };
            let run = a.run(wanted.into());
            prop_assert!(run.clone().all(|i| pairs[i].0 == wanted));
            prop_assert_eq!(run.len(), pairs.iter().filter(|p| p.0 == wanted).count());
            let below = partition(run.start, run.end, |i| a.list[2 * i + 1] < row.into());
            prop_assert_eq!(below - run.start, pairs.iter().filter(|p| p.0 == wanted && p.1 < row).count());
        }
    }
}
