//! Resumes an unfinished run, using the journal, which holds its plan and every committed task, the ledger, which holds
//! what the run has dropped, and the server's row counts.
//!
//! In: the journal's last run. Out: completed jobs, the run's ledger and journal, or why it cannot be resumed.

mod differences;

use std::collections::{BTreeMap, BTreeSet};

use dbmocker_loaders::{Connection, Dialect, Loader, connect};

use super::jobs::TableJob;
use super::journal::{History, Journal, RunHistory, RunState};
use super::ledger::line::LedgerLine;
use super::ledger::{Ledger, LedgerObject};
use super::restore::{default_schema, unfinished};
use super::{RunError, disable_triggers, sql};
use dbmocker_core::schema::{Schema, TableName};

/// The last run of a database's journal.
pub enum LastRun {
    /// No run is recorded.
    None,
    Complete(Box<History>),
    Stopped(Box<Resumable>),
}

/// A run that can be resumed.
pub struct Resumable {
    pub history: History,
    /// The plan as JSON; empty if it was not kept.
    pub plan: String,
    pub schema: String,
    /// Indexes and triggers that the run has dropped temporarily.
    dropped: Vec<(TableName, String)>,
    journal: Journal,
}

/// The state of a run that is resumed.
#[derive(Debug, Clone)]
pub struct Resumed {
    journal: Journal,
    /// Numbers of the tasks that are committed.
    pub(super) done: BTreeSet<u64>,
    /// Rows that they added.
    rows: BTreeMap<TableName, u64>,
    /// The tables were emptied, or did not have to be.
    pub(super) emptied: bool,
}

/// Reads the journal's last run. The run's lock must be held, so that the run is not active any more.
///
/// # Errors
/// The journal or the ledger cannot be trusted; or the server cannot be queried.
pub fn last_run(connection: &Connection) -> Result<LastRun, RunError> {
    let (mut loader, dialect) = (connect(connection)?, connection.dialect);
    let schema = default_schema(&mut *loader, dialect)?;
    let mut runs = RunHistory::read(&mut *loader, (dialect, &schema))?;
    let Some(journal) = runs.journal() else { return Ok(LastRun::None) };
    let ledger = Ledger::find(&mut *loader, dialect, &schema)?;
    let dropped = match &ledger {
        LedgerObject::Lines(left) if left.ledger.run() == journal.run() => dropped(&left.lines),
        // A later run, without a journal, was killed.
        LedgerObject::Lines(left) => {
            return Err(RunError::Unfinished { found: unfinished(&mut *loader, dialect, left)? });
        }
        LedgerObject::Nothing | LedgerObject::Blank(_) => Vec::new(),
    };
    let (plan, schema) = runs.kept(&mut *loader)?;
    loader.finish()?;
    let Some(history) = runs.all.pop() else { return Ok(LastRun::None) };
    if !history.trusted {
        let (table, why) = (super::journal::TABLE.into(), super::journal::NOT_SEALED.into());
        return Err(RunError::ForeignJournal { table, why });
    }
    Ok(match history.state {
        RunState::Complete => LastRun::Complete(Box::new(history)),
        _ => LastRun::Stopped(Box::new(Resumable { history, plan, schema, dropped, journal })),
    })
}

fn dropped(lines: &[LedgerLine]) -> Vec<(TableName, String)> {
    let of = |line: &LedgerLine| match line {
        LedgerLine::Index { table, index } => Some((table.clone(), index.name.clone())),
        LedgerLine::Trigger { table, trigger } => Some((table.clone(), trigger.name.clone())),
        _ => None,
    };
    lines.iter().filter_map(of).collect()
}

impl Resumable {
    /// Whether the schema is the one that the run was planned for.
    ///
    /// # Errors
    /// [`RunError::OtherSchema`] with every difference.
    pub fn fits(&self, kept: &Schema, live: &Schema) -> Result<(), RunError> {
        let differences = differences::differences(kept, live, self.history.of.keys(), &self.dropped);
        if differences.is_empty() { Ok(()) } else { Err(RunError::OtherSchema { differences }) }
    }

    /// The state of the run that the load needs.
    pub fn resumed(&self) -> Resumed {
        let History { of, done, emptied, entry, .. } = &self.history;
        Resumed {
            journal: self.journal.clone(),
            done: done.iter().copied().collect(),
            rows: of.iter().map(|(name, (_, _, rows))| (name.clone(), *rows)).collect(),
            emptied: *emptied || !entry.truncate,
        }
    }
}

impl Resumed {
    fn rows(&self, job: &TableJob) -> u64 {
        self.rows.get(&job.name).copied().unwrap_or(0)
    }

    /// Marks the tables that are complete.
    pub(super) fn mark(&self, jobs: &mut [TableJob]) {
        for job in jobs {
            job.done = job.rows > 0 && self.rows(job) == job.rows;
        }
    }

    /// Checks, by the server's row counts, that the tables hold the rows that the run has committed.
    ///
    /// # Errors
    /// [`RunError::ChangedSince`].
    pub(super) fn as_left(
        &self,
        loader: &mut dyn Loader,
        (dialect, schema): (Dialect, &Schema),
        jobs: &[TableJob],
    ) -> Result<(), RunError> {
        if !self.emptied {
            return Ok(());
        }
        // Triggers of other tables write their own rows.
        let writes = |name: &TableName| {
            let named = |text: &String| *text == name.name || *text == name.to_string();
            schema.tables.iter().flat_map(|t| t.insert_triggers()).any(|g| g.writes.iter().any(named))
        };
        for job in jobs {
            let (expected, held) = (job.existing + self.rows(job), sql::count(loader, dialect, job)?);
            if held < expected || (held > expected && !writes(&job.name)) {
                return Err(RunError::ChangedSince { table: job.name.to_string(), expected, held });
            }
        }
        Ok(())
    }

    /// The run's journal and ledger; the ledger is created again if the run had ended regularly.
    ///
    /// # Errors
    /// The ledger belongs to another run, or cannot be created.
    pub(super) fn books(
        &self,
        loader: &mut dyn Loader,
        (dialect, schema): (Dialect, &str),
        begin: impl FnOnce(&mut dyn Loader, &str) -> Result<Ledger, RunError>,
    ) -> Result<(Ledger, Journal), RunError> {
        let ledger = match Ledger::find(loader, dialect, schema)? {
            LedgerObject::Lines(left) if left.ledger.run() == self.journal.run() && left.sealed => left.ledger,
            LedgerObject::Lines(left) => {
                return Err(RunError::Unfinished { found: unfinished(loader, dialect, &left)? });
            }
            LedgerObject::Blank(blank) => {
                blank.end(loader)?;
                begin(loader, self.journal.run())?
            }
            LedgerObject::Nothing => begin(loader, self.journal.run())?,
        };
        if dialect == Dialect::Mysql {
            disable_triggers::recover(loader, &ledger)?;
        }
        self.journal.add_state(loader, RunState::Running, None)?;
        Ok((ledger, self.journal.clone()))
    }
}
