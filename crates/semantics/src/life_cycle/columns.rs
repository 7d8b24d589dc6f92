//! Columns that belong to an event of a life cycle: `shipped_at`, `cancellation_reason`, `is_published`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::{DETAILS, EVENTS, LEAVING, NOT_THE_EVENT, SAID, STAMPS};
use super::{Event, Name};
use crate::verbs::same_verb;

/// The event that a word of an amount's name refers to. Nouns count only for branches: those of steps (`shipping`) are
/// separate amounts.
pub(super) fn of_word(word: &str, noun: bool) -> Option<usize> {
    let fits = |e: &Event| e.done.contains(&word) || noun && e.branch.is_some() && e.nouns.contains(&word);
    EVENTS.iter().position(fits)
}

/// Whether a column holds the row's status, by its name.
pub fn is_status(column: &Name) -> bool {
    column.ends_any(&["status", "state", "status", "phase", "lifecycle", "life cycle"])
        && !column.has_any(&["code", "http", "marital", "civil", "billing", "shipping", "home", "birth"])
}

/// The name of the event that a column belongs to, and whether the column is the event's timestamp; `None` for other
/// columns.
pub fn event_name(column: &Name) -> Option<(String, bool)> {
    if let Some((event, stamp)) = event_of_column(column) {
        return Some((EVENTS[event].done[0].to_owned(), stamp));
    }
    match &column.words[..] {
        [only] => SAID.iter().find(|(noun, _)| only == noun).map(|(_, done)| ((*done).to_owned(), false)),
        [what @ .., last] if !what.is_empty() && ["at", "on", "by"].contains(&last.as_str()) => {
            Some((what.join(" "), last != "by"))
        }
        _ => None,
    }
}

/// Whether a flag (`published`, `is_completed`) tells that the event of another column (`published_at`) has happened;
/// false if it tells the contrary (`is_active` and `terminated_on`). `None` if the two are unrelated.
pub fn flagged(flag: &Name, column: &Name) -> Option<bool> {
    let mut words = flag.words.clone();
    if words.len() > 1 && matches!(words[0].as_str(), "is" | "was" | "has") {
        words.remove(0);
    }
    let state = words.join(" ");
    if let Some((event, _)) = event_of_column(column) {
        let event = &EVENTS[event];
        if event.done.contains(&state.as_str()) {
            return Some(true);
        }
        let ends = event.done.iter().any(|done| LEAVING.contains(done));
        return (ends && matches!(state.as_str(), "active" | "current" | "employed")).then_some(false);
    }
    if let [verb, about] = &column.words[..]
        && DETAILS.contains(&about.as_str())
    {
        let granted = ["approved", "accepted", "successful", "passed", "valid", "ok", "success"];
        let refused = ["decline", "rejection", "reject", "denial", "refusal", "failure", "fail", "error"];
        if granted.contains(&state.as_str()) && refused.contains(&verb.as_str()) {
            return Some(false);
        }
        if same_verb(&state, verb) {
            return Some(true);
        }
    }
    let (what, stamp) = event_name(column)?;
    (stamp && what == state).then_some(true)
}

/// The index of the event that a column belongs to, and whether the column is its timestamp (`shipped_at`).
pub(super) fn event_of_column(column: &Name) -> Option<(usize, bool)> {
    let words: Vec<&str> = column.words.iter().map(String::as_str).collect();
    // `actual_start` beside `planned_start`.
    if let ["actual", what] = words[..] {
        let done = match what {
            "start" | "begin" => "started",
            "end" | "finish" => "completed",
            "departure" => "departed",
            "arrival" => "arrived",
            _ => "",
        };
        if let Some(event) = EVENTS.iter().position(|e| e.done.contains(&done)) {
            return Some((event, true));
        }
    }
    let mut phrases: Vec<&EventPhrase> = words.iter().filter_map(|word| EVENT_PHRASES.get(word)).flatten().collect();
    phrases.sort_by_key(|phrase| phrase.order);
    phrases.dedup_by_key(|phrase| phrase.order);
    let mut found: Option<(usize, usize, bool)> = None;
    for phrase in phrases {
        let p = &phrase.words;
        let Some(at) = words.windows(p.len()).rposition(|w| w == p) else { continue };
        let (before, after) = (&words[..at], &words[at + p.len()..]);
        if let Some(stamp) = column_kind(&EVENTS[phrase.event], phrase.done, before, after)
            && found.is_none_or(|(end, ..)| at + p.len() > end)
        {
            found = Some((at + p.len(), phrase.event, stamp));
        }
    }
    found.map(|(_, e, stamp)| (e, stamp))
}

/// A phrase of an event.
struct EventPhrase {
    /// The position among all phrases.
    order: usize,
    event: usize,
    /// A status after the event, not a noun for it.
    done: bool,
    words: Vec<&'static str>,
}

/// The phrases of [`EVENTS`] by their first words.
static EVENT_PHRASES: LazyLock<HashMap<&str, Vec<EventPhrase>>> = LazyLock::new(|| {
    let of = |event: usize| {
        let [done, nouns] = [(EVENTS[event].done, true), (EVENTS[event].nouns, false)];
        [done, nouns].into_iter().flat_map(move |(phrases, done)| phrases.iter().map(move |p| (event, done, *p)))
    };
    let mut out: HashMap<&str, Vec<EventPhrase>> = HashMap::new();
    for (order, (event, done, phrase)) in (0..EVENTS.len()).flat_map(of).enumerate() {
        let words: Vec<&str> = phrase.split(' ').collect();
        out.entry(words[0]).or_default().push(EventPhrase { order, event, done, words });
    }
    out
});

/// Whether the words before and after an event's phrase make the column the event's timestamp (`true`) or another
/// column of the event (`false`); `None` if it does not belong to the event.
fn column_kind(event: &Event, done: bool, before: &[&str], after: &[&str]) -> Option<bool> {
    let preceded_by = |list: &[&str]| before.iter().any(|w| list.contains(w));
    let is_other = |w: &&str| event.done.iter().all(|d| !d.split(' ').any(|x| x == *w)) && NOT_THE_EVENT.contains(w);
    if before.iter().chain(after).any(is_other) {
        return None;
    }
    let is_branch = event.branch.is_some();
    match after {
        // `date_shipped`; `shipped` alone may be a flag or an amount.
        [] if done => (preceded_by(&["date", "time"]) && before.len() == 1).then_some(true),
        [] => (is_branch && event.nouns.contains(&"error") || event.nouns.contains(&"resolution"))
            .then_some(false)
            .filter(|_| before.is_empty()),
        [only] | [only, "id"] if STAMPS.contains(only) => {
            // `email_verified_at` is not an event of the row, but of its email address.
            let own = before.is_empty() || is_branch && before.len() == 1;
            (own && (done || is_branch || *only != "date" && *only != "on")).then_some(done)
        }
        ["date", "time"] => before.is_empty().then_some(done),
        // Where, by or to whom: `returned_branch_id`.
        [_, "id"] if done && before.is_empty() => Some(false),
        [only] if is_branch && DETAILS.contains(only) => (before.len() <= 1).then_some(false),
        [only, _] if is_branch && DETAILS.contains(only) => before.is_empty().then_some(false),
        ["number" | "code" | "url" | "note"]
            if event.nouns.contains(&"tracking") || event.nouns.contains(&"resolution") =>
        {
            before.is_empty().then_some(false)
        }
        _ => None,
    }
}
