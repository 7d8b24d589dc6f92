//! Foreign keys whose columns a CHECK restricts: only parent rows that satisfy it are candidates.
//!
//! A CHECK over columns of one foreign key alone (`kind = 3`, the bounds of a partition) is satisfied too rarely for
//! rejection sampling: the parent's rows are scanned once, and the list of valid rows replaces the whole index space.

use std::sync::Arc;

use super::{PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::error::parents::ForeignKeyError;
use dbmocker_core::value::Value;
use dbmocker_plan::{ForeignKeyPlan, ParentChoice};
use dbmocker_predicate as predicate;
use dbmocker_predicate::{Env, Expr, NamedCheck};

/// Maximum number of parent rows scanned; a list takes 8 bytes for each.
const ROWS: u64 = 1 << 20;
/// Number of first rows of a large parent that are tested to detect a restriction.
const SAMPLE: u64 = 1 << 12;

/// A parent row's cells under the child's column names.
struct Tuple<'a> {
    names: &'a [&'a str],
    values: &'a [Value],
}

impl predicate::Row for Tuple<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        self.names.iter().position(|n| *n == column).map(|i| self.values[i].clone())
    }
}

impl TablePlanner<'_> {
    /// Restricts every parent selection of a single foreign key.
    pub(super) fn restrict(&mut self, b: &PlanContext<'_>) -> Result<(), Unplannable> {
        let checks = self.every_check(b);
        for s in 0..self.sources.len() {
            let source = &self.sources[s];
            let [foreign] = source.members[..] else { continue };
            if source.pick.is_some() || source.combinations.is_some() {
                continue;
            }
            let rules = self.rules_over(b, &checks, &self.foreign[foreign]);
            if rules.is_empty() {
                continue;
            }
            let Some(mut allowed) = self.allowed(b, s, foreign, &rules)? else { continue };
            if allowed.is_empty() && self.foreign[foreign].null_columns.is_empty() {
                allowed = self.allowed_existing(b, foreign, &rules);
            }
            let said = rules.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let f = &self.foreign[foreign];
            if allowed.is_empty() && f.null_columns.is_empty() {
                let (parent, foreign_key) = (Box::new(f.parent.clone()), f.name.clone());
                return Err(ForeignKeyError::Restricted { parent, foreign_key, checks: said }.into());
            }
            let reason = format!("{} rows of `{}` meet {said}", allowed.len(), f.parent.name);
            let source = &mut self.sources[s];
            (source.size, source.first) = (allowed.len() as u64, 0);
            if allowed.is_empty() {
                source.pick = Some(ParentChoice::Never);
            } else {
                source.combinations = Some(Arc::new(allowed));
            }
            source.reason = reason;
        }
        Ok(())
    }

    /// Returns the CHECKs that read columns of the foreign key only.
    fn rules_over(&self, b: &PlanContext<'_>, checks: &[NamedCheck], f: &ForeignKeyPlan) -> Vec<(String, Expr)> {
        let own = |name: &String| self.table.column_index(name).is_some_and(|c| f.columns.contains(&c));
        let rule = |check: &NamedCheck| {
            let tree = check.tree(b.schema.dialect).ok()?;
            let columns = tree.columns();
            let fits = !columns.is_empty() && columns.iter().all(own) && predicate::unknown_function(&tree).is_none();
            fits.then(|| (check.name.clone(), tree))
        };
        checks.iter().filter(|c| !c.soft).filter_map(rule).collect()
    }

    /// Returns the parent rows that satisfy the conditions; `None` if all do, or if that is unknown.
    fn allowed(
        &self,
        b: &PlanContext<'_>,
        s: usize,
        foreign: usize,
        rules: &[(String, Expr)],
    ) -> Result<Option<Vec<u64>>, Unplannable> {
        let f = &self.foreign[foreign];
        let existing_count = f.existing_keys.len() as u64;
        let new = match f.parent_table {
            None => 0,
            Some(p) if p < self.position => b.generator.table(p).rows,
            Some(_) => return Ok(None),
        };
        let names: Vec<&str> = f.columns.iter().map(|&c| self.table.columns[c].name.as_str()).collect();
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let mut allowed = Vec::new();
        let rows = self.sources[s].first..(existing_count + new).min(ROWS);
        for row in rows.clone() {
            let cells;
            let values = match (row < existing_count, f.parent_table) {
                (true, _) => {
                    cells = f.existing_keys.tuple(usize::try_from(row).unwrap_or(usize::MAX));
                    &cells
                }
                (false, Some(parent)) => {
                    cells = b.generator.cells(parent, &f.parent_columns, row - existing_count)?;
                    &cells
                }
                (false, None) => break,
            };
            let tuple = Tuple { names: &names, values };
            let mut fits = true;
            for (_, rule) in rules {
                match rule.truth(&tuple, env) {
                    Ok(truth) => fits &= truth != Some(false),
                    Err(_) => return Ok(None),
                }
            }
            if fits {
                allowed.push(row);
            }
            let looked = row - rows.start + 1;
            if looked == SAMPLE && allowed.len() as u64 == looked {
                return Ok(None);
            }
        }
        let all = allowed.len() as u64 == rows.end.saturating_sub(rows.start);
        Ok((!all).then_some(allowed))
    }

    /// Returns the existing parent rows that satisfy the conditions, where no new one does.
    fn allowed_existing(&self, b: &PlanContext<'_>, foreign: usize, rules: &[(String, Expr)]) -> Vec<u64> {
        let f = &self.foreign[foreign];
        let names: Vec<&str> = f.columns.iter().map(|&c| self.table.columns[c].name.as_str()).collect();
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let fits = |values: Vec<Value>| {
            let tuple = Tuple { names: &names, values: &values };
            rules.iter().all(|(_, rule)| rule.truth(&tuple, env).is_ok_and(|truth| truth != Some(false)))
        };
        let rows = f.existing_keys.tuples().zip(0..ROWS);
        rows.filter_map(|(values, row)| fits(values).then_some(row)).collect()
    }
}
