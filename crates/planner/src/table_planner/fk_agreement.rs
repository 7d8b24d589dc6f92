//! Foreign keys that must agree with columns determined otherwise: back edges of cycles (`fk_cycles.rs`) and self
//! references that share columns with a key. Only the remaining columns come from the parent row.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{PendingSelection, PlanContext, TablePlanner};
use crate::error::parents::ForeignKeyError;
use crate::foreign_keys::Link;
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::schema::Key;
use dbmocker_core::value::digest;
use dbmocker_domain::Domain;
use dbmocker_plan::{ForeignKeyPlan, ParentChoice};
use dbmocker_predicate::{Cmp, CoupledColumns, Expr};

/// Rows for each value of a shared column.
const TOGETHER: u64 = 8;
/// Maximum number of such values: they are stored in the plan.
const VALUES: u64 = 1000;

/// Words of columns by which two rows refer to each other.
const PAIRS: [&str; 8] = ["partner", "spouse", "twin", "mate", "pair", "counterpart", "opposite", "inverse"];

/// The name of a key whose values may repeat although all parents are distinct.
struct RepeatableKey(String);

impl TablePlanner<'_> {
    /// Plans a foreign key whose columns `fixed` are determined otherwise.
    ///
    /// # Errors
    /// A key over its other columns that cannot be kept unique.
    pub(super) fn agreeing(
        &mut self,
        b: &PlanContext<'_>,
        link: &Link,
        fixed: &BTreeSet<usize>,
    ) -> Result<(), ForeignKeyError> {
        let own_table = link.parent == self.index;
        let free: Vec<usize> = link.columns.iter().copied().filter(|c| !fixed.contains(c)).collect();
        let null_columns = self.null_columns(link, fixed);
        let shared: Vec<usize> = (0..link.columns.len()).filter(|&i| fixed.contains(&link.columns[i])).collect();
        let optional = !null_columns.is_empty();
        let name = |i: &usize| self.table.columns[link.columns[*i]].name.as_str();
        let correlated: Vec<&str> = shared.iter().map(name).collect();
        let within = |k: &Key| k.plain_columns().is_some_and(|c| c.iter().all(|c| correlated.contains(c)));
        let alone = |k: &Key| k.predicate.is_none() && within(k);
        // If the shared columns are a key, no two rows share their values.
        if !self.table.keys.iter().any(alone) {
            shared.iter().for_each(|&i| self.share_values(b, link.columns[i]));
        }
        let foreign = self.push_foreign(b, link, null_columns, Arc::default());
        for (position, &c) in link.columns.iter().enumerate().filter(|(_, c)| free.contains(c)) {
            self.columns[c].foreign = Some((foreign, position));
        }
        let names = |columns: &mut dyn Iterator<Item = usize>| {
            let names = columns.map(|c| format!("`{}`", self.table.columns[c].name));
            names.collect::<Vec<_>>().join(", ")
        };
        let shared_names = names(&mut shared.iter().map(|&i| link.columns[i]));
        let (pick, reason) = match self.requires_distinct_parents(b, foreign, &free) {
            Err(RepeatableKey(key)) if optional => {
                (ParentChoice::Never, format!("key `{key}` cannot be kept here: left NULL"))
            }
            Err(RepeatableKey(key)) => {
                let (foreign_key, free) = (link.name.clone(), names(&mut free.iter().copied()));
                return Err(ForeignKeyError::SharedKey { foreign_key, shared: shared_names, key, free });
            }
            // The first row has no earlier row, and parents must be distinct.
            Ok(true) if own_table && !optional => {
                (ParentChoice::Itself, "self reference that is unique: the row itself".into())
            }
            Ok(own) => {
                let (earlier, rooted) = (own_table, own_table && !optional);
                let which = match (own_table, own) {
                    (true, true) => "the row before it with the same",
                    (true, false) => "an earlier row with the same",
                    (false, _) => "a row that refers back, or has the same",
                };
                (
                    ParentChoice::Agreeing { shared, path: Vec::new(), own, earlier, rooted },
                    format!("{which} {shared_names}"),
                )
            }
        };
        let size = b.rows(link.parent);
        self.sources.push(PendingSelection { pick: Some(pick), reason, ..PendingSelection::of(vec![foreign], size) });
        Ok(())
    }

    /// Returns true if a key requires distinct parents, because it contains columns that come from the parent.
    ///
    /// # Errors
    /// A key over such columns that could repeat even if all parents are distinct.
    fn requires_distinct_parents(
        &self,
        b: &PlanContext<'_>,
        foreign: usize,
        free: &[usize],
    ) -> Result<bool, RepeatableKey> {
        let names: Vec<&str> = free.iter().map(|&c| self.table.columns[c].name.as_str()).collect();
        let over = |k: &&Key| {
            k.parts.iter().any(|p| {
                p.column.as_deref().is_some_and(|c| names.contains(&c))
                    || p.expression.as_deref().is_some_and(|e| names.iter().any(|n| e.contains(n)))
            })
        };
        let sets = super::key_facts::identifying(b, &self.foreign[foreign]);
        let mut correlated = false;
        for key in self.table.keys.iter().filter(over) {
            let columns = key.plain_columns().unwrap_or_default();
            let within = |c: &usize| columns.contains(&self.table.columns[*c].name.as_str());
            if !sets.iter().any(|set| set.iter().all(within)) {
                return Err(RepeatableKey(key.name.clone()));
            }
            correlated = true;
        }
        Ok(correlated)
    }

    /// Restricts a column determined only by its domain to few values, so that rows share them: if every row had a
    /// different tenant, no row would have a parent of the same tenant.
    fn share_values(&mut self, b: &PlanContext<'_>, c: usize) {
        let rows = b.rows(self.index);
        let wanted = (rows / TOGETHER).clamp(1, VALUES);
        let asked = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
        let column = &self.columns[c];
        if let Some((f, _)) = column.foreign {
            let source = self.foreign[f].source;
            let (only, leads) =
                (self.sources[source].members.len() == 1, b.fk_cycles.step(self.index, &self.foreign[f].name));
            if only && leads.is_none() && self.has_room(b, c, rows / TOGETHER) {
                self.sources[source].within = Some((rows / TOGETHER).max(1));
            }
            return;
        }
        let Some(domain) = column.domain.as_ref().filter(|d| d.size() > u128::from(wanted)) else { return };
        let fixed = self.is_fixed(c) || self.table.columns[c].auto.is_some() || column.omit || column.always_null;
        if asked || fixed || !self.has_room(b, c, wanted) {
            return;
        }
        let name = format!("{} values", self.table.columns[c].name);
        let stream = Stream::new(b.options.seed, &b.schema.label(&self.table.name), &name);
        let few = few_values(domain, wanted, stream);
        let column = &mut self.columns[c];
        column.reason = format!("{}; few values, so that rows share them", column.reason);
        column.domain = Some(few);
    }

    /// Returns true if every key over column `c` still holds all rows with this number of values of that column.
    fn has_room(&self, b: &PlanContext<'_>, c: usize, values: u64) -> bool {
        let rows = u128::from(b.rows(self.index)) * 2;
        let name = self.table.columns[c].name.as_str();
        let over = self.table.keys.iter().filter(|k| {
            k.parts
                .iter()
                .any(|p| p.column.as_deref() == Some(name) || p.expression.as_deref().is_some_and(|e| e.contains(name)))
        });
        over.into_iter().all(|key| {
            let others = key.parts.iter().filter(|p| p.column.as_deref() != Some(name));
            let sizes = others.map(|p| {
                let c = p.column.as_deref().and_then(|c| self.table.column_index(c));
                c.map_or(1, |c| match self.columns[c].foreign {
                    Some((f, _)) => u128::from(self.sources.get(self.foreign[f].source).map_or(1, |s| s.size)),
                    None => self.columns[c].domain.as_ref().map_or(1, Domain::size),
                })
            });
            sizes.fold(u128::from(values), u128::saturating_mul) >= rows
        })
    }

    /// Returns how parent rows that must agree are selected, given the groups of coupled columns: a group that reads
    /// the parent's columns cannot determine the parent.
    pub(super) fn without_group_dependency(
        &self,
        pick: ParentChoice,
        foreign: &ForeignKeyPlan,
        groups: &[CoupledColumns],
    ) -> (ParentChoice, Option<String>) {
        let ParentChoice::Agreeing { shared, rooted, .. } = &pick else { return (pick, None) };
        let shared: Vec<usize> = shared.iter().map(|&i| foreign.columns[i]).collect();
        let free = |c: &&usize| foreign.columns.contains(c) && !shared.contains(c);
        let coupled =
            |g: &CoupledColumns| g.columns().iter().any(|c| shared.contains(c)) && g.columns().iter().any(|c| free(&c));
        match groups.iter().find(|g| coupled(g)) {
            None => (pick, None),
            Some(g) => {
                let checks = g.checks().collect::<Vec<_>>().join(", ");
                let how = if *rooted { ParentChoice::Itself } else { ParentChoice::Never };
                (how, Some(format!("{checks} couples it to the columns in which it must agree")))
            }
        }
    }

    /// Returns the length of the closed chains of a self reference that must be unique and not NULL; `None` if CHECKs
    /// require more than that a row does not refer to itself.
    pub(super) fn chained(&self, b: &PlanContext<'_>, link: &Link) -> Option<u64> {
        if !self.is_unique(link) {
            return None;
        }
        let names =
            |columns: &[usize]| -> Vec<&str> { columns.iter().map(|&c| self.table.columns[c].name.as_str()).collect() };
        let (own, above) = (names(&link.columns), names(&link.parent_columns));
        let mut alone = true;
        for check in self.every_check(b).iter().filter(|c| !c.soft) {
            let tree = check.tree(b.schema.dialect).ok()?;
            if !tree.columns().iter().any(|c| own.contains(&c.as_str())) {
                continue;
            }
            let Expr::Compare { op: Cmp::Ne, left, right } = &tree else { return None };
            let (Expr::Column(left), Expr::Column(right)) = (&**left, &**right) else { return None };
            let pair = |a: &str, b: &str| own.iter().zip(&above).any(|(x, y)| *x == a && *y == b);
            if !pair(left, right) && !pair(right, left) {
                return None;
            }
            alone = false;
        }
        let pairs = own.iter().any(|name| PAIRS.iter().any(|word| name.to_ascii_lowercase().contains(word)));
        (alone || b.rows(self.index) > 1).then_some(if pairs { 2 } else { TOGETHER })
    }
}

/// Returns a domain of this number of distinct values, drawn from `domain`.
fn few_values(domain: &Domain, wanted: u64, stream: Stream) -> Domain {
    let sampler = domain.sampler();
    let mut rng = CellRng::new(stream.key());
    let mut seen = BTreeSet::new();
    let mut values = Vec::new();
    for _ in 0..wanted.saturating_mul(4) {
        let value = sampler.draw(&mut rng);
        if seen.insert(digest(std::slice::from_ref(&value))) {
            values.push(value);
        }
        if values.len() as u64 >= wanted {
            break;
        }
    }
    Domain::Choice { values, weights: None }
}
