//! What is known of a row's columns under some assumptions, and what an assumption adds.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::super::eval::{NoRow, OneColumn};
use super::super::tree::{Cmp, Is, Tree};
use super::atom::{Redraw, narrow};
use super::listing::{bounds, single};
use super::normal::{Formula, Goal, Scope};
use super::terms::{fold, strict_in};
use super::{Nulls, RoleKind};
use crate::domain::Domain;
use crate::predicate::narrow::Kept;
use crate::value::Value;

/// Rounds of passing bounds between columns: `a < b AND b < a` would go on for ever.
const ROUNDS: usize = 6;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub domain: Option<Rc<Domain>>,
    pub nulls: Nulls,
}

/// A condition between columns (or one that narrowing could not settle), checked on each row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Relation {
    pub tree: Tree,
    /// UNKNOWN will do.
    pub lenient: bool,
    /// Index of the check that it comes from.
    pub check: usize,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub cells: Vec<Cell>,
    pub relations: Vec<Relation>,
    /// Atoms decided by a split.
    pub(super) decided: Vec<(Formula, bool)>,
    /// Choices that have come up and wait to be made: condition and check.
    pub todo: Vec<(Formula, usize)>,
}

/// A column as the solver sees it.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub role: RoleKind,
    pub null_share: f64,
}

/// Two assumptions that cannot both hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contradiction;

/// The fixed part of a table's problem.
pub(super) struct Space<'a> {
    pub scope: Scope<'a>,
    pub columns: Vec<Column>,
    pub ties: Vec<Vec<usize>>,
}

impl State {
    pub fn new(cells: Vec<Cell>) -> Self {
        State { cells, relations: vec![], decided: vec![], todo: vec![] }
    }

    pub fn decide(&mut self, leaf: &Formula, holds: bool) {
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

    fn relate(&mut self, tree: &Tree, lenient: bool, check: usize) {
        if let Some(r) = self.relations.iter_mut().find(|r| r.tree == *tree) {
            r.lenient &= lenient;
        } else {
            self.relations.push(Relation { tree: tree.clone(), lenient, check });
        }
    }
}

impl Space<'_> {
    pub fn index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    pub fn indices(&self, t: &Tree) -> Vec<usize> {
        t.columns().iter().filter_map(|c| self.index(c)).collect()
    }

    /// Adds a condition to what is known; choices wait in [`State::todo`].
    pub fn assume(&self, st: &mut State, leaf: &Formula, check: usize) -> Result<(), Contradiction> {
        let (t, lenient) = match leaf {
            Formula::Const(true) => return Ok(()),
            Formula::Const(false) => return Err(Contradiction),
            Formula::Holds(t) => (t, false),
            Formula::Passes(t) => (t, true),
            Formula::All(items) => return items.iter().try_for_each(|f| self.assume(st, f, check)),
            Formula::Any(_) => {
                st.todo.push((leaf.clone(), check));
                return Ok(());
            }
        };
        if let Some((c, negated)) = self.null_test(t) {
            return if negated { st.forbid_null(c) } else { st.require_null(c) };
        }
        let known = self.with_known(st, t);
        if let Some(t) = &known {
            let goal = if lenient { Goal::NotFalse } else { Goal::True };
            match self.scope.want(t, goal) {
                Formula::Const(true) => return Ok(()),
                Formula::Const(false) => return Err(Contradiction),
                f if f != *leaf => return self.assume(st, &f, check),
                _ => {}
            }
        }
        let columns = self.indices(t);
        match columns.as_slice() {
            [] => self.constant(t, lenient),
            [c] => self.assume_single(st, *c, t, lenient, check),
            several => {
                if !lenient {
                    for &c in several {
                        if strict_in(t, &self.columns[c].name) {
                            st.forbid_null(c)?;
                        }
                    }
                }
                self.opposed(st, several, t, lenient)?;
                st.relate(t, lenient, check);
                self.propagate(st)
            }
        }
    }

    /// `a < b` beside `a >= b` (or `a = b`): no values, only NULL.
    fn opposed(&self, st: &State, columns: &[usize], t: &Tree, lenient: bool) -> Result<(), Contradiction> {
        let Tree::Compare { op, left, right } = t else { return Ok(()) };
        let clash = st.relations.iter().any(|r| match &r.tree {
            Tree::Compare { op: other, left: l, right: r2 } if l == left && r2 == right => {
                let both = [std::cmp::Ordering::Less, std::cmp::Ordering::Equal, std::cmp::Ordering::Greater];
                let never = !both.into_iter().any(|o| op.holds(o) && other.holds(o));
                never && (!(lenient && r.lenient) || columns.iter().all(|&c| st.cells[c].nulls == Nulls::Never))
            }
            _ => false,
        });
        if clash { Err(Contradiction) } else { Ok(()) }
    }

    /// Relations about columns that have become known are taken over anew. Whether there were any.
    pub fn refresh(&self, st: &mut State) -> Result<bool, Contradiction> {
        let known = |r: &Relation| self.indices(&r.tree).iter().any(|&c| st.fixed(c).is_some());
        let (stale, keep): (Vec<Relation>, Vec<Relation>) = st.relations.iter().cloned().partition(known);
        let any = !stale.is_empty();
        st.relations = keep;
        for r in stale {
            let leaf = if r.lenient { Formula::Passes(r.tree) } else { Formula::Holds(r.tree) };
            self.assume(st, &leaf, r.check)?;
        }
        Ok(any)
    }

    pub(super) fn constant(&self, t: &Tree, lenient: bool) -> Result<(), Contradiction> {
        match t.truth(&NoRow, self.scope.env) {
            Ok(Some(true)) => Ok(()),
            Ok(None) if lenient => Ok(()),
            _ => Err(Contradiction),
        }
    }

    pub(super) fn null_test(&self, t: &Tree) -> Option<(usize, bool)> {
        match t {
            Tree::Is { expr, what: Is::Null, negated } => match &**expr {
                Tree::Column(c) => Some((self.index(c)?, *negated)),
                _ => None,
            },
            _ => None,
        }
    }

    /// `t` with columns of known content replaced; `None` if there are none (or all but one are free anyway).
    pub(super) fn with_known(&self, st: &State, t: &Tree) -> Option<Tree> {
        let columns = self.indices(t);
        if columns.iter().all(|&c| st.fixed(c).is_none()) {
            return None;
        }
        // NULL in a strict place makes the whole UNKNOWN
        for &c in &columns {
            if st.fixed(c) == Some(Value::Null) && strict_in(t, &self.columns[c].name) {
                return Some(Tree::Literal(Value::Null));
            }
        }
        let replaced = t.substitute(&|name| self.index(name).and_then(|c| st.fixed(c)).map(Tree::Literal));
        Some(fold(&replaced, self.scope.env))
    }

    pub(super) fn redraw(&self, c: usize) -> Redraw {
        match self.columns[c].role {
            RoleKind::Free => Redraw::Possible,
            _ => Redraw::Never,
        }
    }

    /// Whether NULL in its only column satisfies `t`.
    pub(super) fn null_will_do(&self, c: usize, t: &Tree, lenient: bool) -> bool {
        match t.truth(&OneColumn(&self.columns[c].name, &Value::Null), self.scope.env) {
            Ok(Some(b)) => b,
            Ok(None) => lenient,
            Err(_) => false,
        }
    }

    fn assume_single(
        &self,
        st: &mut State,
        c: usize,
        t: &Tree,
        lenient: bool,
        check: usize,
    ) -> Result<(), Contradiction> {
        let null_ok = self.null_will_do(c, t, lenient);
        let cell = &st.cells[c];
        if cell.nulls == Nulls::Always {
            return if null_ok { Ok(()) } else { Err(Contradiction) };
        }
        let kept = match &cell.domain {
            Some(d) => narrow(d, &self.columns[c].name, t, self.scope.env, self.redraw(c)),
            None => Kept::Unknown,
        };
        let foreign = matches!(self.columns[c].role, RoleKind::Foreign { .. });
        if kept == Kept::Empty {
            return if null_ok { st.require_null(c) } else { Err(Contradiction) };
        }
        if !null_ok {
            st.forbid_null(c)?;
        }
        match kept {
            Kept::Exact(d) if Some(&d) == st.cells[c].domain.as_deref() => {}
            // a parent's value cannot be chosen, only tried
            _ if foreign => st.relate(t, lenient, check),
            Kept::Exact(d) => st.cells[c].domain = Some(Rc::new(d)),
            Kept::Loose(d) => {
                st.cells[c].domain = Some(Rc::new(d));
                st.relate(t, lenient, check);
            }
            _ => st.relate(t, lenient, check),
        }
        self.propagate(st)
    }

    /// Passes bounds along comparisons between columns.
    fn propagate(&self, st: &mut State) -> Result<(), Contradiction> {
        for _ in 0..ROUNDS {
            let mut changed = false;
            for i in 0..st.relations.len() {
                let r = st.relations[i].clone();
                if let Tree::Compare { op, left, right } = &r.tree {
                    changed |= self.bound(st, *op, left, right, r.lenient)?;
                    changed |= self.bound(st, op.flip(), right, left, r.lenient)?;
                }
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }

    /// Narrows the one column of `expr` by what `other`, a bare column, can be at most or at least.
    fn bound(&self, st: &mut State, op: Cmp, expr: &Tree, other: &Tree, lenient: bool) -> Result<bool, Contradiction> {
        let columns = self.indices(expr);
        let (Tree::Column(o), &[c]) = (other, columns.as_slice()) else { return Ok(false) };
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
            let t = Tree::compare(op, expr.clone(), Tree::Literal(v));
            match narrow(&now, &self.columns[c].name, &t, self.scope.env, Redraw::Never) {
                Kept::Exact(d) | Kept::Loose(d) => now = d,
                Kept::Empty if lenient => return Ok(false),
                Kept::Empty => return Err(Contradiction),
                Kept::Unknown => {}
            }
        }
        if now == *d {
            return Ok(false);
        }
        st.cells[c].domain = Some(Rc::new(now));
        Ok(true)
    }
}
