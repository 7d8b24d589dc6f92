//! Foreign keys: inherited through several tables, sharing columns, in cycles.

use super::*;

#[test]
fn a_junction_table_of_two_parents_uses_distinct_pairs() {
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
fn keys_are_inherited_through_four_levels() {
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
        assert!(plan.tables.iter().all(|t| t.rows == rows && t.attempt_table.is_none()));
    }
}

#[test]
fn tenants_agree_along_two_paths() {
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
    assert!(plan.tables.iter().flat_map(|t| &t.sources).any(|s| s.combinations.is_some()));
}

#[test]
fn the_index_of_combinations_is_part_of_the_memory_of_a_plan() {
    let (mut plan, _) = between_tenants(&[&["tenant", "order_id", "product_id"]]);
    let held = plan.held();
    let index: u64 = plan.tables.iter().flat_map(|t| &t.sources).map(dbmocker_plan::ParentSelection::index_bytes).sum();
    let entries = |s: &dbmocker_plan::ParentSelection| s.combinations.as_ref().map_or(0, |rows| rows.len() as u64);
    let indexed = |s: &&mut dbmocker_plan::ParentSelection| s.index_bytes() > 0;
    let source = plan.tables.iter_mut().flat_map(|t| &mut t.sources).find(indexed).expect("combinations taken once");
    assert_eq!(source.index_bytes(), 4 * entries(source));
    source.pick = dbmocker_plan::ParentChoice::Skewed;
    assert_eq!(held - plan.held(), index);
}

/// Returns 20 tenants, 200 orders, 100 products, and 1000 rows of a table between the latter two, with these keys.
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
    let mut overrides = Overrides::default();
    for (table, rows) in [("tenants", 20), ("orders", 200), ("products", 100)] {
        overrides.table_of(&schema, table, "test").unwrap().rows = Some(RequestedRows::Number(rows));
    }
    let options = PlanOptions { rows: 1000, seed: 42, now: NOW, overrides, ..PlanOptions::default() };
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
fn rows_of_a_leading_parent_have_several_agreeing_partners() {
    // A key of all three columns: more rows than orders, all distinct.
    let (plan, rows) = between_tenants(&[&["tenant", "order_id", "product_id"]]);
    assert_eq!((rows.len(), rows_of(&plan, "items")), (1000, 1000));
    assert!(plan.tables.iter().all(|t| t.limited_by.is_none() && t.attempt_table.is_none()));
    let orders = different(&rows, &[0, 1]);
    assert!((150..=200).contains(&orders), "{orders}");
    // No key, or lines numbered within their order: the products of an order vary.
    for keys in [&[][..], &[&["tenant", "order_id", "no"][..]]] {
        let (plan, rows) = between_tenants(keys);
        assert!(plan.tables.iter().all(|t| t.limited_by.is_none() && t.attempt_table.is_none()));
        let (all, orders) = (different(&rows, &[0, 1, 2]), different(&rows, &[0, 1]));
        assert!(all > 2 * orders, "{all} combinations of {orders} orders");
    }
    // One row for each order: any product.
    let (_, rows) = between_tenants(&[&["tenant", "order_id"]]);
    assert_eq!(rows.len(), 200);
}

#[test]
fn the_parent_whose_rows_occur_once_leads() {
    let (plan, rows) = between_tenants(&[&["tenant", "order_id", "product_id"], &["tenant", "product_id"]]);
    assert_eq!(rows.len(), 100);
    assert!(plan.tables.iter().all(|t| t.attempt_table.is_none()));
    let (_, rows) = between_tenants(&[&["tenant", "order_id"], &["tenant", "product_id"]]);
    assert!(rows.len() > 60, "{}", rows.len());
}

#[test]
fn one_column_refers_to_two_parents() {
    let schema = Fixture::new()
        .with(table("person").int("id").primary(&["id"]))
        .with(table("account").int("id").primary(&["id"]))
        .with(table("login").int("id").primary(&["id"]).foreign(&["id"], "person", &["id"]))
        .schema();
    check(schema, 100);
}

#[test]
fn cycles_of_not_null_keys_are_satisfied() {
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
fn nullable_and_not_null_self_references_are_satisfied() {
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
fn overlapping_keys_without_a_wide_column_use_rejection_sampling() {
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
    // The table's name seeds the values, so the rows that collide depend on it.
    let redrawn = |name: &&str| {
        let plan = plan_of(name);
        let t = plan.tables.iter().find(|t| t.name.name == *name).unwrap();
        t.attempt_table.as_ref().is_some_and(|r| r.attempts.iter().any(|&a| a > 0))
    };
    assert!(["t", "u", "v", "w", "x"].iter().filter(|name| redrawn(name)).count() >= 2);
}

#[test]
fn half_of_a_composite_key_that_is_a_key_of_the_child_has_a_value_for_each_row() {
    let nodes = || table("nodes").int("hash").text("namespace");
    let roots = || {
        table("roots").text("namespace").int("hash").primary(&["namespace"]).foreign(
            &["namespace", "hash"],
            "nodes",
            &["namespace", "hash"],
        )
    };
    for nodes in [nodes().primary(&["hash", "namespace"]), nodes().primary(&["hash"]).unique(&["hash", "namespace"])] {
        let schema = Fixture::new().with(nodes).with(roots()).schema();
        for rows in [20, 3000] {
            let plan = check(schema.clone(), rows);
            assert_eq!(rows_of(&plan, "roots"), rows);
            assert!(plan.tables.iter().all(|t| t.attempt_table.is_none()));
        }
    }
}

#[test]
fn two_keys_of_a_parent_and_a_text_hold_all_rows() {
    let schema = Fixture::new()
        .with(table("org").int("id").primary(&["id"]))
        .with(
            table("template")
                .int("id")
                .text("name")
                .text("label")
                .int("owner")
                .primary(&["id"])
                .unique(&["owner", "label"])
                .unique(&["owner", "name"])
                .foreign(&["owner"], "org", &["id"]),
        )
        .schema();
    let plan = check(schema, 200);
    assert_eq!(rows_of(&plan, "template"), 200);
}

#[test]
fn rows_tried_in_order_stay_valid_if_they_are_fewer_than_asked() {
    // Both keys share the parent, and 4 * 3 values of the second key's columns are too few for each parent's rows.
    let schema = Fixture::new()
        .with(table("org").int("id").primary(&["id"]))
        .with(
            table("slot")
                .int("id")
                .int("org")
                .int("place")
                .text("kind")
                .primary(&["id"])
                .unique(&["org", "place"])
                .unique(&["org", "kind"])
                .check("place between 1 and 40")
                .check("kind in ('a', 'b', 'c')")
                .foreign(&["org"], "org", &["id"]),
        )
        .schema();
    check(schema, 300);
}
