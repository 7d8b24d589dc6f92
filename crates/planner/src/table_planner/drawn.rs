//! Columns drawn by a distribution that was asked for: its law in the plan, cut to what type and CHECKs leave.

use super::{PlanContext, TablePlanner};
use crate::apply_override;
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{Distribution, Inverse};
use dbmocker_domain::range_units::of_units;
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_generate::{Unit, grid};
use dbmocker_plan::{ColumnPlan, Drawn, DrawnValues, Law, LawPlan, Rule, TablePlan};

/// Quantiles that stand for a distribution where a CHECK couples the column with others.
const LED: usize = 1_000;

impl TablePlanner<'_> {
    /// Gives the columns for which a distribution was asked for their laws.
    pub(super) fn distribute(&self, b: &PlanContext<'_>, plan: &mut TablePlan) {
        for c in 0..plan.columns.len() {
            let Ok(Some(law)) = self.distribution_of(b, c) else { continue };
            let Rule::Draw { domain } = &plan.columns[c].rule else { continue };
            if let Some((g, _)) = plan.columns[c].group {
                if let Some(led) = quantiles(&law, &plan.columns[c]) {
                    plan.groups[g].lead(c, &led);
                    plan.columns[c].reason += "; by 1000 quantiles, and by the CHECK";
                }
                continue;
            }
            let text = format!("{law}, {}", dbmocker_plan::print::domain_text(domain));
            let column = &mut plan.columns[c];
            let Some(drawn) = drawn(&law, column) else { continue };
            (column.correlated, column.presence) = (None, None);
            column.law = Some(LawPlan { law: Law::Drawn(Box::new(drawn)), text });
        }
    }

    /// A distribution that cannot be kept, in words.
    ///
    /// # Errors
    /// Nothing of it lies within what type and CHECKs leave, or a key needs other values.
    pub(super) fn check_distributions(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), String> {
        for (c, column) in plan.columns.iter().enumerate() {
            let Some(law) = self.distribution_of(b, c)? else { continue };
            let asked = b.overrides.column(self.index, c).and_then(|w| w.distribution.as_ref());
            let asked = asked.map_or("", |d| d.text.as_str());
            let named = |why: &str| {
                format!(
                    "column `{}`: `distribution: {asked}` cannot be kept: {why}; change it in the config file",
                    column.name
                )
            };
            match &column.rule {
                Rule::Draw { domain: Domain::Choice { .. } } => {}
                Rule::Draw { .. } => {
                    if let (Some(unit), Some((least, most, step))) = (Unit::of(column), reach(column)) {
                        Inverse::new(&law, grid(unit, least, most, step)).map_err(|e| named(&e.to_string()))?;
                    }
                }
                Rule::Unique { .. } | Rule::Component { .. } | Rule::Sequence { .. } => {
                    return Err(named("a key gives each row a value of its own"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The distribution that was asked for, of numbers or lengths; `None` for lists, which have weights.
    fn distribution_of(&self, b: &PlanContext<'_>, c: usize) -> Result<Option<Distribution>, String> {
        let Some(override_) = b.overrides.column(self.index, c) else { return Ok(None) };
        let (Some(asked), Some(domain)) = (&override_.distribution, &self.columns[c].domain) else { return Ok(None) };
        if matches!(domain, Domain::Choice { .. }) {
            return Ok(None);
        }
        let law = asked.of_numbers(domain, b.options.now);
        law.map(Some).map_err(|why| {
            apply_override::refused(&self.table.columns[c], &format!("distribution: {}", asked.text), &why)
        })
    }
}

/// The law of a column that has a domain of its own; `None` for domains without numbers or lengths.
pub(super) fn drawn(law: &Distribution, column: &ColumnPlan) -> Option<Drawn> {
    if let Domain::Text(_) = column.rule.domain()? {
        return Some(Drawn { values: DrawnValues::Own, order: 0.0, lengths: Some(law.clone()) });
    }
    let (least, most, step) = reach(column)?;
    Some(Drawn { values: DrawnValues::Numbers { law: law.clone(), least, most, step }, order: 0.0, lengths: None })
}

/// The least and the greatest number of a column's domain in its own unit, and the step between them.
pub(crate) fn reach(column: &ColumnPlan) -> Option<(i64, i64, i64)> {
    let end = |n: i128| i64::try_from(n.clamp(-(1 << 62), 1 << 62)).ok();
    match column.rule.domain()? {
        Domain::Range { lo, hi, step, .. } if lo <= hi => {
            let step = if *step > 1 << 61 { 1 } else { *step };
            Some((end(*lo)?, end(*hi)?, end(step)?))
        }
        Domain::Float { lo, hi, decimals, .. } => {
            let unit = 10f64.powi(i32::from(*decimals));
            let end = |x: f64| (x * unit).clamp(-4e18, 4e18) as i64;
            Some((end(*lo), end(*hi), 1))
        }
        _ => None,
    }
}

/// A list of numbers that has a distribution's quantiles.
fn quantiles(law: &Distribution, column: &ColumnPlan) -> Option<Domain> {
    let Some(Unit::Kind(kind)) = Unit::of(column) else { return None };
    let (least, most, step) = reach(column)?;
    let inverse = Inverse::new(law, grid(Unit::Kind(kind), least, most, step)).ok()?;
    let value = |n: i64| match kind {
        RangeKind::Int => Value::Int(n.into()),
        kind => of_units(kind, n.into()),
    };
    let at = |i: usize| value(inverse.number((i as f64 + 0.5) / LED as f64));
    Some(Domain::Choice { values: (0..LED).map(at).collect(), weights: None })
}
