//! Learned moments: the clock by which the rows of a table begin, hours of the day and days of the week.

use super::numbers;
use crate::context::PlanContext;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_domain::RangeKind;
use dbmocker_domain::distribution::{Point, Rhythm};
use dbmocker_generate::NumericUnit;
use dbmocker_plan::{Clock, ColumnPlan, Law, TablePlan, WHOLE};
use dbmocker_profile::ColumnProfile;

/// Correlation with the physical order from which moments are regarded as growing from row to row.
const GROWING: f64 = 0.9;
/// Days from which quantiles do not show hours, and those from which they do not show weekdays.
const DAYS: (f64, f64) = (50.0, 180.0);

/// Returns the hours and weekdays of a column of moments whose quantiles are `points`; `None` if they are not known.
pub(super) fn rhythm(profile: &ColumnProfile, unit: NumericUnit, points: &[Point]) -> Option<Rhythm> {
    let (first, last) = (points.first()?.value, points.last()?.value);
    let days = (last - first) / MICROS_PER_DAY as f64;
    let usable = |weights: &[f64], len: usize| weights.len() == len && weights.iter().any(|w| *w > 0.0);
    let kept = |weights: &[f64], len: usize, least: f64| {
        if days >= least && usable(weights, len) { weights.to_vec() } else { Vec::new() }
    };
    if unit != NumericUnit::Kind(RangeKind::Timestamp) {
        return None;
    }
    let rhythm = Rhythm { hours: kept(&profile.hours, 24, DAYS.0), week: kept(&profile.weekdays, 7, DAYS.1) };
    (!rhythm.hours.is_empty() || !rhythm.week.is_empty()).then_some(rhythm)
}

/// Share of the children in order from which all are regarded as being in order.
const IN_ORDER: f64 = 0.95;

/// Notes the columns of moments that grow from child to child of a parent, but not from row to row of the plan.
pub(super) fn note_order(b: &PlanContext<'_>, index: usize, table: &mut TablePlan) {
    let references = b.table_profile(index).map_or(&[][..], |profile| &profile.references);
    let ordered = references.iter().flat_map(|r| &r.in_order).filter(|(_, share)| **share >= IN_ORDER);
    let mut names: Vec<&str> = ordered.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let grows = |column: &ColumnPlan| match column.law.as_ref().map(|law| &law.law) {
        Some(Law::Moment { .. }) => true,
        Some(Law::Drawn(drawn)) => drawn.order >= GROWING,
        _ => false,
    };
    for name in names {
        if table.columns.iter().any(|c| c.name == name && !grows(c)) {
            table.notes.push(format!("profile: that `{name}` grows among the rows of a parent is not reproduced"));
        }
    }
}

/// Returns the clock by which the rows of a table begin, by the quantiles of the column with their start times; `None`
/// if these are not known, or do not grow from row to row.
pub(crate) fn clock(b: &PlanContext<'_>, table: usize, column: &ColumnPlan, usual: &Clock) -> Option<Clock> {
    let profile = b.column_profile(table, &column.name)?;
    let unit = NumericUnit::of(column).filter(|unit| unit.micros() > 0)?;
    if profile.correlation.is_some_and(|r| r < GROWING) || profile.nulls.is_some_and(|share| share > 0.0) {
        return None;
    }
    let points = numbers::points(profile.quantiles.as_ref()?, unit)?;
    let rhythm = rhythm(profile, unit, &points).unwrap_or_default();
    let micros = |value: f64| (value * unit.micros() as f64) as i64; // a moment of a date's range
    let learned: Vec<(u32, i64)> =
        points.iter().map(|point| ((point.p * f64::from(WHOLE)).round() as u32, micros(point.value))).collect();
    let (from, last) = (learned.first()?.1, learned.last()?.1);
    let to = last.min(b.options.now);
    let weights = |shares: &[f64]| shares.iter().map(|share| (share * f64::from(WHOLE)).round() as u32).collect();
    let clock = Clock { from, to, learned, hours: weights(&rhythm.hours), week: weights(&rhythm.week), ..*usual };
    (from < to).then_some(clock)
}
