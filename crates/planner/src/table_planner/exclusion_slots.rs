//! Ranges that must not overlap: each row gets a slot, and its range is within the slot.

use dbmocker_loaders::ident;

use super::{PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::exclusions;
use crate::exclusions::ExclusionStrategy;
use crate::wanted_keys::narrowed_alone;
use dbmocker_core::schema::Exclusion;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_domain::{Domain, RangeKind, Special};
use dbmocker_predicate::NamedCheck;

/// Slots per row: enough for one or two more runs, and for irregular gaps.
const SLOTS: u128 = 4;
/// Minimum number of slots for each value of the columns compared for equality.
const FEWEST: u128 = 64;
/// Days from the start of the first slot to now. Moments at which rows are created or ordered are before the first
/// slot.
pub(super) const BEFORE: i64 = 90;
/// Maximum length in days of all slots together, if they have a usual length.
const SPAN: i128 = 450;
/// Usual lengths of slots, in days and in seconds.
const DAYS: [i128; 3] = [7, 3, 2];
const SECONDS: [i128; 12] = [86_400, 43_200, 21_600, 10_800, 7_200, 3_600, 1_800, 900, 300, 60, 10, 2];

impl TablePlanner<'_> {
    /// Divides the domains of such columns into slots, and adds the conditions between two columns of a slot.
    ///
    /// # Errors
    /// If the query of existing rows fails, or these leave no room.
    pub(super) fn assign_slots(&mut self, b: &PlanContext<'_>) -> Result<(), Unplannable> {
        for exclusion in &self.table.exclusions {
            if self.avoid {
                self.beside(b, exclusion)?;
            }
            match exclusions::strategy(exclusion, self.table, b.schema.dialect) {
                Some(ExclusionStrategy::Slots(name)) => {
                    let wanted = self.slots_wanted(b, exclusion);
                    let avoid = self.avoid;
                    let Some(c) = self.table.column_index(&name) else { continue };
                    let column = &mut self.columns[c];
                    if let Some(domain) = &mut column.domain {
                        let all = domain.clone();
                        slots(domain, wanted, (!avoid).then_some(b.options.now));
                        column.legal.iter_mut().for_each(|legal| align(legal, domain, &all));
                    }
                }
                Some(ExclusionStrategy::Between { from, to }) => {
                    self.as_wide_as(&from, &to);
                    let wanted = self.slots_wanted(b, exclusion);
                    let now = (!self.avoid).then_some(b.options.now);
                    let Some((kind, step)) = self.slots_between(&from, &to, wanted, now) else { continue };
                    let quoted = |name: &str| ident::quote(b.schema.dialect, name);
                    let (from, to) = (quoted(&from), quoted(&to));
                    let end = match kind {
                        RangeKind::Timestamp => format!("{from} + INTERVAL '{} seconds'", step / 1_000_000),
                        RangeKind::Decimal { scale } => format!("{from} + {}", step / 10_i128.pow(scale.into())),
                        _ => format!("{from} + {step}"),
                    };
                    let text = format!("{from} IS NOT NULL AND {to} IS NOT NULL AND {to} > {from} AND {to} < {end}");
                    self.exclusion_checks.push(NamedCheck::new(&exclusion.name, text));
                }
                Some(ExclusionStrategy::Values(_)) => {}
                None => self.notes.push(format!(
                    "exclusion constraint `{}` is not enforced: {}",
                    exclusion.name, exclusion.definition
                )),
            }
        }
        Ok(())
    }

    /// Divides the domain of the start of a range into slots, if possible near `now`; returns the width of a slot.
    fn slots_between(&mut self, from: &str, to: &str, wanted: u128, now: Option<i64>) -> Option<(RangeKind, i128)> {
        let (start, end) = (self.table.column_index(from)?, self.table.column_index(to)?);
        let mut slots = self.columns[start].domain.clone()?;
        if near(&mut slots, wanted, now).is_none() {
            // The narrower slot fits both the likely and the legal domain.
            let steps = self.domains(from).into_iter().filter_map(|d| stepped(d, wanted));
            return steps.min_by_key(|(_, step)| *step);
        }
        let Domain::Range { kind, lo: first, hi: last, step: width, .. } = slots else { return None };
        let of_end = &mut self.columns[end];
        for domain in of_end.domain.iter_mut().chain(&mut of_end.legal) {
            if let Domain::Range { kind: k, lo, hi, .. } = domain
                && *k == kind
            {
                (*lo, *hi) = (first, last + width);
            }
        }
        let column = &mut self.columns[start];
        (column.domain, column.legal) = (Some(slots.clone()), Some(slots));
        Some((kind, width))
    }

    /// Returns the number of slots for each value of the columns compared for equality.
    fn slots_wanted(&self, b: &PlanContext<'_>, exclusion: &Exclusion) -> u128 {
        let rows = u128::from(b.rows(self.index).max(1));
        let groups = exclusions::groups(exclusion, self.table);
        let each =
            groups.iter().filter_map(|of| self.table.column_index(of)).map(|c| self.values_of(b, c).clamp(1, rows));
        let each = each.fold(1, u128::saturating_mul);
        (rows * SLOTS / each).max(if groups.is_empty() { 1 } else { FEWEST })
    }

    /// Returns the expected number of distinct values of a column: the rows of its parent, or the size of its domain.
    fn values_of(&self, b: &PlanContext<'_>, c: usize) -> u128 {
        let name = &self.table.columns[c].name;
        let parent = self.table.every_foreign_key().into_iter().find(|f| f.columns.contains(name)).map(|f| &f.parent);
        let Some(parent) = parent.and_then(|parent| b.schema.tables.iter().position(|t| t.name == *parent)) else {
            let Some(domain) = &self.columns[c].domain else { return 1 };
            let narrowed = narrowed_alone(self.table, c, domain, &b.context());
            return narrowed.as_ref().unwrap_or(domain).size();
        };
        match b.position(parent) {
            Some(p) if p < self.position => b.generator.table(p).rows.into(),
            Some(_) => b.rows(parent).into(),
            None => b.rows_before(parent).into(),
        }
    }

    /// Gives the end of a range the domain of its start.
    fn as_wide_as(&mut self, from: &str, to: &str) {
        let (Some(from), Some(to)) = (self.table.column_index(from), self.table.column_index(to)) else { return };
        let same = |a: &Domain, b: &Domain| match (a, b) {
            (Domain::Range { kind: a, .. }, Domain::Range { kind: b, .. }) => a == b,
            _ => false,
        };
        if let Some(wide) = self.columns[from].domain.clone()
            && self.columns[to].domain.as_ref().is_some_and(|d| same(d, &wide))
        {
            self.columns[to].domain = Some(wide);
        }
    }

    pub(super) fn domains(&mut self, name: &str) -> Vec<&mut Domain> {
        let Some(c) = self.table.column_index(name) else { return Vec::new() };
        let column = &mut self.columns[c];
        column.domain.iter_mut().chain(&mut column.legal).collect()
    }
}

/// Makes ranges and shapes disjoint; places moments near `now`, if given.
pub(super) fn slots(domain: &mut Domain, wanted: u128, now: Option<i64>) {
    match domain {
        Domain::Special(Special::RangeOf { element, apart, .. }) => {
            if near(element, wanted, now).is_none() {
                stepped(element, wanted);
            }
            *apart = true;
        }
        Domain::Special(Special::Geometric { apart, .. } | Special::Spatial { apart, .. }) => *apart = true,
        _ => {}
    }
}

/// Aligns the slots of the legal domain with those of the likely one.
fn align(legal: &mut Domain, slotted: &Domain, before: &Domain) {
    if *legal == *before {
        *legal = slotted.clone();
        return;
    }
    match (legal, slotted) {
        (
            Domain::Special(Special::RangeOf { element, apart, .. }),
            Domain::Special(Special::RangeOf { element: slots, .. }),
        ) => {
            if let (Domain::Range { lo, step, .. }, Domain::Range { lo: from, step: width, .. }) =
                (&mut **element, &**slots)
            {
                *lo += (*from - *lo).rem_euclid(*width);
                *step = *width;
            }
            *apart = true;
        }
        (other, _) => slots(other, 1, None),
    }
}

/// Sets slots of a usual length, starting some time before now, or at the start of the domain. `None` if the values are
/// not moments, or do not fit.
fn near(domain: &mut Domain, wanted: u128, now: Option<i64>) -> Option<()> {
    let Domain::Range { kind, lo, hi, step, .. } = domain else { return None };
    let (unit, lengths): (i128, &[i128]) = match kind {
        RangeKind::Date => (1, &DAYS),
        RangeKind::Timestamp => (1_000_000, &SECONDS),
        _ => return None,
    };
    let day = if *kind == RangeKind::Date { 1 } else { i128::from(MICROS_PER_DAY) };
    let wanted = i128::try_from(wanted).ok()? + 1;
    let start = match now {
        Some(now) => (i128::from(now).div_euclid(MICROS_PER_DAY.into()) - i128::from(BEFORE)) * day,
        None => *lo,
    };
    let start = start.clamp(*lo, *hi);
    let width = lengths.iter().map(|n| n * unit).find(|width| width * wanted <= SPAN * day);
    let width = width.unwrap_or(lengths.last()? * unit);
    let end = start.checked_add(width.checked_mul(wanted)?)?;
    // The slots may extend past `hi`, into the future, where a column's name restricts it to the past.
    let latest = (*hi).max(start + SPAN * day);
    if end > latest {
        return None;
    }
    (*lo, *hi, *step) = (start, end, width);
    Some(())
}

/// Widens the steps of a range of values as far as the rows leave room; returns the width in units of the value.
fn stepped(domain: &mut Domain, wanted: u128) -> Option<(RangeKind, i128)> {
    let Domain::Range { kind, lo, hi, step, .. } = domain else { return None };
    let size = u128::try_from(*hi - *lo).unwrap_or(0) / u128::try_from(*step).unwrap_or(1).max(1);
    let least = match kind {
        RangeKind::Timestamp => 2_000_000,
        RangeKind::Decimal { scale } => 2 * 10_i128.pow((*scale).into()),
        _ => 2,
    };
    let factor = i128::try_from(size / wanted).unwrap_or(1).max(1);
    let mut width = (*step * factor).max(least);
    // Round to whole units.
    let unit = match kind {
        RangeKind::Timestamp if width > MICROS_PER_DAY.into() => MICROS_PER_DAY.into(),
        RangeKind::Timestamp => 1_000_000,
        RangeKind::Decimal { scale } => 10_i128.pow((*scale).into()),
        _ => 1,
    };
    width -= width % unit;
    *step = width;
    Some((*kind, width))
}
