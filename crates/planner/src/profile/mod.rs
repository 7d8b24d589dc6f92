//! Rows that have the statistics of a profile: row counts, NULLs, frequencies, quantiles, lengths, order, fan-outs.
//!
//! In: a [`Profile`] beside the schema. Out: for each column that nothing else decides, a learned law. Keys, types, CHECKs
//! and the config file win over the profile. A rule of agreeing rows (a sum, a copy, a life cycle) stays where a sample of
//! its rows has the figures that were learned, and gives way where it has not (`settle.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::PlanContext;
use super::options::Options;
use dbmocker_core::schema::Schema;
use dbmocker_plan::ColumnPlan;
use dbmocker_profile::{ColumnProfile, Profile, Reference, TableProfile};

mod columns;
mod fanout;
mod figures;
mod labels;
mod numbers;
mod settle;
#[cfg(test)]
mod tests;

pub(super) use fanout::{choice as parents, follows, weights};
pub(super) use settle::settle;

/// A profile to be followed.
#[derive(Debug, Clone)]
pub struct Learned {
    pub profile: Arc<Profile>,
    /// So many times the rows; lists keep their size.
    pub scale: f64,
    /// Whether its row counts are to be taken.
    pub rows: bool,
}

/// Rows up to which a table is a list, whose size does not change with the database's.
const LIST: u64 = 200;

/// What a column would be by its profile alone, and the table's position.
#[derive(Debug, Clone)]
pub(super) struct LearnedColumn {
    /// The column as learned.
    pub column: ColumnPlan,
    /// Share of NULLs, where the column may hold them.
    pub nulls: Option<f64>,
}

/// Learned columns of planned tables, by position and column.
pub(super) type LearnedColumns = BTreeMap<usize, BTreeMap<usize, LearnedColumn>>;

impl Learned {
    /// A table's part of the profile, by its name with or without the schema.
    fn table(&self, schema: &Schema, table: usize) -> Option<&TableProfile> {
        let name = &schema.tables[table].name;
        let tables = &self.profile.tables;
        tables.get(&schema.label(name)).or_else(|| tables.get(&name.to_string())).or_else(|| tables.get(&name.name))
    }

    /// Rows of a table of so many.
    fn scaled(&self, rows: u64) -> u64 {
        if rows <= LIST || self.scale == 1.0 {
            return rows;
        }
        ((rows as f64 * self.scale).round() as u64).max(1)
    }
}

/// Rows of the chosen tables by the profile, where it is to be followed.
pub(super) fn rows(schema: &Schema, options: &Options, chosen: &BTreeSet<usize>) -> BTreeMap<usize, u64> {
    let Some(learned) = options.profile.as_ref().filter(|l| l.rows) else { return BTreeMap::new() };
    let of = |&t: &usize| Some((t, learned.scaled(learned.table(schema, t)?.rows)));
    chosen.iter().filter_map(of).collect()
}

/// Rows that the profile's server looks at for its statistics, where those are estimates from a sample.
pub(super) fn sampled(b: &PlanContext<'_>) -> Option<f64> {
    // PostgreSQL: 300 for each of 100 buckets.
    let learned = b.options.profile.as_ref()?;
    (learned.profile.source.dialect == "postgresql").then_some(30_000.0)
}

/// Share of NULLs of a column.
pub(super) fn nulls(b: &PlanContext<'_>, table: usize, column: &str) -> Option<f64> {
    b.column_profile(table, column)?.nulls
}

impl PlanContext<'_> {
    fn table_profile(&self, table: usize) -> Option<&TableProfile> {
        self.options.profile.as_ref()?.table(self.schema, table)
    }

    fn column_profile(&self, table: usize, column: &str) -> Option<&ColumnProfile> {
        self.table_profile(table)?.columns.get(column)
    }

    /// The reference by these columns.
    fn reference_profile(&self, table: usize, columns: &[&str]) -> Option<&Reference> {
        let found = |r: &&Reference| r.columns.iter().map(String::as_str).eq(columns.iter().copied());
        self.table_profile(table)?.references.iter().find(found)
    }

    /// How many times as many rows a table has as the profile's.
    fn growth(&self, table: usize) -> f64 {
        match self.table_profile(table) {
            Some(profile) if profile.rows > 0 => self.rows(table) as f64 / profile.rows as f64,
            _ => 1.0,
        }
    }
}
