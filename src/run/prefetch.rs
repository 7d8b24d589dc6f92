//! Rows generated before their loader requests them: later tables of the dependency order while earlier ones load, or
//! every table before the first one loads ([`PrefetchTier::Files`]).
//!
//! Data in: the run's jobs in their order. Data out: for each table the prefetched batches in memory, then spilled
//! files, then the rest, generated while it is loaded. A table's rows and their order do not depend on how many were
//! prefetched.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::{LoadError, Payload, staged};

use super::jobs::{RowsSource, TableJob};
use super::schedule::Schedule;
use super::{Batches, Flow, RunError, Stop, WaitStats};
use crate::report::Progress;
use dbmocker_core::humanize;
use dbmocker_files::memory::Reservation;
use dbmocker_files::spill::SpillSink;
use dbmocker_files::{Budget, Format, SpillFile, SpillStore, StageError};
use dbmocker_generate::generator::Generator;

/// Approximate bytes of one spilled file: the unit in which disk space is freed.
const FILE_BYTES: u64 = 64 << 20;
/// How often an idle thread checks for work.
const LOOK_UP: Duration = Duration::from_millis(10);

/// Where prefetched rows are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrefetchTier {
    /// In memory; and on disk, where there is a store.
    #[default]
    Memory,
    /// All of them on disk, before the first is loaded.
    Files,
}

/// The limits of prefetched rows, and how they are generated.
#[derive(Clone)]
pub struct PrefetchLimits {
    pub stage: PrefetchTier,
    /// Memory for prefetched batches, separate from the budget of the loads, so that no loader waits for it.
    pub memory: Budget,
    pub store: Option<Arc<SpillStore>>,
    /// The stream that generates them.
    pub flow: Flow,
}

/// The prefetched rows of a run's tables.
pub(super) struct Prefetcher<'a> {
    staging: &'a PrefetchLimits,
    queues: Vec<TableQueue>,
    closed: Stop,
}

/// The prefetched rows of one table.
struct TableQueue {
    generator: Arc<Generator>,
    table: usize,
    rows: u64,
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    pieces: VecDeque<QueuedPiece>,
    /// Rows in `pieces`.
    made: u64,
    /// A thread is adding rows.
    filling: bool,
    /// Its loader has started: no more rows are added.
    wanted: bool,
}

enum QueuedPiece {
    Batch(RecordBatch, Reservation),
    File(SpillFile),
}

impl<'a> Prefetcher<'a> {
    pub fn new(jobs: &[TableJob], staging: &'a PrefetchLimits) -> Self {
        let queue = |job: &TableJob| match &job.source {
            RowsSource::Generated { generator, table } if job.rows > 0 && job.chunks.is_none() && !job.done => {
                Some(TableQueue {
                    generator: generator.clone(),
                    table: *table,
                    rows: job.rows,
                    state: Mutex::default(),
                    changed: Condvar::new(),
                })
            }
            _ => None,
        };
        Prefetcher { staging, queues: jobs.iter().filter_map(queue).collect(), closed: Stop::default() }
    }

    /// Writes all rows of all tables to spilled files, several tables concurrently.
    ///
    /// # Errors
    /// The first error, e.g. a full disk.
    pub fn fill_all(&self, streams: usize, progress: &Progress) -> Result<(), RunError> {
        let schedule = Schedule::new(vec![Vec::new(); self.queues.len()]);
        let planned: u64 = self.queues.iter().map(|s| s.rows).sum();
        std::thread::scope(|scope| {
            for _ in 0..streams.clamp(1, self.queues.len().max(1)) {
                let started = super::start(scope, || {
                    schedule.work(&self.staging.flow.stop, |i| {
                        self.fill(&self.queues[i], &|| {
                            let made: u64 = self.queues.iter().map(|s| s.lock().made).sum();
                            let (made, planned) = (humanize::count(made), humanize::count(planned));
                            progress.set_phase(format!("staging {made} of {planned} rows on disk"));
                        })
                    });
                });
                if let Err(e) = started {
                    schedule.fail(e, &self.staging.flow.stop);
                    break;
                }
            }
        });
        progress.set_phase("");
        match schedule.into_error() {
            Some(error) => Err(error),
            None if self.staging.flow.stop.is_set() => Err(RunError::Interrupted),
            None => Ok(()),
        }
    }

    /// Generates rows of later tables whenever workers are idle, until all tables are loaded.
    ///
    /// # Errors
    /// A row cannot be generated, or a write to disk fails.
    pub fn fill_ahead(&self, loaders: &Flow) -> Result<(), RunError> {
        let workers = loaders.pool.current_num_threads();
        let wait = |queue: &TableQueue, ready: &dyn Fn() -> bool| {
            while !ready() && !self.stopped() && !queue.is_settled() {
                std::thread::sleep(LOOK_UP);
            }
        };
        for queue in &self.queues {
            let idle = || wait(queue, &|| loaders.wait_stats.is_idle(workers));
            idle();
            while !self.stopped() && !queue.is_settled() {
                self.fill(queue, &idle)?;
                // The limit is reached: waits until some prefetched rows were loaded.
                let (held, spilled) = self.used();
                wait(queue, &|| self.used().0 < held || self.used().1 < spilled);
            }
        }
        Ok(())
    }

    /// Bytes in memory, and on disk.
    fn used(&self) -> (u64, u64) {
        (self.staging.memory.used(), self.staging.store.as_ref().map_or(0, |s| s.used()))
    }

    /// No more rows will be requested.
    pub fn close(&self) {
        self.closed.set();
    }

    /// The table's rows, the prefetched ones first.
    pub fn rows(&self, generator: &Arc<Generator>, table: usize, flow: &Flow) -> QueuedRows {
        let queue = self.queues.iter().find(|s| s.table == table && Arc::ptr_eq(&s.generator, generator));
        let (pieces, made) = queue.map_or_else(Default::default, |s| flow.wait_stats.wait(|| s.take()));
        let live = Batches::new(generator.clone(), flow, table);
        let rows = made..generator.table(table).rows;
        QueuedRows {
            pieces,
            file: None,
            held: None,
            live: live.part(rows),
            wait_stats: flow.wait_stats.clone(),
            served: Instant::now(),
        }
    }

    fn stopped(&self) -> bool {
        self.closed.is_set() || self.staging.flow.stop.is_set()
    }

    /// Prefetches rows of a table until it has all rows, its loader starts, or a limit is reached. `pause` runs after
    /// each batch.
    fn fill(&self, queue: &TableQueue, pause: &dyn Fn()) -> Result<(), RunError> {
        let Some(rows) = queue.begin() else { return Ok(()) };
        let mut filling = QueueFill { staging: self.staging, queue, file: None };
        if let (PrefetchTier::Files, Some(store)) = (self.staging.stage, &self.staging.store) {
            self.fill_files(store, &mut filling, rows, pause)?;
            return filling.finish_file();
        }
        let mut batches = Batches::new(queue.generator.clone(), &self.staging.flow, queue.table).part(rows);
        while !self.stopped() && !queue.lock().wanted {
            let Some(batch) = batches.next() else { break };
            if !filling.add(batch?)? {
                break;
            }
            pause();
        }
        filling.finish_file()
    }

    /// Writes all rows to files: the workers that generate rows also encode them, and one thread writes them in order.
    fn fill_files(
        &self,
        store: &SpillStore,
        filling: &mut QueueFill<'_>,
        rows: Range<u64>,
        pause: &dyn Fn(),
    ) -> Result<(), RunError> {
        let TableQueue { generator, table, .. } = filling.queue;
        let schema = &generator.table(*table).schema;
        let first = filling.begin_file(store, schema).map_err(RunError::Spill)?;
        let encoder = first.encoder();
        filling.file = Some(first);
        let encode = move |batch: RecordBatch| {
            let encoded = encoder.encode(&batch)?;
            let held = encoded.memory();
            Ok((encoded, held))
        };
        for encoded in Batches::with(generator.clone(), &self.staging.flow, *table, encode).part(rows) {
            let encoded = encoded?;
            if self.stopped() {
                break;
            }
            filling.write(store, schema, |file| file.append(encoded)).map_err(RunError::Spill)?;
            pause();
        }
        Ok(())
    }
}

impl TableQueue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No more rows can be added.
    fn is_settled(&self) -> bool {
        let state = self.lock();
        state.wanted || state.made == self.rows
    }

    /// The range of missing rows; the loader waits until they are added.
    fn begin(&self) -> Option<Range<u64>> {
        let mut state = self.lock();
        let add = !state.wanted && state.made < self.rows;
        state.filling |= add;
        add.then_some(state.made..self.rows)
    }

    fn add(&self, piece: QueuedPiece) {
        let mut state = self.lock();
        state.made += match &piece {
            QueuedPiece::Batch(batch, _) => batch.num_rows() as u64,
            QueuedPiece::File(file) => file.rows(),
        };
        state.pieces.push_back(piece);
    }

    /// All prefetched rows and their number, once no thread is adding to them.
    fn take(&self) -> (VecDeque<QueuedPiece>, u64) {
        let mut state = self.lock();
        state.wanted = true;
        while state.filling {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (std::mem::take(&mut state.pieces), state.made)
    }
}

/// Adds rows to one table's queue; when it is dropped, the loader continues.
struct QueueFill<'a> {
    staging: &'a PrefetchLimits,
    queue: &'a TableQueue,
    /// The file being written. Its rows are added to the queue when it is complete.
    file: Option<SpillSink>,
}

impl QueueFill<'_> {
    /// Adds a batch, to memory as long as nothing is on disk. `false`: the limit is reached, and it was not added.
    fn add(&mut self, batch: RecordBatch) -> Result<bool, RunError> {
        let PrefetchLimits { stage, memory, store, .. } = self.staging;
        if *stage == PrefetchTier::Memory
            && self.file.is_none()
            && let Some(room) = memory.try_reserve(batch.get_array_memory_size() as u64)
        {
            self.queue.add(QueuedPiece::Batch(batch, room));
            return Ok(true);
        }
        let Some(store) = store else { return Ok(false) };
        let pending = self.file.as_ref().map_or(0, |f| f.memory() as u64) + batch.get_array_memory_size() as u64;
        // Numbers may take more space as text.
        if *stage == PrefetchTier::Memory && pending.saturating_mul(3) > store.left() {
            return Ok(false);
        }
        match self.write(store, batch.schema_ref(), |file| file.write(&batch)) {
            Ok(()) => Ok(true),
            // The rows of the unfinished file are generated again when they are requested.
            Err(StageError::DiskLimit { .. }) if *stage == PrefetchTier::Memory => Ok(false),
            Err(e) => Err(RunError::Spill(e)),
        }
    }

    fn begin_file(&self, store: &SpillStore, schema: &SchemaRef) -> Result<SpillSink, StageError> {
        store.create(&self.queue.generator.table(self.queue.table).label, schema.clone())
    }

    fn write(
        &mut self,
        store: &SpillStore,
        schema: &SchemaRef,
        rows: impl FnOnce(&mut SpillSink) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.begin_file(store, schema)?,
        };
        rows(&mut file)?;
        if file.bytes() < FILE_BYTES && !file.is_crowded() {
            self.file = Some(file);
        } else {
            self.queue.add(QueuedPiece::File(file.finish()?));
        }
        Ok(())
    }

    fn finish_file(&mut self) -> Result<(), RunError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        match file.finish() {
            Ok(file) => self.queue.add(QueuedPiece::File(file)),
            Err(StageError::DiskLimit { .. }) if self.staging.stage == PrefetchTier::Memory => {}
            Err(e) => return Err(RunError::Spill(e)),
        }
        Ok(())
    }
}

impl Drop for QueueFill<'_> {
    fn drop(&mut self) {
        self.queue.lock().filling = false;
        self.queue.changed.notify_all();
    }
}

/// The rows of one table: prefetched batches in memory, then those of files, then newly generated ones.
pub(super) struct QueuedRows {
    pieces: VecDeque<QueuedPiece>,
    /// The file being read; it is removed when this handle is dropped.
    file: Option<(SpillFile, staged::PayloadBatches<'static>)>,
    /// Memory of the batch that the consumer holds.
    held: Option<Reservation>,
    live: Batches,
    wait_stats: Arc<WaitStats>,
    /// When the consumer got its last batch.
    served: Instant,
}

impl QueuedRows {
    /// The next prefetched batch; `None` if there is none.
    fn is_prefetched(&mut self) -> Option<Result<RecordBatch, RunError>> {
        loop {
            if let Some((_, batches)) = &mut self.file {
                if let Some(batch) = self.wait_stats.read(|| batches.batches.next()) {
                    return Some(batch.map_err(RunError::Load));
                }
                self.file = None;
            }
            match self.pieces.pop_front()? {
                QueuedPiece::Batch(batch, room) => {
                    self.held = Some(room);
                    return Some(Ok(batch));
                }
                QueuedPiece::File(file) => match open(&file) {
                    Ok(batches) => self.file = Some((file, batches)),
                    Err(e) => return Some(Err(e.into())),
                },
            }
        }
    }
}

impl Iterator for QueuedRows {
    type Item = Result<RecordBatch, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.held = None;
        if self.file.is_none() && self.pieces.is_empty() {
            return self.live.next();
        }
        self.wait_stats.were_ready(self.served.elapsed());
        self.live.start_ahead();
        let batch = self.is_prefetched();
        self.served = Instant::now();
        self.live.served_elsewhere();
        batch.or_else(|| self.live.next())
    }
}

fn open(file: &SpillFile) -> Result<staged::PayloadBatches<'static>, LoadError> {
    let path = file.path().to_owned();
    staged::open(match file.format() {
        Format::Csv => Payload::Csv { schema: file.schema().clone(), path },
        Format::Parquet => Payload::Parquet { path },
    })
}
