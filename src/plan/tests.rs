//! Whole plans of small schemas, and the rows they give.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use crate::generate::table::Generator;
use crate::predicate::{self, Env};
use crate::schema::Schema;
use crate::schema::fixtures::{Fixture, table};
use crate::value::digest;

const NOW: i64 = 1_767_225_600_000_000;

fn planned(schema: &Schema, rows: u64) -> (Plan, Generator) {
    let options = Options { rows, seed: 42, now: NOW, selection: Selection::default(), ..Options::default() };
    build(schema, &options, &NoExistingRows).expect("the schema can be planned")
}

/// Every key unique, every foreign key met, every CHECK kept, on all rows.
fn audit(schema: &Schema, plan: &Plan, generator: &Generator) {
    let position = |name: &str| plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let tuples = |t: usize, columns: &[usize]| -> Vec<Vec<Value>> {
        (0..plan.tables[t].rows).map(|row| generator.cells(t, columns, row).unwrap()).collect()
    };
    for table in &schema.tables {
        let t = position(&table.name.name);
        for key in table.keys.iter().filter(|k| k.predicate.is_none()) {
            let columns: Vec<usize> =
                key.plain_columns().unwrap().iter().map(|c| table.column_index(c).unwrap()).collect();
            let mut seen = HashSet::new();
            for tuple in tuples(t, &columns) {
                let fresh = tuple.iter().any(Value::is_null) || seen.insert(digest(&tuple));
                assert!(fresh, "{} {}: {tuple:?} twice", table.name, key.name);
            }
        }
        let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
        for text in &table.checks {
            let check = predicate::parse(&text.text, schema.dialect).unwrap();
            for tuple in tuples(t, &(0..names.len()).collect::<Vec<_>>()) {
                let row: BTreeMap<String, Value> = names.iter().cloned().zip(tuple).collect();
                let env = Env { dialect: schema.dialect, now: NOW };
                assert_ne!(check.truth(&row, env).unwrap(), Some(false), "{} {}: {row:?}", table.name, text.text);
            }
        }
        for fk in table.every_foreign_key() {
            let index = |t: &crate::schema::Table, names: &[String]| -> Vec<usize> {
                names.iter().map(|c| t.column_index(c).unwrap()).collect()
            };
            let parent = schema.table(&fk.parent).unwrap();
            let parents: HashSet<u128> = tuples(position(&parent.name.name), &index(parent, &fk.parent_columns))
                .iter()
                .map(|tuple| digest(tuple))
                .collect();
            for tuple in tuples(t, &index(table, &fk.columns)) {
                let met = tuple.iter().any(Value::is_null) || parents.contains(&digest(&tuple));
                assert!(met, "{} {}: {tuple:?} has no parent", table.name, fk.name);
            }
        }
    }
}

fn check(schema: Schema, rows: u64) -> Plan {
    let made = planned(&schema, rows);
    checked(&schema, made)
}

fn checked(schema: &Schema, (plan, generator): (Plan, Generator)) -> Plan {
    audit(schema, &plan, &generator);
    same_rows_from_json(&plan, &generator);
    batches_are_cells(&plan, &generator);
    plan
}

/// However a table is cut, its batches hold what a look at each cell alone gives.
fn batches_are_cells(plan: &Plan, generator: &Generator) {
    for (t, table) in plan.tables.iter().enumerate() {
        let cut = table.rows * 2 / 5;
        let whole = generator.batch(t, 0..table.rows).unwrap();
        let parts = [generator.batch(t, 0..cut).unwrap(), generator.batch(t, cut..table.rows).unwrap()];
        assert_eq!(whole, arrow::compute::concat_batches(&whole.schema(), &parts).unwrap());
        for (i, &c) in generator.table(t).sent.iter().enumerate() {
            for row in 0..table.rows {
                let cell = generator.cell(t, c, row).unwrap();
                let held = crate::generate::arrow::value_at(whole.column(i), whole.schema().field(i), row as usize);
                assert_eq!(held, cell, "{}.{} row {row}", table.label, table.columns[c].name);
            }
        }
    }
}

/// A plan that was written down gives the same cells.
fn same_rows_from_json(plan: &Plan, generator: &Generator) {
    let read = Plan::from_json(&plan.to_json()).unwrap();
    let again = Generator::new(&read);
    for (t, table) in plan.tables.iter().enumerate() {
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        for row in 0..table.rows {
            assert_eq!(generator.cells(t, &columns, row).unwrap(), again.cells(t, &columns, row).unwrap());
        }
    }
    assert_eq!(read.to_json(), plan.to_json());
}

fn rows_of(plan: &Plan, name: &str) -> u64 {
    plan.tables.iter().find(|t| t.name.name == name).unwrap().rows
}

#[test]
fn a_junction_table_of_two_parents() {
    let schema = Fixture::new()
        .with(table("actor").int("id").text("name").primary(&["id"]))
        .with(table("film").int("id").text("title").primary(&["id"]).unique(&["title"]))
        .with(
            table("cast")
                .int("actor_id")
                .int("film_id")
                .primary(&["actor_id", "film_id"])
                .foreign(&["actor_id"], "actor", &["id"])
                .foreign(&["film_id"], "film", &["id"]),
        )
        .schema();
    for rows in [1, 2, 7, 200, 3000] {
        let plan = check(schema.clone(), rows);
        assert_eq!(rows_of(&plan, "cast"), rows);
    }
}

#[test]
fn keys_inherited_through_four_levels() {
    let schema = Fixture::new()
        .with(table("warehouse").int("w_id").primary(&["w_id"]))
        .with(table("district").int("w_id").int("d_id").primary(&["w_id", "d_id"]).foreign(
            &["w_id"],
            "warehouse",
            &["w_id"],
        ))
        .with(table("orders").int("w_id").int("d_id").int("o_id").primary(&["w_id", "d_id", "o_id"]).foreign(
            &["w_id", "d_id"],
            "district",
            &["w_id", "d_id"],
        ))
        .with(table("new_order").int("w_id").int("d_id").int("o_id").primary(&["w_id", "d_id", "o_id"]).foreign(
            &["w_id", "d_id", "o_id"],
            "orders",
            &["w_id", "d_id", "o_id"],
        ))
        .with(
            table("line")
                .int("w_id")
                .int("d_id")
                .int("o_id")
                .int("number")
                .primary(&["w_id", "d_id", "o_id", "number"])
                .foreign(&["w_id", "d_id", "o_id"], "orders", &["w_id", "d_id", "o_id"]),
        )
        .schema();
    for rows in [1, 200, 5000] {
        let plan = check(schema.clone(), rows);
        assert!(plan.tables.iter().all(|t| t.rows == rows && t.redraw.is_none()));
    }
}

#[test]
fn tenants_must_agree_along_two_paths() {
    let owned = |name: &str| {
        table(name).int("tenant").int("id").primary(&["tenant", "id"]).foreign(&["tenant"], "tenants", &["id"])
    };
    let schema = Fixture::new()
        .with(table("tenants").int("id").primary(&["id"]))
        .with(owned("orders"))
        .with(owned("products"))
        .with(
            table("items")
                .int("tenant")
                .int("order_id")
                .int("product_id")
                .int("id")
                .primary(&["id"])
                .foreign(&["tenant"], "tenants", &["id"])
                .foreign(&["tenant", "order_id"], "orders", &["tenant", "id"])
                .foreign(&["tenant", "product_id"], "products", &["tenant", "id"]),
        )
        .schema();
    let plan = check(schema, 300);
    assert!(plan.tables.iter().flat_map(|t| &t.sources).any(|s| s.web.is_some()));
}

/// 20 tenants, 200 orders, 100 products, and 1000 rows of a table between these two, with these keys.
fn between_tenants(keys: &[&[&str]]) -> (Plan, Vec<Vec<Value>>) {
    let owned = |name: &str| {
        table(name).int("tenant").int("id").primary(&["tenant", "id"]).foreign(&["tenant"], "tenants", &["id"])
    };
    let items = table("items").int("tenant").int("order_id").int("product_id").int("no");
    let items = items.foreign(&["tenant", "order_id"], "orders", &["tenant", "id"]).foreign(
        &["tenant", "product_id"],
        "products",
        &["tenant", "id"],
    );
    let schema = Fixture::new()
        .with(table("tenants").int("id").primary(&["id"]))
        .with(owned("orders"))
        .with(owned("products"))
        .with(keys.iter().fold(items, |items, key| items.unique(key)))
        .schema();
    let mut wishes = Wishes::default();
    for (table, rows) in [("tenants", 20), ("orders", 200), ("products", 100)] {
        wishes.table_of(&schema, table, "test").unwrap().rows = Some(rows);
    }
    let options = Options { rows: 1000, seed: 42, now: NOW, wishes, ..Options::default() };
    let made = build(&schema, &options, &NoExistingRows).unwrap();
    let (t, columns) = (made.1.len() - 1, [0, 1, 2]);
    let rows = (0..made.0.tables[t].rows).map(|row| made.1.cells(t, &columns, row).unwrap()).collect();
    (checked(&schema, made), rows)
}

fn different(rows: &[Vec<Value>], columns: &[usize]) -> usize {
    let tuples = rows.iter().map(|row| columns.iter().map(|&c| row[c].clone()).collect::<Vec<_>>());
    tuples.map(|tuple| digest(&tuple)).collect::<HashSet<_>>().len()
}

#[test]
fn rows_of_a_leading_parent_have_several_partners_that_agree() {
    // A key of all three columns: more rows than orders, none twice.
    let (plan, rows) = between_tenants(&[&["tenant", "order_id", "product_id"]]);
    assert_eq!((rows.len(), rows_of(&plan, "items")), (1000, 1000));
    assert!(plan.tables.iter().all(|t| t.limited_by.is_none() && t.redraw.is_none()));
    let orders = different(&rows, &[0, 1]);
    assert!((150..=200).contains(&orders), "{orders}");
    // No key, or lines that are counted within their order: an order's rows are not all of one product.
    for keys in [&[][..], &[&["tenant", "order_id", "no"][..]]] {
        let (plan, rows) = between_tenants(keys);
        assert!(plan.tables.iter().all(|t| t.limited_by.is_none() && t.redraw.is_none()));
        let (all, orders) = (different(&rows, &[0, 1, 2]), different(&rows, &[0, 1]));
        assert!(all > 2 * orders, "{all} combinations of {orders} orders");
    }
    // One row for each order: which product is left open.
    let (_, rows) = between_tenants(&[&["tenant", "order_id"]]);
    assert_eq!(rows.len(), 200);
}

#[test]
fn the_parent_whose_rows_may_occur_once_leads() {
    let (plan, rows) = between_tenants(&[&["tenant", "order_id", "product_id"], &["tenant", "product_id"]]);
    assert_eq!(rows.len(), 100);
    assert!(plan.tables.iter().all(|t| t.redraw.is_none()));
    let (_, rows) = between_tenants(&[&["tenant", "order_id"], &["tenant", "product_id"]]);
    assert!(rows.len() > 60, "{}", rows.len());
}

#[test]
fn one_column_with_two_parents() {
    let schema = Fixture::new()
        .with(table("person").int("id").primary(&["id"]))
        .with(table("account").int("id").primary(&["id"]))
        .with(table("login").int("id").primary(&["id"]).foreign(&["id"], "person", &["id"]))
        .schema();
    check(schema, 100);
}

#[test]
fn rings_of_not_null_keys() {
    let schema = Fixture::new()
        .with(table("store").int("id").int("manager_id").primary(&["id"]).unique(&["manager_id"]).foreign(
            &["manager_id"],
            "staff",
            &["id"],
        ))
        .with(table("staff").int("id").int("store_id").primary(&["id"]).foreign(&["store_id"], "store", &["id"]))
        .schema();
    let plan = check(schema, 150);
    assert_eq!(plan.cycles.len(), 1);
}

#[test]
fn self_references() {
    let schema = Fixture::new()
        .with(table("tree").int("id").nullable_int("parent_id").primary(&["id"]).foreign(
            &["parent_id"],
            "tree",
            &["id"],
        ))
        .with(table("ring").int("id").int("next_id").primary(&["id"]).foreign(&["next_id"], "ring", &["id"]))
        .schema();
    check(schema, 100);
}

#[test]
fn overlapping_keys_without_a_wide_column() {
    let plan_of = |name: &str| {
        let schema = Fixture::new()
            .with(table("a").int("id").primary(&["id"]))
            .with(table("b").int("id").primary(&["id"]))
            .with(table("c").int("id").primary(&["id"]))
            .with(
                table(name)
                    .int("a_id")
                    .int("b_id")
                    .int("c_id")
                    .unique(&["a_id", "b_id"])
                    .unique(&["b_id", "c_id"])
                    .unique(&["a_id", "c_id"])
                    .foreign(&["a_id"], "a", &["id"])
                    .foreign(&["b_id"], "b", &["id"])
                    .foreign(&["c_id"], "c", &["id"]),
            )
            .schema();
        check(schema, 120)
    };
    // Which rows collide at first is chance, and the name of the table its seed.
    let redrawn = |name: &&str| {
        let plan = plan_of(name);
        let t = plan.tables.iter().find(|t| t.name.name == *name).unwrap();
        t.redraw.as_ref().is_some_and(|r| r.attempts.iter().any(|&a| a > 0))
    };
    assert!(["t", "u", "v", "w", "x"].iter().filter(|name| redrawn(name)).count() >= 2);
}

#[test]
fn written_plans_hold_the_keys_of_rows_that_are_there() {
    struct Five;
    impl ExistingRows for Five {
        fn read(&self, keys: &Keys<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), String> {
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
    let options = Options { rows: 50, seed: 42, now: NOW, selection, ..Options::default() };
    let (plan, generator) = build(&schema, &options, &Five).unwrap();
    assert!(plan.tables[0].foreign.iter().all(|f| f.pool.len() == 5));
    same_rows_from_json(&plan, &generator);
    let outline = plan.clone().outline().to_json();
    assert!(!outline.contains("there") && outline.len() < plan.to_json().len());
}

/// Parents 1 to `0`, all of them there.
struct There(i128);

impl ExistingRows for There {
    fn read(&self, keys: &Keys<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), String> {
        (1..=self.0).for_each(|row| each(keys.columns.iter().map(|_| Value::text(format!("key {row}"))).collect()));
        Ok(())
    }
}

#[test]
fn keys_of_rows_that_are_there_keep_to_the_memory() {
    let parent = table("parent").text("code").primary(&["code"]);
    let child = table("child").int("id").text("a").text("b").primary(&["id"]);
    let child = child.foreign(&["a"], "parent", &["code"]).foreign(&["b"], "parent", &["code"]);
    let mut schema = Fixture::new().with(parent).with(child).schema();
    schema.tables.iter_mut().find(|t| t.name.name == "parent").unwrap().existing.rows = 200_000;
    let selection = Selection { include: vec!["child".into()], ..Selection::default() };
    let options = Options { rows: 50, seed: 42, now: NOW, selection, ..Options::default() };
    let (all, _) = build(&schema, &options, &There(200_000)).unwrap();
    assert_eq!(all.tables[0].foreign[0].pooled, 200_000);
    // Both foreign keys share it.
    assert!(all.held() < 200_000 * 20, "{}", all.held());
    let (few, generator) = build(&schema, &Options { memory: Some(4 << 20), ..options }, &There(200_000)).unwrap();
    assert!(few.held() <= 1 << 20 && few.tables[0].foreign[0].pooled > 10_000, "{}", few.held());
    assert!(few.tables[0].notes.iter().any(|n| n.contains("of the 200,000 rows of `public.parent`")), "{few:?}");
    same_rows_from_json(&few, &generator);
}

#[test]
fn keys_that_need_more_memory_than_there_is_are_told() {
    let own = table("own").text("code").primary(&["code"]);
    let mut schema = Fixture::new().with(own).schema();
    schema.tables[0].existing.rows = 1_000_000;
    let options = Options { rows: 50, seed: 42, now: NOW, memory: Some(1 << 20), ..Options::default() };
    let error = build(&schema, &options, &There(1)).err().unwrap().to_string();
    assert!(error.contains("own_code_key") && error.contains("--memory-limit allows 1 MiB"), "{error}");
}

#[test]
fn the_same_rows_whatever_else_the_schema_holds() {
    let users = || table("users").int("id").text("email").text("name").primary(&["id"]).unique(&["email"]);
    let small = Fixture::new().with(users()).schema();
    let large = Fixture::new().with(users()).with(table("aaa").int("id").primary(&["id"])).schema();
    let (_, a) = planned(&small, 50);
    let (plan, b) = planned(&large, 50);
    let t = plan.tables.iter().position(|t| t.name.name == "users").unwrap();
    for row in 0..50 {
        assert_eq!(a.cells(0, &[0, 1, 2], row).unwrap(), b.cells(t, &[0, 1, 2], row).unwrap());
    }
}

#[test]
fn batches_hold_the_cells() {
    let decimal = SqlType::Decimal { precision: 8, scale: 2, unsigned: false };
    let timestamp = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
    let items = table("items")
        .int("id")
        .text("user_email")
        .column("price", decimal, "numeric(8,2)", false)
        .column("sold_on", SqlType::Date, "date", true)
        .column("sold_at", timestamp, "timestamp", false)
        .column("weight", SqlType::Float { bytes: 8, unsigned: false }, "double precision", true)
        .boolean("is_new")
        .int("a")
        .int("b")
        .primary(&["id"])
        .unique(&["a", "b"])
        .foreign(&["user_email"], "users", &["email"]);
    let schema = Fixture::new()
        .with(items)
        .with(table("users").int("id").text("email").primary(&["id"]).unique(&["email"]))
        .with(table("posts").int("id").int("user_id").text("title").nullable_int("score").primary(&["id"]).foreign(
            &["user_id"],
            "users",
            &["id"],
        ))
        .schema();
    let (plan, generator) = planned(&schema, 100);
    batches_are_cells(&plan, &generator);
}

#[test]
fn parents_have_uneven_numbers_of_children() {
    let schema = Fixture::new()
        .with(table("users").int("id").primary(&["id"]))
        .with(table("posts").int("id").int("user_id").primary(&["id"]).foreign(&["user_id"], "users", &["id"]))
        .schema();
    let (plan, generator) = planned(&schema, 2000);
    let t = plan.tables.iter().position(|t| t.name.name == "posts").unwrap();
    let mut children: HashMap<u128, usize> = HashMap::new();
    for row in 0..2000 {
        *children.entry(digest(&generator.cells(t, &[1], row).unwrap())).or_default() += 1;
    }
    assert!(children.len() > 900, "{} parents have children", children.len());
    assert!(children.values().max().unwrap() >= &8);
}

#[test]
fn a_check_between_members_of_one_key() {
    let schema = Fixture::new()
        .with(table("users").text("id").primary(&["id"]))
        .with(table("items").text("id").primary(&["id"]))
        .with(
            table("feedback")
                .text("user_id")
                .text("item_id")
                .text("from_id")
                .primary(&["user_id", "item_id", "from_id"])
                .foreign(&["user_id"], "users", &["id"])
                .foreign(&["item_id"], "items", &["id"])
                .foreign(&["from_id"], "users", &["id"])
                .check("user_id <> from_id"),
        )
        .schema();
    let plan = check(schema, 150);
    assert_eq!(rows_of(&plan, "feedback"), 150);
}

#[test]
fn a_root_that_a_check_forbids() {
    let schema = Fixture::new()
        .with(
            table("tree")
                .int("id")
                .nullable_int("parent_id")
                .primary(&["id"])
                .foreign(&["parent_id"], "tree", &["id"])
                .check("(parent_id IS NULL) = (id = 0)"),
        )
        .with(
            table("chain")
                .int("id")
                .nullable_int("next_id")
                .primary(&["id"])
                .foreign(&["next_id"], "chain", &["id"])
                .check("next_id IS NOT NULL")
                .check("next_id <> id"),
        )
        .schema();
    check(schema, 100);
}

#[test]
fn values_that_a_check_lists_all_occur() {
    let schema = Fixture::new()
        .with(
            table("abstracts")
                .int("id")
                .int("state")
                .nullable_int("merged_into")
                .primary(&["id"])
                .foreign(&["merged_into"], "abstracts", &["id"])
                .check("state = ANY (ARRAY[1, 2, 3, 4, 5, 6, 17])")
                .check("(state = 17) = (merged_into IS NOT NULL)"),
        )
        .schema();
    let (plan, generator) = planned(&schema, 300);
    audit(&schema, &plan, &generator);
    let states: HashSet<u128> = (0..300).map(|row| digest(&generator.cells(0, &[1], row).unwrap())).collect();
    assert_eq!(states.len(), 7);
}

#[test]
fn a_partial_key_of_two_values_does_not_limit_the_table() {
    let mut schema = Fixture::new().with(table("themes").int("id").boolean("is_default").primary(&["id"])).schema();
    let mut key = schema.tables[0].keys[0].clone();
    key.primary = false;
    key.name = "one_default".into();
    key.parts[0].column = Some("is_default".into());
    key.predicate = Some("is_default".into());
    schema.tables[0].keys.push(key);
    let (plan, generator) = planned(&schema, 80);
    assert_eq!(plan.tables[0].rows, 80);
    let defaults = (0..80).filter(|&row| generator.cell(0, 1, row).unwrap() == Value::Bool(true)).count();
    assert_eq!(defaults, 1);
}

#[test]
fn foreign_keys_that_only_partitions_have() {
    let mut schema = Fixture::new()
        .with(table("customer").int("id").primary(&["id"]))
        .with(table("payment").int("id").int("customer_id").primary(&["id"]).foreign(
            &["customer_id"],
            "customer",
            &["id"],
        ))
        .schema();
    let payment = &mut schema.tables[1];
    payment.partitioning = Some(crate::schema::Partitioning {
        strategy: crate::schema::PartitionStrategy::Range,
        key: vec!["id".into()],
        partitions: vec![crate::schema::Partition {
            name: TableName::new("public", "payment_1"),
            bound: crate::schema::PartitionBound::Range { from: vec!["1".into()], to: vec!["1000".into()] },
            sub: None,
            own_keys: vec![],
            own_checks: vec![],
            own_foreign_keys: std::mem::take(&mut payment.foreign_keys),
        }],
    });
    check(schema, 90);
}

#[test]
fn unknown_tables_are_named_with_the_nearest() {
    let schema = Fixture::new().with(table("customers").int("id").primary(&["id"])).schema();
    let selection = Selection { include: vec!["custommers".into()], exclude: vec![] };
    let options = Options { rows: 1, seed: 1, now: NOW, selection, ..Options::default() };
    let error = build(&schema, &options, &NoExistingRows).err().unwrap();
    assert_eq!(error.to_string(), "no table `custommers`; did you mean `customers`?");
}

#[test]
fn an_empty_parent_that_is_not_filled_is_an_error_that_names_it() {
    let schema = Fixture::new()
        .with(table("users").int("id").primary(&["id"]))
        .with(table("posts").int("id").int("user_id").primary(&["id"]).foreign(&["user_id"], "users", &["id"]))
        .schema();
    let selection = Selection { include: vec!["posts".into()], exclude: vec![] };
    let options = Options { rows: 1, seed: 1, now: NOW, selection, ..Options::default() };
    let error = build(&schema, &options, &NoExistingRows).err().unwrap().to_string();
    assert!(error.contains("public.posts") && error.contains("public.users"), "{error}");
}

/// A key that may be NULL, has few values and is pointed at by a column that may not be NULL: no NULLs to fill up with.
#[test]
fn a_key_that_children_need_is_never_null() {
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

/// Foreign keys that share columns with one to a table that cannot be filled: what may be NULL is, the rest goes on.
#[test]
fn keys_to_a_table_that_is_skipped_are_null_and_the_others_stay() {
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
    let options = Options { rows: 50, seed: 1, now: NOW, skip_unsolved: true, ..Options::default() };
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
    let error = build(&schema, &Options { skip_unsolved: false, ..options }, &NoExistingRows).err().unwrap();
    assert!(error.to_string().contains("public.notes") && error.to_string().contains("--skip-unsolved"), "{error}");
}

/// Columns that tell of one person, and those that a key or a CHECK decides, cell by cell and in batches.
#[test]
fn columns_agree_where_nothing_else_decides() {
    let members = table("members")
        .int("id")
        .varchar("email", 60)
        .varchar("full_name", 60)
        .varchar("login", 12)
        .varchar("city", 60)
        .varchar("state", 60)
        .varchar("country", 60)
        .primary(&["id"])
        .unique(&["email"])
        .unique(&["login"])
        .unique(&["city", "state"])
        .check("full_name <> login");
    let plan = check(Fixture::new().with(members).schema(), 500);
    let told: Vec<&str> = plan.tables[0].columns.iter().filter(|c| c.told.is_some()).map(|c| c.name.as_str()).collect();
    assert_eq!(told, Vec::<&str>::new(), "nothing is left that could agree");

    let people = table("people").int("id").varchar("email", 60).varchar("full_name", 60).varchar("login", 30);
    let schema = Fixture::new().with(people.primary(&["id"]).unique(&["email"]).unique(&["login"])).schema();
    let plan = check(schema.clone(), 500);
    let (_, generator) = planned(&schema, 500);
    assert!(plan.tables[0].columns[1..].iter().all(|c| c.told.is_some() && c.reason.ends_with("of the row's person")));
    for row in 0..500 {
        let cells = generator.cells(0, &[1, 2, 3], row).unwrap();
        let [Value::Text(email), Value::Text(name), Value::Text(login)] = cells.as_slice() else { panic!("texts") };
        let last: String = name.split(' ').next_back().unwrap().to_lowercase().replace('\'', "");
        assert!(email.contains(&last) && login.contains(&last), "{email} {login} of {name}");
    }
}
