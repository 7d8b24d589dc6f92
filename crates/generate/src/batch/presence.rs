//! Columns that have a value only for some values of another column.

use arrow::array::{Array as _, ArrayRef, BooleanArray};
use arrow::compute::kernels::zip::zip;
use arrow::compute::nullif;

use super::{BatchWork, GenerateError, SolvedColumns};
use crate::arrow::ColumnBuilder;
use dbmocker_core::value::Value;

impl BatchWork<'_> {
    /// Replaces the cells of rows in which the column has no value.
    pub(super) fn where_present(
        &mut self,
        c: usize,
        field: usize,
        array: &ArrayRef,
    ) -> Result<ArrayRef, GenerateError> {
        let table = self.table;
        let presence = table.columns[c].presence.as_ref().expect("asked for one that has a decider");
        if !self.deciders.contains_key(&presence.by) {
            let members = self.members(c)?;
            self.deciders.insert(presence.by, members);
        }
        let members = self.deciders[&presence.by].iter().zip(self.rows.clone());
        let absent: BooleanArray = members.map(|(&member, row)| Some(!presence.holds(member, row))).collect();
        let arrow = |error| GenerateError::Arrow { table: table.label.clone(), error };
        if presence.instead.is_none() {
            return nullif(array, &absent).map_err(arrow);
        }
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let mut others = ColumnBuilder::with_capacity(table.schema.field(field), array.len()).map_err(convert)?;
        for (row, absent) in self.rows.clone().zip(absent.values()) {
            let value = if absent { table.absent(c, row, table.attempt(row)) } else { Value::Null };
            match value {
                Value::Null => others.append_null(),
                value => others.append(&value).map_err(convert)?,
            }
        }
        zip(&absent, &others.finish(), array).map_err(arrow)
    }

    /// Replaces the cells of rows with edge cases, but not NULLs.
    pub(super) fn with_edges(&self, c: usize, field: usize, array: &ArrayRef) -> Result<ArrayRef, GenerateError> {
        let table = self.table;
        let Some(edges) = &table.columns[c].edges else { return Ok(array.clone()) };
        let edge = |(i, row): (usize, u64)| edges.at(row).filter(|_| array.is_valid(i));
        let found: Vec<Option<&Value>> = self.rows.clone().enumerate().map(edge).collect();
        if found.iter().all(Option::is_none) {
            return Ok(array.clone());
        }
        let convert = |error| GenerateError::Convert { table: table.label.clone(), error };
        let mut others = ColumnBuilder::with_capacity(table.schema.field(field), array.len()).map_err(convert)?;
        for value in &found {
            match value {
                Some(value) => others.append(value).map_err(convert)?,
                None => others.append_null(),
            }
        }
        let mask: BooleanArray = found.iter().map(|value| Some(value.is_some())).collect();
        zip(&mask, &others.finish(), array).map_err(|error| GenerateError::Arrow { table: table.label.clone(), error })
    }

    /// Returns, for each row, the index of the value of the column on which the presence of column `c` depends.
    fn members(&mut self, c: usize) -> Result<Vec<usize>, GenerateError> {
        let table = self.table;
        let presence = table.columns[c].presence.as_ref().expect("asked for one that has a decider");
        if let Some(drawn) =
            self.hashes().iter().map(|&hash| table.member_drawn(presence, hash)).collect::<Option<Vec<usize>>>()
        {
            return Ok(drawn);
        }
        if let Some((g, place)) = table.columns[presence.by].group
            && let SolvedColumns::Rows(rows) = self.solved(g)?
        {
            return Ok(rows.iter().map(|row| presence.member(&row[place])).collect());
        }
        let member = |row| Ok(presence.member(&self.generator.cell(self.t, presence.by, row)?));
        self.rows.clone().map(member).collect()
    }
}
