//! Validates a document against a JSON Schema, with the keywords that CHECKs use.

use serde_json::{Map, Value as Json};

/// Keywords that do not restrict documents.
const SILENT: &[&str] = &[
    "$schema",
    "$id",
    "id",
    "title",
    "description",
    "default",
    "examples",
    "$comment",
    "format",
    "readOnly",
    "writeOnly",
];

/// Whether a JSON Schema accepts a document; `None` for a schema with unsupported keywords.
pub fn keeps(schema: &Json, document: &Json) -> Option<bool> {
    let rules = match schema {
        Json::Bool(all) => return Some(*all),
        Json::Object(rules) => rules,
        _ => return None,
    };
    let mut kept = true;
    for (keyword, rule) in rules {
        kept &= match keyword.as_str() {
            word if SILENT.contains(&word) => true,
            "type" => of_types(rule, document)?,
            "enum" => rule.as_array()?.iter().any(|v| same(v, document)),
            "const" => same(rule, document),
            "properties" | "required" | "additionalProperties" | "minProperties" | "maxProperties" => match document {
                Json::Object(members) => of_object(rules, keyword, rule, members)?,
                _ => true,
            },
            "items" | "minItems" | "maxItems" | "uniqueItems" => match document {
                Json::Array(items) => of_array(keyword, rule, items)?,
                _ => true,
            },
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => match document.as_f64() {
                Some(x) => of_number(keyword, rule.as_f64()?, x),
                None => true,
            },
            "minLength" | "maxLength" | "pattern" => match document {
                Json::String(text) => of_text(keyword, rule, text)?,
                _ => true,
            },
            "allOf" => all(rule, document)?.iter().all(|k| *k),
            "anyOf" => all(rule, document)?.iter().any(|k| *k),
            "oneOf" => all(rule, document)?.iter().filter(|k| **k).count() == 1,
            "not" => !keeps(rule, document)?,
            _ => return None,
        };
    }
    Some(kept)
}

fn all(rules: &Json, document: &Json) -> Option<Vec<bool>> {
    rules.as_array()?.iter().map(|rule| keeps(rule, document)).collect()
}

fn of_types(rule: &Json, document: &Json) -> Option<bool> {
    let is = |name: &str| {
        Some(match name {
            "object" => document.is_object(),
            "array" => document.is_array(),
            "string" => document.is_string(),
            "boolean" => document.is_boolean(),
            "null" => document.is_null(),
            "number" => document.is_number(),
            "integer" => document.as_f64().is_some_and(|x| x.fract() == 0.0),
            _ => return None,
        })
    };
    match rule {
        Json::String(name) => is(name),
        Json::Array(names) => {
            let found = names.iter().map(|n| is(n.as_str()?)).collect::<Option<Vec<bool>>>()?;
            Some(found.into_iter().any(|b| b))
        }
        _ => None,
    }
}

fn same(a: &Json, b: &Json) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(x), Some(y)) if x == y)
}

fn of_object(rules: &Map<String, Json>, keyword: &str, rule: &Json, members: &Map<String, Json>) -> Option<bool> {
    let count = members.len() as u64;
    Some(match keyword {
        "required" => rule.as_array()?.iter().all(|name| name.as_str().is_some_and(|n| members.contains_key(n))),
        "minProperties" => count >= rule.as_u64()?,
        "maxProperties" => count <= rule.as_u64()?,
        "properties" => {
            let rules = rule.as_object()?;
            let kept = members.iter().filter_map(|(name, v)| Some(keeps(rules.get(name)?, v)));
            kept.collect::<Option<Vec<bool>>>()?.into_iter().all(|k| k)
        }
        _ => {
            let named = rules.get("properties").and_then(Json::as_object);
            let other = members.iter().filter(|(name, _)| !named.is_some_and(|n| n.contains_key(*name)));
            other.map(|(_, v)| keeps(rule, v)).collect::<Option<Vec<bool>>>()?.into_iter().all(|k| k)
        }
    })
}

fn of_array(keyword: &str, rule: &Json, items: &[Json]) -> Option<bool> {
    Some(match keyword {
        "minItems" => items.len() as u64 >= rule.as_u64()?,
        "maxItems" => items.len() as u64 <= rule.as_u64()?,
        "uniqueItems" => !rule.as_bool()? || items.iter().enumerate().all(|(i, x)| !items[..i].contains(x)),
        _ => items.iter().map(|item| keeps(rule, item)).collect::<Option<Vec<bool>>>()?.into_iter().all(|k| k),
    })
}

fn of_number(keyword: &str, limit: f64, x: f64) -> bool {
    match keyword {
        "minimum" => x >= limit,
        "maximum" => x <= limit,
        "exclusiveMinimum" => x > limit,
        "exclusiveMaximum" => x < limit,
        _ => (x / limit).fract() == 0.0,
    }
}

fn of_text(keyword: &str, rule: &Json, text: &str) -> Option<bool> {
    let length = text.chars().count() as u64;
    Some(match keyword {
        "minLength" => length >= rule.as_u64()?,
        "maxLength" => length <= rule.as_u64()?,
        _ => regex::Regex::new(rule.as_str()?).ok()?.is_match(text),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_and_schemas() {
        let schema = json!({
            "type": "object",
            "properties": {
                "age": {"type": "integer", "minimum": 0, "maximum": 150},
                "kind": {"enum": ["a", "b"]},
                "tags": {"type": "array", "items": {"type": "string", "minLength": 2}, "minItems": 1}
            },
            "required": ["age"],
            "additionalProperties": false
        });
        for (document, kept) in [
            (json!({"age": 7}), true),
            (json!({"age": 7.0, "kind": "a", "tags": ["xy"]}), true),
            (json!({"kind": "a"}), false),
            (json!({"age": 200}), false),
            (json!({"age": 7, "kind": "c"}), false),
            (json!({"age": 7, "tags": []}), false),
            (json!({"age": 7, "tags": ["x"]}), false),
            (json!({"age": 7, "more": 1}), false),
            (json!([7]), false),
        ] {
            assert_eq!(keeps(&schema, &document), Some(kept), "{document}");
        }
        assert_eq!(keeps(&json!({"anyOf": [{"type": "string"}, {"const": 3}]}), &json!(3)), Some(true));
        assert_eq!(keeps(&json!({"$ref": "#/x"}), &json!(3)), None);
    }
}
