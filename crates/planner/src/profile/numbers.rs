//! Learned numbers: quantiles over all values, of which common ones take their stretches.

use std::collections::HashMap;

use dbmocker_core::rng_stream::mix;
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{Atom, Distribution, Ending, Grid, Inverse, Learned, Point, unit};
use dbmocker_domain::range_units;
use dbmocker_generate::Unit;
use dbmocker_profile::{ColumnProfile, Quantiles};

/// A common value without a label is a flat stretch of the quantiles where it is so frequent at least.
const FLAT: f64 = 0.02;

/// Quantiles as shares and numbers; `None` where the column's unit does not read one.
pub(super) fn points(quantiles: &Quantiles, unit: Unit) -> Option<Vec<Point>> {
    let number = |text: &str| number(&Value::Text(text.into()), unit);
    let read = quantiles.points.iter().map(|(percent, text)| Some(Point { p: percent / 100.0, value: number(text)? }));
    let mut points: Vec<Point> = read.collect::<Option<_>>()?;
    points.sort_by(|a, b| a.p.total_cmp(&b.p));
    // Rounding must not turn their order.
    for i in 1..points.len() {
        points[i].value = points[i].value.max(points[i - 1].value);
    }
    let whole = points.len() > 1 && points[0].p <= 0.0 && points[points.len() - 1].p >= 1.0;
    whole.then_some(points)
}

/// A value as a number of a column: days, microseconds, or the number itself.
pub(super) fn number(value: &Value, unit: Unit) -> Option<f64> {
    match (unit, value) {
        (Unit::Float(_), Value::Text(text)) => text.trim().parse().ok().filter(|x: &f64| x.is_finite()),
        (Unit::Float(_), Value::Float(x)) => Some(*x),
        (Unit::Kind(kind), Value::Text(text)) => match text.trim().parse::<f64>() {
            // Three digits may stand for more than the column's own scale.
            Ok(x) if unit.scale() > 0 || kind == dbmocker_domain::RangeKind::Int => Some(x),
            _ => Some(range_units::units(kind, value)?.0 as f64 / 10f64.powi(unit.scale().into())),
        },
        (Unit::Kind(kind), value) => Some(range_units::units(kind, value)?.0 as f64 / 10f64.powi(unit.scale().into())),
        _ => None,
    }
}

/// How many rows a column has, and what they show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// NULLs included.
    pub rows: f64,
    pub nulls: f64,
    /// The values follow the rows: they are drawn by chance, others take a share each.
    pub ordered: bool,
    /// Different values.
    pub target: Option<f64>,
    /// The share of the common values together.
    pub common: f64,
    /// Rows from which the server estimates the number of different values.
    pub sampled: Option<f64>,
}

/// Rows beside common values that are hardly any.
const FEW: f64 = 0.01;
/// Rows that are tried at most.
const TRIED: f64 = 300_000.0;
/// A number of different values is met within so much.
const CLOSE: f64 = 0.02;

/// What of a profile's common values and quantiles makes a law of numbers; `None` if it makes none. `known`: common values
/// with their shares of the rows that have a value; `shares`: those without labels.
pub(super) fn law(
    points: &[Point],
    known: &[(f64, f64)],
    shares: &[f64],
    profile: &ColumnProfile,
    sizes: Sizes,
    grid: Grid,
) -> Option<Learned> {
    let flat: Vec<f64> = shares.iter().copied().filter(|s| *s >= FLAT).collect();
    let line = Quantile(points);
    let plain = learned(&line, known, &flat, profile);
    Inverse::new(&Distribution::Learned(plain.clone()), grid).ok()?;
    let Some(target) = sizes.target else { return Some(plain) };
    // The grid of a column may make the values as few and as frequent as they are.
    let natural = tried(&plain, sizes, grid);
    if natural.0 <= target * (1.0 + CLOSE) && (natural.1 - sizes.common).abs() < 0.1 {
        return Some(plain);
    }
    let all = learned(&line, known, shares, profile);
    let found = tried(&all, sizes, grid).0;
    if found <= target * (1.0 + CLOSE) {
        let near = |of: &(f64, f64)| (of.0 - target).abs();
        return Some(if near(&natural) < (found - target).abs() && natural.0 < 1.1 * target { plain } else { all });
    }
    // As many values to draw from as show the number that is known.
    let (mut low, mut high) = (1.0, 4.0 * sizes.rows.max(4.0));
    let mut best = all.clone();
    for _ in 0..14 {
        let size = f64::sqrt(low * high);
        let with = Learned { distinct: Some(size.round().max(1.0) as u64), ..all.clone() };
        let shown = tried(&with, sizes, grid).0;
        best = with;
        if (shown / target - 1.0).abs() < CLOSE {
            break;
        }
        if shown < target { low = size } else { high = size }
    }
    Some(best)
}

/// How many different numbers a law shows, as the server counts them, and the share of the hundred most frequent ones,
/// single ones left aside.
fn tried(law: &Learned, sizes: Sizes, grid: Grid) -> (f64, f64) {
    let Ok(inverse) = Inverse::new(&Distribution::Learned(law.clone()), grid) else { return (0.0, 0.0) };
    let rows = sizes.rows.min(sizes.sampled.unwrap_or(TRIED)).max(1.0);
    let sampled = rows < sizes.rows;
    let mut counts: HashMap<i64, u64> = HashMap::new();
    let mut filled = 0u64;
    for row in 0..rows as u64 {
        if unit(mix(row ^ 0x6e75_6c6c)) < sizes.nulls {
            continue;
        }
        filled += 1;
        let word = unit(mix(row));
        let u = if sizes.ordered || sampled { word } else { (row as f64 + word) / rows };
        *counts.entry(inverse.number(u.min(1.0 - f64::EPSILON))).or_default() += 1;
    }
    let (distinct, filled) = (counts.len() as f64, filled.max(1) as f64);
    let once = counts.values().filter(|n| **n == 1).count() as f64;
    let mut common: Vec<u64> = counts.into_values().filter(|n| *n > 1).collect();
    common.sort_by_key(|n| std::cmp::Reverse(*n));
    let common = common.iter().take(100).sum::<u64>() as f64 / filled;
    let all = sizes.rows * (1.0 - sizes.nulls);
    let shown = match (sampled, sizes.sampled) {
        (false, _) => distinct,
        // PostgreSQL's estimate (Haas and Stokes, Duj1).
        (true, Some(_)) => (filled * distinct / (filled - once + once * filled / all)).clamp(distinct, all),
        (true, None) if distinct > 0.5 * filled => distinct * sizes.rows / rows,
        (true, None) => distinct,
    };
    (shown, common)
}

fn learned(line: &Quantile<'_>, known: &[(f64, f64)], shares: &[f64], profile: &ColumnProfile) -> Learned {
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
                place(&mut taken, ((from + to - share) / 2.0).clamp(0.0, 1.0 - share), share, value);
            }
            None => {
                // Anywhere, but the same each time: the largest gaps of what is not taken yet.
                let from = free(&taken, share, taken.len());
                place(&mut taken, from, share, f64::NAN);
            }
        }
    }
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    for t in &mut taken {
        if t.2.is_nan() {
            t.2 = line.at((t.0 + t.1) / 2.0);
        }
    }
    let atoms = taken.iter().map(|t| Atom { value: t.2, share: t.1 - t.0 }).collect();
    let mut rest = rest(line, &taken);
    let largest = known.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max);
    let end = line.0[line.0.len() - 1].value;
    if rest_share(&taken) < FEW && end > largest && largest.is_finite() {
        // What is beside nearly all values lies beyond them.
        rest = vec![Point { p: 0.0, value: largest }, Point { p: 1.0, value: end }];
    }
    let ending = profile.endings.iter().max_by(|a, b| a.1.total_cmp(b.1)).and_then(|(text, share)| {
        let fraction: f64 = text.strip_prefix('.').and(format!("0{text}").parse().ok())?;
        (*share > 0.2).then_some(Ending { fraction, share: *share })
    });
    Learned { atoms, rest, distinct: None, ending }
}

fn rest_share(taken: &[(f64, f64, f64)]) -> f64 {
    (1.0 - taken.iter().map(|t| t.1 - t.0).sum::<f64>()).max(0.0)
}

/// A stretch of the shares for a value, moved behind those that it would meet.
fn place(taken: &mut Vec<(f64, f64, f64)>, from: f64, share: f64, value: f64) {
    let meets = |from: f64, t: &&(f64, f64, f64)| from < t.1 - 1e-12 && t.0 < from + share - 1e-12;
    let mut at = from;
    let mut tries = 0;
    while let Some(met) = taken.iter().find(|t| meets(at, t)).copied() {
        // The nearer side of what is there.
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

/// The beginning of a stretch in one of the gaps.
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
    // Golden steps through the largest gap.
    let (from, to) = gaps[0];
    let along = (number as f64 * 0.618_033_988_75 + 0.5).fract();
    from + (to - from - share) * along
}

/// Quantiles of what is not taken, by its own shares.
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
        // Sums of shares are not exact to the last digit.
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

/// Quantiles, straight between them.
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

    /// Stretches of one value: from, to, value; the longest first.
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
