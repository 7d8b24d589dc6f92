//! A row's review: its rating, and a text with the same sentiment.

use super::Attribute;
use crate::catalogue::Named;
use crate::range_units::{of_units, units};
use crate::text::TextKind;
use crate::weight_totals::WeightTotals;
use crate::{Domain, RangeKind, Sampler};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// Weights of one to five stars.
const STARS: [u32; 5] = [8, 6, 13, 27, 46];

/// The sentiment of a review's text for one to five stars.
const SENTIMENTS: [&str; 5] = ["bad", "bad", "fair", "good", "good"];

#[derive(Debug)]
pub(super) struct ReviewWriter {
    totals: WeightTotals,
    values: ReviewValues,
}

#[derive(Debug)]
enum ReviewValues {
    /// The value for each number of stars.
    Numbers([Value; 5]),
    /// The sampler of texts for each number of stars.
    Texts(Box<[Sampler; 5]>),
}

impl ReviewWriter {
    pub fn new(attribute: Attribute, domain: &Domain) -> Option<Self> {
        let values = match (attribute, domain) {
            (Attribute::Stars, Domain::Range { .. } | Domain::Choice { .. }) => ReviewValues::Numbers(numbers(domain)?),
            (Attribute::Opinion | Attribute::OpinionTitle, Domain::Text(t)) if attribute.is_of(&t.kind) => {
                let of_sentiment = |sentiment: &str| {
                    let (named, of): (&Named, fn(Named) -> TextKind) = match &t.kind {
                        TextKind::Prose(named) => (named, TextKind::Prose),
                        TextKind::Catalogue(named) => (named, TextKind::Catalogue),
                        _ => return None,
                    };
                    let kind = of(Named::find(&format!("{}_{sentiment}", named.name()))?);
                    let sampler = Domain::Text(crate::TextDomain { kind, ..t.clone() }).sampler();
                    (sampler.size() > 0).then_some(sampler)
                };
                let texts =
                    SENTIMENTS.iter().map(|sentiment| of_sentiment(sentiment)).collect::<Option<Vec<Sampler>>>()?;
                ReviewValues::Texts(Box::new(texts.try_into().ok()?))
            }
            _ => return None,
        };
        Some(ReviewWriter { totals: WeightTotals::new(STARS), values })
    }

    fn stars(&self, word: u64) -> usize {
        self.totals.draw(&mut CellRng::new(word))
    }

    pub fn is_number(&self) -> bool {
        matches!(self.values, ReviewValues::Numbers(_))
    }

    pub fn number(&self, word: u64) -> Option<Value> {
        match &self.values {
            ReviewValues::Numbers(values) => Some(values[self.stars(word)].clone()),
            ReviewValues::Texts(_) => None,
        }
    }

    pub fn write(&self, word: u64, rng: &mut CellRng, out: &mut String) {
        if let ReviewValues::Texts(texts) = &self.values {
            texts[self.stars(word)].draw_text(rng, out);
        }
    }
}

/// The column's values for one to five stars, which are scaled to its range; `None` if its domain does not contain
/// them.
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
