//! Moments whose bounds or distribution the config file gives, in order with the other moments of the row, with those
//! of its parents, and with those of rows that refer to it.
//!
//! The moment at which a row begins takes its distribution from the table's clock, so that everything that follows the
//! row's beginning follows the given moment. Otherwise the rows begin before the given moments.

use std::collections::BTreeSet;

use super::{PlanContext, TablePlanner, trial_rows};
use crate::coherence::{MomentColumn, TableMoments};
use crate::distribution::DistributionOverride;
use dbmocker_core::schema::SqlType;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{Calendar, Distribution, InverseCdf};
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_generate::{NumericUnit, grid};
use dbmocker_plan::{Clock, ColumnPlan, Form, Law, LawPlan, Moment, TablePlan, WHOLE};
use dbmocker_predicate::Expr;

/// Number of quantiles that make a clock of a distribution.
const POINTS: u32 = 1_000;
/// Share of the rows at each end of a distribution that a clock leaves out.
const TAIL: f64 = 1e-6;
/// Minimum number of days between the quartiles of a distribution: a clock knows days and hours.
const DAYS: i64 = 30;
/// Maximum number of days of a clock.
const MOST_DAYS: i64 = 200 * 366;

/// The moments of a table of which the config file gives some.
pub(super) struct GivenMoments {
    /// The moments of the row, without laws for given ones other than the start.
    pub(super) moments: TableMoments,
    pub(super) clock: Clock,
    /// The given column that holds the start time, and what the config file says about it.
    pub(super) start: Option<(usize, String)>,
}

/// A given column, and the bounds of its moments in microseconds.
struct GivenMoment<'a> {
    moment: MomentColumn,
    bounds: (i64, i64),
    asked: Option<&'a DistributionOverride>,
    text: String,
}

impl TablePlanner<'_> {
    /// Returns the moments of the table if the config file gives some of them.
    pub(super) fn given_moments(
        &self,
        b: &PlanContext<'_>,
        coupled: &BTreeSet<usize>,
        kept: &[MomentColumn],
    ) -> Option<GivenMoments> {
        let open: BTreeSet<usize> = (0..self.columns.len()).filter(|&c| self.is_bounded(b, coupled, c)).collect();
        let allowed = if open.is_empty() { return None } else { self.allowed_by_checks(b, &open) };
        let given: Vec<GivenMoment<'_>> =
            open.iter().filter_map(|&c| self.given_moment(b, c, allowed[c].as_ref()?)).collect();
        let all: Vec<MomentColumn> = kept.iter().copied().chain(given.iter().map(|g| g.moment)).collect();
        let mut moments = TableMoments::new(self.table, &all, None, &self.ordered_columns());
        let main = moments.main?;
        let start = given.iter().find(|g| g.moment.column == main);
        let clock = match start {
            Some(start) => start.clock(b.options.now)?,
            None => self.clock_before(b, &moments, &given)?,
        };
        let given_one = |c: usize| c != main && given.iter().any(|g| g.moment.column == c);
        moments.laws.retain(|(c, ..)| !given_one(*c));
        let start = start.map(|g| (g.moment.column, g.text.clone()));
        Some(GivenMoments { moments, clock, start })
    }

    /// Lets moments that a CHECK compares with a given one reach as far as its bounds.
    pub(super) fn reach_given_moments(&mut self, b: &PlanContext<'_>) {
        let bounded = |c: &usize| {
            let override_ = b.overrides.column(self.index, *c);
            override_.is_some_and(|w| w.min_value.is_some() || w.max_value.is_some())
        };
        let given: Vec<usize> = (0..self.columns.len()).filter(bounded).collect();
        let trees: Vec<Expr> = match given.is_empty() {
            true => Vec::new(),
            false => self.hard_checks(b).iter().filter_map(|check| check.tree(b.schema.dialect).ok()).collect(),
        };
        for c in given {
            let Some((lo, hi)) = self.columns[c].domain.as_ref().and_then(micros) else { continue };
            let beside = |tree: &&Expr| tree.mentions(&self.table.columns[c].name);
            let names = trees.iter().filter(beside).flat_map(Expr::columns);
            let others: BTreeSet<usize> = names.filter_map(|name| self.table.column_index(&name)).collect();
            for other in others {
                let free = b.overrides.column(self.index, other).is_none_or(|w| !w.shapes_values());
                let column = &mut self.columns[other];
                let legal = column.legal.as_ref().and_then(micros);
                let (Some(domain), Some((least, most)), true) = (&mut column.domain, legal, free && other != c) else {
                    continue;
                };
                let unit = i128::from(unit_of(domain).unwrap_or(1));
                if let (Some((from, to)), Domain::Range { lo: first, hi: last, .. }) = (micros(domain), domain) {
                    *first = from.min(lo).max(least).div_euclid(unit);
                    *last = to.max(hi).min(most).div_euclid(unit);
                }
            }
        }
    }

    /// Returns a note for each given moment that lies before the beginning of the row's parent in some rows: its bounds
    /// or distribution allow that.
    pub(super) fn early_moments(&self, b: &PlanContext<'_>, parents: &[TablePlan], plan: &TablePlan) -> Vec<String> {
        let mut notes = Vec::new();
        if !b.coherent(self.index) || plan.rows == 0 {
            return notes;
        }
        let begins =
            |c: &ColumnPlan| matches!(&c.law, Some(LawPlan { law: Law::Moment { at: Moment::Began, .. }, .. }));
        let given = (0..plan.columns.len()).filter(|&c| {
            let bounded = b.overrides.column(self.index, c).is_some_and(crate::ColumnOverride::is_bounds_only);
            let drawn = !matches!(&plan.columns[c].law, Some(LawPlan { law: Law::Moment { .. }, .. }));
            bounded && drawn && plan.columns[c].rule.domain().and_then(unit_of).is_some()
        });
        for c in given {
            for (f, foreign) in plan.foreign.iter().enumerate() {
                let Some((p, parent)) = foreign.parent_table.and_then(|p| Some((p, parents.get(p)?))) else { continue };
                let Some(start) = parent.columns.iter().position(begins) else { continue };
                let early = |row: &u64| {
                    let (_, of) = b.generator.planned_parent(self.position, f, *row)?;
                    let own = moment_of(&b.generator.cell(self.position, c, *row).ok()?)?;
                    Some(own < moment_of(&b.generator.cell(p, start, of).ok()?)?)
                };
                let found: Vec<bool> = trial_rows(plan.rows).filter_map(|row| early(&row)).collect();
                let count = found.iter().filter(|early| **early).count();
                if count > 0 {
                    notes.push(format!(
                        "`{}` lies before `{}` of its `{}` in {count} of {} sampled rows: the config file's bounds allow that",
                        plan.columns[c].name,
                        parent.columns[start].name,
                        parent.name,
                        found.len()
                    ));
                }
            }
        }
        notes
    }

    /// Returns true if the config file gives nothing but bounds or a distribution of the column, and nothing else
    /// determines it.
    fn is_bounded(&self, b: &PlanContext<'_>, coupled: &BTreeSet<usize>, c: usize) -> bool {
        let only = b.overrides.column(self.index, c).is_some_and(crate::ColumnOverride::is_bounds_only);
        only && b.formulas.get(self.index, c).is_none() && self.is_undetermined(coupled, c) && !self.in_key(&[c])
    }

    fn given_moment<'b>(&self, b: &PlanContext<'b>, c: usize, allowed: &Domain) -> Option<GivenMoment<'b>> {
        let (form, unit) = match (allowed, &self.table.columns[c].ty) {
            (Domain::Range { kind: RangeKind::Timestamp, .. }, SqlType::Timestamp { .. }) => (Form::Timestamp, 1),
            (Domain::Range { kind: RangeKind::Date, .. }, SqlType::Date) => (Form::Date, MICROS_PER_DAY),
            _ => return None,
        };
        let Domain::Range { lo, hi, except, .. } = allowed else { return None };
        let end = |n: i128| i64::try_from(n).ok()?.checked_mul(unit);
        let (from, to) = (end(*lo)?, end(*hi)?.checked_add(unit)?);
        let asked = b.overrides.column(self.index, c)?;
        except.is_empty().then(|| GivenMoment {
            moment: MomentColumn { column: c, form, from, future: to > b.options.now },
            bounds: (from, to),
            asked: asked.distribution.as_ref(),
            text: asked.text(),
        })
    }

    /// Returns a clock that ends before the given moments that follow the start of a row; `None` if there are none.
    fn clock_before(&self, b: &PlanContext<'_>, moments: &TableMoments, given: &[GivenMoment<'_>]) -> Option<Clock> {
        let now = b.options.now;
        let later = |g: &&GivenMoment<'_>| {
            let law = moments.laws.iter().find(|(c, ..)| *c == g.moment.column);
            law.is_some_and(|(_, at, ..)| matches!(at, Moment::After { .. } | Moment::Since { .. }))
        };
        let first = |g: &GivenMoment<'_>| match g.asked {
            None => Some(g.bounds.0),
            Some(asked) => g.quantiles(asked, now)?.first().map(|(_, at)| *at),
        };
        let to = given.iter().filter(later).filter_map(first).min()?.min(now);
        let from = moments.from.unwrap_or(now - 3 * 365 * MICROS_PER_DAY).min(to - 365 * MICROS_PER_DAY);
        Some(Clock { from, to, machine: dbmocker_semantics::is_machine(&self.table.name.name), ..Clock::default() })
    }
}

impl GivenMoments {
    /// Returns the moments of a row whose start time the config file gives without a clock: the others follow it.
    pub(super) fn following(&self) -> Option<TableMoments> {
        let (start, _) = self.start.as_ref()?;
        let relative = |at: &Moment| {
            let mut at = at.clone();
            if let Moment::After { of, .. }
            | Moment::Since { of }
            | Moment::Recent { of, .. }
            | Moment::Until { of, .. }
            | Moment::Ahead { of, .. }
            | Moment::Before { of, .. } = &mut at
            {
                *of = of.or(Some(*start));
            }
            at
        };
        let laws = self.moments.laws.iter().filter(|(c, ..)| c != start);
        let laws = laws.map(|(c, at, form, text)| (*c, relative(at), *form, text.clone())).collect();
        Some(TableMoments { main: None, from: self.moments.from, in_days: self.moments.in_days, laws })
    }

    /// Returns the clock, which begins when some parents exist if that leaves it time: `usual` does so.
    pub(super) fn after(&self, usual: &Clock) -> Clock {
        let from =
            if usual.from < self.clock.to - MICROS_PER_DAY { usual.from.max(self.clock.from) } else { self.clock.from };
        Clock { from, ..self.clock.clone() }
    }
}

impl GivenMoment<'_> {
    /// Returns the clock whose rows have the given distribution; `None` if it is finer than a clock, or too long.
    fn clock(&self, now: i64) -> Option<Clock> {
        let (from, to) = self.bounds;
        let clock = match self.asked {
            None => Clock { from, to, ..Clock::default() },
            Some(asked) => {
                let learned = self.quantiles(asked, now)?;
                let (from, to) = (learned.first()?.1, (learned.last()?.1 + MICROS_PER_SECOND).min(self.bounds.1));
                let (low, high) = (learned[learned.len() / 4].1, learned[learned.len() * 3 / 4].1);
                let calendar = match asked.of_numbers(&self.domain(), now) {
                    Ok(Distribution::Calendar(calendar)) => calendar,
                    _ if high - low < DAYS * MICROS_PER_DAY => return None,
                    _ => Calendar { growth: 1.0, hours: Vec::new(), week: Vec::new() },
                };
                let hours = if calendar.hours.is_empty() { vec![1.0; 24] } else { calendar.hours };
                let (hours, week) = (weights(&hours), weights(&calendar.week));
                Clock { from, to, learned, hours, week, machine: true }
            }
        };
        let days = (clock.to - clock.from) / MICROS_PER_DAY;
        (1..=MOST_DAYS).contains(&days).then_some(clock)
    }

    fn domain(&self) -> Domain {
        self.domain_in(self.unit())
    }

    fn domain_in(&self, (kind, unit): (RangeKind, i64)) -> Domain {
        let (lo, hi) = (self.bounds.0 / unit, self.bounds.1 / unit - 1);
        Domain::Range { kind, lo: lo.into(), hi: hi.into(), step: 1, except: Vec::new(), shape: Default::default() }
    }

    fn unit(&self) -> (RangeKind, i64) {
        if self.moment.form == Form::Date { (RangeKind::Date, MICROS_PER_DAY) } else { (RangeKind::Timestamp, 1) }
    }

    /// Returns moments before which these shares of the rows lie.
    fn quantiles(&self, asked: &DistributionOverride, now: i64) -> Option<Vec<(u32, i64)>> {
        let mut law = asked.of_numbers(&self.domain(), now).ok()?;
        let dates = self.moment.form == Form::Date;
        let even = matches!(law, Distribution::Uniform | Distribution::Calendar(_));
        // The share of a day is that of its 24 hours. Other laws have numbers of days.
        let (kind, unit) = if dates && even { (RangeKind::Timestamp, 1) } else { self.unit() };
        if dates && even {
            law = asked.of_numbers(&self.domain_in((kind, unit)), now).ok()?;
        }
        if let Distribution::Calendar(calendar) = &mut law {
            // The clock has the hours and weekdays.
            (calendar.hours, calendar.week) = (Vec::new(), Vec::new());
        }
        let (least, most) = (self.bounds.0 / unit, self.bounds.1 / unit - 1);
        let inverse = InverseCdf::new(&law, grid(NumericUnit::Kind(kind), least, most, 1)).ok()?;
        let point = |i: u32| {
            let p = f64::from(i) / f64::from(POINTS);
            let at = inverse.number(p.clamp(TAIL, 1.0 - TAIL)) * unit;
            // A day has its share once it is over.
            (i * (WHOLE / POINTS), if dates && !even && i > 0 { at + unit } else { at })
        };
        Some((0..=POINTS).map(point).collect())
    }
}

/// Returns a date or moment in microseconds.
fn moment_of(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(at) => Some(*at),
        Value::Date(day) => Some(i64::from(*day) * MICROS_PER_DAY),
        _ => None,
    }
}

/// Returns the microseconds of a domain's unit, for dates and moments.
fn unit_of(domain: &Domain) -> Option<i64> {
    match domain {
        Domain::Range { kind: RangeKind::Date, .. } => Some(MICROS_PER_DAY),
        Domain::Range { kind: RangeKind::Timestamp, .. } => Some(1),
        _ => None,
    }
}

/// Returns the bounds of dates or moments, in microseconds.
fn micros(domain: &Domain) -> Option<(i128, i128)> {
    let unit = i128::from(unit_of(domain)?);
    let Domain::Range { lo, hi, .. } = domain else { return None };
    Some((lo.checked_mul(unit)?, hi.checked_mul(unit)?))
}

/// Returns weights as integers.
fn weights(shares: &[f64]) -> Vec<u32> {
    let most = shares.iter().copied().fold(0.0, f64::max);
    shares.iter().map(|share| (share / most * f64::from(WHOLE)).round() as u32).collect() // at most WHOLE
}
