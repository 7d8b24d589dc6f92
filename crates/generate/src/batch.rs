//! Rows `[a, b)` of a table as one Arrow record batch.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::arrow::{ColumnBuilder, ConvertError};
use super::generator::{ArithmeticSequence, ColumnGen, Generator, RowError, RuleGen, TableGen};
use super::law::Frame;
use dbmocker_core::rng_stream::{CellRng, row_hash};
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::of_units;
use dbmocker_domain::{Lines, RangeKind, Sampler};
use dbmocker_predicate::SolvedNumbers;

mod keys;
mod law_columns;
mod presence;

/// The reason why a batch was not generated.
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
    /// Generates rows `rows` of table `t`. The values do not depend on how the table is divided into batches.
    ///
    /// # Errors
    /// If a row's CHECKs cannot be satisfied, or a value does not fit its column.
    pub fn batch(&self, t: usize, rows: Range<u64>) -> Result<RecordBatch, GenerateError> {
        let table = self.table(t);
        self.batch_with(t, rows, &(0..table.sent.len()).collect::<Vec<_>>(), table.schema.clone())
    }

    /// As [`Generator::batch`], but only these fields of the table's schema; columns that they do not depend on are not
    /// generated.
    ///
    /// # Errors
    /// As [`Generator::batch`], and if a field's index is out of range.
    pub fn batch_of(&self, t: usize, rows: Range<u64>, fields: &[usize]) -> Result<RecordBatch, GenerateError> {
        let table = self.table(t);
        let failed = |error| GenerateError::Arrow { table: table.label.clone(), error };
        let schema = table.schema.project(fields).map_err(failed)?;
        self.batch_with(t, rows, fields, Arc::new(schema))
    }

    fn batch_with(
        &self,
        t: usize,
        rows: Range<u64>,
        fields: &[usize],
        schema: SchemaRef,
    ) -> Result<RecordBatch, GenerateError> {
        let table = self.table(t);
        let mut work = BatchWork::new(self, t, rows);
        let arrays = fields.iter().map(|&i| work.column(table.sent[i], i)).collect::<Result<Vec<ArrayRef>, _>>()?;
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(work.len()));
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|error| GenerateError::Arrow { table: table.label.clone(), error })
    }
}

/// State that several columns of a batch share: solved groups and foreign keys.
struct BatchWork<'a> {
    generator: &'a Generator,
    t: usize,
    table: &'a TableGen,
    rows: Range<u64>,
    groups: Vec<Option<SolvedColumns>>,
    /// Columns of foreign keys that were generated together with another column of the same key.
    made: Vec<Option<ArrayRef>>,
    /// Each row's contribution to the random streams of its cells; computed on first use.
    hashes: Vec<u64>,
    /// Intermediate results of laws over these rows; created on first use.
    frame: Option<Frame<'a>>,
    /// For each column on which the presence of others depends: the index of its value in each row.
    deciders: BTreeMap<usize, Vec<usize>>,
}

/// The values of a group of coupled columns for all rows.
enum SolvedColumns {
    Rows(Vec<Vec<Value>>),
    Columns(Vec<SolvedNumbers>),
}

impl<'a> BatchWork<'a> {
    fn new(generator: &'a Generator, t: usize, rows: Range<u64>) -> Self {
        let table = generator.table(t);
        let (groups, made) = (table.groups.iter().map(|_| None).collect(), vec![None; table.columns.len()]);
        let deciders = BTreeMap::new();
        BatchWork { generator, t, table, rows, groups, made, hashes: Vec::new(), frame: None, deciders }
    }

    fn len(&self) -> usize {
        (self.rows.end - self.rows.start) as usize
    }

    fn hashes(&mut self) -> &[u64] {
        if self.hashes.is_empty() {
            self.hashes = self.rows.clone().map(|row| row_hash(row, self.table.attempt(row))).collect();
        }
        &self.hashes
    }

    fn column(&mut self, c: usize, field: usize) -> Result<ArrayRef, GenerateError> {
        let mut array = self.complete(c, field)?;
        if self.table.columns[c].edges.is_some() && self.table.columns[c].group.is_none() {
            array = self.with_edges(c, field, &array)?;
        }
        if self.table.columns[c].presence.is_some() && self.table.columns[c].group.is_none() {
            return self.where_present(c, field, &array);
        }
        Ok(array)
    }

    /// Generates a column without regard to presence: other columns may still make some of its cells NULL.
    fn complete(&mut self, c: usize, field: usize) -> Result<ArrayRef, GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let column = &table.columns[c];
        if let (RuleGen::Foreign { foreign, .. }, None) = (&column.rule, column.group) {
            if self.made[c].is_none() {
                self.foreign(*foreign)?;
            }
            return Ok(self.made[c].take().expect("made with the other columns of its key"));
        }
        if let (RuleGen::Law(law), None) = (&column.rule, column.group) {
            return self.lawful(c, field, law);
        }
        let mut out = ColumnBuilder::with_capacity(table.schema.field(field), self.len()).map_err(convert)?;
        if let Some((g, place)) = column.group {
            let data_type = table.schema.field(field).data_type();
            match self.solved(g)? {
                SolvedColumns::Rows(rows) => rows.iter().try_for_each(|row| out.append(&row[place])),
                SolvedColumns::Columns(columns) => append_numbers(&columns[place], data_type, &mut out),
            }
            .map_err(convert)?;
            return Ok(out.finish());
        }
        if matches!(column.rule, RuleGen::AnyOf { .. } | RuleGen::Tree { .. }) {
            for row in self.rows.clone() {
                out.append(&self.generator.proposed(self.t, c, row, table.attempt(row))?).map_err(convert)?;
            }
            return Ok(out.finish());
        }
        let direct = DirectColumn::of(table, c, table.schema.field(field).data_type()).expect("no group, no parent");
        direct.fill(self.rows.clone(), self.hashes(), &mut out).map_err(convert)?;
        Ok(out.finish())
    }

    /// Returns the solved rows of a group; solves them on first use.
    fn solved(&mut self, g: usize) -> Result<&SolvedColumns, GenerateError> {
        if self.groups[g].is_none() {
            let solve = |row| self.generator.group(self.t, g, row, self.table.attempt(row));
            self.groups[g] = Some(match self.generator.group_numbers(self.t, g, self.rows.clone()) {
                Some(columns) => SolvedColumns::Columns(columns),
                None => SolvedColumns::Rows(self.rows.clone().map(solve).collect::<Result<_, RowError>>()?),
            });
        }
        Ok(self.groups[g].as_ref().expect("just solved"))
    }
}

/// A column whose cells depend on no other cells.
struct DirectColumn<'a> {
    table: &'a TableGen,
    column: &'a ColumnGen,
    rule: &'a RuleGen,
    write_path: WritePath,
}

/// How a domain's values are written to an array of one type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WritePath {
    /// As text, written in place.
    Text,
    /// As a number in the array's own unit.
    Number,
    Value,
}

impl WritePath {
    fn of(domain: &Sampler, data_type: &DataType, drawn: bool) -> Self {
        if *data_type == DataType::Utf8 {
            return if drawn || domain.is_text() { WritePath::Text } else { WritePath::Value };
        }
        let Some((kind, lowest, highest)) = domain.range() else { return WritePath::Value };
        if same_unit(kind, (lowest, highest), data_type) { WritePath::Number } else { WritePath::Value }
    }
}

/// Returns the numbers of a sequence, if the array's type is numeric and all of them fit 64 bits.
fn numbers_of(count: ArithmeticSequence, rows: u64, data_type: &DataType) -> Option<impl Fn(u64) -> i64 + use<>> {
    let whole = matches!(data_type, DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt64);
    i64::try_from(count.at(rows)).ok()?;
    let step = i64::try_from(count.step).ok()?;
    let first = i64::try_from(count.start).ok().filter(|_| whole)?;
    Some(move |row: u64| first + row as i64 * step)
}

/// Returns true if numbers of this kind, within these bounds, are in the array's own unit.
fn same_unit(kind: RangeKind, (lowest, highest): (i128, i128), data_type: &DataType) -> bool {
    let within = |lo: i128, hi: i128| lo <= lowest && highest <= hi;
    match (kind, data_type) {
        (RangeKind::Int, DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt64) => true,
        (RangeKind::Decimal { scale }, DataType::Decimal128(_, s)) => i32::from(scale) == i32::from(*s),
        (RangeKind::Date, DataType::Date32) => within(i32::MIN.into(), i32::MAX.into()),
        (RangeKind::Time, DataType::Time64(_)) | (RangeKind::Timestamp, DataType::Timestamp(..)) => {
            within(i64::MIN.into(), i64::MAX.into())
        }
        _ => false,
    }
}

fn append_numbers(column: &SolvedNumbers, data_type: &DataType, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
    let (lowest, highest) = column.reach;
    if same_unit(column.kind, (lowest.into(), highest.into()), data_type) {
        return out.append_numbers(&column.numbers);
    }
    let value = |n: Option<i64>| n.map_or(Value::Null, |n| of_units(column.kind, n.into()));
    column.numbers.iter().map(value).try_for_each(|value| out.append(&value))
}

impl<'a> DirectColumn<'a> {
    fn of(table: &'a TableGen, column: usize, data_type: &DataType) -> Option<Self> {
        let found = &table.columns[column];
        if found.group.is_some() { None } else { DirectColumn::by_rule(table, column, &found.rule, data_type) }
    }

    /// Creates the column from its rule.
    fn by_rule(table: &'a TableGen, column: usize, rule: &'a RuleGen, data_type: &DataType) -> Option<Self> {
        let column = &table.columns[column];
        let write_path = match rule {
            RuleGen::Foreign { .. } | RuleGen::Law(_) | RuleGen::AnyOf { .. } | RuleGen::Tree { .. } => return None,
            RuleGen::Null
            | RuleGen::Constant(_)
            | RuleGen::Fixed(_)
            | RuleGen::Listed { .. }
            | RuleGen::Sequence(_) => WritePath::Value,
            RuleGen::CorrelatedColumn { writer_of_attribute, .. } if writer_of_attribute.is_number() => {
                WritePath::Value
            }
            RuleGen::CorrelatedColumn { .. } => WritePath::Text,
            RuleGen::Draw(domain) => WritePath::of(domain, data_type, true),
            RuleGen::Unique { domain, .. } | RuleGen::Component { domain, .. } => {
                WritePath::of(domain, data_type, false)
            }
        };
        Some(DirectColumn { table, column, rule, write_path })
    }

    /// Appends these rows; conditions that are the same for all rows are evaluated once.
    fn fill(&self, rows: Range<u64>, hashes: &[u64], out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        match self.rule {
            RuleGen::Draw(domain) => self.fill_drawn(domain, rows, hashes, out),
            RuleGen::Component { domain, composite_key, place } if self.column.null_below == 0 => {
                let digits = self.table.digits(*composite_key, *place, rows);
                let first = digits.iter().max().and_then(|&last| domain.in_order(last));
                match (self.write_path, first) {
                    (WritePath::Number, Some(first)) => {
                        let numbers: Vec<i64> = digits.into_iter().map(|d| first + d as i64).collect();
                        out.append_numbers(&numbers.into())
                    }
                    _ => digits.into_iter().try_for_each(|digit| self.numbered(domain, digit, out)),
                }
            }
            RuleGen::Sequence(count) if self.column.null_below == 0 => {
                match numbers_of(*count, self.table.rows, out.data_type()) {
                    Some(number) => out.append_numbers(&rows.map(number).collect::<Vec<i64>>().into()),
                    None => rows.into_iter().try_for_each(|row| self.put(row, out)),
                }
            }
            RuleGen::CorrelatedColumn { writer_of_attribute, entity, numbered }
                if self.write_path == WritePath::Text =>
            {
                rows.zip(hashes).try_for_each(|(row, &hash)| match self.stream(row, hash) {
                    Some(mut rng) => {
                        let number = numbered.map(|n| n.saturating_add(row));
                        let word = entity.of_row(hash);
                        out.append_written(|text| writer_of_attribute.write(word, &mut rng, number, text))
                    }
                    None => out.append(&Value::Null),
                })
            }
            _ => rows.into_iter().try_for_each(|row| self.put(row, out)),
        }
    }

    /// Appends these rows of a drawn column.
    fn fill_drawn(
        &self,
        domain: &Sampler,
        rows: Range<u64>,
        hashes: &[u64],
        out: &mut ColumnBuilder,
    ) -> Result<(), ConvertError> {
        let streams = rows.clone().zip(hashes).map(|(row, &hash)| self.stream(row, hash));
        match (self.write_path, domain.span(), domain.lines()) {
            (WritePath::Number, Some(span), _) if self.column.null_below == 0 => {
                let streams = hashes.iter().map(|&hash| CellRng::of_cell(self.column.stream.of_row(hash)));
                out.append_numbers(&span.draw_each(streams).into())
            }
            (WritePath::Number, Some(span), _) => {
                out.append_numbers(&streams.map(|rng| Some(span.draw(&mut rng?))).collect())
            }
            (WritePath::Text, _, Some(Lines::Choice(texts))) => out.append_lines(streams, &texts),
            (WritePath::Text, _, Some(Lines::Word(texts))) => out.append_lines(streams, &texts),
            (WritePath::Text, _, Some(Lines::Letters(texts))) => out.append_lines(streams, &texts),
            (WritePath::Text, _, Some(Lines::Prose(texts))) => out.append_lines(streams, &texts),
            (WritePath::Text, _, Some(Lines::Template(texts))) => out.append_lines(streams, &texts),
            (WritePath::Text, _, None) => streams.into_iter().try_for_each(|rng| match rng {
                Some(mut rng) => out.append_written(|text| domain.draw_text(&mut rng, text)),
                None => out.append(&Value::Null),
            }),
            _ => rows.into_iter().try_for_each(|row| self.put(row, out)),
        }
    }

    /// Returns the random stream of a drawn cell; `None` if its `null_share` makes it NULL.
    #[inline]
    fn stream(&self, row: u64, hash: u64) -> Option<CellRng> {
        let c = self.column;
        let null = c.null_below > 0 && c.null_stream.at(row, 0) < c.null_below;
        (!null).then(|| CellRng::of_cell(c.stream.of_row(hash)))
    }

    #[inline]
    fn put(&self, row: u64, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        let c = self.column;
        if c.null_below > 0 && c.null_stream.at(row, 0) < c.null_below {
            return out.append(&Value::Null);
        }
        match self.rule {
            RuleGen::Constant(value) => out.append(value),
            RuleGen::Fixed(values) => out.append(&values[row as usize]),
            RuleGen::Listed { values, rows } => out.append(&values[rows.at(row, self.table.attempt(row))]),
            RuleGen::Sequence(count) => out.append_i128(count.at(row)),
            RuleGen::Draw(domain) => {
                let mut rng = CellRng::of_cell(c.stream.at(row, self.table.attempt(row)));
                match self.write_path {
                    WritePath::Text => out.append_written(|text| domain.draw_text(&mut rng, text)),
                    WritePath::Number => match domain.draw_number(&mut rng) {
                        Some(n) => out.append_raw(n),
                        None => out.append(&Value::Null),
                    },
                    WritePath::Value => out.append(&domain.draw(&mut rng)),
                }
            }
            RuleGen::Unique { domain, places } => match places.at(c.stream, row, self.table.attempt(row)) {
                Some(i) => self.numbered(domain, i, out),
                None => out.append(&Value::Null),
            },
            RuleGen::Component { domain, composite_key, place } => {
                self.numbered(domain, self.table.digit(*composite_key, *place, row), out)
            }
            RuleGen::CorrelatedColumn { writer_of_attribute, entity, numbered } => {
                let hash = row_hash(row, self.table.attempt(row));
                let mut rng = CellRng::of_cell(c.stream.of_row(hash));
                if self.write_path == WritePath::Value {
                    return out
                        .append(&writer_of_attribute.number(entity.of_row(hash), &mut rng).unwrap_or(Value::Null));
                }
                let number = numbered.map(|n| n.saturating_add(row));
                out.append_written(|text| writer_of_attribute.write(entity.of_row(hash), &mut rng, number, text))
            }
            // Rules that read other cells are never direct.
            RuleGen::Null
            | RuleGen::Foreign { .. }
            | RuleGen::Law(_)
            | RuleGen::AnyOf { .. }
            | RuleGen::Tree { .. } => out.append(&Value::Null),
        }
    }

    /// Appends value number `i` of the domain.
    #[inline]
    fn numbered(&self, domain: &Sampler, i: u64, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        let i = u128::from(i);
        match (self.write_path, domain.number(i)) {
            (WritePath::Text, _) => out.append_written(|text| domain.value_text(i, text)),
            (WritePath::Number, Some(n)) => out.append_raw(n),
            _ => out.append(&domain.value(i)),
        }
    }
}
