//! Distributions typical of human choices: one or two pieces, prices just below a round number, percentages up to 100.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Amount::{Line, Price, Quantity, Total, UnitPrice};
use dbmocker_semantics::{Name, in_cents};

/// Number of pieces bought at once, by weight.
const PIECES: &[(i64, u32)] =
    &[(1, 46), (2, 23), (3, 11), (4, 6), (5, 4), (6, 3), (8, 2), (10, 2), (7, 1), (12, 1), (15, 1)];
/// Difference of a price to the next whole number, in hundredths, by weight.
const BELOW: &[(i64, u32)] = &[(1, 40), (0, 14), (5, 12), (10, 9), (50, 9), (51, 5), (25, 3), (20, 4), (21, 4)];
/// Common discounts in percent, by weight.
const PERCENTS: &[(i64, u32)] = &[(5, 12), (10, 30), (15, 18), (20, 18), (25, 9), (30, 6), (40, 2), (50, 5)];

/// Words of tables whose rows are purchased pieces.
const LINES: &[&str] = &["item", "line", "detail", "position", "cart", "basket", "sale"];
/// Words of market prices, which are not rounded.
const MARKET: &[&str] = &[
    "open", "close", "high", "low", "bid", "ask", "strike", "spot", "market", "average", "trade", "share", "entry",
    "exit",
];
/// Words of temporarily reduced prices.
const LOWERED: &[&str] = &["sale", "discounted", "promo", "special", "offer", "reduced"];
/// Words that mark a number as a percentage.
const PERCENT: &[&str] = &["percent", "percentage", "pct", "percent_off", "percentage_off", "rate", "relative", "%"];
/// Names of columns that hold the kind of a number in the same row.
const SAYS: &[&str] = &["type", "kind", "mode", "unit", "method", "value type", "discount type", "amount type"];

impl RowLaws<'_> {
    /// Assigns typical distributions to numbers that no other law determines.
    pub fn typical_numbers(&mut self) {
        self.pieces();
        self.endings();
        self.percents();
    }

    /// Most order lines are for one or two pieces.
    fn pieces(&mut self) {
        let Some(quantity) = self.one(Quantity).filter(|&c| Name::new(self.name(c)).words.len() == 1) else { return };
        let priced = [UnitPrice, Price, Line, Total].iter().any(|&a| self.one(a).is_some());
        if priced || Name::new(&self.table.name.name).ends_any(LINES) {
            self.law(Some(quantity), Formula::OneOf { values: PIECES.to_vec(), scale: 0 }, "a usual number of pieces");
        }
    }

    /// Prices end in 99, 95, 90 or 50; a reduced price is below the regular one.
    fn endings(&mut self) {
        let lowered = |row: &Self, c: usize| Name::new(row.name(c)).has_any(LOWERED);
        let all = [self.all(Price), self.all(UnitPrice)].concat();
        let Some(usual) = all.iter().copied().find(|&c| !lowered(self, c)) else { return };
        self.ending(usual, Formula::Own);
        for c in all {
            if lowered(self, c) && in_cents(self.name(c)) == in_cents(self.name(usual)) {
                let share = Formula::Between { lo: 55, hi: 90, scale: 2 };
                self.ending(c, Formula::Cell(usual).times(share, self.scale(c)));
            }
        }
    }

    /// Rounds a price to a typical ending near a given number.
    fn ending(&mut self, price: usize, near: Formula) {
        let name = Name::new(self.name(price));
        let (cents, scale) = (in_cents(self.name(price)), self.scale(price));
        if !name.has("price") || name.has_any(MARKET) || scale != if cents { 0 } else { 2 } {
            return;
        }
        let near = if cents { near.percent() } else { near };
        let whole = near.times(Formula::whole(1), 0).most(Formula::whole(1));
        let whole = if cents { whole.times(Formula::whole(100), 0) } else { whole };
        self.law(Some(price), whole - Formula::OneOf { values: BELOW.to_vec(), scale }, "a usual ending");
    }

    /// A number whose kind column marks it as a percentage or an amount.
    fn percents(&mut self) {
        let says = |c: &usize| Name::new(self.name(*c)).ends_any(SAYS);
        let of = |list: &[String]| -> Vec<String> {
            list.iter().filter(|t| PERCENT.contains(&t.trim().to_lowercase().as_str())).cloned().collect()
        };
        let lists = self.lists.iter().filter(|(c, _)| says(c)).map(|(c, list)| (*c, of(list), list.len()));
        let found = lists.into_iter().find(|(_, percent, all)| !percent.is_empty() && percent.len() < *all);
        let Some((column, percent, _)) = found else { return };
        let number = |c: &usize| {
            let name = Name::new(self.name(*c));
            self.scales[*c].is_some()
                && name.words.len() <= 2
                && name.ends_any(&["value", "discount", "amount", "reduction"])
                && !name.has_any(&["min", "minimum", "max", "maximum", "order", "total"])
        };
        let Some(value) = (0..self.table.columns.len()).find(number) else { return };
        let usual = Formula::OneOf { values: PERCENTS.to_vec(), scale: 0 };
        let expr = Formula::ByText { column, cases: vec![(percent, usual)], otherwise: Box::new(Formula::Own) };
        let text = format!("in percent where {} says so", self.name(column));
        self.law(Some(value), expr, text);
    }
}
