//! Foreign keys whose values a list of rows gives: the parent row of each listed value, so that the rows agree with
//! their parents as those of other foreign keys do.

use std::collections::HashMap;

use super::{PendingSelection, PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::foreign_keys::Link;
use dbmocker_core::value::{Value, digest};
use dbmocker_plan::{ParentChoice, TablePlan};

/// Maximum rows of a list, and of a parent among whose rows the listed ones are searched for.
const MOST: u64 = 100_000;

impl TablePlanner<'_> {
    /// Plans the foreign keys whose listed values are rows of their parents.
    pub(super) fn link_listed(&mut self, b: &PlanContext<'_>, parents: &[TablePlan]) -> Result<(), Unplannable> {
        for list in 0..self.fixed_rows.len() {
            for link in std::mem::take(&mut self.fixed_rows[list].links) {
                match self.listed_parents(b, parents, list, &link)? {
                    Some((pick, size)) => self.push_listed(b, list, &link, pick, size)?,
                    None => self.fixed_rows[list].links.push(link),
                }
            }
        }
        Ok(())
    }

    /// Returns the choice of the parent rows of a list; `None` if the list is one of constants only.
    fn listed_parents(
        &self,
        b: &PlanContext<'_>,
        parents: &[TablePlan],
        list: usize,
        link: &Link,
    ) -> Result<Option<(ParentChoice, u64)>, Unplannable> {
        let given = &self.fixed_rows[list];
        let Some((of, weights)) = given.draws() else { return Ok(None) };
        let before = b.position(link.parent).is_none_or(|p| p < self.position);
        let shared = |c: &usize| self.foreign.iter().any(|f| f.columns.contains(c)) || self.in_key(&[*c]);
        let also = given.links.iter().any(|other| other.columns.iter().any(|c| link.columns.contains(c)));
        if link.parent == self.index || !before || b.has_failed(link.parent) || also || link.columns.iter().any(shared)
        {
            return Ok(None);
        }
        let (existing_keys, size) = self.parent_space(b, parents, link)?;
        let rows = given.rows.rows.len();
        if existing_keys.thinned
            || size > MOST
            || rows as u64 > MOST
            || b.rows_before(link.parent) > existing_keys.len() as u64
        {
            return Ok(None);
        }
        let tuple = |row: usize| link.columns.iter().map(|c| given.values[c][row].clone()).collect::<Vec<Value>>();
        let tuples: Vec<Vec<Value>> = (0..rows).map(tuple).collect();
        if tuples.iter().flatten().any(Value::is_null) {
            return Ok(None);
        }
        let mut found: HashMap<u128, u64> = HashMap::new();
        for (tuple, row) in existing_keys.tuples().zip(0..) {
            found.entry(digest(&tuple)).or_insert(row);
        }
        if let Some(p) = b.position(link.parent) {
            for row in 0..b.generator.table(p).rows {
                let cells = b.generator.cells(p, &link.parent_columns, row)?;
                found.entry(digest(&cells)).or_insert(existing_keys.len() as u64 + row);
            }
        }
        let rows: Option<Vec<u64>> = tuples.iter().map(|tuple| found.get(&digest(tuple)).copied()).collect();
        // A value without a parent row is an error, which names its place.
        Ok(rows.map(|rows| (ParentChoice::Listed { of: of.to_owned(), rows, weights }, size)))
    }

    fn push_listed(
        &mut self,
        b: &PlanContext<'_>,
        list: usize,
        link: &Link,
        pick: ParentChoice,
        size: u64,
    ) -> Result<(), Unplannable> {
        let limit = if b.position(link.parent).is_some() { super::parents::POOL_BESIDE_NEW } else { super::POOL_ALONE };
        let existing_keys = b.existing_keys(link.parent, &link.parent_columns, limit)?;
        let foreign = self.push_foreign(b, link, Vec::new(), existing_keys);
        for (position, c) in link.columns.iter().enumerate() {
            // The column is that of the parent row from here on.
            let listed = self.columns[*c].domain.take();
            self.columns[*c].foreign = Some((foreign, position));
            self.columns[*c].parents = listed;
            self.fixed_rows[list].values.remove(c);
        }
        let reason = self.columns[link.columns[0]].reason.clone();
        self.sources.push(PendingSelection { pick: Some(pick), reason, ..PendingSelection::of(vec![foreign], size) });
        Ok(())
    }
}
