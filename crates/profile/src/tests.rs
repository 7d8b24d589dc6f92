use serde_json::Value;

use super::*;

const WHOLE: &str = r#"
dbmocker_profile: 1
source: {dialect: postgresql, server: PostgreSQL 17.2, read: statistics and scan, day: 2026-01-01, masked: true}
tables:
  orders:
    rows: 100000
    width: 83.5
    analyzed: 2025-12-31
    notes: ["`note` has no statistics; ANALYZE orders"]
    columns:
      customer_id: {type: integer, nulls: 0, distinct: {share: 0.31}, tail: {exponent: 1.25, distinct: 32000}}
      status:
        type: text
        nulls: 0
        distinct: 6
        width: 9.5
        length: {mean: 8.1, quantiles: {0: 4, 50: 9, 100: 9}}
        correlation: -0.5
        labels: kept
        why: the list of a CHECK
        common:
          - {share: 0.86, label: delivered}
          - {share: 0.07, label: "1"}
          - 0.01
      total: {quantiles: {0: 0.99, 2.5: 3, 100: "100000000000000000000000000001"}, endings: {".99": 0.9}, first: 1, sequence: 120}
      tags: {elements: {mean: 2.5, count: {0: 0, 100: 7}, common: [0.9, 0.8]}}
      paid_at:
        quantiles: {0: 2021-01-01, 100: 2025-12-31}
        hours: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        weekdays: [0.5, 0.5, 0, 0, 0, 0, 0]
        nulls_by: {column: status, shares: {delivered: 0, pending: 1}}
    references:
      - columns: [customer_id]
        parent: crm.customers
        childless: 0.4
        parents: 31000
        head: [0.02, 0.01]
        tail: 1.25
        positions: {0: 0, 50: 0.7, 100: 1}
        children: [{from: 0, parents: 0.4}, {from: 1, to: 9, parents: 0.6}]
        in_order: {paid_at: 0.99}
    groups:
      - columns: [status, total]
        distinct: 100
        depends: {total => status: 0.7}
        common: [{share: 0.1, labels: [delivered, null]}]
"#;

#[test]
fn both_syntaxes_read_back_what_they_wrote() {
    let profile = Profile::parse(WHOLE, "f").unwrap();
    let status = &profile.tables["orders"].columns["status"];
    assert_eq!(status.common[1], Common { share: 0.07, label: Some("1".into()) });
    assert_eq!(status.common[2], Common { share: 0.01, label: None });
    assert_eq!(status.distinct, Some(Distinct::Count(6.0)));
    let total = profile.tables["orders"].columns["total"].quantiles.clone().unwrap();
    assert_eq!(total.points[1], (2.5, "3".into()));
    assert_eq!(total.points[2].1, "100000000000000000000000000001");
    for json in [false, true] {
        let text = profile.text(json);
        assert_eq!(Profile::parse(&text, "f").unwrap(), profile, "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["p.yaml", "p.json"] {
        let path = folder.path().join(name);
        profile.write(&path).unwrap();
        assert_eq!(Profile::read(&path).unwrap(), profile);
        assert_eq!(std::fs::read_to_string(&path).unwrap().starts_with('{'), name.ends_with("json"));
    }
}

#[test]
fn labels_that_look_like_other_types_stay_texts() {
    let mut profile = Profile::parse(WHOLE, "f").unwrap();
    let status = profile.tables.get_mut("orders").unwrap().columns.get_mut("status").unwrap();
    let odd =
        ["null", "true", "007", "1e5", "0x10", "-", "~", "", " a ", "a: b", "# c", "1.50", "2021-01-01", "ü\n\"", ".5"];
    status.common = odd.map(|label| Common { share: 0.01, label: Some(label.into()) }).to_vec();
    status.endings = ["0", "00", ".99"].map(|ending| (ending.to_owned(), 0.1)).into();
    for json in [false, true] {
        assert_eq!(Profile::parse(&profile.text(json), "f").unwrap(), profile);
    }
}

#[test]
fn mistakes_are_shown_with_their_place() {
    let swap = |from: &str, to: &str| WHOLE.replacen(from, to, 1);
    for (text, message) in [
        (
            swap("dbmocker_profile: 1", "dbmocker_profile: 2"),
            "`f`, line 2, column 19: the profile has version 2, this program reads 1; learn it again",
        ),
        ("tables: {}".into(), "`f`, line 1, column 1: no profile of dbmocker: missing field `dbmocker_profile`"),
        (swap("width: 9.5", "widht: 9.5"), "`f`, line 16, column 9: unknown field `widht`, expected one of"),
        (swap("width: 9.5", "width: wide"), "`f`, line 16, column 16: invalid type: string \"wide\", expected f64"),
        (
            swap("labels: kept", "labels: some"),
            "`f`, line 19, column 17: unknown variant `some`, expected `kept` or `masked`",
        ),
        (
            swap("labels: kept", "labels: masked"),
            "`f`, line 19, column 17: `tables.orders.columns.status.labels`: `masked`",
        ),
        (
            swap("share: 0.07", "share: 0.95"),
            "`f`, line 23, column 13: `tables.orders.columns.status.common.1`: more frequent than the one before",
        ),
        (
            swap("2.5: 3", "2.5: 0.5"),
            "line 25, column 41: `tables.orders.columns.total.quantiles.2.5`: 0.5 is less than 0.99",
        ),
        (swap("100: 9}", "90: 9}"), "the first percent is 0, the last 100"),
        (swap("nulls: 0,", "nulls: 1.5,"), "`tables.orders.columns.customer_id.nulls`: 1.5 is not from 0 to 1"),
        (swap("weekdays: [0.5, ", "weekdays: ["), "6 shares, and there must be 7"),
        (swap("- columns: [customer_id]", "- columns: [customer]"), "the table has no column `customer` here"),
        (swap("to: 9", "to: 0"), "references.0.children.1.to`: below `from`, which is 1"),
        ("a: [".into(), "this is neither YAML nor JSON"),
        (String::new(), "a profile is one document, and there are 0"),
    ] {
        let e = Profile::parse(&text, "f").unwrap_err().to_string();
        assert!(e.contains(message), "{e}\n{message}");
    }
}

/// The schema has every key of a complete profile, and no key that the types do not have.
#[test]
fn the_json_schema_has_every_key() {
    let value = serde_json::to_value(Profile::parse(WHOLE, "f").unwrap()).unwrap();
    same_keys(&value, &json_schema(), "");
}

fn same_keys(value: &Value, schema: &Value, path: &str) {
    match (value, schema["properties"].as_object(), schema.get("additionalProperties").filter(|s| s.is_object())) {
        (Value::Object(map), Some(properties), _) => {
            for (key, below) in map {
                let of = properties.get(key).unwrap_or_else(|| panic!("{path}.{key} is not in the schema"));
                same_keys(below, of, &format!("{path}.{key}"));
            }
            for key in schema["required"].as_array().unwrap() {
                assert!(map.contains_key(key.as_str().unwrap()), "{path}.{key}");
            }
        }
        (Value::Object(map), None, Some(below)) => {
            map.iter().for_each(|(key, value)| same_keys(value, below, &format!("{path}.{key}")));
        }
        (Value::Array(items), ..) => items.iter().for_each(|item| same_keys(item, &schema["items"], path)),
        _ => {}
    }
}

/// The other direction: every key of the schema is read.
#[test]
fn the_types_have_every_key_of_the_json_schema() {
    let whole = serde_json::to_value(Profile::parse(WHOLE, "f").unwrap()).unwrap();
    let table = &json_schema()["properties"]["tables"]["additionalProperties"]["properties"];
    let columns = whole["tables"]["orders"]["columns"].as_object().unwrap();
    for key in table["columns"]["additionalProperties"]["properties"].as_object().unwrap().keys() {
        assert!(columns.values().any(|c| c.get(key).is_some()), "no column of the whole profile has `{key}`");
    }
    for (list, key) in [("references", "references"), ("groups", "groups")] {
        for name in table[list]["items"]["properties"].as_object().unwrap().keys() {
            assert!(whole["tables"]["orders"][key][0].get(name).is_some(), "{list}.{name}");
        }
    }
}
