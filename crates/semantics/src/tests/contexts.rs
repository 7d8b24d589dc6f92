//! Quantities by their units, words by the trade of their table, labels and codes of unknown things, forms of comments.

use super::*;

/// The domain of the first of a table's columns, which are texts except for it.
fn first_of(name: &str, columns: &[&str], ty: SqlType) -> Domain {
    let mut all: Vec<Column> = columns.iter().map(|c| column(c, varchar(60))).collect();
    all[0].ty = ty;
    let table = table(name, all);
    infer(&table, &table.columns[0], &context(Dialect::Postgres)).expect("a generator").domain
}

#[test]
fn quantities_have_the_numbers_of_their_unit() {
    for (name, ty, expected) in [
        ("elevation", int(4), "Int 0..2500"),
        ("elevation_ft", int(4), "Int 0..8202"),
        ("wind_kt", int(2), "Int 0..27"),
        ("wind_kmh", int(2), "Int 0..50"),
        ("wind_speed", numeric(4, 1), "0.0..14.0"),
        ("file_size_kb", int(4), "Int 2..7812"),
        ("attachment_size_bytes", int(8), "Int 2000..8000000"),
        ("file_size", int(8), "Int 2000..8000000"),
        ("engine_power_kw", int(2), "Int 45..260"),
        ("engine_power_hp", int(2), "Int 61..348"),
        ("odometer_km", int(4), "Int 2000..220000"),
        ("qnh_hpa", int(2), "Int 990..1032"),
        ("frequency_band", int(4), "Int 1..100"),
    ] {
        let found = inferred("things", name, ty);
        assert_eq!(short(&found.domain), expected, "{name}: {}", found.reason);
    }
}

#[test]
fn short_lists_of_rates_and_periods() {
    for (table, name, ty) in [
        ("invoices", "vat_pct", numeric(4, 2)),
        ("invoices", "tax_rate_pct", numeric(5, 2)),
        ("contracts", "notice_period_days", int(2)),
        ("viewings", "duration_min", int(2)),
        ("releases", "rollout_percentage", int(2)),
        ("leases", "deposit_months", int(2)),
        ("keys", "rate_limit_per_minute", int(4)),
    ] {
        let Domain::Choice { values, .. } = inferred(table, name, ty).domain else { panic!("{table}.{name}") };
        assert!((3..=8).contains(&values.len()), "{table}.{name}: {values:?}");
    }
}

#[test]
fn plurals_of_time_units_are_found_in_phrases() {
    assert_eq!(short(&inferred("stocks", "lead_days", int(4)).domain), "Int 1..7");
    assert_eq!(short(&inferred("orders", "payment_term_days", int(4)).domain), "Choice 30");
}

#[test]
fn words_follow_the_trade_of_their_table() {
    let text = |table: &str, columns: &[&str]| format!("{:?}", first_of(table, columns, varchar(60)));
    for (table, columns, has, contains) in [
        ("team", &["team_name", "league_id", "squad_size"][..], true, "team_name"),
        ("team", &["team_name", "cost_center", "manager_id"], false, "team_name"),
        ("plant", &["plant_name", "shift_count", "work_center_count"], true, "plant_site"),
        ("plants", &["name", "watering_days", "sunlight"], true, "plant"),
        ("machine", &["manufacturer", "max_rpm"], true, "machine_manufacturer"),
        ("laptops", &["manufacturer", "ram_gb"], false, "machine_manufacturer"),
        ("machine", &["mch_name", "max_rpm", "work_center_id"], true, "machine_name"),
        ("machine", &["mch_name", "ip_address"], true, "Hostname"),
        ("legs", &["notes", "planned_departure", "planned_arrival"], false, "aviation"),
        ("payment_methods", &["brand", "last4", "exp_month"], true, "card_brand"),
        ("shoes", &["brand", "size"], false, "card_brand"),
        ("vacancies", &["description", "salary_min"], true, "text_job"),
        ("maintenance_jobs", &["description", "labor_hours"], true, "text_repair"),
        ("jobs", &["description", "queue", "attempts"], false, "text_job"),
        ("rent_receipts", &["payer_name", "amount"], false, "insurance_provider"),
        ("patients", &["payer_name", "diagnosis"], true, "insurance_provider"),
    ] {
        let domain = text(table, columns);
        assert_eq!(domain.contains(contains), has, "{table} {columns:?}: {domain}");
    }
}

#[test]
fn temperatures_are_of_bodies_only_among_vital_signs() {
    let number = |table: &str, columns: &[&str]| short(&first_of(table, columns, numeric(4, 1)));
    assert_eq!(number("readings", &["temp_c", "heart_rate", "patient_id"]), "36.0..39.5");
    assert_eq!(number("observations", &["temp_c", "wind_kt", "station"]), "-8.0..36.0");
    assert_eq!(number("fixtures", &["temperature_c", "attendance"]), "-8.0..36.0");
}

#[test]
fn unknown_things_have_dull_names_and_codes_of_one_form() {
    let regex = |table: &str, columns: &[&str], ty: SqlType| match first_of(table, columns, ty) {
        Domain::Text(TextDomain { kind: K::Pattern { regex }, .. }) => regex,
        other => format!("{other:?}"),
    };
    assert_eq!(regex("tbl_work_center", &["wc_name"], varchar(60)), "Work center [1-9][0-9]?");
    assert_eq!(regex("tbl_crane", &["crn_name"], varchar(60)), "Crane [1-9][0-9]?");
    assert!(regex("yards", &["yard_name"], varchar(60)).ends_with("|Westport) yard"));
    assert_eq!(regex("bills", &["permit_number"], varchar(14)), "PER-[0-9]{6}");
    assert_eq!(regex("crews", &["crew_code"], varchar(8)), "CR-[0-3][0-9]");
    assert_eq!(regex("crews", &["crew_code"], char(6)), "CR00[0-3][0-9]");
    assert_eq!(regex("clubs", &["abbreviation"], char(3)), "[A-Z]{3}");
}

#[test]
fn forms_of_texts_by_their_comments() {
    let of = |comment: &str, ty: SqlType| {
        let commented = Column { comment: Some(comment.into()), ..column("zyx", ty) };
        let table = table("things", vec![commented]);
        match infer(&table, &table.columns[0], &context(Dialect::Postgres)).expect("a generator").domain {
            Domain::Text(t) => {
                let found = Domain::Text(t).draw(&mut CellRng::new(5)).to_string();
                found
                    .chars()
                    .map(|c| {
                        if c.is_ascii_digit() {
                            '0'
                        } else if c.is_uppercase() {
                            'A'
                        } else {
                            c
                        }
                    })
                    .collect()
            }
            other => format!("{other:?}"),
        }
    };
    assert_eq!(of("YYYY-MM", char(7)), "0000-00");
    assert_eq!(of("YYYY-MM of the period", char(7)), "0000-00");
    assert_eq!(of("e.g. 2024/25", varchar(9)), "0000/00");
    assert_eq!(of("e.g. AB-1234", varchar(9)), "AA-0000");
    assert_eq!(of("standard code, 00 to 99", char(2)), "00");
    assert_eq!(of("three letters", char(3)), "AAA");
    assert_eq!(of("#rrggbb", char(7)).len(), 7);
}

/// An understood name precedes an example; a form that does not fit is none.
#[test]
fn forms_of_comments_that_do_not_apply() {
    let of = |name: &str, comment: &str, ty: SqlType| {
        let commented = Column { comment: Some(comment.into()), ..column(name, ty) };
        let table = table("things", vec![commented]);
        infer(&table, &table.columns[0], &context(Dialect::Postgres)).expect("a generator").domain
    };
    for (name, comment) in [
        ("email", "e.g. jane1@example.com"),
        ("phone", "e.g. +491701234567"),
        ("first_name", "at least three letters"),
        ("iban", "starts with two letters"),
    ] {
        let domain = of(name, comment, varchar(100));
        assert!(!format!("{domain:?}").contains("Pattern"), "{name}: {domain:?}");
    }
    for (comment, room) in [("five letters", 3), ("YYYY-MM", 5), ("e.g. AB-1234", 4), ("#rrggbb", 3), ("e.g. A[1]", 9)]
    {
        let domain = of("zyx", comment, varchar(room));
        let drawn = domain.draw(&mut CellRng::new(5)).to_string();
        assert!(!drawn.is_empty() && drawn.chars().count() <= room as usize, "{comment}: {domain:?}");
    }
}

#[test]
fn drivers_and_engineers_are_persons_and_animals_have_names() {
    for name in ["driver", "engineer", "project_lead", "fed_by", "in_memory_of"] {
        let domain = format!("{:?}", first_of("trips", &[name, "truck_plate"], varchar(80)));
        assert!(domain.contains("kind: Name"), "{name}: {domain}");
    }
    let animal = format!("{:?}", first_of("animals", &["name", "species"], varchar(30)));
    assert!(animal.contains("pet_name"), "{animal}");
}

#[test]
fn farms_and_practices_are_named_after_where_they_are() {
    for (table, name) in [("farm", "farm_name"), ("bakeries", "name"), ("vets", "practice_name")] {
        let domain = format!("{:?}", first_of(table, &[name, "owner"], varchar(60)));
        assert!(domain.contains("Riverside"), "{table}.{name}: {domain}");
    }
}
