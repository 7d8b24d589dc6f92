//! From a server's common values and buckets to quantiles that a profile may keep.

use dbmocker_core::rng_stream::CellRng;
use dbmocker_profile::Quantiles;
use dbmocker_schema::statistics::{ColumnStatistics, HistogramBucket};

use super::axis::Axis;
use super::labels::ROWS_EACH;

/// The percents of the quantiles; the edges of frequent values are added to them.
const PERCENTS: [f64; 25] = [
    0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 85.0,
    90.0, 95.0, 98.0, 99.0, 100.0,
];
/// A value with at least this share of the rows is not moved.
pub const FREQUENT: f64 = 0.02;
/// Percents that are closer together are merged.
const CLOSE: f64 = 0.05;
/// Percent between the end of a frequent value and the beginning of the next.
const STEP: f64 = 0.01;
/// How far a quantile is moved at most, as a share of the distance to the next one.
const JITTER: f64 = 0.25;

/// Values between two numbers, equally likely; a single value where both are the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    pub from: f64,
    pub to: f64,
    pub share: f64,
}

/// A distribution: pieces in order, whose shares add up to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PiecewiseDistribution(Vec<Piece>);

impl PiecewiseDistribution {
    /// From pieces in any order: a bucket is split at a single value within it.
    pub fn new(mut singles: Vec<(f64, f64)>, mut buckets: Vec<Piece>) -> Option<PiecewiseDistribution> {
        singles.retain(|(_, share)| *share > 0.0);
        buckets.retain(|b| b.share > 0.0);
        singles.sort_by(|a, b| a.0.total_cmp(&b.0));
        buckets.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
        let total: f64 = singles.iter().map(|s| s.1).sum::<f64>() + buckets.iter().map(|b| b.share).sum::<f64>();
        if total <= 0.0 {
            return None;
        }
        let mut pieces = Vec::with_capacity(singles.len() + buckets.len());
        let mut singles = singles.into_iter().peekable();
        for mut bucket in buckets {
            while let Some((at, share)) = singles.next_if(|(at, _)| *at < bucket.to) {
                if at > bucket.from {
                    let part = bucket.share * (at - bucket.from) / (bucket.to - bucket.from);
                    pieces.push(Piece { from: bucket.from, to: at, share: part });
                    bucket = Piece { from: at, to: bucket.to, share: bucket.share - part };
                }
                pieces.push(Piece { from: at, to: at, share });
            }
            pieces.push(bucket);
        }
        pieces.extend(singles.map(|(at, share)| Piece { from: at, to: at, share }));
        pieces.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
        pieces.iter_mut().for_each(|p| p.share /= total);
        Some(PiecewiseDistribution(pieces))
    }

    /// The value below which this share of the values is.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut below = 0.0;
        for piece in &self.0 {
            if below + piece.share >= share {
                let within = if piece.share > 0.0 { ((share - below) / piece.share).clamp(0.0, 1.0) } else { 0.0 };
                return piece.from + within * (piece.to - piece.from);
            }
            below += piece.share;
        }
        self.0.last().map_or(0.0, |p| p.to)
    }

    /// The share of the values up to this one; half of those that are the value itself.
    pub fn rank(&self, x: f64) -> f64 {
        let of = |p: &Piece| {
            if p.from == p.to {
                match p.from.total_cmp(&x) {
                    std::cmp::Ordering::Less => p.share,
                    std::cmp::Ordering::Equal => p.share / 2.0,
                    std::cmp::Ordering::Greater => 0.0,
                }
            } else {
                p.share * ((x - p.from) / (p.to - p.from)).clamp(0.0, 1.0)
            }
        };
        self.0.iter().map(of).sum()
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.0.iter().map(|p| p.share * (p.from + p.to) / 2.0).sum()
    }

    /// The same distribution with every value multiplied by `by`.
    pub fn scaled(&self, by: f64) -> PiecewiseDistribution {
        PiecewiseDistribution(self.0.iter().map(|p| Piece { from: p.from * by, to: p.to * by, ..*p }).collect())
    }

    /// Percent and value at [`PERCENTS`].
    fn points(&self) -> Vec<(f64, f64)> {
        PERCENTS.iter().map(|at| (*at, self.quantile(at / 100.0))).collect()
    }

    /// As [`PiecewiseDistribution::points`], with every frequent value at its beginning and its end; `apart`: the least share of the
    /// values of a frequent one, and between two points.
    fn points_with_edges(&self, apart: f64) -> Vec<(f64, f64)> {
        let mut points = self.points();
        let (mut below, mut edges) = (0.0, Vec::new());
        for piece in &self.0 {
            let above = below + piece.share;
            if piece.from == piece.to && piece.share >= FREQUENT.max(apart) {
                let [mut from, to] = [below, above].map(|s| (s * 10_000.0).round() / 100.0);
                points.retain(|(at, _)| !(from - CLOSE..=to + CLOSE).contains(at) || edges.contains(at));
                // The distribution jumps after another frequent value.
                if edges.contains(&from) {
                    from = ((from + STEP) * 100.0).round() / 100.0;
                }
                for at in [if from < CLOSE { 0.0 } else { from }, if to > 100.0 - CLOSE { 100.0 } else { to }] {
                    points.push((at, piece.from));
                    edges.push(at);
                }
            }
            below = above;
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        points.dedup_by(|a, b| a.0 == b.0);
        let mut last = f64::NEG_INFINITY;
        points.retain(|(at, _)| {
            let far = (at - last) / 100.0 >= apart && (*at == 100.0 || (100.0 - at) / 100.0 >= apart);
            let kept = far || edges.contains(at);
            last = if kept { *at } else { last };
            kept
        });
        points
    }

    /// The quantiles as a profile keeps them: all but frequent values are moved by a part of the distance to a neighbour, by the
    /// column's random numbers, and rounded. `values`: the number of values; `None` if there are so few that quantiles
    /// would be the values of single rows.
    pub fn quantiles(&self, axis: Axis, values: f64, random: &mut CellRng) -> Option<Quantiles> {
        let apart = ROWS_EACH / values.max(1.0);
        let points = self.points_with_edges(apart);
        if apart > 0.5 && points.len() < 3 {
            return None;
        }
        let mut kept: Vec<f64> = Vec::with_capacity(points.len());
        for (i, (_, x)) in points.iter().enumerate() {
            let before = i.checked_sub(1).map(|i| x - points[i].1);
            let after = points.get(i + 1).map(|next| next.1 - x);
            let offset = random.unit();
            let moved = match (before, after) {
                (Some(0.0), _) | (_, Some(0.0)) => *x,
                (Some(before), Some(after)) => x + (offset * 2.0 - 1.0) * JITTER * before.min(after),
                // The ends move inwards.
                (None, Some(after)) => x + offset * JITTER * after,
                (Some(before), None) => x - offset * JITTER * before,
                (None, None) => *x,
            };
            let rounded = axis.round(moved);
            kept.push(kept.last().map_or(rounded, |last| rounded.max(*last)));
        }
        let points = points.iter().zip(kept).map(|((at, _), x)| (*at, axis.write(x)));
        Some(Quantiles { points: merged(points.collect()) })
    }

    /// Quantiles of lengths and counts: as they are, in whole numbers.
    pub fn whole_quantiles(&self) -> Quantiles {
        let points = self.points().into_iter().map(|(at, x)| (at, format!("{x:.0}")));
        Quantiles { points: merged(points.collect()) }
    }
}

/// Keeps only the ends of a run of equal values.
fn merged(points: Vec<(f64, String)>) -> Vec<(f64, String)> {
    let inner =
        |i: usize| i > 0 && i + 1 < points.len() && points[i - 1].1 == points[i].1 && points[i].1 == points[i + 1].1;
    (0..points.len()).filter(|i| !inner(*i)).map(|i| points[i].clone()).collect()
}

/// The distribution of a column's numbers or timestamps, from the server's statistics.
pub fn of_statistics(axis: Axis, known: &ColumnStatistics) -> Option<PiecewiseDistribution> {
    let singles = known.values.iter().zip(&known.common);
    let singles = singles.filter_map(|(value, share)| Some((axis.read(value)?, *share))).collect();
    let piece = |b: &HistogramBucket| Some(Piece { from: axis.read(&b.from)?, to: axis.read(&b.to)?, share: b.share });
    PiecewiseDistribution::new(singles, known.buckets.iter().filter_map(piece).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread() -> PiecewiseDistribution {
        let bucket = |from: f64, to: f64| Piece { from, to, share: 0.1 };
        PiecewiseDistribution::new(
            vec![(0.0, 0.3), (15.0, 0.1)],
            (0..6).map(|i| bucket(f64::from(i) * 10.0, f64::from(i + 1) * 10.0)).collect(),
        )
        .unwrap()
    }

    #[test]
    fn quantiles_of_single_values_and_buckets() {
        let s = spread();
        assert_eq!(s.quantile(0.0), 0.0);
        assert_eq!(s.quantile(0.3), 0.0);
        assert!((s.quantile(0.35) - 5.0).abs() < 1e-9);
        assert!((s.quantile(0.5) - 15.0).abs() < 1e-9);
        assert_eq!(s.quantile(1.0), 60.0);
        assert!((s.rank(15.0) - 0.5).abs() < 1e-9);
        assert!((s.mean() - (0.1 * 15.0 + 6.0 * 0.1 * 30.0)).abs() < 1e-9);
        assert_eq!(PiecewiseDistribution::new(Vec::new(), Vec::new()), None);
    }

    #[test]
    fn a_law_of_few_values_jumps() {
        let s = PiecewiseDistribution::new(vec![(1.0, 0.75), (2.0, 0.15), (3.0, 0.1)], Vec::new()).unwrap();
        let q = s.quantiles(Axis::Number { scale: Some(0) }, 1e6, &mut CellRng::new(1)).unwrap();
        let points = [(0.0, "1"), (75.0, "1"), (75.01, "2"), (90.0, "2"), (90.01, "3"), (100.0, "3")];
        assert_eq!(q.points, points.map(|(at, x)| (at, x.to_owned())));
    }

    #[test]
    fn frequent_values_stay_and_others_move_a_little() {
        let axis = Axis::Number { scale: Some(0) };
        let q = spread().quantiles(axis, 1e6, &mut CellRng::new(1)).unwrap();
        assert_eq!(q.points.first().unwrap(), &(0.0, "0".to_owned()));
        assert!(q.points.contains(&(30.0, "0".to_owned())), "{q:?}");
        assert!(q.points.contains(&(45.0, "15".to_owned())) && q.points.contains(&(55.0, "15".to_owned())), "{q:?}");
        assert_eq!(Some(&q), spread().quantiles(axis, 1e6, &mut CellRng::new(1)).as_ref());
        let numbers = q.numbers().unwrap();
        assert!(numbers.windows(2).all(|w| w[0].1 <= w[1].1 && w[0].0 < w[1].0), "{q:?}");
        let last = numbers.last().unwrap();
        assert!(last.0 == 100.0 && (57.0..=60.0).contains(&last.1), "{q:?}");
    }

    #[test]
    fn of_few_rows_no_single_one_is_kept() {
        let staff = |n: u32| {
            let share = 1.0 / f64::from(n);
            let ages = (0..n).map(|i| (f64::from(7000 + 37 * i), share)).collect();
            PiecewiseDistribution::new(ages, Vec::new()).unwrap().quantiles(Axis::Day, n.into(), &mut CellRng::new(1))
        };
        assert_eq!(staff(10), None);
        assert_eq!(staff(39), None);
        let points = staff(200).unwrap().points;
        assert!(points.windows(2).all(|w| w[1].0 - w[0].0 >= 10.0), "{points:?}");
        let birth = |x: &str| (0..200).any(|i| Axis::Day.read(x) == Some(f64::from(7000 + 37 * i)));
        assert!(points.iter().filter(|(_, x)| birth(x)).count() < 2, "{points:?}");
    }
}
