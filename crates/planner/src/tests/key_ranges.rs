//! Ranges of keys: those that CHECKs of referring tables ask for, and those that a CHECK leaves beside existing rows.

use super::*;
use dbmocker_core::schema::Auto;

/// The numbers of a column in all rows.
fn of(plan: &Plan, generator: &Generator, table: &str, column: &str) -> Vec<f64> {
    numbers(plan, generator, table).iter().map(|row| row[column]).collect()
}

#[test]
fn a_narrower_range_of_a_child_is_that_of_its_parents() {
    let periods =
        table("periods").int("period").text("label").primary(&["period"]).check("period BETWEEN 1900 AND 2100");
    let facts = table("facts").int("id").int("period").primary(&["id"]).foreign(&["period"], "periods", &["period"]);
    let facts = facts.check("period >= 2020");
    let schema = Fixture::new().with(periods).with(facts).schema();
    let plan = check(schema.clone(), 20);
    assert_eq!((rows_of(&plan, "periods"), rows_of(&plan, "facts")), (20, 20));
    // Numbers that the server counts, too.
    let mut counted = schema;
    counted.tables[0].columns[0].auto = Some(Auto::AutoIncrement);
    let plan = check(counted, 20);
    assert_eq!((rows_of(&plan, "periods"), rows_of(&plan, "facts")), (20, 20));
}

#[test]
fn a_key_with_all_values_but_zero_uses_zero() {
    let schema = Fixture::new().with(table("t").int("code").primary(&["code"]).check("code BETWEEN 0 AND 9")).schema();
    let (plan, generator) = planned(&schema, 10);
    let mut codes = of(&plan, &generator, "t", "code");
    codes.sort_by(f64::total_cmp);
    assert_eq!(codes, (0..10).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn the_plan_shows_the_nulls_that_a_check_decides() {
    let t = table("t").int("id").nullable_int("owner_no").nullable_int("team_no").primary(&["id"]);
    let schema = Fixture::new().with(t.check("(owner_no IS NULL) <> (team_no IS NULL)")).schema();
    let (plan, generator) = planned(&schema, 2_000);
    for c in [1, 2] {
        let nulls = (0..2_000).filter(|row| generator.cell(0, c, *row).unwrap().is_null()).count() as f64 / 2_000.0;
        let shown = plan.tables[0].column_texts(c).0;
        let share = shown.split(", ").find_map(|part| part.strip_suffix(" % NULL")).unwrap().parse::<f64>().unwrap();
        assert!((share / 100.0 - nulls).abs() < 0.05, "{shown}, and {nulls} of the rows are NULL");
    }
}
