//! Sums, differences and products of two numbers of the row, by their names.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Name;
use dbmocker_semantics::number_parts::{Change, NumberNames, PartShare};

/// Changes of a level in percent of it, by weight.
const CHANGES: &[(i64, u32)] = &[
    (-40, 2),
    (-25, 5),
    (-15, 8),
    (-10, 12),
    (-5, 12),
    (0, 4),
    (3, 12),
    (5, 14),
    (8, 10),
    (12, 10),
    (20, 7),
    (35, 3),
    (60, 1),
];
/// Words of rates of success.
const SUCCESS: &[&str] =
    &["accuracy", "completion", "success", "conversion", "fill", "occupancy", "load factor", "pass"];
/// Words of numbers that add up to 100 percent with that of the other side.
const SHARED: &[&str] = &["possession", "share", "probability"];
/// Years in which something was renewed, and in which it was made.
const RENEWED: &[&str] = &["renovated", "refurbished", "renovation", "modernised", "modernized"];
const MADE: &[&str] = &["built", "opened", "construction", "founded"];

impl RowLaws<'_> {
    /// Adds the laws of changes, differences, products and rates.
    pub(super) fn relations(&mut self, names: &NumberNames) {
        for change in names.changes() {
            self.change(change);
        }
        for (net, a, b) in names.net() {
            let text = format!("{} - {}", self.name(a), self.name(b));
            self.law(Some(net), self.cell_for(a, net) - self.cell_for(b, net), text);
        }
        for (result, number, price) in names.products().into_iter().chain(names.counts_of_several()) {
            if !self.same_money(price, result) || self.aggregated.contains(&result) {
                continue;
            }
            let text = format!("{} x {}", self.name(number), self.name(price));
            let expr = self.cell_for(number, result).times(self.cell_for(price, result), self.scale(result));
            self.law(Some(result), expr, text);
        }
        for (result, rate, base) in names.rated() {
            self.rate_of(result, rate, base);
        }
        self.complements();
        self.depreciation();
        self.renewals();
        self.weather();
    }

    /// before + change = after.
    fn change(&mut self, Change { before, change, after, counted }: Change) {
        if !self.same_money(before, after) || !self.same_money(change, after) {
            return;
        }
        if self.open(Some(after)).is_none() {
            let text = format!("{} - {}", self.name(after), self.name(before));
            return self.law(Some(change), self.cell_for(after, change) - self.cell_for(before, change), text);
        }
        if self.needs_column(before, after) {
            return;
        }
        // A name may tell the usual changes.
        let signed = self.smallest[change] >= 0.0
            && self.free.get(&change).is_some_and(|(least, _)| *least < 0)
            && !Name::new(self.name(change)).has_any(&["uplift", "increase"]);
        if signed && !counted {
            let expr = self.cell(before).times(Formula::percent_of(CHANGES), self.scale(change));
            let text = format!("a part of {}", self.name(before));
            self.law(Some(change), expr, text);
        }
        let text = format!("{} + {}", self.name(before), self.name(change));
        self.law(Some(after), self.cell_for(before, after) + self.cell_for(change, after), text);
    }

    /// An amount by a rate of its base.
    fn rate_of(&mut self, result: usize, rate: usize, base: usize) {
        let likely = self.smallest[rate] >= 0.0 && self.largest[rate] <= 100.0;
        if !self.same_money(base, result) || self.scale(base) != self.scale(result) || !likely {
            return;
        }
        if self.open(Some(result)).is_none() {
            return;
        }
        if Name::new(self.name(rate)).has_any(&["tax", "vat", "gst"]) {
            self.usual_tax(rate);
        }
        let percent = self.largest[rate] > 1.0;
        let text = format!("{} x {}", self.name(base), self.name(rate));
        let of = self.cell_for(base, result);
        let by = self.cell_for(rate, result);
        self.law(Some(result), of.times(if percent { by.percent() } else { by }, self.scale(result)), text);
    }

    /// The share of a part in percent: `pass_accuracy_pct` of `passes_completed` and `passes_attempted`.
    pub(super) fn rates_of_parts(&mut self, pairs: &[(usize, usize, PartShare)]) {
        for c in 0..self.scales.len() {
            let name = Name::new(self.name(c));
            if self.open(Some(c)).is_none() || !name.has("percent") && !name.ends("rate") || !name.has_any(SUCCESS) {
                continue;
            }
            let skipped =
                |w: &str| ["percent", "rate"].contains(&w) || SUCCESS.iter().any(|s| s.split(' ').any(|s| s == w));
            let of: Vec<&String> = name.words.iter().filter(|w| !skipped(w)).collect();
            let fits = |(part, whole, share): &&(usize, usize, PartShare)| {
                let has = |c: usize| of.iter().all(|w| Name::new(self.name(c)).has(w));
                matches!(share, PartShare::Most | PartShare::Some) && has(*part) && has(*whole)
            };
            let mut found = pairs.iter().filter(fits);
            let Some(&(part, whole, _)) = found.next().filter(|_| found.next().is_none()) else { continue };
            let fraction = self.largest[c] <= 1.0;
            let hundred = Formula::whole(if fraction { 1 } else { 100 });
            let share =
                self.cell_for(part, c).times(hundred, self.scale(part)).over(self.cell_for(whole, c), self.scale(c));
            let share = if self.table.columns[c].nullable { share } else { share.or(Formula::whole(0)) };
            let text = format!("{} / {}", self.name(part), self.name(whole));
            self.law(Some(c), share, text);
        }
    }

    /// Percentages of the two sides, which make 100.
    fn complements(&mut self) {
        let side = |side: &str| {
            (0..self.scales.len()).find(|&c| {
                let name = Name::new(self.name(c));
                self.scales[c].is_some() && name.has(side) && name.has("percent") && name.has_any(SHARED)
            })
        };
        let (Some(home), Some(away)) = (side("home"), side("away")) else { return };
        let expr = Formula::Normal { mean: 50, deviation: 9, lo: 22, hi: 78, scale: 0 };
        self.law(Some(home), expr, "around one half");
        let text = format!("100 - {}", self.name(home));
        self.law(Some(away), Formula::whole(100) - self.cell_for(home, away), text);
    }

    /// What is used loses value.
    fn depreciation(&mut self) {
        let things = ["vehicle", "car", "truck", "machine", "equipment", "device", "asset", "bike", "boat"];
        if !Name::new(&self.table.name.name).has_any(&things) {
            return;
        }
        let find = |names: &[&str]| {
            (0..self.scales.len()).find(|&c| self.scales[c].is_some() && Name::new(self.name(c)).ends_any(names))
        };
        let (value, price) = (find(&["market value", "current value"]), find(&["purchase price", "acquisition cost"]));
        if let Some((value, price)) = value.zip(price) {
            let share = Formula::Between { lo: 30, hi: 95, scale: 2 };
            // Without a price, any value.
            let expr = Formula::Nullable(price).times(share, self.scale(value)).or(Formula::Own);
            self.law(Some(value), expr, format!("below {}", self.name(price)));
        }
    }

    /// The year of a renewal is not before that in which something was made.
    fn renewals(&mut self) {
        let year = |words: &[&str]| {
            (0..self.scales.len()).find(|&c| {
                let name = Name::new(self.name(c));
                self.scales[c] == Some(0) && name.has("year") && name.has_any(words)
            })
        };
        let (Some(made), Some(renewed)) = (year(MADE), year(RENEWED)) else { return };
        let last = Formula::whole(self.largest[renewed] as i64);
        let share = Formula::Between { lo: 20, hi: 100, scale: 2 };
        let made_in = Formula::Nullable(made).or(Formula::Own);
        let expr = made_in.clone() + (last - made_in).most(Formula::whole(0)).times(share, 0);
        self.law(Some(renewed), expr, format!("not before {}", self.name(made)));
    }

    /// A dew point is below the temperature, a gust above the wind.
    fn weather(&mut self) {
        let find = |words: &[&str], not: &[&str]| {
            (0..self.scales.len()).find(|&c| {
                let name = Name::new(self.name(c));
                self.scales[c].is_some() && name.has_any(words) && !name.has_any(not)
            })
        };
        let dew = find(&["dew point", "dewpoint", "dewpt"], &[]);
        let warm = find(&["temp", "temperature"], &["dew", "dewpoint", "min", "max", "feels"]);
        let gust = find(&["gust"], &["at", "time"]);
        let wind = find(&["wind"], &["gust", "dir", "direction", "degree", "deg", "chill"]);
        if let (Some(dew), Some(warm)) = (dew, warm) {
            let less = Formula::Between { lo: 0, hi: 140, scale: 1 };
            self.law(Some(dew), self.cell_for(warm, dew) - less, format!("at most {}", self.name(warm)));
        }
        if let (Some(gust), Some(wind)) = (gust, wind) {
            let more = Formula::Between { lo: 120, hi: 170, scale: 2 };
            let expr = self.cell_for(wind, gust).times(more, self.scale(gust))
                + Formula::Number { n: 1, scale: self.scale(gust) };
            self.law(Some(gust), expr, format!("above {}", self.name(wind)));
        }
    }

    /// Returns true if the law of a column reads another one.
    fn needs_column(&self, c: usize, of: usize) -> bool {
        self.laws.get(&c).is_some_and(|plan| match &plan.law {
            dbmocker_plan::Law::Number { expr, .. } => expr.columns().contains(&of),
            _ => false,
        })
    }
}
