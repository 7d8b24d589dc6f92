//! Reads the journal: the runs of a database, the last of which may be resumable.

use std::collections::BTreeMap;

use dbmocker_loaders::{Connection, Dialect, Loader, connect};
use serde::Serialize;

use super::entry::{Entry, RunEntry, RunState, VERSION};
use super::{Journal, PLAN, SCHEMA, known, own, whole};
use crate::run::ledger::lines::{HeldLine, LineTable};
use crate::run::ledger::seal::Seal;
use crate::run::restore::default_schema;
use crate::run::{Patience, RunError, RunLock};
use dbmocker_core::schema::TableName;

/// What the journal records of one run.
#[derive(Debug, Clone, Serialize)]
pub struct History {
    pub run: String,
    pub started: String,
    pub state: RunState,
    /// When it ended, if it is known.
    pub ended: Option<String>,
    /// What stopped it.
    pub message: Option<String>,
    /// This account wrote the run's entries, as far as that can be verified.
    pub trusted: bool,
    pub seed: u64,
    pub command: String,
    pub by: String,
    /// Tables that it was to fill, those that are complete, and rows of both.
    pub tables: u64,
    pub tables_complete: u64,
    pub rows_planned: u64,
    pub rows: u64,
    #[serde(skip)]
    pub entry: RunEntry,
    /// By table: rows before, rows planned, rows added.
    #[serde(skip)]
    pub of: BTreeMap<TableName, (u64, u64, u64)>,
    /// Numbers of the tasks that are done.
    #[serde(skip)]
    pub done: Vec<u64>,
    #[serde(skip)]
    pub emptied: bool,
}

/// The runs of a database, the oldest first.
#[derive(Debug, Default)]
pub struct RunHistory {
    pub all: Vec<History>,
    table: Option<LineTable>,
}

impl RunHistory {
    /// Reads the journal, except for the plans in it.
    ///
    /// # Errors
    /// [`RunError::ForeignJournal`]; or the server cannot be queried.
    pub(in crate::run) fn read(loader: &mut dyn Loader, place: (Dialect, &str)) -> Result<RunHistory, RunError> {
        let seal = if place.0 == Dialect::Postgres { None } else { Seal::of_account_if_any() };
        let table = Journal::table(place, seal);
        let transaction = place.0 == Dialect::Postgres;
        if transaction {
            loader.execute("BEGIN")?;
        }
        let read = held(loader, &table);
        if transaction {
            let ended = loader.execute("ROLLBACK");
            if read.is_ok() {
                ended?;
            }
        }
        let Some(lines) = read? else { return Ok(RunHistory::default()) };
        let mut all: BTreeMap<String, Vec<HeldLine>> = BTreeMap::new();
        for line in lines {
            all.entry(line.run.clone()).or_default().push(line);
        }
        let mut all: Vec<History> = all.into_iter().filter_map(|(run, lines)| history(&table, run, &lines)).collect();
        all.sort_by(|a, b| (&a.started, &a.run).cmp(&(&b.started, &b.run)));
        // A run begins only if no other run is active, so only the last one can be.
        let last = all.len().saturating_sub(1);
        for history in all.iter_mut().take(last).filter(|h| h.state == RunState::Running) {
            history.state = RunState::Killed;
        }
        Ok(RunHistory { all, table: Some(table) })
    }

    /// The journal for the last run, to resume it.
    pub(in crate::run) fn journal(&self) -> Option<Journal> {
        let (last, table) = (self.all.last()?, self.table.clone()?);
        Some(Journal { table, run: last.run.clone() })
    }

    /// The last run's plan and schema; empty where none are kept.
    ///
    /// # Errors
    /// [`RunError::ForeignJournal`]: a piece was not written by this account.
    pub(in crate::run) fn kept(&self, loader: &mut dyn Loader) -> Result<(String, String), RunError> {
        let (Some(last), Some(table)) = (self.all.last(), &self.table) else { return Ok(Default::default()) };
        let lines = table.read(loader, &table.of(&last.run, &[PLAN, SCHEMA], None))?;
        if table.dialect != Dialect::Postgres && !lines.iter().all(|line| table.is_sealed(line)) {
            return Err(RunError::ForeignJournal { table: table.full_name(), why: NOT_SEALED.into() });
        }
        Ok((whole(&lines, PLAN), whole(&lines, SCHEMA)))
    }
}

/// Why a run on MySQL, MariaDB or SQLite cannot be resumed.
pub const NOT_SEALED: &str = "its record of the last run is not signed by this account on this machine";

/// All lines except those of plans; `None` if there is no journal.
fn held(loader: &mut dyn Loader, table: &LineTable) -> Result<Option<Vec<HeldLine>>, RunError> {
    if !own(loader, table)? {
        return Ok(None);
    }
    let first = table.identity(loader)?;
    let lines = table.read(loader, &format!("what NOT IN ('{PLAN}', '{SCHEMA}')"))?;
    // On PostgreSQL the table that was read is locked now: checks that it is still the table that was examined before.
    if table.identity(loader)? != first {
        let why = "it was replaced while it was read".into();
        return Err(RunError::ForeignJournal { table: table.full_name(), why });
    }
    Ok(Some(lines))
}

fn history(table: &LineTable, run: String, lines: &[HeldLine]) -> Option<History> {
    let trusted = table.dialect == Dialect::Postgres || lines.iter().all(|line| table.is_sealed(line));
    let lines = lines.iter().filter(|line| known(&line.what));
    // Lines of another version, or that cannot be parsed, are ignored.
    let entries: Vec<Entry> = lines.filter_map(|line| serde_json::from_str(&line.data).ok()).collect();
    let entry = entries.iter().find_map(|e| if let Entry::Run(run) = e { Some(run.clone()) } else { None })?;
    let mut history = History {
        run,
        started: entry.started.clone(),
        state: RunState::Running,
        ended: None,
        message: None,
        trusted: trusted && entry.version == VERSION,
        seed: entry.seed,
        command: entry.command.clone(),
        by: entry.by.clone(),
        tables: 0,
        tables_complete: 0,
        rows_planned: 0,
        rows: 0,
        entry,
        of: BTreeMap::new(),
        done: Vec::new(),
        emptied: false,
    };
    history.follow(entries);
    Some(history)
}

impl History {
    fn follow(&mut self, entries: Vec<Entry>) {
        let mut added: BTreeMap<TableName, u64> = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Run(_) => {}
                Entry::Table { table, before, planned } => _ = self.of.insert(table, (before, planned, 0)),
                Entry::Emptied => self.emptied = true,
                Entry::Task { number, rows } => {
                    self.done.push(number);
                    rows.into_iter().for_each(|(table, n)| *added.entry(table).or_default() += n);
                }
                // In the order in which they were written.
                Entry::State { state, at, message } => {
                    (self.state, self.ended, self.message) = (state, Some(at), message);
                }
            }
        }
        self.tables = self.of.len() as u64;
        for (name, (_, planned, rows)) in &mut self.of {
            *rows = match self.state {
                RunState::Complete => *planned,
                RunState::Undone => 0,
                _ => added.get(name).copied().unwrap_or(0),
            };
            self.rows_planned += *planned;
            self.rows += *rows;
            let complete = *rows == *planned && (self.state == RunState::Complete || added.contains_key(name));
            self.tables_complete += u64::from(complete);
        }
    }
}

/// The runs that a database's journal records, the oldest first.
///
/// # Errors
/// [`RunError::ForeignJournal`]; or the server cannot be reached or queried.
pub fn runs(connection: &Connection) -> Result<Vec<History>, RunError> {
    let mut loader = connect(connection)?;
    let schema = default_schema(&mut *loader, connection.dialect)?;
    let mut runs = RunHistory::read(&mut *loader, (connection.dialect, &schema))?;
    loader.finish()?;
    if let Some(last) = runs.all.last_mut().filter(|last| last.state == RunState::Running) {
        // If the lock can be taken, no run is active.
        if RunLock::take(connection, &Patience::default()).is_ok() {
            last.state = RunState::Killed;
        }
    }
    Ok(runs.all)
}

/// Rows that this account's runs have added and that still exist according to the journal, by table.
///
/// # Errors
/// The server cannot be reached or queried.
pub fn rows_made(connection: &Connection) -> Result<BTreeMap<TableName, u64>, RunError> {
    let mut loader = connect(connection)?;
    let schema = default_schema(&mut *loader, connection.dialect)?;
    let runs = match RunHistory::read(&mut *loader, (connection.dialect, &schema)) {
        Ok(runs) => runs,
        // An untrusted journal counts as one without rows.
        Err(RunError::ForeignJournal { .. }) => RunHistory::default(),
        Err(e) => return Err(e),
    };
    loader.finish()?;
    let mut made = BTreeMap::new();
    for run in runs.all.iter().filter(|run| run.trusted) {
        for (table, (_, _, rows)) in &run.of {
            let all: &mut u64 = made.entry(table.clone()).or_default();
            *all = if run.emptied { *rows } else { all.saturating_add(*rows) };
        }
    }
    Ok(made)
}
