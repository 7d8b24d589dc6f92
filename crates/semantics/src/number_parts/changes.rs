//! Three numbers of a row, of which one is the sum, the difference, the product or a share of the others, by their names.

use super::{NumberName, NumberNames, PLAIN, rest, root};
use crate::flows::is_level_of_counter;

/// Words of a level before a change, after it, and of the change.
const BEFORE: &[&str] = &["before", "old", "previous", "opening", "starting", "start", "initial", "prior"];
const AFTER: &[&str] = &["after", "new", "closing", "ending", "end", "current", "resulting", "final"];
const CHANGE: &[&str] = &["change", "delta", "difference", "diff", "movement", "adjustment", "uplift", "increase"];
/// Words of what a counter has counted.
const CONSUMPTION: &[&str] = &["consumption", "usage", "consumed", "used", "driven", "distance"];
/// Two numbers whose difference has a name of its own, and the words of that.
const OPPOSED: &[(&str, &str)] =
    &[("for", "against"), ("import", "export"), ("income", "expense"), ("inflow", "outflow"), ("revenue", "cost")];
const NET: &[&str] = &["difference", "diff", "net", "surplus", "balance", "profit"];

/// Words of the price of one of something, and of the numbers of these.
const PRICES: &[(&[&str], &[&str])] = &[
    (&["hourly rate", "labor rate", "labour rate", "hourly wage", "hour rate"], &["hour", "hours"]),
    (&["daily rate", "day rate"], &["day", "days"]),
    (&["unit price", "unit cost", "unit value", "unit rate", "price each"], &["quantity", "unit", "piece"]),
    (&["annual value", "annual amount", "annual fee", "yearly value", "annual cost"], &["year", "years"]),
    (&["monthly rent", "monthly fee", "monthly amount", "monthly rate", "monthly cost"], &["month", "months"]),
];
/// Words of quantities that were really moved, of several ones.
const ACTUAL: &[&str] = &[
    "issued",
    "received",
    "delivered",
    "shipped",
    "sold",
    "actual",
    "billed",
    "used",
    "worked",
    "purchased",
    "consumed",
];
/// Words of results of a multiplication.
const RESULTS: &[&str] =
    &["total", "amount", "cost", "value", "price", "line", "charge", "pay", "net", "subtotal", "extended"];

/// A change with its sides: indices of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub before: usize,
    pub change: usize,
    pub after: usize,
    /// What a counter has counted: never below 0.
    pub counted: bool,
}

impl NumberName {
    /// The rest of the name without one of the words; units and plain words do not matter.
    fn side(&self, words: &[&str]) -> Option<String> {
        words.iter().find(|w| self.name.has(w)).map(|w| rest(&self.name, w))
    }

    fn roots_without(&self, skipped: &[&str]) -> Vec<String> {
        let kept = |w: &&String| !skipped.contains(&w.as_str()) && !PLAIN.contains(&w.as_str());
        self.name.words.iter().filter(kept).map(|w| root(w).to_owned()).collect()
    }
}

impl NumberNames {
    /// Levels before and after a change: `premium_before`, `premium_change`, `premium_after`.
    pub fn changes(&self) -> Vec<Change> {
        let mut out: Vec<Change> = Vec::new();
        for (before, name) in &self.all {
            let Some(of) = name.side(BEFORE).filter(|_| !name.name.has_any(CHANGE)) else { continue };
            let is = |other: &NumberName, words: &[&str]| other.side(words).is_some_and(|rest| rest == of);
            let others = || self.all.iter().filter(|(c, other)| c != before && other.money == name.money);
            let marked = others().find(|(_, other)| is(other, AFTER) && !other.name.has_any(CHANGE));
            let plain = || others().find(|(_, other)| !of.is_empty() && other.roots.join(" ") == of);
            let Some((after, _)) = marked.or_else(plain) else { continue };
            let found = |words: &[&str]| {
                let loose = |other: &NumberName| {
                    other
                        .side(words)
                        .is_some_and(|rest| rest.split(' ').all(|w| w.is_empty() || of.split(' ').any(|o| o == w)))
                };
                let mut all = self.all.iter().filter(|(c, other)| c != before && c != after && loose(other));
                let exact = self.all.iter().find(|(c, other)| c != before && c != after && is(other, words));
                exact.or_else(|| all.next().filter(|_| all.next().is_none())).map(|(c, _)| *c)
            };
            // The level of a counter rises by what it has counted; others fall by what is used.
            let after_name = self.all.iter().find(|(c, _)| c == after).map(|(_, name)| &name.name);
            let counter = is_level_of_counter(&name.name) || after_name.is_some_and(is_level_of_counter);
            let consumed = if counter { found(CONSUMPTION) } else { None };
            let changed = if marked.is_some() { found(CHANGE) } else { None };
            if let Some(change) = changed.or(consumed) {
                out.push(Change { before: *before, change, after: *after, counted: changed.is_none() });
            }
        }
        out
    }

    /// Each net number with the two whose difference it is: `goal_difference`, `goals_for`, `goals_against`.
    pub fn net(&self) -> Vec<(usize, usize, usize)> {
        let mut out = Vec::new();
        for (c, name) in &self.all {
            let Some(of) = name.side(NET) else { continue };
            let side = |word: &str| {
                let is = |other: &NumberName| other.side(&[word]).is_some_and(|rest| rest == of);
                self.all.iter().find(|(other, name)| other != c && is(name)).map(|(other, _)| *other)
            };
            let both = OPPOSED.iter().find_map(|(a, b)| Some((side(a)?, side(b)?)));
            out.extend(both.filter(|(a, b)| a != b).map(|(a, b)| (*c, a, b)));
        }
        out
    }

    /// Each product with the number and the price of one: `labour_cost`, `labour_hours`, `labour_rate`.
    pub fn products(&self) -> Vec<(usize, usize, usize)> {
        let mut out: Vec<(usize, usize, usize)> = Vec::new();
        for (price, name) in &self.all {
            let Some((phrases, units)) = PRICES.iter().find(|(phrases, _)| name.name.has_any(phrases)) else {
                continue;
            };
            let counts = |other: &NumberName| {
                let rate = other.name.has_any(&["per", "rate", "percent", "unit price", "unit cost"]);
                // A column `year` or `month` is one of the calendar.
                let calendar = matches!(other.name.whole.as_str(), "year" | "month" | "day" | "hour");
                other.name.has_any(units) && !rate && !calendar && !other.name.has_any(phrases)
            };
            let numbers: Vec<&(usize, NumberName)> =
                self.all.iter().filter(|(c, other)| c != price && counts(other) && !other.money).collect();
            let actual = numbers.iter().filter(|(_, other)| other.name.has_any(ACTUAL)).collect::<Vec<_>>();
            let number = match (&numbers[..], &actual[..]) {
                ([only], _) => *only,
                (_, [only]) => **only,
                _ => continue,
            };
            let of: Vec<String> =
                name.roots_without(&["hourly", "daily", "unit", "annual", "yearly", "monthly", "rate", "wage", "each"]);
            // A result has no words but its own, those of the price and of the number.
            let known = |w: &String| {
                RESULTS.contains(&w.as_str())
                    || of.contains(w)
                    || number.1.roots.contains(w)
                    || super::PLAIN.contains(&w.as_str())
                    || matches!(w.as_str(), "labor" | "labour" | "cent" | "eur" | "usd")
            };
            let score = |other: &NumberName| {
                let result = other.name.words.iter().any(|w| RESULTS.contains(&w.as_str()));
                let fits = result && other.name.words.iter().all(|w| known(w) || known(&root(w).to_owned()));
                let shared = other.roots.iter().filter(|r| of.contains(r)).count();
                fits.then(|| shared * 2 + usize::from(other.name.has("total")))
            };
            let rates = |other: &NumberName| other.name.has_any(&["unit", "per", "rate", "monthly", "hourly"]);
            let candidates = self.all.iter().filter(|(c, other)| c != price && *c != number.0 && !rates(other));
            let mut found: Vec<(usize, usize)> =
                candidates.filter_map(|(c, other)| Some((score(other)?, *c))).collect();
            found.sort_unstable_by(|a, b| b.cmp(a));
            match found[..] {
                [(first, _), (second, _), ..] if first == second => {}
                [(_, result), ..] => out.push((result, number.0, *price)),
                [] => {}
            }
        }
        out
    }

    /// Each number of all with that of one of several, and that of those: `seat_count`, `seats_per_row`, `row_count`.
    pub fn counts_of_several(&self) -> Vec<(usize, usize, usize)> {
        let mut out = Vec::new();
        for (each, name) in &self.all {
            let words = &name.name.words;
            let Some(at) = words.iter().position(|w| w == "per").filter(|at| *at == 1 && words.len() == 3) else {
                continue;
            };
            let (what, of) = (&words[at - 1], &words[at + 1]);
            let counts = |noun: &String| {
                let is = |other: &NumberName| {
                    other.name.words == [noun.clone(), "count".into()]
                        || other.name.words == *std::slice::from_ref(noun)
                };
                let total = |other: &NumberName| other.name.words == ["total".to_owned(), noun.clone()];
                self.all.iter().find(|(_, other)| is(other) || total(other)).map(|(c, _)| *c)
            };
            if let (Some(all), Some(number)) = (counts(what), counts(of)) {
                out.push((all, *each, number));
            }
        }
        out
    }

    /// Each amount with the rate by which it is computed, and its base: `tax_amount`, `tax_rate_pct`, `net_amount`.
    pub fn rated(&self) -> Vec<(usize, usize, usize)> {
        const RATED: &[&str] = &[
            "tax",
            "vat",
            "gst",
            "commission",
            "fee",
            "royalty",
            "levy",
            "discount",
            "interest",
            "surcharge",
            "markup",
        ];
        const BASES: &[&str] = &[
            "base",
            "net",
            "taxable",
            "subtotal",
            "principal",
            "premium",
            "sale",
            "fare",
            "rent",
            "price",
            "amount",
            "value",
            "revenue",
        ];
        const NO_BASE: &[&str] = &[
            "unit",
            "per",
            "paid",
            "due",
            "refund",
            "refunded",
            "tax",
            "vat",
            "discount",
            "fee",
            "gross",
            "limit",
            "min",
            "max",
            "previous",
            "balance",
            "deposit",
            "percent",
            "rate",
            "count",
            "quantity",
            "original",
            "market",
            "deductible",
        ];
        let is_rate = |name: &NumberName| name.name.has("percent") || name.name.ends("rate");
        let mut out = Vec::new();
        for (rate, name) in self.all.iter().filter(|(_, name)| is_rate(name)) {
            let words: Vec<&String> =
                name.name.words.iter().filter(|w| !matches!(w.as_str(), "percent" | "rate" | "applied")).collect();
            // A bare `rate` may be one of exchange.
            if words.is_empty() && !name.name.has("percent") {
                continue;
            }
            let result = |(c, other): &&(usize, NumberName)| {
                let of =
                    |w: &&str| other.name.has(w) && (words.is_empty() || words.iter().any(|own| own.as_str() == *w));
                let left = |w: &String| {
                    words.contains(&w)
                        || RATED.contains(&w.as_str())
                        || matches!(w.as_str(), "amount" | "total" | "cent" | "value" | "eur" | "usd")
                };
                c != rate && !is_rate(other) && RATED.iter().any(of) && other.name.words.iter().all(left)
            };
            let mut results = self.all.iter().filter(result);
            let Some((result, _)) = results.next().filter(|_| results.next().is_none()) else { continue };
            let base = |word: &str| {
                let is = |(c, other): &&(usize, NumberName)| {
                    c != rate
                        && c != result
                        && other.name.has(word)
                        && !other.name.has_any(NO_BASE)
                        && (!other.name.has("total") || word == "sale")
                };
                let mut all = self.all.iter().filter(is);
                all.next().filter(|_| all.next().is_none()).map(|(c, _)| *c)
            };
            out.extend(BASES.iter().find_map(|word| base(word)).map(|base| (*result, *rate, base)));
        }
        out
    }
}
