//! Functions of ranges, which are texts here.

use super::ValueType::{Any, Bool, Range};
use super::{Args, Builtin, POSTGRES};
use crate::eval::{Eval, EvalError, type_error};
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

/// `None` for the empty range.
fn bounds(a: &Args<'_>) -> Result<Option<Bounds>, EvalError> {
    let v = &a.values[0];
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
