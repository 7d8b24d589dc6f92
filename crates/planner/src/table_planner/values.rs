//! Sources of the values that the check oracle tests: earlier results, rows of parents, domains, tables that a function
//! names.

use super::{PlanContext, TablePlanner};
use crate::candidates::{Hints, distinct};
use crate::error::Unplannable;
use dbmocker_core::schema::{Column, Key, Scene};
use dbmocker_core::value::Value;
use dbmocker_plan::READ_ROWS;

/// Maximum number of rows of parents and of tables that a function reads.
const POOL: u64 = 512;

impl TablePlanner<'_> {
    /// Returns the only values that a column can have: fixed ones, and those of parents.
    pub(super) fn fixed_values(&self, b: &PlanContext<'_>, c: usize) -> Result<Option<Vec<Value>>, Unplannable> {
        if self.is_fixed(c) {
            return Ok(Some(distinct(self.fixed_values_of(c).iter().cloned())));
        }
        let Some((f, at)) = self.columns[c].foreign else { return Ok(None) };
        let f = &self.foreign[f];
        let most = if self.in_key(&[c]) && !self.table.reads.is_empty() { READ_ROWS } else { POOL };
        let mut values: Vec<Value> =
            (0..f.existing_keys.len().min(most as usize)).map(|row| f.existing_keys.cell(row, at)).collect();
        if let Some(parent) = f.parent_table.filter(|&p| p < self.position) {
            for row in 0..b.generator.table(parent).rows.min(most) {
                values.push(b.generator.cell(parent, f.parent_columns[at], row)?);
            }
        }
        if values.is_empty()
            && let Some(domain) = &self.columns[c].parents
        {
            let sampler = domain.sampler();
            values.extend((0..sampler.size().min(POOL.into())).map(|i| sampler.value(i)));
        }
        Ok(Some(distinct(values)))
    }

    /// Returns values of tables that the functions name, since they may look them up.
    pub(super) fn values_read(&self, b: &PlanContext<'_>, c: usize, hints: &Hints) -> Vec<Value> {
        let ty = std::mem::discriminant(&self.table.columns[c].ty);
        let mut out = Vec::new();
        for (t, table) in b.schema.tables.iter().enumerate().filter(|(_, t)| hints.words.contains(&t.name.name)) {
            let same = (0..table.columns.len()).filter(|&c| std::mem::discriminant(&table.columns[c].ty) == ty);
            for column in same {
                // A table without read permission is ignored.
                let existing_keys = b.existing_keys(t, &[column], POOL).unwrap_or_default();
                out.extend((0..existing_keys.len()).map(|row| existing_keys.cell(row, 0)));
                let planned = self.planned_before(b, t).filter(|_| self.table.reads.contains(&table.name));
                let rows = planned.map_or(0, |p| b.generator.table(p).rows.min(POOL));
                out.extend((0..rows).filter_map(|row| b.generator.cell(planned?, column, row).ok()));
            }
        }
        out
    }

    /// Returns the position of a table that is planned already.
    fn planned_before(&self, b: &PlanContext<'_>, table: usize) -> Option<usize> {
        b.position(table).filter(|&p| p < self.position && !b.has_failed(table))
    }

    /// Returns the tables that the functions of the CHECKs read, with their first rows: the columns that the functions
    /// name, and the primary key.
    ///
    /// # Errors
    /// If a row of such a table cannot be generated.
    pub(super) fn scenes<'s>(&self, b: &PlanContext<'s>, hints: &Hints) -> Result<Vec<Scene<'s>>, Unplannable> {
        let mut scenes = Vec::new();
        for (t, table) in b.schema.tables.iter().enumerate().filter(|(_, t)| self.table.reads.contains(&t.name)) {
            let Some(position) = self.planned_before(b, t) else { continue };
            let key: Vec<&str> = table.primary_key().and_then(Key::plain_columns).unwrap_or_default();
            let named = |c: &Column| hints.words.contains(&c.name) || key.contains(&c.name.as_str());
            let columns: Vec<usize> = (0..table.columns.len()).filter(|&c| named(&table.columns[c])).collect();
            let mut rows = Vec::new();
            for row in 0..b.generator.table(position).rows.min(READ_ROWS) {
                rows.push(b.generator.cells(position, &columns, row)?);
            }
            let existing = b.rows_before(t).min(READ_ROWS);
            let typed = |&c: &usize| (table.columns[c].name.as_str(), table.columns[c].sql_type());
            scenes.push(Scene { table: &table.name, columns: columns.iter().map(typed).collect(), rows, existing });
        }
        Ok(scenes)
    }
}
