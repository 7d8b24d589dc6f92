//! Functions of JSON documents, which are texts here.

use serde_json::Value as Json;

use super::ValueType::{Array, Bool, Int, Path, Text};
use super::{Args, Builtin, MYSQL, NOT_POSTGRES, POSTGRES};
use crate::eval::json::{document, kind, parse, path, show};
use crate::eval::{Eval, EvalError, arrays, cast, json_schema};
use crate::solver::inverses;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::{Value, parse_number};

use super::ValueType::Json as Document;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::propagates("json_valid", &[Text], Bool, |a| Ok(Value::Bool(parse(&a.values[0]).is_some())))
        .spelled(&[("json_valid", NOT_POSTGRES)]),
    // `x IS JSON`.
    Builtin::propagates("is_json", &[Text], Bool, |a| Ok(Value::Bool(parse(&a.values[0]).is_some()))),
    Builtin::propagates("json_type", &[Document, Path], Text, kind_of)
        .optional(1).spelled(&[("json_type", NOT_POSTGRES)])
        .inverse(inverses::json_kind),
    Builtin::propagates("json_typeof", &[Document], Text, kind_of)
        .spelled(&[("json_typeof", POSTGRES)])
        .inverse(inverses::json_kind),
    Builtin::propagates("jsonb_typeof", &[Document], Text, kind_of)
        .spelled(&[("jsonb_typeof", POSTGRES)])
        .inverse(inverses::json_kind),
    Builtin::propagates("json_array_length", &[Document, Path], Int, array_length)
        .optional(1).spelled(&[("json_array_length", &[Dialect::Postgres, Dialect::Sqlite])])
        .inverse(inverses::json_array_length),
    Builtin::propagates("jsonb_array_length", &[Document], Int, array_length)
        .spelled(&[("jsonb_array_length", POSTGRES)])
        .inverse(inverses::json_array_length),
    Builtin::propagates("json_length", &[Document, Path], Int, array_length)
        .optional(1).spelled(&[("json_length", MYSQL)]),
    Builtin::propagates("json_extract", &[Document, Path], Document, |a| extract(a, a.is(Dialect::Sqlite)))
        .spelled(&[("json_extract", NOT_POSTGRES)]),
    Builtin::propagates("json_value", &[Document, Path], Text, |a| extract(a, true))
        .spelled(&[("json_value", MYSQL)]),
    Builtin::propagates("json_unquote", &[Document], Text, unquote)
        .spelled(&[("json_unquote", MYSQL)]),
    Builtin::propagates("json_schema_valid", &[Document, Document], Bool, matches_schema)
        .spelled(&[("json_schema_valid", MYSQL)]),
    // Of PostgreSQL's extension pg_jsonschema.
    Builtin::propagates("json_matches_schema", &[Document, Document], Bool, matches_schema),
    Builtin::propagates("jsonb_matches_schema", &[Document, Document], Bool, matches_schema),
    // The operators `?`, `?|` and `?&`.
    Builtin::propagates("json_has_key", &[Document, Text], Bool, |a| {
        Ok(Value::Bool(document(&a.values[0])?.get(a.text(1)).is_some()))
    }),
    Builtin::propagates("json_has_any_key", &[Document, Array], Bool, |a| Ok(Value::Bool(keys(a)?.contains(&true)))),
    Builtin::propagates("json_has_all_keys", &[Document, Array], Bool, |a| Ok(Value::Bool(!keys(a)?.contains(&false)))),
];

/// The document, or its part at the path if there is one.
fn part(a: &Args<'_>) -> Result<Option<Json>, EvalError> {
    let doc = document(&a.values[0])?;
    Ok(if a.len() > 1 { path(&doc, &a.text(1)).cloned() } else { Some(doc) })
}

fn kind_of(a: &Args<'_>) -> Eval {
    Ok(part(a)?.map_or(Value::Null, |j| Value::text(kind(&j, a.env.dialect))))
}

fn array_length(a: &Args<'_>) -> Eval {
    let any = a.name == "json_length";
    Ok(match part(a)? {
        None => Value::Null,
        Some(Json::Array(items)) => Value::Int(items.len() as i128),
        Some(Json::Object(o)) if any => Value::Int(o.len() as i128),
        Some(_) if any => Value::Int(1),
        Some(_) if a.is(Dialect::Sqlite) => Value::Int(0),
        Some(_) => return Err(EvalError::Type("the length of a JSON value that is no array".into())),
    })
}

fn extract(a: &Args<'_>, bare: bool) -> Eval {
    Ok(match part(a)? {
        None => Value::Null,
        Some(Json::Number(n)) if a.is(Dialect::Sqlite) => parse_number(&n.to_string()).unwrap_or(Value::Null),
        Some(j) => show(&j, bare),
    })
}

fn unquote(a: &Args<'_>) -> Eval {
    Ok(match parse(&a.values[0]) {
        Some(Json::String(s)) => Value::Text(s),
        _ => a.values[0].clone(),
    })
}

fn matches_schema(a: &Args<'_>) -> Eval {
    match json_schema::keeps(&document(&a.values[0])?, &document(&a.values[1])?) {
        Some(kept) => Ok(Value::Bool(kept)),
        None => Err(EvalError::Type("a JSON Schema with keywords that are not known here".into())),
    }
}

/// Whether the document has each of the keys.
fn keys(a: &Args<'_>) -> Result<Vec<bool>, EvalError> {
    let doc = document(&a.values[0])?;
    let keys = arrays::elements(&a.values[1])?.unwrap_or_default();
    Ok(keys.iter().map(|k| doc.get(cast::text(k, a.env)).is_some()).collect())
}
