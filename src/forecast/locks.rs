//! The effects of a load on other sessions: locks, and what is temporarily switched off or dropped.

use super::{LoadSetup, Logging, TableForecast, about};
use std::collections::HashMap;

use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, Schema, Table, TableName};
use dbmocker_plan::{Plan, TablePlan};

/// Tables that a line names.
const NAMED: usize = 5;

pub(super) fn meanwhile(
    plan: &Plan,
    schema: &Schema,
    (tables, early): (&[TableForecast], &[TableName]),
    machine: LoadSetup,
    logging: &Logging,
) -> Vec<String> {
    let all = Meanwhile { plan, schema, tables };
    let mut lines = Vec::new();
    if machine.truncate {
        let lock = match plan.dialect {
            Dialect::Postgres => "TRUNCATE, ACCESS EXCLUSIVE on all of them until it is done: moments",
            Dialect::Mysql => "TRUNCATE, a metadata lock on one after the other: moments",
            Dialect::Sqlite => "DELETE, the file's write lock",
        };
        lines.push(format!("{} emptied first: {lock}", humanize::plural(plan.tables.len() as u64, "table")));
    }
    match plan.dialect {
        Dialect::Postgres => {
            all.postgres(&mut lines);
            all.early(early, &mut lines);
        }
        Dialect::Mysql => all.mysql(&mut lines),
        Dialect::Sqlite => all.sqlite(logging, &mut lines),
    }
    all.triggers(&mut lines);
    lines
}

struct Meanwhile<'a> {
    plan: &'a Plan,
    schema: &'a Schema,
    tables: &'a [TableForecast],
}

impl Meanwhile<'_> {
    /// The filled tables for which a condition holds, the largest first, and how long the longest of them takes.
    fn which(&self, of: impl Fn(&TablePlan, &Table) -> bool) -> Option<(String, f64)> {
        let mut chosen: Vec<(&TablePlan, f64)> = Vec::new();
        for planned in self.plan.tables.iter().filter(|t| t.rows > 0) {
            let Some(table) = self.schema.table(&planned.name) else { continue };
            let seconds = self.tables.iter().find(|t| t.name == planned.name).map_or(0.0, |t| t.seconds);
            if of(planned, table) {
                chosen.push((planned, seconds));
            }
        }
        chosen.sort_by(|a, b| b.1.total_cmp(&a.1));
        let longest = chosen.first()?.1;
        let mut names: Vec<String> = chosen.iter().take(NAMED).map(|(t, _)| format!("`{}`", t.label)).collect();
        if chosen.len() > NAMED {
            names.push(format!("{} more", chosen.len() - NAMED));
        }
        Some((names.join(", "), longest))
    }

    fn postgres(&self, lines: &mut Vec<String>) {
        let frozen = |t: &TablePlan, _: &Table| {
            t.deferred_indexes.as_ref().is_some_and(|d| d.freeze) && t.chunks.as_ref().is_none_or(|c| c.rows.is_none())
        };
        if let Some((names, longest)) = self.which(frozen) {
            lines.push(format!(
                "ACCESS EXCLUSIVE (TRUNCATE of the empty table, COPY FREEZE): nobody reads or writes until its commit, {} for the longest: {names}",
                about(longest)
            ));
        }
        let rest = |t: &TablePlan, table: &Table| !frozen(t, table);
        if let Some((names, longest)) = self.which(rest) {
            lines.push(format!(
                "ROW EXCLUSIVE (COPY): others read and write on; ALTER TABLE, CREATE INDEX and VACUUM FULL wait until its commit, {} for the longest: {names}",
                about(longest)
            ));
        }
        let dropped = |t: &TablePlan| t.deferred_indexes.as_ref().is_some_and(|d| !d.indexes.is_empty());
        let parts = |t: &TablePlan| t.chunks.as_ref().is_some_and(|c| c.rows.is_some());
        let inside = |t: &TablePlan, _: &Table| dropped(t) && !parts(t);
        if let Some((names, longest)) = self.which(inside) {
            lines.push(format!(
                "indexes dropped and built again in the table's transaction (ACCESS EXCLUSIVE until its commit, {}): {names}",
                about(longest)
            ));
        }
        if let Some((names, longest)) = self.which(|t, _| dropped(t) && parts(t)) {
            lines.push(format!(
                "indexes missing for everybody from the first part to the last ({}), noted in the ledger: {names}",
                about(longest)
            ));
        }
        let unchecked =
            |t: &TablePlan, _: &Table| t.deferred_indexes.as_ref().is_some_and(|d| !d.foreign_keys.is_empty());
        if let Some((names, longest)) = self.which(unchecked) {
            lines.push(format!(
                "foreign keys not checked row by row, but by one join after the rows, under SHARE on their parents (whose writers wait, {}): {names}",
                about(longest / 4.0)
            ));
        }
    }

    /// Tables that are loaded while their parents are hold their locks until these are done.
    fn early(&self, early: &[TableName], lines: &mut Vec<String>) {
        let mut ends: HashMap<&TableName, f64> = HashMap::new();
        for planned in &self.plan.tables {
            let own = self.tables.iter().find(|t| t.name == planned.name).map_or(0.0, |t| t.seconds);
            let parents = self.schema.table(&planned.name).map(Table::every_foreign_key).unwrap_or_default();
            let waits = parents.into_iter().filter(|_| early.contains(&planned.name));
            let last = waits.filter_map(|f| ends.get(&f.parent)).fold(own, |last, end| last.max(*end));
            ends.insert(&planned.name, last);
        }
        if let Some((names, _)) = self.which(|t, _| early.contains(&t.name)) {
            let longest = early.iter().filter_map(|name| ends.get(name)).fold(0.0, |a: f64, b| a.max(*b));
            lines.push(format!(
                "begun while the tables that they refer to are loaded; their locks last until these are committed, {} for the longest: {names}",
                about(longest)
            ));
        }
    }

    fn mysql(&self, lines: &mut Vec<String>) {
        let bulk = |t: &TablePlan, _: &Table| self.schema.is_mariadb() && t.existing == 0;
        if let Some((names, longest)) = self.which(bulk) {
            lines.push(format!(
                "an exclusive lock on the empty table (bulk insert): writers wait until its commit, readers see no rows, {} for the longest: {names}",
                about(longest)
            ));
        }
        if let Some((names, longest)) = self.which(|t, table| !bulk(t, table)) {
            lines.push(format!(
                "locks on the new rows alone; ALTER TABLE waits until its commit, {} for the longest: {names}",
                about(longest)
            ));
        }
        let dropped = |t: &TablePlan, _: &Table| {
            let parts = t.chunks.as_ref().is_some_and(|c| c.rows.is_some());
            parts && t.deferred_indexes.as_ref().is_some_and(|d| !d.indexes.is_empty())
        };
        if let Some((names, longest)) = self.which(dropped) {
            lines.push(format!(
                "indexes missing for everybody from the first part to the last ({}), noted in the ledger: {names}",
                about(longest)
            ));
        }
        lines.push(
            "foreign_key_checks and unique_checks are off in the run's sessions; foreign keys are verified after it"
                .into(),
        );
    }

    fn sqlite(&self, logging: &Logging, lines: &mut Vec<String>) {
        let longest = self.tables.iter().map(|t| t.seconds).fold(0.0, f64::max);
        let readers = match logging.mode.as_deref() {
            Some(mode) if mode.eq_ignore_ascii_case("wal") => "readers read on",
            _ => "readers wait while changed pages are written",
        };
        lines.push(format!(
            "the file's write lock for every table's transaction, {} for the longest: other writers wait, {readers}",
            about(longest)
        ));
        let dropped = |t: &TablePlan, _: &Table| {
            t.deferred_indexes.as_ref().is_some_and(|d| !d.indexes.is_empty() || !d.keys.is_empty())
        };
        if let Some((names, _)) = self.which(dropped) {
            lines.push(format!("indexes dropped, or filled later, in the table's transaction: {names}"));
        }
        lines.push("foreign_keys is off in the run's connection; foreign keys are verified after it".into());
    }

    fn triggers(&self, lines: &mut Vec<String>) {
        let off = match self.plan.dialect {
            Dialect::Postgres => "ALTER TABLE ... DISABLE TRIGGER, SHARE ROW EXCLUSIVE until its commit",
            Dialect::Mysql => "dropped for everybody and made again, noted in the ledger",
            Dialect::Sqlite => "dropped and made again in the table's transaction",
        };
        if let Some((names, longest)) = self.which(|_, table| table.insert_triggers().next().is_some()) {
            lines.push(format!(
                "triggers on INSERT fire; where they refuse rows they are off while their table is loaded ({off}; {}), unless --keep-triggers: {names}",
                about(longest)
            ));
        }
    }
}
