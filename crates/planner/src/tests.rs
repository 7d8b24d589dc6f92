//! Whole plans of small schemas, and the rows they generate.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use dbmocker_core::schema::Schema;
use dbmocker_core::schema::fixtures::{Fixture, table};
use dbmocker_core::schema::{SqlType, TableName};
use dbmocker_core::value::Value;
use dbmocker_core::value::digest;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::*;
use dbmocker_predicate as predicate;
use dbmocker_predicate::Env;

mod coherence;
mod common_ancestors;
mod existing_rows;
mod fk_cycles;
mod flows;
mod histories;
mod inconsistent_plans;
mod key_ranges;
mod number_parts;
mod only_null;
mod parents;
mod proportions;
mod shared_columns;
mod stated;
mod time;
mod totals;
mod typed_columns;
mod typical_numbers;

const NOW: i64 = 1_767_225_600_000_000;

fn planned(schema: &Schema, rows: u64) -> (Plan, Generator) {
    let options = PlanOptions { rows, seed: 42, now: NOW, selection: Selection::default(), ..PlanOptions::default() };
    build(schema, &options, &NoExistingRows).expect("the schema can be planned")
}

/// Returns the rows of a table, each as numbers by column name.
fn numbers(plan: &Plan, generator: &Generator, table: &str) -> Vec<BTreeMap<String, f64>> {
    let t = plan.tables.iter().position(|t| t.name.name == table).unwrap();
    let columns: Vec<usize> = (0..plan.tables[t].columns.len()).collect();
    let number = |v: &Value| match v {
        Value::Int(n) => Some(*n as f64),
        Value::Decimal { unscaled, scale } => Some(*unscaled as f64 / 10f64.powi(i32::from(*scale))),
        Value::Float(x) => Some(*x),
        _ => None,
    };
    let row = |row| {
        let cells = generator.cells(t, &columns, row).unwrap();
        let named = plan.tables[t].columns.iter().zip(&cells);
        named.filter_map(|(c, v)| Some((c.name.clone(), number(v)?))).collect()
    };
    (0..plan.tables[t].rows).map(row).collect()
}

/// Asserts on all rows that every key is unique, every foreign key has a parent, and every CHECK is true.
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
            let index = |t: &dbmocker_core::schema::Table, names: &[String]| -> Vec<usize> {
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

/// Asserts that batches of any size, and of some columns only, hold the same cells as [`Generator::cell`].
fn batches_are_cells(plan: &Plan, generator: &Generator) {
    for (t, table) in plan.tables.iter().enumerate() {
        let cut = table.rows * 2 / 5;
        let whole = generator.batch(t, 0..table.rows).unwrap();
        let parts = [generator.batch(t, 0..cut).unwrap(), generator.batch(t, cut..table.rows).unwrap()];
        assert_eq!(whole, arrow::compute::concat_batches(&whole.schema(), &parts).unwrap());
        let backwards: Vec<usize> = (0..whole.num_columns()).rev().collect();
        let turned = generator.batch_of(t, 0..table.rows, &backwards).unwrap();
        assert_eq!(turned, whole.project(&backwards).unwrap());
        for (i, &c) in generator.table(t).sent.iter().enumerate() {
            let alone = generator.batch_of(t, 0..table.rows, &[i]).unwrap();
            assert_eq!(alone, whole.project(&[i]).unwrap());
            for row in 0..table.rows {
                let cell = generator.cell(t, c, row).unwrap();
                let held = dbmocker_generate::arrow::value_at(whole.column(i), whole.schema().field(i), row as usize);
                assert_eq!(held, cell, "{}.{} row {row}", table.label, table.columns[c].name);
            }
        }
    }
}

/// Asserts that a plan read back from JSON generates the same cells.
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
fn rows_do_not_depend_on_other_tables() {
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
fn batches_equal_single_cells() {
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
    assert!((500..1500).contains(&children.len()), "{} parents have children", children.len());
    assert!(children.values().max().unwrap() >= &20);
}

#[test]
fn a_check_relates_the_columns_of_one_key() {
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
fn a_check_forbids_a_null_parent() {
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
fn every_value_listed_by_a_check_occurs() {
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
fn foreign_keys_of_partitions_are_satisfied() {
    let mut schema = Fixture::new()
        .with(table("customer").int("id").primary(&["id"]))
        .with(table("payment").int("id").int("customer_id").primary(&["id"]).foreign(
            &["customer_id"],
            "customer",
            &["id"],
        ))
        .schema();
    let payment = &mut schema.tables[1];
    payment.partitioning = Some(dbmocker_core::schema::Partitioning {
        strategy: dbmocker_core::schema::PartitionStrategy::Range,
        key: vec!["id".into()],
        partitions: vec![dbmocker_core::schema::Partition {
            name: TableName::new("public", "payment_1"),
            bound: dbmocker_core::schema::PartitionBound::Range { from: vec!["1".into()], to: vec!["1000".into()] },
            sub: None,
            own_keys: vec![],
            own_checks: vec![],
            own_foreign_keys: std::mem::take(&mut payment.foreign_keys),
        }],
    });
    check(schema, 90);
}

/// Columns of one person, and columns determined by a key or a CHECK, cell by cell and in batches.
#[test]
fn attributes_of_a_person_are_consistent() {
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
    let told: Vec<&str> =
        plan.tables[0].columns.iter().filter(|c| c.correlated.is_some()).map(|c| c.name.as_str()).collect();
    assert_eq!(told, Vec::<&str>::new(), "nothing is left that could agree");

    let people = table("people").int("id").varchar("email", 60).varchar("full_name", 60).varchar("login", 30);
    let schema = Fixture::new().with(people.primary(&["id"]).unique(&["email"]).unique(&["login"])).schema();
    let plan = check(schema.clone(), 500);
    let (_, generator) = planned(&schema, 500);
    assert!(
        plan.tables[0].columns[1..].iter().all(|c| c.correlated.is_some() && c.reason.ends_with("of the row's person"))
    );
    for row in 0..500 {
        let cells = generator.cells(0, &[1, 2, 3], row).unwrap();
        let [Value::Text(email), Value::Text(name), Value::Text(login)] = cells.as_slice() else { panic!("texts") };
        let plain = |text: &str| -> String {
            dbmocker_domain::fold::fold(text).chars().filter(char::is_ascii_lowercase).collect()
        };
        let last = name.split(' ').next_back().unwrap().to_lowercase();
        // German umlauts are transcribed with an `e`, others without.
        let german = plain(&last.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"));
        let made = |text: &str| text.contains(&plain(&last)) || text.contains(&german);
        assert!(made(email) && made(login), "{email} {login} of {name}");
    }
}

/// Files and reviews, cell by cell and in batches; a file that is not an image has no dimensions.
#[test]
fn attributes_of_files_and_reviews_are_consistent() {
    let whole = || SqlType::Int { bytes: 4, unsigned: false, tinyint1: false };
    let uploads = table("uploads")
        .int("id")
        .varchar("file_name", 60)
        .varchar("mime_type", 80)
        .column("width", whole(), "integer", true)
        .column("height", whole(), "integer", true)
        .int("file_size")
        .primary(&["id"]);
    let reviews = table("reviews").int("id").int("rating").varchar("title", 80).varchar("body", 500).primary(&["id"]);
    let schema = Fixture::new().with(uploads).with(reviews.check("rating between 1 and 5")).schema();
    let plan = check(schema.clone(), 500);
    let (_, generator) = planned(&schema, 500);
    let at = |name: &str| plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let (uploads, reviews) = (at("uploads"), at("reviews"));
    assert!(plan.tables[uploads].columns[1..].iter().all(|c| c.reason.ends_with("of the row's file")));
    assert!(plan.tables[reviews].columns[1..].iter().all(|c| c.reason.ends_with("of the row's review")));
    let mut stars = HashSet::new();
    for row in 0..500 {
        let cells = generator.cells(uploads, &[1, 2, 3, 4], row).unwrap();
        let [Value::Text(name), Value::Text(mime), width, height] = cells.as_slice() else { panic!("{cells:?}") };
        let ends = |ext: &str| name.ends_with(ext);
        assert_eq!(mime == "application/pdf", ends(".pdf"), "{name} {mime}");
        assert_eq!(mime == "image/png", ends(".png"), "{name} {mime}");
        let pictured = mime.starts_with("image/") || mime.starts_with("video/");
        assert!((*width != Value::Null) == pictured && (*height != Value::Null) == pictured, "{cells:?}");
        let cells = generator.cells(reviews, &[1, 2], row).unwrap();
        let [Value::Int(rating), Value::Text(title)] = cells.as_slice() else { panic!("{cells:?}") };
        assert!(*rating < 4 || !["Terrible", "Disappointed", "Poor quality"].contains(&title.as_str()), "{cells:?}");
        assert!(*rating > 2 || !["Love it", "Great product", "Perfect"].contains(&title.as_str()), "{cells:?}");
        stars.insert(*rating);
    }
    assert_eq!(stars.len(), 5);
}
