//! Operations on domains value by value: intervals found by trying, bounds, unions.

use std::cmp::Ordering;

use super::super::eval::{Env, OneColumn};
use super::super::expr::Expr;
use crate::narrow::{Narrow as _, Narrowing};
use crate::value_set::distinct;
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::{of_units, units};
use dbmocker_domain::{Domain, RangeKind};

/// The largest number of days that is listed one by one.
const MAX_LISTED: usize = 4096;

/// One domain that contains both, if there is one of a simple form.
pub(super) fn union(a: &Domain, b: &Domain) -> Option<Domain> {
    if a == b {
        return Some(a.clone());
    }
    if let (
        Domain::Range { kind, lo, hi, step, except, shape },
        Domain::Range { kind: k, lo: l, hi: h, step: s, except: e, .. },
    ) = (a, b)
        && kind == k
        && step == s
        && (lo - l) % step == 0
        && except.is_empty()
        && e.is_empty()
        && *l <= hi.saturating_add(*step)
        && *lo <= h.saturating_add(*s)
    {
        let (lo, hi) = (*lo.min(l), *hi.max(h));
        return Some(Domain::Range { kind: *kind, lo, hi, step: *step, except: vec![], shape: *shape });
    }
    let listed = |d: &Domain| -> Option<Vec<Value>> {
        match d {
            Domain::Choice { values, .. } => Some(values.clone()),
            Domain::Range { .. } => {
                let s = d.sampler();
                (s.size() <= 512).then(|| (0..s.size()).map(|i| s.value(i)).collect())
            }
            _ => None,
        }
    };
    let values = distinct(listed(a)?.into_iter().chain(listed(b)?));
    Some(Domain::Choice { values, weights: None })
}

/// The interval of a range in which `t` holds, found by trying: for monotone functions.
pub(super) fn bisect(d: &Domain, column: &str, t: &Expr, env: Env) -> Narrowing {
    const POINTS: i128 = 96;
    let Domain::Range { kind, lo, hi, step, .. } = d else { return Narrowing::Unsupported };
    let step = (*step).max(1);
    let steps = hi.saturating_sub(*lo) / step;
    let holds = |k: i128| {
        let v = of_units(*kind, lo + k * step);
        t.truth(&OneColumn(column, &v), env) == Ok(Some(true))
    };
    if let Some(listed) = list_days(d, *kind, steps, &holds) {
        return listed;
    }
    let at = |i: i128| steps / POINTS * i + steps % POINTS * i / POINTS;
    let tried: Vec<bool> = (0..=POINTS).map(|i| holds(at(i))).collect();
    // the longest run of points that hold
    let mut best: Option<(i128, i128)> = None;
    let mut start = None;
    for i in 0..=POINTS + 1 {
        let on = usize::try_from(i).ok().and_then(|i| tried.get(i).copied()).unwrap_or(false);
        match (on, start) {
            (true, None) => start = Some(i),
            (false, Some(s)) => {
                if best.is_none_or(|(a, b)| i - 1 - s > b - a) {
                    best = Some((s, i - 1));
                }
                start = None;
            }
            _ => {}
        }
    }
    let Some((first, last)) = best else { return Narrowing::Unsupported };
    let edge = |mut out: i128, mut inside: i128| {
        while (out - inside).abs() > 1 {
            let mid = out + (inside - out) / 2;
            if holds(mid) { inside = mid } else { out = mid }
        }
        inside
    };
    let from = if first == 0 { 0 } else { edge(at(first - 1), at(first)) };
    let to = if last == POINTS { steps } else { edge(at(last + 1), at(last)) };
    match d.keep_range(lo + from * step, lo + to * step) {
        Narrowing::Exact(d) => Narrowing::Over(d),
        other => other,
    }
}

/// Days (or other few values) for which it holds, if they can be listed: `extract(dow from day) = 1`.
pub(super) fn list_days(d: &Domain, kind: RangeKind, steps: i128, holds: &dyn Fn(i128) -> bool) -> Option<Narrowing> {
    let Domain::Range { lo, step, .. } = d else { return None };
    if kind != RangeKind::Date || steps > 40_000 {
        return None;
    }
    let found: Vec<i128> = (0..=steps).filter(|k| holds(*k)).collect();
    let contiguous = found.windows(2).all(|w| w[1] - w[0] == 1);
    match (found.first(), found.last()) {
        (Some(a), Some(b)) if contiguous => Some(d.keep_range(lo + a * step, lo + b * step)),
        (Some(_), _) if found.len() <= MAX_LISTED => {
            let values = found.iter().map(|k| of_units(kind, lo + k * step)).collect();
            Some(Narrowing::Exact(Domain::Choice { values, weights: None }))
        }
        (None, _) => Some(Narrowing::Empty),
        _ => None,
    }
}

/// Smallest and largest value of a domain that has an order.
pub(super) fn bounds(d: &Domain, env: Env) -> Option<(Value, Value)> {
    match d {
        Domain::Range { kind, lo, hi, .. } => Some((of_units(*kind, *lo), of_units(*kind, *hi))),
        Domain::Float { lo, hi, .. } => Some((Value::Float(*lo), Value::Float(*hi))),
        Domain::Choice { values, .. } => {
            if values.iter().any(|v| matches!(v, Value::Text(_))) {
                return None;
            }
            let order = |a: &&Value, b: &&Value| {
                super::super::eval::compare::compare(a, b, env).ok().flatten().unwrap_or(Ordering::Equal)
            };
            Some((values.iter().min_by(order)?.clone(), values.iter().max_by(order)?.clone()))
        }
        _ => None,
    }
}

/// The value of a domain with exactly one.
pub(super) fn single(d: &Domain) -> Option<Value> {
    match d {
        Domain::Choice { values, .. } if values.len() == 1 => values.first().cloned(),
        Domain::Range { kind, lo, hi, .. } if lo == hi => Some(of_units(*kind, *lo)),
        _ => None,
    }
}

/// `v` in the domain's representation: 5.00 for 5 in a decimal column.
pub(super) fn canonical(d: Option<&Domain>, v: Value) -> Value {
    match d {
        Some(Domain::Range { kind, .. }) => match units(*kind, &v) {
            Some((n, true)) => of_units(*kind, n),
            _ => v,
        },
        _ => v,
    }
}
