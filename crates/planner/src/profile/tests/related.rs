//! Figures that relate columns or rows: numbers of keys, pairs in order, labels in the rows' order, combinations.

use super::{Made, near, of_profile};
use dbmocker_core::schema::fixtures::{Fixture, table};
use dbmocker_core::schema::{Schema, SqlType};
use dbmocker_core::value::Value;

const PROFILE: &str = r"
dbmocker_profile: 1
source: {dialect: postgresql}
tables:
  t:
    rows: 10000
    columns:
      id: {nulls: 0, first: 700000, sequence: 730000}
      level_start: {nulls: 0.3, distinct: 90, correlation: 0, quantiles: {0: 0, 50: 30, 100: 90}}
      level_end: {nulls: 0, distinct: 100, correlation: 0, quantiles: {0: 5, 50: 60, 100: 100}}
      month: {nulls: 0, distinct: 3, correlation: 1, labels: kept, common: [{share: 0.5, label: 2024-03-01}, {share: 0.3, label: 2024-02-01}, {share: 0.2, label: 2024-01-01}]}
      kind: {nulls: 0, distinct: 2, labels: kept, common: [{share: 0.6, label: apple}, {share: 0.4, label: plum}]}
      colour: {nulls: 0, distinct: 2, labels: kept, common: [{share: 0.6, label: red}, {share: 0.4, label: blue}]}
    groups:
      - {columns: [kind, colour], common: [{share: 0.6, labels: [apple, red]}, {share: 0.4, labels: [plum, blue]}]}
";

fn schema() -> Schema {
    Fixture::new()
        .with(
            table("t")
                .int("id")
                .nullable_int("level_start")
                .int("level_end")
                .column("month", SqlType::Date, "date", false)
                .varchar("kind", 10)
                .varchar("colour", 10)
                .primary(&["id"]),
        )
        .schema()
}

fn numbers(made: &Made, column: &str) -> Vec<Option<i64>> {
    let number = |v: &Value| match v {
        Value::Int(n) => i64::try_from(*n).ok(),
        _ => None,
    };
    made.cells(column).iter().map(number).collect()
}

#[test]
fn keys_have_the_learned_numbers() {
    let ids = numbers(&of_profile(&schema(), PROFILE), "id");
    assert_eq!(&ids[..3], [Some(700_000), Some(700_003), Some(700_006)]);
}

#[test]
fn names_in_order_do_not_change_the_distributions() {
    let made = of_profile(&schema(), PROFILE);
    let (starts, ends) = (numbers(&made, "level_start"), numbers(&made, "level_end"));
    near(starts.iter().filter(|v| v.is_none()).count() as f64, 3000.0, 60.0);
    near(starts.iter().flatten().filter(|n| **n <= 30).count() as f64 / 7000.0, 0.5, 0.03);
    near(ends.iter().flatten().filter(|n| **n <= 60).count() as f64 / 10_000.0, 0.5, 0.03);
    let pairs = starts.iter().zip(&ends).filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?)));
    assert!(pairs.into_iter().all(|(start, end)| start <= end));
}

#[test]
fn listed_dates_follow_the_rows() {
    let months = of_profile(&schema(), PROFILE).cells("month");
    let days: Vec<String> = months.iter().map(ToString::to_string).collect();
    assert!(days.is_sorted(), "correlation 1");
    near(days.iter().filter(|d| *d == "2024-01-01").count() as f64, 2000.0, 20.0);
}

#[test]
fn combinations_are_drawn_together() {
    let made = of_profile(&schema(), PROFILE);
    let (kinds, colours) = (made.cells("kind"), made.cells("colour"));
    let red = kinds.iter().zip(&colours).filter(|(k, c)| k.to_string() == "apple" && c.to_string() == "red").count();
    near(red as f64 / 10_000.0, 0.6, 0.02);
    assert!(kinds.iter().zip(&colours).all(|(k, c)| (k.to_string() == "apple") == (c.to_string() == "red")));
}

/// The profile lists labels by their frequency, the CHECK in the order of the life cycle.
#[test]
fn what_a_status_sets_is_set_in_rows_of_that_status() {
    let at = SqlType::Timestamp { precision: 0, tz: false, epoch_range: false };
    let t = table("orders")
        .int("id")
        .varchar("status", 12)
        .column("created_at", at.clone(), "timestamp", false)
        .column("paid_at", at.clone(), "timestamp", true)
        .column("shipped_at", at, "timestamp", true)
        .primary(&["id"])
        .check("status IN ('pending', 'paid', 'shipped')");
    let schema = Fixture::new().with(t).schema();
    let profile = r"
dbmocker_profile: 1
source: {dialect: postgres}
tables:
  orders:
    rows: 2000
    columns:
      status:
        nulls: 0
        distinct: 3
        labels: kept
        common: [{share: 0.8, label: shipped}, {share: 0.1, label: pending}, {share: 0.1, label: paid}]
      paid_at: {nulls: 0.1, distinct: 1800}
      shipped_at: {nulls: 0.2, distinct: 1600}
";
    let made = of_profile(&schema, profile);
    let generator = &made.generator;
    let mut rows: [u64; 3] = [0; 3];
    for row in 0..2000 {
        let cell = |c: usize| generator.cell(0, c, row).unwrap();
        let (status, set) = (cell(1).to_string(), [!cell(3).is_null(), !cell(4).is_null()]);
        let (kind, wanted) = match status.as_str() {
            "pending" => (0, [false, false]),
            "paid" => (1, [true, false]),
            _ => (2, [true, true]),
        };
        rows[kind] += 1;
        assert_eq!(set, wanted, "{status}");
    }
    assert!(rows[2] > rows[0] + rows[1], "{rows:?}");
}
