//! Columns that repeat a column of the parent row.

use super::RowLaws;
use dbmocker_core::schema::{Column, SqlType, Table};
use dbmocker_plan::{FkStep, Formula, Law, LawPlan};
use dbmocker_semantics::{Amount, ChildColumn, CopyMode, amount, copied};

/// The text of a law by which the rows of a parent share out its value.
pub const PORTION: &str = "an equal part of ";

/// A single-column foreign key whose parent rows are generated.
pub struct ParentLink<'a> {
    /// Index of the table itself in the plan, and of the key among its foreign keys.
    pub position: usize,
    pub foreign: usize,
    /// The column of the key.
    pub key: usize,
    pub parent: &'a Table,
    /// Number of fractional digits of the parent's columns; `None` for columns that are not numeric.
    pub scales: Vec<Option<u8>>,
    /// True for the parent's columns that contain no NULL.
    pub filled: Vec<bool>,
    /// True for the parent's columns that a law determines.
    pub lawful: Vec<bool>,
    /// Foreign keys of the parent to tables whose rows are generated.
    pub above: Vec<GrandparentLink<'a>>,
    /// The texts of the parent's columns that hold one of a list.
    pub texts: Vec<Option<Vec<String>>>,
}

/// A single-column foreign key of a parent.
pub struct GrandparentLink<'a> {
    pub step: FkStep,
    /// The name of the key's column.
    pub key: String,
    pub table: &'a Table,
    pub scales: Vec<Option<u8>>,
    pub filled: Vec<bool>,
}

impl RowLaws<'_> {
    /// Finds, for every column, the parent's column that it repeats. `texts`: columns that are not numeric and may have
    /// a law.
    pub fn copies(&mut self, leads: &[ParentLink<'_>], texts: &[usize]) {
        let line = self.one(Amount::Quantity).is_some();
        for c in 0..self.table.columns.len() {
            let number = self.scales[c].is_some();
            if number && self.open(Some(c)).is_none() || !number && !texts.contains(&c) {
                continue;
            }
            let column = &self.table.columns[c];
            let mut best: Option<(u8, &ParentLink<'_>, usize, CopyMode)> = None;
            for lead in leads {
                let key = &self.table.columns[lead.key].name;
                let child = ChildColumn { table: &self.table.name.name, column: &column.name, key, line };
                for (p, theirs) in lead.parent.columns.iter().enumerate() {
                    let fits = if number { lead.scales[p].is_some() } else { holds(column, theirs) };
                    let found = copied(child, &lead.parent.name.name, &theirs.name).filter(|_| fits);
                    let found = found.filter(|_| !is_paid(&theirs.name) || paid(lead.parent, &lead.lawful) == Some(p));
                    if let Some((how, rank)) = found.filter(|(_, rank)| best.as_ref().is_none_or(|b| *rank > b.0)) {
                        best = Some((rank, lead, p, how));
                    }
                }
            }
            match best {
                // What is given back of the row's own amount.
                Some((.., CopyMode::Part)) if self.given_back(c) => {}
                Some((_, lead, p, how)) => self.copy(c, lead, p, how),
                None => self.copy_from_above(c, leads, number),
            }
        }
    }

    /// Adds the law of a refund of the row's own amount; returns false if the column is none.
    fn given_back(&mut self, c: usize) -> bool {
        let refunded = amount(self.name(c)) == Some(Amount::Refunded);
        let own = self.first(&[Amount::Paid, Amount::Line, Amount::Total]).filter(|&own| own != c && refunded);
        let Some(own) = own.filter(|&own| self.same_money(own, c)) else { return false };
        let share = Formula::percent_of(&[(100, 80), (50, 15), (25, 5)]);
        let text = format!("all or a part of {}", self.name(own));
        self.law(Some(c), self.cell(own).times(share, self.scale(c)), text);
        true
    }

    /// A column that repeats one of the parent's parent: the credits of a course on the enrolment in its section.
    fn copy_from_above(&mut self, c: usize, leads: &[ParentLink<'_>], number: bool) {
        let column = &self.table.columns[c];
        let mut best: Option<(u8, &ParentLink<'_>, &GrandparentLink<'_>, usize)> = None;
        for lead in leads {
            for above in &lead.above {
                let child =
                    ChildColumn { table: &self.table.name.name, column: &column.name, key: &above.key, line: false };
                for (p, theirs) in above.table.columns.iter().enumerate() {
                    let fits = if number { above.scales[p].is_some() } else { holds(column, theirs) };
                    let found = copied(child, &above.table.name.name, &theirs.name);
                    let found = found.filter(|(how, _)| fits && *how == CopyMode::Whole);
                    if let Some((_, rank)) = found.filter(|(_, rank)| best.as_ref().is_none_or(|b| *rank > b.0)) {
                        best = Some((rank, lead, above, p));
                    }
                }
            }
        }
        let Some((_, lead, above, p)) = best else { return };
        let text =
            format!("{}.{} of its {}", above.table.name.name, above.table.columns[p].name, lead.parent.name.name);
        if number {
            let path = vec![FkStep { table: lead.position, foreign: lead.foreign }, above.step];
            let expr = Formula::Above { path, column: p }.or(Formula::Own);
            return self.law(Some(c), expr, text);
        }
        let nullable = column.nullable || above.filled[p];
        let law = Law::Copy { foreign: lead.foreign, column: p, nullable, up: vec![above.step] };
        self.laws.insert(c, LawPlan { law, text });
    }

    fn copy(&mut self, c: usize, lead: &ParentLink<'_>, p: usize, how: CopyMode) {
        let of = format!("{}.{}", lead.parent.name.name, lead.parent.columns[p].name);
        if self.scales[c].is_none() {
            let nullable = self.table.columns[c].nullable;
            let law =
                Law::Copy { foreign: lead.foreign, column: p, nullable: nullable || lead.filled[p], up: Vec::new() };
            self.laws.insert(c, LawPlan { law, text: of });
            return;
        }
        let parent = Formula::Parent { foreign: lead.foreign, column: p };
        // A part of a cent could not be stored.
        let finer = how == CopyMode::Portion && lead.scales[p] > self.scales[c];
        let (expr, text) = match if finer { CopyMode::AtMost } else { how } {
            CopyMode::Whole => (parent.or(Formula::Own), of),
            CopyMode::Portion => {
                // In the parent's unit.
                let digits = self.scales[c].unwrap_or(0).saturating_sub(lead.scales[p].unwrap_or(0));
                let (least, unit) = (self.free[&c].0.max(0), 10_i64.saturating_pow(digits.into()));
                let least = least / unit + i64::from(least % unit > 0);
                let part = Formula::Portion { foreign: lead.foreign, column: p, least };
                (part.or(parent.or(Formula::Own)), format!("{PORTION}{of}"))
            }
            CopyMode::AtMost => (parent.clone().or(Formula::Own).least(Formula::Own), format!("at most {of}")),
            CopyMode::Part => {
                let share = Formula::percent_of(&[(100, 80), (50, 15), (25, 5)]);
                (parent.times(share, self.scale(c)).or(Formula::Own), format!("all or a part of {of}"))
            }
        };
        self.law(Some(c), expr, text);
    }
}

fn is_paid(column: &str) -> bool {
    amount(column) == Some(Amount::Paid)
}

/// Returns the column of what has been paid of a bill, if it is the only one and follows from the bill's other columns.
/// `lawful`: true for the bill's columns that a law determines.
pub fn paid(bill: &Table, lawful: &[bool]) -> Option<usize> {
    let mut all = (0..bill.columns.len()).filter(|&c| is_paid(&bill.columns[c].name));
    all.next().filter(|&c| all.next().is_none() && lawful.get(c) == Some(&true))
}

/// Returns true if a column of the payments shares out what has been paid of their bill, which is in column `paid`.
pub fn shares_out(payments: &Table, key: &str, bill: &Table, paid: usize) -> bool {
    payments.columns.iter().any(|column| {
        let child = ChildColumn { table: &payments.name.name, column: &column.name, key, line: false };
        matches!(copied(child, &bill.name.name, &bill.columns[paid].name), Some((CopyMode::Portion, _)))
    })
}

/// Returns true if column `own` can hold every value of `theirs`.
fn holds(own: &Column, theirs: &Column) -> bool {
    match (&own.ty, &theirs.ty) {
        (
            SqlType::Text { max_chars: mine, max_bytes: None, .. },
            SqlType::Text { max_chars: others, fixed: false, .. },
        ) => mine.is_none_or(|m| others.is_some_and(|o| o <= m)),
        (SqlType::Text { max_chars: mine, .. }, SqlType::Text { max_chars: others, .. }) => mine == others,
        (a, b) => a == b && !matches!(a, SqlType::Date | SqlType::Timestamp { .. } | SqlType::Time { .. }),
    }
}
