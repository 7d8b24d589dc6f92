//! Columns that are coupled after narrowing: their branches, and the resulting coupled columns or narrowed key domain.

use std::rc::Rc;

use super::branch_tree::BranchNode;
use super::coupled_columns::{CoupledColumns, CoupledMember};
use super::model::{Filter, Impossible, Nulls, RoleKind};
use super::search::{Pending, Search, SearchEnd};
use super::state::{State, StateCell};
use super::{Solver, domain_ops, smoke_test};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_domain::Domain;

/// Number of branches sampled if there are too many to enumerate.
const SAMPLED: u64 = 96;

impl Solver<'_> {
    /// The coupled columns of a component, if it needs them.
    pub(super) fn group(&mut self, st: &mut State, pending: &[Pending], part: &[usize]) -> Option<CoupledColumns> {
        let pending = self.pending_of(st, pending, part);
        let mut sub = State { part: Some(Rc::from(part)), ..st.clone() };
        let mine = |t: &crate::expr::Expr| self.space.indices(t).iter().any(|c| part.contains(c));
        sub.relations.retain(|r| mine(&r.tree));
        if pending.is_empty() && sub.relations.is_empty() {
            return None;
        }
        let involved: Vec<usize> = sub.relations.iter().map(|r| r.check).chain(pending.iter().map(|p| p.1)).collect();
        let root = match self.branches(&sub, &pending, part) {
            Some(root) => root,
            None => {
                for check in dedup(&involved).into_iter().filter(|&c| !self.checks[c].soft) {
                    self.report(check, "its conditions contradict each other or the columns' types");
                }
                let names: Vec<String> = dedup(&involved).into_iter().map(|c| self.checks[c].name.clone()).collect();
                self.impossible.push(Impossible { checks: names, columns: self.names(part) });
                return None;
            }
        };
        self.widen_keys(st, &root, part);
        if let [c] = part
            && self.single(st, *c, &root, &involved)
        {
            return None;
        }
        let members = part.iter().map(|&c| CoupledMember {
            name: self.columns[c].name.clone(),
            role: self.space.columns[c].role,
            null_share: self.columns[c].null_share,
        });
        let members: Vec<CoupledMember> = members.collect();
        let coupled =
            |root| CoupledColumns::new(part.to_vec(), members.clone(), self.checks, root, self.space.scope.env);
        let mut group = coupled(root);
        let chosen =
            |&c: &usize| matches!(self.space.columns[c].role, RoleKind::Free | RoleKind::Foreign { redraw: true });
        if !part.iter().any(|c| chosen(c) || st.cells[*c].nulls == Nulls::Free) {
            for r in &sub.relations {
                let columns = self.space.indices(&r.tree);
                self.filters.push(Filter {
                    check: self.checks[r.check].name.clone(),
                    columns,
                    predicate: r.tree.clone(),
                });
            }
        }
        let mut tried = smoke_test::run(&group, self.columns);
        if tried.is_err()
            && let Some(rows) = self.exhaustive(&sub, part)
        {
            group = coupled(rows);
            tried = smoke_test::run(&group, self.columns);
        }
        match tried {
            Ok(only_null_columns) => {
                self.only_null_columns.extend(only_null_columns.into_iter().filter(|&c| st.wide[c].is_some()));
                Some(group)
            }
            Err(exhausted) => {
                match self.checks.iter().position(|c| c.name == exhausted.check) {
                    Some(c) => self.report(c, "no row that satisfies it was found"),
                    None => {
                        dedup(&involved).into_iter().for_each(|c| self.report(c, "no row that satisfies it was found"))
                    }
                }
                Some(group)
            }
        }
    }

    /// Every branch, or a sample of them; `None` if there is none.
    fn branches(&self, st: &State, pending: &[Pending], part: &[usize]) -> Option<BranchNode> {
        let mut search = Search { space: self.space, splits: 0, random: None };
        match search.search(st.clone(), pending.to_vec(), part, 0) {
            Ok(root) => return Some(root),
            Err(SearchEnd::Dead) => return None,
            Err(SearchEnd::TooLarge) => {}
        }
        let mut found: Vec<(u64, BranchNode)> = vec![];
        let mut sample = |st: State, seed: u64| {
            let mut search = Search { space: self.space, splits: 0, random: Some(CellRng::new(seed)) };
            if let Ok(node) = search.search(st, pending.to_vec(), part, 0)
                && !found.iter().any(|(_, n)| *n == node)
            {
                found.push((1, node));
            }
        };
        (0..SAMPLED).for_each(|seed| sample(st.clone(), seed));
        // every member of a small domain at least once
        for &c in part {
            if let Some(Domain::Choice { values, .. }) = st.cells[c].domain.as_deref() {
                for (i, v) in values.iter().enumerate() {
                    let mut st = st.clone();
                    st.cells[c].domain = Some(Rc::new(Domain::Choice { values: vec![v.clone()], weights: None }));
                    st.cells[c].nulls = Nulls::Never;
                    sample(st, i as u64);
                }
            }
        }
        (!found.is_empty()).then_some(BranchNode::Any(found))
    }

    /// Keys are chosen before the branch is: their domain must not contain values that no branch accepts.
    fn widen_keys(&mut self, st: &mut State, root: &BranchNode, part: &[usize]) {
        for &c in part {
            if self.space.columns[c].role != RoleKind::Key || st.cells[c].domain.is_none() {
                continue;
            }
            let mut all: Option<Domain> = None;
            let mut whole = true;
            let mut largest: Option<Domain> = None;
            root.visit(&mut |leaf| {
                for cell in leaf.cells.iter().filter(|x| x.column == c && x.nulls != Nulls::Always) {
                    let Some(d) = &cell.domain else { continue };
                    if largest.as_ref().is_none_or(|l| l.size() < d.size()) {
                        largest = Some(d.clone());
                    }
                    all = match all.take() {
                        None => Some(d.clone()),
                        Some(a) => match domain_ops::union(&a, d) {
                            Some(u) => Some(u),
                            None => {
                                whole = false;
                                Some(a)
                            }
                        },
                    };
                }
            });
            let component = if whole { all } else { self.hull(st, c, root).or(largest) };
            if let Some(d) = component.filter(|d| Some(d) != st.cells[c].domain.as_deref()) {
                st.cells[c].domain = Some(Rc::new(d));
            }
        }
    }

    /// The key's own domain, if some branch accepts every value tried.
    fn hull(&self, st: &State, c: usize, root: &BranchNode) -> Option<Domain> {
        // A value represented as text may be any value of its type.
        let d = st.cells[c].domain.as_deref().filter(|d| !matches!(d, Domain::Special(_)))?;
        let all = d.sampler();
        let mut cells = vec![];
        root.visit(&mut |leaf| cells.extend(leaf.cells.iter().filter(|x| x.column == c && x.nulls != Nulls::Always)));
        let size = all.size();
        let tried = (0..256u128).map(|i| if size <= 256 { i } else { size / 256 * i }).filter(|i| *i < size);
        let mut inside =
            tried.map(|i| all.value(i)).map(|v| cells.iter().any(|x| x.sampler().is_none_or(|s| s.contains(&v))));
        inside.all(|b| b).then(|| d.clone())
    }

    /// A column alone: whether narrowing it was enough.
    fn single(&mut self, st: &mut State, c: usize, root: &BranchNode, involved: &[usize]) -> bool {
        let mut leaves = vec![];
        root.visit(&mut |l| leaves.push(l));
        let proven = leaves.iter().all(|l| l.relations.is_empty());
        match (self.space.columns[c].role, leaves.as_slice()) {
            (RoleKind::Free, [leaf]) if proven => {
                st.cells[c] =
                    StateCell { domain: leaf.cells[0].domain.clone().map(Rc::new), nulls: leaf.cells[0].nulls };
                true
            }
            (RoleKind::Key, _) if proven => {
                if leaves.iter().all(|l| l.cells[0].nulls == Nulls::Never) {
                    st.cells[c].nulls = Nulls::Never;
                }
                // the union of the branches may contain values that no single branch accepts
                true
            }
            (RoleKind::Key, _) => {
                let d = st.cells[c].domain.clone();
                let relations: Vec<_> = leaves.iter().flat_map(|l| &l.relations).collect();
                let ok = d
                    .is_some_and(|d| smoke_test::all_hold(&d, &self.columns[c].name, &relations, self.space.scope.env));
                if !ok {
                    for check in dedup(involved) {
                        self.report(check, "the column is a key and its domain could not be narrowed to the check");
                    }
                }
                true
            }
            _ => false,
        }
    }
}

fn dedup(v: &[usize]) -> Vec<usize> {
    let mut out: Vec<usize> = vec![];
    v.iter().for_each(|x| {
        if !out.contains(x) {
            out.push(*x)
        }
    });
    out
}
