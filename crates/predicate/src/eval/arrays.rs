//! Arrays: PostgreSQL's literals, containment, concatenation.

use super::compare::compare;
use super::{Env, Eval, EvalError, cast, type_error};
use crate::builtin::range;
use crate::expr::CastType;
use dbmocker_core::value::Value;

/// The elements of an array value; `None` for NULL.
pub(crate) fn elements(v: &Value) -> Result<Option<Vec<Value>>, EvalError> {
    match v {
        Value::Null => Ok(None),
        Value::Array(items) => Ok(Some(items.clone())),
        Value::Text(t) => match split(t) {
            Some(items) => Ok(Some(items.into_iter().map(|i| i.map_or(Value::Null, Value::Text)).collect())),
            None => Err(type_error("the array", v)),
        },
        v => Err(type_error("the array", v)),
    }
}

/// `{a,"b c",NULL}` with elements of type `of`.
pub(crate) fn parse(t: &str, of: &CastType, env: Env) -> Eval {
    let items = split(t).ok_or_else(|| type_error("the array", &Value::text(t)))?;
    let items = items.into_iter().map(|i| match i {
        None => Ok(Value::Null),
        Some(t) => cast::cast(Value::Text(t), of, env),
    });
    Ok(Value::Array(items.collect::<Result<_, _>>()?))
}

/// The raw elements of a one-dimensional literal; `None` inside for NULL.
fn split(t: &str) -> Option<Vec<Option<String>>> {
    let inner = t.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut items = vec![];
    if inner.trim().is_empty() {
        return Some(items);
    }
    let (mut item, mut quoted, mut was_quoted) = (String::new(), false, false);
    let mut chars = inner.chars();
    let push = |item: &mut String, was_quoted: &mut bool, items: &mut Vec<Option<String>>| {
        let text = std::mem::take(item);
        let null = !*was_quoted && text.trim().eq_ignore_ascii_case("null");
        items.push((!null).then(|| if *was_quoted { text } else { text.trim().to_owned() }));
        *was_quoted = false;
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => item.push(chars.next()?),
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            ',' if !quoted => push(&mut item, &mut was_quoted, &mut items),
            '{' | '}' if !quoted => return None,
            c => item.push(c),
        }
    }
    push(&mut item, &mut was_quoted, &mut items);
    (!quoted).then_some(items)
}

fn holds(items: &[Value], x: &Value, env: Env) -> Result<bool, EvalError> {
    for i in items {
        if compare(i, x, env)?.is_some_and(std::cmp::Ordering::is_eq) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) fn overlaps(l: &Value, r: &Value, env: Env) -> Eval {
    if let Some(answer) = range::overlaps(l, r, env) {
        return answer;
    }
    let (Some(a), Some(b)) = (elements(l)?, elements(r)?) else { return Ok(Value::Null) };
    for x in &b {
        if holds(&a, x, env)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// `l @> r` for arrays, JSON and ranges.
pub(crate) fn contains(l: &Value, r: &Value, env: Env) -> Eval {
    if let (Value::Text(a), Value::Text(b)) = (l, r)
        && let Some(answer) = super::json::contains(a, b)
    {
        return Ok(Value::Bool(answer));
    }
    if let Some(answer) = range::contains(l, r, env) {
        return answer;
    }
    let (Some(a), Some(b)) = (elements(l)?, elements(r)?) else { return Ok(Value::Null) };
    for x in &b {
        if !holds(&a, x, env)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

/// `||`: texts, arrays, an array and an element.
pub(crate) fn concat(l: Value, r: Value, env: Env) -> Eval {
    Ok(match (l, r) {
        (Value::Array(mut a), Value::Array(b)) => {
            a.extend(b);
            Value::Array(a)
        }
        (Value::Array(a), Value::Null) | (Value::Null, Value::Array(a)) => Value::Array(a),
        (Value::Array(mut a), x) => {
            a.push(x);
            Value::Array(a)
        }
        (x, Value::Array(mut a)) => {
            a.insert(0, x);
            Value::Array(a)
        }
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (a, b) => Value::Text(cast::text(&a, env) + &cast::text(&b, env)),
    })
}
