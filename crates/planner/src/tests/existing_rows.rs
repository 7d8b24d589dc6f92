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

/// The existing rows of some tables, by name.
struct Held<'a>(&'a [(&'a str, Vec<Vec<Value>>)]);

impl ExistingRows for Held<'_> {
    fn read(&self, keys: &KeyRequest<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError> {
        let (_, rows) = self.0.iter().find(|(name, _)| *name == keys.table.name.name).expect("it has rows");
        rows.iter().for_each(|row| each(keys.columns.iter().map(|&c| row[c].clone()).collect()));
        Ok(())
    }
}

/// Plans 200 rows for each table; returns each table's new rows, and why they are fewer.
fn beside(tables: Fixture, held: &[(&str, Vec<Vec<Value>>)]) -> BTreeMap<String, (Vec<Vec<Value>>, Option<String>)> {
    let mut schema = tables.schema();
    for (name, rows) in held {
        let table = schema.tables.iter_mut().find(|t| t.name.name == *name).unwrap();
        table.existing.rows = rows.len() as u64;
        for (c, column) in table.columns.iter().enumerate() {
            let largest = rows.iter().filter_map(|r| if let Value::Int(n) = r[c] { Some(n) } else { None }).max();
            table.existing.max.extend(largest.map(|n| (column.name.clone(), n)));
        }
    }
    let options = PlanOptions { rows: 200, seed: 42, now: NOW, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &Held(held)).unwrap();
    let rows = |t: usize, table: &TablePlan| {
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        (0..table.rows).map(|row| generator.cells(t, &columns, row).unwrap()).collect()
    };
    let tables = plan.tables.iter().enumerate();
    tables.map(|(t, table)| (table.name.name.clone(), (rows(t, table), table.limited_by.clone()))).collect()
}

fn texts(rows: &[&[&str]]) -> Vec<Vec<Value>> {
    rows.iter().map(|row| row.iter().map(|text| Value::text(*text)).collect()).collect()
}

#[test]
fn children_refer_to_existing_parents_where_there_are_no_new_ones() {
    let tables = Fixture::new()
        .with(table("metric").text("name").primary(&["name"]).check("name IN ('sessions', 'users')"))
        .with(table("uploaded").text("metric").primary(&["metric"]).foreign(&["metric"], "metric", &["name"]));
    let all = texts(&[&["sessions"], &["users"]]);
    let found = beside(tables, &[("metric", all.clone()), ("uploaded", all)]);
    let full = |name: &str| format!("`{name}_key` holds all of its values in existing rows");
    assert_eq!(found["metric"], (Vec::new(), Some(full("metric_name"))));
    assert_eq!(found["uploaded"], (Vec::new(), Some(full("uploaded_metric"))));
}

#[test]
fn pairs_of_existing_parents_are_those_that_are_left() {
    let states = texts(&[&["pending"], &["active"], &["canceling"], &["terminated"]]);
    let held = texts(&[&["pending", "active"], &["active", "canceling"]]);
    let of_state = |table: dbmocker_core::schema::fixtures::TableFixture| {
        table.foreign(&["prior"], "state", &["name"]).foreign(&["current"], "state", &["name"])
    };
    let tables = Fixture::new()
        .with(
            table("state")
                .text("name")
                .primary(&["name"])
                .check("name IN ('pending', 'active', 'canceling', 'terminated')"),
        )
        .with(of_state(
            table("valid")
                .text("prior")
                .text("current")
                .primary(&["prior", "current"])
                .check("prior IN ('pending', 'active', 'canceling')"),
        ));
    let found = beside(tables, &[("state", states), ("valid", held.clone())]);
    let (rows, limited) = &found["valid"];
    let different: HashSet<u128> = rows.iter().chain(&held).map(|row| digest(row)).collect();
    assert_eq!((rows.len(), different.len()), (10, 12), "{rows:?}");
    assert!(limited.is_some() && rows.iter().all(|row| row[0] != Value::text("terminated")), "{rows:?}");
}

/// Tables of which one may refer to one row of the other only.
fn one_global() -> Fixture {
    Fixture::new().with(table("scope").text("id").primary(&["id"]).check("length(id) > 10 OR id = 'global'")).with(
        table("scope_global")
            .text("scope_id")
            .primary(&["scope_id"])
            .foreign(&["scope_id"], "scope", &["id"])
            .check("scope_id = 'global'"),
    )
}

#[test]
fn a_wanted_value_of_a_key_that_exists_is_not_made_again() {
    let global = texts(&[&["global"]]);
    let found = beside(one_global(), &[("scope", global.clone())]);
    let (rows, limited) = &found["scope"];
    assert_eq!((rows.len(), limited), (200, &None));
    assert!(!rows.contains(&global[0]));
    assert_eq!(found["scope_global"].0, global);
}

#[test]
fn a_key_that_an_existing_parent_alone_may_have_is_full_once_it_is_used() {
    let global = texts(&[&["global"]]);
    let found = beside(one_global(), &[("scope", global.clone()), ("scope_global", global)]);
    assert_eq!(found["scope"].0.len(), 200);
    let (rows, limited) = &found["scope_global"];
    assert!(rows.is_empty() && limited.as_ref().is_some_and(|why| why.contains("existing rows")), "{limited:?}");
}

#[test]
fn existing_rows_may_hold_the_keys_of_new_parents_of_inferred_references() {
    let pair = |realm: i128, user: i128| vec![Value::Int(realm), Value::Int(user)];
    let held = vec![pair(1, 1), pair(2, 1), pair(3, 1), pair(5, 1), pair(7, 1), pair(7, 3)];
    let tables = Fixture::new()
        .with(table("plugin_realms").int("id").varchar("file", 50).primary(&["id"]))
        .with(table("user_auth_realm").int("realm_id").int("user_id").primary(&["realm_id", "user_id"]));
    let parents = vec![vec![Value::Int(1), Value::text("a")]];
    let found = beside(tables, &[("plugin_realms", parents), ("user_auth_realm", held.clone())]);
    let rows = &found["user_auth_realm"].0;
    let different: HashSet<u128> = rows.iter().chain(&held).map(|row| digest(row)).collect();
    assert_eq!((rows.len(), different.len()), (200, 206), "{rows:?}");
    assert!(rows.iter().all(|row| matches!(row[0], Value::Int(2..=201))), "{rows:?}");
}
