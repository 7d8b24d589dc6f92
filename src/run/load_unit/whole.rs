//! A unit from its first row to its indexes, in one transaction.

use std::time::Instant;

use dbmocker_loaders::LoadError;

use super::{Before, UnitLoad};
use crate::report::TableReport;
use crate::run::deferred_indexes::IndexDeferral;
use crate::run::disable_triggers::TriggerSwitch;
use crate::run::jobs::TableJob;
use crate::run::references::no_more_orphans;
use crate::run::{RunError, sql};

/// A table whose rows were sent.
struct SentTable<'a> {
    job: &'a TableJob,
    begun: Instant,
    /// Its row count before the load.
    before: u64,
    rows: u64,
    bytes: u64,
    /// The deferred indexes and checks.
    waiting: Option<IndexDeferral>,
}

impl UnitLoad<'_> {
    pub(super) fn whole(&mut self, before: &Before) -> Result<Vec<TableReport>, RunError> {
        let unit = self.unit;
        if self.defers() {
            sql::defer(self.loader, &unit.tables, true)?;
        }
        let silences = if TriggerSwitch::commits(self.run.dialect) { Vec::new() } else { self.disable_triggers()? };
        let all = unit.tables.iter().zip(&before.rows).map(|(job, &before)| self.rows(job, before));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let held = self.held()?;
        let mut reports = Vec::new();
        for (sent, held) in all.into_iter().zip(held) {
            reports.push(self.counted(sent, held)?);
        }
        for (job, count_orphans) in unit.tables.iter().zip(&before.count_orphans) {
            no_more_orphans(self.loader, self.run.dialect, job, count_orphans)?;
        }
        if self.defers() {
            sql::defer(self.loader, &unit.tables, false)?;
        }
        for disable_triggers in silences {
            disable_triggers.end(self.loader)?;
        }
        Ok(reports)
    }

    /// Foreign keys inside a cycle are deferred to the end of the unit, and get their declared mode back once they have
    /// been checked.
    fn defers(&self) -> bool {
        sql::defers(self.run.dialect, &self.unit.tables)
    }

    fn rows<'j>(&mut self, job: &'j TableJob, before: u64) -> Result<SentTable<'j>, RunError> {
        let begun = Instant::now();
        // The foreign keys of a cycle, and rows added in the meantime, are handled by the unit.
        let postpones = !job.deferred_indexes.is_empty() && self.unit.tables.len() == 1 && before == 0;
        let waiting = postpones.then(|| IndexDeferral::begin(self.loader, self.run.dialect, job)).transpose()?;
        self.run.note(waiting.iter().flat_map(|waiting| waiting.notes(job)).collect());
        if !waiting.as_ref().is_some_and(IndexDeferral::checks_later) {
            self.wait_for_parents()?;
        }
        self.freeze = waiting.as_ref().is_some_and(IndexDeferral::freezes);
        let sent = if job.rows == 0 { Ok((0, 0)) } else { self.send(job, 0..job.rows) };
        self.freeze = false;
        let (rows, bytes) = sent?;
        Ok(SentTable { job, begun, before, rows, bytes, waiting })
    }

    /// The row count of each table after deferred constraints and triggers have run, which may refuse, change or delete
    /// rows (PostgreSQL; SQLite's deferred foreign keys change nothing). So these counts still hold after COMMIT.
    /// `None` for tables that are not counted.
    fn held(&mut self) -> Result<Vec<Option<u64>>, RunError> {
        let dialect = self.run.dialect;
        let first = sql::check_deferred(dialect);
        let unit = self.unit;
        let recounted: Vec<&TableJob> = unit.tables.iter().filter(|job| job.recount).collect();
        let counts = match sql::counts_after(self.loader, dialect, first, &recounted) {
            Err(LoadError::Statement { message, code, .. }) => {
                let names: Vec<String> = unit.tables.iter().map(|job| job.name.to_string()).collect();
                return Err(LoadError::Table { table: names.join("`, `"), message, code }.into());
            }
            counts => counts?,
        };
        let mut counts = counts.into_iter();
        Ok(unit.tables.iter().map(|job| if job.recount { counts.next() } else { None }).collect())
    }

    /// The table's report, if its row count is the planned one.
    fn counted(&mut self, sent: SentTable<'_>, held: Option<u64>) -> Result<TableReport, RunError> {
        let SentTable { job, begun, before, rows, bytes, waiting } = sent;
        let held = held.map_or(i128::from(rows), |held| i128::from(held) - i128::from(before));
        if rows != job.rows || held != i128::from(job.rows) {
            return Err(self.differs(job, job.rows, rows, held));
        }
        if let Some(mut waiting) = waiting {
            waiting.rebuild(self.loader, self.run.dialect, &self.run.flow.stop)?;
            self.wait_for_parents()?;
            waiting.end(self.loader, self.run.dialect, job)?;
        }
        super::sequences::advance(self.loader, self.run.dialect, job)?;
        Ok(TableReport { before, ..self.report(job, job.rows, bytes, begun) })
    }
}
