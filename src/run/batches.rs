//! A table's rows as an ordered stream of record batches, generated ahead on rayon workers.
//!
//! The consumer pulls, so a slow loader slows generation: at most `ahead` batches wait. Rayon only computes: every send
//! goes into a channel with room for it, so no worker ever blocks.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use crossbeam_channel::{Receiver, bounded};
use rayon::ThreadPool;

use crate::generate::batch::GenerateError;
use crate::generate::table::Generator;

/// Iterator over the batches of rows `[0, rows)` of one table.
pub struct Batches {
    generator: Arc<Generator>,
    pool: Arc<ThreadPool>,
    table: usize,
    rows: u64,
    batch_rows: u64,
    next: u64,
    ahead: usize,
    waiting: VecDeque<Receiver<Result<RecordBatch, GenerateError>>>,
}

impl Batches {
    pub fn new(generator: Arc<Generator>, pool: Arc<ThreadPool>, table: usize, batch_rows: u64, ahead: usize) -> Self {
        let rows = generator.table(table).rows;
        Batches {
            generator,
            pool,
            table,
            rows,
            batch_rows: batch_rows.max(1),
            next: 0,
            ahead: ahead.max(1),
            waiting: VecDeque::new(),
        }
    }

    fn start_next(&mut self) {
        let range = self.next..(self.next + self.batch_rows).min(self.rows);
        self.next = range.end;
        let (send, receive) = bounded(1);
        let (generator, table) = (self.generator.clone(), self.table);
        self.pool.spawn(move || {
            // The consumer may be gone after an error elsewhere: nobody is left to tell.
            let _ = send.send(generator.batch(table, range));
        });
        self.waiting.push_back(receive);
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, GenerateError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.rows && self.waiting.len() < self.ahead {
            self.start_next();
        }
        let batch = self.waiting.pop_front()?.recv();
        Some(
            batch.unwrap_or_else(|_| {
                Err(GenerateError::Panicked { table: self.generator.table(self.table).label.clone() })
            }),
        )
    }
}
