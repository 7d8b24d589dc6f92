//! Fixed rows, and lists of rows from which groups of columns take their values: validated against types, NOT NULL,
//! keys, foreign keys and CHECKs; each error names its place.
//!
//! Columns that are not fixed are planned as usual; fixed columns are constants for all later phases.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{POOL_ALONE, PendingColumn, PlanContext, TablePlanner, unsupported};
use crate::apply_override;
use crate::error::Unplannable;
use crate::error::fixed_rows::FixedRowsError;
use crate::foreign_keys::Link;
use crate::keys::{Assignment, KeyInput};
use dbmocker_core::schema::Column;
use dbmocker_core::value::{Value, digest, fold};
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, TextDomain};
use dbmocker_plan::{Rule, Scalar, TablePlan};
use dbmocker_predicate::{Env, EvalError, NamedCheck, Row};

/// A list of rows, and the columns that take their values from it.
pub(super) struct FixedRowsOfTable<'a> {
    pub rows: &'a crate::FixedRows,
    /// Values of each fixed column, by its index.
    pub values: BTreeMap<usize, Arc<Vec<Value>>>,
    /// Set if each row of the table draws one of these rows; otherwise they are the table's rows, in order.
    drawn: Option<DrawnRows>,
    /// Foreign keys whose columns are all fixed.
    pub(super) links: Vec<Link>,
}

/// How the rows of a list are drawn.
struct DrawnRows {
    /// Keys the random stream: the columns' names.
    of: String,
    weights: Vec<f64>,
    shares: Option<Arc<Vec<u32>>>,
    /// A key takes each row at most once.
    distinct: bool,
}

impl<'a> FixedRowsOfTable<'a> {
    /// Returns the stream by which rows of the list are drawn, and their weights; `None` if they are the table's rows.
    pub(super) fn draws(&self) -> Option<(&str, Option<Arc<Vec<u32>>>)> {
        self.drawn.as_ref().map(|drawn| (drawn.of.as_str(), drawn.shares.clone()))
    }

    /// Returns the lists of a table in the order of [`ListedColumn::list`](crate::overrides::ListedColumn::list).
    pub fn all(b: &PlanContext<'a>, table: usize) -> Vec<Self> {
        let new = |rows, drawn| FixedRowsOfTable { rows, values: BTreeMap::new(), drawn, links: Vec::new() };
        let groups = b.overrides.groups(table).iter().map(|group| {
            let of = format!("group {}", group.rows.columns.join(","));
            let weights = group.weights.clone();
            new(&group.rows, Some(DrawnRows { of, weights, shares: None, distinct: false }))
        });
        b.overrides.fixed_rows(table).map(|rows| new(rows, None)).into_iter().chain(groups).collect()
    }
}

impl TablePlanner<'_> {
    /// Returns true if the table's rows are given.
    pub(super) fn rows_given(&self) -> bool {
        self.fixed_rows.iter().any(|g| g.drawn.is_none())
    }

    pub(super) fn is_fixed(&self, c: usize) -> bool {
        self.fixed_rows.iter().any(|g| g.values.contains_key(&c))
    }

    /// Returns the list that gives the values of all these columns.
    fn list_of(&self, columns: &[usize]) -> Option<usize> {
        self.fixed_rows.iter().position(|g| columns.iter().all(|c| g.values.contains_key(c)))
    }

    pub(super) fn fixed_values_of(&self, c: usize) -> Arc<Vec<Value>> {
        self.fixed_rows.iter().find_map(|g| g.values.get(&c)).cloned().unwrap_or_default()
    }

    /// Returns the rule of a fixed column.
    pub(super) fn fixed_rule(&self, c: usize) -> Rule {
        let values = self.fixed_values_of(c);
        match self.list_of(&[c]).and_then(|list| self.fixed_rows[list].drawn.as_ref()) {
            Some(drawn) => {
                let DrawnRows { of, shares, distinct, .. } = drawn;
                Rule::Listed { of: of.clone(), values, weights: shares.clone(), distinct: *distinct }
            }
            None => Rule::Fixed { values },
        }
    }

    /// Returns the rows to plan: not more than a list has of which each row is taken once.
    pub(super) fn most_rows(&self, b: &PlanContext<'_>) -> u64 {
        self.once().map(|(rows, _)| rows).fold(b.rows(self.index), u64::min)
    }

    /// Adds the reason of a limit by [`most_rows`](Self::most_rows).
    pub(super) fn limited(&self, b: &PlanContext<'_>, mut assignment: Assignment) -> Assignment {
        let least = self.once().min();
        if let Some((rows, place)) = least.filter(|(rows, _)| *rows < b.rows(self.index)) {
            let why = || format!("a key takes each row of the list once, and {place} has {rows}");
            assignment.limited_by = assignment.limited_by.or_else(|| Some(why()));
        }
        assignment
    }

    /// Returns the sizes and names of the lists of which each row is taken at most once.
    fn once(&self) -> impl Iterator<Item = (u64, &str)> {
        let distinct = |g: &&FixedRowsOfTable<'_>| g.drawn.as_ref().is_some_and(|d| d.distinct);
        self.fixed_rows.iter().filter(distinct).map(|g| (g.rows.rows.len() as u64, g.rows.file.as_str()))
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
        planned: Result<PendingColumn, Unplannable>,
    ) -> Result<PendingColumn, Unplannable> {
        let Some(place) = b.overrides.fixed_column(self.index, c) else { return planned };
        let given = &mut self.fixed_rows[place.list];
        let name = || column.name.clone();
        if column.generated.is_some() {
            return Err(FixedRowsError::Generated { place: given.rows.place(0), column: name() }.into());
        }
        if let Some(key) = b.overrides.column(self.index, c).and_then(|w| w.first_key()) {
            return Err(FixedRowsError::Override { column: name(), key }.into());
        }
        if b.overrides.column(self.index, c).is_some_and(|w| w.default) {
            return Err(FixedRowsError::Override { column: name(), key: "default" }.into());
        }
        let text = || Domain::Text(TextDomain::new(TextKind::Words, u32::MAX));
        let d = planned.unwrap_or_else(|_| unsupported());
        let legal = d.legal.clone().unwrap_or_else(text);
        let mut values = Vec::with_capacity(given.rows.rows.len());
        for (i, row) in given.rows.rows.iter().enumerate() {
            let place_of_row = || given.rows.place(i);
            values.push(match &row.cells[place.position] {
                Scalar::Null if column.nullable => Value::Null,
                Scalar::Null => return Err(FixedRowsError::Null { place: place_of_row(), column: name() }.into()),
                typed => {
                    let value = apply_override::typed_value(column, &legal, typed, b.schema.dialect);
                    value.map_err(|why| FixedRowsError::Value {
                        place: place_of_row(),
                        column: name(),
                        why: Box::new(why),
                    })?
                }
            });
        }
        let domain = Domain::Choice { values: distinct(&values), weights: None };
        let all_null = values.iter().all(Value::is_null);
        let reason = match &mut given.drawn {
            Some(drawn) => {
                let refused = |why| FixedRowsError::Weights { place: given.rows.place(0), why };
                let shares = match drawn.weights.is_empty() {
                    true => None,
                    false => apply_override::shares(&drawn.weights).map_err(refused)?,
                };
                drawn.shares = shares.map(Arc::new);
                format!("one row for {} from `{}`", given.rows.columns.join(", "), given.rows.file)
            }
            None => format!("given by `{}`", given.rows.file),
        };
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
    pub(super) fn without_fixed(&mut self, components: Vec<Vec<Link>>) -> Result<Vec<Vec<Link>>, FixedRowsError> {
        if self.fixed_rows.is_empty() {
            return Ok(components);
        }
        let mut rest = Vec::new();
        for link in components.into_iter().flatten() {
            match link.columns.iter().filter(|c| self.is_fixed(**c)).count() {
                0 => rest.push(link),
                _ if let Some(list) = self.list_of(&link.columns) => self.fixed_rows[list].links.push(link),
                _ => {
                    let names: Vec<&str> = link.columns.iter().map(|&c| self.table.columns[c].name.as_str()).collect();
                    let list = link.columns.iter().find_map(|&c| self.list_of(&[c]));
                    let place = list.map_or(String::new(), |list| self.fixed_rows[list].rows.place(0));
                    return Err(FixedRowsError::Partial { place, foreign_key: link.name, columns: names.join(", ") });
                }
            }
        }
        Ok(crate::foreign_keys::components(rest))
    }

    /// Removes fixed columns from the keys; the other columns must satisfy the rest.
    ///
    /// # Errors
    /// Rows that repeat a key value, or have an existing one.
    pub(super) fn fixed_keys(&mut self, b: &PlanContext<'_>, keys: &mut [KeyInput]) -> Result<(), Unplannable> {
        if self.fixed_rows.is_empty() {
            return Ok(());
        }
        for (key, input) in self.table.keys.iter().zip(keys) {
            let (mine, others): (Vec<usize>, Vec<usize>) = input.columns.iter().partition(|c| self.is_fixed(**c));
            if mine.is_empty() {
                continue;
            }
            // The fixed part follows no formula: use rejection sampling.
            input.exact = false;
            input.columns.clone_from(&others);
            let Some(list) = self.list_of(&mine) else { continue };
            let whole = others.is_empty();
            if self.fixed_rows[list].drawn.is_some() && !whole {
                continue;
            }
            let twice = self.repeated(b, key, (list, &mine), whole)?;
            input.fixed = twice.is_none();
            if let Some((first, second, values)) = twice.filter(|_| whole) {
                let rows = self.fixed_rows[list].rows;
                let (place, key) = (rows.place(second), key.name.clone());
                return Err(match first {
                    None => FixedRowsError::Taken { place, key, values }.into(),
                    Some(first) => FixedRowsError::Repeated { place, key, values, line: rows.rows[first].line }.into(),
                });
            }
            let place = self.fixed_rows[list].rows.place(0);
            if let Some(drawn) = self.fixed_rows[list].drawn.as_mut() {
                if drawn.shares.is_some() {
                    return Err(FixedRowsError::WeightsOfKey { place, key: key.name.clone() }.into());
                }
                drawn.distinct = true;
            }
        }
        Ok(())
    }

    /// Returns two rows with equal `columns`, or one equal to an existing row, with the values.
    fn repeated(
        &self,
        b: &PlanContext<'_>,
        key: &dbmocker_core::schema::Key,
        (list, columns): (usize, &[usize]),
        whole: bool,
    ) -> Result<Option<(Option<usize>, usize, String)>, EvalError> {
        let given = &self.fixed_rows[list];
        // A key over expressions is evaluated as a whole, or else by its columns.
        let watched = if whole { self.watched(b, key).ok() } else { None };
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let mut seen: HashMap<u64, usize> = HashMap::new();
        for row in 0..given.rows.rows.len() {
            let cells: Vec<Value> = columns.iter().map(|c| given.values[c][row].clone()).collect();
            let digest = match &watched {
                Some(w) => {
                    w.of(&FixedRowCells { planner: self, list, row }, &|c| given.values[&c][row].clone(), env)?
                }
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

    /// Returns true if a CHECK reads only columns of one list of rows.
    pub(super) fn all_fixed(&self, b: &PlanContext<'_>, check: &NamedCheck) -> bool {
        !self.fixed_rows.is_empty() && self.fixed_by(b, check).is_some()
    }

    /// Returns the list of rows that gives all columns that a CHECK reads.
    fn fixed_by(&self, b: &PlanContext<'_>, check: &NamedCheck) -> Option<usize> {
        if let Some(column) = &check.value {
            return self.list_of(&[self.table.column_index(column)?]);
        }
        let names = check.tree(b.schema.dialect).ok()?.columns();
        let columns: Option<Vec<usize>> = names.iter().map(|n| self.table.column_index(n)).collect();
        self.list_of(&columns.filter(|c| !c.is_empty())?)
    }

    /// Validates the compiled table against its types, CHECKs and foreign keys.
    ///
    /// # Errors
    /// The first row that violates one, with its place.
    pub(super) fn fixed_rows(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), Unplannable> {
        for (list, given) in self.fixed_rows.iter().enumerate() {
            if given.drawn.is_some() {
                self.listed_checks(b, list)?;
            } else {
                if self.lacks_fixed(plan) {
                    let why = plan.limited_by.as_deref().unwrap_or("its keys leave no room").to_owned();
                    let (place, count) = (given.rows.place(0), given.rows.rows.len());
                    return Err(FixedRowsError::TooMany { place, rows: plan.rows, given: count, why }.into());
                }
                self.convertible(b, given, plan.rows)?;
                self.fixed_checks(b, given)?;
            }
            given.links.iter().try_for_each(|link| self.fixed_parents(b, given, link))?;
        }
        Ok(())
    }

    /// Checks the rows of a list against the CHECKs that read only its columns.
    fn listed_checks(&self, b: &PlanContext<'_>, list: usize) -> Result<(), FixedRowsError> {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let rows = self.fixed_rows[list].rows;
        let ours = |c: &&NamedCheck| c.answer.is_none() && self.fixed_by(b, c) == Some(list);
        for check in self.hard_checks(b).iter().filter(ours) {
            let Ok(tree) = check.tree(b.schema.dialect) else { continue };
            for row in 0..rows.rows.len() {
                if tree.truth(&FixedRowCells { planner: self, list, row }, env) == Ok(Some(false)) {
                    return Err(broken(rows.place(row), check));
                }
            }
        }
        Ok(())
    }

    /// Returns true if a plan does not have all fixed rows.
    pub(super) fn lacks_fixed(&self, plan: &TablePlan) -> bool {
        self.fixed_rows.iter().any(|g| g.drawn.is_none() && plan.rows < g.rows.rows.len() as u64)
    }

    fn convertible(&self, b: &PlanContext<'_>, given: &FixedRowsOfTable<'_>, rows: u64) -> Result<(), FixedRowsError> {
        if b.generator.batch(self.position, 0..rows).is_ok() {
            return Ok(());
        }
        for row in 0..rows {
            if let Err(e) = b.generator.batch(self.position, row..row + 1) {
                let place = given.rows.place(usize::try_from(row).unwrap_or(0));
                return Err(FixedRowsError::Convert { place, why: Box::new(e) });
            }
        }
        Ok(())
    }

    fn fixed_checks(&self, b: &PlanContext<'_>, given: &FixedRowsOfTable<'_>) -> Result<(), FixedRowsError> {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        for check in self.hard_checks(b).iter().filter(|c| c.answer.is_none()) {
            // CHECKs that cannot be evaluated here are evaluated by the server, in the trial.
            let Ok(tree) = check.tree(b.schema.dialect) else { continue };
            for row in 0..given.rows.rows.len() {
                let cells = CompiledCells { planner: self, b, row: row as u64 };
                if tree.truth(&cells, env) == Ok(Some(false)) {
                    return Err(broken(given.rows.place(row), check));
                }
            }
        }
        Ok(())
    }

    fn fixed_parents(&self, b: &PlanContext<'_>, given: &FixedRowsOfTable<'_>, link: &Link) -> Result<(), Unplannable> {
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
                let cells = b.generator.cells(p, &link.parent_columns, row)?;
                wanted.remove(&digest(&cells));
            }
        }
        let Some(&row) = wanted.values().min() else { return Ok(()) };
        let tuple: Vec<String> = link.columns.iter().map(|c| given.values[c][row].to_string()).collect();
        Err(FixedRowsError::NoParent {
            place: given.rows.place(row),
            foreign_key: link.name.clone(),
            values: tuple.join(", "),
            parent: Box::new(parent.name.clone()),
        }
        .into())
    }
}

/// The error for a row that breaks a CHECK.
fn broken(place: String, check: &NamedCheck) -> FixedRowsError {
    FixedRowsError::Check { place, check: check.name.clone(), text: check.text.clone() }
}

/// A row's fixed cells by name.
struct FixedRowCells<'d, 'a> {
    planner: &'d TablePlanner<'a>,
    list: usize,
    row: usize,
}

impl Row for FixedRowCells<'_, '_> {
    fn get(&self, column: &str) -> Option<Value> {
        let c = self.planner.table.column_index(column)?;
        Some(self.planner.fixed_rows[self.list].values.get(&c)?[self.row].clone())
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
