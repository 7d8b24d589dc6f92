//! Cells that are computed from other cells: of the same row, of parent rows, of child rows.
//!
//! In: a table and a list of its rows. Out: columns of numbers. Cells of other tables are generated again for the rows
//! that need them, and freed with the [`Frame`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;
use dbmocker_plan::{FkStep, Flow, Law};

use super::generator::{ColumnGen, Generator, RowError, RuleGen, TableGen};

mod attribute;
mod children;
mod drawn;
mod expression;
mod flow;
mod moment;
mod number;
mod ranked;
mod series;
mod slug;
mod status_path;
mod unit;
mod wave;

pub(crate) use attribute::OverriddenAttribute;
pub use drawn::{DrawnGen, grid};
pub use expression::is_small;
pub use moment::{BeganGen, Child};
pub(crate) use ranked::TextBuffers;
pub use unit::NumericUnit;

/// A compiled law, and the rule that the column would have without it.
#[derive(Debug)]
pub struct LawGen {
    pub law: Law,
    /// A distribution made ready.
    pub(crate) drawn: Option<Box<DrawnGen>>,
    /// Writers of the cases of [`Law::Attribute`].
    pub(crate) overridden: Option<Box<OverriddenAttribute>>,
    pub(crate) own: Box<RuleGen>,
}

impl LawGen {
    /// Returns true if the law computes numbers in the column's own unit.
    fn gives_numbers(&self) -> bool {
        match self.law {
            Law::Number { .. } | Law::Moment { .. } => true,
            Law::Drawn(_) => self.drawn.as_ref().is_some_and(|drawn| drawn.is_numbers()),
            _ => false,
        }
    }
}

/// Numbers of a column, shared by all readers.
type NumberColumn = Rc<Nullable<i64>>;

/// A moment for each row, in microseconds, even where the cell is NULL.
type MomentCells = Rc<Vec<i64>>;

/// Rows of a table, and the columns computed for them so far.
pub struct Frame<'g> {
    generator: &'g Generator,
    t: usize,
    table: &'g TableGen,
    rows: Vec<u64>,
    numbers: RefCell<BTreeMap<usize, NumberColumn>>,
    moments: RefCell<BTreeMap<usize, MomentCells>>,
    /// Moments rounded to the precision of their columns.
    kept: RefCell<BTreeMap<usize, Nullable<i64>>>,
    began: RefCell<Option<MomentCells>>,
    parents: RefCell<BTreeMap<usize, Rc<Parents<'g>>>>,
    /// Columns of one flow share its rows.
    flows: RefCell<Vec<(Flow, Vec<flow::FlowOfRow>)>>,
}

/// The parent rows of a frame's rows.
pub(super) struct Parents<'g> {
    frame: Frame<'g>,
    /// Index into the rows of `frame`; NULL where a row has no generated parent.
    at: Nullable<u32>,
}

impl<'g> Frame<'g> {
    pub fn new(generator: &'g Generator, t: usize, rows: Vec<u64>) -> Self {
        let table = generator.table(t);
        Frame {
            generator,
            t,
            table,
            rows,
            numbers: RefCell::default(),
            moments: RefCell::default(),
            kept: RefCell::default(),
            began: RefCell::default(),
            parents: RefCell::default(),
            flows: RefCell::default(),
        }
    }

    /// Returns the cells of a column in its own unit; NULL where the cell is not a number.
    ///
    /// # Errors
    /// If a row's CHECKs cannot be satisfied.
    pub fn numbers(&self, c: usize) -> Result<NumberColumn, RowError> {
        if let Some(known) = self.numbers.borrow().get(&c) {
            return Ok(known.clone());
        }
        let made = self.with_edges(c, self.make(c)?);
        let made = Rc::new(self.where_present(c, made)?);
        self.numbers.borrow_mut().insert(c, made.clone());
        Ok(made)
    }

    /// Replaces the cells of rows with edge cases, but not NULLs.
    fn with_edges(&self, c: usize, numbers: Nullable<i64>) -> Nullable<i64> {
        let column = &self.table.columns[c];
        let (Some(unit), None, Some(edges)) = (column.unit, column.group, &column.edges) else { return numbers };
        let cell = |(&row, number): (&u64, Option<i64>)| match edges.at(row) {
            Some(edge) => number.and_then(|_| unit.number(edge)),
            None => number,
        };
        self.rows.iter().zip(numbers.iter()).map(cell).collect()
    }

    /// Replaces the cells of rows in which the column has no value, by its presence rule.
    fn where_present(&self, c: usize, numbers: Nullable<i64>) -> Result<Nullable<i64>, RowError> {
        let column = &self.table.columns[c];
        let (Some(unit), None, Some(_)) = (column.unit, column.group, &column.presence) else { return Ok(numbers) };
        let cell = |(&row, number): (&u64, Option<i64>)| {
            let attempt = self.table.attempt(row);
            let present = self.generator.is_present(self.t, c, row, attempt)?;
            Ok(if present { number } else { unit.number(&self.table.absent(c, row, attempt)) })
        };
        let cells = self.rows.iter().zip(numbers.iter()).map(cell).collect::<Result<Vec<Option<i64>>, RowError>>()?;
        Ok(cells.into_iter().collect())
    }

    fn make(&self, c: usize) -> Result<Nullable<i64>, RowError> {
        let column = &self.table.columns[c];
        let Some(unit) = column.unit else { return Ok(self.rows.iter().map(|_| None).collect()) };
        match (&column.rule, column.group) {
            (_, Some((g, place))) => self.solved(c, g, place, unit),
            (RuleGen::Law(law), None) => match &law.law {
                Law::Number { expr, least, most } => {
                    let (made, scale) = self.eval(c, expr)?;
                    let to = unit.scale();
                    let made = made.map(|n| unit::rescaled(n, scale, to).clamp(*least, *most));
                    Ok(self.with_nulls(column, made))
                }
                Law::Expression { .. } => {
                    let made = self.expression(c, &law.law)?.iter().map(|v| unit.number(v)).collect();
                    Ok(self.with_nulls(column, made))
                }
                Law::Copy { .. }
                | Law::Slug { .. }
                | Law::Text { .. }
                | Law::StatusPath { .. }
                | Law::Among { .. }
                | Law::Side { .. }
                | Law::Named { .. }
                | Law::Attribute { .. }
                | Law::Names { .. } => self.cells(c, unit),
                Law::Moment { .. } => {
                    let made = self.kept(c, unit)?;
                    Ok(self.with_nulls(column, made))
                }
                Law::Drawn(_) => match law.drawn.as_ref().filter(|drawn| drawn.is_numbers()) {
                    Some(drawn) => Ok(self.with_nulls(column, self.drawn(c, drawn))),
                    None => self.cells(c, unit),
                },
            },
            (RuleGen::Draw(_), None) => {
                let own = self.own(c, unit)?;
                Ok(self.with_nulls(column, own))
            }
            (RuleGen::Foreign { foreign, .. }, None) => {
                let (foreign, parents) = (*foreign, self.parents(*foreign)?);
                let f = &self.table.foreign[foreign];
                match column.is_of(foreign) {
                    Some(position) if f.existing_keys.is_empty() => {
                        let known = parents.frame.numbers(f.parent_columns[position])?;
                        Ok(parents.each(&known))
                    }
                    _ => self.cells(c, unit),
                }
            }
            _ => self.cells(c, unit),
        }
    }

    /// Returns the number of rows in which a law of numbers gives less than the column's bounds allow, and more.
    fn cut(&self, c: usize) -> Result<[u64; 2], RowError> {
        let column = &self.table.columns[c];
        let (RuleGen::Law(law), None, Some(unit)) = (&column.rule, column.group, column.unit) else {
            return Ok([0; 2]);
        };
        let Law::Number { expr, least, most } = &law.law else { return Ok([0; 2]) };
        let (made, scale) = self.eval(c, expr)?;
        let made = made.iter().flatten().map(|n| unit::rescaled(n, scale, unit.scale()));
        Ok(made.fold([0; 2], |[below, above], n| [below + u64::from(n < *least), above + u64::from(n > *most)]))
    }

    /// Applies the column's `null_share`.
    fn with_nulls(&self, column: &ColumnGen, numbers: Nullable<i64>) -> Nullable<i64> {
        if column.null_below == 0 {
            return numbers;
        }
        let null = |row| column.null_stream.at(row, 0) < column.null_below;
        self.rows.iter().zip(numbers.iter()).map(|(&row, n)| n.filter(|_| !null(row))).collect()
    }

    /// Returns the values that the column would draw without a law, before its `null_share` is applied.
    fn own(&self, c: usize, unit: NumericUnit) -> Result<Nullable<i64>, RowError> {
        let column = &self.table.columns[c];
        let rule = if let RuleGen::Law(law) = &column.rule { &law.own } else { &column.rule };
        let RuleGen::Draw(domain) = rule else { return self.cells(c, unit) };
        let streams = || self.rows.iter().map(|&row| self.stream(column, row));
        let same = domain.range().is_some_and(|(kind, ..)| unit == NumericUnit::Kind(kind));
        Ok(match domain.span().filter(|_| same) {
            Some(span) => span.draw_each(streams()).into(),
            None => streams().map(|mut rng| unit.number(&domain.draw(&mut rng))).collect(),
        })
    }

    #[inline]
    fn stream(&self, column: &ColumnGen, row: u64) -> CellRng {
        CellRng::of_cell(column.stream.at(row, self.table.attempt(row)))
    }

    /// Returns a column of a group, solved for all rows at once if these are consecutive.
    fn solved(&self, c: usize, g: usize, place: usize, unit: NumericUnit) -> Result<Nullable<i64>, RowError> {
        // There are no parent rows if all rows refer to existing rows.
        let Some(&first) = self.rows.first() else { return self.cells(c, unit) };
        let len = self.rows.len() as u64;
        let in_order = self.rows.iter().zip(first..).all(|(&row, i)| row == i);
        if in_order
            && len > 1
            && let Some(mut columns) = self.generator.group_numbers(self.t, g, first..first + len)
            && NumericUnit::Kind(columns[place].kind) == unit
        {
            return Ok(columns.swap_remove(place).numbers);
        }
        self.cells(c, unit)
    }

    /// Slow path: converts each cell from a value.
    fn cells(&self, c: usize, unit: NumericUnit) -> Result<Nullable<i64>, RowError> {
        let cell = |&row: &u64| Ok(unit.number(&self.generator.cell(self.t, c, row)?));
        self.rows.iter().map(cell).collect::<Result<Vec<Option<i64>>, RowError>>().map(|v| v.into_iter().collect())
    }

    /// Returns the rows that a foreign key refers to.
    fn parents(&self, foreign: usize) -> Result<Rc<Parents<'g>>, RowError> {
        if let Some(known) = self.parents.borrow().get(&foreign) {
            return Ok(known.clone());
        }
        let f = &self.table.foreign[foreign];
        let existing_count = f.existing_keys.len() as u64;
        let mut rows: Vec<u64> = Vec::new();
        let pick = |row: u64| {
            let none = self.generator.foreign_is_null(self.t, foreign, row);
            let parent = self.generator.parent_row(self.t, foreign, row, self.table.attempt(row));
            parent.filter(|_| !none).and_then(|p| p.checked_sub(existing_count))
        };
        let mut at = |parent: u64| {
            if rows.last() != Some(&parent) {
                rows.push(parent);
            }
            (rows.len() - 1) as u32
        };
        let at = self.rows.iter().map(|&row| pick(row).map(&mut at)).collect();
        let parent = f.parent.expect("a law reads the rows of a planned parent");
        let made = Rc::new(Parents { frame: Frame::new(self.generator, parent, rows), at });
        self.parents.borrow_mut().insert(foreign, made.clone());
        Ok(made)
    }
}

impl Parents<'_> {
    /// Returns a column of the parents, one cell for each child.
    fn each(&self, column: &Nullable<i64>) -> Nullable<i64> {
        match (self.at.nulls(), column.nulls()) {
            (None, None) => self.at.values().iter().map(|&i| column.values()[i as usize]).collect::<Vec<i64>>().into(),
            _ => self.at.iter().map(|i| column.get(i? as usize)).collect(),
        }
    }
}

impl Generator {
    /// Returns a column's cells of a list of rows. Numbers that laws compute are computed for all rows at once.
    ///
    /// # Errors
    /// If a row's CHECKs cannot be satisfied.
    pub fn cells_of(&self, t: usize, c: usize, rows: Vec<u64>) -> Result<Vec<Value>, RowError> {
        let column = &self.table(t).columns[c];
        match (&column.rule, column.unit) {
            (RuleGen::Law(law), Some(unit)) if column.group.is_none() && law.gives_numbers() => {
                let numbers = Frame::new(self, t, rows).numbers(c)?;
                Ok(numbers.iter().map(|n| n.map_or(Value::Null, |n| unit.value(n))).collect())
            }
            _ => rows.into_iter().map(|row| self.cell(t, c, row)).collect(),
        }
    }

    /// Returns for each of these columns the number of rows in which its law of numbers gives less than the column's
    /// bounds allow, and more.
    ///
    /// # Errors
    /// If a row's CHECKs cannot be satisfied.
    pub fn cut(&self, t: usize, columns: &[usize], rows: Vec<u64>) -> Result<Vec<[u64; 2]>, RowError> {
        let frame = Frame::new(self, t, rows);
        columns.iter().map(|&c| frame.cut(c)).collect()
    }

    /// Returns the cell that a law computes, before `null_share` is applied.
    pub fn lawful(&self, t: usize, c: usize, row: u64, attempt: u32, law: &LawGen) -> Result<Value, RowError> {
        let column = &self.table(t).columns[c];
        match &law.law {
            Law::Number { .. } | Law::Moment { .. } => {
                let number = Frame::new(self, t, vec![row]).numbers(c)?.get(0);
                Ok(number.zip(column.unit).map_or(Value::Null, |(n, unit)| unit.value(n)))
            }
            Law::Expression { .. } => {
                let mut made = Frame::new(self, t, vec![row]).expression(c, &law.law)?;
                Ok(made.pop().unwrap_or(Value::Null))
            }
            Law::Drawn(_) => match &law.drawn {
                Some(drawn) => self.drawn_value((t, c), (row, attempt), law, drawn),
                None => self.by_rule(t, c, &law.own, row, attempt),
            },
            Law::Attribute { by, .. } => match self.overridden_attribute((t, c), (row, attempt), *by, law)? {
                Some(value) => Ok(value),
                None => self.by_rule(t, c, &law.own, row, attempt),
            },
            Law::Names { names, attribute, most, numbered } => {
                match self.made_of_names((t, c), (row, attempt), names, (*attribute, *most, *numbered))? {
                    Some(value) => Ok(value),
                    None => self.by_rule(t, c, &law.own, row, attempt),
                }
            }
            Law::Slug { of, most, numbered } => {
                let text = self.cell(t, *of, row)?.to_string();
                Ok(Value::Text(slug::slug(&text, *most, numbered.map(|n| n + row + 1))))
            }
            Law::Named { of, words } => {
                let text = self.cell(t, *of, row)?.to_string().to_lowercase();
                let all = || text.split(|c: char| !c.is_alphanumeric());
                match words.iter().find(|(word, _)| all().any(|w| w == word)) {
                    Some((_, own)) => Ok(Value::Text(own.clone())),
                    None => self.by_rule(t, c, &law.own, row, attempt),
                }
            }
            Law::Text { by, cases } => match self.cell(t, *by, row)? {
                Value::Text(text) if let Some((_, own)) = cases.iter().find(|(of, _)| *of == text) => {
                    Ok(Value::Text(own.clone()))
                }
                _ => self.by_rule(t, c, &law.own, row, attempt),
            },
            Law::Side { flow, ins, outs } => {
                let frame = Frame::new(self, t, vec![row]);
                let texts = if frame.flow_of(flow, row).is_in() { ins } else { outs };
                Ok(Value::Text(flow::text(texts, frame.stream(column, row)).to_owned()))
            }
            Law::StatusPath { foreign, column, before, nullable, paths } => {
                match self.of_status_path((t, row), (*foreign, *column), (*before, *nullable), paths)? {
                    Some(None) if *nullable => Ok(Value::Null),
                    Some(Some(status)) => Ok(Value::Text(status.to_owned())),
                    Some(None) | None => self.by_rule(t, c, &law.own, row, attempt),
                }
            }
            Law::Among { foreign, column, cases } => {
                let own = self.by_rule(t, c, &law.own, row, attempt)?;
                let Some((parent, p)) = self.planned_parent(t, *foreign, row) else { return Ok(own) };
                let (Value::Text(status), Value::Text(text)) = (self.cell(parent, *column, p)?, &own) else {
                    return Ok(own);
                };
                match cases.iter().find(|(of, _)| *of == status) {
                    Some((_, allowed)) if !allowed.contains(text) => {
                        Ok(allowed.first().map_or(own, |instead| Value::Text(instead.clone())))
                    }
                    _ => Ok(own),
                }
            }
            Law::Copy { foreign, column, nullable, up } => match self.copied_row(t, *foreign, up, row) {
                Some((parent, p)) => match self.cell(parent, *column, p)? {
                    Value::Null if !nullable => self.by_rule(t, c, &law.own, row, attempt),
                    value => Ok(value),
                },
                None => self.by_rule(t, c, &law.own, row, attempt),
            },
        }
    }

    /// Returns the generated row that is copied: the parent, or the row that a path leads up to from there.
    pub(crate) fn copied_row(&self, t: usize, foreign: usize, up: &[FkStep], row: u64) -> Option<(usize, u64)> {
        let parent = self.planned_parent(t, foreign, row)?;
        up.iter().try_fold(parent, |(_, row), step| self.planned_parent(step.table, step.foreign, row))
    }

    /// Returns the generated row that a foreign key refers to: its table and row number.
    pub fn planned_parent(&self, t: usize, foreign: usize, row: u64) -> Option<(usize, u64)> {
        let table = self.table(t);
        let f = &table.foreign[foreign];
        if self.foreign_is_null(t, foreign, row) {
            return None;
        }
        let p = self.parent_row(t, foreign, row, table.attempt(row))?;
        Some((f.parent?, p.checked_sub(f.existing_keys.len() as u64)?))
    }
}
