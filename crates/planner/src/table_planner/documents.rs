//! JSON columns with CHECKs on their members: documents that contain these members.
//!
//! A condition such as `jsonb_typeof(p->'theme') = 'string'` is not false for a document without `theme`, but is meant
//! to be true. The conditions on the column determine the shape of its documents; the shape is used only if its
//! documents satisfy the conditions.

mod needs;

use super::{PlanContext, TablePlanner};
use crate::documents::schema;
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::schema::SqlType;
use dbmocker_domain::{Domain, Special};
use dbmocker_predicate as predicate;
use dbmocker_predicate::{Env, Expr, OneColumn};
use needs::Needs;

/// Number of documents tested, and how many of them must satisfy the conditions.
const TRIED: u64 = 64;
const ENOUGH: usize = 60;

impl TablePlanner<'_> {
    /// Gives such columns documents of the shape that their CHECKs require.
    pub(super) fn documents(&mut self, b: &PlanContext<'_>) {
        if !b.coherent(self.index) {
            return;
        }
        for c in 0..self.columns.len() {
            let overridden = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
            let free = self.columns[c].foreign.is_none() && !self.columns[c].omit && !self.is_fixed(c) && !overridden;
            if !free || self.in_key(&[c]) || !self.may_be_document(c) {
                continue;
            }
            let rules = self.rules_of(b, c);
            if let Some(domain) = self.document(b, c, &rules) {
                self.columns[c].domain = Some(domain);
                self.columns[c].reason += "; members that CHECKs look at";
            }
        }
    }

    fn may_be_document(&self, c: usize) -> bool {
        match &self.columns[c].domain {
            Some(Domain::Special(Special::Json { .. })) => true,
            Some(Domain::Text(_)) => {
                let name = self.table.columns[c].name.as_str();
                let json = |text: &str| text.to_lowercase().contains("json") && text.contains(name);
                self.table.checks.iter().any(|check| json(&check.text))
            }
            _ => false,
        }
    }

    /// Returns the conditions on the column alone that can be evaluated here.
    fn rules_of(&self, b: &PlanContext<'_>, c: usize) -> Vec<Expr> {
        let name = &self.table.columns[c].name;
        let alone = |e: &Expr| e.columns().len() == 1 && e.columns().contains(name);
        let checks = self.hard_checks(b).into_iter().filter(|check| check.answer.is_none());
        let trees = checks.filter_map(|check| check.tree(b.schema.dialect).ok());
        trees.filter(|e| alone(e) && predicate::unknown_function(e).is_none()).collect()
    }

    fn document(&self, b: &PlanContext<'_>, c: usize, rules: &[Expr]) -> Option<Domain> {
        let column = &self.table.columns[c];
        let context = b.context();
        let mut needs = Needs::new(&column.name);
        rules.iter().for_each(|rule| needs.read(rule));
        let shape = match needs.schema() {
            Some(schema) => schema::document(schema, &column.name, &context)?,
            None => needs.document(&context)?,
        };
        let binary = matches!(column.ty, SqlType::Json { binary: true });
        let domain = Domain::Special(Special::Document { binary, shape });
        let sampler = domain.sampler();
        let room = self.columns[c].legal.as_ref().and_then(|legal| match legal {
            Domain::Text(t) => Some(t.max_chars as usize),
            _ => None,
        });
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let meets = |i: u64| {
            let value = sampler.draw(&mut CellRng::new(mix(i)));
            let fits = room.is_none_or(|room| value.to_string().chars().count() <= room);
            let row = OneColumn(&column.name, &value);
            fits && rules.iter().all(|rule| matches!(rule.truth(&row, env), Ok(Some(true))))
        };
        ((0..TRIED).filter(|&i| meets(i)).count() >= ENOUGH).then_some(domain)
    }
}
