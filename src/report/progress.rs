//! The progress of a run: the pipeline updates counters, the display reads them; neither blocks the other.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counters of a run, shared between the pipeline's threads and the thread that displays them.
pub struct Progress {
    begun: Instant,
    tables: Vec<RateCounter>,
    /// The current step, e.g. `building indexes`; empty while rows are loaded.
    phase: Mutex<String>,
    listener: Option<ProgressListener>,
}

/// Called for every [`Progress::add`], and for every [`Progress::take_back`] with negative numbers.
type ProgressListener = Box<dyn Fn(usize, i64, i64) + Send + Sync>;

#[derive(Debug)]
struct RateCounter {
    name: String,
    planned: u64,
    done: AtomicU64,
    bytes: AtomicU64,
}

/// A snapshot of [`Progress`].
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub rows: u64,
    pub planned: u64,
    pub bytes: u64,
    pub seconds: f64,
    /// Tables that are started and not complete, as (name, rows, planned).
    pub active: Vec<(String, u64, u64)>,
    pub phase: String,
}

impl Progress {
    /// `tables` are (name, planned rows), in the order of the positions in [`Progress::add`].
    pub fn new(tables: impl IntoIterator<Item = (String, u64)>) -> Self {
        let counter = |(name, planned)| RateCounter { name, planned, done: 0.into(), bytes: 0.into() };
        Progress {
            begun: Instant::now(),
            tables: tables.into_iter().map(counter).collect(),
            phase: Mutex::new(String::new()),
            listener: None,
        }
    }

    /// Sets a callback for every change.
    #[must_use]
    pub fn listener(self, listener: impl Fn(usize, i64, i64) + Send + Sync + 'static) -> Self {
        Progress { listener: Some(Box::new(listener)), ..self }
    }

    /// `rows` more rows of the table at `table` are stored (or written), `bytes` of them.
    pub fn add(&self, table: usize, rows: u64, bytes: u64) {
        let counter = &self.tables[table];
        counter.done.fetch_add(rows, Ordering::Relaxed);
        counter.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(listener) = &self.listener {
            listener(table, rows.cast_signed(), bytes.cast_signed());
        }
    }

    /// Subtracts rows that were rolled back and will be added again.
    pub fn take_back(&self, table: usize, rows: u64, bytes: u64) {
        let counter = &self.tables[table];
        counter.done.fetch_sub(rows, Ordering::Relaxed);
        counter.bytes.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(listener) = &self.listener {
            listener(table, -rows.cast_signed(), -bytes.cast_signed());
        }
    }

    pub fn set_phase(&self, phase: impl Into<String>) {
        *self.phase.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = phase.into();
    }

    /// Seconds since the load began.
    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    pub fn read(&self) -> Reading {
        let mut reading = Reading {
            rows: 0,
            planned: 0,
            bytes: 0,
            seconds: self.seconds(),
            active: Vec::new(),
            phase: self.phase.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
        };
        for t in &self.tables {
            let done = t.done.load(Ordering::Relaxed);
            reading.rows += done;
            reading.planned += t.planned;
            reading.bytes += t.bytes.load(Ordering::Relaxed);
            if done > 0 && done < t.planned {
                reading.active.push((t.name.clone(), done, t.planned));
            }
        }
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_sums_what_was_added() {
        let progress = Progress::new([("a".to_owned(), 10), ("b".to_owned(), 20)]);
        progress.add(0, 10, 100);
        progress.add(1, 5, 50);
        progress.set_phase("building indexes");
        let r = progress.read();
        assert_eq!((r.rows, r.planned, r.bytes), (15, 30, 150));
        assert_eq!(r.active, [("b".to_owned(), 5, 20)]);
        assert_eq!(r.phase, "building indexes");
    }
}
