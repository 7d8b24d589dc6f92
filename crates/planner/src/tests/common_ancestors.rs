//! Foreign keys that lead to one ancestor by two paths.

use super::*;

fn owned(name: &str) -> dbmocker_core::schema::fixtures::TableFixture {
    table(name).int("id").primary(&["id"]).int("tenant_id").foreign(&["tenant_id"], "tenants", &["id"])
}

fn service() -> Schema {
    let invoices = owned("invoices").nullable_int("subscription_id");
    let grants = table("user_roles").int("user_id").int("role_id").primary(&["user_id", "role_id"]);
    let orders = table("orders").int("id").primary(&["id"]).int("customer_id").nullable_int("billing_address_id");
    let orders = orders.nullable_int("shipping_address_id").foreign(&["customer_id"], "customers", &["id"]);
    let orders = orders.foreign(&["billing_address_id"], "addresses", &["id"]);
    let notes = owned("folders").nullable_int("parent_id").foreign(&["parent_id"], "folders", &["id"]);
    let comments = table("post_comments").int("id").primary(&["id"]).int("post_id").int("user_id");
    let comments = comments.nullable_int("parent_id").foreign(&["parent_id"], "post_comments", &["id"]);
    let posts = table("posts").int("id").primary(&["id"]).int("user_id").foreign(&["user_id"], "users", &["id"]);
    Fixture::new()
        .with(table("tenants").int("id").primary(&["id"]))
        .with(owned("users"))
        .with(owned("roles"))
        .with(owned("subscriptions"))
        .with(invoices.foreign(&["subscription_id"], "subscriptions", &["id"]))
        .with(owned("payments").int("invoice_id").foreign(&["invoice_id"], "invoices", &["id"]))
        .with(grants.foreign(&["user_id"], "users", &["id"]).foreign(&["role_id"], "roles", &["id"]))
        .with(table("customers").int("id").primary(&["id"]))
        .with(table("addresses").int("id").primary(&["id"]).int("customer_id").foreign(
            &["customer_id"],
            "customers",
            &["id"],
        ))
        .with(orders.foreign(&["shipping_address_id"], "addresses", &["id"]))
        .with(notes)
        .with(posts)
        .with(comments.foreign(&["post_id"], "posts", &["id"]).foreign(&["user_id"], "users", &["id"]))
        .schema()
}

/// Returns two columns of all rows of a table; NULL as `None`.
fn columns(plan: &Plan, generator: &Generator, name: &str, of: [&str; 2]) -> Vec<[Option<i128>; 2]> {
    let t = plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let place = of.map(|c| plan.tables[t].columns.iter().position(|x| x.name == c).unwrap());
    let number = |v: &Value| if let Value::Int(n) = v { Some(*n) } else { None };
    let row = |row| {
        let cells = generator.cells(t, &place, row).unwrap();
        [number(&cells[0]), number(&cells[1])]
    };
    (0..plan.tables[t].rows).map(row).collect()
}

/// Returns the number of rows where the parent's second column equals the row's first column, where it differs, and
/// where a cell is NULL.
fn met(plan: &Plan, generator: &Generator, child: &str, of: [&str; 2], parent: &str) -> [usize; 3] {
    let last = if of[0] == "post_id" { "post_id" } else { of[0] };
    let above: HashMap<i128, i128> =
        columns(plan, generator, parent, ["id", last]).into_iter().map(|[id, of]| (id.unwrap(), of.unwrap())).collect();
    let mut out = [0; 3];
    for [own, by] in columns(plan, generator, child, of) {
        let place = by.map_or(2, |by| usize::from(Some(above[&by]) != own));
        out[place] += 1;
    }
    out
}

#[test]
fn two_paths_lead_to_the_same_ancestor_row() {
    let schema = service();
    for seed in [1, 7, 42] {
        for rows in [40, 500] {
            let options = PlanOptions { rows, seed, now: NOW, ..PlanOptions::default() };
            let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
            checked(&schema, (plan.clone(), Generator::new(&plan)));
            let of = |child, columns, parent| met(&plan, &generator, child, columns, parent);
            let none =
                |[_, other, null]: [usize; 3], most: usize| assert!(other == 0 && null <= most, "{other}, {null}");
            let rows = usize::try_from(rows).unwrap();
            none(of("invoices", ["tenant_id", "subscription_id"], "subscriptions"), rows / 3);
            none(of("orders", ["customer_id", "shipping_address_id"], "addresses"), rows / 2);
            none(of("orders", ["customer_id", "billing_address_id"], "addresses"), rows / 2);
            none(of("folders", ["tenant_id", "parent_id"], "folders"), rows);
            none(of("post_comments", ["post_id", "parent_id"], "post_comments"), rows - 1);
            let tenants = |table, columns_of| -> HashMap<_, _> {
                columns(&plan, &generator, table, columns_of).into_iter().map(|[id, of]| (id, of)).collect()
            };
            let (users, roles) = (tenants("users", ["id", "tenant_id"]), tenants("roles", ["id", "tenant_id"]));
            let grants = columns(&plan, &generator, "user_roles", ["user_id", "role_id"]);
            let same = grants.iter().filter(|[user, role]| users[user] == roles[role]).count();
            let chosen = plan.tables.iter().any(|t| t.name.name == "user_roles" && t.sources.len() == 1);
            assert!(grants.len() == rows && (!chosen || same == rows), "{same} of {}", grants.len());
            assert!(chosen || rows < 100);
            // Authors of comments differ from authors of posts.
            let posts = columns(&plan, &generator, "posts", ["id", "user_id"]).into_iter();
            let posts: HashMap<_, _> = posts.map(|[id, user]| (id, user)).collect();
            let comments = columns(&plan, &generator, "post_comments", ["post_id", "user_id"]);
            assert!(comments.iter().any(|[post, user]| posts[post] != *user));
        }
    }
}

#[test]
fn the_plan_names_the_path_that_is_selected_first() {
    let schema = service();
    let (plan, _) = planned(&schema, 300);
    let text = plan.describe(Detail::Columns);
    for said in [
        "that of invoice_id",
        "that agrees with tenant_id",
        "two paths to public.tenants",
        "that agrees with customer_id",
        "with the same post_id",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let options = PlanOptions { rows: 300, seed: 42, now: NOW, no_coherence: true, ..PlanOptions::default() };
    let (plan, _) = build(&schema, &options, &NoExistingRows).unwrap();
    assert!(plan.tables.iter().flat_map(|t| &t.sources).all(|s| s.meets.is_none() && s.combinations.is_none()));
}

#[test]
fn a_tree_does_not_stay_within_owners_that_have_a_single_row() {
    let folders = owned("folders").nullable_int("parent_id").foreign(&["parent_id"], "folders", &["id"]);
    let schema =
        Fixture::new().with(table("tenants").int("id").primary(&["id"])).with(folders.unique(&["tenant_id"])).schema();
    let (plan, generator) = planned(&schema, 300);
    let parents = columns(&plan, &generator, "folders", ["id", "parent_id"]);
    assert!(parents.iter().filter(|[_, parent]| parent.is_some()).count() > 50);
    assert!(!plan.describe(Detail::Columns).contains("within its"));
    checked(&schema, (plan, generator));
}

/// Lines of an entry book on accounts of the entry's company; accounts have a code for each company.
fn ledger() -> Schema {
    let company = |name: &str| {
        let t = table(name).int("id").primary(&["id"]).int("company_id");
        t.foreign(&["company_id"], "companies", &["id"])
    };
    let accounts = company("accounts").varchar("code", 4).unique(&["company_id", "code"]).nullable_int("parent_id");
    let lines = table("entry_lines").int("id").primary(&["id"]).int("entry_id").int("line_no").int("account_id");
    Fixture::new()
        .with(table("companies").int("id").primary(&["id"]))
        .with(accounts.foreign(&["parent_id"], "accounts", &["id"]))
        .with(company("entries"))
        .with(lines.unique(&["entry_id", "line_no"]).foreign(&["entry_id"], "entries", &["id"]).foreign(
            &["account_id"],
            "accounts",
            &["id"],
        ))
        .schema()
}

#[test]
fn parents_are_selected_under_ancestors_that_have_relatives() {
    let schema = ledger();
    for (seed, rows) in [(1, 300), (42, 1000)] {
        let options = PlanOptions { rows, seed, now: NOW, ..PlanOptions::default() };
        let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
        let companies = |name: &str| -> HashMap<Option<i128>, Option<i128>> {
            columns(&plan, &generator, name, ["id", "company_id"]).into_iter().map(|[id, of]| (id, of)).collect()
        };
        let (accounts, entries) = (companies("accounts"), companies("entries"));
        let lines = columns(&plan, &generator, "entry_lines", ["entry_id", "account_id"]);
        let apart = lines.iter().filter(|[entry, account]| entries[entry] != accounts[account]).count();
        assert!(lines.len() as u64 == rows && apart == 0, "{apart} of {}", lines.len());
        let trees = columns(&plan, &generator, "accounts", ["id", "parent_id"]);
        let below: Vec<_> = trees.iter().filter(|[_, parent]| parent.is_some()).collect();
        assert!(below.iter().all(|[id, parent]| accounts[id] == accounts[parent]));
        assert!(below.len() * 4 > trees.len(), "{} have a parent", below.len());
        assert!(plan.describe(Detail::Columns).contains("with rows in public.accounts"));
        checked(&schema, (plan, generator));
    }
}

/// Orders and addresses belong to customers by a key of two columns, of which that of orders may be partly NULL.
#[test]
fn paths_by_keys_of_several_columns_agree_where_they_are_not_null() {
    let customers = table("customers").int("region_id").int("id").primary(&["region_id", "id"]);
    let of_customer = |t: dbmocker_core::schema::fixtures::TableFixture| {
        t.foreign(&["region_id", "customer_id"], "customers", &["region_id", "id"])
    };
    let orders = table("orders").int("id").primary(&["id"]).int("region_id").nullable_int("customer_id");
    let addresses = table("addresses").int("id").primary(&["id"]).int("region_id").int("customer_id");
    let deliveries = table("deliveries").int("id").primary(&["id"]).int("order_id").nullable_int("address_id");
    let schema = Fixture::new()
        .with(customers)
        .with(of_customer(orders))
        .with(of_customer(addresses))
        .with(deliveries.foreign(&["order_id"], "orders", &["id"]).foreign(&["address_id"], "addresses", &["id"]))
        .schema();
    let (plan, generator) = planned(&schema, 400);
    let pair = |name: &str| -> HashMap<i128, [Option<i128>; 2]> {
        let ids = columns(&plan, &generator, name, ["id", "region_id"]);
        let customers = columns(&plan, &generator, name, ["id", "customer_id"]);
        ids.into_iter().zip(customers).map(|([id, region], [_, of])| (id.unwrap(), [region, of])).collect()
    };
    let (orders, addresses) = (pair("orders"), pair("addresses"));
    assert!(orders.values().any(|[_, customer]| customer.is_none()), "some keys are partly NULL");
    let mut found = 0;
    for [order, address] in columns(&plan, &generator, "deliveries", ["order_id", "address_id"]) {
        let (Some(address), of) = (address, orders[&order.unwrap()]) else { continue };
        if of[1].is_some() {
            assert_eq!(addresses[&address], of, "{}", plan.describe(Detail::Columns));
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
    assert!(plan.describe(Detail::Columns).contains("two paths to public.customers"));
    checked(&schema, (plan, generator));
}
