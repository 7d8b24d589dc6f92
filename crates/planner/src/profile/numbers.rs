//! Learned numbers: quantiles of all values, and common values with separate intervals.

use dbmocker_core::rng_stream::mix;
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{
    Atom, Distribution, Ending, InverseCdf, LearnedDistribution, NumberGrid, Point, domain_of_distinct, unit,
};
use dbmocker_domain::range_units;
use dbmocker_generate::NumericUnit;
use dbmocker_generate::permute::Permutation;
use dbmocker_profile::{ColumnProfile, Quantiles};

/// Share from which a common value without a label is identified with a constant interval of the quantiles.
const FLAT: f64 = 0.02;

/// Returns the quantiles as shares and numbers; `None` if one of them is not valid in the column's unit.
pub(super) fn points(quantiles: &Quantiles, unit: NumericUnit) -> Option<Vec<Point>> {
    let number = |text: &str| number(&Value::Text(text.into()), unit);
    let read = quantiles.points.iter().map(|(percent, text)| Some(Point { p: percent / 100.0, value: number(text)? }));
    let mut points: Vec<Point> = read.collect::<Option<_>>()?;
    points.sort_by(|a, b| a.p.total_cmp(&b.p));
    // Rounding must preserve their order.
    for i in 1..points.len() {
        points[i].value = points[i].value.max(points[i - 1].value);
    }
    let whole = points.len() > 1 && points[0].p <= 0.0 && points[points.len() - 1].p >= 1.0;
    whole.then_some(points)
}

/// Returns the quantiles of listed values with their shares; `None` if one of them is no number.
pub(super) fn steps(known: &[(Value, f64)], unit: NumericUnit) -> Option<Vec<Point>> {
    let mut numbers: Vec<(f64, f64)> =
        known.iter().map(|(value, share)| Some((number(value, unit)?, *share))).collect::<Option<_>>()?;
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = numbers.iter().map(|(_, share)| share).sum();
    let mut before = 0.0;
    let mut points = Vec::with_capacity(2 * numbers.len());
    for (value, share) in numbers {
        points.push(Point { p: before / total, value });
        before += share;
        points.push(Point { p: (before / total).min(1.0), value });
    }
    points.last_mut()?.p = 1.0;
    Some(points)
}

/// Returns a value as a number of the column: days, microseconds, or the number itself.
pub(super) fn number(value: &Value, unit: NumericUnit) -> Option<f64> {
    match (unit, value) {
        (NumericUnit::Float(_), Value::Text(text)) => text.trim().parse().ok().filter(|x: &f64| x.is_finite()),
        (NumericUnit::Float(_), Value::Float(x)) => Some(*x),
        (NumericUnit::Kind(kind), Value::Text(text)) => match text.trim().parse::<f64>() {
            // The text may be rounded to fewer digits than the column's scale.
            Ok(x) if unit.scale() > 0 || kind == dbmocker_domain::RangeKind::Int => Some(x),
            _ => Some(range_units::units(kind, value)?.0 as f64 / 10f64.powi(unit.scale().into())),
        },
        (NumericUnit::Kind(kind), value) => {
            Some(range_units::units(kind, value)?.0 as f64 / 10f64.powi(unit.scale().into()))
        }
        _ => None,
    }
}

/// Row counts of a column, and the statistics to reproduce.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleSizes {
    /// Including NULLs.
    pub rows: f64,
    pub nulls: f64,
    /// The values are correlated with the rows, so they are drawn randomly; otherwise each row has its own share.
    pub ordered: bool,
    /// Number of distinct values.
    pub target: Option<f64>,
    /// Total share of the common values.
    pub common: f64,
    /// Sample size from which the server estimates the number of distinct values.
    pub sampled: Option<f64>,
}

/// Share of rows without a common value below which they are negligible.
const FEW: f64 = 0.01;
/// Maximum number of rows simulated.
const TRIED: f64 = 300_000.0;
/// Relative tolerances for the number of distinct values: more, and fewer if their number follows from the resolution.
const CLOSE: f64 = 0.02;
const FEWER: f64 = 0.07;
/// The most frequent values whose share is compared.
const COMMON: usize = 100;
/// Maximum number of laws simulated in search of a number of distinct values.
const MOST_SIZES: u32 = 14;
/// Rows that each value must have for rows to be left out.
const SEVERAL: f64 = 4.0;
/// Rows for which another thread is worth its start.
const LEAST_PART: usize = 10_000;

/// Returns the law of numbers by a profile's common values and quantiles; `None` if they define none. `known`: common
/// values with their shares of the rows that are not NULL; `shares`: those of common values without labels.
pub(super) fn law(
    points: &[Point],
    known: &[(f64, f64)],
    shares: &[f64],
    profile: &ColumnProfile,
    sizes: SampleSizes,
    grid: NumberGrid,
) -> Option<LearnedDistribution> {
    let flat: Vec<f64> = shares.iter().copied().filter(|s| *s >= FLAT).collect();
    let line = Quantile(points);
    let plain = learned(&line, known, &flat, profile, grid);
    InverseCdf::new(&Distribution::Learned(plain.clone()), grid).ok()?;
    let Some(target) = sizes.target else { return Some(plain) };
    let simulated = SimulatedRows::new(sizes);
    // The resolution of a column may give the values and frequencies by itself.
    let natural = simulated.figures(&plain, grid, 1);
    let enough = (target * (1.0 - FEWER)..=target * (1.0 + CLOSE)).contains(&natural.0);
    if enough && (natural.1 - sizes.common).abs() < 0.1 {
        return Some(plain);
    }
    let all = learned(&line, known, shares, profile, grid);
    let found = if all == plain { natural.0 } else { simulated.figures(&all, grid, 1).0 };
    if found <= target * (1.0 + CLOSE) {
        let near = |of: &(f64, f64)| (of.0 - target).abs();
        return Some(if near(&natural) < (found - target).abs() && natural.0 < 1.1 * target { plain } else { all });
    }
    Some(of_distinct(all, target, &simulated, grid))
}

/// Searches for the number of candidate values with which a law gives the known number of distinct ones.
fn of_distinct(
    all: LearnedDistribution,
    target: f64,
    simulated: &SimulatedRows,
    grid: NumberGrid,
) -> LearnedDistribution {
    let sizes = &simulated.sizes;
    let (mut low, mut high) = (1.0, 4.0 * sizes.rows.max(4.0));
    let common: f64 = all.atoms.iter().map(|atom| atom.share).sum();
    let others = (target - all.atoms.len() as f64).max(1.0);
    let filled = (1.0 - common).max(0.0) * sizes.rows;
    let mut size = match sizes.ordered {
        true => domain_of_distinct(others, filled * (1.0 - sizes.nulls), None),
        false => domain_of_distinct(others, filled, Some(sizes.nulls)),
    };
    let mut last: Option<(f64, f64)> = None;
    let mut best = (f64::INFINITY, all.clone());
    for round in 0..MOST_SIZES {
        if !(low < size && size < high) || round % 3 == 2 {
            size = f64::sqrt(low * high);
        }
        let with = LearnedDistribution { distinct: Some(size.round().max(1.0) as u64), ..all.clone() };
        let shown = simulated.figures(&with, grid, simulated.every(&with)).0;
        let off = (shown / target - 1.0).abs();
        if off < best.0 {
            best = (off, with);
        }
        if off < CLOSE {
            break;
        }
        if shown < target {
            low = size
        } else {
            high = size
        }
        // The secant through the last two points, of logarithms.
        let (x, y) = (size.ln(), shown.max(1.0).ln());
        let slope = last.map_or(1.0, |(x0, y0)| (y - y0) / (x - x0));
        last = Some((x, y));
        size = (x + (target.ln() - y) / slope).exp();
    }
    best.1
}

/// The rows of a column, as their shares of its distribution.
struct SimulatedRows {
    /// Of the rows that are not NULL, in ascending order: neighbours have near values, which saves time.
    shares: Vec<f64>,
    sizes: SampleSizes,
    /// Only some of the rows are simulated.
    sampled: Option<f64>,
}

impl SimulatedRows {
    fn new(sizes: SampleSizes) -> SimulatedRows {
        let rows = sizes.rows.min(sizes.sampled.unwrap_or(TRIED)).max(1.0);
        let sampled = (rows < sizes.rows).then_some(rows);
        let size = if sizes.sampled.is_some() { sizes.rows.max(1.0) as u64 } else { rows as u64 };
        let permutation = Permutation::new(1, size);
        let is_part = rows as u64 != size;
        let share = |row: u64| {
            let word = unit(mix(row));
            // Each row has a separate share, in the sample as well.
            let place = if is_part { permutation.apply(row) } else { row };
            let share = if sizes.ordered { word } else { (place as f64 + word) / size as f64 };
            share.min(1.0 - f64::EPSILON)
        };
        let filled = (0..rows as u64).filter(|row| unit(mix(row ^ 0x6e75_6c6c)) >= sizes.nulls);
        let mut shares: Vec<f64> = filled.map(share).collect();
        if sizes.ordered || is_part {
            shares.sort_unstable_by(f64::total_cmp);
        }
        SimulatedRows { shares, sizes, sampled }
    }

    /// Returns `n` if every `n`-th row suffices: each value of a law with a number of distinct ones still has several rows.
    fn every(&self, law: &LearnedDistribution) -> usize {
        let common: f64 = law.atoms.iter().map(|atom| atom.share).sum();
        let least = law.atoms.iter().map(|atom| atom.share).fold(1.0, f64::min);
        let other = (1.0 - common).max(0.0) / law.distinct.map_or(f64::INFINITY, |n| n as f64);
        ((least.min(other) * self.shares.len() as f64 / SEVERAL) as usize).max(1)
    }

    /// Returns the numbers that a law gives every `n`-th row.
    fn numbers(&self, inverse: &InverseCdf, every: usize) -> Vec<i64> {
        let of = |shares: &[f64]| shares.iter().step_by(every).map(|&share| inverse.number(share)).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let part = self.shares.len().div_ceil(threads).max(LEAST_PART * every).next_multiple_of(every);
        if part >= self.shares.len() {
            return of(&self.shares);
        }
        std::thread::scope(|scope| {
            let parts: Vec<_> = self.shares.chunks(part).map(|shares| scope.spawn(move || of(shares))).collect();
            let done =
                parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            done.collect::<Vec<Vec<i64>>>().concat()
        })
    }

    /// Simulates a law for every `n`-th row: returns the number of distinct values, as the server estimates it, and the share of the hundred
    /// most frequent values, excluding those that occur once.
    fn figures(&self, law: &LearnedDistribution, grid: NumberGrid, every: usize) -> (f64, f64) {
        let Ok(inverse) = InverseCdf::new(&Distribution::Learned(law.clone()), grid) else { return (0.0, 0.0) };
        let mut numbers = self.numbers(&inverse, every);
        // Only usual endings may exchange neighbours, so that this is a pass over sorted runs.
        numbers.sort();
        let (mut distinct, mut once, mut common) = (0.0, 0.0, Vec::new());
        for equal in numbers.chunk_by(|a, b| a == b) {
            distinct += 1.0;
            match equal.len() {
                1 => once += 1.0,
                n => common.push(n),
            }
        }
        let filled = numbers.len().max(1) as f64;
        if common.len() > COMMON {
            common.select_nth_unstable_by_key(COMMON, |n| std::cmp::Reverse(*n));
        }
        let common = common.iter().take(COMMON).sum::<usize>() as f64 / filled;
        let SampleSizes { rows, nulls, .. } = self.sizes;
        let all = rows * (1.0 - nulls);
        let shown = match (self.sampled, self.sizes.sampled) {
            (None, _) => distinct,
            // PostgreSQL's estimate (Haas and Stokes, Duj1).
            (Some(_), Some(_)) => (filled * distinct / (filled - once + once * filled / all)).clamp(distinct, all),
            (Some(sampled), None) if distinct > 0.5 * filled => distinct * rows / sampled,
            (Some(_), None) => distinct,
        };
        (shown, common)
    }
}

fn learned(
    line: &Quantile<'_>,
    known: &[(f64, f64)],
    shares: &[f64],
    profile: &ColumnProfile,
    grid: NumberGrid,
) -> LearnedDistribution {
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for &(value, share) in known {
        let from = line.below(value).min(1.0 - share).max(0.0);
        place(&mut taken, from, share, value);
    }
    let mut flats = line.flats();
    for &share in shares {
        let near = |f: &(f64, f64, f64)| (f.1 - f.0 - share).abs() < 0.5 * share + 0.03;
        match flats.iter().position(|f| share >= FLAT && near(f)) {
            Some(i) => {
                let (from, to, value) = flats.remove(i);
                place(&mut taken, ((from + to - share) / 2.0).min(1.0 - share).max(0.0), share, value);
            }
            None => {
                // At any place, deterministically: within the largest gap.
                let from = free(&taken, share, taken.len());
                place(&mut taken, from, share, f64::NAN);
            }
        }
    }
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    spread_values(&mut taken, line, grid);
    let atoms = taken.iter().map(|t| Atom { value: t.2, share: t.1 - t.0 }).collect();
    let mut rest = rest(line, &taken);
    let largest = known.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max);
    let end = line.0[line.0.len() - 1].value;
    if rest_share(&taken) < FEW && end > largest && largest.is_finite() {
        // The remaining values are beyond the common ones.
        rest = vec![Point { p: 0.0, value: largest }, Point { p: 1.0, value: end }];
    }
    let ending = profile.endings.iter().max_by(|a, b| a.1.total_cmp(b.1)).and_then(|(text, share)| {
        let fraction: f64 = text.strip_prefix('.').and(format!("0{text}").parse().ok())?;
        (*share > 0.2).then_some(Ending { fraction, share: *share })
    });
    LearnedDistribution { atoms, rest, distinct: None, ending, rhythm: None }
}

/// Sets the values without labels. They differ from each other, and each is near its place among the quantiles.
fn spread_values(taken: &mut [(f64, f64, f64)], line: &Quantile<'_>, grid: NumberGrid) {
    let step = grid.unit * grid.step as f64;
    let open: Vec<bool> = taken.iter().map(|t| t.2.is_nan()).collect();
    let mut last = f64::NEG_INFINITY;
    for (t, _) in taken.iter_mut().zip(&open).filter(|(_, open)| **open) {
        t.2 = ((line.at((t.0 + t.1) / 2.0) / step).round() * step).max(last + step);
        last = t.2;
    }
    // Back below the largest value, as far as there is room.
    let mut next = (line.0[line.0.len() - 1].value / step).round() * step + step;
    for (t, _) in taken.iter_mut().zip(&open).filter(|(_, open)| **open).rev() {
        t.2 = t.2.min(next - step);
        next = t.2;
    }
}

/// Spreads quantiles that were rounded to one day over that day, up to `now`: values of the day differ, unless one of
/// them is as frequent as all. `common`: the largest share of a value.
pub(super) fn within_days(points: &mut [Point], common: f64, now: f64) {
    const DAY: f64 = dbmocker_core::time::MICROS_PER_DAY as f64;
    let mut i = 0;
    while i < points.len() {
        let value = points[i].value;
        let run = points[i..].iter().take_while(|p| p.value == value).count();
        let share = points[i + run - 1].p - points[i].p;
        if run > 1 && share > 2.0 * common {
            let from = if i == 0 { value } else { (value - DAY / 2.0).max(points[i - 1].value) };
            let end = points.get(i + run).map_or(value + DAY / 2.0, |next| next.value.min(value + DAY / 2.0));
            let to = if value <= now { end.min(now).max(value) } else { end };
            let first = points[i].p;
            for point in &mut points[i..i + run] {
                point.value = from + (to - from) * (point.p - first) / share;
            }
        }
        i += run;
    }
}

fn rest_share(taken: &[(f64, f64, f64)]) -> f64 {
    (1.0 - taken.iter().map(|t| t.1 - t.0).sum::<f64>()).max(0.0)
}

/// Adds an interval of shares for a value, moved past those that it overlaps.
fn place(taken: &mut Vec<(f64, f64, f64)>, from: f64, share: f64, value: f64) {
    let meets = |from: f64, t: &&(f64, f64, f64)| from < t.1 - 1e-12 && t.0 < from + share - 1e-12;
    let mut at = from;
    let mut tries = 0;
    while let Some(met) = taken.iter().find(|t| meets(at, t)).copied() {
        // The nearer end of the overlapping interval.
        at = if value.is_nan() || value >= met.2 || met.2.is_nan() { met.1 } else { met.0 - share };
        tries += 1;
        if tries > 2 * taken.len() + 2 || at < 0.0 || at + share > 1.0 + 1e-9 {
            at = free(taken, share, tries);
            break;
        }
    }
    if at >= 0.0 && at + share <= 1.0 + 1e-9 {
        taken.push((at, (at + share).min(1.0), value));
    }
}

/// Returns the start of an interval in one of the gaps; -1 if there is none.
fn free(taken: &[(f64, f64, f64)], share: f64, number: usize) -> f64 {
    let mut sorted: Vec<(f64, f64)> = taken.iter().map(|t| (t.0, t.1)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut gaps = Vec::new();
    let mut end = 0.0;
    for (from, to) in sorted.into_iter().chain([(1.0, 1.0)]) {
        if from - end >= share {
            gaps.push((end, from));
        }
        end = f64::max(end, to);
    }
    if gaps.is_empty() {
        return -1.0;
    }
    gaps.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
    // Golden-section steps within the largest gap.
    let (from, to) = gaps[0];
    let along = (number as f64 * 0.618_033_988_75 + 0.5).fract();
    from + (to - from - share) * along
}

/// Returns the quantiles of the remaining shares, rescaled to 1.
fn rest(line: &Quantile<'_>, taken: &[(f64, f64, f64)]) -> Vec<Point> {
    let left = rest_share(taken);
    if left < 1e-6 {
        return Vec::new();
    }
    let before = |p: f64| taken.iter().map(|t| (t.1.min(p) - t.0).max(0.0)).sum::<f64>();
    let inside = |p: f64| taken.iter().any(|t| t.0 < p && p < t.1);
    let own = |p: f64| ((p - before(p)) / left).clamp(0.0, 1.0);
    let mut ps: Vec<f64> = line.0.iter().map(|q| q.p).filter(|p| !inside(*p)).collect();
    ps.extend(taken.iter().flat_map(|t| [t.0, t.1]).filter(|p| !inside(*p)));
    ps.extend([0.0, 1.0]);
    ps.sort_by(f64::total_cmp);
    ps.dedup();
    let mut points: Vec<Point> = ps.into_iter().map(|p| Point { p: own(p), value: line.at(p) }).collect();
    for i in 1..points.len() {
        // Sums of shares have rounding errors.
        points[i].p = points[i].p.max(points[i - 1].p);
        points[i].value = points[i].value.max(points[i - 1].value);
    }
    points.dedup_by(|b, a| b.p == a.p && b.value == a.value);
    if let Some(first) = points.first_mut() {
        first.p = 0.0;
    }
    if let Some(last) = points.last_mut() {
        last.p = 1.0;
    }
    points
}

/// A quantile function, linear between its points.
struct Quantile<'a>(&'a [Point]);

impl Quantile<'_> {
    fn at(&self, p: f64) -> f64 {
        let last = self.0.len() - 1;
        let i = self.0.partition_point(|q| q.p <= p).clamp(1, last);
        let (a, b) = (self.0[i - 1], self.0[i]);
        let t = if b.p > a.p { ((p - a.p) / (b.p - a.p)).clamp(0.0, 1.0) } else { 0.0 };
        a.value + (b.value - a.value) * t
    }

    fn below(&self, value: f64) -> f64 {
        let i = self.0.partition_point(|q| q.value < value);
        match (i.checked_sub(1).map(|i| self.0[i]), self.0.get(i)) {
            (None, _) => 0.0,
            (Some(_), None) => 1.0,
            (Some(a), Some(b)) => a.p + (b.p - a.p) * ((value - a.value) / (b.value - a.value)).clamp(0.0, 1.0),
        }
    }

    /// Returns the constant intervals: from, to, value; the longest first.
    fn flats(&self) -> Vec<(f64, f64, f64)> {
        let mut out: Vec<(f64, f64, f64)> = Vec::new();
        for pair in self.0.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            if a.value != b.value {
                continue;
            }
            match out.last_mut().filter(|f| f.2 == a.value && f.1 == a.p) {
                Some(flat) => flat.1 = b.p,
                None => out.push((a.p, b.p, a.value)),
            }
        }
        out.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
        out
    }
}
