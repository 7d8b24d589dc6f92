//! Parts, partners and results by their names.

use super::*;

#[test]
fn parts_by_name() {
    for (part, whole, share) in [
        ("qty_received", "qty_ordered", Some(PartShare::Most)),
        ("refills_used", "refills_allowed", Some(PartShare::Some)),
        ("allowed_amount", "billed_amount", Some(PartShare::Most)),
        ("amount_paid", "total_due", Some(PartShare::Most)),
        ("net_weight_kg", "gross_weight_kg", Some(PartShare::Nearly)),
        ("purchase_price", "list_price", Some(PartShare::Margin)),
        ("score", "max_score", Some(PartShare::Score)),
        ("points_earned", "points_possible", Some(PartShare::Most)),
        ("attempts", "max_attempts", Some(PartShare::Some)),
        ("qty_rejected", "qty", Some(PartShare::Few)),
        ("outstanding_amount", "loan_amount", Some(PartShare::Some)),
        ("current_participants", "max_participants", Some(PartShare::Some)),
        ("qty_rejected", "qty_received", Some(PartShare::Few)),
        ("days_used", "days_entitled", Some(PartShare::Some)),
        ("outstanding_principal", "principal_amount", Some(PartShare::Some)),
        ("min_price", "max_price", None),
        ("max_price", "price", None),
        ("tax_paid", "total_due", None),
        ("weight", "max_height", None),
        ("cpu_count", "max_cpu", None),
        ("cpu_count", "max_cpu_count", Some(PartShare::Some)),
        ("memory", "max_memory", Some(PartShare::Some)),
        ("claim_count", "max_claim_amount", None),
        ("order_value", "max_order_count", None),
        ("card_number", "card_limit", None),
        ("costs_total", "sales_total", None),
        ("cost", "sales", None),
        ("rooms_occupied", "rooms_total", Some(PartShare::Some)),
        ("beds", "beds_total", Some(PartShare::Some)),
        ("beds", "rooms_total", None),
        ("sales", "sales_total", None),
        ("safety_stock", "reorder_point", Some(PartShare::Below)),
        ("limit_per_claim", "annual_limit", Some(PartShare::Below)),
        ("hours_since_check", "total_hours", Some(PartShare::Some)),
        ("shots_on_target", "shots", Some(PartShare::Some)),
        ("home_goals_ht", "home_goals", Some(PartShare::Some)),
        ("home_goals_ht", "away_goals", None),
        ("pax_boarded", "pax_booked", Some(PartShare::Most)),
        ("off_peak_rate", "peak_rate", Some(PartShare::Below)),
        ("peak_rate", "off_peak_rate", None),
        ("living_area_m2", "gross_floor_area_m2", Some(PartShare::Nearly)),
        ("bedrooms", "total_rooms", Some(PartShare::Below)),
        ("floor_number", "floors_in_building", Some(PartShare::Some)),
        ("qty_completed", "qty_ordered", Some(PartShare::Most)),
        ("passes_completed", "passes_attempted", Some(PartShare::Most)),
        ("price_per_night", "total_price", None),
    ] {
        assert_eq!(part_of(part, whole), share, "{part} of {whole}");
    }
    let is_rest = |name, part, whole| NumberName::new(name).is_rest(&NumberName::new(part), &NumberName::new(whole));
    assert!(is_rest("seats_available", "enrolled_count", "max_enrollment"));
    assert!(is_rest("qty_open", "qty_received", "qty_ordered"));
    assert!(!is_rest("qty_total", "qty_received", "qty_ordered"));
}

#[test]
fn results_and_their_operands_are_found_by_name() {
    let of = |names: &[&'static str]| NumberNames::new(names.iter().copied().enumerate());
    let change = |before, change, after, counted| vec![Change { before, change, after, counted }];
    assert_eq!(of(&["premium_before", "premium_after", "premium_change"]).changes(), change(0, 2, 1, false));
    assert_eq!(of(&["fuel_before_kg", "uplift_kg", "fuel_after_kg"]).changes(), change(0, 1, 2, false));
    assert_eq!(of(&["previous_reading", "reading", "consumption"]).changes(), change(0, 2, 1, true));
    assert_eq!(of(&["old_price", "new_price", "stock_change"]).changes(), []);
    assert_eq!(of(&["goals_for", "goals_against", "goal_difference"]).net(), [(2, 0, 1)]);
    assert_eq!(of(&["import_kwh", "export_kwh", "net_kwh"]).net(), [(2, 0, 1)]);
    assert_eq!(of(&["hours_worked", "hourly_rate", "labor_cost"]).products(), [(2, 0, 1)]);
    assert_eq!(of(&["labour_hours", "labour_rate", "labour_cost", "parts_cost"]).products(), [(2, 0, 1)]);
    assert_eq!(of(&["qty_required", "qty_issued", "unit_cost", "total_cost"]).products(), [(3, 1, 2)]);
    assert_eq!(of(&["annual_value_eur", "years", "total_value_eur"]).products(), [(2, 1, 0)]);
    assert_eq!(of(&["qty_required", "qty_planned", "unit_cost", "total_cost"]).products(), []);
    assert_eq!(of(&["row_count", "seats_per_row", "seat_count"]).counts_of_several(), [(2, 1, 0)]);
    assert_eq!(of(&["base_premium", "rate_pct", "commission_amount"]).rated(), [(2, 1, 0)]);
    assert_eq!(of(&["net_premium", "tax_rate_pct", "tax_amount", "gross_premium"]).rated(), [(2, 1, 0)]);
    assert_eq!(of(&["net_premium", "tax_rate_pct", "discount_amount"]).rated(), []);
}

#[test]
fn partners_are_found_by_name() {
    let names = [
        "qty_ordered",
        "variance_qty",
        "counted_qty",
        "expected_qty",
        "variance_value",
        "min_salary",
        "mid_salary",
        "max_salary",
        "qty_received",
    ];
    let all = NumberNames::new(names.into_iter().enumerate());
    assert_eq!(all.differences(), [(1, 2, 3)]);
    assert_eq!(all.middles(), [(6, 5, 7)]);
    assert_eq!(all.whole_of(&NumberName::new("qty_received"), &|_| true), Some((0, PartShare::Most)));
    assert_eq!(all.whole_of(&NumberName::new("qty_received"), &|c| c > 0), Some((3, PartShare::Most)));
    assert_eq!(all.whole_of(&NumberName::new("qty_received"), &|c| c > 3), None);
    assert_eq!(all.whole_of(&NumberName::new("price"), &|_| true), None);
    let fees = NumberNames::new(["fee", "fees_due", "fees_paid"].into_iter().enumerate());
    assert_eq!(fees.whole_of(&NumberName::new("fees_paid"), &|_| true), Some((1, PartShare::Most)));
    let fees = NumberNames::new(["fee", "fees_paid"].into_iter().enumerate());
    assert_eq!(fees.whole_of(&NumberName::new("fees_paid"), &|_| true), Some((0, PartShare::Most)));
}
