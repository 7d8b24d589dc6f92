//! Inconsistent plans read from a file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// Returns tables with every kind of parent selection: composite keys, cycles, self references, CHECKs, combinations.
fn schema() -> Schema {
    let tenant = |name| table(name).int("org").int("id").primary(&["org", "id"]);
    Fixture::new()
        .with(table("orgs").int("id").text("name").primary(&["id"]).unique(&["name"]))
        .with(tenant("teams").nullable_int("lead").foreign(&["org"], "orgs", &["id"]).foreign(
            &["org", "lead"],
            "users",
            &["org", "id"],
        ))
        .with(
            tenant("users")
                .int("team")
                .nullable_int("boss")
                .foreign(&["org", "team"], "teams", &["org", "id"])
                .foreign(&["org", "boss"], "users", &["org", "id"])
                .check("boss <> id"),
        )
        .with(
            table("members")
                .int("org")
                .int("team")
                .int("boss")
                .int("no")
                .int("low")
                .int("high")
                .primary(&["org", "team", "no"])
                .foreign(&["org", "team"], "teams", &["org", "id"])
                .foreign(&["org", "boss"], "users", &["org", "id"])
                .check("low < high"),
        )
        .with(table("next").int("id").int("next").primary(&["id"]).unique(&["next"]).foreign(
            &["next"],
            "next",
            &["id"],
        ))
        .with(table("pairs").int("a").int("b").primary(&["a", "b"]).foreign(&["a"], "orgs", &["id"]).foreign(
            &["b"],
            "next",
            &["id"],
        ))
        .schema()
}

/// Iterates over copies of a plan with one number replaced by `by`: a description of the change, and the JSON text.
fn mutants(
    json: &serde_json::Value,
    by: &dyn Fn(&serde_json::Value) -> serde_json::Value,
) -> impl Iterator<Item = (String, String)> {
    fn numbers(json: &serde_json::Value, path: &mut Vec<String>, out: &mut Vec<String>) {
        let mut deeper = |key: String, v: &serde_json::Value| {
            path.push(key.replace('~', "~0").replace('/', "~1"));
            numbers(v, path, out);
            path.pop();
        };
        match json {
            serde_json::Value::Number(_) => out.push(path.iter().map(|p| format!("/{p}")).collect()),
            // The first elements stand for the whole list.
            serde_json::Value::Array(all) => all.iter().take(3).enumerate().for_each(|(i, v)| deeper(i.to_string(), v)),
            serde_json::Value::Object(all) => all.iter().for_each(|(k, v)| deeper(k.clone(), v)),
            _ => {}
        }
    }
    let mut places = Vec::new();
    json["tables"].as_array().unwrap().iter().enumerate().for_each(|(t, table)| {
        numbers(table, &mut vec!["tables".into(), t.to_string()], &mut places);
    });
    places.into_iter().map(move |place| {
        let mut json = json.clone();
        let number = json.pointer_mut(&place).unwrap();
        *number = by(number);
        (format!("{place} = {number}"), json.to_string())
    })
}

#[test]
fn a_damaged_number_is_an_error_or_generates_rows() {
    let (plan, _) = planned(&schema(), 12);
    let json: serde_json::Value = serde_json::from_str(&plan.to_json()).unwrap();
    let large = |_: &serde_json::Value| serde_json::Value::from(9_000_000_000_000_000_000u64);
    let zero = |_: &serde_json::Value| serde_json::Value::from(0);
    let more = |v: &serde_json::Value| serde_json::Value::from(v.as_u64().unwrap_or(0) + 7);
    let negative = |_: &serde_json::Value| serde_json::Value::from(-3);
    let by: [&dyn Fn(&serde_json::Value) -> serde_json::Value; 4] = [&large, &zero, &more, &negative];
    let (mut refused, mut broken) = (0, Vec::new());
    for (what, text) in by.iter().flat_map(|by| mutants(&json, by)) {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let Ok(plan) = Plan::from_json(&text) else { return false };
            let generator = Generator::new(&plan);
            for (t, table) in plan.tables.iter().enumerate() {
                let rows = table.rows.min(15);
                let _ = generator.batch(t, 0..rows);
                if let Some(last) = table.rows.checked_sub(1) {
                    (0..table.columns.len()).for_each(|c| _ = generator.cell(t, c, last));
                }
            }
            true
        }));
        match read {
            Ok(read) => refused += usize::from(!read),
            Err(_) => broken.push(what),
        }
    }
    assert!(broken.is_empty(), "these plans were read, and broke: {broken:#?}");
    assert!(refused > 300, "{refused}");
}

#[test]
fn a_value_that_depends_on_itself_is_an_error() {
    let (mut plan, _) = planned(&schema(), 12);
    assert_eq!(plan.validate(), Ok(()));
    let teams = plan.tables.iter().position(|t| t.name.name == "teams").unwrap();
    let table = &mut plan.tables[teams];
    let lead = table.foreign.iter().position(|f| f.name == "teams_org_lead").unwrap();
    table.columns[0].rule = Rule::Foreign { foreign: lead, position: 0 };
    let why = plan.validate().unwrap_err();
    assert!(why.to_string().contains("leads to itself"), "{why}");
}

#[test]
fn deeply_nested_brackets_are_rejected_before_parsing() {
    let (plan, _) = planned(&schema(), 12);
    let text = plan.to_json();
    assert!(Plan::from_json(&text).is_ok());
    let deep = text.replacen("\"cycles\":[", &format!("\"cycles\":{}", "[".repeat(100_000)), 1);
    assert!(Plan::from_json(&deep).unwrap_err().to_string().contains("nested"));
}

#[test]
fn a_key_copied_through_hundreds_of_tables_is_an_error() {
    let name = |i: usize| format!("t{i:04}");
    let mut fixture = Fixture::new().with(table(&name(0)).int("id").primary(&["id"]));
    for i in 1..400 {
        let parent = name(i - 1);
        fixture = fixture.with(table(&name(i)).int("id").primary(&["id"]).foreign(&["id"], &parent, &["id"]));
    }
    let options = PlanOptions { rows: 5, seed: 42, now: NOW, ..PlanOptions::default() };
    let error = build(&fixture.schema(), &options, &NoExistingRows).unwrap_err().to_string();
    assert!(error.contains("copied through more than 250 tables"), "{error}");
}
