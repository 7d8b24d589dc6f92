//! Rejection sampling of a table's rows for its keys, and conflicts with keys of earlier runs.

use std::collections::BTreeSet;

use super::{PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::error::constraints::KeyError;
use crate::keys::KeyInput;
use crate::references::is_by_name;
use crate::rejection_sampling;
use crate::rejection_sampling::{AttemptTrial, WatchedKey, WatchedPart};
use dbmocker_core::schema::Key;
use dbmocker_plan::{Attempts, Rule, TablePlan};
use dbmocker_predicate as predicate;
use dbmocker_predicate::Env;

/// Maximum number of rows that planning tests one by one: minutes of work.
const MOST_LOOKED_AT: u64 = 1 << 28;

impl TablePlanner<'_> {
    /// Computes the table of attempts, if keys need one, and compiles the final plan.
    pub(super) fn assign_attempts(
        &self,
        b: &mut PlanContext<'_>,
        mut plan: TablePlan,
        keys: &[KeyInput],
    ) -> Result<TablePlan, Unplannable> {
        let Some(attempt_table) = &plan.attempt_table else { return Ok(plan) };
        let key = |name| keys.iter().position(|k| &k.name == name).expect("a key of the table");
        let watched = attempt_table.keys.iter().map(|name| self.watched(b, &self.table.keys[key(name)]));
        let watched = watched.collect::<Result<Vec<_>, Unplannable>>()?;
        Self::few_enough(&attempt_table.keys, plan.rows, "is satisfied by retrying rows")?;
        let held = rejection_sampling::memory(plan.rows, watched.iter().map(|k| k.taken.len()));
        b.afford(&attempt_table.keys.join("`, `"), held)?;
        let names = self.column_names();
        let mut outcome = self.trial(b, plan.rows, &watched, &names).assign_attempts()?;
        // With fewer rows, a self reference draws from fewer rows, and a composite key distributes its rows over the
        // parents in another way: repeat until stable.
        let depends_on_rows = plan.self_reference || !plan.composite_keys.is_empty();
        while depends_on_rows && 0 < outcome.rows && outcome.rows < plan.rows {
            plan.rows = outcome.rows;
            b.generator.pop();
            b.generator.push(b.options.seed, &plan);
            let again = self.trial(b, plan.rows, &watched, &names).assign_attempts()?;
            outcome = rejection_sampling::AttemptOutcome { full: again.full.or(outcome.full), ..again };
        }
        if let Some(key) = outcome.full {
            if outcome.rows == 0 && self.full_already(b, watched)? {
                plan.limited_by = Some(format!("`{key}` holds all of its values in existing rows"));
            } else if outcome.rows == 0 {
                let columns = keys
                    .iter()
                    .find(|k| k.name == key)
                    .map_or_else(Vec::new, |k| k.columns.iter().map(|&c| self.table.columns[c].name.clone()).collect());
                return Err(KeyError::NoRow { key, table: plan.label, columns }.into());
            } else {
                plan.limited_by = Some(format!("`{key}` left no room for more than {} rows", outcome.rows));
            }
        }
        plan.rows = outcome.rows;
        plan.attempt_table = Some(Attempts { keys: attempt_table.keys.clone(), attempts: outcome.attempts });
        b.generator.pop();
        b.generator.push(b.options.seed, &plan);
        Ok(plan)
    }

    /// Checks that the number of rows allows planning to test each of them.
    fn few_enough(keys: &[String], rows: u64, why: &'static str) -> Result<(), KeyError> {
        if rows <= MOST_LOOKED_AT {
            return Ok(());
        }
        Err(KeyError::TooManyRows { keys: keys.to_vec(), why, rows, most: MOST_LOOKED_AT })
    }

    /// Returns true if a row would be valid in an empty table.
    fn full_already(&self, b: &PlanContext<'_>, mut keys: Vec<WatchedKey>) -> Result<bool, Unplannable> {
        if keys.iter().all(|k| k.taken.is_empty()) {
            return Ok(false);
        }
        keys.iter_mut().for_each(|k| k.taken.clear());
        Ok(self.trial(b, 1, &keys, &self.column_names()).assign_attempts()?.rows > 0)
    }

    fn trial<'t>(
        &self,
        b: &'t PlanContext<'_>,
        rows: u64,
        keys: &'t [WatchedKey],
        names: &'t [String],
    ) -> AttemptTrial<'t> {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        AttemptTrial { generator: &b.generator, table: self.position, rows, keys, names, env }
    }

    /// Returns true if keys that are not sequences would repeat existing values.
    pub(super) fn clashes(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        keys: &[KeyInput],
    ) -> Result<bool, Unplannable> {
        if b.rows_before(self.index) == 0 {
            return Ok(false);
        }
        let redrawn = |k: &KeyInput| plan.attempt_table.as_ref().is_some_and(|r| r.keys.contains(&k.name));
        let counted = |c: &usize| matches!(plan.columns[*c].rule, Rule::Sequence { .. });
        let fresh_parents = |c: &usize| {
            let Some((f, place)) = self.columns[*c].foreign else { return false };
            plan.sources[self.foreign[f].source].first > 0 && !self.may_lack_parents(b, *c, f, place)
        };
        let safe = |k: &KeyInput| k.fixed || k.columns.iter().any(|c| counted(c) || fresh_parents(c));
        let watched = keys.iter().zip(&self.table.keys).filter(|(k, _)| k.exact && !safe(k) && !redrawn(k));
        let watched = watched.map(|(_, key)| self.watched(b, key)).collect::<Result<Vec<_>, Unplannable>>()?;
        if watched.is_empty() {
            return Ok(false);
        }
        let names: Vec<String> = watched.iter().map(|k| k.name.clone()).collect();
        Self::few_enough(&names, plan.rows, "may conflict with existing rows")?;
        self.trial(b, plan.rows, &watched, &self.column_names()).clashes()
    }

    /// Returns true if existing rows may hold the keys of new parents: a reference that is inferred from its name is not
    /// enforced.
    fn may_lack_parents(&self, b: &PlanContext<'_>, c: usize, foreign: usize, place: usize) -> bool {
        let f = &self.foreign[foreign];
        if !is_by_name(&f.name) {
            return false;
        }
        let largest = b.schema.tables[self.index].existing.max.get(&self.table.columns[c].name);
        let parent = f.parent_table.filter(|&p| p < b.generator.len()).map(|p| b.generator.table(p));
        let first = parent.and_then(|p| p.columns[f.parent_columns[place]].counts_up_from());
        largest.zip(first).is_none_or(|(largest, first)| *largest >= first)
    }

    pub(super) fn watched(&self, b: &PlanContext<'_>, key: &Key) -> Result<WatchedKey, Unplannable> {
        let mut parts = Vec::new();
        for part in &key.parts {
            let Some(name) = &part.column else {
                parts.extend(self.key_parts(b, part.expression.as_deref().unwrap_or_default()));
                continue;
            };
            let c = self.table.column_index(name);
            let c = c.ok_or_else(|| KeyError::NoColumn { key: key.name.clone(), column: name.clone() })?;
            match &self.table.columns[c].generated {
                Some(g) => parts.extend(self.key_parts(b, &g.expression)),
                None => parts.push(WatchedPart::Column(c)),
            }
        }
        // If the predicate cannot be evaluated, every row counts as part of the key.
        let predicate = key.predicate.as_deref().and_then(|text| self.worked_out(b, text).ok());
        let mut columns = BTreeSet::new();
        let mentioned = |e: &predicate::Expr| -> Vec<usize> {
            e.columns().iter().filter_map(|c| self.table.column_index(c)).collect()
        };
        for part in &parts {
            match part {
                WatchedPart::Column(c) => _ = columns.insert(*c),
                WatchedPart::Expression(e) => columns.extend(mentioned(e)),
            }
        }
        columns.extend(predicate.iter().flat_map(mentioned));
        let plain: Option<Vec<usize>> =
            parts.iter().map(|p| if let WatchedPart::Column(c) = p { Some(*c) } else { None }).collect();
        let taken = match plain {
            Some(plain) => b.taken(self.index, &plain, &key.name)?,
            None => Vec::new(),
        };
        Ok(WatchedKey {
            name: key.name.clone(),
            parts,
            predicate,
            nulls_distinct: key.nulls_distinct,
            columns: columns.into_iter().collect(),
            taken,
        })
    }

    /// Returns an expression of a key; if it cannot be evaluated, its columns instead.
    fn key_parts(&self, b: &PlanContext<'_>, text: &str) -> Vec<WatchedPart> {
        match self.worked_out(b, text) {
            Ok(e) => vec![WatchedPart::Expression(e)],
            Err(mentioned) => mentioned.into_iter().map(WatchedPart::Column).collect(),
        }
    }
}
