//! Consistency of moments: clocks, start times after those of parents, moments of a row, series and periods.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

const MOMENT: SqlType = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };

fn stamped(name: &str, moments: &[(&str, bool)]) -> TableFixture {
    let table = table(name).int("id").primary(&["id"]);
    moments.iter().fold(table, |t, (name, nullable)| t.column(name, MOMENT, "timestamp", *nullable))
}

fn shop() -> Schema {
    let customers = stamped("customers", &[("created_at", false), ("updated_at", false)]);
    let orders = stamped("orders", &[("placed_at", false), ("paid_at", true), ("shipped_at", true)]);
    let items = stamped("order_items", &[]).int("order_id").foreign(&["order_id"], "orders", &["id"]);
    let returns = stamped("returns", &[("requested_at", false)]).int("item_id");
    let reviews = stamped("reviews", &[("created_at", false)]).nullable_int("customer_id");
    Fixture::new()
        .with(customers)
        .with(orders.int("customer_id").foreign(&["customer_id"], "customers", &["id"]))
        .with(items)
        .with(returns.foreign(&["item_id"], "order_items", &["id"]))
        .with(reviews.foreign(&["customer_id"], "customers", &["id"]))
        .schema()
}

/// Returns the cells of some columns of all rows of a table; moments in microseconds.
fn cells(plan: &Plan, generator: &Generator, table: &str, columns: &[&str]) -> Vec<Vec<Option<i64>>> {
    let t = plan.tables.iter().position(|t| t.name.name == table).unwrap();
    let place = |name: &&str| plan.tables[t].columns.iter().position(|c| c.name == **name).unwrap();
    let columns: Vec<usize> = columns.iter().map(place).collect();
    let number = |v: &Value| match v {
        Value::Int(n) => i64::try_from(*n).ok(),
        Value::Timestamp(at) => Some(*at),
        _ => None,
    };
    (0..plan.tables[t].rows)
        .map(|row| generator.cells(t, &columns, row).unwrap().iter().map(number).collect())
        .collect()
}

/// Returns each parent's moment, by its id.
fn by_id(rows: &[Vec<Option<i64>>]) -> HashMap<i64, i64> {
    rows.iter().map(|r| (r[0].unwrap(), r[1].unwrap())).collect()
}

#[test]
fn children_start_after_their_parents_at_every_depth() {
    let schema = shop();
    let (plan, generator) = planned(&schema, 1500);
    let of = |table: &str, columns: &[&str]| cells(&plan, &generator, table, columns);
    let customers = by_id(&of("customers", &["id", "created_at"]));
    let orders = of("orders", &["id", "placed_at", "customer_id", "paid_at", "shipped_at"]);
    assert!(orders.windows(2).all(|w| w[0][1] <= w[1][1]), "a clock is monotone in the row");
    for order in &orders {
        assert!(customers[&order[2].unwrap()] <= order[1].unwrap(), "{order:?}");
        assert!(order[3].is_none_or(|paid| order[1].unwrap() <= paid && paid <= NOW), "{order:?}");
        assert!(order[4].is_none_or(|shipped| order[3].is_none_or(|paid| paid <= shipped)), "{order:?}");
    }
    let placed = by_id(&orders);
    let order_of = by_id(&of("order_items", &["id", "order_id"]));
    for r in of("returns", &["item_id", "requested_at"]) {
        assert!(placed[&order_of[&r[0].unwrap()]] <= r[1].unwrap(), "a table without moments passes them on: {r:?}");
    }
    for r in of("reviews", &["customer_id", "created_at"]) {
        assert!(r[0].is_none_or(|customer| customers[&customer] <= r[1].unwrap()), "{r:?}");
    }
    checked(&schema, (plan, generator));
}

#[test]
fn rows_with_one_parent_each_keep_its_order_and_pass_it_on() {
    let accounts = stamped("accounts", &[("created_at", false)]);
    let sellers = stamped("sellers", &[("created_at", false)]).int("account_id").unique(&["account_id"]);
    let sellers = sellers.foreign(&["account_id"], "accounts", &["id"]);
    // Periods of validity are not in order of time, but their owners are.
    let rates = stamped("rates", &[("valid_from", false), ("valid_to", true)]).int("seller_id");
    let rates = rates.foreign(&["seller_id"], "sellers", &["id"]);
    let sales = stamped("sales", &[("sold_at", false)]).int("seller_id").int("rate_id");
    let sales = sales.foreign(&["seller_id"], "sellers", &["id"]).foreign(&["rate_id"], "rates", &["id"]);
    let schema = Fixture::new().with(accounts).with(sellers).with(rates).with(sales).schema();
    let (plan, generator) = planned(&schema, 1500);
    let accounts = by_id(&cells(&plan, &generator, "accounts", &["id", "created_at"]));
    let rows = cells(&plan, &generator, "sellers", &["account_id", "created_at", "id"]);
    assert!(rows.windows(2).all(|w| w[0][0] < w[1][0]), "one account each, in order");
    assert!(rows.iter().all(|r| accounts[&r[0].unwrap()] <= r[1].unwrap()), "after the account");
    let sellers: HashMap<i64, i64> = rows.iter().map(|r| (r[2].unwrap(), r[1].unwrap())).collect();
    let sales = cells(&plan, &generator, "sales", &["sold_at", "seller_id"]);
    assert!(sales.windows(2).all(|w| w[0][0] <= w[1][0]), "sales have a clock");
    assert!(sales.iter().all(|r| sellers[&r[1].unwrap()] <= r[0].unwrap()), "of sellers that exist");
    checked(&schema, (plan, generator));
}

#[test]
fn a_cancellation_does_not_delay_other_events() {
    let visits = stamped(
        "appointments",
        &[
            ("created_at", false),
            ("scheduled_start", false),
            ("scheduled_end", false),
            ("checked_in_at", true),
            ("started_at", true),
            ("completed_at", true),
            ("cancelled_at", true),
            ("closed_at", true),
        ],
    );
    let text = check(Fixture::new().with(visits).schema(), 300).describe(Detail::Columns);
    for said in [
        "scheduled_end    = after scheduled_start",
        "checked_in_at    = after scheduled_start",
        "started_at       = after checked_in_at",
        "completed_at     = after started_at",
        "cancelled_at     = after started_at",
        "closed_at        = after",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn a_plan_describes_start_times_unless_no_coherence_is_set() {
    let schema = shop();
    let (plan, _) = planned(&schema, 1500);
    let text = plan.describe(Detail::Columns);
    for said in [
        "placed_at    = one after the other, up to now",
        "shipped_at   = after paid_at",
        "requested_at  = one after the other, up to now",
        "order_id  a row of public.orders (a few rows for each, together)",
        "customer_id  a row of public.customers (one that exists by then)",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let options = PlanOptions { rows: 50, seed: 42, now: NOW, no_coherence: true, ..PlanOptions::default() };
    let (plan, _) = build(&schema, &options, &NoExistingRows).unwrap();
    assert!(plan.tables.iter().all(|t| t.began.is_none() && t.columns.iter().all(|c| c.law.is_none())));
}

#[test]
fn rows_of_one_owner_are_a_series_or_disjoint_periods() {
    let sensors = stamped("sensors", &[("installed_at", false)]);
    let readings = table("readings").int("sensor_id").column("read_at", MOMENT, "timestamp", false);
    let readings = readings.primary(&["sensor_id", "read_at"]).foreign(&["sensor_id"], "sensors", &["id"]);
    let prices = stamped("sensor_prices", &[("valid_from", false), ("valid_to", true)]).int("sensor_id");
    let prices = prices.foreign(&["sensor_id"], "sensors", &["id"]);
    let schema = Fixture::new().with(sensors).with(readings).with(prices).schema();
    let (plan, generator) = planned(&schema, 800);
    let sensors = by_id(&cells(&plan, &generator, "sensors", &["id", "installed_at"]));
    let mut last: HashMap<i64, i64> = HashMap::new();
    for r in cells(&plan, &generator, "readings", &["sensor_id", "read_at"]) {
        let (sensor, at) = (r[0].unwrap(), r[1].unwrap());
        assert!(sensors[&sensor] <= at && at < NOW, "{r:?}");
        if let Some(before) = last.insert(sensor, at) {
            assert_eq!(at - before, 15 * 60 * 1_000_000, "{r:?}");
        }
    }
    let mut ends: HashMap<i64, Option<i64>> = HashMap::new();
    for r in cells(&plan, &generator, "sensor_prices", &["sensor_id", "valid_from", "valid_to"]) {
        let (sensor, from) = (r[0].unwrap(), r[1].unwrap());
        assert!(sensors[&sensor] <= from, "{r:?}");
        if let Some(end) = ends.insert(sensor, r[2]) {
            assert_eq!(end, Some(from), "one after the other: {r:?}");
        }
    }
    assert!(ends.values().all(Option::is_none), "the last one is open");
    checked(&schema, (plan, generator));
}

#[test]
fn moments_ordered_by_checks_follow_the_clock() {
    let orders = stamped("orders", &[("ordered_at", false), ("paid_at", true), ("shipped_at", true)]);
    let orders = orders.column("delivered_on", SqlType::Date, "date", true).check("shipped_at >= ordered_at");
    let orders = orders.check("paid_at > ordered_at").check("shipped_at IS NULL OR delivered_on > shipped_at");
    let stays = table("stays").int("id").primary(&["id"]).column("arrival", SqlType::Date, "date", false);
    let stays = stays.column("departure", SqlType::Date, "date", false).check("arrival < departure");
    let plan = check(Fixture::new().with(orders).with(stays).schema(), 1500);
    let text = plan.describe(Detail::Columns);
    for said in [
        "ordered_at    = one after the other, up to now",
        "paid_at       = after the row began",
        "shipped_at    = after paid_at",
        "delivered_on  = after shipped_at",
        "departure  = after the row began",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn an_order_that_names_do_not_suggest_is_solved() {
    let odd = stamped("runs", &[("finished_at", false), ("started_at", false)]).check("finished_at < started_at");
    // The key determines the moment instead of the clock, so that the solver handles the CHECK.
    let keyed = stamped("shifts", &[("started_at", false), ("ended_at", false)]).unique(&["started_at"]);
    check(Fixture::new().with(odd).with(keyed.check("ended_at > started_at")).schema(), 300);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn checks_that_order_moments_are_true_in_every_row(
        kinds in proptest::collection::vec((0usize..8, proptest::bool::ANY, proptest::bool::ANY), 2..6),
        order in proptest::collection::vec((0usize..6, 0usize..6, proptest::bool::ANY), 1..4),
    ) {
        let names = ["created", "ordered", "paid", "shipped", "delivered", "closed", "updated", "deleted"];
        let mut used: Vec<String> = Vec::new();
        let mut t = table("orders").int("id").primary(&["id"]);
        for (name, day, nullable) in kinds {
            let name = format!("{}_{}", names[name], if day { "on" } else { "at" });
            if !used.contains(&name) {
                let ty = if day { SqlType::Date } else { MOMENT };
                t = t.column(&name, ty, "", nullable);
                used.push(name);
            }
        }
        for (a, b, strict) in order {
            let (a, b) = (a % used.len(), b % used.len());
            if a != b {
                let (low, high) = (&used[a.min(b)], &used[a.max(b)]);
                t = t.check(&format!("{low} {} {high}", if strict { "<" } else { "<=" }));
            }
        }
        check(Fixture::new().with(t).schema(), 200);
    }
}

#[test]
fn what_belongs_to_the_course_of_a_parent_lies_within_it() {
    let stays = stamped("admissions", &[("created_at", false), ("admitted_at", false), ("discharged_at", true)]);
    let vitals = stamped("vital_signs", &[("measured_at", false)]).int("admission_id");
    let reviews = stamped("reviews", &[("created_at", false)]).int("admission_id");
    let schema = Fixture::new()
        .with(stays)
        .with(vitals.foreign(&["admission_id"], "admissions", &["id"]))
        .with(reviews.foreign(&["admission_id"], "admissions", &["id"]))
        .schema();
    let (plan, generator) = planned(&schema, 900);
    let stays = cells(&plan, &generator, "admissions", &["id", "admitted_at", "discharged_at"]);
    let stays: HashMap<i64, &[Option<i64>]> = stays.iter().map(|r| (r[0].unwrap(), &r[1..])).collect();
    let vitals = cells(&plan, &generator, "vital_signs", &["admission_id", "measured_at"]);
    for vital in &vitals {
        let (stay, at) = (stays[&vital[0].unwrap()], vital[1].unwrap());
        assert!(stay[0].unwrap() <= at && stay[1].is_none_or(|end| at <= end), "{vital:?} {stay:?}");
    }
    let ended = vitals.iter().filter(|v| stays[&v[0].unwrap()][1].is_some()).count();
    assert!(ended * 2 > vitals.len());
    let of = |name: &str| plan.tables.iter().find(|t| t.name.name == name).and_then(|t| t.began.clone());
    assert!(matches!(of("vital_signs"), Some(Began::After { course: Some(_), .. })));
    assert!(!matches!(of("reviews"), Some(Began::After { course: Some(_), .. })));
    checked(&schema, (plan, generator));
}

/// Bookings precede what is booked, and follow those who book, also where the two are a key.
#[test]
fn bookings_precede_what_they_are_for() {
    let classes = stamped("classes", &[("starts_at", false)]);
    let members = stamped("members", &[("joined_at", false)]);
    let both =
        |t: TableFixture| t.foreign(&["class_id"], "classes", &["id"]).foreign(&["member_id"], "members", &["id"]);
    let bookings = both(stamped("bookings", &[("booked_at", false)]).int("class_id").int("member_id"));
    let free = both(stamped("registrations", &[("created_at", false)]).int("class_id").int("member_id"));
    let visits = both(stamped("visits", &[("visited_at", false)]).int("class_id").int("member_id"));
    let schema = Fixture::new()
        .with(classes)
        .with(members)
        .with(bookings.unique(&["class_id", "member_id"]))
        .with(free)
        .with(visits.unique(&["class_id", "member_id"]))
        .schema();
    let (plan, generator) = planned(&schema, 900);
    let at = |table: &str, column: &str| -> HashMap<i64, i64> {
        let rows = cells(&plan, &generator, table, &["id", column]);
        rows.iter().map(|r| (r[0].unwrap(), r[1].unwrap())).collect()
    };
    let (starts, joined) = (at("classes", "starts_at"), at("members", "joined_at"));
    for (table, column, ahead) in
        [("bookings", "booked_at", true), ("registrations", "created_at", true), ("visits", "visited_at", false)]
    {
        let rows = cells(&plan, &generator, table, &["class_id", "member_id", column]);
        let mut members: Vec<i64> = rows.iter().map(|r| r[1].unwrap()).collect();
        let early = rows.iter().filter(|r| r[2].unwrap() < joined[&r[1].unwrap()]).count();
        assert!(early * 50 < rows.len(), "{table}: {early} of {} before their members", rows.len());
        for row in &rows {
            let (start, at) = (starts[&row[0].unwrap()], row[2].unwrap());
            let days = (start - at) as f64 / 86_400e6;
            assert!(if ahead { (0.0..47.0).contains(&days) } else { (-60.0..=0.0).contains(&days) }, "{table}: {days}");
        }
        members.sort_unstable();
        members.dedup();
        assert!(members.len() > 300, "{table}: {} members", members.len());
    }
    checked(&schema, (plan, generator));
}

/// Combinations of parents that agree on an ancestor are in no order of time.
#[test]
fn bookings_by_two_paths_precede_what_they_are_for() {
    let of = |name: &str, moment: &str| {
        stamped(name, &[(moment, false)]).int("gym_id").foreign(&["gym_id"], "gyms", &["id"])
    };
    let bookings = stamped("bookings", &[("booked_at", false)]).int("member_id").int("class_id");
    let bookings = bookings.foreign(&["member_id"], "members", &["id"]).foreign(&["class_id"], "classes", &["id"]);
    let schema = Fixture::new()
        .with(stamped("gyms", &[("created_at", false)]))
        .with(of("classes", "starts_at"))
        .with(of("members", "joined_at"))
        .with(bookings.unique(&["class_id", "member_id"]))
        .schema();
    let (plan, generator) = planned(&schema, 600);
    let at = |table: &str, column: &str| -> HashMap<i64, i64> {
        let rows = cells(&plan, &generator, table, &["id", column]);
        rows.iter().map(|r| (r[0].unwrap(), r[1].unwrap())).collect()
    };
    let (starts, joined) = (at("classes", "starts_at"), at("members", "joined_at"));
    let rows = cells(&plan, &generator, "bookings", &["class_id", "member_id", "booked_at"]);
    let mut before = 0;
    for row in &rows {
        let (start, joined, at) = (starts[&row[0].unwrap()], joined[&row[1].unwrap()], row[2].unwrap());
        assert!(joined <= at, "{row:?}");
        assert!(at <= start || joined >= start - 3_600_000_000, "{row:?} {start} {joined}");
        before += usize::from(at <= start);
    }
    assert!(before * 4 > rows.len(), "{before} of {}", rows.len());
    checked(&schema, (plan, generator));
}

#[test]
fn moments_follow_the_dates_of_their_parents() {
    let students = table("students").int("id").primary(&["id"]).column("admitted_at", MOMENT, "timestamp", false);
    let invoices = table("invoices").int("id").int("student_id").primary(&["id"]);
    let invoices = invoices.column("issued_on", SqlType::Date, "date", false);
    let payments = stamped("payments", &[("received_at", false)]).int("invoice_id");
    let schema = Fixture::new()
        .with(students)
        .with(invoices.unique(&["student_id"]).foreign(&["student_id"], "students", &["id"]))
        .with(payments.foreign(&["invoice_id"], "invoices", &["id"]))
        .schema();
    let (plan, generator) = planned(&schema, 400);
    let t = plan.tables.iter().position(|t| t.name.name == "invoices").unwrap();
    let issued: HashMap<i64, i64> = (0..plan.tables[t].rows)
        .map(|row| match &generator.cells(t, &[0, 2], row).unwrap()[..] {
            [Value::Int(id), Value::Date(day)] => (*id as i64, i64::from(*day) * 86_400_000_000),
            other => panic!("{other:?}"),
        })
        .collect();
    for row in cells(&plan, &generator, "payments", &["invoice_id", "received_at"]) {
        let issued = issued[&row[0].unwrap()];
        assert!(row[1].unwrap() >= issued.min(NOW - 86_400_000_000), "{row:?} {issued}");
    }
}

#[test]
fn parts_of_a_period_lie_within_it() {
    let date =
        |t: dbmocker_core::schema::fixtures::TableFixture, name: &str| t.column(name, SqlType::Date, "date", false);
    let projects = stamped("projects", &[("created_at", false)]);
    let projects = date(date(projects, "start_date"), "end_date").check("end_date >= start_date");
    let phases = date(date(table("project_phases").int("id").primary(&["id"]), "start_date"), "end_date");
    let phases = phases.int("project_id").check("end_date >= start_date").foreign(&["project_id"], "projects", &["id"]);
    let tasks = date(date(stamped("tasks", &[("created_at", false)]), "start_date"), "end_date");
    let tasks = tasks.int("project_id").foreign(&["project_id"], "projects", &["id"]);
    let events = stamped("events", &[("created_at", false), ("starts_at", false), ("ends_at", false)]);
    let sessions = stamped("event_sessions", &[("starts_at", false), ("ends_at", false)]).int("event_id");
    let sessions = sessions.check("ends_at > starts_at").foreign(&["event_id"], "events", &["id"]);
    let schema = Fixture::new().with(projects).with(phases).with(tasks).with(events).with(sessions).schema();
    let (plan, generator) = planned(&schema, 400);
    let text = plan.describe(Detail::Columns);
    let day = 86_400_000_000;
    for (child, parent, key, from, to) in [
        ("project_phases", "projects", "project_id", "start_date", "end_date"),
        ("tasks", "projects", "project_id", "start_date", "end_date"),
        ("event_sessions", "events", "event_id", "starts_at", "ends_at"),
    ] {
        let parents: HashMap<i64, [i64; 2]> = moments_of(&plan, &generator, parent, ["id", from, to])
            .into_iter()
            .map(|[id, from, to]| (id, [from, to]))
            .collect();
        let mut long = 0;
        let rows = moments_of(&plan, &generator, child, [key, from, to]);
        for [of, start, end] in &rows {
            let [from, to] = parents[of];
            // A CHECK of a later end takes precedence over a period without time.
            assert!(
                from <= *start && start <= end && *end <= to.max(start + 1_000_000),
                "{child}: {from} {start} {end} {to}\n{text}"
            );
            long += usize::from(to - from > day && end > start);
        }
        assert!(long > 20, "{child}: {long} of {}", rows.len());
    }
    assert!(text.contains("= within projects.start_date to end_date"), "{text}");
    assert!(text.contains("within events.starts_at to ends_at"), "{text}");
    checked(&schema, (plan, generator));
}

/// The end of a date is the end of its day: what takes place on one day has that day.
#[test]
fn parts_of_a_day_take_place_on_it() {
    let date =
        |t: dbmocker_core::schema::fixtures::TableFixture, name: &str| t.column(name, SqlType::Date, "date", false);
    let events = date(date(table("events").int("id").primary(&["id"]), "starts_on"), "ends_on");
    let sessions = stamped("event_sessions", &[("starts_at", false), ("ends_at", false)]).int("event_id");
    let sessions = sessions.check("ends_at > starts_at").foreign(&["event_id"], "events", &["id"]);
    let schema = Fixture::new().with(events).with(sessions).schema();
    let (plan, generator) = planned(&schema, 400);
    let day = 86_400_000_000;
    let events = moments_of(&plan, &generator, "events", ["id", "starts_on", "ends_on"]);
    let events: HashMap<i64, (i64, i64)> = events.into_iter().map(|[id, from, to]| (id, (from, to))).collect();
    let rows = moments_of(&plan, &generator, "event_sessions", ["event_id", "starts_at", "ends_at"]);
    let of_a_day = |[of, ..]: &&[i64; 3]| events[of].0 == events[of].1;
    let rows: Vec<&[i64; 3]> = rows.iter().filter(of_a_day).collect();
    assert!(rows.len() > 40, "{} of one day", rows.len());
    assert!(rows.iter().all(|[of, from, to]| events[of].0 <= *from && *to < events[of].1 + day), "{rows:?}");
    let lasting = rows.iter().filter(|[_, from, to]| to - from > 60_000_000).count();
    assert!(lasting * 10 > rows.len() * 9, "{lasting} of {} last: {rows:?}", rows.len());
}

/// Returns three columns of a table: numbers, and moments in microseconds.
fn moments_of(plan: &Plan, generator: &Generator, name: &str, of: [&str; 3]) -> Vec<[i64; 3]> {
    let t = plan.tables.iter().position(|t| t.name.name == name).unwrap();
    let place = of.map(|c| plan.tables[t].columns.iter().position(|x| x.name == c).unwrap());
    let number = |v: &Value| match v {
        Value::Int(n) => i64::try_from(*n).unwrap(),
        Value::Date(day) => i64::from(*day) * 86_400_000_000,
        Value::Timestamp(at) => *at,
        other => panic!("{other:?}"),
    };
    let row = |row| generator.cells(t, &place, row).unwrap().iter().map(number).collect::<Vec<i64>>();
    (0..plan.tables[t].rows).map(|r| row(r).try_into().unwrap()).collect()
}

#[test]
fn weeks_have_seven_days_and_follow_each_other() {
    let date =
        |t: dbmocker_core::schema::fixtures::TableFixture, name: &str| t.column(name, SqlType::Date, "date", false);
    let sheets = |name: &str| {
        let t = table(name).int("id").primary(&["id"]).int("employee_id");
        date(date(t, "week_start"), "week_end").foreign(&["employee_id"], "employees", &["id"])
    };
    let periods = date(date(table("pay_periods").int("id").primary(&["id"]), "start_date"), "end_date");
    let schema = Fixture::new()
        .with(stamped("employees", &[("created_at", false)]))
        .with(sheets("timesheets").unique(&["employee_id", "week_start"]).check("week_end > week_start"))
        .with(sheets("weekly_reports"))
        .with(periods.unique(&["start_date"]))
        .schema();
    let (plan, generator) = planned(&schema, 300);
    let day = 86_400_000_000;
    let mut last: HashMap<i64, i64> = HashMap::new();
    for [employee, start, end] in moments_of(&plan, &generator, "timesheets", ["employee_id", "week_start", "week_end"])
    {
        assert_eq!(end - start, 6 * day);
        // Employees of the last days have fewer weeks than rows.
        if start > NOW - 120 * day {
            continue;
        }
        if let Some(before) = last.insert(employee, start) {
            assert_eq!(start - before, 7 * day, "the next week");
        }
        assert_eq!((start / day - 4).rem_euclid(7), 0, "a Monday");
    }
    for [_, start, end] in moments_of(&plan, &generator, "weekly_reports", ["employee_id", "week_start", "week_end"]) {
        assert_eq!(end - start, 6 * day);
    }
    let periods = moments_of(&plan, &generator, "pay_periods", ["id", "start_date", "end_date"]);
    assert!(periods.iter().all(|[_, start, end]| end - start == 13 * day), "{periods:?}");
    assert!(periods.windows(2).all(|w| w[1][1] - w[0][1] == 14 * day), "{periods:?}");
    assert!(plan.describe(Detail::Columns).contains("= 6 days after week_start"));
    checked(&schema, (plan, generator));
}
