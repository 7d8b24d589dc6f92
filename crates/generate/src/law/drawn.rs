//! Cells drawn from a stated or learned distribution: numbers by the inverse distribution function, other values by
//! rank, texts with given lengths.

use super::ranked::{Lengths, RankedGen, TextBuffers};
use super::{Frame, LawGen, NumericUnit};
use crate::generator::{Generator, RowError, RuleGen};
use crate::permute::Permutation;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{CorrelatedOrder, Distribution, InverseCdf, NumberGrid, unit};
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_plan::{ColumnPlan, Drawn, DrawnValues};

/// A compiled [`Drawn`].
#[derive(Debug)]
pub struct DrawnGen {
    values: ValuesGen,
    order: Option<CorrelatedOrder>,
    /// Assigns a share of the distribution to each row, so that learned frequencies are exact up to one row.
    shares: Option<Permutation>,
    lengths: Lengths,
    rows: u64,
}

#[derive(Debug)]
enum ValuesGen {
    Numbers(Box<InverseCdf>),
    Ranked(Box<RankedGen>),
    Own,
}

/// Returns the numbers of a column's unit within the law's bounds.
pub fn grid(unit: NumericUnit, least: i64, most: i64, step: i64) -> NumberGrid {
    let days = unit == NumericUnit::Kind(RangeKind::Date);
    NumberGrid { lo: least, hi: most.max(least), step: step.max(1), unit: 10f64.powi(-i32::from(unit.scale())), days }
}

impl DrawnGen {
    /// Returns `None` if the distribution does not apply to the column. `sharing`: the stream by which the rows get their
    /// shares of the distribution.
    pub fn new(plan: &Drawn, column: &ColumnPlan, rows: u64, (stream, sharing): (Stream, Stream)) -> Option<DrawnGen> {
        let values = match &plan.values {
            DrawnValues::Numbers { law, least, most, step } => {
                let grid = grid(NumericUnit::of(column)?, *least, *most, *step);
                ValuesGen::Numbers(Box::new(InverseCdf::new(law, grid).ok()?))
            }
            DrawnValues::Ranked { ranks, first, natural } => {
                ValuesGen::Ranked(Box::new(RankedGen::new(ranks, first, *natural, column.rule.domain()?, stream.key())))
            }
            DrawnValues::Own => ValuesGen::Own,
        };
        let law = match &plan.lengths {
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
        let shares = learned.then(|| Permutation::new(mix(sharing.key() ^ 0x7368_6172), rows));
        let lengths = Lengths { law, fit: plan.fit };
        Some(DrawnGen { values, order: CorrelatedOrder::new(plan.order), shares, lengths, rows })
    }

    pub fn is_numbers(&self) -> bool {
        matches!(self.values, ValuesGen::Numbers(_))
    }

    /// Returns true if all values are texts, which [`text`](Self::text) gives. `own`: the column's rule without the law.
    pub fn is_text(&self, own: &RuleGen) -> bool {
        match (&self.values, own) {
            (ValuesGen::Ranked(ranked), _) => ranked.is_text(),
            (ValuesGen::Own, RuleGen::Draw(domain)) => domain.is_text(),
            _ => false,
        }
    }

    /// Returns the text of a cell, without an allocation.
    pub fn text<'a>(
        &'a self,
        own: &RuleGen,
        (row, attempt): (u64, u32),
        word: u64,
        buffers: &'a mut TextBuffers,
    ) -> &'a str {
        if let ValuesGen::Ranked(ranked) = &self.values {
            return ranked.text(self.lead(row, attempt, word), &self.lengths, buffers);
        }
        buffers.found.clear();
        if let RuleGen::Draw(domain) = own {
            domain.draw_text(&mut CellRng::of_cell(word), &mut buffers.found);
        }
        if let Some(chars) = self.length(word) {
            self.lengths.fit(&mut buffers.found, chars, word);
        }
        &buffers.found
    }

    /// Returns the length of a cell whose value is drawn by the column's own rule.
    fn length(&self, word: u64) -> Option<usize> {
        self.lengths.number(unit(mix(word ^ 0x6c65_6e67)))
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
        if let ValuesGen::Ranked(ranked) = &drawn.values {
            return Ok(ranked.value(drawn.lead(row, attempt, word), &drawn.lengths));
        }
        let value = self.by_rule(t, c, &law.own, row, attempt)?;
        Ok(match value {
            Value::Text(mut text) => {
                if let Some(chars) = drawn.length(word) {
                    drawn.lengths.fit(&mut text, chars, word);
                }
                Value::Text(text)
            }
            Value::Array(mut elements) => {
                elements.truncate(drawn.length(word).unwrap_or(elements.len()));
                Value::Array(elements)
            }
            other => other,
        })
    }
}
