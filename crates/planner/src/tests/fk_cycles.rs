//! Cycles of foreign keys that copy a column around, and self references that share columns with a key.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

fn given(schema: Schema, rows: u64, seed: u64) -> (Plan, Generator) {
    let options = PlanOptions { rows, seed, now: NOW, ..PlanOptions::default() };
    let (plan, generator) = build(&schema, &options, &NoExistingRows).expect("the schema can be planned");
    audit(&schema, &plan, &generator);
    same_rows_from_json(&plan, &generator);
    batches_are_cells(&plan, &generator);
    (plan, generator)
}

fn column(plan: &Plan, generator: &Generator, table: &str, column: &str) -> Vec<Value> {
    let t = plan.tables.iter().position(|t| t.name.name == table).unwrap();
    let c = plan.tables[t].columns.iter().position(|c| c.name == column).unwrap();
    (0..plan.tables[t].rows).map(|row| generator.cell(t, c, row).unwrap()).collect()
}

fn share_set(plan: &Plan, generator: &Generator, table: &str, name: &str) -> f64 {
    let values = column(plan, generator, table, name);
    values.iter().filter(|v| !v.is_null()).count() as f64 / values.len() as f64
}

fn different(values: &[Value]) -> usize {
    values.iter().map(|v| digest(std::slice::from_ref(v))).collect::<HashSet<_>>().len()
}

/// accounts(firm, main_contact) -> contacts(firm, id), contacts(firm, account) -> accounts(firm, id).
fn accounts(name: &str) -> TableFixture {
    table(name).int("id").int("firm").nullable_int("main_contact").primary(&["id"]).unique(&["firm", "id"])
}

fn contacts(accounts: &str) -> TableFixture {
    let contacts = table("contacts").int("id").int("firm").int("account").primary(&["id"]).unique(&["firm", "id"]);
    contacts.foreign(&["firm", "account"], accounts, &["firm", "id"])
}

#[test]
fn a_cycle_with_a_shared_column_is_closed_by_the_nullable_key() {
    // In either order of names.
    for name in ["accounts", "zz_accounts"] {
        let accounts = accounts(name).foreign(&["firm", "main_contact"], "contacts", &["firm", "id"]);
        let schema = Fixture::new().with(accounts).with(contacts(name)).schema();
        let (plan, generator) = given(schema, 500, 42);
        assert_eq!((rows_of(&plan, name), rows_of(&plan, "contacts")), (500, 500));
        let set = share_set(&plan, &generator, name, "main_contact");
        assert!((0.6..1.0).contains(&set), "{set}");
        let firms = different(&column(&plan, &generator, name, "firm"));
        assert!((20..=100).contains(&firms), "{firms}");
    }
}

#[test]
fn the_shared_column_of_a_cycle_refers_to_its_own_table() {
    // One of the tables refers to the firms, or both do.
    for (first, second) in [(true, false), (false, true), (true, true)] {
        let firm = |t: TableFixture, on: bool| if on { t.foreign(&["firm"], "firms", &["id"]) } else { t };
        let accounts = accounts("accounts").foreign(&["firm", "main_contact"], "contacts", &["firm", "id"]);
        let schema = Fixture::new()
            .with(firm(accounts, first))
            .with(firm(contacts("accounts"), second))
            .with(table("firms").int("id").primary(&["id"]))
            .schema();
        let (plan, generator) = given(schema, 400, 7);
        let set = share_set(&plan, &generator, "accounts", "main_contact");
        assert!(set > 0.6, "{set}");
    }
}

#[test]
fn a_cycle_of_three_tables() {
    let part = |name, next, column| {
        let part = table(name).int("org").int("id").nullable_int(column).primary(&["org", "id"]);
        part.foreign(&["org", column], next, &["org", "id"])
    };
    let schema = Fixture::new()
        .with(part("teams", "users", "lead"))
        .with(part("users", "rooms", "room"))
        .with(part("rooms", "teams", "team"))
        .schema();
    let (plan, generator) = given(schema, 300, 1);
    for (table, column) in [("teams", "lead"), ("users", "room"), ("rooms", "team")] {
        let set = share_set(&plan, &generator, table, column);
        assert!(set > 0.5, "{table}.{column}: {set}");
    }
}

#[test]
fn a_row_refers_to_its_own_child() {
    let with = |nullable: bool| {
        let models = table("models").int("id");
        let models = if nullable { models.nullable_int("picture") } else { models.int("picture") };
        let pictures = table("pictures").int("id").int("model").primary(&["id"]).unique(&["model", "id"]);
        Fixture::new()
            .with(models.primary(&["id"]).foreign(&["id", "picture"], "pictures", &["model", "id"]))
            .with(pictures.foreign(&["model"], "models", &["id"]))
            .schema()
    };
    let (plan, generator) = given(with(true), 500, 42);
    let set = share_set(&plan, &generator, "models", "picture");
    assert!((0.6..1.0).contains(&set), "{set}");
    // NOT NULL: each model has a picture.
    let (plan, generator) = given(with(false), 500, 42);
    assert_eq!(share_set(&plan, &generator, "models", "picture"), 1.0);
    assert!(plan.tables.iter().all(|t| t.rows == 500));
}

#[test]
fn a_row_refers_to_a_child_that_is_numbered_within_it() {
    let with = |nullable: bool| {
        let papers = table("papers").int("id");
        let papers = if nullable { papers.nullable_int("latest") } else { papers.int("latest") };
        let versions = table("versions").int("paper").int("version").primary(&["paper", "version"]);
        Fixture::new()
            .with(papers.primary(&["id"]).foreign(&["id", "latest"], "versions", &["paper", "version"]))
            .with(versions.foreign(&["paper"], "papers", &["id"]))
            .schema()
    };
    for nullable in [true, false] {
        let (plan, generator) = given(with(nullable), 400, 42);
        assert_eq!((rows_of(&plan, "papers"), rows_of(&plan, "versions")), (400, 400));
        let set = share_set(&plan, &generator, "papers", "latest");
        assert!(if nullable { set > 0.5 } else { set == 1.0 }, "{set}");
    }
}

#[test]
fn two_keys_that_refer_to_each_other_hold_the_same_rows() {
    let half = |name, other| {
        let half = table(name).int("x").int("y").primary(&["x", "y"]);
        half.foreign(&["x", "y"], other, &["x", "y"])
    };
    let schema = Fixture::new().with(half("a", "b")).with(half("b", "a")).schema();
    let (plan, _) = given(schema, 300, 42);
    assert_eq!((rows_of(&plan, "a"), rows_of(&plan, "b")), (300, 300));
}

#[test]
fn a_cycle_has_as_many_rows_as_its_smallest_table() {
    let half = |name, other| {
        let half = table(name).int("x").int("y").primary(&["x", "y"]);
        half.foreign(&["x", "y"], other, &["x", "y"])
    };
    let b = half("b", "a").boolean("p").unique(&["p"]);
    let schema = Fixture::new().with(half("a", "b")).with(b).schema();
    let (plan, _) = given(schema, 300, 42);
    assert_eq!((rows_of(&plan, "a"), rows_of(&plan, "b")), (2, 2));
    let limited = plan.tables.iter().find(|t| t.name.name == "a").unwrap();
    let why = limited.limited_by.as_deref().unwrap_or_default();
    assert!(why.contains("needs a row of `b` for each that refers back to it, and there are 2"), "{why}");
}

#[test]
fn a_unique_reference_within_a_cycle_is_one_to_one() {
    let teams = table("teams").int("org").int("id").nullable_int("lead").primary(&["org", "id"]);
    let users = table("users").int("org").int("id").nullable_int("team").primary(&["org", "id"]);
    let schema = Fixture::new()
        .with(teams.unique(&["org", "lead"]).foreign(&["org", "lead"], "users", &["org", "id"]))
        .with(users.foreign(&["org", "team"], "teams", &["org", "id"]))
        .schema();
    let (plan, generator) = given(schema, 300, 3);
    let set = share_set(&plan, &generator, "teams", "lead");
    assert!(set > 0.6, "{set}");
}

#[test]
fn several_keys_of_one_cycle_share_the_tenant_with_other_parents() {
    let tenant = |name| table(name).int("org").int("id").primary(&["org", "id"]).foreign(&["org"], "orgs", &["id"]);
    let schema = Fixture::new()
        .with(table("orgs").int("id").primary(&["id"]))
        .with(tenant("regions"))
        .with(
            tenant("accounts")
                .nullable_int("main")
                .nullable_int("billing")
                .nullable_int("parent")
                .foreign(&["org", "main"], "contacts", &["org", "id"])
                .foreign(&["org", "billing"], "contacts", &["org", "id"])
                .foreign(&["org", "parent"], "accounts", &["org", "id"]),
        )
        .with(
            tenant("contacts")
                .int("account")
                .int("region")
                .foreign(&["org", "account"], "accounts", &["org", "id"])
                .foreign(&["org", "region"], "regions", &["org", "id"]),
        )
        .schema();
    let (plan, generator) = given(schema, 400, 5);
    for name in ["main", "billing", "parent"] {
        let set = share_set(&plan, &generator, "accounts", name);
        assert!(set > 0.4, "{name}: {set}");
    }
}

#[test]
fn a_reference_coupled_to_its_tenant_by_a_check_is_null() {
    let accounts = accounts("accounts").check("main_contact <> firm");
    let accounts = accounts.foreign(&["firm", "main_contact"], "contacts", &["firm", "id"]);
    let schema = Fixture::new().with(accounts).with(contacts("accounts")).schema();
    given(schema, 100, 42);
}

/// Returns the row to which each row refers, by the key in `key`.
fn above(plan: &Plan, generator: &Generator, table: &str, key: &[&str], reference: &[&str]) -> Vec<Option<usize>> {
    let tuples = |names: &[&str]| -> Vec<Vec<Value>> {
        let columns: Vec<_> = names.iter().map(|c| column(plan, generator, table, c)).collect();
        (0..columns[0].len()).map(|row| columns.iter().map(|c| c[row].clone()).collect()).collect()
    };
    let rows: HashMap<u128, usize> = tuples(key).iter().enumerate().map(|(row, k)| (digest(k), row)).collect();
    tuples(reference).iter().map(|r| rows.get(&digest(r)).copied()).collect()
}

fn is_forest(above: &[Option<usize>]) -> bool {
    (0..above.len()).all(|row| {
        let mut steps = 0;
        let mut at = row;
        while let Some(next) = above[at] {
            (at, steps) = (next, steps + 1);
            if steps > above.len() {
                return false;
            }
        }
        true
    })
}

#[test]
fn trees_under_a_check_have_no_cycles() {
    for seed in 0..20 {
        for check in ["boss <> id", "boss IS NULL OR boss <> id", "boss < id", "id > boss AND name <> 'x'"] {
            let staff = table("staff").int("id").text("name").nullable_int("boss").primary(&["id"]).check(check);
            let schema = Fixture::new().with(staff.foreign(&["boss"], "staff", &["id"])).schema();
            let (plan, generator) = given(schema, 120, seed);
            let above = above(&plan, &generator, "staff", &["id"], &["boss"]);
            assert!(is_forest(&above), "seed {seed}: {check}");
            assert!(above.iter().flatten().count() > 60, "seed {seed}: {check}");
        }
    }
}

#[test]
fn roots_satisfy_the_check_on_roots() {
    let places = table("places").int("id").text("kind").nullable_int("inside").primary(&["id"]);
    let places = places.check("kind IN ('country', 'town')").check("(kind = 'country') = (inside IS NULL)");
    let schema = Fixture::new().with(places.foreign(&["inside"], "places", &["id"])).schema();
    let (plan, generator) = given(schema, 200, 42);
    assert!(is_forest(&above(&plan, &generator, "places", &["id"], &["inside"])));
}

#[test]
fn trees_stay_within_a_tenant() {
    for seed in 0..10 {
        let parts = table("parts").int("org").int("id").nullable_int("parent").primary(&["org", "id"]);
        let parts = parts.foreign(&["org", "parent"], "parts", &["org", "id"]);
        let plain = Fixture::new().with(parts).schema();
        let parts = table("parts").int("org").int("id").nullable_int("parent").primary(&["org", "id"]);
        let parts = parts.foreign(&["org"], "orgs", &["id"]).foreign(&["org", "parent"], "parts", &["org", "id"]);
        let below = Fixture::new().with(parts).with(table("orgs").int("id").primary(&["id"])).schema();
        for schema in [plain, below] {
            let (plan, generator) = given(schema, 300, seed);
            let above = above(&plan, &generator, "parts", &["org", "id"], &["org", "parent"]);
            assert!(is_forest(&above), "seed {seed}");
            let set = above.iter().flatten().count();
            assert!(set > 150, "{set}");
        }
    }
}

#[test]
fn a_not_null_or_unique_self_reference_stays_within_a_tenant() {
    let parts = || table("parts").int("org").int("id").primary(&["org", "id"]);
    let foreign = |t: TableFixture| t.foreign(&["org", "next"], "parts", &["org", "id"]);
    let (plan, generator) = given(Fixture::new().with(foreign(parts().int("next"))).schema(), 200, 42);
    let above_of =
        |plan: &Plan, generator: &Generator| above(plan, generator, "parts", &["org", "id"], &["org", "next"]);
    let others = above_of(&plan, &generator).iter().enumerate().filter(|(row, a)| **a != Some(*row)).count();
    assert!(others > 150, "{others}");
    let unique = foreign(parts().nullable_int("next").unique(&["org", "next"]));
    let (plan, generator) = given(Fixture::new().with(unique).schema(), 200, 42);
    let above = above_of(&plan, &generator);
    assert!(is_forest(&above) && above.iter().flatten().count() > 100);
}

#[test]
fn unique_self_references_form_chains_and_pairs() {
    let links = || table("links").int("id").int("next").primary(&["id"]).unique(&["next"]);
    for (check, rows) in [(None, 101), (Some("next <> id"), 101), (Some("id <> next"), 2)] {
        let links = links().foreign(&["next"], "links", &["id"]);
        let links = match check {
            Some(text) => links.check(text),
            None => links,
        };
        let (plan, generator) = given(Fixture::new().with(links).schema(), rows, 42);
        assert_eq!(plan.tables[0].rows, rows);
        assert!(plan.tables[0].attempt_table.is_none());
        let above = above(&plan, &generator, "links", &["id"], &["next"]);
        let others = above.iter().enumerate().filter(|(row, a)| **a != Some(*row)).count() as u64;
        assert_eq!(others, rows, "{check:?}");
    }
}

#[test]
fn self_references_by_one_column_agree_in_what_each_of_them_shares() {
    let tables = |order: bool| {
        let plain = table("folders").int("id").nullable_int("above").int("shelf").int("room").primary(&["id"]);
        let keyed = plain.unique(&["id", "shelf"]).unique(&["id", "room"]);
        let narrow = |t: TableFixture| t.foreign(&["above"], "folders", &["id"]);
        let wide = |t: TableFixture| {
            t.foreign(&["above", "shelf"], "folders", &["id", "shelf"]).foreign(
                &["above", "room"],
                "folders",
                &["id", "room"],
            )
        };
        let folders = if order { wide(narrow(keyed)) } else { narrow(wide(keyed)) };
        Fixture::new()
            .with(table("shelves").int("id").primary(&["id"]))
            .with(folders.foreign(&["shelf"], "shelves", &["id"]))
            .schema()
    };
    for order in [true, false] {
        given(tables(order), 200, 42);
    }
}

#[test]
fn a_self_reference_of_columns_that_lead_elsewhere_is_an_error() {
    let roads = table("roads").int("a").int("b").int("from").int("to").primary(&["a", "b"]);
    let schema = Fixture::new()
        .with(table("towns").int("id").primary(&["id"]))
        .with(roads.foreign(&["from"], "towns", &["id"]).foreign(&["to"], "towns", &["id"]).foreign(
            &["from", "to"],
            "roads",
            &["a", "b"],
        ))
        .schema();
    let options = PlanOptions { rows: 20, seed: 42, now: NOW, ..PlanOptions::default() };
    let why = build(&schema, &options, &NoExistingRows).map(|_| ()).unwrap_err().to_string();
    assert!(why.contains("roads") && why.contains("nothing makes them agree"), "{why}");
}

#[test]
fn a_reference_by_one_column_follows_from_the_back_edge_that_contains_it() {
    let schema = |narrow_first: bool| {
        let scopes = || table("scopes").text("id").nullable_int("main").primary(&["id"]);
        let narrow = |t: TableFixture| t.foreign(&["main"], "methods", &["id"]);
        let wide = |t: TableFixture| t.foreign(&["id", "main"], "methods", &["scope", "id"]);
        let methods = table("methods").int("id").text("scope").primary(&["id"]).unique(&["scope", "id"]);
        Fixture::new()
            .with(if narrow_first { wide(narrow(scopes())) } else { narrow(wide(scopes())) })
            .with(methods.foreign(&["scope"], "scopes", &["id"]))
            // The constant is asked of a key that the cycle leads back to.
            .with(table("aliases").int("id").text("scope").primary(&["id"]).check("scope = 'global'").foreign(
                &["scope"],
                "scopes",
                &["id"],
            ))
            .schema()
    };
    for narrow_first in [true, false] {
        let plan = check(schema(narrow_first), 200);
        assert!(plan.tables.iter().all(|t| t.rows == 200));
    }
}
