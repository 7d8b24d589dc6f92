//! Learned fan-outs: the frequency of each parent.

use std::collections::BTreeMap;

use crate::context::PlanContext;
use dbmocker_domain::distribution::{RankSampler, Ranks};
use dbmocker_plan::{ChildCounts, ParentChoice};
use dbmocker_profile::Children;

/// Correlation of the key with the physical order from which the rows of a parent are regarded as consecutive.
const TOGETHER: f64 = 0.9;
/// Correlation from which rows are regarded as following their parents in time.
const FOLLOWS: f64 = 0.3;
/// Mean position of the rows' parents, from 0 to 1, below which the rows are regarded as following them in time.
const EARLY: f64 = 0.42;
/// Relative difference of row counts that rounded shares of parents may cause.
const ROUNDED: f64 = 0.1;
/// Number of frequencies stored one by one.
const HEAD: usize = 256;
/// Mean weight of an activity's parents.
const MEAN: f64 = 4096.0;

/// Returns the learned parent selection; `None` if the profile has no statistics of it. `usual`: the selection without
/// the profile.
pub(crate) fn choice(
    b: &PlanContext<'_>,
    table: usize,
    columns: &[&str],
    parent: usize,
    (size, rows): (u64, u64),
    usual: &ParentChoice,
) -> Option<ParentChoice> {
    let profile = b.column_profile(table, columns.first()?);
    let reference = b.reference_profile(table, columns);
    if size == 0 || rows == 0 || columns.len() != 1 || profile.is_none() && reference.is_none() {
        return None;
    }
    let filled = 1.0 - profile.and_then(|c| c.nulls).unwrap_or(0.0);
    let consecutive = match profile.and_then(|c| c.correlation) {
        Some(correlation) => correlation >= TOGETHER,
        None => matches!(usual, ParentChoice::Detail { .. }),
    };
    if consecutive {
        let counted = reference.filter(|r| !r.children.is_empty());
        if let Some(counts) = counted.filter(|_| filled >= 1.0).and_then(|r| counts(&r.children, size, rows)) {
            return Some(ParentChoice::Counted { counts });
        }
        // A sample of consecutive rows underestimates the number of parents, so only exact counts are used.
        let childless = counted.map_or(0.0, |r| r.children.iter().filter(|c| c.from == 0).map(|c| c.parents).sum());
        let least = u64::from(childless < 0.02 && rows >= size);
        return Some(ParentChoice::Together { least });
    }
    let drawn = (rows as f64 * filled).max(1.0);
    let growth = b.growth(parent).max(1e-9);
    let head = match reference.filter(|r| !r.head.is_empty()) {
        Some(r) => r.head.clone(),
        None => profile.map_or(Vec::new(), |c| c.common.iter().map(|v| v.share / filled).collect()),
    };
    let whole = head.clone();
    let head = grown(&head, growth);
    let used = reference
        .and_then(|r| r.childless.map(|none| (1.0 - none) * size as f64).or(r.parents.map(|n| n * growth)))
        .or_else(|| profile.and_then(|c| c.distinct).map(|d| d.of(drawn)))?;
    let exponent = reference.and_then(|r| r.tail).or_else(|| profile.and_then(|c| c.tail).map(|t| t.exponent));
    // Rows that follow their parents in time are drawn randomly.
    let lost = (!follows(b, table, columns[0])).then_some(1.0 - filled);
    let exponent = exponent.or_else(|| slope(&whole).filter(|_| growth != 1.0));
    Some(ParentChoice::Ranked { ranks: seen(head, exponent, used.min(size as f64), size, (rows as f64, lost)) })
}

/// Returns how many of `size` parents have how many of the `rows`, by the learned shares of the parents; `None` if
/// these give a very different number of rows.
fn counts(children: &[Children], size: u64, rows: u64) -> Option<ChildCounts> {
    let number = |c: &Children| (c.from + c.to.unwrap_or(c.from)) / 2;
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    let (mut sum, mut taken) = (0.0, 0);
    for class in children {
        sum += class.parents * size as f64;
        let until = (sum.round() as u64).min(size);
        *counts.entry(number(class)).or_default() += until - taken;
        taken = until;
    }
    *counts.entry(0).or_default() += size - taken;
    let total: u64 = counts.iter().map(|(n, parents)| n * parents).sum();
    if total.abs_diff(rows) as f64 > ROUNDED * rows as f64 {
        return None;
    }
    // The shares are rounded: some parents get one row more, or one less.
    let (mut missing, more) = (total.abs_diff(rows), total < rows);
    for (n, parents) in counts.clone().into_iter().filter(|(n, _)| *n > 0) {
        let moved = parents.min(missing);
        *counts.entry(n).or_default() -= moved;
        *counts.entry(if more { n + 1 } else { n - 1 }).or_default() += moved;
        missing -= moved;
    }
    (missing == 0).then(|| ChildCounts(counts.into_iter().filter(|(_, parents)| *parents > 0).collect()))
}

/// The exponent of frequencies by rank, computed from the first and the last one.
fn slope(head: &[f64]) -> Option<f64> {
    let (first, last) = (head.first()?, head.last()?);
    (head.len() > 2 && *last > 0.0).then(|| ((first / last).ln() / (head.len() as f64).ln()).clamp(0.0, 3.0))
}

/// Frequencies for `growth` times as many parents: each frequency is divided by `growth`, and occurs `growth` times.
fn grown(head: &[f64], growth: f64) -> Vec<f64> {
    let count = ((head.len() as f64 * growth).round() as usize).min(HEAD);
    let of = |i: usize| head.get(((i as f64 + 0.5) / growth) as usize).map(|share| (share / growth).min(1.0));
    (0..count).filter_map(of).collect()
}

/// Returns true if the rows of a table follow their parents in time, judging by the key's correlation, or by the
/// positions of the parents: those that exist early have more rows.
pub(crate) fn follows(b: &PlanContext<'_>, table: usize, column: &str) -> bool {
    if let Some(correlation) = b.column_profile(table, column).and_then(|c| c.correlation) {
        return correlation > FOLLOWS;
    }
    let positions = b.reference_profile(table, &[column]).and_then(|r| r.positions.as_ref()?.numbers());
    positions.is_none_or(|points| {
        let mean = points.iter().map(|(_, position)| position).sum::<f64>() / points.len().max(1) as f64;
        mean < EARLY
    })
}

/// Returns ranks of which `used` are expected to occur in this number of draws.
pub(super) fn seen(
    head: Vec<f64>,
    exponent: Option<f64>,
    used: f64,
    most: u64,
    (draws, lost): (f64, Option<f64>),
) -> Ranks {
    let sized = |size: u64, exponent: Option<f64>| Ranks { size: size.max(1), head: head.clone(), exponent };
    let found = |ranks: &Ranks| ranks.sampler().expected(draws, lost);
    let (mut low, mut high) = (used.max(1.0) as u64, most.max(1));
    // A steep tail may never reach that number: reduce its exponent until it does.
    let mut exponent = exponent;
    while found(&sized(high, exponent)) < used * 0.99 && exponent != Some(0.0) {
        let now = exponent.unwrap_or(1.0);
        exponent = Some(if now < 0.1 { 0.0 } else { now * 0.8 });
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if found(&sized(middle, exponent)) < used { low = middle + 1 } else { high = middle }
    }
    sized(low, exponent)
}

/// Returns the weights of 256 parents at equal distances among `size`, in ascending order.
pub(crate) fn weights(ranks: &Ranks, size: u64) -> Vec<u32> {
    let sampler: RankSampler = ranks.sampler();
    let before = |rank: f64| {
        let whole = (rank.max(0.0) as u64).min(ranks.size);
        let next = (whole + 1).min(ranks.size);
        let (from, to) = (sampler.before(whole), sampler.before(next));
        from + (to - from) * (rank - whole as f64).clamp(0.0, 1.0)
    };
    let weight = |i: usize| {
        let place = |k: usize| size as f64 * (1.0 - k as f64 / 256.0);
        let share = before(place(i)) - before(place(i + 1));
        ((share * 256.0 * MEAN).round() as u32).min((1 << 20) - 1)
    };
    (0..256).map(weight).collect()
}
