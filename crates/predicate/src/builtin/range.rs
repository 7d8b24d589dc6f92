//! Functions of ranges, which are texts here.

use super::ValueType::{Any, Bool, Range};
use super::{Args, Builtin, POSTGRES};
use crate::eval::compare::order;
use crate::eval::{Env, Eval, EvalError, type_error};
use crate::expr::Cmp;
use dbmocker_core::time::{parse_date, parse_timestamp};
use dbmocker_core::value::{Value, parse_number};

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::propagates("isempty", &[Range], Bool, |a| Ok(Value::Bool(bounds(a)?.is_none())))
        .spelled(&[("isempty", POSTGRES)]),
    // `lower` and `upper` of a range.
    Builtin::propagates("range_lower", &[Range], Any, |a| Ok(bounds(a)?.map_or(Value::Null, |b| end(b.lower)))),
    Builtin::propagates("range_upper", &[Range], Any, |a| Ok(bounds(a)?.map_or(Value::Null, |b| end(b.upper)))),
    Builtin::propagates("lower_inc", &[Range], Bool, |a| is(a, |b| b.lower_inclusive && !b.lower.is_empty()))
        .spelled(&[("lower_inc", POSTGRES)]),
    Builtin::propagates("upper_inc", &[Range], Bool, |a| is(a, |b| b.upper_inclusive && !b.upper.is_empty()))
        .spelled(&[("upper_inc", POSTGRES)]),
    Builtin::propagates("lower_inf", &[Range], Bool, |a| is(a, |b| b.lower.is_empty()))
        .spelled(&[("lower_inf", POSTGRES)]),
    Builtin::propagates("upper_inf", &[Range], Bool, |a| is(a, |b| b.upper.is_empty()))
        .spelled(&[("upper_inf", POSTGRES)]),
];

/// The bounds of a range that is not empty; an empty text for none.
struct Bounds {
    lower: String,
    upper: String,
    lower_inclusive: bool,
    upper_inclusive: bool,
}

fn is(a: &Args<'_>, f: fn(&Bounds) -> bool) -> Eval {
    Ok(Value::Bool(bounds(a)?.is_some_and(|b| f(&b))))
}

/// A bound parsed as a number, date or timestamp if possible, because texts compare in another order.
fn end(bound: String) -> Value {
    if bound.is_empty() {
        return Value::Null;
    }
    let moment = || {
        let utc = bound.strip_suffix("+00").unwrap_or(&bound);
        parse_date(utc).map(Value::Date).or_else(|| parse_timestamp(utc).map(Value::Timestamp))
    };
    parse_number(&bound).or_else(moment).unwrap_or(Value::Text(bound))
}

/// `l @> r`, `r` a range or an element; `None` if `l` is no range of one part.
///
/// <https://www.postgresql.org/docs/current/functions-range.html>
pub fn contains(l: &Value, r: &Value, env: Env) -> Option<Eval> {
    let outer = of_one_part(l)?;
    let inner = match r {
        Value::Text(_) => of_one_part(r)?,
        element => {
            let of = element.to_string();
            Some(Bounds { lower: of.clone(), upper: of, lower_inclusive: true, upper_inclusive: true })
        }
    };
    let (Some(outer), Some(inner)) = (&outer, &inner) else { return Some(Ok(Value::Bool(inner.is_none()))) };
    let from = starts(outer, inner, env)?;
    Some(Ok(Value::Bool(from && ends(inner, outer, env)?)))
}

/// Returns the comparisons with constants that hold for the elements of a range and no others; `None` if the value is no
/// range of one part, or the empty one.
pub fn limits(v: &Value) -> Option<Vec<(Cmp, Value)>> {
    let bounds = of_one_part(v)??;
    let lower = (if bounds.lower_inclusive { Cmp::Ge } else { Cmp::Gt }, bounds.lower);
    let upper = (if bounds.upper_inclusive { Cmp::Le } else { Cmp::Lt }, bounds.upper);
    Some([lower, upper].into_iter().filter(|(_, at)| !at.is_empty()).map(|(op, at)| (op, end(at))).collect())
}

/// `l && r`; `None` if one of them is no range of one part.
pub fn overlaps(l: &Value, r: &Value, env: Env) -> Option<Eval> {
    let (Some(l), Some(r)) = (&of_one_part(l)?, &of_one_part(r)?) else { return Some(Ok(Value::Bool(false))) };
    Some(Ok(Value::Bool(meets(l, r, env)? && meets(r, l, env)?)))
}

/// Returns true if `a` does not start after `b` does.
fn starts(a: &Bounds, b: &Bounds, env: Env) -> Option<bool> {
    match (a.lower.is_empty(), b.lower.is_empty()) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        _ => {
            let sorted = order(&end(a.lower.clone()), &end(b.lower.clone()), env.dialect)?;
            Some(sorted.is_lt() || sorted.is_eq() && (a.lower_inclusive || !b.lower_inclusive))
        }
    }
}

/// Returns true if `a` does not end after `b` does.
fn ends(a: &Bounds, b: &Bounds, env: Env) -> Option<bool> {
    match (a.upper.is_empty(), b.upper.is_empty()) {
        (_, true) => Some(true),
        (true, false) => Some(false),
        _ => {
            let sorted = order(&end(a.upper.clone()), &end(b.upper.clone()), env.dialect)?;
            Some(sorted.is_lt() || sorted.is_eq() && (b.upper_inclusive || !a.upper_inclusive))
        }
    }
}

/// Returns true if `a` starts before `b` ends.
fn meets(a: &Bounds, b: &Bounds, env: Env) -> Option<bool> {
    if a.lower.is_empty() || b.upper.is_empty() {
        return Some(true);
    }
    let sorted = order(&end(a.lower.clone()), &end(b.upper.clone()), env.dialect)?;
    Some(sorted.is_lt() || sorted.is_eq() && a.lower_inclusive && b.upper_inclusive)
}

/// Returns the bounds of a range that is not a multirange of several parts; `None` if the value is no such range.
fn of_one_part(v: &Value) -> Option<Option<Bounds>> {
    let Value::Text(t) = v else { return None };
    let parts = t.matches(['[', '(']).count();
    (parts <= 1).then(|| bounds_of(v).ok())?
}

/// `None` for the empty range.
fn bounds(a: &Args<'_>) -> Result<Option<Bounds>, EvalError> {
    bounds_of(&a.values[0])
}

fn bounds_of(v: &Value) -> Result<Option<Bounds>, EvalError> {
    let Value::Text(t) = v else { return Err(type_error("the range", v)) };
    let t = t.trim();
    if t.eq_ignore_ascii_case("empty") || t == "{}" {
        return Ok(None);
    }
    let t = t.trim_start_matches('{').trim_end_matches('}');
    let parsed = t.strip_prefix(['[', '(']).and_then(|rest| {
        let (lower, upper) = rest.strip_suffix([']', ')'])?.split_once(',')?;
        let bare = |s: &str| s.trim().trim_matches('"').to_owned();
        Some(Bounds {
            lower: bare(lower),
            upper: bare(upper),
            lower_inclusive: t.starts_with('['),
            upper_inclusive: t.ends_with(']'),
        })
    });
    parsed.map(Some).ok_or_else(|| type_error("the range", v))
}
