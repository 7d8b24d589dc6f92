//! Tables named by patterns: `audit.*` stands for every table of a schema.
//!
//! In: overrides as typed, and rows by flags. Out: overrides of single tables, those of a table's own name over those of
//! patterns.

use std::collections::BTreeMap;

use super::PlanError;
use super::counts::Rows;
use super::overrides::{Overrides, TableOverride, find_column, typed_at};
use super::select::{fits, matching, resolve};
use dbmocker_core::schema::{Schema, Table};

/// Whether a name of a table stands for several.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// Whether a pattern stands for a table.
pub(super) fn stands_for(pattern: &str, table: &Table) -> bool {
    fits(pattern, &table.name.to_string()) || fits(pattern, &table.name.name)
}

impl Overrides {
    /// The overrides of single tables.
    ///
    /// # Errors
    /// A pattern that no table fits, or a name that the schema does not have.
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

    /// Applies the rows that flags give: names over patterns, later ones over earlier ones.
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
    /// Rows by a flag, over those of the config file.
    fn set_rows(&mut self, rows: Rows, name: &str) {
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

    /// These settings over more general ones.
    fn over(self, general: TableOverride) -> TableOverride {
        let mut columns = general.columns;
        columns.extend(self.columns);
        TableOverride {
            rows: self.rows.or(general.rows),
            use_existing: self.use_existing || general.use_existing,
            no_coherence: self.no_coherence || general.no_coherence,
            given: self.given.or(general.given),
            columns,
            ..self
        }
    }
}

/// A pattern's settings for one of its tables: without columns that it does not have.
fn of_table(table: &Table, override_: &TableOverride) -> TableOverride {
    let mut own = override_.clone();
    own.columns.retain(|name, _| find_column(table, name).is_ok());
    own
}

/// Every column must be one of some table's.
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
