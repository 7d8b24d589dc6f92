//! Debits and credits in two columns: CHECKs that read only these two are left to their law, which fills one of them.

use super::{PlanContext, TablePlanner};
use crate::coherence::{TwoColumns, two_columns};
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;
use dbmocker_plan::{ChildCounts, LawPlan, ParentChoice, TablePlan};
use dbmocker_predicate::{Env, Expr};

/// Amounts with which the CHECKs are evaluated, in hundredths.
const AMOUNTS: [i128; 5] = [1, 99, 12_345, 1_000_000, 99_999_999];

/// A CHECK over the two columns.
struct SideCheck {
    text: String,
    tree: Expr,
    both: bool,
}

impl TablePlanner<'_> {
    /// Finds the columns of debits and credits, and the CHECKs that their law satisfies.
    pub(super) fn find_sides(&mut self, b: &PlanContext<'_>) {
        let Some((debit, credit)) = two_columns(self.table) else { return };
        let checks = self.side_checks(b, debit, credit);
        if b.solved_sides.contains(&self.index) && checks.iter().any(|check| check.both) {
            return;
        }
        let nullable = |c: usize| self.table.columns[c].nullable;
        let plain = |c: usize| nullable(c) && self.table.columns[c].default.is_none();
        let null = plain(debit) && plain(credit);
        let filled = [debit, credit].iter().any(|&c| self.asked_nulls(b, c) == Some(0.0));
        let possible = |null: &bool| !null || nullable(debit) && nullable(credit) && !filled;
        let found = [null, !null].into_iter().filter(possible).find(|&null| {
            let two = TwoColumns { debit, credit, null };
            checks.iter().all(|check| self.is_satisfied(b, check, two))
        });
        let Some(null) = found else { return };
        self.two_sides = Some(TwoColumns { debit, credit, null });
        self.given_sides = checks.into_iter().filter(|check| check.both).map(|check| check.text).collect();
        // Anything else that determines one of the columns leaves the CHECKs to the solver.
        let coupled = self.coupled(b);
        if [debit, credit].iter().any(|&c| !self.may_follow(b, &coupled, c)) {
            (self.two_sides, self.given_sides) = (None, Vec::new());
        }
    }

    /// Returns the CHECKs that read no other columns.
    fn side_checks(&self, b: &PlanContext<'_>, debit: usize, credit: usize) -> Vec<SideCheck> {
        let check = |check: &dbmocker_predicate::NamedCheck| {
            let tree = check.tree(b.schema.dialect).ok().filter(|_| check.value.is_none() && check.answer.is_none())?;
            let columns: Option<Vec<usize>> = tree.columns().iter().map(|c| self.table.column_index(c)).collect();
            let columns = columns?;
            let only =
                compares_with_zero(&tree) && !columns.is_empty() && columns.iter().all(|c| *c == debit || *c == credit);
            let both = columns.contains(&debit) && columns.contains(&credit);
            only.then(|| SideCheck { text: check.text.clone(), tree, both })
        };
        self.hard_checks(b).iter().filter_map(check).collect()
    }

    /// Returns true if a CHECK is true whatever the amount, on both sides.
    fn is_satisfied(&self, b: &PlanContext<'_>, check: &SideCheck, two: TwoColumns) -> bool {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let amount = |c: usize, hundredths: i128| match self.table.columns[c].ty {
            SqlType::Decimal { scale, .. } if scale > 0 => Value::Decimal { unscaled: hundredths, scale: 2 },
            _ => Value::Int(hundredths),
        };
        let row = |amounts: [Value; 2]| {
            let names = [two.debit, two.credit].map(|c| self.table.columns[c].name.clone());
            std::collections::BTreeMap::from_iter(names.into_iter().zip(amounts))
        };
        let none = |c: usize| if two.null { Value::Null } else { amount(c, 0) };
        AMOUNTS.iter().all(|&n| {
            let rows = [[amount(two.debit, n), none(two.credit)], [none(two.debit), amount(two.credit, n)]];
            rows.into_iter().all(|amounts| matches!(check.tree.truth(&row(amounts), env), Ok(Some(true) | None)))
        })
    }

    /// Gives each line an amount of its own, if the lines of an entry are not consecutive, if an entry may have one only,
    /// or if so many that their smallest amounts exceed the largest one.
    pub(super) fn settle_entries(&self, b: &mut PlanContext<'_>, plan: &mut TablePlan) {
        let Some(flow) = plan.columns.iter().find_map(|c| c.law.as_ref().filter(|law| law.entry().is_some())?.flow())
        else {
            return;
        };
        let foreign = flow.foreign.expect("an entry has a key");
        let source = &plan.sources[plan.foreign[foreign].source];
        let counts = match &source.pick {
            ParentChoice::Counted { counts } => Some(counts),
            ParentChoice::Component { composite_key, place: 0 } => plan.composite_keys[*composite_key].counts.as_ref(),
            _ => None,
        };
        let several = |counts: &ChildCounts| counts.0.iter().all(|(rows, parents)| *rows != 1 || *parents == 0);
        let fits = |counts: &ChildCounts| {
            i64::try_from(counts.most()).is_ok_and(|lines| flow.least.saturating_mul(lines - 1) <= flow.most)
        };
        let placed = plan.rows > 0 && b.generator.child(self.position, foreign, 0).is_some();
        if placed && counts.is_some_and(|counts| several(counts) && fits(counts)) {
            return;
        }
        for law in plan.columns.iter_mut().filter_map(|c| c.law.as_mut()) {
            law.flow_alone("a debit or a credit");
        }
        b.generator.replace(b.options.seed, self.position, plan);
    }

    /// Returns true if the plan fills one of the two columns, where CHECKs were left to that law.
    pub(super) fn keeps_sides(&self, plan: &TablePlan) -> bool {
        let Some(two) = self.two_sides.filter(|_| !self.given_sides.is_empty()) else { return true };
        let flows = |c: usize| {
            let column = &plan.columns[c];
            column.law.as_ref().and_then(LawPlan::flow).is_some()
                && column.null_share == 0.0
                && column.presence.is_none()
        };
        flows(two.debit) && flows(two.credit)
    }
}

/// Returns true if no amount but 0 and 1 occurs: then a few amounts stand for all of them.
fn compares_with_zero(tree: &Expr) -> bool {
    match tree {
        Expr::Literal(Value::Null | Value::Bool(_) | Value::Int(0 | 1) | Value::Decimal { unscaled: 0, .. }) => true,
        Expr::Literal(Value::Float(x)) => *x == 0.0,
        Expr::Literal(_) => false,
        other => other.children().into_iter().all(compares_with_zero),
    }
}
