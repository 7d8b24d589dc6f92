//! Finds branches, i.e. sets of assumptions under which all conditions of coupled columns are satisfied, by splitting
//! and propagating.
//!
//! Each split is on one atom that holds in one branch and not in the other, so branches do not overlap; columns that do
//! not depend on each other are separated, so that branches do not multiply. The share of infeasible branches is given
//! to their siblings.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::branch_tree::{BranchLeaf, BranchNode, LeafCell, Ready};
use super::invert::solvable;
use super::normal::NormalForm;
use super::state::{Contradiction, Relation, Space, State};
use super::status::Status;
use super::{Nulls, RoleKind};
use crate::expr::{Cmp, Expr, Is};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_domain::Domain;

/// Maximum number of splits; beyond it branches are sampled instead of enumerated.
const MAX_SPLITS: usize = 3000;
const MAX_LEAVES: usize = 1024;
const MAX_DEPTH: usize = 150;
/// Minimum share of the rows that meet each alternative of a condition with two.
const FAIR: f64 = 0.15;

/// A pending condition and its check.
pub(super) type Pending = (NormalForm, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SearchEnd {
    Dead,
    TooLarge,
}

impl From<Contradiction> for SearchEnd {
    fn from(_: Contradiction) -> SearchEnd {
        SearchEnd::Dead
    }
}

/// All branches, or one picked at random.
pub(super) struct Search<'a, 's> {
    pub space: &'a Space<'s>,
    pub splits: usize,
    /// Follow one branch of each split only.
    pub random: Option<CellRng>,
}

impl Search<'_, '_> {
    /// The branches of the columns `own` under `st` and `pending`.
    pub fn search(
        &mut self,
        mut st: State,
        mut pending: Vec<Pending>,
        own: &[usize],
        depth: usize,
    ) -> Result<BranchNode, SearchEnd> {
        propagate_unconditional(self.space, &mut st, &mut pending)?;
        let parts = components(self.space, &st, &pending, own);
        if parts.len() > 1 {
            let mut nodes = vec![];
            let mut idle = vec![];
            for part in parts {
                let mine = |t: &Expr| self.space.indices(t).iter().any(|c| part.contains(c) && st.fixed(*c).is_none());
                let mut sub = State { part: Some(Rc::from(part.as_slice())), ..st.clone() };
                sub.relations.retain(|r| mine(&r.tree));
                let pending: Vec<Pending> =
                    pending.iter().filter(|(f, _)| touches(self.space, &st, f, &part)).cloned().collect();
                if pending.is_empty() && sub.relations.is_empty() {
                    idle.extend(part);
                } else {
                    nodes.push(self.expand_part(sub, pending, &part, depth)?);
                }
            }
            if !idle.is_empty() {
                st.relations.clear();
                nodes.push(BranchNode::BranchLeaf(leaf(self.space, &st, &idle)));
            }
            return Ok(if nodes.len() == 1 { nodes.remove(0) } else { BranchNode::All(nodes) });
        }
        self.expand_part(st, pending, own, depth)
    }

    fn expand_part(
        &mut self,
        st: State,
        pending: Vec<Pending>,
        own: &[usize],
        depth: usize,
    ) -> Result<BranchNode, SearchEnd> {
        let Some((on, check)) = decision(self.space, &st, &pending) else {
            return Ok(BranchNode::BranchLeaf(leaf(self.space, &st, own)));
        };
        self.splits += 1;
        if self.splits > MAX_SPLITS || depth > MAX_DEPTH {
            return Err(SearchEnd::TooLarge);
        }
        let off = self.space.scope.not(&on);
        let share = self.fair_share(&st, (&on, &off));
        let side = |search: &mut Self, f: &NormalForm, holds: bool| -> Result<BranchNode, SearchEnd> {
            let mut st = st.clone();
            st.decide(&on, holds);
            search.space.post(&mut st, f, check)?;
            search.search(st, pending.clone(), own, depth + 1)
        };
        if let Some(rng) = &mut self.random {
            let first = rng.unit() < share;
            let (a, b) = if first { (&on, &off) } else { (&off, &on) };
            return match side(self, a, first) {
                Err(SearchEnd::Dead) => side(self, b, !first),
                other => other,
            };
        }
        let yes = dead_is_none(side(self, &on, true))?;
        let no = dead_is_none(side(self, &off, false))?;
        match (yes, no) {
            (None, None) => Err(SearchEnd::Dead),
            (Some(n), None) | (None, Some(n)) => Ok(n),
            (Some(a), Some(b)) => {
                let node = BranchNode::either(share, a, b);
                if node.leaves() > MAX_LEAVES { Err(SearchEnd::TooLarge) } else { Ok(node) }
            }
        }
    }
}

impl Search<'_, '_> {
    /// The share of rows for which a split's first condition holds: that of the columns' values, raised where an
    /// alternative of a condition with two needs several such splits, whose shares multiply. A list of values keeps its
    /// own shares.
    fn fair_share(&self, st: &State, (on, off): (&NormalForm, &NormalForm)) -> f64 {
        let share = self.space.share(st, on);
        if self.is_about_list(st, on) {
            return share;
        }
        let (mut least, mut most) = (0.0_f64, 1.0_f64);
        let conditions = st.hard.iter().flat_map(|((condition, check), _)| {
            let parts = match condition {
                NormalForm::All(parts) => parts.as_slice(),
                one => std::slice::from_ref(one),
            };
            parts.iter().map(move |part| (part, check))
        });
        for (condition, check) in conditions {
            let NormalForm::Any(alternatives) = condition else { continue };
            let [first, second] = &alternatives[..] else { continue };
            if [first, second].iter().any(|one| self.space.status(st, one) != Status::Undecided) {
                continue;
            }
            for (one, other) in [(first, second), (second, first)] {
                let NormalForm::All(parts) = one else { continue };
                for (side, holds) in [(on, true), (off, false)].into_iter().filter(|(side, _)| parts.contains(side)) {
                    let floor = match self.status_after(st, (side, *check), other) {
                        // The rest of this alternative follows.
                        Status::Disentailed => FAIR,
                        Status::Undecided => FAIR.powf(1.0 / parts.len() as f64),
                        Status::Entailed => continue,
                    };
                    if holds { least = least.max(floor) } else { most = most.min(1.0 - floor) }
                }
            }
        }
        if least <= most { share.clamp(least, most) } else { share }
    }

    /// The status of `of` once a condition holds; a condition that cannot hold changes nothing.
    fn status_after(&self, st: &State, (condition, check): (&NormalForm, usize), of: &NormalForm) -> Status {
        let mut after = st.clone();
        match self.space.post(&mut after, condition, check) {
            Ok(()) => self.space.status(&after, of),
            Err(Contradiction) => Status::Entailed,
        }
    }

    fn is_about_list(&self, st: &State, leaf: &NormalForm) -> bool {
        let (NormalForm::IsTrue(t) | NormalForm::NotFalse(t)) = leaf else { return false };
        let columns = self.space.indices(t);
        let listed = |c: &usize| matches!(st.cells[*c].domain.as_deref(), Some(Domain::Choice { .. }));
        self.space.null_test(t).is_none() && columns.iter().any(listed)
    }
}

fn dead_is_none(r: Result<BranchNode, SearchEnd>) -> Result<Option<BranchNode>, SearchEnd> {
    match r {
        Ok(n) => Ok(Some(n)),
        Err(SearchEnd::Dead) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Adds every condition without a choice to the state, until all remaining ones have a choice.
pub(super) fn propagate_unconditional(
    space: &Space<'_>,
    st: &mut State,
    pending: &mut Vec<Pending>,
) -> Result<(), Contradiction> {
    loop {
        let mut changed = false;
        let mut open: Vec<Pending> = vec![];
        pending.append(&mut st.todo);
        for (f, check) in std::mem::take(pending) {
            if let NormalForm::All(items) = f {
                changed = true;
                open.extend(items.into_iter().map(|f| (f, check)));
                continue;
            }
            if space.lists_more(st, &f, check) {
                changed = true;
                space.post(st, &f, check)?;
                continue;
            }
            match simplified(space, st, &f) {
                NormalForm::Const(true) => {
                    changed = true;
                    space.say(st, &f, check);
                }
                NormalForm::Const(false) => return Err(Contradiction),
                leaf @ (NormalForm::IsTrue(_) | NormalForm::NotFalse(_)) => {
                    changed = true;
                    space.post(st, &leaf, check)?;
                }
                any => {
                    changed |= any != f;
                    open.push((any, check));
                }
            }
        }
        *pending = open;
        changed |= space.refresh(st)?;
        if !changed && st.todo.is_empty() {
            return Ok(());
        }
    }
}

/// `f` without decided parts.
fn simplified(space: &Space<'_>, st: &State, f: &NormalForm) -> NormalForm {
    match f {
        NormalForm::All(items) => NormalForm::all(items.iter().map(|f| simplified(space, st, f)).collect()),
        NormalForm::Any(items) => NormalForm::any(items.iter().map(|f| simplified(space, st, f)).collect()),
        leaf => match space.status(st, leaf) {
            Status::Entailed => NormalForm::Const(true),
            Status::Disentailed => NormalForm::Const(false),
            Status::Undecided => leaf.clone(),
        },
    }
}

fn leaves<'f>(f: &'f NormalForm, out: &mut Vec<&'f NormalForm>) {
    match f {
        NormalForm::All(v) | NormalForm::Any(v) => v.iter().for_each(|f| leaves(f, out)),
        NormalForm::Const(_) => {}
        leaf => out.push(leaf),
    }
}

/// The atom to split on: preferably about a column of few values that many conditions contain.
fn decision(space: &Space<'_>, st: &State, pending: &[Pending]) -> Option<(NormalForm, usize)> {
    let mut uses = vec![0usize; space.columns.len()];
    let mut all = vec![];
    for (f, check) in pending {
        let mut found = vec![];
        leaves(f, &mut found);
        for leaf in found {
            let (NormalForm::IsTrue(t) | NormalForm::NotFalse(t)) = leaf else { continue };
            let columns = space.indices(t);
            columns.iter().for_each(|&c| uses[c] += 1);
            all.push((leaf, *check, columns));
        }
    }
    let score = |leaf: &NormalForm, columns: &[usize]| -> (usize, usize) {
        let kind = match (leaf, columns) {
            (NormalForm::IsTrue(Expr::Is { what: Is::Null, .. }), [_]) => 2,
            (_, [c]) if matches!(st.cells[*c].domain.as_deref(), Some(Domain::Choice { .. })) => 3,
            (_, [_]) => 1,
            _ => 0,
        };
        (kind, columns.iter().map(|&c| uses[c]).max().unwrap_or(0))
    };
    let mut best: Option<((usize, usize), &NormalForm, usize)> = None;
    for (leaf, check, columns) in &all {
        let s = score(leaf, columns);
        if best.as_ref().is_none_or(|b| s > b.0) {
            best = Some((s, leaf, *check));
        }
    }
    best.map(|(_, f, check)| (f.clone(), check))
}

fn touches(space: &Space<'_>, st: &State, f: &NormalForm, part: &[usize]) -> bool {
    let mut names = BTreeSet::new();
    f.columns(&mut names);
    names.iter().filter_map(|n| space.index(n)).any(|c| part.contains(&c) && st.fixed(c).is_none())
}

/// `own` divided into sets that no condition couples. Columns of known content couple nothing.
pub(super) fn components(space: &Space<'_>, st: &State, pending: &[Pending], own: &[usize]) -> Vec<Vec<usize>> {
    let mut label: Vec<usize> = (0..space.columns.len()).collect();
    let mut join = |columns: Vec<usize>| {
        let open: Vec<usize> = columns.into_iter().filter(|&c| st.fixed(c).is_none()).collect();
        if let Some(&first) = open.first() {
            let to = label[first];
            for c in open {
                let from = label[c];
                label.iter_mut().filter(|l| **l == from).for_each(|l| *l = to);
            }
        }
    };
    for r in &st.relations {
        join(space.indices(&r.tree));
    }
    space.same_parents.iter().for_each(|same_parent| join(same_parent.clone()));
    for (f, _) in pending {
        let mut names = BTreeSet::new();
        f.columns(&mut names);
        join(names.iter().filter_map(|n| space.index(n)).collect());
    }
    let mut parts: Vec<(usize, Vec<usize>)> = vec![];
    for &c in own {
        match parts.iter_mut().find(|(l, _)| *l == label[c]) {
            Some((_, part)) => part.push(c),
            None => parts.push((label[c], vec![c])),
        }
    }
    parts.into_iter().map(|(_, p)| p).collect()
}

fn leaf(space: &Space<'_>, st: &State, own: &[usize]) -> BranchLeaf {
    let relations: Vec<Relation> =
        st.relations.iter().filter(|r| space.indices(&r.tree).iter().any(|c| own.contains(c))).cloned().collect();
    let cells = generation_order(space, own, &relations).into_iter().map(|c| LeafCell {
        column: c,
        domain: st.cells[c].domain.as_deref().cloned().filter(|_| st.cells[c].nulls != Nulls::Always),
        nulls: st.cells[c].nulls,
        sampler: Default::default(),
    });
    BranchLeaf { cells: cells.collect(), relations, program: Ready::default() }
}

/// Given columns first; then so that each condition's last column is one that it can be solved for.
fn generation_order(space: &Space<'_>, own: &[usize], relations: &[Relation]) -> Vec<usize> {
    let (mut free, mut order): (Vec<usize>, Vec<usize>) =
        own.iter().partition(|&&c| space.columns[c].role == RoleKind::Free);
    // the rank of a condition's column as its last: whether it can be solved for it, preferably as a bare column
    let points = |r: &Relation, c: usize| -> i64 {
        let name = &space.columns[c].name;
        let bare = |side: &Expr| matches!(side, Expr::Column(n) if n == name);
        match &r.tree {
            Expr::Compare { op: Cmp::Eq, left, right } if bare(left) != bare(right) => 2,
            t if solvable(t, name) => 1,
            _ => -100,
        }
    };
    let mut open: Vec<Vec<(usize, i64)>> =
        relations.iter().map(|r| space.indices(&r.tree).into_iter().map(|c| (c, points(r, c))).collect()).collect();
    let mut tail = vec![];
    while !free.is_empty() {
        let score = |c: usize| {
            let points = open.iter().flatten().filter(|(of, _)| *of == c).map(|(_, points)| points);
            (points.sum::<i64>(), c)
        };
        let Some(at) = (0..free.len()).max_by_key(|&i| score(free[i])) else { break };
        let last = free.remove(at);
        open.retain(|columns| columns.iter().all(|(c, _)| *c != last));
        tail.push(last);
    }
    order.extend(tail.into_iter().rev());
    order
}
