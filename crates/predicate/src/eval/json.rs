//! JSON functions over the text of a document.

use serde_json::Value as Json;

use super::{Eval, EvalError};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

pub(crate) fn parse(v: &Value) -> Option<Json> {
    match v {
        Value::Text(t) => serde_json::from_str(t).ok(),
        Value::Int(i) => i64::try_from(*i).ok().map(Json::from),
        Value::Float(x) => Some(Json::from(*x)),
        Value::Bool(b) => Some(Json::from(*b)),
        _ => None,
    }
}

pub(crate) fn document(v: &Value) -> Result<Json, EvalError> {
    parse(v).ok_or_else(|| EvalError::Type("a text is not JSON".into()))
}

/// The text of a JSON value: strings without quotes if `bare`.
pub(crate) fn show(j: &Json, bare: bool) -> Value {
    match j {
        Json::Null if bare => Value::Null,
        Json::String(s) if bare => Value::text(s.as_str()),
        j => Value::Text(j.to_string()),
    }
}

/// `->` and `->>`.
pub(crate) fn get(l: &Value, r: &Value, as_text: bool) -> Eval {
    let doc = document(l)?;
    let found = match r {
        Value::Int(i) => match &doc {
            Json::Array(a) => {
                let at = if *i < 0 { *i + a.len() as i128 } else { *i };
                usize::try_from(at).ok().and_then(|i| a.get(i))
            }
            _ => None,
        },
        Value::Text(p) if p.starts_with('$') => path(&doc, p),
        Value::Text(k) => doc.get(k.as_str()),
        _ => None,
    };
    Ok(found.map_or(Value::Null, |j| show(j, as_text)))
}

/// `$.a.b[0]`.
pub(crate) fn path<'a>(doc: &'a Json, p: &str) -> Option<&'a Json> {
    let mut at = doc;
    for step in p.trim_start_matches('$').split(['.', '[']).filter(|s| !s.is_empty()) {
        let step = step.trim_end_matches(']').trim_matches('"');
        at = match step.parse::<usize>() {
            Ok(i) if at.is_array() => at.get(i)?,
            _ => at.get(step)?,
        };
    }
    Some(at)
}

/// `a @> b` for JSON documents; `None` if one is not JSON.
pub(crate) fn contains(a: &str, b: &str) -> Option<bool> {
    let (a, b): (Json, Json) = (serde_json::from_str(a).ok()?, serde_json::from_str(b).ok()?);
    Some(holds(&a, &b))
}

fn holds(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(x), Json::Object(y)) => y.iter().all(|(k, v)| x.get(k).is_some_and(|w| holds(w, v))),
        (Json::Array(x), Json::Array(y)) => y.iter().all(|v| x.iter().any(|w| holds(w, v))),
        (Json::Array(x), y) => x.contains(y),
        (x, y) => x == y,
    }
}

pub(crate) fn kind(j: &Json, d: Dialect) -> &'static str {
    match (j, d) {
        (Json::Null, Dialect::Mysql) => "NULL",
        (Json::Null, _) => "null",
        (Json::Bool(_), Dialect::Mysql) => "BOOLEAN",
        (Json::Bool(_), Dialect::Postgres) => "boolean",
        (Json::Bool(true), Dialect::Sqlite) => "true",
        (Json::Bool(false), Dialect::Sqlite) => "false",
        (Json::Number(n), Dialect::Mysql) => {
            if n.is_f64() {
                "DOUBLE"
            } else {
                "INTEGER"
            }
        }
        (Json::Number(n), Dialect::Sqlite) => {
            if n.is_f64() {
                "real"
            } else {
                "integer"
            }
        }
        (Json::Number(_), Dialect::Postgres) => "number",
        (Json::String(_), Dialect::Mysql) => "STRING",
        (Json::String(_), Dialect::Sqlite) => "text",
        (Json::String(_), Dialect::Postgres) => "string",
        (Json::Array(_), Dialect::Mysql) => "ARRAY",
        (Json::Array(_), _) => "array",
        (Json::Object(_), Dialect::Mysql) => "OBJECT",
        (Json::Object(_), _) => "object",
    }
}
