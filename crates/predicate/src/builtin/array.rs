//! Functions of arrays and of composite values.

use super::ValueType::{Any, Array, Int, Text};
use super::{Args, Builtin, NullRule, POSTGRES, count};
use crate::composite_fields;
use crate::eval::arrays::elements;
use crate::eval::compare::compare;
use crate::eval::{Eval, EvalError, cast, type_error};
use crate::solver::inverses;
use dbmocker_core::value::Value;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    // Only one-dimensional arrays are generated; an empty one has no dimension.
    Builtin::propagates("array_length", &[Array, Int], Int, |a| Ok(match items(a)?.len() {
        n if n > 0 && a.int(1)? == 1 => count(n),
        _ => Value::Null,
    })).spelled(&[("array_length", POSTGRES), ("array_upper", POSTGRES)])
        .inverse(inverses::array_length),
    Builtin::propagates("array_lower", &[Array, Int], Int, |a| Ok(match items(a)?.len() {
        n if n > 0 && a.int(1)? == 1 => Value::Int(1),
        _ => Value::Null,
    })).spelled(&[("array_lower", POSTGRES)]),
    Builtin::propagates("array_ndims", &[Array], Int, |a| {
        Ok(if items(a)?.is_empty() { Value::Null } else { Value::Int(1) })
    }).spelled(&[("array_ndims", POSTGRES)]),
    Builtin::strict("cardinality", &[Array], Int, |a| Ok(count(items(a)?.len())))
        .spelled(&[("cardinality", POSTGRES)])
        .inverse(inverses::cardinality),
    Builtin::new("array_position", &[Array, Any], Int, NullRule::Own, position)
        .spelled(&[("array_position", POSTGRES)]),
    // `x[n]`.
    Builtin::propagates("array_element", &[Array, Int], Any, element),
    Builtin::new("array_remove", &[Array, Any], Array, NullRule::Own, remove)
        .spelled(&[("array_remove", POSTGRES)]),
    Builtin::new("string_to_array", &[Text, Text], Array, NullRule::Own, from_string)
        .spelled(&[("string_to_array", POSTGRES)]),
    Builtin::propagates("array_to_string", &[Array, Text], Text, to_string)
        .spelled(&[("array_to_string", POSTGRES)]),
    // `(x).field`, by its number.
    Builtin::propagates("composite_field", &[Any, Int], Any, field),
];

fn items(a: &Args<'_>) -> Result<Vec<Value>, EvalError> {
    Ok(elements(&a.values[0])?.unwrap_or_default())
}

/// Whether an element is the second argument; a NULL is a NULL.
fn wanted(a: &Args<'_>, x: &Value) -> Result<bool, EvalError> {
    if x.is_null() || a.values[1].is_null() {
        return Ok(x.is_null() && a.values[1].is_null());
    }
    Ok(compare(x, &a.values[1], a.env)?.is_some_and(std::cmp::Ordering::is_eq))
}

/// Without a separator, every character is an element.
fn from_string(a: &Args<'_>) -> Eval {
    if a.values[0].is_null() {
        return Ok(Value::Null);
    }
    let (t, between) = (a.text(0), a.text(1));
    Ok(Value::Array(match (t.is_empty(), a.values[1].is_null(), between.is_empty()) {
        (true, ..) => Vec::new(),
        (_, true, _) => t.chars().map(|c| Value::Text(c.to_string())).collect(),
        (_, _, true) => vec![Value::Text(t)],
        _ => t.split(&between).map(Value::text).collect(),
    }))
}

fn position(a: &Args<'_>) -> Eval {
    if a.values[0].is_null() {
        return Ok(Value::Null);
    }
    for (i, x) in items(a)?.iter().enumerate() {
        if wanted(a, x)? {
            return Ok(count(i + 1));
        }
    }
    Ok(Value::Null)
}

fn element(a: &Args<'_>) -> Eval {
    let at = a.int(1)?.checked_sub(1).and_then(|i| usize::try_from(i).ok());
    Ok(at.and_then(|i| items(a).ok()?.get(i).cloned()).unwrap_or(Value::Null))
}

fn remove(a: &Args<'_>) -> Eval {
    if a.values[0].is_null() {
        return Ok(Value::Null);
    }
    let mut keep = vec![];
    for x in items(a)? {
        if !wanted(a, &x)? {
            keep.push(x);
        }
    }
    Ok(Value::Array(keep))
}

fn to_string(a: &Args<'_>) -> Eval {
    let parts: Vec<String> = items(a)?.iter().filter(|x| !x.is_null()).map(|x| cast::text(x, a.env)).collect();
    Ok(Value::Text(parts.join(&a.text(1))))
}

fn field(a: &Args<'_>) -> Eval {
    let error = || type_error("the field", &a.values[0]);
    let (Value::Text(t), Value::Int(i)) = (&a.values[0], &a.values[1]) else { return Err(error()) };
    usize::try_from(*i).ok().and_then(|i| composite_fields::field(t, i)).ok_or_else(error)
}
