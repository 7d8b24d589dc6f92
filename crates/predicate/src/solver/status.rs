//! Whether a condition is entailed, disentailed or undecided by the known facts, and the estimated share of rows for
//! which it holds.

use super::Nulls;
use super::atom::{RetryPolicy, narrow};
use super::normal::{Goal, NormalForm};
use super::state::{Space, State};
use super::terms::negated;
use crate::expr::Expr;
use crate::narrow::Narrowing;
use dbmocker_domain::Domain;

/// The status of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Entailed,
    Disentailed,
    Undecided,
}

impl Space<'_> {
    /// The status of a leaf.
    pub fn status(&self, st: &State, leaf: &NormalForm) -> Status {
        if let Some((_, holds)) = st.decided.iter().find(|(f, _)| f == leaf) {
            return if *holds { Status::Entailed } else { Status::Disentailed };
        }
        let (t, null_passes) = match leaf {
            NormalForm::Const(true) => return Status::Entailed,
            NormalForm::Const(false) => return Status::Disentailed,
            NormalForm::IsTrue(t) => (t, false),
            NormalForm::NotFalse(t) => (t, true),
            NormalForm::All(items) => return self.status_all(st, items),
            NormalForm::Any(items) => return self.status_any(st, items),
        };
        if let Some((c, negated)) = self.null_test(t) {
            return match (st.cells[c].nulls, negated) {
                (Nulls::Free, _) => Status::Undecided,
                (Nulls::Always, false) | (Nulls::Never, true) => Status::Entailed,
                _ => Status::Disentailed,
            };
        }
        if let Some(t) = self.with_known(st, t) {
            let goal = if null_passes { Goal::NotFalse } else { Goal::True };
            return match self.scope.to_nnf(&t, goal) {
                f if f == *leaf => Status::Undecided,
                f => self.status(st, &f),
            };
        }
        let opposite = negated(t);
        for r in &st.relations {
            if r.tree == *t && (null_passes || !r.null_passes) {
                return Status::Entailed;
            }
            if r.tree == opposite && !(r.null_passes && null_passes) {
                return Status::Disentailed;
            }
        }
        match self.indices(t).as_slice() {
            [] => {
                if self.constant(t, null_passes).is_ok() {
                    Status::Entailed
                } else {
                    Status::Disentailed
                }
            }
            [c] => self.status_single(st, *c, t, null_passes),
            _ => Status::Undecided,
        }
    }

    fn status_all(&self, st: &State, items: &[NormalForm]) -> Status {
        let mut all = Status::Entailed;
        for f in items {
            match self.status(st, f) {
                Status::Disentailed => return Status::Disentailed,
                Status::Undecided => all = Status::Undecided,
                Status::Entailed => {}
            }
        }
        all
    }

    fn status_any(&self, st: &State, items: &[NormalForm]) -> Status {
        let mut any = Status::Disentailed;
        for f in items {
            match self.status(st, f) {
                Status::Entailed => return Status::Entailed,
                Status::Undecided => any = Status::Undecided,
                Status::Disentailed => {}
            }
        }
        any
    }

    fn status_single(&self, st: &State, c: usize, t: &Expr, null_passes: bool) -> Status {
        let cell = &st.cells[c];
        let null_ok = self.null_satisfies(c, t, null_passes);
        if cell.nulls == Nulls::Always {
            return if null_ok { Status::Entailed } else { Status::Disentailed };
        }
        let Some(d) = &cell.domain else { return Status::Undecided };
        match narrow(d, &self.columns[c].name, t, self.scope.env, self.redraw(c)) {
            Narrowing::Empty if (cell.nulls == Nulls::Never || !null_ok) && !self.may_widen(st, c, t) => {
                Status::Disentailed
            }
            Narrowing::Exact(k) if k == **d && (null_ok || cell.nulls == Nulls::Never) => Status::Entailed,
            _ => Status::Undecided,
        }
    }

    /// The share of rows for which a leaf is expected to hold, bounded away from 0 and 1.
    pub fn share(&self, st: &State, leaf: &NormalForm) -> f64 {
        let (NormalForm::IsTrue(t) | NormalForm::NotFalse(t)) = leaf else { return 0.5 };
        if let Some((c, negated)) = self.null_test(t) {
            let null = self.columns[c].null_share.clamp(0.15, 0.85);
            return if negated { 1.0 - null } else { null };
        }
        let [c] = self.indices(t).as_slice().try_into().unwrap_or([usize::MAX]);
        let Some(d) = st.cells.get(c).and_then(|cell| cell.domain.as_deref()) else { return 0.5 };
        let size = |d: &Domain| match d {
            Domain::Choice { values, weights: Some(w) } if w.len() == values.len() => {
                w.iter().map(|w| f64::from((*w).max(1))).sum()
            }
            Domain::Choice { values, .. } => values.len() as f64,
            Domain::Range { lo, hi, step, .. } => (hi - lo) as f64 / *step as f64 + 1.0,
            _ => 1.0,
        };
        match narrow(d, &self.columns[c].name, t, self.scope.env, RetryPolicy::Possible) {
            Narrowing::Exact(k) | Narrowing::Over(k) if matches!(d, Domain::Choice { .. }) => {
                (size(&k) / size(d)).clamp(0.02, 0.98)
            }
            Narrowing::Exact(k) | Narrowing::Over(k) => (size(&k) / size(d)).clamp(0.2, 0.8),
            _ => 0.5,
        }
    }
}
