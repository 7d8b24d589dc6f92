//! Narrowing: a domain and a condition in, the part of the domain that satisfies it out.
//!
//! Invariant: every value of a [`Narrowing::Exact`] domain was in the old one and satisfies the condition.
//! [`Narrowing::Over`] is a smaller domain whose values must still be checked.

use std::collections::HashSet;

use super::eval::compare::order;
use super::eval::of_digits;
use super::expr::Cmp;
use super::value_set::{Members, distinct};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::{of_units, units};
use dbmocker_domain::{Domain, JsonKind, RangeKind, Shape, Special};

mod texts;

pub use texts::NarrowTexts;

use texts::text;

/// Maximum elements of arrays, if a condition requires more than usual.
const MAX_ITEMS: u32 = 4096;

/// The part of a domain that a condition leaves.
#[derive(Debug, Clone, PartialEq)]
pub enum Narrowing {
    /// The values that satisfy the condition, or some of them: every value satisfies it.
    Exact(Domain),
    /// No value outside of this domain satisfies the condition; not all values inside do.
    Over(Domain),
    /// No value satisfies the condition.
    Empty,
    /// This kind of domain does not support the condition.
    Unsupported,
}

/// Computes the part of a domain that satisfies a condition.
pub trait Narrow: Sized {
    /// `value op v`, by the dialect's comparison.
    fn keep_compare(&self, op: Cmp, v: &Value, dialect: Dialect) -> Narrowing;

    /// The numbers of a [`Domain::Range`] within `from..=to`, in its units.
    fn keep_range(&self, from: i128, to: i128) -> Narrowing;

    /// `value % modulus = residue` in the range's units; `modulus` above 0.
    fn keep_step(&self, modulus: i128, residue: i128) -> Narrowing;

    /// `value IN (values)`.
    fn keep_values(&self, values: &[Value], dialect: Dialect) -> Narrowing;

    /// `value NOT IN (values)`.
    fn drop_values(&self, values: &[Value], dialect: Dialect) -> Narrowing;

    /// Values for which `holds`, found by trying all of them: choices and ranges of up to `limit` values.
    fn keep_where(&self, limit: u32, holds: &dyn Fn(&Value) -> bool) -> Narrowing;

    /// Arrays of `min..=max` elements.
    fn keep_items(&self, min: u32, max: u32) -> Narrowing;

    /// Arrays whose elements satisfy a condition.
    fn keep_elements(&self, narrow: &dyn Fn(&Domain) -> Narrowing) -> Narrowing;

    /// JSON documents of one kind.
    fn keep_json(&self, kinds: &[JsonKind]) -> Narrowing;

    /// The same values with another distribution, if the domain has one.
    fn shaped(self, to: Shape) -> Domain;
}

impl Narrow for Domain {
    fn keep_compare(&self, op: Cmp, v: &Value, dialect: Dialect) -> Narrowing {
        if v.is_null() {
            return Narrowing::Empty;
        }
        let digits = match (self, v) {
            (Domain::Range { kind: RangeKind::Time, .. }, Value::Int(n)) if dialect == Dialect::Mysql => {
                of_digits(*n).map(Value::Time)
            }
            _ => None,
        };
        let v = digits.as_ref().unwrap_or(v);
        match (self, op) {
            (Domain::Choice { .. }, _) => self.keep_where(0, &|x| order(x, v, dialect).is_some_and(|o| op.holds(o))),
            (_, Cmp::Eq) => self.keep_values(std::slice::from_ref(v), dialect),
            (_, Cmp::Ne) => self.drop_values(std::slice::from_ref(v), dialect),
            (Domain::Range { kind, .. }, _) => match units(*kind, v) {
                Some((n, exact)) => match op {
                    Cmp::Lt => self.keep_range(i128::MIN, n.saturating_sub(i128::from(exact))),
                    Cmp::Le => self.keep_range(i128::MIN, n),
                    Cmp::Gt => self.keep_range(n.saturating_add(1), i128::MAX),
                    _ => self.keep_range(n.saturating_add(i128::from(!exact)), i128::MAX),
                },
                None => Narrowing::Unsupported,
            },
            (Domain::Float { lo, hi, decimals, shape }, _) => {
                let Some(x) = float(v) else { return Narrowing::Unsupported };
                let unit = 10f64.powi(-i32::from(*decimals));
                let (lo, hi) = match op {
                    Cmp::Lt => (*lo, hi.min(x - unit)),
                    Cmp::Le => (*lo, hi.min(x)),
                    Cmp::Gt => (lo.max(x + unit), *hi),
                    _ => (lo.max(x), *hi),
                };
                if lo > hi {
                    Narrowing::Empty
                } else {
                    Narrowing::Exact(Domain::Float { lo, hi, decimals: *decimals, shape: *shape })
                }
            }
            _ => Narrowing::Unsupported,
        }
    }

    fn keep_range(&self, from: i128, to: i128) -> Narrowing {
        let Domain::Range { kind, lo, hi, step, except, shape } = self else { return Narrowing::Unsupported };
        let step = (*step).max(1);
        // stay on the grid `lo + k * step`
        let ahead = from.saturating_sub(*lo).max(0);
        let lo2 = lo.saturating_add(ahead.saturating_add(step - 1) / step * step);
        range(*kind, lo2, to.min(*hi), step, except, *shape)
    }

    fn keep_step(&self, modulus: i128, residue: i128) -> Narrowing {
        let Domain::Range { kind, lo, hi, step, except, shape } = self else { return Narrowing::Unsupported };
        if modulus <= 0 || modulus > i128::from(i64::MAX) || residue < 0 {
            return Narrowing::Unsupported;
        }
        if residue >= modulus {
            return Narrowing::Empty;
        }
        // the remainder has the sign of the dividend: a positive one needs a positive value
        let Narrowing::Exact(Domain::Range { lo: from, .. }) = self.keep_range(if residue > 0 { 0 } else { *lo }, *hi)
        else {
            return Narrowing::Empty;
        };
        let step = (*step).max(1);
        let g = gcd(step, modulus);
        let gap = residue - from.rem_euclid(modulus);
        if gap.rem_euclid(g) != 0 {
            return Narrowing::Empty;
        }
        // from + k * step = residue (mod modulus)
        let m = modulus / g;
        let Some(inverse) = inverse((step / g).rem_euclid(m), m) else { return Narrowing::Unsupported };
        let k = ((gap / g).rem_euclid(m) * inverse).rem_euclid(m);
        let Some(start) = step.checked_mul(k).and_then(|d| d.checked_add(from)) else { return Narrowing::Empty };
        let Some(step) = step.checked_mul(m) else { return Narrowing::Unsupported };
        range(*kind, start, *hi, step, except, *shape)
    }

    fn keep_values(&self, values: &[Value], dialect: Dialect) -> Narrowing {
        let chosen: Vec<Value> = match self {
            Domain::Choice { .. } => {
                let members = Members::of(values, dialect);
                return self.keep_where(0, &|x| members.has(x));
            }
            Domain::Range { kind, .. } => {
                let members = values.iter().filter_map(|v| units(*kind, v).filter(|(_, exact)| *exact));
                let members = members.map(|(n, _)| of_units(*kind, n));
                let sampler = self.sampler();
                members.filter(|v| sampler.contains(v)).collect()
            }
            Domain::Float { lo, hi, .. } => {
                let inside = |x: &f64| (*lo..=*hi).contains(x);
                values.iter().filter_map(float).filter(inside).map(Value::Float).collect()
            }
            Domain::Text(_) => {
                let sampler = self.sampler();
                let texts = values.iter().filter(|v| !v.is_null()).map(|v| Value::Text(v.to_string()));
                texts.filter(|v| sampler.contains(v)).collect()
            }
            Domain::Special(Special::Json { binary, .. }) => {
                let kinds: Vec<JsonKind> = values.iter().filter_map(json_constant).collect();
                if let ([kind], 1) = (kinds.as_slice(), values.len()) {
                    return Narrowing::Exact(Domain::Special(Special::Json { binary: *binary, kind: *kind }));
                }
                values.iter().filter(|v| matches!(v, Value::Text(_))).cloned().collect()
            }
            Domain::Special(_) => values.iter().filter(|v| matches!(v, Value::Text(_))).cloned().collect(),
            Domain::Bytes { min, max } => {
                let fits = |b: &[u8]| (*min as usize..=*max as usize).contains(&b.len());
                let bytes = values.iter().filter_map(|v| match v {
                    Value::Bytes(b) => Some(b.clone()),
                    Value::Text(t) => Some(t.clone().into_bytes()),
                    _ => None,
                });
                bytes.filter(|b| fits(b)).map(Value::Bytes).collect()
            }
            Domain::Array { .. } => values.iter().filter(|v| matches!(v, Value::Array(_))).cloned().collect(),
        };
        let distinct = distinct(chosen);
        if distinct.is_empty() {
            Narrowing::Empty
        } else {
            Narrowing::Exact(Domain::Choice { values: distinct, weights: None })
        }
    }

    fn drop_values(&self, values: &[Value], dialect: Dialect) -> Narrowing {
        match self {
            Domain::Choice { .. } => {
                let members = Members::of(values, dialect);
                self.keep_where(0, &|x| members.lacks(x))
            }
            Domain::Range { kind, lo, hi, step, except, shape } => {
                let mut except = except.clone();
                for v in values {
                    match units(*kind, v) {
                        Some((n, true)) => except.push(n),
                        Some(_) => {}
                        None => return Narrowing::Unsupported,
                    }
                }
                range(*kind, *lo, *hi, *step, &except, *shape)
            }
            Domain::Text(t) => {
                let mut t = t.clone();
                let mut known: HashSet<String> = t.except.iter().cloned().collect();
                for v in values {
                    let v = v.to_string();
                    // trailing spaces may be ignored: then a text of spaces equals the empty text
                    if v.trim_end().is_empty() {
                        t.min_chars = t.min_chars.max(1);
                    }
                    if !v.is_empty() && known.insert(v.clone()) {
                        t.except.push(v);
                    }
                }
                text(t)
            }
            Domain::Special(Special::Json { binary, kind }) => {
                let dropped: Vec<_> = values.iter().filter_map(json_constant).collect();
                let next = match (kind, dropped.contains(kind)) {
                    (_, false) => *kind,
                    (JsonKind::EmptyObject, true) => JsonKind::Object,
                    (JsonKind::EmptyArray, true) => JsonKind::Array,
                    _ => return Narrowing::Empty,
                };
                let d = Domain::Special(Special::Json { binary: *binary, kind: next });
                if dropped.len() == values.len() { Narrowing::Exact(d) } else { Narrowing::Over(d) }
            }
            Domain::Bytes { min, max } if values.iter().all(|v| matches!(v, Value::Bytes(b) if b.is_empty())) => {
                bytes((*min).max(1), *max)
            }
            _ => Narrowing::Over(self.clone()),
        }
    }

    fn keep_where(&self, limit: u32, holds: &dyn Fn(&Value) -> bool) -> Narrowing {
        let (values, weights): (Vec<Value>, Option<Vec<u32>>) = match self {
            Domain::Choice { values, weights } => {
                let keep: Vec<bool> = values.iter().map(holds).collect();
                let kept = |i: &usize| keep[*i];
                let chosen = (0..values.len()).filter(kept).map(|i| values[i].clone()).collect();
                let weights = weights.as_ref().filter(|w| w.len() == values.len());
                (chosen, weights.map(|w| (0..values.len()).filter(kept).map(|i| w[i]).collect()))
            }
            Domain::Range { lo, hi, step, .. } if hi.saturating_sub(*lo) / (*step).max(1) < i128::from(limit) => {
                let sampler = self.sampler();
                let all = sampler.size();
                let chosen: Vec<Value> = (0..all).map(|i| sampler.value(i)).filter(|v| holds(v)).collect();
                if chosen.len() as u128 == all && all > 0 {
                    return Narrowing::Exact(self.clone());
                }
                (chosen, None)
            }
            _ => return Narrowing::Unsupported,
        };
        if values.is_empty() { Narrowing::Empty } else { Narrowing::Exact(Domain::Choice { values, weights }) }
    }

    fn keep_items(&self, min: u32, max: u32) -> Narrowing {
        let Domain::Array { element, min: a, max: b, unique } = self else { return Narrowing::Unsupported };
        let array = |min, max| Domain::Array { element: element.clone(), min, max, unique: *unique };
        if min > *b && *b > 0 && min <= max && min <= MAX_ITEMS {
            // longer than usual: values are tested to find out whether another condition forbids it
            return Narrowing::Over(array(min, min));
        }
        let (min, max) = (min.max(*a), max.min(*b));
        if min > max { Narrowing::Empty } else { Narrowing::Exact(array(min, max)) }
    }

    fn keep_elements(&self, narrow: &dyn Fn(&Domain) -> Narrowing) -> Narrowing {
        let Domain::Array { element, min, max, unique } = self else { return Narrowing::Unsupported };
        let array = |e: Domain| Domain::Array { element: Box::new(e), min: *min, max: *max, unique: *unique };
        match narrow(element) {
            Narrowing::Exact(e) => Narrowing::Exact(array(e)),
            Narrowing::Over(e) => Narrowing::Over(array(e)),
            Narrowing::Empty if *min == 0 => {
                Narrowing::Exact(Domain::Array { element: element.clone(), min: 0, max: 0, unique: *unique })
            }
            other => other,
        }
    }

    fn keep_json(&self, kinds: &[JsonKind]) -> Narrowing {
        let Domain::Special(Special::Json { binary, kind }) = self else { return Narrowing::Unsupported };
        if kinds.contains(kind) {
            return Narrowing::Exact(self.clone());
        }
        // a document that is just "some JSON" may be of any kind
        match kinds.first() {
            Some(k) if *kind == JsonKind::Object => {
                Narrowing::Exact(Domain::Special(Special::Json { binary: *binary, kind: *k }))
            }
            _ => Narrowing::Empty,
        }
    }

    fn shaped(mut self, to: Shape) -> Domain {
        if let Domain::Range { shape, .. } | Domain::Float { shape, .. } = &mut self {
            *shape = to;
        }
        self
    }
}

fn range(kind: RangeKind, lo: i128, hi: i128, step: i128, except: &[i128], shape: Shape) -> Narrowing {
    let step = step.max(1);
    if lo > hi {
        return Narrowing::Empty;
    }
    let on_grid = |n: &i128| (lo..=hi).contains(n) && n.checked_sub(lo).is_some_and(|d| d % step == 0);
    let mut except: Vec<i128> = except.iter().copied().filter(on_grid).collect();
    except.sort_unstable();
    except.dedup();
    let (mut lo, mut hi) = (lo, lo + (hi.saturating_sub(lo)) / step * step);
    let mut leading = 0;
    while except.get(leading) == Some(&lo) {
        leading += 1;
        lo += step;
    }
    except.drain(..leading);
    while lo <= hi && except.last() == Some(&hi) {
        except.pop();
        hi -= step;
    }
    if lo > hi { Narrowing::Empty } else { Narrowing::Exact(Domain::Range { kind, lo, hi, step, except, shape }) }
}

fn bytes(min: u32, max: u32) -> Narrowing {
    if min > max { Narrowing::Empty } else { Narrowing::Exact(Domain::Bytes { min, max }) }
}

fn json_constant(v: &Value) -> Option<JsonKind> {
    match v {
        Value::Text(t) => match t.trim() {
            "null" => Some(JsonKind::Null),
            "{}" => Some(JsonKind::EmptyObject),
            "[]" => Some(JsonKind::EmptyArray),
            _ => None,
        },
        _ => None,
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `a * x = 1 (mod m)`.
fn inverse(a: i128, m: i128) -> Option<i128> {
    if m == 1 {
        return Some(0);
    }
    let (mut r, mut next_r) = (m, a);
    let (mut x, mut next_x) = (0i128, 1i128);
    while next_r != 0 {
        let q = r / next_r;
        (r, next_r) = (next_r, r - q * next_r);
        (x, next_x) = (next_x, x - q * next_x);
    }
    (r == 1).then(|| x.rem_euclid(m))
}

fn float(v: &Value) -> Option<f64> {
    match v {
        Value::Int(i) => Some(*i as f64),
        Value::Decimal { unscaled, scale } => Some(*unscaled as f64 / 10f64.powi(i32::from(*scale))),
        Value::Float(x) => Some(*x),
        Value::Text(t) => t.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ints(lo: i128, hi: i128, step: i128) -> Domain {
        Domain::Range { kind: RangeKind::Int, lo, hi, step, except: vec![], shape: Shape::Uniform }
    }

    fn all(k: Narrowing) -> Vec<i128> {
        match k {
            Narrowing::Exact(d) => (0..d.size()).map(|i| units(RangeKind::Int, &d.value(i)).unwrap().0).collect(),
            Narrowing::Empty => vec![],
            other => panic!("{other:?}"),
        }
    }

    const OPS: [Cmp; 6] = [Cmp::Eq, Cmp::Ne, Cmp::Lt, Cmp::Le, Cmp::Gt, Cmp::Ge];

    proptest! {
        #[test]
        fn comparisons_keep_exactly_what_holds(lo in -20i128..20, n in 0i128..40, step in 1i128..5, tenths in -300i128..300, op in 0usize..6) {
            let d = ints(lo, lo + n, step);
            let v = Value::Decimal { unscaled: tenths, scale: 1 };
            let expected: Vec<i128> = (lo..=lo + n).step_by(usize::try_from(step).unwrap())
                .filter(|x| OPS[op].holds((x * 10).cmp(&tenths))).collect();
            prop_assert_eq!(all(d.keep_compare(OPS[op], &v, Dialect::Postgres)), expected);
        }

        #[test]
        fn steps_keep_exactly_the_residue(lo in -20i128..20, n in 0i128..60, step in 1i128..5, m in 1i128..12, r in 0i128..12) {
            let expected: Vec<i128> = (lo..=lo + n).step_by(usize::try_from(step).unwrap()).filter(|x| x % m == r).collect();
            prop_assert_eq!(all(ints(lo, lo + n, step).keep_step(m, r)), expected);
        }
    }
}
