//! Inserts the rows of a unit on trial, and collects the refusals.

use std::collections::{BTreeMap, BTreeSet};

use dbmocker_loaders::{Dialect, LoadError, Payload};

use super::sample_rows::runs;
use super::{Objection, TrialInsert, has_triggers, position, writes};
use crate::run::disable_triggers::{TriggerSwitch, WriteLog};
use crate::run::jobs::{TableJob, Unit};
use crate::run::{RunError, sql};
use dbmocker_core::schema::{Caveat, Table, TableName};

/// Tables that hold more rows than this are not counted to see whether triggers add to them.
const COUNTED: u64 = 100_000;

/// A table of the unit whose rows were sent on trial.
struct TrialTable<'a> {
    table: usize,
    job: &'a TableJob,
    /// Its row count before, and the number of rows sent.
    before: i128,
    rows: i128,
    /// What the transaction had written before, where the table's triggers are watched.
    written: Option<WriteLog>,
}

impl<'a> TrialInsert<'a> {
    /// Loads the unit's rows on trial; returns the refusal, if any.
    pub(super) fn attempt(
        &mut self,
        unit: &Unit,
        rows: &[BTreeSet<u64>],
        triggers_disabled: &BTreeMap<usize, Objection>,
    ) -> Result<Option<Objection>, RunError> {
        let mut all = Vec::new();
        for job in &unit.tables {
            if self.stop.is_set() {
                return Err(RunError::Interrupted);
            }
            let t = position(job);
            // MySQL would have to drop a trigger for this: the rows were tried on the table's copy.
            if TriggerSwitch::commits(self.dialect) && triggers_disabled.contains_key(&t) {
                self.absent.insert(t);
                continue;
            }
            if rows[t].is_empty() {
                continue;
            }
            let sent = self.send(t, job, &rows[t], triggers_disabled.contains_key(&t));
            let kept = sent.and_then(|sent| Ok((self.kept(&sent)?, sent)));
            match kept {
                Ok((None, sent)) => all.push(sent),
                Ok((objection, _)) => return Ok(objection),
                Err(e) => return Ok(Some(Objection { table: Some(t), ..objection(e)? })),
            }
        }
        if self.dialect == Dialect::Postgres { self.deferred(unit, &all) } else { Ok(None) }
    }

    /// Runs deferred constraints and triggers now, which may refuse, change or delete rows.
    fn deferred(&mut self, unit: &Unit, all: &[TrialTable<'_>]) -> Result<Option<Objection>, RunError> {
        let watched = all.iter().find(|sent| sent.written.is_some());
        let written = watched.map(|_| self.written()).transpose()?;
        if let Err(e) = self.loader.calling_functions().execute("SET CONSTRAINTS ALL IMMEDIATE") {
            let alone = if let [only] = &*unit.tables { Some(position(only)) } else { None };
            return Ok(Some(Objection { table: alone, ..objection(e)? }));
        }
        for sent in all {
            if has_triggers(self.schema_table(sent.job))
                && let Some(objection) = self.counted(sent)?
            {
                return Ok(Some(objection));
            }
        }
        if let (Some(written), Some(sent)) = (written, watched)
            && let Some(objection) = self.besides(sent, &written)?
        {
            return Ok(Some(objection));
        }
        self.loader.execute("SET CONSTRAINTS ALL DEFERRED")?;
        Ok(None)
    }

    /// The current row counts of the plan's tables, to detect rows added by triggers.
    fn written(&mut self) -> Result<WriteLog, LoadError> {
        if self.dialect == Dialect::Postgres {
            return WriteLog::read(self.loader);
        }
        let small = |t: &&Table| t.existing.rows <= COUNTED;
        let tables: Vec<&TableName> =
            self.plan.tables.iter().filter_map(|t| self.schema.table(&t.name)).filter(small).map(|t| &t.name).collect();
        WriteLog::count(self.loader, self.dialect, &tables)
    }

    /// Sends the table's rows.
    fn send<'j>(
        &mut self,
        t: usize,
        job: &'j TableJob,
        rows: &BTreeSet<u64>,
        triggers_disabled: bool,
    ) -> Result<TrialTable<'j>, LoadError> {
        let watched = self.disable_triggers && !triggers_disabled && has_triggers(self.schema_table(job));
        let written = watched.then(|| self.written()).transpose()?;
        if triggers_disabled {
            // Undone by the rollback.
            let _ = TriggerSwitch::begin(self.loader, self.dialect, job, None)?;
        }
        let before = i128::from(sql::count(self.loader, self.dialect, job)?);
        let generator = self.generator;
        let schema = generator.table(t).schema.clone();
        let mut batches =
            runs(rows).into_iter().map(|rows| generator.batch(t, rows).map_err(|e| LoadError::Source(Box::new(e))));
        let loaded = self.loader.load(&job.target, Payload::Batches { schema, batches: &mut batches })?;
        Ok(TrialTable { table: t, job, before, rows: loaded.sent.into(), written })
    }

    /// What is wrong with the stored rows, if anything.
    fn kept(&mut self, sent: &TrialTable<'_>) -> Result<Option<Objection>, LoadError> {
        if let Some(objection) = self.counted(sent)? {
            return Ok(Some(objection));
        }
        let Some(written) = &sent.written else { return Ok(None) };
        if let Some(objection) = self.besides(sent, written)? {
            return Ok(Some(objection));
        }
        // Tables whose triggers MySQL would have to drop have no rows in the trial, so triggers that write to these
        // tables cannot be tested.
        let absent = self.absent.iter().map(|&t| self.plan.tables[t].name.to_string());
        let written_to = writes(self.schema, self.plan, &sent.job.name);
        let missed: Vec<String> = absent.filter(|name| written_to.contains(name)).map(|n| format!("`{n}`")).collect();
        Ok((!missed.is_empty()).then(|| Objection {
            table: Some(sent.table),
            message: format!("they write to {}, whose rows could not be there on trial", missed.join(", ")),
            besides: true,
        }))
    }

    /// Whether the number of stored rows is the number of rows sent.
    fn counted(&mut self, sent: &TrialTable<'_>) -> Result<Option<Objection>, LoadError> {
        let held = i128::from(sql::count(self.loader, self.dialect, sent.job)?) - sent.before;
        if held == sent.rows {
            return Ok(None);
        }
        let table = self.schema_table(sent.job);
        let names: Vec<String> = table.triggers.iter().filter(|t| t.enabled).map(|t| format!("`{}`", t.name)).collect();
        let hidden = table.caveats.contains(&Caveat::RowSecurity);
        let whose = match (names.is_empty(), hidden) {
            (_, true) => "row-level security, which may hide them from this role,".to_owned(),
            (true, false) => "its rules".to_owned(),
            (false, false) => format!("its triggers ({})", names.join(", ")),
        };
        let message = format!("{} rows were sent, and {whose} left {held}", sent.rows);
        Ok(Some(Objection { table: Some(sent.table), message, besides: false }))
    }

    /// Whether other tables of the plan were written to.
    fn besides(&mut self, sent: &TrialTable<'_>, written: &WriteLog) -> Result<Option<Objection>, LoadError> {
        let plan = self.plan;
        let filled = |name: &TableName| plan.tables.iter().any(|t| &t.name == name);
        let message = self.written()?.besides(written, &sent.job.name, filled);
        Ok(message.map(|message| Objection { table: Some(sent.table), message, besides: true }))
    }

    fn schema_table(&self, job: &TableJob) -> &'a Table {
        self.schema.table(&job.name).expect("jobs are made from the schema")
    }
}

/// Maps a server's refusal of rows to an objection; other failures are errors.
fn objection(error: LoadError) -> Result<Objection, RunError> {
    let message = match error {
        LoadError::Cancelled => return Err(RunError::Interrupted),
        LoadError::Table { message, .. } | LoadError::Statement { message, .. } => message,
        LoadError::Short { sent, stored, .. } => format!("{sent} rows were sent, and its triggers left {stored}"),
        other => other.to_string(),
    };
    Ok(Objection { table: None, message, besides: false })
}
