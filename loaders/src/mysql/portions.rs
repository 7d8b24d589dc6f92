//! Rows in portions, one for each statement.
//!
//! Data in: record batches, and the rows of one portion. Data out: the batches of each portion; a batch that belongs to
//! two portions is sliced without a copy.

use arrow::record_batch::RecordBatch;

use super::BatchIter;
use crate::LoadError;

/// Batches up to the end of the portion that was begun.
pub struct Portions<'a> {
    batches: BatchIter<'a>,
    /// The next batch, pulled but not yet returned.
    next: Option<Result<RecordBatch, LoadError>>,
    limit: usize,
    left: usize,
}

impl<'a> Portions<'a> {
    /// Portions of at most `limit` rows; one portion without a limit.
    pub fn new(batches: BatchIter<'a>, limit: Option<usize>) -> Self {
        Portions { batches, next: None, limit: limit.unwrap_or(usize::MAX), left: 0 }
    }

    /// Begins a portion; `false` if all rows were returned.
    pub fn begin(&mut self) -> bool {
        if self.next.is_none() {
            self.next = self.batches.next();
        }
        self.left = self.limit;
        self.next.is_some()
    }

    /// The remaining rows as one portion.
    pub fn all(self) -> Self {
        Portions { limit: usize::MAX, left: usize::MAX, ..self }
    }
}

impl Iterator for Portions<'_> {
    type Item = Result<RecordBatch, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let batch = match self.next.take().or_else(|| self.batches.next())? {
            Ok(batch) => batch,
            Err(e) => return Some(Err(e)),
        };
        let rows = batch.num_rows();
        if rows <= self.left {
            self.left -= rows;
            return Some(Ok(batch));
        }
        let given = batch.slice(0, self.left);
        self.next = Some(Ok(batch.slice(self.left, rows - self.left)));
        self.left = 0;
        Some(Ok(given))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array};

    use super::*;

    fn batch(rows: std::ops::Range<i32>) -> Result<RecordBatch, LoadError> {
        let column: ArrayRef = Arc::new(Int32Array::from_iter_values(rows));
        Ok(RecordBatch::try_from_iter([("a", column)]).unwrap())
    }

    fn portions(limit: Option<usize>) -> Vec<Vec<usize>> {
        let mut batches = vec![batch(0..3), batch(3..10), batch(10..12)].into_iter();
        let mut portions = Portions::new(&mut batches, limit);
        let mut out = Vec::new();
        while portions.begin() {
            out.push(portions.by_ref().map(|b| b.unwrap().num_rows()).collect());
        }
        out
    }

    #[test]
    fn batches_are_cut_where_a_portion_ends() {
        assert_eq!(portions(Some(4)), [vec![3, 1], vec![4], vec![2, 2]]);
        assert_eq!(portions(None), [vec![3, 7, 2]]);
    }
}
