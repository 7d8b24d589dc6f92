//! JSON documents and arrays of the shape that a config file describes.

use serde_json::Value as Json;

use crate::program::dbmocker;
use crate::servers::{Database, KINDS, Kind, database};

/// Loads 200 rows by the rules of table `t`; what the program says is returned.
fn load(db: &Database, rules: &str) -> crate::program::Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, format!("tables:\n  t:\n    count: 200\n    column_configs:\n{rules}")).unwrap();
    dbmocker(["load", "--url", &db.url, "--config", file.to_str().unwrap()])
}

fn documents(db: &Database, column: &str) -> Vec<Json> {
    let rows = db.rows(&format!("SELECT {column} FROM t"));
    let read = |row: &Vec<Option<String>>| serde_json::from_str(row[0].as_ref().unwrap()).unwrap();
    rows.iter().map(read).collect()
}

const SETTINGS: &str = "      doc:
        json:
          theme: {possible_values: [dark, light]}
          limit: {possible_values: [1, 2.5, true, null]}
          since: {min_value: 2020-01-01, max_value: 2020-12-31}
          ratio: {min_value: 0.0, max_value: 1.0, missing: 0.3}
          tags: {items: {pattern: '[a-c]'}, item_count: 3, unique_items: true}
          fixed: [1, {a: b}]
          rate: {possible_values: [1.0, 2.50]}
          step: {weighted_values: {1.50: 1}}
";

#[test]
fn documents_have_the_members_that_were_asked_for() {
    for kind in KINDS {
        let ddl = match kind {
            Kind::Postgres => {
                "CREATE TABLE t (id int PRIMARY KEY, doc jsonb NOT NULL CHECK (jsonb_typeof(doc->'theme') = 'string'))"
            }
            Kind::MariaDb => "CREATE TABLE t (id int PRIMARY KEY, doc json NOT NULL)",
            Kind::Sqlite => "CREATE TABLE t (id integer PRIMARY KEY, doc text NOT NULL CHECK (json_valid(doc)))",
        };
        let db = database(kind, ddl);
        load(&db, SETTINGS).ok();
        let made = documents(&db, "doc");
        assert_eq!(made.len(), 200);
        let mut with_ratio = 0;
        for doc in &made {
            let text = doc.to_string();
            assert!(["dark", "light"].contains(&doc["theme"].as_str().unwrap()), "{text}");
            let limits = [Json::from(1), Json::from(2.5), Json::Bool(true), Json::Null];
            assert!(limits.contains(&doc["limit"]), "{text}");
            assert!(doc["since"].as_str().is_some_and(|s| s.starts_with("2020-") && s.len() == 10), "{text}");
            assert!(doc["rate"].is_number() && doc["step"].as_f64() == Some(1.5), "{text}");
            assert_eq!(doc["fixed"].to_string(), r#"[1,{"a":"b"}]"#);
            let mut tags: Vec<&str> = doc["tags"].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
            tags.sort_unstable();
            assert_eq!(tags, ["a", "b", "c"], "{text}");
            if let Some(ratio) = doc.get("ratio") {
                with_ratio += 1;
                assert!((0.0..=1.0).contains(&ratio.as_f64().unwrap()), "{text}");
            }
        }
        assert!((110..170).contains(&with_ratio), "{with_ratio} of 200 with an optional member");
    }
}

#[test]
fn arrays_have_the_items_that_were_asked_for() {
    let db =
        database(Kind::Postgres, "CREATE TABLE t (id int PRIMARY KEY, labels text[] NOT NULL, sizes int[] NOT NULL)");
    let rules = "      labels: {items: {possible_values: [red, green, blue]}, item_count: 2..3, unique_items: true}
      sizes: {items: {min_value: 36, max_value: 48}, item_count: 4}
";
    load(&db, rules).ok();
    let wrong = "SELECT count(*) FROM t WHERE cardinality(labels) NOT BETWEEN 2 AND 3 OR cardinality(sizes) <> 4
      OR NOT labels <@ '{red,green,blue}' OR 36 > ANY (sizes) OR 48 < ANY (sizes)
      OR cardinality(labels) <> (SELECT count(DISTINCT l) FROM unnest(labels) l)";
    assert_eq!(db.number(wrong), 0);
    assert_eq!(db.number("SELECT count(DISTINCT cardinality(labels)) FROM t"), 2);
}

#[test]
fn documents_that_cannot_be_made_are_refused_before_anything_is_written() {
    let db = database(
        Kind::Sqlite,
        "CREATE TABLE t (id integer PRIMARY KEY, doc text NOT NULL, short varchar(10), n integer)",
    );
    for (rules, said) in [
        ("short: {json_example: {name: somebody, town: somewhere}}", "characters, and it holds 10"),
        ("n: {json: {a: 1}}", "it describes JSON documents or the items of an array"),
        (
            "doc: {items: {possible_values: [1, 2]}, item_count: 3, unique_items: true}",
            "3 different items were asked for, and there are 2",
        ),
        ("doc: {json: {a: 1}, json_example: {b: 1}}", "exclude each other"),
        ("doc: {json: {a: {min: 1}}}", "unknown key `min` in member `a`"),
        ("doc: {json_schema: {type: object, dependentRequired: {a: [b]}}}", "a keyword that is not supported"),
        ("doc: {json_schema: {$ref: '#'}}", "a `$ref` beyond the file or to itself"),
        ("doc: {json: {a: {generator_function: emial}}}", "did you mean `email`"),
        ("doc: {items: {possible_values: [1]}, item_count: 4000000000}", "it holds 1048576"),
        (
            "doc: {items: {items: {items: {}, item_count: 2000}, item_count: 2000}, item_count: 2000}",
            "it holds 1048576",
        ),
        ("doc: {json: {a: {json_schema: {type: integer, multipleOf: 7}}}}", "JSON Schema"),
        (
            "doc: {json_schema: {$defs: {i: {type: integer, maximum: 5}}, allOf: [{$ref: '#/$defs/i', minimum: 500}]}}",
            "JSON Schema",
        ),
        ("doc: {json: {a: {json: {b: 1}, possible_values: [3]}}}", "sets the values twice"),
        ("doc: {json: {a: {items: {}, min_value: 3}}}", "sets the values twice"),
        ("doc: {items: {missing: 0.5}}", "`missing` is for members"),
        ("doc: {json: {a: {pattern: '[', missing: 0.5}}}", "doc.a"),
    ] {
        let ran = load(&db, &format!("      {rules}\n"));
        assert!(ran.code != 0 && ran.stderr.contains(said), "{rules}: {}", ran.stderr);
        assert_eq!(db.number("SELECT count(*) FROM t"), 0);
    }
}

#[test]
fn schemas_that_grow_without_end_are_refused() {
    let db = database(Kind::Sqlite, "CREATE TABLE t (id integer PRIMARY KEY, doc text NOT NULL)");
    // Each definition refers to the next one four times.
    let next = |i: usize| format!("{{$ref: '#/$defs/d{}'}}", i + 1);
    let definition =
        |i: usize| format!("d{i}: {{type: object, properties: {{a: {0}, b: {0}, c: {0}, d: {0}}}}}", next(i));
    let all: Vec<String> = (0..16).map(definition).collect();
    let schema = format!("{{$ref: '#/$defs/d0', $defs: {{{}, d16: {{type: integer}}}}}}", all.join(", "));
    let ran = load(&db, &format!("      doc: {{json_schema: {schema}}}\n"));
    assert!(ran.code != 0 && ran.stderr.contains("JSON Schema"), "{}", ran.stderr);
}
