//! Amounts of flows: entries whose two sides balance, changes of a balance, readings of a counter.
//!
//! No sum over rows is needed: the level of a balance or counter is a function of its owner and the row's place, and the
//! amount of a row is the difference of two levels. The lines of one side of an entry are the distances of cut points of
//! its total.

use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_plan::{Flow, FlowKind, FlowPart};

use super::Frame;
use super::moment::Child;
use super::number::Scaled;
use crate::generator::PreviousPlace;

/// Rows of an owner over which its balance drifts to another level.
const DRIFT: u64 = 12;
/// A counter with fewer readings than this does not reach its largest level.
const FEW: u64 = 12;
/// Smallest amounts in the highest level of any owner's balance.
const STEPS: i64 = 40;
/// Equal levels in a row that are visited; more are not expected.
const MOST_EQUAL: u32 = 64;
/// Ratio of the largest and the smallest total or level of different owners.
const RANGE: f64 = 40.0;

/// The flow of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FlowOfRow {
    before: i64,
    after: i64,
}

impl FlowOfRow {
    fn change(self) -> i64 {
        self.after - self.before
    }

    pub(super) fn is_in(self) -> bool {
        self.after >= self.before
    }

    /// The amount of a row by itself.
    fn of(change: i64) -> Self {
        FlowOfRow { before: 0, after: change }
    }

    fn part(self, part: FlowPart) -> Option<i64> {
        let amount = self.change().abs();
        match part {
            FlowPart::In => self.is_in().then_some(amount),
            FlowPart::Out => (!self.is_in()).then_some(amount),
            FlowPart::Amount => Some(amount),
            FlowPart::Change => Some(self.change()),
            FlowPart::Before => Some(self.before),
            FlowPart::After => Some(self.after),
        }
    }
}

/// Returns one of the texts, the first ones more often.
pub(super) fn text(texts: &[String], mut rng: CellRng) -> &str {
    let u = rng.unit();
    &texts[((u * u * texts.len() as f64) as usize).min(texts.len() - 1)]
}

/// Returns a number between two bounds for a random number from 0 to 1: each power of two is equally frequent.
fn log_uniform(least: i64, most: i64, u: f64) -> i64 {
    let least = least.max(1);
    let doublings = (most / least).checked_ilog2().unwrap_or(0);
    let at = u * f64::from(doublings + 1);
    let low = least << (at as u32).min(doublings);
    let high = low.saturating_mul(2).min(most);
    low + ((at - at.trunc()) * (high - low).max(0) as f64) as i64
}

/// Returns a random number from 0 to 1.
fn unit(word: u64) -> f64 {
    CellRng::of_cell(mix(word)).unit()
}

/// The levels of the balance or counter of one owner.
struct Levels {
    key: u64,
    flow: Flow,
    /// Distance of two rows of an owner.
    gap: u64,
    /// Number of rows over which a counter rises to its largest level.
    rows: u64,
}

impl Levels {
    /// Returns the level after a row, at this place among the rows.
    fn at(&self, place: u64) -> i64 {
        match self.flow.kind {
            FlowKind::Counter => {
                let start = 0.3 * unit(self.key);
                let rise = (0.2 + 0.4 * unit(self.key ^ 1)) * (place as f64 + unit(self.key ^ mix(place)));
                ((start + rise / self.rows.max(1) as f64) * self.flow.most as f64) as i64
            }
            _ => {
                let lowest = ((self.flow.most as f64 / RANGE) as i64).max(self.flow.least.saturating_mul(STEPS));
                let highest = log_uniform(lowest.min(self.flow.most), self.flow.most, unit(self.key));
                let window = DRIFT.saturating_mul(self.gap.max(1));
                let (begin, along) = (place / window, (place % window) as f64 / window as f64);
                let level = |n: u64| unit(self.key ^ mix(n.wrapping_add(7)));
                let drift = level(begin) * (1.0 - along) + level(begin.wrapping_add(1)) * along;
                let own = unit(self.key ^ mix(!place));
                let twice = self.flow.least.saturating_mul(2);
                let exact = (highest as f64 * (0.08 + 0.72 * drift + 0.2 * own)) as i64;
                (exact / twice).max(1).saturating_mul(twice)
            }
        }
    }

    /// Returns the flow of the row at a place. `previous`: the place before another one.
    ///
    /// The levels of a balance are multiples of twice the smallest amount. Where one is that of the row before, every
    /// second such row is higher by the smallest amount, so that no amount is below it.
    fn of_row(&self, place: u64, previous: &dyn Fn(u64) -> PreviousPlace) -> FlowOfRow {
        let before = match previous(place) {
            PreviousPlace::At(previous) => previous,
            PreviousPlace::None => return FlowOfRow { before: self.before(place), after: self.at(place) },
            PreviousPlace::Unknown => {
                let after = self.at(place);
                let before = self.at(place.saturating_sub(self.gap));
                let equal = before == after && self.flow.kind == FlowKind::Balance;
                return FlowOfRow { before, after: if equal { after + self.flow.least } else { after } };
            }
        };
        if self.flow.kind != FlowKind::Balance {
            return FlowOfRow { before: self.at(before), after: self.at(place) };
        }
        let (level, last) = (self.at(place), self.at(before));
        let (mut place, mut equal) = (before, 0);
        while equal < MOST_EQUAL
            && let PreviousPlace::At(previous) = previous(place)
            && self.at(previous) == last
        {
            (place, equal) = (previous, equal + 1);
        }
        let raised = if equal % 2 == 1 { self.flow.least } else { 0 };
        let own = if level == last && raised == 0 { self.flow.least } else { 0 };
        FlowOfRow { before: last + raised, after: level + own }
    }

    /// Returns the level before the first row.
    fn before(&self, place: u64) -> i64 {
        match self.flow.kind {
            FlowKind::Counter => {
                let step = self.flow.most as f64 * 0.4 * self.gap as f64 / self.rows.max(1) as f64;
                (self.at(place) - (step * (0.3 + 0.7 * unit(self.key ^ 2))) as i64).max(0)
            }
            _ => 0,
        }
    }
}

/// Returns the amount of line `place` of the `count` lines of an entry, negative on the one side. One side has one line.
fn line(flow: &Flow, entry: CellRng, place: u64, count: u64) -> i64 {
    let mut rng = entry;
    let (first_alone, size, cuts) = (rng.word() & 1 == 0, rng.unit(), rng.word());
    let parts = i64::try_from(count - 1).unwrap_or(i64::MAX).max(1);
    // Each part is at least the smallest amount, and at least a fifth of an equal one.
    let least = flow.least.saturating_mul(parts);
    let usual = least.saturating_mul(5).max((flow.most as f64 / RANGE / RANGE) as i64);
    let total = log_uniform(usual.min(flow.most), flow.most, size).max(least);
    let alone = if first_alone { 0 } else { count - 1 };
    if place == alone {
        return if first_alone { -total } else { total };
    }
    let cut = |n: i64| -> i64 {
        let moved = if n == 0 || n == parts { 0 } else { (mix(cuts ^ n as u64) % 9) as i64 - 4 };
        let rest = i128::from(total - least);
        let share = rest * (i128::from(n) * 10 + i128::from(moved)) / (i128::from(parts) * 10);
        i64::try_from(share).unwrap_or(total)
    };
    let n = place as i64 - i64::from(first_alone);
    let part = flow.least + cut(n + 1) - cut(n);
    if first_alone { part } else { -part }
}

impl Frame<'_> {
    /// Returns a part of the flow of each row.
    pub(super) fn flows(&self, flow: &Flow, part: FlowPart) -> Scaled {
        let mut known = self.flows.borrow_mut();
        let at = known.iter().position(|(of, _)| of == flow).unwrap_or_else(|| {
            known.push((*flow, self.rows.iter().map(|&row| self.flow_of(flow, row)).collect()));
            known.len() - 1
        });
        let made: Nullable<i64> = known[at].1.iter().map(|row| row.part(part)).collect();
        (made, flow.scale)
    }

    pub(super) fn flow_of(&self, flow: &Flow, row: u64) -> FlowOfRow {
        let stream = self.table.columns[flow.by].stream;
        let single = || {
            let mut rng = CellRng::of_cell(stream.at(row, self.table.attempt(row)));
            let sign = if rng.word() & 1 == 0 { 1 } else { -1 };
            FlowOfRow::of(sign * log_uniform(flow.least.max(flow.most / 2000), flow.most, rng.unit()))
        };
        let Some(foreign) = flow.foreign.filter(|&f| !self.generator.foreign_is_null(self.t, f, row)) else {
            return single();
        };
        match flow.kind {
            FlowKind::Single => single(),
            FlowKind::Entry => match self.generator.child(self.t, foreign, row).filter(|child| child.count > 1) {
                Some(child) => {
                    let entry = CellRng::of_cell(entry_word(stream, child.parent));
                    FlowOfRow::of(line(flow, entry, child.ordinal, child.count))
                }
                None => single(),
            },
            FlowKind::Balance | FlowKind::Counter => {
                let attempt = self.table.attempt(row);
                let Some(owner) = self.generator.parent_row(self.t, foreign, row, attempt) else { return single() };
                let child = self.generator.child(self.t, foreign, row);
                let levels = self.levels(flow, foreign, owner, child.as_ref());
                let before = |place: u64| match child {
                    Some(_) => PreviousPlace::of(place.checked_sub(1)),
                    None => self.generator.previous_row(self.t, foreign, place),
                };
                levels.of_row(child.map_or(row, |child| child.ordinal), &before)
            }
        }
    }

    /// Returns the level after the last row that refers to each row.
    pub(super) fn closing(&self, table: usize, flow: &Flow) -> Scaled {
        let children = Frame::new(self.generator, table, Vec::new());
        let last = |&p: &u64| self.generator.last_row(table, flow.foreign?, p);
        let level = |p| last(p).map(|row| children.flow_of(flow, row).after);
        (self.rows.iter().map(level).collect(), flow.scale)
    }

    fn levels(&self, flow: &Flow, foreign: usize, owner: u64, child: Option<&Child>) -> Levels {
        let owners = self.table.foreign[foreign].parent.map_or(1, |p| self.generator.table(p).rows).max(1);
        let key = entry_word(self.table.columns[flow.by].stream, owner);
        let (gap, rows) = child.map_or((owners, self.table.rows), |child| (1, child.count.max(FEW)));
        Levels { key, flow: *flow, gap, rows }
    }
}

/// Returns the random word that all rows of one parent share.
fn entry_word(stream: Stream, parent: u64) -> u64 {
    mix(stream.at(parent, u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flow(kind: FlowKind, least: i64, most: i64) -> Flow {
        Flow { kind, foreign: Some(0), by: 0, least, most, scale: 2 }
    }

    proptest! {
        #[test]
        fn the_sides_of_an_entry_are_equal(word: u64, count in 2u64..40, least in 1i64..500, times in 39i64..100_000) {
            let flow = flow(FlowKind::Entry, least, least * times);
            let lines: Vec<i64> = (0..count).map(|k| line(&flow, CellRng::of_cell(word), k, count)).collect();
            prop_assert_eq!(lines.iter().sum::<i64>(), 0);
            prop_assert!(lines.iter().all(|n| (least..=flow.most).contains(&n.abs())), "{lines:?}");
            let alone = lines.iter().filter(|n| **n > 0).count().min(lines.iter().filter(|n| **n < 0).count());
            prop_assert_eq!(alone, 1);
        }

        #[test]
        fn levels_stay_in_their_range_and_counters_rise(key: u64, rows in 1u64..100_000, most in 1_000i64..1_000_000_000) {
            for kind in [FlowKind::Balance, FlowKind::Counter] {
                let levels = Levels { key, flow: flow(kind, 1, most), gap: 1, rows };
                let all: Vec<i64> = (0..rows.min(200)).map(|place| levels.at(place)).collect();
                prop_assert!(all.iter().all(|n| (0..=most).contains(n)), "{kind:?} {all:?}");
                prop_assert!(levels.before(0) >= 0);
                if kind == FlowKind::Counter {
                    prop_assert!(all.is_sorted() && levels.before(0) <= all[0], "{all:?}");
                }
            }
        }

        #[test]
        fn balances_go_on_from_row_to_row(key: u64, rows in 1u64..400, least in 1i64..500, times in 40i64..100_000) {
            let levels = Levels { key, flow: flow(FlowKind::Balance, least, least * times), gap: 1, rows };
            let before = |place: u64| PreviousPlace::of(place.checked_sub(1));
            let all: Vec<FlowOfRow> = (0..rows).map(|place| levels.of_row(place, &before)).collect();
            prop_assert_eq!(all[0].before, 0);
            prop_assert!(all.windows(2).all(|w| w[0].after == w[1].before), "{:?}", all);
            prop_assert!(all.iter().all(|row| row.change().abs() >= least && row.after >= least), "{:?}", all);
        }

        #[test]
        fn amounts_lie_between_their_bounds(least in 1i64..10_000, times in 1i64..100_000, u in 0.0f64..1.0) {
            let n = log_uniform(least, least * times, u);
            prop_assert!((least..=least * times).contains(&n));
        }
    }
}
