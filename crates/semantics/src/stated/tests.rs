use super::OperandKind::{Moment, Number, Other};
use super::*;

/// Columns by name: moments end in `_at`, `_on` or `_date`, texts begin with `text_`.
fn columns<'a>(names: &[&'a str]) -> Vec<OperandColumn<'a>> {
    let kind = |name: &str| match name {
        name if name.starts_with("text_") => Other,
        name if ["_at", "_on", "_date", "At"].iter().any(|end| name.ends_with(end)) => Moment,
        _ => Number,
    };
    names.iter().map(|name| OperandColumn { name, kind: kind(name) }).collect()
}

/// The formula as text, with the names of the columns.
fn text(of: &Stated, names: &[&str]) -> String {
    let both = |sign: &str, a: &Stated, b: &Stated| format!("({} {sign} {})", text(a, names), text(b, names));
    match of {
        Stated::Column(c) => names[*c].to_owned(),
        Stated::Number { n, scale } => format!("{}", *n as f64 / 10f64.powi(i32::from(*scale))),
        Stated::Add(a, b) => both("+", a, b),
        Stated::Sub(a, b) => both("-", a, b),
        Stated::Mul(a, b) => both("*", a, b),
        Stated::Div(a, b) => both("/", a, b),
        Stated::Share(a, b) => both("of", a, b),
        Stated::Least(a, b) => both("least", a, b),
        Stated::Most(a, b) => both("most", a, b),
        Stated::Time { from, to, unit, both } => {
            format!("{}..{} {unit:?}{}", names[*from], names[*to], if *both { " both" } else { "" })
        }
        Stated::Shifted { from, by, unit, before } => {
            format!("{} {} {} {unit:?}", names[*from], if *before { "-" } else { "+" }, text(by, names))
        }
    }
}

/// The formula that a comment states for the last column.
fn of(comment: &str, names: &[&str]) -> Option<String> {
    let found = stated(comment, names.len() - 1, &columns(names), None)?;
    Some(text(&found, names))
}

#[test]
fn sums_and_products_in_words_and_signs() {
    let premium = ["net_premium", "tax_rate_pct", "tax_amount", "gross_premium"];
    let order = ["qty_ordered", "qty_completed", "qty_scrapped", "text_ordered", "due_on", "qty_remaining"];
    let rent = ["rent_due_day", "monthly_rent", "service_charge", "deposit_amount", "annual_rent", "total_monthly"];
    let job = ["labour_hours", "labour_rate", "labour_cost", "parts_cost", "vat_pct", "total_cost"];
    let usage = ["total_quantity", "included_quantity", "unit_price_cents", "overage_quantity"];
    let line = ["quantity", "unitPrice", "extrasPrice", "discount_pct", "lineTotal"];
    for (comment, names, expected) in [
        ("net premium plus tax, for a year", &premium[..], "(net_premium + tax_amount)"),
        ("ordered minus completed minus scrapped", &order, "((qty_ordered - qty_completed) - qty_scrapped)"),
        ("= qty_ordered - qty_completed - qty_scrapped.", &order, "((qty_ordered - qty_completed) - qty_scrapped)"),
        ("qty_remaining = qty_ordered - qty_completed", &order, "(qty_ordered - qty_completed)"),
        ("rent plus service charge", &rent, "(monthly_rent + service_charge)"),
        ("Computed as the monthly rent + service charge", &rent, "(monthly_rent + service_charge)"),
        ("twelve monthly rents", &rent, "(12 * monthly_rent)"),
        ("half of the deposit", &rent, "(0.5 * deposit_amount)"),
        ("5 % of the deposit", &rent, "(0.05 * deposit_amount)"),
        ("(labour + parts) plus vat", &job, "((labour_cost + parts_cost) + vat_pct)"),
        ("labour_hours * labour_rate", &job, "(labour_hours * labour_rate)"),
        ("labour hours multiplied by the labour rate", &job, "(labour_hours * labour_rate)"),
        ("sum of labour, parts and vat", &job, "((labour_cost + parts_cost) + vat_pct)"),
        ("difference between labour cost and parts cost", &job, "(labour_cost - parts_cost)"),
        ("greatest(0, total_quantity - included_quantity)", &usage, "(0 most (total_quantity - included_quantity))"),
        ("total quantity * unit_price_cents, rounded", &usage, "(total_quantity * unit_price_cents)"),
        ("quantity * (unitPrice + extrasPrice)", &line, "(quantity * (unitPrice + extrasPrice))"),
        ("round(quantity * unitPrice, 2)", &line, "(quantity * unitPrice)"),
        ("discount pct of unit price", &line, "(discount_pct * unitPrice)"),
        ("price: quantity times unit price", &line, "(quantity * unitPrice)"),
    ] {
        assert_eq!(of(comment, names).as_deref(), Some(expected), "{comment}");
    }
}

#[test]
fn shares_of_wholes() {
    let flight = ["seats_avail", "pax_booked", "pax_boarded", "load_factor_pct"];
    let order = ["qty_ordered", "qty_completed", "qty_scrapped", "yield_pct"];
    let forecast = ["forecast_mw", "actual_mw", "error_pct"];
    for (comment, names, expected) in [
        ("pax_boarded of seats_avail", &flight[..], "(pax_boarded of seats_avail)"),
        ("completed of completed plus scrapped", &order, "(qty_completed of (qty_completed + qty_scrapped))"),
        ("(actual - forecast) / actual in per cent", &forecast, "((actual_mw - forecast_mw) / actual_mw)"),
        ("ratio of actual to forecast", &forecast, "(actual_mw / forecast_mw)"),
    ] {
        assert_eq!(of(comment, names).as_deref(), Some(expected), "{comment}");
    }
}

#[test]
fn times_between_moments_and_moments_after_others() {
    let flight = ["std_at", "atd_at", "dep_delay_min"];
    let enquiry = ["budget_min", "received_at", "first_response_at", "response_minutes"];
    let duty = ["blk_hrs", "rpt_at", "rel_at", "duty_hrs"];
    let bill = ["period_start_date", "period_end_date", "billing_days"];
    let machine = ["last_pm_date", "pm_interval_days", "next_pm_date"];
    for (comment, names, expected) in [
        ("atd_at minus std_at in minutes", &flight[..], "std_at..atd_at Some(Minute)"),
        ("atd_at - std_at, in minutes, negative when early", &flight, "std_at..atd_at Some(Minute)"),
        ("from received_at to first_response_at", &enquiry, "received_at..first_response_at None"),
        ("minutes between received_at and first response", &enquiry, "received_at..first_response_at Some(Minute)"),
        ("from report to release", &duty, "rpt_at..rel_at None"),
        (
            "days from period start to period end, both included",
            &bill,
            "period_start_date..period_end_date Some(Day) both",
        ),
        ("last_pm_date plus pm_interval_days", &machine, "last_pm_date + pm_interval_days Day"),
        ("last_pm_date + 30 days", &machine, "last_pm_date + 30 Day"),
    ] {
        assert_eq!(of(comment, names).as_deref(), Some(expected), "{comment}");
    }
}

#[test]
fn what_is_not_one_column_each_is_no_formula() {
    let order = ["net_amount", "old_fee", "new_fee", "created_at", "text_fee", "total_amount"];
    for comment in [
        "",
        "10, 20, 30 ...",
        "1.0 to 10.0",
        "net amount",
        "net plus shipping",
        "net plus fee",
        "net plus old fee, unless waived",
        "net plus old fee, plus tax",
        "quantity times the monthly price",
        "yearly prices divided by twelve",
        "always positive; credit adds to the balance, debit takes from it",
        "net minus created_at",
        "YYYY-MM",
        "EAN-13",
        "number of policies the agent has written",
        "sum of quantity over its order items",
        "net of old fee",
    ] {
        assert_eq!(of(comment, &order), None, "{comment}");
    }
    let texts = ["net_amount", "old_fee", "text_total"];
    assert_eq!(of("net plus old fee", &texts), None);
}

#[test]
fn prose_is_no_formula() {
    let names = [
        "home_goals",
        "away_goals",
        "min_age",
        "max_age",
        "interest_amount",
        "tax_rate",
        "points",
        "fees",
        "gross",
        "year",
        "month",
        "account_no",
        "rating",
        "score",
        "interest_rate",
        "price_per_night",
        "label",
    ];
    let columns = names.map(|name| OperandColumn { name, kind: OperandKind::Number });
    for (own, comment) in [
        ("rating", "1-5"),
        ("rating", "scale: 1 - 10"),
        ("rating", "0/1"),
        ("score", "home/away"),
        ("score", "home - away"),
        ("label", "min age - max age"),
        ("label", "Year/Month"),
        ("interest_rate", "Rate of interest"),
        ("label", "10 points"),
        ("label", "one account"),
        ("label", "gross minus fees, at least 0"),
        ("label", "gross minus fees, but never below the points"),
    ] {
        let c = names.iter().position(|name| *name == own).unwrap();
        assert_eq!(stated(comment, c, &columns, None), None, "{own}: {comment}");
    }
    let goals = stated("home_goals - away_goals", 13, &columns, None);
    assert_eq!(goals, Some(Stated::Sub(Box::new(Stated::Column(0)), Box::new(Stated::Column(1)))));
}
