//! Moments of a row: when it began, and what followed.

use std::rc::Rc;

use super::{Frame, Moments, Unit};
use crate::clock::ClockGen;
use crate::generator::{Generator, RowError, RuleGen};
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::{Began, Gap, Moment};
use dbmocker_plan::{Law, TablePlan};

/// [`Began`] made ready.
#[derive(Debug)]
pub struct BeganGen {
    clock: ClockGen,
    /// The foreign keys whose rows come before, if there are any, and how long before.
    after: Vec<usize>,
    gap: Gap,
    stream: Stream,
    now: i64,
}

impl BeganGen {
    pub fn new(seed: u64, plan: &TablePlan) -> Option<Self> {
        let (clock, after, gap) = match plan.began.as_ref()? {
            Began::Clock(clock) => (clock, Vec::new(), Gap { least: 0, most: 0 }),
            Began::After { parents, gap, otherwise } => (otherwise, parents.clone(), *gap),
        };
        let stream = Stream::new(seed, &plan.label, "began");
        Some(BeganGen { clock: ClockGen::new(seed, &plan.label, clock, plan.rows), after, gap, stream, now: clock.to })
    }
}

impl Generator {
    /// Between which moments a row of a table began, both growing with the row, if its rows began in their order.
    pub fn began_between(&self, t: usize, row: u64) -> Option<(i64, i64)> {
        let law = self.table(t).began.as_ref()?;
        let [foreign] = law.after[..] else { return law.after.is_empty().then(|| law.clock.bounds(row)) };
        let (parent, p) = self.planned_parent(t, foreign, row)?;
        let (lower, upper) = self.began_between(parent, p)?;
        // A row that is kept in days may be the next day's.
        let longest = law.gap.most * MICROS_PER_SECOND + MICROS_PER_DAY;
        Some((lower, upper.saturating_add(longest)))
    }
}

impl Frame<'_> {
    /// When each row began; the earliest moment of all where the table has no time.
    pub(super) fn began(&self) -> Result<Moments, RowError> {
        if let Some(known) = self.began.borrow().as_ref() {
            return Ok(known.clone());
        }
        let made: Vec<i64> = match &self.table.began {
            None => vec![i64::MIN; self.rows.len()],
            Some(law) if law.after.is_empty() => self.rows.iter().map(|&row| law.clock.moment(row)).collect(),
            Some(law) => {
                let latest = self.latest(law)?;
                let rows = self.rows.iter().zip(latest);
                let moment = |(&row, latest)| match latest {
                    i64::MIN => law.clock.moment(row),
                    latest => later(latest, law.gap, law.now, &mut CellRng::of_cell(law.stream.at(row, 0))),
                };
                rows.map(moment).collect()
            }
        };
        let made = Rc::new(made);
        *self.began.borrow_mut() = Some(made.clone());
        Ok(made)
    }

    /// When the latest of the rows' parents began, the earliest moment of all where there is none.
    fn latest(&self, law: &BeganGen) -> Result<Vec<i64>, RowError> {
        let mut latest = vec![i64::MIN; self.rows.len()];
        for &foreign in &law.after {
            let parents = self.parents(foreign)?;
            let began = parents.frame.began()?;
            for (latest, at) in latest.iter_mut().zip(parents.at.iter()) {
                *latest = at.map_or(*latest, |at| began[at as usize].max(*latest));
            }
        }
        Ok(latest)
    }

    /// A column of moments, exactly, whether the cell is NULL or not.
    pub(super) fn moments(&self, c: usize) -> Result<Moments, RowError> {
        if let Some(known) = self.moments.borrow().get(&c) {
            return Ok(known.clone());
        }
        let column = &self.table.columns[c];
        let made = match &column.rule {
            RuleGen::Law(law) => match &law.law {
                Law::Moment { at: Moment::Began, .. } => self.began()?,
                Law::Moment { at, now, .. } => Rc::new(self.moment(c, at, *now)?),
                _ => self.seen(c)?,
            },
            _ => self.seen(c)?,
        };
        self.moments.borrow_mut().insert(c, made.clone());
        Ok(made)
    }

    /// The cells as moments, the earliest of all where they are NULL.
    fn seen(&self, c: usize) -> Result<Moments, RowError> {
        Ok(Rc::new(self.micros(c)?.iter().map(|m| m.unwrap_or(i64::MIN)).collect()))
    }

    fn of(&self, of: Option<usize>) -> Result<Moments, RowError> {
        match of {
            None => self.began(),
            Some(c) => self.moments(c),
        }
    }

    fn moment(&self, c: usize, at: &Moment, now: i64) -> Result<Vec<i64>, RowError> {
        let column = &self.table.columns[c];
        let each = |of: Moments, f: &dyn Fn(i64, &mut CellRng) -> i64| {
            let rows = self.rows.iter().zip(of.iter());
            rows.map(|(&row, &of)| f(if of == i64::MIN { now } else { of }, &mut self.stream(column, row))).collect()
        };
        Ok(match at {
            Moment::Began => self.began()?.to_vec(),
            Moment::After { of, gap } => each(self.of(*of)?, &|of, rng| later(of, *gap, now, rng)),
            Moment::Since { of } => each(self.of(*of)?, &|of, rng| {
                let u = rng.unit();
                seconds(now.max(of) - ((now - of).max(0) as f64 * u * u * u) as i64).max(of)
            }),
            Moment::Recent { of, most } => each(self.of(*of)?, &|of, rng| {
                let within = (most * MICROS_PER_SECOND).min((now - of).max(0));
                seconds(now.max(of) - (within as f64 * rng.unit()) as i64).max(of)
            }),
            Moment::Ahead { of, spans } => each(self.of(*of)?, &|of, rng| of + rng.pick(spans) * MICROS_PER_SECOND),
            Moment::Before { of, gap } => each(self.of(*of)?, &|of, rng| {
                let span = gap.least as f64 + (gap.most - gap.least) as f64 * rng.unit();
                seconds(of - (span as i64) * MICROS_PER_SECOND)
            }),
        })
    }

    /// The cells of a column of moments in its own unit, without NULLs by chance.
    pub(super) fn kept(&self, c: usize, unit: Unit) -> Result<Nullable<i64>, RowError> {
        let exact = self.moments(c)?;
        let size = unit.micros();
        if size < MICROS_PER_DAY {
            return Ok(exact.iter().map(|m| m.div_euclid(size)).collect::<Vec<i64>>().into());
        }
        // A day begins at midnight: where something came before on the same day, it is the next one.
        let before = self.before(c)?;
        let day = |(i, m): (usize, &i64)| {
            let day = m.div_euclid(size);
            match &before {
                Some(before) if day * size < before[i] => day + 1,
                _ => day,
            }
        };
        Ok(exact.iter().enumerate().map(day).collect::<Vec<i64>>().into())
    }

    /// What came before a column's moments and is kept more exactly than in days.
    fn before(&self, c: usize) -> Result<Option<Moments>, RowError> {
        let RuleGen::Law(law) = &self.table.columns[c].rule else { return Ok(None) };
        let Law::Moment { at, .. } = &law.law else { return Ok(None) };
        let in_days = |c: usize| self.table.columns[c].unit.is_some_and(|u| u.micros() == MICROS_PER_DAY);
        match (at.after(), &self.table.began) {
            (Some(Some(of)), _) if in_days(of) => Ok(None),
            (Some(of), _) => self.of(of).map(Some),
            (None, Some(law)) if matches!(at, Moment::Began) && !law.after.is_empty() => {
                Ok(Some(Rc::new(self.latest(law)?)))
            }
            _ => Ok(None),
        }
    }
}

/// A moment some time after another one, before now.
fn later(of: i64, gap: Gap, now: i64, rng: &mut CellRng) -> i64 {
    let least = gap.least.max(1) as f64;
    let mut span = least * (gap.most.max(1) as f64 / least).powf(rng.unit());
    if span >= 86_400.0 {
        // Some days later at about the same time of the day.
        span = (span / 86_400.0).floor() * 86_400.0 + 7_200.0 * rng.unit();
    }
    let span = if gap.most == 0 { 0 } else { span as i64 * MICROS_PER_SECOND };
    let left = (now - of).max(0);
    if span <= left { of + span } else { seconds(of + (left as f64 * rng.unit()) as i64).max(of) }
}

fn seconds(micros: i64) -> i64 {
    micros - micros.rem_euclid(MICROS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn later_is_never_before_nor_after_now(of in 0i64..1_000_000_000, left in 0i64..10_000_000, least in 0i64..100_000, more in 0i64..10_000_000, word: u64) {
            let (of, now) = (of * MICROS_PER_SECOND, (of + left) * MICROS_PER_SECOND);
            let gap = Gap { least, most: least + more };
            let moment = later(of, gap, now, &mut CellRng::of_cell(word));
            prop_assert!(of <= moment && moment <= now);
            prop_assert_eq!(moment % MICROS_PER_SECOND, 0);
        }
    }
}
