//! Rows of a list, drawn by weight: columns that go together.

use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_domain::weight_totals::WeightTotals;

use crate::permute::Permutation;

/// Which row of a list a table's row takes.
#[derive(Debug)]
pub struct ListedRows {
    stream: Stream,
    rows: u64,
    /// `None` for equal weights.
    totals: Option<WeightTotals>,
    /// Set if each row of the list is taken at most once.
    permutation: Option<Permutation>,
}

impl ListedRows {
    pub fn new(stream: Stream, rows: usize, weights: Option<&Vec<u32>>, distinct: bool) -> Self {
        let rows = rows.max(1) as u64;
        ListedRows {
            stream,
            rows,
            totals: weights.map(|weights| WeightTotals::new(weights.iter().copied())),
            permutation: distinct.then(|| Permutation::new(stream.key(), rows)),
        }
    }

    /// Returns the index of the list's row.
    #[inline]
    pub fn at(&self, row: u64, attempt: u32) -> usize {
        if let Some(permutation) = &self.permutation {
            return permutation.apply(row % self.rows) as usize;
        }
        let mut rng = CellRng::of_cell(self.stream.at(row, attempt));
        match &self.totals {
            Some(totals) if totals.all() > 0 => totals.draw(&mut rng),
            _ => rng.below(self.rows) as usize,
        }
    }
}
