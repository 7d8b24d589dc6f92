//! Overrides by the user: rows of a table, values of a column, frequency of duplicates.
//!
//! In: names as the user wrote them, on the command line or in a config file, each with its place. Out: overrides by
//! the schema's indices; a name that is not in the schema is an error with the nearest match.

mod documents;

use std::collections::BTreeMap;

use super::counts::{DependentCount, RequestedRows};
use super::declared::ReferenceOverride;
use super::distribution::DistributionOverride;
use super::select::{nearest, resolve};
use super::series::{SeasonOverride, SeriesOverride, WalkOverride};
use super::{ColumnGroup, FixedRows, PlanError, ValueFile};
use dbmocker_core::schema::{Schema, Table};
use dbmocker_plan::{Duplicates, Scalar};
pub use documents::{ItemsOverride, JsonOverride, MemberOverride};

/// All overrides, by table name as the user wrote it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    pub tables: BTreeMap<String, TableOverride>,
    /// References that no constraint declares.
    pub references: Vec<ReferenceOverride>,
    /// Row counts set by flags: a table name or pattern, and its count.
    pub rows: Vec<(String, RequestedRows)>,
    /// The mode of every column without a separate mode whose values may repeat.
    pub duplicates: Option<Duplicates>,
}

/// The overrides of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableOverride {
    pub rows: Option<RequestedRows>,
    /// The table is not filled; foreign keys refer to its existing rows.
    pub use_existing: Option<bool>,
    /// Whether its rows shall be consistent beyond keys and CHECKs.
    pub coherence: Option<bool>,
    /// The table's rows, given literally.
    pub fixed_rows: Option<FixedRows>,
    /// Columns that take their values together.
    pub groups: Vec<ColumnGroup>,
    /// By column name as the user wrote it.
    pub columns: BTreeMap<String, ColumnOverride>,
    /// The place of the override, e.g. `shop.yaml, line 3`.
    pub origin: String,
    /// The flag that sets its row count, if any.
    pub flagged: Option<String>,
    /// Settings that a flag overrides, for the plan.
    pub notes: Vec<String>,
}

/// The overrides of a column.
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
    /// Values and their relative frequencies.
    pub weighted_values: Vec<(Scalar, f64)>,
    /// The values, from a file.
    pub values_from: Option<ValueFile>,
    /// The documents of a JSON column.
    pub json: Option<JsonOverride>,
    /// The items of an array column, or of a document that is an array.
    pub items: Option<ItemsOverride>,
    /// The distribution of values, or of text lengths.
    pub distribution: Option<DistributionOverride>,
    /// From 0 to 1.
    pub null_probability: Option<f64>,
    /// The column is not sent: the server applies its default.
    pub default: bool,
    /// Share of rows with an edge case, from 0 to 1.
    pub edge_cases: Option<f64>,
    /// Text around the value (`{}`) or around digits (`{:05d}`).
    pub format_string: Option<String>,
    pub duplicates: Option<Duplicates>,
    /// The expression that computes the column.
    pub expression: Option<String>,
    /// Values for rows that meet a condition; the first rule whose condition is met applies.
    pub rules: Vec<RuleOverride>,
    /// Values at regular steps.
    pub series: Option<SeriesOverride>,
    pub walk: Option<WalkOverride>,
    /// Factors by the moment in another column.
    pub season: Option<SeasonOverride>,
    pub origin: String,
}

/// The value of a column in rows that meet a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleOverride {
    /// SQL, over what an expression may read; `None`: in all other rows.
    pub when: Option<String>,
    pub then: RuleValue,
    pub origin: String,
}

/// The value that a rule gives.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleValue {
    Null,
    /// One of these, with their relative frequencies.
    Values(Vec<(Scalar, f64)>),
    Expression(String),
}

impl std::fmt::Display for RuleValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RuleValue::Null => f.write_str("NULL"),
            RuleValue::Expression(text) => f.write_str(text),
            RuleValue::Values(values) => {
                let shown: Vec<String> = values.iter().take(5).map(|(v, _)| v.to_string()).collect();
                write!(f, "one of {}{}", shown.join(", "), if values.len() > 5 { ", ..." } else { "" })
            }
        }
    }
}

/// The overrides by index into the schema's tables and their columns.
#[derive(Debug, Clone, Default)]
pub(super) struct ResolvedOverrides<'a> {
    tables: BTreeMap<usize, ResolvedOverride<'a>>,
    everywhere: Option<&'a Duplicates>,
}

#[derive(Debug, Clone)]
struct ResolvedOverride<'a> {
    override_: &'a TableOverride,
    columns: BTreeMap<usize, &'a ColumnOverride>,
    /// For each column in fixed rows or groups, the list of rows and its position there.
    given: BTreeMap<usize, ListedColumn>,
}

/// A column of a list of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListedColumn {
    /// Index into [`ResolvedOverrides::lists`].
    pub list: usize,
    pub position: usize,
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
    pub(super) fn resolve(&self, schema: &Schema) -> Result<ResolvedOverrides<'_>, PlanError> {
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
        Ok(ResolvedOverrides { tables, everywhere: self.duplicates.as_ref() })
    }
}

fn fixed_columns(table: &Table, override_: &TableOverride) -> Result<BTreeMap<usize, ListedColumn>, PlanError> {
    let mut out: BTreeMap<usize, ListedColumn> = BTreeMap::new();
    let lists: Vec<(&FixedRows, String)> = override_.lists().collect();
    for (list, (rows, origin)) in lists.iter().enumerate() {
        for (position, name) in rows.columns.iter().enumerate() {
            let found = find_column(table, name).map_err(|e| typed_at(e, origin))?;
            if let Some(before) = out.insert(found, ListedColumn { list, position }) {
                let before = lists[before.list].1.clone();
                return Err(typed_at(PlanError::Grouped { column: name.clone(), before }, origin));
            }
        }
    }
    Ok(out)
}

impl TableOverride {
    /// Returns the lists of rows that give values of its columns, and their places: fixed rows, then groups.
    fn lists(&self) -> impl Iterator<Item = (&FixedRows, String)> {
        let given = self.fixed_rows.iter().map(|rows| (rows, rows.place(0)));
        given.chain(self.groups.iter().map(|group| (&group.rows, group.origin.clone())))
    }
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

/// Returns `table.column` of the column whose name is most similar to a bare name.
pub(super) fn nearest_column(schema: &Schema, name: &str) -> Option<String> {
    let bare = name.trim_matches('.');
    let all = || schema.tables.iter().flat_map(|t| t.columns.iter().map(move |c| (schema.label(&t.name), &c.name)));
    let like = nearest(bare, all().map(|(_, c)| c.clone()))?;
    all().find(|(_, c)| **c == like).map(|(t, c)| format!("{t}.{c}"))
}

pub(super) fn typed_at(error: PlanError, origin: &str) -> PlanError {
    if origin.is_empty() { error } else { PlanError::At { origin: origin.into(), error: Box::new(error) } }
}

impl<'a> ResolvedOverrides<'a> {
    pub fn rows(&self, table: usize) -> Option<u64> {
        let override_ = self.tables.get(&table)?.override_;
        let number = match override_.rows {
            Some(RequestedRows::Number(n)) => Some(n),
            _ => None,
        };
        override_.fixed_rows.as_ref().map(|g| g.rows.len() as u64).or(number)
    }

    /// Returns the tables with dependent row counts, and the place of each count.
    pub fn counts(&self) -> impl Iterator<Item = (usize, &'a DependentCount, &'a str)> {
        self.tables.iter().filter_map(|(t, table)| match &table.override_.rows {
            Some(RequestedRows::By(count)) => {
                let origin = table.override_.flagged.as_deref().unwrap_or(&table.override_.origin);
                Some((*t, count, origin))
            }
            _ => None,
        })
    }

    /// Returns the settings of a table that a flag overrides.
    pub fn notes(&self, table: usize) -> &'a [String] {
        self.tables.get(&table).map_or(&[], |t| &t.override_.notes)
    }

    /// Returns the table's fixed rows, if it has any.
    pub fn fixed_rows(&self, table: usize) -> Option<&'a FixedRows> {
        self.tables.get(&table)?.override_.fixed_rows.as_ref()
    }

    /// Returns the table's groups of columns that take their values together.
    pub fn groups(&self, table: usize) -> &'a [ColumnGroup] {
        self.tables.get(&table).map_or(&[], |t| &t.override_.groups)
    }

    /// Returns the place of a column in the fixed rows and groups; the fixed rows are the first list.
    pub fn fixed_column(&self, table: usize, column: usize) -> Option<ListedColumn> {
        self.tables.get(&table)?.given.get(&column).copied()
    }

    /// Returns true if the table's rows shall be consistent beyond keys and CHECKs.
    pub fn coherent(&self, table: usize) -> bool {
        self.tables.get(&table).is_none_or(|t| t.override_.coherence != Some(false))
    }

    /// Returns the reason why a table is not filled.
    pub fn left_alone(&self, table: usize) -> Option<&'static str> {
        self.not_filled(table).map(|(why, _)| why)
    }

    /// Returns the reason why a table is not filled, and the place that says so.
    pub fn not_filled(&self, table: usize) -> Option<(&'static str, &'a str)> {
        let override_ = self.tables.get(&table)?.override_;
        match (override_.use_existing == Some(true), &override_.rows) {
            (true, _) => Some(("its rows are used as they are", &override_.origin)),
            (false, Some(RequestedRows::Number(0))) => {
                Some(("0 rows requested", override_.flagged.as_deref().unwrap_or(&override_.origin)))
            }
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
        let set = |rule: &RuleOverride| rule.then != RuleValue::Null;
        let computed = self.expression.is_some() || self.serial_key().is_some();
        self.default || self.first_key().is_some() || computed || self.rules.iter().any(set)
    }

    /// Returns true if it gives nothing but bounds or a distribution of a column that always has a value.
    pub(super) fn is_bounds_only(&self) -> bool {
        let rest = ColumnOverride {
            min_value: None,
            max_value: None,
            distribution: None,
            null_probability: self.null_probability.filter(|share| *share > 0.0),
            origin: String::new(),
            ..self.clone()
        };
        self.first_key().is_some() && rest == ColumnOverride::default()
    }

    /// Returns true if it bounds numbers, dates or lengths.
    pub(super) fn has_bounds(&self) -> bool {
        let of_values = self.min_value.is_some() || self.max_value.is_some();
        of_values || self.min_length.is_some() || self.max_length.is_some()
    }

    /// Returns the values that it lists.
    pub(super) fn listed_values(&self) -> Vec<&Scalar> {
        let weighted = self.weighted_values.iter().filter(|(_, weight)| *weight > 0.0).map(|(value, _)| value);
        let of_file = self.values_from.iter().flat_map(|file| file.rows.rows.iter().map(|row| &row.cells[0]));
        self.possible_values.iter().chain(weighted).chain(of_file).collect()
    }

    /// Returns the key of a series, as the config file spells it.
    pub(super) fn serial_key(&self) -> Option<&'static str> {
        let keys = [
            ("series", self.series.is_some()),
            ("random_walk", self.walk.is_some()),
            ("seasonality", self.season.is_some()),
        ];
        keys.iter().find(|(_, given)| *given).map(|(key, _)| *key)
    }

    /// Returns the number of its keys that say what the values are; one at most may.
    pub(super) fn sources(&self) -> usize {
        let given = [
            self.generator.is_some(),
            self.pattern.is_some(),
            !self.possible_values.is_empty(),
            !self.weighted_values.is_empty(),
            self.values_from.is_some(),
            self.json.is_some(),
            self.items.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }

    /// Returns the key of the documents.
    fn json_key(&self) -> &'static str {
        match self.json {
            Some(JsonOverride::Example(_)) => "json_example",
            Some(JsonOverride::Schema(_)) => "json_schema",
            _ => "json",
        }
    }

    /// Returns the first key that determines the values, as the config file spells it.
    pub(super) fn first_key(&self) -> Option<&'static str> {
        let keys = [
            ("generator_function", self.generator.is_some()),
            ("pattern", self.pattern.is_some()),
            ("possible_values", !self.possible_values.is_empty()),
            ("weighted_values", !self.weighted_values.is_empty()),
            ("values_from", self.values_from.is_some()),
            (self.json_key(), self.json.is_some()),
            ("items", self.items.is_some()),
            ("min_value", self.min_value.is_some()),
            ("max_value", self.max_value.is_some()),
            ("min_length", self.min_length.is_some()),
            ("max_length", self.max_length.is_some()),
            ("format_string", self.format_string.is_some()),
            ("distribution", self.distribution.is_some()),
        ];
        keys.iter().find(|(_, given)| *given).map(|(key, _)| *key)
    }

    /// Returns the override as the config file spells it, for messages.
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
        put("values_from", self.values_from.as_ref().map(|v| v.rows.file.clone()));
        put(self.json_key(), self.json.as_ref().map(ToString::to_string));
        put("items", self.items.as_ref().map(|items| format!("{{{}}}", items.rule.text())));
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
