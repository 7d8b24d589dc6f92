//! Numbers of a row that are parts of another one, or a difference of two, by their names: `qty_received` of
//! `qty_ordered`, `variance_qty`, `seats_available`.

mod changes;
mod pairs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::names::Name;

pub use changes::Change;

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
    /// Clearly less, but most of it.
    Below,
    /// A small addition.
    Small,
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
    (
        &["completed", "done", "finished", "resolved"],
        &["planned", "assigned", "total", "scheduled", "ordered", "attempted"],
        PartShare::Most,
    ),
    (&["boarded", "checked in", "scanned", "admitted"], &["booked", "reserved", "sold"], PartShare::Most),
    (&["issued"], &["required", "needed"], PartShare::Most),
    (&["off peak", "offpeak", "reduced", "secondary"], &["peak", "base", "primary", "standard"], PartShare::Below),
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
pub(crate) fn root(word: &str) -> &str {
    let endings = ["ments", "ment", "ings", "ing", "ants", "ant", "ed", "es", "s"];
    let cut = endings.iter().find_map(|end| word.strip_suffix(end).filter(|rest| rest.len() > 2));
    cut.unwrap_or(word)
}

/// Words of differences, of what is compared, and of middles.
const DIFFERENCES: &[&str] = &["variance", "difference", "diff", "delta", "discrepancy", "deviation"];
const FOUND: &[&str] = &["counted", "actual", "measured", "found", "physical", "received"];
const EXPECTED: &[&str] = &["expected", "planned", "budget", "budgeted", "forecast", "target", "system", "book"];
const MIDDLES: &[&str] = &["mid", "midpoint", "middle", "median", "nominal", "forecast"];
/// Words that the names of a middle's range may have in addition.
const LIMIT_WORDS: &[&str] = &["limit", "bound", "tolerance"];
/// The words of the two numbers of a range: lower, higher.
const RANGES: &[(&[&str], &[&str])] =
    &[(&["min", "minimum", "low", "lower"], &["max", "maximum", "high", "upper"]), (&["bid"], &["ask"])];
/// Words of what is left of a whole, and of places, of which the whole is a number.
const LEFTS: &[&str] =
    &["available", "remaining", "left", "open", "outstanding", "free", "unused", "pending", "short", "vacant"];
const PLACES: &[&str] = &["seat", "spot", "place", "slot", "bed", "space", "unit", "balance"];
/// Roots of words that say how a part came about.
const VERBS: &[&str] = &["us", "book", "taken", "sold", "fill", "occupi", "earn", "obtain", "achiev", "reach"];
/// Words of what is measured rather than counted, unless the name says so: `cpu_count`.
const MEASURES: &[&str] = &[
    "cpu",
    "gpu",
    "memory",
    "ram",
    "disk",
    "storage",
    "bandwidth",
    "network",
    "load",
    "power",
    "energy",
    "traffic",
    "temp",
    "temperature",
    "pressure",
    "volume",
    "weight",
    "height",
    "length",
    "width",
    "speed",
    "time",
    "duration",
];
/// Words of what should not have happened.
const EXCEPTIONS: &[&str] = &[
    "rejected",
    "reject",
    "damaged",
    "defective",
    "defect",
    "scrapped",
    "scrap",
    "failed",
    "fail",
    "failure",
    "missing",
    "lost",
    "waste",
    "down",
    "downtime",
    "error",
    "returned",
    "cancelled",
    "canceled",
    "late fee",
    "penalty",
];
/// Words of numbers that are no part of a largest one.
const LOWER: &[&str] = &["min", "minimum", "low", "lowest", "least", "default"];

/// The name of a number, taken apart once, to be compared with others.
#[derive(Debug, Clone)]
pub struct NumberName {
    name: Name,
    /// The roots of its words without plain words.
    roots: Vec<String>,
    /// For each word of a part: the index in [`PAIRS`], the word, and the other roots.
    parts: Vec<(usize, &'static str, String)>,
    /// The same for words of a whole.
    wholes: Vec<(usize, &'static str, String)>,
    /// The name without units.
    bare: String,
    /// The roots of the whole of which this is a qualified number, and its share; `true`: the limit of all cases.
    qualified: Option<(String, PartShare, bool)>,
    /// The roots without the word of a limit of all cases: `limit` for `annual_limit`.
    all_cases: Option<String>,
    /// It is an amount rather than a number of things.
    money: bool,
    /// The name says that it is a number of things.
    counts: bool,
    /// It is the number of all places or goods of a kind: `beds_total`.
    total: bool,
}

impl NumberName {
    /// Takes the name of a column apart.
    pub fn new(name: &str) -> NumberName {
        let name = Name::new(name);
        let mut parts = Vec::new();
        let mut wholes = Vec::new();
        for (i, (part, whole, _)) in PAIRS.iter().enumerate() {
            for (words, found) in [(part, &mut parts), (whole, &mut wholes)] {
                found.extend(words.iter().filter(|w| name.has(w)).map(|w| (i, *w, rest(&name, w))));
            }
        }
        let roots = name.words.iter().filter(|w| !PLAIN.contains(&w.as_str())).map(|w| root(w).to_owned()).collect();
        let money = name.has_any(&["value", "amount", "cost", "price"]);
        let counts = name.has_any(&["count", "number of", "num", "quantity"]);
        let total = name.last() == "total" && super::numbers::counted(&name).is_some();
        let (bare, qualified, all_cases) = (pairs::bare(&name), pairs::qualified(&name), pairs::of_all_cases(&name));
        NumberName { name, roots, parts, wholes, bare, qualified, all_cases, money, counts, total }
    }

    /// Whether the name consists of plain words.
    fn is_plain(&self) -> bool {
        self.roots.is_empty()
    }

    /// The roots without those of verbs.
    fn bare(&self, without: &str) -> String {
        let kept = |r: &&String| !VERBS.contains(&r.as_str()) && r.as_str() != root(without);
        let bare: Vec<&str> = self.roots.iter().filter(kept).map(String::as_str).collect();
        bare.join(" ")
    }

    /// The word of a largest number in the name.
    fn limit(&self) -> Option<&'static str> {
        LIMITS.iter().find(|l| self.name.has(l)).copied()
    }

    /// The other roots, if the name has one of the words.
    fn rest_of(&self, words: &[&str]) -> Option<String> {
        words.iter().find(|w| self.name.has(w)).map(|w| rest(&self.name, w))
    }

    /// Whether the name is that of an identifier: `card_number`.
    fn is_identifier(&self) -> bool {
        self.name.words.len() > 1 && self.name.last() == "number"
    }

    /// Whether both may be of one unit: a number of things is no part of an amount, or of a measure.
    fn is_comparable(&self, whole: &NumberName) -> bool {
        let measure = self.roots.iter().any(|root| MEASURES.contains(&root.as_str()));
        !(self.counts && whole.money || self.money && whole.counts || measure && self.counts != whole.counts)
    }

    /// The usual share of `whole` that this number is; `None` if it is not a part of it.
    pub fn share_of(&self, whole: &NumberName) -> Option<PartShare> {
        self.ranked_share_of(whole).map(|(_, share)| share)
    }

    /// As [`share_of`](Self::share_of), with a rank: wholes named by the other word of a pair, by no word, by a limit.
    fn ranked_share_of(&self, whole: &NumberName) -> Option<(u8, PartShare)> {
        if self.name.words == whole.name.words {
            return None;
        }
        if let Some((_, share)) = pairs::wholes(&self.name).find(|(name, _)| *name == whole.bare) {
            return Some((0, share));
        }
        if self.is_identifier() || !self.is_comparable(whole) {
            return None;
        }
        if let Some((of, share, all)) = &self.qualified {
            let is_whole = if *all { whole.all_cases.as_ref() == Some(of) } else { whole.roots.join(" ") == *of };
            if is_whole && whole.qualified.is_none() {
                return Some((0, *share));
            }
        }
        for (pair, own, rest) in &self.parts {
            let (parts, _, share) = PAIRS[*pair];
            if whole.name.has(own) {
                continue;
            }
            let named = |(of, word, other): &(usize, &str, String)| {
                of == pair && other == rest && (!self.name.has(word) || own.contains(word))
            };
            // `outstanding_principal` of `principal_amount`, and `qty_rejected` of `qty`.
            let plain = *rest == whole.roots.join(" ") && !whole.name.has_any(parts);
            let plain = plain && (!rest.is_empty() || share == PartShare::Few && whole.is_plain());
            let named = whole.wholes.iter().any(named);
            // Sales are no price of what they cost.
            if (plain || named) && (share != PartShare::Margin || whole.name.has("price")) {
                return Some((u8::from(!named), share));
            }
        }
        // `beds` of `beds_total`.
        if whole.total && !self.total && self.roots == whole.roots {
            return Some((1, PartShare::Some));
        }
        let limit = whole.limit().filter(|_| self.limit().is_none() && !self.name.has_any(LOWER))?;
        let of = whole.bare(limit);
        (!of.is_empty() && of == self.bare(""))
            .then(|| (2, if self.name.has_any(SCORES) { PartShare::Score } else { PartShare::Some }))
    }

    /// Whether this number is what is left of a whole: `seats_available` beside `max_enrollment`.
    pub fn is_rest(&self, part: &NumberName, whole: &NumberName) -> bool {
        let Some(left) = LEFTS.iter().find(|left| self.name.has(left)) else { return false };
        let own: Vec<&String> = self.roots.iter().filter(|r| r.as_str() != root(left)).collect();
        let of = |other: &NumberName| own.iter().all(|r| other.roots.contains(r));
        own.iter().all(|r| PLACES.contains(&r.as_str())) || of(part) || of(whole)
    }

    /// Whether the number is usually small beside those of its kind: what failed, what is scrapped.
    pub fn is_exception(&self) -> bool {
        self.name.has_any(EXCEPTIONS)
    }

    /// Whether the name has no word of a part, a whole, a limit or a difference: it may name a kind of things.
    pub fn is_of_kind(&self) -> bool {
        let words = [LIMITS, LOWER, DIFFERENCES, EXPECTED, LEFTS];
        self.parts.is_empty() && self.wholes.is_empty() && !words.iter().any(|words| self.name.has_any(words))
    }

    /// Whether the name has a word of what is left.
    pub fn may_be_rest(&self) -> bool {
        self.name.has_any(LEFTS)
    }
}

/// The names of a table's numbers, indexed so that each finds its partners without a comparison of all pairs.
#[derive(Debug, Default)]
pub struct NumberNames {
    all: Vec<(usize, NumberName)>,
    /// Numbers by pair and other roots, by all roots, and largest numbers by other roots.
    wholes: HashMap<(usize, String), Vec<usize>>,
    plain: HashMap<String, Vec<usize>>,
    limits: HashMap<String, Vec<usize>>,
    /// Numbers by their names without units, and limits of all cases by other roots.
    bare: HashMap<String, Vec<usize>>,
    all_cases: HashMap<String, Vec<usize>>,
}

impl NumberNames {
    /// Indexes columns: their indices and names.
    pub fn new<'a>(columns: impl Iterator<Item = (usize, &'a str)>) -> NumberNames {
        let mut out = NumberNames::default();
        for (at, (column, name)) in columns.enumerate() {
            let name = NumberName::new(name);
            for (pair, _, rest) in &name.wholes {
                out.wholes.entry((*pair, rest.clone())).or_default().push(at);
            }
            out.plain.entry(name.roots.join(" ")).or_default().push(at);
            if let Some(limit) = name.limit() {
                out.limits.entry(name.bare(limit)).or_default().push(at);
            }
            out.bare.entry(name.bare.clone()).or_default().push(at);
            if let Some(of) = &name.all_cases {
                out.all_cases.entry(of.clone()).or_default().push(at);
            }
            out.all.push((column, name));
        }
        out
    }

    /// The columns and their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &NumberName)> {
        self.all.iter().map(|(column, name)| (*column, name))
    }

    /// The column of which the number is a part, among those that fit, and the usual share: the first of those whose
    /// names match best.
    pub fn whole_of(&self, part: &NumberName, fits: &dyn Fn(usize) -> bool) -> Option<(usize, PartShare)> {
        let mut found: Vec<usize> = Vec::new();
        for (pair, _, rest) in &part.parts {
            found.extend(self.wholes.get(&(*pair, rest.clone())).into_iter().flatten());
            found.extend(self.plain.get(rest).into_iter().flatten());
        }
        for (whole, _) in pairs::wholes(&part.name) {
            found.extend(self.bare.get(whole).into_iter().flatten());
        }
        if let Some((of, _, all)) = &part.qualified {
            let index = if *all { &self.all_cases } else { &self.plain };
            found.extend(index.get(of).into_iter().flatten());
        }
        let of_all = self.plain.get(&part.roots.join(" ")).into_iter().flatten();
        found.extend(of_all.filter(|at| self.all[**at].1.total));
        found.extend(self.limits.get(&part.bare("")).into_iter().flatten());
        found.sort_unstable();
        found.dedup();
        let wholes = found.into_iter().filter_map(|at| {
            let (column, whole) = &self.all[at];
            let (rank, share) = part.ranked_share_of(whole).filter(|_| fits(*column))?;
            Some((rank, (*column, share)))
        });
        wholes.min_by_key(|(rank, _)| *rank).map(|(_, found)| found)
    }

    /// Each difference with the two columns that it compares: `variance_qty`, `counted_qty`, `expected_qty`.
    pub fn differences(&self) -> Vec<(usize, usize, usize)> {
        // Values are not compared with quantities.
        let by = |words: &[&str]| -> HashMap<(String, bool), usize> {
            let found = self.all.iter().rev();
            found.filter_map(|(c, name)| Some(((name.rest_of(words)?, name.money), *c))).collect()
        };
        let (found, expected) = (by(FOUND), by(EXPECTED));
        let of = |(c, name): &(usize, NumberName)| {
            let key = (name.rest_of(DIFFERENCES)?, name.money);
            Some((*c, *found.get(&key)?, *expected.get(&key)?))
        };
        self.all.iter().filter_map(of).collect()
    }

    /// Each middle with the two columns around it: `mid_salary`, `min_salary`, `max_salary`.
    pub fn middles(&self) -> Vec<(usize, usize, usize)> {
        let plain = |rest: String| {
            let kept: Vec<&str> = rest.split(' ').filter(|w| !LIMIT_WORDS.contains(w)).collect();
            kept.join(" ")
        };
        let by = |words: &[&str]| -> HashMap<String, usize> {
            self.all.iter().rev().filter_map(|(c, name)| Some((plain(name.rest_of(words)?), *c))).collect()
        };
        let ranges: Vec<(HashMap<String, usize>, HashMap<String, usize>)> =
            RANGES.iter().map(|(lows, highs)| (by(lows), by(highs))).collect();
        let of = |(c, name): &(usize, NumberName)| {
            let key = name.rest_of(MIDDLES)?;
            ranges.iter().find_map(|(lows, highs)| Some((*c, *lows.get(&key)?, *highs.get(&key)?)))
        };
        self.all.iter().filter_map(of).collect()
    }
}

/// The roots of the name's words, without the phrase and without plain words.
fn rest(name: &Name, phrase: &str) -> String {
    let skipped = |w: &&str| !phrase.split(' ').any(|p| p == *w) && !PLAIN.contains(w);
    let roots: Vec<&str> = name.words.iter().map(String::as_str).filter(skipped).map(root).collect();
    roots.join(" ")
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
    NumberName::new(part).share_of(&NumberName::new(whole))
}
