//! Jobs -> server: one connection a thread, one transaction a unit, counts compared at every step.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, sqlite};

use super::jobs::{TableJob, Unit, units};
use super::ledger::Ledger;
use super::load_unit::{Run, Supply, UnitLoad};
use super::prefetch::{Prefetcher, Stage, Staging};
use super::processes::{StagedFiles, WorkerConfig, WorkerHandle};
use super::restore::repair;
use super::schedule::Schedule;
use super::tasks::{Task, Work, tasks};
use super::truncate::truncate;
use super::{Flow, RunError, Stop, session, start};
use crate::report::{Progress, TableReport, Waits};
use dbmocker_core::schema::{Schema, TableName};

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
    /// Bytes of pages that SQLite, which is inside this process, may keep in memory.
    pub page_cache: u64,
}

/// What a load left to say besides its counts.
#[derive(Debug, Default)]
pub struct Loaded {
    pub tables: Vec<TableReport>,
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
    let filling = LoadExecution { connection, run: &run, worker_config, kept: kept.is_ok(), done: Mutex::default() };
    let outcome = filling.fill(options.connections, first, &prefetcher, staged_files.as_ref());
    if kept.is_ok() {
        restored(connection, &ledger, outcome, &mut loaded.notes)?;
    } else {
        outcome?;
    }
    loaded.tables = filling.reports();
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

/// The threads of a load, each with one hand.
struct LoadExecution<'a> {
    connection: &'a Connection,
    run: &'a Run<'a>,
    worker_config: Option<&'a WorkerConfig>,
    /// There is a ledger.
    kept: bool,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    tables: Vec<TableReport>,
    /// By unit: when its first part began, and the bytes of its parts.
    parts: BTreeMap<usize, (Instant, u64)>,
}

/// Who does a task.
enum Executor<'a> {
    /// A connection of this process.
    Own(Box<dyn Loader>),
    Process(WorkerHandle<'a>),
}

impl LoadExecution<'_> {
    fn fill(
        &self,
        connections: usize,
        mut first: Box<dyn Loader>,
        prefetcher: &Prefetcher<'_>,
        staged_files: Option<&StagedFiles>,
    ) -> Result<(), RunError> {
        let stop = &self.run.flow.stop;
        self.register(&mut *first)?;
        let (tasks, after) = tasks(self.run.units, self.run.dialect != Dialect::Sqlite);
        let schedule = Schedule::new(after);
        let processes = self.worker_config.map_or(0, |c| c.processes);
        let hands = match self.run.dialect {
            Dialect::Sqlite => 1,
            _ if processes > 0 => processes.min(tasks.len()),
            _ => connections.clamp(1, tasks.len().max(1)),
        };
        std::thread::scope(|scope| {
            let mut first = Some(first);
            let failed = |e| schedule.fail(e, stop);
            let ahead =
                start(scope, || prefetcher.fill_ahead(self.run.flow).unwrap_or_else(|e| schedule.fail(e, stop)));
            ahead.map_or_else(failed, drop);
            let mut loaders = Vec::new();
            for _ in 0..hands {
                let own = first.take();
                let (schedule, tasks) = (&schedule, &tasks);
                let started = start(scope, move || {
                    let outcome = self.hand(own).and_then(|hand| self.work(hand, schedule, tasks));
                    outcome.unwrap_or_else(|e| schedule.fail(e, stop));
                });
                match started {
                    Ok(loader) => loaders.push(loader),
                    Err(e) => {
                        failed(e);
                        break;
                    }
                }
            }
            for _ in 0..staged_files.map_or(0, |_| processes) {
                let schedule = &schedule;
                let started = start(scope, move || self.stage(staged_files).unwrap_or_else(|e| schedule.fail(e, stop)));
                started.map_or_else(failed, drop);
            }
            let ended: Vec<_> = loaders.into_iter().map(|l| l.join()).collect();
            prefetcher.close();
            staged_files.inspect(|s| s.close());
            if let Some(panic) = ended.into_iter().find_map(Result::err) {
                std::panic::resume_unwind(panic);
            }
        });
        let complete: Vec<String> = self.lock().tables.iter().map(|t| t.name.clone()).collect();
        match schedule.into_error() {
            None => Ok(()),
            Some(error) if complete.is_empty() => Err(error),
            Some(error) => Err(RunError::After { complete: complete.join(", "), error: Box::new(error) }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand(&self, own: Option<Box<dyn Loader>>) -> Result<Executor<'_>, RunError> {
        if let Some(worker_config) = self.worker_config.filter(|_| self.run.dialect != Dialect::Sqlite) {
            own.map_or(Ok(()), Loader::finish)?;
            return Ok(Executor::Process(WorkerHandle::new(self.run, self.connection, worker_config)));
        }
        match own {
            Some(loader) => Ok(Executor::Own(loader)),
            None => {
                let mut loader = connect(self.connection)?;
                self.register(&mut *loader)?;
                Ok(Executor::Own(loader))
            }
        }
    }

    /// Notes the session, so that nobody repairs anything while it is at work.
    fn register(&self, loader: &mut dyn Loader) -> Result<(), RunError> {
        if self.kept
            && let Some(id) = session::own(loader, self.run.dialect)?
        {
            self.run.ledger.add_session(loader, &id)?;
        }
        Ok(())
    }

    /// One thread's loop over tasks.
    fn work(&self, mut hand: Executor<'_>, schedule: &Schedule, tasks: &[Task]) -> Result<(), RunError> {
        let stop = &self.run.flow.stop;
        watched(&hand.canceller(), stop, || {
            schedule.work(stop, |t| {
                let task = &tasks[t];
                let unit = &self.run.units[task.unit];
                if task.work == Work::Open {
                    self.lock().parts.insert(task.unit, (Instant::now(), 0));
                }
                let reports = match &mut hand {
                    Executor::Own(loader) => UnitLoad::new(&mut **loader, self.run, unit).task(task)?,
                    Executor::Process(worker_handle) => worker_handle.task(task)?,
                };
                self.lock().add(task, unit, reports);
                Ok(())
            });
        });
        match hand {
            Executor::Own(loader) => Ok(loader.finish()?),
            Executor::Process(worker_handle) => worker_handle.finish(),
        }
    }

    /// One thread that has files written by a process.
    fn stage(&self, staged_files: Option<&StagedFiles>) -> Result<(), RunError> {
        let (Some(worker_config), Some(staged_files)) = (self.worker_config, staged_files) else { return Ok(()) };
        let mut worker_handle = WorkerHandle::new(self.run, self.connection, worker_config);
        let cancel = worker_handle.canceller();
        let staged = watched(&cancel, &self.run.flow.stop, || worker_handle.stage(staged_files));
        let ended = worker_handle.finish();
        staged.and(ended)
    }

    /// The tables in the order of the jobs.
    fn reports(&self) -> Vec<TableReport> {
        let mut tables = std::mem::take(&mut self.lock().tables);
        let positions: Vec<String> = self.run.positions.iter().map(TableName::to_string).collect();
        tables.sort_by_key(|t| positions.iter().position(|p| *p == t.name));
        tables
    }
}

impl Executor<'_> {
    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        match self {
            Executor::Own(loader) => loader.canceller(),
            Executor::Process(worker_handle) => worker_handle.canceller(),
        }
    }
}

impl Done {
    fn add(&mut self, task: &Task, unit: &Unit, reports: Vec<TableReport>) {
        match (&task.work, self.parts.get_mut(&task.unit)) {
            (Work::Part(_), Some((_, bytes))) => *bytes += reports.iter().map(|r| r.bytes).sum::<u64>(),
            (Work::Close, Some((begun, bytes))) => {
                let (seconds, bytes) = (begun.elapsed().as_secs_f64(), *bytes);
                let whole = |r: TableReport| TableReport {
                    level: unit.level,
                    limited_by: r.limited_by,
                    ..TableReport::new(r.name, r.requested, r.rows, bytes, seconds)
                };
                self.tables.extend(reports.into_iter().map(whole));
            }
            _ => self.tables.extend(reports),
        }
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

/// Does some work; cancels what is in progress, once, when the run stops before it is done.
fn watched<T>(cancel: &(dyn Fn() + Send + Sync), stop: &Stop, work: impl FnOnce() -> T) -> T {
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Without a thread that watches, the work ends by itself.
        let _ = start(scope, || {
            while !finished.load(Ordering::SeqCst) {
                if stop.is_set() {
                    return cancel();
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        // Also when it panics, so that the other thread ends.
        let _guard = Finished(&finished);
        work()
    })
}

struct Finished<'a>(&'a AtomicBool);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
