//! CHECKs over the two columns of a status change, such as `old_status <> new_status`: where they are true for every
//! change of a history, they are left to its law.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlanContext, TablePlanner};
use crate::coherence::RowLaws;
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;
use dbmocker_generate::generator::ColumnGen;
use dbmocker_plan::{Law, LawPlan, StatusPath, TablePlan};
use dbmocker_predicate::{Env, Expr};

/// A CHECK over two columns of texts.
#[derive(Debug, Clone, PartialEq)]
struct ChangeCheck {
    text: String,
    tree: Expr,
    columns: [usize; 2],
}

impl TablePlanner<'_> {
    /// Finds the CHECKs that every change of the parent's status satisfies.
    pub(super) fn find_changes(&mut self, b: &PlanContext<'_>) {
        self.given_changes.clear();
        if b.solved_changes.contains(&self.index) {
            return;
        }
        let mut checks = self.change_checks(b);
        while !checks.is_empty() {
            self.given_changes = checks.iter().map(|check| (check.text.clone(), check.columns)).collect();
            let coupled = self.coupled(b);
            let open: BTreeSet<usize> = (0..self.columns.len()).filter(|&c| self.may_follow(b, &coupled, c)).collect();
            let leads = self.leads(b, &coupled);
            let none = vec![(0.0, 0.0); self.columns.len()];
            let mut row =
                RowLaws::new(self.table, vec![None; self.columns.len()], none, BTreeMap::new(), BTreeMap::new());
            row.asked_nulls = open.iter().copied().filter(|&c| self.asked_nulls(b, c).is_some()).collect();
            row.histories(&leads, &self.history_texts(b, &open, &self.allowed_by_checks(b, &open)));
            let before = checks.len();
            checks.retain(|check| self.satisfies(b, check, &row.laws));
            if checks.len() == before {
                return;
            }
        }
        self.given_changes.clear();
    }

    /// Returns the columns of texts that a history may determine, with the texts to which a type or CHECK limits them.
    pub(super) fn history_texts(
        &self,
        b: &PlanContext<'_>,
        open: &BTreeSet<usize>,
        allowed: &[Option<dbmocker_domain::Domain>],
    ) -> BTreeMap<usize, Option<Vec<String>>> {
        let limits = self.limits(allowed);
        let limited = open.iter().filter(|&&c| limits.contains_key(&c) || self.is_loose(b, c));
        limited.map(|&c| (c, limits.get(&c).cloned())).collect()
    }

    /// Returns the CHECKs that read two columns of texts and nothing else.
    fn change_checks(&self, b: &PlanContext<'_>) -> Vec<ChangeCheck> {
        let text = |c: &usize| {
            let column = &self.table.columns[*c];
            matches!(column.ty, SqlType::Text { .. } | SqlType::Enum { .. }) && self.columns[*c].foreign.is_none()
        };
        let check = |check: &dbmocker_predicate::NamedCheck| {
            let tree = check.tree(b.schema.dialect).ok().filter(|_| check.value.is_none() && check.answer.is_none())?;
            let columns: Option<BTreeSet<usize>> = tree.columns().iter().map(|c| self.table.column_index(c)).collect();
            let columns: Vec<usize> = columns?.into_iter().filter(text).collect();
            let columns = columns.try_into().ok().filter(|_| tree.columns().len() == 2)?;
            Some(ChangeCheck { text: check.text.clone(), tree, columns })
        };
        self.hard_checks(b).iter().filter_map(check).collect()
    }

    /// Returns true if a CHECK is true for every change that the laws of its columns give.
    fn satisfies(&self, b: &PlanContext<'_>, check: &ChangeCheck, laws: &BTreeMap<usize, LawPlan>) -> bool {
        let [one, other] = check.columns;
        let law = |c: usize| laws.get(&c).map(|plan| &plan.law);
        let Some((from, to, paths)) = changed(one, law(one), other, law(other)) else { return false };
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let name = |c: usize| self.table.columns[c].name.clone();
        let nullable = |c: usize| b.nullable(self.index, c);
        let value = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        let holds = |before: Option<&str>, after: Option<&str>| {
            let row = BTreeMap::from([(name(from), value(before)), (name(to), value(after))]);
            matches!(check.tree.truth(&row, env), Ok(Some(true) | None))
        };
        paths.iter().all(|path| {
            path.changes(nullable(from)).is_some_and(|changes| {
                changes.into_iter().all(|(before, after)| {
                    // Either cell may also be NULL by its column's share.
                    holds(before, Some(after))
                        && (!nullable(from) || holds(None, Some(after)))
                        && (!nullable(to) || holds(before, None))
                        && (!nullable(from) || !nullable(to) || holds(None, None))
                })
            })
        })
    }

    /// Returns true if the plan's laws give all rows the changes for which CHECKs were left to them.
    pub(super) fn keeps_changes(&self, b: &PlanContext<'_>, plan: &TablePlan) -> bool {
        self.given_changes.is_empty() || {
            let laws = plan.columns.iter().enumerate().filter_map(|(c, column)| {
                let law = column.law.as_ref().map(|plan| &plan.law)?;
                matches!(law, Law::StatusPath { .. }).then_some((c, column, law))
            });
            let laws: Vec<_> = laws.collect();
            let [(one, first, law), (other, second, law_of_other)] = laws[..] else { return false };
            let changed = changed(one, Some(law), other, Some(law_of_other)).is_some();
            let own = [first, second]
                .iter()
                .all(|column| column.edges.is_none() && column.presence.as_ref().is_none_or(|p| p.instead.is_none()));
            let Law::StatusPath { foreign, column, paths, .. } = law else { return false };
            changed && own && self.has_paths(b, plan, (*foreign, *column), paths)
        }
    }

    /// Returns true if every row has a place among the rows of a generated parent, to each of whose statuses a path
    /// leads.
    fn has_paths(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        (foreign, column): (usize, usize),
        paths: &[StatusPath],
    ) -> bool {
        let f = &plan.foreign[foreign];
        let status = f.parent_table.map(|parent| &b.generator.table(parent).columns[column]);
        let leads = |status: &ColumnGen| {
            let known = |text: &String| paths.iter().any(|path| path.status == *text);
            status.is_filled() && status.texts().is_some_and(|texts| texts.iter().all(known))
        };
        f.existing_count == 0
            && f.null_columns.is_empty()
            && status.is_some_and(leads)
            && (plan.rows == 0 || b.generator.child(self.position, foreign, 0).is_some())
    }
}

/// Returns the columns before and after a change, and the paths, if the two laws give the sides of the same changes.
fn changed<'l>(
    one: usize,
    law: Option<&'l Law>,
    other: usize,
    law_of_other: Option<&'l Law>,
) -> Option<(usize, usize, &'l [StatusPath])> {
    let side = |law: Option<&'l Law>| match law {
        Some(Law::StatusPath { foreign, column, before, paths, .. }) => Some((*before, (*foreign, *column, paths))),
        _ => None,
    };
    let ((before, of), (after, of_other)) = (side(law)?, side(law_of_other)?);
    let (from, to) = if before { (one, other) } else { (other, one) };
    (before != after && of == of_other).then_some((from, to, of.2.as_slice()))
}
