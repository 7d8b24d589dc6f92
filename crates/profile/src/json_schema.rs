//! The JSON Schema of profiles, which editors use for completion and checks.

use serde_json::{Map, Value, json};

use crate::VERSION;

/// The whole schema.
pub fn json_schema() -> Value {
    let mut schema = object(
        "The shape of a database",
        &["dbmocker_profile", "source", "tables"],
        json!({
            "dbmocker_profile": {"const": VERSION, "description": "The version of this format"},
            "source": source(),
            "tables": {"type": "object", "additionalProperties": table(),
                       "description": "By name: bare in the default schema, else schema.table"},
        }),
    );
    let head = schema.as_object_mut().expect("a section is an object");
    head.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    head.insert("title".into(), json!("dbmocker profile"));
    schema
}

fn object(doc: &str, required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "description": doc, "properties": properties, "required": required,
           "additionalProperties": false})
}

fn source() -> Value {
    object(
        "Where the figures come from",
        &["dialect"],
        json!({
            "dialect": {"enum": ["postgresql", "mysql", "sqlite"]},
            "server": text("Product and version"),
            "read": text("What was read: statistics, or statistics and scan"),
            "day": text("The day on which it was read"),
            "masked": {"type": "boolean", "description": "Every label was masked"},
        }),
    )
}

fn table() -> Value {
    object(
        "A table",
        &["rows"],
        json!({
            "rows": {"type": "integer", "minimum": 0},
            "width": number("Mean bytes of a row"),
            "analyzed": text("When the statistics were made, to the day"),
            "notes": {"type": "array", "items": {"type": "string"},
                      "description": "What is missing, and the command that makes it"},
            "columns": {"type": "object", "additionalProperties": column()},
            "references": {"type": "array", "items": reference()},
            "groups": {"type": "array", "items": group()},
        }),
    )
}

fn column() -> Value {
    object(
        "A column; whatever is not known is left out",
        &[],
        json!({
            "type": text("The server's name of the type, for the reader"),
            "nulls": share("Share of NULLs"),
            "distinct": distinct(),
            "width": number("Mean bytes, as the server counts them"),
            "length": object("How long texts are, in characters", &[], json!({
                "mean": number("On average"),
                "quantiles": quantiles("Lengths"),
            })),
            "correlation": {"type": "number", "minimum": -1, "maximum": 1,
                            "description": "Correlation of the physical order with the values' order"},
            "labels": {"enum": ["kept", "masked"], "description": "Whether the values of common are in the file"},
            "why": text("The reason for labels"),
            "common": common("The common values, most frequent first; shares of all rows"),
            "tail": object("How frequent the values below common are: the r-th as r ^ -exponent", &["exponent", "distinct"],
                           json!({"exponent": number("0: equally frequent"),
                                  "distinct": number("Different values, common ones included")})),
            "quantiles": quantiles("Of the rows that are not NULL"),
            "endings": shares("Shares of the last digits of numbers, e.g. .99"),
            "elements": object("The elements of arrays", &[], json!({
                "mean": number("Different elements in a value, on average"),
                "count": quantiles("Of that number"),
                "common": common("Shares of the values that hold an element"),
            })),
            "first": number("The least number of a key"),
            "sequence": number("Where the column's sequence stands, or the largest number of a key"),
            "hours": list(share("Share of the moments in this hour of the day, UTC")),
            "weekdays": list(share("Share of the moments on this day of the week, from Monday")),
            "nulls_by": object("Share of NULLs for each value of another column", &["column", "shares"], json!({
                "column": text("The other column"),
                "shares": shares("By label"),
            })),
        }),
    )
}

fn reference() -> Value {
    object(
        "How the rows are distributed over those of a table that they refer to",
        &["columns", "parent"],
        json!({
            "columns": list(text("A column of the foreign key")),
            "parent": text("The table referred to"),
            "childless": share("Share of the parents without children"),
            "parents": number("Parents with children"),
            "head": list(share("Share of the rows that have a parent, largest parent first")),
            "tail": number("Exponent of the power law below the head"),
            "positions": quantiles("Where among the parents, in the order of their key, those of the rows are: 0 first, 1 last"),
            "children": list(object("So many parents have so many children", &["from", "parents"], json!({
                "from": {"type": "integer", "minimum": 0},
                "to": {"type": "integer", "minimum": 0},
                "parents": share("Share of the parents"),
            }))),
            "in_order": shares("By moment column: share of the children that are not before the one with the next smaller key"),
        }),
    )
}

fn group() -> Value {
    object(
        "Columns that are correlated, by the server's extended statistics",
        &["columns"],
        json!({
            "columns": list(text("A column")),
            "distinct": distinct(),
            "depends": shares("a, b => c: share of rows in which the first determine the last"),
            "common": list(object("A combination", &["share", "labels"], json!({
                "share": share("Share of the rows"),
                "labels": list(json!({"type": ["string", "number", "boolean", "null"]})),
            }))),
        }),
    )
}

fn text(doc: &str) -> Value {
    json!({"type": "string", "description": doc})
}

fn number(doc: &str) -> Value {
    json!({"type": "number", "minimum": 0, "description": doc})
}

fn share(doc: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": doc})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn shares(doc: &str) -> Value {
    json!({"type": "object", "additionalProperties": share(""), "description": doc})
}

fn quantiles(doc: &str) -> Value {
    let value = json!({"type": ["number", "string", "boolean"]});
    json!({"type": "object", "patternProperties": {"^[0-9.]+$": value}, "additionalProperties": false,
           "description": format!("Percent to value, from 0 to 100. {doc}")})
}

fn distinct() -> Value {
    let share = object("", &["share"], json!({"share": share("Of the rows that are not NULL: it grows with them")}));
    json!({"anyOf": [number("Whatever the number of rows"), share], "description": "Different values, without NULL"})
}

fn common(doc: &str) -> Value {
    let label = json!({"type": ["string", "number", "boolean"]});
    let labelled = object("", &["share"], json!({"share": share(""), "label": label}));
    let mut schema = Map::new();
    schema.insert("type".into(), json!("array"));
    schema.insert("items".into(), json!({"anyOf": [share(""), labelled]}));
    schema.insert("description".into(), json!(doc));
    Value::Object(schema)
}
