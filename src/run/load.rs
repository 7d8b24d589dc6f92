//! Jobs -> server: one connection per thread, one transaction per unit, counts compared at every step.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, sqlite};

use super::jobs::{TableJob, units};
use super::journal::{Journal, RunRecord, RunState};
use super::ledger::{Ledger, LedgerObject, parts_of, seal, triggers_of};
use super::load_execution::{LoadExecution, register};
use super::load_unit::{Marks, RunContext, Supply, add_owned};
use super::pace::{Question, during};
use super::prefetch::{PrefetchLimits, PrefetchTier, Prefetcher};
use super::processes::{StagedFiles, WorkerConfig};
use super::refused::refused;
use super::restore::{repair, unfinished};
use super::resume::Resumed;
use super::truncate::truncate;
use super::{Flow, RunError, RunLock, Stop, disable_triggers, sql};
use crate::report::{LeftOut, Progress, TableReport, TaskTime, Waits};
use dbmocker_core::schema::Schema;
use dbmocker_files::spill::sweep;

/// How long connecting is retried once rows are staged, and the pause between attempts.
const PATIENCE: Duration = Duration::from_secs(600);
const BETWEEN: Duration = Duration::from_secs(1);

const SMALLEST_CACHE_KIB: u64 = 2 << 10;

/// How a database is filled.
#[derive(Clone)]
pub struct LoadOptions {
    /// Concurrent connections; SQLite always has one.
    pub connections: usize,
    /// As many of them load parts of large tables as the rates of the first seconds suggest.
    pub measures_connections: bool,
    /// Delete the tables' rows first.
    pub truncate: bool,
    /// Continue although an earlier run did not finish.
    pub append: bool,
    /// When the run started, for the ledger.
    pub started: String,
    /// How rows are prefetched.
    pub staging: PrefetchLimits,
    /// Worker processes, if they load the rows.
    pub worker_config: Option<WorkerConfig>,
    /// Leave out tables whose rows the server refuses, with those that depend on them; `None`: the command has no such
    /// option.
    pub skip_refused: Option<bool>,
    /// Limit of SQLite's page cache, which is part of this process, in bytes.
    pub page_cache: u64,
    /// The run's record for the journal; `None`: no journal is kept.
    pub journal: Option<RunRecord>,
    /// The journal is kept after the run has completed.
    pub keep_journal: bool,
    /// A query: as long as its value is true, no rows are sent.
    pub pause_when: Option<String>,
    /// The run that is resumed.
    pub resumed: Option<Resumed>,
}

/// The result of a load besides its counts.
#[derive(Debug, Default)]
pub struct LoadOutcome {
    pub tables: Vec<TableReport>,
    /// Tables whose rows the server refused, and those that depend on them.
    pub left_out: Vec<LeftOut>,
    pub notes: Vec<String>,
    pub waits: Waits,
    /// What each connection or worker process did, and when.
    pub tasks: Vec<TaskTime>,
    /// Spilled bytes: in total, and at most at one time.
    pub spilled: (u64, u64),
    /// The largest resident memory of each worker process, in bytes.
    pub worker_peaks: Vec<u64>,
}

/// Loads the jobs, parents first, under the run's lock; `progress` counts them by their position.
///
/// # Errors
/// The first error of any table. Incomplete tables are as they were before, with settings and constraints restored.
pub fn load(
    connection: &Connection,
    schema: &Schema,
    mut jobs: Vec<TableJob>,
    lock: &RunLock,
    options: &LoadOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<LoadOutcome, RunError> {
    sweep(&std::env::temp_dir());
    let mut first = connect(connection)?;
    options.resumed.iter().for_each(|resumed| resumed.mark(&mut jobs));
    as_planned(lock, &mut *first, schema, &jobs, options)?;
    let mut leftover = leftover(&mut *first, connection.dialect, schema, options)?;
    let by_hand = if options.worker_config.is_some() { &[][..] } else { &jobs };
    let prefetcher = Prefetcher::new(by_hand, &options.staging);
    if options.staging.stage == PrefetchTier::Files {
        first.finish()?;
        prefetcher.fill_all(options.connections, progress)?;
        first = connect_again(connection, &flow.stop, progress)?;
        as_planned(lock, &mut *first, schema, &jobs, options)?;
        leftover = self::leftover(&mut *first, connection.dialect, schema, options)?;
    }
    lock.stops(Some(&flow.stop));
    if let Some(leftover) = leftover {
        leftover.end(&mut *first)?;
    }
    let mut loaded = LoadOutcome::default();
    let question = options.pause_when.as_ref().map(|sql| Question::new(connection, sql, &flow.pace)).transpose()?;
    let (ledger, journal) = begin(&mut *first, schema, &jobs, (lock, options), &mut loaded.notes)?;
    let writing =
        Writing { connection, schema, ledger: ledger.as_ref(), journal: journal.as_ref(), options, flow, progress };
    let outcome = during(question, flow, progress, || writing.write(jobs, first, &prefetcher, &mut loaded));
    let outcome = if outcome.is_ok() && flow.stop.is_set() { Err(RunError::Interrupted) } else { outcome };
    let outcome = writing.settle(lock, outcome, &mut loaded.notes);
    lock.stops(None);
    outcome?;
    loaded.waits = waits(flow, &options.staging);
    loaded.spilled = options.staging.store.as_ref().map_or((0, 0), |s| (s.total(), s.high_water()));
    Ok(loaded)
}

/// Ensures that the lock is held, and that no other run has changed the tables' row counts while it was lost.
fn as_planned(
    lock: &RunLock,
    loader: &mut dyn Loader,
    schema: &Schema,
    jobs: &[TableJob],
    options: &LoadOptions,
) -> Result<(), RunError> {
    let (lost, dialect) = (lock.renew()?, schema.dialect);
    if let Some(resumed) = &options.resumed {
        return resumed.as_left(loader, (dialect, schema), jobs);
    }
    if !lost || options.truncate {
        return Ok(());
    }
    for job in jobs {
        let held = sql::count(loader, dialect, job)?;
        if held != job.existing {
            return Err(RunError::Changed { table: job.name.to_string(), planned: job.existing, held });
        }
    }
    Ok(())
}

/// The run's two tables: ledger and journal; `None`, with a note, where the account may make no table.
fn begin(
    loader: &mut dyn Loader,
    schema: &Schema,
    jobs: &[TableJob],
    (lock, options): (&RunLock, &LoadOptions),
    notes: &mut Vec<String>,
) -> Result<(Option<Ledger>, Option<Journal>), RunError> {
    let place = (schema.dialect, &*schema.default_schema);
    if let Some(resumed) = &options.resumed {
        let begin = |loader: &mut dyn Loader, run: &str| {
            Ok(Ledger::begin(loader, place, jobs, (run, lock.who(), &options.started))?.0)
        };
        let (ledger, journal) = resumed.books(loader, place, begin)?;
        return Ok((Some(ledger), Some(journal)));
    }
    let run = seal::token().map_err(|e| RunError::Lock { message: e.to_string() })?;
    let mut journal = None;
    if let Some(record) = &options.journal {
        match Journal::begin(loader, place, &run, record, jobs) {
            Ok((begun, note)) => {
                notes.extend(note);
                journal = Some(begun);
            }
            // The journal may belong to another role that has loaded before.
            Err(e) => notes.push(format!("the journal of this run could not be created, so it cannot be resumed: {e}")),
        }
    }
    let ledger = begin_ledger(loader, place, jobs, (&run, lock, options), notes);
    if let (Err(e), Some(journal)) = (&ledger, &journal) {
        // The original error is the one to report.
        let _ = journal.add_state(loader, RunState::Failed, Some(e.to_string()));
    }
    Ok((ledger?, journal))
}

fn begin_ledger(
    loader: &mut dyn Loader,
    (dialect, schema): (Dialect, &str),
    jobs: &[TableJob],
    (run, lock, options): (&str, &RunLock, &LoadOptions),
    notes: &mut Vec<String>,
) -> Result<Option<Ledger>, RunError> {
    match Ledger::begin(loader, (dialect, schema), jobs, (run, lock.who(), &options.started)) {
        Ok((ledger, note)) => {
            notes.extend(note);
            Ok(Some(ledger))
        }
        Err(e) => {
            match Ledger::find(loader, dialect, schema)? {
                LedgerObject::Nothing => {}
                LedgerObject::Blank(half) => half.end(loader)?,
                LedgerObject::Lines(left) => {
                    return Err(RunError::Unfinished { found: unfinished(loader, dialect, &left)? });
                }
            }
            notes.push(format!("if this run is killed, the database holds no record of it: {e}"));
            Ok(None)
        }
    }
}

/// The writing part of a load.
struct Writing<'a> {
    connection: &'a Connection,
    schema: &'a Schema,
    /// `None`: the account may not create tables.
    ledger: Option<&'a Ledger>,
    /// `None`: that, or no journal is requested.
    journal: Option<&'a Journal>,
    options: &'a LoadOptions,
    flow: &'a Flow,
    progress: &'a Progress,
}

impl Writing<'_> {
    fn write(
        &self,
        mut jobs: Vec<TableJob>,
        mut first: Box<dyn Loader>,
        prefetcher: &Prefetcher<'_>,
        loaded: &mut LoadOutcome,
    ) -> Result<(), RunError> {
        let Writing { connection, schema, ledger, journal, options, flow, progress } = *self;
        let (dialect, kept) = (connection.dialect, ledger.is_some());
        // Without a ledger, it would be unknown which parts were committed.
        let worker_config = options.worker_config.as_ref().filter(|_| kept || dialect == Dialect::Sqlite);
        if !kept && worker_config.is_none() {
            jobs.iter_mut().for_each(|job| job.chunks = None);
        }
        if let Some(ledger) = ledger {
            register(ledger, &mut *first, dialect)?;
        }
        if dialect == Dialect::Sqlite {
            let kib = (options.page_cache >> 10).clamp(SMALLEST_CACHE_KIB, sqlite::CACHE_KIB.into());
            first.execute(&format!("PRAGMA cache_size = -{kib}"))?;
        }
        if options.truncate && !options.resumed.as_ref().is_some_and(|r| r.emptied) {
            truncate(&mut *first, dialect, schema, &jobs)?;
            journal.map_or(Ok(()), |journal| journal.add_emptied(&mut *first))?;
        }
        add_owned(&mut *first, dialect, &mut jobs)?;
        let positions: Vec<_> = jobs.iter().map(|j| j.name.clone()).collect();
        let units = units(schema, jobs);
        let staged_files = worker_config.filter(|_| dialect == Dialect::Sqlite);
        let staged_files =
            staged_files.map(|worker_config| StagedFiles::new(&units, 2 * worker_config.processes)).transpose()?;
        let (notes, peaks) = (Mutex::default(), Mutex::default());
        let run = RunContext {
            dialect,
            units: &units,
            positions: &positions,
            flow,
            progress,
            notes: &notes,
            peaks: &peaks,
            supply: staged_files.as_ref().map_or(Supply::Prefetcher(prefetcher), Supply::Files),
            ledger,
            marks: match (journal, ledger) {
                (Some(journal), _) => Some(Marks::Journal(journal)),
                (None, Some(ledger)) if worker_config.is_some() && dialect != Dialect::Sqlite => {
                    Some(Marks::Ledger(ledger))
                }
                _ => None,
            },
            done: options.resumed.as_ref().map(|resumed| &resumed.done),
        };
        let filling = LoadExecution {
            connection,
            run: &run,
            worker_config,
            skip_refused: options.skip_refused,
            measures_connections: options.measures_connections,
            done: Mutex::default(),
        };
        let outcome = filling.fill(options.connections, first, prefetcher, staged_files.as_ref());
        (loaded.tables, loaded.left_out) = filling.reports();
        loaded.tasks = filling.times();
        loaded.notes.extend(notes.into_inner().unwrap_or_else(PoisonError::into_inner));
        loaded.worker_peaks = peaks.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome
    }

    /// Ends every run, under the lock, which may have been lost: the ledger is removed; tables that were loaded in
    /// parts and are incomplete are restored, or left as they are if the run can be resumed.
    fn settle(
        &self,
        lock: &RunLock,
        mut outcome: Result<(), RunError>,
        notes: &mut Vec<String>,
    ) -> Result<(), RunError> {
        if let Some(message) = lock.lost() {
            outcome =
                Err(outcome.err().unwrap_or(RunError::Interrupted).instead_of_stop(RunError::LockLost { message }));
        }
        let goes_on = outcome.as_ref().is_err_and(|e| self.continues_after(e));
        let (state, message) = match &outcome {
            Ok(()) => (RunState::Complete, None),
            Err(e) => (RunState::Failed, Some(e.to_string())),
        };
        match (outcome, self.put_back(lock, goes_on, (state, message))) {
            (Err(error), Ok((lines, true))) => {
                notes.extend(lines);
                Err(RunError::Kept { error: Box::new(error) })
            }
            (outcome, Ok((lines, _))) => {
                notes.extend(lines);
                outcome
            }
            // Every table is complete, and none was loaded in parts.
            (Ok(()), Err(e @ (RunError::LedgerChanged { .. } | RunError::ForeignLedger { .. }))) => {
                notes.push(e.to_string());
                Ok(())
            }
            (Ok(()), Err(e)) => Err(e),
            (Err(error), Err(e)) => Err(RunError::Unmended { message: e.to_string(), error: Box::new(error) }),
        }
    }

    /// Whether a resumed run may get past this error; rows that the server refuses would be refused again.
    fn continues_after(&self, error: &RunError) -> bool {
        let record = self.options.resumed.is_some() || self.options.journal.as_ref().is_some_and(|r| r.kept.is_some());
        let error = if let RunError::After { error, .. } = error { error } else { error };
        let hopeless = matches!(error, RunError::Generate(_) | RunError::Worker { generation: true, .. });
        record && self.journal.is_some() && !hopeless && refused(self.connection.dialect, error).is_none()
    }

    /// Restores incomplete tables, or keeps their parts for a resumed run if it `goes_on`; returns what was done.
    fn put_back(
        &self,
        lock: &RunLock,
        goes_on: bool,
        (state, message): (RunState, Option<String>),
    ) -> Result<(Vec<String>, bool), RunError> {
        let (dialect, mut lines, mut kept) = (self.connection.dialect, Vec::new(), false);
        if self.ledger.is_none() && self.journal.is_none() {
            return Ok((lines, kept));
        }
        lock.renew()?;
        let mut last = connect(self.connection)?;
        if let Some(ledger) = self.ledger {
            ledger.is_there(&mut *last)?;
            if goes_on {
                if dialect == Dialect::Mysql {
                    lines = disable_triggers::recover(&mut *last, ledger)?;
                }
                kept = !ledger.parts(&mut *last)?.is_empty();
            } else {
                lines = repair(&mut *last, dialect, ledger, self.journal)?;
            }
            if !kept {
                ledger.end(&mut *last)?;
            }
        }
        // Unless a flag says otherwise, the journal is kept only while its run can be resumed. It is removed in one step: a
        // run that is killed before it is not recorded as complete, and a resumed run removes it.
        let removed = match self.journal {
            Some(journal) if !kept && !self.options.keep_journal => journal.remove_if_alone(&mut *last)?,
            _ => false,
        };
        if let Some(journal) = self.journal
            && !removed
            && let Err(e) = journal.add_state(&mut *last, state, message)
        {
            lines.push(format!("the outcome of the run could not be written to the journal: {e}"));
        }
        last.finish()?;
        Ok((lines, kept))
    }
}

/// The ledger that an earlier run left; it must be resolved first, by an option or by `dbmocker restore`.
fn leftover(
    loader: &mut dyn Loader,
    dialect: Dialect,
    schema: &Schema,
    options: &LoadOptions,
) -> Result<Option<Ledger>, RunError> {
    if options.resumed.is_some() {
        return Ok(None);
    }
    let left = match Ledger::find(loader, dialect, &schema.default_schema)? {
        LedgerObject::Nothing => return Ok(None),
        LedgerObject::Blank(ledger) => return Ok(Some(ledger)),
        LedgerObject::Lines(left) => left,
    };
    let found = unfinished(loader, dialect, &left)?;
    // The plan does not contain the missing indexes and triggers.
    if !parts_of(&left.lines).is_empty() || !triggers_of(&left.lines).is_empty() {
        return Err(RunError::Unrestored { found });
    }
    if options.truncate || options.append { Ok(Some(left.ledger)) } else { Err(RunError::Unfinished { found }) }
}

fn waits(flow: &Flow, staging: &PrefetchLimits) -> Waits {
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
        // Rows that idle workers prefetch delay no consumer, so their waiting times are not counted.
        ..if staging.stage == PrefetchTier::Files { first_to_files } else { Waits::default() }
    }
}

/// Reconnects once the rows are staged; the server may be unreachable for a while.
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
