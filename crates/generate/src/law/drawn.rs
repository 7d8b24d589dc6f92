//! Cells drawn from a stated or learned distribution: numbers by the inverse distribution function, other values by
//! rank, texts with given lengths.

use super::{Frame, LawGen, NumericUnit};
use crate::generator::{Generator, RowError};
use crate::permute::Permutation;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{CorrelatedOrder, Distribution, InverseCdf, NumberGrid, RankSampler, unit};
use dbmocker_domain::{Domain, RangeKind, Sampler, fit_text, fit_words};
use dbmocker_plan::{ColumnPlan, Drawn, DrawnValues, LengthFit};

/// A compiled [`Drawn`].
#[derive(Debug)]
pub struct DrawnGen {
    values: ValuesGen,
    order: Option<CorrelatedOrder>,
    /// Assigns a share of the distribution to each row, so that learned frequencies are exact up to one row.
    shares: Option<Permutation>,
    lengths: Option<InverseCdf>,
    fit: LengthFit,
    rows: u64,
}

#[derive(Debug)]
enum ValuesGen {
    Numbers(InverseCdf),
    Ranked(Box<RankedGen>),
    Own,
}

/// Values by rank.
#[derive(Debug)]
struct RankedGen {
    ranks: RankSampler,
    first: Vec<Value>,
    own: Sampler,
    /// Maximum number of characters of a text.
    numbered: usize,
    places: Option<Permutation>,
    key: u64,
}

impl RankedGen {
    /// Returns the value of a rank. `round` 0 to [`rounds`](Self::rounds): other values, which no other rank has.
    fn value(&self, rank: u64, round: u64) -> Value {
        let size = self.own.size().max(1);
        let wanted = rank.saturating_add(round.saturating_mul(self.ranks.size()));
        let (member, repeated) = match u64::try_from(size) {
            Ok(size) => (wanted % size, wanted / size),
            Err(_) => (wanted, 0),
        };
        let place = match &self.places {
            Some(places) => u128::from(places.apply(member % places.size())),
            None if size <= u128::from(u64::MAX) => u128::from(member) % size,
            None => {
                let wide = u128::from(mix(self.key ^ wanted)) << 64 | u128::from(mix(self.key ^ !wanted));
                wide % size
            }
        };
        match if self.own.size() == 0 { Value::Null } else { self.own.value(place) } {
            // Ranks beyond the domain's size repeat its values, with a number appended.
            Value::Text(text) if repeated > 0 && self.numbered > 0 => {
                Value::Text(with_number(&text, repeated + 1, self.numbered))
            }
            value => value,
        }
    }

    /// Returns the number of different values that each rank may have.
    fn rounds(&self) -> u64 {
        let rounds = self.own.size() / u128::from(self.ranks.size().max(1));
        u64::try_from(rounds).unwrap_or(MOST_ROUNDS).clamp(1, MOST_ROUNDS)
    }

    /// Returns, of the values that a rank may have, the first with about this number of characters, or the nearest.
    fn of_length(&self, rank: u64, chars: usize) -> Value {
        let slack = (chars / 12).max(1);
        let mut best = (usize::MAX, Value::Null);
        for round in 0..self.rounds() {
            let value = self.value(rank, round);
            let Value::Text(text) = &value else { return value };
            let off = text.chars().count().abs_diff(chars);
            if off < best.0 {
                best = (off, value);
            }
            if off <= slack {
                break;
            }
        }
        best.1
    }
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
                let numbered = chars(domain).map_or(0, |(_, n)| usize::try_from(n).unwrap_or(0));
                // List members are in rank order; the ranks of other values are scattered over their domain.
                let size = u64::try_from(own.size()).ok().filter(|n| !listed && *n < 1 << 62);
                let places = size.map(|size| Permutation::new(stream.key(), size.max(1)));
                ValuesGen::Ranked(Box::new(RankedGen {
                    ranks: ranks.sampler(),
                    first: first.clone(),
                    own,
                    numbered,
                    places,
                    key: stream.key(),
                }))
            }
            DrawnValues::Own => ValuesGen::Own,
        };
        let lengths = match &plan.lengths {
            Some(law) => {
                let (least, most) = column.rule.domain().and_then(chars).unwrap_or((0, i64::from(u32::MAX)));
                Some(InverseCdf::new(law, NumberGrid { lo: least, hi: most, step: 1, unit: 1.0, days: false }).ok()?)
            }
            None => None,
        };
        let learned = matches!(
            plan.values,
            DrawnValues::Ranked { .. } | DrawnValues::Numbers { law: Distribution::Learned(_), .. }
        );
        let rows = rows.clamp(1, 1 << 63);
        let shares = learned.then(|| Permutation::new(mix(stream.key() ^ 0x7368_6172), rows));
        Some(DrawnGen { values, order: CorrelatedOrder::new(plan.order), shares, lengths, fit: plan.fit, rows })
    }

    /// Returns true if a text will be cut to this number of characters.
    fn cuts(&self, text: &str, chars: usize) -> bool {
        let count = text.chars().count();
        match self.fit {
            LengthFit::Exact => count > chars,
            LengthFit::Words => count > chars + chars / NEAR,
            LengthFit::Nearest => false,
        }
    }

    /// Cuts or extends a text.
    fn fitted(&self, text: &mut String, chars: usize, key: u64) {
        let rng = &mut CellRng::new(key);
        match self.fit {
            LengthFit::Exact => fit_text(text, chars, rng),
            LengthFit::Words if text.chars().count().abs_diff(chars) > chars / NEAR => fit_words(text, chars, rng),
            LengthFit::Words | LengthFit::Nearest => {}
        }
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
/// Texts of words longer than this are extended, instead of one being selected by its length.
const LONG: usize = 48;
/// The part of its length by which a text may be longer or shorter.
const NEAR: usize = 8;
/// Maximum number of values of which one is selected by its length.
const MOST_ROUNDS: u64 = 8;

/// Returns a number of characters for a uniform number.
fn characters(lengths: &InverseCdf, u: f64) -> usize {
    usize::try_from(lengths.number(u.min(1.0 - f64::EPSILON))).unwrap_or(0)
}

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

/// Returns the least and the largest length of a text.
fn chars(domain: &Domain) -> Option<(i64, i64)> {
    match domain {
        Domain::Text(text) => Some((text.min_chars.min(text.max_chars).into(), text.max_chars.into())),
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
        let ranked = match &drawn.values {
            ValuesGen::Ranked(ranked) => ranked,
            _ => {
                let value = self.by_rule(t, c, &law.own, row, attempt)?;
                return Ok(match (&drawn.lengths, value) {
                    (Some(lengths), Value::Text(mut text)) => {
                        drawn.fitted(&mut text, characters(lengths, unit(mix(word ^ 0x6c65_6e67))), word);
                        Value::Text(text)
                    }
                    (Some(lengths), Value::Array(mut elements)) => {
                        elements.truncate(characters(lengths, unit(mix(word ^ 0x6c65_6e67))));
                        Value::Array(elements)
                    }
                    (_, value) => value,
                });
            }
        };
        let rank = ranked.ranks.rank(drawn.lead(row, attempt, word));
        if let Some(value) = usize::try_from(rank).ok().and_then(|i| ranked.first.get(i)) {
            return Ok(value.clone());
        }
        let Some(lengths) = &drawn.lengths else { return Ok(ranked.value(rank, 0)) };
        // Lengths are distributed by the same shares as the ranks.
        let share = (ranked.ranks.before(rank) + ranked.ranks.before(rank + 1)) / 2.0;
        let chars = characters(lengths, share);
        let value = match drawn.fit {
            LengthFit::Words if chars > LONG => ranked.value(rank, 0),
            LengthFit::Words | LengthFit::Nearest => ranked.of_length(rank, chars),
            LengthFit::Exact => ranked.value(rank, 0),
        };
        let Value::Text(mut text) = value else { return Ok(value) };
        let key = mix(ranked.key ^ rank);
        // Distinct texts may have a common prefix.
        if drawn.cuts(&text, chars) && chars < SHORT {
            let code = code(rank, ranked.ranks.size());
            drawn.fitted(&mut text, chars.saturating_sub(code.len()), key);
            text.push_str(&code);
        } else {
            drawn.fitted(&mut text, chars, key);
        }
        Ok(Value::Text(text))
    }
}
