//! The time series of a run: rows, memory and disk, sampled at low cost.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Progress, memory_now};

/// Time between the first samples; it doubles whenever there are [`MOST`].
const EVERY: Duration = Duration::from_millis(100);
const MOST: usize = 600;

/// A moment of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageSample {
    /// Since the load began.
    pub seconds: f64,
    /// Rows stored so far, and their bytes.
    pub rows: u64,
    pub bytes: u64,
    /// Resident memory of this process, in bytes; 0 if the system does not report it.
    pub memory: u64,
    /// Spilled bytes on disk.
    pub disk: u64,
}

/// A task of a run: when it was at work, and on which connection or process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskTime {
    /// The table, or the tables that share a transaction.
    pub table: String,
    /// `open`, `part`, `whole` or `close`.
    pub work: String,
    pub rows: u64,
    /// Number of the connection, or of the worker process.
    pub hand: usize,
    /// Seconds since the load began.
    pub from: f64,
    pub to: f64,
}

impl TaskTime {
    /// Tasks that were at work at the same time, in one transaction; `None` of none.
    pub fn together(all: impl IntoIterator<Item = TaskTime>) -> Option<TaskTime> {
        all.into_iter().reduce(|one, next| TaskTime {
            table: format!("{}, {}", one.table, next.table),
            rows: one.rows + next.rows,
            ..one
        })
    }
}

/// Takes samples in a separate thread, until [`Recorder::end`].
#[derive(Debug)]
pub struct Recorder {
    /// Dropped to end the thread.
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<Vec<UsageSample>>>,
}

impl Recorder {
    /// `disk` says how many spilled bytes are on disk now.
    pub fn start(progress: Arc<Progress>, disk: impl Fn() -> u64 + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        // If the thread cannot be started, only the samples are missing.
        let thread = std::thread::Builder::new().spawn(move || record(&progress, disk, &stopped, EVERY)).ok();
        Recorder { stop, thread }
    }

    /// Takes a last sample, and returns all samples.
    pub fn end(self) -> Vec<UsageSample> {
        drop(self.stop);
        // A panic while sampling must not fail the run.
        self.thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

fn record(
    progress: &Progress,
    disk: impl Fn() -> u64,
    stopped: &mpsc::Receiver<()>,
    mut every: Duration,
) -> Vec<UsageSample> {
    let take = || {
        let now = progress.read();
        let memory = memory_now().unwrap_or(0);
        UsageSample { seconds: now.seconds, rows: now.rows, bytes: now.bytes, memory, disk: disk() }
    };
    let mut samples = vec![take()];
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        samples.push(take());
        if samples.len() >= MOST {
            let mut even = false;
            samples.retain(|_| {
                even = !even;
                even
            });
            every *= 2;
        }
    }
    samples.push(take());
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stay_few_and_the_last_one_has_all_rows() {
        let progress = Progress::new([("t".to_owned(), 5)]);
        let (stop, stopped) = mpsc::channel::<()>();
        progress.add(0, 5, 50);
        let stop = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(stop);
        });
        let samples = record(&progress, || 7, &stopped, Duration::ZERO);
        stop.join().unwrap();
        assert!(samples.len() <= MOST + 1, "{}", samples.len());
        let last = samples.last().unwrap();
        assert_eq!((last.rows, last.disk), (5, 7));
        assert!(samples.windows(2).all(|w| w[0].seconds <= w[1].seconds));
    }
}
