//! Reproduces the statistics of a profile: row counts, NULLs, frequencies, quantiles, lengths, order, fan-outs.
//!
//! In: a [`Profile`] and the schema. Out: a learned law for each column that nothing else determines. Keys, types,
//! CHECKs and the config file take precedence over the profile. A rule that makes rows consistent (a sum, a copy, a
//! life cycle) is kept if a sample of its rows has the learned statistics, and is replaced otherwise (`settle.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::PlanContext;
use super::options::PlanOptions;
use dbmocker_core::schema::Schema;
use dbmocker_plan::ColumnPlan;
use dbmocker_profile::{ColumnProfile, Profile, Reference, TableProfile};

mod columns;
mod fanout;
mod figures;
mod groups;
mod labels;
mod moments;
mod null_shares;
mod numbers;
mod pairs;
mod settle;
#[cfg(test)]
mod tests;

pub(super) use fanout::{choice as parents, follows, weights};
pub(super) use moments::clock;
pub(super) use settle::settle;

/// A profile to reproduce.
#[derive(Debug, Clone)]
pub struct LearnedProfile {
    pub profile: Arc<Profile>,
    /// Factor of the row counts; lists keep their size.
    pub scale: f64,
    /// True if its row counts are used.
    pub rows: bool,
}

/// Maximum number of rows of a list, whose size does not grow with the database.
const LIST: u64 = 200;

/// A column as the profile alone determines it.
#[derive(Debug, Clone)]
pub(super) struct LearnedColumn {
    /// The learned column.
    pub column: ColumnPlan,
    /// Share of NULLs, if the column is nullable.
    pub nulls: Option<f64>,
    /// Frequencies without their values.
    pub masked: bool,
    /// Mean characters of its texts.
    pub chars: Option<f64>,
    /// Share of pairs of equal values, if the profile has no correlation with the physical order: the column then
    /// has the order of the rule that it replaces.
    pub order_open: Option<f64>,
}

/// Learned columns of planned tables, by position and column.
pub(super) type LearnedColumns = BTreeMap<usize, BTreeMap<usize, LearnedColumn>>;

impl LearnedProfile {
    /// Returns the profile of a table, by its name with or without the schema.
    fn table(&self, schema: &Schema, table: usize) -> Option<&TableProfile> {
        let name = &schema.tables[table].name;
        let tables = &self.profile.tables;
        tables.get(&schema.label(name)).or_else(|| tables.get(&name.to_string())).or_else(|| tables.get(&name.name))
    }

    /// Returns the scaled row count.
    fn scaled(&self, rows: u64) -> u64 {
        if rows <= LIST || self.scale == 1.0 {
            return rows;
        }
        ((rows as f64 * self.scale).round() as u64).max(1)
    }
}

/// Returns the row counts of the selected tables by the profile, if they are used.
pub(super) fn rows(schema: &Schema, options: &PlanOptions, chosen: &BTreeSet<usize>) -> BTreeMap<usize, u64> {
    let Some(learned) = options.profile.as_ref().filter(|l| l.rows) else { return BTreeMap::new() };
    let of = |&t: &usize| Some((t, learned.scaled(learned.table(schema, t)?.rows)));
    chosen.iter().filter_map(of).collect()
}

/// Returns the sample size of the profile's server, if its statistics are estimates.
pub(super) fn sampled(b: &PlanContext<'_>) -> Option<f64> {
    // PostgreSQL: 300 rows for each of 100 buckets.
    let learned = b.options.profile.as_ref()?;
    (learned.profile.source.dialect == "postgresql").then_some(30_000.0)
}

/// Returns the share of NULLs of a column.
pub(super) fn nulls(b: &PlanContext<'_>, table: usize, column: &str) -> Option<f64> {
    b.column_profile(table, column)?.nulls
}

/// Returns true if the distribution of a column's numbers is known.
pub(super) fn has_quantiles(b: &PlanContext<'_>, table: usize, column: &str) -> bool {
    b.column_profile(table, column).is_some_and(|known| known.quantiles.is_some())
}

/// Returns the first number of a numbered column, and how many numbers there are for each row, because rows were
/// removed or never stored.
pub(super) fn numbering(b: &PlanContext<'_>, table: usize, column: &str) -> Option<(i128, i128)> {
    let profile = b.table_profile(table).filter(|profile| profile.rows > 0)?;
    let known = profile.columns.get(column)?;
    let first = known.first.unwrap_or(1.0).max(1.0);
    let gap = (known.sequence? - first).max(0.0) / profile.rows as f64;
    Some((first as i128, (gap.round() as i128).max(1))) // at most 2^63
}

impl PlanContext<'_> {
    fn table_profile(&self, table: usize) -> Option<&TableProfile> {
        self.options.profile.as_ref()?.table(self.schema, table)
    }

    fn column_profile(&self, table: usize, column: &str) -> Option<&ColumnProfile> {
        self.table_profile(table)?.columns.get(column)
    }

    /// Returns the profile of the reference by these columns.
    fn reference_profile(&self, table: usize, columns: &[&str]) -> Option<&Reference> {
        let found = |r: &&Reference| r.columns.iter().map(String::as_str).eq(columns.iter().copied());
        self.table_profile(table)?.references.iter().find(found)
    }

    /// Returns the ratio of a table's rows to those of the profile.
    fn growth(&self, table: usize) -> f64 {
        match self.table_profile(table) {
            Some(profile) if profile.rows > 0 => self.rows(table) as f64 / profile.rows as f64,
            _ => 1.0,
        }
    }
}
