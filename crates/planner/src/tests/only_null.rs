//! Columns that hold only NULL: only if the constraints allow nothing else, and then the plan reports it.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;
use dbmocker_plan::print::Detail;

fn nullable(table: TableFixture, name: &str) -> TableFixture {
    let ty = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
    table.column(name, ty, "text", true)
}

/// Returns the line of a printed plan about a column.
fn said<'p>(plan: &'p str, column: &str) -> &'p str {
    plan.lines().find(|l| l.trim_start().starts_with(&format!("{column} "))).unwrap_or_else(|| panic!("{plan}"))
}

#[test]
fn values_of_check_lists_replace_those_inferred_from_names() {
    let mut vehicles = table("vehicles").int("id").primary(&["id"]);
    let lists = [
        ("kind", "kind IN ('van', 'truck')"),
        ("role", "role = 'boss' OR role = 'staff'"),
        ("channel", "channel = ANY (ARRAY['tv', 'radio'])"),
        ("status", "status ~ '^[A-Z]{2}$'"),
        ("priority", "length(priority) BETWEEN 9 AND 12"),
    ];
    for (column, text) in lists {
        vehicles = nullable(vehicles, column).check(text);
    }
    let schema = Fixture::new().with(vehicles).schema();
    let (plan, generator) = planned(&schema, 300);
    audit(&schema, &plan, &generator);
    for (c, column) in plan.tables[0].columns.iter().enumerate().skip(1) {
        let null = (0..300).filter(|&row| generator.cell(0, c, row).unwrap().is_null()).count();
        assert!(null < 100, "{}: {null} of 300 NULL", column.name);
    }
    assert!(
        said(&plan.describe(Detail::Columns), "kind").contains("-- what CHECKs leave of its type; CHECK check_1; ")
    );
}

#[test]
fn a_column_that_only_null_satisfies_is_reported() {
    let schema = Fixture::new()
        .with(table("owners").int("id").primary(&["id"]))
        .with(
            nullable(table("things").int("id").primary(&["id"]).int("kind").nullable_int("owner"), "note")
                .foreign(&["owner"], "owners", &["id"])
                .check("kind = 5 AND owner IS NOT NULL OR kind <> 5 AND owner IS NULL")
                .check("kind IN (1, 2, 3)")
                .check("note = 'a' AND note = 'b'"),
        )
        .schema();
    let text = check(schema, 50).describe(Detail::Columns);
    assert!(said(&text, "owner").contains("  NULL"), "{text}");
    assert!(!said(&text, "owner").contains('%'), "{text}");
    assert!(said(&text, "note").contains("  NULL  -- ") && said(&text, "note").contains("check_3"), "{text}");
}

#[test]
fn a_check_that_fails_leaves_the_likely_values_of_columns_that_it_does_not_read() {
    let text = SqlType::Text { max_chars: Some(40), max_bytes: None, fixed: false, case_insensitive: false };
    let hosts = table("hosts")
        .int("id")
        .primary(&["id"])
        .column("email", text.clone(), "varchar(40)", false)
        .column("place", text, "varchar(40)", false)
        .check("length(email) > 3")
        .check("place_of(place) = id");
    let (plan, generator) = planned(&Fixture::new().with(hosts).schema(), 100);
    assert_eq!(plan.unsolved().len(), 1);
    for row in 0..100 {
        let email = generator.cell(0, 1, row).unwrap().to_string();
        assert!(email.contains('@'), "{email}");
    }
}

/// A CHECK that a suggested list hardly meets leaves its range, and no negative numbers.
#[test]
fn checks_leave_the_likely_range_of_numbers() {
    let rate = SqlType::Decimal { precision: 5, scale: 2, unsigned: false };
    let big = SqlType::Int { bytes: 8, unsigned: false, tinyint1: false };
    let bookings = table("bookings")
        .int("id")
        .primary(&["id"])
        .column("tax_rate", rate, "numeric(5,2)", false)
        .column("notice_period_days", big.clone(), "bigint", false)
        .column("memory_mb", big, "bigint", false)
        .check("tax_rate >= 0 AND tax_rate <= 1")
        .check("notice_period_days <= 7")
        .check("memory_mb < 100");
    let (_, generator) = planned(&Fixture::new().with(bookings).schema(), 300);
    let mut seen: [HashSet<i128>; 3] = Default::default();
    for row in 0..300 {
        for (c, seen) in seen.iter_mut().enumerate() {
            match generator.cell(0, c + 1, row).unwrap() {
                Value::Int(n) => seen.insert(n),
                Value::Decimal { unscaled, .. } => seen.insert(unscaled),
                other => panic!("{other:?}"),
            };
        }
    }
    assert!(seen.iter().all(|of| of.len() > 5 && of.iter().all(|n| *n >= 0)), "{seen:?}");
}
