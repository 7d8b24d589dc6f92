//! Parent rows whose ancestor also has the rows that other foreign keys need: where lines refer to an entry and to an
//! account of one company, entries belong to companies that have accounts.
//!
//! A row that must have one ancestor by two foreign keys (`common_ancestors.rs`) can only have it if the ancestor's row
//! has rows in both parent tables. Each table therefore selects among the parents under which the table planned before
//! it has rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::common_ancestors::{AncestorSteps, KeyPair};
use super::{PlanContext, TablePlanner};
use crate::coherence;
use dbmocker_core::schema::Key;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_generate::generator::ColumnGen;
use dbmocker_plan::{FkStep, TablePlan};
use dbmocker_semantics::role_values::role_value;

/// Maximum number of rows of each table that are visited.
const ROWS: u64 = 1 << 17;
/// Minimum part of the parents that must be left, as a divisor.
const LEAST: u64 = 50;
/// The same, where the table itself has both foreign keys.
const LEAST_OWN: u64 = 4;
/// Maximum number of other tables that a foreign key's parents are compared with.
const RELATIVES: usize = 32;
/// Number of rows whose cells are generated at once.
const AT_ONCE: usize = 1 << 12;
/// Minimum number of free keys for each row.
const ROOM: u64 = 4;

/// Another table that must have rows under the same ancestor.
#[derive(PartialEq)]
struct Relative {
    /// From the parent up to the ancestor.
    up: Vec<FkStep>,
    ancestor: usize,
    /// The other table, and the path from it up to the ancestor.
    table: usize,
    down: Vec<FkStep>,
    least: u64,
}

/// A set of rows.
pub(crate) struct RowSet(Vec<u64>);

/// For a table and a column of kinds: the rows of each kind.
pub(crate) type RowsByKind = BTreeMap<(usize, usize), BTreeMap<String, Vec<u64>>>;

/// For a table and a path up from it: the ancestor's rows that have rows in the table.
pub(crate) type RowsAbove = BTreeMap<(usize, Vec<FkStep>), RowSet>;

impl RowSet {
    fn contains(&self, row: u64) -> bool {
        self.0.get((row / 64) as usize).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

impl TablePlanner<'_> {
    /// Restricts the foreign keys that nothing else determines.
    pub(super) fn relate_parents(&mut self, b: &PlanContext<'_>, parents: &[TablePlan]) {
        b.parent_rows.borrow_mut().retain(self.position);
        let mut sets = b.rows_above.borrow_mut();
        // Tables from this position on may be planned again, with other rows.
        sets.retain(|(table, _), _| *table < self.position);
        b.rows_by_kind.borrow_mut().retain(|(table, _), _| *table < self.position);
        if !b.coherent(self.index) || self.rows_given() || b.options.profile.is_some() {
            return;
        }
        for s in 0..self.sources.len() {
            let Some((foreign, column, parent)) = self.free_parent(b, s) else { continue };
            let mut allowed: Option<Vec<u64>> = None;
            let mut because = Vec::new();
            if let Some((rows, value)) = self.labelled(b, parents, column, parent) {
                because.push(value);
                allowed = Some(rows);
            }
            if let Some((rows, paid)) = self.paid(b, column, parent, allowed.as_deref()) {
                because.push(paid);
                allowed = Some(rows);
            }
            for relative in self.relatives(b, foreign, column, parent) {
                let key = (relative.table, relative.down.clone());
                let set = sets.entry(key).or_insert_with(|| rows_above(b, &relative));
                let rows = b.generator.table(parent).rows;
                let before = allowed.clone().unwrap_or_else(|| (0..rows).collect());
                let related =
                    |row: &u64| ancestor_up(b, &relative.up, *row).is_none_or(|ancestor| set.contains(ancestor));
                let after: Vec<u64> = before.iter().copied().filter(related).collect();
                let count = after.len() as u64;
                if count == before.len() as u64
                    || count < rows.div_ceil(relative.least)
                    || !self.keys_have_room(b, column, count)
                {
                    continue;
                }
                let name = |position: usize| b.schema.tables[b.order[position]].name.to_string();
                because.push(match relative.up.is_empty() {
                    true => format!("with rows in {}", name(relative.table)),
                    false => format!("of {} with rows in {}", name(relative.ancestor), name(relative.table)),
                });
                allowed = Some(after);
            }
            let Some(mut allowed) = allowed else { continue };
            // The first rows need a parent that exists by then.
            if b.ordered[parent] && allowed[0] > b.generator.table(parent).rows / LEAST {
                allowed.insert(0, 0);
            }
            self.sources[s].size = allowed.len() as u64;
            self.sources[s].combinations = Some(Arc::new(allowed));
            because.dedup();
            self.related.insert(foreign, format!("one {}", because.join(", ")));
        }
    }

    /// Returns the parent rows whose type is the role in the foreign key's name, and that as text: the addresses of type
    /// `shipping` for `shipping_address_id`.
    fn labelled(
        &self,
        b: &PlanContext<'_>,
        parents: &[TablePlan],
        column: usize,
        parent: usize,
    ) -> Option<(Vec<u64>, String)> {
        let plan = parents.get(parent)?;
        let key = &self.table.columns[column].name;
        fn text(value: &Value) -> Option<&str> {
            if let Value::Text(text) = value { Some(text) } else { None }
        }
        let (c, value) = plan.columns.iter().enumerate().find_map(|(c, of)| {
            let Some(Domain::Choice { values, .. }) = of.rule.domain() else { return None };
            let texts: Vec<&str> = values.iter().filter_map(text).collect();
            Some((c, role_value(key, &plan.name.name, &of.name, &texts)?.to_owned()))
        })?;
        let mut kinds = b.rows_by_kind.borrow_mut();
        let kinds = kinds.entry((parent, c)).or_insert_with(|| rows_by_kind(b, parent, c));
        let rows = kinds.get(&value)?.clone();
        let enough =
            rows.len() as u64 >= plan.rows.div_ceil(LEAST) && self.keys_have_room(b, column, rows.len() as u64);
        enough.then(|| (rows, format!("whose {} is {value}", plan.columns[c].name)))
    }

    /// Returns the bills of which something has been paid, for a table of payments that share this out, and that as text.
    fn paid(
        &self,
        b: &PlanContext<'_>,
        column: usize,
        parent: usize,
        among: Option<&[u64]>,
    ) -> Option<(Vec<u64>, String)> {
        let bill = &b.schema.tables[b.order[parent]];
        let compiled = b.generator.table(parent);
        let lawful: Vec<bool> = compiled.columns.iter().map(ColumnGen::has_law).collect();
        let paid = coherence::paid(bill, &lawful)?;
        if !coherence::shares_out(self.table, &self.table.columns[column].name, bill, paid) {
            return None;
        }
        let candidates: Vec<u64> = among.map_or_else(|| (0..compiled.rows).collect(), <[u64]>::to_vec);
        let mut rows = Vec::new();
        for chunk in candidates.chunks(AT_ONCE) {
            let cells = b.generator.cells_of(parent, paid, chunk.to_vec()).ok()?;
            let nothing = |cell: &Value| match cell {
                Value::Int(n) | Value::Decimal { unscaled: n, .. } => *n <= 0,
                _ => true,
            };
            rows.extend(chunk.iter().zip(&cells).filter(|(_, cell)| !nothing(cell)).map(|(row, _)| *row));
        }
        let count = rows.len() as u64;
        let enough = count > 0 && count >= compiled.rows.div_ceil(LEAST) && self.keys_have_room(b, column, count);
        enough.then(|| (rows, format!("with {} above 0", bill.columns[paid].name)))
    }

    /// Returns the foreign key of an independent parent selection, its column, and the position of its parent.
    fn free_parent(&self, b: &PlanContext<'_>, s: usize) -> Option<(usize, usize, usize)> {
        let source = &self.sources[s];
        let [foreign] = source.members[..] else { return None };
        let f = &self.foreign[foreign];
        let [column] = f.columns[..] else { return None };
        let parent = f.parent_table.filter(|&p| p < self.position)?;
        let independent = source.pick.is_none() && source.combinations.is_none() && source.step.is_none();
        let free = independent && source.within.is_none() && source.first == 0 && f.existing_count == 0;
        let asked = self.is_counted(b, &f.name) || self.asked_parents(b, f).is_some() || self.is_inferred(b, foreign);
        let small = b.generator.table(parent).rows <= ROWS;
        (free && !asked && small && self.columns[column].foreign == Some((foreign, 0)))
            .then_some((foreign, column, parent))
    }

    /// Returns the tables that must have rows under an ancestor of the foreign key's parent.
    fn relatives(&self, b: &PlanContext<'_>, foreign: usize, column: usize, parent: usize) -> Vec<Relative> {
        let own = AncestorSteps::from(b, parent, &self.table.columns[column].name);
        let mut out = Vec::new();
        // This table's rows are parents, together with those of others.
        for pair in b.paired_keys.get(&self.index).into_iter().flatten() {
            self.add_relatives(b, *pair, &own, LEAST, &mut out);
        }
        // This table has both foreign keys.
        for other in self.foreign.iter().enumerate().filter(|(f, _)| *f != foreign).map(|(_, f)| f) {
            let ([other_column], Some(position)) = (&other.columns[..], other.parent_table) else { continue };
            let pair = KeyPair {
                table: self.index,
                columns: [column, *other_column],
                parents: [parent, position].map(|p| Some(b.order[p])),
            };
            if position != parent {
                self.add_relatives(b, pair, &own, LEAST_OWN, &mut out);
            }
        }
        out
    }

    /// Adds the second parent of a pair, with each path to an ancestor that both parents should share.
    fn add_relatives(
        &self,
        b: &PlanContext<'_>,
        pair: KeyPair,
        own: &[AncestorSteps],
        least: u64,
        out: &mut Vec<Relative>,
    ) {
        let before = |other: usize| visited(b, other).filter(|&position| position < self.position);
        let Some(table) = pair.parents[1].and_then(before) else { return };
        let others = AncestorSteps::from(b, table, &b.schema.tables[pair.table].columns[pair.columns[1]].name);
        for other in others.iter().filter(|other| !other.steps.is_empty()) {
            for own in own.iter().filter(|own| own.ancestor == other.ancestor) {
                if out.len() < RELATIVES && pair.leads_to_one_row(b, [own, other]) {
                    let (up, down) = (own.steps.clone(), other.steps.clone());
                    let relative = Relative { up, ancestor: own.ancestor, table, down, least };
                    if !out.contains(&relative) {
                        out.push(relative);
                    }
                }
            }
        }
    }

    /// Returns true if the keys with this column have enough values for the rows, with so many parents.
    fn keys_have_room(&self, b: &PlanContext<'_>, column: usize, parents: u64) -> bool {
        let name = &self.table.columns[column].name;
        let values = |c: usize| match self.columns[c].foreign {
            Some((f, _)) => self.sources[self.foreign[f].source].size,
            None => self.columns[c].domain.as_ref().map_or(0, |d| u64::try_from(d.size()).unwrap_or(u64::MAX)),
        };
        let room = |key: &Key| {
            let columns = key.plain_columns()?;
            let mut others = columns.into_iter().filter(|c| c != name).map(|c| self.table.column_index(c).map(values));
            others.try_fold(parents, |room, values| Some(room.saturating_mul(values?)))
        };
        let mut keys = self.table.keys.iter().filter(|k| k.parts.iter().any(|p| p.column.as_ref() == Some(name)));
        keys.all(|key| room(key).is_some_and(|room| room / ROOM >= b.rows(self.index)))
    }
}

/// Returns the position of a table whose rows are all generated and few enough to be visited.
fn visited(b: &PlanContext<'_>, table: usize) -> Option<usize> {
    let position = b.position(table).filter(|_| b.rows_before(table) == 0)?;
    (b.rows(table) <= ROWS).then_some(position)
}

/// Returns the rows of a table for each text in a column.
fn rows_by_kind(b: &PlanContext<'_>, table: usize, column: usize) -> BTreeMap<String, Vec<u64>> {
    let mut out: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in 0..b.generator.table(table).rows {
        if let Ok(Value::Text(kind)) = b.generator.cell(table, column, row) {
            out.entry(kind).or_default().push(row);
        }
    }
    out
}

/// Returns the ancestor's rows that have rows in the other table.
fn rows_above(b: &PlanContext<'_>, relative: &Relative) -> RowSet {
    let mut set = vec![0u64; (b.generator.table(relative.ancestor).rows / 64 + 1) as usize];
    let rows = 0..b.generator.table(relative.table).rows;
    for ancestor in rows.filter_map(|row| ancestor_up(b, &relative.down, row)) {
        set[(ancestor / 64) as usize] |= 1 << (ancestor % 64);
    }
    RowSet(set)
}

/// The parent rows of all rows of a table by a foreign key; [`NO_PARENT`] for NULLs and existing rows.
type ParentRows = Vec<u64>;
const NO_PARENT: u64 = u64::MAX;
/// Maximum number of rows whose parents are kept.
const KEPT: usize = 1 << 22;

/// The parent rows by table and foreign key: the paths up from many tables share their steps.
#[derive(Default)]
pub(crate) struct KnownParents {
    of: BTreeMap<(usize, usize), ParentRows>,
    rows: usize,
}

impl KnownParents {
    /// Keeps only those of the tables before a position.
    fn retain(&mut self, position: usize) {
        self.of.retain(|(table, _), _| *table < position);
        self.rows = self.of.values().map(Vec::len).sum();
    }
}

/// Returns the row to which a path leads; `None` if a key is NULL or leads to an existing row.
fn ancestor_up(b: &PlanContext<'_>, path: &[FkStep], row: u64) -> Option<u64> {
    path.iter().try_fold(row, |row, step| parent_of(b, *step, row))
}

/// Returns the parent row by one step up.
fn parent_of(b: &PlanContext<'_>, step: FkStep, row: u64) -> Option<u64> {
    let mut known = b.parent_rows.borrow_mut();
    let key = (step.table, step.foreign);
    if !known.of.contains_key(&key) {
        let rows = b.generator.table(step.table).rows;
        if rows > ROWS || known.rows + rows as usize > KEPT {
            return b.generator.ancestor_up(&[step], row);
        }
        known.rows += rows as usize;
        let up = |row| b.generator.ancestor_up(&[step], row).unwrap_or(NO_PARENT);
        known.of.insert(key, (0..rows).map(up).collect());
    }
    let parent = *known.of[&key].get(row as usize)?;
    (parent != NO_PARENT).then_some(parent)
}
