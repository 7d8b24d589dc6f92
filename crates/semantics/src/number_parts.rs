//! Numbers of a row that are parts of another one, or a difference of two, by their names: `qty_received` of
//! `qty_ordered`, `variance_qty`, `seats_available`.

use super::names::Name;

/// The usual share of the whole that a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartShare {
    /// Usually all of it.
    Most,
    /// Anything between nothing and all.
    Some,
    /// Usually nothing, sometimes a little.
    Few,
    /// A little less than the whole, as a net weight.
    Nearly,
    /// A price below another price.
    Margin,
    /// A result among the attainable points.
    Score,
}

/// A word of the part, the words of a whole to which it belongs, and its usual share.
type Pair = (&'static [&'static str], &'static [&'static str], PartShare);

const PAIRS: &[Pair] = &[
    (
        &["received", "delivered", "shipped", "fulfilled", "picked", "packed", "invoiced", "dispatched"],
        &["ordered", "requested", "expected"],
        PartShare::Most,
    ),
    (
        &["allowed", "approved", "accepted"],
        &["billed", "charged", "claimed", "requested", "submitted"],
        PartShare::Most,
    ),
    (&["earned"], &["attempted", "possible", "available"], PartShare::Most),
    (&["attended", "present", "checked in"], &["enrolled", "registered", "invited", "expected"], PartShare::Most),
    (&["completed", "done", "finished", "resolved"], &["planned", "assigned", "total", "scheduled"], PartShare::Most),
    (&["paid"], &["due", "owed", "billed", "invoiced", "allowed", "approved", "payable"], PartShare::Most),
    (
        &[
            "rejected",
            "damaged",
            "defective",
            "scrapped",
            "missing",
            "returned",
            "cancelled",
            "canceled",
            "backordered",
        ],
        &["received", "ordered", "delivered", "inspected", "produced", "shipped"],
        PartShare::Few,
    ),
    (
        &["used", "consumed", "taken", "spent", "redeemed", "claimed"],
        &["allowed", "allotted", "granted", "entitled", "allocated", "total", "available", "limit", "budget", "issued"],
        PartShare::Some,
    ),
    (
        &["sold", "booked", "reserved", "filled", "occupied", "registered", "enrolled", "assigned"],
        &["total", "available", "allocated", "offered", "planned", "printed"],
        PartShare::Some,
    ),
    (
        &["passed", "won", "correct", "failed", "successful"],
        &["total", "attempted", "taken", "played"],
        PartShare::Some,
    ),
    (&["outstanding", "remaining"], &["principal", "original", "initial", "borrowed", "loan"], PartShare::Some),
    (&["hold", "held", "blocked", "frozen", "pending"], &["balance", "ledger", "current"], PartShare::Few),
    (&["net", "tare"], &["gross"], PartShare::Nearly),
    (
        &["purchase", "cost", "wholesale", "buying", "standard cost"],
        &["list", "retail", "selling", "sale", "sales"],
        PartShare::Margin,
    ),
];

/// Words for the largest possible number of something.
const LIMITS: &[&str] = &["max", "maximum", "possible", "attainable", "capacity", "limit", "full"];

/// Words of results, whose limit is the attainable number.
const SCORES: &[&str] = &["score", "mark", "point", "points", "grade"];

/// Words that say no more than that a column is a number.
const PLAIN: &[&str] =
    &["amount", "count", "number", "num", "of", "quantity", "value", "total", "current", "actual", "so", "far", "the"];

/// The word without the usual endings of verbs and nouns: `enrolled` and `enrollment` are `enroll`.
fn root(word: &str) -> &str {
    let endings = ["ments", "ment", "ings", "ing", "ants", "ant", "ed", "es", "s"];
    let cut = endings.iter().find_map(|end| word.strip_suffix(end).filter(|rest| rest.len() > 2));
    cut.unwrap_or(word)
}

/// The roots of the name's words, without the phrase and without plain words.
fn rest<'a>(name: &'a Name, phrase: &str) -> Vec<&'a str> {
    let skip: Vec<&str> = phrase.split(' ').chain(PLAIN.iter().copied()).collect();
    name.words.iter().map(String::as_str).filter(|w| !skip.contains(w)).map(root).collect()
}

/// Words of differences, of what is compared, and of middles.
const DIFFERENCES: &[&str] = &["variance", "difference", "diff", "delta", "discrepancy", "deviation"];
const FOUND: &[&str] = &["counted", "actual", "measured", "found", "physical", "received"];
const EXPECTED: &[&str] = &["expected", "planned", "budget", "budgeted", "forecast", "target", "system", "book"];
const MIDDLES: &[&str] = &["mid", "midpoint", "middle", "median"];

/// What a name alone tells, so that not every pair of a table's columns is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberWords {
    /// It has a word of a part.
    pub part: bool,
    /// It has a word of a largest number, of which any other number may be a part.
    pub limit: bool,
    pub difference: bool,
    /// It is compared with another number, or is what the other one is compared with.
    pub found: bool,
    pub expected: bool,
    pub middle: bool,
}

impl NumberWords {
    /// The words of a name.
    pub fn of(name: &str) -> NumberWords {
        let name = Name::new(name);
        NumberWords {
            part: PAIRS.iter().any(|(parts, ..)| name.has_any(parts)),
            limit: name.has_any(LIMITS),
            difference: name.has_any(DIFFERENCES),
            found: name.has_any(FOUND),
            expected: name.has_any(EXPECTED),
            middle: name.has_any(MIDDLES),
        }
    }
}

/// The usual share of `whole` that `part` is, by the two names; `None` if it is not a part of it.
///
/// ```
/// use dbmocker_semantics::number_parts::{PartShare, part_of};
/// assert_eq!(part_of("qty_received", "qty_ordered"), Some(PartShare::Most));
/// assert_eq!(part_of("enrolled_count", "max_enrollment"), Some(PartShare::Some));
/// assert_eq!(part_of("qty_received", "unit_price"), None);
/// ```
pub fn part_of(part: &str, whole: &str) -> Option<PartShare> {
    let (part, whole) = (Name::new(part), Name::new(whole));
    if part.words == whole.words {
        return None;
    }
    for (parts, wholes, share) in PAIRS {
        for own in parts.iter().filter(|p| part.has(p) && !whole.has(p)) {
            let of = wholes.iter().filter(|w| whole.has(w) && !part.has(w));
            let plain = *share == PartShare::Few && whole.words.iter().all(|w| PLAIN.contains(&w.as_str()));
            // `outstanding_principal` of `principal_amount`.
            let same = !part.words.is_empty() && !rest(&part, own).is_empty() && rest(&part, own) == rest(&whole, "");
            if same && !whole.has_any(parts) {
                return Some(*share);
            }
            if plain && rest(&part, own).is_empty() || of.into_iter().any(|w| rest(&part, own) == rest(&whole, w)) {
                return Some(*share);
            }
        }
    }
    let limit = LIMITS.iter().find(|l| whole.has(l) && !part.has(l))?;
    let lower = ["min", "minimum", "low", "lowest", "least", "default"];
    if part.has_any(&lower) || part.has_any(LIMITS) {
        return None;
    }
    let (own, of) = (rest(&part, ""), rest(&whole, limit));
    let verbs = ["us", "book", "taken", "sold", "fill", "occupi", "earn", "obtain", "achiev", "reach"];
    let bare =
        |words: &[&str]| words.iter().copied().filter(|w| !verbs.contains(w)).map(str::to_owned).collect::<Vec<_>>();
    let same = !of.is_empty() && (own == of || bare(&own) == bare(&of) && !bare(&of).is_empty());
    same.then(|| if part.has_any(SCORES) { PartShare::Score } else { PartShare::Some })
}

/// Whether a number is what is left of a whole: `seats_available` beside `max_enrollment`.
pub fn is_rest(name: &str, part: &str, whole: &str) -> bool {
    let name = Name::new(name);
    let lefts =
        ["available", "remaining", "left", "open", "outstanding", "free", "unused", "pending", "short", "vacant"];
    let Some(left) = lefts.iter().find(|left| name.has(left)) else { return false };
    let places = ["seat", "spot", "place", "slot", "bed", "space", "unit", "balance"];
    let own = rest(&name, left);
    let of = |other: &str| {
        let other = Name::new(other);
        let words = rest(&other, "");
        own.iter().all(|w| words.contains(w))
    };
    own.is_empty() || own.iter().all(|w| places.contains(w)) || of(part) || of(whole)
}

/// Whether a number is the difference `found` - `expected`: `variance_qty` of `counted_qty` and `expected_qty`.
pub fn is_difference(name: &str, found: &str, expected: &str) -> bool {
    let [name, found_name, expected_name] = [name, found, expected].map(Name::new);
    let of = |name: &Name, words: &[&str]| words.iter().find(|w| name.has(w)).map(|w| rest(name, w).join(" "));
    let own = of(&name, DIFFERENCES);
    let found = of(&found_name, FOUND);
    let expected = of(&expected_name, EXPECTED);
    // Values are not compared with quantities.
    let money = [&name, &found_name, &expected_name].map(|name| name.has_any(&["value", "amount", "cost", "price"]));
    own.is_some() && own == found && found == expected && (money == [true; 3] || money == [false; 3])
}

/// Whether a number lies in the middle of two others: `mid_salary` of `min_salary` and `max_salary`.
pub fn is_middle(name: &str, low: &str, high: &str) -> bool {
    let [name, low, high] = [name, low, high].map(Name::new);
    let of = |name: &Name, words: &[&str]| words.iter().find(|w| name.has(w)).map(|w| rest(name, w).join(" "));
    let own = of(&name, MIDDLES);
    let pair = [(&["min", "minimum", "low"][..], &["max", "maximum", "high"][..]), (&["bid"], &["ask"])];
    own.is_some() && pair.iter().any(|(lows, highs)| of(&low, lows) == own && of(&high, highs) == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_by_name() {
        for (part, whole, share) in [
            ("qty_received", "qty_ordered", Some(PartShare::Most)),
            ("refills_used", "refills_allowed", Some(PartShare::Some)),
            ("allowed_amount", "billed_amount", Some(PartShare::Most)),
            ("amount_paid", "total_due", Some(PartShare::Most)),
            ("net_weight_kg", "gross_weight_kg", Some(PartShare::Nearly)),
            ("purchase_price", "list_price", Some(PartShare::Margin)),
            ("score", "max_score", Some(PartShare::Score)),
            ("points_earned", "points_possible", Some(PartShare::Most)),
            ("attempts", "max_attempts", Some(PartShare::Some)),
            ("qty_rejected", "qty", Some(PartShare::Few)),
            ("outstanding_amount", "loan_amount", Some(PartShare::Some)),
            ("current_participants", "max_participants", Some(PartShare::Some)),
            ("qty_rejected", "qty_received", Some(PartShare::Few)),
            ("days_used", "days_entitled", Some(PartShare::Some)),
            ("outstanding_principal", "principal_amount", Some(PartShare::Some)),
            ("min_price", "max_price", None),
            ("max_price", "price", None),
            ("tax_paid", "total_due", None),
            ("weight", "max_height", None),
        ] {
            assert_eq!(part_of(part, whole), share, "{part} of {whole}");
        }
        assert!(is_rest("seats_available", "enrolled_count", "max_enrollment"));
        assert!(is_rest("qty_open", "qty_received", "qty_ordered"));
        assert!(is_difference("variance_qty", "counted_qty", "expected_qty"));
        assert!(!is_difference("variance_value", "counted_qty", "expected_qty"));
    }
}
