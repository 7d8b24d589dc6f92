//! Amounts with two sides: the debits and credits of an entry are equal, rows change the balance of their account, and
//! readings of a counter rise.

use super::{ParentLink, RowLaws};
use dbmocker_core::schema::{SqlType, Table};
use dbmocker_plan::{Flow, FlowKind, FlowPart, Formula, Law, LawPlan};
use dbmocker_semantics::Amount::{
    After, Balance, Before, Change, Consumption, Credit, Current, Debit, Line, Previous, Price, Quantity, Total,
    UnitPrice,
};
use dbmocker_semantics::Name;
use dbmocker_semantics::flows::{
    SideTexts, has_balance, is_amount, is_change, is_counter, is_entry, is_level_of_counter, is_meter, is_side, sides,
};

/// The two columns of a row's amount, of which one is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoColumns {
    pub debit: usize,
    pub credit: usize,
    /// The other column is NULL, not 0.
    pub null: bool,
}

/// How many times the smallest amount the largest balance must be, so that balances vary.
const BALANCES: i64 = 40;

/// The columns that hold a row's amount and its side.
enum AmountColumns {
    Two(TwoColumns),
    /// One column without sign, and another one with the side's text.
    Sided {
        amount: usize,
        side: usize,
        texts: SideTexts,
    },
    /// The sums of what came in and of what went out, which both are above zero: as in a statement of an account.
    Both {
        credit: usize,
        debit: usize,
    },
    /// An amount that may be negative, and a column with the side's text, if there is one.
    Signed {
        amount: usize,
        side: Option<(usize, SideTexts)>,
    },
}

impl AmountColumns {
    /// Returns the column with the side's text.
    fn side(&self) -> Option<(usize, &SideTexts)> {
        match self {
            AmountColumns::Two(_) | AmountColumns::Both { .. } => None,
            AmountColumns::Sided { side, texts, .. } => Some((*side, texts)),
            AmountColumns::Signed { side, .. } => side.as_ref().map(|(side, texts)| (*side, texts)),
        }
    }
}

impl RowLaws<'_> {
    /// Adds the laws of amounts with two sides. `two`: the columns of both sides; `listed`: columns of listed texts that
    /// may have a law.
    pub fn flows(&mut self, leads: &[ParentLink<'_>], two: Option<TwoColumns>, listed: &[usize]) {
        self.counters(leads);
        let two = two.filter(|t| self.flowing(Some(t.debit)).is_some() && self.flowing(Some(t.credit)).is_some());
        let is_line = |lead: &&ParentLink<'_>| self.is_filled(lead) && is_entry(&lead.parent.name.name);
        let entry = leads.iter().find(is_line).filter(|_| !self.has_level());
        if let Some(lead) = entry {
            let amounts = two.map(AmountColumns::Two).or_else(|| self.sided(listed, true));
            if let Some(amounts) = amounts {
                let text = format!("the debits and credits of each {} are equal", lead.parent.name.name);
                return self.amounts(&amounts, FlowKind::Entry, Some(lead.foreign), None, &text);
            }
        }
        let both = self.both_sides();
        let Some(after) = self.level_after(two.is_some()) else {
            match two {
                Some(two) => {
                    self.amounts(&AmountColumns::Two(two), FlowKind::Single, None, None, "a debit or a credit")
                }
                None => self.signs(listed),
            }
            return;
        };
        let Some(lead) = self.owner(leads) else { return };
        let amounts = two.map(AmountColumns::Two).or(both);
        let amounts = amounts.or_else(|| self.signed(listed)).or_else(|| self.sided(listed, false));
        if let Some(amounts) = amounts {
            let text = format!("changes the balance of {}", lead.parent.name.name);
            self.amounts(&amounts, FlowKind::Balance, Some(lead.foreign), Some(after), &text);
        }
    }

    /// Returns the column if a flow may fill it.
    fn flowing(&self, c: Option<usize>) -> Option<usize> {
        self.open(c).filter(|c| !self.asked_nulls.contains(c))
    }

    /// Returns the sums of both sides, beside the levels before and after.
    fn both_sides(&self) -> Option<AmountColumns> {
        let total = |c: &usize| Name::new(self.name(*c)).has("total");
        let [credit, debit] = [Credit, Debit].map(|side| self.flowing(self.one(side)).filter(total));
        let (credit, debit) = credit.zip(debit).filter(|_| self.one(After).is_some() && self.one(Before).is_some())?;
        Some(AmountColumns::Both { credit, debit })
    }

    /// Returns true if every row has a parent by the foreign key.
    pub(super) fn is_filled(&self, lead: &ParentLink<'_>) -> bool {
        !self.table.columns[lead.key].nullable
    }

    fn has_level(&self) -> bool {
        self.one(After).is_some() || self.one(Before).is_some()
    }

    /// Returns the column with the balance after a row.
    fn level_after(&self, two: bool) -> Option<usize> {
        let balance = || self.one(Balance).filter(|_| two || self.one(Before).is_some());
        self.flowing(self.one(After)).or_else(|| self.flowing(balance()))
    }

    /// Returns the foreign key to the owner of the balance.
    fn owner<'l, 'b>(&self, leads: &'l [ParentLink<'b>]) -> Option<&'l ParentLink<'b>> {
        let mut filled = leads.iter().filter(|lead| self.is_filled(lead));
        let named = filled.clone().find(|lead| has_balance(&lead.parent.name.name));
        named.or_else(|| filled.next().filter(|_| filled.next().is_none()))
    }

    fn amount_column(&self) -> Option<usize> {
        let plain = |c: &usize| {
            let unit = Name::new(self.name(*c)).words.len() == 1 && is_amount(self.name(*c));
            self.flowing(Some(*c)).is_some() && self.scales[*c].is_some() && unit
        };
        let changes =
            |c: &usize| self.flowing(Some(*c)).is_some() && self.scales[*c].is_some() && is_change(self.name(*c));
        let all = || 0..self.table.columns.len();
        let named = self.one(Change).or_else(|| all().find(changes)).or_else(|| self.first(&[Line, Total]));
        self.flowing(named.or_else(|| all().find(plain)))
    }

    /// Returns an amount that may be negative.
    fn signed(&self, listed: &[usize]) -> Option<AmountColumns> {
        let amount = self.amount_column().filter(|c| self.free[c].0 < 0)?;
        Some(AmountColumns::Signed { amount, side: self.side(listed, false) })
    }

    /// Changes whose sign follows their type: receipts are above 0, sales below.
    fn signs(&mut self, listed: &[usize]) {
        let before = self.free.clone();
        self.free.extend(self.nonzero.clone());
        // The amount of a line is quantity times price, whatever its type.
        let of_line = |amount: usize| {
            self.one(Quantity).is_some_and(|q| q != amount) && self.first(&[UnitPrice, Price]).is_some()
        };
        if let Some(AmountColumns::Signed { amount, side: Some((side, texts)) }) = self.signed(listed)
            && !of_line(amount)
            && (self.nonzero.contains_key(&amount) || is_change(self.name(amount)) || texts.has_neutral())
        {
            let text = format!("its sign follows {}", self.name(side));
            let amounts = AmountColumns::Signed { amount, side: Some((side, texts)) };
            self.amounts(&amounts, FlowKind::Single, None, None, &text);
        }
        self.free = before;
    }

    /// Returns an amount without sign, and the column with its side.
    fn sided(&self, listed: &[usize], plain: bool) -> Option<AmountColumns> {
        let amount = self.amount_column()?;
        self.side(listed, plain).map(|(side, texts)| AmountColumns::Sided { amount, side, texts })
    }

    fn side(&self, listed: &[usize], plain: bool) -> Option<(usize, SideTexts)> {
        let free = listed.iter().filter(|&&c| is_side(self.name(c)) && !self.laws.contains_key(&c));
        free.copied().find_map(|c| Some((c, sides(self.lists.get(&c)?, plain)?)))
    }

    /// Sets the laws of the columns.
    fn amounts(
        &mut self,
        amounts: &AmountColumns,
        kind: FlowKind,
        foreign: Option<usize>,
        after: Option<usize>,
        text: &str,
    ) {
        let before = after.and_then(|_| self.flowing(self.one(Before)));
        let mut columns: Vec<usize> = after.into_iter().chain(before).collect();
        let by = match amounts {
            AmountColumns::Two(two) => {
                columns.extend([two.debit, two.credit]);
                two.debit
            }
            // The sums of both sides are as large as the balances let them be.
            AmountColumns::Both { debit, .. } => *debit,
            AmountColumns::Sided { amount, .. } | AmountColumns::Signed { amount, .. } => {
                columns.push(*amount);
                *amount
            }
        };
        let levels: Vec<usize> = after.into_iter().chain(before).collect();
        // The first balance before a row is 0.
        if levels.iter().any(|c| self.free[c].0 > 0) {
            return;
        }
        let Some(flow) = self.flow(kind, foreign, by, &columns).filter(|flow| self.holds_sides(amounts, flow)) else {
            return;
        };
        let part = |part| Formula::Flow { flow, part };
        match amounts {
            AmountColumns::Two(two) => {
                for (c, side) in [(two.debit, FlowPart::Out), (two.credit, FlowPart::In)] {
                    let amount = part(side);
                    self.law(Some(c), if two.null { amount } else { amount.or(Formula::whole(0)) }, text);
                }
            }
            AmountColumns::Both { credit, debit } => {
                let nothing = Formula::whole(0);
                let turnover = Formula::Between { lo: 0, hi: flow.most / 8, scale: flow.scale };
                let out = nothing.clone() - part(FlowPart::Change);
                self.law(Some(*debit), turnover + out.most(nothing), "what went out");
                let came = Formula::Cell(*debit) + part(FlowPart::Change);
                self.law(Some(*credit), came, format!("{} + the change of the balance", self.name(*debit)));
            }
            AmountColumns::Sided { amount, .. } => self.law(Some(*amount), part(FlowPart::Amount), text),
            AmountColumns::Signed { amount, .. } => self.law(Some(*amount), part(FlowPart::Change), text),
        }
        if let Some((side, texts)) = amounts.side() {
            let law = Law::Side { flow, ins: texts.ins.clone(), outs: texts.outs.clone() };
            self.laws.insert(side, LawPlan { law, text: text.to_owned() });
        }
        self.law(after, part(FlowPart::After), "the balance after the row");
        self.law(before, part(FlowPart::Before), "the balance before the row");
    }

    /// Returns the flow, whose amounts fit all of the columns; `None` if their scales differ, or there is too little
    /// room between the smallest and the largest amount.
    fn flow(&self, kind: FlowKind, foreign: Option<usize>, by: usize, columns: &[usize]) -> Option<Flow> {
        let scale = self.scale(by);
        let (mut least, mut most) = (1, i64::MAX);
        for &c in columns {
            let likely = (self.largest[c] * 10f64.powi(i32::from(scale))) as i64;
            let &(lo, hi) = self.free.get(&c)?;
            most = most.min(likely).min(hi);
            if lo < 0 {
                most = most.min(lo.saturating_neg());
            }
            least = least.max(lo);
            if self.scale(c) != scale {
                return None;
            }
        }
        let room = if kind == FlowKind::Balance { BALANCES } else { 10 };
        (least.checked_mul(room)? <= most).then_some(Flow { kind, foreign, by, least, most, scale })
    }

    /// Returns true if the columns of both sides' sums have the scale of the balances, and room for twice the largest.
    fn holds_sides(&self, amounts: &AmountColumns, flow: &Flow) -> bool {
        let AmountColumns::Both { credit, debit } = amounts else { return true };
        [*credit, *debit].iter().all(|c| {
            let (least, most) = self.free[c];
            self.scale(*c) == flow.scale && least <= 0 && most / 2 >= flow.most
        })
    }

    /// Readings of a counter: the previous one, the current one and what was used between them.
    fn counters(&mut self, leads: &[ParentLink<'_>]) {
        let Some((lead, current)) = self.counter(leads) else { return };
        let (previous, used) = (self.flowing(self.one(Previous)), self.flowing(self.one(Consumption)));
        let levels: Vec<usize> = [current].into_iter().chain(previous).collect();
        let Some(flow) = self.flow(FlowKind::Counter, Some(lead), current, &levels) else { return };
        let part = |part| Formula::Flow { flow, part };
        self.law(Some(current), part(FlowPart::After), "the counter rises");
        self.law(previous, part(FlowPart::Before), "the reading before");
        if previous.is_none() {
            self.law(used, part(FlowPart::Amount), "the difference to the reading before");
        }
        if let (Some(used), Some(previous)) = (used, previous) {
            let text = format!("{} - {}", self.name(current), self.name(previous));
            self.law(Some(used), Formula::Cell(current) - Formula::Cell(previous), text);
        }
    }

    /// Returns the foreign key to the counter, and the column of its readings.
    fn counter(&self, leads: &[ParentLink<'_>]) -> Option<(usize, usize)> {
        let (previous, current) = (self.flowing(self.one(Previous)), self.flowing(self.one(Current)));
        let name = |c: usize| Name::in_language(self.name(c), self.language);
        let mut filled = leads.iter().filter(|lead| self.is_filled(lead));
        if let (Some(_), Some(current)) = (previous, current.filter(|&c| is_level_of_counter(&name(c)))) {
            let meter = filled.clone().find(|lead| is_meter(&lead.parent.name.name));
            let lead = meter.or_else(|| filled.next().filter(|_| filled.next().is_none()))?;
            return Some((lead.foreign, current));
        }
        filled.find_map(|lead| {
            let reads = |c: &usize| is_counter(&name(*c), &lead.parent.name.name);
            let number = |c: &usize| self.flowing(Some(*c)).is_some() && self.scales[*c].is_some();
            (0..self.table.columns.len()).filter(number).find(reads).map(|c| (lead.foreign, c))
        })
    }
}

/// Returns the columns of debits and credits, by name.
pub fn two_columns(table: &Table) -> Option<(usize, usize)> {
    let number = |ty: &SqlType| matches!(ty, SqlType::Int { .. } | SqlType::Decimal { .. });
    let of = |amount| {
        let total = |name: &str| Name::new(name).has_any(&["total", "sum"]);
        let plain = |name: &str| dbmocker_semantics::amount(name) == Some(amount) && !total(name);
        table.columns.iter().position(|c| number(&c.ty) && plain(&c.name))
    };
    let (debit, credit) = (of(Debit)?, of(Credit)?);
    let words = |c: usize| Name::new(&table.columns[c].name).words.len();
    (words(debit) == words(credit)).then_some((debit, credit))
}
