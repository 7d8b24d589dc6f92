//! Whether a condition holds, cannot hold or is open under what is known, and how often it will hold.

use super::Nulls;
use super::atom::{Redraw, narrow};
use super::normal::{Formula, Goal};
use super::state::{Space, State};
use super::terms::negated;
use crate::domain::Domain;
use crate::predicate::narrow::Kept;
use crate::predicate::tree::Tree;

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Implied,
    Contradicted,
    Open,
}

impl Space<'_> {
    /// What is known of a leaf already.
    pub fn status(&self, st: &State, leaf: &Formula) -> Status {
        if let Some((_, holds)) = st.decided.iter().find(|(f, _)| f == leaf) {
            return if *holds { Status::Implied } else { Status::Contradicted };
        }
        let (t, lenient) = match leaf {
            Formula::Const(true) => return Status::Implied,
            Formula::Const(false) => return Status::Contradicted,
            Formula::Holds(t) => (t, false),
            Formula::Passes(t) => (t, true),
            Formula::All(items) => return self.status_all(st, items),
            Formula::Any(items) => return self.status_any(st, items),
        };
        if let Some((c, negated)) = self.null_test(t) {
            return match (st.cells[c].nulls, negated) {
                (Nulls::Free, _) => Status::Open,
                (Nulls::Always, false) | (Nulls::Never, true) => Status::Implied,
                _ => Status::Contradicted,
            };
        }
        if let Some(t) = self.with_known(st, t) {
            let goal = if lenient { Goal::NotFalse } else { Goal::True };
            return match self.scope.want(&t, goal) {
                f if f == *leaf => Status::Open,
                f => self.status(st, &f),
            };
        }
        let opposite = negated(t);
        for r in &st.relations {
            if r.tree == *t && (lenient || !r.lenient) {
                return Status::Implied;
            }
            if r.tree == opposite && !(r.lenient && lenient) {
                return Status::Contradicted;
            }
        }
        match self.indices(t).as_slice() {
            [] => {
                if self.constant(t, lenient).is_ok() {
                    Status::Implied
                } else {
                    Status::Contradicted
                }
            }
            [c] => self.status_single(st, *c, t, lenient),
            _ => Status::Open,
        }
    }

    fn status_all(&self, st: &State, items: &[Formula]) -> Status {
        let mut all = Status::Implied;
        for f in items {
            match self.status(st, f) {
                Status::Contradicted => return Status::Contradicted,
                Status::Open => all = Status::Open,
                Status::Implied => {}
            }
        }
        all
    }

    fn status_any(&self, st: &State, items: &[Formula]) -> Status {
        let mut any = Status::Contradicted;
        for f in items {
            match self.status(st, f) {
                Status::Implied => return Status::Implied,
                Status::Open => any = Status::Open,
                Status::Contradicted => {}
            }
        }
        any
    }

    fn status_single(&self, st: &State, c: usize, t: &Tree, lenient: bool) -> Status {
        let cell = &st.cells[c];
        let null_ok = self.null_will_do(c, t, lenient);
        if cell.nulls == Nulls::Always {
            return if null_ok { Status::Implied } else { Status::Contradicted };
        }
        let Some(d) = &cell.domain else { return Status::Open };
        match narrow(d, &self.columns[c].name, t, self.scope.env, self.redraw(c)) {
            Kept::Empty if cell.nulls == Nulls::Never || !null_ok => Status::Contradicted,
            Kept::Exact(k) if k == **d && (null_ok || cell.nulls == Nulls::Never) => Status::Implied,
            _ => Status::Open,
        }
    }

    /// The share of rows for which a leaf is expected to hold, kept away from 0 and 1.
    pub fn share(&self, st: &State, leaf: &Formula) -> f64 {
        let (Formula::Holds(t) | Formula::Passes(t)) = leaf else { return 0.5 };
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
        match narrow(d, &self.columns[c].name, t, self.scope.env, Redraw::Possible) {
            Kept::Exact(k) | Kept::Loose(k) if matches!(d, Domain::Choice { .. }) => {
                (size(&k) / size(d)).clamp(0.02, 0.98)
            }
            Kept::Exact(k) | Kept::Loose(k) => (size(&k) / size(d)).clamp(0.2, 0.8),
            _ => 0.5,
        }
    }
}
