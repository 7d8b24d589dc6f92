//! Arithmetic within a row: order lines, totals, balances, stock, measures.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Amount::*;
use dbmocker_semantics::{Name, in_cents};

/// Common tax rates in percent, by weight.
const TAXES: &[(i64, u32)] = &[(0, 6), (5, 8), (7, 12), (8, 10), (10, 10), (19, 24), (20, 22), (21, 8)];
/// Common discounts in percent, by weight.
const DISCOUNTS: &[(i64, u32)] = &[(0, 70), (5, 10), (10, 12), (15, 4), (20, 3), (25, 1)];
/// Common shipping costs in hundredths, by weight.
const SHIPPING: &[(i64, u32)] = &[(0, 30), (390, 10), (499, 25), (595, 15), (799, 10), (999, 8), (1490, 2)];

impl RowLaws<'_> {
    /// Adds every identity that the table's columns allow.
    pub fn arithmetic(&mut self) {
        self.prices();
        self.payroll();
        self.commission();
        self.progress();
        self.line();
        self.document();
        self.shares_of_sales();
        self.balances();
        self.stock_levels();
        self.measures();
        self.number_parts();
    }

    pub(super) fn cell(&self, c: usize) -> Formula {
        Formula::Cell(c)
    }

    /// cost < price < list price.
    fn prices(&mut self) {
        let Some(price) = self.one(Price) else { return };
        let of = self.name(price).to_owned();
        let scale = self.scale(price);
        for (part, lo, hi) in [(Cost, 35, 75), (ListPrice, 108, 160)] {
            if let Some(c) = self.open(self.one(part)).filter(|&c| self.same_money(price, c)) {
                let expr = Formula::Cell(price).times(Formula::Between { lo, hi, scale: 2 }, scale);
                self.law(Some(c), expr, format!("{lo} to {hi} % of {of}"));
            }
        }
    }

    /// Returns true if both columns are in hundredths, or neither.
    pub(super) fn same_money(&self, a: usize, b: usize) -> bool {
        in_cents(self.name(a)) == in_cents(self.name(b))
    }

    /// Returns `first + plus - minus`, and its text.
    pub(super) fn sum(&self, first: usize, plus: &[usize], minus: &[usize]) -> (Formula, String) {
        let mut expr = self.cell(first);
        let mut text = self.name(first).to_owned();
        for &c in plus {
            expr = expr + self.cell(c);
            text += &format!(" + {}", self.name(c));
        }
        for &c in minus {
            expr = expr - self.cell(c);
            text += &format!(" - {}", self.name(c));
        }
        (expr, text)
    }

    /// Returns the quantity to which a price applies, and its text.
    pub(super) fn quantity(&self) -> Option<(Formula, String)> {
        let c = self.first(&[Quantity, Nights, Hours, Days, OnHand])?;
        Some((self.cell(c), self.name(c).to_owned()))
    }

    /// Returns a price of one of something, and the number of these: `rate_per_credit` and `credits_billed`.
    fn price_per(&self) -> Option<(usize, usize)> {
        let name = |c: usize| Name::new(self.name(c)).words;
        let number = |c: &usize| self.scales[*c].is_some();
        let per = |c: usize| {
            let words = name(c);
            let at = words.iter().position(|w| w == "per")?;
            let price = ["rate", "price", "cost", "fee", "charge", "amount", "pay", "wage", "salary"];
            words[..at].iter().any(|w| price.contains(&w.as_str())).then(|| words.get(at + 1).cloned())?
        };
        (0..self.scales.len()).filter(number).find_map(|price| {
            let unit = per(price)?;
            let counts = |c: &usize| *c != price && !name(*c).contains(&"per".to_owned()) && counted(&name(*c), &unit);
            Some((price, (0..self.scales.len()).filter(number).find(counts)?))
        })
    }

    /// Returns whether a column is a share of an amount (`Some`, true for percent); `None` if it is an amount.
    pub(super) fn share(&self, c: usize) -> Option<bool> {
        let name = self.name(c).to_lowercase();
        if Name::new(&name).has_any(&["amount", "total", "cent"]) {
            return None;
        }
        let percent = self.reach(c) > 1.0;
        if ["rate", "percent", "pct"].iter().any(|w| name.contains(w)) {
            return Some(percent);
        }
        let money = self.first(&[UnitPrice, Price, Line, Total, Subtotal]).is_some_and(|p| self.scale(p) > 0);
        match self.whole_digits(c) {
            Some(..=1) => Some(false),
            Some(2..=3) => Some(percent),
            // An integer column next to money in cents.
            None if money && self.scale(c) == 0 => Some(true),
            _ => None,
        }
    }

    /// Returns the share `rate` of `base` as an amount of scale `scale`.
    pub(super) fn rated(&self, base: Formula, rate: usize, percent: bool, scale: u8) -> Formula {
        let rate = self.cell(rate);
        base.times(if percent { rate.percent() } else { rate }, scale)
    }

    /// Draws the rate of a tax or discount from the common ones.
    fn usual(&mut self, rate: Option<usize>, values: &[(i64, u32)]) {
        let Some(c) = self.open(rate) else { return };
        let scale = if self.reach(c) > 1.0 { 0 } else { 2 };
        let expr = Formula::OneOf { values: values.to_vec(), scale };
        self.law(Some(c), expr, "a usual rate");
    }

    /// quantity x unit price - discount + tax.
    fn line(&mut self) {
        let per = self.price_per();
        let result = self.first(&[Line, Total, Gross, Subtotal]).or(self.one(Net).filter(|_| per.is_none()));
        let price = per.map(|(price, _)| price).or(self.one(UnitPrice)).or(self.one(Price));
        let number = per.map(|(_, c)| (self.cell(c), self.name(c).to_owned())).or_else(|| self.quantity());
        let (Some(result), Some(price), Some((quantity, of))) = (result, price, number) else { return };
        if !self.same_money(price, result) {
            return;
        }
        let scale = self.scale(result);
        let pieces = quantity.times(self.cell(price), scale);
        let text = format!("{of} x {}", self.name(price));
        // With a subtotal and a total, the line result is the subtotal of a bill.
        match self.one(Subtotal).filter(|s| *s != result) {
            Some(subtotal) => self.law(Some(subtotal), pieces, text),
            None if self.due_bill(result).is_some() => self.law(Some(result), pieces, text),
            None => self.reduced(result, pieces, text),
        }
    }

    /// Returns the column of the amount due, if it is the sum of an amount and charges: without a total or subtotal.
    pub(super) fn due_bill(&self, amount: usize) -> Option<usize> {
        let total = self.first(&[Subtotal, Total, Gross, Net]).is_some();
        let charged = !self.all(Charge).is_empty() || !self.all(Tax).is_empty();
        self.one(Due).filter(|&due| !total && charged && self.is_total(due) && due != amount)
    }

    /// `result` = `base` - discount + taxes and charges.
    fn reduced(&mut self, result: usize, base: Formula, text: String) {
        let scale = self.scale(result);
        let (mut expr, mut text) = (base.clone(), text);
        for c in [self.all(Discount), self.all(DiscountRate)].concat() {
            match self.share(c) {
                Some(percent) => {
                    self.usual(Some(c), DISCOUNTS);
                    if self.all(Discount).iter().all(|&d| self.share(d).is_some()) {
                        expr = expr - self.rated(base.clone(), c, percent, scale);
                        text += &format!(" - {} of it", self.name(c));
                    }
                }
                None => {
                    let rate = self.one(DiscountRate).and_then(|r| Some((r, self.share(r)?)));
                    let amount = match rate {
                        Some((rate, percent)) => self.rated(base.clone(), rate, percent, scale),
                        None => base.clone().times(Formula::percent_of(DISCOUNTS), scale),
                    };
                    self.law(Some(c), amount, "a usual discount");
                    expr = expr - self.cell(c);
                    text += &format!(" - {}", self.name(c));
                }
            }
        }
        let (plus, more) = self.taxed(base, &expr, scale);
        self.law(Some(result), plus.map_or(expr.clone(), |p| expr + p), text + &more);
    }

    /// Returns the taxes and charges on a base, and their text.
    fn taxed(&mut self, base: Formula, reduced: &Formula, scale: u8) -> (Option<Formula>, String) {
        let mut text = String::new();
        let mut sum: Option<Formula> = None;
        let mut add = |row: &Self, c: usize| {
            text += &format!(" + {}", row.name(c));
            sum = Some(match sum.take() {
                Some(s) => s + Formula::Cell(c),
                None => Formula::Cell(c),
            });
        };
        let rate = self.one(TaxRate);
        self.usual(rate, TAXES);
        for c in self.all(Tax) {
            self.tax(c, &base, reduced, scale);
            add(self, c);
        }
        for c in self.all(Charge) {
            let values = if in_cents(self.name(c)) { (SHIPPING.to_vec(), 0) } else { (SHIPPING.to_vec(), 2) };
            self.law(Some(c), Formula::OneOf { values: values.0, scale: values.1 }, "a usual charge");
            add(self, c);
        }
        (sum, text)
    }

    /// A tax on an amount, by the rate in the row.
    pub(super) fn tax_on(&mut self, base: usize, tax: usize) {
        self.usual(self.one(TaxRate), TAXES);
        let of = self.cell(base);
        self.tax(tax, &of, &of, self.scale(tax));
    }

    /// Draws a rate of taxes from the common ones.
    pub(super) fn usual_tax(&mut self, rate: usize) {
        self.usual(Some(rate), TAXES);
    }

    fn tax(&mut self, c: usize, base: &Formula, reduced: &Formula, scale: u8) {
        let rate = self.one(TaxRate);
        let amount = match rate.and_then(|r| Some((r, self.share(r)?))) {
            Some((r, percent)) => self.rated(base.clone(), r, percent, scale),
            None => reduced.clone().times(Formula::percent_of(TAXES), scale),
        };
        self.law(Some(c), amount, rate.map_or("a usual tax".into(), |r| format!("{} of it", self.name(r))));
    }

    /// total = subtotal + tax + shipping - discount; gross = net + tax.
    fn document(&mut self) {
        let base = self.one(Subtotal).or(self.one(Net));
        let total = self.one(Total).or(self.one(Gross)).or(self.one(Line));
        if let Some((amount, due)) = self.one(Line).and_then(|line| Some((line, self.due_bill(line)?))) {
            return self.reduced(due, self.cell(amount), self.name(amount).to_owned());
        }
        self.charges_alone();
        // Without anything between them, a net and a gross amount are sums of other rows.
        let between = [Tax, TaxRate, Charge, Discount, DiscountRate].into_iter().any(|part| self.one(part).is_some());
        match (base, total) {
            (Some(base), Some(total))
                if base != total && self.same_money(base, total) && (between || self.one(Subtotal) == Some(base)) =>
            {
                self.reduced(total, self.cell(base), self.name(base).to_owned());
            }
            // A tax included in the total.
            (None, Some(total)) if self.one(Tax).is_some() && !self.laws.contains_key(&total) => {
                let rates: Vec<(i64, u32)> =
                    TAXES.iter().map(|(rate, weight)| (rate * 10_000 / (100 + rate), *weight)).collect();
                let share = Formula::OneOf { values: rates, scale: 4 };
                let tax = self.one(Tax);
                self.law(
                    tax,
                    self.cell(total).times(share, self.scale(total)),
                    format!("part of {}", self.name(total)),
                );
            }
            _ => {}
        }
        // A payment after its fee.
        if let (Some(amount), Some(net), Some(fee)) =
            (self.first(&[Line, Total, Gross]), self.one(Net), self.one(Charge))
        {
            let rate = Formula::Number { n: 29, scale: 3 };
            self.law(
                Some(fee),
                self.cell(amount).times(rate, self.scale(fee)),
                format!("2.9 % of {}", self.name(amount)),
            );
            let (expr, text) = self.sum(amount, &[], &[fee]);
            self.law(Some(net), expr, text);
        }
    }

    /// A total of charges alone: freight + insurance.
    fn charges_alone(&mut self) {
        let charges = self.all(Charge);
        let others = [Subtotal, Net, Gross, Line, Quantity, UnitPrice, Price, Tax];
        let Some(total) = self.one(Total).filter(|_| charges.len() > 1 && self.first(&others).is_none()) else {
            return;
        };
        if charges.iter().all(|&c| self.same_money(total, c)) {
            let (expr, text) = self.sum(charges[0], &charges[1..], &[]);
            self.law(Some(total), expr, text);
        }
    }

    /// What a marketplace keeps of a sale, and what the seller earns.
    fn shares_of_sales(&mut self) {
        let Some(base) = self.first(&[Subtotal, Total, Gross, Line]) else { return };
        let Some(fee) = self.one(Commission).filter(|&fee| self.same_money(base, fee)) else { return };
        let rate = Formula::percent_of(&[(10, 5), (12, 2), (8, 2), (15, 1)]);
        let text = format!("a usual share of {}", self.name(base));
        self.law(Some(fee), self.cell(base).times(rate, self.scale(fee)), text);
        if let Some(earned) = self.one(Earning).filter(|&c| self.same_money(base, c)) {
            let (expr, text) = self.sum(base, &[], &[fee]);
            self.law(Some(earned), expr, text);
        }
    }
}

/// Returns true if the words of a name contain the unit, in the singular or the plural.
fn counted(words: &[String], unit: &str) -> bool {
    words.iter().any(|w| w.trim_end_matches('s') == unit.trim_end_matches('s'))
}
