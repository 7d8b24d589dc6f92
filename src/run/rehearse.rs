//! Triggers have their say before anything stays: rows of every table, with the parents they need, go into the tables
//! themselves, parents first, in one transaction that is rolled back.
//!
//! Only where the tables to fill have triggers on INSERT, or rules: constraints alone are tried on copies (`probe`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dbmocker_loaders::{Dialect, LoadError, Loader, Payload, ident};

use super::empty;
use super::jobs::{Source, TableJob, Unit, jobs_from_plan, units};
use super::ledger::Ledger;
use super::silence::{Silence, Silenced, Written};
use super::{Refusal, RunError, Stop};
use crate::generate::table::Generator;
use crate::plan::{Plan, TablePlan};
use crate::schema::{Deferrable, Schema, Table, TableName};

/// Plans whose tables are all this small are rehearsed whole.
pub const WHOLE: u64 = 300;
/// First rows of each table otherwise, besides the parents that others need.
const FIRST: u64 = 50;

/// Tables that hold more rows than this are not counted to see whether triggers add to them.
const COUNTED: u64 = 100_000;

/// What rows on trial met.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Tables that refused rows, or kept another number than was sent.
    pub refusals: Vec<Refusal>,
    /// Tables that keep their rows only while their triggers are silent.
    pub silenced: Vec<Silenced>,
}

/// Tries rows of all tables; where `silence` says so, again without the triggers that stood in the way.
///
/// # Errors
/// If the server cannot be asked, or [`RunError::Interrupted`].
pub(super) fn rehearse(
    loader: &mut dyn Loader,
    dialect: Dialect,
    schema: &Schema,
    plan: &Plan,
    generator: &Arc<Generator>,
    silence: bool,
    stop: &Stop,
) -> Result<Outcome, RunError> {
    let table = |t: usize| schema.table(&plan.tables[t].name).expect("a plan is made from the schema");
    let all = 0..plan.tables.len();
    if !all.clone().any(|t| plan.tables[t].rows > 0 && speaks(table(t))) {
        return Ok(Outcome::default());
    }
    if dialect == Dialect::Mysql
        && let Some(lasting) = schema.tables.iter().find(|t| !rolls_back(t))
    {
        return if silence {
            untried(loader, dialect, schema, plan, generator, lasting)
        } else {
            Ok(Outcome::default())
        };
    }
    let rows = rows(plan, generator);
    let mut known = BTreeMap::new();
    loop {
        let mut rehearsal = Rehearsal {
            loader: &mut *loader,
            dialect,
            schema,
            plan,
            generator,
            stop,
            silence,
            refused: BTreeSet::new(),
            known,
            again: false,
            outcome: Outcome::default(),
        };
        rehearsal.loader.execute(if dialect == Dialect::Mysql { "START TRANSACTION" } else { "BEGIN" })?;
        let done = rehearsal.inside(&rows);
        // The transaction is over already where a trigger has ended it.
        let ended = rehearsal.loader.execute("ROLLBACK");
        done?;
        if !rehearsal.again {
            ended?;
            return Ok(rehearsal.outcome);
        }
        known = rehearsal.known;
    }
}

/// Where a rollback would not take back what triggers write, nobody can try them: they are off.
fn untried(
    loader: &mut dyn Loader,
    dialect: Dialect,
    schema: &Schema,
    plan: &Plan,
    generator: &Arc<Generator>,
    lasting: &Table,
) -> Result<Outcome, RunError> {
    let engine = lasting.options.first().map_or("", String::as_str);
    let why =
        format!("they cannot be tried, because `{}` (engine {engine}) would keep what a trial writes", lasting.name);
    let mut outcome = Outcome::default();
    for job in jobs_from_plan(schema, plan, generator) {
        if job.rows == 0 || job.insert_triggers.is_empty() {
            continue;
        }
        match Silence::forbidden(loader, dialect, &job)? {
            // They fire, and may refuse.
            Some(_) => {}
            None => outcome.silenced.push(Silenced { table: job.name, why: why.clone() }),
        }
    }
    Ok(outcome)
}

/// Something other than constraints acts on an INSERT.
fn speaks(table: &Table) -> bool {
    has_triggers(table) || table.obstacles.iter().any(|o| o.contains("rule") || o.contains("row-level security"))
}

fn has_triggers(table: &Table) -> bool {
    table.insert_triggers().next().is_some()
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
    /// Triggers may be switched off.
    silence: bool,
    /// Tables whose rows are not there.
    refused: BTreeSet<usize>,
    /// Tables that are known to need silence from a trial whose transaction was lost.
    known: BTreeMap<usize, Objection>,
    /// The trial has to be made again, with what is known now.
    again: bool,
    outcome: Outcome,
}

/// Why a unit's rows did not stay.
#[derive(Debug, Clone)]
struct Objection {
    /// The table, or `None` if it was said at the end of several.
    table: Option<usize>,
    message: String,
    /// Only tables besides the unit would mind.
    besides: bool,
}

impl Rehearsal<'_> {
    fn inside(&mut self, rows: &[BTreeSet<u64>]) -> Result<(), RunError> {
        let units = units(self.schema, jobs_from_plan(self.schema, self.plan, self.generator));
        // Where rows are to be deleted first, they must not stand in the way here either.
        let emptied =
            |p: &TablePlan| p.existing == 0 && self.schema.table(&p.name).is_some_and(|t| t.existing.rows > 0);
        if self.plan.tables.iter().any(emptied) {
            let jobs = jobs_from_plan(self.schema, self.plan, self.generator);
            for sql in empty::statements(self.dialect, self.schema, &jobs)? {
                self.loader.execute(&sql)?;
            }
        }
        self.defer(&units)?;
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

    /// Tries a unit, with fewer and fewer triggers; `false` if the transaction is lost.
    fn unit(&mut self, unit: &Unit, rows: &[BTreeSet<u64>]) -> Result<bool, RunError> {
        let known = unit.tables.iter().map(position).filter_map(|t| Some((t, self.known.get(&t)?.clone())));
        let mut silent: BTreeMap<usize, Objection> = known.collect();
        let mut beyond = self.beyond_trial(unit)?;
        loop {
            // MySQL's bulk load takes the whole transaction back when it fails.
            if self.dialect != Dialect::Mysql {
                self.loader.execute("SAVEPOINT dbmocker_unit")?;
            }
            let objection = match self.attempt(unit, rows, &silent) {
                Ok(None) if beyond.keys().all(|t| silent.contains_key(t)) => {
                    let silenced = silent.into_iter().map(|(t, o)| (self.plan.tables[t].name.clone(), o.message));
                    self.outcome.silenced.extend(silenced.map(|(table, why)| Silenced { table, why }));
                    return Ok(true);
                }
                Ok(None) => {
                    beyond.retain(|t, _| !silent.contains_key(t));
                    beyond.pop_first().expect("one of them is not silent").1
                }
                Ok(Some(objection)) => objection,
                Err(RunError::Load(LoadError::Cancelled)) => return Err(RunError::Interrupted),
                Err(e) => return Err(e),
            };
            // SQLite's RAISE(ROLLBACK) ends it, too.
            let recovered =
                self.dialect != Dialect::Mysql && self.loader.execute("ROLLBACK TO SAVEPOINT dbmocker_unit").is_ok();
            match self.may_fall_silent(unit, &silent, objection.table) {
                None => {
                    self.refuse(unit, silent, objection);
                    return Ok(recovered);
                }
                Some(job) => {
                    if let Some(why) = Silence::forbidden(self.loader, self.dialect, job)? {
                        let message = format!("{}; {why}", objection.message);
                        self.refuse(unit, silent, Objection { message, ..objection });
                        return Ok(recovered);
                    }
                    silent.insert(position(job), objection);
                    if !recovered {
                        self.known.append(&mut silent);
                        self.again = true;
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Triggers that may write to other tables of the plan, as their text says, though they did not on trial: for rows that were
    /// not tried, or when there are rows in tables that came later on trial, but may be filled before them in earnest.
    fn beyond_trial(&mut self, unit: &Unit) -> Result<BTreeMap<usize, Objection>, RunError> {
        let mut out = BTreeMap::new();
        if !self.silence || Silence::commits(self.dialect) {
            return Ok(out);
        }
        for job in &unit.tables {
            let table = self.schema.table(&job.name).expect("jobs are made from the schema");
            let named = |said: &String| {
                let is = |name: &TableName| name.name == *said || format!("{}.{}", name.schema, name.name) == *said;
                let filled = self.plan.tables.iter().map(|t| &t.name).find(|name| **name != job.name && is(name))?;
                Some(format!("`{filled}`"))
            };
            let writes: BTreeSet<String> = table.insert_triggers().flat_map(|g| &g.writes).filter_map(named).collect();
            if !writes.is_empty() && Silence::forbidden(self.loader, self.dialect, job)?.is_none() {
                let message = format!("they may also write to {}", writes.into_iter().collect::<Vec<_>>().join(", "));
                let table = Some(position(job));
                out.insert(position(job), Objection { table, message, besides: true });
            }
        }
        Ok(out)
    }

    /// The table whose triggers to switch off after an objection about `table`.
    fn may_fall_silent<'u>(
        &self,
        unit: &'u Unit,
        silent: &BTreeMap<usize, Objection>,
        table: Option<usize>,
    ) -> Option<&'u TableJob> {
        let may =
            |job: &&TableJob| self.silence && !job.insert_triggers.is_empty() && !silent.contains_key(&position(job));
        unit.tables.iter().find(|job| table.is_none_or(|table| table == position(job)) && may(job))
    }

    fn refuse(&mut self, unit: &Unit, mut silent: BTreeMap<usize, Objection>, last: Objection) {
        let t = last.table.unwrap_or_else(|| position(&unit.tables[0]));
        // What the triggers said counts where silence did not help, unless it was about other tables only.
        let message = match silent.remove(&t).filter(|o| !o.besides) {
            Some(first) if first.message != last.message => {
                format!("{}; and without its triggers: {}", first.message, last.message)
            }
            _ => last.message,
        };
        self.refused.extend(unit.tables.iter().map(position));
        self.outcome.refusals.push(Refusal { table: self.plan.tables[t].name.clone(), message });
    }

    /// Loads the unit's rows on trial; what was objected to them, if anything was.
    fn attempt(
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
            let untried = Silence::commits(self.dialect) && silent.contains_key(&t);
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
        let checked = self.loader.execute("SET CONSTRAINTS ALL IMMEDIATE").map(|_| None);
        if let Some(objection) = objected(checked)? {
            return Ok(Some(Objection { table: alone, ..objection }));
        }
        self.loader.execute("SET CONSTRAINTS ALL DEFERRED")?;
        Ok(None)
    }

    /// Foreign keys inside rings wait; the rollback takes the change back with all else.
    fn defer(&mut self, units: &[Unit]) -> Result<(), RunError> {
        if self.dialect != Dialect::Postgres {
            return Ok(());
        }
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
        let watched = self.silence && !silent && has_triggers(table);
        let written = if watched { self.written()? } else { Written::default() };
        if silent {
            // Taken back by the rollback.
            let ledger = Ledger::new(self.dialect, &self.schema.default_schema);
            let _ = Silence::begin(self.loader, self.dialect, job, &ledger)?;
        }
        let before = self.count(job)?;
        let generator = self.generator;
        let schema = generator.table(t).schema.clone();
        let mut batches =
            runs(rows).into_iter().map(|rows| generator.batch(t, rows).map_err(|e| LoadError::Source(Box::new(e))));
        let loaded = self.loader.load(&job.target, Payload::Batches { schema, batches: &mut batches })?;
        let held = self.count(job)? - before;
        let objection = |message: String, besides: bool| Objection { table: Some(t), message, besides };
        if held != i128::from(loaded.sent) {
            let names = table.triggers.iter().filter(|t| t.enabled).map(|t| format!("`{}`", t.name));
            let names: Vec<String> = names.collect();
            let hidden = table.obstacles.iter().any(|o| o.contains("row-level security"));
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

/// The plan's table that a job fills.
fn position(job: &TableJob) -> usize {
    match job.source {
        Source::Generated { table, .. } => table,
        Source::Files { .. } => unreachable!("rehearsed jobs are made from a plan"),
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
