//! The words of statuses, and their place in a life cycle.

use super::STEADY_RANK;
use super::words::{BRANCH_STATES, ENDED, EVENTS, STATES, STEADY, TO_COME, TRANSLATED};

/// The English words of a status in another language.
pub(super) fn in_english(status: String) -> String {
    if is_known(&status) {
        return status;
    }
    TRANSLATED.iter().find(|(words, _)| words.contains(&status.as_str())).map_or(status, |(_, word)| (*word).to_owned())
}

/// The words of a status, in lower case and separated by spaces.
pub(super) fn phrase(status: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in status.chars() {
        if c.is_uppercase() && before.is_lowercase() || !c.is_alphanumeric() {
            out.push(' ');
        }
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
        before = c;
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn event_of_status(words: &str) -> Option<usize> {
    EVENTS.iter().position(|e| e.done.contains(&words))
}

pub(super) fn rank(words: &str) -> Option<u8> {
    if STEADY.contains(&words) {
        return Some(STEADY_RANK);
    }
    let state = STATES.iter().find(|(list, _)| list.iter().any(|p| starts(words, p))).map(|(_, rank)| *rank);
    event_of_status(words).map(|e| EVENTS[e].rank).or(state)
}

/// Whether the words begin with the phrase: `awaiting payment` with `awaiting`.
fn starts(words: &str, phrase: &str) -> bool {
    words.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The fields of [`Branch`]: from, to, weight, instead, ends.
pub(super) type BranchFields = (u8, u8, u32, &'static [&'static str], bool);

pub(super) fn branch(words: &str) -> Option<BranchFields> {
    let state = BRANCH_STATES.iter().find(|(list, _)| list.iter().any(|p| starts(words, p)));
    match (event_of_status(words).and_then(|e| EVENTS[e].branch.as_ref()), state) {
        (Some(b), _) => Some((b.from, b.to, b.weight, b.instead, b.ends)),
        (None, Some((_, (from, to, weight)))) => {
            let instead: &[&str] = if (27..=29).contains(from) { &["paid"] } else { &[] };
            Some((*from, *to, *weight, instead, false))
        }
        (None, None) => None,
    }
}

/// The words of the statuses of one list, where others of it tell what is meant: an event is held, an order is on hold.
pub(super) fn in_context(words: Vec<String>) -> Vec<String> {
    let to_come = words.iter().any(|w| TO_COME.contains(&w.as_str()));
    words.into_iter().map(|w| if to_come && w == "held" { "took place".to_owned() } else { w }).collect()
}

/// Whether a status is on a branch. `returned` is one, except for loans and rentals, where it is the last step; `stopped`
/// is one beside a regular end.
pub(super) fn is_branch(words: &[String], i: usize) -> bool {
    let lent = ["borrowed", "loaned", "rented", "lent", "checked out", "issued", "out", "on loan", "active"];
    let any = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    match words[i].as_str() {
        "returned" => !any(&lent),
        "stopped" => any(ENDED),
        own => branch(own).is_some(),
    }
}

pub(super) fn is_known(words: &str) -> bool {
    rank(words).is_some() || branch(words).is_some()
}
