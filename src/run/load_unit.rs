//! One task on one connection: a transaction, with counts compared at every step.

mod parents;
mod send;
mod sequences;
mod together;
mod whole;

pub(super) use sequences::add_owned;
pub(super) use together::load_together;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Dialect, LoadError, Loader};

use super::deferred_indexes::IndexDeferral;
use super::disable_triggers::{DisabledTriggers, TriggerSwitch};
use super::jobs::{RowsSource, TableJob, Unit};
use super::journal::Journal;
use super::ledger::Ledger;
use super::prefetch::Prefetcher;
use super::processes::StagedFiles;
use super::references::count_orphans;
use super::refused::{broken_rules, refused, unproved};
use super::schedule::Schedule;
use super::tasks::{Task, Work};
use super::{Flow, RunError, sql};
use crate::report::{Progress, TableReport};
use dbmocker_core::schema::TableName;

/// State shared by all executors of a run.
pub(super) struct RunContext<'a> {
    pub dialect: Dialect,
    pub units: &'a [Unit],
    /// Tables in the order whose positions `progress` takes.
    pub positions: &'a [TableName],
    pub flow: &'a Flow,
    pub progress: &'a Progress,
    pub notes: &'a Mutex<Vec<String>>,
    /// The largest resident memory of each worker process, in bytes.
    pub peaks: &'a Mutex<Vec<u64>>,
    pub supply: Supply<'a>,
    /// `None`: the account may not create tables.
    pub ledger: Option<&'a Ledger>,
    /// The table in which tasks are recorded, so that another process can find out whether they were committed.
    pub marks: Option<Marks<'a>>,
    /// Tasks that were committed before the run was resumed.
    pub done: Option<&'a BTreeSet<u64>>,
}

/// The table in which a task's own transaction records that it is done.
#[derive(Clone, Copy)]
pub(super) enum Marks<'a> {
    Journal(&'a Journal),
    Ledger(&'a Ledger),
}

impl Marks<'_> {
    fn add(self, loader: &mut dyn Loader, task: &Task, unit: &Unit) -> Result<(), LoadError> {
        let rows = match &task.work {
            Work::Whole => unit.tables.iter().map(|job| (job.name.clone(), job.rows)).collect(),
            Work::Part(rows) => vec![(unit.tables[0].name.clone(), rows.end - rows.start)],
            Work::Open | Work::Close | Work::Stage { .. } => Vec::new(),
        };
        match self {
            Marks::Journal(journal) => journal.add_task(loader, task.number, &unit.tables[0].name, rows),
            Marks::Ledger(ledger) => ledger.add_task(loader, task.number),
        }
    }

    /// Whether a task was committed.
    ///
    /// # Errors
    /// The server cannot be queried.
    pub fn has(self, loader: &mut dyn Loader, task: &Task) -> Result<bool, RunError> {
        match self {
            Marks::Journal(journal) => journal.has_task(loader, task.number),
            Marks::Ledger(ledger) => ledger.has_task(loader, task.number),
        }
    }
}

/// The source of generated rows.
pub(super) enum Supply<'a> {
    /// Generated while they are loaded.
    Live,
    /// Some of them were prefetched.
    Prefetcher(&'a Prefetcher<'a>),
    /// Other processes write them to files.
    Files(&'a StagedFiles),
}

impl RunContext<'_> {
    /// Stores a note for the user, once.
    pub fn note(&self, more: Vec<String>) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        for note in more {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }

    /// Drops the rows that were already generated for a unit.
    ///
    /// # Errors
    /// A worker process has failed.
    pub fn pass_over(&self, unit: &Unit) -> Result<(), RunError> {
        for job in &unit.tables {
            match (&job.source, &self.supply) {
                (RowsSource::Generated { generator, table }, Supply::Prefetcher(prefetcher)) => {
                    drop(prefetcher.rows(generator, *table, self.flow));
                }
                (_, Supply::Files(staged)) => while staged.take(&job.name, &self.flow.stop)?.is_some() {},
                _ => {}
            }
        }
        Ok(())
    }

    pub fn position(&self, job: &TableJob) -> usize {
        self.positions.iter().position(|p| p == &job.name).expect("every job has a position")
    }
}

/// One task on one connection.
pub(super) struct UnitLoad<'a> {
    pub loader: &'a mut dyn Loader,
    pub run: &'a RunContext<'a>,
    pub unit: &'a Unit,
    /// Rows and bytes added to the progress by the current task, by table.
    counted: BTreeMap<usize, (u64, u64)>,
    /// The errors with which triggers refused rows; such triggers are disabled where that is allowed.
    triggers_disabled: Option<String>,
    /// The current table was emptied in this transaction, so its rows may be stored frozen.
    freeze: bool,
    /// The prefetched rows were sent already, in a transaction that was rolled back.
    again: bool,
    /// The schedule, and the task's position in it.
    schedule: Option<(&'a Schedule, usize)>,
    /// Tasks that were at work on the table's parents when this one began (PostgreSQL).
    parents: Vec<usize>,
    /// The rows of the current task are stored.
    committed: bool,
}

/// The row counts of a unit's tables before its load.
struct Before {
    rows: Vec<u64>,
    count_orphans: Vec<Vec<u64>>,
}

/// How often the load of a part is repeated after a deadlock: parts of one table wait for each other.
const MOST_DEADLOCKS: u32 = 50;
/// How often the load of a whole table is repeated: another program's transaction was in its way.
const MOST_REPEATS: u32 = 5;
const DEADLOCK_PAUSE: Duration = Duration::from_millis(50);

/// The server rolled the transaction back because of another one (deadlock).
pub(super) fn is_deadlock(error: &RunError) -> bool {
    let RunError::Load(LoadError::Table { code, .. } | LoadError::Statement { code, .. }) = error else { return false };
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

impl<'a> UnitLoad<'a> {
    pub fn new(loader: &'a mut dyn Loader, run: &'a RunContext<'a>, unit: &'a Unit) -> Self {
        UnitLoad {
            loader,
            run,
            unit,
            counted: BTreeMap::new(),
            triggers_disabled: None,
            freeze: false,
            again: false,
            schedule: None,
            parents: Vec::new(),
            committed: false,
        }
    }

    /// The unit was sent before, in a transaction that was rolled back.
    #[must_use]
    pub fn again(self, again: bool) -> Self {
        UnitLoad { again, ..self }
    }

    /// The task's position in the schedule; it may begin before the tasks that load its parents are done.
    #[must_use]
    pub fn scheduled(self, schedule: &'a Schedule, position: usize) -> Self {
        UnitLoad { schedule: Some((schedule, position)), ..self }
    }

    /// Executes the task in a transaction. A failed task is rolled back, and repeated if the server ended it because of
    /// another transaction.
    pub fn task(&mut self, task: &Task) -> Result<Vec<TableReport>, RunError> {
        let mut left = if task.work == Work::Whole { MOST_REPEATS } else { MOST_DEADLOCKS };
        self.begin_early()?;
        loop {
            self.counted.clear();
            let outcome = self.once(task);
            self.transaction_ended(outcome.is_ok());
            match outcome {
                Ok(reports) => {
                    self.run.note(self.newly_disabled());
                    return Ok(reports);
                }
                Err(e) if left > 0 && self.may_be_repeated(task, &e) => {
                    left -= 1;
                    self.take_back();
                    if task.work == Work::Whole {
                        // Prefetched rows may have been sent already.
                        self.run.pass_over(self.unit)?;
                        self.again = true;
                    }
                    self.wait_without_locks()?;
                    // The other transaction should be complete before the next attempt.
                    std::thread::sleep(DEADLOCK_PAUSE);
                }
                Err(e) => match self.without_triggers(task, &e)? {
                    Some(why) => {
                        self.triggers_disabled = Some(why);
                        self.take_back();
                        self.wait_without_locks()?;
                    }
                    None => {
                        self.take_back();
                        return Err(self.named(e));
                    }
                },
            }
        }
    }

    /// Whether another attempt may succeed, and begins with the tables as they were.
    fn may_be_repeated(&self, task: &Task, error: &RunError) -> bool {
        let rolled_back = task.work != Work::Whole || self.unit.tables.iter().all(|job| job.transactional);
        let by_others = is_deadlock(error) || matches!(error, RunError::ParentRolledBack { .. });
        by_others && rolled_back && !self.committed && !self.run.flow.stop.is_set()
    }

    /// The error of a statement, with the table that it was for; and with the triggers' error if the rows are refused
    /// without them as well.
    fn named(&self, error: RunError) -> RunError {
        let first = self.triggers_disabled.as_ref().filter(|_| refused(self.run.dialect, &error).is_some());
        let both = |message: String| match first {
            Some(first) if !message.contains(first.as_str()) => format!("{first}; and without its triggers: {message}"),
            _ => message,
        };
        let told = |code: &Option<String>, message: String| {
            let (dialect, unit) = (self.run.dialect, self.unit);
            let why = unproved(dialect, unit, code, &message).or_else(|| broken_rules(dialect, unit, code, &message));
            why.map_or(message.clone(), |why| format!("{message}; {why}"))
        };
        match error {
            RunError::Load(LoadError::Statement { context, message, code }) => {
                let context = format!("`{}`: {context}", self.unit.tables[0].name);
                LoadError::Statement { context, message: told(&code, both(message)), code }.into()
            }
            RunError::Load(LoadError::Table { table, message, code }) => {
                LoadError::Table { table, message: told(&code, both(message)), code }.into()
            }
            other => other,
        }
    }

    fn take_back(&self) {
        for (&position, &(rows, bytes)) in &self.counted {
            self.run.progress.take_back(position, rows, bytes);
        }
    }

    /// Why the task is repeated without triggers: the server refused rows that triggers have seen or changed, and the
    /// triggers may be disabled.
    fn without_triggers(&mut self, task: &Task, error: &RunError) -> Result<Option<String>, RunError> {
        let Some(message) = refused(self.run.dialect, error) else { return Ok(None) };
        let may = self.triggers_disabled.is_none() && task.work == Work::Whole && !self.run.flow.stop.is_set();
        let mut any = false;
        for job in self.unit.tables.iter().filter(|job| may && job.may_be_disabled) {
            if let Some(forbidden) = TriggerSwitch::forbidden(self.loader, self.run.dialect, job)? {
                let message = format!("{message}; {forbidden}");
                return Err(RunError::Table { table: job.name.to_string(), message });
            }
            any = true;
        }
        Ok(any.then_some(message))
    }

    /// The notes on tables that were loaded without triggers.
    fn newly_disabled(&self) -> Vec<String> {
        let Some(why) = &self.triggers_disabled else { return Vec::new() };
        let fallen = self.unit.tables.iter().filter(|job| job.may_be_disabled && !job.triggers_disabled);
        fallen.map(|job| DisabledTriggers { table: job.name.clone(), why: why.clone() }.to_string()).collect()
    }

    fn once(&mut self, task: &Task) -> Result<Vec<TableReport>, RunError> {
        // Before the transaction: in MariaDB only its first statement can be a bulk insert.
        let unit = self.unit;
        let before = match task.work {
            Work::Whole => self.before()?,
            Work::Open => vec![sql::count(self.loader, self.run.dialect, &unit.tables[0])?],
            _ => Vec::new(),
        };
        let before = Before { count_orphans: self.count_orphans(&before)?, rows: before };
        if !TriggerSwitch::commits(self.run.dialect) || task.work != Work::Whole {
            return self.transaction(task, &before);
        }
        let silences = self.disable_triggers()?;
        let outcome = self.transaction(task, &before);
        let restored: Result<Vec<()>, LoadError> = silences.into_iter().map(|s| s.end(self.loader)).collect();
        let reports = outcome?;
        restored?;
        Ok(reports)
    }

    /// The row count of each table of the unit.
    fn before(&mut self) -> Result<Vec<u64>, RunError> {
        let unit = self.unit;
        let recounted: Vec<&TableJob> = unit.tables.iter().filter(|job| job.recount).collect();
        let mut counts = sql::counts_after(self.loader, self.run.dialect, "", &recounted)?.into_iter();
        let before =
            unit.tables.iter().map(|job| if job.recount { counts.next() } else { None }.unwrap_or(job.existing));
        Ok(before.collect())
    }

    /// The number of rows without a parent row before the load, for each foreign key to be compared; 0 for an empty
    /// table.
    fn count_orphans(&mut self, before: &[u64]) -> Result<Vec<Vec<u64>>, RunError> {
        let mut all = Vec::new();
        for (job, &rows) in self.unit.tables.iter().zip(before) {
            let there = rows > 0 && !job.audited.is_empty();
            all.push(if there { count_orphans(self.loader, self.run.dialect, job)? } else { Vec::new() });
        }
        Ok(all)
    }

    fn transaction(&mut self, task: &Task, before: &Before) -> Result<Vec<TableReport>, RunError> {
        self.loader.execute(sql::begin(self.run.dialect))?;
        match self.announce().and_then(|()| self.inside(task, before)) {
            Ok(reports) => match self.loader.calling_functions().execute("COMMIT") {
                Ok(_) => {
                    self.committed = true;
                    Ok(reports)
                }
                Err(e) => {
                    // SQLite leaves the transaction open if COMMIT fails; the other servers have ended it.
                    let _ = self.loader.execute("ROLLBACK");
                    Err(e.into())
                }
            },
            Err(e) => {
                // The error is reported, not a rollback that fails because the connection is closed.
                let _ = self.loader.execute("ROLLBACK");
                Err(e)
            }
        }
    }

    fn inside(&mut self, task: &Task, before: &Before) -> Result<Vec<TableReport>, RunError> {
        let unit = self.unit;
        let job = &unit.tables[0];
        let reports = match &task.work {
            Work::Whole => self.whole(before)?,
            Work::Open => self.open(job, before.rows[0])?,
            Work::Part(rows) => vec![self.part(job, rows)?],
            Work::Close => vec![self.close(job)?],
            Work::Stage { .. } => Vec::new(),
        };
        if let Some(marks) = self.run.marks {
            marks.add(self.loader, task, unit)?;
        }
        Ok(reports)
    }

    fn ledger(&self) -> Result<&'a Ledger, RunError> {
        self.run.ledger.ok_or_else(|| RunError::Table {
            table: self.unit.tables[0].name.to_string(),
            message: "it is loaded in parts only where there is a ledger of the run".into(),
        })
    }

    /// Disables the triggers that prevent the load. If MySQL cannot drop one, the end of the run creates those again
    /// that were dropped.
    fn disable_triggers(&mut self) -> Result<Vec<TriggerSwitch>, RunError> {
        let triggers_disabled = self
            .unit
            .tables
            .iter()
            .filter(|job| job.triggers_disabled || (self.triggers_disabled.is_some() && job.may_be_disabled));
        let begun =
            triggers_disabled.map(|job| TriggerSwitch::begin(self.loader, self.run.dialect, job, self.run.ledger));
        Ok(begun.collect::<Result<Vec<_>, LoadError>>()?)
    }

    /// The table is about to be loaded in parts.
    fn open(&mut self, job: &TableJob, before: u64) -> Result<Vec<TableReport>, RunError> {
        if before > 0 {
            // If a part fails, its rows cannot be distinguished from rows that others inserted in the meantime.
            let message =
                format!("{before} rows came into the table since its load was planned; run the command again");
            return Err(RunError::Table { table: job.name.to_string(), message });
        }
        let (dialect, ledger) = (self.run.dialect, self.ledger()?);
        let waiting = IndexDeferral::indexes(self.loader, dialect, job)?;
        self.run.note(waiting.notes(job));
        ledger.add_parts(self.loader, job, waiting.dropped())?;
        match waiting.drop_indexes(self.loader, dialect, job) {
            Err(LoadError::Statement { message, code: Some(code), .. })
                if dialect == Dialect::Mysql && !code.starts_with("08") && !self.run.flow.stop.is_set() =>
            {
                ledger.forget_indexes(self.loader, &job.name)?;
                self.run.note(vec![format!("`{}`: its indexes stay in place: {message}", job.name)]);
            }
            outcome => outcome?,
        }
        Ok(Vec::new())
    }

    fn part(&mut self, job: &TableJob, rows: &Range<u64>) -> Result<TableReport, RunError> {
        let begun = Instant::now();
        IndexDeferral::unchecked(self.loader, self.run.dialect, job)?;
        self.side_by_side(true)?;
        let outcome = self.send(job, rows.clone());
        // Also after an error: the session loads other tables.
        let settings = self.side_by_side(false);
        let (sent, bytes) = outcome?;
        settings?;
        let planned = rows.end - rows.start;
        if sent != planned {
            let held = i128::from(sent);
            return Err(self.differs(job, planned, sent, held));
        }
        Ok(TableReport::new(job.name.to_string(), planned, sent, bytes, begun.elapsed().as_secs_f64()))
    }

    /// MySQL's settings for several loads into one table: only one at a time gets the AUTO_INCREMENT lock, and
    /// MariaDB's bulk mode, which is enabled by unchecked keys, would lock the whole table.
    fn side_by_side(&mut self, on: bool) -> Result<(), RunError> {
        if self.run.dialect == Dialect::Mysql {
            self.loader.execute(if on {
                "SET @dbmocker_wait = @@innodb_lock_wait_timeout, @dbmocker_unique = @@unique_checks; \
                 SET innodb_lock_wait_timeout = 86400 /*M! , unique_checks = 1 */"
            } else {
                "SET innodb_lock_wait_timeout = @dbmocker_wait, unique_checks = @dbmocker_unique"
            })?;
        }
        Ok(())
    }

    /// All parts of the table are committed.
    fn close(&mut self, job: &TableJob) -> Result<TableReport, RunError> {
        let begun = Instant::now();
        // The server's count of each part was compared when it was loaded.
        let held = if job.recount { sql::count(self.loader, self.run.dialect, job)? } else { job.rows };
        if held != job.rows {
            let held = i128::from(held);
            return Err(self.differs(job, job.rows, job.rows, held));
        }
        let dialect = self.run.dialect;
        let ledger = self.ledger()?;
        let dropped = ledger.dropped(self.loader, &job.name)?;
        let mut deferral = IndexDeferral::of_parts(self.loader, dialect, job, dropped)?;
        deferral.rebuild(self.loader, dialect, &self.run.flow.stop)?;
        deferral.end(self.loader, dialect, job)?;
        sequences::advance(self.loader, dialect, job)?;
        ledger.forget_parts(self.loader, &job.name)?;
        Ok(self.report(job, held, 0, begun))
    }

    /// The error for differing counts; triggers on the table are the likely cause.
    fn differs(&self, job: &TableJob, planned: u64, sent: u64, held: i128) -> RunError {
        let triggers =
            if job.triggers_disabled || self.triggers_disabled.is_some() { &[][..] } else { &job.insert_triggers };
        RunError::Count { table: job.name.to_string(), planned, sent, held, triggers: triggers.to_vec() }
    }

    fn report(&self, job: &TableJob, rows: u64, bytes: u64, begun: Instant) -> TableReport {
        TableReport {
            level: self.unit.level,
            before: job.existing,
            limited_by: job.limited_by.clone(),
            ..TableReport::new(job.name.to_string(), job.requested, rows, bytes, begun.elapsed().as_secs_f64())
        }
    }
}
