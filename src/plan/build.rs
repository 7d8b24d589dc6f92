//! Schema + wishes -> plan: tables in dependency order, each planned once with its parents known.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::order::{Edge, order};
use super::pool::{Pool, Sample};
use super::select::{Selection, select};
use super::wishes::{Resolved, Wishes};
use super::{ALGORITHM_VERSION, Plan, TablePlan, draft, implied, links};
use crate::generate::table::Generator;
use crate::number;
use crate::schema::{Question, Schema, Skipped, Table, TableName};
use crate::value::{Value, digest, fold};

/// What a run is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub rows: u64,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub now: i64,
    pub selection: Selection,
    /// Rows that are there now will be deleted before the load.
    pub truncate: bool,
    /// What was asked for beyond that, for single tables and columns.
    pub wishes: Wishes,
    /// Tables that cannot be planned, or hold a CHECK that cannot be solved, are left out with the children that need
    /// them, instead of failing the plan.
    pub skip_unsolved: bool,
    /// Bytes that the plan may hold, of keys of rows that are there and of what keeps keys apart.
    pub memory: Option<u64>,
    /// Tables whose rows the server has refused: left out with the children that need them.
    pub refused: Vec<Problem>,
}

/// Which tuples of rows that are there are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    pub table: &'a Table,
    /// Positions in the table.
    pub columns: &'a [usize],
    pub limit: Option<u64>,
}

/// What planning asks the server for: key values of rows that are already there, and its judgement of rows that are not.
pub trait ExistingRows {
    /// Hands over the tuples, none with NULL: at most `limit`, in a stable order, spread evenly over all; or all of them,
    /// in any order.
    ///
    /// # Errors
    /// If the server cannot be asked.
    fn read(&self, keys: &Keys<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), String>;

    /// Whether rows would keep a CHECK; `None` if nobody can say.
    ///
    /// # Errors
    /// If the server cannot be asked.
    fn judge(&self, question: &Question<'_>) -> Result<Option<Vec<bool>>, String> {
        let _ = question;
        Ok(None)
    }

    /// The texts of the functions that an expression calls, at any depth.
    ///
    /// # Errors
    /// If the server cannot be asked.
    fn sources(&self, expression: &str) -> Result<Vec<String>, String> {
        let _ = expression;
        Ok(Vec::new())
    }
}

/// For empty databases and for tests.
pub struct NoExistingRows;

impl ExistingRows for NoExistingRows {
    fn read(&self, _: &Keys<'_>, _: &mut dyn FnMut(Vec<Value>)) -> Result<(), String> {
        Ok(())
    }
}

/// Why nothing can be planned. All of a schema's problems are told at once.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("no table `{name}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownTable { name: String, nearest: Option<String> },
    #[error("no column `{name}` in table `{table}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownColumn { table: String, name: String, nearest: Option<String> },
    #[error("`{name}` is no column; write table.column{}", nearest.as_ref().map_or(String::new(), |n| format!(", e.g. `{n}`")))]
    NoDot { name: String, nearest: Option<String> },
    #[error("table `{name}` is named twice; keep one of them")]
    Twice { name: String },
    /// An error about a name, with the place where it was typed.
    #[error("{origin}: {error}")]
    At { origin: String, error: Box<PlanError> },
    #[error("the database has no tables; create them first")]
    Empty,
    #[error("no table to fill: every table is excluded or left alone")]
    Nothing,
    #[error("{} cannot be planned:\n{}{}", count(problems.len()), list(problems), way_out(*skipped))]
    Tables {
        problems: Vec<Problem>,
        /// They were left out, and nothing was left.
        skipped: bool,
    },
}

impl PlanError {
    /// Whether a name was typed that the schema does not have.
    pub fn is_about_names(&self) -> bool {
        !matches!(self, PlanError::Empty | PlanError::Nothing | PlanError::Tables { .. })
    }
}

fn count(n: usize) -> String {
    if n == 1 { "1 table".into() } else { format!("{n} tables") }
}

fn way_out(skipped: bool) -> &'static str {
    if skipped {
        "\nno table is left to fill"
    } else {
        "\nleave such tables out, with the tables that need them, by --skip-unsolved"
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("  `{}`: {}", p.table, p.message)).collect::<Vec<_>>().join("\n")
}

/// What is wrong with one table, and the way out.
#[derive(Debug, Clone)]
pub struct Problem {
    pub table: TableName,
    pub message: String,
}

/// Plans the selected tables.
///
/// # Errors
/// If a selected table does not exist, or a table cannot be filled: every such table is named with its reason.
pub fn build(schema: &Schema, options: &Options, existing: &dyn ExistingRows) -> Result<(Plan, Generator), PlanError> {
    let (declared, schema) = (schema, &*implied::complete(schema));
    let (mut chosen, mut left_out) = select(schema, &options.selection)?;
    let wishes = options.wishes.resolve(schema)?;
    chosen.retain(|&t| match wishes.left_alone(t) {
        None => true,
        Some(reason) => {
            left_out.push(Skipped { name: schema.tables[t].name.clone(), reason: reason.into() });
            false
        }
    });
    if schema.tables.is_empty() && left_out.is_empty() {
        return Err(PlanError::Empty);
    }
    if chosen.is_empty() {
        return Err(PlanError::Nothing);
    }
    let mut skipped = refused(schema, options, &mut chosen);
    loop {
        if chosen.is_empty() {
            return Err(PlanError::Tables { problems: skipped.into_values().collect(), skipped: true });
        }
        let reasons = skipped.values().map(|p| Skipped { name: p.table.clone(), reason: p.message.clone() });
        let left_out = left_out.iter().cloned().chain(reasons).collect();
        let mut builder =
            Builder::new(declared, schema, options, wishes.clone(), existing, &chosen, skipped.keys().copied());
        let (plan, problems) = tables(&mut builder, left_out);
        if problems.is_empty() {
            return Ok((plan, builder.generator));
        }
        if !options.skip_unsolved {
            return Err(PlanError::Tables { problems: problems.into_values().collect(), skipped: false });
        }
        chosen.retain(|t| !problems.contains_key(t));
        skipped.extend(problems);
    }
}

/// Takes the tables that the server has refused out of those to fill.
fn refused(schema: &Schema, options: &Options, chosen: &mut BTreeSet<usize>) -> BTreeMap<usize, Problem> {
    let index = |p: &Problem| schema.tables.iter().position(|t| t.name == p.table);
    let out: BTreeMap<usize, Problem> = options.refused.iter().filter_map(|p| Some((index(p)?, p.clone()))).collect();
    chosen.retain(|t| !out.contains_key(t));
    out
}

/// Plans every table, and gives those that cannot be planned with the reason.
fn tables(builder: &mut Builder<'_>, left_out: Vec<Skipped>) -> (Plan, BTreeMap<usize, Problem>) {
    let (schema, options) = (builder.schema, builder.options);
    let mut plan = Plan {
        algorithm_version: ALGORITHM_VERSION,
        seed: options.seed,
        now: options.now,
        dialect: schema.dialect,
        tables: Vec::with_capacity(builder.order.len()),
        cycles: builder.cycles(),
        left_out,
        hands: None,
    };
    let mut problems = BTreeMap::new();
    for position in 0..builder.order.len() {
        let index = builder.order[position];
        let planned = draft::plan_table(builder, &plan.tables, position);
        match planned.and_then(|table| solved(table, options.skip_unsolved)) {
            Ok(table) => plan.tables.push(table),
            Err(message) => {
                problems.insert(index, Problem { table: schema.tables[index].name.clone(), message });
                builder.failed.insert(index);
                if options.skip_unsolved {
                    builder.skipped.insert(index);
                }
                // A stand-in keeps the positions of the tables that follow.
                let stub = draft::stub(builder, position);
                builder.generator.truncate(position);
                builder.generator.push(options.seed, &stub);
                plan.tables.push(stub);
            }
        }
    }
    (plan, problems)
}

/// With `strictly`, a table that has an unsolved CHECK is no plan.
fn solved(table: TablePlan, strictly: bool) -> Result<TablePlan, String> {
    match table.unsolved.first().filter(|_| strictly) {
        Some(u) => Err(format!("CHECK `{}` could not be solved ({}): {}", u.check, u.why, u.text)),
        None => Ok(table),
    }
}

/// A table, its columns, and how many tuples at most.
type PoolOf = (usize, Vec<usize>, u64);

/// What planning one table needs to know of the others.
pub(super) struct Builder<'a> {
    /// Without the foreign keys that only help rows to agree.
    pub declared: &'a Schema,
    pub schema: &'a Schema,
    pub options: &'a Options,
    pub wishes: Resolved<'a>,
    pub existing: &'a dyn ExistingRows,
    /// Schema indices in plan order, and back.
    pub order: Vec<usize>,
    pub levels: Vec<usize>,
    position_of: BTreeMap<usize, usize>,
    /// Tables that are not filled because they cannot be.
    skipped: BTreeSet<usize>,
    /// Tables for which a stand-in is planned, because they cannot be.
    failed: BTreeSet<usize>,
    cycles: Vec<Vec<usize>>,
    /// (table, column) that children which may not be NULL point at: NULLs there would be rows nobody can refer to.
    needed: BTreeSet<(usize, usize)>,
    pub generator: Generator,
    /// Key tuples that were read, by table, columns and limit.
    pools: RefCell<BTreeMap<PoolOf, Arc<Pool>>>,
}

impl<'a> Builder<'a> {
    fn new(
        declared: &'a Schema,
        schema: &'a Schema,
        options: &'a Options,
        wishes: Resolved<'a>,
        existing: &'a dyn ExistingRows,
        chosen: &BTreeSet<usize>,
        skipped: impl Iterator<Item = usize>,
    ) -> Self {
        let index: Vec<usize> = chosen.iter().copied().collect();
        let local: BTreeMap<usize, usize> = index.iter().enumerate().map(|(l, &t)| (t, l)).collect();
        let order = order(index.len(), &edges(schema, &index, &local));
        let tables: Vec<usize> = order.tables.iter().map(|&l| index[l]).collect();
        Builder {
            declared,
            schema,
            options,
            wishes,
            existing,
            position_of: tables.iter().enumerate().map(|(p, &t)| (t, p)).collect(),
            skipped: skipped.collect(),
            failed: BTreeSet::new(),
            cycles: order.cycles.iter().map(|c| c.iter().map(|&l| index[l]).collect()).collect(),
            order: tables,
            levels: order.levels,
            needed: needed(schema),
            generator: Generator::default(),
            pools: RefCell::default(),
        }
    }

    fn cycles(&self) -> Vec<Vec<TableName>> {
        let name = |t: &usize| self.schema.tables[*t].name.clone();
        self.cycles.iter().map(|c| c.iter().map(name).collect()).collect()
    }

    /// Whether two tables are in one ring of references.
    pub fn same_cycle(&self, a: usize, b: usize) -> bool {
        a == b || self.cycles.iter().any(|c| c.contains(&a) && c.contains(&b))
    }

    /// Rows asked for of a table.
    pub fn rows(&self, table: usize) -> u64 {
        self.wishes.rows(table).unwrap_or(self.options.rows)
    }

    /// Whether NULL is a value for a column of a table.
    pub fn nullable(&self, table: usize, column: usize) -> bool {
        self.schema.tables[table].columns[column].nullable && !self.needed.contains(&(table, column))
    }

    /// A table's position in the plan, if it is to be filled.
    pub fn position(&self, table: usize) -> Option<usize> {
        self.position_of.get(&table).copied().filter(|_| !self.is_skipped(table))
    }

    /// Whether the table should be filled but cannot be.
    pub fn is_skipped(&self, table: usize) -> bool {
        self.skipped.contains(&table)
    }

    /// Whether nothing is known of the table's rows, because it cannot be planned.
    pub fn has_failed(&self, table: usize) -> bool {
        self.failed.contains(&table)
    }

    /// Whether there will be rows to refer to.
    pub fn holds_rows(&self, table: usize) -> bool {
        self.position(table).is_some() || self.rows_before(table) > 0
    }

    /// Rows that a table holds when the load begins.
    pub fn rows_before(&self, table: usize) -> u64 {
        let filled = self.position(table).is_some();
        if filled && self.options.truncate { 0 } else { self.schema.tables[table].existing.rows }
    }

    /// Key tuples of rows that stay in the table, at most `limit`, fewer where memory is short.
    pub fn pool(&self, table: usize, columns: &[usize], limit: u64) -> Result<Arc<Pool>, String> {
        if self.rows_before(table) == 0 {
            return Ok(Arc::default());
        }
        let known = (table, columns.to_vec(), limit);
        if let Some(pool) = self.pools.borrow().get(&known) {
            return Ok(pool.clone());
        }
        let used: u64 = self.pools.borrow().values().map(|p| p.bytes()).sum();
        let all = self.options.memory.map_or(u64::MAX, |m| m / POOLS_SHARE);
        // Half of what is left, so that later ones get some.
        let mut sample = Sample::new((all.saturating_sub(used) / 2).max(SMALLEST_POOL));
        let keys = Keys { table: &self.schema.tables[table], columns, limit: Some(limit) };
        self.existing.read(&keys, &mut |tuple| sample.push(tuple))?;
        let pool = Arc::new(sample.finish());
        self.pools.borrow_mut().insert(known, pool.clone());
        Ok(pool)
    }

    /// Hands over the key tuples of all rows that stay in the table.
    pub fn all(&self, table: usize, columns: &[usize], each: &mut dyn FnMut(Vec<Value>)) -> Result<(), String> {
        if self.rows_before(table) == 0 {
            return Ok(());
        }
        self.existing.read(&Keys { table: &self.schema.tables[table], columns, limit: None }, each)
    }

    /// Fingerprints of the tuples of all rows that stay in the table, sorted.
    pub fn taken(&self, table: usize, columns: &[usize], key: &str) -> Result<Vec<u64>, String> {
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

    /// Whether planning may hold so many bytes to keep a key's values apart.
    pub fn afford(&self, key: &str, bytes: u64) -> Result<(), String> {
        match self.options.memory {
            Some(memory) if bytes > memory => Err(format!(
                "key `{key}` is kept by values that planning remembers, {} of them, and --memory-limit allows {}; raise it, or ask \
                 for fewer rows",
                number::bytes(bytes),
                number::bytes(memory)
            )),
            _ => Ok(()),
        }
    }
}

/// The part of the memory that pools may take.
const POOLS_SHARE: u64 = 4;
/// What a pool may take always.
const SMALLEST_POOL: u64 = 256 << 10;

fn needed(schema: &Schema) -> BTreeSet<(usize, usize)> {
    let mut out = BTreeSet::new();
    for table in &schema.tables {
        for link in table.every_foreign_key().into_iter().filter_map(|f| links::resolve(schema, table, f)) {
            let required = link.columns.iter().zip(&link.parent_columns).filter(|(c, _)| !table.columns[**c].nullable);
            out.extend(required.map(|(_, &p)| (link.parent, p)));
        }
    }
    out
}

fn edges(schema: &Schema, index: &[usize], local: &BTreeMap<usize, usize>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (child, &t) in index.iter().enumerate() {
        let table = &schema.tables[t];
        for fk in table.every_foreign_key() {
            let Some(link) = links::resolve(schema, table, fk) else { continue };
            let Some(&parent) = local.get(&link.parent) else { continue };
            let inside = |k: &crate::schema::Key| {
                let columns = k.plain_columns();
                columns.is_some_and(|c| c.iter().all(|c| fk.columns.iter().any(|f| f == c)))
            };
            edges.push(Edge { child, parent, strong: table.keys.iter().any(inside) });
        }
    }
    edges
}
