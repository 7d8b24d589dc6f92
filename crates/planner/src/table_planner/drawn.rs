//! Columns with a requested distribution, restricted to the values that the type and the CHECKs allow.

use super::{PlanContext, TablePlanner};
use crate::error::overrides::{DistributionConflict, OverrideError};
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{Bucket, Distribution, DistributionError, InverseCdf, Ranks};
use dbmocker_domain::range_units::of_units;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind, TextDomain};
use dbmocker_generate::{NumericUnit, grid};
use dbmocker_plan::{
    ColumnPlan, Drawn, DrawnValues, ForeignKeyPlan, Law, LawPlan, LengthFit, ParentChoice, ParentSelection, Rule,
    TablePlan,
};
use dbmocker_semantics as semantics;

/// Number of quantiles that approximate a distribution if a CHECK couples the column with others.
const LED: usize = 1_000;
/// Texts drawn to estimate the length of a kind.
const TEXTS: u64 = 32;

impl TablePlanner<'_> {
    /// Sets the laws of columns with a requested distribution.
    pub(super) fn distribute(&self, b: &PlanContext<'_>, plan: &mut TablePlan) {
        for c in 0..plan.columns.len() {
            if self.spread_lengths(b, c, &mut plan.columns[c]) {
                continue;
            }
            if matches!(&plan.columns[c].law, Some(LawPlan { law: Law::Moment { .. }, .. })) {
                // The table's clock has it.
                continue;
            }
            let Ok(Some(law)) = self.distribution_of(b, c) else { continue };
            let Rule::Draw { domain } = &plan.columns[c].rule else { continue };
            if let Some((g, _)) = plan.columns[c].group {
                if let Some(led) = quantiles(&law, &plan.columns[c]) {
                    plan.groups[g].lead(c, &led);
                }
                if plan.groups[g].is_led(c) {
                    plan.columns[c].reason += "; by 1000 quantiles, and by the CHECK";
                }
                continue;
            }
            // Parameters of moments are numbers of microseconds, which the config file does not have.
            let asked = b.overrides.column(self.index, c).and_then(|w| w.distribution.as_ref());
            let law_text = match (moments(domain), asked) {
                (Some(_), Some(asked)) => asked.text.clone(),
                _ => law.to_string(),
            };
            let legal = semantics::legal(&self.table.columns[c].ty, &b.context());
            let text = match legal.is_some_and(|legal| reaches_as_far(domain, &legal)) {
                true => law_text,
                false => format!("{law_text}, {}", dbmocker_plan::print::domain_text(domain)),
            };
            let column = &mut plan.columns[c];
            let Some(drawn) = drawn(&law, column) else { continue };
            (column.correlated, column.presence) = (None, None);
            column.law = Some(LawPlan { law: Law::Drawn(Box::new(drawn)), text });
        }
    }

    /// Distributes the lengths of a text uniformly over the requested range, if texts of its kind are shorter.
    fn spread_lengths(&self, b: &PlanContext<'_>, c: usize, column: &mut ColumnPlan) -> bool {
        let Some(override_) = b.overrides.column(self.index, c) else { return false };
        let (Some(min), Rule::Draw { domain: Domain::Text(text) }) = (override_.min_length, &column.rule) else {
            return false;
        };
        // Without a maximum: up to twice the minimum.
        let most = text.max_chars.min(override_.max_length.unwrap_or(min.saturating_mul(2)));
        let free = override_.distribution.is_none() && column.law.is_none() && column.group.is_none();
        if !free || min >= most || !has_any_length(&text.kind) || !is_padded(text, min) {
            return false;
        }
        let buckets = vec![Bucket { to: most.into(), share: 1.0 }];
        let law = Distribution::Buckets { from: Some(f64::from(min)), buckets };
        let shown =
            format!("{}, as many of each length", dbmocker_plan::print::domain_text(&Domain::Text(text.clone())));
        let drawn =
            Drawn { values: DrawnValues::Own, order: 0.0, lengths: Some(law), fit: LengthFit::Exact, beside: None };
        column.law = Some(LawPlan { law: Law::Drawn(Box::new(drawn)), text: shown });
        true
    }

    /// The requested exponent of the distribution of a foreign key's parents.
    pub(super) fn asked_parents(&self, b: &PlanContext<'_>, f: &ForeignKeyPlan) -> Option<f64> {
        let [column] = f.columns[..] else { return None };
        b.overrides.column(self.index, column)?.distribution.as_ref()?.of_list().ok()
    }

    /// Selects parents by rank, if requested.
    pub(super) fn ask_parents(&self, b: &PlanContext<'_>, foreign: &[ForeignKeyPlan], sources: &mut [ParentSelection]) {
        for f in foreign {
            let Some(s) = self.asked_parents(b, f) else { continue };
            let (source, size) = (&mut sources[f.source], self.sources[f.source].size);
            let free = matches!(source.pick, ParentChoice::Skewed | ParentChoice::Cover { .. });
            if free && source.members.len() == 1 && source.combinations.is_none() && size > 0 {
                source.pick = ParentChoice::Ranked { ranks: Ranks::zipf(s, size) };
                source.reason = format!("override: the k-th parent as often as 1 / k^{s}");
            }
        }
    }

    /// Checks that the requested distributions are possible.
    ///
    /// # Errors
    /// The distribution has no value that the type and the CHECKs allow, or a key requires other values.
    pub(super) fn check_distributions(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), OverrideError> {
        for (c, column) in plan.columns.iter().enumerate() {
            if let Rule::Foreign { foreign, .. } = column.rule {
                let f = &plan.foreign[foreign];
                let kept = matches!(plan.sources[f.source].pick, ParentChoice::Ranked { .. });
                if self.asked_parents(b, f).is_some() && !kept {
                    return Err(OverrideError::ParentsDecided { column: column.name.clone() });
                }
                continue;
            }
            let Some(law) = self.distribution_of(b, c)? else { continue };
            let asked = b.overrides.column(self.index, c).and_then(|w| w.distribution.as_ref());
            let asked = asked.map_or("", |d| d.text.as_str());
            let named = |why: DistributionConflict| OverrideError::Distribution {
                column: column.name.clone(),
                text: asked.to_owned(),
                why,
            };
            if column.group.is_some_and(|(g, _)| !plan.groups[g].is_led(c)) {
                return Err(named(DistributionConflict::Coupled));
            }
            match &column.rule {
                Rule::Draw { domain: Domain::Choice { .. } } => {}
                Rule::Draw { .. } => {
                    if let (Some(unit), Some((least, most, step))) = (NumericUnit::of(column), reach(column)) {
                        let made = InverseCdf::new(&law, grid(unit, least, most, step));
                        made.map_err(|e| match (e, column.rule.domain().and_then(moments)) {
                            (DistributionError::NoMass { .. }, Some(kind)) => {
                                let end = |n: i64| of_units(kind, n.into());
                                named(DistributionConflict::OutOfReach(Box::new([end(least), end(most)])))
                            }
                            (e, _) => named(e.into()),
                        })?;
                    }
                }
                Rule::Unique { .. } | Rule::Component { .. } | Rule::Sequence { .. } => {
                    return Err(named(DistributionConflict::Unique));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the requested distribution of numbers or lengths; `None` for lists, which have weights.
    fn distribution_of(&self, b: &PlanContext<'_>, c: usize) -> Result<Option<Distribution>, OverrideError> {
        let Some(override_) = b.overrides.column(self.index, c) else { return Ok(None) };
        let (Some(asked), Some(domain)) = (&override_.distribution, &self.columns[c].domain) else { return Ok(None) };
        if matches!(domain, Domain::Choice { .. }) {
            return Ok(None);
        }
        let law = asked.of_numbers(domain, b.options.now);
        law.map(Some)
            .map_err(|why| OverrideError::misfit(&self.table.columns[c], &format!("distribution: {}", asked.text), why))
    }
}

/// Returns true if a range has the bounds of its type.
fn reaches_as_far(domain: &Domain, legal: &Domain) -> bool {
    match (domain, legal) {
        (Domain::Range { lo, hi, .. }, Domain::Range { lo: least, hi: most, .. }) => lo <= least && hi >= most,
        (Domain::Float { lo, hi, .. }, Domain::Float { lo: least, hi: most, .. }) => lo <= least && hi >= most,
        _ => false,
    }
}

/// Returns the kind of a domain of dates or moments.
fn moments(domain: &Domain) -> Option<RangeKind> {
    match domain {
        Domain::Range { kind: kind @ (RangeKind::Date | RangeKind::Timestamp), .. } => Some(*kind),
        _ => None,
    }
}

/// Returns true for texts that may be of any length.
fn has_any_length(kind: &TextKind) -> bool {
    use TextKind::{Lorem, Paragraph, Prose, Sentence, Title, Word, Words};
    match kind {
        Word | Words | Title | Sentence | Paragraph | Lorem | Prose(_) => true,
        TextKind::Catalogue(named) => named.name().starts_with("text_"),
        _ => false,
    }
}

/// Returns true if most texts of a domain are lengthened to the minimum.
fn is_padded(text: &TextDomain, min: u32) -> bool {
    let sampler = Domain::Text(text.clone()).sampler();
    let short = |i: &u64| match sampler.draw(&mut CellRng::new(mix(*i))) {
        Value::Text(made) => made.chars().count() <= min as usize,
        _ => false,
    };
    (0..TEXTS).filter(short).count() as u64 * 2 > TEXTS
}

/// Returns the law of a column; `None` for domains without numbers or lengths.
pub(super) fn drawn(law: &Distribution, column: &ColumnPlan) -> Option<Drawn> {
    if let Domain::Text(_) = column.rule.domain()? {
        return Some(Drawn {
            values: DrawnValues::Own,
            order: 0.0,
            lengths: Some(law.clone()),
            fit: LengthFit::Exact,
            beside: None,
        });
    }
    let (least, most, step) = reach(column)?;
    Some(Drawn {
        values: DrawnValues::Numbers { law: law.clone(), least, most, step },
        order: 0.0,
        lengths: None,
        fit: LengthFit::Exact,
        beside: None,
    })
}

/// Returns the minimum, maximum and step of a column's domain in its own unit.
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

/// Returns a list of numbers at the quantiles of a distribution.
fn quantiles(law: &Distribution, column: &ColumnPlan) -> Option<Domain> {
    let Some(NumericUnit::Kind(kind)) = NumericUnit::of(column) else { return None };
    let (least, most, step) = reach(column)?;
    let inverse = InverseCdf::new(law, grid(NumericUnit::Kind(kind), least, most, step)).ok()?;
    let value = |n: i64| match kind {
        RangeKind::Int => Value::Int(n.into()),
        kind => of_units(kind, n.into()),
    };
    let at = |i: usize| value(inverse.number((i as f64 + 0.5) / LED as f64));
    Some(Domain::Choice { values: (0..LED).map(at).collect(), weights: None })
}
