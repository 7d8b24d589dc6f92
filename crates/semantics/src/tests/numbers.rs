//! Numbers, times, dates and flags by their names.

use super::*;

#[test]
fn numbers_by_name_stay_in_their_type() {
    for (name, ty, expected) in [
        ("price", numeric(10, 2), "1.00..1000.00"),
        ("unit_price", numeric(6, 2), "1.00..1000.00"),
        ("price", numeric(4, 2), "1.00..99.99"),
        ("amount", numeric(0, 0), "1.00..1000.00"),
        ("total", numeric(12, 2), "5.00..5000.00"),
        ("tax_rate", numeric(5, 4), "Choice 0.1900"),
        ("tax_rate", numeric(5, 2), "Choice 19.00"),
        ("accrual_rate", numeric(5, 4), "0.0000..0.0900"),
        ("accrual_rate", numeric(5, 2), "0.00..9.00"),
        ("score", numeric(4, 4), "0.0000..0.9999"),
        ("price", numeric(3, 5), "0.00000..0.00999"),
        ("anything", numeric(3, -2), "0..1000"),
        ("latitude", numeric(9, 6), "-80.000000..80.000000"),
        ("latitude", SqlType::Float { bytes: 8, unsigned: false }, "Float -80..80"),
        ("lng", SqlType::Float { bytes: 4, unsigned: false }, "Float -179..179"),
        ("weight", SqlType::Float { bytes: 8, unsigned: true }, "Float 0.1..100"),
        ("age", int(2), "Int 18..90"),
        ("qty", int(4), "Int 1..20"),
        ("quantity", int(4), "Int 1..20"),
        ("release_year", int(4), "Int 1990..2025"),
        ("year", int(1), "Int 0..127"),
        ("month", int(1), "Int 1..12"),
        ("rating", int(2), "Int 1..5"),
        ("sort_order", int(4), "Int 1..100"),
        ("position", int(4), "Int 1..100"),
        ("port", int(4), "Int 1024..49151"),
        ("salary", int(4), "Int 25000..150000"),
        ("salary", int(2), "Int 25000..32767"),
        ("discount", int(4), "Int 0..50"),
        ("file_size", int(8), "Int 2000..8000000"),
        ("reference_id", int(4), "Int 1..1000000"),
        ("xyzzy", int(4), "Int 1..100"),
        ("xyzzies", int(4), "Int 0..20"),
        ("xyzzy", int(1), "Int 1..100"),
        ("status", int(2), "Int 0..5"),
        ("is_active", int(4), "Choice 1"),
        ("active", tinyint1(), "Choice 1"),
        ("xyzzy", tinyint1(), "Choice 1"),
        ("rating", tinyint1(), "Int 1..5"),
        ("year", SqlType::Year, "Int 1990..2025"),
    ] {
        let found = inferred("things", name, ty.clone());
        assert_eq!(short(&found.domain), expected, "{name} {ty:?}: {}", found.reason);
        let legal = found.legal.sampler();
        for i in 0..50 {
            let value = found.domain.draw(&mut CellRng::new(i));
            let value =
                if let (Value::Int(n), SqlType::Decimal { .. }) = (&value, &ty) { Value::Int(*n) } else { value };
            assert!(legal.contains(&value), "{name} {ty:?}: {value} is not legal");
        }
    }
}

#[test]
fn numbers_depend_on_their_table_and_unit() {
    for (t, name, ty, expected) in [
        ("patients", "weight_kg", numeric(5, 1), "45.0..120.0"),
        ("parcels", "weight_kg", numeric(6, 2), "0.20..30.00"),
        ("things", "weight_kg", numeric(6, 2), "45.00..120.00"),
        ("things", "height_cm", int(4), "150..195"),
        ("payslips", "gross_cents", int(8), "180000..900000"),
        ("policies", "annual_premium_cents", int(4), "20000..300000"),
        ("products", "price_cents", int(4), "500..50000"),
        ("vitals", "respiratory_rate", int(4), "12..22"),
    ] {
        let Domain::Range { kind, lo, hi, .. } = inferred(t, name, ty).domain else { panic!("{name}") };
        let shown = |n: i128| match kind {
            RangeKind::Decimal { scale } => format!("{:.*}", scale.into(), n as f64 / 10f64.powi(scale.into())),
            _ => n.to_string(),
        };
        assert_eq!(format!("{}..{}", shown(lo), shown(hi)), expected, "{t}.{name}");
    }
}

#[test]
fn times_of_day_follow_their_names() {
    let hours =
        |name: &str| match inferred("hotels", name, SqlType::Time { precision: 6, tz: false, span: false }).domain {
            Domain::Range { kind: RangeKind::Time, lo, hi, .. } => [lo, hi].map(|at| at / 3_600_000_000),
            other => panic!("{name}: {other:?}"),
        };
    assert_eq!(hours("check_in_time"), [14, 16]);
    assert_eq!(hours("check_out_time"), [10, 12]);
    assert_eq!(hours("opens_at"), [7, 10]);
    assert_eq!(hours("closing_time"), [17, 22]);
    assert!(hours("start_time")[1] < hours("end_time")[0]);
    assert_eq!(hours("t"), [0, 23]);
}

#[test]
fn dates_are_before_or_after_now_by_name() {
    let today = days(2025, 6, 1);
    let at = |name: &str, ty: SqlType| match inferred("things", name, ty).domain {
        Domain::Range { lo, hi, .. } => (lo, hi),
        other => panic!("{name}: {other:?}"),
    };
    for name in ["created_at", "updated_at", "birth_date", "order_date", "start_date", "end_date", "d", "last_login"] {
        assert!(at(name, SqlType::Date).1 < today.into(), "{name}");
        assert!(at(name, TIMESTAMP).1 < now().into(), "{name}");
    }
    for name in ["expires_at", "due_date", "expiry", "valid_to", "deadline", "next_run_at"] {
        assert!(at(name, SqlType::Date).0 > today.into(), "{name}");
    }
    let (born_first, born_last) = at("dob", SqlType::Date);
    assert!(born_last < (today - 17 * 365).into() && born_first > (today - 81 * 365).into());
    let epoch = SqlType::Timestamp { precision: 0, tz: true, epoch_range: true };
    let far = InferContext { now_micros: i64::from(days(2037, 12, 1)) * MICROS_PER_DAY, ..context(Dialect::Mysql) };
    for name in ["birth_date", "expires_at"] {
        match inferred_in("t", name, epoch.clone(), &far).domain {
            Domain::Range { lo, hi, .. } => {
                assert!(lo >= 1_000_000 && hi <= 2_147_483_647_000_000 && lo <= hi, "{name}: {lo}..{hi}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn timestamps_stored_as_numbers() {
    let seconds = inferred("t", "created_at", int(4));
    let Domain::Range { hi, .. } = seconds.domain else { panic!() };
    assert!((1_500_000_000..1_760_000_000).contains(&hi));
    let millis = inferred("t", "create_timestamp", int(8));
    let Domain::Range { hi, .. } = millis.domain else { panic!() };
    assert!((1_500_000_000_000..1_760_000_000_000).contains(&hi));
    for (name, ty, range) in [
        ("created_at_ms", int(8), "milliseconds"),
        ("at_ms", int(8), "milliseconds"),
        ("started_at_us", int(8), "microseconds"),
        ("elapsed_ms", int(8), "name `elapsed_ms`"),
    ] {
        let found = inferred_in("t", name, ty, &context(Dialect::Sqlite));
        assert!(found.reason.contains(range), "{name}: {}", found.reason);
        assert_eq!(found.reason.contains("1970"), name != "elapsed_ms");
    }
    let flag = Column { default: Some("false".into()), ..column("admin", int(8)) };
    let t = table("t", vec![flag]);
    let flag = infer(&t, &t.columns[0], &context(Dialect::Sqlite)).expect("a generator");
    assert!(matches!(&flag.domain, Domain::Choice { values, .. } if values.len() == 2), "{flag:?}");
    let sqlite = inferred_in("t", "mtime", int(8), &context(Dialect::Sqlite));
    let Domain::Range { hi, .. } = sqlite.domain else { panic!() };
    assert!((1_500_000_000..1_760_000_000).contains(&hi));
}

#[test]
fn flags_in_every_type() {
    for ty in [SqlType::Bool, tinyint1(), int(2), numeric(1, 0)] {
        let found = inferred("users", "is_deleted", ty);
        let Domain::Choice { weights: Some(w), .. } = &found.domain else { panic!("{:?}", found.domain) };
        assert!(w[0] < w[1], "deleted is rare");
    }
    assert_eq!(short(&inferred("users", "is_admin", char(1)).domain), "Choice Y");
    assert_eq!(short(&inferred("users", "enabled", varchar(5)).domain), "Choice true");
    assert_eq!(short(&inferred("users", "active", SqlType::Bool).domain), "Choice true");
}

#[test]
fn numbers_of_years_are_no_years() {
    for (column, most) in [("years_of_experience", 60), ("no_claims_years", 60), ("contract_years", 60)] {
        let Domain::Range { lo, hi, .. } = inferred("policies", column, int(2)).domain else { panic!("{column}") };
        assert!(lo >= 0 && hi <= most, "{column}: {lo}..{hi}");
    }
    let Domain::Range { lo, .. } = inferred("policies", "policy_year", int(2)).domain else { panic!() };
    assert!(lo > 1900);
}

#[test]
fn smallints_hold_ordinals() {
    for column in ["seat_number", "quantity_after", "team_number", "foo"] {
        let Domain::Range { lo, hi, .. } = inferred("things", column, int(2)).domain else { panic!("{column}") };
        assert!(lo >= 0 && hi <= 1000, "{column}: {lo}..{hi}");
    }
}
