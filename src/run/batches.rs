//! A table's rows as an ordered stream of batches, generated ahead on rayon workers inside the run's memory budget.
//!
//! The consumer pulls, so a slow loader slows generation: at most `ahead` batches wait, fewer when memory is short.
//! Rayon only computes: every send is to a channel with free capacity, so no worker ever blocks. Batches are sized in
//! bytes, by the size of the previous ones; the boundaries change no value.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatch;
use crossbeam_channel::{Receiver, bounded};
use rayon::ThreadPool;

use super::wait_stats::{WaitStats, WaitWindow};
use super::{Pace, RunError, Stop};
use dbmocker_files::StageError;
use dbmocker_files::memory::{Available, Budget, BudgetError, Reservation};
use dbmocker_generate::batch::GenerateError;
use dbmocker_generate::generator::Generator;

/// Rows of a table's first batch, whose size is unknown, and of the next ones, until the size of a row is known well.
const FIRST_ROWS: u64 = 8;
const NEXT_ROWS: u64 = 256;
const MOST_ROWS: u64 = 1 << 16;
/// Bytes assumed for a row until one was measured.
const ROW_BYTES: u64 = 1024;
/// Reserved for the memory of a batch besides its cells.
const BATCH_BYTES: u64 = 16 << 10;

/// State shared by all streams of a run.
#[derive(Clone)]
pub struct Flow {
    pub pool: Arc<ThreadPool>,
    pub budget: Budget,
    pub stop: Stop,
    /// Batches generated ahead for each table in flight.
    pub ahead: usize,
    /// Approximate bytes of one batch.
    pub batch_bytes: u64,
    /// Rows of one batch, if set by the user.
    pub batch_rows: Option<u64>,
    /// How fast rows are sent.
    pub pace: Arc<Pace>,
    /// The waiting times of the stages.
    pub wait_stats: Arc<WaitStats>,
}

/// The result of a worker for a range of rows.
pub struct GeneratedRange<T> {
    pub value: T,
    /// Bytes that it holds.
    pub held: u64,
    /// Bytes that were needed to make it.
    pub peak: u64,
}

/// The function that workers apply to a range of rows.
type Make<T> = Arc<dyn Fn(&Generator, usize, Range<u64>) -> Result<GeneratedRange<T>, RunError> + Send + Sync>;

/// Iterator over the batches of some rows of one table, in order.
pub struct Batches<T = RecordBatch> {
    generator: Arc<Generator>,
    flow: Flow,
    make: Make<T>,
    table: usize,
    /// The first row that is not started, and the one at which to end.
    rows: Range<u64>,
    /// The largest average row size of a batch so far.
    row_bytes: u64,
    /// Rows of the batch with that average; 0 before the first.
    measured: u64,
    /// Rows of every piece but the last, where the size does not depend on memory.
    step: Option<u64>,
    waiting: VecDeque<Receiver<Result<HeldMemory<T>, RunError>>>,
    /// Memory of the batch that the consumer holds.
    held: Option<Reservation>,
    window: WaitWindow,
    pressure: Pressure,
}

struct HeldMemory<T> {
    value: T,
    rows: u64,
    row_bytes: u64,
    reservation: Reservation,
}

impl Batches {
    pub fn new(generator: Arc<Generator>, flow: &Flow, table: usize) -> Self {
        Batches::with(generator, flow, table, |batch| Ok((batch, 0)))
    }
}

impl<T: Send + 'static> Batches<T> {
    /// Batches that the workers also process, e.g. encode; the result's bytes are counted in addition to those of the
    /// batch.
    pub fn with(
        generator: Arc<Generator>,
        flow: &Flow,
        table: usize,
        make: impl Fn(RecordBatch) -> Result<(T, u64), StageError> + Send + Sync + 'static,
    ) -> Self {
        Batches::of(generator, flow, table, move |generator, table, rows| {
            let batch = generator.batch(table, rows)?;
            let own = batch.get_array_memory_size() as u64;
            let (value, more) = make(batch)?;
            Ok(GeneratedRange { value, held: own + more, peak: own + more })
        })
    }

    /// Results of the workers for `step` rows at a time, of about `row_bytes` each.
    pub fn steps(
        generator: Arc<Generator>,
        flow: &Flow,
        table: usize,
        (step, row_bytes): (u64, u64),
        make: impl Fn(&Generator, usize, Range<u64>) -> Result<GeneratedRange<T>, RunError> + Send + Sync + 'static,
    ) -> Self {
        let all = Batches::of(generator, flow, table, make);
        Batches { step: Some(step.max(1)), row_bytes: row_bytes.max(1), measured: MOST_ROWS, ..all }
    }

    fn of(
        generator: Arc<Generator>,
        flow: &Flow,
        table: usize,
        make: impl Fn(&Generator, usize, Range<u64>) -> Result<GeneratedRange<T>, RunError> + Send + Sync + 'static,
    ) -> Self {
        let rows = 0..generator.table(table).rows;
        Batches {
            generator,
            flow: Flow { ahead: flow.ahead.max(1), ..flow.clone() },
            make: Arc::new(make),
            table,
            rows,
            row_bytes: ROW_BYTES,
            measured: 0,
            step: None,
            waiting: VecDeque::new(),
            held: None,
            window: WaitWindow::new(flow.wait_stats.clone()),
            pressure: Pressure::default(),
        }
    }

    /// Only these of the table's rows.
    #[must_use]
    pub fn part(self, rows: Range<u64>) -> Self {
        Batches { rows, ..self }
    }

    /// Starts all batches that may be generated ahead, without blocking.
    pub fn start_ahead(&mut self) {
        while !self.rows.is_empty() && self.waiting.len() < self.ahead() {
            let rows = self.wanted();
            let Some(room) = self.flow.budget.try_reserve(self.estimate(rows)) else { return };
            self.start(rows, room);
        }
    }

    /// Builders grow by doubling, and coupled columns are held twice: half as much again.
    fn estimate(&self, rows: u64) -> u64 {
        rows.saturating_mul(self.row_bytes).saturating_mul(3) / 2 + BATCH_BYTES
    }

    /// Maximum number of batches in progress: one, as long as the size of a batch is unknown.
    fn ahead(&self) -> usize {
        if self.measured == 0 { 1 } else { self.flow.ahead }
    }

    /// The consumer got rows from another source: the time until now is not counted as waiting.
    pub(super) fn served_elsewhere(&mut self) {
        self.window.served();
    }

    /// Rows of the next batch, if there is memory for them.
    fn wanted(&mut self) -> u64 {
        let left = self.rows.end - self.rows.start;
        if let Some(step) = self.step {
            return step.min(left);
        }
        let fit = (self.flow.batch_bytes / self.row_bytes).min(MOST_ROWS);
        let most = match self.measured {
            0 => FIRST_ROWS,
            few if few < NEXT_ROWS => NEXT_ROWS.min(fit),
            _ => self.flow.batch_rows.unwrap_or(fit),
        };
        self.pressure.eased(most).clamp(1, left)
    }

    /// Memory for the next batch. `None`: not available now, and other batches are in progress.
    fn reserve(&mut self) -> Result<Option<(u64, Reservation)>, BudgetError> {
        let mut rows = self.wanted();
        if let Some(room) = self.flow.budget.try_reserve(self.estimate(rows)) {
            return Ok(Some((rows, room)));
        }
        if !self.waiting.is_empty() {
            return Ok(None);
        }
        // This stream holds no memory while it waits, so streams that hold some never wait for it.
        let limit = self.flow.budget.limit();
        while self.step.is_none() && rows > 1 && self.estimate(rows) > limit / 4 {
            rows /= 2;
        }
        let bytes = self.estimate(rows);
        // A fixed step cannot be made smaller: it runs alone.
        let bytes = if self.step.is_some() { bytes.min(limit) } else { bytes };
        self.flow.budget.reserve(bytes, self.flow.stop.flag()).map(|room| Some((rows, room)))
    }

    fn start(&mut self, rows: u64, mut reservation: Reservation) {
        let range = self.rows.start..self.rows.start + rows;
        self.rows.start = range.end;
        let (send, receive) = bounded(1);
        let making = self.window.start();
        let (generator, table, make) = (self.generator.clone(), self.table, self.make.clone());
        self.flow.pool.spawn(move || {
            let work = || -> Result<HeldMemory<T>, RunError> {
                let GeneratedRange { value, held, peak } = make(&generator, table, range)?;
                // The memory used is known now; if it exceeds the estimate, the next batches are smaller.
                let _ = reservation.try_resize(held);
                Ok(HeldMemory { value, rows, row_bytes: peak.div_ceil(rows), reservation })
            };
            let made = work();
            drop(making);
            // The consumer may have ended after an error elsewhere; then the result is dropped.
            let _ = send.send(made);
        });
        self.waiting.push_back(receive);
    }

    fn panicked(&self) -> RunError {
        GenerateError::Panicked { table: self.generator.table(self.table).label.clone() }.into()
    }
}

/// Smaller batches while the machine is short of memory, regardless of the process that uses it; full size again
/// afterwards.
#[derive(Debug, Default)]
struct Pressure {
    looked: Option<Instant>,
    /// Halvings.
    shift: u32,
}

impl Pressure {
    const EVERY: Duration = Duration::from_millis(200);
    /// Thresholds of available bytes, below which a batch has half of the rows, a quarter, an eighth.
    const STEPS: [u64; 3] = [512 << 20, 256 << 20, 128 << 20];
    const SMALLEST: u64 = 1024;

    fn eased(&mut self, rows: u64) -> u64 {
        if self.looked.is_none_or(|at| at.elapsed() >= Self::EVERY) {
            self.looked = Some(Instant::now());
            self.shift = Available::now().map_or(0, |a| Self::shift(a.bytes));
        }
        (rows >> self.shift).max(rows.min(Self::SMALLEST))
    }

    fn shift(available: u64) -> u32 {
        Self::STEPS.iter().map(|&step| u32::from(available < step)).sum()
    }
}

impl<T: Send + 'static> Iterator for Batches<T> {
    type Item = Result<T, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.held = None;
        if !self.rows.is_empty() {
            self.window.asked();
        }
        while !self.rows.is_empty() && self.waiting.len() < self.ahead() {
            match self.reserve() {
                Ok(Some((rows, room))) => self.start(rows, room),
                Ok(None) => break,
                Err(BudgetError::Cancelled) => return Some(Err(RunError::Interrupted)),
                Err(e) => return Some(Err(e.into())),
            }
        }
        let front = self.waiting.pop_front()?;
        let made = front.try_recv().map_or_else(|_| self.flow.wait_stats.wait(|| front.recv()), Ok);
        let made = made.unwrap_or_else(|_| Err(self.panicked()));
        self.window.served();
        Some(made.map(|made| {
            if self.step.is_some() || made.rows <= self.measured {
                self.row_bytes = self.row_bytes.max(made.row_bytes);
            } else {
                // The more rows, the smaller the share of the arrays' fixed overhead.
                let known = if self.measured < NEXT_ROWS { 0 } else { self.row_bytes };
                self.row_bytes = known.max(made.row_bytes).max(1);
                self.measured = made.rows;
            }
            self.held = Some(made.reservation);
            made.value
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_shrink_under_pressure_and_grow_again() {
        assert_eq!([1 << 40, 511 << 20, 255 << 20, 1].map(Pressure::shift), [0, 1, 2, 3]);
        let now = Some(Instant::now() + Duration::from_secs(3600));
        let mut pressed = Pressure { looked: now, shift: 3 };
        assert_eq!([50_000, 4096, 25].map(|rows| pressed.eased(rows)), [6250, 1024, 25]);
        pressed.shift = 0;
        assert_eq!(pressed.eased(50_000), 50_000);
    }
}
