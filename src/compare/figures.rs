//! What is compared of a column: the same figures, from a profile or from a server's statistics.

use dbmocker_core::schema::Column;
use dbmocker_profile::{ColumnProfile, Quantiles, TableProfile};
use dbmocker_schema::statistics::ColumnStatistics;
use serde::Serialize;

use crate::learn::axis::Axis;
use crate::learn::labels::distinct;
use crate::learn::spread;

/// The largest relative difference of a figure that is within limits.
const LIMIT: f64 = 0.1;
/// Shares of NULLs that differ by less are taken as equal.
const NULLS: f64 = 0.005;

/// The figures of a column; `None` is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnFigures {
    nulls: Option<f64>,
    distinct: Option<f64>,
    /// Shares of all rows, most frequent first; `None` where nothing is known.
    common: Option<Vec<f64>>,
    /// Values at 1 to 99 percent.
    quantiles: Option<Vec<f64>>,
    /// By how much a profile's quantiles may differ from the values that it was learned from.
    rounded: f64,
    correlation: Option<f64>,
    width: Option<f64>,
}

/// One figure of a column, on the other side and in the copy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    pub figure: &'static str,
    pub there: f64,
    pub here: f64,
    /// The difference, as a multiple of the allowed one.
    pub off: f64,
}

impl Figure {
    pub fn is_within(&self) -> bool {
        self.off <= 1.0
    }
}

/// The names of the figures, in the order of [`ColumnFigures::compare`].
pub const NAMES: [&str; 6] = ["NULL", "distinct", "common", "quantiles", "order", "width"];

impl ColumnFigures {
    /// From a profile, for a table of so many rows.
    pub fn of_profile(
        name: &str,
        known: &ColumnProfile,
        table: &TableProfile,
        rows: f64,
        column: &Column,
    ) -> ColumnFigures {
        let nulls = known.nulls.unwrap_or(0.0);
        // The shares of a foreign key's values are those of its largest parents.
        let head = table.references.iter().find(|r| r.columns == [name]).map(|r| &r.head);
        let common = match head.filter(|_| known.common.is_empty()) {
            Some(head) => head.iter().map(|share| share * (1.0 - nulls)).collect(),
            None => known.common.iter().map(|c| c.share).collect(),
        };
        let axis = Axis::of(&column.ty);
        let labelled = || {
            let singles = known.common.iter().map(|c| Some((axis?.read(c.label.as_deref()?)?, c.share)));
            spread::PiecewiseDistribution::new(singles.collect::<Option<Vec<_>>>()?, Vec::new())
        };
        let quantiles = match &known.quantiles {
            Some(quantiles) => axis.and_then(|axis| at_percents(quantiles, axis)),
            None => labelled().map(|s| percents().map(|p| s.quantile(p)).collect()),
        };
        ColumnFigures {
            nulls: known.nulls,
            distinct: known.distinct.map(|d| d.of(rows * (1.0 - nulls))),
            common: Some(common),
            quantiles,
            rounded: axis.map_or(0.0, Axis::rounding),
            correlation: known.correlation,
            width: known.width,
        }
    }

    /// From a server's statistics.
    pub fn of_statistics(known: &ColumnStatistics, rows: f64, column: &Column) -> ColumnFigures {
        let nulls = known.nulls.unwrap_or(0.0);
        let spread = Axis::of(&column.ty).and_then(|axis| spread::of_statistics(axis, known));
        ColumnFigures {
            nulls: known.nulls,
            distinct: distinct(known).map(|d| d.of(rows * (1.0 - nulls))),
            common: Some(known.common.clone()),
            quantiles: spread.map(|s| percents().map(|p| s.quantile(p)).collect()),
            rounded: 0.0,
            correlation: known.correlation,
            width: known.width,
        }
    }

    /// Every figure that both sides have.
    pub fn compare(&self, here: &ColumnFigures) -> Vec<Figure> {
        let both = |a: Option<f64>, b: Option<f64>| Some((a?, b?));
        let mut out = Vec::new();
        let mut add = |figure, there: f64, here: f64, off: f64| out.push(Figure { figure, there, here, off });
        if let Some((a, b)) = both(self.nulls, here.nulls) {
            add(NAMES[0], a, b, (a - b).abs() / (LIMIT * a).max(NULLS));
        }
        if let Some((a, b)) = both(self.distinct, here.distinct) {
            add(NAMES[1], a, b, (a - b).abs() / (LIMIT * a.max(1.0)));
        }
        if let (Some(a), Some(b)) = (&self.common, &here.common) {
            let (all, there) = (b.iter().sum::<f64>(), a.iter().sum::<f64>());
            add(NAMES[2], there, all, common_gap(a, b) / LIMIT);
        }
        if let (Some(a), Some(b)) = (&self.quantiles, &here.quantiles) {
            let middle = a.len() / 2;
            add(NAMES[3], a[middle], b[middle], quantile_gap(a, b, self.rounded.max(here.rounded)) / LIMIT);
        }
        if let Some((a, b)) = both(self.correlation, here.correlation) {
            add(NAMES[4], a, b, (a - b).abs() / LIMIT);
        }
        if let Some((a, b)) = both(self.width, here.width) {
            add(NAMES[5], a, b, (a - b).abs() / (LIMIT * a.max(1.0)));
        }
        out
    }
}

fn percents() -> impl Iterator<Item = f64> {
    (1..=99).map(|percent| f64::from(percent) / 100.0)
}

/// Half the sum of the differences rank by rank, and of the difference of the sums.
fn common_gap(a: &[f64], b: &[f64]) -> f64 {
    let at = |list: &[f64], i: usize| list.get(i).copied().unwrap_or(0.0);
    let each: f64 = (0..a.len().max(b.len())).map(|i| (at(a, i) - at(b, i)).abs()).sum();
    0.5 * each + 0.5 * (a.iter().sum::<f64>() - b.iter().sum::<f64>()).abs()
}

/// The mean distance of the quantiles beyond what is `rounded`, in units of the range from 5 to 95 percent.
fn quantile_gap(a: &[f64], b: &[f64], rounded: f64) -> f64 {
    let each = a.iter().zip(b).map(|(a, b)| ((a - b).abs() - rounded).max(0.0));
    let mean = each.sum::<f64>() / a.len() as f64; // 99 of them
    let range = a[a.len() * 95 / 100] - a[a.len() * 5 / 100];
    if range > 0.0 { mean / range } else { mean }
}

/// A profile's quantiles at 1 to 99 percent.
fn at_percents(quantiles: &Quantiles, axis: Axis) -> Option<Vec<f64>> {
    let points: Vec<(f64, f64)> =
        quantiles.points.iter().map(|(at, value)| Some((at / 100.0, axis.read(value)?))).collect::<Option<_>>()?;
    let at = |share: f64| {
        let next = points.iter().position(|(p, _)| *p >= share)?;
        let (to, high) = points[next];
        let Some((from, low)) = next.checked_sub(1).map(|i| points[i]) else { return Some(high) };
        Some(if to > from { low + (high - low) * (share - from) / (to - from) } else { high })
    };
    percents().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_multiples_of_what_is_allowed() {
        let there = ColumnFigures {
            nulls: Some(0.5),
            distinct: Some(100.0),
            common: Some(vec![0.5, 0.3]),
            quantiles: Some((1..=99).map(f64::from).collect()),
            rounded: 0.0,
            correlation: Some(1.0),
            width: Some(10.0),
        };
        assert!(there.compare(&there).iter().all(|f| f.off == 0.0));
        let here = ColumnFigures {
            nulls: Some(0.56),
            distinct: Some(111.0),
            common: Some(vec![0.42, 0.3]),
            quantiles: Some((1..=99).map(|i| f64::from(i) + 10.0).collect()),
            rounded: 0.0,
            correlation: Some(0.8),
            width: Some(10.5),
        };
        let off: Vec<(&str, bool)> = there.compare(&here).iter().map(|f| (f.figure, f.is_within())).collect();
        let expected = [false, false, true, false, false, true];
        assert_eq!(off, NAMES.into_iter().zip(expected).collect::<Vec<_>>());
        assert_eq!(ColumnFigures::default().compare(&here), Vec::new());
    }

    #[test]
    fn a_profiles_points_are_read_between() {
        let axis = Axis::Number { scale: Some(0) };
        let quantiles = Quantiles { points: vec![(0.0, "0".into()), (50.0, "100".into()), (100.0, "200".into())] };
        let all = at_percents(&quantiles, axis).unwrap();
        assert!((all[24] - 50.0).abs() < 1e-9 && (all[74] - 150.0).abs() < 1e-9, "{all:?}");
    }
}
