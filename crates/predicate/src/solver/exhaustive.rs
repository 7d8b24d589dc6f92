//! Rows of small domains, found by trying all of them: the last resort where the general search finds none.
//!
//! In: the domains of the columns, and all conditions on them. Out: a tree with one leaf for each row, or for some of
//! them if there are many.

use super::branch_tree::{BranchLeaf, BranchNode, LeafCell, Ready};
use super::leaf_program::PlacedRow;
use super::normal::NormalForm;
use super::state::State;
use super::{Nulls, RoleKind, Solver};
use crate::eval::EvalError;
use crate::expr::Expr;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;

/// Maximum number of rows that are tried.
const TRIED: usize = 1 << 14;
/// Maximum number of rows that are kept.
const KEPT: usize = 64;

impl Solver<'_> {
    /// The rows that satisfy every condition; `None` if there is none, or if they are too many to try.
    pub(super) fn exhaustive(&self, st: &State, part: &[usize]) -> Option<BranchNode> {
        let conditions: Vec<NormalForm> = st
            .hard
            .iter()
            .filter(|(_, columns)| columns.iter().any(|c| part.contains(c)))
            .map(|((f, _), _)| self.placed(f, part))
            .collect();
        let own = part.iter().map(|&c| self.values(st, c, st.cells[c].domain.as_deref()));
        let wide = part.iter().map(|&c| self.values(st, c, st.wide[c].as_deref().or(st.cells[c].domain.as_deref())));
        let wider = part.iter().any(|&c| st.wide[c].is_some());
        self.rows(&conditions, &own.collect::<Option<Vec<_>>>()?)
            .or_else(|| if wider { self.rows(&conditions, &wide.collect::<Option<Vec<_>>>()?) } else { None })
            .map(|rows| tree(part, &rows))
    }

    /// All values of a column.
    fn values(&self, st: &State, c: usize, domain: Option<&Domain>) -> Option<Vec<Value>> {
        if self.space.columns[c].role != RoleKind::Free {
            return None;
        }
        let mut all = Vec::new();
        if st.cells[c].nulls != Nulls::Always {
            let sampler = domain?.sampler();
            let size = usize::try_from(sampler.size()).ok().filter(|n| *n <= TRIED)?;
            all.extend((0..size).map(|i| sampler.value(i as u128)));
        }
        if st.cells[c].nulls != Nulls::Never {
            all.push(Value::Null);
        }
        Some(all)
    }

    /// The condition over places in the row.
    fn placed(&self, f: &NormalForm, part: &[usize]) -> NormalForm {
        let each = |v: &[NormalForm]| v.iter().map(|f| self.placed(f, part)).collect();
        let place = |t: &Expr| {
            t.substitute(&|name| {
                let column = self.space.index(name)?;
                part.iter().position(|c| *c == column).map(Expr::Place)
            })
        };
        match f {
            NormalForm::Const(b) => NormalForm::Const(*b),
            NormalForm::All(v) => NormalForm::All(each(v)),
            NormalForm::Any(v) => NormalForm::Any(each(v)),
            NormalForm::IsTrue(t) => NormalForm::IsTrue(place(t)),
            NormalForm::NotFalse(t) => NormalForm::NotFalse(place(t)),
        }
    }

    fn rows(&self, conditions: &[NormalForm], values: &[Vec<Value>]) -> Option<Vec<Vec<Value>>> {
        let all = values.iter().try_fold(1usize, |n, v| n.checked_mul(v.len())).filter(|n| *n <= TRIED)?;
        let row = |i: usize| {
            let mut rest = i;
            let next = |v: &Vec<Value>| {
                let at = rest % v.len();
                rest /= v.len();
                Some(v[at].clone())
            };
            values.iter().map(next).collect::<Vec<_>>()
        };
        let holds = |row: &Vec<Option<Value>>| conditions.iter().all(|f| self.holds(f, row) == Ok(true));
        let found: Vec<Vec<Option<Value>>> = (0..all).map(row).filter(holds).collect();
        // Some of all, not the first ones.
        let step = found.len().div_ceil(KEPT).max(1);
        let kept = found.into_iter().step_by(step).map(|row| row.into_iter().flatten().collect());
        Some(kept.collect::<Vec<_>>()).filter(|rows| !rows.is_empty())
    }

    fn holds(&self, f: &NormalForm, row: &[Option<Value>]) -> Result<bool, EvalError> {
        let truth = |t: &Expr| t.truth(&PlacedRow(row), self.space.scope.env);
        Ok(match f {
            NormalForm::Const(b) => *b,
            NormalForm::IsTrue(t) => truth(t)? == Some(true),
            NormalForm::NotFalse(t) => truth(t)? != Some(false),
            NormalForm::All(v) => {
                for f in v {
                    if !self.holds(f, row)? {
                        return Ok(false);
                    }
                }
                true
            }
            NormalForm::Any(v) => {
                for f in v {
                    if self.holds(f, row)? {
                        return Ok(true);
                    }
                }
                false
            }
        })
    }
}

/// One leaf for each row.
fn tree(part: &[usize], rows: &[Vec<Value>]) -> BranchNode {
    let cell = |(&column, v): (&usize, &Value)| LeafCell {
        column,
        domain: (!v.is_null()).then(|| Domain::Choice { values: vec![v.clone()], weights: None }),
        nulls: if v.is_null() { Nulls::Always } else { Nulls::Never },
        sampler: Ready::default(),
    };
    let leaf = |row: &Vec<Value>| {
        let cells = part.iter().zip(row).map(cell).collect();
        (1, BranchNode::BranchLeaf(BranchLeaf { cells, relations: vec![], program: Ready::default() }))
    };
    BranchNode::Any(rows.iter().map(leaf).collect())
}
