//! Figures of a scan: hours, weekdays, NULLs by status, numbers of children; and figures that are not known.

use super::{Made, counts, near, of_profile};
use dbmocker_core::schema::fixtures::{Fixture, table};
use dbmocker_core::schema::{Schema, SqlType};
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;

/// Correlations are not known, as on MySQL.
const PROFILE: &str = r"
dbmocker_profile: 1
source: {dialect: mysql}
tables:
  owners: {rows: 2000}
  t:
    rows: 20000
    columns:
      state:
        nulls: 0
        distinct: 2
        labels: kept
        common: [{share: 0.75, label: open}, {share: 0.25, label: shut}]
      note: {nulls: 0.25, distinct: 3, labels: kept, common: [{share: 0.5, label: x}, {share: 0.25, label: y}], nulls_by: {column: state, shares: {open: 0, shut: 1}}}
      created_at:
        nulls: 0
        distinct: 20000
        quantiles: {0: 2020-01-01, 50: 2024-01-01, 100: 2025-01-01}
        hours: [0, 0, 0, 0, 0, 0, 0, 0.05, 0.9, 0.05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        weekdays: [0.2, 0.2, 0.2, 0.2, 0.2, 0, 0]
      seen: {nulls: 0, distinct: 20000, correlation: 0, quantiles: {0: 2020-01-01, 100: 2025-01-01}, weekdays: [0, 0, 0, 0, 0, 0.5, 0.5]}
      tags: {nulls: 0, elements: {count: {0: 1, 50: 2, 100: 4}, common: [0.9, 0.5, 0.1]}}
      owner_id: {nulls: 0, distinct: 1800, correlation: 1}
    references:
      - {columns: [owner_id], parent: owners, parents: 1800, childless: 0.1, children: [{from: 0, parents: 0.1}, {from: 8, to: 10, parents: 0.6}, {from: 15, parents: 0.3}]}
";

fn schema() -> Schema {
    let at = || SqlType::Timestamp { precision: 0, tz: false, epoch_range: false };
    let text = || SqlType::Text { max_chars: Some(20), max_bytes: None, fixed: false, case_insensitive: false };
    let tags = SqlType::Array { element: Box::new(text()), dimensions: 1 };
    Fixture::new()
        .with(table("owners").int("id").primary(&["id"]))
        .with(
            table("t")
                .int("id")
                .varchar("state", 10)
                .column("note", text(), "varchar(20)", true)
                .column("created_at", at(), "timestamp", false)
                .column("seen", at(), "timestamp", false)
                .column("tags", tags, "text[]", false)
                .int("owner_id")
                .primary(&["id"])
                .foreign(&["owner_id"], "owners", &["id"]),
        )
        .schema()
}

fn moments(made: &Made, column: &str) -> Vec<i64> {
    let moment = |v: &Value| if let Value::Timestamp(t) = v { *t } else { panic!("{v:?}") };
    made.cells(column).iter().map(moment).collect()
}

fn share(moments: &[i64], test: impl Fn(i64) -> bool) -> f64 {
    moments.iter().filter(|m| test(**m)).count() as f64 / moments.len() as f64
}

fn weekday(moment: i64) -> i64 {
    (moment.div_euclid(MICROS_PER_DAY) + 3).rem_euclid(7)
}

#[test]
fn hours_and_weekdays_are_learned() {
    let made = of_profile(&schema(), PROFILE);
    let created = moments(&made, "created_at");
    assert!(created.is_sorted(), "rows begin in their order, since nothing else is known");
    let hour = |m: i64| m.rem_euclid(MICROS_PER_DAY) * 24 / MICROS_PER_DAY;
    near(share(&created, |m| hour(m) == 8), 0.9, 0.02);
    near(share(&created, |m| weekday(m) > 4), 0.0, 0.01);
    near(share(&created, |m| m < 1_704_067_200_000_000), 0.5, 0.02);
    near(share(&moments(&made, "seen"), |m| weekday(m) > 4), 1.0, 0.01);
}

#[test]
fn nulls_follow_the_status() {
    let made = of_profile(&schema(), PROFILE);
    let notes = made.cells("note");
    let states = made.cells("state");
    assert!(notes.iter().zip(&states).all(|(note, state)| note.is_null() == (*state == Value::Text("shut".into()))));
    near(counts(&notes)[0] as f64 / 20_000.0, 0.5, 0.01);
    let column = made.plan.tables.iter().flat_map(|t| &t.columns).find(|c| c.name == "note").unwrap();
    assert!(column.reason.contains("NULL by `state`"), "{}", column.reason);
}

#[test]
fn arrays_have_learned_elements() {
    let made = of_profile(&schema(), PROFILE);
    let elements = |v: &Value| if let Value::Array(all) = v { all.clone() } else { panic!("{v:?}") };
    let arrays: Vec<Vec<Value>> = made.cells("tags").iter().map(elements).collect();
    assert!(arrays.iter().all(|a| (1..=4).contains(&a.len())));
    near(arrays.iter().filter(|a| a.len() <= 2).count() as f64 / 20_000.0, 0.6, 0.15);
    let all: Vec<Value> = arrays.into_iter().flatten().collect();
    let counts = counts(&all);
    assert_eq!(counts.len(), 3, "{counts:?}");
    near(counts[0] as f64 / all.len() as f64, 0.9 / 1.5, 0.02);
}

#[test]
fn counted_children_are_exact() {
    let made = of_profile(&schema(), PROFILE);
    let counts = counts(&made.cells("owner_id"));
    near(counts.len() as f64, 1800.0, 1.0);
    near(counts.iter().filter(|n| **n == 15 || **n == 16).count() as f64, 600.0, 5.0);
    assert!(counts.iter().all(|n| (9..=10).contains(n) || (15..=16).contains(n)), "{counts:?}");
}
