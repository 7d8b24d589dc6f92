//! A column as the profile alone determines it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{LearnedColumn, fanout, labels, moments, numbers};
use crate::context::PlanContext;
use crate::table_planner::LearnedScope;
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_domain::distribution::{Distribution, LearnedDistribution, Point, Ranks};
use dbmocker_domain::{Domain, RangeKind, Sampler};
use dbmocker_generate::{NumericUnit, grid};
use dbmocker_plan::print::domain_text;
use dbmocker_plan::{ColumnPlan, Drawn, DrawnValues, Law, LawPlan, LengthFit, Rule};
use dbmocker_profile::{ColumnProfile, Labels};

/// If common values have at least this share, they are regarded as the only ones.
const WHOLE: f64 = 0.985;
/// Number of texts whose lengths are measured.
const MEASURED: u64 = 256;
/// Relative difference of mean lengths below which no distribution is needed.
const NEAR: f64 = 0.05;
/// Number of texts up to which they are drawn until all differ.
const STORED: u64 = 8192;
/// Maximum number of texts that are drawn to find how many are equal.
const MOST_TRIED: u64 = 20_000;
/// Share of equal texts from which members of the domain are taken instead.
const REPEATED: f64 = 0.15;
/// Correlation with the row order from which listed numbers follow it.
const ORDERED: f64 = 0.1;
/// Share of distinct values from which nearly all must differ.
const UNIQUE: f64 = 0.95;
/// Maximum number of elements of an array.
const MOST_ELEMENTS: f64 = 1000.0;
/// Ratio of mean lengths from which texts are regarded as being of another kind.
const OTHER: f64 = 1.7;
/// Correlation with the row order below which it is ignored.
const ORDER: f64 = 0.04;

impl LearnedScope<'_> {
    /// Returns the learned column; `None` if the profile has no statistics of it.
    pub fn learn(&self, b: &PlanContext<'_>, plan: &ColumnPlan, rows: u64) -> Option<LearnedColumn> {
        let profile = b.column_profile(self.table, &self.column.name)?;
        let mut column = plan.clone();
        let nulls = profile.nulls.filter(|_| self.nullable);
        let nulls = self.nulls.or(nulls);
        let said = self.values(&mut column, profile, (rows, b.options.now), nulls.unwrap_or(0.0));
        if nulls.is_none() && said.is_none() {
            return None;
        }
        if let Some(share) = nulls {
            (column.null_share, column.nulls_of) = (share, None);
        }
        if let Some(said) = said {
            (column.presence, column.correlated) = (None, None);
            column.reason = format!("profile: {said}");
        }
        let order_open = profile.correlation.is_none().then(|| ties(profile));
        let masked = profile.labels != Some(Labels::Kept) && !profile.common.is_empty();
        let chars = profile.length.as_ref().and_then(|l| l.mean);
        Some(LearnedColumn { column, nulls, masked, chars, order_open })
    }

    /// Sets the column's values; returns a description.
    fn values(
        &self,
        column: &mut ColumnPlan,
        profile: &ColumnProfile,
        (rows, now): (u64, i64),
        nulls: f64,
    ) -> Option<String> {
        let filled = (rows as f64 * (1.0 - nulls)).max(1.0);
        let known = labels::values(self, profile);
        let common: f64 = known.iter().flatten().map(|(_, share)| share).sum();
        let unit = NumericUnit::of(&ColumnPlan {
            law: None,
            rule: Rule::Draw { domain: self.allowed.clone() },
            ..column.clone()
        });
        let unit = unit.filter(|_| matches!(self.allowed, Domain::Range { .. } | Domain::Float { .. }));
        let mut points = profile.quantiles.as_ref().zip(unit).and_then(|(q, unit)| numbers::points(q, unit));
        if let Some(points) = points.as_mut().filter(|_| unit == Some(NumericUnit::Kind(RangeKind::Timestamp))) {
            let most = profile.common.first().map_or(0.0, |c| c.share / (1.0 - nulls).max(1e-9));
            numbers::within_days(points, most, now as f64);
        }
        let all = profile.distinct.is_some_and(|d| d.of(filled) < profile.common.len() as f64 + 0.5);
        let more = points.is_some() && !all;
        if let Some(known) = known.as_ref().filter(|_| common > WHOLE && !more || all) {
            // Numbers and dates may follow the physical order.
            let order = profile.correlation.map_or(0.0, |correlation| without_ties(correlation, ties(profile)));
            if order.abs() > ORDERED
                && let Some(unit) = unit
                && let Some(points) = numbers::steps(known, unit)
            {
                return self.numbers(column, profile, (unit, &points), Some(known), (rows as f64, nulls));
            }
            column.law = None;
            column.rule = Rule::Draw { domain: labels::choice(known) };
            return Some(format!("{} labels", known.len()));
        }
        if let Domain::Array { element, .. } = self.allowed {
            return arrays(column, profile, element);
        }
        if let (Domain::Choice { values, .. }, None) = (self.allowed, &known) {
            return self.listed(column, profile, values, filled / rows.max(1) as f64);
        }
        match (unit, points) {
            (Some(unit), Some(points)) => {
                self.numbers(column, profile, (unit, &points), known.as_deref(), (rows as f64, nulls))
            }
            _ => self.others(column, profile, known, filled, nulls),
        }
    }

    /// A list of values of which only the frequencies are learned.
    fn listed(
        &self,
        column: &mut ColumnPlan,
        profile: &ColumnProfile,
        values: &[dbmocker_core::value::Value],
        filled: f64,
    ) -> Option<String> {
        if profile.common.is_empty() || values.is_empty() {
            return None;
        }
        let head: Vec<f64> = profile.common.iter().map(|c| c.share / filled).collect();
        let ranks = Ranks { size: values.len() as u64, head, exponent: profile.tail.map(|t| t.exponent) }.sampler();
        let share = |i: u64| ranks.before(i + 1) - ranks.before(i);
        let known: Vec<_> = values.iter().zip(0..).map(|(v, i)| (v.clone(), share(i).max(1e-9))).collect();
        column.law = None;
        column.rule = Rule::Draw { domain: labels::choice(&known) };
        Some(format!("{} frequencies", profile.common.len()))
    }

    fn numbers(
        &self,
        column: &mut ColumnPlan,
        profile: &ColumnProfile,
        (unit, points): (NumericUnit, &[Point]),
        known: Option<&[(dbmocker_core::value::Value, f64)]>,
        (rows, nulls): (f64, f64),
    ) -> Option<String> {
        let share = |c: &dbmocker_profile::Common| c.share / (1.0 - profile.nulls.unwrap_or(0.0)).max(1e-9);
        let (known, shares): (Vec<(f64, f64)>, Vec<f64>) = match known {
            Some(known) => {
                (known.iter().filter_map(|(v, s)| Some((numbers::number(v, unit)?, *s))).collect(), Vec::new())
            }
            None => (Vec::new(), profile.common.iter().map(share).collect()),
        };
        column.rule = Rule::Draw { domain: self.allowed.clone() };
        let (least, most, step) = crate::table_planner::drawn::reach(column)?;
        let order = profile.correlation.map_or(0.0, |correlation| without_ties(correlation, ties(profile)));
        let target = profile.distinct.map(|d| d.of(rows * (1.0 - nulls)));
        let common: f64 = profile.common.iter().map(share).sum();
        let sizes = numbers::SampleSizes { rows, nulls, ordered: order != 0.0, target, common, sampled: self.sampled };
        let grid = grid(unit, least, most, step);
        let learned = numbers::law(points, &known, &shares, profile, sizes, grid)?;
        let rhythm = moments::rhythm(profile, unit, points);
        let law = Distribution::Learned(LearnedDistribution { rhythm, ..learned });
        let text = format!("{law}{}, {}", order_text(order), domain_text(self.allowed));
        let said = format!("{law}{}", order_text(order));
        let values = DrawnValues::Numbers { law, least, most, step };
        column.law = Some(LawPlan {
            law: Law::Drawn(Box::new(Drawn { values, order, lengths: None, fit: LengthFit::Exact, beside: None })),
            text,
        });
        Some(said)
    }

    /// Texts, documents and other values: by rank, and by length.
    fn others(
        &self,
        column: &mut ColumnPlan,
        profile: &ColumnProfile,
        known: Option<Vec<(dbmocker_core::value::Value, f64)>>,
        filled: f64,
        nulls: f64,
    ) -> Option<String> {
        let Rule::Draw { domain } = &column.rule else { return None };
        let listed = matches!(domain, Domain::Choice { .. });
        let domain = if listed { self.allowed.clone() } else { domain.clone() };
        if !matches!(domain, Domain::Text(_) | Domain::Special(_)) {
            return None;
        }
        let sampler = domain.sampler();
        let (lengths, fit) = self.lengths(profile, &sampler, &domain).unzip();
        let fit = fit.unwrap_or_default();
        let distinct = profile.distinct.map(|d| d.of(filled));
        let values = match distinct {
            Some(distinct) => {
                let labelled = known.map(|k| k.into_iter().map(|(v, _)| v).collect()).unwrap_or_default();
                let share = |c: &dbmocker_profile::Common| c.share / (1.0 - nulls).max(1e-9);
                let head: Vec<f64> = profile.common.iter().map(share).collect();
                let exponent = profile.tail.map(|t| t.exponent);
                let truth =
                    profile.tail.map_or(distinct, |t| if distinct > 0.0 { t.distinct.min(filled) } else { distinct });
                let ranks = fanout::seen(
                    head,
                    exponent,
                    truth.max(1.0),
                    filled.ceil() as u64 * 4,
                    (filled / (1.0 - nulls).max(1e-9), Some(nulls)),
                );
                let repeated = repeated(&sampler, ranks.size);
                // Ranks beyond the rows cannot replace equal texts.
                let most = if distinct > UNIQUE * filled { REPEATED / 10.0 } else { REPEATED };
                let natural = !listed && repeated < most;
                // Some of the draws are equal.
                let size = if natural { (ranks.size as f64 / (1.0 - repeated)).round() as u64 } else { ranks.size };
                DrawnValues::Ranked { ranks: Ranks { size, ..ranks }, first: labelled, natural }
            }
            None => {
                lengths.as_ref()?;
                DrawnValues::Own
            }
        };
        let said = match &values {
            DrawnValues::Ranked { ranks, .. } => {
                let of = if lengths.is_some() { ", lengths" } else { "" };
                format!("{} values, {} frequencies{of}", ranks.size, profile.common.len())
            }
            _ => "lengths".to_owned(),
        };
        let text = format!("{}, {said}", domain_text(&domain));
        column.rule = Rule::Draw { domain };
        column.law =
            Some(LawPlan { law: Law::Drawn(Box::new(Drawn { values, order: 0.0, lengths, fit, beside: None })), text });
        Some(said)
    }

    /// Returns the distribution of lengths, if it differs from that of the text kind, and how texts get them.
    fn lengths(
        &self,
        profile: &ColumnProfile,
        sampler: &Sampler,
        domain: &Domain,
    ) -> Option<(Distribution, LengthFit)> {
        let Domain::Text(text) = domain else { return None };
        let length = profile.length.as_ref()?;
        let mut own: Vec<f64> =
            (0..MEASURED).map(|i| sampler.draw(&mut CellRng::new(mix(i))).to_string().chars().count() as f64).collect();
        own.sort_by(f64::total_cmp);
        let usual = own.iter().sum::<f64>() / own.len() as f64;
        let ratio = length.mean.map(|mean| mean / usual.max(1.0));
        // Much longer or shorter texts are not of this kind.
        let other = ratio.is_some_and(|ratio| !(1.0 / OTHER..=OTHER).contains(&ratio));
        let fit = if text.kind.is_of_words() || other { LengthFit::Words } else { LengthFit::Nearest };
        let near = ratio.is_none_or(|ratio| (ratio - 1.0).abs() < NEAR);
        if let Some(points) = length.quantiles.as_ref().and_then(dbmocker_profile::Quantiles::numbers) {
            let points: Vec<Point> = points.into_iter().map(|(p, value)| Point { p: p / 100.0, value }).collect();
            let law = Distribution::Quantiles { points };
            return (law.check().is_ok() && !(near && fit == LengthFit::Nearest)).then_some((law, fit));
        }
        let ratio = ratio.filter(|_| !near && usual > 0.0)?;
        let points =
            (0..=20).map(|i| Point { p: f64::from(i) / 20.0, value: own[(i as usize * (own.len() - 1)) / 20] * ratio });
        Some((Distribution::Quantiles { points: points.collect() }, fit))
    }
}

/// Arrays: the numbers of their elements, and the frequencies of these.
fn arrays(column: &mut ColumnPlan, profile: &ColumnProfile, element: &Domain) -> Option<String> {
    let elements = profile.elements.as_ref()?;
    let points = elements.count.as_ref().and_then(dbmocker_profile::Quantiles::numbers)?;
    let points: Vec<Point> = points.into_iter().map(|(p, value)| Point { p: p / 100.0, value }).collect();
    let law = Distribution::Quantiles { points: points.clone() };
    law.check().ok()?;
    let most = points.last().map_or(0.0, |point| point.value.clamp(0.0, MOST_ELEMENTS)) as u32;
    let sampler = element.sampler();
    let listed = u64::try_from(sampler.size()).unwrap_or(u64::MAX).min(elements.common.len() as u64);
    let element = match listed {
        0 | 1 => element.clone(),
        _ => {
            let shares = elements.common.iter().map(|c| c.share.max(1e-9));
            labels::choice(&(0..listed).map(|i| sampler.value(i.into())).zip(shares).collect::<Vec<_>>())
        }
    };
    let said = format!("numbers of elements, {} frequencies", elements.common.len());
    column.rule =
        Rule::Draw { domain: Domain::Array { element: Box::new(element), min: most, max: most, unique: false } };
    let drawn = Drawn { values: DrawnValues::Own, order: 0.0, lengths: Some(law), fit: LengthFit::Exact, beside: None };
    column.law = Some(LawPlan { law: Law::Drawn(Box::new(drawn)), text: said.clone() });
    Some(said)
}

/// Returns the share of so many drawn texts that equal an earlier one.
fn repeated(sampler: &Sampler, size: u64) -> f64 {
    if size <= STORED {
        return 0.0;
    }
    let tried = size.min(MOST_TRIED);
    let mut text = String::new();
    let hash = |i: u64| {
        text.clear();
        sampler.draw_text(&mut CellRng::new(mix(i)), &mut text);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    };
    let distinct: HashSet<u64> = (0..tried).map(hash).collect();
    let repeated = 1.0 - distinct.len() as f64 / tried as f64;
    // Pairs of equal texts grow with the square of their number.
    repeated * size as f64 / tried as f64
}

/// Returns the share of the pairs of rows whose values are equal.
fn ties(profile: &ColumnProfile) -> f64 {
    let filled = (1.0 - profile.nulls.unwrap_or(0.0)).max(1e-9);
    profile.common.iter().map(|c| (c.share / filled).powi(2)).sum()
}

/// Returns the correlation without the part due to equal values, which are counted in row order.
pub(super) fn without_ties(correlation: f64, ties: f64) -> f64 {
    let own = (correlation - ties) / (1.0 - ties).max(1e-3);
    if own.abs() < ORDER { 0.0 } else { own.clamp(-1.0, 1.0) }
}

/// Returns the text of a correlation with the physical order.
pub(super) fn order_text(order: f64) -> String {
    if order == 0.0 { String::new() } else { format!(", in the rows' order by {order:.2}") }
}
