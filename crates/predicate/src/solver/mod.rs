//! Solves a table's checks: columns and checks in, narrowed domains and coupled columns out.
//!
//! Each check is normalised; conditions without a choice narrow the columns at once; the remaining ones couple columns,
//! and each set of coupled columns is compiled to a tree of branches. Checks that cannot be parsed, evaluated or
//! satisfied are reported.

mod atom;
mod branch_tree;
mod case_split;
mod component;
mod coupled_columns;
mod domain_ops;
mod exhaustive;
#[cfg(test)]
mod fixtures;
mod invert;
#[cfg(test)]
mod law_tests;
mod leaf_program;
mod model;
mod normal;
mod preferred;
mod prepare;
mod range_fast_path;
mod ranges;
mod row_source;
mod search;
mod smoke_test;
mod state;
mod status;
mod terms;
#[cfg(test)]
mod tests;
mod text_part;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::eval::Env;
pub(crate) use crate::solver::atom::self_comparison::{self as unchanged, Unchanged};
pub use crate::solver::coupled_columns::{CoupledColumns, Exhausted};
pub(crate) use crate::solver::invert::calls::{self as inverses, Inverse};
use crate::solver::model::RoleKind;
pub use crate::solver::model::{
    ColumnInput, Filter, Impossible, NamedCheck, Narrowed, Nulls, Solution, UnsolvedCheck, ValueSource,
};
use crate::solver::normal::{Goal, NormalForm, NormalizeContext};
pub use crate::solver::prepare::unknown_function;
use crate::solver::prepare::{PreparedChecks, prepare};
pub use crate::solver::range_fast_path::SolvedNumbers;
pub use crate::solver::row_source::{MOST_TRIES, PATIENCE, RowSource};
use crate::solver::search::{Pending, Search, components, propagate_unconditional};
use crate::solver::state::{ColumnState, Space, State, StateCell};
pub use crate::solver::text_part::TextPart;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::Dialect;

/// Maximum rounds in which columns that would always be NULL are solved again, with the domains of their types.
const RETRIES: usize = 3;

/// Narrows and couples `columns` so that `checks` hold; `now` in microseconds since 1970-01-01 UTC.
pub fn solve(columns: &[ColumnInput], checks: &[NamedCheck], dialect: Dialect, now: i64) -> Solution {
    let mut columns = columns.to_vec();
    let meant = Cell::new(false);
    let mut reading = Reading { dialect, now, as_meant: Some(&meant) };
    let mut solution = solve_as_given(&columns, checks, reading);
    if meant.get() && !(solution.unsolved.is_empty() && solution.impossible.is_empty()) {
        reading.as_meant = None;
        solution = solve_as_given(&columns, checks, reading);
    }
    for _ in 0..RETRIES {
        let only_null_columns = std::mem::take(&mut solution.only_null_columns);
        if only_null_columns.is_empty() {
            break;
        }
        only_null_columns.iter().for_each(|&c| columns[c].domain = columns[c].legal.take());
        let wider = solve_as_given(&columns, checks, reading);
        if wider.impossible.len() > solution.impossible.len() || wider.unsolved.len() > solution.unsolved.len() {
            break;
        }
        solution = wider;
        only_null_columns.iter().for_each(|&c| solution.columns[c].dropped = true);
    }
    solution
}

/// How CHECKs are read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    dialect: Dialect,
    now: i64,
    as_meant: Option<&'a Cell<bool>>,
}

fn solve_as_given(columns: &[ColumnInput], checks: &[NamedCheck], reading: Reading<'_>) -> Solution {
    let Reading { dialect, now, as_meant } = reading;
    let env = Env { dialect, now };
    let mut unsolved = vec![];
    let prepared = prepare(columns, checks, env, &mut unsolved);
    let ty = |name: &str| columns.iter().find(|c| c.name == name).map(|c| c.ty.clone());
    let space = Space {
        scope: NormalizeContext { env, ty: &ty, as_meant },
        columns: columns
            .iter()
            .map(|c| ColumnState { name: c.name.clone(), role: kind(&c.role), null_share: c.null_share })
            .collect(),
        same_parents: same_parents(columns),
        soft: checks.iter().map(|c| c.soft).collect(),
    };
    let mut solver = Solver {
        columns,
        checks,
        space: &space,
        unsolved,
        impossible: vec![],
        filters: vec![],
        only_null_columns: vec![],
        reasons: vec![vec![]; columns.len()],
    };
    solver.run(prepared)
}

/// The columns of each tie.
fn same_parents(columns: &[ColumnInput]) -> Vec<Vec<usize>> {
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (c, column) in columns.iter().enumerate() {
        if let Some(same_parent) = column.same_parent {
            all.entry(same_parent).or_default().push(c);
        }
    }
    all.into_values().collect()
}

fn kind(role: &ValueSource) -> RoleKind {
    match role {
        ValueSource::Free => RoleKind::Free,
        // generated columns are inlined and take no part
        ValueSource::Key | ValueSource::Generated { .. } => RoleKind::Key,
        ValueSource::Foreign { redraw } => RoleKind::Foreign { redraw: *redraw },
    }
}

struct Solver<'a> {
    columns: &'a [ColumnInput],
    checks: &'a [NamedCheck],
    space: &'a Space<'a>,
    unsolved: Vec<UnsolvedCheck>,
    impossible: Vec<Impossible>,
    filters: Vec<Filter>,
    only_null_columns: Vec<usize>,
    reasons: Vec<Vec<String>>,
}

impl Solver<'_> {
    fn run(&mut self, prepared: Vec<PreparedChecks>) -> Solution {
        let cells = self.columns.iter().map(|c| StateCell {
            domain: c.domain.clone().map(Rc::new),
            nulls: if c.nullable { Nulls::Free } else { Nulls::Never },
        });
        let wide = self.columns.iter().map(|c| {
            let legal = c
                .legal
                .as_ref()
                .filter(|_| !matches!(c.role, ValueSource::Foreign { .. } | ValueSource::Generated { .. }));
            legal.filter(|l| Some(*l) != c.domain.as_ref()).cloned().map(Rc::new)
        });
        let mut st = State::new(cells.collect(), wide.collect());
        let mut pending: Vec<Pending> = vec![];
        let (hard, soft): (Vec<_>, Vec<_>) = prepared.into_iter().partition(|p| !self.checks[p.check].soft);
        for p in hard {
            self.add_check(&mut st, &mut pending, &p);
        }
        self.grades(&mut st, &mut pending);
        for p in soft {
            self.add_check(&mut st, &mut pending, &p);
        }
        let own: Vec<usize> = (0..self.columns.len())
            .filter(|&c| !matches!(self.columns[c].role, ValueSource::Generated { .. }))
            .collect();
        let mut groups = vec![];
        for part in components(self.space, &st, &pending, &own) {
            groups.extend(self.group(&mut st, &pending, &part));
        }
        let mut columns: Vec<Narrowed> = (0..self.columns.len()).map(|c| self.narrowed(&st, c)).collect();
        for group in &groups {
            group.columns().iter().for_each(|&c| columns[c].only_null = group.only_null(c));
        }
        Solution {
            columns,
            groups,
            unsolved: std::mem::take(&mut self.unsolved),
            impossible: std::mem::take(&mut self.impossible),
            filters: std::mem::take(&mut self.filters),
            only_null_columns: std::mem::take(&mut self.only_null_columns),
        }
    }

    fn add_check(&mut self, st: &mut State, pending: &mut Vec<Pending>, p: &PreparedChecks) {
        let f = self.space.scope.to_nnf(&p.tree, Goal::NotFalse);
        self.add(st, pending, f, p.check);
    }

    /// A small set of numbers left by the checks replaces a smaller set that a name suggests.
    fn grades(&self, st: &mut State, pending: &mut Vec<Pending>) {
        for c in 0..self.columns.len() {
            let (mut next, mut open) = (st.clone(), pending.clone());
            if self.space.widen_to_grades(&mut next, c)
                && propagate_unconditional(self.space, &mut next, &mut open).is_ok()
            {
                (*st, *pending) = (next, open);
            }
        }
    }

    /// Adds a check, unless it contradicts the previous ones.
    fn add(&mut self, st: &mut State, pending: &mut Vec<Pending>, f: NormalForm, check: usize) {
        let mut next = st.clone();
        let mut open = pending.clone();
        open.push((f.clone(), check));
        if !self.checks[check].soft {
            let columns = self.space.columns_of(&f);
            Rc::make_mut(&mut next.hard).push(((f.clone(), check), columns));
        }
        let mut assigned = propagate_unconditional(self.space, &mut next, &mut open).is_ok();
        if assigned && self.checks[check].soft {
            // a preference must leave at least one branch
            let mut names = std::collections::BTreeSet::new();
            f.columns(&mut names);
            let own: Vec<usize> = names.iter().filter_map(|n| self.space.index(n)).collect();
            assigned = components(self.space, &next, &open, &(0..self.columns.len()).collect::<Vec<_>>())
                .into_iter()
                .filter(|part| part.iter().any(|c| own.contains(c)))
                .all(|part| self.any_branch(&next, &open, &part));
        }
        if !assigned {
            if !self.checks[check].soft {
                self.collide(&f, check);
            }
            return;
        }
        for (c, reasons) in self.reasons.iter_mut().enumerate() {
            if next.cells[c] != st.cells[c] {
                reasons.push(format!("CHECK {}", self.checks[check].name));
            }
        }
        (*st, *pending) = (next, open);
    }

    fn any_branch(&self, st: &State, pending: &[Pending], part: &[usize]) -> bool {
        let mut search = Search { space: self.space, splits: 0, random: Some(CellRng::new(1)) };
        let sub = State { part: Some(part.into()), ..st.clone() };
        search.search(sub, self.pending_of(st, pending, part), part, 0).is_ok()
    }

    fn pending_of(&self, st: &State, pending: &[Pending], part: &[usize]) -> Vec<Pending> {
        let touches = |f: &NormalForm| {
            let mut names = std::collections::BTreeSet::new();
            f.columns(&mut names);
            names.iter().filter_map(|n| self.space.index(n)).any(|c| part.contains(&c) && st.fixed(c).is_none())
        };
        pending.iter().filter(|(f, _)| touches(f)).cloned().collect()
    }

    /// Reports a check that left no value, with those that had narrowed its columns before.
    fn collide(&mut self, f: &NormalForm, check: usize) {
        let mut names = std::collections::BTreeSet::new();
        f.columns(&mut names);
        let mut checks: Vec<String> = vec![];
        for r in names.iter().filter_map(|n| self.space.index(n)).flat_map(|c| &self.reasons[c]) {
            let name = r.trim_start_matches("CHECK ").to_owned();
            if !checks.contains(&name) {
                checks.push(name);
            }
        }
        let NamedCheck { name, text, .. } = &self.checks[check];
        let with = if checks.is_empty() { String::new() } else { format!(" together with {}", checks.join(", ")) };
        let why = format!("no value of its columns satisfies it{with}");
        self.unsolved.push(UnsolvedCheck { check: name.clone(), text: text.clone(), why });
        checks.push(name.clone());
        self.impossible.push(Impossible { checks, columns: names.into_iter().collect() });
    }

    fn narrowed(&self, st: &State, c: usize) -> Narrowed {
        Narrowed {
            domain: st.cells[c].domain.as_deref().cloned(),
            nulls: st.cells[c].nulls,
            dropped: st.dropped.contains(&c),
            only_null: false,
            reasons: self.reasons[c].clone(),
        }
    }

    fn names(&self, part: &[usize]) -> Vec<String> {
        part.iter().map(|&c| self.columns[c].name.clone()).collect()
    }

    fn report(&mut self, check: usize, why: &str) {
        let NamedCheck { name, text, soft, .. } = &self.checks[check];
        if !soft && !self.unsolved.iter().any(|u| u.check == *name && u.text == *text) {
            self.unsolved.push(UnsolvedCheck { check: name.clone(), text: text.clone(), why: why.into() });
        }
    }
}
