//! The tasks of a run: whole units, or tables that are opened, loaded in parts by several executors, and closed.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::jobs::{TableJob, Unit};
use crate::report::{TableReport, TaskTime};

/// One transaction, or one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Identifies the task in the ledger.
    pub number: u64,
    /// Position among the units.
    pub unit: usize,
    pub work: Work,
}

/// The work of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// The unit from its first row to its indexes.
    Whole,
    /// Records in the ledger how to undo the load of a table that is loaded in parts, and drops its deferred indexes.
    Open,
    /// A range of rows of a table that is loaded in parts.
    Part(Range<u64>),
    /// Counts the rows, creates the indexes again, checks the deferred constraints, and removes the table from the
    /// ledger.
    Close,
    /// Some rows of the unit's table at this position, into a file.
    Stage { table: usize, rows: Range<u64>, path: PathBuf },
}

impl Task {
    /// The report of a task that was committed before its result was received.
    pub fn report(&self, unit: &Unit) -> Vec<TableReport> {
        let report = |job: &TableJob, rows: u64| TableReport {
            level: unit.level,
            before: job.existing,
            limited_by: job.limited_by.clone(),
            ..TableReport::new(job.name.to_string(), job.requested, rows, 0, 0.0)
        };
        match &self.work {
            Work::Open | Work::Stage { .. } => Vec::new(),
            Work::Part(rows) => vec![report(&unit.tables[0], rows.end - rows.start)],
            Work::Whole | Work::Close => unit.tables.iter().map(|job| report(job, job.rows)).collect(),
        }
    }
}

impl Task {
    /// When the task was at work, from and to seconds since the load began, and on which executor.
    pub fn time(&self, unit: &Unit, hand: usize, (from, to): (f64, f64)) -> TaskTime {
        let (work, rows) = match &self.work {
            Work::Whole => ("whole", unit.tables.iter().map(|job| job.rows).sum()),
            Work::Open => ("open", 0),
            Work::Part(rows) | Work::Stage { rows, .. } => ("part", rows.end - rows.start),
            Work::Close => ("close", 0),
        };
        let names: Vec<String> = unit.tables.iter().map(|job| job.name.to_string()).collect();
        TaskTime { table: names.join(", "), work: work.into(), rows, hand, from, to }
    }
}

/// The tasks that a task needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// They must be done before it begins.
    pub before: Vec<usize>,
    /// They must be at work when it begins, and done before it checks its foreign keys.
    pub late: Vec<usize>,
}

/// The tasks of all units, parents first, and what each needs.
///
/// `in_parts`: whether tables may be loaded in parts; `early`: whether tables may be loaded while their parents are.
pub fn tasks(units: &[Unit], in_parts: bool, early: bool) -> (Vec<Task>, Vec<Needs>) {
    let (mut tasks, mut needs) = (Vec::new(), Vec::new());
    let mut last = Vec::new();
    for (unit, u) in units.iter().enumerate() {
        let mut needing = |work, needed: Needs| {
            tasks.push(Task { number: tasks.len() as u64, unit, work });
            needs.push(needed);
            tasks.len() - 1
        };
        let mut add = |work, before: Vec<usize>| needing(work, Needs { before, ..Needs::default() });
        let parents: Vec<usize> = u.after.iter().map(|&p| last[p]).collect();
        last.push(match &u.tables[..] {
            [job] if in_parts && job.chunks.is_some() => {
                let open = add(Work::Open, parents);
                let parts = job.parts().map(|rows| add(Work::Part(rows), vec![open])).collect();
                add(Work::Close, parts)
            }
            _ => {
                let (late, before) = u.after.iter().partition(|p| early && u.late.contains(p));
                let [late, before] = [late, before].map(|of: Vec<usize>| of.into_iter().map(|p| last[p]).collect());
                needing(Work::Whole, Needs { before, late })
            }
        });
    }
    (tasks, needs)
}
