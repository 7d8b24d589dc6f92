//! JSON functions over the text of a document.

use serde_json::Value as Json;

use super::{Env, Eval, EvalError, cast};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::{Value, parse_number};

fn parse(v: &Value) -> Option<Json> {
    match v {
        Value::Text(t) => serde_json::from_str(t).ok(),
        Value::Int(i) => i64::try_from(*i).ok().map(Json::from),
        Value::Float(x) => Some(Json::from(*x)),
        Value::Bool(b) => Some(Json::from(*b)),
        _ => None,
    }
}

fn document(v: &Value) -> Result<Json, EvalError> {
    parse(v).ok_or_else(|| EvalError::Type("a text is not JSON".into()))
}

/// The text of a JSON value: strings without quotes if `bare`.
fn show(j: &Json, bare: bool) -> Value {
    match j {
        Json::Null if bare => Value::Null,
        Json::String(s) if bare => Value::text(s.as_str()),
        j => Value::Text(j.to_string()),
    }
}

/// `->` and `->>`.
pub(super) fn get(l: &Value, r: &Value, as_text: bool) -> Eval {
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
fn path<'a>(doc: &'a Json, p: &str) -> Option<&'a Json> {
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
pub(super) fn contains(a: &str, b: &str) -> Option<bool> {
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

fn kind(j: &Json, d: Dialect) -> &'static str {
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

pub(super) fn call(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    let text = |i: usize| v.get(i).map(|x| cast::text(x, env)).unwrap_or_default();
    let sub = |i: usize| -> Result<Option<Json>, EvalError> {
        let doc = document(&v[0])?;
        Ok(if v.len() > i { path(&doc, &text(i)).cloned() } else { Some(doc) })
    };
    Ok(Some(match (name, v.len()) {
        ("json_valid" | "is_json", 1) => Value::Bool(parse(&v[0]).is_some()),
        ("json_type" | "json_typeof" | "jsonb_typeof", 1 | 2) => {
            sub(1)?.map_or(Value::Null, |j| Value::text(kind(&j, env.dialect)))
        }
        ("json_array_length" | "jsonb_array_length" | "json_length", 1 | 2) => match sub(1)? {
            None => Value::Null,
            Some(Json::Array(a)) => Value::Int(a.len() as i128),
            Some(Json::Object(o)) if name == "json_length" => Value::Int(o.len() as i128),
            Some(_) if name == "json_length" => Value::Int(1),
            Some(_) if env.dialect == Dialect::Sqlite => Value::Int(0),
            Some(_) => return Err(EvalError::Type("the length of a JSON value that is no array".into())),
        },
        ("json_extract" | "json_value", 2) => match sub(1)? {
            None => Value::Null,
            Some(Json::Number(n)) if env.dialect == Dialect::Sqlite => {
                parse_number(&n.to_string()).unwrap_or(Value::Null)
            }
            Some(j) => show(&j, env.dialect == Dialect::Sqlite || name == "json_value"),
        },
        ("json_schema_valid" | "json_matches_schema" | "jsonb_matches_schema", 2) => {
            match super::json_schema::keeps(&document(&v[0])?, &document(&v[1])?) {
                Some(kept) => Value::Bool(kept),
                None => return Err(EvalError::Type("a JSON Schema with keywords that are not known here".into())),
            }
        }
        ("json_unquote", 1) => match parse(&v[0]) {
            Some(Json::String(s)) => Value::Text(s),
            _ => v[0].clone(),
        },
        ("json_has_key", 2) => Value::Bool(document(&v[0])?.get(text(1)).is_some()),
        ("json_has_any_key" | "json_has_all_keys", 2) => {
            let doc = document(&v[0])?;
            let keys = super::arrays::elements(&v[1])?.unwrap_or_default();
            let mut has = keys.iter().map(|k| doc.get(cast::text(k, env)).is_some());
            Value::Bool(if name == "json_has_any_key" { has.any(|b| b) } else { has.all(|b| b) })
        }
        _ => return Ok(None),
    }))
}
