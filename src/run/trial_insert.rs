//! Tests triggers before anything is written permanently: rows of every table, with the parents they need, are inserted
//! into the tables themselves, parents first, in one transaction that is rolled back.
//!
//! Only where the tables to fill have triggers on INSERT, or rules, or CHECKs that read other tables: constraints alone
//! are tried on copies (`preflight`).

mod attempt;
mod sample_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dbmocker_loaders::{Dialect, LoadError, Loader};

use super::disable_triggers::{DisabledTriggers, TriggerSwitch};
use super::jobs::{RowsSource, TableJob, Unit, jobs_from_plan, units};
use super::truncate;
use super::{Refusal, RunError, Stop, sql};
use dbmocker_core::schema::{Caveat, Schema, Table, TableName};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, TablePlan};

/// If all tables of a plan are at most this small, all rows are tried.
pub const WHOLE: u64 = 300;

/// The result of the trial.
#[derive(Debug, Default)]
pub(super) struct TrialOutcome {
    /// Tables that refused rows, or stored another number than was sent.
    pub refusals: Vec<Refusal>,
    /// Tables that accept their rows only while their triggers are disabled.
    pub disabled_triggers: Vec<DisabledTriggers>,
    /// Rows were tried.
    pub tried: bool,
}

/// Tries rows of all tables; with `disable_triggers`, again without the triggers that caused errors.
///
/// # Errors
/// If a query fails, or [`RunError::Interrupted`].
pub(super) fn trial_insert(
    loader: &mut dyn Loader,
    dialect: Dialect,
    schema: &Schema,
    plan: &Plan,
    generator: &Arc<Generator>,
    disable_triggers: bool,
    stop: &Stop,
) -> Result<TrialOutcome, RunError> {
    let table = |t: usize| schema.table(&plan.tables[t].name).expect("a plan is made from the schema");
    let all = 0..plan.tables.len();
    if !all.clone().any(|t| plan.tables[t].rows > 0 && acts_on_insert(table(t))) {
        return Ok(TrialOutcome::default());
    }
    if dialect == Dialect::Mysql
        && let Some(why) = not_rolled_back(schema)
    {
        return if disable_triggers {
            untried(loader, dialect, schema, plan, generator, &why)
        } else {
            Ok(TrialOutcome::default())
        };
    }
    let rows = sample_rows::rows(schema, plan, generator);
    let mut known = BTreeMap::new();
    loop {
        let mut trial = TrialInsert {
            loader: &mut *loader,
            dialect,
            schema,
            plan,
            generator,
            stop,
            disable_triggers,
            refused: BTreeSet::new(),
            absent: BTreeSet::new(),
            known,
            again: false,
            outcome: TrialOutcome { tried: true, ..TrialOutcome::default() },
        };
        trial.loader.execute(sql::begin(dialect))?;
        let done = trial.inside(&rows);
        // A trigger may have ended the transaction already.
        let ended = trial.loader.execute("ROLLBACK");
        done?;
        if !trial.again {
            ended?;
            return Ok(trial.outcome);
        }
        known = trial.known;
    }
}

/// Triggers whose writes cannot be rolled back cannot be tried: they are disabled.
fn untried(
    loader: &mut dyn Loader,
    dialect: Dialect,
    schema: &Schema,
    plan: &Plan,
    generator: &Arc<Generator>,
    why: &str,
) -> Result<TrialOutcome, RunError> {
    let mut outcome = TrialOutcome::default();
    for job in jobs_from_plan(schema, plan, generator) {
        if job.rows == 0 || job.insert_triggers.is_empty() {
            continue;
        }
        match TriggerSwitch::forbidden(loader, dialect, &job)? {
            // They fire, and may refuse rows.
            Some(_) => {}
            None => outcome.disabled_triggers.push(DisabledTriggers { table: job.name, why: why.to_owned() }),
        }
    }
    Ok(outcome)
}

/// Whether anything besides the table's constraints acts on an INSERT.
fn acts_on_insert(table: &Table) -> bool {
    has_triggers(table) || !table.reads.is_empty() || table.caveats.iter().any(Caveat::acts_on_insert)
}

fn has_triggers(table: &Table) -> bool {
    table.insert_triggers().next().is_some()
}

/// Why triggers' writes cannot be rolled back (MySQL): storage engines other than InnoDB have no transactions.
fn not_rolled_back(schema: &Schema) -> Option<String> {
    let keeps = |t: &&Table| !t.options.iter().any(|o| o.eq_ignore_ascii_case("InnoDB"));
    if let Some(table) = schema.tables.iter().find(keeps) {
        let engine = table.options.first().map_or("", String::as_str);
        return Some(format!(
            "they cannot be tried, because `{}` (engine {engine}) would keep what a trial writes",
            table.name
        ));
    }
    let known = |name: &str| {
        let (of, bare) = name.split_once('.').unwrap_or((&schema.default_schema, name));
        schema.tables.iter().any(|t| t.name.schema.eq_ignore_ascii_case(of) && t.name.name.eq_ignore_ascii_case(bare))
    };
    let elsewhere = |name: &&String| name.contains('.') && !known(name);
    let triggers = schema.tables.iter().flat_map(Table::insert_triggers);
    let unknown = triggers.flat_map(|t| &t.writes).find(elsewhere)?;
    Some(format!("they cannot be tried, because they write to `{unknown}`, which may keep what a trial writes"))
}

struct TrialInsert<'a> {
    loader: &'a mut dyn Loader,
    dialect: Dialect,
    schema: &'a Schema,
    plan: &'a Plan,
    generator: &'a Arc<Generator>,
    stop: &'a Stop,
    /// Triggers may be disabled.
    disable_triggers: bool,
    /// Tables whose rows were not inserted.
    refused: BTreeSet<usize>,
    /// Tables whose rows were not inserted because their triggers will be disabled, which cannot be tried on MySQL.
    absent: BTreeSet<usize>,
    /// Tables whose triggers must be disabled, as found by a trial whose transaction was lost.
    known: BTreeMap<usize, Objection>,
    /// The trial has to be repeated with these findings.
    again: bool,
    outcome: TrialOutcome,
}

/// Why a unit's rows were not accepted.
#[derive(Debug, Clone)]
struct Objection {
    /// The table, or `None` if the error came after the rows of several tables.
    table: Option<usize>,
    message: String,
    /// Whether the refusal concerns only tables outside of the unit.
    besides: bool,
}

impl TrialInsert<'_> {
    fn inside(&mut self, rows: &[BTreeSet<u64>]) -> Result<(), RunError> {
        let units = units(self.schema, jobs_from_plan(self.schema, self.plan, self.generator));
        // Rows that `--truncate` will delete are deleted here as well.
        let emptied =
            |p: &TablePlan| p.existing == 0 && self.schema.table(&p.name).is_some_and(|t| t.existing.rows > 0);
        if self.plan.tables.iter().any(emptied) {
            let jobs = jobs_from_plan(self.schema, self.plan, self.generator);
            for sql in truncate::statements(self.dialect, self.schema, &jobs)? {
                self.loader.calling_functions().execute(&sql)?;
            }
        }
        if self.dialect == Dialect::Postgres {
            // Foreign keys inside cycles are deferred; the rollback undoes this as well.
            sql::defer(self.loader, units.iter().flat_map(|u| &u.tables), true)?;
        }
        for unit in &units {
            let tables: Vec<usize> = unit.tables.iter().map(position).collect();
            let parents = tables.iter().flat_map(|&t| &self.plan.tables[t].foreign).filter_map(|f| f.parent_table);
            if parents.filter(|p| !tables.contains(p)).any(|p| self.refused.contains(&p)) {
                self.refused.extend(tables);
                continue;
            }
            if !self.unit(unit, rows)? {
                break;
            }
        }
        Ok(())
    }

    /// Tries a unit, with triggers disabled one table at a time; `false` if the transaction is lost.
    fn unit(&mut self, unit: &Unit, rows: &[BTreeSet<u64>]) -> Result<bool, RunError> {
        let known = unit.tables.iter().map(position).filter_map(|t| Some((t, self.known.get(&t)?.clone())));
        let mut triggers_disabled: BTreeMap<usize, Objection> = known.collect();
        let mut beyond = self.beyond_trial(unit)?;
        loop {
            // In MySQL a failed bulk load rolls back the whole transaction.
            if self.dialect != Dialect::Mysql {
                self.loader.execute("SAVEPOINT dbmocker_unit")?;
            }
            let objection = match self.attempt(unit, rows, &triggers_disabled) {
                Ok(None) if beyond.keys().all(|t| triggers_disabled.contains_key(t)) => {
                    let disabled_triggers =
                        triggers_disabled.into_iter().map(|(t, o)| (self.plan.tables[t].name.clone(), o.message));
                    self.outcome
                        .disabled_triggers
                        .extend(disabled_triggers.map(|(table, why)| DisabledTriggers { table, why }));
                    return Ok(true);
                }
                Ok(None) => {
                    beyond.retain(|t, _| !triggers_disabled.contains_key(t));
                    beyond.pop_first().expect("one of them has its triggers on").1
                }
                Ok(Some(objection)) => objection,
                Err(RunError::Load(LoadError::Cancelled)) => return Err(RunError::Interrupted),
                Err(e) => return Err(e),
            };
            // SQLite's RAISE(ROLLBACK) ends it, too.
            let recovered =
                self.dialect != Dialect::Mysql && self.loader.execute("ROLLBACK TO SAVEPOINT dbmocker_unit").is_ok();
            match self.may_be_disabled(unit, &triggers_disabled, objection.table) {
                None => {
                    self.refuse(unit, triggers_disabled, objection);
                    return Ok(recovered);
                }
                Some(job) => {
                    if let Some(why) = TriggerSwitch::forbidden(self.loader, self.dialect, job)? {
                        let message = format!("{}; {why}", objection.message);
                        self.refuse(unit, triggers_disabled, Objection { message, ..objection });
                        return Ok(recovered);
                    }
                    triggers_disabled.insert(position(job), objection);
                    if !recovered {
                        self.known.append(&mut triggers_disabled);
                        self.again = true;
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Triggers that may write to other tables of the plan, by their text, although they did not during the trial: for
    /// rows that were not tried, or if tables hold rows that were inserted later in the trial, but may be filled
    /// earlier in the load.
    fn beyond_trial(&mut self, unit: &Unit) -> Result<BTreeMap<usize, Objection>, RunError> {
        let mut out = BTreeMap::new();
        if !self.disable_triggers || TriggerSwitch::commits(self.dialect) {
            return Ok(out);
        }
        for job in &unit.tables {
            let writes = writes(self.schema, self.plan, &job.name);
            if !writes.is_empty() && TriggerSwitch::forbidden(self.loader, self.dialect, job)?.is_none() {
                let named: Vec<String> = writes.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("they may also write to {}", named.join(", "));
                let table = Some(position(job));
                out.insert(position(job), Objection { table, message, besides: true });
            }
        }
        Ok(out)
    }

    /// The table whose triggers to disable after a refusal of `table`.
    fn may_be_disabled<'u>(
        &self,
        unit: &'u Unit,
        triggers_disabled: &BTreeMap<usize, Objection>,
        table: Option<usize>,
    ) -> Option<&'u TableJob> {
        let may = |job: &&TableJob| {
            self.disable_triggers && !job.insert_triggers.is_empty() && !triggers_disabled.contains_key(&position(job))
        };
        unit.tables.iter().find(|job| table.is_none_or(|table| table == position(job)) && may(job))
    }

    fn refuse(&mut self, unit: &Unit, mut triggers_disabled: BTreeMap<usize, Objection>, last: Objection) {
        let t = last.table.unwrap_or_else(|| position(&unit.tables[0]));
        let mut message = match triggers_disabled.remove(&t) {
            Some(first) if first.besides => format!("without its triggers: {}", last.message),
            // If disabling the triggers did not help, their error is reported.
            Some(first) if first.message != last.message => {
                format!("{}; and without its triggers: {}", first.message, last.message)
            }
            _ => last.message,
        };
        message += &kept_on(self.schema, self.plan, &self.plan.tables[t].name);
        let triggers = self.schema.table(&self.plan.tables[t].name).is_some_and(has_triggers);
        if triggers && !self.disable_triggers {
            message +=
                "; triggers that prevent the load are disabled while their table is loaded, without --keep-triggers";
        }
        self.refused.extend(unit.tables.iter().map(position));
        self.outcome.refusals.push(Refusal { table: self.plan.tables[t].name.clone(), message });
    }
}

/// Other tables of the plan to which a table's triggers write, by their text.
fn writes(schema: &Schema, plan: &Plan, table: &TableName) -> BTreeSet<String> {
    let named = |said: &String| {
        let is = |name: &TableName| name.name == *said || format!("{}.{}", name.schema, name.name) == *said;
        plan.tables.iter().map(|t| &t.name).find(|name| *name != table && is(name)).map(TableName::to_string)
    };
    let triggers = schema.table(table).into_iter().flat_map(Table::insert_triggers);
    triggers.flat_map(|g| &g.writes).filter_map(named).collect()
}

/// The remedy for a refused table whose triggers are disabled because of the tables to which they write.
pub(super) fn kept_on(schema: &Schema, plan: &Plan, table: &TableName) -> String {
    let tables: Vec<String> = writes(schema, plan, table).into_iter().collect();
    if tables.is_empty() {
        return String::new();
    }
    let tables = tables.join(",");
    format!(
        "; its triggers write to tables that are filled as well: with those left out they stay on (--exclude-tables {tables})"
    )
}

/// The plan's table that a job fills.
fn position(job: &TableJob) -> usize {
    match job.source {
        RowsSource::Generated { table, .. } => table,
        RowsSource::Files(_) => unreachable!("rehearsed jobs are made from a plan"),
    }
}
