//! Cells that agree with those of parent rows: statuses, and copies over two levels.

use super::*;

/// Returns columns of all rows of a table.
fn rows(plan: &Plan, generator: &Generator, name: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let t = plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let place = |c: &&str| plan.tables[t].columns.iter().position(|x| x.name == *c).unwrap();
    let place: Vec<usize> = columns.iter().map(place).collect();
    (0..plan.tables[t].rows).map(|row| generator.cells(t, &place, row).unwrap()).collect()
}

#[test]
fn parts_of_a_cancelled_order_are_cancelled() {
    let orders = table("orders").int("id").primary(&["id"]).varchar("status", 12);
    let orders = orders.check("status in ('pending', 'processing', 'shipped', 'delivered', 'cancelled')");
    let items = table("order_items").int("id").primary(&["id"]).int("order_id").varchar("status", 12);
    let items = items.check("status in ('pending', 'packed', 'shipped', 'delivered', 'returned', 'cancelled')");
    let moment = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
    let items = items.column("shipped_at", moment, "", true).foreign(&["order_id"], "orders", &["id"]);
    let reviews = table("reviews").int("id").primary(&["id"]).int("order_id").varchar("status", 12);
    let reviews = reviews.check("status in ('pending', 'approved', 'rejected')");
    let reviews = reviews.foreign(&["order_id"], "orders", &["id"]);
    let schema = Fixture::new().with(orders).with(items).with(reviews).schema();
    let (plan, generator) = planned(&schema, 600);
    let status: HashMap<String, String> = rows(&plan, &generator, "orders", &["id", "status"])
        .iter()
        .map(|row| (row[0].to_string(), row[1].to_string()))
        .collect();
    let mut seen = HashSet::new();
    for row in rows(&plan, &generator, "order_items", &["order_id", "status", "shipped_at"]) {
        let (order, item) = (status[&row[0].to_string()].as_str(), row[1].to_string());
        let agrees = match order {
            "cancelled" => item == "cancelled",
            "pending" => ["pending", "cancelled"].contains(&item.as_str()),
            "delivered" => ["delivered", "returned"].contains(&item.as_str()),
            _ => true,
        };
        assert!(agrees, "{order}: {item}");
        assert!(item != "pending" || row[2].is_null(), "presence by the status: {row:?}");
        seen.insert((order.to_owned(), item));
    }
    assert!(seen.len() > 8, "{seen:?}");
    let text = plan.describe(Detail::Columns);
    assert!(text.contains("= agrees with orders.status"), "{text}");
    assert_eq!(text.matches("agrees with").count(), 1, "reviews have a life of their own: {text}");
    checked(&schema, (plan, generator));
}

#[test]
fn columns_are_copied_from_the_parent_of_the_parent() {
    let courses = table("courses").int("id").primary(&["id"]).int("credits").varchar("course_code", 10);
    let sections = table("sections").int("id").primary(&["id"]).int("course_id");
    let sections = sections.foreign(&["course_id"], "courses", &["id"]);
    let enrollments = table("enrollments").int("id").primary(&["id"]).int("section_id").int("credits");
    let enrollments = enrollments.varchar("course_code", 10).foreign(&["section_id"], "sections", &["id"]);
    let schema = Fixture::new().with(courses).with(sections).with(enrollments).schema();
    let (plan, generator) = planned(&schema, 300);
    let by_id = |name: &str, columns: &[&str]| -> HashMap<String, Vec<Value>> {
        rows(&plan, &generator, name, columns).into_iter().map(|row| (row[0].to_string(), row[1..].to_vec())).collect()
    };
    let courses = by_id("courses", &["id", "credits", "course_code"]);
    let sections = by_id("sections", &["id", "course_id"]);
    for row in rows(&plan, &generator, "enrollments", &["section_id", "credits", "course_code"]) {
        assert_eq!(&row[1..], &courses[&sections[&row[0].to_string()][0].to_string()][..], "{row:?}");
    }
    let text = plan.describe(Detail::Columns);
    assert!(text.contains("courses.credits of its sections"), "{text}");
    assert!(text.contains("courses.course_code of its sections"), "{text}");
    checked(&schema, (plan, generator));
}

#[test]
fn marks_are_given_to_those_who_are_enrolled() {
    let both = |t: dbmocker_core::schema::fixtures::TableFixture| {
        let t = t.int("student_id").int("course_id").foreign(&["student_id"], "students", &["id"]);
        t.foreign(&["course_id"], "courses", &["id"])
    };
    let schema = Fixture::new()
        .with(table("students").int("id").primary(&["id"]))
        .with(table("courses").int("id").primary(&["id"]))
        .with(both(table("enrollments").int("id").primary(&["id"])).unique(&["student_id", "course_id"]))
        .with(both(table("attendance").int("id").primary(&["id"])))
        .with(both(table("exam_results").int("id").primary(&["id"])).unique(&["student_id", "course_id"]))
        .with(both(table("payments").int("id").primary(&["id"])))
        .schema();
    let (plan, generator) = planned(&schema, 300);
    let pairs = |name: &str| rows(&plan, &generator, name, &["student_id", "course_id"]);
    let enrolled: HashSet<String> = pairs("enrollments").iter().map(|pair| format!("{pair:?}")).collect();
    for name in ["attendance", "exam_results"] {
        assert_eq!(pairs(name).len(), 300);
        assert!(pairs(name).iter().all(|pair| enrolled.contains(&format!("{pair:?}"))), "{name}");
    }
    assert!(pairs("payments").iter().any(|pair| !enrolled.contains(&format!("{pair:?}"))));
    assert!(plan.describe(Detail::Columns).contains("refers to `public.enrollments` by its name"));
    checked(&schema, (plan, generator));
    // More marks than pairs: the declared keys remain.
    let options = PlanOptions { rows: 300, seed: 42, now: NOW, ..PlanOptions::default() };
    let mut fewer = options.clone();
    fewer.overrides.table_of(&schema, "enrollments", "").unwrap().rows =
        Some(crate::counts::RequestedRows::Number(100));
    let (plan, generator) = build(&schema, &fewer, &NoExistingRows).unwrap();
    assert_eq!(rows(&plan, &generator, "exam_results", &["id"]).len(), 300);
    audit(&schema, &plan, &generator);
}

#[test]
fn some_rows_of_a_free_parent_meet_a_stricter_check_of_its_child() {
    let schema = Fixture::new()
        .with(table("alias").text("value").primary(&["value"]))
        .with(
            table("alias_target")
                .int("id")
                .text("value")
                .primary(&["id"])
                .foreign(&["value"], "alias", &["value"])
                .check("value ~ '^[a-z0-9-]{1,20}\\.[a-z]{2,5}$'"),
        )
        .schema();
    let (plan, generator) = planned(&schema, 200);
    let values: HashSet<String> =
        rows(&plan, &generator, "alias_target", &["value"]).iter().map(|row| format!("{row:?}")).collect();
    assert!(plan.tables.iter().all(|t| t.rows == 200) && values.len() > 20, "{values:?}");
    checked(&schema, (plan, generator));
}
