//! Profiles, measured on the generated rows.

use std::collections::HashMap;

use super::LearnedProfile;
use crate::{ColumnOverride, NoExistingRows, Overrides, PlanOptions, build};
use dbmocker_core::schema::fixtures::{Fixture, table};
use dbmocker_core::schema::{Schema, SqlType};
use dbmocker_core::value::Value;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, Scalar};
use dbmocker_profile::Profile;

mod related;
mod scanned;

const PROFILE: &str = r"
dbmocker_profile: 1
source: {dialect: mysql}
tables:
  owners: {rows: 2000}
  kinds: {rows: 12}
  t:
    rows: 20000
    columns:
      state:
        nulls: 0
        distinct: 3
        labels: kept
        common: [{share: 0.7, label: open}, {share: 0.2, label: shut}, {share: 0.1, label: lost}]
      amount:
        nulls: 0.2
        distinct: 700
        labels: masked
        common: [0.16, 0.02, 0.01]
        quantiles: {0: 0, 20: 0, 40: 10, 60: 40, 80: 100, 95: 300, 100: 2000}
      made: {nulls: 0, distinct: 20000, correlation: 1, quantiles: {0: 2020-01-01, 50: 2024-01-01, 100: 2025-01-01}}
      note: {nulls: 0.5, distinct: 900, labels: masked, common: [0.05, 0.03], length: {mean: 31, quantiles: {0: 20, 50: 30, 100: 44}}}
      score: {nulls: 0, distinct: 90, quantiles: {0: -50, 50: 70, 100: 150}}
      owner_id: {nulls: 0.1, distinct: 800, correlation: 0}
    references:
      - {columns: [owner_id], parent: owners, parents: 800, childless: 0.6, head: [0.05, 0.02, 0.01]}
";

fn schema() -> Schema {
    let decimal = SqlType::Decimal { precision: 10, scale: 2, unsigned: false };
    let at = SqlType::Timestamp { precision: 0, tz: false, epoch_range: false };
    let text = SqlType::Text { max_chars: Some(200), max_bytes: None, fixed: false, case_insensitive: false };
    Fixture::new()
        .with(table("owners").int("id").primary(&["id"]))
        .with(table("kinds").int("id").primary(&["id"]))
        .with(
            table("t")
                .int("id")
                .varchar("state", 10)
                .column("amount", decimal, "numeric(10,2)", true)
                .column("made", at, "timestamp", false)
                .column("note", text, "varchar(200)", true)
                .int("score")
                .nullable_int("owner_id")
                .primary(&["id"])
                .foreign(&["owner_id"], "owners", &["id"])
                .check("score BETWEEN 0 AND 100"),
        )
        .schema()
}

struct Made {
    plan: Plan,
    generator: Generator,
}

impl Made {
    fn cells(&self, column: &str) -> Vec<Value> {
        let t = self.plan.tables.iter().position(|t| t.name.name == "t").unwrap();
        let c = self.plan.tables[t].columns.iter().position(|c| c.name == column).unwrap();
        (0..self.plan.tables[t].rows).map(|row| self.generator.cell(t, c, row).unwrap()).collect()
    }

    fn rows(&self, table: &str) -> u64 {
        self.plan.tables.iter().find(|t| t.name.name == table).unwrap().rows
    }
}

fn made(scale: f64, overrides: Overrides) -> Made {
    planned(&schema(), PROFILE, scale, overrides)
}

fn of_profile(schema: &Schema, profile: &str) -> Made {
    planned(schema, profile, 1.0, Overrides::default())
}

fn planned(schema: &Schema, profile: &str, scale: f64, overrides: Overrides) -> Made {
    let profile = LearnedProfile { profile: Profile::parse(profile, "p").unwrap().into(), scale, rows: true };
    let options = PlanOptions {
        rows: 50,
        seed: 42,
        now: 1_767_225_600_000_000,
        overrides,
        profile: Some(profile),
        ..PlanOptions::default()
    };
    let (plan, generator) = build(schema, &options, &NoExistingRows).unwrap_or_else(|e| panic!("{e}"));
    Made { plan, generator }
}

fn counts(cells: &[Value]) -> Vec<u64> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    cells.iter().filter(|v| !v.is_null()).for_each(|v| *counts.entry(v.to_string()).or_default() += 1);
    let mut counts: Vec<u64> = counts.into_values().collect();
    counts.sort_by_key(|n| std::cmp::Reverse(*n));
    counts
}

fn near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within, "{found}, not {wanted}");
}

#[test]
fn rows_have_the_figures_of_the_profile() {
    let made = made(1.0, Overrides::default());
    assert_eq!((made.rows("t"), made.rows("owners"), made.rows("kinds")), (20_000, 2000, 12));
    let share =
        |cells: &[Value], test: &dyn Fn(&Value) -> bool| cells.iter().filter(|v| test(v)).count() as f64 / 20_000.0;
    let states = made.cells("state");
    near(share(&states, &|v| *v == Value::Text("open".into())), 0.7, 0.01);
    let amounts = made.cells("amount");
    near(share(&amounts, &Value::is_null), 0.2, 0.01);
    near(counts(&amounts)[0] as f64 / 20_000.0, 0.16, 0.005);
    near(counts(&amounts).len() as f64, 700.0, 35.0);
    let cents = |v: &Value| if let Value::Decimal { unscaled, .. } = v { Some(*unscaled) } else { None };
    let below = amounts.iter().filter_map(cents).filter(|n| *n <= 4000).count() as f64;
    near(below / 16_000.0, 0.6, 0.02);
    let moments: Vec<i64> =
        made.cells("made").iter().map(|v| if let Value::Timestamp(t) = v { *t } else { panic!("{v:?}") }).collect();
    assert!(moments.is_sorted(), "in the rows' order");
    let middle = dbmocker_core::time::timestamp_text(moments[10_000]);
    assert!(middle.starts_with("2023-12") || middle.starts_with("2024-01"), "{middle}");
    let notes = made.cells("note");
    near(share(&notes, &Value::is_null), 0.5, 0.01);
    near(counts(&notes).len() as f64, 900.0, 20.0);
    near(counts(&notes)[0] as f64 / 20_000.0, 0.05, 0.005);
    let texts: Vec<usize> = notes.iter().filter(|v| !v.is_null()).map(|v| v.to_string().chars().count()).collect();
    near(texts.iter().sum::<usize>() as f64 / texts.len() as f64, 31.0, 1.0);
    let owners = made.cells("owner_id");
    near(share(&owners, &Value::is_null), 0.1, 0.01);
    near(counts(&owners).len() as f64, 800.0, 16.0);
    near(counts(&owners)[0] as f64 / 18_000.0, 0.05, 0.003);
}

#[test]
fn checks_and_the_config_file_win() {
    let mut overrides = Overrides::default();
    let only = ColumnOverride { possible_values: vec![Scalar::Text("mine".into())], ..ColumnOverride::default() };
    *overrides.column("t", "state", "test") = only;
    overrides.column("t", "amount", "test").null_probability = Some(0.0);
    let made = made(1.0, overrides);
    assert!(made.cells("state").iter().all(|v| *v == Value::Text("mine".into())));
    assert!(made.cells("amount").iter().all(|v| !v.is_null()));
    let scores = made.cells("score");
    assert!(scores.iter().all(|v| matches!(v, Value::Int(0..=100))));
    assert!(counts(&scores).len() > 50);
}

#[test]
fn a_scale_keeps_lists_and_laws() {
    let made = made(0.1, Overrides::default());
    assert_eq!((made.rows("t"), made.rows("owners"), made.rows("kinds")), (2000, 200, 12));
    let owners = counts(&made.cells("owner_id"));
    near(owners.len() as f64, 80.0, 8.0);
    assert!(owners[0] as f64 > 3.0 * 1800.0 / 80.0, "few have most: {owners:?}");
}

#[test]
fn a_saved_plan_makes_the_same_rows() {
    let made = made(1.0, Overrides::default());
    let read = Plan::from_json(&made.plan.to_json()).unwrap();
    let generator = Generator::new(&read);
    let t = read.tables.iter().position(|t| t.name.name == "t").unwrap();
    for row in (0..20_000).step_by(97) {
        for c in 0..read.tables[t].columns.len() {
            assert_eq!(generator.cell(t, c, row).unwrap(), made.generator.cell(t, c, row).unwrap());
        }
    }
}
