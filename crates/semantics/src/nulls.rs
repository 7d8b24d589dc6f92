//! The share of NULLs in a nullable column, by its name and its table's.

mod words;

use super::names::Name;
use super::verbs::is_of_event;
use words::{ENDS, LASTING, NEVER_NULL, RARE, RARE_BUT_FOR, RARE_EVENTS, SHARES, UNDOING, UNFINISHED, USUAL};

/// The share of NULLs by the names of a column and its table, from 0 to 1.
pub fn share(name: &Name, table: &Name) -> f64 {
    let undoes = || undoing(name).filter(|_| !matches!(name.last(), "key" | "number"));
    by_phrase(name, table).or_else(undoes).or_else(|| never(name)).unwrap_or(USUAL)
}

/// The share of NULLs in a foreign key by its name, from 0 to 1; `None` if no phrase matches.
pub fn named(name: &Name, table: &Name) -> Option<f64> {
    by_phrase(name, table).or_else(|| undoing(name)).or_else(|| never(name))
}

/// Tables of what is to happen: a request is no event yet.
const INTENDED: &[&str] = &["request", "plan", "rule", "policy"];
/// The share of NULLs where an event that is rare elsewhere is the rule.
const SOMETIMES: f64 = 0.25;

/// Whether the rows are the event itself.
fn is_event(table: &Name, phrase: &str) -> bool {
    !table.ends_any(INTENDED) && is_of_event(table, phrase)
}

/// The share of NULLs by the phrases of events and attributes.
fn by_phrase(name: &Name, table: &Name) -> Option<f64> {
    if let Some((_, share)) = name.best(&super::dictionary::dictionary().nulls) {
        return Some(*share);
    }
    let event = event(name);
    if let Some(event) = event.as_ref().filter(|event| event.words.len() == 1 && lasts(table))
        && event.ends_any(ENDS)
    {
        return Some(LASTING);
    }
    let exception = |event: &Name| RARE_BUT_FOR.iter().find(|(word, _)| event.words.len() == 1 && event.ends(word));
    if let Some((_, usual)) = event.as_ref().and_then(exception) {
        return Some(if table.has_any(usual) { SOMETIMES } else { RARE });
    }
    let rare = event.is_some_and(|event| event.ends_any(RARE_EVENTS) && event.words.len() <= 2).then_some(RARE);
    let listed = SHARES.iter().find_map(|(phrases, share)| Some((*share, phrases.iter().find(|p| name.ends(p))?)));
    match listed {
        // The rows are the event: refunds, failed jobs. A shipment has yet to be shipped.
        Some((_, phrase)) if !name.has_any(UNFINISHED) && is_event(table, phrase) => Some(USUAL),
        Some((share, _)) => Some(share),
        None => rare.filter(|_| !name.words.iter().any(|word| is_event(table, word))),
    }
}

/// Whether a table's rows last for years: people, places, machines.
pub(super) fn lasts(table: &Name) -> bool {
    super::dictionary::dictionary().lasting.iter().any(|rows| table.ends(rows))
}

/// Whether most of a table's rows are in the middle of their lives at any time: what lasts, and agreements.
pub(super) fn is_running(table: &Name) -> bool {
    lasts(table) || super::dictionary::dictionary().running.iter().any(|rows| table.ends(rows))
}

/// 0 for identity, state and creation time.
fn never(name: &Name) -> Option<f64> {
    NEVER_NULL.iter().any(|p| p.split(' ').eq(name.words.iter().map(String::as_str))).then_some(0.0)
}

/// The share of NULLs in a column that refers to a row that this one undoes or repeats (`reverses_entry_id`); `None` for
/// other columns. Of columns that are no foreign keys, keys and numbers do not refer to one.
pub fn undoing(name: &Name) -> Option<f64> {
    let undoes = name.words.first().is_some_and(|word| UNDOING.contains(&word.as_str()));
    let refers = matches!(name.last(), "id" | "number" | "uuid" | "key" | "of" | "from" | "into");
    (undoes && refers).then_some(RARE)
}

/// The event of a column about when, why or by whom it happened: `left` for `left_on`.
fn event(name: &Name) -> Option<Name> {
    let (last, words) = name.words.split_last()?;
    let about = matches!(last.as_str(), "at" | "on" | "date" | "time" | "by" | "reason" | "until" | "timestamp");
    (about && !words.is_empty()).then(|| Name { words: words.to_vec(), whole: name.whole.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_events_have_many_nulls() {
        for (column, share) in [
            ("deleted_at", 0.93),
            ("failure_code", 0.93),
            ("street2", 0.65),
            ("middle_name", 0.65),
            ("paid_at", 0.25),
            ("email", 0.0),
            ("status", 0.0),
            ("billing_email", 0.08),
            ("glow", 0.08),
            ("left_on", 0.9),
            ("offboarded_at", 0.9),
            ("reverses_journal_id", 0.9),
            ("replacement_cost", 0.08),
            ("closed_at", 0.45),
        ] {
            assert_eq!(super::share(&Name::new(column), &Name::new("tickets")), share, "{column}");
        }
    }

    #[test]
    fn what_lasts_seldom_ends() {
        for (column, table, share) in [
            ("closed_on", "wh_warehouses", 0.85),
            ("closed_at", "stores", 0.85),
            ("resolved_on", "allergy", 0.85),
            ("resolved_on", "tickets", 0.08),
            ("ended_on", "employees", 0.85),
            ("end_date", "bookings", 0.45),
            ("left_on", "employees", 0.9),
            ("merged_at", "customers", 0.9),
            ("frozen_at", "accounts", 0.9),
            ("frozen_at", "samples", 0.25),
            ("left_at", "visits", 0.25),
            ("merged_at", "pull_requests", 0.25),
            ("frozen_at", "cards", 0.9),
            ("left_at", "memberships", 0.9),
            ("merged_at", "tickets", 0.9),
            ("deleted_at", "deletion_requests", 0.93),
            ("closed_at", "trading_positions", 0.45),
            ("closed_at", "work_items", 0.45),
            ("discharged_on", "patients", 0.25),
        ] {
            assert_eq!(super::share(&Name::new(column), &Name::new(table)), share, "{table}.{column}");
        }
    }

    #[test]
    fn rows_that_are_the_event_have_it() {
        for (column, table) in [
            ("refunded_at", "refunds"),
            ("refund_reason", "order_refunds"),
            ("cancelled_at", "cancellations"),
            ("cancelled_by", "cancellations"),
            ("cancellation_reason", "cancellations"),
            ("failed_at", "failed_jobs"),
            ("exception", "failed_jobs"),
            ("error_message", "error_logs"),
            ("stack_trace", "exceptions"),
            ("died_on", "deaths"),
            ("suspended_on", "suspensions"),
            ("lost_on", "lost_items"),
            ("replaced_on", "replacements"),
            ("withdrawn_at", "withdrawals"),
            ("charged_back_at", "chargebacks"),
            ("written_off_on", "write_offs"),
            ("redeemed_at", "redemptions"),
            ("responded_at", "survey_responses"),
            ("claimed_at", "claims"),
            ("denied_at", "denials"),
            ("clicked_at", "email_clicks"),
        ] {
            assert_eq!(share(&Name::new(column), &Name::new(table)), USUAL, "{table}.{column}");
        }
        for (column, table, expected) in [
            ("cancelled_at", "orders", 0.93),
            ("cancelled_at", "refunds", 0.93),
            ("failed_at", "failed_jobs_archive", USUAL),
            ("locked_at", "lockers", 0.93),
            ("shipped_at", "shipments", 0.25),
            ("suspended_on", "members", 0.9),
            ("address_2", "addresses", 0.65),
            ("middle_name", "names", 0.65),
            ("note", "notes", USUAL),
        ] {
            assert_eq!(share(&Name::new(column), &Name::new(table)), expected, "{table}.{column}");
        }
    }

    #[test]
    fn keys_and_numbers_undo_only_as_foreign_keys() {
        let (table, of) = (Name::new("entries"), |column: &str| Name::new(column));
        for column in ["correct_key", "correct_number", "correct_answer_id"] {
            assert_eq!(share(&of(column), &table), USUAL, "{column}");
            assert_eq!(named(&of(column), &table), None, "{column}");
        }
        assert_eq!(share(&of("duplicate_key"), &table), USUAL);
        assert_eq!(named(&of("duplicate_number"), &table), Some(RARE));
        assert_eq!(share(&of("corrected_entry_id"), &table), RARE);
    }

    /// A phrase that is not in the normalized form of names would never match.
    #[test]
    fn phrases_are_normalized() {
        let lists = [NEVER_NULL, RARE_EVENTS, ENDS, UNDOING];
        let all = SHARES.iter().flat_map(|(phrases, _)| *phrases).chain(lists.into_iter().flatten());
        let wrong: Vec<&&str> = all.filter(|p| Name::new(&p.replace(' ', "_")).words.join(" ") != **p).collect();
        assert_eq!(wrong, Vec::<&&str>::new());
    }
}
