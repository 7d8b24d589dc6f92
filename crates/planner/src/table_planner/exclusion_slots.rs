//! Ranges that must not overlap: each row gets a slot of its own, and stays inside of it.

use dbmocker_loaders::ident;

use super::{PlanContext, TablePlanner};
use crate::exclusions;
use crate::exclusions::Apart;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_domain::{Domain, RangeKind, Special};
use dbmocker_predicate::NamedCheck;

/// Slots for each row: enough for a run or two more, and for a look of chance.
const SLOTS: u128 = 4;

impl TablePlanner<'_> {
    /// Cuts the domains of such columns into slots, and remembers what must hold between two of them.
    ///
    /// # Errors
    /// The server cannot be asked what there is, or what there is leaves no room.
    pub(super) fn keep_apart(&mut self, b: &PlanContext<'_>) -> Result<(), String> {
        for exclusion in &self.table.exclusions {
            if self.avoid {
                self.beside(b, exclusion)?;
            }
            match exclusions::apart(exclusion, self.table, b.schema.dialect) {
                Some(Apart::Slots(name)) => {
                    for domain in self.domains(&name) {
                        slots(domain, b);
                    }
                }
                Some(Apart::Between { from, to }) => {
                    self.as_wide_as(&from, &to);
                    // Whichever of the two is taken in the end, the narrower slot fits.
                    let steps = self.domains(&from).into_iter().filter_map(|d| stepped(d, b));
                    let Some((kind, step)) = steps.min_by_key(|(_, step)| *step) else { continue };
                    let quoted = |name: &str| ident::quote(b.schema.dialect.into(), name);
                    let (from, to) = (quoted(&from), quoted(&to));
                    let end = match kind {
                        RangeKind::Timestamp => format!("{from} + INTERVAL '{} seconds'", step / 1_000_000),
                        RangeKind::Decimal { scale } => format!("{from} + {}", step / 10_i128.pow(scale.into())),
                        _ => format!("{from} + {step}"),
                    };
                    let text = format!("{from} IS NOT NULL AND {to} IS NOT NULL AND {to} > {from} AND {to} < {end}");
                    self.apart.push(NamedCheck::new(&exclusion.name, text));
                }
                Some(Apart::Values(_)) => {}
                None => self.notes.push(format!(
                    "exclusion constraint `{}` is left to chance: {}",
                    exclusion.name, exclusion.definition
                )),
            }
        }
        Ok(())
    }

    /// The end of a range may be wherever its begin may be.
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

/// Ranges and shapes that do not overlap each other.
pub(super) fn slots(domain: &mut Domain, b: &PlanContext<'_>) {
    match domain {
        Domain::Special(Special::RangeOf { element, apart, .. }) => {
            stepped(element, b);
            *apart = true;
        }
        Domain::Special(Special::Geometric { apart, .. } | Special::Spatial { apart, .. }) => *apart = true,
        _ => {}
    }
}

/// Makes the steps of a range of values as wide as the rows leave room for; gives them, in units of the value.
fn stepped(domain: &mut Domain, b: &PlanContext<'_>) -> Option<(RangeKind, i128)> {
    let Domain::Range { kind, lo, hi, step, .. } = domain else { return None };
    let size = u128::try_from(*hi - *lo).unwrap_or(0) / u128::try_from(*step).unwrap_or(1).max(1);
    let wanted = u128::from(b.options.rows.max(1)) * SLOTS;
    let least = match kind {
        RangeKind::Timestamp => 2_000_000,
        RangeKind::Decimal { scale } => 2 * 10_i128.pow((*scale).into()),
        _ => 2,
    };
    let factor = i128::try_from(size / wanted).unwrap_or(1).max(1);
    let mut width = (*step * factor).max(least);
    // Whole units read better.
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
