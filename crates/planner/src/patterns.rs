//! Tables named by patterns: `audit.*` matches every table of a schema.
//!
//! In: overrides as the user wrote them, and row counts set by flags. Out: overrides of single tables; those of a
//! table's own name take precedence over those of patterns.

use std::collections::BTreeMap;

use super::PlanError;
use super::counts::RequestedRows;
use super::overrides::{Overrides, TableOverride, find_column, typed_at};
use super::select::{fits, matching, resolve};
use dbmocker_core::schema::{Schema, Table};

/// Returns true if a table name is a pattern.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// Returns true if a pattern matches a table.
pub(super) fn stands_for(pattern: &str, table: &Table) -> bool {
    fits(pattern, &table.name.to_string()) || fits(pattern, &table.name.name)
}

impl Overrides {
    /// Returns the overrides of single tables.
    ///
    /// # Errors
    /// A pattern that matches no table, or a name that the schema does not contain.
    pub(super) fn expanded(&self, schema: &Schema) -> Result<Overrides, PlanError> {
        let mut out = Overrides {
            duplicates: self.duplicates.clone(),
            references: self.references.clone(),
            ..Overrides::default()
        };
        let mut general: BTreeMap<usize, TableOverride> = BTreeMap::new();
        for (name, override_) in self.tables.iter().filter(|(name, _)| is_pattern(name)) {
            let tables = matching(schema, name).map_err(|e| typed_at(e, &override_.origin))?;
            columns_exist(schema, &tables, override_)?;
            for table in tables {
                let own = of_table(&schema.tables[table], override_);
                let merged = general.remove(&table).map_or(own.clone(), |before| own.over(before));
                general.insert(table, merged);
            }
        }
        for (name, override_) in self.tables.iter().filter(|(name, _)| !is_pattern(name)) {
            let index = resolve(schema, name).map_err(|e| typed_at(e, &override_.origin))?;
            let merged = match general.remove(&index) {
                Some(before) => override_.clone().over(before),
                None => override_.clone(),
            };
            out.tables.insert(name.clone(), merged);
        }
        for (table, override_) in general {
            out.tables.insert(schema.tables[table].name.to_string(), override_);
        }
        self.flags(schema, &mut out)?;
        Ok(out)
    }

    /// Applies the row counts set by flags: names take precedence over patterns, later flags over earlier ones.
    fn flags(&self, schema: &Schema, out: &mut Overrides) -> Result<(), PlanError> {
        let (patterns, names): (Vec<_>, Vec<_>) = self.rows.iter().partition(|(name, _)| is_pattern(name));
        for (name, rows) in patterns.into_iter().chain(names) {
            for table in matching(schema, name).map_err(|e| typed_at(e, ROWS))? {
                let own = out.table_of(schema, &schema.tables[table].name.to_string(), ROWS)?;
                own.set_rows(rows.clone(), name);
            }
        }
        Ok(())
    }
}

/// The flag, for messages.
const ROWS: &str = "--rows";

impl TableOverride {
    /// Sets a row count from a flag, which takes precedence over the config file.
    fn set_rows(&mut self, rows: RequestedRows, name: &str) {
        let file = |origin: &String| !origin.is_empty() && origin != ROWS;
        if let Some(before) = self.rows.as_ref().filter(|before| **before != rows)
            && file(&self.origin)
            && self.flagged.is_none()
        {
            self.notes.push(format!("--rows {name}={rows} overrides {before} rows of {}", self.origin));
        }
        self.flagged = Some(ROWS.into());
        self.rows = Some(rows);
    }

    /// Merges two settings; `self` takes precedence over `general`.
    #[must_use]
    pub fn over(self, general: TableOverride) -> TableOverride {
        let mut columns = general.columns;
        let counted = self.rows.is_some();
        columns.extend(self.columns);
        TableOverride {
            rows: self.rows.or(general.rows.filter(|_| self.fixed_rows.is_none())),
            use_existing: self.use_existing.or(general.use_existing),
            coherence: self.coherence.or(general.coherence),
            fixed_rows: self.fixed_rows.or(general.fixed_rows.filter(|_| !counted)),
            groups: if self.groups.is_empty() { general.groups } else { self.groups },
            columns,
            ..self
        }
    }
}

/// Returns a pattern's settings for one of its tables, without columns that the table does not have.
fn of_table(table: &Table, override_: &TableOverride) -> TableOverride {
    let mut own = override_.clone();
    own.columns.retain(|name, _| find_column(table, name).is_ok());
    own
}

/// Checks that every column exists in one of the tables.
fn columns_exist(schema: &Schema, tables: &[usize], override_: &TableOverride) -> Result<(), PlanError> {
    for (name, column) in &override_.columns {
        if !tables.iter().any(|&t| find_column(&schema.tables[t], name).is_ok())
            && let Some(&first) = tables.first()
        {
            find_column(&schema.tables[first], name).map_err(|e| typed_at(e, &column.origin))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_settings_undo_general_ones() {
        let of = |coherence, use_existing| TableOverride { coherence, use_existing, ..TableOverride::default() };
        let merged = of(Some(true), Some(false)).over(of(Some(false), Some(true)));
        assert_eq!((merged.coherence, merged.use_existing), (Some(true), Some(false)));
        let merged = of(None, None).over(of(Some(false), Some(true)));
        assert_eq!((merged.coherence, merged.use_existing), (Some(false), Some(true)));
    }
}
