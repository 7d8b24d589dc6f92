//! A row's review: how many stars it gives, and words that fit them.

use super::Attribute;
use crate::catalogue::Named;
use crate::range_units::{of_units, units};
use crate::text::TextKind;
use crate::{Domain, RangeKind, Sampler};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// How often one to five stars are given.
const STARS: [u32; 5] = [8, 6, 13, 27, 46];

/// Which words fit so many stars.
const TONES: [&str; 5] = ["bad", "bad", "fair", "good", "good"];

#[derive(Debug)]
pub(super) struct ReviewWriter {
    totals: Vec<u32>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// By stars.
    Numbers([Value; 5]),
    Texts(Box<[Sampler; 5]>),
}

impl ReviewWriter {
    pub fn new(attribute: Attribute, domain: &Domain) -> Option<Self> {
        let form = match (attribute, domain) {
            (Attribute::Stars, Domain::Range { .. } | Domain::Choice { .. }) => Form::Numbers(numbers(domain)?),
            (Attribute::Opinion | Attribute::OpinionTitle, Domain::Text(t)) if attribute.is_of(&t.kind) => {
                let toned = |tone: &str| {
                    let (named, of): (&Named, fn(Named) -> TextKind) = match &t.kind {
                        TextKind::Prose(named) => (named, TextKind::Prose),
                        TextKind::Catalogue(named) => (named, TextKind::Catalogue),
                        _ => return None,
                    };
                    let kind = of(Named::find(&format!("{}_{tone}", named.name()))?);
                    let sampler = Domain::Text(crate::TextDomain { kind, ..t.clone() }).sampler();
                    (sampler.size() > 0).then_some(sampler)
                };
                let texts = TONES.iter().map(|tone| toned(tone)).collect::<Option<Vec<Sampler>>>()?;
                Form::Texts(Box::new(texts.try_into().ok()?))
            }
            _ => return None,
        };
        Some(ReviewWriter { totals: super::totals(STARS), form })
    }

    fn stars(&self, word: u64) -> usize {
        super::by_totals(&self.totals, &mut CellRng::new(word))
    }

    pub fn is_number(&self) -> bool {
        matches!(self.form, Form::Numbers(_))
    }

    pub fn number(&self, word: u64) -> Option<Value> {
        match &self.form {
            Form::Numbers(values) => Some(values[self.stars(word)].clone()),
            Form::Texts(_) => None,
        }
    }

    pub fn write(&self, word: u64, rng: &mut CellRng, out: &mut String) {
        if let Form::Texts(texts) = &self.form {
            texts[self.stars(word)].draw_text(rng, out);
        }
    }
}

/// The column's values for one to five stars: its range has one to ten or one to a hundred as well.
fn numbers(domain: &Domain) -> Option<[Value; 5]> {
    let (kind, lo, hi) = match domain {
        Domain::Range { kind: kind @ (RangeKind::Int | RangeKind::Decimal { .. }), lo, hi, .. } => (*kind, *lo, *hi),
        Domain::Choice { values, .. } => {
            let all: Option<Vec<i128>> = values.iter().map(|v| units(RangeKind::Int, v).map(|(n, _)| n)).collect();
            let all = all?;
            (RangeKind::Int, *all.iter().min()?, *all.iter().max()?)
        }
        _ => return None,
    };
    let sampler = domain.sampler();
    let of = |stars: i128| {
        let value = of_units(kind, lo + ((hi - lo) * (stars - 1) + 2) / 4);
        sampler.contains(&value).then_some(value)
    };
    (hi > lo).then_some(())?;
    Some([of(1)?, of(2)?, of(3)?, of(4)?, of(5)?])
}
