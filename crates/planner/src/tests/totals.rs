//! Columns that aggregate rows of other tables.

use proptest::prelude::*;

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

const MONEY: SqlType = SqlType::Decimal { precision: 12, scale: 2, unsigned: false };
const MOMENT: SqlType = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };

fn with(table: TableFixture, columns: &[(&str, SqlType)]) -> TableFixture {
    columns.iter().fold(table, |t, (name, ty)| t.column(name, ty.clone(), "", false))
}

fn shop() -> Schema {
    let customers = table("customers").int("id").primary(&["id"]).int("total_orders");
    let customers = with(customers, &[("total_spent", MONEY), ("created_at", MOMENT), ("last_order_at", MOMENT)]);
    let categories = table("categories").int("id").primary(&["id"]).int("product_count");
    let products = table("products").int("id").primary(&["id"]).nullable_int("category_id");
    let products = with(products, &[("price", MONEY), ("created_at", MOMENT)]).int("review_count");
    let products = products.column("rating_avg", MONEY, "", true).foreign(&["category_id"], "categories", &["id"]);
    let orders = table("orders").int("id").primary(&["id"]).int("customer_id").int("item_count");
    let orders = with(orders, &[("subtotal", MONEY), ("tax", MONEY), ("total", MONEY), ("created_at", MOMENT)]);
    let items = table("order_items").int("id").primary(&["id"]).int("order_id").int("product_id").int("quantity");
    let items = with(items, &[("unit_price", MONEY), ("line_total", MONEY)]);
    let carts = with(table("carts").int("id").primary(&["id"]), &[("total", MONEY)]);
    let lines = table("cart_items").int("cart_id").int("product_id").int("quantity");
    let lines = with(lines, &[("unit_price", MONEY)]).primary(&["cart_id", "product_id"]);
    let reviews = table("reviews").int("id").primary(&["id"]).int("product_id").int("rating");
    Fixture::new()
        .with(customers)
        .with(categories)
        .with(products)
        .with(orders.foreign(&["customer_id"], "customers", &["id"]))
        .with(items.foreign(&["order_id"], "orders", &["id"]).foreign(&["product_id"], "products", &["id"]))
        .with(carts)
        .with(lines.foreign(&["cart_id"], "carts", &["id"]).foreign(&["product_id"], "products", &["id"]))
        .with(with(reviews, &[("created_at", MOMENT)]).foreign(&["product_id"], "products", &["id"]))
        .schema()
}

/// Returns the rows of a table as integers by column name: hundredths, microseconds.
fn cells(plan: &Plan, generator: &Generator, table: &str) -> Vec<BTreeMap<String, Option<i64>>> {
    let t = plan.tables.iter().position(|t| t.name.name == table).unwrap();
    let columns: Vec<usize> = (0..plan.tables[t].columns.len()).collect();
    let number = |v: &Value| match v {
        Value::Int(n) => i64::try_from(*n).ok(),
        Value::Decimal { unscaled, .. } => i64::try_from(*unscaled).ok(),
        Value::Timestamp(at) => Some(*at),
        _ => None,
    };
    let named = |cells: Vec<Value>| {
        let columns = plan.tables[t].columns.iter().zip(&cells);
        columns.map(|(c, v)| (c.name.clone(), number(v))).collect()
    };
    (0..plan.tables[t].rows).map(|row| named(generator.cells(t, &columns, row).unwrap())).collect()
}

type CellsByName = BTreeMap<String, Option<i64>>;

/// Returns the rows that refer to each parent.
fn by<'a>(rows: &'a [CellsByName], key: &str) -> HashMap<i64, Vec<&'a CellsByName>> {
    let mut out: HashMap<i64, Vec<&CellsByName>> = HashMap::new();
    rows.iter().filter_map(|r| Some((r[key]?, r))).for_each(|(parent, r)| out.entry(parent).or_default().push(r));
    out
}

fn adds_up(plan: &Plan, generator: &Generator) {
    let of = |table| cells(plan, generator, table);
    let (orders, items, reviews, products) = (of("orders"), of("order_items"), of("reviews"), of("products"));
    let lines = of("cart_items");
    let none = Vec::new();
    let (of_order, of_customer, of_cart) = (by(&items, "order_id"), by(&orders, "customer_id"), by(&lines, "cart_id"));
    let (of_product, of_category) = (by(&reviews, "product_id"), by(&products, "category_id"));
    let sum = |rows: &[&CellsByName], f: &dyn Fn(&CellsByName) -> i64| rows.iter().map(|r| f(r)).sum::<i64>();
    for order in &orders {
        let own = of_order.get(&order["id"].unwrap()).unwrap_or(&none);
        assert_eq!(order["item_count"], Some(own.len() as i64));
        assert_eq!(order["subtotal"], Some(sum(own, &|r| r["line_total"].unwrap())));
        assert_eq!(order["total"].unwrap(), order["subtotal"].unwrap() + order["tax"].unwrap());
    }
    for customer in of("customers") {
        let own = of_customer.get(&customer["id"].unwrap()).unwrap_or(&none);
        assert_eq!(customer["total_orders"], Some(own.len() as i64));
        assert_eq!(customer["total_spent"], Some(sum(own, &|r| r["total"].unwrap())));
        let last = own.iter().filter_map(|r| r["created_at"]).max();
        assert_eq!(customer["last_order_at"], last.or(customer["created_at"]), "not NULL: when the row began");
    }
    for cart in of("carts") {
        if let Some(own) = of_cart.get(&cart["id"].unwrap()) {
            assert_eq!(cart["total"], Some(sum(own, &|r| r["quantity"].unwrap() * r["unit_price"].unwrap())));
        }
    }
    for product in &products {
        let own = of_product.get(&product["id"].unwrap()).unwrap_or(&none);
        let n = own.len() as i64;
        assert_eq!(product["review_count"], Some(n));
        let mean = (n > 0).then(|| (sum(own, &|r| r["rating"].unwrap()) as f64 * 100.0 / n as f64).round() as i64);
        assert_eq!(product["rating_avg"], mean);
    }
    for category in of("categories") {
        let own = of_category.get(&category["id"].unwrap()).unwrap_or(&none);
        assert_eq!(category["product_count"], Some(own.len() as i64));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_parents_cell_is_the_aggregate_of_its_children(seed: u64, rows in 1u64..400) {
        let schema = shop();
        let options = PlanOptions { rows, seed, now: NOW, ..PlanOptions::default() };
        let (plan, generator) = build(&schema, &options, &NoExistingRows).unwrap();
        adds_up(&plan, &generator);
        plan.validate().unwrap();
        batches_are_cells(&plan, &generator);
    }
}

#[test]
fn the_plan_names_the_aggregated_column() {
    let schema = shop();
    let plan = checked(&schema, planned(&schema, 300));
    let text = plan.describe(Detail::Columns);
    for said in [
        "= sum of order_items.line_total",
        "= number of order_items",
        "= sum of orders.total",
        "= number of orders",
        "= last of orders.created_at",
        "= sum of cart_items.quantity x unit_price",
        "= mean of reviews.rating",
        "= number of products",
        "; names: of the rows that belong to it",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let options = PlanOptions { rows: 50, seed: 1, now: NOW, no_coherence: true, ..PlanOptions::default() };
    let (plan, _) = build(&schema, &options, &NoExistingRows).unwrap();
    assert!(!plan.describe(Detail::Columns).contains("= "), "no laws are asked for");
}

#[test]
fn columns_that_depend_on_themselves_or_are_determined_otherwise_have_no_aggregate() {
    // The line holds a share of the bill, and the bill's amount is bound by a CHECK.
    let bills = with(table("bills").int("id").primary(&["id"]), &[("subtotal", MONEY), ("total", MONEY)]);
    let bills = bills.int("line_count").check("line_count = 3 or subtotal > total");
    let lines = with(table("bill_lines").int("id").primary(&["id"]).int("bill_id"), &[("amount", MONEY)]);
    let payments = with(table("payments").int("id").primary(&["id"]).int("bill_id"), &[("amount", MONEY)]);
    let schema = Fixture::new()
        .with(bills)
        .with(lines.foreign(&["bill_id"], "bills", &["id"]))
        .with(payments.foreign(&["bill_id"], "bills", &["id"]))
        .schema();
    let plan = checked(&schema, planned(&schema, 200));
    let text = plan.describe(Detail::Columns);
    assert!(!text.contains("= sum of") && !text.contains("= number of"), "{text}");
    assert!(text.contains("= an equal part of bills.total"), "{text}");
}

#[test]
fn of_two_foreign_keys_only_the_one_named_after_the_parent_is_counted() {
    let schema = |second: &str| {
        let messages = table("messages").int("id").primary(&["id"]).int("sender_id").int(second);
        let messages = messages.foreign(&["sender_id"], "users", &["id"]).foreign(&[second], "users", &["id"]);
        Fixture::new().with(table("users").int("id").primary(&["id"]).int("message_count")).with(messages).schema()
    };
    let text = |schema: &Schema| checked(schema, planned(schema, 100)).describe(Detail::Columns);
    assert!(!text(&schema("recipient_id")).contains("number of"));
    assert!(text(&schema("user_id")).contains("= number of messages"));
}

#[test]
fn positions_count_the_rows_of_their_parent() {
    let orders = table("orders").int("id").primary(&["id"]);
    let items = table("order_items").int("id").primary(&["id"]).int("order_id").int("position").int("version");
    let schema = Fixture::new().with(orders).with(items.foreign(&["order_id"], "orders", &["id"])).schema();
    let (plan, generator) = planned(&schema, 600);
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for row in cells(&plan, &generator, "order_items") {
        let of = last.entry(row["order_id"].unwrap()).or_default();
        *of += 1;
        assert_eq!(row["position"], Some(*of), "{row:?}");
    }
    assert!(plan.describe(Detail::Columns).contains("position  = 1, 2, 3, ... of each orders"));
    checked(&schema, (plan, generator));
}

#[test]
fn a_marketplace_keeps_a_share_of_what_the_buyer_pays() {
    let sales = table("sales").int("id").primary(&["id"]);
    let names = ["subtotal", "shipping", "tax", "total", "platform_fee", "seller_earnings"];
    let sales = with(sales, &names.map(|name| (name, MONEY)));
    let (plan, generator) = planned(&Fixture::new().with(sales).schema(), 200);
    for row in cells(&plan, &generator, "sales") {
        let of = |name: &str| row[name].unwrap();
        assert_eq!(of("subtotal") + of("shipping") + of("tax"), of("total"), "{row:?}");
        assert_eq!(of("subtotal") - of("platform_fee"), of("seller_earnings"), "{row:?}");
        assert!(0 < of("platform_fee") && of("platform_fee") < of("subtotal"), "{row:?}");
    }
}

#[test]
fn followers_are_counted_by_the_key_of_those_who_are_followed() {
    let users = table("users").int("id").primary(&["id"]).int("followers_count").int("following_count");
    let follows = table("follows").int("id").primary(&["id"]).int("follower_id").int("followed_id");
    let follows = follows.foreign(&["follower_id"], "users", &["id"]).foreign(&["followed_id"], "users", &["id"]);
    let schema = Fixture::new().with(users).with(follows).schema();
    let (plan, generator) = planned(&schema, 300);
    let rows = cells(&plan, &generator, "follows");
    let (followers, following) = (by(&rows, "followed_id"), by(&rows, "follower_id"));
    for user in cells(&plan, &generator, "users") {
        let count = |of: &HashMap<i64, Vec<&CellsByName>>| of.get(&user["id"].unwrap()).map_or(0, |rows| rows.len());
        assert_eq!(user["followers_count"], Some(count(&followers) as i64), "{user:?}");
        assert_eq!(user["following_count"], Some(count(&following) as i64), "{user:?}");
    }
    checked(&schema, (plan, generator));
}
