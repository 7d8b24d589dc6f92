//! Numbers that do not exceed another one of their row, by whole names, and by what a name adds to another one.

use super::{PLAIN, PartShare, root};
use crate::names::Name;

/// Names of a part, the names of its wholes, and its usual share. Units of the names do not matter.
const NAMED: &[(&[&str], &[&str], PartShare)] = &[
    (&["safety stock", "minimum stock"], &["reorder point", "reorder level"], PartShare::Below),
    (
        &["living area", "usable area", "net area", "net floor area"],
        &["gross floor area", "gross area", "total area", "total floor area"],
        PartShare::Nearly,
    ),
    (&["bedroom", "bedroom count", "number of bedroom"], &["total room", "room", "room count"], PartShare::Below),
    (
        &["floor number", "floor", "floor level"],
        &["floor in building", "number of floor", "total floor", "building floor", "floor total"],
        PartShare::Some,
    ),
    (
        &["refund amount", "amount refunded", "refunded amount"],
        &["amount", "total amount", "amount paid"],
        PartShare::Few,
    ),
    (
        &["empty weight", "operating empty weight", "oew", "curb weight"],
        &["max weight", "maximum weight", "max take off weight", "maximum take off weight", "mtow", "gross weight"],
        PartShare::Below,
    ),
    (
        &["book value", "residual value", "salvage value", "carrying amount"],
        &[
            "acquisition cost",
            "purchase cost",
            "purchase price",
            "original cost",
            "acquisition value",
            "purchase value",
        ],
        PartShare::Below,
    ),
    (&["peak load", "current load", "average load"], &["capacity", "max load", "rated load"], PartShare::Below),
    (&["block hour", "flight hour"], &["duty hour"], PartShare::Nearly),
    (
        &["attendance", "spectator", "visitor", "attendee"],
        &["capacity", "max attendance", "venue capacity", "seat"],
        PartShare::Below,
    ),
    (
        &["passenger booked", "booked passenger", "guest booked", "booked seat", "pax booked"],
        &["seat available", "seat", "total seat", "available seat", "seat total", "capacity"],
        PartShare::Below,
    ),
    (
        &["interest", "accrued interest", "interest accrued"],
        &["deposit", "deposit amount", "amount received"],
        PartShare::Few,
    ),
    (
        &["deposit deduction", "total deduction", "deduction total", "deduction"],
        &["deposit", "deposit amount", "amount received"],
        PartShare::Small,
    ),
    (&["service charge", "service amount"], &["rent", "monthly rent", "rent amount"], PartShare::Small),
    (&["late fee", "penalty", "penalty amount"], &["rent", "rent amount", "principal due", "subtotal"], PartShare::Few),
];

/// Phrases that a name adds to that of its whole: `shots_on_target` of `shots`.
const QUALIFIERS: &[(&str, PartShare)] = &[
    ("on target", PartShare::Some),
    ("half time", PartShare::Some),
    ("halftime", PartShare::Some),
    ("first half", PartShare::Some),
    ("refunded", PartShare::Few),
];
/// Words of the limit for all cases together.
const ALL_CASES: &[&str] = &["annual", "yearly", "aggregate", "total", "overall", "monthly"];

/// Words of units, at the end of a name.
const UNITS: &[&str] = &[
    "kg", "km", "m2", "sqm", "square", "meter", "2", "3", "cent", "usd", "eur", "gbp", "mva", "mw", "kw", "kwh", "kv",
    "m", "cm", "t", "l",
];

/// The name without units.
pub(super) fn bare(name: &Name) -> String {
    let is_unit = |word: &&String| UNITS.contains(&word.as_str());
    let units = name.words.iter().skip(1).rev().take_while(is_unit).count();
    let words = &name.words[..name.words.len() - units];
    words.join(" ")
}

/// The names of the wholes of a number, without units, with its usual share.
pub(super) fn wholes(name: &Name) -> impl Iterator<Item = (&'static str, PartShare)> {
    let own = bare(name);
    NAMED
        .iter()
        .filter(move |(parts, ..)| parts.contains(&own.as_str()))
        .flat_map(|(_, wholes, share)| wholes.iter().map(|whole| (*whole, *share)))
}

/// The roots of the whole of which the name is a qualified one, and the usual share. `all`: the whole is the limit of
/// all cases.
pub(super) fn qualified(name: &Name) -> Option<(String, PartShare, bool)> {
    let roots = |words: &[String]| {
        let kept = words.iter().map(String::as_str).filter(|w| !PLAIN.contains(w)).map(root);
        kept.collect::<Vec<&str>>().join(" ")
    };
    let half = match &name.words[..] {
        [of @ .., half, time] if half == "half" && time == "time" => Some(of),
        _ => None,
    };
    if let Some(of) = half.filter(|of| of.len() > 1) {
        return Some((roots(of), PartShare::Some, false));
    }
    if let Some((phrase, share)) = QUALIFIERS.iter().find(|(phrase, _)| name.has(phrase)) {
        let left: Vec<String> =
            name.words.iter().filter(|w| !phrase.split(' ').any(|p| p == w.as_str())).cloned().collect();
        let left = roots(&left);
        return (!left.is_empty()).then_some((left, *share, false));
    }
    // `hours_since_check` of `total_hours`, `limit_per_claim` of `annual_limit`.
    let at = name.words.iter().position(|w| w == "since" || w == "per").filter(|at| *at > 0)?;
    let share = if name.words[at] == "since" { PartShare::Some } else { PartShare::Below };
    let limit =
        name.words[at] == "since" || name.words[..at].iter().any(|w| matches!(w.as_str(), "limit" | "max" | "cap"));
    limit.then(|| (roots(&name.words[..at]), share, true))
}

/// The roots of a limit of all cases, without the word that says so.
pub(super) fn of_all_cases(name: &Name) -> Option<String> {
    let word = ALL_CASES.iter().find(|word| name.has(word))?;
    Some(super::rest(name, word))
}
