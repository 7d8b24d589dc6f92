//! Frequencies of values and of NULLs.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

const STATUSES: &str = "status IN ('pending','paid','shipped','delivered','cancelled')";

fn orders() -> TableFixture {
    let timestamp = || SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
    let stamp = |t: TableFixture, name: &str| t.column(name, timestamp(), "timestamp without time zone", true);
    let orders = table("orders").int("id").text("status").nullable_int("cancelled_by").primary(&["id"]).check(STATUSES);
    let orders = orders.foreign(&["cancelled_by"], "people", &["id"]).boolean("is_gift");
    ["paid_at", "shipped_at", "delivered_at", "cancelled_at"].into_iter().fold(orders, stamp)
}

fn people() -> TableFixture {
    table("people").int("id").text("name").primary(&["id"])
}

/// Returns, for each row of a table, the columns' values as text.
fn values(plan: &Plan, generator: &Generator, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let t = plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let of = |c: &&str| plan.tables[t].columns.iter().position(|p| p.name == **c).unwrap();
    let columns: Vec<usize> = columns.iter().map(of).collect();
    let row = |r| generator.cells(t, &columns, r).unwrap().iter().map(ToString::to_string).collect();
    (0..plan.tables[t].rows).map(row).collect()
}

fn share(rows: &[Vec<String>], fits: impl Fn(&[String]) -> bool) -> f64 {
    rows.iter().filter(|r| fits(r)).count() as f64 / rows.len() as f64
}

/// Asserts that moments are present exactly for their statuses, with and without the solver.
fn lives_agree(schema: &Schema) {
    let made = planned(schema, 1500);
    let columns = ["status", "paid_at", "shipped_at", "delivered_at", "cancelled_at", "cancelled_by", "is_gift"];
    let rows = values(&made.0, &made.1, "orders", &columns);
    for row in &rows {
        let set: Vec<bool> = row[1..6].iter().map(|v| v != "NULL").collect();
        let right = match row[0].as_str() {
            "pending" => set == [false, false, false, false, false],
            "paid" => set == [true, false, false, false, false],
            "shipped" => set == [true, true, false, false, false],
            "delivered" => set == [true, true, true, false, false],
            _ => set[1..] == [false, false, true, true],
        };
        assert!(right, "{row:?}");
    }
    let of = |status: &str| share(&rows, |r| r[0] == status);
    assert!(of("delivered") > 0.55 && of("delivered") < 0.85, "{} delivered", of("delivered"));
    assert!(of("cancelled") > 0.02 && of("cancelled") < 0.15, "{} cancelled", of("cancelled"));
    assert!(share(&rows, |r| r[6] == "true") < 0.1, "gifts");
    checked(schema, made);
}

#[test]
fn presence_depends_on_the_status() {
    lives_agree(&Fixture::new().with(people()).with(orders()).schema());
}

#[test]
fn a_list_without_a_status_that_sets_a_column_leaves_it_alone() {
    let timestamp = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
    let builds =
        table("builds").int("id").text("state").primary(&["id"]).check("state IN ('created', 'queued', 'started')");
    let builds = builds.column("finished_at", timestamp, "timestamp without time zone", true);
    let (plan, generator) = planned(&Fixture::new().with(builds).schema(), 300);
    let rows = values(&plan, &generator, "builds", &["finished_at"]);
    assert!(share(&rows, |r| r[0] != "NULL") > 0.2, "{}", plan.describe(dbmocker_plan::Detail::Columns));
}

/// Conditions between columns leave the frequencies unchanged.
#[test]
fn checks_keep_the_proportions() {
    let paid = "status <> 'paid' OR paid_at IS NOT NULL";
    let in_order = "shipped_at >= paid_at AND delivered_at >= shipped_at";
    let exactly = "(status = 'cancelled') = (cancelled_at IS NOT NULL)";
    for checks in [&[paid][..], &[in_order], &[exactly], &[paid, in_order, exactly]] {
        let orders = checks.iter().fold(orders(), |orders, check| orders.check(check));
        lives_agree(&Fixture::new().with(people()).with(orders).schema());
    }
}

#[test]
fn overrides_take_precedence() {
    let schema = Fixture::new().with(people()).with(orders()).schema();
    let mut overrides = Overrides::default();
    overrides.column("orders", "paid_at", "test").null_probability = Some(1.0);
    overrides.column("orders", "is_gift", "test").possible_values = vec![Scalar::Bool(true)];
    let options = PlanOptions { rows: 300, seed: 42, now: NOW, overrides, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
    let rows = values(&plan, &generator, "orders", &["paid_at", "is_gift"]);
    assert!(rows.iter().all(|r| r == &["NULL", "true"]), "{rows:?}");

    let options = PlanOptions { no_coherence: true, overrides: Overrides::default(), ..options };
    let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
    let rows = values(&plan, &generator, "orders", &["status", "delivered_at"]);
    assert!(share(&rows, |r| r[0] == "delivered") < 0.3 && share(&rows, |r| r[0] == "pending" && r[1] != "NULL") > 0.1);
    assert!(plan.tables.iter().flat_map(|t| &t.columns).all(|c| c.presence.is_none()));
}

#[test]
fn keys_use_all_values_and_unlisted_names_use_few() {
    let kinds = "kind IN ('standard','express','overnight','pickup')";
    let schema = Fixture::new()
        .with(table("rates").int("zone").text("kind").primary(&["zone", "kind"]).check(kinds))
        .with(table("devices").int("id").text("model").text("currency").text("status").primary(&["id"]))
        .schema();
    let made = planned(&schema, 800);
    let rates = values(&made.0, &made.1, "rates", &["kind"]);
    assert!(share(&rates, |r| r[0] == "pickup") > 0.2);
    let devices = values(&made.0, &made.1, "devices", &["model", "currency", "status"]);
    let different = |c: usize| devices.iter().map(|r| &r[c]).collect::<HashSet<_>>().len();
    assert!((2..=40).contains(&different(0)), "{} models", different(0));
    assert!((2..=5).contains(&different(1)), "{} currencies", different(1));
    assert!(share(&devices, |r| r[2] == "online") > 0.5);
    checked(&schema, made);
}

/// Owners, their events, and a table keyed by a name, without foreign keys; a pair of type and id.
fn by_name() -> Schema {
    let varchar = |t: TableFixture, name: &str| t.varchar(name, 40);
    let notes = varchar(table("notes").int("id").primary(&["id"]), "subject_type").int("subject_id");
    let likes = varchar(table("likes").int("id").int("member_id").primary(&["id"]), "likeable_type");
    let likes = likes.int("likeable_id").unique(&["member_id", "likeable_type", "likeable_id"]);
    let comments = table("comments").int("id").int("article_id").nullable_int("parent_comment_id").primary(&["id"]);
    let meta = table("article_meta").int("article_id").varchar("meta_key", 30).primary(&["article_id", "meta_key"]);
    Fixture::new()
        .with(table("members").int("id").text("name").primary(&["id"]))
        .with(table("articles").int("id").int("author_id").text("title").primary(&["id"]).int("member_id"))
        .with(comments)
        .with(meta)
        .with(notes)
        .with(likes)
        .schema()
}

#[test]
fn inferred_references_have_parent_rows() {
    let schema = by_name();
    let made = planned(&schema, 600);
    assert!(
        made.0.tables.iter().all(|t| t.rows == 600 && t.attempt_table.is_none()),
        "{}",
        made.0.describe(Detail::Columns)
    );
    let keys = |name: &str| values(&made.0, &made.1, name, &["id"]).concat().into_iter().collect::<HashSet<String>>();
    for (child, column, parent) in [
        ("articles", "member_id", "members"),
        ("articles", "author_id", "members"),
        ("comments", "article_id", "articles"),
        ("comments", "parent_comment_id", "comments"),
        ("article_meta", "article_id", "articles"),
        ("likes", "member_id", "members"),
    ] {
        let parents = keys(parent);
        let lost = values(&made.0, &made.1, child, &[column]).concat();
        let lost: Vec<String> = lost.into_iter().filter(|v| v != "NULL" && !parents.contains(v)).collect();
        assert!(lost.is_empty(), "{child}.{column}: {lost:?}");
    }
    let described = made.0.describe(Detail::Columns);
    assert!(described.contains("refers to `public.members` by its name, without a foreign key"), "{described}");
    for (table, kind, id) in [("notes", "subject_type", "subject_id"), ("likes", "likeable_type", "likeable_id")] {
        let rows = values(&made.0, &made.1, table, &[kind, id]);
        let kinds: HashSet<&String> = rows.iter().map(|r| &r[0]).collect();
        assert!(kinds.len() > 1, "{kinds:?}");
        let hits = |r: &&Vec<String>| (1..=600).contains(&r[1].parse::<u64>().unwrap());
        assert_eq!(rows.iter().filter(hits).count(), 600, "{table}");
    }
    // Several names for each parent that has any.
    let meta = values(&made.0, &made.1, "article_meta", &["article_id", "meta_key"]);
    let parents: HashSet<&String> = meta.iter().map(|r| &r[0]).collect();
    let names: HashSet<&String> = meta.iter().map(|r| &r[1]).collect();
    assert!(parents.len() * 3 < 600 && names.len() <= 20, "{} parents, {} names", parents.len(), names.len());
    checked(&schema, made);
}

#[test]
fn inferred_references_close_no_cycle_and_leave_keys_room() {
    let schema = Fixture::new()
        .with(table("teams").int("id").int("leader_user_id").primary(&["id"]))
        .with(table("users").int("id").int("team_id").primary(&["id"]).foreign(&["team_id"], "teams", &["id"]))
        .with(table("badges").int("id").primary(&["id"]))
        .with(table("holders").int("id").int("badge_id").primary(&["id"]).unique(&["badge_id"]))
        .schema();
    let mut overrides = Overrides::default();
    overrides.table_of(&schema, "badges", "test").unwrap().rows = Some(RequestedRows::Number(20));
    let options = PlanOptions { rows: 300, seed: 42, now: NOW, overrides, ..PlanOptions::default() };
    let made = build(&schema, &options, &NoExistingRows).unwrap();
    assert!(made.0.cycles.is_empty());
    assert_eq!((rows_of(&made.0, "holders"), rows_of(&made.0, "teams")), (300, 300));
    checked(&schema, made);
}

#[test]
fn levels_paths_and_nested_sets_match_their_tree() {
    let schema = Fixture::new()
        .with(
            table("categories")
                .int("id")
                .nullable_int("parent_id")
                .text("slug")
                .int("level")
                .text("path")
                .int("lft")
                .int("rgt")
                .primary(&["id"])
                .foreign(&["parent_id"], "categories", &["id"])
                .check("parent_id <> id"),
        )
        .schema();
    let made = planned(&schema, 400);
    let rows = values(&made.0, &made.1, "categories", &["id", "parent_id", "slug", "level", "path", "lft", "rgt"]);
    let by_id: HashMap<&str, &Vec<String>> = rows.iter().map(|r| (r[0].as_str(), r)).collect();
    let number = |text: &str| text.parse::<i64>().unwrap();
    for row in &rows {
        let (left, right) = (number(&row[5]), number(&row[6]));
        match by_id.get(row[1].as_str()) {
            Some(parent) => {
                assert_eq!(number(&row[3]), number(&parent[3]) + 1);
                assert_eq!(row[4], format!("{}/{}", parent[4], row[2]));
                assert!(number(&parent[5]) < left && right < number(&parent[6]), "{row:?} in {parent:?}");
            }
            None => assert_eq!((&row[1], &row[4]), (&"NULL".to_owned(), &row[2])),
        }
        assert!(left < right);
    }
    let roots = share(&rows, |r| r[1] == "NULL");
    assert!(roots > 0.0 && roots < 0.3, "{roots}");
    checked(&schema, made);
}

#[test]
fn tables_without_a_count_are_sized_by_role() {
    let shop = Fixture::new()
        .with(table("currencies").int("id").text("code").primary(&["id"]))
        .with(table("customers").int("id").int("currency_id").primary(&["id"]).foreign(
            &["currency_id"],
            "currencies",
            &["id"],
        ))
        .with(table("orders").int("id").int("customer_id").primary(&["id"]).foreign(
            &["customer_id"],
            "customers",
            &["id"],
        ))
        .with(table("order_items").int("id").int("order_id").primary(&["id"]).foreign(&["order_id"], "orders", &["id"]))
        .schema();
    let sized = |rows, shape| {
        let options = PlanOptions { rows, shape, seed: 42, now: NOW, ..PlanOptions::default() };
        let (plan, _) = build(&shop, &options, &NoExistingRows).unwrap();
        ["currencies", "customers", "orders", "order_items"].map(|t| rows_of(&plan, t))
    };
    assert_eq!(sized(500, RowDistribution::Level), [500; 4]);
    let [currencies, customers, orders, items] = sized(1000, RowDistribution::ByRole);
    assert!((2..=60).contains(&currencies) && customers == 1000 && orders > customers && items * 2 > orders * 3);
    let shaped = sized(10_000, RowDistribution::Largest);
    assert_eq!((shaped[0], shaped.iter().max()), (currencies, Some(&10_000)));
    assert!(shaped[1] < shaped[2] && shaped[2] < shaped[3]);
}

/// A CHECK that is NULL without the member is meant to be true.
#[test]
fn documents_have_the_members_that_checks_read() {
    let json = SqlType::Json { binary: true };
    let schema = Fixture::new()
        .with(
            table("profiles")
                .int("id")
                .column("settings", json.clone(), "jsonb", true)
                .column("extra", json, "jsonb", false)
                .primary(&["id"])
                .check("jsonb_typeof(settings->'theme') = 'string'")
                .check("settings->>'mode' IN ('dark', 'light')")
                .check("(settings->>'age')::int >= 18 AND (settings->>'age')::int < 90")
                .check("jsonb_matches_schema('{\"type\": \"object\", \"required\": [\"name\", \"tags\"], \"properties\": {\"name\": {\"type\": \"string\", \"minLength\": 3}, \"tags\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"minItems\": 1}, \"rank\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 9}}, \"additionalProperties\": false}', extra)"),
        )
        .schema();
    let made = planned(&schema, 400);
    assert!(made.0.unsolved().is_empty(), "{:?}", made.0.unsolved());
    let rows = values(&made.0, &made.1, "profiles", &["settings", "extra"]);
    for row in &rows {
        let extra: serde_json::Value = serde_json::from_str(&row[1]).unwrap();
        assert!(extra["name"].is_string() && !extra["tags"].as_array().unwrap().is_empty(), "{extra}");
        if row[0] != "NULL" {
            let settings: serde_json::Value = serde_json::from_str(&row[0]).unwrap();
            assert!(settings["theme"].is_string(), "{settings}");
            assert!(settings["age"].as_i64().is_some_and(|a| (18..90).contains(&a)), "{settings}");
            assert!(["dark", "light"].contains(&settings["mode"].as_str().unwrap()), "{settings}");
        }
    }
    let different: HashSet<&String> = rows.iter().map(|r| &r[1]).collect();
    assert!(different.len() > 300, "{} different documents", different.len());
    checked(&schema, made);
}

#[test]
fn slugs_of_unique_names_are_made_from_them() {
    let categories = table("categories").int("id").text("name").text("slug").primary(&["id"]).unique(&["name"]);
    let schema = Fixture::new().with(categories.unique(&["slug"])).schema();
    let made = planned(&schema, 300);
    for row in values(&made.0, &made.1, "categories", &["name", "slug"]) {
        let first = row[0].split_whitespace().next().unwrap().to_lowercase();
        assert!(row[1].starts_with(&first), "{row:?}");
    }
    checked(&schema, made);
}
