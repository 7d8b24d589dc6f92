//! Requested distributions, measured on the rows.

use std::collections::BTreeMap;

use super::*;
use dbmocker_core::schema::fixtures::{Fixture, table};
use dbmocker_core::schema::{Schema, SqlType};
use dbmocker_core::value::Value;
use dbmocker_plan::Scalar;

const ROWS: u64 = 100_000;
const NOW: i64 = 1_767_225_600_000_000;
const DAY: i64 = 86_400_000_000;

fn asked(law: &str, parameters: &[(&str, Scalar)]) -> ColumnOverride {
    let parameters: BTreeMap<String, Scalar> = parameters.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let distribution = DistributionOverride {
        law: law.into(),
        text: law.into(),
        parameters,
        buckets: Vec::new(),
        quantiles: Vec::new(),
    };
    ColumnOverride { distribution: Some(distribution), ..ColumnOverride::default() }
}

fn shop() -> Schema {
    let at = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
    Fixture::new()
        .with(table("parents").int("id").primary(&["id"]))
        .with(
            table("t")
                .int("id")
                .int("score")
                .int("least")
                .int("most")
                .text("note")
                .column("at", at, "timestamp without time zone", false)
                .int("parent_id")
                .primary(&["id"])
                .foreign(&["parent_id"], "parents", &["id"])
                .check("score BETWEEN 0 AND 100")
                .check("most > least"),
        )
        .schema()
}

fn try_cells(column: &str, override_: ColumnOverride) -> Result<Vec<Value>, PlanError> {
    let schema = shop();
    let mut overrides = Overrides::default();
    *overrides.column("t", column, "test") = override_;
    overrides.tables.insert(
        "parents".into(),
        TableOverride { rows: Some(counts::RequestedRows::Number(1000)), ..TableOverride::default() },
    );
    let options = PlanOptions { rows: ROWS, seed: 42, now: NOW, overrides, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &NoExistingRows)?;
    let read = dbmocker_plan::Plan::from_json(&plan.to_json()).unwrap();
    assert_eq!(read.to_json(), plan.to_json());
    let t = plan.tables.iter().position(|t| t.name.name == "t").unwrap();
    let c = plan.tables[t].columns.iter().position(|c| c.name == column).unwrap();
    Ok((0..plan.tables[t].rows).map(|row| generator.cell(t, c, row).unwrap()).collect())
}

fn numbers(column: &str, override_: ColumnOverride) -> Vec<i64> {
    let cells = try_cells(column, override_).unwrap_or_else(|e| panic!("{e}"));
    let number = |v: &Value| match v {
        Value::Int(n) => Some(i64::try_from(*n).unwrap()),
        Value::Timestamp(t) => Some(*t),
        _ => None,
    };
    cells.iter().filter_map(number).collect()
}

fn within_3_sigma(found: usize, of: usize, share: f64) -> bool {
    let n = of as f64;
    (found as f64 - n * share).abs() <= 3.0 * (n * share * (1.0 - share)).sqrt() + 1.0
}

#[test]
fn buckets_keep_their_shares_within_a_check() {
    let mut override_ = asked("buckets", &[]);
    let bucket = |to, share| (Scalar::Int(to), share);
    override_.distribution.as_mut().unwrap().buckets = vec![bucket(65, 0.3), bucket(80, 0.3), bucket(100, 0.4)];
    let made = numbers("score", override_);
    let within = |lo, hi| made.iter().filter(|n| (lo..=hi).contains(*n)).count();
    assert_eq!(made.len(), ROWS as usize);
    for (lo, hi, share) in [(0, 65, 0.3), (66, 80, 0.3), (81, 100, 0.4)] {
        assert!(within_3_sigma(within(lo, hi), made.len(), share), "{lo} to {hi}: {}", within(lo, hi));
    }
}

#[test]
fn a_curve_is_cut_to_the_check() {
    let made = numbers("score", asked("normal", &[("mean", Scalar::Int(90)), ("sd", Scalar::Int(20))]));
    assert!(made.iter().all(|n| (0..=100).contains(n)));
    let mean = made.iter().sum::<i64>() as f64 / made.len() as f64;
    assert!((77.0..83.0).contains(&mean), "{mean}");
}

#[test]
fn columns_that_a_check_couples_keep_their_law_where_it_leaves_room() {
    let made = numbers("least", asked("uniform", &[]));
    assert_eq!(made.len(), ROWS as usize);
    let override_ = ColumnOverride {
        min_value: Some(Scalar::Int(0)),
        max_value: Some(Scalar::Int(1000)),
        ..asked("normal", &[("mean", Scalar::Int(500)), ("sd", Scalar::Int(50))])
    };
    let made = numbers("least", override_);
    let mean = made.iter().sum::<i64>() as f64 / made.len() as f64;
    assert!((490.0..510.0).contains(&mean), "{mean}");
}

#[test]
fn moments_are_relative_and_follow_hours_and_weekdays() {
    let bounds = |law: ColumnOverride| ColumnOverride {
        min_value: Some(Scalar::Text("now-30d".into())),
        max_value: Some(Scalar::Text("now".into())),
        ..law
    };
    let made = numbers("at", bounds(asked("uniform", &[])));
    assert!(made.iter().all(|t| (NOW - 30 * DAY..=NOW).contains(t)));
    let first = made.iter().filter(|t| **t < NOW - 20 * DAY).count();
    assert!(within_3_sigma(first, made.len(), 1.0 / 3.0), "{first}");
    let made = numbers("at", bounds(asked("calendar", &[("hours", Scalar::Text("business".into()))])));
    let hour = |t: &i64| t.rem_euclid(DAY) / 3_600_000_000;
    assert!(made.iter().all(|t| (9..17).contains(&hour(t)) && (t.div_euclid(DAY) + 3).rem_euclid(7) < 5));
}

#[test]
fn lengths_and_lists_have_laws_too() {
    let override_ = asked("normal", &[("mean", Scalar::Int(40)), ("sd", Scalar::Int(5))]);
    let cells = try_cells("note", override_).unwrap();
    let lengths: Vec<usize> =
        cells.iter().filter_map(|v| if let Value::Text(t) = v { Some(t.chars().count()) } else { None }).collect();
    let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
    assert!((39.8..40.2).contains(&mean), "{mean}");
    let values = ["a", "b", "c", "d"].map(|v| Scalar::Text(v.into())).to_vec();
    let override_ = ColumnOverride { possible_values: values, ..asked("zipf", &[("s", Scalar::Int(1))]) };
    let cells: Vec<Value> = try_cells("note", override_).unwrap().into_iter().filter(|v| !v.is_null()).collect();
    let of = |text: &str| cells.iter().filter(|v| **v == Value::Text(text.into())).count();
    let total = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0;
    for (text, k) in [("a", 1.0), ("b", 2.0), ("d", 4.0)] {
        assert!(within_3_sigma(of(text), cells.len(), 1.0 / k / total), "{text}: {}", of(text));
    }
}

#[test]
fn parents_are_chosen_by_rank() {
    let made = numbers("parent_id", asked("zipf", &[("s", Scalar::Float(1.1))]));
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    made.iter().for_each(|p| *counts.entry(*p).or_default() += 1);
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_by_key(|n| std::cmp::Reverse(*n));
    let total: f64 = (1..=1000).map(|k| f64::from(k).powf(-1.1)).sum();
    for k in [1, 2, 10, 100] {
        let share = f64::from(k).powf(-1.1) / total;
        assert!(within_3_sigma(counts[k as usize - 1], made.len(), share), "{k}: {}", counts[k as usize - 1]);
    }
}

#[test]
fn what_cannot_be_kept_is_an_error_before_anything_is_written() {
    for (column, override_, parts) in [
        (
            "score",
            asked("normal", &[("mean", Scalar::Int(5000)), ("sd", Scalar::Int(1))]),
            &["`score`", "0 to 100"][..],
        ),
        ("score", asked("normal", &[("mean", Scalar::Int(5))]), &["`normal` needs `sd`"]),
        ("score", asked("normal", &[("mean", Scalar::Text("x".into()))]), &["`mean: x` is no number"]),
        ("score", asked("calendar", &[]), &["for dates and moments"]),
        ("id", asked("uniform", &[]), &["`id`", "a key gives each row a value of its own"]),
        ("parent_id", asked("normal", &[]), &["`parent_id`", "zipf"]),
    ] {
        let error = try_cells(column, override_).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
}
