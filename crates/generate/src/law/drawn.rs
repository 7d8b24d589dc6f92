//! Cells drawn from a stated or learned distribution: numbers by the inverse distribution function, other values by
//! rank, texts with given lengths.

use super::{Frame, LawGen, NumericUnit};
use crate::generator::{Generator, RowError};
use crate::permute::Permutation;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{CorrelatedOrder, Distribution, InverseCdf, NumberGrid, RankSampler, unit};
use dbmocker_domain::{Domain, RangeKind, Sampler, fit_text};
use dbmocker_plan::{ColumnPlan, Drawn, DrawnValues};

/// A compiled [`Drawn`].
#[derive(Debug)]
pub struct DrawnGen {
    values: ValuesGen,
    order: Option<CorrelatedOrder>,
    /// Assigns a share of the distribution to each row, so that learned frequencies are exact up to one row.
    shares: Option<Permutation>,
    lengths: Option<InverseCdf>,
    rows: u64,
}

#[derive(Debug)]
enum ValuesGen {
    Numbers(InverseCdf),
    Ranked {
        ranks: RankSampler,
        first: Vec<Value>,
        own: Sampler,
        /// Maximum number of characters of a text.
        numbered: usize,
        places: Option<Permutation>,
        key: u64,
    },
    Own,
}

/// Returns the numbers of a column's unit within the law's bounds.
pub fn grid(unit: NumericUnit, least: i64, most: i64, step: i64) -> NumberGrid {
    let days = unit == NumericUnit::Kind(RangeKind::Date);
    NumberGrid { lo: least, hi: most.max(least), step: step.max(1), unit: 10f64.powi(-i32::from(unit.scale())), days }
}

impl DrawnGen {
    /// Returns `None` if the distribution does not apply to the column.
    pub fn new(plan: &Drawn, column: &ColumnPlan, rows: u64, stream: Stream) -> Option<DrawnGen> {
        let values = match &plan.values {
            DrawnValues::Numbers { law, least, most, step } => {
                ValuesGen::Numbers(InverseCdf::new(law, grid(NumericUnit::of(column)?, *least, *most, *step)).ok()?)
            }
            DrawnValues::Ranked { ranks, first } => {
                let domain = column.rule.domain()?;
                let own = domain.sampler();
                let listed = matches!(domain, Domain::Choice { .. });
                let numbered = most_chars(domain).map_or(0, |n| usize::try_from(n).unwrap_or(0));
                // List members are in rank order; the ranks of other values are scattered over their domain.
                let size = u64::try_from(own.size()).ok().filter(|n| !listed && *n < 1 << 62);
                let places = size.map(|size| Permutation::new(stream.key(), size.max(1)));
                ValuesGen::Ranked {
                    ranks: ranks.sampler(),
                    first: first.clone(),
                    own,
                    numbered,
                    places,
                    key: stream.key(),
                }
            }
            DrawnValues::Own => ValuesGen::Own,
        };
        let lengths = match &plan.lengths {
            Some(law) => {
                let most = column.rule.domain().and_then(most_chars).unwrap_or(i64::from(u32::MAX));
                Some(InverseCdf::new(law, NumberGrid { lo: 0, hi: most, step: 1, unit: 1.0, days: false }).ok()?)
            }
            None => None,
        };
        let learned = matches!(
            plan.values,
            DrawnValues::Ranked { .. } | DrawnValues::Numbers { law: Distribution::Learned(_), .. }
        );
        let rows = rows.clamp(1, 1 << 63);
        let shares = learned.then(|| Permutation::new(mix(stream.key() ^ 0x7368_6172), rows));
        Some(DrawnGen { values, order: CorrelatedOrder::new(plan.order), shares, lengths, rows })
    }

    pub fn is_numbers(&self) -> bool {
        matches!(self.values, ValuesGen::Numbers(_))
    }

    /// Returns the uniform number of a cell: random, or correlated with the row number.
    #[inline]
    fn lead(&self, row: u64, attempt: u32, word: u64) -> f64 {
        match self.order {
            Some(order) if attempt == 0 => order.lead((row as f64 + 0.5) / self.rows as f64, unit(word)),
            _ => match &self.shares {
                Some(shares) if attempt == 0 && row < self.rows => {
                    (shares.apply(row) as f64 + unit(word)) / self.rows as f64
                }
                _ => unit(word),
            },
        }
    }

    #[inline]
    fn number(&self, row: u64, attempt: u32, word: u64) -> Option<i64> {
        match &self.values {
            ValuesGen::Numbers(inverse) => Some(inverse.number(self.lead(row, attempt, word))),
            _ => None,
        }
    }
}

/// Texts of at least this length are distinct even if truncated.
const SHORT: usize = 32;

/// Returns letters and digits that identify a rank, of equal length for all ranks.
fn code(mut rank: u64, size: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut most = size.max(1) - 1;
    let mut digits = Vec::new();
    loop {
        digits.push(DIGITS[(rank % 36) as usize]);
        (rank, most) = (rank / 36, most / 36);
        if most == 0 {
            break;
        }
    }
    digits.iter().rev().map(|&d| char::from(d)).collect()
}

/// Returns a text with a number appended, of at most `most` characters.
fn with_number(text: &str, number: u64, most: usize) -> String {
    let number = format!(" {number}");
    let room = most.saturating_sub(number.len());
    text.chars().take(room).collect::<String>() + &number
}

fn most_chars(domain: &Domain) -> Option<i64> {
    match domain {
        Domain::Text(text) => Some(text.max_chars.into()),
        _ => None,
    }
}

impl Frame<'_> {
    /// Returns the numbers of a drawn column, before `null_share` is applied.
    pub(super) fn drawn(&self, c: usize, law: &DrawnGen) -> Nullable<i64> {
        let column = &self.table.columns[c];
        let number = |&row: &u64| {
            let attempt = self.table.attempt(row);
            law.number(row, attempt, column.stream.at(row, attempt))
        };
        self.rows.iter().map(number).collect()
    }
}

impl Generator {
    /// Returns a drawn cell that is not numeric.
    pub(super) fn drawn_value(
        &self,
        (t, c): (usize, usize),
        (row, attempt): (u64, u32),
        law: &LawGen,
        drawn: &DrawnGen,
    ) -> Result<Value, RowError> {
        let column = &self.table(t).columns[c];
        let word = column.stream.at(row, attempt);
        if let Some(n) = drawn.number(row, attempt, word) {
            return Ok(column.unit.map_or(Value::Null, |unit| unit.value(n)));
        }
        let (value, key, rank) = match &drawn.values {
            ValuesGen::Ranked { ranks, first, own, numbered, places, key } => {
                let rank = ranks.rank(drawn.lead(row, attempt, word));
                if let Some(value) = usize::try_from(rank).ok().and_then(|i| first.get(i)) {
                    return Ok(value.clone());
                }
                let size = own.size().max(1);
                let (member, round) = match u64::try_from(size) {
                    Ok(size) => (rank % size, rank / size),
                    Err(_) => (rank, 0),
                };
                let place = match places {
                    Some(places) => u128::from(places.apply(member % places.size())),
                    None if size <= u128::from(u64::MAX) => u128::from(member) % size,
                    None => {
                        let wide = u128::from(mix(key ^ rank)) << 64 | u128::from(mix(key ^ !rank));
                        wide % size
                    }
                };
                let value = match if own.size() == 0 { Value::Null } else { own.value(place) } {
                    // Ranks beyond the domain's size repeat its values, with a number appended.
                    Value::Text(text) if round > 0 && *numbered > 0 => {
                        Value::Text(with_number(&text, round + 1, *numbered))
                    }
                    value => value,
                };
                (value, mix(key ^ rank), rank)
            }
            _ => (self.by_rule(t, c, &law.own, row, attempt)?, word, 0),
        };
        Ok(match (&drawn.lengths, value) {
            (Some(lengths), Value::Text(mut text)) => {
                let share = match &drawn.values {
                    // Lengths are distributed by the same shares as the ranks.
                    ValuesGen::Ranked { ranks, .. } => (ranks.before(rank) + ranks.before(rank + 1)) / 2.0,
                    _ => unit(mix(key ^ 0x6c65_6e67)),
                };
                let chars = lengths.number(share.min(1.0 - f64::EPSILON)).max(0) as usize;
                let cut = text.chars().count() > chars;
                match &drawn.values {
                    // Distinct texts may have a common prefix.
                    ValuesGen::Ranked { ranks, .. } if cut && chars < SHORT => {
                        let code = code(rank, ranks.size());
                        fit_text(&mut text, chars.saturating_sub(code.len()), &mut CellRng::new(key));
                        text.push_str(&code);
                    }
                    _ => fit_text(&mut text, chars, &mut CellRng::new(key)),
                }
                Value::Text(text)
            }
            (_, value) => value,
        })
    }
}
