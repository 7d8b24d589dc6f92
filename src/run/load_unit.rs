//! One task on one connection: a transaction, counts compared at every step.

mod send;
mod sequences;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Dialect, LoadError, Loader};

use super::deferred_indexes::IndexDeferral;
use super::disable_triggers::{DisabledTriggers, TriggerSwitch};
use super::jobs::{TableJob, Unit};
use super::ledger::Ledger;
use super::prefetch::Prefetcher;
use super::processes::StagedFiles;
use super::tasks::{Task, Work};
use super::{Flow, RunError, sql};
use crate::report::{Progress, TableReport};
use dbmocker_core::schema::TableName;

/// What all hands of a run share.
pub(super) struct Run<'a> {
    pub dialect: Dialect,
    pub units: &'a [Unit],
    /// Tables in the order whose positions `progress` takes.
    pub positions: &'a [TableName],
    pub flow: &'a Flow,
    pub progress: &'a Progress,
    pub notes: &'a Mutex<Vec<String>>,
    /// The largest resident memory of each hand that is a process, in bytes.
    pub peaks: &'a Mutex<Vec<u64>>,
    pub supply: Supply<'a>,
    pub ledger: &'a Ledger,
    /// Tasks are noted in the ledger: somebody else may have to know whether they were committed.
    pub noted: bool,
}

/// Where generated rows come from.
pub(super) enum Supply<'a> {
    /// Made while they are loaded.
    Live,
    /// Some of them were made before.
    Prefetcher(&'a Prefetcher<'a>),
    /// Other processes write them to files.
    Files(&'a StagedFiles),
}

impl Run<'_> {
    /// Keeps what the person should know, once.
    pub fn note(&self, more: Vec<String>) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        for note in more {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }

    pub fn position(&self, job: &TableJob) -> usize {
        self.positions.iter().position(|p| p == &job.name).expect("every job has a position")
    }
}

/// One task on one connection.
pub(super) struct UnitLoad<'a> {
    pub loader: &'a mut dyn Loader,
    pub run: &'a Run<'a>,
    pub unit: &'a Unit,
    /// Rows and bytes added to the progress by the task under way, by table.
    counted: BTreeMap<usize, (u64, u64)>,
    /// Triggers have refused rows, and are off where they may be.
    silent: bool,
    /// The table under way was emptied in this transaction: its rows may be stored frozen.
    freeze: bool,
}

/// How often a task is tried again that others kept from its locks.
const MOST_DEADLOCKS: u32 = 50;
const DEADLOCK_PAUSE: Duration = Duration::from_millis(50);

/// The server rolled the transaction back in favour of another one.
fn is_deadlock(error: &RunError) -> bool {
    let RunError::Load(LoadError::Table { code, .. } | LoadError::Statement { code, .. }) = error else { return false };
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

impl<'a> UnitLoad<'a> {
    pub fn new(loader: &'a mut dyn Loader, run: &'a Run<'a>, unit: &'a Unit) -> Self {
        UnitLoad { loader, run, unit, counted: BTreeMap::new(), silent: false, freeze: false }
    }
}

impl UnitLoad<'_> {
    /// Does the task in a transaction; what fails is rolled back, and done again where the server only wants that.
    pub fn task(&mut self, task: &Task) -> Result<Vec<TableReport>, RunError> {
        let mut left = MOST_DEADLOCKS;
        loop {
            self.counted.clear();
            match self.once(task) {
                Err(e) if self.may_be_disabled(task, &e)? => {
                    self.silent = true;
                    self.take_back();
                }
                Err(e) if left > 0 && task.work != Work::Whole && is_deadlock(&e) && !self.run.flow.stop.is_set() => {
                    left -= 1;
                    self.take_back();
                    // Whoever won should be done when this one comes again.
                    std::thread::sleep(DEADLOCK_PAUSE);
                }
                other => return other.map_err(|e| self.named(e)),
            }
        }
    }

    /// The error of a statement, with the table that it was for.
    fn named(&self, error: RunError) -> RunError {
        let RunError::Load(LoadError::Statement { context, message, code }) = error else { return error };
        let context = format!("`{}`: {context}", self.unit.tables[0].name);
        LoadError::Statement { context, message, code }.into()
    }

    fn take_back(&self) {
        for (&position, &(rows, bytes)) in &self.counted {
            self.run.progress.take_back(position, rows, bytes);
        }
    }

    /// The server refused rows in a trigger's words, and the table may do without.
    fn may_be_disabled(&mut self, task: &Task, error: &RunError) -> Result<bool, RunError> {
        let message = match error {
            RunError::Load(LoadError::Table { message, .. }) => message.clone(),
            RunError::Load(LoadError::Short { .. }) | RunError::Count { .. } => error.to_string(),
            _ => return Ok(false),
        };
        let may = !self.silent && task.work == Work::Whole && !self.run.flow.stop.is_set();
        let mut fallen = Vec::new();
        for job in self.unit.tables.iter().filter(|job| may && job.may_be_disabled) {
            if let Some(forbidden) = TriggerSwitch::forbidden(self.loader, self.run.dialect, job)? {
                let message = format!("{message}; {forbidden}");
                return Err(RunError::Table { table: job.name.to_string(), message });
            }
            fallen.push(DisabledTriggers { table: job.name.clone(), why: message.clone() }.to_string());
        }
        let any = !fallen.is_empty();
        self.run.note(fallen);
        Ok(any)
    }

    fn once(&mut self, task: &Task) -> Result<Vec<TableReport>, RunError> {
        // Before the transaction: MariaDB takes only its first statement in bulk.
        let unit = self.unit;
        let before = match task.work {
            Work::Whole => {
                let before = unit.tables.iter();
                let before = before.map(|job| {
                    if job.recount { sql::count(self.loader, self.run.dialect, job) } else { Ok(job.existing) }
                });
                before.collect::<Result<Vec<u64>, _>>()?
            }
            Work::Open => vec![sql::count(self.loader, self.run.dialect, &unit.tables[0])?],
            _ => Vec::new(),
        };
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

    fn transaction(&mut self, task: &Task, before: &[u64]) -> Result<Vec<TableReport>, RunError> {
        self.loader.execute(sql::begin(self.run.dialect))?;
        match self.inside(task, before) {
            Ok(reports) => {
                self.loader.calling_functions().execute("COMMIT")?;
                Ok(reports)
            }
            Err(e) => {
                // The error matters more than a rollback that fails because the connection is gone.
                let _ = self.loader.execute("ROLLBACK");
                Err(e)
            }
        }
    }

    fn inside(&mut self, task: &Task, before: &[u64]) -> Result<Vec<TableReport>, RunError> {
        let job = &self.unit.tables[0];
        let reports = match &task.work {
            Work::Whole => self.whole(before)?,
            Work::Open => self.open(job, before[0])?,
            Work::Part(rows) => vec![self.part(job, rows)?],
            Work::Close => vec![self.close(job)?],
            Work::Stage { .. } => Vec::new(),
        };
        if self.run.noted {
            self.run.ledger.add_task(self.loader, task.number)?;
        }
        Ok(reports)
    }

    fn whole(&mut self, before: &[u64]) -> Result<Vec<TableReport>, RunError> {
        self.defer(true)?;
        let unit = self.unit;
        let silences = if TriggerSwitch::commits(self.run.dialect) { Vec::new() } else { self.disable_triggers()? };
        let reports = unit
            .tables
            .iter()
            .zip(before)
            .map(|(job, &before)| self.table(job, before))
            .collect::<Result<Vec<_>, _>>()?;
        self.defer(false)?;
        for disable_triggers in silences {
            disable_triggers.end(self.loader)?;
        }
        Ok(reports)
    }

    /// Switches the triggers off that stand in the way; where MySQL cannot drop one, the end of the run makes those
    /// again that it did.
    fn disable_triggers(&mut self) -> Result<Vec<TriggerSwitch>, RunError> {
        let silent = self.unit.tables.iter().filter(|job| job.silent || (self.silent && job.may_be_disabled));
        let begun = silent.map(|job| TriggerSwitch::begin(self.loader, self.run.dialect, job, self.run.ledger));
        Ok(begun.collect::<Result<Vec<_>, LoadError>>()?)
    }

    /// The table is about to be loaded in parts.
    fn open(&mut self, job: &TableJob, before: u64) -> Result<Vec<TableReport>, RunError> {
        if before > 0 {
            // If a part fails, nobody can tell their rows from those that came in the meantime.
            let message =
                format!("{before} rows came into the table since its load was planned; run the command again");
            return Err(RunError::Table { table: job.name.to_string(), message });
        }
        let waiting = IndexDeferral::indexes(self.loader, self.run.dialect, job)?;
        let mut undo = vec![format!("DELETE FROM {}", sql::alone(self.run.dialect, job))];
        undo.extend_from_slice(waiting.rebuild());
        self.run.ledger.add_undo(self.loader, job, &undo)?;
        waiting.drop_indexes(self.loader)?;
        Ok(Vec::new())
    }

    fn part(&mut self, job: &TableJob, rows: &Range<u64>) -> Result<TableReport, RunError> {
        let begun = Instant::now();
        IndexDeferral::unchecked(self.loader, self.run.dialect, job)?;
        self.side_by_side(true)?;
        let (sent, bytes) = self.send(job, rows.clone())?;
        self.side_by_side(false)?;
        let planned = rows.end - rows.start;
        if sent != planned {
            let held = i128::from(sent);
            return Err(RunError::Count { table: job.name.to_string(), planned, sent, held });
        }
        Ok(TableReport::new(job.name.to_string(), planned, sent, bytes, begun.elapsed().as_secs_f64()))
    }

    /// MySQL's settings for several loads into one table: one at a time may get the lock of AUTO_INCREMENT, and
    /// MariaDB's bulk mode, which unchecked keys switch on, would lock the whole table.
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
        // What the server said of each part was compared when it was loaded.
        let held = if job.recount { sql::count(self.loader, self.run.dialect, job)? } else { job.rows };
        if held != job.rows {
            let held = i128::from(held);
            return Err(RunError::Count { table: job.name.to_string(), planned: job.rows, sent: job.rows, held });
        }
        let dialect = self.run.dialect;
        let rebuild = self.run.ledger.rebuild(self.loader, job)?;
        IndexDeferral::of_parts(self.loader, dialect, job, rebuild)?.end(self.loader, dialect, job)?;
        self.move_sequences(job)?;
        let name = sql::table(self.run.dialect, job);
        self.run.ledger.forget(self.loader, &name)?;
        Ok(self.report(job, held, 0, begun))
    }

    fn report(&self, job: &TableJob, rows: u64, bytes: u64, begun: Instant) -> TableReport {
        TableReport {
            level: self.unit.level,
            limited_by: job.limited_by.clone(),
            ..TableReport::new(job.name.to_string(), job.requested, rows, bytes, begun.elapsed().as_secs_f64())
        }
    }

    /// Lets foreign keys inside a ring wait for the end of the unit, and restores them once they have been checked.
    fn defer(&mut self, on: bool) -> Result<(), RunError> {
        if self.run.dialect != Dialect::Postgres || self.unit.tables.iter().all(|j| j.deferred.is_empty()) {
            return Ok(());
        }
        if !on {
            // Fires every check that waited, here, where an error still rolls all of it back.
            self.loader.calling_functions().execute("SET CONSTRAINTS ALL IMMEDIATE")?;
        }
        sql::defer(self.loader, &self.unit.tables, on)?;
        Ok(())
    }

    fn table(&mut self, job: &TableJob, before: u64) -> Result<TableReport, RunError> {
        let begun = Instant::now();
        // A ring's foreign keys are the unit's business, and so are rows that came in the meantime.
        let postpones = !job.deferred_indexes.is_empty() && self.unit.tables.len() == 1 && before == 0;
        let dialect = self.run.dialect;
        let waiting = postpones.then(|| IndexDeferral::begin(self.loader, dialect, job)).transpose()?;
        self.freeze = waiting.as_ref().is_some_and(IndexDeferral::freezes);
        let sent = if job.rows == 0 { Ok((0, 0)) } else { self.send(job, 0..job.rows) };
        self.freeze = false;
        let (sent, bytes) = sent?;
        let held = if job.recount {
            i128::from(sql::count(self.loader, self.run.dialect, job)?) - i128::from(before)
        } else {
            i128::from(sent)
        };
        if sent != job.rows || held != i128::from(job.rows) {
            return Err(RunError::Count { table: job.name.to_string(), planned: job.rows, sent, held });
        }
        if let Some(waiting) = waiting {
            waiting.end(self.loader, dialect, job)?;
        }
        self.move_sequences(job)?;
        Ok(self.report(job, job.rows, bytes, begun))
    }
}
