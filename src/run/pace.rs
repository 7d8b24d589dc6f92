//! Limits the rate at which rows are sent, and pauses sending while a query is true.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect};

use super::{Flow, RunError, Stop};
use crate::report::Progress;

/// How often the query is run, and how often waiting threads check its result.
const EVERY: Duration = Duration::from_secs(2);
const LOOK_UP: Duration = Duration::from_millis(20);

/// The state shared by all threads that send rows of a run.
#[derive(Debug, Default)]
pub struct Pace {
    /// Rows a second.
    rate: Option<NonZero<u64>>,
    /// When the next rows may be sent.
    next: Mutex<Option<Instant>>,
    paused: AtomicBool,
    /// A query decides when rows are sent.
    watched: AtomicBool,
}

impl Pace {
    pub fn new(rate: Option<NonZero<u64>>) -> Self {
        Pace { rate, ..Pace::default() }
    }

    /// Returns true if rows may have to wait.
    pub fn throttles(&self) -> bool {
        self.rate.is_some() || self.watched.load(Ordering::Relaxed)
    }

    /// Waits until so many rows may be sent, or the run stops.
    pub fn wait(&self, rows: u64, stop: &Stop) {
        let until = self.turn(rows, Instant::now());
        while !stop.is_set() && (self.paused.load(Ordering::Relaxed) || Instant::now() < until) {
            std::thread::sleep(
                LOOK_UP.min(until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))),
            );
        }
    }

    /// When so many rows, requested at `now`, may be sent: after all rows that were requested before, at the given
    /// rate.
    fn turn(&self, rows: u64, now: Instant) -> Instant {
        let Some(rate) = self.rate else { return now };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + Duration::from_secs_f64(rows as f64 / rate.get() as f64));
        turn
    }
}

/// Runs `work`; during it, no rows are sent while the query is true.
///
/// # Errors
/// The errors of `work`; or the query fails, which stops the run.
pub(super) fn during(
    question: Option<Question>,
    flow: &Flow,
    progress: &Progress,
    work: impl FnOnce() -> Result<(), RunError>,
) -> Result<(), RunError> {
    let Some(mut question) = question else { return work() };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = super::start(scope, || {
            let watched = watch(&mut question, &flow.pace, &over, progress);
            if watched.is_err() {
                flow.stop.set();
            }
            flow.pace.paused.store(false, Ordering::Relaxed);
            watched
        })?;
        // Also when it panics, so that the other thread ends.
        let outcome = {
            let _over = Over(&over);
            work()
        };
        match (outcome, watching.join()) {
            (Err(e), Ok(Err(cause))) => Err(e.instead_of_stop(cause)),
            (outcome, Ok(_)) => outcome,
            (_, Err(panic)) => std::panic::resume_unwind(panic),
        }
    })
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn watch(question: &mut Question, pace: &Pace, over: &AtomicBool, progress: &Progress) -> Result<(), RunError> {
    let mut paused = question.first;
    loop {
        pace.paused.store(paused, Ordering::Relaxed);
        progress.set_phase(if paused { "waiting, as --pause-when says" } else { "" });
        let asked = Instant::now();
        while asked.elapsed() < EVERY {
            if over.load(Ordering::SeqCst) {
                return Ok(());
            }
            std::thread::sleep(LOOK_UP);
        }
        paused = question.ask()?;
    }
}

/// A query that decides whether sending is paused, with a separate connection.
pub(super) struct Question {
    loader: Box<dyn Loader>,
    dialect: Dialect,
    sql: String,
    first: bool,
}

impl Question {
    /// Runs the query once, so that a mistake in it is reported, and sending is paused if necessary, before anything is
    /// written.
    ///
    /// # Errors
    /// The server cannot be reached, or the query does not return one value that is true or false.
    pub(super) fn new(connection: &Connection, sql: &str, pace: &Pace) -> Result<Self, RunError> {
        let loader = connect(connection)?;
        let mut question = Question { loader, dialect: connection.dialect, sql: sql.to_owned(), first: false };
        question.first = question.ask()?;
        pace.watched.store(true, Ordering::Relaxed);
        pace.paused.store(question.first, Ordering::Relaxed);
        Ok(question)
    }

    /// Whether sending is paused; the query runs in a read-only transaction.
    fn ask(&mut self) -> Result<bool, RunError> {
        let begin = if self.dialect == Dialect::Mysql { "START TRANSACTION READ ONLY" } else { "BEGIN READ ONLY" };
        self.loader.execute(begin)?;
        let rows = self.loader.calling_functions().query(&self.sql);
        self.loader.execute("ROLLBACK")?;
        let wrong = |what: &str| {
            let message =
                format!("--pause-when `{}`: {what}; give a query of one value that is true or false", self.sql);
            RunError::from(LoadError::Statement { context: "asking whether to wait".into(), message, code: None })
        };
        let rows = rows.map_err(|e| wrong(&e.to_string()))?;
        match rows.as_slice() {
            [] => Ok(false),
            [row] if row.len() == 1 => Ok(row[0].as_deref().is_some_and(|v| !matches!(v, "f" | "0" | "false" | ""))),
            _ => Err(wrong("it gives several values")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_at_the_rate_and_earn_no_credit() {
        let pace = Pace::new(NonZero::new(100));
        let begun = Instant::now();
        let at = |rows, after: u64| pace.turn(rows, begun + Duration::from_millis(after)) - begun;
        assert_eq!(at(50, 0), Duration::ZERO);
        assert_eq!(at(100, 0), Duration::from_millis(500));
        assert_eq!(at(1, 200), Duration::from_millis(1500));
        assert_eq!(at(1, 9000), Duration::from_millis(9000));
        assert_eq!(at(1, 9000), Duration::from_millis(9010));
        assert_eq!(Pace::default().turn(1 << 40, begun), begun);
    }
}
