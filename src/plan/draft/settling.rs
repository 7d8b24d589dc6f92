//! Keys that rows are tried for in order, and keys that rows of earlier runs may hold already.

use std::collections::BTreeSet;

use super::{Builder, Draft};
use crate::plan::keys::KeyInput;
use crate::plan::redraw::{self, Part, Trial, Watched};
use crate::plan::{Redraw, Rule, TablePlan, wishes};
use crate::predicate::{self, Env};
use crate::schema::Key;

impl Draft<'_> {
    /// Fills the table of attempts where keys need one, and compiles the table for good.
    pub(super) fn settle(
        &self,
        b: &mut Builder<'_>,
        mut plan: TablePlan,
        keys: &[KeyInput],
    ) -> Result<TablePlan, String> {
        let Some(redraw) = &plan.redraw else { return Ok(plan) };
        let key = |name| keys.iter().position(|k| &k.name == name).expect("a key of the table");
        let watched = redraw.keys.iter().map(|name| self.watched(b, &self.table.keys[key(name)]));
        let watched = watched.collect::<Result<Vec<_>, String>>()?;
        let held = redraw::memory(plan.rows, watched.iter().map(|k| k.taken.len()));
        b.afford(&redraw.keys.join("`, `"), held)?;
        let names = self.column_names();
        let mut outcome = self.trial(b, plan.rows, &watched, &names).settle()?;
        // A row that refers to any other of the table draws among fewer now.
        while plan.self_reference && 0 < outcome.rows && outcome.rows < plan.rows {
            plan.rows = outcome.rows;
            b.generator.pop();
            b.generator.push(b.options.seed, &plan);
            let again = self.trial(b, plan.rows, &watched, &names).settle()?;
            outcome = redraw::Outcome { full: again.full.or(outcome.full), ..again };
        }
        if let Some(key) = outcome.full {
            if outcome.rows == 0 && self.full_already(b, watched)? {
                plan.limited_by = Some(format!("`{key}` holds all of its values in the rows that are there"));
            } else if outcome.rows == 0 {
                let columns = keys
                    .iter()
                    .find(|k| k.name == key)
                    .map_or_else(Vec::new, |k| k.columns.iter().map(|&c| self.table.columns[c].name.clone()).collect());
                return Err(format!(
                    "no row satisfies `{key}`; give rules for its columns in the config file, e.g.{}",
                    wishes::lines_to_add(&plan.label, &columns)
                ));
            } else {
                plan.limited_by = Some(format!("`{key}` left no room for more than {} rows", outcome.rows));
            }
        }
        plan.rows = outcome.rows;
        plan.redraw = Some(Redraw { keys: redraw.keys.clone(), attempts: outcome.attempts });
        b.generator.pop();
        b.generator.push(b.options.seed, &plan);
        Ok(plan)
    }

    /// Whether a row would find a place if none were there yet.
    fn full_already(&self, b: &Builder<'_>, mut keys: Vec<Watched>) -> Result<bool, String> {
        keys.iter_mut().for_each(|k| k.taken.clear());
        Ok(self.trial(b, 1, &keys, &self.column_names()).settle()?.rows > 0)
    }

    fn trial<'t>(&self, b: &'t Builder<'_>, rows: u64, keys: &'t [Watched], names: &'t [String]) -> Trial<'t> {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        Trial { generator: &b.generator, table: self.position, rows, keys, names, env }
    }

    /// Whether keys that do not simply count on would meet rows that were there before.
    pub(super) fn clashes(&self, b: &Builder<'_>, plan: &TablePlan, keys: &[KeyInput]) -> Result<bool, String> {
        if b.rows_before(self.index) == 0 {
            return Ok(false);
        }
        let redrawn = |k: &KeyInput| plan.redraw.as_ref().is_some_and(|r| r.keys.contains(&k.name));
        let counted = |c: &usize| matches!(plan.columns[*c].rule, Rule::Sequence { .. });
        let fresh_parents = |c: &usize| {
            let source = self.columns[*c].foreign.map(|(f, _)| &plan.sources[self.foreign[f].source]);
            source.is_some_and(|s| s.first > 0)
        };
        let safe = |k: &KeyInput| k.given || k.columns.iter().any(|c| counted(c) || fresh_parents(c));
        let watched = keys.iter().zip(&self.table.keys).filter(|(k, _)| k.exact && !safe(k) && !redrawn(k));
        let watched = watched.map(|(_, key)| self.watched(b, key)).collect::<Result<Vec<_>, String>>()?;
        if watched.is_empty() {
            return Ok(false);
        }
        self.trial(b, plan.rows, &watched, &self.column_names()).clashes()
    }

    pub(super) fn watched(&self, b: &Builder<'_>, key: &Key) -> Result<Watched, String> {
        let mut parts = Vec::new();
        for part in &key.parts {
            let Some(name) = &part.column else {
                parts.extend(self.key_parts(b, part.expression.as_deref().unwrap_or_default()));
                continue;
            };
            let c = self.table.column_index(name);
            let c = c.ok_or_else(|| format!("key `{}` names no column `{name}`", key.name))?;
            match &self.table.columns[c].generated {
                Some(g) => parts.extend(self.key_parts(b, &g.expression)),
                None => parts.push(Part::Column(c)),
            }
        }
        // Without a predicate that can be worked out, every row is in the key.
        let predicate = key.predicate.as_deref().and_then(|text| self.worked_out(b, text).ok());
        let mut columns = BTreeSet::new();
        let mentioned = |e: &predicate::Expr| -> Vec<usize> {
            e.columns().iter().filter_map(|c| self.table.column_index(c)).collect()
        };
        for part in &parts {
            match part {
                Part::Column(c) => _ = columns.insert(*c),
                Part::Expression(e) => columns.extend(mentioned(e)),
            }
        }
        columns.extend(predicate.iter().flat_map(mentioned));
        let plain: Option<Vec<usize>> =
            parts.iter().map(|p| if let Part::Column(c) = p { Some(*c) } else { None }).collect();
        let taken = match plain {
            Some(plain) => b.taken(self.index, &plain, &key.name)?,
            None => Vec::new(),
        };
        Ok(Watched {
            name: key.name.clone(),
            parts,
            predicate,
            nulls_distinct: key.nulls_distinct,
            columns: columns.into_iter().collect(),
            taken,
        })
    }

    /// An expression of a key; one that cannot be worked out counts as different where its columns are.
    fn key_parts(&self, b: &Builder<'_>, text: &str) -> Vec<Part> {
        match self.worked_out(b, text) {
            Ok(e) => vec![Part::Expression(e)],
            Err(mentioned) => mentioned.into_iter().map(Part::Column).collect(),
        }
    }
}
