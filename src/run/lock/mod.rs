//! One run at a time on a database: a lock on the server, or of the operating system for SQLite, held from before the
//! schema is read until the run ends, and monitored meanwhile. It needs no privilege on any schema, and is released
//! when the process ends, for any reason.
//!
//! Worker processes are covered by their parent's lock.

mod file;
mod holder;
mod server;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError};

pub use file::remove as remove_lock_file;
pub use holder::{Holder, Who};

use super::{RunError, Stop};

/// How long a lock is requested without `--wait`: the server may not have noticed yet that the last holder has ended.
const GRACE: Duration = Duration::from_secs(1);
/// How long a terminated session may take to release its lock.
const ENDING: Duration = Duration::from_secs(60);
/// Pauses between attempts: within [`GRACE`], and after it.
const SOON: Duration = Duration::from_millis(50);
const LATER: Duration = Duration::from_millis(250);
/// How long a lost lock is requested again.
const AGAIN: Duration = Duration::from_secs(10);

/// A lock that can be requested repeatedly.
trait Attempt {
    /// `None`: another run holds it.
    fn attempt(&mut self) -> Result<Option<Box<dyn Held>>, RunError>;

    /// The holder of the lock.
    fn holder(&mut self) -> Result<Holder, RunError>;

    /// Terminates the server session that holds it.
    fn end_holder(&mut self) -> Result<(), RunError>;
}

/// Why a lock was lost.
#[derive(Debug, thiserror::Error)]
enum LockLoss {
    #[error("its lock file `{}` was removed or replaced", .0.display())]
    File(PathBuf),
    #[error("the server session that held it is not the same any more")]
    OtherSession,
    #[error("the server session that held it is gone: {0}")]
    NoSession(LoadError),
}

/// A lock that is held.
trait Held: Send {
    /// Checks that the lock is still held; also keeps its session from being idle.
    ///
    /// # Errors
    /// Why the lock was lost.
    fn check(&mut self) -> Result<(), LockLoss>;

    /// Time between checks.
    fn every(&self) -> Duration;

    fn release(self: Box<Self>);
}

/// What to do while another run holds the lock.
#[derive(Default)]
pub struct Patience<'a> {
    pub wait: Duration,
    /// Terminate that run's session on the server.
    pub force: bool,
    /// A callback, called once with the current holder of the lock.
    pub told: Option<&'a dyn Fn(&Holder)>,
}

/// The run's lock on a database. Dropping this value releases it.
#[derive(Debug)]
pub struct RunLock {
    connection: Connection,
    who: Who,
    guarded: Mutex<Guarded>,
}

impl RunLock {
    /// Takes the lock of the database that `connection` names.
    ///
    /// # Errors
    /// [`RunError::Busy`] names the other run; or the server cannot be reached.
    pub fn take(connection: &Connection, patience: &Patience<'_>) -> Result<Self, RunError> {
        let who = Who::here();
        let guarded = Mutex::new(Guarded::new(taken(connection, &who, patience)?)?);
        Ok(RunLock { connection: connection.clone(), who, guarded })
    }

    /// The holder of the lock.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// From now on, losing the lock stops the run; `None`: it does not, because nothing is being written.
    pub fn stops(&self, stop: Option<&Stop>) {
        let guarded = self.guarded();
        let mut state = guarded.watch.lock();
        state.stop = stop.cloned();
        if let (Some(_), Some(stop)) = (&state.lost, &state.stop) {
            stop.set();
        }
    }

    /// Why the lock was lost, if it was.
    pub fn lost(&self) -> Option<String> {
        self.guarded().watch.lock().lost.clone()
    }

    /// Takes a lost lock again; `true` if it was lost, so that other runs may have written in the meantime.
    ///
    /// # Errors
    /// As [`RunLock::take`].
    pub fn renew(&self) -> Result<bool, RunError> {
        let mut guarded = self.guarded();
        if guarded.watch.lock().lost.is_none() {
            return Ok(false);
        }
        let patience = Patience { wait: AGAIN, ..Patience::default() };
        *guarded = Guarded::new(taken(&self.connection, &self.who, &patience)?)?;
        Ok(true)
    }

    fn guarded(&self) -> MutexGuard<'_, Guarded> {
        self.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that holds the lock and checks it.
#[derive(Debug)]
struct Guarded {
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Watch {
    state: Mutex<LockState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LockState {
    lost: Option<String>,
    stop: Option<Stop>,
    over: bool,
}

impl Guarded {
    fn new(held: Box<dyn Held>) -> Result<Self, RunError> {
        let watch = Arc::new(Watch::default());
        let own = watch.clone();
        let started = std::thread::Builder::new().spawn(move || own.check_until_over(held));
        let thread = started.map_err(|e| RunError::Threads { message: e.to_string() })?;
        Ok(Guarded { watch, thread: Some(thread) })
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.watch.lock().over = true;
        self.watch.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has released the lock.
            let _ = thread.join();
        }
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, LockState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks the lock until the run is over, then releases it.
    fn check_until_over(&self, mut held: Box<dyn Held>) {
        loop {
            let waited = self.changed.wait_timeout_while(self.lock(), held.every(), |state| !state.over);
            if waited.unwrap_or_else(PoisonError::into_inner).0.over {
                return held.release();
            }
            if let Err(how) = held.check() {
                let mut state = self.lock();
                state.lost = Some(how.to_string());
                state.stop.iter().for_each(Stop::set);
                return;
            }
        }
    }
}

fn taken(connection: &Connection, who: &Who, patience: &Patience<'_>) -> Result<Box<dyn Held>, RunError> {
    let mut attempt: Box<dyn Attempt> = match connection.dialect {
        Dialect::Sqlite => Box::new(file::FileAttempt::new(&connection.database, who.clone())?),
        _ => Box::new(server::ServerAttempt::new(connection, who)?),
    };
    let begun = Instant::now();
    let (mut told, mut may_end) = (patience.wait <= GRACE, patience.force);
    let mut wait = patience.wait.max(GRACE);
    loop {
        if let Some(held) = attempt.attempt()? {
            return Ok(held);
        }
        let waited = begun.elapsed();
        if waited >= wait && may_end {
            attempt.end_holder()?;
            (may_end, wait) = (false, waited + ENDING);
        } else if waited >= wait {
            let (holder, waited) = (Box::new(attempt.holder()?), patience.wait.as_secs());
            return Err(RunError::Busy { holder, waited, way_out: way_out(connection.dialect) });
        }
        if !told && waited >= GRACE {
            told = true;
            let holder = attempt.holder()?;
            patience.told.inspect(|told| told(&holder));
        }
        std::thread::sleep(if waited < GRACE { SOON } else { LATER });
    }
}

fn way_out(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "wait for it with --wait SECONDS, or end that process",
        _ => "wait for it with --wait SECONDS, or end its sessions with `dbmocker restore --force`",
    }
}
