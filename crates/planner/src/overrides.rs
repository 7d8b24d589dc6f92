//! What a person may ask for: rows of a table, what a column holds, how often values repeat.
//!
//! In: names as typed, on the command line or in a config file, each with the place it was typed at. Out: wishes by the
//! schema's own indices; a name that is not in the schema is an error with the nearest match.

use std::collections::BTreeMap;

use super::distribution::DistributionOverride;
use super::select::{nearest, resolve};
use super::{FixedRows, PlanError};
use dbmocker_core::schema::{Schema, Table};
use dbmocker_plan::{Duplicates, Scalar};

/// Everything that was asked for, by table as typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    pub tables: BTreeMap<String, TableOverride>,
    /// For every column that has no mode of its own and may repeat values.
    pub duplicates: Option<Duplicates>,
}

/// What was asked for a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableOverride {
    /// 0: the table is left alone.
    pub rows: Option<u64>,
    /// Not filled; foreign keys are drawn from the rows it holds.
    pub use_existing: bool,
    /// Its rows need not agree with each other and with other tables' beyond keys and CHECKs.
    pub no_coherence: bool,
    /// The table's rows as they stand.
    pub given: Option<FixedRows>,
    /// By column as typed.
    pub columns: BTreeMap<String, ColumnOverride>,
    /// Where it was asked for, e.g. `shop.yaml, line 3`.
    pub origin: String,
}

/// What was asked for a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnOverride {
    /// A name of [`semantics::generators`](dbmocker_semantics::generators).
    pub generator: Option<String>,
    pub min_value: Option<Scalar>,
    pub max_value: Option<Scalar>,
    /// In characters.
    pub min_length: Option<u32>,
    pub max_length: Option<u32>,
    /// A regular expression that matches the whole text.
    pub pattern: Option<String>,
    pub possible_values: Vec<Scalar>,
    /// Values with how often each comes, relative to the others.
    pub weighted_values: Vec<(Scalar, f64)>,
    /// How often which values, or lengths of texts, come.
    pub distribution: Option<DistributionOverride>,
    /// 0 to 1.
    pub null_probability: Option<f64>,
    /// Text around the value (`{}`) or around digits (`{:05d}`).
    pub format_string: Option<String>,
    pub duplicates: Option<Duplicates>,
    pub origin: String,
}

/// The overrides by index into the schema's tables and their columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolved<'a> {
    tables: BTreeMap<usize, ResolvedOverride<'a>>,
    everywhere: Option<&'a Duplicates>,
}

#[derive(Debug, Clone)]
struct ResolvedOverride<'a> {
    override_: &'a TableOverride,
    columns: BTreeMap<usize, &'a ColumnOverride>,
    /// For each column in the fixed rows, its position there.
    given: BTreeMap<usize, usize>,
}

impl Overrides {
    /// Returns the override of a column, created if there is none.
    pub fn column(&mut self, table: &str, column: &str, origin: &str) -> &mut ColumnOverride {
        let table = self
            .tables
            .entry(table.into())
            .or_insert_with(|| TableOverride { origin: origin.into(), ..TableOverride::default() });
        table
            .columns
            .entry(column.into())
            .or_insert_with(|| ColumnOverride { origin: origin.into(), ..ColumnOverride::default() })
    }

    /// Returns the override of a table under any spelling of its name, created if there is none.
    ///
    /// # Errors
    /// If the schema has no such table.
    pub fn table_of(&mut self, schema: &Schema, name: &str, origin: &str) -> Result<&mut TableOverride, PlanError> {
        let index = resolve(schema, name)?;
        let known = self.tables.keys().find(|k| resolve(schema, k).is_ok_and(|i| i == index)).cloned();
        let label = known.unwrap_or_else(|| schema.label(&schema.tables[index].name));
        Ok(self
            .tables
            .entry(label)
            .or_insert_with(|| TableOverride { origin: origin.into(), ..TableOverride::default() }))
    }

    /// Returns the override of a column named `table.column` or `schema.table.column`, created if there is none.
    ///
    /// # Errors
    /// If the schema has no such table or column, or the name has no dot; the error names the nearest match.
    pub fn column_of(&mut self, schema: &Schema, name: &str, origin: &str) -> Result<&mut ColumnOverride, PlanError> {
        let Some((table, column)) = name.rsplit_once('.').filter(|(t, c)| !t.is_empty() && !c.is_empty()) else {
            return Err(PlanError::NoDot { name: name.into(), nearest: nearest_column(schema, name) });
        };
        let found = &schema.tables[resolve(schema, table)?];
        let column = found.columns[find_column(found, column)?].name.clone();
        let table = self.table_of(schema, table, origin)?;
        let known = table.columns.keys().find(|k| k.eq_ignore_ascii_case(&column)).cloned();
        let made = || ColumnOverride { origin: origin.into(), ..ColumnOverride::default() };
        Ok(table.columns.entry(known.unwrap_or(column)).or_insert_with(made))
    }

    /// Resolves every table and column name.
    ///
    /// # Errors
    /// If the schema has no such name; the error gives the nearest match and the place of the name.
    pub(super) fn resolve(&self, schema: &Schema) -> Result<Resolved<'_>, PlanError> {
        let mut tables: BTreeMap<usize, ResolvedOverride<'_>> = BTreeMap::new();
        for (name, override_) in &self.tables {
            let index = resolve(schema, name).map_err(|e| typed_at(e, &override_.origin))?;
            let mut columns = BTreeMap::new();
            for (column, w) in &override_.columns {
                let c = find_column(&schema.tables[index], column).map_err(|e| typed_at(e, &w.origin))?;
                columns.insert(c, w);
            }
            let given = fixed_columns(&schema.tables[index], override_)?;
            if tables.insert(index, ResolvedOverride { override_, columns, given }).is_some() {
                return Err(PlanError::Twice { name: schema.tables[index].name.to_string() });
            }
        }
        Ok(Resolved { tables, everywhere: self.duplicates.as_ref() })
    }
}

fn fixed_columns(table: &Table, override_: &TableOverride) -> Result<BTreeMap<usize, usize>, PlanError> {
    let Some(given) = &override_.given else { return Ok(BTreeMap::new()) };
    let find = |(position, name): (usize, &String)| {
        let found = find_column(table, name).map_err(|e| typed_at(e, &given.place(0)))?;
        Ok((found, position))
    };
    given.columns.iter().enumerate().map(find).collect()
}

/// Finds a column by name; exact spelling first, then ignoring case.
///
/// # Errors
/// If there is none; the error names the nearest match.
pub fn find_column(table: &Table, name: &str) -> Result<usize, PlanError> {
    let loosely = || table.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
    table.column_index(name).or_else(loosely).ok_or_else(|| PlanError::UnknownColumn {
        table: table.name.to_string(),
        name: name.into(),
        nearest: nearest(name, table.columns.iter().map(|c| c.name.clone())),
    })
}

/// `table.column` of the column most like a bare name.
fn nearest_column(schema: &Schema, name: &str) -> Option<String> {
    let bare = name.trim_matches('.');
    let all = || schema.tables.iter().flat_map(|t| t.columns.iter().map(move |c| (schema.label(&t.name), &c.name)));
    let like = nearest(bare, all().map(|(_, c)| c.clone()))?;
    all().find(|(_, c)| **c == like).map(|(t, c)| format!("{t}.{c}"))
}

fn typed_at(error: PlanError, origin: &str) -> PlanError {
    if origin.is_empty() { error } else { PlanError::At { origin: origin.into(), error: Box::new(error) } }
}

impl<'a> Resolved<'a> {
    pub fn rows(&self, table: usize) -> Option<u64> {
        let override_ = self.tables.get(&table)?.override_;
        override_.given.as_ref().map(|g| g.rows.len() as u64).or(override_.rows)
    }

    /// The table's rows, if they are given.
    pub fn given(&self, table: usize) -> Option<&'a FixedRows> {
        self.tables.get(&table)?.override_.given.as_ref()
    }

    /// Returns the position of a column in the fixed rows.
    pub fn fixed_column(&self, table: usize, column: usize) -> Option<usize> {
        self.tables.get(&table)?.given.get(&column).copied()
    }

    /// Returns true if the table's rows shall be consistent beyond keys and CHECKs.
    pub fn coherent(&self, table: usize) -> bool {
        !self.tables.get(&table).is_some_and(|t| t.override_.no_coherence)
    }

    /// Why a table is not to be filled.
    pub fn left_alone(&self, table: usize) -> Option<&'static str> {
        let override_ = self.tables.get(&table)?.override_;
        match (override_.use_existing, override_.rows) {
            (true, _) => Some("its rows are used as they are"),
            (false, Some(0)) => Some("0 rows asked for"),
            _ => None,
        }
    }

    pub fn column(&self, table: usize, column: usize) -> Option<&'a ColumnOverride> {
        self.tables.get(&table)?.columns.get(&column).copied()
    }

    /// Returns the duplicate mode of a column, and whether it was set for this column.
    pub fn duplicates(&self, table: usize, column: usize) -> Option<(&'a Duplicates, bool)> {
        let own = self.column(table, column).and_then(|w| w.duplicates.as_ref());
        own.map(|d| (d, true)).or(self.everywhere.map(|d| (d, false))).filter(|(d, _)| **d != Duplicates::GenerateNew)
    }
}

impl ColumnOverride {
    /// Returns true for overrides other than NULLs and duplicates.
    pub fn shapes_values(&self) -> bool {
        self.first_key().is_some()
    }

    /// Returns the first key that determines the values, as the config file spells it.
    pub(super) fn first_key(&self) -> Option<&'static str> {
        let keys = [
            ("generator_function", self.generator.is_some()),
            ("pattern", self.pattern.is_some()),
            ("possible_values", !self.possible_values.is_empty()),
            ("weighted_values", !self.weighted_values.is_empty()),
            ("min_value", self.min_value.is_some()),
            ("max_value", self.max_value.is_some()),
            ("min_length", self.min_length.is_some()),
            ("max_length", self.max_length.is_some()),
            ("format_string", self.format_string.is_some()),
            ("distribution", self.distribution.is_some()),
        ];
        keys.iter().find(|(_, given)| *given).map(|(key, _)| *key)
    }

    /// The wish as the config file spells it, for messages.
    pub(super) fn text(&self) -> String {
        let mut parts = Vec::new();
        let mut put = |key: &str, value: Option<String>| parts.extend(value.map(|v| format!("{key}: {v}")));
        let list = |values: &[Scalar]| {
            let shown: Vec<String> = values.iter().take(5).map(ToString::to_string).collect();
            let more = if values.len() > 5 { ", ..." } else { "" };
            (!values.is_empty()).then(|| format!("[{}{more}]", shown.join(", ")))
        };
        put("generator_function", self.generator.clone());
        put("pattern", self.pattern.clone());
        put("possible_values", list(&self.possible_values));
        let weighted: Vec<Scalar> = self.weighted_values.iter().map(|(v, _)| v.clone()).collect();
        put("weighted_values", list(&weighted));
        put("min_value", self.min_value.as_ref().map(ToString::to_string));
        put("max_value", self.max_value.as_ref().map(ToString::to_string));
        put("min_length", self.min_length.map(|n| n.to_string()));
        put("max_length", self.max_length.map(|n| n.to_string()));
        put("format_string", self.format_string.clone());
        put("distribution", self.distribution.as_ref().map(|d| d.text.clone()));
        put("null_probability", self.null_probability.map(|p| p.to_string()));
        if let Some(Duplicates::AllowDuplicates { value: Some(v) }) = &self.duplicates {
            put("duplicate_value", Some(v.to_string()));
        }
        parts.join(", ")
    }
}
