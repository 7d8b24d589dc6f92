//! The solver's state: what is known of a row's columns under some assumptions, and its propagation.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::super::eval::{NoRow, OneColumn};
use super::super::expr::{Cmp, Expr, Is};
use super::atom::{RetryPolicy, narrow};
use super::domain_ops::{bounds, single};
use super::normal::{Goal, NormalForm, NormalizeContext};
use super::preferred::{AssumedCondition, positive};
use super::search::Pending;
use super::terms::{fold, strict_in};
use super::{Nulls, RoleKind};
use crate::narrow::Narrowing;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;

/// Maximum rounds of bound propagation: `a < b AND b < a` would never end.
const ROUNDS: usize = 6;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct StateCell {
    pub domain: Option<Rc<Domain>>,
    pub nulls: Nulls,
}

/// A condition between columns (or one that narrowing could not decide), checked for each row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Relation {
    pub tree: Expr,
    /// UNKNOWN is accepted.
    pub null_passes: bool,
    /// Index of the check that it comes from.
    pub check: usize,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub cells: Vec<StateCell>,
    pub relations: Vec<Relation>,
    /// Atoms decided by a split.
    pub(super) decided: Vec<(NormalForm, bool)>,
    /// Pending choices: condition and check.
    pub todo: Vec<(NormalForm, usize)>,
    /// The values of a column's type beyond the domain that its name suggests.
    pub wide: Vec<Option<Rc<Domain>>>,
    /// Columns whose suggested domain was replaced.
    pub dropped: Vec<usize>,
    /// Conditions assumed of columns that have a wider domain.
    pub said: Vec<Rc<AssumedCondition>>,
    /// All conditions except preferences, each with its columns.
    pub hard: Rc<Vec<(Pending, Vec<usize>)>>,
    /// The columns that are solved together, once these are known.
    pub part: Option<Rc<[usize]>>,
}

/// A column in the solver's state.
#[derive(Debug, Clone)]
pub(super) struct ColumnState {
    pub name: String,
    pub role: RoleKind,
    pub null_share: f64,
}

/// Two assumptions that cannot both hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contradiction;

/// The fixed part of a table's problem.
pub(super) struct Space<'a> {
    pub scope: NormalizeContext<'a>,
    pub columns: Vec<ColumnState>,
    pub same_parents: Vec<Vec<usize>>,
    /// Which checks are preferences.
    pub soft: Vec<bool>,
}

impl State {
    pub fn new(cells: Vec<StateCell>, wide: Vec<Option<Rc<Domain>>>) -> Self {
        State {
            cells,
            relations: vec![],
            decided: vec![],
            todo: vec![],
            wide,
            dropped: vec![],
            said: vec![],
            hard: Rc::default(),
            part: None,
        }
    }

    pub fn decide(&mut self, leaf: &NormalForm, holds: bool) {
        self.decided.push((leaf.clone(), holds));
    }

    /// The column's only possible content, if there is only one.
    pub fn fixed(&self, c: usize) -> Option<Value> {
        let cell = &self.cells[c];
        match cell.nulls {
            Nulls::Always => Some(Value::Null),
            Nulls::Never => cell.domain.as_deref().and_then(single),
            Nulls::Free => None,
        }
    }

    fn forbid_null(&mut self, c: usize) -> Result<(), Contradiction> {
        match self.cells[c].nulls {
            Nulls::Always => Err(Contradiction),
            _ => {
                self.cells[c].nulls = Nulls::Never;
                Ok(())
            }
        }
    }

    fn require_null(&mut self, c: usize) -> Result<(), Contradiction> {
        match self.cells[c].nulls {
            Nulls::Never => Err(Contradiction),
            _ => {
                self.cells[c].nulls = Nulls::Always;
                Ok(())
            }
        }
    }

    pub(super) fn relate(&mut self, tree: &Expr, null_passes: bool, check: usize) {
        if let Some(r) = self.relations.iter_mut().find(|r| r.tree == *tree) {
            r.null_passes &= null_passes;
        } else {
            self.relations.push(Relation { tree: tree.clone(), null_passes, check });
        }
    }
}

impl Space<'_> {
    pub fn index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    pub fn indices(&self, t: &Expr) -> Vec<usize> {
        t.column_names().into_iter().filter_map(|c| self.index(c)).collect()
    }

    /// Adds a condition to the state; choices are queued in [`State::todo`].
    pub fn post(&self, st: &mut State, leaf: &NormalForm, check: usize) -> Result<(), Contradiction> {
        let (t, null_passes) = match leaf {
            NormalForm::Const(true) => return Ok(()),
            NormalForm::Const(false) => return Err(Contradiction),
            NormalForm::IsTrue(t) => (t, false),
            NormalForm::NotFalse(t) => (t, true),
            NormalForm::All(items) => return items.iter().try_for_each(|f| self.post(st, f, check)),
            NormalForm::Any(_) => {
                st.todo.push((leaf.clone(), check));
                return Ok(());
            }
        };
        if let Some((c, negated)) = self.null_test(t) {
            return if negated { st.forbid_null(c) } else { st.require_null(c) };
        }
        let known = self.with_known(st, t);
        if let Some(t) = &known {
            let goal = if null_passes { Goal::NotFalse } else { Goal::True };
            match self.scope.to_nnf(t, goal) {
                NormalForm::Const(true) => return Ok(()),
                NormalForm::Const(false) => return Err(Contradiction),
                f if f != *leaf => return self.post(st, &f, check),
                _ => {}
            }
        }
        let columns = self.indices(t);
        match columns.as_slice() {
            [] => self.constant(t, null_passes),
            [c] => self.post_single(st, *c, t, null_passes, check),
            several => {
                if !null_passes {
                    for &c in several {
                        if strict_in(t, &self.columns[c].name) {
                            st.forbid_null(c)?;
                        }
                    }
                }
                self.opposed(st, several, t, null_passes)?;
                st.relate(t, null_passes, check);
                self.propagate(st)
            }
        }
    }

    /// `a < b` together with `a >= b` (or `a = b`): satisfied only by NULL.
    fn opposed(&self, st: &State, columns: &[usize], t: &Expr, null_passes: bool) -> Result<(), Contradiction> {
        let Expr::Compare { op, left, right } = t else { return Ok(()) };
        let clash = st.relations.iter().any(|r| match &r.tree {
            Expr::Compare { op: other, left: l, right: r2 } if l == left && r2 == right => {
                let both = [std::cmp::Ordering::Less, std::cmp::Ordering::Equal, std::cmp::Ordering::Greater];
                let never = !both.into_iter().any(|o| op.holds(o) && other.holds(o));
                never && (!(null_passes && r.null_passes) || columns.iter().all(|&c| st.cells[c].nulls == Nulls::Never))
            }
            _ => false,
        });
        if clash { Err(Contradiction) } else { Ok(()) }
    }

    /// Adds relations about columns that have become known again. Returns whether there were any.
    pub fn refresh(&self, st: &mut State) -> Result<bool, Contradiction> {
        let fixed: Vec<bool> = (0..st.cells.len()).map(|c| st.fixed(c).is_some()).collect();
        let known = |r: &Relation| self.indices(&r.tree).iter().any(|&c| fixed[c]);
        let (stale, keep) = std::mem::take(&mut st.relations).into_iter().partition::<Vec<_>, _>(known);
        let any = !stale.is_empty();
        st.relations = keep;
        for r in stale {
            let leaf = if r.null_passes { NormalForm::NotFalse(r.tree) } else { NormalForm::IsTrue(r.tree) };
            self.post(st, &leaf, r.check)?;
        }
        Ok(any)
    }

    pub(super) fn constant(&self, t: &Expr, null_passes: bool) -> Result<(), Contradiction> {
        match t.truth(&NoRow, self.scope.env) {
            Ok(Some(true)) => Ok(()),
            Ok(None) if null_passes => Ok(()),
            _ => Err(Contradiction),
        }
    }

    pub(super) fn null_test(&self, t: &Expr) -> Option<(usize, bool)> {
        match t {
            Expr::Is { expr, what: Is::Null, negated } => match &**expr {
                Expr::Column(c) => Some((self.index(c)?, *negated)),
                _ => None,
            },
            _ => None,
        }
    }

    /// `t` with columns of known content replaced; `None` if there are none (or all but one are free in any case).
    pub(super) fn with_known(&self, st: &State, t: &Expr) -> Option<Expr> {
        let columns = self.indices(t);
        if columns.iter().all(|&c| st.fixed(c).is_none()) {
            return None;
        }
        // NULL in a strict place makes the whole UNKNOWN
        for &c in &columns {
            if st.fixed(c) == Some(Value::Null) && strict_in(t, &self.columns[c].name) {
                return Some(Expr::Literal(Value::Null));
            }
        }
        let replaced = t.substitute(&|name| self.index(name).and_then(|c| st.fixed(c)).map(Expr::Literal));
        Some(fold(&replaced, self.scope.env))
    }

    pub(super) fn redraw(&self, c: usize) -> RetryPolicy {
        match self.columns[c].role {
            RoleKind::Free => RetryPolicy::Possible,
            _ => RetryPolicy::Never,
        }
    }

    /// Whether NULL in its only column satisfies `t`.
    pub(super) fn null_satisfies(&self, c: usize, t: &Expr, null_passes: bool) -> bool {
        match t.truth(&OneColumn(&self.columns[c].name, &Value::Null), self.scope.env) {
            Ok(Some(b)) => b,
            Ok(None) => null_passes,
            Err(_) => false,
        }
    }

    fn post_single(
        &self,
        st: &mut State,
        c: usize,
        t: &Expr,
        null_passes: bool,
        check: usize,
    ) -> Result<(), Contradiction> {
        let null_ok = self.null_satisfies(c, t, null_passes);
        let cell = &st.cells[c];
        if cell.nulls == Nulls::Always {
            return if null_ok { Ok(()) } else { Err(Contradiction) };
        }
        let kept = match &cell.domain {
            Some(d) => narrow(d, &self.columns[c].name, t, self.scope.env, self.redraw(c)),
            None => Narrowing::Unsupported,
        };
        let foreign = matches!(self.columns[c].role, RoleKind::Foreign { .. });
        if kept == Narrowing::Empty {
            if self.soft[check] {
                // a preference removes nothing
                return Ok(());
            }
            // in a branch, NULL is equivalent to "any other value"
            if (positive(t) || st.decided.is_empty()) && self.widen(st, c, Some(t)) {
                return self.post_single(st, c, t, null_passes, check);
            }
            return if null_ok { st.require_null(c) } else { Err(Contradiction) };
        }
        if !self.soft[check] {
            if self.widen_to_list(st, c, t) {
                return self.post_single(st, c, t, null_passes, check);
            }
            self.say_of(st, c, t, null_passes, check);
        }
        if !null_ok {
            st.forbid_null(c)?;
        }
        match kept {
            Narrowing::Exact(d) if Some(&d) == st.cells[c].domain.as_deref() => {}
            // a parent's value cannot be chosen, only tried
            _ if foreign => st.relate(t, null_passes, check),
            Narrowing::Exact(d) => st.cells[c].domain = Some(Rc::new(d)),
            Narrowing::Over(d) => {
                st.cells[c].domain = Some(Rc::new(d));
                st.relate(t, null_passes, check);
            }
            _ => st.relate(t, null_passes, check),
        }
        self.propagate(st)
    }

    /// Propagates bounds along comparisons between columns.
    fn propagate(&self, st: &mut State) -> Result<(), Contradiction> {
        for _ in 0..ROUNDS {
            let mut changed = false;
            for i in 0..st.relations.len() {
                let r = st.relations[i].clone();
                if let Expr::Compare { op, left, right } = &r.tree {
                    changed |= self.bound(st, *op, left, right, &r)?;
                    changed |= self.bound(st, op.flip(), right, left, &r)?;
                }
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }

    /// Narrows the one column of `expr` by the maximum or minimum of `other`, a bare column.
    fn bound(
        &self,
        st: &mut State,
        op: Cmp,
        expr: &Expr,
        other: &Expr,
        relation: &Relation,
    ) -> Result<bool, Contradiction> {
        let columns = self.indices(expr);
        let (Expr::Column(o), &[c]) = (other, columns.as_slice()) else { return Ok(false) };
        let Some(o) = self.index(o) else { return Ok(false) };
        if o == c || matches!(self.columns[c].role, RoleKind::Foreign { .. }) {
            return Ok(false);
        }
        let (Some(d), Some(od)) = (st.cells[c].domain.clone(), st.cells[o].domain.clone()) else { return Ok(false) };
        if matches!(*d, Domain::Text(_)) {
            return Ok(false);
        }
        let Some((lo, hi)) = bounds(&od, self.scope.env) else { return Ok(false) };
        let limits: Vec<(Cmp, Value)> = match op {
            Cmp::Lt | Cmp::Le => vec![(op, hi)],
            Cmp::Gt | Cmp::Ge => vec![(op, lo)],
            Cmp::Eq => vec![(Cmp::Le, hi), (Cmp::Ge, lo)],
            Cmp::Ne => return Ok(false),
        };
        let mut now = (*d).clone();
        for (op, v) in limits {
            let t = Expr::compare(op, expr.clone(), Expr::Literal(v));
            match narrow(&now, &self.columns[c].name, &t, self.scope.env, RetryPolicy::Never) {
                Narrowing::Exact(d) | Narrowing::Over(d) => now = d,
                Narrowing::Empty
                    if !self.soft[relation.check] && (self.widen(st, c, Some(&t)) || self.widen(st, o, None)) =>
                {
                    return Ok(true);
                }
                Narrowing::Empty if relation.null_passes => return Ok(false),
                Narrowing::Empty => return Err(Contradiction),
                Narrowing::Unsupported => {}
            }
        }
        if now == *d {
            return Ok(false);
        }
        st.cells[c].domain = Some(Rc::new(now));
        Ok(true)
    }
}
