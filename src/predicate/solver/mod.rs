//! From a table's columns and checks to narrowed domains and groups.
//!
//! Each check is brought to normal form; what leaves no choice narrows the columns at once; what is left joins columns
//! into groups, each compiled to a tree of branches. What cannot be parsed, evaluated or met is reported.

mod atom;
mod expand;
mod group;
mod isolate;
#[cfg(test)]
mod law_tests;
mod lift;
mod listing;
mod normal;
mod ordered;
mod prepare;
mod ranges;
mod state;
mod terms;
#[cfg(test)]
mod tests;
mod tree_of_leaves;
mod trial;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use self::expand::{Pending, Search, Stop, components, settle};
use self::group::Member;
pub use self::group::{Draws, Exhausted, Group};
use self::normal::{Formula, Goal, Scope};
pub use self::ordered::Numbers;
pub use self::prepare::unknown_function;
use self::prepare::{Prepared, prepare};
use self::state::{Cell, Column, Space, State};
use self::tree_of_leaves::Node;
use super::eval::Env;
use super::parse::{ParseError, parse};
use super::tree::Tree;
use crate::domain::Domain;
use crate::schema::{Dialect, SqlType};
use crate::stream::CellRng;

/// Branches sampled where a group has too many to spell out.
const SAMPLED: u64 = 96;

/// A column before its checks.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnInput {
    pub name: String,
    /// What its type, name and configuration allow; `None` for columns whose values come from elsewhere.
    pub domain: Option<Domain>,
    pub ty: SqlType,
    pub nullable: bool,
    /// Share of NULLs wanted where they are allowed, 0 to 1.
    pub null_share: f64,
    pub role: Role,
    /// Columns of one number have their values from one choice of parent rows: where one is drawn again, all are.
    pub tie: Option<usize>,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Drawn from its domain.
    Free,
    /// Unique by permutation: checks may narrow the domain, but the row's value cannot be drawn again.
    Key,
    /// From a parent row; `redraw` if another parent may be tried.
    Foreign { redraw: bool },
    /// Computed by the server.
    Generated { expr: String },
}

/// [`Role`] of the columns that take part in solving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleKind {
    Free,
    Key,
    Foreign { redraw: bool },
}

/// A predicate that rows must not break.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCheck {
    pub name: String,
    pub text: String,
    /// A wish: dropped if it cannot be met.
    pub soft: bool,
    /// For a domain's check: the column that `VALUE` stands for.
    pub value: Option<String>,
    /// What takes the text's place: the rows that the server said to keep it.
    pub answer: Option<Tree>,
}

impl NamedCheck {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        NamedCheck { name: name.into(), text: text.into(), soft: false, value: None, answer: None }
    }

    /// A wish, dropped where it cannot be met.
    pub fn wish(mut self) -> Self {
        self.soft = true;
        self
    }

    /// A domain's check over the pseudo-column `VALUE`.
    pub fn over_value(mut self, column: impl Into<String>) -> Self {
        self.value = Some(column.into());
        self
    }

    /// The predicate over the table's columns.
    ///
    /// # Errors
    /// The text is not understood.
    pub fn tree(&self, dialect: Dialect) -> Result<Tree, ParseError> {
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let tree = parse(&self.text, dialect)?;
        Ok(self.value.iter().fold(tree, |t, column| t.rename("VALUE", column)))
    }
}

/// What the checks make of a table's columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// One for each column, in the order given.
    pub columns: Vec<Narrowed>,
    pub groups: Vec<Group>,
    pub unsolved: Vec<UnsolvedCheck>,
    pub impossible: Vec<Impossible>,
    /// Conditions between columns of which none is drawn here: whoever gives their values must give such as meet them.
    pub filters: Vec<Filter>,
}

/// A condition on given values only; its group reports rows that break it as [`Exhausted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    pub check: String,
    /// Indices of the columns.
    pub columns: Vec<usize>,
    /// Rows for which it is FALSE are not allowed.
    pub predicate: Tree,
}

/// What is left of a column by the checks on it alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Narrowed {
    pub domain: Option<Domain>,
    pub nulls: Nulls,
    /// The checks that narrowed it.
    pub reasons: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// As the column's own share says.
    Free,
    Never,
    Always,
}

/// A check that rows may break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsolvedCheck {
    pub check: String,
    pub text: String,
    pub why: String,
}

/// Checks (with types and nullability) that no row meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impossible {
    /// The last one is the one that left nothing.
    pub checks: Vec<String>,
    pub columns: Vec<String>,
}

/// Narrows and groups `columns` so that `checks` hold; `now` in microseconds since 1970-01-01 UTC.
pub fn solve(columns: &[ColumnInput], checks: &[NamedCheck], dialect: Dialect, now: i64) -> Solution {
    let env = Env { dialect, now };
    let mut unsolved = vec![];
    let prepared = prepare(columns, checks, env, &mut unsolved);
    let ty = |name: &str| columns.iter().find(|c| c.name == name).map(|c| c.ty.clone());
    let space = Space {
        scope: Scope { env, ty: &ty },
        columns: columns
            .iter()
            .map(|c| Column { name: c.name.clone(), role: kind(&c.role), null_share: c.null_share })
            .collect(),
        ties: ties(columns),
    };
    let mut solver = Solver {
        columns,
        checks,
        space: &space,
        unsolved,
        impossible: vec![],
        filters: vec![],
        reasons: vec![vec![]; columns.len()],
    };
    solver.run(prepared)
}

/// The columns of each tie.
fn ties(columns: &[ColumnInput]) -> Vec<Vec<usize>> {
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (c, column) in columns.iter().enumerate() {
        if let Some(tie) = column.tie {
            all.entry(tie).or_default().push(c);
        }
    }
    all.into_values().collect()
}

fn kind(role: &Role) -> RoleKind {
    match role {
        Role::Free => RoleKind::Free,
        // generated columns are inlined and take no part
        Role::Key | Role::Generated { .. } => RoleKind::Key,
        Role::Foreign { redraw } => RoleKind::Foreign { redraw: *redraw },
    }
}

struct Solver<'a> {
    columns: &'a [ColumnInput],
    checks: &'a [NamedCheck],
    space: &'a Space<'a>,
    unsolved: Vec<UnsolvedCheck>,
    impossible: Vec<Impossible>,
    filters: Vec<Filter>,
    reasons: Vec<Vec<String>>,
}

impl Solver<'_> {
    fn run(&mut self, prepared: Vec<Prepared>) -> Solution {
        let cells = self.columns.iter().map(|c| Cell {
            domain: c.domain.clone().map(Rc::new),
            nulls: if c.nullable { Nulls::Free } else { Nulls::Never },
        });
        let mut st = State::new(cells.collect());
        let mut pending: Vec<Pending> = vec![];
        let (hard, soft): (Vec<_>, Vec<_>) = prepared.into_iter().partition(|p| !self.checks[p.check].soft);
        for p in hard.into_iter().chain(soft) {
            let f = self.space.scope.want(&p.tree, Goal::NotFalse);
            self.add(&mut st, &mut pending, f, p.check);
        }
        let own: Vec<usize> =
            (0..self.columns.len()).filter(|&c| !matches!(self.columns[c].role, Role::Generated { .. })).collect();
        let mut groups = vec![];
        for part in components(self.space, &st, &pending, &own) {
            groups.extend(self.group(&mut st, &pending, &part));
        }
        let columns = (0..self.columns.len()).map(|c| self.narrowed(&st, c)).collect();
        Solution {
            columns,
            groups,
            unsolved: std::mem::take(&mut self.unsolved),
            impossible: std::mem::take(&mut self.impossible),
            filters: std::mem::take(&mut self.filters),
        }
    }

    /// Takes a check over, unless it contradicts those before it.
    fn add(&mut self, st: &mut State, pending: &mut Vec<Pending>, f: Formula, check: usize) {
        let mut next = st.clone();
        let mut open = pending.clone();
        open.push((f.clone(), check));
        let mut settled = settle(self.space, &mut next, &mut open).is_ok();
        if settled && self.checks[check].soft {
            // a wish must leave at least one branch
            let mut names = std::collections::BTreeSet::new();
            f.columns(&mut names);
            let own: Vec<usize> = names.iter().filter_map(|n| self.space.index(n)).collect();
            settled = components(self.space, &next, &open, &(0..self.columns.len()).collect::<Vec<_>>())
                .into_iter()
                .filter(|part| part.iter().any(|c| own.contains(c)))
                .all(|part| self.any_branch(&next, &open, &part));
        }
        if !settled {
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
        search.expand(st.clone(), self.pending_of(st, pending, part), part, 0).is_ok()
    }

    fn pending_of(&self, st: &State, pending: &[Pending], part: &[usize]) -> Vec<Pending> {
        let touches = |f: &Formula| {
            let mut names = std::collections::BTreeSet::new();
            f.columns(&mut names);
            names.iter().filter_map(|n| self.space.index(n)).any(|c| part.contains(&c) && st.fixed(c).is_none())
        };
        pending.iter().filter(|(f, _)| touches(f)).cloned().collect()
    }

    /// Reports a check that left nothing, with those that had narrowed its columns before.
    fn collide(&mut self, f: &Formula, check: usize) {
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
            reasons: self.reasons[c].clone(),
        }
    }

    /// The group of a component, if it needs one.
    fn group(&mut self, st: &mut State, pending: &[Pending], part: &[usize]) -> Option<Group> {
        let pending = self.pending_of(st, pending, part);
        let mut sub = st.clone();
        let mine = |t: &super::tree::Tree| self.space.indices(t).iter().any(|c| part.contains(c));
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
        let members = part.iter().map(|&c| Member {
            name: self.columns[c].name.clone(),
            role: self.space.columns[c].role,
            null_share: self.columns[c].null_share,
        });
        let group = Group::new(part.to_vec(), members.collect(), self.checks, root, self.space.scope.env);
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
        match trial::run(&group, self.columns) {
            Ok(()) => Some(group),
            Err(check) => {
                match self.checks.iter().position(|c| c.name == check) {
                    Some(c) => self.report(c, "no row that satisfies it was found"),
                    None => {
                        dedup(&involved).into_iter().for_each(|c| self.report(c, "no row that satisfies it was found"))
                    }
                }
                Some(group)
            }
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

    /// Every branch, or a sample of them; `None` if there is none.
    fn branches(&self, st: &State, pending: &[Pending], part: &[usize]) -> Option<Node> {
        let mut search = Search { space: self.space, splits: 0, random: None };
        match search.expand(st.clone(), pending.to_vec(), part, 0) {
            Ok(root) => return Some(root),
            Err(Stop::Dead) => return None,
            Err(Stop::TooLarge) => {}
        }
        let mut found: Vec<(u64, Node)> = vec![];
        let mut sample = |st: State, seed: u64| {
            let mut search = Search { space: self.space, splits: 0, random: Some(CellRng::new(seed)) };
            if let Ok(node) = search.expand(st, pending.to_vec(), part, 0)
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
        (!found.is_empty()).then_some(Node::Any(found))
    }

    /// Keys are chosen before the branch is: their domain must not hold values that no branch takes.
    fn widen_keys(&mut self, st: &mut State, root: &Node, part: &[usize]) {
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
                        Some(a) => match listing::union(&a, d) {
                            Some(u) => Some(u),
                            None => {
                                whole = false;
                                Some(a)
                            }
                        },
                    };
                }
            });
            let joined = if whole { all } else { self.hull(st, c, root).or(largest) };
            if let Some(d) = joined.filter(|d| Some(d) != st.cells[c].domain.as_deref()) {
                st.cells[c].domain = Some(Rc::new(d));
            }
        }
    }

    /// The key's own domain, if every value tried lies in some branch.
    fn hull(&self, st: &State, c: usize, root: &Node) -> Option<Domain> {
        // What travels as text may be anything of its type.
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
    fn single(&mut self, st: &mut State, c: usize, root: &Node, involved: &[usize]) -> bool {
        let mut leaves = vec![];
        root.visit(&mut |l| leaves.push(l));
        let proven = leaves.iter().all(|l| l.relations.is_empty());
        match (self.space.columns[c].role, leaves.as_slice()) {
            (RoleKind::Free, [leaf]) if proven => {
                st.cells[c] = Cell { domain: leaf.cells[0].domain.clone().map(Rc::new), nulls: leaf.cells[0].nulls };
                true
            }
            (RoleKind::Key, _) if proven => {
                if leaves.iter().all(|l| l.cells[0].nulls == Nulls::Never) {
                    st.cells[c].nulls = Nulls::Never;
                }
                // what has joined the branches may not fit one of them alone
                true
            }
            (RoleKind::Key, _) => {
                let d = st.cells[c].domain.clone();
                let relations: Vec<_> = leaves.iter().flat_map(|l| &l.relations).collect();
                let ok =
                    d.is_some_and(|d| trial::all_hold(&d, &self.columns[c].name, &relations, self.space.scope.env));
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
