//! Several units of small tables in one transaction: one request begins it, one prepares all loads, one counts the rows
//! of all tables, and one commits it with the journal's lines.

use std::time::Instant;

use dbmocker_loaders::{LoadError, Loader};

use super::{RunContext, UnitLoad, sequences};
use crate::report::TableReport;
use crate::run::jobs::{RowsSource, TableJob, Unit};
use crate::run::tasks::Task;
use crate::run::{RunError, sql};

/// Loads units that may share a transaction in one; the reports of each. If it fails, none of their rows is stored.
///
/// # Errors
/// The first error of any table.
pub(in crate::run) fn load_together(
    loader: &mut dyn Loader,
    run: &RunContext<'_>,
    all: &[(&Task, &Unit)],
) -> Result<Vec<Vec<TableReport>>, RunError> {
    let mut together = Together { loader, run, all, counted: Vec::new() };
    let outcome = together.transaction();
    if outcome.is_err() {
        // The error is reported, not a rollback that fails because the connection is closed.
        let _ = together.loader.execute("ROLLBACK");
        for &(position, rows, bytes) in &together.counted {
            run.progress.take_back(position, rows, bytes);
        }
    }
    outcome
}

struct Together<'a> {
    loader: &'a mut dyn Loader,
    run: &'a RunContext<'a>,
    all: &'a [(&'a Task, &'a Unit)],
    /// Rows and bytes added to the progress, with the position of the table.
    counted: Vec<(usize, u64, u64)>,
}

/// What was sent for a table: rows, bytes, seconds.
type Sent = (u64, u64, f64);

impl Together<'_> {
    fn jobs(&self) -> impl Iterator<Item = &'_ TableJob> + Clone {
        self.all.iter().flat_map(|(_, unit)| &unit.tables)
    }

    fn transaction(&mut self) -> Result<Vec<Vec<TableReport>>, RunError> {
        let (dialect, all) = (self.run.dialect, self.all);
        let jobs = || all.iter().flat_map(|(_, unit)| &unit.tables);
        let defers = sql::defers(dialect, jobs());
        self.loader.send_with_next(sql::begin(dialect))?;
        if defers {
            sql::defer(self.loader, jobs(), true)?;
        }
        let before = self.counts("")?;
        self.prepare()?;
        let sent = self.rows()?;
        let held = self.counts(sql::check_deferred(dialect))?;
        let found = jobs().zip(&before).zip(sent.iter().zip(held));
        for ((job, before), (&(rows, ..), held)) in found {
            let held = held.map_or(i128::from(rows), |held| i128::from(held) - i128::from(before.unwrap_or(0)));
            if rows != job.rows || held != i128::from(job.rows) {
                let (table, planned) = (job.name.to_string(), job.rows);
                return Err(RunError::Count { table, planned, sent: rows, held, triggers: Vec::new() });
            }
        }
        if defers {
            sql::defer(self.loader, jobs(), false)?;
        }
        for job in jobs() {
            sequences::advance(self.loader, dialect, job)?;
        }
        for (task, unit) in all {
            self.run.marks.map_or(Ok(()), |marks| marks.add(self.loader, task, unit))?;
        }
        self.loader.calling_functions().execute("COMMIT")?;
        Ok(self.reports(sent, before))
    }

    /// The row count of each table that is counted, after the statements of `first`.
    fn counts(&mut self, first: &str) -> Result<Vec<Option<u64>>, RunError> {
        let recounted: Vec<&TableJob> = self.all.iter().flat_map(|(_, u)| &u.tables).filter(|j| j.recount).collect();
        let mut counts = sql::counts_after(self.loader, self.run.dialect, first, &recounted)?.into_iter();
        Ok(self.jobs().map(|job| if job.recount { counts.next() } else { None }).collect())
    }

    fn prepare(&mut self) -> Result<(), LoadError> {
        let load = |job: &TableJob| match &job.source {
            RowsSource::Generated { generator, table } if job.rows > 0 => {
                Some((job.target.clone(), generator.table(*table).schema.clone()))
            }
            _ => None,
        };
        let loads: Vec<_> = self.jobs().filter_map(load).collect();
        if loads.is_empty() { Ok(()) } else { self.loader.prepare_loads(&loads) }
    }

    fn rows(&mut self) -> Result<Vec<Sent>, RunError> {
        let mut all = Vec::new();
        for (_, unit) in self.all {
            let mut load = UnitLoad::new(&mut *self.loader, self.run, unit);
            let sent = unit.tables.iter().map(|job| {
                let begun = Instant::now();
                let (rows, bytes) = if job.rows == 0 { (0, 0) } else { load.send(job, 0..job.rows)? };
                Ok((rows, bytes, begun.elapsed().as_secs_f64()))
            });
            let sent: Result<Vec<Sent>, RunError> = sent.collect();
            self.counted.extend(load.counted.iter().map(|(&position, &(rows, bytes))| (position, rows, bytes)));
            all.extend(sent?);
        }
        Ok(all)
    }

    fn reports(&self, sent: Vec<Sent>, before: Vec<Option<u64>>) -> Vec<Vec<TableReport>> {
        let mut sent = sent.into_iter().zip(before);
        let mut report = |unit: &Unit, job: &TableJob| {
            let ((_, bytes, seconds), before) = sent.next().unwrap_or_default();
            TableReport {
                level: unit.level,
                before: before.unwrap_or(job.existing),
                limited_by: job.limited_by.clone(),
                ..TableReport::new(job.name.to_string(), job.requested, job.rows, bytes, seconds)
            }
        };
        self.all.iter().map(|(_, unit)| unit.tables.iter().map(|job| report(unit, job)).collect()).collect()
    }
}
