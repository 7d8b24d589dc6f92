//! The start times of a table's rows: by a clock, or after their parents; and the parents that exist at that time.

use super::given_moments::GivenMoments;
use super::periods::{course_of, period_text};
use super::{PlanContext, TablePlanner, exclusion_slots};
use crate::coherence::{MomentColumn, TableMoments};
use crate::profile;

use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_domain::{Domain, RangeKind, Special};
use dbmocker_generate::generator::{ColumnGen, Generator, clock_from};
use dbmocker_plan::{Began, Clock, Course, Gap, KeyLayout, Law, LawPlan, Moment, Owned, ParentChoice, Rule, TablePlan};
use dbmocker_semantics as semantics;

/// Maximum number of periods of rows; within one the same parents exist.
const PERIODS: u64 = 64;
/// Minimum number of rows of a period.
const ROWS: u64 = 8;
/// Maximum number of parts of the values of a key's first member.
const PARTS: u64 = 256;
/// A clock starts when this percentage of its parents exists.
const FIRST_PARENTS: u64 = 2;

/// Seconds between the last booking and what is booked, for columns of moments and of dates.
const AHEAD: i64 = 3600;
const AHEAD_DAYS: i64 = 2 * 86_400;
/// Seconds between the first booking and what is booked.
const MOST_AHEAD: i64 = 45 * 86_400;

/// How a foreign key selects parents, with respect to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParentTiming {
    /// Any existing parent can be selected.
    Free,
    /// The rows of a parent are consecutive, in the order of their parents.
    Consecutive,
    /// The second member of a key of two, whose first one is `Consecutive`: any parent that exists when the rows of the
    /// first one begin.
    Member,
    /// Determined otherwise.
    Fixed,
    /// By the profile, the rows do not follow their parents in time.
    Independent,
}

/// A foreign key to another planned table.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimedForeignKey {
    pub(super) foreign: usize,
    parent: usize,
    pub(super) choice: ParentTiming,
    /// The parent's rows have start times, and the row begins after them.
    pub(super) timed: bool,
    /// It is known which of the parent's rows exist at a moment.
    exists: bool,
}

impl TablePlanner<'_> {
    /// Determines the start times, and sets the laws of moments.
    pub(super) fn timing(&self, b: &mut PlanContext<'_>, plan: &mut TablePlan) {
        b.ordered.truncate(self.position);
        b.ordered.push(false);
        if !b.coherent(self.index) || self.rows_given() || plan.rows == 0 {
            return;
        }
        let mut leads = self.choices(b, plan);
        let keyed = self.with_keys(plan);
        let moments = keyed.as_ref().unwrap_or(&self.moments);
        if let Some(moments) = self.owned(b, plan, &mut leads, self.clock(b, plan, moments, &[])) {
            b.ordered[self.position] = self.lies_in_order(b, plan);
            return self.set_moment_laws(b, plan, &moments);
        }
        let timed: Vec<TimedForeignKey> = leads.iter().copied().filter(|l| l.timed).collect();
        let consecutive = timed.iter().find(|l| l.choice == ParentTiming::Consecutive);
        // Rows that begin after their parents, without a clock, cannot have given start times.
        let clocked = timed.iter().all(|l| l.choice == ParentTiming::Free && b.ordered[l.parent]);
        let given = self.given_moments.as_ref().filter(|_| clocked && keyed.is_none());
        let following = self.given_moments.as_ref().filter(|_| keyed.is_none()).and_then(GivenMoments::following);
        let moments = given.map_or(following.as_ref().unwrap_or(moments), |given| &given.moments);
        let within = self.within_period(b, plan, moments, &leads);
        let moments = within.as_ref().unwrap_or(moments);
        if timed.is_empty() && moments.main.is_none() {
            b.ordered[self.position] = self.lies_in_order(b, plan);
            return;
        }
        let bounded = |l: &&TimedForeignKey| matches!(l.choice, ParentTiming::Free | ParentTiming::Member);
        let fixed: Vec<usize> = timed.iter().filter(|l| !bounded(l)).map(|l| l.foreign).collect();
        let clock = self.clock(b, plan, moments, &timed);
        let clock = given.map_or(clock.clone(), |given| given.after(&clock));
        let ordered = |l: &TimedForeignKey| b.ordered[l.parent] && plan.foreign[l.foreign].null_columns.is_empty();
        let all_ordered = timed.iter().all(|l| b.ordered[l.parent]);
        match (consecutive, fixed.as_slice()) {
            (_, []) if all_ordered => {
                plan.began = Some(Began::Clock(clock.clone()));
                b.ordered[self.position] = true;
                let from = clock_from(b.options.seed, &plan.label, &clock, plan.rows);
                let picks = self.bounds(b, plan, moments, &leads, &from);
                picks.into_iter().for_each(|(source, pick)| plan.sources[source].pick = pick);
            }
            (Some(consecutive), [only]) if consecutive.foreign == *only && all_ordered && ordered(consecutive) => {
                let source = &mut plan.sources[plan.foreign[consecutive.foreign].source];
                if source.pick == ParentChoice::OneToOne {
                    source.pick = ParentChoice::InOrder;
                }
                let ahead = self.is_made_before(b, moments, consecutive.parent);
                let (least, most) = semantics::delay(&self.table.name.name);
                let gap = if ahead { lead(moments) } else { Gap { least, most } };
                let course = if ahead { None } else { self.course(b, consecutive.parent) };
                b.ordered[self.position] = course.is_none();
                self.bound_members(b, plan, consecutive, &leads, if ahead { gap.most } else { 0 });
                plan.began =
                    Some(Began::After { parents: fixed, gap, together: true, course, ahead, otherwise: clock });
                if let Some(course) = course {
                    let until = self.until_end(b, plan, moments, (consecutive.foreign, course));
                    return self.set_moment_laws(b, plan, until.as_ref().unwrap_or(moments));
                }
                // The bounds of the start times require the compiled plan, from which the parents of consecutive rows
                // are known.
                b.generator.push(b.options.seed, plan);
                let position = self.position;
                let from = |row| b.generator.began_between(position, row).map_or(i64::MIN, |(lower, _)| lower);
                // The parents' rows may be in order without known bounds.
                let known = b.generator.began_between(position, 0).is_some();
                let picks = if known { self.bounds(b, plan, moments, &leads, &from) } else { Vec::new() };
                b.generator.pop();
                picks.into_iter().for_each(|(source, pick)| plan.sources[source].pick = pick);
            }
            _ => {
                let (least, most) = semantics::delay(&self.table.name.name);
                let booked = timed.iter().position(|l| self.is_made_before(b, moments, l.parent));
                let mut parents: Vec<usize> = timed.iter().map(|l| l.foreign).collect();
                // What is booked comes first.
                parents[..=booked.unwrap_or(0)].rotate_right(1);
                let gap = if booked.is_some() { lead(moments) } else { Gap { least, most } };
                let ahead = booked.is_some();
                plan.began =
                    Some(Began::After { parents, gap, together: false, course: None, ahead, otherwise: clock });
            }
        }
        self.set_moment_laws(b, plan, moments);
    }

    /// Returns the columns between which the rows of a parent take their course, if this table's rows belong to it.
    fn course(&self, b: &PlanContext<'_>, parent: usize) -> Option<Course> {
        let name = b.schema.tables[b.order[parent]].name.name.as_str();
        if !semantics::roles::is_part_of_course(&self.table.name.name, name) {
            return self.lies_within(b, parent).filter(|_| self.begins_with_start());
        }
        course_of(b, parent)
    }

    /// Returns the ordered moments, including those of keys that other columns make unique.
    fn with_keys(&self, plan: &TablePlan) -> Option<TableMoments> {
        let drawn = |k: &&MomentColumn| {
            matches!(plan.columns[k.column].rule, Rule::Draw { .. }) && plan.attempt_table.is_none()
        };
        let keyed: Vec<MomentColumn> = self.keyed.iter().filter(drawn).copied().collect();
        let all = || self.kept.iter().chain(&keyed).copied().collect::<Vec<MomentColumn>>();
        (!keyed.is_empty()).then(|| TableMoments::new(self.table, &all(), None, &self.ordered_columns()))
    }

    /// Returns how each foreign key to another planned table selects parents.
    fn choices(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Vec<TimedForeignKey> {
        let mut out = Vec::new();
        for (foreign, f) in plan.foreign.iter().enumerate() {
            let Some(parent) = f.parent_table.filter(|&p| p < self.position) else { continue };
            let source = &plan.sources[f.source];
            let alone = source.members.len() == 1;
            let loose = plan.attempt_table.is_none() && f.columns.iter().all(|&c| plan.columns[c].group.is_none());
            let owned = |c: &usize| matches!(plan.columns[*c].rule, Rule::Foreign { foreign: by, .. } if by == foreign);
            let choice = match &source.pick {
                ParentChoice::Ranked { .. }
                    if self.asked_parents(b, f).is_some()
                        || !profile::follows(b, self.index, &plan.columns[f.columns[0]].name) =>
                {
                    ParentTiming::Independent
                }
                ParentChoice::Skewed | ParentChoice::Spread { .. } | ParentChoice::Ranked { .. }
                    if alone && loose && f.columns.iter().all(owned) =>
                {
                    ParentTiming::Free
                }
                ParentChoice::Detail { .. } | ParentChoice::Together { .. } | ParentChoice::Counted { .. }
                    if alone && loose =>
                {
                    ParentTiming::Consecutive
                }
                // In the order of the parents, which exist before their rows.
                ParentChoice::OneToOne if alone && loose && self.may_be_in_order(b, plan, foreign, parent) => {
                    ParentTiming::Consecutive
                }
                ParentChoice::Component { composite_key, place: 0 }
                    if alone && plan.composite_keys[*composite_key].law != KeyLayout::Product =>
                {
                    ParentTiming::Consecutive
                }
                ParentChoice::Component { composite_key, place: 1 }
                    if alone && loose && b.ordered[parent] && self.is_member(plan, *composite_key) =>
                {
                    ParentTiming::Member
                }
                _ => ParentTiming::Fixed,
            };
            let exists = choice != ParentTiming::Independent && b.ordered[parent];
            // Rows that divide the time of an owner are not in order, but it is known which owners exist.
            let owned = choice == ParentTiming::Free && exists && b.generator.began_between(parent, 0).is_none();
            let timed = choice != ParentTiming::Independent && b.generator.table(parent).has_time() && !owned;
            // Rows without a moment of their own that are in no order: what begins after them could be in no order either.
            let moments = b.generator.table(parent).columns.iter().any(ColumnGen::has_moment);
            // Another key follows this one to the same ancestor, whose rows have moments.
            let followed = plan.sources.iter().any(|s| s.meets.as_ref().is_some_and(|meets| meets.by == foreign));
            let timed = timed && (b.ordered[parent] || moments || followed);
            out.push(TimedForeignKey { foreign, parent, choice, timed, exists });
        }
        // The rows of the first member are not in order of time.
        let ordered = |l: &TimedForeignKey| l.choice == ParentTiming::Consecutive && l.exists && l.timed;
        if !out.iter().any(ordered) {
            out.iter_mut().filter(|l| l.choice == ParentTiming::Member).for_each(|l| l.choice = ParentTiming::Fixed);
        }
        out
    }

    /// Returns true if a key has two members, both foreign keys, and its rows those of the first one together.
    fn is_member(&self, plan: &TablePlan, composite_key: usize) -> bool {
        let key = &plan.composite_keys[composite_key];
        let first = ParentChoice::Component { composite_key, place: 0 };
        let nullable = |s: usize| plan.foreign.iter().any(|f| f.source == s && !f.null_columns.is_empty());
        let leads = plan.sources.iter().position(|s| s.pick == first && s.members.len() == 1);
        key.law == KeyLayout::FanOut && key.sizes.len() == 2 && leads.is_some_and(|s| !nullable(s))
    }

    /// Bounds the second member of a key by the parents that exist when the rows of the first one begin, `before` seconds
    /// before it.
    fn bound_members(
        &self,
        b: &PlanContext<'_>,
        plan: &mut TablePlan,
        first: &TimedForeignKey,
        leads: &[TimedForeignKey],
        before: i64,
    ) {
        for lead in leads.iter().filter(|l| l.choice == ParentTiming::Member && l.exists) {
            let f = &plan.foreign[lead.foreign];
            let source = &plan.sources[f.source];
            let ParentChoice::Component { composite_key, .. } = source.pick else { continue };
            let rows = b.generator.table(lead.parent).rows;
            let held = plan.foreign[first.foreign].existing_count;
            let key = &plan.composite_keys[composite_key];
            let (parents, size) = (key.sizes[0], key.sizes[1]);
            let parts = parents.min(PARTS);
            let existing = |part: u64| {
                let at = u64::try_from((u128::from(part) * u128::from(parents)).div_ceil(parts.into())).unwrap_or(0);
                // Existing rows come first; when they began is not known.
                let began = at.checked_sub(held).and_then(|row| b.generator.began_between(first.parent, row));
                let at = began.map_or(i64::MIN, |(lower, _)| lower.saturating_sub(before * MICROS_PER_SECOND));
                let count = f.existing_count + existing(&b.generator, lead.parent, rows, at);
                source.candidates(count).clamp(1, size)
            };
            let found: Vec<u64> = (0..parts).map(existing).collect();
            if found.iter().any(|n| *n < size) {
                plan.composite_keys[composite_key].existing = found;
            }
        }
    }

    /// Returns true if the rows are made before the parent's row takes place: bookings of a class, tickets of a concert.
    pub(super) fn is_made_before(&self, b: &PlanContext<'_>, moments: &TableMoments, parent: usize) -> bool {
        let Some(main) = moments.main else { return false };
        let name = &b.schema.tables[b.order[parent]].name.name;
        let begins = |c: &&ColumnGen| c.has_moment() && semantics::occasions::is_scheduled(name, &c.name);
        let table = b.generator.table(parent);
        let starts = table.columns.iter().filter(|c| c.is_start()).any(|c| begins(&c));
        starts && semantics::occasions::is_booking(&self.table.name.name, &self.table.columns[main].name)
    }

    /// Returns true if rows with one parent each can be in the order of their parents.
    fn may_be_in_order(&self, b: &PlanContext<'_>, plan: &TablePlan, foreign: usize, parent: usize) -> bool {
        let f = &plan.foreign[foreign];
        let source = &plan.sources[f.source];
        let size = source.candidates(f.existing_count + b.generator.table(parent).rows);
        b.ordered[parent] && f.null_columns.is_empty() && plan.rows <= size && plan.sources[f.source].within.is_none()
    }

    /// Returns true if the table's rows are in the order of parents whose order in time is known.
    fn lies_in_order(&self, b: &PlanContext<'_>, plan: &TablePlan) -> bool {
        self.choices(b, plan).iter().any(|l| {
            let one_to_one = plan.sources[plan.foreign[l.foreign].source].pick == ParentChoice::OneToOne;
            l.choice == ParentTiming::Consecutive
                && l.exists
                && !one_to_one
                && plan.foreign[l.foreign].null_columns.is_empty()
        })
    }

    /// Returns the table's clock: learned, or starting when some parents exist.
    fn clock(&self, b: &PlanContext<'_>, plan: &TablePlan, moments: &TableMoments, timed: &[TimedForeignKey]) -> Clock {
        let now = b.options.now;
        let own = moments.from.unwrap_or(now - 3 * 365 * MICROS_PER_DAY);
        let first = |l: &TimedForeignKey| {
            let rows = b.generator.table(l.parent).rows;
            let some = (rows * FIRST_PARENTS / 100).min(rows.saturating_sub(1));
            b.generator.began_between(l.parent, some).map(|(_, upper)| upper)
        };
        let parents = timed.iter().filter(|l| b.ordered[l.parent]).filter_map(first).max();
        // Rows with slots are created before the first slot starts: a booking precedes the booked period.
        let to = if self.has_slots() { now - exclusion_slots::BEFORE * MICROS_PER_DAY } else { now };
        let from = parents.map_or(own, |p| p.max(own)).min(to - MICROS_PER_DAY / 24);
        let machine = semantics::is_machine(&self.table.name.name);
        let usual = Clock { from, to, machine, ..Clock::default() };
        let main = moments.main.filter(|_| !self.has_slots());
        main.and_then(|c| profile::clock(b, self.index, &plan.columns[c], &usual)).unwrap_or(usual)
    }

    /// Returns true if the table has ranges of moments that must not overlap.
    fn has_slots(&self) -> bool {
        let slots = |d: &Domain| {
            matches!(d, Domain::Special(Special::RangeOf { element, apart: true, .. })
            if matches!(**element, Domain::Range { kind: RangeKind::Timestamp | RangeKind::Date, .. }))
        };
        self.columns.iter().any(|c| c.domain.as_ref().is_some_and(slots))
    }

    /// Restricts free selections to the parents that exist.
    ///
    /// `from`: a lower bound of the start times of this row and all later ones.
    fn bounds(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        moments: &TableMoments,
        leads: &[TimedForeignKey],
        from: &dyn Fn(u64) -> i64,
    ) -> Vec<(usize, ParentChoice)> {
        let periods = (plan.rows / ROWS).clamp(1, PERIODS);
        let begins: Vec<i64> = (0..periods)
            .map(|p| {
                let row = u64::try_from((u128::from(p) * u128::from(plan.rows)).div_ceil(u128::from(periods)));
                let from = from(row.unwrap_or(0));
                // A date is midnight, so it is earlier than the start time.
                if moments.in_days { from - from.rem_euclid(MICROS_PER_DAY) } else { from }
            })
            .collect();
        let mut out = Vec::new();
        for lead in leads.iter().filter(|l| l.choice == ParentTiming::Free && l.exists) {
            let f = &plan.foreign[lead.foreign];
            let source = &plan.sources[f.source];
            // Few versions or plans are in use, and a row may change to a later one.
            if self.is_inferred(b, lead.foreign) {
                continue;
            }
            let rows = b.generator.table(lead.parent).rows;
            let size = source.candidates(f.existing_count + rows);
            if size == 0 {
                continue;
            }
            let existing = |at: &i64| {
                let before = f.existing_count + existing(&b.generator, lead.parent, rows, *at);
                source.candidates(before).clamp(1, size)
            };
            let weights = match &source.pick {
                ParentChoice::Ranked { ranks } => profile::weights(ranks, size),
                _ => Vec::new(),
            };
            out.push((f.source, ParentChoice::Active { existing: begins.iter().map(existing).collect(), weights }));
        }
        out
    }

    /// Sets the laws of the columns of moments.
    fn set_moment_laws(&self, b: &PlanContext<'_>, plan: &mut TablePlan, moments: &TableMoments) {
        if plan.began.is_none() {
            return;
        }
        let owned = match &plan.began {
            Some(Began::Owned(owned)) => owned_text(plan, owned),
            _ => String::new(),
        };
        let within = match &plan.began {
            Some(Began::After { parents, course: Some(course), .. }) => period_text(b, plan, parents[0], *course),
            _ => String::new(),
        };
        for (c, at, form, text) in &moments.laws {
            let column = &mut plan.columns[*c];
            let keyed = *at == Moment::Began && matches!(plan.began, Some(Began::Owned(_)));
            let replaced = match column.rule {
                Rule::Draw { .. } => true,
                Rule::Component { .. } | Rule::Unique { .. } => keyed,
                _ => false,
            };
            if !replaced || column.group.is_some() {
                continue;
            }
            if matches!(at, Moment::Next { .. }) {
                // NULL means that the period has not ended, regardless of any status.
                (column.null_share, column.presence) = (0.0, None);
            }
            let text = match (at, plan.began.as_ref()) {
                (Moment::Began, Some(Began::Owned(_))) => owned.clone(),
                (Moment::Began, Some(Began::Clock(_))) => {
                    match self.given_moments.as_ref().and_then(|g| g.start.as_ref()) {
                        Some((start, asked)) if start == c => format!("one after the other, {asked}"),
                        _ => "one after the other, up to now".to_owned(),
                    }
                }
                (Moment::Began, Some(Began::After { course: Some(_), .. })) => within.clone(),
                (Moment::Began, Some(Began::After { parents, ahead: true, .. })) => {
                    format!("before its {}", plan.foreign[parents[0]].parent.name)
                }
                (Moment::Began, _) => "after its parents".to_owned(),
                _ => text.clone(),
            };
            let strict = self.is_strict(*c);
            column.law =
                Some(LawPlan { law: Law::Moment { at: at.clone(), form: *form, now: b.options.now, strict }, text });
            column.correlated = None;
            column.reason += "; names: moments in order";
            self.ordering_checks(*c).iter().for_each(|name| column.reason += &format!("; CHECK {name}"));
        }
    }
}

/// Returns the seconds between a booking and what is booked.
fn lead(moments: &TableMoments) -> Gap {
    Gap { least: if moments.in_days { AHEAD_DAYS } else { AHEAD }, most: MOST_AHEAD }
}

/// Describes the start times of an owner's rows.
fn owned_text(plan: &TablePlan, owned: &Owned) -> String {
    let of = owned.foreign.map_or_else(String::new, |f| format!(" of each `{}`", plan.foreign[f].parent.name));
    match owned.step {
        Some(step) => format!("one every {}{of}", span(step)),
        None => format!("one after the other{of}, up to now"),
    }
}

/// Describes a time span.
fn span(seconds: i64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds % size == 0).unwrap_or((1, "second"));
    match seconds / size {
        1 => unit.to_owned(),
        n => format!("{n} {unit}s"),
    }
}

/// Returns how many of a table's first rows certainly exist at a moment.
fn existing(generator: &Generator, t: usize, rows: u64, at: i64) -> u64 {
    let (mut lo, mut hi) = (0, rows);
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        let began = generator.exists_between(t, middle).is_some_and(|(_, upper)| upper <= at);
        (lo, hi) = if began { (middle + 1, hi) } else { (lo, middle) };
    }
    lo
}
