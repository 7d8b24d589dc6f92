//! A plan compiled for speed: computes any cell of any table from its row number.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::clock::ClockGen;
use super::law::{BeganGen, LawGen, NumericUnit};
use super::permute::Permutation;
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::value::Value;
use dbmocker_domain::entity::AttributeWriter;
use dbmocker_domain::{RangeKind, Sampler};
use dbmocker_plan::{AnyParent, Clock, Law, TreeColumn};
use dbmocker_plan::{Plan, TablePlan, lines_to_add};
use dbmocker_predicate::{CoupledColumns, SolvedNumbers};

mod ancestor_agreement;
mod children;
mod combination_index;
mod compile;
mod composite_key;
mod edges;
mod fk_agreement;
mod group_cache;
mod listed;
mod parents;
mod presence;
mod ranked;
mod row_source;
mod siblings;
mod trees;

pub use ancestor_agreement::KeyUp;
pub(super) use compile::threshold;
use composite_key::CompositeKeyGen;
pub(super) use composite_key::ParentAndOrdinal;
use edges::EdgeGen;
pub use fk_agreement::agreement;
use group_cache::{CellRequest, GenerationId, remembered};
pub(super) use listed::ListedRows;
use parents::{ForeignKeyGen, ParentSelectionGen};
pub(super) use presence::PresenceGen;
use row_source::{NestingLimit, RowDraws};
pub(crate) use siblings::PreviousPlace;

/// No attempt gave a valid row.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text())]
pub struct RowError {
    pub table: String,
    pub row: u64,
    pub check: String,
    /// Columns of the coupled group.
    pub columns: Vec<String>,
    /// The reason why an expression of the config file gives no value.
    pub expression: Option<String>,
}

impl RowError {
    fn text(&self) -> String {
        let RowError { table, row, check, columns, expression } = self;
        match expression {
            Some(why) => format!("`{table}`, row {row}: {why}"),
            None => format!(
                "`{table}`, row {row}: no valid row found for `{check}`; give rules for its columns in the config file (--config), or leave the table out with --exclude-tables{}",
                lines_to_add(table, columns)
            ),
        }
    }
}

/// All tables of a plan, in plan order; a table refers to its parents by index.
#[derive(Debug, Default)]
pub struct Generator {
    tables: Vec<TableGen>,
    /// Changes whenever the tables change; part of the cache's key.
    generation_id: GenerationId,
}

#[derive(Debug)]
pub struct TableGen {
    pub label: String,
    pub rows: u64,
    pub columns: Vec<ColumnGen>,
    pub(super) foreign: Vec<ForeignKeyGen>,
    pub(super) sources: Vec<ParentSelectionGen>,
    composite_keys: Vec<CompositeKeyGen>,
    pub(super) groups: Vec<(CoupledColumns, Stream)>,
    attempts: Option<Arc<Vec<u8>>>,
    /// The law of the rows' start times, if the table has one.
    pub(super) began: Option<BeganGen>,
    /// Fields of the columns that are sent, and the indices of these columns.
    pub schema: SchemaRef,
    pub sent: Vec<usize>,
}

#[derive(Debug)]
pub struct ColumnGen {
    pub name: String,
    pub(super) rule: RuleGen,
    pub(super) stream: Stream,
    pub(super) null_stream: Stream,
    /// The cell is NULL if the random word of its null stream is below this.
    pub(super) null_below: u64,
    /// `None` for columns that are not numeric.
    pub(super) unit: Option<NumericUnit>,
    /// Every value fits 64 bits in that unit.
    pub(crate) small: bool,
    /// The group that determines the value. A foreign key that cannot be NULL is an input of its group only, so it is
    /// computed directly: a row's group may read another row's key.
    pub(super) group: Option<(usize, usize)>,
    /// Set if the column has a value only for some values of another column.
    pub(super) presence: Option<PresenceGen>,
    /// Values at the limits of the type, in some rows.
    pub(super) edges: Option<EdgeGen>,
}

impl ColumnGen {
    /// Returns the number of fractional digits of a numeric column.
    pub fn decimals(&self) -> Option<u8> {
        let moment = |kind| !matches!(kind, RangeKind::Int | RangeKind::Decimal { .. });
        self.unit.filter(|unit| !matches!(unit, NumericUnit::Kind(kind) if moment(*kind))).map(NumericUnit::scale)
    }

    /// Returns true if the rule gives a value in every row.
    pub fn is_filled(&self) -> bool {
        let may_lack = matches!(self.rule, RuleGen::Null | RuleGen::Unique { .. } | RuleGen::AnyOf { .. });
        self.null_below == 0 && self.group.is_none() && self.presence.is_none() && !may_lack
    }

    /// Returns the texts of which the column holds one, if its rule is a list of texts.
    pub fn texts(&self) -> Option<Vec<String>> {
        let rule = match &self.rule {
            RuleGen::Law(law) if matches!(law.law, Law::Among { .. }) => &*law.own,
            rule => rule,
        };
        let RuleGen::Draw(sampler) = rule else { return None };
        let text = |value: &Value| if let Value::Text(text) = value { Some(text.clone()) } else { None };
        sampler.choices()?.iter().map(text).collect()
    }

    /// Returns true if a law determines the column.
    pub fn has_law(&self) -> bool {
        matches!(self.rule, RuleGen::Law(_))
    }

    /// Returns true if a law of moments determines the column.
    pub fn has_moment(&self) -> bool {
        matches!(&self.rule, RuleGen::Law(law) if matches!(law.law, Law::Moment { .. }))
    }

    /// Returns true if the column holds the start time of the row.
    pub fn is_start(&self) -> bool {
        matches!(&self.rule, RuleGen::Law(law) if matches!(law.law, Law::Moment { at: dbmocker_plan::Moment::Began, .. }))
    }

    /// Returns the column's position in this foreign key, if the key alone determines its cells.
    pub(super) fn is_of(&self, key: usize) -> Option<usize> {
        match self.rule {
            RuleGen::Foreign { foreign, position } if foreign == key && self.group.is_none() => Some(position),
            _ => None,
        }
    }
}

impl ColumnGen {
    /// Returns the first number of a column that counts up.
    pub fn counts_up_from(&self) -> Option<i128> {
        match &self.rule {
            RuleGen::Sequence(numbers) if numbers.step > 0 => Some(numbers.start),
            _ => None,
        }
    }
}

/// The numbers `start + row * step`.
#[derive(Debug, Clone, Copy)]
pub(super) struct ArithmeticSequence {
    pub start: i128,
    pub step: i128,
}

impl ArithmeticSequence {
    #[inline]
    pub fn at(self, row: u64) -> i128 {
        self.start + i128::from(row) * self.step
    }
}

/// Index, in its domain, of the value that a unique column has in a row.
#[derive(Debug)]
pub(super) struct Places {
    pub size: u64,
    /// Number of indices that earlier runs used.
    pub first: u64,
    /// Later attempts draw from all values.
    pub retried: bool,
    pub permutation: Permutation,
}

impl Places {
    /// Returns the index; `None` where the row's value is NULL.
    #[inline]
    pub fn at(&self, stream: Stream, row: u64, attempt: u32) -> Option<u64> {
        if self.retried && attempt > 0 {
            return Some(CellRng::of_cell(stream.at(row, attempt)).below(self.size));
        }
        let place = self.permutation.apply((self.first + row) % self.permutation.size());
        (place < self.size).then_some(place)
    }
}

#[derive(Debug)]
pub(super) enum RuleGen {
    Null,
    Constant(Value),
    Fixed(Arc<Vec<Value>>),
    /// The value of a row of a list.
    Listed {
        values: Arc<Vec<Value>>,
        rows: ListedRows,
    },
    Sequence(ArithmeticSequence),
    Draw(Sampler),
    Unique {
        domain: Sampler,
        places: Places,
    },
    Component {
        domain: Sampler,
        composite_key: usize,
        place: usize,
    },
    Foreign {
        foreign: usize,
        position: usize,
    },
    /// An attribute of the row's entity, drawn from a stream that other columns share.
    CorrelatedColumn {
        writer_of_attribute: AttributeWriter,
        entity: Stream,
        numbered: Option<u64>,
    },
    /// Computed from other cells.
    Law(LawGen),
    /// The key of a row of the table that the cell of column `by` names.
    AnyOf {
        by: usize,
        parents: Vec<AnyParent>,
    },
    /// The row's position in the tree that a parent selection forms.
    Tree {
        source: usize,
        tells: TreeColumn,
    },
}

impl Generator {
    /// Compiles a whole plan.
    pub fn new(plan: &Plan) -> Self {
        let mut generator = Generator::default();
        for table in &plan.tables {
            generator.push(plan.seed, table);
        }
        generator
    }

    /// Compiles the next table of the plan. Its parents must have been pushed, except those in its own cycle.
    pub fn push(&mut self, seed: u64, plan: &TablePlan) {
        let table = TableGen::new(seed, plan, &self.tables);
        self.tables.push(table);
        self.generation_id = GenerationId::default();
    }

    /// Recompiles a table with facts that became known when its children were planned.
    pub fn replace(&mut self, seed: u64, position: usize, plan: &TablePlan) {
        self.tables[position] = TableGen::new(seed, plan, &self.tables[..position]);
        self.generation_id = GenerationId::default();
    }

    /// Removes the last table, to compile it again from another plan.
    pub fn pop(&mut self) {
        self.truncate(self.tables.len().saturating_sub(1));
    }

    /// Removes the tables from position `t` on.
    pub fn truncate(&mut self, t: usize) {
        self.tables.truncate(t);
        self.generation_id = GenerationId::default();
    }

    pub fn table(&self, t: usize) -> &TableGen {
        &self.tables[t]
    }

    pub fn len(&self) -> usize {
        self.tables.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Returns the value of one cell.
    ///
    /// # Errors
    /// If the row's CHECKs cannot be satisfied.
    pub fn cell(&self, t: usize, column: usize, row: u64) -> Result<Value, RowError> {
        let table = &self.tables[t];
        let attempt = table.attempt(row);
        match table.columns[column].group {
            Some(group) => self.of_group(t, group, row, attempt),
            None => self.plain(t, column, row, attempt),
        }
    }

    /// Returns a column of a group, by the group's index and the column's place in it.
    pub(super) fn of_group(
        &self,
        t: usize,
        (g, place): (usize, usize),
        row: u64,
        attempt: u32,
    ) -> Result<Value, RowError> {
        let asked = CellRequest { generation_id: self.generation_id, table: t, group: g, row, attempt };
        remembered(asked, place, || self.group(t, g, row, attempt))
    }

    /// Returns several columns of one row; groups and parent rows are evaluated once.
    ///
    /// # Errors
    /// If the row's CHECKs cannot be satisfied.
    pub fn cells(&self, t: usize, columns: &[usize], row: u64) -> Result<Vec<Value>, RowError> {
        self.cells_at(t, columns, row, self.tables[t].attempt(row))
    }

    /// As [`Generator::cells`], for a given attempt.
    pub fn cells_at(&self, t: usize, columns: &[usize], row: u64, attempt: u32) -> Result<Vec<Value>, RowError> {
        self.cells_within(t, columns, row, attempt, None)
    }

    /// As [`Generator::cells_at`], with a limit for the tries of each group; the cells are the same where it suffices.
    ///
    /// # Errors
    /// If the row's CHECKs cannot be satisfied within the tries.
    pub fn cells_within(
        &self,
        t: usize,
        columns: &[usize],
        row: u64,
        attempt: u32,
        most_tries: Option<u32>,
    ) -> Result<Vec<Value>, RowError> {
        let mut groups: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        let mut out = Vec::with_capacity(columns.len());
        for &c in columns {
            out.push(match self.tables[t].columns[c].group {
                None => self.plain(t, c, row, attempt)?,
                Some((g, place)) => {
                    let solved = match groups.entry(g) {
                        Entry::Occupied(solved) => solved.into_mut(),
                        Entry::Vacant(place) => place.insert(self.group_within(t, g, row, attempt, most_tries)?),
                    };
                    solved[place].clone()
                }
            });
        }
        Ok(out)
    }

    /// Solves a group for a row and returns its columns.
    pub(super) fn group(&self, t: usize, g: usize, row: u64, attempt: u32) -> Result<Vec<Value>, RowError> {
        self.group_within(t, g, row, attempt, None)
    }

    fn group_within(
        &self,
        t: usize,
        g: usize,
        row: u64,
        attempt: u32,
        most_tries: Option<u32>,
    ) -> Result<Vec<Value>, RowError> {
        let table = &self.tables[t];
        let _depth = NestingLimit::enter().ok_or_else(|| RowError {
            table: table.label.clone(),
            row,
            check: "keys that are drawn and refer to each other".into(),
            columns: table.names(&table.groups[g].0),
            expression: None,
        })?;
        let group = &table.groups[g].0;
        let draws = RowDraws::new(self, t, g, row, attempt).within(most_tries);
        group.solve_row(&draws).map_err(|e| RowError {
            table: table.label.clone(),
            row,
            check: e.check,
            columns: table.names(group),
            expression: None,
        })
    }

    /// Solves a group for many rows, as columns of numbers, if the group is one of ordered numbers.
    pub(super) fn group_numbers(&self, t: usize, g: usize, rows: Range<u64>) -> Option<Vec<SolvedNumbers>> {
        let table = &self.tables[t];
        let group = &table.groups[g].0;
        let draws = |row| RowDraws::new(self, t, g, row, table.attempt(row));
        group.solve_numbers(rows.map(draws))
    }

    /// Returns a column's own value outside any group, NULL by `null_share` included.
    fn plain(&self, t: usize, column: usize, row: u64, attempt: u32) -> Result<Value, RowError> {
        let c = &self.tables[t].columns[column];
        if c.presence.is_some() && !self.is_present(t, column, row, attempt)? {
            return Ok(self.tables[t].absent(column, row, attempt));
        }
        if let RuleGen::Foreign { foreign, position } = c.rule {
            if c.null_below > 0 && self.foreign_is_null(t, foreign, row) {
                return Ok(Value::Null);
            }
            return match self.parent_row(t, foreign, row, attempt) {
                Some(p) => self.parent_value(t, foreign, position, p),
                None => Ok(Value::Null),
            };
        }
        if c.null_below > 0 && c.null_stream.at(row, 0) < c.null_below {
            return Ok(Value::Null);
        }
        if let Some(edge) = c.edges.as_ref().and_then(|edges| edges.at(row)) {
            return Ok(edge.clone());
        }
        self.proposed(t, column, row, attempt)
    }

    /// Returns a column's value before `null_share` is applied.
    pub(super) fn proposed(&self, t: usize, column: usize, row: u64, attempt: u32) -> Result<Value, RowError> {
        self.by_rule(t, column, &self.tables[t].columns[column].rule, row, attempt)
    }

    /// Returns the value that a rule gives for a cell.
    pub(super) fn by_rule(
        &self,
        t: usize,
        column: usize,
        rule: &RuleGen,
        row: u64,
        attempt: u32,
    ) -> Result<Value, RowError> {
        let table = &self.tables[t];
        let c = &table.columns[column];
        Ok(match rule {
            RuleGen::Law(law) => self.lawful(t, column, row, attempt, law)?,
            RuleGen::Null => Value::Null,
            RuleGen::Constant(v) => v.clone(),
            RuleGen::Fixed(values) => values[row as usize].clone(),
            RuleGen::Listed { values, rows } => values[rows.at(row, attempt)].clone(),
            RuleGen::Sequence(count) => Value::Int(count.at(row)),
            RuleGen::Draw(domain) => domain.draw(&mut CellRng::of_cell(c.stream.at(row, attempt))),
            RuleGen::Unique { domain, places } => match places.at(c.stream, row, attempt) {
                Some(i) => domain.value(u128::from(i)),
                None => Value::Null,
            },
            RuleGen::Component { domain, composite_key, place } => {
                domain.value(u128::from(table.digit(*composite_key, *place, row)))
            }
            RuleGen::Foreign { foreign, position } => match self.parent_row(t, *foreign, row, attempt) {
                Some(p) => self.parent_value(t, *foreign, *position, p)?,
                None => Value::Null,
            },
            RuleGen::AnyOf { by, parents } => self.row_of_any(t, column, *by, parents, row, attempt)?,
            RuleGen::Tree { source, tells } => self.in_tree(t, *source, tells, row)?,
            RuleGen::CorrelatedColumn { writer_of_attribute, entity, numbered } => {
                let mut text = String::new();
                let mut rng = CellRng::of_cell(c.stream.at(row, attempt));
                if let Some(number) = writer_of_attribute.number(entity.at(row, attempt), &mut rng) {
                    return Ok(number);
                }
                writer_of_attribute.write(entity.at(row, attempt), &mut rng, numbered.map(|n| n + row), &mut text);
                Value::Text(text)
            }
        })
    }
}

/// Returns a function of the row number: a lower bound of the moments of this row and all later ones, by a clock.
pub fn clock_from(seed: u64, table: &str, clock: &Clock, rows: u64) -> impl Fn(u64) -> i64 {
    let clock = ClockGen::new(seed, table, clock, rows);
    move |row| clock.bounds(row).0
}

impl TableGen {
    /// Returns true if the rows have start times.
    pub fn has_time(&self) -> bool {
        self.began.is_some()
    }

    fn names(&self, group: &CoupledColumns) -> Vec<String> {
        group.columns().iter().map(|&c| self.columns[c].name.clone()).collect()
    }

    /// Returns true if some row's stored attempt is not the first.
    pub(super) fn tries(&self) -> bool {
        self.attempts.is_some()
    }

    pub fn attempt(&self, row: u64) -> u32 {
        self.attempts.as_ref().map_or(0, |a| u32::from(a[row as usize]))
    }

    pub(super) fn digit(&self, composite_key: usize, place: usize, row: u64) -> u64 {
        self.composite_keys[composite_key].digit(place, row)
    }

    /// As `digit`, for consecutive rows.
    pub(super) fn digits(&self, composite_key: usize, place: usize, rows: Range<u64>) -> Vec<u64> {
        self.composite_keys[composite_key].digits(place, rows)
    }
}
