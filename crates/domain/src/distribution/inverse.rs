//! The inverse of a distribution for the numbers of a column: integers on a grid, within its bounds.

use super::curve::{quantile, share_below};
use super::rhythm::RhythmWarp;
use super::tail::ParetoTail;
use super::{CalendarSampler, Distribution, DistributionError, Ending, LearnedDistribution, Point, RankSampler, Ranks};
use dbmocker_core::rng_stream::mix;
use dbmocker_core::time::MICROS_PER_DAY;

/// The numbers of a column: `lo, lo + step, ... <= hi`, where `n` represents the value `n * unit`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberGrid {
    pub lo: i64,
    pub hi: i64,
    pub step: i64,
    /// The value of 1, such as 0.01 for two decimals.
    pub unit: f64,
    /// Numbers are days.
    pub days: bool,
}

impl NumberGrid {
    /// The number nearest to a value.
    #[inline]
    fn nearest(&self, value: f64) -> i64 {
        if self.step == 1 {
            // Independent of `lo`, from which a float may be too far for its precision.
            return ((value / self.unit + 0.5).floor() as i64).clamp(self.lo, self.hi);
        }
        let steps = ((value / self.unit - self.lo as f64) / self.step as f64).round();
        self.member(steps.max(0.0) as u64)
    }

    /// The number after so many steps; the last one at most.
    #[inline]
    fn member(&self, steps: u64) -> i64 {
        let steps = steps.min(self.size() - 1);
        self.lo.wrapping_add_unsigned(steps.wrapping_mul(self.step.unsigned_abs()))
    }

    /// The last number that is not above `n`.
    #[inline]
    fn stepped(&self, n: i64) -> i64 {
        if self.step == 1 {
            n.max(self.lo)
        } else {
            self.member(n.max(self.lo).abs_diff(self.lo) / self.step.unsigned_abs())
        }
    }

    fn size(&self) -> u64 {
        (self.hi.abs_diff(self.lo) / self.step.unsigned_abs()).saturating_add(1)
    }
}

/// The inverse of a distribution: an increasing function from uniform numbers to numbers of the grid.
#[derive(Debug, Clone)]
pub struct InverseCdf {
    grid: NumberGrid,
    kind: InverseKind,
}

#[derive(Debug, Clone)]
enum InverseKind {
    Even,
    /// The distribution, its share below the grid, and its share within the grid.
    Curve(Distribution, f64, f64),
    Ranks(RankSampler),
    /// The cumulative share of each bucket, with its first and last number.
    Buckets(Vec<(f64, i64, i64)>),
    Line(QuantileLine),
    Learned(LearnedInverse),
    Calendar(CalendarSampler),
}

impl InverseCdf {
    /// # Errors
    /// No value of the distribution is on the grid.
    pub fn new(law: &Distribution, grid: NumberGrid) -> Result<InverseCdf, DistributionError> {
        law.check()?;
        let none = || DistributionError::NoMass { lo: grid.lo as f64 * grid.unit, hi: grid.hi as f64 * grid.unit };
        let kind = match law {
            Distribution::Uniform => InverseKind::Even,
            Distribution::Zipf { s } => InverseKind::Ranks(Ranks::zipf(*s, grid.size()).sampler()),
            Distribution::Buckets { from, buckets } => {
                let number = |value: f64| ((value / grid.unit) + 1e-9).floor() as i64;
                let mut begin = from.map_or(grid.lo, |f| -number(-f));
                let mut sum = 0.0;
                let mut made = Vec::new();
                for bucket in buckets {
                    let end = number(bucket.to);
                    // The part within the grid keeps the bucket's whole share.
                    let (lo, hi) = (begin.max(grid.lo), end.min(grid.hi));
                    if lo <= hi && bucket.share > 0.0 {
                        sum += bucket.share;
                        made.push((sum, lo, hi));
                    }
                    begin = end.saturating_add(1);
                }
                if made.is_empty() {
                    return Err(none());
                }
                made.iter_mut().for_each(|(share, ..)| *share /= sum);
                InverseKind::Buckets(made)
            }
            Distribution::Quantiles { points } => InverseKind::Line(QuantileLine::new(points)),
            Distribution::Learned(learned) => InverseKind::Learned(LearnedInverse::new(learned)),
            Distribution::Calendar(calendar) => {
                let micros = if grid.days { MICROS_PER_DAY } else { 1 };
                let (lo, hi) = (grid.lo.saturating_mul(micros), grid.hi.saturating_mul(micros));
                InverseKind::Calendar(calendar.sampler(lo, hi, grid.days)?)
            }
            curve => {
                let half = grid.step as f64 / 2.0;
                let below = share_below(curve, (grid.lo as f64 - half) * grid.unit).unwrap_or(0.0);
                let above = share_below(curve, (grid.hi as f64 + half) * grid.unit).unwrap_or(1.0);
                if above - below < 1e-9 {
                    return Err(none());
                }
                InverseKind::Curve(curve.clone(), below, above - below)
            }
        };
        Ok(InverseCdf { grid, kind })
    }

    /// The number for a uniform number in `[0, 1)`.
    #[inline]
    pub fn number(&self, u: f64) -> i64 {
        let grid = &self.grid;
        match &self.kind {
            InverseKind::Even => grid.member((u * grid.size() as f64) as u64),
            InverseKind::Curve(law, below, within) => grid.nearest(quantile(law, below + u * within)),
            InverseKind::Ranks(ranks) => grid.member(ranks.rank(u)),
            InverseKind::Buckets(stretches) => {
                let i = stretches.partition_point(|(end, ..)| *end <= u).min(stretches.len() - 1);
                let begin = if i == 0 { 0.0 } else { stretches[i - 1].0 };
                let (end, lo, hi) = stretches[i];
                let along = ((u - begin) / (end - begin)).clamp(0.0, 1.0);
                let n = lo.saturating_add_unsigned((along * (hi.abs_diff(lo) as f64 + 1.0)) as u64);
                grid.stepped(n.min(hi))
            }
            InverseKind::Line(line) => grid.nearest(line.at(u)),
            InverseKind::Learned(learned) => learned.number(u, grid),
            InverseKind::Calendar(calendar) => {
                let moment = calendar.moment(u);
                let n = if grid.days { moment.div_euclid(MICROS_PER_DAY) } else { moment };
                grid.stepped(n).min(grid.hi)
            }
        }
    }
}

/// Quantiles with linear interpolation, except for long tails.
#[derive(Debug, Clone)]
struct QuantileLine {
    points: Vec<Point>,
    lower: Option<ParetoTail>,
    upper: Option<ParetoTail>,
}

impl QuantileLine {
    fn new(points: &[Point]) -> QuantileLine {
        let line = QuantileLine { points: points.to_vec(), lower: None, upper: None };
        let ends = [points.get(1), points.get(points.len().saturating_sub(2))];
        let [Some(first), Some(last)] = ends else { return line };
        // The slope at the start of a tail is extrapolated from the two inner intervals of the same width.
        let tail = |wide: f64, at: &dyn Fn(f64) -> f64| {
            let [end, joint, inner, next] = [0.0, wide, 2.0 * wide, 3.0 * wide].map(at);
            let (own, inner, next) = ((end - joint).abs(), (joint - inner).abs(), (inner - next).abs());
            let grown = if next > 0.0 { inner * (inner / next).clamp(0.5, 2.0).sqrt() } else { inner };
            if own > 0.0 && wide > 0.0 && 4.0 * wide < 1.0 { ParetoTail::new(grown / own) } else { None }
        };
        let lower = tail(first.p, &|p| line.at(p));
        let upper = tail(1.0 - last.p, &|p| line.at(1.0 - p));
        QuantileLine { lower, upper, ..line }
    }

    #[inline]
    fn at(&self, u: f64) -> f64 {
        let last = self.points.len() - 1;
        let i = self.points.partition_point(|p| p.p <= u && p.p < 1.0).clamp(1, last);
        let (a, b) = (self.points[i - 1], self.points[i]);
        let t = if b.p > a.p { ((u - a.p) / (b.p - a.p)).clamp(0.0, 1.0) } else { 0.0 };
        let along = match (i, &self.lower, &self.upper) {
            (1, Some(tail), _) => 1.0 - tail.at(1.0 - t),
            (i, _, Some(tail)) if i == last => tail.at(t),
            _ => t,
        };
        a.value + (b.value - a.value) * along
    }

    /// The share of values below `value`.
    fn below(&self, value: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = (low + high) / 2.0;
            if self.at(middle) < value { low = middle } else { high = middle }
        }
        (low + high) / 2.0
    }
}

/// Segments in the order of the values: frequent values, and intervals of the rest between them.
#[derive(Debug, Clone)]
struct LearnedInverse {
    rest: Option<QuantileLine>,
    distinct: Option<f64>,
    ending: Option<Ending>,
    rhythm: Option<RhythmWarp>,
    /// The cumulative share of each segment.
    segments: Vec<(f64, Segment)>,
}

#[derive(Debug, Clone, Copy)]
enum Segment {
    Value(f64),
    /// An interval of the rest, from one of its shares to another.
    Rest(f64, f64),
}

impl LearnedInverse {
    fn new(of: &LearnedDistribution) -> LearnedInverse {
        let rest = (!of.rest.is_empty()).then(|| QuantileLine::new(&of.rest));
        let mut atoms = of.atoms.clone();
        atoms.retain(|a| a.share > 0.0);
        atoms.sort_by(|a, b| a.value.total_cmp(&b.value));
        let common: f64 = atoms.iter().map(|a| a.share).sum();
        let left = if rest.is_some() { (1.0 - common).max(0.0) } else { 0.0 };
        let whole = common + left;
        let whole = if whole > 0.0 { whole } else { 1.0 };
        let mut segments = Vec::new();
        let (mut sum, mut begun) = (0.0, 0.0);
        for atom in &atoms {
            if let Some(rest) = rest.as_ref().filter(|_| left > 0.0) {
                let until = rest.below(atom.value).max(begun);
                if until > begun {
                    sum += left * (until - begun) / whole;
                    segments.push((sum, Segment::Rest(begun, until)));
                }
                begun = until;
            }
            sum += atom.share / whole;
            segments.push((sum, Segment::Value(atom.value)));
        }
        if left > 0.0 && begun < 1.0 || segments.is_empty() {
            segments.push((1.0, if rest.is_some() { Segment::Rest(begun, 1.0) } else { Segment::Value(0.0) }));
        }
        let distinct = of.distinct.map(|d| (d as f64).max(1.0));
        let ends = of.rest.first().zip(of.rest.last());
        let rhythm = of.rhythm.as_ref().zip(ends).map(|(r, (from, to))| RhythmWarp::new(r, from.value, to.value));
        LearnedInverse { rest, distinct, ending: of.ending, rhythm, segments }
    }

    #[inline]
    fn number(&self, u: f64, grid: &NumberGrid) -> i64 {
        let i = self.segments.partition_point(|(end, _)| *end <= u).min(self.segments.len() - 1);
        let begin = if i == 0 { 0.0 } else { self.segments[i - 1].0 };
        let (end, segment) = self.segments[i];
        let (from, to) = match segment {
            Segment::Value(value) => return grid.nearest(value),
            Segment::Rest(from, to) => (from, to),
        };
        let Some(rest) = &self.rest else { return grid.lo };
        let along = if end > begin { ((u - begin) / (end - begin)).clamp(0.0, 1.0) } else { 0.0 };
        let mut p = from + (to - from) * along;
        let mut key = None;
        if let Some(distinct) = self.distinct {
            let k = (p * distinct).floor().min(distinct - 1.0);
            p = (k + 0.5) / distinct;
            key = Some(k as u64);
        }
        let value = self.rhythm.as_ref().map_or(rest.at(p), |rhythm| rhythm.at(rest.at(p)));
        let n = grid.nearest(value);
        match self.ending {
            Some(ending) if super::unit(mix(key.unwrap_or(n.cast_unsigned()) ^ 0x656e_6473)) < ending.share => {
                let whole = (value - ending.fraction).round();
                let ended = grid.nearest(whole + ending.fraction);
                if (ended as f64 * grid.unit - whole - ending.fraction).abs() < grid.unit / 2.0 { ended } else { n }
            }
            _ => n,
        }
    }
}
