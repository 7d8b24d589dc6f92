//! PostgreSQL: tables that are loaded while the tables that they refer to are.
//!
//! A task for which others wait holds an advisory lock until its transaction ends, and these wait for that lock. So the
//! server sees every wait of a transaction that holds locks, and ends a deadlock with other programs' transactions.

use dbmocker_loaders::LoadError;

use super::UnitLoad;
use crate::run::RunError;

/// The first number of the locks, `dbmt`; the second one is the task's position.
const CLASS: u32 = 0x6462_6d74;
/// How long a session waits before it looks whether the parent's task has ended, in milliseconds; longer than the server
/// waits before it looks for a deadlock.
const ROUND: u32 = 5_000;
const LOCK_NOT_AVAILABLE: &str = "55P03";

impl UnitLoad<'_> {
    /// Notes which tasks are at work on the parents; waits for all of them if the server would not see for which.
    pub(super) fn begin_early(&mut self) -> Result<(), RunError> {
        let Some((schedule, task)) = self.schedule else { return Ok(()) };
        match schedule.late_at_work(task) {
            Some(parents) => self.parents = parents,
            None => schedule.wait_for_all(task, &self.run.flow.stop)?,
        }
        Ok(())
    }

    /// Waits for the parents, without a transaction, before the task is repeated.
    pub(super) fn wait_without_locks(&mut self) -> Result<(), RunError> {
        self.parents.clear();
        self.schedule.map_or(Ok(()), |(schedule, task)| schedule.wait_for_all(task, &self.run.flow.stop))
    }

    /// In the task's transaction: takes the lock for which others wait, and lets them begin. If another session holds
    /// it, they begin when this task is done.
    pub(super) fn announce(&mut self) -> Result<(), RunError> {
        let Some((schedule, task)) = self.schedule.filter(|(schedule, task)| schedule.is_awaited(*task)) else {
            return Ok(());
        };
        let taken = self.loader.query(&format!("SELECT pg_catalog.pg_try_advisory_xact_lock({CLASS}, {task})"))?;
        if taken.first().and_then(|row| row.first()?.as_deref()) == Some("t") {
            schedule.at_work(task);
        }
        Ok(())
    }

    /// The task's transaction has ended.
    pub(super) fn transaction_ended(&self, committed: bool) {
        if let Some((schedule, task)) = self.schedule {
            schedule.ended(task, committed);
        }
    }

    /// Waits until the parents' rows are committed, if the task began before.
    ///
    /// # Errors
    /// [`RunError::ParentRolledBack`]: a parent's task is repeated. This one gives up its locks, because the server
    /// does not see a wait for a task without a transaction.
    pub(super) fn wait_for_parents(&mut self) -> Result<(), RunError> {
        let Some((schedule, _)) = self.schedule else { return Ok(()) };
        for parent in std::mem::take(&mut self.parents) {
            let committed = loop {
                let taken = self.wait_for_lock(parent)?;
                match schedule.has_ended(parent, &self.run.flow.stop)? {
                    Some(committed) => break committed,
                    // The server has seen the parent's end before this program.
                    None if taken => break schedule.is_done(parent, &self.run.flow.stop)?,
                    None => {}
                }
            };
            if !committed {
                return Err(RunError::ParentRolledBack { table: self.unit.tables[0].name.to_string() });
            }
        }
        Ok(())
    }

    /// Waits for a parent's lock for [`ROUND`]. Whether it was free: another role's session may hold it after the parent,
    /// for as long as it likes.
    fn wait_for_lock(&mut self, parent: usize) -> Result<bool, RunError> {
        // The rollback to the savepoint gives back the lock and the session's limits, which are not for this wait.
        self.loader.execute(&format!(
            "SAVEPOINT dbmocker_parents; SET LOCAL statement_timeout = 0; \
             SELECT set_config('lock_timeout', greatest({ROUND}, 2 * setting::bigint)::text, true) \
               FROM pg_settings WHERE name = 'deadlock_timeout'"
        ))?;
        let waited = self.loader.query(&format!("SELECT pg_catalog.pg_advisory_xact_lock_shared({CLASS}, {parent})"));
        let taken = match waited {
            Ok(_) => true,
            Err(LoadError::Statement { code: Some(code), .. }) if code == LOCK_NOT_AVAILABLE => false,
            Err(e) => return Err(e.into()),
        };
        self.loader.execute("ROLLBACK TO SAVEPOINT dbmocker_parents; RELEASE SAVEPOINT dbmocker_parents")?;
        Ok(taken)
    }
}
