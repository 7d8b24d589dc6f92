//! Arithmetic over columns of scaled integers.

use super::unit::{power, rescaled, rounded_wide};
use super::wave::wave;
use super::{Frame, NumericUnit};
use crate::generator::RowError;
use dbmocker_core::nullable_vec::Nullable;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::time::{MICROS_PER_DAY, civil};
use dbmocker_core::value::Value;
use dbmocker_plan::{FkStep, Formula};

/// Numbers and their scale: the number of fractional digits.
pub(super) type Scaled = (Nullable<i64>, u8);

/// Two columns of the same scale.
type ColumnPair = (Nullable<i64>, Nullable<i64>, u8);

impl Frame<'_> {
    /// Evaluates an expression of column `c` for every row.
    pub(super) fn eval(&self, c: usize, expr: &Formula) -> Result<Scaled, RowError> {
        let every = |n: i64| vec![n; self.rows.len()].into();
        Ok(match expr {
            Formula::Number { n, scale } => (every(*n), *scale),
            Formula::Cell(of) => {
                let (known, scale) = self.scaled(*of)?;
                (if known.nulls().is_some() { Vec::from(known.values()).into() } else { known }, scale)
            }
            Formula::Nullable(of) => self.scaled(*of)?,
            Formula::Own => {
                let unit = self.table.columns[c].unit.expect("a law of numbers has a unit");
                (self.own(c, unit)?, unit.scale())
            }
            Formula::Parent { foreign, column } => {
                let parents = self.parents(*foreign)?;
                let (known, scale) = parents.frame.scaled(*column)?;
                (parents.each(&known), scale)
            }
            Formula::Above { path, column } => self.scaled_above(path, *column)?,
            Formula::Portion { foreign, column, least } => {
                let parents = self.parents(*foreign)?;
                let (whole, scale) = parents.frame.scaled(*column)?;
                let whole = parents.each(&whole);
                let part = |(&row, whole): (&u64, Option<i64>)| {
                    let child = self.generator.child(self.t, *foreign, row)?;
                    Some(portion(whole?, child.ordinal, child.count, *least))
                };
                (self.rows.iter().zip(whole.iter()).map(part).collect(), scale)
            }
            Formula::Ordinal { foreign } => {
                let place = |&row: &u64| self.generator.child(self.t, *foreign, row);
                let place = |row| place(row).map(|child| i64::try_from(child.ordinal + 1).unwrap_or(i64::MAX));
                (self.rows.iter().map(place).collect(), 0)
            }
            Formula::Children { table, foreign, fold } => self.children(c, *table, *foreign, fold)?,
            Formula::OneOf { values, scale } => (self.one_of(c, values).into(), *scale),
            Formula::Between { lo, hi, scale } => {
                let column = &self.table.columns[c];
                let wide = hi.saturating_sub(*lo).unsigned_abs() + 1;
                let draw = |&row: &u64| lo + self.stream(column, row).below(wide).cast_signed();
                (self.rows.iter().map(draw).collect::<Vec<i64>>().into(), *scale)
            }
            Formula::Add(a, b) => combine(self.pair(c, a, b)?, i64::saturating_add),
            Formula::Sub(a, b) => combine(self.pair(c, a, b)?, i64::saturating_sub),
            Formula::Least(a, b) => combine(self.pair(c, a, b)?, i64::min),
            Formula::Most(a, b) => combine(self.pair(c, a, b)?, i64::max),
            Formula::Mul(a, b, scale) => {
                let ((a, of_a), (b, of_b)) = (self.eval(c, a)?, self.eval(c, b)?);
                (zipped(&a, &b, |a, b| Some(product(a, b, of_a + of_b, *scale))), *scale)
            }
            Formula::Div(a, b, scale) => {
                let ((a, of_a), (b, of_b)) = (self.eval(c, a)?, self.eval(c, b)?);
                (zipped(&a, &b, |a, b| quotient(a, b, (of_a, of_b), *scale)), *scale)
            }
            Formula::Percent(e) => {
                let (made, scale) = self.eval(c, e)?;
                (made, scale + 2)
            }
            Formula::Normal { mean, deviation, lo, hi, scale } => {
                let column = &self.table.columns[c];
                let draw = |&row: &u64| (mean + bell(&mut self.stream(column, row), *deviation)).clamp(*lo, *hi);
                (self.rows.iter().map(draw).collect::<Vec<i64>>().into(), *scale)
            }
            Formula::Wave { foreign, at } => self.waves(c, *foreign, *at)?,
            Formula::Flow { flow, part } => self.flows(flow, *part),
            Formula::Closing { table, flow } => self.closing(*table, flow),
            Formula::ByText { column, cases, otherwise } => self.by_text(c, *column, cases, otherwise)?,
            Formula::Or(a, b) => {
                let (a, b, scale) = self.pair(c, a, b)?;
                match a.nulls() {
                    None => (a, scale),
                    Some(_) => (a.iter().zip(b.iter()).map(|(a, b)| a.or(b)).collect(), scale),
                }
            }
            Formula::Span { from, to, unit } => {
                let (from, to) = (self.micros(*from)?, self.micros(*to)?);
                (zipped(&from, &to, |from, to| Some((to - from).div_euclid(*unit))), 0)
            }
            Formula::Years { from, until } => {
                let from = self.micros(*from)?;
                (from.map(|from| years(from, *until)), 0)
            }
        })
    }

    /// Returns a column and its scale.
    fn scaled(&self, c: usize) -> Result<Scaled, RowError> {
        let scale = self.table.columns[c].unit.map_or(0, NumericUnit::scale);
        Ok(((*self.numbers(c)?).clone(), scale))
    }

    /// Returns a column of the rows that a path leads up to, and its scale.
    fn scaled_above(&self, path: &[FkStep], column: usize) -> Result<Scaled, RowError> {
        let [step, rest @ ..] = path else { return self.scaled(column) };
        let parents = self.parents(step.foreign)?;
        let (known, scale) = parents.frame.scaled_above(rest, column)?;
        Ok((parents.each(&known), scale))
    }

    /// Returns a column of moments in microseconds.
    pub(super) fn micros(&self, c: usize) -> Result<Nullable<i64>, RowError> {
        let known = self.numbers(c)?;
        Ok(match self.table.columns[c].unit.map_or(1, NumericUnit::micros) {
            1 => (*known).clone(),
            unit => known.map(|n| n.saturating_mul(unit)),
        })
    }

    fn pair(&self, c: usize, a: &Formula, b: &Formula) -> Result<ColumnPair, RowError> {
        let ((a, of_a), (b, of_b)) = (self.eval(c, a)?, self.eval(c, b)?);
        let scale = of_a.max(of_b);
        let to = |column: Nullable<i64>, from: u8| {
            if from == scale { column } else { column.map(|n| rescaled(n, from, scale)) }
        };
        Ok((to(a, of_a), to(b, of_b), scale))
    }

    fn by_text(
        &self,
        c: usize,
        column: usize,
        cases: &[(Vec<String>, Formula)],
        otherwise: &Formula,
    ) -> Result<Scaled, RowError> {
        let case = |&row: &u64| {
            let found = match self.generator.cell(self.t, column, row)? {
                Value::Text(text) => cases.iter().position(|(of, _)| of.iter().any(|t| t.eq_ignore_ascii_case(&text))),
                _ => None,
            };
            Ok(found.unwrap_or(cases.len()))
        };
        let chosen = self.rows.iter().map(case).collect::<Result<Vec<usize>, RowError>>()?;
        let exprs = cases.iter().map(|(_, e)| e).chain([otherwise]).enumerate();
        // Branches that no row selects are not evaluated.
        let made = exprs.map(|(i, e)| if chosen.contains(&i) { self.eval(c, e) } else { Ok((Vec::new().into(), 0)) });
        let made = made.collect::<Result<Vec<Scaled>, RowError>>()?;
        let scale = made.iter().map(|(_, scale)| *scale).max().unwrap_or(0);
        let pick = |(i, &case): (usize, &usize)| {
            let (numbers, of) = &made[case];
            numbers.get(i).map(|n| rescaled(n, *of, scale))
        };
        let picked: Nullable<i64> = chosen.iter().enumerate().map(pick).collect();
        Ok((picked, scale))
    }

    /// Returns, for each row, the value of its parent's wave function at the row's moment.
    fn waves(&self, c: usize, foreign: usize, at: Option<usize>) -> Result<Scaled, RowError> {
        const SCALE: u8 = 6;
        let column = &self.table.columns[c];
        let parents = self.parents(foreign)?;
        let moments = at.map(|at| self.micros(at)).transpose()?;
        let hour = MICROS_PER_DAY / 24;
        let place = |(i, &row): (usize, &u64)| {
            let owner = parents.at.get(i).map_or(u64::MAX, |p| parents.frame.rows[p as usize]);
            let moment = moments.as_ref().and_then(|m| m.get(i)).unwrap_or((row as i64).saturating_mul(hour));
            let noise = self.stream(column, row).unit();
            (wave(column.stream.at(owner, 0), moment, noise) * power(SCALE) as f64).round() as i64
        };
        Ok((self.rows.iter().enumerate().map(place).collect::<Vec<i64>>().into(), SCALE))
    }

    fn one_of(&self, c: usize, values: &[(i64, u32)]) -> Vec<i64> {
        let column = &self.table.columns[c];
        let total: u64 = values.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let draw = |&row: &u64| {
            let mut at = self.stream(column, row).below(total.max(1));
            let found = values.iter().find(|(_, weight)| match at.checked_sub(u64::from(*weight)) {
                Some(left) => {
                    at = left;
                    false
                }
                None => true,
            });
            found.or(values.last()).map_or(0, |(value, _)| *value)
        };
        self.rows.iter().map(draw).collect()
    }
}

/// Returns a bell-shaped random number around 0: the sum of four uniform ones, which is bounded.
fn bell(rng: &mut CellRng, deviation: i64) -> i64 {
    let sum: f64 = (0..4).map(|_| rng.unit()).sum();
    ((sum - 2.0) * f64::sqrt(3.0) * deviation as f64).round() as i64
}

fn combine((a, b, scale): ColumnPair, f: impl Fn(i64, i64) -> i64) -> Scaled {
    (zipped(&a, &b, |a, b| Some(f(a, b))), scale)
}

fn zipped(a: &Nullable<i64>, b: &Nullable<i64>, f: impl Fn(i64, i64) -> Option<i64>) -> Nullable<i64> {
    a.iter().zip(b.iter()).map(|(a, b)| f(a?, b?)).collect()
}

#[inline]
fn product(a: i64, b: i64, from: u8, to: u8) -> i64 {
    match a.checked_mul(b) {
        Some(n) => rescaled(n, from, to),
        None if from > to => rounded_wide(i128::from(a) * i128::from(b), power(from - to).into()),
        None => rounded_wide(i128::from(a) * i128::from(b), 1).saturating_mul(power(to - from)),
    }
}

/// Returns `(a / 10^of_a) / (b / 10^of_b)` in scale `to`; `None` if `b` is 0.
pub(super) fn quotient(a: i64, b: i64, (of_a, of_b): (u8, u8), to: u8) -> Option<i64> {
    if b == 0 {
        return None;
    }
    let (a, b) = (i128::from(a), i128::from(b));
    let (up, down) = (i128::from(power(of_b)) * i128::from(power(to)), i128::from(power(of_a)));
    Some(rounded_wide(a.saturating_mul(up), b.saturating_mul(down)))
}

/// Returns the number of whole years between two moments, as an age is counted.
fn years(from: i64, until: i64) -> i64 {
    let day = |micros: i64| civil(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0));
    let ((y, m, d), (year, month, date)) = (day(from), day(until));
    i64::from(year - y) - i64::from((month, date) < (m, d))
}

/// Returns part `place` (from 0) of `count` nearly equal parts, none of which is below `least` if the whole is large
/// enough.
fn portion(whole: i64, place: u64, count: u64, least: i64) -> i64 {
    let reserved = i128::from(least.max(0)) * i128::from(count);
    let least = if reserved <= i128::from(whole) { least.max(0) } else { 0 };
    let shared = i128::from(whole) - i128::from(least) * i128::from(count);
    let up_to = |n: u64| {
        let cut = shared * i128::from(n) / i128::from(count.max(1));
        i64::try_from(cut).expect("a part of a number")
    };
    least + up_to(place + 1) - up_to(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::time::days;

    #[test]
    fn products_and_quotients_keep_their_scale() {
        assert_eq!(product(3, 1999, 2, 2), 5997);
        assert_eq!(product(10_050, 1_900, 6, 2), 1910);
        assert_eq!(product(i64::MAX / 2, 10_000, 4, 0), i64::MAX / 2);
        assert_eq!(quotient(10_000, 300, (2, 2), 2), Some(3333));
        assert_eq!(quotient(80, 3, (0, 0), 0), Some(27));
        assert_eq!(quotient(1, 0, (0, 0), 0), None);
    }

    #[test]
    fn portions_add_up_and_keep_to_the_least_one() {
        for (whole, count, least) in [(1, 3, 1), (3, 3, 1), (4, 3, 1), (100, 7, 1), (0, 4, 0), (-5, 2, 1), (17, 3, 5)] {
            let parts: Vec<i64> = (0..count).map(|place| portion(whole, place, count, least)).collect();
            assert_eq!(parts.iter().sum::<i64>(), whole, "{parts:?}");
            let room = whole >= least * count.cast_signed();
            assert!(!room || parts.iter().all(|part| *part >= least), "{parts:?}");
        }
    }

    #[test]
    fn years_change_on_anniversaries() {
        let at = |y, m, d| i64::from(days(y, m, d)) * MICROS_PER_DAY;
        assert_eq!(years(at(1990, 6, 15), at(2026, 6, 14)), 35);
        assert_eq!(years(at(1990, 6, 15), at(2026, 6, 15)), 36);
    }
}
