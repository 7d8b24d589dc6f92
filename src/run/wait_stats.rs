//! Waiting times of loaders and generation: counted by a run's streams, read by its report and by the prefetcher.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counters of the streams that feed one kind of consumer (a server's connections, files). Times are summed over
/// streams.
#[derive(Debug, Default)]
pub struct WaitStats {
    consumers_waited: AtomicU64,
    rows_waited: AtomicU64,
    read_waited: AtomicU64,
    /// Consumers currently waiting for rows.
    waiting_consumers: AtomicUsize,
    /// Batches that workers are currently generating.
    making: AtomicUsize,
}

impl WaitStats {
    /// Time that consumers spent waiting for rows to be generated.
    pub fn consumers_waited(&self) -> Duration {
        Duration::from_nanos(self.consumers_waited.load(Ordering::Relaxed))
    }

    /// Time in which all rows that may be generated ahead were ready, and their consumer was busy.
    pub fn rows_waited(&self) -> Duration {
        Duration::from_nanos(self.rows_waited.load(Ordering::Relaxed))
    }

    /// Time that consumers spent waiting for spilled rows to be read back.
    pub fn read_waited(&self) -> Duration {
        Duration::from_nanos(self.read_waited.load(Ordering::Relaxed))
    }

    /// Whether no consumer waits for rows, and not all `workers` are generating.
    pub fn is_idle(&self, workers: usize) -> bool {
        self.waiting_consumers.load(Ordering::Relaxed) == 0 && self.making.load(Ordering::Relaxed) < workers
    }

    /// Runs an operation for which a consumer has to wait.
    pub(super) fn wait<T>(&self, work: impl FnOnce() -> T) -> T {
        self.waiting_consumers.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let out = work();
        self.consumers_waited.fetch_add(nanos(begun.elapsed()), Ordering::Relaxed);
        self.waiting_consumers.fetch_sub(1, Ordering::Relaxed);
        out
    }

    /// Adds time in which rows were ready and their consumer was busy.
    pub(super) fn were_ready(&self, time: Duration) {
        self.rows_waited.fetch_add(nanos(time), Ordering::Relaxed);
    }

    /// Runs an operation that reads spilled rows for a consumer.
    pub(super) fn read<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let out = work();
        self.read_waited.fetch_add(nanos(begun.elapsed()), Ordering::Relaxed);
        out
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The batches of one stream that were started and not yet taken.
#[derive(Debug)]
pub(super) struct WaitWindow {
    wait_stats: Arc<WaitStats>,
    started: usize,
    made: Arc<Mutex<PendingBatches>>,
    /// When the consumer got its last batch.
    served: Instant,
}

#[derive(Debug)]
struct PendingBatches {
    batches: usize,
    last: Instant,
}

impl WaitWindow {
    pub fn new(wait_stats: Arc<WaitStats>) -> Self {
        let now = Instant::now();
        let made = Arc::new(Mutex::new(PendingBatches { batches: 0, last: now }));
        WaitWindow { wait_stats, started: 0, made, served: now }
    }

    /// Registers a batch; its worker drops the returned guard when the batch is finished.
    pub fn start(&mut self) -> Making {
        self.started += 1;
        self.wait_stats.making.fetch_add(1, Ordering::Relaxed);
        Making { wait_stats: self.wait_stats.clone(), made: self.made.clone() }
    }

    /// The consumer requests a batch. If all started batches are finished, their rows were ready while it was busy.
    pub fn asked(&self) {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.batches == self.started {
            self.wait_stats.were_ready(made.last.max(self.served).elapsed());
        }
    }

    pub fn served(&mut self) {
        self.served = Instant::now();
    }
}

/// A batch that a worker is generating.
#[derive(Debug)]
pub(super) struct Making {
    wait_stats: Arc<WaitStats>,
    made: Arc<Mutex<PendingBatches>>,
}

impl Drop for Making {
    fn drop(&mut self) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.batches += 1;
        made.last = Instant::now();
        self.wait_stats.making.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wait_only_while_all_of_them_are_made() {
        let wait_stats = Arc::new(WaitStats::default());
        let mut window = WaitWindow::new(wait_stats.clone());
        let (first, second) = (window.start(), window.start());
        assert!(wait_stats.is_idle(3) && !wait_stats.is_idle(2));
        drop(first);
        window.asked();
        assert_eq!(wait_stats.rows_waited(), Duration::ZERO, "one is still being made");
        drop(second);
        std::thread::sleep(Duration::from_millis(20));
        window.asked();
        assert!(wait_stats.rows_waited() >= Duration::from_millis(20) && wait_stats.is_idle(1));
    }

    #[test]
    fn a_waiting_consumer_keeps_others_away() {
        let wait_stats = WaitStats::default();
        wait_stats.wait(|| {
            assert!(!wait_stats.is_idle(8));
            std::thread::sleep(Duration::from_millis(10));
        });
        assert!(wait_stats.consumers_waited() >= Duration::from_millis(10) && wait_stats.is_idle(8));
    }
}
