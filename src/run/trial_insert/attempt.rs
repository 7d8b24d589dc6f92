//! The rows of a unit go in on trial, and what is said against them is heard.

use std::collections::{BTreeMap, BTreeSet};

use dbmocker_loaders::{Dialect, LoadError, Payload};

use super::sample_rows::runs;
use super::{Objection, TrialInsert, has_triggers, position};
use crate::run::disable_triggers::{TriggerSwitch, Written};
use crate::run::jobs::{TableJob, Unit};
use crate::run::ledger::Ledger;
use crate::run::{RunError, sql};
use dbmocker_core::schema::{Table, TableName};

/// Tables that hold more rows than this are not counted to see whether triggers add to them.
const COUNTED: u64 = 100_000;

impl TrialInsert<'_> {
    /// Loads the unit's rows on trial; what was objected to them, if anything was.
    pub(super) fn attempt(
        &mut self,
        unit: &Unit,
        rows: &[BTreeSet<u64>],
        silent: &BTreeMap<usize, Objection>,
    ) -> Result<Option<Objection>, RunError> {
        for job in &unit.tables {
            if self.stop.is_set() {
                return Err(RunError::Interrupted);
            }
            let t = position(job);
            // A trigger that MySQL would have to drop for it: the rows were tried on the table's copy.
            let untried = TriggerSwitch::commits(self.dialect) && silent.contains_key(&t);
            if rows[t].is_empty() || untried {
                continue;
            }
            let objection = self.table(t, job, &rows[t], silent.contains_key(&t));
            if let Some(objection) = objected(objection)? {
                return Ok(Some(Objection { table: Some(t), ..objection }));
            }
        }
        if self.dialect != Dialect::Postgres {
            return Ok(None);
        }
        // Deferred triggers and constraints speak now.
        let alone = if let [only] = &*unit.tables { Some(position(only)) } else { None };
        let checked = self.loader.calling_functions().execute("SET CONSTRAINTS ALL IMMEDIATE").map(|_| None);
        if let Some(objection) = objected(checked)? {
            return Ok(Some(Objection { table: alone, ..objection }));
        }
        self.loader.execute("SET CONSTRAINTS ALL DEFERRED")?;
        Ok(None)
    }

    /// What the tables of the plan hold by now, to see what triggers add to it.
    fn written(&mut self) -> Result<Written, LoadError> {
        if self.dialect == Dialect::Postgres {
            return Written::read(self.loader);
        }
        let small = |t: &&Table| t.existing.rows <= COUNTED;
        let tables: Vec<&TableName> =
            self.plan.tables.iter().filter_map(|t| self.schema.table(&t.name)).filter(small).map(|t| &t.name).collect();
        Written::count(self.loader, self.dialect, &tables)
    }

    /// What is wrong with the rows that the table keeps, if anything is.
    fn table(
        &mut self,
        t: usize,
        job: &TableJob,
        rows: &BTreeSet<u64>,
        silent: bool,
    ) -> Result<Option<Objection>, LoadError> {
        let table = self.schema.table(&job.name).expect("jobs are made from the schema");
        let watched = self.disable_triggers && !silent && has_triggers(table);
        let written = if watched { self.written()? } else { Written::default() };
        if silent {
            // Taken back by the rollback.
            let ledger = Ledger::new(self.dialect, &self.schema.default_schema);
            let _ = TriggerSwitch::begin(self.loader, self.dialect, job, &ledger)?;
        }
        let before = i128::from(sql::count(self.loader, self.dialect, job)?);
        let generator = self.generator;
        let schema = generator.table(t).schema.clone();
        let mut batches =
            runs(rows).into_iter().map(|rows| generator.batch(t, rows).map_err(|e| LoadError::Source(Box::new(e))));
        let loaded = self.loader.load(&job.target, Payload::Batches { schema, batches: &mut batches })?;
        let held = i128::from(sql::count(self.loader, self.dialect, job)?) - before;
        let objection = |message: String, besides: bool| Objection { table: Some(t), message, besides };
        if held != i128::from(loaded.sent) {
            let names = table.triggers.iter().filter(|t| t.enabled).map(|t| format!("`{}`", t.name));
            let names: Vec<String> = names.collect();
            let hidden = table.caveats.iter().any(|o| o.contains("row-level security"));
            let whose = match (names.is_empty(), hidden) {
                (_, true) => "row-level security, which may hide them from this role,".to_owned(),
                (true, false) => "its rules".to_owned(),
                (false, false) => format!("its triggers ({})", names.join(", ")),
            };
            return Ok(Some(objection(format!("{} rows were sent, and {whose} left {held}", loaded.sent), false)));
        }
        if !watched {
            return Ok(None);
        }
        let filled = |name: &TableName| self.plan.tables.iter().any(|t| &t.name == name);
        let besides = self.written()?.besides(&written, &job.name, filled);
        Ok(besides.map(|message| objection(message, true)))
    }
}

/// A server's refusal is an objection; that it cannot be asked is an error.
fn objected(outcome: Result<Option<Objection>, LoadError>) -> Result<Option<Objection>, RunError> {
    let message = match outcome {
        Ok(objection) => return Ok(objection),
        Err(LoadError::Cancelled) => return Err(RunError::Interrupted),
        Err(LoadError::Table { message, .. } | LoadError::Statement { message, .. }) => message,
        Err(LoadError::Short { sent, stored, .. }) => format!("{sent} rows were sent, and its triggers left {stored}"),
        Err(other) => other.to_string(),
    };
    Ok(Some(Objection { table: None, message, besides: false }))
}
