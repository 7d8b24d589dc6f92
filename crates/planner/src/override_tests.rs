//! Overrides, tested on the rows of a plan.

use std::collections::HashMap;

use super::*;
use dbmocker_core::schema::fixtures::{Fixture, table};
use dbmocker_core::schema::{Schema, SqlType};
use dbmocker_core::value::Value;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::*;

const ROWS: u64 = 20_000;

fn try_planned(schema: &Schema, overrides: Overrides) -> Result<(Plan, Generator), PlanError> {
    let options = PlanOptions { rows: ROWS, seed: 42, now: 1_767_225_600_000_000, overrides, ..PlanOptions::default() };
    build(schema, &options, &NoExistingRows)
}

fn override_(column: &str, override_: ColumnOverride) -> Overrides {
    let mut overrides = Overrides::default();
    *overrides.column("t", column, "test") = override_;
    overrides
}

fn mode(column: &str, duplicates: Duplicates) -> Overrides {
    override_(column, ColumnOverride { duplicates: Some(duplicates), ..ColumnOverride::default() })
}

fn allow() -> Duplicates {
    Duplicates::AllowDuplicates { value: None }
}

fn smart(probability: f64, max_values: u32) -> Duplicates {
    Duplicates::SmartDuplicates { probability, max_values }
}

/// Returns how often each value of `t.column` occurs, most frequent first.
fn counts(plan: &Plan, generator: &Generator, column: &str) -> Vec<(String, u64)> {
    let t = plan.tables.iter().position(|t| t.name.name == "t").unwrap();
    let c = plan.tables[t].columns.iter().position(|c| c.name == column).unwrap();
    let mut counts: HashMap<String, u64> = HashMap::new();
    for row in 0..plan.tables[t].rows {
        *counts.entry(generator.cell(t, c, row).unwrap().to_string()).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(v, n)| (std::cmp::Reverse(*n), v.clone()));
    counts
}

fn measured(schema: &Schema, overrides: Overrides, column: &str) -> (Plan, Vec<(String, u64)>) {
    let (plan, generator) = try_planned(schema, overrides).unwrap_or_else(|e| panic!("{e}"));
    let counts = counts(&plan, &generator, column);
    (plan, counts)
}

fn one_table() -> Schema {
    Fixture::new()
        .with(
            table("t")
                .int("id")
                .text("note")
                .int("xvalue")
                .int("least")
                .int("most")
                .text("code")
                .int("a")
                .int("b")
                .primary(&["id"])
                .unique(&["code"])
                .unique(&["a", "b"])
                .check("xvalue BETWEEN 1 AND 100")
                .check("most > least"),
        )
        .schema()
}

#[test]
fn allow_duplicates_gives_one_value_for_all_rows() {
    let (plan, counts) = measured(&one_table(), mode("xvalue", allow()), "xvalue");
    assert_eq!(counts.len(), 1);
    assert!((1..=100).contains(&counts[0].0.parse::<i32>().unwrap()), "{counts:?}");
    assert!(matches!(plan.tables[0].columns[2].rule, Rule::Constant { .. }));
    let given = Duplicates::AllowDuplicates { value: Some(Scalar::Int(7)) };
    let (_, counts) = measured(&one_table(), mode("xvalue", given), "xvalue");
    assert_eq!(counts, [("7".to_string(), ROWS)]);
}

#[test]
fn smart_duplicates_are_few_and_skewed() {
    for (p, first) in [(1.0, 0.40), (0.5, 0.25), (0.0, 0.10)] {
        let (_, counts) = measured(&one_table(), mode("xvalue", smart(p, 10)), "xvalue");
        assert_eq!(counts.len(), 10);
        let share = counts[0].1 as f64 / ROWS as f64;
        assert!((share - first).abs() < 0.03, "p={p}: the most frequent has {share}, not {first}");
    }
}

#[test]
fn coupled_columns_repeat_together() {
    for (duplicates, most) in [(allow(), 1), (smart(0.7, 5), 5)] {
        let mut overrides = mode("least", duplicates.clone());
        overrides.column("t", "most", "").duplicates = Some(duplicates);
        let (plan, generator) = try_planned(&one_table(), overrides).unwrap_or_else(|e| panic!("{e}"));
        assert!(plan.tables[0].fallbacks.is_empty(), "{:?}", plan.tables[0].fallbacks);
        assert!(counts(&plan, &generator, "least").len() <= most);
        assert!(counts(&plan, &generator, "most").len() <= most);
        for row in 0..1000 {
            let cells = generator.cells(0, &[3, 4], row).unwrap();
            let (Value::Int(least), Value::Int(most)) = (&cells[0], &cells[1]) else { panic!("{cells:?}") };
            assert!(most > least);
        }
    }
}

#[test]
fn unique_columns_do_not_repeat_and_the_plan_gives_the_reason() {
    for (column, why) in [
        ("id", "primary key `t_id_key`"),
        ("code", "unique key `t_code_key`"),
        ("a", "composite unique key `t_a_b_key`"),
        ("b", "composite unique key `t_a_b_key`"),
    ] {
        let (plan, counts) = measured(&one_table(), mode(column, allow()), column);
        assert!(counts.len() > 1);
        let [fallback] = plan.tables[0].fallbacks.as_slice() else { panic!("{:?}", plan.tables[0].fallbacks) };
        assert!(fallback.contains(why) && fallback.contains(column), "{fallback}");
        assert!(plan.tables[0].columns.iter().all(|c| c.duplicates.is_none()));
    }
}

#[test]
fn a_global_mode_applies_to_every_column_that_may_repeat() {
    let overrides = Overrides { duplicates: Some(smart(0.5, 4)), ..Overrides::default() };
    let (plan, generator) = try_planned(&one_table(), overrides).unwrap();
    let kept: Vec<&str> =
        plan.tables[0].columns.iter().filter(|c| c.duplicates.is_some()).map(|c| c.name.as_str()).collect();
    assert_eq!(kept, ["note", "xvalue", "least", "most"]);
    assert!(plan.tables[0].fallbacks.is_empty());
    assert!(counts(&plan, &generator, "note").len() <= 4);
}

#[test]
fn foreign_keys_with_duplicates_refer_to_few_parents() {
    let schema = Fixture::new()
        .with(table("parent").int("id").primary(&["id"]))
        .with(
            table("t")
                .int("id")
                .int("parent_id")
                .nullable_int("before_id")
                .primary(&["id"])
                .foreign(&["parent_id"], "parent", &["id"])
                .foreign(&["before_id"], "t", &["id"]),
        )
        .schema();
    let (_, counts) = measured(&schema, mode("parent_id", allow()), "parent_id");
    assert_eq!(counts.len(), 1);
    let (_, counts) = measured(&schema, mode("parent_id", smart(0.9, 6)), "parent_id");
    assert_eq!(counts.len(), 6);
    assert!(counts[0].1 > 5 * counts[5].1, "{counts:?}");
    let given = Duplicates::AllowDuplicates { value: Some(Scalar::Int(77)) };
    let (_, counts) = measured(&schema, mode("parent_id", given), "parent_id");
    assert_eq!(counts, [("77".to_string(), ROWS)]);
    let gone = Duplicates::AllowDuplicates { value: Some(Scalar::Int(-1)) };
    let error = try_planned(&schema, mode("parent_id", gone)).unwrap_err().to_string();
    assert!(error.contains("is no row of `public.parent`"), "{error}");
    let (_, counts) = self_reference(&schema);
    assert!(counts.len() <= 4, "{counts:?}");
}

/// A self reference with duplicates refers to few of the first rows, and to rows before its own.
fn self_reference(schema: &Schema) -> (Plan, Vec<(String, u64)>) {
    let (plan, generator) = try_planned(schema, mode("before_id", smart(0.9, 3))).unwrap();
    let t = plan.tables.iter().position(|t| t.name.name == "t").unwrap();
    for row in 0..100 {
        let cells = generator.cells(t, &[0, 2], row).unwrap();
        if let (Value::Int(id), Value::Int(before)) = (&cells[0], &cells[1]) {
            assert!(before < id, "{cells:?}");
        }
    }
    let counts = counts(&plan, &generator, "before_id");
    (plan, counts)
}

#[test]
fn overrides_shape_the_values() {
    let text = |s: &str| Scalar::Text(s.into());
    let numbers = ColumnOverride {
        min_value: Some(Scalar::Int(20)),
        max_value: Some(Scalar::Int(29)),
        ..ColumnOverride::default()
    };
    let (_, counts) = measured(&one_table(), override_("xvalue", numbers), "xvalue");
    assert_eq!(counts.len(), 10);
    let weighted = ColumnOverride {
        weighted_values: vec![(text("big"), 9.0), (text("small"), 1.0), (text("never"), 0.0)],
        ..ColumnOverride::default()
    };
    let (_, counts) = measured(&one_table(), override_("note", weighted), "note");
    assert_eq!((counts.len(), counts[0].0.as_str()), (2, "big"));
    assert!((0.88..0.92).contains(&(counts[0].1 as f64 / ROWS as f64)));
    for (apply_override, shape) in [
        (ColumnOverride { pattern: Some("^[A-C]{2}-[0-9]$".into()), ..ColumnOverride::default() }, "[A-C]{2}-[0-9]"),
        (ColumnOverride { format_string: Some("N-{:03d}".into()), ..ColumnOverride::default() }, "N-[0-9]{3}"),
        (
            ColumnOverride {
                generator: Some("digits".into()),
                format_string: Some("<{}>".into()),
                max_length: Some(6),
                ..ColumnOverride::default()
            },
            "<[0-9]{1,4}>",
        ),
        (
            ColumnOverride {
                generator: Some("email".into()),
                min_length: Some(10),
                max_length: Some(40),
                ..ColumnOverride::default()
            },
            "(?s).{10,40}",
        ),
    ] {
        let (_, counts) = measured(&one_table(), override_("note", apply_override.clone()), "note");
        let shape = regex::Regex::new(&format!("^(?:{shape})$")).unwrap();
        let other = counts.iter().find(|(v, _)| !shape.is_match(v));
        assert_eq!(other, None, "{apply_override:?}");
    }
}

#[test]
fn overrides_that_contradict_the_schema_are_errors() {
    let int = |i| Some(Scalar::Int(i));
    for (column, apply_override, parts) in [
        (
            "xvalue",
            ColumnOverride { min_value: int(200), ..ColumnOverride::default() },
            &["min_value: 200", "column `xvalue`", "check_1"][..],
        ),
        (
            "xvalue",
            ColumnOverride { max_value: int(1 << 40), ..ColumnOverride::default() },
            &["max_value: 1099511627776", "`xvalue`", "integer"],
        ),
        (
            "xvalue",
            ColumnOverride { null_probability: Some(0.5), ..ColumnOverride::default() },
            &["null_probability: 0.5", "`xvalue`", "NOT NULL"],
        ),
        (
            "xvalue",
            ColumnOverride { generator: Some("email".into()), ..ColumnOverride::default() },
            &["generator_function: email", "`xvalue`", "integer"],
        ),
        ("note", ColumnOverride { generator: Some("emial".into()), ..ColumnOverride::default() }, &["`email`"]),
        (
            "note",
            ColumnOverride { min_length: Some(101), ..ColumnOverride::default() },
            &["min_length: 101", "character varying(100)"],
        ),
        ("note", ColumnOverride { pattern: Some("(".into()), ..ColumnOverride::default() }, &["pattern: ("]),
        (
            "note",
            ColumnOverride { format_string: Some("{x}".into()), ..ColumnOverride::default() },
            &["`format_string: {x}`", "write {} for the value, {:05d} for digits, {{ for a brace"],
        ),
        (
            "xvalue",
            ColumnOverride {
                duplicates: Some(Duplicates::AllowDuplicates { value: int(500) }),
                ..ColumnOverride::default()
            },
            &["duplicate_value: 500", "`xvalue`", "check_1"],
        ),
    ] {
        let error = try_planned(&one_table(), override_(column, apply_override)).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
}

#[test]
fn unknown_names_suggest_the_nearest() {
    let error = try_planned(&one_table(), mode("xvalu", allow())).unwrap_err().to_string();
    assert_eq!(error, "no column `xvalu` in table `public.t`; did you mean `xvalue`?");
}

#[test]
fn tables_have_row_counts_of_their_own() {
    let schema = Fixture::new()
        .with(table("first").int("id").primary(&["id"]))
        .with(table("second").int("id").primary(&["id"]))
        .schema();
    let mut overrides = Overrides::default();
    overrides
        .tables
        .insert("first".into(), TableOverride { rows: Some(RequestedRows::Number(7)), ..TableOverride::default() });
    overrides
        .tables
        .insert("second".into(), TableOverride { rows: Some(RequestedRows::Number(0)), ..TableOverride::default() });
    let (plan, _) = try_planned(&schema, overrides).unwrap();
    assert_eq!((plan.tables.len(), plan.tables[0].rows), (1, 7));
    assert_eq!(plan.left_out[0].reason, "0 rows requested");
}

#[test]
fn a_parent_that_is_not_filled_by_its_own_settings_is_said() {
    let parents = table("parents").int("id").primary(&["id"]);
    let child = table("t").int("id").int("parent_id").primary(&["id"]).foreign(&["parent_id"], "parents", &["id"]);
    let schema = Fixture::new().with(parents).with(child).schema();
    let mut overrides = Overrides::default();
    let none =
        TableOverride { rows: Some(RequestedRows::Number(0)), origin: "here".into(), ..TableOverride::default() };
    overrides.tables.insert("parents".into(), none);
    let why = try_planned(&schema, overrides).map(|_| ()).unwrap_err().to_string();
    assert!(why.contains("0 rows requested (here)") && !why.contains("--tables"), "{why}");
}

#[test]
fn listed_values_get_the_spelling_of_a_check_under_a_collation_that_ignores_case() {
    let t = table("t").int("id").varchar("state", 20).primary(&["id"]).check("state IN ('Open', 'Closed')");
    let mut schema = Fixture::new().with(t).schema();
    let listed = |values: &[&str]| {
        let possible_values = values.iter().map(|v| Scalar::Text((*v).into())).collect();
        override_("state", ColumnOverride { possible_values, ..ColumnOverride::default() })
    };
    assert!(try_planned(&schema, listed(&["open"])).is_err());
    schema.tables[0].columns[1].collation.case_insensitive = true;
    let (_, counts) = measured(&schema, listed(&["open", "CLOSED"]), "state");
    let mut found: Vec<&str> = counts.iter().map(|(value, _)| value.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["Closed", "Open"]);
    assert!(try_planned(&schema, listed(&["opened"])).is_err());
}

#[test]
fn floats_leave_room_for_the_range_of_a_compared_column() {
    let float = || SqlType::Float { bytes: 8, unsigned: false };
    let t = table("t").int("id").column("low", float(), "", false).column("high", float(), "", false);
    let schema = Fixture::new().with(t.primary(&["id"]).check("low < high")).schema();
    let range = (Some(Scalar::Int(5_000_000)), Some(Scalar::Int(9_000_000)));
    let asked = ColumnOverride { min_value: range.0, max_value: range.1, ..ColumnOverride::default() };
    let (_, counts) = measured(&schema, override_("low", asked), "low");
    let number = |(value, _): &(String, u64)| value.parse::<f64>().unwrap();
    let most = counts.iter().map(number).fold(0.0, f64::max);
    assert!(most > 8_000_000.0, "{most}");
}

#[test]
fn an_exponential_distribution_does_not_begin_above_its_end() {
    let distribution = DistributionOverride {
        law: "exponential".into(),
        parameters: [("mean".to_owned(), Scalar::Int(5))].into(),
        text: "{exponential: {mean: 5}}".into(),
        buckets: Vec::new(),
        quantiles: Vec::new(),
    };
    let asked = ColumnOverride {
        distribution: Some(distribution),
        max_value: Some(Scalar::Int(-1)),
        ..ColumnOverride::default()
    };
    let why = try_planned(&one_table(), override_("least", asked)).map(|_| ()).unwrap_err().to_string();
    assert!(why.contains("begins at 0, above `max_value: -1`"), "{why}");
}

#[test]
fn a_rule_may_leave_a_share_of_its_rows_null() {
    let t = table("t").int("id").varchar("note", 20).primary(&["id"]);
    let mut schema = Fixture::new().with(t).schema();
    let values = vec![(Scalar::Text("card".into()), 70.0), (Scalar::Null, 30.0)];
    let rule = RuleOverride { when: None, then: RuleValue::Values(values), origin: "here".into() };
    let asked = || override_("note", ColumnOverride { rules: vec![rule.clone()], ..ColumnOverride::default() });
    assert!(try_planned(&schema, asked()).is_err(), "NOT NULL");
    schema.tables[0].columns[1].nullable = true;
    let (plan, counts) = measured(&schema, asked(), "note");
    let [(card, n), (null, _)] = &counts[..] else { panic!("{counts:?}") };
    assert_eq!((card.as_str(), null.as_str()), ("card", "NULL"));
    assert!((*n as f64 / ROWS as f64 - 0.7).abs() < 0.02, "{counts:?}");
    let read = Plan::from_json(&plan.to_json()).unwrap();
    assert_eq!(Generator::new(&read).cell(0, 1, 7).unwrap(), Generator::new(&plan).cell(0, 1, 7).unwrap());
}
