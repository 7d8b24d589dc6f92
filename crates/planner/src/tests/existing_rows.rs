//! Existing rows, and tables that are left out.

use super::*;

#[test]
fn plans_read_from_json_hold_the_existing_keys() {
    struct Five;
    impl ExistingRows for Five {
        fn read(&self, keys: &KeyRequest<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError> {
            let cell = |row: i128, c: usize| match keys.table.columns[c].ty {
                SqlType::Text { .. } => Value::text(format!("{row} is \"there\"")),
                _ => Value::Int(row << 70),
            };
            (1..=5).for_each(|row| each(keys.columns.iter().map(|&c| cell(row, c)).collect()));
            Ok(())
        }
    }
    let parent = table("parent").int("id").text("code").primary(&["id"]).unique(&["code"]);
    let child = table("child").int("id").int("parent_id").text("parent_code").primary(&["id"]);
    let child = child.foreign(&["parent_id"], "parent", &["id"]).foreign(&["parent_code"], "parent", &["code"]);
    let mut schema = Fixture::new().with(parent).with(child).schema();
    schema.tables.iter_mut().find(|t| t.name.name == "parent").unwrap().existing.rows = 5;
    let selection = Selection { include: vec!["child".into()], ..Selection::default() };
    let options = PlanOptions { rows: 50, seed: 42, now: NOW, selection, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &Five).unwrap();
    assert!(plan.tables[0].foreign.iter().all(|f| f.existing_keys.len() == 5));
    same_rows_from_json(&plan, &generator);
    let outline = plan.clone().outline().to_json();
    assert!(!outline.contains("there") && outline.len() < plan.to_json().len());
}

/// Existing parents with ids from 1 to `0`.
struct There(i128);

impl ExistingRows for There {
    fn read(&self, keys: &KeyRequest<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError> {
        (1..=self.0).for_each(|row| each(keys.columns.iter().map(|_| Value::text(format!("key {row}"))).collect()));
        Ok(())
    }
}

#[test]
fn existing_keys_stay_within_the_memory_limit() {
    let parent = table("parent").text("code").primary(&["code"]);
    let child = table("child").int("id").text("a").text("b").primary(&["id"]);
    let child = child.foreign(&["a"], "parent", &["code"]).foreign(&["b"], "parent", &["code"]);
    let mut schema = Fixture::new().with(parent).with(child).schema();
    schema.tables.iter_mut().find(|t| t.name.name == "parent").unwrap().existing.rows = 200_000;
    let selection = Selection { include: vec!["child".into()], ..Selection::default() };
    let options = PlanOptions { rows: 50, seed: 42, now: NOW, selection, ..PlanOptions::default() };
    let (all, _) = build(&schema, &options, &There(200_000)).unwrap();
    assert_eq!(all.tables[0].foreign[0].existing_count, 200_000);
    // Both foreign keys share one pool.
    assert!(all.held() < 200_000 * 20, "{}", all.held());
    let (few, generator) = build(&schema, &PlanOptions { memory: Some(4 << 20), ..options }, &There(200_000)).unwrap();
    assert!(few.held() <= 1 << 20 && few.tables[0].foreign[0].existing_count > 10_000, "{}", few.held());
    assert!(few.tables[0].notes.iter().any(|n| n.contains("of the 200,000 rows of `public.parent`")), "{few:?}");
    same_rows_from_json(&few, &generator);
}

#[test]
fn keys_that_exceed_the_memory_limit_are_an_error() {
    let own = table("own").text("code").primary(&["code"]);
    let mut schema = Fixture::new().with(own).schema();
    schema.tables[0].existing.rows = 1_000_000;
    let options = PlanOptions { rows: 50, seed: 42, now: NOW, memory: Some(1 << 20), ..PlanOptions::default() };
    let error = build(&schema, &options, &There(1)).err().unwrap().to_string();
    assert!(error.contains("own_code_key") && error.contains("--memory-limit allows 1 MiB"), "{error}");
}

#[test]
fn the_error_for_an_unknown_table_names_the_nearest() {
    let schema = Fixture::new().with(table("customers").int("id").primary(&["id"])).schema();
    let selection = Selection { include: vec!["custommers".into()], ..Selection::default() };
    let options = PlanOptions { rows: 1, seed: 1, now: NOW, selection, ..PlanOptions::default() };
    let error = build(&schema, &options, &NoExistingRows).err().unwrap();
    assert_eq!(error.to_string(), "no table `custommers`; did you mean `customers`?");
}

#[test]
fn an_empty_parent_that_is_not_filled_is_an_error() {
    let schema = Fixture::new()
        .with(table("users").int("id").primary(&["id"]))
        .with(table("posts").int("id").int("user_id").primary(&["id"]).foreign(&["user_id"], "users", &["id"]))
        .schema();
    let selection = Selection { include: vec!["posts".into()], ..Selection::default() };
    let options = PlanOptions { rows: 1, seed: 1, now: NOW, selection, ..PlanOptions::default() };
    let error = build(&schema, &options, &NoExistingRows).err().unwrap().to_string();
    assert!(error.contains("public.posts") && error.contains("public.users"), "{error}");
}

/// A nullable key with few values to which a NOT NULL column refers: NULLs must not fill it up.
#[test]
fn a_key_referenced_by_a_not_null_column_is_never_null() {
    let schema = Fixture::new()
        .with(
            table("kinds")
                .text("label")
                .nullable_int("number")
                .primary(&["label"])
                .unique(&["number"])
                .check("number IN (1, 2, 3, 4)"),
        )
        .with(table("things").int("id").int("kind").primary(&["id"]).foreign(&["kind"], "kinds", &["number"]))
        .schema();
    let (plan, generator) = planned(&schema, 50);
    audit(&schema, &plan, &generator);
    let kinds = plan.tables.iter().find(|t| t.name.name == "kinds").unwrap();
    assert_eq!((kinds.rows, kinds.limited_by.is_some()), (4, true));
    let things = plan.tables.iter().position(|t| t.name.name == "things").unwrap();
    assert!((0..50).all(|row| !generator.cell(things, 1, row).unwrap().is_null()));
}

/// Foreign keys that share columns with one to a table that cannot be filled: nullable ones are NULL, the others
/// remain.
#[test]
fn keys_to_a_skipped_table_are_null_and_the_others_remain() {
    let tenant = |name| table(name).int("tenant").int("id").primary(&["tenant", "id"]);
    let schema = Fixture::new()
        .with(tenant("orders"))
        .with(tenant("notes").check("id > 5 AND id < 3"))
        .with(
            table("items")
                .int("tenant")
                .int("order_id")
                .nullable_int("note_id")
                .foreign(&["tenant", "order_id"], "orders", &["tenant", "id"])
                .foreign(&["tenant", "note_id"], "notes", &["tenant", "id"]),
        )
        .with(
            table("shared")
                .int("id")
                .int("tenant")
                .nullable_int("x")
                .primary(&["id"])
                .foreign(&["tenant", "x"], "orders", &["tenant", "id"])
                .foreign(&["tenant", "x"], "notes", &["tenant", "id"]),
        )
        .schema();
    let options = PlanOptions { rows: 50, seed: 1, now: NOW, skip_unsolved: true, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
    let left: Vec<String> = plan.left_out.iter().map(|l| l.name.to_string()).collect();
    assert_eq!(left, ["public.notes"], "{:?}", plan.left_out);
    let position = |name: &str| plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let (orders, items, shared) = (position("orders"), position("items"), position("shared"));
    let keys: HashSet<u128> = (0..50).map(|r| digest(&generator.cells(orders, &[0, 1], r).unwrap())).collect();
    for row in 0..50 {
        let cells = generator.cells(items, &[0, 1, 2], row).unwrap();
        assert!(keys.contains(&digest(&cells[..2])) && cells[2].is_null(), "{cells:?}");
        assert!(generator.cell(shared, 2, row).unwrap().is_null());
    }
    let error = build(&schema, &PlanOptions { skip_unsolved: false, ..options }, &NoExistingRows).err().unwrap();
    assert!(error.to_string().contains("public.notes") && error.to_string().contains("--skip-unsolved"), "{error}");
}
