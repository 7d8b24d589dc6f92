//! Several columns that are unique together: each takes one component of one number.

use std::ops::Range;

use crate::counted::{ChildLaw, CountedLaw};
use crate::fanout::FanOut;
use crate::permute::Permutation;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{Stream, mix};
use dbmocker_plan::Fan;
use dbmocker_plan::{CompositeKey, KeyLayout, TablePlan};

#[derive(Debug)]
pub(super) struct CompositeKeyGen {
    law: KeyLayoutGen,
    sizes: Vec<u64>,
    /// Number of combinations of all components but the first.
    rest: u64,
    /// Distance between consecutive parents that have children.
    stride: u64,
    key: u64,
    /// [`CompositeKey::existing`].
    existing: Vec<u64>,
}

#[derive(Debug)]
enum KeyLayoutGen {
    FanOut(ChildLaw),
    Ordinal(ChildLaw),
    Product(Permutation),
}

impl CompositeKeyGen {
    pub fn new(seed: u64, table: &TablePlan, index: usize, composite_key: &CompositeKey) -> Self {
        let key = Stream::new(seed, &table.label, &format!("share {index}")).key();
        let product = |sizes: &[u64]| sizes.iter().fold(1u64, |a, &b| a.saturating_mul(b)).min(1 << 63);
        let rest = product(&composite_key.sizes[1..]);
        let (parents, stride) = match composite_key.fan {
            Fan::Among(percent) => {
                let used = (composite_key.sizes[0] * u64::from(percent) / 100).max(table.rows.div_ceil(rest)).max(1);
                (used, composite_key.sizes[0] / used)
            }
            _ => (composite_key.sizes[0], 1),
        };
        let least = u64::from(composite_key.every && table.rows >= parents);
        let fan_out = || match &composite_key.counts {
            Some(counts) => ChildLaw::Counted(CountedLaw::new(key, counts)),
            None => ChildLaw::FanOut(FanOut::new(key, parents, table.rows, rest, composite_key.fan).with_least(least)),
        };
        let law = match composite_key.law {
            KeyLayout::FanOut => KeyLayoutGen::FanOut(fan_out()),
            KeyLayout::Ordinal => KeyLayoutGen::Ordinal(fan_out()),
            KeyLayout::Product => KeyLayoutGen::Product(Permutation::new(key, product(&composite_key.sizes))),
        };
        let existing = composite_key.existing.clone();
        CompositeKeyGen { law, sizes: composite_key.sizes.clone(), rest, stride, key, existing }
    }

    /// Returns component `place` of consecutive rows.
    pub fn digits(&self, place: usize, rows: Range<u64>) -> Vec<u64> {
        let mut out = Vec::with_capacity((rows.end - rows.start) as usize);
        match &self.law {
            KeyLayoutGen::FanOut(law) | KeyLayoutGen::Ordinal(law) if place == 0 => {
                law.each_run(rows, |r| out.extend((r.ordinals).map(|_| r.parent * self.stride)));
            }
            KeyLayoutGen::Ordinal(law) => law.each_run(rows, |r| out.extend(r.ordinals)),
            KeyLayoutGen::FanOut(law) => law.each_run(rows, |r| {
                let rest = self.rest_of(r.parent);
                out.extend(r.ordinals.map(|ordinal| self.radix(rest.apply(ordinal), 1, place)));
            }),
            KeyLayoutGen::Product(permutation) => {
                out.extend(rows.map(|row| self.radix(permutation.apply(row), 0, place)));
            }
        }
        out
    }

    /// Returns component `place` of one row.
    #[inline]
    pub fn digit(&self, place: usize, row: u64) -> u64 {
        match self.law() {
            Some(law) => self.digit_of(place, law.parent(row)),
            None => self.digit_of(place, (0, row)),
        }
    }

    /// Returns component `place` of rows in random order. `found` caches the parent and ordinal of each row for the
    /// other components.
    pub fn scattered(&self, place: usize, rows: &Nullable<u64>, found: &mut Option<ParentAndOrdinal>) -> Nullable<u64> {
        let found = found.get_or_insert_with(|| match self.law() {
            Some(law) => rows.map(|row| law.find(row)),
            None => rows.map(|row| (0, row)),
        });
        found.map(|of| self.digit_of(place, of))
    }

    /// Returns the first row with a value of the first component and the number of these rows; `None` if they are not a
    /// range.
    pub fn children_of_digit(&self, digit: u64) -> Option<(u64, u64)> {
        let law = self.law()?;
        let parent = Some(digit / self.stride).filter(|p| digit.is_multiple_of(self.stride) && *p < law.parents());
        Some(parent.map_or((0, 0), |p| law.children(p)))
    }

    pub fn law(&self) -> Option<&ChildLaw> {
        match &self.law {
            KeyLayoutGen::FanOut(law) | KeyLayoutGen::Ordinal(law) => Some(law),
            KeyLayoutGen::Product(_) => None,
        }
    }

    /// Returns the component of child number `ordinal` of `parent`; for [`KeyLayout::Product`], of row `ordinal`.
    #[inline]
    fn digit_of(&self, place: usize, (parent, ordinal): (u64, u64)) -> u64 {
        match &self.law {
            KeyLayoutGen::FanOut(_) | KeyLayoutGen::Ordinal(_) if place == 0 => parent * self.stride,
            KeyLayoutGen::Ordinal(_) => ordinal,
            KeyLayoutGen::FanOut(_) => self.radix(self.rest_of(parent).apply(ordinal), 1, place),
            KeyLayoutGen::Product(permutation) => self.radix(permutation.apply(ordinal), 0, place),
        }
    }

    /// Returns the order in which a parent's children take the combinations of the other components.
    #[inline]
    fn rest_of(&self, parent: u64) -> Permutation {
        Permutation::new(mix(self.key ^ parent), self.choices(parent))
    }

    /// Returns the number of combinations of the other components that a parent's children choose among.
    #[inline]
    fn choices(&self, parent: u64) -> u64 {
        let Some(last) = self.existing.len().checked_sub(1) else { return self.rest };
        let at = u128::from(parent * self.stride) * self.existing.len() as u128 / u128::from(self.sizes[0].max(1));
        let existing = self.existing[usize::try_from(at).map_or(last, |at| at.min(last))];
        if existing >= self.rest {
            return self.rest;
        }
        // A parent has children even if too few of them exist.
        existing.max(self.law().map_or(0, |law| law.children(parent).1))
    }

    /// Returns component `place` of `x` in mixed radix, where `from` is the lowest component.
    #[inline]
    fn radix(&self, mut x: u64, from: usize, place: usize) -> u64 {
        for &size in &self.sizes[from..place] {
            x /= size;
        }
        if place + 1 == self.sizes.len() { x } else { x % self.sizes[place] }
    }
}

/// For rows in random order: the parent of each, and its ordinal among the parent's children.
pub type ParentAndOrdinal = Nullable<(u64, u64)>;
