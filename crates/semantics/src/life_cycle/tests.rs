use super::*;

fn life(statuses: &str) -> LifeCycle {
    LifeCycle::of(&Name::new("status"), &statuses.split(' ').collect::<Vec<_>>()).expect("a life cycle")
}

/// The statuses in which a column always has a value, and after a `?` those in which it may have one.
fn set(statuses: &str, column: &str) -> String {
    let Some((shares, _)) = life(statuses).presence(&Name::new(column)) else { return "by chance".into() };
    let of = |fits: &dyn Fn(f64) -> bool| {
        let names = statuses.split(' ').zip(&shares).filter(|(_, s)| fits(**s)).map(|(name, _)| name);
        names.collect::<Vec<_>>().join(" ")
    };
    let (always, perhaps) = (of(&|s| s >= 1.0), of(&|s| s > 0.0 && s < 1.0));
    if perhaps.is_empty() { always } else { format!("{always} ?{perhaps}") }
}

#[test]
fn timestamps_are_set_from_their_step_on() {
    let orders = "pending paid processing shipped delivered cancelled refunded";
    for (column, expected) in [
        ("paid_at", "paid processing shipped delivered refunded ?cancelled"),
        ("shipped_at", "shipped delivered ?refunded"),
        ("shipped_by", "shipped delivered ?refunded"),
        ("date_delivered", "delivered ?refunded"),
        ("tracking_number", "shipped delivered ?refunded"),
        ("cancelled_at", "cancelled"),
        ("cancellation_reason", "cancelled"),
        ("canceled_by_id", "cancelled"),
        ("refund_amount", "refunded"),
        ("estimated_delivery_date", "by chance"),
        ("shipping_address", "by chance"),
        ("payment_method", "by chance"),
        ("last_login_at", "by chance"),
    ] {
        assert_eq!(set(orders, column), expected, "{column}");
    }
}

#[test]
fn life_cycles_of_other_businesses() {
    for (statuses, column, expected) in [
        ("open in_progress resolved closed", "resolved_at", "resolved closed"),
        ("open in_progress resolved closed", "closed_at", "closed"),
        ("draft open paid void uncollectible", "paid_at", "paid"),
        ("draft open paid void uncollectible", "voided_at", "void"),
        ("draft open paid void uncollectible", "invoice_number", "open paid void uncollectible"),
        ("trialing active past_due canceled unpaid", "canceled_at", "canceled"),
        ("trialing active past_due canceled unpaid", "ended_at", "canceled"),
        ("trialing active past_due canceled unpaid", "trial_ends_at", "trialing ?active past_due canceled unpaid"),
        ("draft sent accepted declined expired", "sent_at", "sent accepted declined expired"),
        ("draft sent accepted declined expired", "accepted_at", "accepted"),
        ("queued running succeeded failed cancelled", "started_at", "running succeeded failed ?cancelled"),
        ("queued running succeeded failed cancelled", "finished_at", "succeeded failed cancelled"),
        ("queued running succeeded failed cancelled", "error_message", "failed"),
        ("pending approved rejected", "approved_by", "approved"),
        ("pending approved rejected", "rejection_reason", "rejected"),
        ("pending approved rejected", "reviewed_at", "approved rejected"),
        ("SCHEDULED CHECKED_IN COMPLETED NO_SHOW CANCELLED", "checked_in_at", "CHECKED_IN COMPLETED ?CANCELLED"),
        ("registered admitted discharged", "discharged_at", "discharged"),
        ("borrowed returned overdue lost", "returned_at", "returned"),
        ("active archived cancelled completed pending", "completed_at", "completed ?archived"),
        ("active suspended banned", "banned_at", "banned"),
        ("active suspended banned", "suspension_reason", "suspended"),
        ("draft published archived", "published_at", "published archived"),
    ] {
        assert_eq!(set(statuses, column), expected, "{column} of {statuses}");
    }
}

#[test]
fn other_lists_are_not_life_cycles() {
    for list in [["temperature", "humidity", "pressure"], ["billing", "shipping", "home"], ["low", "medium", "high"]] {
        assert_eq!(LifeCycle::of(&Name::new("type"), &list), None, "{list:?}");
    }
    assert!(LifeCycle::of(&Name::new("type"), &["draft", "published", "archived"]).is_some());
}

#[test]
fn the_last_step_has_the_highest_weight() {
    for (statuses, most) in [
        ("pending paid processing shipped delivered cancelled refunded", "delivered"),
        ("trialing active past_due canceled unpaid", "active"),
        ("open in_progress resolved closed", "closed"),
        ("pending approved rejected", "approved"),
        ("online offline maintenance retired", "online"),
        ("active cancelled completed pending", "completed"),
    ] {
        let weights = life(statuses).weights(false);
        let best = statuses.split(' ').zip(&weights).max_by_key(|(_, w)| **w).map(|(s, _)| s);
        assert_eq!(best, Some(most), "{statuses}: {weights:?}");
    }
}

#[test]
fn usual_statuses_follow_from_timestamps_and_the_table_name() {
    let usual = |table: &str, columns: &[&str]| {
        let columns: Vec<Name> = columns.iter().map(|c| Name::new(c)).collect();
        LifeCycle::usual(&Name::new(table), &columns).join(" ")
    };
    assert_eq!(usual("returns", &["requested_at", "received_at"]), "requested approved received refunded rejected");
    assert_eq!(usual("payments", &["paid_at", "failure_code"]), "pending completed failed refunded");
    assert_eq!(usual("users", &["deleted_at"]), "active inactive suspended deleted");
    assert_eq!(usual("gizmos", &["assembled_at"]), "active inactive pending");
    assert_eq!(usual("gizmos", &["approved_at", "shipped_at", "rejected_at"]), "pending approved shipped rejected");
}

/// A phrase that is not in the normalized form of statuses and names would never match.
#[test]
fn phrases_are_normalized() {
    for event in EVENTS {
        for done in event.done {
            assert_eq!(phrase(done), *done);
        }
        for noun in event.done.iter().chain(event.nouns).filter(|n| !n.starts_with("no ")) {
            assert_eq!(Name::new(&format!("x_{}_at", noun.replace(' ', "_"))).words.join(" "), format!("{noun} at"));
        }
    }
}

#[test]
fn amounts_of_events_that_have_not_happened_are_zero() {
    let more = |statuses: &str, column: &str| {
        let shares = life(statuses).amount(&Name::new(column))?;
        let names = statuses.split(' ').zip(shares).filter(|(_, s)| *s >= 1.0).map(|(name, _)| name);
        Some(names.collect::<Vec<_>>().join(" "))
    };
    let orders = "pending paid shipped cancelled refunded";
    assert_eq!(more(orders, "refunded_amount").as_deref(), Some("refunded"));
    assert_eq!(more(orders, "refund_total").as_deref(), Some("refunded"));
    assert_eq!(more(orders, "amount_paid").as_deref(), Some("paid shipped refunded"));
    assert_eq!(more(orders, "shipping_amount"), None);
    assert_eq!(more(orders, "total_amount"), None);
}

#[test]
fn online_rows_have_a_recent_contact() {
    let out_of_contact = |statuses: &str, column: &str| life(statuses).out_of_contact(&Name::new(column));
    assert_eq!(out_of_contact("online offline retired", "last_seen_at"), Some(vec![0.0, 1.0, 1.0]));
    assert_eq!(out_of_contact("active inactive suspended", "last_seen_at"), None);
    assert_eq!(out_of_contact("online offline retired", "installed_at"), None);
}

#[test]
fn flags_and_statuses_in_other_words_decide_the_same() {
    let of = |flag: &str, column: &str| flagged(&Name::new(flag), &Name::new(column));
    assert_eq!(of("published", "published_at"), Some(true));
    assert_eq!(of("is_completed", "completed_at"), Some(true));
    assert_eq!(of("is_active", "terminated_on"), Some(false));
    assert_eq!(of("is_admin", "created_at"), None);
    assert_eq!(set("offen bezahlt storniert", "paid_at"), "bezahlt ?storniert");
    assert_eq!(set("active on_leave inactive", "left_on"), "inactive");
    assert_eq!(set("requested approved rejected", "decided_at"), "approved rejected");
    assert_eq!(set("draft active sold removed", "published_at"), "active sold ?removed");
    assert_eq!(set("active inactive suspended", "deleted_at"), "by chance");
    assert_eq!(event_name(&Name::new("response")), event_name(&Name::new("responded_at")).map(|(e, _)| (e, false)));
}

#[test]
fn what_was_left_has_not_reached_the_last_step() {
    let stays = "pending confirmed checked_in checked_out cancelled no_show";
    assert_eq!(set(stays, "checked_out_at"), "checked_out");
    assert_eq!(set("created picked_up in_transit delivered returned lost", "delivered_at"), "delivered returned");
    // The usual status comes first in some lists.
    assert_eq!(set("paid pending failed refunded", "paid_at"), "paid refunded");
    assert_eq!(set("completed open cancelled", "completed_at"), "completed");
}

#[test]
fn the_ordinary_state_is_the_most_frequent() {
    for (statuses, usual) in [
        ("scheduled boarding departed arrived delayed cancelled diverted", "arrived"),
        ("open checkedin boarded flown noshow", "flown"),
        ("scheduled live finished postponed abandoned", "finished"),
        ("valid used void resold", "used"),
        ("active maintenance grounded retired", "active"),
        ("active injured suspended retired free_agent", "active"),
        ("planned open closed deferred", "closed"),
        ("vacant occupied notice renovation", "occupied"),
        ("draft released obsolete", "released"),
        ("due paid waived", "paid"),
    ] {
        let weights = life(statuses).weights(false);
        let most = weights.iter().enumerate().max_by_key(|(_, w)| **w).unwrap().0;
        assert_eq!(statuses.split(' ').nth(most), Some(usual), "{statuses}: {weights:?}");
    }
}

#[test]
fn what_lasts_is_mostly_in_its_normal_state() {
    let most = |statuses: &str, lasting: bool| {
        let weights = life(statuses).weights(lasting);
        let most = weights.iter().enumerate().max_by_key(|(_, w)| **w).unwrap().0;
        statuses.split(' ').nth(most).unwrap().to_owned()
    };
    // Whatever the rows are: a steady state, after which only ends of life and pauses follow.
    for (statuses, usual) in [
        ("ordered active suspended moved_out terminated", "active"),
        ("stock active blocked destroyed", "active"),
        ("available on_loan in_transit lost damaged withdrawn", "available"),
        ("planned on_air degraded decommissioned", "on_air"),
    ] {
        for lasting in [false, true] {
            assert_eq!(most(statuses, lasting), usual, "{statuses}, lasting: {lasting}");
        }
    }
    // What ends for a process does not for what lasts.
    for (statuses, process, lasting) in [
        ("pending active completed cancelled", "completed", "active"),
        ("planned open closed", "closed", "open"),
        ("draft signed running expired finished", "finished", "running"),
        ("available reserved sold", "sold", "available"),
        ("hired active retired", "active", "active"),
        ("in_stock installed removed scrapped", "installed", "installed"),
        ("juvenile adult sold died", "sold", "juvenile"),
    ] {
        assert_eq!((most(statuses, false).as_str(), most(statuses, true).as_str()), (process, lasting), "{statuses}");
    }
    // Short processes are finished, also with words that mean other things elsewhere.
    for (statuses, usual) in [
        ("out returned overdue lost", "returned"),
        ("planned open held cancelled", "held"),
        ("planned on_sale sold_out held cancelled", "held"),
        ("draft running finished stopped", "finished"),
        ("due received withheld", "received"),
        ("ongoing recovered relapsed died", "recovered"),
        ("new won lost", "won"),
    ] {
        assert_eq!(most(statuses, false), usual, "{statuses}");
    }
    assert!(life("out returned overdue lost").weights(false)[3] < 60);
}

#[test]
fn ends_of_life_have_their_columns() {
    assert_eq!(set("young adult sold culled died", "exit_date"), "sold culled died");
    assert_eq!(set("young adult sold culled died", "exit_reason"), "sold culled died");
    assert_eq!(set("active retired deceased", "left_on"), "retired deceased");
    assert_eq!(set("out returned overdue lost", "returned_branch_id"), "returned");
    assert_eq!(set("active churned", "churn_reason"), "churned");
    assert_eq!(set("planned open held cancelled", "completed_at"), "held");
}
