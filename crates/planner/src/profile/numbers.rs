//! Learned numbers: quantiles over all values, of which common ones take their stretches.

use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{Atom, Ending, Learned, Point};
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

/// What of a profile's common values and quantiles makes a law of numbers. `known`: common values with their shares of the
/// rows that have a value; `shares`: those without labels; `rows`: all rows, NULLs
/// included; `ordered`: they follow the rows.
pub(super) fn law(
    points: &[Point],
    known: &[(f64, f64)],
    shares: &[f64],
    profile: &ColumnProfile,
    (rows, nulls, ordered): (f64, f64, bool),
) -> Learned {
    let line = Quantile(points);
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
    let common = taken.len() as f64;
    let atoms = taken.iter().map(|t| Atom { value: t.2, share: t.1 - t.0 }).collect();
    let rest = rest(&line, &taken);
    let distinct = profile.distinct.map(|d| d.of(rows * (1.0 - nulls)) - common);
    let left = rows * rest_share(&taken);
    // Rows in an order are drawn by chance, others take a share each.
    let (left, lost) = if ordered { (left * (1.0 - nulls), None) } else { (left, Some(nulls)) };
    let distinct = distinct.and_then(|d| {
        let size = dbmocker_domain::distribution::domain_of_distinct(d.max(1.0), left, lost);
        (size.is_finite() && left > 0.0).then(|| size.round() as u64)
    });
    let ending = profile.endings.iter().max_by(|a, b| a.1.total_cmp(b.1)).and_then(|(text, share)| {
        let fraction: f64 = text.strip_prefix('.').and(format!("0{text}").parse().ok())?;
        (*share > 0.2).then_some(Ending { fraction, share: *share })
    });
    Learned { atoms, rest, distinct, ending }
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
