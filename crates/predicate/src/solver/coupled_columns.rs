//! Coupled columns: a row's values computed from its hashes, with all conditions satisfied.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::eval::Env;
use super::atom::{RetryPolicy, narrow};
use super::branch_tree::{BranchLeaf, BranchNode, LeafCell, Ready};
use super::domain_ops::canonical;
use super::leaf_program::{CellProgram, LeafProgram, PlacedRelation, PlacedRow};
use super::range_fast_path::{RangeFastPath, SolvedNumbers};
use super::row_source::{EarlyDraw, FixedCells, RowSource};
use super::{NamedCheck, Nulls, RoleKind};
use crate::narrow::{Narrow as _, Narrowing};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, RangeKind, Shape};

/// Tries in which preferences must be satisfied.
const INSISTENCE: u32 = 200;
/// Tries inside one branch before another is taken.
const TRIES: u32 = 4;

/// Tries in which conditions must be true, not merely unknown, where no column is NULL.
const MEANT: u32 = 4;

/// No values were found that satisfy the check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no row was found that satisfies `{check}`; give rules for its columns ({columns}) in the config file")]
pub struct Exhausted {
    pub check: String,
    pub columns: String,
}

/// Columns that are solved together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoupledColumns {
    columns: Vec<usize>,
    members: Vec<CoupledMember>,
    /// Names of the checks behind it; relations point into this list.
    checks: Vec<String>,
    /// The preferences among them: dropped if they cannot be satisfied.
    soft: Vec<usize>,
    root: BranchNode,
    /// Columns whose values are drawn first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    leads: Vec<EarlyDraw>,
    env: Env,
    #[serde(skip)]
    range_fast_path: Ready<Option<RangeFastPath>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CoupledMember {
    pub name: String,
    pub role: RoleKind,
    pub null_share: f64,
}

impl CoupledColumns {
    pub(super) fn new(
        columns: Vec<usize>,
        members: Vec<CoupledMember>,
        checks: &[NamedCheck],
        root: BranchNode,
        env: Env,
    ) -> CoupledColumns {
        let soft = (0..checks.len()).filter(|&i| checks[i].soft).collect();
        let checks = checks.iter().map(|c| c.name.clone()).collect();
        CoupledColumns {
            columns,
            members,
            checks,
            soft,
            root,
            leads: Vec::new(),
            env,
            range_fast_path: Ready::default(),
        }
    }

    /// Indices of the columns whose values [`solve_row`](Self::solve_row) gives, in that order.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Whether all its indices are valid.
    pub fn is_whole(&self) -> bool {
        let mut whole = self.columns.len() == self.members.len() && !self.columns.is_empty();
        let domain = |c: &LeafCell| c.domain.as_ref().is_none_or(Domain::is_whole);
        self.root.visit(&mut |leaf| {
            whole &= leaf.cells.iter().all(|c| self.columns.contains(&c.column) && domain(c));
        });
        whole
    }

    /// Names of the checks that it satisfies.
    pub fn checks(&self) -> impl Iterator<Item = &str> {
        let mut used = BTreeSet::new();
        self.checks.iter().filter(move |c| used.insert(c.as_str())).map(String::as_str)
    }

    /// Number of branches that satisfy the conditions; saturating.
    pub fn branches(&self) -> u64 {
        self.root.ways()
    }

    /// Whether no branch has a value of the column.
    pub(super) fn only_null(&self, column: usize) -> bool {
        let mut null = true;
        self.root.visit(&mut |leaf| {
            null &= leaf.cells.iter().all(|c| c.column != column || c.nulls == Nulls::Always);
        });
        null
    }

    /// Replaces the domains of free columns; the values must be the same.
    pub fn weigh(&mut self, weighed: &dyn Fn(usize, &Domain) -> Option<Domain>) {
        self.root.each_cell(&mut |cell| {
            if let Some(domain) = cell.domain.as_ref().and_then(|d| weighed(cell.column, d)) {
                cell.domain = Some(domain);
                cell.sampler = Ready::default();
            }
        });
    }

    /// The domain of a column in each branch that has a value of it, with the share of rows that the branch should have.
    pub fn branches_of(&self, column: usize) -> Vec<(f64, &Domain)> {
        let mut found = Vec::new();
        self.root.weighted(1.0, &mut |share, leaf| {
            let own = leaf.cells.iter().find(|c| c.column == column && c.nulls != Nulls::Always);
            found.extend(own.and_then(|c| c.domain.as_ref()).map(|domain| (share, domain)));
        });
        found
    }

    /// Draws a coupled column, which is never NULL, before all others.
    pub fn lead(&mut self, column: usize, domain: &Domain) {
        if let Some(place) = self.columns.iter().position(|c| *c == column)
            && self.members[place].role == RoleKind::Free
        {
            self.leads.push(EarlyDraw::new(place, domain.clone()));
        }
    }

    /// Whether [`lead`](Self::lead) has effect on the column.
    pub fn is_led(&self, column: usize) -> bool {
        self.leads.iter().any(|lead| self.columns[lead.place] == column)
    }

    /// The values of one row, in the order of [`columns`](Self::columns).
    ///
    /// # Errors
    /// [`Exhausted`] if a thousand tries found none.
    pub fn solve_row(&self, draws: &dyn RowSource) -> Result<Vec<Value>, Exhausted> {
        match self.range_fast_path().and_then(|o| o.first_try(draws)) {
            Some(row) => Ok(row),
            None => self.search(draws),
        }
    }

    /// The values of [`solve_row`](Self::solve_row) for many rows, one column after the other, if they are ordered
    /// numbers; `None` for other coupled columns, and if a row cannot be solved.
    pub fn solve_numbers<D: RowSource>(&self, rows: impl Iterator<Item = D>) -> Option<Vec<SolvedNumbers>> {
        self.range_fast_path()?.columns(&rows.collect::<Vec<_>>(), |draws| self.search(draws).ok())
    }

    fn range_fast_path(&self) -> Option<&RangeFastPath> {
        if !self.leads.is_empty() {
            // The fast path draws every column independently.
            return None;
        }
        self.range_fast_path.0.get_or_init(|| RangeFastPath::of(&self.root, &self.columns, &self.members)).as_ref()
    }

    #[cfg(test)]
    pub(super) fn is_ordered(&self) -> bool {
        self.range_fast_path().is_some()
    }

    fn program<'g>(&'g self, leaf: &'g BranchLeaf) -> &'g LeafProgram {
        leaf.program.0.get_or_init(|| LeafProgram::of(leaf, &self.columns, &self.members))
    }

    /// The general search: branches, then tries.
    pub(super) fn search(&self, draws: &dyn RowSource) -> Result<Vec<Value>, Exhausted> {
        let mut failed = None;
        let mut given = FixedCells::new(&self.members, &self.leads, &self.columns, draws);
        for attempt in 0..draws.most_tries() {
            given.set_attempt(attempt);
            let mut leaves = vec![];
            let mut rng = CellRng::new(draws.branch(attempt));
            if !self.choose(&self.root, &mut rng, &given, &mut leaves) {
                continue;
            }
            let mut values: Vec<Option<Value>> = vec![None; self.columns.len()];
            let mut solve = |leaf: &BranchLeaf| {
                let program = self.program(leaf);
                (0..TRIES).any(|n| match self.fill(leaf, &given, draws, attempt * TRIES + n, &mut values) {
                    Ok(()) => true,
                    Err(check) => {
                        failed = check.or(failed);
                        program.cells.iter().for_each(|c| values[c.place] = None);
                        false
                    }
                })
            };
            if leaves.iter().all(|l| solve(l)) {
                return Ok(values.into_iter().map(|v| v.unwrap_or(Value::Null)).collect());
            }
        }
        let names: Vec<&str> = self.members.iter().map(|m| m.name.as_str()).collect();
        let check = match failed {
            Some(i) => self.checks.get(i).cloned().unwrap_or_default(),
            None => self.checks().collect::<Vec<_>>().join(", "),
        };
        Err(Exhausted { check, columns: names.join(", ") })
    }

    /// Picks leaves that accept the given values; other branches are tried if the first does not.
    fn choose<'g>(
        &'g self,
        node: &'g BranchNode,
        rng: &mut CellRng,
        given: &FixedCells<'_>,
        out: &mut Vec<&'g BranchLeaf>,
    ) -> bool {
        match node {
            BranchNode::BranchLeaf(l) => {
                let fits = l.cells.iter().zip(&self.program(l).cells).all(|(c, program)| {
                    let fits = |v: &Value| given.accepts(v) && c.sampler().is_none_or(|s| s.contains(v));
                    c.nulls != Nulls::Never || given.of(program.place).is_none_or(fits)
                });
                if fits {
                    out.push(l);
                }
                fits
            }
            BranchNode::All(items) => items.iter().all(|n| self.choose(n, rng, given, out)),
            BranchNode::Any(items) => {
                let mut rest: Vec<&(u64, BranchNode)> = items.iter().collect();
                while !rest.is_empty() {
                    let total: u64 = rest.iter().map(|(w, _)| w).sum();
                    let mut at = rng.below(total.max(1));
                    let i = rest.iter().position(|(w, _)| match at.checked_sub(*w) {
                        Some(left) => {
                            at = left;
                            false
                        }
                        None => true,
                    });
                    let (_, n) = rest.remove(i.unwrap_or(0));
                    let before = out.len();
                    if self.choose(n, rng, given, out) {
                        return true;
                    }
                    out.truncate(before);
                }
                false
            }
        }
    }

    /// Generates the columns of a leaf. `Err` names the check that failed, if one did.
    fn fill(
        &self,
        leaf: &BranchLeaf,
        given: &FixedCells<'_>,
        draws: &dyn RowSource,
        attempt: u32,
        values: &mut [Option<Value>],
    ) -> Result<(), Option<usize>> {
        let relaxed = attempt >= INSISTENCE;
        let program = self.program(leaf);
        for (cell, own) in leaf.cells.iter().zip(&program.cells) {
            let at = own.place;
            let mut rng = CellRng::of_cell(draws.hash(cell.column, attempt));
            let nullable = cell.nulls == Nulls::Free;
            let member = &self.members[at];
            let known = |c: usize| {
                let place = self.columns.iter().position(|x| *x == c)?;
                values[place].clone().or_else(|| given.of(place).cloned())
            };
            let present = if nullable { draws.present(cell.column, &known) } else { None };
            let by_chance = nullable && present.is_none();
            if cell.nulls == Nulls::Always || present == Some(false) || (by_chance && rng.unit() < member.null_share) {
                values[at] = Some(Value::Null);
                continue;
            }
            let value = match given.of(at) {
                Some(v) if cell.nulls == Nulls::Never && !given.accepts(v) => None,
                Some(v) if cell.sampler().is_none_or(|s| s.contains(v)) => Some(v.clone()),
                Some(_) => None,
                None => self.draw(leaf, (cell, own), values, relaxed, &mut rng)?,
            };
            match value {
                Some(v) => values[at] = Some(v),
                // A column that should have a value gets more tries.
                None if nullable && (present.is_none() || relaxed) => values[at] = Some(Value::Null),
                None => return Err(leaf.relations.first().map(|r| r.check)),
            }
        }
        for (r, placed) in leaf.relations.iter().zip(&program.relations) {
            if relaxed && self.soft.contains(&r.check) {
                continue;
            }
            match placed.tree.truth(&PlacedRow(values), self.env) {
                Ok(Some(true)) => {}
                // A condition that passes because a value is NULL should be true if there is a value.
                Ok(None) if r.null_passes && (attempt >= MEANT || placed.has_null(values)) => {}
                Ok(None) if r.null_passes => return Err(Some(r.check)),
                _ => match self.nullable_column(leaf, placed, r.null_passes, values) {
                    Some(at) => values[at] = Some(Value::Null),
                    None => return Err(Some(r.check)),
                },
            }
        }
        Ok(())
    }

    /// A nullable column of a violated lenient condition that was not freely chosen.
    fn nullable_column(
        &self,
        leaf: &BranchLeaf,
        condition: &PlacedRelation,
        null_passes: bool,
        values: &[Option<Value>],
    ) -> Option<usize> {
        if !null_passes {
            return None;
        }
        leaf.cells.iter().zip(&self.program(leaf).cells).find_map(|(c, CellProgram { place, .. })| {
            let stuck = matches!(self.members[*place].role, RoleKind::Foreign { redraw: false });
            (stuck && c.nulls == Nulls::Free && condition.places.contains(place)).then(|| {
                let mut without = values.to_vec();
                without[*place] = Some(Value::Null);
                let truth = condition.tree.truth(&PlacedRow(&without), self.env);
                matches!(truth, Ok(None | Some(true))).then_some(*place)
            })?
        })
    }

    /// A value from the part of the cell's domain that is consistent with the known values; `None` if there is no such
    /// part.
    fn draw(
        &self,
        leaf: &BranchLeaf,
        (cell, own): (&LeafCell, &CellProgram),
        values: &[Option<Value>],
        relaxed: bool,
        rng: &mut CellRng,
    ) -> Result<Option<Value>, Option<usize>> {
        let Some(base) = &cell.domain else { return Err(leaf.relations.first().map(|r| r.check)) };
        let name = &self.members[own.place].name;
        let mut now: Option<Domain> = None;
        for between in &own.between {
            let r = &leaf.relations[between.relation];
            if relaxed && self.soft.contains(&r.check) {
                continue;
            }
            for t in between.known(self.program(leaf), leaf, values, self.env) {
                let d = now.as_ref().unwrap_or(base);
                match narrow(d, name, &t, self.env, RetryPolicy::Now) {
                    Narrowing::Exact(k) | Narrowing::Over(k) => {
                        if k != *d {
                            now = Some(k);
                        }
                    }
                    Narrowing::Empty if r.null_passes && self.may_yet_be_null(leaf, between.relation, own, values) => {}
                    Narrowing::Empty => return Ok(None),
                    Narrowing::Unsupported => {}
                }
            }
        }
        let v = match now {
            None => cell.sampler().map(|s| s.draw(rng)),
            Some(d) => Some(near(base, d, rng).draw(rng)),
        };
        Ok(v.filter(|v| !v.is_null()).map(|v| canonical(Some(base), v)))
    }

    /// Whether a column of the condition that comes after `own` may be NULL.
    fn may_yet_be_null(&self, leaf: &BranchLeaf, relation: usize, own: &CellProgram, values: &[Option<Value>]) -> bool {
        let program = self.program(leaf);
        let cells = leaf.cells.iter().zip(&program.cells).filter(|(c, _)| c.nulls != Nulls::Never);
        let places = &program.relations[relation].places;
        cells.map(|(_, c)| c.place).any(|p| values[p].is_none() && p != own.place && places.contains(&p))
    }
}

/// Dates after (before) another date are usually soon after (before) it: the gap has a log-uniform distribution.
fn near(base: &Domain, now: Domain, rng: &mut CellRng) -> Domain {
    let (Domain::Range { lo: from, hi: to, .. }, Domain::Range { kind, lo, hi, step, .. }) = (base, &now) else {
        return now;
    };
    let Some(most) = halvings(*kind) else {
        // A cost is usually not far below its price.
        return if *lo == *from && *hi < *to { now.shaped(Shape::High) } else { now };
    };
    let span = ((to - from) >> (WIDEST + rng.below(most - WIDEST))).max(*step);
    let cut = match (lo > from, hi < to) {
        (true, false) => now.keep_range(i128::MIN, lo.saturating_add(span)),
        (false, true) => now.keep_range(hi.saturating_sub(span), i128::MAX),
        _ => return now,
    };
    match cut {
        Narrowing::Exact(d) => d.shaped(Shape::Uniform),
        _ => now,
    }
}

/// The widest gap between moments is halved this many times: it is a quarter of their range.
pub(super) const WIDEST: u64 = 2;

/// How often a span of moments may be halved; `None` for other numbers.
pub(super) fn halvings(kind: RangeKind) -> Option<u64> {
    match kind {
        RangeKind::Date => Some(10),
        RangeKind::Timestamp => Some(16),
        _ => None,
    }
}

/// `columns a, b: 4 branches, 2 conditions evaluated (a < b; ...)`.
impl fmt::Display for CoupledColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.members.iter().map(|m| m.name.as_str()).collect();
        write!(f, "columns {}: {} ", names.join(", "), self.branches())?;
        f.write_str(if self.branches() == 1 { "branch" } else { "branches" })?;
        let mut relations: Vec<String> = vec![];
        self.root.visit(&mut |l| {
            for r in &l.relations {
                let text = r.tree.to_string();
                if !relations.contains(&text) {
                    relations.push(text);
                }
            }
        });
        if !relations.is_empty() {
            let shown = relations.iter().take(4).cloned().collect::<Vec<_>>().join("; ");
            let more = if relations.len() > 4 { format!("; and {} more", relations.len() - 4) } else { String::new() };
            write!(f, ", evaluated: {shown}{more}")?;
        }
        Ok(())
    }
}
