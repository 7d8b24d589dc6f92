//! Columns whose names mean something by their parts: percentages, categories, names of things, codes of standards.

use super::*;

const INT: SqlType = SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };

#[test]
fn percentages_by_the_words_before_them() {
    for (table, name, ty, range) in [
        ("vitals", "spo2_pct", INT, "Int 92..100"),
        ("loans", "annual_rate_pct", numeric(6, 3), "1.000..12.000"),
        ("carriers", "on_time_pct", numeric(5, 2), "82.00..100.00"),
        ("plots", "fog_pct", INT, "Int 0..100"),
        ("rates", "interest_rate", numeric(6, 5), "0.00000..0.09000"),
    ] {
        assert_eq!(short(&inferred(table, name, ty).domain), range, "{table}.{name}");
    }
}

#[test]
fn numbers_by_table_and_part() {
    for (table, name, ty, range) in [
        ("vitals", "resp_rate", INT, "Int 12..22"),
        ("room_types", "base_price", numeric(10, 2), "45.00..420.00"),
        ("articles", "base_price", numeric(10, 2), "2.00..200.00"),
        ("reviews", "score_service", INT, "Int 5..10"),
        ("daily_rates", "rooms_total", INT, "Int 30..160"),
        ("daily_rates", "rooms_sold", INT, "Int 0..30"),
        ("audits", "rooms_available", INT, "Int 30..160"),
        ("metrics", "errors_total", INT, "Int 5..5000"),
        ("metrics", "requests_total", INT, "Int 5..5000"),
        ("quizzes", "points_total", INT, "Int 5..5000"),
        ("engines", "power_kw", INT, "Int 45..260"),
        ("motoren", "leistung_kw", INT, "Int 1..250"),
        ("lieferungen", "lieferkw", INT, "Int 1..52"),
        ("nations", "gold", INT, "Int 0..40"),
        ("jobs", "salary_min", INT, "Int 25000..150000"),
        ("jobs", "salary_max", INT, "Int 25000..150000"),
        ("limits", "max", INT, "Int 10..1000"),
        ("wines", "vintage", INT, "Int 2000..2024"),
        ("tickets", "bags", INT, "Choice 1"),
        ("heroes", "player_gold", INT, "Int 0..5000"),
        ("accruals", "rate_pct", INT, "Int 0..25"),
        ("bins", "shelf", INT, "Int 1..8"),
        ("sections", "max_enrollment", INT, "Int 12..120"),
    ] {
        assert_eq!(short(&inferred(table, name, ty).domain), range, "{table}.{name}");
    }
    // A list of numbers also counts for decimals.
    let hours = inferred("items", "pack_size", numeric(5, 1)).domain;
    assert!(matches!(hours, Domain::Choice { .. }), "{hours:?}");
}

#[test]
fn whoever_did_it_is_a_person_and_whatever_made_it_a_company() {
    for (name, kind) in [
        ("counted_by", "Name"),
        ("written_by", "Name"),
        ("create_by", "Name"),
        ("sold_by", "Name"),
        ("powered_by", "Company"),
        ("manufactured_by", "Company"),
        ("sponsored_by", "Company"),
        ("made_by", "Name"),
        ("published_by", "Name"),
        ("sort_by", "created_at"),
        ("group_by", "created_at"),
        ("filter_by", "created_at"),
        ("ship_by", "DateText"),
        ("use_by", "DateText"),
        ("needed_by", "DateText"),
        ("stand_by", "Words"),
    ] {
        let domain = format!("{:?}", inferred("widgets", name, varchar(60)).domain);
        assert!(domain.contains(kind), "{name}: {domain}");
    }
}

#[test]
fn words_of_a_trade_count_in_its_tables() {
    for (table, name, has, contains) in [
        ("medications", "stop_reason", true, "Side effects"),
        ("jobs", "stop_reason", false, "Side effects"),
        ("payments", "reject_reason", true, "Insufficient funds"),
        ("expense_reports", "reject_reason", false, "Insufficient funds"),
        ("hotels", "chain", true, "Aurora Hotels"),
        ("tokens", "chain", false, "Aurora Hotels"),
        ("cards", "block_reason", true, "stolen"),
        ("users", "block_reason", false, "stolen"),
        ("menu_items", "dish_type", true, "starter"),
        ("courses", "course_type", false, "starter"),
        ("courses", "delivery_mode", true, "hybrid"),
        ("parcels", "delivery_mode", false, "hybrid"),
        ("shipments", "shipping_container_type", true, "40HC"),
        ("gyms", "equipment_type", false, "40HC"),
        ("salons", "service_type", false, "preventive"),
        ("patients", "ward", true, "hospital_department"),
        ("voters", "ward", true, "Ward 1"),
        ("vessels", "flag", true, "Panama"),
        ("settings", "flag", false, "Panama"),
        ("port_calls", "port", true, "Rotterdam"),
        ("servers", "port", false, "Rotterdam"),
        ("firewall_rules", "destination_port", false, "Rotterdam"),
        ("songs", "genre", true, "music_genre"),
    ] {
        let domain = format!("{:?}", inferred(table, name, varchar(60)).domain);
        assert_eq!(domain.contains(contains), has, "{table}.{name}: {domain}");
    }
    let results = table("results", ["ward", "candidate_id"].map(|name| column(name, varchar(60))).into());
    let ward = infer(&results, &results.columns[0], &context(Dialect::Postgres)).expect("a generator").domain;
    assert!(format!("{ward:?}").contains("Ward 1"), "{ward:?}");
}

#[test]
fn texts_by_their_parts() {
    for (table, name, room, kind) in [
        ("orders", "ordered_by", 60, "Name"),
        ("wards", "ward_name", 60, "hospital_department"),
        ("guests", "language", 2, "LanguageCode"),
        ("guests", "nationality", 2, "CountryCode"),
        ("articles", "hs_code", 12, "hs_code"),
        ("parcels", "sscc", 18, "sscc"),
        ("tracking_events", "event_code", 30, "Choice"),
        ("teachers", "middle_initial", 1, "initial_letter"),
        ("ledgers", "period", 7, "year_month"),
    ] {
        let domain = inferred(table, name, varchar(room)).domain;
        assert!(format!("{domain:?}").contains(kind), "{table}.{name}: {domain:?}");
    }
}
