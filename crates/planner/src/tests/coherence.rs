//! Consistency of rows beyond keys and CHECKs.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

const MONEY: SqlType = SqlType::Decimal { precision: 10, scale: 2, unsigned: false };
const RATE: SqlType = SqlType::Decimal { precision: 5, scale: 2, unsigned: false };
const WHOLE: SqlType = SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };
const FLOAT: SqlType = SqlType::Float { bytes: 8, unsigned: false };

fn with(table: TableFixture, columns: &[(&str, SqlType)]) -> TableFixture {
    columns.iter().fold(table, |t, (name, ty)| t.column(name, ty.clone(), "", false))
}

#[test]
fn amounts_of_a_row_add_up() {
    let bills = with(
        table("bills").int("id").primary(&["id"]),
        &[
            ("subtotal", MONEY),
            ("tax_rate", RATE),
            ("tax", MONEY),
            ("discount", MONEY),
            ("shipping", MONEY),
            ("total", MONEY),
            ("amount_paid", MONEY),
            ("amount_due", MONEY),
        ],
    );
    let lines = with(
        table("lines").int("id").primary(&["id"]).check("line_total < 500"),
        &[("quantity", WHOLE), ("unit_price", FLOAT), ("discount_pct", WHOLE), ("line_total", MONEY)],
    );
    let schema = Fixture::new().with(bills).with(lines).schema();
    let (plan, generator) = planned(&schema, 400);
    checked(&schema, planned(&schema, 400));
    let near = |a: f64, b: f64| (a - b).abs() < 0.0051;
    for r in numbers(&plan, &generator, "bills") {
        assert!(near(r["total"], r["subtotal"] + r["tax"] + r["shipping"] - r["discount"]), "{r:?}");
        assert!(near(r["tax"], r["subtotal"] * r["tax_rate"] / 100.0), "{r:?}");
        assert!(near(r["amount_due"], r["total"] - r["amount_paid"]), "{r:?}");
    }
    let rows = numbers(&plan, &generator, "lines");
    let right = |r: &BTreeMap<String, f64>| {
        let whole = (r["quantity"] * r["unit_price"] * 100.0).round() / 100.0;
        near(r["line_total"], whole - whole * r["discount_pct"] / 100.0)
    };
    let wrong: Vec<_> = rows.iter().filter(|r| !right(r)).collect();
    assert!(wrong.is_empty(), "prices are as low as the CHECK requires: {wrong:?}");
    let prices: HashSet<u64> = rows.iter().map(|r| r["unit_price"].to_bits()).collect();
    assert!(prices.len() > 30, "{}", prices.len());
    let text = plan.describe(Detail::Columns);
    let said = "= subtotal - discount + tax + shipping  -- name `total`; names: the row's numbers agree";
    assert!(text.contains(said), "{text}");
}

#[test]
fn columns_determined_otherwise_have_no_law() {
    let columns = [("quantity", WHOLE), ("unit_price", MONEY), ("total", MONEY)];
    let lines = |name: &str| with(table(name).int("id").primary(&["id"]), &columns);
    let schema = Fixture::new()
        .with(lines("by_check").check("total > unit_price + 1"))
        .with(lines("by_key").unique(&["total"]))
        .with(lines("by_wish"))
        .with(lines("by_flag"))
        .with(lines("lawful"))
        .schema();
    let mut overrides = Overrides::default();
    overrides.column("by_wish", "total", "").min_value = Some(Scalar::Int(5));
    overrides.table_of(&schema, "by_flag", "").unwrap().coherence = Some(false);
    let options = PlanOptions { rows: 30, seed: 42, now: NOW, overrides, ..PlanOptions::default() };
    let (plan, _) = build(&schema, &options, &NoExistingRows).unwrap();
    let lawful: Vec<&str> =
        plan.tables.iter().filter(|t| t.columns[3].law.is_some()).map(|t| t.name.name.as_str()).collect();
    assert_eq!(lawful, ["lawful"]);
    let (plan, _) = build(&schema, &PlanOptions { no_coherence: true, ..options }, &NoExistingRows).unwrap();
    assert!(plan.tables.iter().all(|t| t.columns.iter().all(|c| c.law.is_none())));
}

#[test]
fn several_parties_pay_parts_of_a_bill() {
    let bills = with(
        table("medical_bills")
            .int("id")
            .primary(&["id"])
            .varchar("status", 10)
            .check("status in ('open', 'paid', 'void')"),
        &[
            ("total", MONEY),
            ("insurance_paid", MONEY),
            ("adjustments", MONEY),
            ("patient_paid", MONEY),
            ("balance", MONEY),
        ],
    );
    let claims = with(
        table("claims")
            .int("id")
            .primary(&["id"])
            .varchar("status", 10)
            .check("status in ('submitted', 'approved', 'paid')"),
        &[("claimed_amount", MONEY), ("approved_amount", MONEY)],
    );
    let schema = Fixture::new().with(bills).with(claims).schema();
    let (plan, generator) = planned(&schema, 400);
    let statuses = |name: &str| -> Vec<String> {
        let t = plan.tables.iter().position(|t| t.name.name == name).unwrap();
        let status = plan.tables[t].columns.iter().position(|c| c.name == "status").unwrap();
        (0..400).map(|row| generator.cells(t, &[status], row).unwrap()[0].to_string()).collect()
    };
    let mut left = 0;
    for (r, status) in numbers(&plan, &generator, "medical_bills").iter().zip(statuses("medical_bills")) {
        let due = r["total"] - r["insurance_paid"] - r["adjustments"] - r["patient_paid"];
        assert!((due - r["balance"]).abs() < 0.0051 && r["balance"] > -0.0051, "{r:?}");
        assert!(status != "paid" || r["balance"].abs() < 0.0051, "{r:?}");
        left += usize::from(status == "open" && r["balance"] > 0.0);
    }
    assert!(left > 0);
    for (r, status) in numbers(&plan, &generator, "claims").iter().zip(statuses("claims")) {
        assert!(r["approved_amount"] <= r["claimed_amount"]);
        assert_eq!(status == "submitted", r["approved_amount"] == 0.0, "{status}: {r:?}");
    }
    checked(&schema, (plan, generator));
}

#[test]
fn a_copy_that_a_check_leaves_no_room_for_is_left_out() {
    let products = with(table("products").int("id").primary(&["id"]).check("price > 100"), &[("price", MONEY)]);
    let items = table("order_items").int("id").primary(&["id"]).int("product_id").check("unit_price <= 5");
    let items = with(items, &[("quantity", WHOLE), ("unit_price", MONEY), ("line_total", MONEY)]);
    let schema = Fixture::new().with(products).with(items.foreign(&["product_id"], "products", &["id"])).schema();
    let (plan, generator) = planned(&schema, 200);
    let rows = numbers(&plan, &generator, "order_items");
    assert!(rows.iter().any(|r| r["unit_price"] < 5.0), "not all are cut to the bound");
    assert!(rows.iter().all(|r| (r["quantity"] * r["unit_price"] - r["line_total"]).abs() < 0.0051));
    let text = plan.describe(Detail::Columns);
    assert!(text.contains("not products.price: the column's bounds leave no room for it"), "{text}");
    checked(&schema, (plan, generator));
}
