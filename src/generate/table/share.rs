//! Several columns that are unique together: each takes its digit of one number.

use crate::generate::fanout::{FanOut, Walk};
use crate::generate::permute::Permutation;
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
    pub fn digits(&self, place: usize) -> Digits<'_> {
        let walk = match &self.law {
            ShareLawGen::FanOut(law) | ShareLawGen::Ordinal(law) => Some(law.walk()),
            ShareLawGen::Product(_) => None,
        };
        Digits { share: self, place, walk }
    }

    /// `parent`: the law's answer for the row.
    #[inline]
    pub fn digit(&self, place: usize, row: u64, parent: impl FnOnce(&FanOut) -> (u64, u64)) -> u64 {
        let radix = |mut x: u64, from: usize| {
            for &size in &self.sizes[from..place] {
                x /= size;
            }
            x % self.sizes[place]
        };
        match &self.law {
            ShareLawGen::FanOut(law) => {
                let (parent, ordinal) = parent(law);
                if place == 0 {
                    return parent;
                }
                radix(Permutation::new(mix(self.key ^ parent), self.rest).apply(ordinal), 1)
            }
            ShareLawGen::Ordinal(law) => {
                let (parent, ordinal) = parent(law);
                if place == 0 { parent } else { ordinal }
            }
            ShareLawGen::Product(permutation) => radix(permutation.apply(row), 0),
        }
    }
}

/// One place of a share, for rows in order.
pub(in crate::generate) struct Digits<'a> {
    share: &'a ShareGen,
    place: usize,
    walk: Option<Walk<'a>>,
}

impl Digits<'_> {
    #[inline]
    pub fn at(&mut self, row: u64) -> u64 {
        let walk = &mut self.walk;
        self.share.digit(self.place, row, |law| walk.as_mut().map_or_else(|| law.parent(row), |w| w.parent(row)))
    }
}
