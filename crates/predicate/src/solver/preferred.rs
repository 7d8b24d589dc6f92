//! The domain that a column's name suggests is a preference: if the conditions leave no value of it, or list other
//! values, the domain of the type replaces it.
//!
//! Conditions that hold for every suggested value are dropped at first; when a column gets its wider domain, all hard
//! conditions on it are added again.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::expr::{Cmp, Expr};
use super::atom::narrow;
use super::normal::NormalForm;
use super::search::Pending;
use super::state::{Space, State};
use super::{Nulls, RoleKind};
use crate::narrow::{Narrow as _, Narrowing};
use dbmocker_domain::{Domain, RangeKind, Shape};

/// A range of at most this many values is treated as a list: grades, priorities, marks.
const LISTED: i128 = 20;

/// An assumed condition on one column.
#[derive(Debug, Clone)]
pub(super) struct AssumedCondition {
    column: usize,
    tree: Expr,
    null_passes: bool,
    check: usize,
}

/// The replacement of a suggested domain.
struct Wider {
    domain: Domain,
    /// Conditions that must still be checked for its values.
    open: Vec<AssumedCondition>,
    /// The domain of the type, if `domain` is only the part of it next to the suggested one.
    rest: Option<Rc<Domain>>,
}

impl Space<'_> {
    /// Stores a condition for the case that its column gets a wider domain.
    pub fn say(&self, st: &mut State, f: &NormalForm, check: usize) {
        let (NormalForm::IsTrue(t) | NormalForm::NotFalse(t)) = f else { return };
        if let (&[c], false) = (self.indices(t).as_slice(), self.soft[check]) {
            self.say_of(st, c, t, matches!(f, NormalForm::NotFalse(_)), check);
        }
    }

    pub fn say_of(&self, st: &mut State, column: usize, tree: &Expr, null_passes: bool, check: usize) {
        if st.wide[column].is_some() {
            st.said.push(Rc::new(AssumedCondition { column, tree: tree.clone(), null_passes, check }));
        }
    }

    /// Whether a wider domain has values for which `t`, which no suggested one satisfies, is TRUE.
    pub fn may_widen(&self, st: &State, c: usize, t: &Expr) -> bool {
        positive(t) && self.wider(st, c, Some(t)).is_some()
    }

    /// Gives the column its wider domain, if that has values for which `t` is TRUE.
    pub fn widen(&self, st: &mut State, c: usize, t: Option<&Expr>) -> bool {
        let Some(wider) = self.wider(st, c, t) else { return false };
        self.replace(st, c, wider);
        true
    }

    /// As [`widen`](Self::widen), for a list of values of which the suggested ones are only a part.
    pub fn widen_to_list(&self, st: &mut State, c: usize, t: &Expr) -> bool {
        let Some(wider) = self.whole_list(st, c, t) else { return false };
        self.replace(st, c, wider);
        true
    }

    /// Whether the condition lists values of one column that the suggested domain lacks.
    pub fn lists_more(&self, st: &State, f: &NormalForm, check: usize) -> bool {
        let (NormalForm::IsTrue(t) | NormalForm::NotFalse(t)) = f else { return false };
        match self.indices(t).as_slice() {
            &[c] => !self.soft[check] && self.whole_list(st, c, t).is_some(),
            _ => false,
        }
    }

    fn whole_list(&self, st: &State, c: usize, t: &Expr) -> Option<Wider> {
        if !lists(t) {
            return None;
        }
        let wider = self.wider(st, c, Some(t))?;
        let (Domain::Choice { values, .. }, Some(now)) = (&wider.domain, st.cells[c].domain.as_deref()) else {
            return None;
        };
        let sampler = now.sampler();
        (!values.iter().all(|v| sampler.contains(v))).then_some(wider)
    }

    /// A few numbers between two bounds in the conditions are also treated as a list.
    pub fn widen_to_grades(&self, st: &mut State, c: usize) -> bool {
        let Some(Domain::Range { lo, hi, shape, .. }) = st.cells[c].domain.as_deref() else { return false };
        let (lo, hi, shape) = (*lo, *hi, *shape);
        let Some(Domain::Range { lo: least, hi: most, .. }) = st.wide[c].as_deref() else { return false };
        let (least, most) = (*least, *most);
        let Some(mut wider) = self.wider(st, c, None) else { return false };
        let Domain::Range { kind: RangeKind::Int, lo: from, hi: to, .. } = &wider.domain else { return false };
        let named = *from > least && *to < most && to - from < LISTED;
        if !named || (*from, *to) == (lo, hi) {
            return false;
        }
        wider.domain = wider.domain.shaped(shape);
        self.replace(st, c, wider);
        true
    }

    /// The part of the wider domain that the conditions so far, including `t`, leave.
    fn wider(&self, st: &State, c: usize, t: Option<&Expr>) -> Option<Wider> {
        let wide = st.wide[c].as_ref()?;
        // Conditions added again in a branch must not be about columns that are solved elsewhere.
        let inside = |c: &usize| st.part.as_ref().is_none_or(|part| part.contains(c) || st.fixed(*c).is_some());
        if !self.hard_about(st, c).all(|(_, columns)| columns.iter().all(inside)) {
            return None;
        }
        let (name, env, redraw) = (&self.columns[c].name, self.scope.env, self.redraw(c));
        let mut domain = (**wide).clone();
        let mut open = vec![];
        for said in st.said.iter().filter(|s| s.column == c) {
            match narrow(&domain, name, &said.tree, env, redraw) {
                Narrowing::Exact(d) => domain = d,
                Narrowing::Over(d) => {
                    domain = d;
                    open.push((**said).clone());
                }
                Narrowing::Unsupported => open.push((**said).clone()),
                Narrowing::Empty if said.null_passes && st.cells[c].nulls != Nulls::Never => {}
                Narrowing::Empty => return None,
            }
        }
        let Some(t) = t else { return Some(Wider { domain, open, rest: None }) };
        let left = match narrow(&domain, name, t, env, redraw) {
            Narrowing::Exact(d) | Narrowing::Over(d) => d,
            Narrowing::Unsupported | Narrowing::Empty => return None,
        };
        // The condition itself is assumed next, so the domain must contain the values that it leaves.
        let near = st.cells[c].domain.as_deref().and_then(|likely| beside(likely, &left));
        match near.filter(|_| self.columns[c].role == RoleKind::Free) {
            Some(near) => Some(Wider { domain: near, open, rest: Some(wide.clone()) }),
            None => Some(Wider { domain: if lists(t) { left } else { domain }, open, rest: None }),
        }
    }

    fn replace(&self, st: &mut State, c: usize, wider: Wider) {
        st.cells[c].domain = Some(Rc::new(wider.domain));
        st.wide[c] = wider.rest;
        st.dropped.push(c);
        for said in wider.open {
            st.relate(&said.tree, said.null_passes, said.check);
        }
        let again: Vec<Pending> = self.hard_about(st, c).map(|(condition, _)| condition.clone()).collect();
        st.todo.extend(again);
    }

    /// The hard conditions on a column, with all columns of each.
    fn hard_about<'s>(&self, st: &'s State, c: usize) -> impl Iterator<Item = (&'s Pending, &'s [usize])> {
        st.hard.iter().filter(move |(_, columns)| columns.contains(&c)).map(|(f, columns)| (f, columns.as_slice()))
    }

    /// The columns of a condition.
    pub fn columns_of(&self, f: &NormalForm) -> Vec<usize> {
        let mut names = BTreeSet::new();
        f.columns(&mut names);
        names.iter().filter_map(|n| self.index(n)).collect()
    }
}

/// The part of `left` next to the suggested domain, of the same width: numbers keep their magnitude.
fn beside(likely: &Domain, left: &Domain) -> Option<Domain> {
    match (likely, left) {
        (Domain::Range { kind, lo, hi, .. }, Domain::Range { kind: same, lo: from, hi: to, .. }) if kind == same => {
            let moment = matches!(kind, RangeKind::Date | RangeKind::Time | RangeKind::Timestamp);
            let span = |end: i128| if moment { hi - lo } else { (hi - lo).max(end.abs()) };
            let (kept, shape) = if from > hi {
                (left.keep_range(*from, from.saturating_add(span(*from))), Shape::Low)
            } else if to < lo {
                (left.keep_range(to.saturating_sub(span(*to)), *to), Shape::High)
            } else {
                return None;
            };
            match kept {
                Narrowing::Exact(d) => Some(d.shaped(shape)),
                _ => None,
            }
        }
        (Domain::Float { lo, hi, .. }, Domain::Float { lo: from, hi: to, decimals, .. }) => {
            let span = |end: f64| (hi - lo).max(end.abs());
            let (lo, hi, shape) = if from > hi {
                (*from, to.min(from + span(*from)), Shape::Low)
            } else if to < lo {
                (from.max(to - span(*to)), *to, Shape::High)
            } else {
                return None;
            };
            Some(Domain::Float { lo, hi, decimals: *decimals, shape })
        }
        _ => None,
    }
}

/// Whether conditions determine values, and do not only exclude some.
pub(super) fn positive(t: &Expr) -> bool {
    match t {
        Expr::Compare { op, .. } => *op != Cmp::Ne,
        Expr::In { negated, .. } | Expr::Matches { negated, .. } => !negated,
        Expr::Quantified { op, .. } => *op != Cmp::Ne,
        Expr::Not(_) => false,
        _ => true,
    }
}

/// `column = constant`, `column IN (constants)`, or several of them.
pub(super) fn lists(t: &Expr) -> bool {
    match t {
        Expr::Compare { op: Cmp::Eq, .. } => true,
        Expr::In { negated, .. } => !negated,
        Expr::Or(items) => items.iter().all(lists),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{ColumnInput, Dialect, NamedCheck, solve};
    use super::*;
    use dbmocker_core::value::Value;
    use dbmocker_domain::text::TextKind;

    /// A nullable text whose name suggests these values.
    fn suggested(name: &str, values: &[&str]) -> ColumnInput {
        let legal = text(name, TextKind::Words, 20).null();
        let values = values.iter().map(|v| Value::text(*v)).collect();
        ColumnInput { domain: Some(Domain::Choice { values, weights: None }), legal: legal.domain.clone(), ..legal }
    }

    /// A nullable number whose name suggests the first few values.
    fn small(name: &str, lo: i128, hi: i128) -> ColumnInput {
        let likely = int(name, lo, hi).null();
        ColumnInput { legal: int(name, -1_000_000, 1_000_000).domain, ..likely }
    }

    fn values(rows: &[RowMap], column: &str) -> Vec<String> {
        seen(rows, column).into_iter().filter(|v| v != "NULL").collect()
    }

    #[test]
    fn lists_that_share_no_value_with_the_suggestion() {
        let kind = || suggested("kind", &["basic", "premium"]);
        for check in
            ["kind IN ('van', 'truck')", "kind = 'van' OR kind = 'truck'", "kind = ANY (ARRAY['van', 'truck'])"]
        {
            let r = pg(&[kind()], &[check]);
            assert_eq!(values(&r, "kind"), ["truck", "van"], "{check}");
        }
        // a list that shares values with the suggestion is used completely
        let r = pg(&[kind()], &["kind IN ('van', 'premium')"]);
        assert_eq!(values(&r, "kind"), ["premium", "van"]);
        let r = pg(&[kind()], &["kind IN ('van', 'premium', 'basic')"]);
        assert_eq!(values(&r, "kind"), ["basic", "premium", "van"]);
        // values that the list does not determine are as suggested
        let r = pg(&[kind()], &["kind <> 'premium'"]);
        assert_eq!(values(&r, "kind"), ["basic"]);
        let r = pg(&[kind()], &["kind NOT IN ('premium', 'basic')"]);
        assert!(values(&r, "kind").len() > 10);
    }

    #[test]
    fn patterns_lengths_and_ranges_without_a_suggested_value() {
        let r = pg(&[suggested("code", &["basic", "premium"])], &["code ~ '^[A-Z]{3}$'"]);
        assert!(values(&r, "code").len() > 10);
        let r = pg(&[suggested("code", &["basic", "premium"])], &["length(code) = 12"]);
        assert!(values(&r, "code").len() > 10);
        let r = pg(&[small("level", 1, 5)], &["level >= 100"]);
        assert!(values(&r, "level").iter().all(|v| v.len() == 3), "numbers keep their magnitude: {r:?}");
        let r = pg(&[small("level", 1, 5)], &["level > 300", "level < 310 OR level > 900000"]);
        assert!(values(&r, "level").len() > 5);
        let r = pg(&[small("mark", 1, 5)], &["mark BETWEEN 0 AND 9"]);
        assert_eq!(values(&r, "mark").len(), 10);
        let r = pg(&[small("age", 18, 90)], &["age > 0 AND age < 150"]);
        assert!(!seen(&r, "age").contains("3"));
    }

    #[test]
    fn branches_and_columns_together() {
        let kind = || suggested("kind", &["basic", "premium"]);
        let r =
            pg(&[kind(), int("wheels", 0, 100)], &["(kind = 'van' AND wheels = 4) OR (kind = 'bike' AND wheels = 2)"]);
        assert_eq!(values(&r, "kind"), ["bike", "van"]);
        let r = pg(
            &[kind(), int("wheels", 0, 100).null()],
            &["(kind = 'bike') = (wheels IS NOT NULL)", "kind IN ('bike', 'boat', 'car')"],
        );
        assert!(has_null(&r, "wheels") && has_value(&r, "wheels"));
        assert_eq!(values(&r, "kind"), ["bike", "boat", "car"]);
        let r = pg(&[small("a", 1, 9), small("b", 1, 9)], &["b > a + 1000"]);
        assert!(r.iter().any(|r| !r["a"].is_null() && !r["b"].is_null()));
        let r =
            pg(&[suggested("kind", &["basic", "premium"]), text("name", TextKind::Word, 20)], &["kind = upper(name)"]);
        assert!(has_value(&r, "kind"));
        // conditions decided by the suggestion are checked again
        let r = pg(&[small("a", 1, 9), int("b", 0, 9)], &["a < 50 OR b = 7", "a > 100"]);
        assert!(r.iter().all(|r| r["a"].is_null() || r["b"] == Value::Int(7)));
        assert!(has_value(&r, "a"));
    }

    #[test]
    fn the_solution_says_that_the_suggestion_was_given_up() {
        let columns = [suggested("kind", &["basic"]), suggested("tier", &["basic", "gold"])];
        let checks = ["kind IN ('van')", "tier IN ('gold')"].map(|t| NamedCheck::new(t, t));
        let s = solve(&columns, &checks, Dialect::Postgres, NOW);
        assert_eq!(s.columns.iter().map(|c| c.dropped).collect::<Vec<_>>(), [true, false]);
    }
}
