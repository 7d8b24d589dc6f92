//! Rows `[a, b)` of a table as one Arrow record batch.

use std::ops::Range;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::arrow::{ColumnBuilder, ConvertError};
use super::table::{ColumnGen, Generator, RowError, RuleGen, TableGen};
use crate::domain::{RangeKind, Sampler};
use crate::stream::CellRng;
use crate::value::Value;

/// Why a batch could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("`{table}`: {error}")]
    Convert { table: String, error: ConvertError },
    #[error("`{table}`: generating a part stopped with a panic; please report it")]
    Panicked { table: String },
    #[error("`{table}`: {error}")]
    Arrow { table: String, error: arrow::error::ArrowError },
}

impl Generator {
    /// Rows `rows` of table `t`: the same values however the table is cut.
    ///
    /// # Errors
    /// If a row's CHECKs cannot be met, or a value does not fit its column.
    pub fn batch(&self, t: usize, rows: Range<u64>) -> Result<RecordBatch, GenerateError> {
        let table = self.table(t);
        let mut work = Work::new(self, t, rows);
        let arrays = table.sent.iter().enumerate();
        let arrays = arrays.map(|(i, &c)| work.column(c, i)).collect::<Result<Vec<ArrayRef>, _>>()?;
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(work.len()));
        RecordBatch::try_new_with_options(table.schema.clone(), arrays, &options)
            .map_err(|error| GenerateError::Arrow { table: table.label.clone(), error })
    }
}

/// What several columns of a batch share: solved groups and foreign keys.
struct Work<'a> {
    generator: &'a Generator,
    t: usize,
    table: &'a TableGen,
    rows: Range<u64>,
    groups: Vec<Option<Vec<Vec<Value>>>>,
    /// Columns of foreign keys, made together with another one of the same key.
    made: Vec<Option<ArrayRef>>,
}

impl<'a> Work<'a> {
    fn new(generator: &'a Generator, t: usize, rows: Range<u64>) -> Self {
        let table = generator.table(t);
        let (groups, made) = (vec![None; table.groups.len()], vec![None; table.columns.len()]);
        Work { generator, t, table, rows, groups, made }
    }

    fn len(&self) -> usize {
        (self.rows.end - self.rows.start) as usize
    }

    fn column(&mut self, c: usize, field: usize) -> Result<ArrayRef, GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let column = &table.columns[c];
        if let (RuleGen::Foreign { foreign, .. }, None) = (&column.rule, column.group) {
            if self.made[c].is_none() {
                self.foreign(*foreign)?;
            }
            return Ok(self.made[c].take().expect("made with the other columns of its key"));
        }
        let mut out = ColumnBuilder::with_capacity(table.schema.field(field), self.len()).map_err(convert)?;
        if let Some((g, place)) = column.group {
            for row in self.solved(g)? {
                out.append(&row[place]).map_err(convert)?;
            }
            return Ok(out.finish());
        }
        let direct = Direct::of(table, c, table.schema.field(field).data_type()).expect("no group, no parent");
        direct.fill(self.rows.clone(), &mut out).map_err(convert)?;
        Ok(out.finish())
    }

    /// The rows of a group, solved once.
    fn solved(&mut self, g: usize) -> Result<&[Vec<Value>], GenerateError> {
        if self.groups[g].is_none() {
            let solve = |row| self.generator.group(self.t, g, row, self.table.attempt(row));
            self.groups[g] = Some(self.rows.clone().map(solve).collect::<Result<_, RowError>>()?);
        }
        Ok(self.groups[g].as_deref().expect("just solved"))
    }

    /// Makes all columns of a foreign key row by row: what it takes to find a parent row is spent once.
    fn foreign(&mut self, foreign: usize) -> Result<(), GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let f = &table.foreign[foreign];
        let pooled = f.pool.len() as u64;
        let choose = |row| self.generator.parent_row(self.t, foreign, row, table.attempt(row));
        let parents: Vec<Option<u64>> = self.rows.clone().map(choose).collect();
        let mut columns = Vec::new();
        for (field, &c) in table.sent.iter().enumerate() {
            match table.columns[c].rule {
                RuleGen::Foreign { foreign: of, position } if of == foreign && table.columns[c].group.is_none() => {
                    let field = table.schema.field(field);
                    let direct = f.parent.and_then(|p| {
                        Direct::of(self.generator.table(p), f.parent_columns[position], field.data_type())
                    });
                    let out = ColumnBuilder::with_capacity(field, self.len()).map_err(convert)?;
                    columns.push((c, position, direct, out));
                }
                _ => {}
            }
        }
        let mut text = String::new();
        let may_be_null = columns.iter().any(|(c, ..)| table.columns[*c].null_below > 0);
        for (row, parent) in self.rows.clone().zip(parents.iter()) {
            let null = may_be_null && self.generator.foreign_is_null(self.t, foreign, row);
            for (c, position, direct, out) in &mut columns {
                let parent = parent.filter(|_| !(null && table.columns[*c].null_below > 0));
                match (parent, direct) {
                    (None, _) => out.append_null(),
                    (Some(p), Some(direct)) if p >= pooled => {
                        direct.put(p - pooled, &mut text, out).map_err(convert)?
                    }
                    (Some(p), _) => {
                        let value = self.generator.parent_value(self.t, foreign, *position, p)?;
                        out.append(&value).map_err(convert)?;
                    }
                }
            }
        }
        for (c, _, _, out) in columns {
            self.made[c] = Some(out.finish());
        }
        Ok(())
    }
}

/// A column whose cells need no other cells: from the row number straight into an array, as
/// [`Generator::cell`](super::table::Generator::cell) gives them.
struct Direct<'a> {
    table: &'a TableGen,
    column: &'a ColumnGen,
    way: Way,
}

/// How a domain's values reach an array of one type.
#[derive(Clone, Copy)]
enum Way {
    /// Written into a buffer that is used again.
    Text,
    /// As a number in the array's own unit.
    Number,
    Value,
}

impl Way {
    fn of(domain: &Sampler, data_type: &DataType, drawn: bool) -> Self {
        if *data_type == DataType::Utf8 {
            return if drawn || domain.is_text() { Way::Text } else { Way::Value };
        }
        let Some((kind, lowest, highest)) = domain.range() else { return Way::Value };
        let within = |lo: i128, hi: i128| lo <= lowest && highest <= hi;
        let same_unit = match (kind, data_type) {
            (RangeKind::Int, DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt64) => true,
            (RangeKind::Decimal { scale }, DataType::Decimal128(_, s)) => i32::from(scale) == i32::from(*s),
            (RangeKind::Date, DataType::Date32) => within(i32::MIN.into(), i32::MAX.into()),
            (RangeKind::Time, DataType::Time64(_)) | (RangeKind::Timestamp, DataType::Timestamp(..)) => {
                within(i64::MIN.into(), i64::MAX.into())
            }
            _ => false,
        };
        if same_unit { Way::Number } else { Way::Value }
    }
}

impl<'a> Direct<'a> {
    fn of(table: &'a TableGen, column: usize, data_type: &DataType) -> Option<Self> {
        let column = &table.columns[column];
        let way = match &column.rule {
            _ if column.group.is_some() => return None,
            RuleGen::Foreign { .. } => return None,
            RuleGen::Null | RuleGen::Constant(_) | RuleGen::Given(_) | RuleGen::Sequence(_) => Way::Value,
            RuleGen::Draw(domain) => Way::of(domain, data_type, true),
            RuleGen::Unique { domain, .. } | RuleGen::Digit { domain, .. } => Way::of(domain, data_type, false),
        };
        Some(Direct { table, column, way })
    }

    /// All of these rows; what is the same for each is decided once.
    fn fill(&self, rows: Range<u64>, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        let mut text = String::new();
        let RuleGen::Draw(domain) = &self.column.rule else {
            return rows.into_iter().try_for_each(|row| self.put(row, &mut text, out));
        };
        match (self.way, domain.span()) {
            (Way::Number, Some(span)) => out.append_numbers(rows.map(|row| Some(span.draw(&mut self.stream(row)?)))),
            (Way::Text, _) if domain.is_choice_of_texts() => {
                rows.into_iter().try_for_each(|row| match self.stream(row) {
                    Some(mut rng) => out.append_text(domain.pick_text(&mut rng)),
                    None => out.append(&Value::Null),
                })
            }
            _ => rows.into_iter().try_for_each(|row| self.put(row, &mut text, out)),
        }
    }

    /// The random stream of a drawn cell; `None` where it is NULL by chance.
    #[inline]
    fn stream(&self, row: u64) -> Option<CellRng> {
        let c = self.column;
        let null = c.null_below > 0 && c.null_stream.at(row, 0) < c.null_below;
        (!null).then(|| CellRng::new(c.stream.at(row, self.table.attempt(row))))
    }

    #[inline]
    fn put(&self, row: u64, text: &mut String, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        let c = self.column;
        if c.null_below > 0 && c.null_stream.at(row, 0) < c.null_below {
            return out.append(&Value::Null);
        }
        match &c.rule {
            RuleGen::Constant(value) => out.append(value),
            RuleGen::Given(values) => out.append(&values[row as usize]),
            RuleGen::Sequence(start) => out.append_i128(start + i128::from(row)),
            RuleGen::Draw(domain) => {
                let mut rng = CellRng::new(c.stream.at(row, self.table.attempt(row)));
                match self.way {
                    Way::Text => {
                        text.clear();
                        domain.draw_text(&mut rng, text);
                        out.append_text(text)
                    }
                    Way::Number => match domain.draw_number(&mut rng) {
                        Some(n) => out.append_raw(n),
                        None => out.append(&Value::Null),
                    },
                    Way::Value => out.append(&domain.draw(&mut rng)),
                }
            }
            RuleGen::Unique { domain, size, first, permutation } => {
                match permutation.apply((first + row) % permutation.size()) {
                    i if i < *size => self.numbered(domain, i, text, out),
                    _ => out.append(&Value::Null),
                }
            }
            RuleGen::Digit { domain, share, place } => {
                self.numbered(domain, self.table.digit(*share, *place, row), text, out)
            }
            // A foreign key is never direct.
            RuleGen::Null | RuleGen::Foreign { .. } => out.append(&Value::Null),
        }
    }

    /// Value number `i` of the domain.
    #[inline]
    fn numbered(
        &self,
        domain: &Sampler,
        i: u64,
        text: &mut String,
        out: &mut ColumnBuilder,
    ) -> Result<(), ConvertError> {
        let i = u128::from(i);
        match (self.way, domain.number(i)) {
            (Way::Text, _) => {
                text.clear();
                domain.value_text(i, text);
                out.append_text(text)
            }
            (Way::Number, Some(n)) => out.append_raw(n),
            _ => out.append(&domain.value(i)),
        }
    }
}
