//! Edge cases: which columns may hold values at the limits of their types, and which of these values every constraint
//! allows.

use super::mentions::{check_reads, reads};
use super::{PlanContext, TablePlanner};
use crate::error::overrides::{NoEdgeCases, OverrideError};
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::{of_units, units};
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_plan::{EdgeCases, Law, Rule, TablePlan};
use dbmocker_predicate::{Env, NamedCheck, OneColumn};
use dbmocker_semantics as semantics;
use std::collections::BTreeSet;
use std::sync::Arc;

impl TablePlanner<'_> {
    /// Sets the edge cases of columns, if requested.
    ///
    /// # Errors
    /// Edge cases were requested for a column that cannot have any.
    pub(super) fn edge_cases(&self, b: &PlanContext<'_>, plan: &mut TablePlan) -> Result<(), OverrideError> {
        for c in 0..plan.columns.len() {
            let own = b.overrides.column(self.index, c).and_then(|w| w.edge_cases);
            let Some(share) = own.or(b.options.edge_cases).filter(|share| *share > 0.0) else { continue };
            match self.edges_of(b, plan, c, own.is_some()) {
                Ok(values) => plan.columns[c].edges = Some(EdgeCases { share, values: Arc::new(values) }),
                Err(why) if own.is_some() => {
                    let column = self.table.columns[c].name.clone();
                    return Err(OverrideError::EdgeCases { column, share, why });
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Returns the values; the error is the reason why there are none.
    fn edges_of(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        c: usize,
        named: bool,
    ) -> Result<Vec<Value>, NoEdgeCases> {
        let (column, planned) = (&self.table.columns[c], &plan.columns[c]);
        let name = column.name.as_str();
        let mentions = |text: &str| reads(text, name, b.schema.dialect);
        if self.key_reads(c, b.schema.dialect) {
            return Err(NoEdgeCases::Key);
        }
        let free = matches!(planned.rule, Rule::Draw { .. })
            && planned.law.as_ref().is_none_or(|law| matches!(law.law, Law::Drawn(_)))
            && !planned.computed
            && planned.duplicates.is_none();
        if !free || b.formulas.get(self.index, c).is_some() {
            return Err(NoEdgeCases::Decided);
        }
        if planned.group.is_some() {
            return Err(NoEdgeCases::Coupled);
        }
        if !named && b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values()) {
            return Err(NoEdgeCases::Requested);
        }
        if self.table.exclusions.iter().any(|e| e.elements.iter().any(|(text, _)| mentions(text))) {
            return Err(NoEdgeCases::Exclusion);
        }
        let computed =
            |other: &dbmocker_core::schema::Column| other.generated.as_ref().is_some_and(|g| mentions(&g.expression));
        if self.table.columns.iter().any(computed) || b.formulas.read(self.index, c) {
            return Err(NoEdgeCases::Computed);
        }
        let checks: Vec<NamedCheck> =
            self.hard_checks(b).into_iter().filter(|check| check_reads(check, name, b.schema.dialect)).collect();
        // Times of day are carried as such, although MySQL's TIME is a span.
        let day = 0..MICROS_PER_DAY;
        let of_day = |value: &Value| !matches!(value, Value::Time(t) if !day.contains(t));
        let times_of_day = match planned.rule.domain() {
            Some(Domain::Range { kind: RangeKind::Time, lo, hi, .. }) => *lo >= 0 && *hi < day.end.into(),
            Some(Domain::Choice { values, .. }) => values.iter().all(of_day),
            _ => false,
        };
        let carried = |value: &Value| !times_of_day || of_day(value);
        let asked = b.overrides.column(self.index, c).is_some_and(|w| w.has_bounds());
        let allowed = self.allowed_by_checks(b, &BTreeSet::from([c])).swap_remove(c);
        let bounds = allowed.filter(|_| asked || !checks.is_empty());
        let within = |value: &Value| !asked || bounds.as_ref().is_none_or(|allowed| lies_within(allowed, value));
        let mut all = semantics::edge_cases(column, &b.context());
        let ends = bounds.iter().flat_map(ends).filter(|end| !all.contains(end)).collect::<Vec<Value>>();
        all.extend(ends);
        let values: Vec<Value> = all
            .into_iter()
            .filter(|value| carried(value) && within(value))
            .filter(|value| self.allows_edge(b, &checks, name, value))
            .collect();
        if values.is_empty() { Err(NoEdgeCases::NoValue) } else { Ok(values) }
    }

    /// Returns true if CHECKs allow a value, whatever the other columns hold.
    fn allows_edge(&self, b: &PlanContext<'_>, checks: &[NamedCheck], name: &str, value: &Value) -> bool {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        checks.iter().all(|check| {
            let Ok(tree) = check.tree(b.schema.dialect) else { return false };
            let alone = tree.columns().iter().all(|c| c == name);
            alone && matches!(tree.truth(&OneColumn(name, value), env), Ok(None | Some(true)))
        })
    }
}

/// Returns the smallest and the largest value of a range: the limits of its type, of a CHECK, or of the config file.
fn ends(allowed: &Domain) -> Vec<Value> {
    match allowed {
        Domain::Range { kind: RangeKind::Int, lo, hi, .. } => vec![Value::Int(*lo), Value::Int(*hi)],
        Domain::Range { kind, lo, hi, .. } => vec![of_units(*kind, *lo), of_units(*kind, *hi)],
        Domain::Float { lo, hi, .. } => vec![Value::Float(*lo), Value::Float(*hi)],
        _ => Vec::new(),
    }
}

/// Returns true if a value lies within the bounds of a range, or a text within its lengths.
fn lies_within(allowed: &Domain, value: &Value) -> bool {
    match (allowed, value) {
        (Domain::Range { kind, lo, hi, .. }, value) => {
            units(*kind, value).is_some_and(|(n, _)| (*lo..=*hi).contains(&n))
        }
        (Domain::Float { lo, hi, .. }, Value::Float(x)) => (*lo..=*hi).contains(x),
        (Domain::Text(text), Value::Text(value)) => {
            let chars = value.chars().count();
            (text.min_chars as usize..=text.max_chars as usize).contains(&chars)
        }
        _ => true,
    }
}
