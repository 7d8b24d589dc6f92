//! Arithmetic within a row: order lines, totals, balances, stock, measures.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Amount;
use dbmocker_semantics::Amount::*;
use dbmocker_semantics::{Name, in_cents};

/// Common tax rates in percent, by weight.
const TAXES: &[(i64, u32)] = &[(0, 6), (5, 8), (7, 12), (8, 10), (10, 10), (19, 24), (20, 22), (21, 8)];
/// Common discounts in percent, by weight.
const DISCOUNTS: &[(i64, u32)] = &[(0, 70), (5, 10), (10, 12), (15, 4), (20, 3), (25, 1)];
/// Common shipping costs in hundredths, by weight.
const SHIPPING: &[(i64, u32)] = &[(0, 30), (390, 10), (499, 25), (595, 15), (799, 10), (999, 8), (1490, 2)];
/// Paid share of a bill in percent, by weight, if no status determines it.
const PAID: &[(i64, u32)] = &[(100, 75), (0, 17), (50, 5), (30, 3)];

/// Statuses of claims of which nothing has been approved.
const UNDECIDED: &[&str] = &[
    "draft",
    "new",
    "open",
    "reported",
    "submitted",
    "received",
    "requested",
    "pending",
    "under_review",
    "in_review",
    "investigating",
    "assigned",
    "rejected",
    "denied",
    "declined",
    "refused",
    "withdrawn",
    "cancelled",
    "canceled",
    "abgelehnt",
    "eingereicht",
    "offen",
];

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

    fn cell(&self, c: usize) -> Formula {
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
    fn same_money(&self, a: usize, b: usize) -> bool {
        in_cents(self.name(a)) == in_cents(self.name(b))
    }

    /// gross - deductions = net.
    fn payroll(&mut self) {
        let (Some(gross), Some(net)) = (self.one(Gross), self.one(Net)) else { return };
        let words = ["pay", "salary", "wage"];
        let wages = [gross, net].iter().any(|&c| words.iter().any(|w| self.name(c).to_lowercase().contains(w)));
        let (totals, off): (Vec<usize>, Vec<usize>) =
            [self.all(Tax), self.all(Deduction)].concat().into_iter().partition(|&c| self.is_total(c));
        let (total, off) = if off.is_empty() { (None, totals) } else { (totals.first().copied(), off) };
        if off.is_empty() || !(wages || self.one(Deduction).is_some()) {
            return;
        }
        self.earnings(gross);
        for &c in &off {
            let rate = Formula::Between { lo: 400, hi: 1800 / off.len().min(3) as i64, scale: 4 };
            self.law(Some(c), self.cell(gross).times(rate, self.scale(c)), format!("a share of {}", self.name(gross)));
        }
        if let Some(total) = total {
            let (expr, text) = self.sum(off[0], &off[1..], &[]);
            self.law(Some(total), expr, text);
        }
        let off = total.map_or(off, |total| vec![total]);
        let (expr, text) = self.sum(gross, &[], &off);
        self.law(Some(net), expr, text);
    }

    /// Returns true if the column is a total, by its name.
    fn is_total(&self, c: usize) -> bool {
        Name::new(self.name(c)).has("total")
    }

    /// base pay + overtime and bonuses = gross.
    fn earnings(&mut self, gross: usize) {
        let Some(base) = self.open(self.one(Base)) else { return };
        let extra: Vec<usize> = self.all(Bonus).into_iter().filter(|&c| !self.is_total(c)).collect();
        for &c in &extra {
            let share = Formula::percent_of(&[(0, 60), (3, 12), (6, 12), (10, 10), (15, 6)]);
            let text = format!("a small part of {}", self.name(gross));
            self.law(Some(c), self.cell(gross).times(share, self.scale(c)), text);
        }
        let (expr, text) = self.sum(gross, &[], &extra);
        self.law(Some(base), expr, text);
    }

    /// A commission is a share of an amount, by the rate in the row.
    fn commission(&mut self) {
        let words = ["commission", "fee", "royalty", "cut", "interest", "provision", "levy", "tip"];
        if !Name::new(&self.table.name.name).ends_any(&words) {
            return;
        }
        let rate = (0..self.scales.len()).find(|&c| {
            self.scales[c].is_some() && Name::new(self.name(c)).ends_any(&["rate", "percent", "percentage", "pct"])
        });
        let Some((rate, percent)) = rate.and_then(|rate| Some((rate, self.share(rate)?))) else { return };
        let Some(amount) = self.open(self.first(&[Line, Commission, Total])) else { return };
        let money = |c: &usize| {
            let name = Name::new(self.name(*c));
            let valued = ["premium", "price", "amount", "sale", "revenue", "subtotal", "base", "principal", "value"];
            *c != amount && *c != rate && self.scales[*c] == self.scales[amount] && name.has_any(&valued)
        };
        let Some(base) = (0..self.scales.len()).find(money).filter(|&base| self.same_money(base, amount)) else {
            return;
        };
        let text = format!("{} x {}", self.name(base), self.name(rate));
        let expr = self.part(self.cell(base), rate, percent, self.scale(amount));
        self.law(Some(amount), expr, text);
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
    fn quantity(&self) -> Option<(Formula, String)> {
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
    fn share(&self, c: usize) -> Option<bool> {
        let name = self.name(c).to_lowercase();
        if ["amount", "total", "cent"].iter().any(|w| name.contains(w)) {
            return None;
        }
        let percent = self.largest[c] > 1.0;
        if ["rate", "percent", "pct"].iter().any(|w| name.contains(w)) {
            return Some(percent);
        }
        let money = self.first(&[UnitPrice, Price, Line, Total, Subtotal]).is_some_and(|p| self.scale(p) > 0);
        match self.whole_digits(c) {
            Some(..=1) => Some(false),
            Some(2..=3) => Some(true),
            // An integer column next to money in cents.
            None if money && self.scale(c) == 0 => Some(true),
            _ => None,
        }
    }

    /// Returns the share `rate` of `base` as an amount of scale `scale`.
    fn part(&self, base: Formula, rate: usize, percent: bool, scale: u8) -> Formula {
        let rate = self.cell(rate);
        base.times(if percent { rate.percent() } else { rate }, scale)
    }

    /// Draws the rate of a tax or discount from the common ones.
    fn usual(&mut self, rate: Option<usize>, values: &[(i64, u32)]) {
        let Some(c) = self.open(rate) else { return };
        let scale = if self.largest[c] > 1.0 { 0 } else { 2 };
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
    fn due_bill(&self, amount: usize) -> Option<usize> {
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
                        expr = expr - self.part(base.clone(), c, percent, scale);
                        text += &format!(" - {} of it", self.name(c));
                    }
                }
                None => {
                    let rate = self.one(DiscountRate).and_then(|r| Some((r, self.share(r)?)));
                    let amount = match rate {
                        Some((rate, percent)) => self.part(base.clone(), rate, percent, scale),
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
            let amount = match rate.and_then(|r| Some((r, self.share(r)?))) {
                Some((r, percent)) => self.part(base.clone(), r, percent, scale),
                None => reduced.clone().times(Formula::percent_of(TAXES), scale),
            };
            self.law(Some(c), amount, rate.map_or("a usual tax".into(), |r| format!("{} of it", self.name(r))));
            add(self, c);
        }
        for c in self.all(Charge) {
            let values = if in_cents(self.name(c)) { (SHIPPING.to_vec(), 0) } else { (SHIPPING.to_vec(), 2) };
            self.law(Some(c), Formula::OneOf { values: values.0, scale: values.1 }, "a usual charge");
            add(self, c);
        }
        (sum, text)
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

    /// Paid and due amounts; balances before and after.
    fn balances(&mut self) {
        let bill = self.first(&[Total, Gross, Line, Subtotal]);
        let bill = bill.and_then(|bill| self.due_bill(bill)).or(bill);
        if let (Some(claimed), Some(approved)) = (bill, self.one(Approved)) {
            let otherwise = Formula::percent_of(&[(100, 60), (80, 20), (50, 12), (25, 8)]);
            let share = self.by_status(&[(UNDECIDED, Formula::whole(0))], otherwise);
            let text = format!("all or a part of {}", self.name(claimed));
            self.law(Some(approved), self.cell(claimed).times(share, self.scale(approved)), text);
        }
        let bill = self.one(Approved).filter(|&c| self.laws.contains_key(&c)).or(bill);
        if let Some(bill) = bill {
            let scale = self.scale(bill);
            let (paid, reduced) = (self.all(Paid), self.written_off(bill));
            if let Some((&last, first)) = paid.split_last() {
                // Several parties pay parts: the last one what the others leave.
                for &c in first {
                    let share = self.paid_share().times(Formula::percent_of(&[(80, 5), (70, 3), (60, 2)]), 4);
                    let text = format!("a part of {}", self.name(bill));
                    self.law(Some(c), self.cell(bill).times(share, scale), text);
                }
                let rest: Vec<usize> = [first, &reduced].concat();
                let (base, text) = self.sum(bill, &[], &rest);
                self.law(Some(last), base.times(self.paid_share(), scale), format!("what is paid of {text}"));
            }
            if let Some(c) = self.open(self.one(Refunded)) {
                let share = Formula::percent_of(&[(0, 90), (100, 7), (50, 3)]);
                let of = self.one(Paid).unwrap_or(bill);
                self.law(
                    Some(c),
                    self.cell(of).times(share, scale),
                    format!("what is given back of {}", self.name(of)),
                );
            }
            let due = self.one(Due).or(self.one(Balance)).filter(|&due| due != bill);
            if let (Some(due), false) = (due, paid.is_empty()) {
                let (expr, text) = self.sum(bill, &[], &[reduced, paid].concat());
                self.law(Some(due), expr, text);
            }
        }
        if let (Some(before), Some(after)) = (self.one(Before), self.one(After)) {
            let change = self.first(&[Change, Line, Quantity]);
            let both = self.one(Credit).zip(self.one(Debit));
            let parts = match (change, both) {
                (_, Some((credit, debit))) => Some((vec![credit], vec![debit])),
                (Some(change), None) => Some((vec![change], vec![])),
                (None, None) => None,
            };
            if let Some((plus, minus)) = parts {
                let (expr, text) = self.sum(before, &plus, &minus);
                self.law(Some(after), expr, text);
            }
        }
        if let (Some(previous), Some(current), Some(used)) =
            (self.one(Previous), self.one(Current), self.one(Consumption))
        {
            let (expr, text) = self.sum(previous, &[used], &[]);
            self.law(Some(current), expr, text);
        }
    }

    /// Returns the columns by which a bill is reduced after the fact, with small parts of it.
    fn written_off(&mut self, bill: usize) -> Vec<usize> {
        let reduces = |c: &usize| {
            let name = self.name(*c).to_lowercase();
            let words = ["adjustment", "writeoff", "write_off", "written_off", "waived"];
            words.iter().any(|word| name.contains(word)) && self.same_money(bill, *c)
        };
        let paid = !self.all(Paid).is_empty() && self.one(Before).is_none() && self.one(After).is_none();
        let found: Vec<usize> =
            (0..self.scales.len()).filter(|c| self.open(Some(*c)).is_some()).filter(reduces).collect();
        let found = if paid { found } else { Vec::new() };
        for &c in &found {
            let share = Formula::percent_of(&[(0, 80), (5, 12), (10, 8)]);
            let text = format!("a small part of {}", self.name(bill));
            self.law(Some(c), self.cell(bill).times(share, self.scale(c)), text);
        }
        found.into_iter().filter(|c| self.laws.contains_key(c)).collect()
    }

    /// Returns the column with the status of the row.
    pub(super) fn status(&self) -> Option<usize> {
        self.table.columns.iter().position(|c| {
            let name = c.name.to_lowercase();
            name == "status" || name == "state" || name.ends_with("payment_status")
        })
    }

    /// Returns a share that the status of the row selects, if it has one.
    pub(super) fn by_status(&self, cases: &[(&[&str], Formula)], otherwise: Formula) -> Formula {
        let Some(column) = self.status() else { return otherwise };
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<String>>();
        let cases = cases.iter().map(|(list, share)| (texts(list), share.clone())).collect();
        Formula::ByText { column, cases, otherwise: Box::new(otherwise) }
    }

    /// Returns the paid share of a bill, by its status if it has one.
    fn paid_share(&self) -> Formula {
        let all = ["paid", "settled", "closed", "completed", "complete", "fulfilled", "cleared", "bezahlt", "pagado"];
        let none = [
            "draft",
            "open",
            "pending",
            "unpaid",
            "overdue",
            "void",
            "voided",
            "cancelled",
            "canceled",
            "failed",
            "sent",
            "issued",
            "uncollectible",
            "written_off",
            "new",
            "past_due",
            "reported",
            "denied",
            "entwurf",
            "offen",
            "gemahnt",
            "storniert",
            "pendiente",
        ];
        let some = ["partial", "partially_paid", "partly_paid", "partially paid"];
        let part = Formula::percent_of(&[(30, 1), (50, 2), (75, 1)]);
        let cases = [(&all[..], Formula::whole(1)), (&none[..], Formula::whole(0)), (&some[..], part)];
        self.by_status(&cases, Formula::percent_of(PAID))
    }

    /// Stock and capacity: remaining and used numbers.
    fn stock_levels(&mut self) {
        let pairs = [(OnHand, Reserved, 30), (Capacity, Used, 100)];
        for (whole, part, most) in pairs {
            let (Some(whole), left) = (self.one(whole), self.one(Available)) else { continue };
            let some = Formula::Between { lo: 0, hi: most, scale: 2 };
            match self.one(part) {
                Some(part) => {
                    self.law(Some(part), self.cell(whole).times(some, 3), format!("part of {}", self.name(whole)));
                    if let Some(left) = left {
                        let (expr, text) = self.sum(whole, &[], &[part]);
                        self.law(Some(left), expr, text);
                    }
                }
                None if left != Some(whole) => {
                    self.law(left, self.cell(whole).times(some, 3), format!("part of {}", self.name(whole)));
                }
                None => {}
            }
        }
        if let (Some(limit), Some(used)) = (self.one(UsageLimit), self.one(UsageCount)) {
            let some = Formula::Between { lo: 0, hi: 100, scale: 2 };
            self.law(Some(used), self.cell(limit).times(some, 3), format!("part of {}", self.name(limit)));
        }
        if let (Some(up), Some(down), Some(score)) = (self.one(Up), self.one(Down), self.one(Obtained)) {
            let (expr, text) = self.sum(up, &[], &[down]);
            self.law(Some(score), expr, text);
        }
        if let (Some(played), Some(won), Some(lost)) = (self.one(Played), self.one(Wins), self.one(Losses)) {
            let others = [vec![lost], self.all(Draws)].concat();
            let (expr, text) = self.sum(won, &others, &[]);
            self.law(Some(played), expr, text);
        }
    }

    /// Percentages, areas, body measures.
    fn measures(&mut self) {
        if let (Some(of), Some(most)) = (self.one(Obtained), self.one(Maximum)) {
            let share = Formula::Normal { mean: 72, deviation: 14, lo: 10, hi: 100, scale: 2 };
            self.law(Some(of), self.cell(most).times(share, self.scale(of)), format!("part of {}", self.name(most)));
            self.percent(Percent, of, self.cell(most), self.name(most).to_owned());
        }
        if let (Some(won), Some(lost)) = (self.one(Wins), self.one(Losses)) {
            let (sum, text) = self.sum(won, &[lost], &[]);
            self.percent(WinRate, won, sum, format!("({text})"));
        }
        if let (Some(width), Some(length), Some(area)) = (self.one(Width), self.one(Length), self.one(Area)) {
            let text = format!("{} x {}", self.name(width), self.name(length));
            self.law(Some(area), self.cell(width).times(self.cell(length), self.scale(area)), text);
        }
        self.volume();
        self.exchanged();
        self.weighted();
        self.body();
    }

    /// width x length x height, in the unit of the volume.
    fn volume(&mut self) {
        let volumes = (0..self.scales.len()).filter(|&c| {
            self.scales[c].is_some() && Name::new(self.name(c)).words.first().is_some_and(|w| w == "volume")
        });
        let volume = self.one(Volume).or_else(|| volumes.into_iter().next());
        let (Some(width), Some(length), Some(height), Some(volume)) =
            (self.one(Width), self.one(Length), self.one(Height), volume)
        else {
            return;
        };
        let ends = |c: usize, units: &[&str]| {
            let name = self.name(c).to_lowercase();
            units.iter().any(|unit| name.ends_with(&format!("_{unit}")))
        };
        let in_cm = [width, length, height].iter().all(|&c| ends(c, &["cm"]));
        let divisor = match (ends(volume, &["m3", "cbm"]), ends(volume, &["l", "liters", "litres"])) {
            (true, _) if in_cm => 1_000_000,
            (_, true) if in_cm => 1_000,
            _ => 1,
        };
        let sides = self.cell(length).times(self.cell(width), 6).times(self.cell(height), 6);
        let text = format!("{} x {} x {}", self.name(length), self.name(width), self.name(height));
        self.law(Some(volume), sides.over(Formula::whole(divisor), self.scale(volume)), text);
    }

    /// A weighted amount: amount x probability.
    fn weighted(&mut self) {
        let number = |c: &usize| self.scales[*c].is_some();
        let named =
            |words: &[&str]| (0..self.scales.len()).filter(number).find(|&c| Name::new(self.name(c)).has_any(words));
        let Some(weighted) = self.open(named(&["weighted", "expected revenue"])) else { return };
        let rate = named(&["probability", "likelihood", "win probability"]).filter(|&rate| rate != weighted);
        let amount = self.first(&[Line, Total, Price]).filter(|&amount| amount != weighted);
        if let (Some(rate), Some(amount)) = (rate, amount) {
            let percent = self.largest[rate] > 1.0;
            let expr = self.part(self.cell(amount), rate, percent, self.scale(weighted));
            self.law(Some(weighted), expr, format!("{} x {}", self.name(amount), self.name(rate)));
        }
    }

    /// An amount in another currency: amount x exchange rate.
    fn exchanged(&mut self) {
        let named = |names: &[&str]| {
            (0..self.scales.len()).find(|&c| self.scales[c].is_some() && Name::new(self.name(c)).ends_any(names))
        };
        let rate = named(&["exchange rate", "fx rate", "conversion rate"]);
        let converted = named(&[
            "target amount",
            "converted amount",
            "destination amount",
            "amount converted",
            "settlement amount",
            "counter amount",
        ]);
        let amount = (0..self.scales.len()).find(|&c| {
            self.scales[c].is_some()
                && matches!(self.name(c).to_lowercase().as_str(), "amount" | "source_amount" | "original_amount")
        });
        if let (Some(rate), Some(converted), Some(amount)) = (rate, self.open(converted), amount) {
            // Without a rate, nothing is converted.
            let whole = Formula::Nullable(rate).or(Formula::whole(1));
            let text = format!("{} x {}", self.name(amount), self.name(rate));
            self.law(Some(converted), self.cell(amount).times(whole, self.scale(converted)), text);
        }
    }

    /// A share in percent, or as a fraction if the column holds at most 1.
    pub(super) fn percent(&mut self, part: Amount, of: usize, whole: Formula, text: String) {
        let Some(c) = self.one(part) else { return };
        let scale = self.scale(c);
        let fraction = self.largest[c] <= 1.0;
        let hundred = Formula::whole(if fraction { 1 } else { 100 });
        let text = format!("{} / {text}{}", self.name(of), if fraction { "" } else { " x 100" });
        self.law(Some(c), self.cell(of).times(hundred, self.scale(of)).over(whole, scale).or(Formula::whole(0)), text);
    }

    /// Height, weight and body mass index of a person.
    fn body(&mut self) {
        let (Some(height), Some(weight)) = (self.one(Height), self.one(Weight)) else { return };
        let Some(index) = self.one(BodyMass) else { return };
        let meters = self.scale(height) > 0 && self.largest[height] <= 3.0 || self.name(height).ends_with("_m");
        let tall = Formula::Normal { mean: 171, deviation: 10, lo: 145, hi: 205, scale: if meters { 2 } else { 0 } };
        self.law(Some(height), tall, "a person's height");
        let in_meters = if meters { self.cell(height) } else { self.cell(height).percent() };
        let squared = in_meters.clone().times(in_meters, 6);
        let mass = Formula::Normal { mean: 252, deviation: 40, lo: 170, hi: 420, scale: 1 };
        self.law(
            Some(weight),
            squared.clone().times(mass, self.scale(weight)),
            "by height and a usual body mass index",
        );
        let text = format!("{} / {}^2", self.name(weight), self.name(height));
        self.law(Some(index), self.cell(weight).over(squared, self.scale(index)), text);
    }
}

/// Returns true if the words of a name contain the unit, in the singular or the plural.
fn counted(words: &[String], unit: &str) -> bool {
    words.iter().any(|w| w.trim_end_matches('s') == unit.trim_end_matches('s'))
}
