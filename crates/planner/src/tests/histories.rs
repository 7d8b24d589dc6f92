//! Histories of a status, beside CHECKs over the statuses before and after a change.

use super::*;
use dbmocker_core::schema::fixtures::TableFixture;

const MOMENT: SqlType = SqlType::Timestamp { precision: 6, tz: false, epoch_range: false };
const STATUSES: &str = "status in ('new', 'open', 'resolved', 'closed')";

fn tickets() -> TableFixture {
    table("tickets").int("id").primary(&["id"]).varchar("status", 12).check(STATUSES)
}

fn history(check: &str) -> TableFixture {
    let text = SqlType::Text { max_chars: Some(12), max_bytes: None, fixed: false, case_insensitive: false };
    let history = table("ticket_status_history").int("id").primary(&["id"]).int("ticket_id");
    let history = history.column("old_status", text.clone(), "", true).column("new_status", text, "", false);
    let history = history.column("changed_at", MOMENT, "", false).check(check);
    history.foreign(&["ticket_id"], "tickets", &["id"])
}

/// Returns the statuses before and after each change, by ticket, in the order of the rows.
fn changes(plan: &Plan, generator: &Generator) -> BTreeMap<i128, Vec<[Value; 2]>> {
    let t = plan.tables.iter().position(|t| t.name.name == "ticket_status_history").unwrap();
    let place = |name: &str| plan.tables[t].columns.iter().position(|c| c.name == name).unwrap();
    let columns = ["ticket_id", "old_status", "new_status"].map(place);
    let mut out: BTreeMap<i128, Vec<[Value; 2]>> = BTreeMap::new();
    for row in 0..plan.tables[t].rows {
        let [ticket, from, to] = generator.cells(t, &columns, row).unwrap().try_into().unwrap();
        let Value::Int(ticket) = ticket else { panic!("{ticket:?}") };
        out.entry(ticket).or_default().push([from, to]);
    }
    out
}

#[test]
fn a_check_that_every_change_satisfies_leaves_the_columns_to_the_history() {
    for check in [
        "old_status <> new_status",
        "old_status is null or old_status <> new_status",
        "old_status is distinct from new_status",
        "not (old_status = 'closed' and new_status = 'new')",
    ] {
        let schema = Fixture::new().with(tickets()).with(history(check)).schema();
        let (plan, generator) = planned(&schema, 300);
        for (ticket, changes) in changes(&plan, &generator) {
            assert!(changes.windows(2).all(|w| w[0][1] == w[1][0]), "{check}: {ticket}: {changes:?}");
        }
        let text = plan.describe(Detail::Columns);
        assert!(text.contains("= leads to tickets.status"), "{check}: {text}");
        checked(&schema, (plan, generator));
    }
}

#[test]
fn the_first_change_has_a_status_before_it_where_a_check_asks_for_one() {
    let check = "old_status is not null and old_status in ('new', 'open', 'resolved', 'closed')";
    let schema = Fixture::new().with(tickets()).with(history(check)).schema();
    let (plan, generator) = planned(&schema, 300);
    for (ticket, changes) in changes(&plan, &generator) {
        assert!(changes.iter().all(|[from, _]| !from.is_null()), "{ticket}: {changes:?}");
    }
    checked(&schema, (plan, generator));
}

#[test]
fn a_check_that_a_change_breaks_is_solved() {
    for check in ["old_status = new_status", "old_status <> 'open' or new_status <> 'resolved'"] {
        let schema = Fixture::new().with(tickets()).with(history(check)).schema();
        let plan = check_rows(&schema);
        assert!(!plan.describe(Detail::Columns).contains("leads to tickets.status"), "{check}");
    }
    // Rows without a ticket have no path.
    let own = history("old_status <> new_status");
    let loose = table("tickets").int("id").primary(&["id"]).varchar("status", 12);
    let schema = Fixture::new().with(loose.check("status = 'new' or id > 3")).with(own).schema();
    check_rows(&schema);
}

fn check_rows(schema: &Schema) -> Plan {
    checked(schema, planned(schema, 300))
}
