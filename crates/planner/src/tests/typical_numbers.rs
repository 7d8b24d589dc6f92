//! Distributions of numbers that are typical of people and instruments.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

const MONEY: SqlType = SqlType::Decimal { precision: 10, scale: 2, unsigned: false };
const WHOLE: SqlType = SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };
const FLOAT: SqlType = SqlType::Float { bytes: 8, unsigned: false };
const MOMENT: SqlType = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };

/// Returns the cells of some columns of a table, row by row.
fn cells(plan: &Plan, generator: &Generator, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let t = plan.tables.iter().position(|t| t.name.name == table).unwrap();
    let index = |c: &&str| plan.tables[t].columns.iter().position(|x| x.name == *c).unwrap();
    let columns: Vec<usize> = columns.iter().map(index).collect();
    (0..plan.tables[t].rows).map(|row| generator.cells(t, &columns, row).unwrap()).collect()
}

fn number(v: &Value) -> f64 {
    v.to_string().parse().unwrap_or_else(|_| panic!("{v} is no number"))
}

/// Returns the percentage of rows that satisfy a condition.
fn percent(rows: &[Vec<Value>], keeps: impl Fn(&[Value]) -> bool) -> usize {
    100 * rows.iter().filter(|r| keeps(r)).count() / rows.len()
}

fn with(table: TableFixture, columns: &[(&str, SqlType)]) -> TableFixture {
    columns.iter().fold(table, |t, (name, ty)| t.column(name, ty.clone(), "", false))
}

#[test]
fn quantities_and_prices_have_typical_values() {
    let goods = with(table("goods").int("id").primary(&["id"]), &[("price", MONEY)]);
    let plans = with(table("tariffs").int("id").primary(&["id"]), &[("price_cents", WHOLE)]);
    let lines = with(table("order_lines").int("id").primary(&["id"]), &[("quantity", WHOLE), ("unit_price", MONEY)]);
    let schema = Fixture::new().with(goods).with(plans).with(lines).schema();
    let (plan, generator) = planned(&schema, 500);
    let usual = |end: i64| [99, 95, 90, 50, 49, 0].contains(&end);
    let prices = cells(&plan, &generator, "goods", &["price"]);
    let cents = |v: &Value| (number(v) * 100.0).round() as i64;
    assert!(percent(&prices, |r| usual(cents(&r[0]) % 100) && cents(&r[0]) >= 0) > 75);
    let prices = cells(&plan, &generator, "tariffs", &["price_cents"]);
    assert!(percent(&prices, |r| usual(number(&r[0]) as i64 % 100)) > 75);
    let lines = cells(&plan, &generator, "order_lines", &["quantity"]);
    assert!((60..80).contains(&percent(&lines, |r| number(&r[0]) <= 2.0)));
    assert_eq!(percent(&lines, |r| (1.0..=20.0).contains(&number(&r[0]))), 100);
}

#[test]
fn percentages_are_at_most_100() {
    let vouchers = table("vouchers").int("id").text("kind").primary(&["id"]).check("kind IN ('percent', 'fixed')");
    let schema = Fixture::new().with(with(vouchers, &[("value", MONEY)])).schema();
    let (plan, generator) = planned(&schema, 400);
    let rows = cells(&plan, &generator, "vouchers", &["kind", "value"]);
    let shares: Vec<Vec<Value>> = rows.into_iter().filter(|r| r[0] == Value::text("percent")).collect();
    assert!(shares.len() > 50);
    assert_eq!(percent(&shares, |r| (1.0..=100.0).contains(&number(&r[1]))), 100, "{shares:?}");
}

#[test]
fn level_columns_hold_the_depth_in_the_tree() {
    let groups = table("groups").int("id").nullable_int("parent_id").int("level").primary(&["id"]).foreign(
        &["parent_id"],
        "groups",
        &["id"],
    );
    let schema = Fixture::new().with(groups).schema();
    let (plan, generator) = planned(&schema, 200);
    let rows = cells(&plan, &generator, "groups", &["id", "parent_id", "level"]);
    let levels: BTreeMap<String, f64> = rows.iter().map(|r| (r[0].to_string(), number(&r[2]))).collect();
    let roots: HashSet<String> = rows.iter().filter(|r| r[1].is_null()).map(|r| r[2].to_string()).collect();
    assert_eq!(roots.len(), 1, "{roots:?}");
    let below = |r: &[Value]| r[1].is_null() || levels[&r[1].to_string()] + 1.0 == number(&r[2]);
    assert_eq!(percent(&rows, below), 100);
}

#[test]
fn a_moment_and_its_actor_are_null_in_the_same_rows() {
    let cases = table("notices")
        .int("id")
        .column("acknowledged_at", MOMENT, "", true)
        .column(
            "acknowledged_by",
            SqlType::Text { max_chars: Some(60), max_bytes: None, fixed: false, case_insensitive: false },
            "",
            true,
        )
        .primary(&["id"]);
    let schema = Fixture::new().with(cases).schema();
    let (plan, generator) = planned(&schema, 400);
    let rows = cells(&plan, &generator, "notices", &["acknowledged_at", "acknowledged_by"]);
    assert_eq!(percent(&rows, |r| r[0].is_null() == r[1].is_null()), 100);
    assert!((5..95).contains(&percent(&rows, |r| r[0].is_null())));
}

/// Returns sensors and their readings.
fn probes() -> Schema {
    let kinds = "metric IN ('temperature', 'humidity', 'co2')";
    let probes = table("probes").int("id").varchar("metric", 20).varchar("unit", 10).primary(&["id"]).check(kinds);
    let probes = with(probes, &[("min_value", FLOAT), ("max_value", FLOAT)]);
    let said =
        with(table("measurements").int("id").int("probe_id").primary(&["id"]), &[("at", MOMENT), ("value", FLOAT)]);
    let alarms = with(
        table("alarms").int("id").int("probe_id").primary(&["id"]),
        &[("threshold", FLOAT), ("actual_value", FLOAT)],
    );
    Fixture::new()
        .with(probes)
        .with(said.foreign(&["probe_id"], "probes", &["id"]))
        .with(alarms.foreign(&["probe_id"], "probes", &["id"]))
        .schema()
}

#[test]
fn readings_lie_within_the_range_of_their_sensor() {
    let schema = probes();
    let (plan, generator) = planned(&schema, 600);
    let rows = cells(&plan, &generator, "probes", &["id", "metric", "unit", "min_value", "max_value"]);
    let right = |r: &[Value]| match (r[1].to_string().as_str(), r[2].to_string().as_str()) {
        ("temperature", unit) => unit == "°C",
        ("humidity", unit) => unit == "%",
        (_, unit) => unit == "ppm",
    };
    assert_eq!(percent(&rows, right), 100);
    assert_eq!(percent(&rows, |r| number(&r[3]) < number(&r[4])), 100);
    let range: BTreeMap<String, (f64, f64)> =
        rows.iter().map(|r| (r[0].to_string(), (number(&r[3]), number(&r[4])))).collect();
    let said = cells(&plan, &generator, "measurements", &["probe_id", "value"]);
    let within = |r: &[Value]| (range[&r[0].to_string()].0..=range[&r[0].to_string()].1).contains(&number(&r[1]));
    assert_eq!(percent(&said, within), 100);
    let alarms = cells(&plan, &generator, "alarms", &["probe_id", "threshold", "actual_value"]);
    assert_eq!(percent(&alarms, |r| number(&r[2]) >= number(&r[1])), 100);
    assert_eq!(percent(&alarms, |r| within(&[r[0].clone(), r[2].clone()])), 100);
}

#[test]
fn wave_laws_give_the_same_rows_after_json() {
    let schema = probes();
    let (plan, generator) = planned(&schema, 60);
    let again = Plan::from_json(&plan.to_json()).unwrap();
    let other = Generator::new(&again);
    let columns = ["probe_id", "at", "value"];
    assert_eq!(cells(&plan, &generator, "measurements", &columns), cells(&again, &other, "measurements", &columns));
}
