//! Aggregates over the child rows of a row.

use super::number::{Scaled, quotient};
use super::{Frame, NumericUnit};
use crate::generator::RowError;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_plan::{Fold, Formula};

/// Number of child rows that are generated at once.
const AT_ONCE: usize = 1 << 13;

/// Aggregate over the child rows of one parent: number of values, sum, minimum, maximum.
#[derive(Clone, Copy)]
struct ChildTotal {
    count: i64,
    sum: i64,
    least: i64,
    most: i64,
}

const NONE: ChildTotal = ChildTotal { count: 0, sum: 0, least: i64::MAX, most: i64::MIN };

impl ChildTotal {
    fn add(&mut self, n: i64) {
        self.count += 1;
        self.sum = self.sum.saturating_add(n);
        self.least = self.least.min(n);
        self.most = self.most.max(n);
    }
}

impl Frame<'_> {
    /// Returns column `c`: for each row, the aggregate over the rows of table `t` that refer to it by key `foreign`.
    pub(super) fn children(&self, c: usize, t: usize, foreign: usize, fold: &Fold) -> Result<Scaled, RowError> {
        if matches!(fold, Fold::Count) {
            return Ok((self.count(t, foreign).into(), 0));
        }
        let (totals, scale) = self.totals(t, foreign, fold)?;
        let micros = self.table.columns[c].unit.map_or(1, NumericUnit::micros);
        let moment = |n: i64, total: &ChildTotal| (total.count > 0).then(|| n.div_euclid(micros));
        let made: Nullable<i64> = match fold {
            Fold::Count | Fold::Sum(_) => totals.iter().map(|t| (t.count > 0).then_some(t.sum)).collect(),
            Fold::Mean(_, to) => {
                let mean = totals.iter().map(|t| quotient(t.sum, t.count, (scale, 0), *to));
                return Ok((mean.collect(), *to));
            }
            Fold::First(_) => totals.iter().map(|t| moment(t.least, t)).collect(),
            Fold::Last(_) => totals.iter().map(|t| moment(t.most, t)).collect(),
        };
        Ok((made, scale))
    }

    fn count(&self, t: usize, foreign: usize) -> Vec<i64> {
        let generator = self.generator;
        let small = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        if !generator.foreign_may_be_null(t, foreign) {
            return self.rows.iter().map(|&p| small(generator.children_count(t, foreign, p))).collect();
        }
        let count = |&p: &u64| {
            let mut count = 0;
            generator.each_child(t, foreign, p, &mut |rows| {
                count += rows.filter(|&row| !generator.foreign_is_null(t, foreign, row)).count() as u64;
            });
            small(count)
        };
        self.rows.iter().map(count).collect()
    }

    /// Returns the aggregate for each row, and the scale of its sum. Child rows are generated in chunks, in constant
    /// memory.
    fn totals(&self, t: usize, foreign: usize, fold: &Fold) -> Result<(Vec<ChildTotal>, u8), RowError> {
        let generator = self.generator;
        let nullable = generator.foreign_may_be_null(t, foreign);
        let mut totals = vec![NONE; self.rows.len()];
        let mut open: (Vec<u64>, Vec<u32>) = Default::default();
        let mut scale = self.scale_of(t, fold);
        let mut failed = None;
        let mut add = |open: &mut (Vec<u64>, Vec<u32>)| {
            let (rows, of) = std::mem::take(open);
            match Frame::new(generator, t, rows).folded(fold) {
                Ok((numbers, found)) => {
                    scale = found;
                    let each = of.iter().zip(numbers.iter()).filter_map(|(&i, n)| Some((i, n?)));
                    each.for_each(|(i, n)| totals[i as usize].add(n));
                }
                Err(error) => failed = failed.take().or(Some(error)),
            }
        };
        for (i, &p) in self.rows.iter().enumerate() {
            generator.each_child(t, foreign, p, &mut |rows| {
                for row in rows.filter(|&row| !nullable || !generator.foreign_is_null(t, foreign, row)) {
                    open.0.push(row);
                    open.1.push(i as u32);
                    if open.0.len() == AT_ONCE {
                        add(&mut open);
                    }
                }
            });
        }
        if !open.0.is_empty() {
            add(&mut open);
        }
        match failed {
            Some(error) => Err(error),
            None => Ok((totals, scale)),
        }
    }

    /// Returns the scale of the sum of no rows.
    fn scale_of(&self, t: usize, fold: &Fold) -> u8 {
        match fold {
            Fold::Mean(c, _) | Fold::Sum(Formula::Cell(c) | Formula::Nullable(c)) => {
                self.generator.table(t).columns[*c].unit.map_or(0, NumericUnit::scale)
            }
            Fold::Sum(_) | Fold::Count | Fold::First(_) | Fold::Last(_) => 0,
        }
    }

    /// Returns the aggregated number of each child row.
    fn folded(&self, fold: &Fold) -> Result<Scaled, RowError> {
        match fold {
            Fold::Count => Ok((vec![1; self.rows.len()].into(), 0)),
            // The expression reads no random stream, so any column number will do.
            Fold::Sum(of) => self.eval(0, of),
            Fold::Mean(c, _) => self.eval(0, &Formula::Nullable(*c)),
            Fold::First(c) | Fold::Last(c) => Ok((self.micros(*c)?, 0)),
        }
    }
}
