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
