//! Edge cases: in some rows, a column holds a value at the limits of its type.

use std::sync::Arc;

use super::TableGen;
use super::compile::threshold;
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::value::Value;
use dbmocker_plan::EdgeCases;

#[derive(Debug)]
pub struct EdgeGen {
    below: u64,
    stream: Stream,
    values: Arc<Vec<Value>>,
}

impl EdgeGen {
    pub fn new(seed: u64, table: &str, column: &str, plan: &EdgeCases) -> Self {
        let stream = Stream::new(seed, table, &format!("{column} edge"));
        EdgeGen { below: threshold(plan.share), stream, values: plan.values.clone() }
    }

    /// Returns the value of an edge case.
    #[inline]
    pub fn at(&self, row: u64) -> Option<&Value> {
        let word = self.stream.at(row, 0);
        (word < self.below).then(|| {
            let mut rng = CellRng::of_cell(self.stream.at(row, 1));
            &self.values[rng.below(self.values.len() as u64) as usize]
        })
    }
}

impl TableGen {
    /// Returns the columns that hold an edge case in a row, where they are not NULL.
    pub fn edges_in(&self, row: u64) -> Vec<usize> {
        let edge = |c: &usize| self.columns[*c].edges.as_ref().is_some_and(|edges| edges.at(row).is_some());
        self.sent.iter().copied().filter(edge).collect()
    }
}
