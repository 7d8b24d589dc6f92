//! Moments of a row: its start time, and events after it.

use std::rc::Rc;

use super::{Frame, MomentCells, NumericUnit};
use crate::clock::ClockGen;
use crate::generator::{ColumnGen, Generator, RowError, RuleGen};
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::{Began, Course, Gap, Law, Moment, Owned, TablePlan};

/// The time after the others in which a row begins that cannot precede its first parent.
const SOON: Gap = Gap { least: 60, most: 86_400 };

/// A compiled [`Began`].
#[derive(Debug)]
pub struct BeganGen {
    clock: ClockGen,
    /// The foreign keys whose rows start earlier, if any, and the time between them and this row.
    after: Vec<usize>,
    gap: Gap,
    /// The rows of the one parent are consecutive.
    together: bool,
    /// They precede the start time of the parent.
    ahead: bool,
    course: Option<Course>,
    owned: Option<Owned>,
    stream: Stream,
    now: i64,
}

impl BeganGen {
    pub fn new(seed: u64, plan: &TablePlan) -> Option<Self> {
        let none = Gap { least: 0, most: 0 };
        let began = plan.began.as_ref()?;
        let (clock, after, gap, together) = match began {
            Began::Clock(clock) => (clock, Vec::new(), none, false),
            Began::After { parents, gap, together, otherwise, .. } => (otherwise, parents.clone(), *gap, *together),
            Began::Owned(owned) => (&owned.otherwise, Vec::new(), none, false),
        };
        let owned = if let Began::Owned(owned) = began { Some(owned.clone()) } else { None };
        let (course, ahead) =
            if let Began::After { course, ahead, .. } = began { (*course, *ahead) } else { (None, false) };
        let stream = Stream::new(seed, &plan.label, "began");
        let (now, clock) = (clock.to, ClockGen::new(seed, &plan.label, clock, plan.rows));
        Some(BeganGen { clock, after, gap, together, ahead, course, owned, stream, now })
    }

    /// Returns the start time of a child of a parent that started at `of`, where the children are consecutive.
    fn follows(&self, of: i64, row: u64, child: Child) -> i64 {
        if self.ahead {
            return self.precedes(of, row, child);
        }
        let [least, most] = [self.gap.least.max(1) as f64, self.gap.most.max(1) as f64];
        let step = least * (most / least).powf(CellRng::of_cell(self.stream.at(child.parent, 1)).unit());
        let place = child.ordinal as f64 + 0.5 * CellRng::of_cell(self.stream.at(row, 0)).unit();
        let left = (self.now - of).max(0) as f64 / MICROS_PER_SECOND as f64;
        let whole = least + step * child.count as f64;
        let span = if whole <= left { least + step * place } else { left * place / child.count.max(1) as f64 };
        self.by_day(of, seconds(of + (span * MICROS_PER_SECOND as f64) as i64).max(of))
    }

    /// Returns the start time of a child that precedes its parent's; the children are in order, and more frequent towards it.
    fn precedes(&self, of: i64, row: u64, child: Child) -> i64 {
        let (least, most) = (self.gap.least as f64, self.gap.most as f64);
        let place = child.ordinal as f64 + CellRng::of_cell(self.stream.at(row, 0)).unit();
        let left = 1.0 - place / child.count.max(1) as f64;
        let lead = (most - least) * (0.3 + 0.7 * CellRng::of_cell(self.stream.at(child.parent, 1)).unit());
        let span = least + lead * left * left.sqrt();
        self.by_day(of, seconds(of - (span * MICROS_PER_SECOND as f64) as i64))
    }

    /// Returns the start time of a row that precedes that of its first parent, and follows those of the others, the latest of
    /// which is `others`, if that is possible.
    fn precedes_after(&self, others: i64, of: i64, row: u64) -> i64 {
        if of == i64::MIN || others > of {
            return later(others, SOON, self.now, &mut CellRng::of_cell(self.stream.at(row, 0)));
        }
        let micros = |seconds: i64| seconds.saturating_mul(MICROS_PER_SECOND);
        let to = of.saturating_sub(micros(self.gap.least)).max(others);
        let from = of.saturating_sub(micros(self.gap.most)).max(others);
        let left = CellRng::of_cell(self.stream.at(row, 0)).unit();
        let at = to - ((to - from) as f64 * left * left.sqrt()) as i64;
        self.by_day(of, seconds(at)).clamp(from, to)
    }

    /// Returns the start time of a child within the course of its parent; all children are in order.
    fn within(&self, from: i64, to: i64, row: u64, child: Child) -> i64 {
        let place = child.ordinal as f64 + CellRng::of_cell(self.stream.at(row, 0)).unit();
        let at = seconds(from + ((to - from) as f64 * place / child.count.max(1) as f64) as i64);
        let last_day = at.div_euclid(MICROS_PER_DAY) == to.div_euclid(MICROS_PER_DAY);
        (if last_day { at } else { self.by_day(from, at) }).max(from)
    }

    /// Returns the start time of a child of an owner that started at `begin`; no two children start at the same time.
    fn owned(&self, law: &Owned, begin: i64, child: Child) -> i64 {
        let begin = begin.min(self.now);
        let (first, last) =
            (begin.div_euclid(law.unit) + i64::from(begin.rem_euclid(law.unit) > 0), self.now / law.unit - 1);
        let (k, n) = (small(child.ordinal), small(child.count).max(1));
        let word = |k: u64| self.stream.at(child.parent, 2 + (k as u32));
        let at = match law.step {
            Some(step) => {
                let usual = (step * MICROS_PER_SECOND / law.unit).max(1);
                let step = usual.min((last - first) / n).max(1);
                let slack = last - first - (n - 1) * step;
                let start =
                    if slack > 0 { first + below(self.stream.at(child.parent, 1), slack + 1) } else { first + slack };
                let weekly = law.unit == MICROS_PER_DAY && usual == 7 && (step == usual || n == 1);
                let start = if weekly { monday(start, first, slack) } else { start };
                start + k * step
            }
            None => {
                let len = (last - first + 1).max(n);
                let slot = |k: i64| (i128::from(len) * i128::from(k) / i128::from(n)) as i64;
                let room = slot(k + 1) - slot(k);
                let later = if k == 0 { 0 } else { below(word(child.ordinal), room) * 3 / 5 };
                last + 1 - len + slot(k) + later
            }
        };
        let at = at * law.unit;
        if law.step.is_none() && law.unit < MICROS_PER_DAY && (last - first) / n > 60 {
            self.by_day(begin, at)
        } else {
            at
        }
    }

    /// Moves a moment to the daytime; the day of `of` and today are left unchanged, since other moments are close.
    fn by_day(&self, of: i64, at: i64) -> i64 {
        let day = |at: i64| at.div_euclid(MICROS_PER_DAY);
        if day(at) == day(of) || day(at) == day(self.now) { at } else { seconds(self.clock.awake(at)) }
    }
}

/// A row's ordinal among the `count` children of its parent.
#[derive(Debug, Clone, Copy)]
pub struct Child {
    pub parent: u64,
    pub ordinal: u64,
    pub count: u64,
}

/// Returns the Monday before a day, or the next one if that is before `first`; if there is none until `slack` days after
/// `first`, that of the week in which `first` is.
fn monday(day: i64, first: i64, slack: i64) -> i64 {
    // 1970-01-05 was a Monday.
    let before = day - (day - 4).rem_euclid(7);
    if before < first && before + 7 <= first + slack { before + 7 } else { before }
}

fn small(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Maps a random word to a number below `n`.
fn below(word: u64, n: i64) -> i64 {
    ((u128::from(word) * u128::from(n.max(1).cast_unsigned())) >> 64) as i64
}

impl Generator {
    /// Returns bounds of a row's start time, both monotone in the row number; `None` if start times are not in row
    /// order.
    pub fn began_between(&self, t: usize, row: u64) -> Option<(i64, i64)> {
        let law = self.table(t).began.as_ref().filter(|law| law.owned.is_none() && law.course.is_none())?;
        let [foreign] = law.after[..] else { return law.after.is_empty().then(|| law.clock.bounds(row)) };
        if law.ahead && !law.together {
            return None;
        }
        let (parent, p) = self.planned_parent(t, foreign, row)?;
        let (lower, upper) = self.began_between(parent, p)?;
        if law.ahead {
            let longest = law.gap.most.saturating_mul(MICROS_PER_SECOND).saturating_add(MICROS_PER_DAY);
            return Some((lower.saturating_sub(longest), upper));
        }
        // Columns of dates, also the parent's, may round up to the next day, and daytime hours move a moment within its
        // day.
        let many = if law.together { small(self.child(t, foreign, row)?.count) } else { 1 };
        let longest = law.gap.most.saturating_mul(MICROS_PER_SECOND).saturating_mul(many + 1) + 3 * MICROS_PER_DAY;
        Some((lower, upper.saturating_add(longest)))
    }
}

impl Generator {
    /// Returns bounds of the moment since which a row exists, both monotone in the row number: its start time, or that
    /// of the parent whose rows are consecutive, for rows without a start time and for those that divide the time of
    /// an owner. `None` if the rows are not in that order.
    pub fn exists_between(&self, t: usize, row: u64) -> Option<(i64, i64)> {
        let table = self.table(t);
        if table.began.as_ref().is_some_and(|law| law.owned.is_none()) {
            return self.began_between(t, row);
        }
        let lies = |&f: &usize| self.child(t, f, row).is_some() && !self.foreign_may_be_null(t, f);
        let foreign = (0..table.foreign.len()).find(lies)?;
        let (parent, p) = self.planned_parent(t, foreign, row)?;
        self.exists_between(parent, p)
    }
}

impl Frame<'_> {
    /// Returns the start time of each row; `i64::MIN` where the table has none.
    pub(super) fn began(&self) -> Result<MomentCells, RowError> {
        if let Some(known) = self.began.borrow().as_ref() {
            return Ok(known.clone());
        }
        let made: Vec<i64> = match &self.table.began {
            None => vec![i64::MIN; self.rows.len()],
            Some(law) if law.owned.is_some() => {
                self.owned(law, 0)?.into_iter().map(|m| m.unwrap_or(i64::MIN)).collect()
            }
            Some(law) if law.after.is_empty() => self.rows.iter().map(|&row| law.clock.moment(row)).collect(),
            Some(law) => {
                let latest = self.latest(law)?;
                let booked = self.booked(law)?;
                let ends = self.ends(law)?;
                let rows = self.rows.iter().zip(latest).enumerate();
                let moment = |(i, (&row, latest)): (usize, (&u64, i64))| match latest {
                    i64::MIN if booked.as_ref().is_none_or(|of| of[i] == i64::MIN) => law.clock.moment(row),
                    latest if booked.is_some() => {
                        let of = booked.as_ref().map_or(latest, |booked| booked[i]);
                        law.precedes_after(latest, of, row)
                    }
                    latest if law.together => match self.generator.child(self.t, law.after[0], row) {
                        Some(child) => match ends.as_ref().map(|ends| ends[i]) {
                            Some(end) if end > latest => law.within(latest, end, row, child),
                            // A course that ends on the day on which it begins.
                            Some(end) if end != i64::MIN => latest,
                            _ => law.follows(latest, row, child),
                        },
                        None => latest,
                    },
                    latest => later(latest, law.gap, law.now, &mut CellRng::of_cell(law.stream.at(row, 0))),
                };
                rows.map(moment).collect()
            }
        };
        let made = Rc::new(made);
        *self.began.borrow_mut() = Some(made.clone());
        Ok(made)
    }

    /// Returns the start time of each row; for rows whose column of it is a date that may be the next day, not before that
    /// date, and not after `now`.
    fn began_as_kept(&self, now: i64) -> Result<MomentCells, RowError> {
        let began = self.began()?;
        let follows = self.table.began.as_ref().is_some_and(|law| law.owned.is_none() && !law.after.is_empty());
        let unit = self.main().filter(|_| follows).and_then(|main| Some((main, self.table.columns[main].unit?)));
        let Some((main, unit)) = unit.filter(|(_, unit)| unit.micros() >= MICROS_PER_DAY) else { return Ok(began) };
        let kept = self.kept(main, unit)?;
        let later = |(&began, day): (&i64, Option<i64>)| {
            let day = day.map_or(i64::MIN, |day| day.saturating_mul(unit.micros()));
            if began == i64::MIN { began } else { began.max(day.min(now)) }
        };
        Ok(Rc::new(began.iter().zip(kept.iter()).map(later).collect()))
    }

    /// Returns the start time of each row, or of the row `further` places later among those of the same owner; `None`
    /// beyond the last row.
    fn owned(&self, law: &BeganGen, further: u64) -> Result<Vec<Option<i64>>, RowError> {
        let Some(owned) = &law.owned else { return Ok(vec![None; self.rows.len()]) };
        let begins: Vec<i64> = match owned.foreign.filter(|_| owned.timed) {
            None => vec![i64::MIN; self.rows.len()],
            Some(foreign) => {
                let parents = self.parents(foreign)?;
                let began = parents.frame.began()?;
                parents.at.iter().map(|at| at.map_or(i64::MIN, |at| began[at as usize])).collect()
            }
        };
        let from = law.clock.bounds(0).0;
        let moment = |(&row, begin): (&u64, i64)| {
            let child = match owned.foreign {
                Some(foreign) => self.generator.child(self.t, foreign, row)?,
                None => Child { parent: 0, ordinal: row, count: self.table.rows },
            };
            let child = Child { ordinal: child.ordinal + further, ..child };
            let begin = if begin == i64::MIN { from } else { begin };
            (child.ordinal < child.count).then(|| law.owned(owned, begin, child))
        };
        Ok(self.rows.iter().zip(begins).map(moment).collect())
    }

    /// Returns the end of each row's course, `i64::MIN` where there is none; `None` if the law has no course.
    fn ends(&self, law: &BeganGen) -> Result<Option<Vec<i64>>, RowError> {
        let (Some(course), [foreign]) = (law.course, &law.after[..]) else { return Ok(None) };
        let parents = self.parents(*foreign)?;
        let ends = parents.frame.ends_of(course.to)?;
        Ok(Some(parents.at.iter().map(|at| at.map_or(i64::MIN, |at| ends[at as usize].min(law.now))).collect()))
    }

    /// Returns the start times of the first parent, which rows that are not consecutive precede; `None` for other rows.
    fn booked(&self, law: &BeganGen) -> Result<Option<Vec<i64>>, RowError> {
        if !law.ahead || law.together {
            return Ok(None);
        }
        let parents = self.parents(law.after[0])?;
        let began = parents.frame.began()?;
        Ok(Some(parents.at.iter().map(|at| at.map_or(i64::MIN, |at| began[at as usize])).collect()))
    }

    /// Returns the latest start time of each row's parents, without the one that they precede; `i64::MIN` where there are
    /// none.
    fn latest(&self, law: &BeganGen) -> Result<Vec<i64>, RowError> {
        let mut latest = vec![i64::MIN; self.rows.len()];
        let from = law.course.and_then(|course| course.from);
        let precede = usize::from(law.ahead && !law.together);
        for &foreign in &law.after[precede..] {
            let parents = self.parents(foreign)?;
            let began = match from {
                Some(from) => parents.frame.held(from)?,
                None => parents.frame.began_as_kept(law.now)?,
            };
            for (latest, at) in latest.iter_mut().zip(parents.at.iter()) {
                *latest = at.map_or(*latest, |at| began[at as usize].max(*latest));
            }
        }
        Ok(latest)
    }

    /// Returns a column of moments before rounding, even where the cell is NULL.
    pub(super) fn moments(&self, c: usize) -> Result<MomentCells, RowError> {
        if let Some(known) = self.moments.borrow().get(&c) {
            return Ok(known.clone());
        }
        let column = &self.table.columns[c];
        let made = match &column.rule {
            RuleGen::Law(law) => match &law.law {
                Law::Moment { at: Moment::Began, .. } => self.began()?,
                Law::Moment { at: Moment::Next { nullable }, now, .. } => Rc::new(self.next(*nullable, *now)?),
                Law::Moment { at, now, .. } => Rc::new(self.moment(c, at, *now)?),
                // A moment that follows a NULL cell follows the row's start time instead.
                Law::Number { .. } => {
                    let began = self.began()?;
                    let known = self.micros(c)?;
                    Rc::new(known.iter().zip(began.iter()).map(|(m, began)| m.unwrap_or(*began)).collect())
                }
                _ => self.seen(c)?,
            },
            _ => self.seen(c)?,
        };
        self.moments.borrow_mut().insert(c, made.clone());
        Ok(made)
    }

    /// Returns the start time of the owner's next row; without one, `i64::MIN` if the column is nullable, else a year
    /// from today.
    fn next(&self, nullable: bool, now: i64) -> Result<Vec<i64>, RowError> {
        let Some(law) = &self.table.began else { return Ok(vec![i64::MIN; self.rows.len()]) };
        let open = if nullable { i64::MIN } else { now - now.rem_euclid(MICROS_PER_DAY) + 365 * MICROS_PER_DAY };
        Ok(self.owned(law, 1)?.into_iter().map(|at| at.unwrap_or(open)).collect())
    }

    /// Returns the cells as moments; `i64::MIN` where they are NULL.
    fn seen(&self, c: usize) -> Result<MomentCells, RowError> {
        Ok(Rc::new(self.micros(c)?.iter().map(|m| m.unwrap_or(i64::MIN)).collect()))
    }

    fn of(&self, of: Option<usize>) -> Result<MomentCells, RowError> {
        match of {
            None => self.began(),
            Some(c) => self.moments(c),
        }
    }

    fn moment(&self, c: usize, at: &Moment, now: i64) -> Result<Vec<i64>, RowError> {
        let column = &self.table.columns[c];
        let each = |of: MomentCells, f: &dyn Fn(i64, &mut CellRng) -> i64| {
            let rows = self.rows.iter().zip(of.iter());
            rows.map(|(&row, &of)| f(if of == i64::MIN { now } else { of }, &mut self.stream(column, row))).collect()
        };
        Ok(match at {
            Moment::Began | Moment::Next { .. } => self.began()?.to_vec(),
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
            Moment::Within { foreign, period } => {
                let parts = self.parts_of_period(*foreign, *period, now)?;
                let within = |(&row, (from, to)): (&u64, (i64, i64))| {
                    let share = 0.5 * self.stream(column, row).unit();
                    self.by_day(from, from + ((to - from) as f64 * share) as i64).clamp(from, to)
                };
                self.rows.iter().zip(parts).map(within).collect()
            }
            Moment::Until { of, foreign, period } => {
                let parts = self.parts_of_period(*foreign, *period, now)?;
                let of = self.of(*of)?;
                let until = |((&row, (_, to)), &of): ((&u64, (i64, i64)), &i64)| {
                    let to = to.max(of);
                    let share = 0.3 + 0.7 * self.stream(column, row).unit();
                    self.by_day(of, of + ((to - of) as f64 * share) as i64).clamp(of, to)
                };
                self.rows.iter().zip(parts).zip(of.iter()).map(until).collect()
            }
            Moment::Before { of, gap } => each(self.of(*of)?, &|of, rng| {
                let span = gap.least as f64 + (gap.most - gap.least) as f64 * rng.unit();
                seconds(of - (span as i64) * MICROS_PER_SECOND)
            }),
        })
    }

    /// Moves a moment to the daytime, if the table has a clock.
    fn by_day(&self, of: i64, at: i64) -> i64 {
        self.table.began.as_ref().map_or(seconds(at), |law| law.by_day(of, seconds(at)))
    }

    /// Returns the part of its parent's period that each row has: all of it, if the rows of a parent are not consecutive.
    fn parts_of_period(&self, foreign: usize, period: Course, now: i64) -> Result<Vec<(i64, i64)>, RowError> {
        let parents = self.parents(foreign)?;
        let from = match period.from {
            Some(from) => parents.frame.held(from)?,
            None => parents.frame.began_as_kept(now)?,
        };
        let to = parents.frame.ends_of(period.to)?;
        let part = |(&row, at): (&u64, Option<u32>)| {
            let Some(at) = at else { return (now, now) };
            let (from, to) = (from[at as usize], to[at as usize]);
            // What lies ahead keeps its period; what has begun has not gone on beyond today.
            let to = if from <= now { to.min(now) } else { to };
            let len = i128::from((to - from).max(0));
            let (k, n) = self.generator.child(self.t, foreign, row).map_or((0, 1), |c| (c.ordinal, c.count.max(1)));
            let cut = |k: u64| from + (len * i128::from(k) / i128::from(n)) as i64;
            (cut(k), cut(k + 1))
        };
        Ok(self.rows.iter().zip(parents.at.iter()).map(part).collect())
    }

    /// Returns a column of ends as its cells hold them: a date is the last second of its day.
    fn ends_of(&self, c: usize) -> Result<MomentCells, RowError> {
        let ends = self.held(c)?;
        match self.table.columns[c].unit {
            Some(unit) if unit.micros() >= MICROS_PER_DAY => {
                let last = |&day: &i64| if day == i64::MIN { day } else { day + unit.micros() - MICROS_PER_SECOND };
                Ok(Rc::new(ends.iter().map(last).collect()))
            }
            _ => Ok(ends),
        }
    }

    /// Returns a column of moments as its cells hold them; before rounding where a cell is NULL.
    fn held(&self, c: usize) -> Result<MomentCells, RowError> {
        let (cells, exact) = (self.micros(c)?, self.moments(c)?);
        Ok(Rc::new(cells.iter().zip(exact.iter()).map(|(cell, exact)| cell.unwrap_or(*exact)).collect()))
    }

    /// Returns the cells of a column of moments in its own unit, before its `null_share` is applied.
    ///
    /// No cell is before the cell that it follows, even if their columns differ in precision: a date is midnight, so a
    /// date that follows a moment of the same day is the next day.
    pub(super) fn kept(&self, c: usize, unit: NumericUnit) -> Result<Nullable<i64>, RowError> {
        if let Some(known) = self.kept.borrow().get(&c) {
            return Ok(known.clone());
        }
        let made = self.rounded(c, unit)?;
        self.kept.borrow_mut().insert(c, made.clone());
        Ok(made)
    }

    fn rounded(&self, c: usize, unit: NumericUnit) -> Result<Nullable<i64>, RowError> {
        let exact = self.moments(c)?;
        let size = unit.micros();
        let RuleGen::Law(law) = &self.table.columns[c].rule else { return Ok(floors(&exact, size).into()) };
        let Law::Moment { at, strict, .. } = &law.law else { return Ok(floors(&exact, size).into()) };
        if matches!(at, Moment::Next { .. }) {
            return Ok(exact.iter().map(|&m| (m != i64::MIN).then(|| m.div_euclid(size))).collect());
        }
        let Some(before) = self.before(at, *strict || size >= MICROS_PER_DAY)? else {
            return Ok(floors(&exact, size).into());
        };
        let least = |before: i64| match before {
            i64::MIN => i64::MIN,
            before if *strict => before.saturating_add(size.max(MICROS_PER_SECOND)).div_euclid(size),
            before => before.div_euclid(size) + i64::from(before.rem_euclid(size) > 0),
        };
        let cells = exact.iter().zip(before.iter()).map(|(m, &before)| m.div_euclid(size).max(least(before)));
        Ok(cells.collect::<Vec<i64>>().into())
    }

    /// Returns the cells that a moment must not precede, if rounding can put it before them; `rounds`: its own rounding
    /// can.
    fn before(&self, at: &Moment, rounds: bool) -> Result<Option<MomentCells>, RowError> {
        let Some(of) = at.after() else {
            return match &self.table.began {
                Some(law) if rounds && matches!(at, Moment::Began) && !law.after.is_empty() && !law.ahead => {
                    Ok(Some(Rc::new(self.latest(law)?)))
                }
                _ => Ok(None),
            };
        };
        let of = of.or_else(|| self.main());
        if !(rounds || of.is_some_and(|of| self.is_rounded_up(of))) {
            return Ok(None);
        }
        match of.map(|of| (of, self.table.columns[of].unit)) {
            None => self.began().map(Some),
            Some((of, Some(unit))) if self.moment_law(of).is_some() => {
                let cells = self.kept(of, unit)?;
                let micros = cells.iter().map(|n| n.map_or(i64::MIN, |n| n.saturating_mul(unit.micros())));
                Ok(Some(Rc::new(micros.collect())))
            }
            Some((of, _)) => self.moments(of).map(Some),
        }
    }

    /// Returns the column that holds the row's start time.
    fn main(&self) -> Option<usize> {
        self.table.columns.iter().position(ColumnGen::is_start)
    }

    fn moment_law(&self, c: usize) -> Option<(&Moment, bool)> {
        let RuleGen::Law(law) = &self.table.columns[c].rule else { return None };
        if let Law::Moment { at, strict, .. } = &law.law { Some((at, *strict)) } else { None }
    }

    /// Returns true if a column's cells may be later than its moments before rounding.
    fn is_rounded_up(&self, c: usize) -> bool {
        let mut c = Some(c);
        while let Some(of) = c {
            let Some((at, strict)) = self.moment_law(of) else { return false };
            if strict || self.table.columns[of].unit.is_some_and(|u| u.micros() >= MICROS_PER_DAY) {
                return true;
            }
            c = at.after().and_then(|of| of.or_else(|| self.main()));
        }
        false
    }
}

fn floors(exact: &[i64], size: i64) -> Vec<i64> {
    exact.iter().map(|m| m.div_euclid(size)).collect()
}

/// Returns a moment after `of` by a random part of the gap, before now.
fn later(of: i64, gap: Gap, now: i64, rng: &mut CellRng) -> i64 {
    let least = gap.least.max(1) as f64;
    let mut span = least * (gap.most.max(1) as f64 / least).powf(rng.unit());
    if span >= 86_400.0 {
        // A number of days later, at about the same time of day.
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
    use dbmocker_plan::Clock;

    proptest! {
        #[test]
        fn later_is_between_its_start_and_now(of in 0i64..1_000_000_000, left in 0i64..10_000_000, least in 0i64..100_000, more in 0i64..10_000_000, word: u64) {
            let (of, now) = (of * MICROS_PER_SECOND, (of + left) * MICROS_PER_SECOND);
            let gap = Gap { least, most: least + more };
            let moment = later(of, gap, now, &mut CellRng::of_cell(word));
            prop_assert!(of <= moment && moment <= now);
            prop_assert_eq!(moment % MICROS_PER_SECOND, 0);
        }
    }

    fn law(step: Option<i64>, unit: i64, now: i64) -> (BeganGen, Owned) {
        let clock = Clock { to: now, ..Clock::default() };
        let owned = Owned { foreign: None, timed: false, step, unit, otherwise: clock.clone() };
        let (stream, clock) = (Stream::new(7, "t", "began"), ClockGen::new(7, "t", &clock, 100));
        let gap = Gap { least: 60, most: 3600 };
        let made = BeganGen {
            clock,
            after: vec![0],
            gap,
            together: true,
            ahead: false,
            course: None,
            owned: Some(owned.clone()),
            stream,
            now,
        };
        (made, owned)
    }

    proptest! {
        #[test]
        fn rows_of_an_owner_are_in_order_and_distinct(parent: u64, count in 1u64..200, days in 1i64..1500, step in prop::option::of(1i64..200_000), daily: bool) {
            let (unit, now) = (if daily { MICROS_PER_DAY } else { MICROS_PER_SECOND }, 20_000 * MICROS_PER_DAY);
            let (made, owned) = law(step, unit, now);
            let begin = now - days * MICROS_PER_DAY;
            let at = |ordinal| made.owned(&owned, begin, Child { parent, ordinal, count });
            let moments: Vec<i64> = (0..count).map(at).collect();
            prop_assert!(moments.windows(2).all(|w| w[0] < w[1]), "{moments:?}");
            prop_assert!(moments.iter().all(|m| *m < now && m % unit == 0));
            // If there are fewer days than rows, distinct days take precedence over the start.
            prop_assert!(daily && i64::try_from(count).unwrap() > days || moments[0] >= begin, "{begin} {moments:?}");
            if step.is_some() {
                let steps: Vec<i64> = moments.windows(2).map(|w| w[1] - w[0]).collect();
                prop_assert!(steps.iter().all(|s| *s == steps[0]));
            }
        }

        #[test]
        fn consecutive_children_start_after_their_parent_and_in_order(parent: u64, count in 1u64..50, left in 0i64..1_000_000) {
            let now = 20_000 * MICROS_PER_DAY;
            let (made, _) = law(None, MICROS_PER_SECOND, now);
            let of = now - left * MICROS_PER_SECOND;
            let at = |ordinal| made.follows(of, ordinal, Child { parent, ordinal, count });
            let moments: Vec<i64> = (0..count).map(at).collect();
            prop_assert!(moments.is_sorted() && moments.iter().all(|m| (of..=now).contains(m)), "{of} {moments:?}");
        }
    }
}
