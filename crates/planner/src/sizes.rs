//! Row counts by role, for tables without a requested count: lists are short, entities have a thousand rows, details
//! and events more.
//!
//! In: the schema with inferred references. Out: rows by table. Parents come first: a detail table has a few rows for
//! each parent row, a log many. If a size is requested, the largest table gets it and the others are scaled, except
//! lists, which keep their size.

use std::collections::{BTreeMap, BTreeSet};

use super::foreign_keys;
use super::options::{PlanOptions, RowDistribution};
use dbmocker_core::schema::{Column, Schema, SqlType, Table};
use dbmocker_semantics::roles;
use dbmocker_semantics::roles::Role;

/// Rows of an entity.
const ENTITY: f64 = 1_000.0;
/// Rows of a table that contains whole customers: tenants.
const CONTAINER: f64 = 100.0;
/// Default rows of a list.
const LIST: f64 = 30.0;
/// Maximum number of columns of a list.
const NARROW: usize = 4;
/// Maximum rows of any table, in multiples of [`ENTITY`].
const MOST: f64 = 50.0;

/// Returns the rows of the selected tables by role; empty if all get the same number.
pub(super) fn of(schema: &Schema, options: &PlanOptions, chosen: &BTreeSet<usize>) -> BTreeMap<usize, u64> {
    if options.shape == RowDistribution::Level {
        return BTreeMap::new();
    }
    let sizer = Sizer { schema, chosen, truncate: options.truncate };
    let mut known: BTreeMap<usize, Size> = BTreeMap::new();
    for &t in chosen {
        sizer.size(t, &mut known, 0);
    }
    let most = known.values().filter(|s| !s.list).map(|s| s.rows).fold(1.0, f64::max);
    let factor = match options.shape {
        RowDistribution::Largest => options.rows as f64 / most,
        _ => 1.0,
    };
    let rows = |s: &Size| {
        let rows = if s.list { s.rows.min((options.rows.max(2) as f64).max(2.0)) } else { s.rows * factor };
        (rows.round() as u64).max(1)
    };
    known.iter().map(|(t, s)| (*t, rows(s))).collect()
}

#[derive(Debug, Clone, Copy)]
struct Size {
    rows: f64,
    list: bool,
}

struct Sizer<'a> {
    schema: &'a Schema,
    chosen: &'a BTreeSet<usize>,
    truncate: bool,
}

/// A foreign key of a table.
struct Above {
    parent: usize,
    needed: bool,
    /// Each parent row has at most one child.
    alone: bool,
}

impl Sizer<'_> {
    fn size(&self, t: usize, known: &mut BTreeMap<usize, Size>, depth: usize) -> Size {
        if let Some(size) = known.get(&t) {
            return *size;
        }
        let table = &self.schema.tables[t];
        let above = if depth > self.schema.tables.len() { Vec::new() } else { self.above(t) };
        // In a cycle, the first table visited counts as an entity for the others.
        known.insert(t, Size { rows: ENTITY, list: false });
        let mut parents = Vec::new();
        for a in above {
            let size = self.size(a.parent, known, depth + 1);
            parents.push((a, size));
        }
        let rows = self.rows(t, &parents);
        let mut size = Size { rows: rows.0.min(MOST * ENTITY), list: rows.1 };
        if table.existing.rows > 0 && !self.truncate && size.list {
            size.rows = size.rows.min(LIST);
        }
        known.insert(t, size);
        size
    }

    /// Returns the number of rows, and whether the table is a list.
    fn rows(&self, t: usize, parents: &[(Above, Size)]) -> (f64, bool) {
        let table = &self.schema.tables[t];
        let name = table.name.name.as_str();
        let label = |a: &Above| self.schema.tables[a.parent].name.name.as_str();
        if let Some((_, size)) = parents.iter().find(|(a, _)| a.alone) {
            return (size.rows, size.list);
        }
        let needed: Vec<&(Above, Size)> = parents.iter().filter(|(a, _)| a.needed).collect();
        let great = needed.iter().filter(|(_, s)| !s.list);
        let largest = great.clone().map(|(_, s)| s.rows).fold(0.0, f64::max);
        let any = parents.iter().filter(|(_, s)| !s.list).map(|(_, s)| s.rows).fold(0.0, f64::max);
        let joins = is_junction(table, self.schema);
        let named = needed.iter().find(|(a, _)| roles::is_named_after(name, label(a))).or_else(|| great.clone().next());
        if let Some((owner, size)) = named.copied() {
            match roles::role(name, label(owner), true) {
                Role::Detail if !joins && !size.list => return (size.rows * per_parent(name), false),
                Role::Activity if !size.list && !roles::are_many(name) => return (any * happening(name), false),
                Role::Crowd => return (largest.max(ENTITY) * 8.0, false),
                _ => {}
            }
        }
        if joins {
            return (largest.max(LIST) * 2.0, false);
        }
        if parents.is_empty() || (needed.is_empty() && self.is_referred(t)) {
            return self.root(t);
        }
        // An entity within a larger one.
        (ENTITY.max(largest * 1.5), false)
    }

    /// A table without parents.
    fn root(&self, t: usize) -> (f64, bool) {
        let table = &self.schema.tables[t];
        let name = table.name.name.as_str();
        if roles::is_container(name) && self.is_referred(t) && !roles::are_many(name) {
            return (CONTAINER, false);
        }
        if roles::is_container(name) && self.holds_people(t) {
            return (CONTAINER, false);
        }
        if roles::are_many(name) {
            return (ENTITY, false);
        }
        if let Some(rows) = roles::listed(name) {
            return (rows as f64, true);
        }
        let grows = table.columns.iter().any(is_beginning);
        let list = self.is_referred(t) && (!grows || table.columns.len() <= NARROW);
        if list { (LIST, true) } else { (ENTITY, false) }
    }

    fn above(&self, t: usize) -> Vec<Above> {
        let table = &self.schema.tables[t];
        let of = |f: &&dbmocker_core::schema::ForeignKey| {
            let link = foreign_keys::resolve(self.schema, table, f)
                .filter(|l| l.parent != t && self.chosen.contains(&l.parent))?;
            let needed = link.columns.iter().all(|&c| !table.columns[c].nullable);
            let name = |c: &usize| table.columns[*c].name.as_str();
            let own: Vec<&str> = link.columns.iter().map(name).collect();
            let alone = needed
                && table.keys.iter().any(|k| {
                    k.predicate.is_none() && k.plain_columns().is_some_and(|k| k.iter().all(|c| own.contains(c)))
                });
            Some(Above { parent: link.parent, needed, alone })
        };
        table.every_foreign_key().iter().filter_map(of).collect()
    }

    /// Returns true if another table refers to the table.
    fn is_referred(&self, t: usize) -> bool {
        self.children(t).next().is_some()
    }

    fn holds_people(&self, t: usize) -> bool {
        self.children(t).any(|c| roles::are_many(&c.name.name))
    }

    fn children(&self, t: usize) -> impl Iterator<Item = &Table> {
        let name = &self.schema.tables[t].name;
        let others = self.schema.tables.iter().filter(move |c| c.name != *name);
        others.filter(move |c| c.every_foreign_key().iter().any(|f| f.parent == *name))
    }
}

/// Returns true if the key consists of two or more foreign keys.
fn is_junction(table: &Table, schema: &Schema) -> bool {
    let links: Vec<_> =
        table.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(schema, table, f)).collect();
    table.keys.iter().filter_map(|k| k.plain_columns()).any(|key| {
        let of = |c: &&str| table.column_index(c).and_then(|c| links.iter().position(|l| l.columns.contains(&c)));
        let parents: BTreeSet<usize> = key.iter().filter_map(of).collect();
        parents.len() > 1 && key.iter().all(|c| of(c).is_some())
    })
}

/// Returns true for the moment at which a row starts.
fn is_beginning(c: &Column) -> bool {
    let name = roles::singular(&c.name);
    matches!(c.ty, SqlType::Timestamp { .. } | SqlType::Date | SqlType::Text { .. } | SqlType::Int { .. })
        && name.has_any(&[
            "created",
            "registered",
            "joined",
            "signup",
            "inserted",
            "added",
            "ordered",
            "placed",
            "opened",
        ])
        && name.ends_any(&["at", "on", "date", "time", "created", "registered"])
}

/// Returns the number of detail rows for each parent.
fn per_parent(table: &str) -> f64 {
    let name = roles::singular(table);
    match () {
        () if name.ends_any(&["item", "line", "row", "entry", "step", "stop", "track", "question"]) => 2.6,
        () if name.ends_any(&["payment", "shipment", "refund", "document"]) => 1.6,
        () => 2.0,
    }
}

/// Returns the number of event rows for each parent.
fn happening(table: &str) -> f64 {
    let name = roles::singular(table);
    match () {
        () if name.ends_any(&["reading", "measurement", "metric", "sample", "ping", "observation"]) => 12.0,
        () if name.ends_any(&["log", "event", "session", "audit", "history", "activity", "message", "login"]) => 6.0,
        () => 3.0,
    }
}
