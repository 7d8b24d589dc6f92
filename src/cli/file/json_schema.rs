//! The config file as a JSON Schema, which editors use for completion and checks.

use serde_json::{Map, Value, json};

use super::keys::{
    BUCKET, COUNT, ConfigKey, DISTRIBUTION, FILE, GROUP, KeyKind, MEMBER, MODES, REFERENCE, RULE, VALUE_FILE,
};
use dbmocker_planner::COUNT_SHAPES;
use dbmocker_semantics::generators;

/// The whole schema.
pub fn json_schema() -> Value {
    let mut schema = section(FILE);
    let head = schema.as_object_mut().expect("a section is an object");
    head.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    head.insert("title".into(), json!("dbmocker config file"));
    head.insert("$defs".into(), json!({"member": section(MEMBER)}));
    schema
}

fn section(keys: &[ConfigKey]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|k| (k.name.to_owned(), of(k))).collect();
    json!({"type": ["object", "null"], "properties": properties, "additionalProperties": false})
}

fn of(key: &ConfigKey) -> Value {
    let scalar = || json!(["string", "number", "boolean", "null"]);
    let mut schema = match key.kind {
        KeyKind::Count => json!({"type": ["integer", "string", "null"], "minimum": 0}),
        KeyKind::Flag => json!({"type": ["boolean", "null"]}),
        KeyKind::Share => json!({"type": ["number", "string", "null"], "minimum": 0, "maximum": 1}),
        KeyKind::Scalar => json!({"type": scalar()}),
        KeyKind::Scalars => json!({"type": ["array", "null"], "minItems": 1, "items": {"type": scalar()}}),
        KeyKind::Weights => {
            let weight = json!({"type": "number", "minimum": 0});
            let entry = json!({
                "type": "object",
                "properties": {"value": {"type": scalar()}, "weight": weight},
                "required": ["value", "weight"],
                "additionalProperties": false
            });
            json!({"anyOf": [
                {"type": "object", "additionalProperties": weight},
                {"type": "array", "items": entry},
                {"type": "null"}
            ]})
        }
        KeyKind::Rows => {
            let row = json!({"type": "object", "minProperties": 1, "additionalProperties": {"type": scalar()}});
            json!({"type": ["array", "null"], "minItems": 1, "items": row})
        }
        KeyKind::Groups => {
            let mut group = section(GROUP);
            group["type"] = json!("object");
            json!({"type": ["array", "null"], "minItems": 1, "items": group})
        }
        KeyKind::Rules => {
            let mut rule = section(RULE);
            rule["type"] = json!("object");
            let weighted = rule["properties"]["values"].take();
            let list = json!({"type": "array", "minItems": 1, "items": {"type": scalar()}});
            rule["properties"]["values"] = json!({"anyOf": [list, weighted]});
            json!({"type": ["array", "null"], "minItems": 1, "items": rule})
        }
        KeyKind::ValueFile => {
            let mut file = section(VALUE_FILE);
            file["required"] = json!(["file"]);
            file["type"] = json!("object");
            json!({"anyOf": [{"type": ["string", "null"]}, file]})
        }
        KeyKind::RowCount => {
            let mut of = section(COUNT);
            of["required"] = json!(["per"]);
            of["type"] = json!("object");
            json!({"anyOf": [{"type": ["integer", "string", "null"], "minimum": 0}, of]})
        }
        KeyKind::References => {
            let mut of = section(REFERENCE);
            of["required"] = json!(["from", "to"]);
            of["type"] = json!("object");
            json!({"type": ["array", "null"], "items": of})
        }
        KeyKind::Targets => json!({"anyOf": [
            {"type": "string"},
            {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
        ]}),
        KeyKind::Template => {
            let value = json!({"type": ["string", "number", "boolean", "null", "array"]});
            json!({"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#/$defs/member"}, value]}})
        }
        KeyKind::Item => json!({"$ref": "#/$defs/member"}),
        KeyKind::Example => json!({}),
        KeyKind::JsonSchema => json!({"type": ["string", "object", "boolean"]}),
        KeyKind::Number => json!({"type": ["number", "null"]}),
        KeyKind::CountShape => json!({"enum": COUNT_SHAPES.map(|(name, _)| name)}),
        KeyKind::Text => json!({"type": ["string", "number", "null"]}),
        KeyKind::Generator => json!({"enum": generators().iter().map(|g| g.name).collect::<Vec<_>>()}),
        KeyKind::Mode => json!({"enum": MODES}),
        KeyKind::Distribution => {
            let laws = section(DISTRIBUTION);
            json!({"anyOf": [{"enum": ["uniform", "zipf"]}, laws]})
        }
        KeyKind::Buckets => json!({"type": "array", "minItems": 1, "items": section(BUCKET)}),
        KeyKind::Settings => json!({"type": ["object", "null"], "additionalProperties": {"type": scalar()}}),
        KeyKind::Section(keys) => section(keys),
        KeyKind::Named(keys) => json!({"type": ["object", "null"], "additionalProperties": section(keys)}),
    };
    schema.as_object_mut().expect("every kind is an object").insert("description".into(), json!(key.doc));
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_it() {
        let schema = json_schema();
        let column = &schema["properties"]["tables"]["additionalProperties"]["properties"]["column_configs"];
        for key in super::super::keys::COLUMN {
            let property = &column["additionalProperties"]["properties"][key.name];
            assert_eq!(property["description"], key.doc, "{}", key.name);
        }
        assert_eq!(schema["properties"]["generation"]["additionalProperties"], false);
    }
}
