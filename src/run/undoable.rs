//! The run whose rows are to be removed, as recorded in the journal.

use dbmocker_loaders::{Connection, connect};

use super::RunError;
use super::journal::{History, Journal, NOT_SEALED, RunHistory, RunState, TABLE};
use super::ledger::{Ledger, LedgerObject};
use super::restore::{default_schema, unfinished};

/// A run of the journal.
pub struct Undoable {
    pub history: History,
    /// The plan as JSON; empty if it was not kept.
    pub plan: String,
    journal: Journal,
}

/// The last run of the journal, or the last one that is `wanted`; `None` if there is no such run. Indexes and triggers
/// that a run has dropped must have been restored.
///
/// # Errors
/// [`RunError::LeftOpen`]; or the journal cannot be trusted; or the server cannot be queried.
pub fn undoable(
    connection: &Connection,
    wanted: Option<&dyn Fn(&History) -> bool>,
) -> Result<Option<Undoable>, RunError> {
    let (mut loader, dialect) = (connect(connection)?, connection.dialect);
    let schema = default_schema(&mut *loader, dialect)?;
    if let LedgerObject::Lines(left) = Ledger::find(&mut *loader, dialect, &schema)? {
        return Err(RunError::LeftOpen { found: unfinished(&mut *loader, dialect, &left)? });
    }
    let mut runs = match (RunHistory::read(&mut *loader, (dialect, &schema)), wanted) {
        // With a manifest, the journal is not needed.
        (Err(RunError::ForeignJournal { .. }), Some(_)) => RunHistory::default(),
        (runs, _) => runs?,
    };
    if let Some(wanted) = wanted {
        let last = runs.all.iter().rposition(|run| run.trusted && run.state != RunState::Undone && wanted(run));
        runs.all.truncate(last.map_or(0, |last| last + 1));
    }
    let Some(journal) = runs.journal() else { return Ok(None) };
    let plan = if wanted.is_some() { String::new() } else { runs.kept(&mut *loader)?.0 };
    loader.finish()?;
    let Some(history) = runs.all.pop() else { return Ok(None) };
    if !history.trusted {
        return Err(RunError::ForeignJournal { table: TABLE.into(), why: NOT_SEALED.into() });
    }
    Ok(Some(Undoable { history, plan, journal }))
}

impl Undoable {
    /// Records that the run's rows were removed. The journal is kept if the run is complete, since a flag must have
    /// requested that, or if `keep` is set.
    ///
    /// # Errors
    /// The server refuses a statement.
    pub fn undone(&self, connection: &Connection, keep: bool) -> Result<(), RunError> {
        let mut loader = connect(connection)?;
        self.journal.add_state(&mut *loader, RunState::Undone, None)?;
        if !keep && self.history.state != RunState::Complete {
            self.journal.remove_if_alone(&mut *loader)?;
        }
        Ok(loader.finish()?)
    }
}
