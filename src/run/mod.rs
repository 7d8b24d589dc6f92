//! The pipeline: plan -> batches -> files, or batches or files -> server. All threads of a run are created in this
//! module.
//!
//! ```text
//! Plan -> [rayon: rows a..b -> RecordBatch] --bounded--> sink (export) | loader thread, one connection each (load)
//!                            `--idle workers--> prefetched rows of later tables: memory, then spilled files --^
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, LoadError, Loader, connect};

mod batches;
mod deferred_indexes;
mod disable_triggers;
mod error;
mod export;
mod facts;
mod file_size;
mod jobs;
mod journal;
mod ledger;
mod load;
mod load_execution;
mod load_unit;
mod lock;
mod pace;
mod partitions;
mod prefetch;
mod preflight;
mod processes;
mod ramp;
mod references;
mod refused;
mod restore;
mod resume;
mod saved_plan;
mod schedule;
mod session;
mod sql;
mod sql_template;
mod sql_text;
mod stream;
mod tasks;
mod trial_insert;
mod truncate;
mod undoable;
mod wait_stats;

pub use batches::{Batches, Flow, GeneratedRange};
pub use disable_triggers::DisabledTriggers;
pub use error::RunError;
pub use export::{ExportOptions, FileLimit, export, generate_only, manifest_of};
pub use facts::database_comment;
pub use file_size::{FileSize, file_bytes};
pub use jobs::{
    RowsSource, TableJob, columns_of, defer_indexes, disable_triggers, early_tables, jobs_from_manifest,
    jobs_from_plan, skip_refused_triggers, table_of,
};
pub use journal::{History, RunEntry, RunRecord, RunState, TABLE as JOURNAL_TABLE, rows_made, runs};
pub use ledger::TABLE as LEDGER_TABLE;
pub use load::{LoadOptions, LoadOutcome, load};
pub use lock::{Holder, Patience, RunLock, Who, remove_lock_file};
pub use pace::Pace;
pub use partitions::may_partition;
pub use prefetch::{PrefetchLimits, PrefetchTier};
pub use preflight::{AcceptedTrial, Refusal, preflight};
pub use processes::{TableShare, WorkerConfig, worker};
pub use references::check_references;
pub use restore::{Restoring, no_active_run, restore};
pub use resume::{LastRun, Resumable, Resumed, last_run};
pub use saved_plan::{Misfit, Unfit, fit};
pub(crate) use sql_template::filled;
pub use sql_text::{PreparedScript, joined_script};
pub use stream::TableStream;
pub use trial_insert::WHOLE as TRIED_WHOLE;
pub use truncate::may_empty;
pub use undoable::{Undoable, undoable};
pub use wait_stats::WaitStats;

/// Set by Ctrl-C and by the first error: all work in progress ends soon.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn flag(&self) -> &AtomicBool {
        &self.0
    }
}

/// The current time, for journal and messages; no generated value depends on it.
pub fn clock() -> String {
    let micros = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
    dbmocker_core::time::timestamp_text(micros)
}

/// Starts a thread within a scope; unlike `std`'s function, it returns an error if the system cannot start one.
///
/// # Errors
/// The system cannot start a thread.
pub(crate) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, RunError> {
    std::thread::Builder::new().spawn_scoped(scope, work).map_err(|e| RunError::Threads { message: e.to_string() })
}

/// A server with at least this round-trip time is distant: waiting for its responses takes more time than the work.
pub const FAR: Duration = Duration::from_millis(5);

/// The number of queries, the fastest of which gives the round-trip time.
const ASKED: usize = 5;

/// The round-trip time to the server.
///
/// # Errors
/// The server cannot be reached.
pub fn round_trip(connection: &Connection) -> Result<Duration, RunError> {
    let mut loader = connect(connection)?;
    let least = round_trip_of(&mut *loader)?;
    loader.finish()?;
    Ok(least)
}

fn round_trip_of(loader: &mut dyn Loader) -> Result<Duration, LoadError> {
    let mut least = Duration::MAX;
    for _ in 0..ASKED {
        let begun = Instant::now();
        loader.query("SELECT 1")?;
        least = least.min(begun.elapsed());
    }
    Ok(least)
}

/// A pool of `workers` threads that only compute.
///
/// # Errors
/// If the system cannot start the threads.
pub fn pool(workers: usize) -> Result<Arc<rayon::ThreadPool>, RunError> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(workers).thread_name(|i| format!("generate-{i}"));
    // If a worker panics, its batch never arrives, which the stream reports as an error. The default is to abort the
    // process, without restoring anything.
    let builder = builder.panic_handler(|_| {});
    builder.build().map(Arc::new).map_err(|e| RunError::Threads { message: e.to_string() })
}
