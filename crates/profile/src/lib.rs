//! The shape of a database as data: row counts, shares of NULLs and of values, quantiles and fan-outs, but never a row.
//!
//! Data in: a file, YAML or JSON, or what `dbmocker learn` has read from statistics. Data out: the same types, checked.
//! [`Profile::read`] and [`Profile::write`] choose the syntax by the file's name; [`json_schema`] describes it for
//! editors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod file;
mod json_schema;
mod points;
mod text;
mod validate;
mod yaml;

pub use file::ProfileError;
pub use json_schema::json_schema;
pub use points::Quantiles;
pub use validate::Invalid;

/// The version of the format that this program reads and writes.
pub const VERSION: u32 = 1;

/// A database's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// [`VERSION`].
    pub dbmocker_profile: u32,
    pub source: ProfileSource,
    /// By name: bare in the default schema, else `schema.table`, as `Schema::label` writes it.
    pub tables: BTreeMap<String, TableProfile>,
}

/// Where the figures come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSource {
    /// `postgresql`, `mysql` or `sqlite`.
    pub dialect: String,
    /// Product and version; neither host nor database.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// What was read: `statistics`, or `statistics and scan`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub read: String,
    /// The day on which it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Every label was masked (`--mask all`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableProfile {
    pub rows: u64,
    /// Mean bytes of a row, as the server stores its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// When the statistics were made, to the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzed: Option<String>,
    /// What is missing, and the command that makes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnProfile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
}

/// One column. Unknown figures are omitted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProfile {
    /// The server's name of the type, for the reader.
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub type_name: String,
    /// Share of NULLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls: Option<f64>,
    /// Different values, without NULL, as the server's statistics count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<Distinct>,
    /// Mean bytes, as the server counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Length>,
    /// Correlation of the physical order with the values' order, -1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<f64>,
    /// Whether the labels of `common` are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    /// The reason for `labels`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The common values, most frequent first; shares are those of all rows, NULLs included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common: Vec<Common>,
    /// The frequencies of the values that are not in `common`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Tail>,
    /// Of numbers and moments, over all rows that are not NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
    /// Shares of the last digits of numbers, by what they end in: `.99`, `.00`, `0`; of the rows that are not NULL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endings: BTreeMap<String, f64>,
    /// Arrays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elements: Option<Elements>,
    /// The least number of a key, to 3 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<f64>,
    /// The last value of the column's sequence, or the largest number of a key, to 3 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<f64>,
    /// Shares of moments by hour of the day, UTC, from 0 (24 of them).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<f64>,
    /// Shares of moments by day of the week, from Monday (7 of them).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<f64>,
    /// Share of NULLs for each value of another column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls_by: Option<NullsBy>,
}

/// Whether values themselves are in the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    Kept,
    Masked,
}

/// A number of distinct values: a number, or `{share: 0.3}` of the rows that are not NULL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distinct {
    /// A number that does not depend on the number of rows.
    Count(f64),
    /// A share of the rows: the number grows with the table.
    Share(f64),
}

impl Distinct {
    /// The number for a table with so many rows that are not NULL.
    pub fn of(self, rows: f64) -> f64 {
        match self {
            Distinct::Count(n) => n,
            Distinct::Share(share) => share * rows,
        }
    }
}

/// A common value: a share, or `{share: 0.3, label: web}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Of all rows, NULLs included.
    pub share: f64,
    /// The value, as text that the column's type reads; only where labels are kept.
    pub label: Option<String>,
}

/// A power law: the r-th most frequent value is as frequent as `r ^ -exponent`, up to the last of `distinct`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// 0: equally frequent.
    pub exponent: f64,
    /// Different values, those of the head included. The server's count is an estimate from a sample; this is the count
    /// for which such a sample is expected to give that estimate.
    pub distinct: f64,
}

/// How long texts are, in characters, or binary values in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
}

/// The elements of arrays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elements {
    /// Different elements in a value, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Quantiles of that number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Quantiles>,
    /// Shares of the values that hold an element at least once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common: Vec<Common>,
}

/// How the rows of a table are distributed over the rows of one that it refers to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    pub columns: Vec<String>,
    /// The table referred to, named as in [`Profile::tables`].
    pub parent: String,
    /// Share of the parents without children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub childless: Option<f64>,
    /// Parents with children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parents: Option<f64>,
    /// Shares of the largest parents in the rows that have a parent, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head: Vec<f64>,
    /// The exponent of the power law below the head; omitted if the statistics do not show one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<f64>,
    /// The positions of the rows' parents in the order of the parent key: 0 is the first, 1 the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positions: Option<Quantiles>,
    /// Share of the parents by their number of children (`--scan`): exact, while the other figures are estimates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Children>,
    /// By timestamp column: share of the children whose timestamp is not before that of the same parent's child with
    /// the next smaller key (`--scan`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub in_order: BTreeMap<String, f64>,
}

/// The share of the parents with a number of children.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Children {
    /// From so many children.
    pub from: u64,
    /// To so many, this number included; left out: `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Share of the parents.
    pub parents: f64,
}

/// Columns that are correlated, from the server's extended statistics.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub columns: Vec<String>,
    /// Different combinations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<Distinct>,
    /// `a, b => c`: the share of rows in which the columns before the arrow determine the last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub depends: BTreeMap<String, f64>,
    /// Common combinations, where the labels of every column are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common: Vec<Combination>,
}

/// A combination of values and its share of the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    pub share: f64,
    /// In the order of the group's columns; `null` is NULL.
    pub labels: Vec<Option<String>>,
}

/// Share of NULLs for each value of another column of the row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NullsBy {
    pub column: String,
    /// By label.
    pub shares: BTreeMap<String, f64>,
}

#[cfg(test)]
mod tests;
