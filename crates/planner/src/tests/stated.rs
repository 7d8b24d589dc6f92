//! Formulas that comments state.

use super::typed_columns::{MONEY, WHOLE, with};
use super::*;

const STAMP: SqlType = SqlType::Timestamp { precision: 6, tz: true, epoch_range: false };

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.011
}

#[test]
fn comments_state_sums_products_and_shares() {
    let orders = with(
        table("work_runs").int("id").primary(&["id"]),
        &MONEY,
        &["qty_ordered", "qty_completed", "qty_scrapped", "qty_left", "yield_pct", "material", "overhead", "std_cost"],
    );
    let schema = Fixture::new().with(orders).schema();
    let mut schema = schema;
    let columns = &mut schema.tables[0].columns;
    let mut say = |name: &str, text: &str| {
        columns.iter_mut().find(|c| c.name == name).unwrap().comment = Some(text.into());
    };
    say("qty_left", "ordered minus completed minus scrapped");
    say("yield_pct", "completed of completed plus scrapped");
    say("std_cost", "material + overhead, per unit");
    let made = planned(&schema, 300);
    for r in numbers(&made.0, &made.1, "work_runs") {
        assert!(near(r["qty_left"], r["qty_ordered"] - r["qty_completed"] - r["qty_scrapped"]), "{r:?}");
        assert!(r["qty_left"] >= -0.02, "{r:?}");
        assert!(near(r["std_cost"], r["material"] + r["overhead"]), "{r:?}");
        let made = r["qty_completed"] + r["qty_scrapped"];
        assert!(made == 0.0 || near(r["yield_pct"], 100.0 * r["qty_completed"] / made), "{r:?}");
    }
    let plan = checked(&schema, made);
    let left = plan.tables[0].columns.iter().find(|c| c.name == "qty_left").unwrap();
    assert!(left.reason.contains("comment"), "{}", left.reason);
    assert_eq!(left.law.as_ref().unwrap().text, "qty_ordered - qty_completed - qty_scrapped");
}

#[test]
fn comments_state_times_and_bounds_win() {
    let tickets = table("requests")
        .int("id")
        .primary(&["id"])
        .column("received_at", STAMP, "", false)
        .column("answered_at", STAMP, "", false)
        .column("response_minutes", WHOLE, "", false)
        .comment("from received_at to answered_at")
        .column("half", WHOLE, "", false)
        .column("both", WHOLE, "", false)
        .comment("response minutes plus half")
        .check("both <= 5");
    let schema = Fixture::new().with(tickets).schema();
    let made = planned(&schema, 300);
    let t = &made.0.tables[0];
    let place = |name: &str| t.columns.iter().position(|c| c.name == name).unwrap();
    let columns = ["received_at", "answered_at", "response_minutes", "both"].map(place);
    for row in 0..t.rows {
        let cells = made.1.cells(0, &columns, row).unwrap();
        let [Value::Timestamp(from), Value::Timestamp(to), Value::Int(minutes), Value::Int(both)] = &cells[..] else {
            panic!("{cells:?}")
        };
        assert!(*minutes >= 0 && i128::from((to - from) / 60_000_000) == *minutes, "{cells:?}");
        assert!(*both <= 5, "{cells:?}");
    }
    checked(&schema, made);
}
