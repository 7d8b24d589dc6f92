//! Several columns that are unique together: each takes its digit of one number.

use std::ops::Range;

use crate::generate::fanout::FanOut;
use crate::generate::permute::Permutation;
use crate::nullable::Nullable;
use crate::plan::{Share, ShareLaw, TablePlan};
use crate::stream::{Stream, mix};

#[derive(Debug)]
pub(super) struct ShareGen {
    law: ShareLawGen,
    sizes: Vec<u64>,
    /// Combinations of all sizes but the first.
    rest: u64,
    key: u64,
}

#[derive(Debug)]
enum ShareLawGen {
    FanOut(FanOut),
    Ordinal(FanOut),
    Product(Permutation),
}

impl ShareGen {
    pub fn new(seed: u64, table: &TablePlan, index: usize, share: &Share) -> Self {
        let key = Stream::new(seed, &table.label, &format!("share {index}")).key();
        let product = |sizes: &[u64]| sizes.iter().fold(1u64, |a, &b| a.saturating_mul(b)).min(1 << 63);
        let rest = product(&share.sizes[1..]);
        let fan_out = || FanOut::new(key, share.sizes[0], table.rows, rest);
        let law = match share.law {
            ShareLaw::FanOut => ShareLawGen::FanOut(fan_out()),
            ShareLaw::Ordinal => ShareLawGen::Ordinal(fan_out()),
            ShareLaw::Product => ShareLawGen::Product(Permutation::new(key, product(&share.sizes))),
        };
        ShareGen { law, sizes: share.sizes.clone(), rest, key }
    }

    /// Its digits for many rows in order.
    pub fn digits(&self, place: usize, rows: Range<u64>) -> Vec<u64> {
        let mut out = Vec::with_capacity((rows.end - rows.start) as usize);
        match &self.law {
            ShareLawGen::FanOut(law) | ShareLawGen::Ordinal(law) if place == 0 => {
                law.runs(rows).for_each(|r| out.extend((r.ordinals).map(|_| r.parent)));
            }
            ShareLawGen::Ordinal(law) => law.runs(rows).for_each(|r| out.extend(r.ordinals)),
            ShareLawGen::FanOut(law) => law.runs(rows).for_each(|r| {
                let rest = self.rest_of(r.parent);
                out.extend(r.ordinals.map(|ordinal| self.radix(rest.apply(ordinal), 1, place)));
            }),
            ShareLawGen::Product(permutation) => {
                out.extend(rows.map(|row| self.radix(permutation.apply(row), 0, place)));
            }
        }
        out
    }

    /// The digit of one row.
    #[inline]
    pub fn digit(&self, place: usize, row: u64) -> u64 {
        match self.law() {
            Some(law) => self.digit_of(place, law.parent(row)),
            None => self.digit_of(place, (0, row)),
        }
    }

    /// The digits of rows in no order. `found` keeps what all places ask about these rows.
    pub fn scattered(&self, place: usize, rows: &Nullable<u64>, found: &mut Option<Found>) -> Nullable<u64> {
        let found = found.get_or_insert_with(|| match self.law() {
            Some(law) => rows.map(|row| law.find(row)),
            None => rows.map(|row| (0, row)),
        });
        found.map(|of| self.digit_of(place, of))
    }

    fn law(&self) -> Option<&FanOut> {
        match &self.law {
            ShareLawGen::FanOut(law) | ShareLawGen::Ordinal(law) => Some(law),
            ShareLawGen::Product(_) => None,
        }
    }

    /// The digit of the row that is child number `ordinal` of `parent`; without a law, of row `ordinal`.
    #[inline]
    fn digit_of(&self, place: usize, (parent, ordinal): (u64, u64)) -> u64 {
        match &self.law {
            ShareLawGen::FanOut(_) | ShareLawGen::Ordinal(_) if place == 0 => parent,
            ShareLawGen::Ordinal(_) => ordinal,
            ShareLawGen::FanOut(_) => self.radix(self.rest_of(parent).apply(ordinal), 1, place),
            ShareLawGen::Product(permutation) => self.radix(permutation.apply(ordinal), 0, place),
        }
    }

    /// How a parent's children take the combinations of all sizes but the first.
    #[inline]
    fn rest_of(&self, parent: u64) -> Permutation {
        Permutation::new(mix(self.key ^ parent), self.rest)
    }

    /// Digit `place` of `x`, where the lowest digit is that of place `from`.
    #[inline]
    fn radix(&self, mut x: u64, from: usize, place: usize) -> u64 {
        for &size in &self.sizes[from..place] {
            x /= size;
        }
        if place + 1 == self.sizes.len() { x } else { x % self.sizes[place] }
    }
}

/// For rows in no order: the parent of each, and which of its children it is.
pub(in crate::generate) type Found = Nullable<(u64, u64)>;
