//! The state of planning that all tables share: order, existing rows, tables planned so far.

use super::error::Unplannable;
use super::fk_cycles::FkCycles;
use super::foreign_keys;
use super::foreign_keys::Link;
use super::formulas::Formulas;
use super::key_types;
use super::key_types::KeyTypes;
use super::options::{ExistingRows, KeyRequest, PlanOptions, QueryError};
use super::order::{Edge, order};
use super::overrides::ResolvedOverrides;
use super::profile::LearnedColumns;
use super::references::{PolymorphicReference, References, is_only_key};
use super::row_counts::CountedParent;
use super::table_planner::{KeyPair, KnownParents, RowsAbove, RowsByKind};
use super::wanted_keys::{self, WantedKeys};
use dbmocker_core::schema::{Dialect, ForeignKey, Schema, Table, TableName};
use dbmocker_core::value::{Value, digest, fold};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{ExistingKeys, Sample};
use dbmocker_semantics::InferContext;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Key of a cached pool: table, columns, maximum number of tuples.
type PoolOf = (usize, Vec<usize>, u64);

/// The state of planning that all tables share.
pub(super) struct PlanContext<'a> {
    /// The schema without inferred foreign keys, which only make rows consistent.
    pub declared: &'a Schema,
    pub schema: &'a Schema,
    pub options: &'a PlanOptions,
    pub overrides: ResolvedOverrides<'a>,
    pub existing: &'a dyn ExistingRows,
    /// Schema indices in plan order; `position_of` is the inverse.
    pub order: Vec<usize>,
    pub levels: Vec<usize>,
    position_of: BTreeMap<usize, usize>,
    /// Tables that are not filled because they cannot be planned.
    pub skipped: BTreeSet<usize>,
    /// Tables that cannot be planned, and have a stub instead.
    pub failed: BTreeSet<usize>,
    cycles: Vec<Vec<usize>>,
    /// (table, column) to which a NOT NULL foreign key refers: a NULL there would be a row that no child can refer to.
    needed: BTreeSet<(usize, usize)>,
    /// (table, column) to which a key of a referring table refers, as part of a composite foreign key.
    distinct_for_children: BTreeSet<(usize, usize)>,
    /// Columns that foreign keys copy around a cycle.
    pub fk_cycles: FkCycles,
    /// Maximum number of rows for which a cycle can be satisfied, with the reason.
    pub caps: BTreeMap<usize, (u64, String)>,
    /// The types of keys, narrowed to those of the columns that refer to them.
    pub key_types: KeyTypes,
    /// The values to which CHECKs of referring columns restrict keys.
    pub wanted_keys: WantedKeys,
    pub generator: Generator,
    /// Row counts of tables that are sized by role.
    pub sizes: BTreeMap<usize, u64>,
    /// By table: the foreign key whose parents determine the row count.
    pub counted: BTreeMap<usize, CountedParent>,
    /// Columns computed by expressions of the config file.
    pub formulas: Formulas,
    /// By position: the names of the foreign keys of planned tables.
    pub foreign_names: Vec<Vec<String>>,
    /// By parent table: foreign keys of its child tables, each with another foreign key of the same table.
    pub paired_keys: BTreeMap<usize, Vec<KeyPair>>,
    /// Columns that refer to one of several tables.
    pub pairs: &'a [PolymorphicReference],
    /// Tables for which inferred references leave too little room: only declared ones are kept.
    pub declared_only: BTreeSet<usize>,
    /// Tables whose CHECKs that order moments are all solved.
    pub solved_orderings: BTreeSet<usize>,
    /// Tables in which the solver handles the CHECKs over both sides of an amount.
    pub solved_sides: BTreeSet<usize>,
    /// Tables in which the solver handles the CHECKs over the statuses before and after a change.
    pub solved_changes: BTreeSet<usize>,
    /// By position: whether start times are in row order.
    pub ordered: Vec<bool>,
    /// By position: columns that laws may determine, with their bounds in the column's own unit.
    pub free: BTreeMap<usize, BTreeMap<usize, (i64, i64)>>,
    /// By position: the columns of planned tables as the profile alone determines them.
    pub learned: LearnedColumns,
    /// Ancestors with rows in a table, as far as they were looked for.
    pub rows_above: RefCell<RowsAbove>,
    /// Parent rows found while such ancestors were looked for.
    pub parent_rows: RefCell<KnownParents>,
    /// Rows of parents by kind, found while their children were planned.
    pub rows_by_kind: RefCell<RowsByKind>,
    /// Key tuples read so far, by table, columns and limit.
    pools: RefCell<BTreeMap<PoolOf, Arc<ExistingKeys>>>,
}

/// Returns true if a key of the table contains both columns; then combinations of parents are selected.
fn in_one_key(table: &Table, columns: [usize; 2]) -> bool {
    let names = columns.map(|c| table.columns[c].name.as_str());
    table.keys.iter().filter_map(|k| k.plain_columns()).any(|key| names.iter().all(|n| key.contains(n)))
}

/// Returns each two foreign keys of one column of a table, by the parent of the first.
fn paired_keys(schema: &Schema, tables: &[usize]) -> BTreeMap<usize, Vec<KeyPair>> {
    let mut out: BTreeMap<usize, Vec<KeyPair>> = BTreeMap::new();
    let position: BTreeMap<&TableName, usize> = schema.tables.iter().enumerate().map(|(i, t)| (&t.name, i)).collect();
    for &t in tables {
        let table = &schema.tables[t];
        let key = |f: &ForeignKey| {
            let [column] = &f.columns[..] else { return None };
            Some((table.column_index(column)?, *position.get(&f.parent)?))
        };
        let keys: Vec<(usize, usize)> = table.every_foreign_key().into_iter().filter_map(key).collect();
        for &(column, parent) in &keys {
            let apart =
                |(c, other): &&(usize, usize)| *c != column && *other != parent && !in_one_key(table, [*c, column]);
            for &(other_column, other) in keys.iter().filter(apart) {
                out.entry(parent).or_default().push(KeyPair {
                    table: t,
                    columns: [column, other_column],
                    parents: [Some(parent), Some(other)],
                });
            }
        }
    }
    out
}

impl<'a> PlanContext<'a> {
    /// Returns the input of inference for a column outside any key.
    pub fn context(&self) -> InferContext<'a> {
        let encoding = self.schema.settings.get("server_encoding");
        InferContext {
            dialect: self.schema.dialect,
            now_micros: self.options.now,
            in_key: false,
            locales: &self.options.locales,
            valid_phones: self.options.valid_phones,
            ascii: self.schema.dialect == Dialect::Postgres && encoding.is_some_and(|e| e != "UTF8"),
        }
    }

    pub fn new(
        declared: &'a Schema,
        references: &'a References<'a>,
        options: &'a PlanOptions,
        overrides: ResolvedOverrides<'a>,
        existing: &'a dyn ExistingRows,
        chosen: &BTreeSet<usize>,
        skipped: impl Iterator<Item = usize>,
    ) -> Self {
        let (schema, pairs) = (&*references.schema, &references.pairs[..]);
        let index: Vec<usize> = chosen.iter().copied().collect();
        let local: BTreeMap<usize, usize> = index.iter().enumerate().map(|(l, &t)| (t, l)).collect();
        let mut fk_cycles = FkCycles::of(schema, &index);
        let needed = needed(schema);
        let nullable = |t: usize, c: usize| may_be_null(schema, &needed, t, c);
        let mut edges = edges(schema, &index, &local, &fk_cycles, &nullable);
        edges.extend(pairs.iter().flat_map(|pair| pair_edges(pair, &local)));
        let order = order(index.len(), &edges);
        let tables: Vec<usize> = order.tables.iter().map(|&l| index[l]).collect();
        let position_of: BTreeMap<usize, usize> = tables.iter().enumerate().map(|(p, &t)| (t, p)).collect();
        fk_cycles.arrange(schema, &position_of, &nullable);
        let mut context = PlanContext {
            declared,
            schema,
            options,
            overrides,
            existing,
            key_types: key_types::key_types(schema, &tables),
            wanted_keys: WantedKeys::new(),
            position_of,
            skipped: skipped.collect(),
            failed: BTreeSet::new(),
            cycles: order.cycles.iter().map(|c| c.iter().map(|&l| index[l]).collect()).collect(),
            order: tables,
            levels: order.levels,
            needed,
            distinct_for_children: distinct_for_children(schema, chosen),
            fk_cycles,
            caps: BTreeMap::new(),
            generator: Generator::default(),
            sizes: BTreeMap::new(),
            counted: BTreeMap::new(),
            formulas: Formulas::default(),
            foreign_names: Vec::new(),
            paired_keys: paired_keys(schema, &index),
            pairs,
            declared_only: BTreeSet::new(),
            solved_orderings: BTreeSet::new(),
            solved_sides: BTreeSet::new(),
            solved_changes: BTreeSet::new(),
            ordered: Vec::new(),
            free: BTreeMap::new(),
            learned: LearnedColumns::new(),
            rows_above: RefCell::default(),
            parent_rows: RefCell::default(),
            rows_by_kind: RefCell::default(),
            pools: RefCell::default(),
        };
        context.wanted_keys = wanted_keys::wanted_keys(schema, &context.order, &context.context());
        context
    }

    pub fn cycles(&self) -> Vec<Vec<TableName>> {
        let name = |t: &usize| self.schema.tables[*t].name.clone();
        self.cycles.iter().map(|c| c.iter().map(name).collect()).collect()
    }

    /// Returns true if two tables are in one cycle of foreign keys.
    pub fn same_cycle(&self, a: usize, b: usize) -> bool {
        a == b || self.cycles.iter().any(|c| c.contains(&a) && c.contains(&b))
    }

    /// Returns the requested number of rows of a table.
    pub fn requested(&self, table: usize) -> u64 {
        self.overrides.rows(table).or_else(|| self.sizes.get(&table).copied()).unwrap_or(self.options.rows)
    }

    /// Returns the requested number of rows, or the cap for its cycle.
    pub fn rows(&self, table: usize) -> u64 {
        let cap = self.caps.get(&table).map_or(u64::MAX, |(rows, _)| *rows);
        self.requested(table).min(cap)
    }

    /// Returns true if a table's rows shall be consistent beyond keys and CHECKs.
    pub fn coherent(&self, table: usize) -> bool {
        !self.options.no_coherence && self.overrides.coherent(table)
    }

    /// Returns true if a column's values should differ in every row, for the keys of referring tables.
    pub fn distinct_for_children(&self, table: usize, column: usize) -> bool {
        self.distinct_for_children.contains(&(table, column))
    }

    /// Returns true if NULL is a valid value of a column.
    pub fn nullable(&self, table: usize, column: usize) -> bool {
        may_be_null(self.schema, &self.needed, table, column)
    }

    /// Returns the columns that a back edge (a foreign key to a table planned later) must not determine, because their
    /// values would depend on themselves; `None` if it is not a back edge.
    pub fn back_edge(&self, table: usize, link: &Link) -> Option<&BTreeSet<usize>> {
        let later = self.position(link.parent) > self.position(table);
        self.fk_cycles.self_dependent(table, &link.name).filter(|_| later)
    }

    /// Returns the tables whose parents are all planned once the table at `position` is: those of its cycle, if it is
    /// the last of them, or the table itself if it is in no cycle.
    pub fn closed_by(&self, position: usize) -> Vec<usize> {
        let table = self.order[position];
        match self.cycles.iter().find(|c| c.contains(&table)) {
            None => vec![position],
            Some(cycle) if cycle.last() == Some(&table) => cycle.iter().map(|t| self.position_of[t]).collect(),
            Some(_) => Vec::new(),
        }
    }

    /// Returns a table's position in the plan, if it is filled.
    pub fn position(&self, table: usize) -> Option<usize> {
        self.position_of.get(&table).copied().filter(|_| !self.is_skipped(table))
    }

    /// Returns true if the table was selected but cannot be filled.
    pub fn is_skipped(&self, table: usize) -> bool {
        self.skipped.contains(&table)
    }

    /// Returns true if the table cannot be planned, so its rows are unknown.
    pub fn has_failed(&self, table: usize) -> bool {
        self.failed.contains(&table)
    }

    /// Returns the index of a foreign key of a planned table.
    pub fn foreign_place(&self, table: usize, name: &str) -> Option<usize> {
        self.foreign_names.get(self.position(table)?)?.iter().position(|known| known == name)
    }

    /// Returns true if the table has rows to refer to.
    pub fn holds_rows(&self, table: usize) -> bool {
        self.position(table).is_some() || self.rows_before(table) > 0
    }

    /// Returns the number of rows in the table when the load begins.
    pub fn rows_before(&self, table: usize) -> u64 {
        let filled = self.position(table).is_some();
        if filled && self.options.truncate { 0 } else { self.schema.tables[table].existing.rows }
    }

    /// Returns at most `limit` key tuples of existing rows, fewer if the memory limit requires it.
    pub fn existing_keys(&self, table: usize, columns: &[usize], limit: u64) -> Result<Arc<ExistingKeys>, QueryError> {
        if self.rows_before(table) == 0 {
            return Ok(Arc::default());
        }
        let known = (table, columns.to_vec(), limit);
        if let Some(existing_keys) = self.pools.borrow().get(&known) {
            return Ok(existing_keys.clone());
        }
        let used: u64 = self.pools.borrow().values().map(|p| p.bytes()).sum();
        let all = self.options.memory.map_or(u64::MAX, |m| m / POOLS_SHARE);
        // Half of the remaining memory, so that later pools get some.
        let mut sample = Sample::new((all.saturating_sub(used) / 2).max(SMALLEST_POOL));
        let keys = KeyRequest { table: &self.schema.tables[table], columns, limit: Some(limit) };
        self.existing.read(&keys, &mut |tuple| sample.push(tuple))?;
        let existing_keys = Arc::new(sample.finish());
        self.pools.borrow_mut().insert(known, existing_keys.clone());
        Ok(existing_keys)
    }

    /// Calls `each` with the key tuples of all existing rows.
    pub fn all(&self, table: usize, columns: &[usize], each: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError> {
        if self.rows_before(table) == 0 {
            return Ok(());
        }
        self.existing.read(&KeyRequest { table: &self.schema.tables[table], columns, limit: None }, each)
    }

    /// Returns the sorted digests of the tuples of all existing rows.
    pub fn taken(&self, table: usize, columns: &[usize], key: &str) -> Result<Vec<u64>, Unplannable> {
        let rows = self.rows_before(table);
        if rows == 0 {
            return Ok(Vec::new());
        }
        self.afford(key, rows.saturating_mul(8))?;
        let mut taken = Vec::with_capacity(usize::try_from(rows).unwrap_or(0));
        let put = &mut |tuple: Vec<Value>| taken.push(fold(digest(&tuple)));
        self.all(table, columns, put)?;
        taken.sort_unstable();
        Ok(taken)
    }

    /// Checks that the memory limit allows this many bytes to keep a key's values distinct.
    pub fn afford(&self, key: &str, bytes: u64) -> Result<(), Unplannable> {
        match self.options.memory {
            Some(allowed) if bytes > allowed => Err(Unplannable::Memory { key: key.to_owned(), bytes, allowed }),
            _ => Ok(()),
        }
    }
}

/// Pools may use this fraction of the memory limit.
const POOLS_SHARE: u64 = 4;

/// Minimum size of a pool, in bytes.
const SMALLEST_POOL: u64 = 256 << 10;

fn may_be_null(schema: &Schema, needed: &BTreeSet<(usize, usize)>, table: usize, column: usize) -> bool {
    schema.tables[table].columns[column].nullable && !needed.contains(&(table, column))
}

fn needed(schema: &Schema) -> BTreeSet<(usize, usize)> {
    let mut out = BTreeSet::new();
    for table in &schema.tables {
        for link in table.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(schema, table, f)) {
            let required = link.columns.iter().zip(&link.parent_columns).filter(|(c, _)| !table.columns[**c].nullable);
            out.extend(required.map(|(_, &p)| (link.parent, p)));
        }
    }
    out
}

/// Returns the columns of composite foreign keys' parents to which a key of the referring table, of one column, refers:
/// rows with equal values there could have one child only. A column that a foreign key determines is left alone.
fn distinct_for_children(schema: &Schema, chosen: &BTreeSet<usize>) -> BTreeSet<(usize, usize)> {
    let mut out = BTreeSet::new();
    for table in chosen.iter().map(|&t| &schema.tables[t]) {
        for link in table.every_foreign_key().into_iter().filter_map(|f| foreign_keys::resolve(schema, table, f)) {
            let parent = &schema.tables[link.parent];
            let pairs = link.columns.iter().zip(&link.parent_columns).filter(|_| link.columns.len() > 1);
            for (_, &p) in pairs.filter(|(c, _)| is_only_key(table, **c)) {
                if !parent.every_foreign_key().iter().any(|f| f.columns.contains(&parent.columns[p].name)) {
                    out.insert((link.parent, p));
                }
            }
        }
    }
    out
}

/// A pair's own table comes after the tables to which it may refer.
fn pair_edges(pair: &PolymorphicReference, local: &BTreeMap<usize, usize>) -> Vec<Edge> {
    let Some(&child) = local.get(&pair.table) else { return Vec::new() };
    let parents = pair.parents.iter().filter_map(|(_, p, _)| local.get(p));
    parents.map(|&parent| Edge { child, parent, strong: false, bound: false }).collect()
}

fn edges(
    schema: &Schema,
    index: &[usize],
    local: &BTreeMap<usize, usize>,
    fk_cycles: &FkCycles,
    nullable: &dyn Fn(usize, usize) -> bool,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (child, &t) in index.iter().enumerate() {
        let table = &schema.tables[t];
        for fk in table.every_foreign_key() {
            let Some(link) = foreign_keys::resolve(schema, table, fk) else { continue };
            let Some(&parent) = local.get(&link.parent) else { continue };
            let inside = |k: &dbmocker_core::schema::Key| {
                let columns = k.plain_columns();
                columns.is_some_and(|c| c.iter().all(|c| fk.columns.iter().any(|f| f == c)))
            };
            let looped = fk_cycles.self_dependent(t, &fk.name).is_some() && parent != child;
            edges.push(Edge {
                child,
                parent,
                strong: !looped && table.keys.iter().any(inside),
                bound: looped && !fk_cycles.may_be_null(t, &link, nullable),
            });
        }
    }
    // A table comes after those that its CHECKs read, unless these depend on it.
    for (child, &t) in index.iter().enumerate() {
        for name in &schema.tables[t].reads {
            let parent = index.iter().position(|&p| schema.tables[p].name == *name);
            if let Some(parent) = parent.filter(|&parent| !needs(&edges, parent, child)) {
                edges.push(Edge { child, parent, strong: false, bound: false });
            }
        }
    }
    edges
}

/// Returns true if a table depends on another one, transitively.
fn needs(edges: &[Edge], table: usize, other: usize) -> bool {
    let mut seen = BTreeSet::from([table]);
    let mut open = vec![table];
    while let Some(t) = open.pop() {
        if t == other {
            return true;
        }
        open.extend(edges.iter().filter(|e| e.child == t).map(|e| e.parent).filter(|p| seen.insert(*p)));
    }
    false
}
