//! Numbers that are parts of other numbers of their row, what is left of these, differences, and sums of components.

use super::{ParentLink, RowLaws};
use dbmocker_plan::Formula;
use dbmocker_semantics::number_parts::{NumberName, NumberNames, PartShare};
use dbmocker_semantics::{Amount, Name, in_cents};

/// Words in which the names of a total and of its components end.
const COMPONENTS: &[&str] = &[
    "due",
    "cost",
    "charge",
    "fee",
    "pay",
    "tax",
    "revenue",
    "expense",
    "hour",
    "hours",
    "deduction",
    "premium",
    "duty",
];
/// First words of names that stand beside a total, not for a part of it.
const SIDES: &[&str] = &[
    "net",
    "gross",
    "average",
    "avg",
    "mean",
    "min",
    "minimum",
    "max",
    "maximum",
    "unit",
    "daily",
    "weekly",
    "monthly",
    "annual",
    "last",
    "first",
    "previous",
    "old",
    "new",
    "current",
    "original",
    "planned",
    "actual",
    "expected",
    "estimated",
    "budgeted",
    "target",
    "remaining",
    "outstanding",
    "paid",
    "refunded",
    "ytd",
    "list",
    "sale",
];

/// Words of parts that do not overlap, and that are all of a whole.
const DISJOINT: &[&str] = &[
    "business",
    "biz",
    "eco",
    "economy",
    "first",
    "premium",
    "adult",
    "child",
    "children",
    "infant",
    "senior",
    "male",
    "female",
    "men",
    "women",
    "home",
    "away",
    "labor",
    "labour",
    "part",
    "parts",
    "material",
    "overhead",
    "seated",
    "standing",
    "indoor",
    "outdoor",
    "domestic",
    "international",
    "day",
    "night",
    "regular",
    "overtime",
    "urban",
    "rural",
    "inbound",
    "outbound",
    "passed",
    "failed",
    "good",
    "scrap",
    "cash",
    "card",
    "imported",
    "exported",
    "new",
    "returning",
    "single",
    "double",
    "won",
    "drawn",
    "lost",
    "planned",
    "unplanned",
    "resident",
    "visitor",
    "internal",
    "external",
    "local",
    "foreign",
];
/// Most parts of a total that is no amount.
const MOST_PARTS: usize = 4;

/// Returns the words without that at a place.
fn without(words: &[String], at: usize) -> Vec<String> {
    let mut words = words.to_vec();
    words.remove(at);
    words
}

impl RowLaws<'_> {
    /// Adds the laws of parts, rests, differences and sums that no other law determines.
    pub fn number_parts(&mut self) {
        self.component_sums();
        let names = self.number_names();
        self.relations(&names);
        let mut pairs = Vec::new();
        for (part, name) in names.iter().filter(|(c, _)| !self.aggregated.contains(c)) {
            let fits = |whole: usize| whole != part && in_cents(self.name(part)) == in_cents(self.name(whole));
            let found = names.whole_of(name, &fits).filter(|(whole, share)| self.has_room(part, *whole, *share));
            if let Some((whole, share)) = found {
                pairs.push((part, whole, share));
            }
        }
        // A part that another law determines has no rest.
        pairs.retain(|&(part, whole, share)| {
            let open = self.open(Some(part)).is_some();
            if self.is_larger(part, whole, share) {
                return false;
            }
            let text = format!("part of {}", self.name(whole));
            let expr = self.cell_for(whole, part).times(self.share_by_status(part, share), self.scale(part));
            self.law(Some(part), expr, text);
            open && self.laws.contains_key(&part) && matches!(share, PartShare::Most | PartShare::Some)
        });
        let named = |c: usize| names.iter().find(|(of, _)| *of == c).expect("a number").1;
        let named: Vec<(&NumberName, &NumberName)> =
            pairs.iter().map(|(part, whole, _)| (named(*part), named(*whole))).collect();
        for (rest, name) in names.iter().filter(|(_, name)| name.may_be_rest()) {
            let is = |((part, whole, _), (of, all)): &(&(usize, usize, PartShare), &(&NumberName, &NumberName))| {
                ![*part, *whole].contains(&rest) && name.is_rest(of, all)
            };
            if let Some((&(part, whole, _), _)) = pairs.iter().zip(&named).find(is) {
                let text = format!("{} - {}", self.name(whole), self.name(part));
                self.law(Some(rest), self.cell_for(whole, rest) - self.cell_for(part, rest), text);
            }
        }
        self.differences(&names);
        self.middles(&names);
        self.rates_of_parts(&pairs);
    }

    /// Adds the law of a whole whose likely range is below that of its part, of which more is known; returns false if it
    /// is not.
    fn is_larger(&mut self, part: usize, whole: usize, share: PartShare) -> bool {
        let near = matches!(share, PartShare::Below | PartShare::Nearly);
        if !near || self.largest[part] <= self.largest[whole] || self.open(Some(part)).is_none() {
            return false;
        }
        let Some(whole) = self.open(Some(whole)) else { return false };
        let more = Formula::Between { lo: 104, hi: if share == PartShare::Nearly { 122 } else { 200 }, scale: 2 };
        let expr = self.cell_for(part, whole).times(more, self.scale(whole));
        let text = format!("above {}", self.name(part));
        self.law(Some(whole), expr, text);
        self.laws.contains_key(&whole)
    }

    /// Returns the factor of a part; what is completed follows the status of the row.
    pub(super) fn share_by_status(&self, part: usize, share: PartShare) -> Formula {
        let all = share_of(share);
        if share != PartShare::Most
            || !Name::new(self.name(part)).has_any(&["completed", "finished", "produced", "done"])
        {
            return all;
        }
        let status = |c: &usize| Name::new(self.name(*c)).ends_any(&["status", "state"]);
        let mut found = self.lists.keys().copied().filter(status);
        let Some(column) = found.next().filter(|_| found.next().is_none()) else { return all };
        let of = |words: &[&str]| -> Vec<String> { words.iter().map(|w| (*w).to_owned()).collect() };
        let most = Formula::percent_of(&[(100, 80), (98, 8), (95, 8), (90, 4)]);
        let some = Formula::Between { lo: 5, hi: 95, scale: 2 };
        let cases = vec![
            (of(&["completed", "complete", "done", "finished", "closed", "delivered"]), most),
            (of(&["in_process", "in_progress", "running", "started", "active", "paused", "on_hold"]), some),
            (
                of(&[
                    "planned",
                    "draft",
                    "new",
                    "open",
                    "released",
                    "scheduled",
                    "pending",
                    "waiting",
                    "created",
                    "cancelled",
                    "canceled",
                ]),
                Formula::whole(0),
            ),
        ];
        Formula::ByText { column, cases, otherwise: Box::new(all) }
    }

    pub(super) fn number_names(&self) -> NumberNames {
        let numbers = (0..self.scales.len()).filter(|c| self.scales[*c].is_some());
        NumberNames::new(numbers.map(|c| (c, self.name(c))))
    }

    /// Returns true if the smallest value that CHECKs allow for a part does not exceed its smallest share of the whole.
    fn has_room(&self, part: usize, whole: usize, share: PartShare) -> bool {
        let Some((least, _)) = self.free.get(&part) else { return false };
        let unit = 10f64.powi(i32::from(self.scale(part)));
        *least as f64 / unit <= (self.smallest[whole] * least_share(share)).max(1.0 / unit)
    }

    /// The middle of two numbers.
    fn middles(&mut self, names: &NumberNames) {
        for (middle, low, high) in names.middles() {
            // An ask is a little above its bid.
            if Name::new(self.name(high)).has("ask") {
                let spread = Formula::Between { lo: 1001, hi: 1020, scale: 3 };
                let expr = self.cell_for(low, high).times(spread, self.scale(high));
                self.law(Some(high), expr, format!("a little above {}", self.name(low)));
            }
            let sum = self.cell_for(low, middle) + self.cell_for(high, middle);
            let text = format!("the middle of {} and {}", self.name(low), self.name(high));
            self.law(Some(middle), sum.over(Formula::whole(2), self.scale(middle)), text);
        }
    }

    /// Parts of numbers of the parent rows: the score of a submission, of the assignment's largest one.
    pub fn parts_of_parents(&mut self, leads: &[ParentLink<'_>]) {
        let names = |lead: &ParentLink<'_>| {
            let columns = lead.parent.columns.iter().enumerate().filter(|(p, _)| lead.scales[*p].is_some());
            NumberNames::new(columns.map(|(p, column)| (p, column.name.as_str())))
        };
        let parents: Vec<NumberNames> = leads.iter().map(names).collect();
        for part in 0..self.scales.len() {
            // A CHECK with a lower bound may exceed the whole, of which only the parent knows how large it is.
            let open = self.open(Some(part)).filter(|c| self.scales[*c].is_some() && self.free[c].0 <= 0);
            let Some(part) = open.filter(|c| !self.aggregated.contains(c)) else { continue };
            let name = NumberName::new(self.name(part));
            let of = |(lead, names): (&ParentLink<'_>, &NumberNames)| {
                // The parent's column of the same name is the sum of the rows, or something else.
                if lead.parent.columns.iter().any(|c| c.name.eq_ignore_ascii_case(self.name(part))) {
                    return None;
                }
                let fits = |p: usize| in_cents(&lead.parent.columns[p].name) == in_cents(self.name(part));
                names.whole_of(&name, &fits)
            };
            let found = leads.iter().zip(&parents).find_map(|(lead, names)| Some((lead, of((lead, names))?)));
            let Some((lead, (column, share))) = found else { continue };
            let whole = format!("{}.{}", lead.parent.name.name, lead.parent.columns[column].name);
            let parent = Formula::Parent { foreign: lead.foreign, column };
            let expr = parent.clone().times(share_of(share), self.scale(part)).or(Formula::Own);
            self.law(Some(part), expr, format!("part of {whole}"));
            if share == PartShare::Score && self.laws.contains_key(&part) {
                self.percent(Amount::Percent, part, parent, whole);
            }
        }
    }

    /// A total of the columns that end in the same word: `total_due` of `principal_due` and `interest_due`.
    fn component_sums(&mut self) {
        let words = |c: usize| Name::new(self.name(c)).words;
        let number = |c: &usize| self.scales[*c].is_some();
        let all: Vec<(usize, Vec<String>)> = (0..self.scales.len()).filter(number).map(|c| (c, words(c))).collect();
        for (total, name) in &all {
            let Some(at) = name.iter().position(|word| word == "total") else { continue };
            let rest = without(name, at);
            let money = self.scale(*total) > 0 || in_cents(self.name(*total));
            let amounts = money && at == 0 && rest.last().is_some_and(|w| COMPONENTS.contains(&w.as_str()));
            if rest.is_empty() || !amounts && self.aggregated.contains(total) {
                continue;
            }
            let part = |(c, own): &&(usize, Vec<String>)| {
                let differs = (0..own.len()).find(|&i| own.len() == name.len() && without(own, i) == rest);
                let side = |word: &str| {
                    let other = !amounts && !DISJOINT.contains(&word);
                    word == "total" || SIDES.contains(&word) || other
                };
                let one = differs.is_some_and(|i| !side(&own[i]) && (!amounts || i == 0));
                one && self.scales[*c] == self.scales[*total] && (amounts || !self.aggregated.contains(c))
            };
            let parts: Vec<usize> = all.iter().filter(part).map(|(c, _)| *c).collect();
            if !amounts && parts.len() > MOST_PARTS {
                continue;
            }
            let Some((&head, rest)) = parts.split_first().filter(|(_, rest)| !rest.is_empty()) else { continue };
            if parts.iter().any(|c| self.table.columns[*c].generated.is_some()) || !self.holds_sum(*total, &parts) {
                continue;
            }
            let (expr, text) = self.sum(head, rest, &[]);
            self.law(Some(*total), expr, text);
        }
    }

    /// Returns true if the column's CHECKs allow every likely sum of the parts.
    fn holds_sum(&self, total: usize, parts: &[usize]) -> bool {
        let Some(&(least, most)) = self.free.get(&total) else { return false };
        let unit = 10f64.powi(i32::from(self.scale(total)));
        let sum = |of: &[f64]| parts.iter().map(|&c| of[c]).sum::<f64>() * unit;
        least as f64 <= sum(&self.smallest).max(1.0) && sum(&self.largest) <= most as f64
    }

    /// A difference of what was found and what was expected, which is near to it.
    fn differences(&mut self, names: &NumberNames) {
        for (difference, found, expected) in names.differences() {
            let near = Formula::percent_of(&[(100, 70), (99, 6), (98, 6), (95, 4), (101, 5), (102, 5), (105, 4)]);
            let text = format!("near {}", self.name(expected));
            self.law(Some(found), self.cell_for(expected, found).times(near, self.scale(found)), text);
            let text = format!("{} - {}", self.name(found), self.name(expected));
            let expr = self.cell_for(found, difference) - self.cell_for(expected, difference);
            self.law(Some(difference), expr, text);
        }
    }
}

/// Returns the factor of a part.
pub(super) fn share_of(share: PartShare) -> Formula {
    match share {
        PartShare::Most => Formula::percent_of(&[(100, 75), (90, 8), (80, 7), (50, 6), (0, 4)]),
        PartShare::Some => Formula::Between { lo: 0, hi: 100, scale: 2 },
        PartShare::Few => Formula::percent_of(&[(0, 85), (2, 4), (5, 5), (10, 4), (20, 2)]),
        PartShare::Nearly => Formula::Between { lo: 82, hi: 98, scale: 2 },
        PartShare::Margin => Formula::Between { lo: 40, hi: 85, scale: 2 },
        PartShare::Below => Formula::Between { lo: 45, hi: 95, scale: 2 },
        PartShare::Small => Formula::Between { lo: 3, hi: 25, scale: 2 },
        PartShare::Score => Formula::Normal { mean: 76, deviation: 14, lo: 15, hi: 100, scale: 2 },
    }
}

/// Returns the smallest factor of [`share_of`].
fn least_share(share: PartShare) -> f64 {
    match share {
        PartShare::Most | PartShare::Some | PartShare::Few => 0.0,
        PartShare::Nearly => 0.82,
        PartShare::Margin => 0.4,
        PartShare::Below => 0.45,
        PartShare::Small => 0.03,
        PartShare::Score => 0.15,
    }
}
