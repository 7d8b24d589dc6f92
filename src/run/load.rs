//! Jobs -> server: one connection a thread, one transaction a unit, counts compared at every step.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, sqlite};

use super::filling::LoadExecution;
use super::jobs::{TableJob, units};
use super::ledger::Ledger;
use super::load_unit::{Run, Supply};
use super::prefetch::{Prefetcher, Stage, Staging};
use super::processes::{StagedFiles, WorkerConfig};
use super::restore::repair;
use super::truncate::truncate;
use super::{Flow, RunError, Stop};
use crate::report::{Left, Progress, TableReport, Waits};
use dbmocker_core::schema::Schema;

/// How long staged rows wait for a server that cannot be reached, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(600);
const BETWEEN: Duration = Duration::from_secs(1);

const SMALLEST_CACHE_KIB: u64 = 2 << 10;

/// How a database is filled.
#[derive(Clone)]
pub struct LoadOptions {
    /// Connections that load side by side; SQLite always has one.
    pub connections: usize,
    /// Delete the tables' rows first.
    pub truncate: bool,
    /// Go on although an earlier run did not end.
    pub append: bool,
    /// When the run started, for the ledger.
    pub started: String,
    /// How rows wait for the server.
    pub staging: Staging,
    /// Worker processes, if they do the work.
    pub worker_config: Option<WorkerConfig>,
    /// Tables whose rows the server refuses are left out, with those that need them; `None`: nobody can ask for that.
    pub skip_refused: Option<bool>,
    /// Bytes of pages that SQLite, which is inside this process, may keep in memory.
    pub page_cache: u64,
}

/// What a load left to say besides its counts.
#[derive(Debug, Default)]
pub struct Loaded {
    pub tables: Vec<TableReport>,
    /// Tables whose rows the server refused, and those that need them.
    pub left_out: Vec<Left>,
    pub notes: Vec<String>,
    pub waits: Waits,
    /// Bytes that waited on disk: in all, and at one time.
    pub spilled: (u64, u64),
    /// The largest resident memory of each worker process, in bytes.
    pub worker_peaks: Vec<u64>,
}

/// Loads the jobs, parents first; `progress` counts them by their position.
///
/// # Errors
/// The first error of any table. Tables that were not complete are as they were before, settings and constraints
/// restored.
pub fn load(
    connection: &Connection,
    schema: &Schema,
    mut jobs: Vec<TableJob>,
    options: &LoadOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<Loaded, RunError> {
    let stop = &flow.stop;
    let mut first = connect(connection)?;
    let ledger = Ledger::new(connection.dialect, &schema.default_schema);
    no_leftover(&ledger, &mut *first, options)?;
    let by_hand = if options.worker_config.is_some() { &[][..] } else { &jobs };
    let prefetcher = Prefetcher::new(by_hand, &options.staging);
    if options.staging.stage == Stage::Files {
        first.finish()?;
        prefetcher.fill_all(options.connections, progress)?;
        first = connect_again(connection, stop, progress)?;
    }
    let mut loaded = Loaded::default();
    let kept = ledger.begin(&mut *first, &jobs, &options.started);
    let mut worker_config = options.worker_config.as_ref();
    if let Err(e) = &kept {
        loaded.notes.push(format!("nothing in the database tells later that this run was killed, if it is: {e}"));
        // Nobody could tell which parts were committed.
        worker_config = worker_config.filter(|_| connection.dialect == Dialect::Sqlite);
        jobs.iter_mut().filter(|_| worker_config.is_none()).for_each(|job| job.cut = None);
    }
    if connection.dialect == Dialect::Sqlite {
        let kib = (options.page_cache >> 10).clamp(SMALLEST_CACHE_KIB, sqlite::CACHE_KIB.into());
        first.execute(&format!("PRAGMA cache_size = -{kib}"))?;
    }
    if options.truncate {
        truncate(&mut *first, connection.dialect, schema, &jobs)?;
    }
    let positions: Vec<_> = jobs.iter().map(|j| j.name.clone()).collect();
    let units = units(schema, jobs);
    let staged_files = worker_config.filter(|_| connection.dialect == Dialect::Sqlite);
    let staged_files =
        staged_files.map(|worker_config| StagedFiles::new(&units, 2 * worker_config.processes)).transpose()?;
    let (notes, peaks) = (Mutex::default(), Mutex::default());
    let run = Run {
        dialect: connection.dialect,
        units: &units,
        positions: &positions,
        flow,
        progress,
        notes: &notes,
        peaks: &peaks,
        supply: staged_files.as_ref().map_or(Supply::Stocks(&prefetcher), Supply::Files),
        ledger: &ledger,
        noted: worker_config.is_some() && connection.dialect != Dialect::Sqlite,
    };
    let filling = LoadExecution::new(connection, &run, worker_config, kept.is_ok(), options.skip_refused);
    let outcome = filling.fill(options.connections, first, &prefetcher, staged_files.as_ref());
    if kept.is_ok() {
        restored(connection, &ledger, outcome, &mut loaded.notes)?;
    } else {
        outcome?;
    }
    (loaded.tables, loaded.left_out) = filling.reports();
    loaded.notes.extend(notes.into_inner().unwrap_or_else(PoisonError::into_inner));
    loaded.worker_peaks = peaks.into_inner().unwrap_or_else(PoisonError::into_inner);
    loaded.waits = waits(flow, &options.staging);
    loaded.spilled = options.staging.store.as_ref().map_or((0, 0), |s| (s.total(), s.high_water()));
    if stop.is_set() { Err(RunError::Interrupted) } else { Ok(loaded) }
}

/// What an earlier run left must be seen to first, by what was typed or by `dbmocker restore`.
fn no_leftover(ledger: &Ledger, loader: &mut dyn Loader, options: &LoadOptions) -> Result<(), RunError> {
    let Some(found) = ledger.unfinished(loader)? else { return Ok(()) };
    // The plan was made without the indexes and triggers that are missing.
    if !ledger.undo(loader)?.is_empty() || !ledger.triggers(loader)?.is_empty() {
        return Err(RunError::Unrestored { found });
    }
    if options.truncate || options.append { Ok(()) } else { Err(RunError::Unfinished { found }) }
}

/// The end of every run: tables that were loaded in parts and are not complete are put back, and the ledger is removed.
fn restored(
    connection: &Connection,
    ledger: &Ledger,
    outcome: Result<(), RunError>,
    notes: &mut Vec<String>,
) -> Result<(), RunError> {
    let put_back = || -> Result<Vec<String>, LoadError> {
        let mut last = connect(connection)?;
        let lines = repair(&mut *last, connection.dialect, ledger)?;
        ledger.end(&mut *last)?;
        last.finish()?;
        Ok(lines)
    };
    match (outcome, put_back()) {
        (outcome, Ok(lines)) => {
            notes.extend(lines);
            outcome
        }
        (Ok(()), Err(e)) => Err(e.into()),
        (Err(error), Err(e)) => Err(RunError::Unmended { message: e.to_string(), error: Box::new(error) }),
    }
}

fn waits(flow: &Flow, staging: &Staging) -> Waits {
    let wait_stats = &flow.wait_stats;
    let first_to_files = Waits {
        rows_for_disk: staging.flow.wait_stats.rows_waited().as_secs_f64(),
        disk_for_rows: staging.flow.wait_stats.consumers_waited().as_secs_f64(),
        ..Waits::default()
    };
    Waits {
        server_for_rows: wait_stats.consumers_waited().as_secs_f64(),
        server_for_disk: wait_stats.read_waited().as_secs_f64(),
        rows_for_server: wait_stats.rows_waited().as_secs_f64(),
        rows_for_memory: flow.budget.waited().as_secs_f64(),
        // What is made ahead with idle workers is nothing that anybody waits for.
        ..if staging.stage == Stage::Files { first_to_files } else { Waits::default() }
    }
}

/// The server again, once its rows are staged: it may be out of reach for a while.
fn connect_again(connection: &Connection, stop: &Stop, progress: &Progress) -> Result<Box<dyn Loader>, RunError> {
    let begun = Instant::now();
    loop {
        match connect(connection) {
            Err(LoadError::Connect { .. }) if begun.elapsed() < PATIENCE => {
                progress.set_phase("waiting for the server");
                let asked = Instant::now();
                while asked.elapsed() < BETWEEN {
                    if stop.is_set() {
                        return Err(RunError::Interrupted);
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            connected => {
                progress.set_phase("");
                return Ok(connected?);
            }
        }
    }
}
