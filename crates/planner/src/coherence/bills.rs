//! What is paid and due of a bill, by its status; balances before and after.

use super::RowLaws;
use dbmocker_plan::Formula;
use dbmocker_semantics::Amount::*;

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
    /// Paid and due amounts; balances before and after.
    pub(super) fn balances(&mut self) {
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
            let due = self.one(Due).filter(|&due| due != bill).or(self.one(Balance)).filter(|&due| due != bill);
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
}
