//! Columns of foreign keys: cells of the parent rows, also across several tables.

use arrow::datatypes::DataType;

use super::{BatchWork, DirectColumn, GenerateError, numbers_of};
use crate::arrow::{ColumnBuilder, ConvertError};
use crate::generator::{Generator, ParentAndOrdinal, RuleGen};
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::value::Value;

impl BatchWork<'_> {
    /// Generates all columns of a foreign key, so that each parent row is found once.
    pub(super) fn foreign(&mut self, foreign: usize) -> Result<(), GenerateError> {
        let table = self.table;
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let f = &table.foreign[foreign];
        let existing_count = f.existing_keys.len() as u64;
        let parents = self.generator.parent_rows(self.t, foreign, self.rows.clone());
        let mut found = self.generator.nothing_found(f.parent);
        for (field, &c) in table.sent.iter().enumerate() {
            let Some(position) = table.columns[c].is_of(foreign) else { continue };
            let field = table.schema.field(field);
            let direct = f
                .parent
                .and_then(|p| Direct::of(self.generator, p, f.parent_columns[position], field.data_type(), HOPS));
            let numbers = direct.as_ref().filter(|_| existing_count == 0);
            let numbers = numbers.and_then(|d| d.numbers(&parents, &mut found, field.data_type()));
            let mut out = ColumnBuilder::with_capacity(field, self.len()).map_err(convert)?;
            let nullable = table.columns[c].null_below > 0;
            let is_null = |row| nullable && self.generator.foreign_is_null(self.t, foreign, row);
            if let Some(mut numbers) = numbers {
                if nullable {
                    let shown = numbers.iter().zip(self.rows.clone()).map(|(n, row)| n.filter(|_| !is_null(row)));
                    numbers = shown.collect();
                }
                out.append_numbers(&numbers).map_err(convert)?;
            } else {
                for (row, parent) in self.rows.clone().zip(parents.iter()) {
                    match (parent.filter(|_| !is_null(row)), &direct) {
                        (None, _) => out.append_null(),
                        (Some(p), Some(direct)) if p >= existing_count => {
                            direct.put(p - existing_count, &mut out).map_err(convert)?
                        }
                        (Some(p), _) => {
                            let value = self.generator.parent_value(self.t, foreign, position, p)?;
                            out.append(&value).map_err(convert)?;
                        }
                    }
                }
            }
            self.made[c] = Some(out.finish());
        }
        Ok(())
    }
}

/// A column that needs no group: computed from the row number directly into an array, with the values of
/// [`Generator::cell`](crate::generator::Generator::cell).
pub(super) enum Direct<'a> {
    Own(DirectColumn<'a>),
    Key(ParentKeyColumn<'a>),
}

/// A column of a foreign key: the cell of the parent row.
pub(super) struct ParentKeyColumn<'a> {
    generator: &'a Generator,
    t: usize,
    foreign: usize,
    position: usize,
    nullable: bool,
    parent: Box<Direct<'a>>,
}

/// Keys inherited through more tables than this take the general path.
pub(super) const HOPS: usize = 6;

impl<'a> Direct<'a> {
    pub(super) fn of(
        generator: &'a Generator,
        t: usize,
        column: usize,
        data_type: &DataType,
        hops: usize,
    ) -> Option<Self> {
        let table = generator.table(t);
        if table.columns[column].presence.is_some() {
            return None;
        }
        let RuleGen::Foreign { foreign, position } = table.columns[column].rule else {
            return Some(Direct::Own(DirectColumn::of(table, column, data_type)?));
        };
        let (f, c) = (&table.foreign[foreign], &table.columns[column]);
        if c.group.is_some() || hops == 0 {
            return None;
        }
        let parent = Box::new(Direct::of(generator, f.parent?, f.parent_columns[position], data_type, hops - 1)?);
        Some(Direct::Key(ParentKeyColumn { generator, t, foreign, position, nullable: c.null_below > 0, parent }))
    }

    /// Returns the cells of these rows, if all are numbers of the array's type that depend on the row number only.
    fn numbers(
        &self,
        rows: &Nullable<u64>,
        found: &mut [Option<ParentAndOrdinal>],
        data_type: &DataType,
    ) -> Option<Nullable<i64>> {
        match self {
            Direct::Own(own) => match *own.rule {
                RuleGen::Sequence(count) if own.column.null_below == 0 => {
                    let number = numbers_of(count, own.table.rows, data_type)?;
                    Some(rows.map(number))
                }
                _ => None,
            },
            Direct::Key(ParentKeyColumn { generator, t, foreign, nullable, parent, .. }) => {
                let f = &generator.table(*t).foreign[*foreign];
                if *nullable || !f.existing_keys.is_empty() {
                    return None;
                }
                let rows = generator.scattered_parent_rows(*t, *foreign, rows, found);
                let mut found = generator.nothing_found(f.parent);
                parent.numbers(&rows, &mut found, data_type)
            }
        }
    }

    #[inline]
    pub(super) fn put(&self, row: u64, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        match self {
            Direct::Own(own) => own.put(row, out),
            Direct::Key(key) => key.put(row, out),
        }
    }
}

impl ParentKeyColumn<'_> {
    fn put(&self, row: u64, out: &mut ColumnBuilder) -> Result<(), ConvertError> {
        let ParentKeyColumn { generator, t, foreign, .. } = *self;
        if self.nullable && generator.foreign_is_null(t, foreign, row) {
            return out.append(&Value::Null);
        }
        let table = generator.table(t);
        let existing_keys = &table.foreign[foreign].existing_keys;
        match generator.parent_row(t, foreign, row, table.attempt(row)) {
            None => out.append(&Value::Null),
            Some(p) => match p.checked_sub(existing_keys.len() as u64) {
                Some(p) => self.parent.put(p, out),
                None => out.append(&existing_keys.cell(p as usize, self.position)),
            },
        }
    }
}
