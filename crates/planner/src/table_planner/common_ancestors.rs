//! Foreign keys that lead to one ancestor by two paths, and must lead to the same row although no key requires it: one
//! is selected first, the other follows. Self references stay among the rows of one parent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{PlanContext, TablePlanner};
use crate::foreign_keys::Link;
use dbmocker_core::schema::Key;
use dbmocker_generate::generator::{Generator, KeyUp};
use dbmocker_plan::{AncestorAgreement, FkStep, ParentChoice, Rule, TablePlan, TreeShape};
use dbmocker_semantics::common_ancestors;
use dbmocker_semantics::common_ancestors::FkPaths;

/// Maximum number of tables from a row up to an ancestor.
const STEPS: usize = 3;
/// Maximum number of paths up from a table, the shortest first: where every table has many foreign keys, their number
/// grows with each step.
const PATHS: usize = 64;
/// Maximum number of a parent's rows in a list.
const ROWS: u64 = 1 << 20;
/// In trees that are not deep, the parent is among the first `1 / LEVELS` of the earlier rows.
const LEVELS: u64 = 6;

/// Number of rows checked for a parent.
const SAMPLE: u64 = 256;
/// In a tree, at least one of this number of rows has a parent.
const TREE: usize = 50;
/// At least one of this number of rows has a parent, where the others may have none.
const OPTIONAL: usize = 5;
/// Prefixes of the reasons for a dependent parent selection.
const WHY: [&str; 2] = ["; two paths to ", "; within its "];

/// The steps from a table up to an ancestor.
#[derive(Debug, Clone)]
pub(super) struct AncestorSteps {
    pub(super) steps: Vec<FkStep>,
    pub(super) ancestor: usize,
    /// The name of the last column.
    last: String,
}

impl AncestorSteps {
    /// Returns the steps up from the table at `from`, none first, up to [`PATHS`] of them. `column`: the foreign key column that leads there.
    pub(super) fn from(b: &PlanContext<'_>, from: usize, column: &str) -> Vec<Self> {
        let mut out = vec![AncestorSteps { steps: Vec::new(), ancestor: from, last: column.to_owned() }];
        let mut at = 0;
        while at < out.len() {
            let path = out[at].clone();
            at += 1;
            if path.steps.len() >= STEPS || out.len() >= PATHS {
                continue;
            }
            let table = b.generator.table(path.ancestor);
            for up in table.every_key_up(path.ancestor) {
                let mut steps = path.steps.clone();
                steps.push(FkStep { table: path.ancestor, foreign: up.foreign });
                let last = table.columns[up.column].name.clone();
                out.push(AncestorSteps { steps, ancestor: up.parent, last });
            }
        }
        out
    }
}

/// Two foreign keys of a table, as schema indices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyPair {
    pub(crate) table: usize,
    pub(crate) columns: [usize; 2],
    /// The parents on two paths; `None` if the parent is the ancestor.
    pub(crate) parents: [Option<usize>; 2],
}

impl KeyPair {
    /// Returns true if the paths that end with these steps should lead to one row.
    pub(super) fn leads_to_one_row(&self, b: &PlanContext<'_>, steps: [&AncestorSteps; 2]) -> bool {
        let [one, other] = steps;
        if one.ancestor != other.ancestor || self.parents == [None; 2] {
            return false;
        }
        let table = &b.schema.tables[self.table];
        let name = |t: usize| b.schema.tables[t].name.name.as_str();
        FkPaths {
            table: &table.name.name,
            keys: self.columns.map(|c| table.columns[c].name.as_str()),
            first: self.parents.map(|parent| parent.map(name)),
            columns: [&one.last, &other.last],
            ancestor: name(b.order[one.ancestor]),
        }
        .same_ancestor()
    }
}

/// A path from one of the table's foreign keys up to an ancestor.
#[derive(Debug, Clone)]
struct AncestorPath {
    key: KeyUp,
    up: AncestorSteps,
}

/// The common ancestor of a foreign key and the other one of its key.
pub(super) struct CommonAncestor {
    /// The parent's column that refers to the ancestor.
    column: usize,
    pub(super) ancestor: String,
}

impl TablePlanner<'_> {
    /// Selects the two foreign keys of a key together, if both parents belong to one ancestor and there are enough
    /// pairs of their rows with the same ancestor.
    pub(super) fn joined_by_owners(&mut self, b: &PlanContext<'_>, mut links: Vec<Vec<Link>>) -> Vec<Vec<Link>> {
        if !b.coherent(self.index) || self.rows_given() {
            return links;
        }
        for one in 0..links.len() {
            for other in one + 1..links.len() {
                let ([a], [c]) = (&links[one][..], &links[other][..]) else { continue };
                let Some(met) = self.met_in_key(b, a, c) else { continue };
                self.met.extend([a.name.clone(), c.name.clone()].into_iter().zip(met));
                let second = links.remove(other);
                links[one].extend(second);
                return links;
            }
        }
        links
    }

    /// Returns the common ancestor of two foreign keys that are a key together.
    fn met_in_key(&self, b: &PlanContext<'_>, one: &Link, other: &Link) -> Option<[CommonAncestor; 2]> {
        let ([a], [c]) = (&one.columns[..], &other.columns[..]) else { return None };
        let names = [a, c].map(|c| self.table.columns[*c].name.as_str());
        let mut over = self.table.keys.iter().filter(|k| names.iter().any(|n| mentions(k, n)));
        let only = over.next()?.plain_columns()?;
        let whole = only.len() == 2 && names.iter().all(|n| only.contains(n)) && over.next().is_none();
        let decided = |c: &usize| {
            b.overrides.column(self.index, *c).is_some_and(|w| w.shapes_values()) || self.columns[*c].foreign.is_some()
        };
        if !whole || decided(a) || decided(c) {
            return None;
        }
        let known = |link: &Link| {
            let position = b.position(link.parent).filter(|p| *p < self.position && b.rows_before(link.parent) == 0)?;
            Some((position, link.columns[0])).filter(|_| b.generator.table(position).rows <= ROWS)
        };
        let [one, other] = [known(one)?, known(other)?].map(|(parent, column)| {
            let paths = self.paths(b, KeyUp { foreign: column, parent, column });
            paths.into_iter().filter(|path| path.up.steps.len() == 1).collect::<Vec<AncestorPath>>()
        });
        let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
        let (one, other) = pairs.into_iter().find(|(one, other)| self.same_ancestor(b, one, other))?;
        let ancestor = b.schema.tables[b.order[one.up.ancestor]].name.to_string();
        let met = [one, other].map(|path| CommonAncestor { column: column_up(b, path), ancestor: ancestor.clone() });
        // Twice as many, so that the number of rows per parent varies.
        (pairs_of(&b.generator, one, other) >= b.rows(self.index).saturating_mul(2)).then_some(met)
    }

    /// Returns the foreign key with its ancestor as an additional column, after all columns of the table.
    pub(super) fn with_ancestor(&self, link: &Link) -> Link {
        let mut link = link.clone();
        if let Some(met) = self.met.get(&link.name) {
            link.columns.push(self.table.columns.len());
            link.parent_columns.push(met.column);
        }
        link
    }

    /// Makes foreign keys depend on others that lead to the same ancestor.
    pub(super) fn common_ancestors(&self, b: &mut PlanContext<'_>, plan: &mut TablePlan) {
        if !b.coherent(self.index) || self.rows_given() || plan.rows == 0 {
            return;
        }
        // The compiled table provides the foreign keys by which ancestors can be reached.
        b.generator.push(b.options.seed, plan);
        let keys = b.generator.table(self.position).keys_up(self.position);
        b.generator.pop();
        let paths: Vec<AncestorPath> = keys.iter().flat_map(|key| self.paths(b, *key)).collect();
        let mut pairs: Vec<(&AncestorPath, &AncestorPath)> = Vec::new();
        for (i, one) in paths.iter().enumerate() {
            pairs.extend(
                paths[i + 1..].iter().filter(|other| self.same_ancestor(b, one, other)).map(|other| (one, other)),
            );
        }
        pairs.sort_by_key(|(one, other)| {
            (one.up.steps.len() + other.up.steps.len(), one.key.foreign, other.key.foreign)
        });
        for (one, other) in pairs {
            let (short, long) = if one.up.steps.len() <= other.up.steps.len() { (one, other) } else { (other, one) };
            // A key that may be NULL follows, as the ancestor may have no row for it.
            let optional = |path: &AncestorPath| !plan.foreign[path.key.foreign].null_columns.is_empty();
            let (first, second) = if optional(long) && !optional(short) { (long, short) } else { (short, long) };
            if !self.joins(b, plan, first, second) {
                self.joins(b, plan, second, first);
            }
        }
        self.within_parents(b, plan, &keys);
        for (foreign, text) in &self.related {
            plan.foreign[*foreign].columns.iter().for_each(|&c| plan.columns[c].reason += &format!("; {text}"));
        }
        for f in &plan.foreign {
            let Some(met) = self.met.get(&f.name) else { continue };
            f.columns.iter().for_each(|&c| plan.columns[c].reason += &format!("; two paths to {}", met.ancestor));
        }
    }

    /// Returns all paths up from a foreign key, the empty path first.
    fn paths(&self, b: &PlanContext<'_>, key: KeyUp) -> Vec<AncestorPath> {
        let steps = AncestorSteps::from(b, key.parent, &self.table.columns[key.column].name);
        steps.into_iter().map(|up| AncestorPath { key, up }).collect()
    }

    /// Returns true if two paths should lead to the same row of an ancestor.
    fn same_ancestor(&self, b: &PlanContext<'_>, one: &AncestorPath, other: &AncestorPath) -> bool {
        let pair = KeyPair {
            table: self.index,
            columns: [one, other].map(|path| path.key.column),
            parents: [one, other].map(|path| (!path.up.steps.is_empty()).then(|| b.order[path.key.parent])),
        };
        one.key.foreign != other.key.foreign && pair.leads_to_one_row(b, [&one.up, &other.up])
    }

    /// Makes one foreign key depend on the other, if nothing else determines it.
    fn joins(&self, b: &PlanContext<'_>, plan: &mut TablePlan, follower: &AncestorPath, leader: &AncestorPath) -> bool {
        let (own, by) = (follower.key.foreign, leader.key.foreign);
        let free = matches!(
            plan.sources[plan.foreign[own].source].pick,
            ParentChoice::Skewed | ParentChoice::Spread { .. } | ParentChoice::Active { .. }
        );
        let source = &plan.sources[plan.foreign[own].source];
        if !free || source.members.len() > 1 || source.meets.is_some() || dependency_chain(plan, by).contains(&own) {
            return false;
        }
        // A row must not start before its parents: those of the leader must start after the ancestor.
        let timed = |t: usize| plan.began.is_some() && b.generator.table(t).has_time();
        let bounded = matches!(plan.sources[plan.foreign[by].source].pick, ParentChoice::Active { .. });
        if timed(follower.key.parent) && !timed(leader.key.parent) && !bounded {
            return false;
        }
        let down = follower.up.steps.clone();
        let allowed = source.combinations.as_deref().filter(|_| self.related.contains_key(&own));
        let Some(list) = list(&b.generator, &down, follower.key.parent, allowed.map(Vec::as_slice)) else {
            return false;
        };
        let meets = AncestorAgreement { by, up: leader.up.steps.clone(), down, earlier: None };
        let name = &b.schema.tables[b.order[leader.up.ancestor]].name;
        self.follows(plan, follower.key, meets, list, &format!("two paths to {name}"));
        true
    }

    fn follows(&self, plan: &mut TablePlan, key: KeyUp, meets: AncestorAgreement, list: Vec<u64>, why: &str) {
        let source = &mut plan.sources[plan.foreign[key.foreign].source];
        source.agreeing = (!list.is_empty()).then(|| Arc::new(list));
        source.meets = Some(meets);
        let column = &mut plan.columns[key.column];
        column.reason = format!("{}; {why}", column.reason);
    }

    /// Restricts self references to the rows of one parent.
    fn within_parents(&self, b: &PlanContext<'_>, plan: &mut TablePlan, keys: &[KeyUp]) {
        let name = |key: &KeyUp| b.schema.tables[b.order[key.parent]].name.name.as_str();
        let trees = 0..plan.foreign.len();
        for foreign in trees.filter(|&f| plan.foreign[f].parent_table == Some(self.position)).collect::<Vec<_>>() {
            let f = &plan.foreign[foreign];
            let source = &plan.sources[f.source];
            let [column] = f.columns[..] else { continue };
            let told = plan.columns.iter().any(|c| matches!(c.rule, Rule::Tree { source, .. } if source == f.source));
            let free =
                plan.columns[column].group.is_none() && plan.attempt_table.is_none() && source.members.len() == 1;
            let earlier = match source.pick {
                ParentChoice::Tree { shape: TreeShape::Thread, .. } | ParentChoice::Earlier { .. } => 1,
                ParentChoice::Tree { .. } => LEVELS,
                _ => continue,
            };
            if told || !free || plan.rows > ROWS {
                continue;
            }
            let apart = |key: &&KeyUp| {
                common_ancestors::separation_rank(&self.table.name.name, &plan.columns[column].name, name(key))
            };
            let Some(by) = keys.iter().rev().max_by_key(apart).filter(|key| apart(key) > 0) else { continue };
            let down = vec![FkStep { table: self.position, foreign: by.foreign }];
            let meets = AncestorAgreement { by: by.foreign, up: Vec::new(), down, earlier: Some(earlier) };
            let own = KeyUp { foreign, parent: self.position, column };
            self.follows(plan, own, meets, Vec::new(), &format!("within its {}", name(by)));
        }
    }

    /// Lists the rows of the compiled table by the parents within which its trees stay.
    pub(super) fn own_lists(&self, b: &mut PlanContext<'_>, plan: &mut TablePlan) {
        let position = self.position;
        let own = |m: &AncestorAgreement| m.earlier.is_some();
        let mut listed = false;
        for source in plan.sources.iter_mut().filter(|s| s.meets.as_ref().is_some_and(own)) {
            let down = source.meets.as_ref().map(|m| m.down.clone()).unwrap_or_default();
            if let Some(list) = list(&b.generator, &down, position, None).filter(|l| !l.is_empty()) {
                source.agreeing = Some(Arc::new(list));
                listed = true;
            }
        }
        if listed {
            b.generator.replace(b.options.seed, position, plan);
        }
        let with_few: Vec<usize> = (0..plan.sources.len()).filter(|&s| self.has_few_agreeing(b, plan, s)).collect();
        for &s in &with_few {
            plan.sources[s].meets = None;
            plan.sources[s].agreeing = None;
            for &c in &plan.foreign[plan.sources[s].members[0]].columns {
                let reason = &mut plan.columns[c].reason;
                let from = WHY.iter().filter_map(|why| reason.rfind(why)).max();
                reason.truncate(from.unwrap_or(reason.len()));
            }
        }
        if !with_few.is_empty() {
            b.generator.replace(b.options.seed, position, plan);
        }
    }

    /// Returns true if most rows get no parent by a dependent selection, which is then made independent. In a tree,
    /// most rows may be roots.
    fn has_few_agreeing(&self, b: &PlanContext<'_>, plan: &TablePlan, source: usize) -> bool {
        let Some(meets) = plan.sources[source].meets.as_ref() else { return false };
        if meets.down.is_empty() {
            return false;
        }
        let foreign = plan.sources[source].members[0];
        let step = usize::try_from(plan.rows / SAMPLE).unwrap_or(usize::MAX).max(1);
        let rows = || (0..plan.rows).step_by(step);
        let none = rows().filter(|&row| b.generator.parent_row(self.position, foreign, row, 0).is_none()).count();
        let all = rows().count();
        match meets.earlier {
            Some(_) => TREE * (all - none) < all,
            // Rows without one have NULL.
            None if !plan.foreign[foreign].null_columns.is_empty() => OPTIONAL * (all - none) < all,
            None => 2 * none > all,
        }
    }
}

fn mentions(key: &Key, name: &str) -> bool {
    let text = |t: &Option<String>| t.as_deref().is_some_and(|t| t.contains(name));
    text(&key.predicate) || key.parts.iter().any(|p| p.column.as_deref() == Some(name) || text(&p.expression))
}

/// Returns the column of the first step of a path.
fn column_up(b: &PlanContext<'_>, path: &AncestorPath) -> usize {
    let step = path.up.steps[0];
    let keys = b.generator.table(step.table).keys_up(step.table);
    keys.iter().find(|k| k.foreign == step.foreign).expect("a path goes along these keys").column
}

/// Returns the number of pairs of rows of two parents that have the same ancestor row.
fn pairs_of(generator: &Generator, one: &AncestorPath, other: &AncestorPath) -> u64 {
    let count = |path: &AncestorPath| {
        let mut out: BTreeMap<u64, u64> = BTreeMap::new();
        let rows = 0..generator.table(path.key.parent).rows;
        rows.filter_map(|row| generator.ancestor_up(&path.up.steps, row)).for_each(|a| *out.entry(a).or_default() += 1);
        out
    };
    let (one, other) = (count(one), count(other));
    one.iter().map(|(a, n)| n.saturating_mul(other.get(a).copied().unwrap_or(0))).fold(0, u64::saturating_add)
}

/// Returns the foreign keys on which the selection of one depends, including itself.
fn dependency_chain(plan: &TablePlan, foreign: usize) -> BTreeSet<usize> {
    let by = |f: &usize| plan.sources[plan.foreign[*f].source].meets.as_ref().map(|m| m.by);
    std::iter::successors(Some(foreign), by).collect()
}

/// Returns the pairs of an ancestor's row and the row of `table` below it, empty if a law gives them; `None` if there
/// are too many. `allowed`: the only rows of `table` that may be selected, sorted.
fn list(generator: &Generator, down: &[FkStep], table: usize, allowed: Option<&[u64]>) -> Option<Vec<u64>> {
    let lawful = match down {
        [] => true,
        [step] => allowed.is_none() && generator.table(step.table).has_children(step.foreign),
        _ => false,
    };
    let rows = generator.table(table).rows;
    match lawful {
        true => Some(Vec::new()),
        false if rows > ROWS => None,
        false => {
            let pair = |row| generator.ancestor_up(down, row).map(|ancestor| [ancestor, row]);
            let may = |row: &u64| allowed.is_none_or(|allowed| allowed.binary_search(row).is_ok());
            let mut pairs: Vec<[u64; 2]> = (0..rows).filter(may).filter_map(pair).collect();
            pairs.sort_unstable();
            Some(pairs.into_flattened())
        }
    }
}
