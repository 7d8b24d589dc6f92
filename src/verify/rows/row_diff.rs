//! Compares the rows of differing buckets one by one, and finds the missing, extra or changed ones.

use std::collections::HashMap;

use super::checksum_buckets::{Fingerprints, bucket};
use super::{CellDifference, CompareWork, EXAMPLES, RowDifference, RowKind, RowsError, TableRows};

/// Rows held at once, some 64 bytes each.
const HELD: u64 = 400_000;
/// Maximum number of passes over both sides.
const ROUNDS: usize = 16;

/// Regenerated rows of one key that were not found yet.
struct Waiting {
    print: u128,
    /// The number of the first row.
    row: u64,
    count: u64,
}

pub(super) struct RowDiff<'w, 'a> {
    work: &'w mut CompareWork<'a>,
    buckets: usize,
    /// Differing buckets compared in one pass.
    at_once: usize,
}

/// A differing row, before it is described.
enum DifferingRow {
    Missing(u64),
    Extra(Vec<Option<String>>),
    Changed(u64, Vec<Option<String>>),
}

impl<'w, 'a> RowDiff<'w, 'a> {
    pub fn new(work: &'w mut CompareWork<'a>, buckets: usize, rows: u64) -> Self {
        let each = (rows / buckets as u64).max(1);
        let at_once = usize::try_from((HELD / each).max(1)).unwrap_or(usize::MAX);
        RowDiff { work, buckets, at_once }
    }

    /// Counts the differences and describes a few.
    pub fn look(&mut self, differing: &[usize], out: &mut TableRows) -> Result<(), RowsError> {
        for (round, chosen) in differing.chunks(self.at_once).enumerate() {
            if round == ROUNDS {
                out.unseen_parts = differing.len() - round * self.at_once;
                break;
            }
            for odd in self.round(chosen, out)? {
                let described = self.describe(odd)?;
                out.examples.push(described);
            }
        }
        out.examples.sort_by_key(|e| e.kind as u8);
        Ok(())
    }

    fn round(&mut self, chosen: &[usize], out: &mut TableRows) -> Result<Vec<DifferingRow>, RowsError> {
        let buckets = self.buckets;
        let wanted = |p: Fingerprints| chosen.binary_search(&bucket(p.key, buckets)).is_ok();
        let mut waiting: HashMap<u128, Waiting> = HashMap::new();
        self.work.expected(&mut |row, prints| {
            if wanted(prints) {
                waiting.entry(prints.key).or_insert(Waiting { print: prints.row, row, count: 0 }).count += 1;
            }
        })?;
        let mut odd = Vec::new();
        let room = |out: &TableRows, odd: &[DifferingRow], kind: RowKind| {
            let told = out.examples.iter().filter(|e| e.kind == kind).count();
            told + odd.iter().filter(|o| o.kind() == kind).count() < EXAMPLES
        };
        self.work.found(&mut |prints, cells| {
            if !wanted(prints) {
                return true;
            }
            match waiting.get_mut(&prints.key).filter(|w| w.count > 0) {
                Some(w) if w.print == prints.row => w.count -= 1,
                Some(w) => {
                    w.count -= 1;
                    out.changed += 1;
                    if room(out, &odd, RowKind::Changed) {
                        odd.push(DifferingRow::Changed(w.row, cells.to_vec()));
                    }
                }
                None => {
                    out.extra += 1;
                    if room(out, &odd, RowKind::Extra) {
                        odd.push(DifferingRow::Extra(cells.to_vec()));
                    }
                }
            }
            true
        })?;
        let mut missing: Vec<(u64, u64)> = waiting.values().filter(|w| w.count > 0).map(|w| (w.row, w.count)).collect();
        missing.sort_unstable();
        for (row, count) in missing {
            out.missing += count;
            if room(out, &odd, RowKind::Missing) {
                odd.push(DifferingRow::Missing(row));
            }
        }
        Ok(odd)
    }

    fn describe(&mut self, odd: DifferingRow) -> Result<RowDifference, RowsError> {
        let kind = odd.kind();
        let (expected, found) = match odd {
            DifferingRow::Missing(row) => (Some(self.work.expected_row(row)?), None),
            DifferingRow::Extra(found) => (None, Some(found)),
            DifferingRow::Changed(row, found) => (Some(self.work.expected_row(row)?), Some(found)),
        };
        let key = self.work.key_text(expected.as_ref().or(found.as_ref()).expect("one side has it"));
        let mut cells = Vec::new();
        if let (Some(expected), Some(found)) = (expected, found) {
            for (i, (expected, found)) in expected.into_iter().zip(found).enumerate() {
                if expected != found {
                    cells.push(CellDifference { column: self.work.column_name(i), expected, found });
                }
            }
        }
        Ok(RowDifference { kind, key, cells })
    }
}

impl DifferingRow {
    fn kind(&self) -> RowKind {
        match self {
            DifferingRow::Missing(_) => RowKind::Missing,
            DifferingRow::Extra(_) => RowKind::Extra,
            DifferingRow::Changed(..) => RowKind::Changed,
        }
    }
}
