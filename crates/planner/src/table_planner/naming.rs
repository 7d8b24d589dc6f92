//! Tables keyed by a parent and a name: several names for each parent, from one list of names.

use super::{PlanContext, TablePlanner};
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::schema::Key;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, TextDomain};
use dbmocker_semantics::roles;

/// Minimum number of names.
const NAMES: u64 = 12;
/// Combinations per row, so that parents have different names.
const SPARE: u64 = 3;
/// Maximum number of names.
const MOST: u64 = 400;

impl TablePlanner<'_> {
    /// Replaces the domains of such names by a list.
    pub(super) fn name_values(&mut self, b: &PlanContext<'_>) {
        if !b.coherent(self.index) {
            return;
        }
        let mut named: Vec<(usize, usize)> = Vec::new();
        for key in &self.table.keys {
            let Some((c, source)) = self.named_key(b, key) else { continue };
            // Two short lists of one parent would leave their keys too few combinations.
            if named.iter().any(|&(name, of)| of == source && name != c) {
                continue;
            }
            let parents = self.sources[source].size;
            let wanted = (b.rows(self.index).saturating_mul(SPARE) / parents.max(1)).max(NAMES);
            let Some(Domain::Text(text)) = &self.columns[c].domain else { continue };
            if wanted > MOST || text.distinct_prefix.is_some() {
                continue;
            }
            let names = self.names(b, c, text, wanted);
            if names.len() as u64 >= wanted.min(NAMES)
                && (names.len() as u64).saturating_mul(parents) >= b.rows(self.index)
            {
                self.columns[c].domain = Some(Domain::Choice { values: names, weights: None });
                self.columns[c].reason += "; the same names for each parent";
                named.push((c, source));
            }
        }
    }

    /// Returns the name column and the parent selection of a key that consists of a foreign key and a name.
    fn named_key(&self, b: &PlanContext<'_>, key: &Key) -> Option<(usize, usize)> {
        let columns: Option<Vec<usize>> = key.plain_columns()?.iter().map(|c| self.table.column_index(c)).collect();
        let (foreign, free): (Vec<usize>, Vec<usize>) =
            columns?.into_iter().partition(|&c| self.columns[c].foreign.is_some());
        let ([first, ..], [name]) = (&foreign[..], &free[..]) else { return None };
        let column = &self.table.columns[*name];
        let name_of = |k: &Key| k.plain_columns().is_some_and(|k| k == [column.name.as_str()]);
        let overridden = b.overrides.column(self.index, *name).is_some_and(|w| w.shapes_values())
            || b.overrides.fixed_column(self.index, *name).is_some();
        let checked =
            !column.domain_checks.is_empty() || self.table.checks.iter().any(|c| c.text.contains(column.name.as_str()));
        if overridden || checked || self.table.keys.iter().any(name_of) || !roles::is_naming(&column.name) {
            return None;
        }
        let (foreign, _) = self.columns[*first].foreign?;
        Some((*name, self.foreign[foreign].source))
    }

    /// Returns distinct texts of the column's domain.
    fn names(&self, b: &PlanContext<'_>, c: usize, text: &TextDomain, wanted: u64) -> Vec<Value> {
        if let Some(members) = text.members().filter(|m| m.len() as u64 >= wanted) {
            return members;
        }
        let sampler = Domain::Text(text.clone()).sampler();
        let usual = roles::ATTRIBUTES.iter().map(|a| Value::text(*a)).filter(|v| sampler.contains(v));
        let usual: Vec<Value> = usual.take(wanted as usize).collect();
        if roles::is_attribute(&self.table.columns[c].name) && usual.len() as u64 >= wanted {
            return usual;
        }
        let label = b.schema.label(&self.table.name);
        let key = Stream::new(b.options.seed, &label, &format!("{} names", self.table.columns[c].name)).key();
        let mut names: Vec<Value> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for i in 0..8 * wanted {
            let name = sampler.draw(&mut CellRng::new(mix(key ^ i)));
            if (names.len() as u64) < wanted && seen.insert(name.to_string().trim_end().to_lowercase()) {
                names.push(name);
            }
        }
        names
    }
}
