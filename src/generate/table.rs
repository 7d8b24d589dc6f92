//! A plan compiled for speed: any cell of any table from its row number alone.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::permute::Permutation;
use crate::domain::Sampler;
use crate::domain::entity::Teller;
use crate::nullable::Nullable;
use crate::plan::{Plan, Pool, TablePlan, lines_to_add};
use crate::predicate::{Group, Numbers};
use crate::stream::{CellRng, Stream, mix};
use crate::value::Value;

mod compile;
mod draws;
mod memo;
mod share;

use draws::{Depth, RowDraws};
use memo::{Asked, Edition, remembered};
pub(super) use share::Found;
use share::ShareGen;

/// Row that no attempt could make valid.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{table}`, row {row}: no valid row found for `{check}`; give rules for its columns in the config file (--config), or leave the table out with --exclude-tables{}",
    lines_to_add(table, columns)
)]
pub struct RowError {
    pub table: String,
    pub row: u64,
    pub check: String,
    /// Those that take part.
    pub columns: Vec<String>,
}

/// All tables of a plan, in the plan's order; a table refers to its parents by index.
#[derive(Debug, Default)]
pub struct Generator {
    tables: Vec<TableGen>,
    /// Another one whenever the tables change.
    edition: Edition,
}

#[derive(Debug)]
pub struct TableGen {
    pub label: String,
    pub rows: u64,
    pub columns: Vec<ColumnGen>,
    pub(super) foreign: Vec<ForeignGen>,
    pub(super) sources: Vec<SourceGen>,
    shares: Vec<ShareGen>,
    pub(super) groups: Vec<(Group, Stream)>,
    attempts: Option<Arc<Vec<u8>>>,
    /// Fields of the columns that are sent, and their indices.
    pub schema: SchemaRef,
    pub sent: Vec<usize>,
}

#[derive(Debug)]
pub struct ColumnGen {
    pub name: String,
    pub(super) rule: RuleGen,
    pub(super) stream: Stream,
    pub(super) null_stream: Stream,
    /// NULL where the null stream's word is below.
    pub(super) null_below: u64,
    /// The group that decides the value. A key that cannot be NULL is only looked at by its group, which asks for it,
    /// so it is asked for directly: a row's group may need another row's key.
    pub(super) group: Option<(usize, usize)>,
}

impl ColumnGen {
    /// The column's place in this foreign key, if that alone decides its cells.
    pub(super) fn is_of(&self, key: usize) -> Option<usize> {
        match self.rule {
            RuleGen::Foreign { foreign, position } if foreign == key && self.group.is_none() => Some(position),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum RuleGen {
    Null,
    Constant(Value),
    Given(Arc<Vec<Value>>),
    Sequence(i128),
    Draw(Sampler),
    Unique {
        domain: Sampler,
        size: u64,
        first: u64,
        permutation: Permutation,
    },
    Digit {
        domain: Sampler,
        share: usize,
        place: usize,
    },
    Foreign {
        foreign: usize,
        position: usize,
    },
    /// One attribute of the row's entity, whose stream other columns share.
    Told {
        teller: Teller,
        entity: Stream,
        numbered: Option<u64>,
    },
}

#[derive(Debug)]
pub(super) struct ForeignGen {
    pub columns: Vec<usize>,
    pub parent: Option<usize>,
    pub parent_columns: Vec<usize>,
    pub source: usize,
    pub member: usize,
    pub pool: Arc<Pool>,
    null_below: u64,
    /// One decision for all the keys of a source that may be NULL together.
    null_stream: Stream,
}

#[derive(Debug)]
pub(super) struct SourceGen {
    pick: PickGen,
    stream: Stream,
    /// Index space: `first .. first + size`.
    first: u64,
    size: u64,
    web: Option<Arc<Vec<u64>>>,
    members: u64,
    /// Combinations of one pick, of which the partner's stream draws one.
    partners: u64,
    partner: Stream,
}

#[derive(Debug)]
enum PickGen {
    Skewed,
    OneToOne(Permutation),
    Digit { share: usize, place: usize },
    Earlier { pooled: u64, rooted: bool },
    Itself { pooled: u64 },
    Never,
    Few(FewGen),
}

/// Few parent rows for all rows.
#[derive(Debug)]
struct FewGen {
    /// Sums of the weights up to each.
    sums: Vec<u64>,
    rows: Vec<u64>,
    /// Rows that were there before, where only earlier rows may be chosen.
    earlier: Option<u64>,
    rooted: bool,
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

    /// Compiles the next table of the plan; its parents must have been pushed, but for those of its own cycle.
    pub fn push(&mut self, seed: u64, plan: &TablePlan) {
        let table = TableGen::new(seed, plan, &self.tables);
        self.tables.push(table);
        self.edition = Edition::default();
    }

    /// Takes the last table back, to compile it again with another plan.
    pub fn pop(&mut self) {
        self.truncate(self.tables.len().saturating_sub(1));
    }

    /// Forgets the tables from position `t` on.
    pub fn truncate(&mut self, t: usize) {
        self.tables.truncate(t);
        self.edition = Edition::default();
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

    /// The value of one cell.
    ///
    /// # Errors
    /// If the row's CHECKs cannot be met.
    pub fn cell(&self, t: usize, column: usize, row: u64) -> Result<Value, RowError> {
        let table = &self.tables[t];
        let attempt = table.attempt(row);
        match table.columns[column].group {
            Some((g, place)) => {
                let asked = Asked { edition: self.edition, table: t, group: g, row, attempt };
                remembered(asked, place, || self.group(t, g, row, attempt))
            }
            None => self.plain(t, column, row, attempt),
        }
    }

    /// The columns of one row, groups and parent rows looked at once.
    ///
    /// # Errors
    /// If the row's CHECKs cannot be met.
    pub fn cells(&self, t: usize, columns: &[usize], row: u64) -> Result<Vec<Value>, RowError> {
        self.cells_at(t, columns, row, self.tables[t].attempt(row))
    }

    /// As [`Generator::cells`], for a given attempt.
    pub(crate) fn cells_at(&self, t: usize, columns: &[usize], row: u64, attempt: u32) -> Result<Vec<Value>, RowError> {
        let mut groups: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        let mut out = Vec::with_capacity(columns.len());
        for &c in columns {
            out.push(match self.tables[t].columns[c].group {
                None => self.plain(t, c, row, attempt)?,
                Some((g, place)) => {
                    let solved = match groups.entry(g) {
                        Entry::Occupied(solved) => solved.into_mut(),
                        Entry::Vacant(place) => place.insert(self.group(t, g, row, attempt)?),
                    };
                    solved[place].clone()
                }
            });
        }
        Ok(out)
    }

    /// The columns of a group, solved for a row.
    pub(super) fn group(&self, t: usize, g: usize, row: u64, attempt: u32) -> Result<Vec<Value>, RowError> {
        let table = &self.tables[t];
        let _depth = Depth::enter().ok_or_else(|| RowError {
            table: table.label.clone(),
            row,
            check: "keys that are drawn and refer to each other".into(),
            columns: table.names(&table.groups[g].0),
        })?;
        let (group, stream) = &table.groups[g];
        let draws = RowDraws::new(self, t, row, attempt, *stream);
        group.solve_row(&draws).map_err(|e| RowError {
            table: table.label.clone(),
            row,
            check: e.check,
            columns: table.names(group),
        })
    }

    /// The same for many rows, as columns of numbers, where the group is one of numbers in order.
    pub(super) fn group_numbers(&self, t: usize, g: usize, rows: Range<u64>) -> Option<Vec<Numbers>> {
        let table = &self.tables[t];
        let (group, stream) = &table.groups[g];
        let draws = |row| RowDraws::new(self, t, row, table.attempt(row), *stream);
        group.solve_numbers(rows.map(draws))
    }

    /// A column's own value, outside any group, NULLs included.
    fn plain(&self, t: usize, column: usize, row: u64, attempt: u32) -> Result<Value, RowError> {
        let c = &self.tables[t].columns[column];
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
        self.proposed(t, column, row, attempt)
    }

    /// A column's value if it is not to be NULL by chance (only where nothing else exists).
    pub(super) fn proposed(&self, t: usize, column: usize, row: u64, attempt: u32) -> Result<Value, RowError> {
        let table = &self.tables[t];
        let c = &table.columns[column];
        Ok(match &c.rule {
            RuleGen::Null => Value::Null,
            RuleGen::Constant(v) => v.clone(),
            RuleGen::Given(values) => values[row as usize].clone(),
            RuleGen::Sequence(start) => Value::Int(start + i128::from(row)),
            RuleGen::Draw(domain) => domain.draw(&mut CellRng::of_cell(c.stream.at(row, attempt))),
            RuleGen::Unique { domain, size, first, permutation } => {
                match permutation.apply((first + row) % permutation.size()) {
                    i if i < *size => domain.value(u128::from(i)),
                    _ => Value::Null,
                }
            }
            RuleGen::Digit { domain, share, place } => domain.value(u128::from(table.digit(*share, *place, row))),
            RuleGen::Foreign { foreign, position } => match self.parent_row(t, *foreign, row, attempt) {
                Some(p) => self.parent_value(t, *foreign, *position, p)?,
                None => Value::Null,
            },
            RuleGen::Told { teller, entity, numbered } => {
                let mut text = String::new();
                let mut rng = CellRng::of_cell(c.stream.at(row, attempt));
                teller.write(entity.at(row, attempt), &mut rng, numbered.map(|n| n + row), &mut text);
                Value::Text(text)
            }
        })
    }

    /// Whether the key is NULL by chance in this row.
    pub(super) fn foreign_is_null(&self, t: usize, foreign: usize, row: u64) -> bool {
        let f = &self.tables[t].foreign[foreign];
        f.null_below > 0 && f.null_stream.at(row, 0) < f.null_below
    }

    /// Index of the parent row that a foreign key points at, NULLs by chance left aside.
    pub(super) fn parent_row(&self, t: usize, foreign: usize, row: u64, attempt: u32) -> Option<u64> {
        let table = &self.tables[t];
        let f = &table.foreign[foreign];
        let source = &table.sources[f.source];
        // Parents of the same cycle are compiled later; their size is read when it is needed.
        let size = if source.size == u64::MAX { self.space(f) - source.first } else { source.size };
        let i = source.first + table.pick(source, size, row, attempt)?;
        Some(match &source.web {
            Some(web) => web[(source.combination(i, row, attempt) * source.members) as usize + f.member],
            None => i,
        })
    }

    /// The same for many rows.
    pub(super) fn parent_rows(&self, t: usize, foreign: usize, rows: Range<u64>) -> Nullable<u64> {
        let table = &self.tables[t];
        let source = &table.sources[table.foreign[foreign].source];
        match (&source.pick, &source.web) {
            (PickGen::Digit { share, place }, None) => {
                let digits = table.digits(*share, *place, rows);
                digits.into_iter().map(|digit| source.first + digit).collect::<Vec<u64>>().into()
            }
            (PickGen::Skewed, None) if source.size != u64::MAX && source.size > 0 => {
                let pick = |row| source.first + skewed(source.stream.at(row, table.attempt(row)), source.size);
                rows.map(pick).collect::<Vec<u64>>().into()
            }
            _ => rows.map(|row| self.parent_row(t, foreign, row, table.attempt(row))).collect(),
        }
    }

    /// The same for rows in no order. `found`: what is known of them, a place for each of the table's shares.
    pub(super) fn scattered_parent_rows(
        &self,
        t: usize,
        foreign: usize,
        rows: &Nullable<u64>,
        found: &mut [Option<Found>],
    ) -> Nullable<u64> {
        let table = &self.tables[t];
        let source = &table.sources[table.foreign[foreign].source];
        match (&source.pick, &source.web) {
            (PickGen::Digit { share, place }, None) => {
                table.shares[*share].scattered(*place, rows, &mut found[*share]).map(|digit| source.first + digit)
            }
            _ => rows
                .iter()
                .map(|row| row.and_then(|row| self.parent_row(t, foreign, row, table.attempt(row))))
                .collect(),
        }
    }

    /// Room for what is found of a table's rows in no order: a place for each of its shares.
    pub(super) fn nothing_found(&self, table: Option<usize>) -> Vec<Option<Found>> {
        vec![None; table.map_or(0, |t| self.tables[t].shares.len())]
    }

    /// The new rows of other tables (or of its own) that a row points at; `None` where a CHECK made it choose others.
    pub(crate) fn parents(&self, t: usize, row: u64) -> Option<Vec<(usize, u64)>> {
        let table = &self.tables[t];
        let mut out = Vec::new();
        for (foreign, f) in table.foreign.iter().enumerate() {
            let Some(parent) = f.parent else { continue };
            let cells = f.columns.iter().map(|&c| self.cell(t, c, row)).collect::<Result<Vec<_>, _>>().ok()?;
            if cells.iter().all(Value::is_null) {
                continue;
            }
            let p = self.parent_row(t, foreign, row, table.attempt(row))?;
            // With a NULL among them the key points nowhere, but a narrower one that follows from it may.
            for (position, value) in cells.iter().enumerate().filter(|(_, v)| !v.is_null()) {
                if self.parent_value(t, foreign, position, p).ok()? != *value {
                    return None;
                }
            }
            out.extend(p.checked_sub(f.pool.len() as u64).map(|p| (parent, p)));
        }
        Some(out)
    }

    fn space(&self, f: &ForeignGen) -> u64 {
        f.pool.len() as u64 + f.parent.map_or(0, |p| self.tables.get(p).map_or(0, |t| t.rows))
    }

    /// Column `position` of parent row `p` (rows that were there before come first).
    pub(super) fn parent_value(&self, t: usize, foreign: usize, position: usize, p: u64) -> Result<Value, RowError> {
        let f = &self.tables[t].foreign[foreign];
        let pooled = f.pool.len() as u64;
        if p < pooled {
            return Ok(f.pool.cell(p as usize, position));
        }
        let parent = f.parent.expect("an index beyond the pool is a planned parent's row");
        self.cell(parent, f.parent_columns[position], p - pooled)
    }
}

impl TableGen {
    fn names(&self, group: &Group) -> Vec<String> {
        group.columns().iter().map(|&c| self.columns[c].name.clone()).collect()
    }

    pub(super) fn attempt(&self, row: u64) -> u32 {
        self.attempts.as_ref().map_or(0, |a| u32::from(a[row as usize]))
    }

    /// A source's choice for a row, before `first` is added.
    fn pick(&self, source: &SourceGen, size: u64, row: u64, attempt: u32) -> Option<u64> {
        match &source.pick {
            PickGen::Never => None,
            PickGen::Itself { pooled } => Some(pooled + row),
            PickGen::OneToOne(permutation) => Some(permutation.apply(row)).filter(|&p| p < size),
            PickGen::Digit { share, place } => Some(self.digit(*share, *place, row)),
            PickGen::Earlier { pooled, rooted } => {
                let mut rng = CellRng::of_cell(source.stream.at(row, attempt));
                // After a refusal any row will do, so that even the first row finds another.
                match if attempt == 0 { pooled + row } else { size } {
                    0 if *rooted => Some(row),
                    0 => None,
                    among => Some(rng.below(among)),
                }
            }
            PickGen::Few(few) => few.pick(source.stream, size, row, attempt),
            PickGen::Skewed if size == 0 => None,
            PickGen::Skewed => Some(skewed(source.stream.at(row, attempt), size)),
        }
    }

    pub(super) fn digit(&self, share: usize, place: usize, row: u64) -> u64 {
        self.shares[share].digit(place, row)
    }

    /// For many rows in order.
    pub(super) fn digits(&self, share: usize, place: usize, rows: Range<u64>) -> Vec<u64> {
        self.shares[share].digits(place, rows)
    }
}

impl SourceGen {
    /// Index of one of the combinations of pick `i`.
    fn combination(&self, i: u64, row: u64, attempt: u32) -> u64 {
        match self.partners {
            0 | 1 => i,
            n => i * n + CellRng::new(self.partner.at(row, attempt)).below(n),
        }
    }
}

impl FewGen {
    fn pick(&self, stream: Stream, size: u64, row: u64, attempt: u32) -> Option<u64> {
        let word = CellRng::of_cell(stream.at(row, attempt)).below(*self.sums.last()?);
        let slot = self.sums.partition_point(|&sum| sum <= word);
        match self.earlier.map(|pooled| pooled + row) {
            Some(0) if self.rooted => Some(row),
            Some(0) => None,
            Some(among) => Some(slot as u64 % among),
            None if size == 0 => None,
            None => Some(match self.rows.get(slot) {
                Some(&given) => given,
                None => Permutation::new(mix(stream.key()), size).apply(slot as u64 % size),
            }),
        }
    }
}

/// Early indices more often: half of the words uniform, half by the square.
#[inline]
fn skewed(word: u64, size: u64) -> u64 {
    let u = word >> 1;
    let scaled = if word & 1 == 0 { u } else { ((u128::from(u) * u128::from(u)) >> 63) as u64 };
    ((u128::from(scaled) * u128::from(size)) >> 63) as u64
}
