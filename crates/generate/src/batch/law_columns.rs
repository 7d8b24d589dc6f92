//! Columns whose laws compute them from other cells.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

use super::keys::{Direct, HOPS};
use super::{BatchWork, DirectColumn, GenerateError, same_unit};
use crate::arrow::{ColumnBuilder, ConvertError};
use crate::law::{DrawnGen, Frame, LawGen, NumericUnit, TextBuffers};
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::value::Value;
use dbmocker_plan::Law;

impl<'a> BatchWork<'a> {
    pub(super) fn lawful(&mut self, c: usize, field: usize, law: &'a LawGen) -> Result<ArrayRef, GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let field = table.schema.field(field);
        let mut out = ColumnBuilder::with_capacity(field, self.len()).map_err(convert)?;
        match (&law.law, table.columns[c].unit) {
            (Law::Number { .. } | Law::Moment { .. }, Some(unit)) => {
                let numbers = self.frame().numbers(c)?;
                append(&numbers, unit, field.data_type(), &mut out).map_err(convert)?;
            }
            (Law::Expression { .. }, _) => {
                let column = &table.columns[c];
                let null = |row| column.null_below > 0 && column.null_stream.at(row, 0) < column.null_below;
                let values = self.frame().expression(c, &law.law)?;
                for (row, value) in self.rows.clone().zip(&values) {
                    if null(row) {
                        out.append_null();
                    } else {
                        out.append(value).map_err(convert)?;
                    }
                }
            }
            (Law::Drawn(_), Some(unit)) if law.drawn.as_ref().is_some_and(|drawn| drawn.is_numbers()) => {
                let numbers = self.frame().numbers(c)?;
                append(&numbers, unit, field.data_type(), &mut out).map_err(convert)?;
            }
            (Law::Drawn(_), _)
                if *field.data_type() == DataType::Utf8
                    && let Some(drawn) = law.drawn.as_ref().filter(|drawn| drawn.is_text(&law.own)) =>
            {
                self.drawn_texts(c, law, drawn, &mut out).map_err(convert)?;
            }
            (
                Law::Slug { .. }
                | Law::Text { .. }
                | Law::StatusPath { .. }
                | Law::Among { .. }
                | Law::Side { .. }
                | Law::Named { .. }
                | Law::Attribute { .. }
                | Law::Names { .. }
                | Law::Drawn(_),
                _,
            ) => {
                for row in self.rows.clone() {
                    out.append(&self.generator.cell(self.t, c, row)?).map_err(convert)?;
                }
            }
            (Law::Copy { up, .. }, _) if !up.is_empty() => {
                for row in self.rows.clone() {
                    out.append(&self.generator.cell(self.t, c, row)?).map_err(convert)?;
                }
            }
            (Law::Copy { foreign, column, nullable, .. }, _) => {
                self.copied(c, *foreign, *column, *nullable, law, &mut out)?;
            }
            _ => (0..self.len()).for_each(|_| out.append_null()),
        }
        Ok(out.finish())
    }

    /// Texts of a learned or requested distribution, written one after the other.
    fn drawn_texts(
        &mut self,
        c: usize,
        law: &LawGen,
        drawn: &DrawnGen,
        out: &mut ColumnBuilder,
    ) -> Result<(), ConvertError> {
        let (table, rows) = (self.table, self.rows.clone());
        let column = &table.columns[c];
        let mut buffers = TextBuffers::default();
        for (row, &hash) in rows.zip(self.hashes()) {
            if column.null_below > 0 && column.null_stream.at(row, 0) < column.null_below {
                out.append(&Value::Null)?;
            } else {
                let cell = (row, table.attempt(row));
                out.append_text(drawn.text(&law.own, cell, column.stream.of_row(hash), &mut buffers))?;
            }
        }
        Ok(())
    }

    fn frame(&mut self) -> &Frame<'a> {
        let (generator, t, rows) = (self.generator, self.t, self.rows.clone());
        self.frame.get_or_insert_with(|| Frame::new(generator, t, rows.collect()))
    }

    /// Returns the cells of the parents; the column's own draw where there is no parent.
    fn copied(
        &self,
        c: usize,
        foreign: usize,
        column: usize,
        nullable: bool,
        law: &LawGen,
        out: &mut ColumnBuilder,
    ) -> Result<(), GenerateError> {
        let (generator, t, table) = (self.generator, self.t, self.table);
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let f = &table.foreign[foreign];
        let of = f.parent.expect("a law reads the rows of a planned parent");
        let copied = &generator.table(of).columns[column];
        let never_null = copied.null_below == 0 && copied.presence.is_none();
        let direct =
            if nullable || never_null { Direct::of(generator, of, column, out.data_type(), HOPS) } else { None };
        let own = DirectColumn::by_rule(table, c, &law.own, out.data_type());
        let null_below = table.columns[c].null_below;
        let parents = generator.parent_rows(t, foreign, self.rows.clone());
        for (row, parent) in self.rows.clone().zip(parents.iter()) {
            if null_below > 0 && table.columns[c].null_stream.at(row, 0) < null_below {
                out.append_null();
                continue;
            }
            let none = generator.foreign_is_null(t, foreign, row);
            let planned = parent.filter(|_| !none).and_then(|p| p.checked_sub(f.existing_keys.len() as u64));
            match (planned, &direct, &own) {
                (Some(p), Some(direct), _) => direct.put(p, out).map_err(convert)?,
                (None, _, Some(own)) => own.put(row, out).map_err(convert)?,
                _ => out.append(&generator.cell(t, c, row)?).map_err(convert)?,
            }
        }
        Ok(())
    }
}

/// Appends numbers in the column's own unit.
fn append(
    numbers: &Nullable<i64>,
    unit: NumericUnit,
    data_type: &DataType,
    out: &mut ColumnBuilder,
) -> Result<(), ConvertError> {
    if let NumericUnit::Kind(kind) = unit {
        let (lo, hi) = numbers.values().iter().fold((0, 0), |(lo, hi), &n| (n.min(lo), n.max(hi)));
        if same_unit(kind, (lo.into(), hi.into()), data_type) {
            return out.append_numbers(numbers);
        }
    }
    numbers.iter().map(|n| n.map_or(Value::Null, |n| unit.value(n))).try_for_each(|value| out.append(&value))
}
