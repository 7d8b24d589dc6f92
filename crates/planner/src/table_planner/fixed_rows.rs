//! Fixed rows: validated against types, NOT NULL, keys, foreign keys and CHECKs; each error names its place.
//!
//! Columns that are not fixed are planned as usual; fixed columns are constants for all later phases.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{POOL_ALONE, PendingColumn, PlanContext, TablePlanner, unsupported};
use crate::apply_override;
use crate::foreign_keys::Link;
use crate::keys::KeyInput;
use dbmocker_core::schema::Column;
use dbmocker_core::value::{Value, digest, fold};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, TextDomain};
use dbmocker_plan::Scalar;
use dbmocker_plan::TablePlan;
use dbmocker_predicate::{Env, NamedCheck, Row};

/// The fixed part of a table.
pub(super) struct FixedRowsOfTable<'a> {
    pub rows: &'a crate::FixedRows,
    /// Values of each fixed column, by its index.
    pub values: BTreeMap<usize, Arc<Vec<Value>>>,
    /// Foreign keys whose columns are all fixed.
    links: Vec<Link>,
}

impl<'a> FixedRowsOfTable<'a> {
    pub fn new(rows: &'a crate::FixedRows) -> Self {
        FixedRowsOfTable { rows, values: BTreeMap::new(), links: Vec::new() }
    }
}

impl TablePlanner<'_> {
    pub(super) fn is_fixed(&self, c: usize) -> bool {
        self.fixed_rows.as_ref().is_some_and(|g| g.values.contains_key(&c))
    }

    pub(super) fn fixed_values_of(&self, c: usize) -> Arc<Vec<Value>> {
        self.fixed_rows.as_ref().and_then(|g| g.values.get(&c)).cloned().unwrap_or_default()
    }

    /// Returns a column with its fixed values.
    ///
    /// # Errors
    /// A value that does not fit, with its place.
    pub(super) fn fixed_column(
        &mut self,
        b: &PlanContext<'_>,
        c: usize,
        column: &Column,
        planned: Result<PendingColumn, String>,
    ) -> Result<PendingColumn, String> {
        let Some(position) = b.overrides.fixed_column(self.index, c) else { return planned };
        let given = self.fixed_rows.as_mut().expect("rows are given to the table");
        let name = &column.name;
        if column.generated.is_some() {
            return Err(format!("{}: the server generates column `{name}`; leave it out", given.rows.place(0)));
        }
        if let Some(key) = b.overrides.column(self.index, c).and_then(|w| w.first_key()) {
            return Err(format!("column `{name}`: the table's rows are given, `{key}` cannot be kept; leave it out"));
        }
        let text = || Domain::Text(TextDomain::new(TextKind::Words, u32::MAX));
        let d = planned.unwrap_or_else(|_| unsupported());
        let legal = d.legal.clone().unwrap_or_else(text);
        let mut values = Vec::with_capacity(given.rows.rows.len());
        for (i, row) in given.rows.rows.iter().enumerate() {
            let at = |why: String| format!("{}, column `{name}`: {why}", given.rows.place(i));
            values.push(match &row.cells[position] {
                Scalar::Null if column.nullable => Value::Null,
                Scalar::Null => return Err(at("NULL contradicts its NOT NULL".into())),
                typed => apply_override::typed_value(column, &legal, typed).map_err(at)?,
            });
        }
        let domain = Domain::Choice { values: distinct(&values), weights: None };
        let all_null = values.iter().all(Value::is_null);
        let reason = format!("given by `{}`", given.rows.file);
        given.values.insert(c, Arc::new(values));
        Ok(PendingColumn {
            domain: Some(domain.clone()).filter(|_| !all_null),
            legal: Some(domain).filter(|_| !all_null),
            null_share: 0.0,
            reason,
            omit: false,
            ..d
        })
    }

    /// Removes the foreign keys whose columns are fixed.
    ///
    /// # Errors
    /// A foreign key of which only some columns are fixed.
    pub(super) fn without_fixed(&mut self, components: Vec<Vec<Link>>) -> Result<Vec<Vec<Link>>, String> {
        if self.fixed_rows.is_none() {
            return Ok(components);
        }
        let mut rest = Vec::new();
        for link in components.into_iter().flatten() {
            match link.columns.iter().filter(|c| self.is_fixed(**c)).count() {
                0 => rest.push(link),
                n if n == link.columns.len() => {
                    self.fixed_rows.as_mut().expect("rows are given").links.push(link);
                }
                _ => {
                    let names: Vec<&str> = link.columns.iter().map(|&c| self.table.columns[c].name.as_str()).collect();
                    let place = self.fixed_rows.as_ref().expect("rows are given").rows.place(0);
                    return Err(format!(
                        "{place}: foreign key `{}` is given in part; give all of its columns ({}), or none",
                        link.name,
                        names.join(", ")
                    ));
                }
            }
        }
        Ok(crate::foreign_keys::components(rest))
    }

    /// Removes fixed columns from the keys; the other columns must satisfy the rest.
    ///
    /// # Errors
    /// Rows that repeat a key value, or have an existing one.
    pub(super) fn fixed_keys(&mut self, b: &PlanContext<'_>, keys: &mut [KeyInput]) -> Result<(), String> {
        if self.fixed_rows.is_none() {
            return Ok(());
        }
        for (key, input) in self.table.keys.iter().zip(keys) {
            let (mine, others): (Vec<usize>, Vec<usize>) = input.columns.iter().partition(|c| self.is_fixed(**c));
            if mine.is_empty() {
                continue;
            }
            let twice = self.repeated(b, key, &mine, others.is_empty())?;
            input.fixed = twice.is_none();
            if let Some((first, second, text)) = twice.filter(|_| others.is_empty()) {
                let rows = self.fixed_rows.as_ref().expect("rows are given").rows;
                let taken = first.map_or_else(
                    || "is in the table already; empty it with --truncate, or use its rows with use_existing_data: true".into(),
                    |first| format!("stands in line {} as well", rows.rows[first].line),
                );
                return Err(format!("{}: key `{}` ({text}) {taken}", rows.place(second), key.name));
            }
            // The fixed part follows no formula: use rejection sampling.
            input.exact = false;
            input.columns = others;
        }
        Ok(())
    }

    /// Returns two rows with equal `columns`, or one equal to an existing row, with the values.
    fn repeated(
        &self,
        b: &PlanContext<'_>,
        key: &dbmocker_core::schema::Key,
        columns: &[usize],
        whole: bool,
    ) -> Result<Option<(Option<usize>, usize, String)>, String> {
        let given = self.fixed_rows.as_ref().expect("rows are given");
        // A key over expressions is evaluated as a whole, or else by its columns.
        let watched = if whole { self.watched(b, key).ok() } else { None };
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let mut seen: HashMap<u64, usize> = HashMap::new();
        for row in 0..given.rows.rows.len() {
            let cells: Vec<Value> = columns.iter().map(|c| given.values[c][row].clone()).collect();
            let digest = match &watched {
                Some(w) => w.of(&FixedRowCells { planner: self, row }, &|c| given.values[&c][row].clone(), env)?,
                None if key.nulls_distinct && cells.iter().any(Value::is_null) => None,
                None => Some(fold(digest(&cells))),
            };
            let Some(digest) = digest else { continue };
            let there = watched.as_ref().is_some_and(|w| w.is_taken(digest));
            let first = seen.insert(digest, row);
            if there || first.is_some() {
                let first = first.filter(|_| !there);
                let text: Vec<String> = cells.iter().map(ToString::to_string).collect();
                return Ok(Some((first, row, text.join(", "))));
            }
        }
        Ok(None)
    }

    /// Returns true if a CHECK reads fixed columns only.
    pub(super) fn all_fixed(&self, b: &PlanContext<'_>, check: &NamedCheck) -> bool {
        if let Some(column) = &check.value {
            return self.table.column_index(column).is_some_and(|c| self.is_fixed(c));
        }
        let columns = || check.tree(b.schema.dialect).map(|e| e.columns());
        self.fixed_rows.is_some()
            && columns().is_ok_and(|names| {
                !names.is_empty() && names.iter().all(|n| self.table.column_index(n).is_some_and(|c| self.is_fixed(c)))
            })
    }

    /// Validates the compiled table against its types, CHECKs and foreign keys.
    ///
    /// # Errors
    /// The first row that violates one, with its place.
    pub(super) fn fixed_rows(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), String> {
        let Some(given) = &self.fixed_rows else { return Ok(()) };
        if self.lacks_fixed(plan) {
            let count = given.rows.rows.len();
            let why = plan.limited_by.as_deref().unwrap_or("its keys leave no room");
            return Err(format!("{}: only {} of {count} rows fit: {why}", given.rows.place(0), plan.rows));
        }
        self.convertible(b, given, plan.rows)?;
        self.fixed_checks(b, given)?;
        given.links.iter().try_for_each(|link| self.fixed_parents(b, given, link))
    }

    /// Returns true if a plan does not have all fixed rows.
    pub(super) fn lacks_fixed(&self, plan: &TablePlan) -> bool {
        self.fixed_rows.as_ref().is_some_and(|g| plan.rows < g.rows.rows.len() as u64)
    }

    fn convertible(&self, b: &PlanContext<'_>, given: &FixedRowsOfTable<'_>, rows: u64) -> Result<(), String> {
        if b.generator.batch(self.position, 0..rows).is_ok() {
            return Ok(());
        }
        for row in 0..rows {
            if let Err(e) = b.generator.batch(self.position, row..row + 1) {
                return Err(format!("{}: {e}", given.rows.place(usize::try_from(row).unwrap_or(0))));
            }
        }
        Ok(())
    }

    fn fixed_checks(&self, b: &PlanContext<'_>, given: &FixedRowsOfTable<'_>) -> Result<(), String> {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        for check in self.hard_checks(b).iter().filter(|c| c.answer.is_none()) {
            // CHECKs that cannot be evaluated here are evaluated by the server, in the trial.
            let Ok(tree) = check.tree(b.schema.dialect) else { continue };
            for row in 0..given.rows.rows.len() {
                let cells = CompiledCells { planner: self, b, row: row as u64 };
                if tree.truth(&cells, env) == Ok(Some(false)) {
                    return Err(format!("{}: the row breaks {} ({})", given.rows.place(row), check.name, check.text));
                }
            }
        }
        Ok(())
    }

    fn fixed_parents(&self, b: &PlanContext<'_>, given: &FixedRowsOfTable<'_>, link: &Link) -> Result<(), String> {
        let parent = &b.schema.tables[link.parent];
        if b.has_failed(link.parent) {
            return Ok(());
        }
        if b.rows_before(link.parent) > POOL_ALONE || b.position(link.parent).is_some_and(|p| p > self.position) {
            return Ok(());
        }
        let mut wanted: HashMap<u128, usize> = HashMap::new();
        for row in (0..given.rows.rows.len()).rev() {
            let tuple: Vec<Value> = link.columns.iter().map(|c| given.values[c][row].clone()).collect();
            if !tuple.iter().any(Value::is_null) {
                wanted.insert(digest(&tuple), row);
            }
        }
        let existing_keys = b.existing_keys(link.parent, &link.parent_columns, POOL_ALONE)?;
        if existing_keys.thinned {
            // Only the server can evaluate it.
            return Ok(());
        }
        for tuple in existing_keys.tuples() {
            wanted.remove(&digest(&tuple));
        }
        if let Some(p) = b.position(link.parent) {
            for row in 0..b.generator.table(p).rows {
                if wanted.is_empty() {
                    break;
                }
                let cells = b.generator.cells(p, &link.parent_columns, row).map_err(|e| e.to_string())?;
                wanted.remove(&digest(&cells));
            }
        }
        let Some(&row) = wanted.values().min() else { return Ok(()) };
        let tuple: Vec<String> = link.columns.iter().map(|c| given.values[c][row].to_string()).collect();
        Err(format!(
            "{}: foreign key `{}` ({}) points at no row of `{}`",
            given.rows.place(row),
            link.name,
            tuple.join(", "),
            parent.name
        ))
    }
}

/// A row's fixed cells by name.
struct FixedRowCells<'d, 'a> {
    planner: &'d TablePlanner<'a>,
    row: usize,
}

impl Row for FixedRowCells<'_, '_> {
    fn get(&self, column: &str) -> Option<Value> {
        let c = self.planner.table.column_index(column)?;
        Some(self.planner.fixed_rows.as_ref()?.values.get(&c)?[self.row].clone())
    }
}

/// A compiled row's cells by name, except those that the server computes.
struct CompiledCells<'d, 'a> {
    planner: &'d TablePlanner<'a>,
    b: &'d PlanContext<'a>,
    row: u64,
}

impl Row for CompiledCells<'_, '_> {
    fn get(&self, column: &str) -> Option<Value> {
        let exact = self.planner.table.column_index(column);
        let loosely = || self.planner.table.columns.iter().position(|c| c.name.eq_ignore_ascii_case(column));
        let c = exact.or_else(loosely)?;
        if self.planner.columns[c].omit {
            return None;
        }
        self.b.generator.cell(self.planner.position, c, self.row).ok()
    }
}

/// Returns the distinct values without NULL, in order of appearance.
fn distinct(values: &[Value]) -> Vec<Value> {
    let mut seen = HashSet::new();
    values.iter().filter(|v| !v.is_null() && seen.insert(format!("{v:?}"))).cloned().collect()
}
