//! Wages and commissions of a row.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Amount::*;
use dbmocker_semantics::Name;

impl RowLaws<'_> {
    /// gross - deductions = net.
    pub(super) fn payroll(&mut self) {
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
    pub(super) fn is_total(&self, c: usize) -> bool {
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
    pub(super) fn commission(&mut self) {
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
        let expr = self.rated(self.cell(base), rate, percent, self.scale(amount));
        self.law(Some(amount), expr, text);
    }
}
