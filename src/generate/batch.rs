//! Rows `[a, b)` of a table as one Arrow record batch.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::arrow::{ColumnBuilder, ConvertError};
use super::stream::CellRng;
use super::table::{Generator, RowError, RuleGen, TableGen};
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

/// What several columns of a batch share: solved groups and chosen parents.
struct Work<'a> {
    generator: &'a Generator,
    t: usize,
    table: &'a TableGen,
    rows: Range<u64>,
    groups: Vec<Option<Vec<Vec<Value>>>>,
    /// For each foreign key: the parent row of each row, `None` for NULL.
    parents: Vec<Option<Arc<Vec<Option<u64>>>>>,
}

impl<'a> Work<'a> {
    fn new(generator: &'a Generator, t: usize, rows: Range<u64>) -> Self {
        let table = generator.table(t);
        let (groups, parents) = (vec![None; table.groups.len()], vec![None; table.foreign.len()]);
        Work { generator, t, table, rows, groups, parents }
    }

    fn len(&self) -> usize {
        (self.rows.end - self.rows.start) as usize
    }

    fn column(&mut self, c: usize, field: usize) -> Result<ArrayRef, GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let mut out = ColumnBuilder::with_capacity(table.schema.field(field), self.len()).map_err(convert)?;
        let column = &table.columns[c];
        if let Some((g, place)) = column.group {
            for row in self.solved(g)? {
                out.append(&row[place]).map_err(convert)?;
            }
            return Ok(out.finish());
        }
        match &column.rule {
            RuleGen::Foreign { foreign, position } => {
                self.foreign(*foreign, *position, column.null_below > 0, &mut out)?
            }
            RuleGen::Sequence(start) => {
                self.rows.clone().try_for_each(|row| out.append_i128(start + i128::from(row))).map_err(convert)?;
            }
            RuleGen::Draw(domain) if *table.schema.field(field).data_type() == DataType::Utf8 => {
                let mut text = String::new();
                for row in self.rows.clone() {
                    if column.null_below > 0 && column.null_stream.at(row, 0) < column.null_below {
                        out.append_null();
                        continue;
                    }
                    text.clear();
                    domain.draw_text(&mut CellRng::new(column.stream.at(row, table.attempt(row))), &mut text);
                    out.append_text(&text).map_err(convert)?;
                }
            }
            _ => {
                for row in self.rows.clone() {
                    let value = self.generator.cells_at(self.t, &[c], row, table.attempt(row))?.swap_remove(0);
                    out.append(&value).map_err(convert)?;
                }
            }
        }
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

    fn parents(&mut self, foreign: usize) -> Arc<Vec<Option<u64>>> {
        if self.parents[foreign].is_none() {
            let choose = |row| self.generator.parent_row(self.t, foreign, row, self.table.attempt(row));
            self.parents[foreign] = Some(Arc::new(self.rows.clone().map(choose).collect()));
        }
        self.parents[foreign].clone().expect("just chosen")
    }

    fn foreign(
        &mut self,
        foreign: usize,
        position: usize,
        may_be_null: bool,
        out: &mut ColumnBuilder,
    ) -> Result<(), GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let f = &table.foreign[foreign];
        // The commonest parent key by far is a counted one: plain arithmetic.
        let counted = f.parent.filter(|_| f.pool.is_empty()).and_then(|p| {
            let column = &self.generator.table(p).columns[f.parent_columns[position]];
            match (&column.rule, column.group) {
                (RuleGen::Sequence(start), None) => Some(*start),
                _ => None,
            }
        });
        let parents = self.parents(foreign);
        for (row, parent) in self.rows.clone().zip(parents.iter()) {
            let parent = parent.filter(|_| !(may_be_null && self.generator.foreign_is_null(self.t, foreign, row)));
            match (parent, counted) {
                (None, _) => out.append_null(),
                (Some(p), Some(start)) => out.append_i128(start + i128::from(p)).map_err(convert)?,
                (Some(p), None) => {
                    out.append(&self.generator.parent_value(self.t, foreign, position, p)?).map_err(convert)?;
                }
            }
        }
        Ok(())
    }
}
