//! Tests of relationships between columns by their names.

use super::*;

#[test]
fn orderings_by_name() {
    let mut t = table(
        "orders",
        vec![
            column("created_at", TIMESTAMP),
            column("updated_at", TIMESTAMP),
            column("start_date", SqlType::Date),
            column("end_date", SqlType::Date),
            column("end", TIMESTAMP),
            column("min_price", numeric(8, 2)),
            column("max_price", numeric(8, 2)),
            column("max_weight", int(4)),
            column("from_id", int(4)),
            column("to_id", int(4)),
            column("ShippedDate", SqlType::Date),
            column("OrderDate", SqlType::Date),
        ],
    );
    let foreign = |column: &str| ForeignKey {
        name: format!("fk_{column}"),
        columns: vec![column.into()],
        parent: TableName::new("public", "nodes"),
        parent_columns: vec!["id".into()],
        match_full: false,
        deferrable: dbmocker_core::schema::Deferrable::No,
        validated: true,
        actions: String::new(),
    };
    t.foreign_keys = vec![foreign("from_id"), foreign("to_id")];
    let texts: Vec<String> = soft_checks(&t, Dialect::Postgres, &|_| false).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        texts,
        [
            r#""updated_at" >= "created_at""#,
            r#""end_date" >= "start_date""#,
            r#""ShippedDate" >= "OrderDate""#,
            r#""max_price" >= "min_price""#,
        ]
    );
    let names = ["total", "subtotal", "tax", "max_attempts", "attempts"];
    let invoices = table("invoices", names.map(|n| column(n, int(4))).into());
    let names: Vec<String> =
        soft_checks(&invoices, Dialect::Sqlite, &|_| false).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["total >= subtotal", "total >= tax", "max_attempts >= attempts"]);
    let (name, text) = soft_checks(&t, Dialect::Mysql, &|_| false).swap_remove(0);
    assert_eq!((name.as_str(), text.as_str()), ("updated_at >= created_at", "`updated_at` >= `created_at`"));
}

#[test]
fn ordered_dates_have_the_same_window() {
    let columns = ["ordered_at", "shipped_at", "birth_date", "hire_date", "due_date", "invoice_date"];
    let ty = |name: &str| if name.ends_with("_at") { TIMESTAMP } else { SqlType::Date };
    let t = table("orders", columns.iter().map(|c| column(c, ty(c))).collect());
    let from = |name: &str| {
        let inferred = infer(&t, t.column(name).unwrap(), &context(Dialect::Postgres)).unwrap();
        let Domain::Range { lo, .. } = inferred.domain else { panic!("{name}: {:?}", inferred.domain) };
        lo
    };
    assert_eq!(from("shipped_at"), from("ordered_at"));
    assert_eq!(from("due_date"), from("invoice_date"));
    assert!(from("hire_date") > from("birth_date"));
}

/// The groups of correlated columns, as `person: username email; file: file_name mime_type`.
fn groups(table: &str, columns: &[&str]) -> String {
    let whole = super::table(table, columns.iter().map(|name| column(name, varchar(60))).collect());
    let domain_of = |c| infer(&whole, &whole.columns[c], &context(Dialect::Postgres)).expect("text").domain;
    let parts: Vec<_> = (0..columns.len()).filter_map(|c| attribute_of(&whole, c, &domain_of(c))).collect();
    let words = correlations(&parts).into_iter().map(|t| {
        let names: Vec<&str> = t.parts.iter().map(|p| columns[p.column]).collect();
        format!("{}: {}", t.of, names.join(" "))
    });
    words.collect::<Vec<_>>().join("; ")
}

#[test]
fn correlated_columns_by_name() {
    for (table, columns, expected) in [
        (
            "users",
            &["username", "email", "first_name", "last_name", "sex"][..],
            "person: username email first_name last_name sex",
        ),
        ("customers", &["customer_name", "email", "work_email"], "person: customer_name email work_email"),
        ("products", &["name", "email"], ""),
        (
            "deals",
            &["buyer_name", "buyer_email", "seller_name", "seller_email", "email"],
            "buyer person: buyer_name buyer_email; seller person: seller_name seller_email",
        ),
        ("suppliers", &["company_name", "contact_name", "email"], "contact person: contact_name email"),
        ("people", &["first_name", "middle_name", "last_name"], "person: first_name last_name"),
        ("posts", &["author", "author_email"], "author person: author author_email"),
        ("staff", &["first_name", "last_name", "manager_email"], "person: first_name last_name"),
        (
            "orders",
            &["ship_city", "ship_country", "billing_city", "billing_state", "phone"],
            "billing place: billing_city billing_state; ship place: ship_city ship_country",
        ),
        (
            "stores",
            &["address_city", "address_country_code", "phone", "fax"],
            "place: address_city address_country_code phone fax",
        ),
        ("orders", &["state", "quantity_state"], ""),
        ("attachments", &["file_name", "mime_type", "extension"], "file: file_name mime_type extension"),
        ("calls", &["phone_extension", "mime_type"], ""),
    ] {
        assert_eq!(groups(table, columns), expected, "{table} {columns:?}");
    }
}

/// The same names mean other things in tables that are not of files or reviews.
#[test]
fn numbers_in_tables_of_files_and_reviews() {
    let groups = |name: &str, columns: &[(&str, SqlType)]| {
        let whole = table(name, columns.iter().map(|(name, ty)| column(name, ty.clone())).collect());
        let inferred = |c: usize| infer(&whole, &whole.columns[c], &context(Dialect::Postgres)).expect("a type");
        let parts: Vec<_> = (0..columns.len()).filter_map(|c| attribute_of(&whole, c, &inferred(c).domain)).collect();
        let found = correlations(&parts).into_iter().map(|t| {
            let names: Vec<&str> = t.parts.iter().map(|p| columns[p.column].0).collect();
            format!("{}: {}", t.of, names.join(" "))
        });
        found.collect::<Vec<_>>().join("; ")
    };
    let sizes = [("file_size", int(8)), ("width", int(4)), ("height", int(4))];
    let of_files: Vec<_> = [("mime_type", varchar(60))].into_iter().chain(sizes.clone()).collect();
    assert_eq!(groups("uploads", &of_files), "file: mime_type file_size width height");
    assert_eq!(groups("photos", &sizes), "file: file_size width height");
    assert_eq!(groups("shelves", &[("width", int(4)), ("height", int(4))]), "");
    let review = [("rating", int(2)), ("title", varchar(120)), ("body", varchar(2000))];
    assert_eq!(groups("reviews", &review), "review: rating title body");
    assert_eq!(groups("articles", &review), "");
    let photos = table("photos", vec![column("width", int(4))]);
    let inferred = infer(&photos, &photos.columns[0], &context(Dialect::Postgres)).expect("a number");
    assert!(matches!(inferred.domain, Domain::Range { lo: 320, hi: 3840, .. }), "{:?}", inferred.domain);
}
