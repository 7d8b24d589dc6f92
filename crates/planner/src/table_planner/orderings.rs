//! CHECKs that order the moments of a row, such as `shipped_at >= ordered_at`: if the laws of the moments guarantee the
//! order, the solver does not handle these CHECKs, and the moments follow the row's start time.

use std::collections::BTreeSet;

use dbmocker_plan::{Form, Law, LawPlan, Moment, TablePlan};
use dbmocker_predicate::{Cmp, Expr, Is};
use dbmocker_semantics::stated::Stated;
use dbmocker_semantics::{LifeCycle, Name};

use super::{PlanContext, TablePlanner};
use crate::coherence::{MomentColumn, TableMoments};

/// A CHECK that is true if, in each pair, the first column is before the second or one of them is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ordering {
    name: String,
    text: String,
    pairs: Vec<OrderedPair>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OrderedPair {
    low: usize,
    high: usize,
    /// They must differ.
    strict: bool,
}

impl TablePlanner<'_> {
    /// Returns the CHECKs of the table that only order columns.
    pub(super) fn orderings(&self, b: &PlanContext<'_>) -> Vec<Ordering> {
        if b.solved_orderings.contains(&self.index) {
            return Vec::new();
        }
        let ordering = |check: &dbmocker_predicate::NamedCheck| {
            let tree = check.tree(b.schema.dialect).ok().filter(|_| check.value.is_none() && check.answer.is_none())?;
            Some(Ordering { name: check.name.clone(), text: check.text.clone(), pairs: self.ordered_pairs(&tree)? })
        };
        self.hard_checks(b).iter().filter_map(ordering).collect()
    }

    /// Returns the pairs of columns that a condition orders; `None` if it requires anything else.
    fn ordered_pairs(&self, tree: &Expr) -> Option<Vec<OrderedPair>> {
        let column = |e: &Expr| if let Expr::Column(name) = e { self.table.column_index(name) } else { None };
        match tree {
            Expr::And(all) => {
                let all: Option<Vec<Vec<OrderedPair>>> = all.iter().map(|e| self.ordered_pairs(e)).collect();
                Some(all?.concat())
            }
            Expr::Or(any) => {
                let null = |e: &&Expr| matches!(e, Expr::Is { expr, what: Is::Null, negated: false } if matches!(**expr, Expr::Column(_)));
                let mut others = any.iter().filter(|e| !null(e));
                let one = others.next()?;
                if others.next().is_some() { None } else { self.ordered_pairs(one) }
            }
            Expr::Compare { op, left, right } => {
                let (left, right) = (column(left)?, column(right)?);
                let (low, high, strict) = match op {
                    Cmp::Le => (left, right, false),
                    Cmp::Lt => (left, right, true),
                    Cmp::Ge => (right, left, false),
                    Cmp::Gt => (right, left, true),
                    _ => return None,
                };
                (low != high).then(|| vec![OrderedPair { low, high, strict }])
            }
            _ => None,
        }
    }

    /// Keeps the orderings that the laws of these moments guarantee; returns true if these are all.
    pub(super) fn retain_given(&mut self, moments: &TableMoments, kept: &[MomentColumn]) -> bool {
        let law = |c: usize| moments.laws.iter().find(|(of, ..)| *of == c).map(|(_, at, form, _)| (at, *form));
        // The next day or second may be after now.
        let future = |c: usize| kept.iter().any(|k| k.column == c && k.future);
        let given = |p: &OrderedPair| (!p.strict || future(p.high)) && gives(&law, *p);
        let before = self.orderings.len();
        self.orderings.retain(|o| o.pairs.iter().all(given));
        self.orderings.len() == before
    }

    /// Returns the column pairs of the orderings: the second must not be before the first.
    pub(super) fn ordered_columns(&self) -> Vec<(usize, usize)> {
        let checked = self.orderings.iter().flat_map(|o| &o.pairs).map(|p| (p.low, p.high));
        // A comment that states a duration: from one moment to another.
        let stated = self.stated.iter().filter_map(|(_, formula)| match formula {
            Stated::Time { from, to, .. } => Some((*from, *to)),
            _ => None,
        });
        checked.chain(self.stamps.windows(2).map(|pair| (pair[0], pair[1]))).chain(stated).collect()
    }

    /// Returns the timestamps of a status's steps, in the order of the list of statuses, if no CHECK orders moments.
    pub(super) fn stamps_in_order(&self, b: &PlanContext<'_>) -> Vec<usize> {
        if !self.orderings.is_empty() {
            return Vec::new();
        }
        let names: Vec<Name> = self.table.columns.iter().map(|c| Name::new(&c.name)).collect();
        let texts: BTreeSet<usize> =
            (0..names.len()).filter(|&c| names[c].ends_any(&["status", "state", "stage", "phase"])).collect();
        let lists = self.lists(&self.allowed_by_checks(b, &texts));
        let stamps = |c: &usize| {
            let texts: Vec<&str> = lists.get(c)?.iter().map(String::as_str).collect();
            let found = LifeCycle::of(&names[*c], &texts)?.stamps(&names);
            (found.len() > 1).then_some(found)
        };
        texts.iter().find_map(stamps).unwrap_or_default()
    }

    /// Returns true if the laws satisfy a CHECK, so that the solver does not handle it.
    pub(super) fn is_given(&self, text: &str) -> bool {
        let given = |of: &[String]| of.iter().any(|given| given == text);
        let changes = self.given_changes.iter().any(|(given, _)| given == text);
        self.orderings.iter().any(|o| o.text == text) || given(&self.given_sides) || changes
    }

    /// Returns the CHECKs that order a column after others.
    pub(super) fn ordering_checks(&self, c: usize) -> Vec<&str> {
        let of = self.orderings.iter().filter(|o| o.pairs.iter().any(|p| p.high == c));
        of.map(|o| o.name.as_str()).collect()
    }

    /// Returns true if a column must be later than the one that it follows, not equal to it.
    pub(super) fn is_strict(&self, c: usize) -> bool {
        self.orderings.iter().flat_map(|o| &o.pairs).any(|p| p.strict && p.high == c)
    }

    /// Returns true if the plan's laws guarantee the orderings that were not solved.
    pub(super) fn keeps_orderings(&self, plan: &TablePlan) -> bool {
        let law = |c: usize| match plan.columns[c].law.as_ref()? {
            LawPlan { law: Law::Moment { at, form, .. }, .. } => Some((at, *form)),
            _ => None,
        };
        self.orderings.iter().flat_map(|o| &o.pairs).all(|p| gives(&law, *p))
    }
}

/// Returns true if the laws order one column's moments before another's.
fn gives<'m>(law: &dyn Fn(usize) -> Option<(&'m Moment, Form)>, pair: OrderedPair) -> bool {
    let (Some((low, low_form)), Some((mut high, high_form))) = (law(pair.low), law(pair.high)) else { return false };
    let by_value = |form: Form| matches!(form, Form::Timestamp | Form::Date);
    if low_form != high_form && !(by_value(low_form) && by_value(high_form)) {
        return false;
    }
    if matches!(low, Moment::Before { of: Some(of), gap } if *of == pair.high && gap.least >= 86_400) {
        return true;
    }
    let before_all = matches!(low, Moment::Before { of: None, gap } if gap.least >= 86_400);
    // A chain is at most as long as the number of columns; it ends at a law that is not a moment.
    let mut of = Some(pair.high);
    while let Some(c) = of {
        let Some((at, _)) = law(c) else { return false };
        (high, of) = (at, at.after().flatten());
        if of == Some(pair.low) {
            return true;
        }
    }
    match high {
        Moment::Began => before_all,
        Moment::Next { .. } => *low == Moment::Began && low_form == high_form,
        Moment::Before { .. } | Moment::Within { .. } => false,
        _ => *low == Moment::Began || before_all,
    }
}
