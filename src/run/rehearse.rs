//! Triggers have their say before anything stays: rows of every table, with the parents they need, go into the tables
//! themselves, parents first, in one transaction that is rolled back.
//!
//! Only where the tables to fill have triggers on INSERT, or rules: constraints alone are tried on copies (`probe`).

use std::collections::BTreeSet;
use std::sync::Arc;

use dbmocker_loaders::{Dialect, LoadError, Loader, Payload, ident};

use super::jobs::{TableJob, jobs_from_plan, units};
use super::{Refusal, RunError, Stop};
use crate::generate::table::Generator;
use crate::plan::Plan;
use crate::schema::{Deferrable, Schema, Table};

/// Plans whose tables are all this small are rehearsed whole.
const WHOLE: u64 = 300;
/// First rows of each table otherwise, besides the parents that others need.
const FIRST: u64 = 50;

/// Tables that refused rows, or kept another number than was sent.
///
/// # Errors
/// If the server cannot be asked, or [`RunError::Interrupted`].
pub(super) fn rehearse(
    loader: &mut dyn Loader,
    dialect: Dialect,
    schema: &Schema,
    plan: &Plan,
    generator: &Arc<Generator>,
    stop: &Stop,
) -> Result<Vec<Refusal>, RunError> {
    let table = |t: usize| schema.table(&plan.tables[t].name).expect("a plan is made from the schema");
    let all = 0..plan.tables.len();
    if !all.clone().any(|t| plan.tables[t].rows > 0 && speaks(table(t))) {
        return Ok(Vec::new());
    }
    if dialect == Dialect::Mysql && !all.clone().all(|t| rolls_back(table(t))) {
        return Ok(Vec::new());
    }
    let mut rehearsal = Rehearsal { loader, dialect, schema, plan, generator, stop, refused: BTreeSet::new() };
    rehearsal.loader.execute(if dialect == Dialect::Mysql { "START TRANSACTION" } else { "BEGIN" })?;
    let outcome = rehearsal.inside(&rows(plan, generator));
    rehearsal.loader.execute("ROLLBACK")?;
    outcome
}

/// Something other than constraints acts on an INSERT.
fn speaks(table: &Table) -> bool {
    table.triggers.iter().any(|t| t.enabled && t.event.to_ascii_uppercase().contains("INSERT"))
        || table.obstacles.iter().any(|o| o.contains("rule"))
}

/// MySQL's other engines keep what a rollback should take back.
fn rolls_back(table: &Table) -> bool {
    table.options.iter().any(|o| o.eq_ignore_ascii_case("InnoDB"))
}

/// The rows of each table that are tried.
fn rows(plan: &Plan, generator: &Generator) -> Vec<BTreeSet<u64>> {
    if plan.tables.iter().all(|t| t.rows <= WHOLE) {
        return plan.tables.iter().map(|t| (0..t.rows).collect()).collect();
    }
    let mut out = vec![BTreeSet::new(); plan.tables.len()];
    for t in 0..plan.tables.len() {
        for row in 0..plan.tables[t].rows.min(FIRST) {
            let mut found = BTreeSet::new();
            if with_parents(generator, &out, &mut found, t, row) {
                found.into_iter().for_each(|(t, row)| {
                    out[t].insert(row);
                });
            }
        }
    }
    out
}

/// Adds a row and the parents it needs, at any depth; `false` if a CHECK made one of them choose other parents than its
/// keys would, so that they are not known.
fn with_parents(
    generator: &Generator,
    there: &[BTreeSet<u64>],
    found: &mut BTreeSet<(usize, u64)>,
    t: usize,
    row: u64,
) -> bool {
    let mut open = vec![(t, row)];
    while let Some((t, row)) = open.pop() {
        if there[t].contains(&row) || !found.insert((t, row)) {
            continue;
        }
        match generator.parents(t, row) {
            Some(parents) => open.extend(parents),
            None => return false,
        }
    }
    true
}

struct Rehearsal<'a> {
    loader: &'a mut dyn Loader,
    dialect: Dialect,
    schema: &'a Schema,
    plan: &'a Plan,
    generator: &'a Arc<Generator>,
    stop: &'a Stop,
    /// Tables whose rows are not there.
    refused: BTreeSet<usize>,
}

impl Rehearsal<'_> {
    fn inside(&mut self, rows: &[BTreeSet<u64>]) -> Result<Vec<Refusal>, RunError> {
        let jobs = jobs_from_plan(self.schema, self.plan, self.generator);
        self.defer(&jobs)?;
        let mut refusals = Vec::new();
        for (t, job) in jobs.iter().enumerate() {
            if self.stop.is_set() {
                return Err(RunError::Interrupted);
            }
            let parents = self.plan.tables[t].foreign.iter().filter_map(|f| f.parent_table);
            if rows[t].is_empty() || parents.filter(|&p| p != t).any(|p| self.refused.contains(&p)) {
                self.refused.insert(t);
                continue;
            }
            // MySQL's bulk load takes the whole transaction back when it fails.
            let recovers = self.dialect != Dialect::Mysql;
            if recovers {
                self.loader.execute("SAVEPOINT dbmocker_table")?;
            }
            let message = match self.table(t, job, &rows[t]) {
                Ok(None) => continue,
                Ok(Some(message)) => message,
                Err(LoadError::Cancelled) => return Err(RunError::Interrupted),
                Err(LoadError::Table { message, .. }) => message,
                Err(other) => other.to_string(),
            };
            self.refused.insert(t);
            refusals.push(Refusal { table: job.name.clone(), message });
            if !recovers {
                break;
            }
            self.loader.execute("ROLLBACK TO SAVEPOINT dbmocker_table")?;
        }
        Ok(refusals)
    }

    /// Foreign keys inside rings wait; the rollback takes the change back with all else.
    fn defer(&mut self, jobs: &[TableJob]) -> Result<(), RunError> {
        if self.dialect != Dialect::Postgres {
            return Ok(());
        }
        let units = units(self.schema, jobs.to_vec());
        for job in units.iter().flat_map(|u| &u.tables) {
            let table = self.qualified(job);
            for (name, _) in job.deferred.iter().filter(|(_, declared)| *declared == Deferrable::No) {
                let name = ident::quote(self.dialect, name);
                self.loader
                    .execute(&format!("ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED"))?;
            }
        }
        self.loader.execute("SET CONSTRAINTS ALL DEFERRED")?;
        Ok(())
    }

    fn qualified(&self, job: &TableJob) -> String {
        ident::qualified(self.dialect, &job.target.schema, &job.target.table)
    }

    fn count(&mut self, job: &TableJob) -> Result<i128, LoadError> {
        let only = if job.only { "ONLY " } else { "" };
        let sql = format!("SELECT count(*) FROM {only}{}", self.qualified(job));
        let rows = self.loader.query(&sql)?;
        Ok(rows.first().and_then(|r| r.first()).cloned().flatten().and_then(|n| n.parse().ok()).unwrap_or_default())
    }

    /// What is wrong with the number of rows that the table keeps, if anything is.
    fn table(&mut self, t: usize, job: &TableJob, rows: &BTreeSet<u64>) -> Result<Option<String>, LoadError> {
        let before = self.count(job)?;
        let generator = self.generator;
        let schema = generator.table(t).schema.clone();
        let mut batches =
            runs(rows).into_iter().map(|rows| generator.batch(t, rows).map_err(|e| LoadError::Source(Box::new(e))));
        let loaded = self.loader.load(&job.target, Payload::Batches { schema, batches: &mut batches })?;
        let held = self.count(job)? - before;
        if held == i128::from(loaded.sent) {
            return Ok(None);
        }
        let table = self.schema.table(&job.name).expect("jobs are made from the schema");
        let names: Vec<String> = table.triggers.iter().filter(|t| t.enabled).map(|t| format!("`{}`", t.name)).collect();
        let whose =
            if names.is_empty() { "its rules".to_owned() } else { format!("its triggers ({})", names.join(", ")) };
        Ok(Some(format!("{} rows were sent, and {whose} left {held}", loaded.sent)))
    }
}

/// The rows as ranges without gaps.
fn runs(rows: &BTreeSet<u64>) -> Vec<std::ops::Range<u64>> {
    let mut out: Vec<std::ops::Range<u64>> = Vec::new();
    for &row in rows {
        match out.last_mut() {
            Some(last) if last.end == row => last.end += 1,
            _ => out.push(row..row + 1),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_without_gaps() {
        let rows: BTreeSet<u64> = [0, 1, 2, 7, 9, 10].into();
        assert_eq!(runs(&rows), [0..3, 7..8, 9..11]);
        assert!(runs(&BTreeSet::new()).is_empty());
    }
}
