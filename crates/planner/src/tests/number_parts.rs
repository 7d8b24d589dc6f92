//! Parts, rests, differences and sums of a row's numbers, and numbers shared out by a parent.

use super::typed_columns::{MONEY, WHOLE, with};
use super::*;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.006
}

#[test]
fn parts_are_at_most_the_whole_and_rests_are_left() {
    let lines =
        with(table("po_lines").int("id").primary(&["id"]), &WHOLE, &["qty_ordered", "qty_received", "qty_open"]);
    let counts = with(
        table("stock_counts").int("id").primary(&["id"]),
        &WHOLE,
        &["expected_qty", "counted_qty", "variance_qty"],
    );
    let articles = with(
        table("articles").int("id").primary(&["id"]),
        &MONEY,
        &["net_weight", "gross_weight", "purchase_price", "list_price"],
    );
    let schema = Fixture::new().with(lines).with(counts).with(articles).schema();
    let made = planned(&schema, 300);
    for r in numbers(&made.0, &made.1, "po_lines") {
        assert!(r["qty_received"] <= r["qty_ordered"], "{r:?}");
        assert!(near(r["qty_open"], r["qty_ordered"] - r["qty_received"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "stock_counts") {
        assert!(near(r["variance_qty"], r["counted_qty"] - r["expected_qty"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "articles") {
        assert!(r["net_weight"] <= r["gross_weight"] && r["purchase_price"] <= r["list_price"], "{r:?}");
    }
    checked(&schema, made);
}

#[test]
fn counts_are_no_amounts_and_all_scores_stay_below_the_largest() {
    let hotels = with(
        table("hotels").int("id").primary(&["id"]),
        &WHOLE,
        &["rooms_total", "rooms_occupied", "rooms_available", "beds_total", "beds"],
    );
    let games = with(table("games").int("id").primary(&["id"]), &WHOLE, &["home_score", "away_score", "max_score"]);
    let schema = Fixture::new().with(hotels).with(games).schema();
    let made = planned(&schema, 300);
    let hotels = numbers(&made.0, &made.1, "hotels");
    for r in &hotels {
        assert!(
            near(r["rooms_available"], r["rooms_total"] - r["rooms_occupied"]) && r["beds"] <= r["beds_total"],
            "{r:?}"
        );
    }
    assert!(hotels.iter().any(|r| r["beds_total"] != r["rooms_total"]));
    for r in numbers(&made.0, &made.1, "games") {
        assert!(r["home_score"] <= r["max_score"] && r["away_score"] <= r["max_score"], "{r:?}");
    }
    checked(&schema, made);
}

#[test]
fn totals_are_the_sums_of_their_components() {
    let installments =
        with(table("installments").int("id").primary(&["id"]), &MONEY, &["principal_due", "interest_due", "total_due"]);
    let payslips = with(
        table("payslips").int("id").primary(&["id"]),
        &MONEY,
        &["base_pay", "overtime_pay", "gross_pay", "income_tax", "pension_contribution", "total_deductions", "net_pay"],
    );
    let freights =
        with(table("freights").int("id").primary(&["id"]), &MONEY, &["freight_cost", "insurance_cost", "total_cost"]);
    let tuition = with(
        table("tuition_bills").int("id").primary(&["id"]),
        &MONEY,
        &["credits_billed", "rate_per_credit", "tuition_amount", "fees_amount", "total_due"],
    );
    let schema = Fixture::new().with(installments).with(payslips).with(freights).with(tuition).schema();
    let made = planned(&schema, 300);
    for r in numbers(&made.0, &made.1, "installments") {
        assert!(near(r["total_due"], r["principal_due"] + r["interest_due"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "payslips") {
        assert!(near(r["gross_pay"], r["base_pay"] + r["overtime_pay"]), "{r:?}");
        assert!(near(r["total_deductions"], r["income_tax"] + r["pension_contribution"]), "{r:?}");
        assert!(near(r["net_pay"], r["gross_pay"] - r["total_deductions"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "freights") {
        assert!(near(r["total_cost"], r["freight_cost"] + r["insurance_cost"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "tuition_bills") {
        assert!(near(r["tuition_amount"], r["credits_billed"] * r["rate_per_credit"]), "{r:?}");
        assert!(near(r["total_due"], r["tuition_amount"] + r["fees_amount"]), "{r:?}");
    }
    checked(&schema, made);
}

#[test]
fn payments_add_up_to_their_bill_and_scores_stay_below_the_largest() {
    let bills = with(table("invoices").int("id").primary(&["id"]), &MONEY, &["total_amount"]);
    let payments = with(table("payments").int("id").int("invoice_id").primary(&["id"]), &MONEY, &["amount"]);
    let quizzes = with(table("quizzes").int("id").primary(&["id"]), &WHOLE, &["max_score"]);
    let results = with(table("quiz_results").int("id").int("quiz_id").primary(&["id"]), &WHOLE, &["score"]);
    let schema = Fixture::new()
        .with(bills)
        .with(payments.foreign(&["invoice_id"], "invoices", &["id"]))
        .with(quizzes)
        .with(results.foreign(&["quiz_id"], "quizzes", &["id"]))
        .schema();
    let made = planned(&schema, 300);
    let bills: BTreeMap<i64, f64> =
        numbers(&made.0, &made.1, "invoices").iter().map(|r| (r["id"] as i64, r["total_amount"])).collect();
    let mut paid: BTreeMap<i64, f64> = BTreeMap::new();
    for r in numbers(&made.0, &made.1, "payments") {
        *paid.entry(r["invoice_id"] as i64).or_default() += r["amount"];
    }
    assert!(paid.iter().all(|(id, sum)| near(*sum, bills[id])), "{paid:?}");
    let most: BTreeMap<i64, f64> =
        numbers(&made.0, &made.1, "quizzes").iter().map(|r| (r["id"] as i64, r["max_score"])).collect();
    assert!(numbers(&made.0, &made.1, "quiz_results").iter().all(|r| r["score"] <= most[&(r["quiz_id"] as i64)]));
    checked(&schema, made);
}

#[test]
fn statements_of_an_account_go_on_from_each_other() {
    let accounts = table("accounts").int("id").text("owner").primary(&["id"]);
    let statements = with(
        table("statements").int("account_id").int("statement_no").primary(&["account_id", "statement_no"]),
        &MONEY,
        &["opening_balance", "total_credits", "total_debits", "closing_balance"],
    );
    let schema = Fixture::new().with(accounts).with(statements.foreign(&["account_id"], "accounts", &["id"])).schema();
    let made = planned(&schema, 300);
    let mut last: BTreeMap<i64, f64> = BTreeMap::new();
    let mut rows = numbers(&made.0, &made.1, "statements");
    rows.sort_by_key(|r| (r["account_id"] as i64, r["statement_no"] as i64));
    for r in rows {
        assert!(near(r["closing_balance"], r["opening_balance"] + r["total_credits"] - r["total_debits"]), "{r:?}");
        let before = last.insert(r["account_id"] as i64, r["closing_balance"]).unwrap_or(0.0);
        assert!(near(r["opening_balance"], before), "{r:?} after {before}");
    }
    checked(&schema, made);
}

#[test]
fn parts_of_tiny_bills_are_above_zero_and_add_up() {
    let bills = with(table("invoices").int("id").primary(&["id"]), &MONEY, &["total_amount"]);
    let bills = bills.check("total_amount between 0.05 and 0.30");
    let payments = with(table("payments").int("id").int("invoice_id").primary(&["id"]), &MONEY, &["amount"]);
    let payments = payments.check("amount > 0").foreign(&["invoice_id"], "invoices", &["id"]);
    let schema = Fixture::new().with(bills).with(payments).schema();
    let options = PlanOptions { rows: 300, seed: 42, now: NOW, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
    assert!(plan.describe(Detail::Columns).contains("= an equal part of invoices.total_amount"));
    let mut paid: BTreeMap<i64, (f64, usize)> = BTreeMap::new();
    for r in numbers(&plan, &generator, "payments") {
        let of = paid.entry(r["invoice_id"] as i64).or_default();
        (of.0, of.1) = (of.0 + r["amount"], of.1 + 1);
    }
    for r in numbers(&plan, &generator, "invoices") {
        let Some((sum, count)) = paid.get(&(r["id"] as i64)) else { continue };
        let too_many = *count as f64 > r["total_amount"] * 100.0 + 0.5;
        assert!(too_many || near(*sum, r["total_amount"]), "{count} of {r:?}: {sum}");
    }
    checked(&schema, (plan, generator));
}

#[test]
fn payments_add_up_to_what_has_been_paid_of_their_bill() {
    // Payments may have more decimals than their bills.
    for ty in [MONEY, SqlType::Decimal { precision: 14, scale: 4, unsigned: false }] {
        payments_add_up(&ty);
    }
}

fn payments_add_up(ty: &SqlType) {
    let bills = with(table("invoices").int("id").primary(&["id"]), &MONEY, &["total", "amount_paid", "balance_due"]);
    let bills = bills.varchar("status", 10).check("status in ('draft', 'open', 'partial', 'paid', 'void')");
    let payments = with(table("payments").int("id").int("invoice_id").primary(&["id"]), ty, &["amount"]);
    let payments = payments.check("amount > 0").foreign(&["invoice_id"], "invoices", &["id"]);
    let schema = Fixture::new().with(bills).with(payments).schema();
    let made = planned(&schema, 400);
    let mut paid: BTreeMap<i64, f64> = BTreeMap::new();
    for r in numbers(&made.0, &made.1, "payments") {
        *paid.entry(r["invoice_id"] as i64).or_default() += r["amount"];
    }
    let bills = numbers(&made.0, &made.1, "invoices");
    for r in &bills {
        if let Some(sum) = paid.get(&(r["id"] as i64)) {
            assert!(near(*sum, r["amount_paid"]) && *sum > 0.0, "{r:?}: {sum}");
        }
    }
    assert!(bills.iter().any(|r| r["amount_paid"] == 0.0) && bills.iter().any(|r| r["balance_due"] == 0.0));
    let text = made.0.describe(Detail::Columns);
    assert!(text.contains("= an equal part of invoices.amount_paid"), "{text}");
    assert!(text.contains("with amount_paid above 0"), "{text}");
    checked(&schema, made);
}

#[test]
fn changes_products_and_rates_follow_from_names() {
    let policies = with(
        table("amendments").int("id").primary(&["id"]),
        &MONEY,
        &["premium_before", "premium_after", "premium_change", "hours_worked", "hourly_rate", "labor_cost"],
    );
    let fuels = with(
        table("refuels").int("id").primary(&["id"]),
        &WHOLE,
        &["fuel_before_kg", "uplift_kg", "fuel_after_kg", "seats_total", "seats_biz", "seats_eco"],
    );
    let fees = with(
        table("settlements").int("id").primary(&["id"]),
        &MONEY,
        &["base_premium", "rate_pct", "commission_amount", "passes_attempted", "passes_completed", "pass_accuracy_pct"],
    );
    let schema = Fixture::new().with(policies).with(fuels).with(fees).schema();
    let made = planned(&schema, 300);
    for r in numbers(&made.0, &made.1, "amendments") {
        assert!(
            near(r["premium_after"], r["premium_before"] + r["premium_change"]) && r["premium_after"] >= 0.0,
            "{r:?}"
        );
        assert!(near(r["labor_cost"], r["hours_worked"] * r["hourly_rate"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "refuels") {
        assert!(near(r["fuel_after_kg"], r["fuel_before_kg"] + r["uplift_kg"]), "{r:?}");
        assert!(near(r["seats_total"], r["seats_biz"] + r["seats_eco"]), "{r:?}");
    }
    for r in numbers(&made.0, &made.1, "settlements") {
        assert!(near(r["commission_amount"], r["base_premium"] * r["rate_pct"] / 100.0), "{r:?}");
        assert!(r["passes_completed"] <= r["passes_attempted"], "{r:?}");
        let accuracy = 100.0 * r["passes_completed"] / r["passes_attempted"];
        assert!(r["passes_attempted"] == 0.0 || near(r["pass_accuracy_pct"], accuracy), "{r:?}");
    }
    checked(&schema, made);
}

#[test]
fn limits_bound_what_names_relate_to_them() {
    let names =
        ["limit_per_claim", "annual_limit", "safety_stock", "reorder_point", "lower_limit", "nominal", "upper_limit"];
    let items = with(table("covers").int("id").primary(&["id"]), &MONEY, &names);
    let counts = [
        "shots",
        "shots_on_target",
        "pax_booked",
        "pax_boarded",
        "bedrooms",
        "total_rooms",
        "year_built",
        "renovated_year",
    ];
    let matches = with(table("stats").int("id").primary(&["id"]), &WHOLE, &counts);
    let schema = Fixture::new().with(items).with(matches).schema();
    let made = planned(&schema, 300);
    let rows = numbers(&made.0, &made.1, "covers");
    for r in &rows {
        assert!(r["limit_per_claim"] <= r["annual_limit"] && r["safety_stock"] <= r["reorder_point"], "{r:?}");
        assert!(r["lower_limit"] <= r["nominal"] && r["nominal"] <= r["upper_limit"], "{r:?}");
    }
    let distinct: HashSet<i64> = rows.iter().map(|r| (r["limit_per_claim"] * 100.0) as i64).collect();
    assert!(distinct.len() > 100, "{}", distinct.len());
    for r in numbers(&made.0, &made.1, "stats") {
        assert!(r["shots_on_target"] <= r["shots"] && r["pax_boarded"] <= r["pax_booked"], "{r:?}");
        assert!(r["bedrooms"] <= r["total_rooms"] && r["year_built"] <= r["renovated_year"], "{r:?}");
    }
    checked(&schema, made);
}
