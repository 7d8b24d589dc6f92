//! Parents of foreign keys: parent selections, self references, foreign keys that share columns.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::key_facts::identifying;
use super::{POOL_ALONE, PendingSelection, PlanContext, SharedKeys, TablePlanner};
use crate::derived_constraints;
use crate::error::Unplannable;
use crate::error::parents::{EmptyParent, EmptyReason, ForeignKeyError};
use crate::foreign_keys;
use crate::foreign_keys::{ForeignKeyFacts, Link, links};
use crate::options::QueryError;
use crate::overlapping_fks;
use crate::overlapping_fks::{FkSource, RequestedCombinations};
use dbmocker_core::humanize;
use dbmocker_core::rng_stream::Stream;
use dbmocker_core::schema::Key;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_plan::{ForeignKeyPlan, ParentChoice, Rule, TablePlan};

/// Maximum number of existing key tuples read from a table that is filled as well: enough for new rows to refer to old
/// ones.
pub(super) const POOL_BESIDE_NEW: u64 = 10_000;
/// Combinations stored for each row of a leading parent.
const PARTNERS: u64 = 8;
/// The same, if each partner may occur once only.
const SCARCE_PARTNERS: u64 = 64;
/// Share of NULLs in nullable foreign keys.
const FOREIGN_NULLS: f64 = 0.1;

/// Rows of an open chain of unique self references.
const CHAIN: u64 = 12;

impl TablePlanner<'_> {
    pub(super) fn link(&mut self, b: &PlanContext<'_>, parents: &[TablePlan]) -> Result<(), Unplannable> {
        let known = ForeignKeyFacts {
            holds: &|parent| b.holds_rows(parent),
            declared_only: b.declared_only.contains(&self.index),
            back: &|table, link| b.back_edge(table, link),
        };
        let links = links(b.schema, self.index, &known);
        self.notes.extend(links.notes);
        self.notes.extend(self.table.caveats.iter().map(ToString::to_string));
        for c in links.dangling {
            if !self.table.columns[c].nullable || self.in_key(&[c]) {
                continue;
            }
            self.columns[c].always_null = true;
            self.columns[c].null_share = 1.0;
        }
        let components = self.without_fixed(links.components)?;
        self.link_listed(b, parents)?;
        let components = self.unserved(b, components)?;
        let components =
            if self.counted_parent(b).is_some() { components } else { self.joined_by_owners(b, components) };
        for component in components {
            let (own, others): (Vec<Link>, Vec<Link>) = component.into_iter().partition(|l| l.parent == self.index);
            let shared: BTreeSet<usize> = others.iter().flat_map(|l| l.columns.iter().copied()).collect();
            self.others(b, parents, others)?;
            for link in foreign_keys::merged(self.table, own) {
                self.own(b, link, &shared)?;
            }
        }
        Ok(())
    }

    /// Plans foreign keys to other tables that share columns. Those to tables planned earlier are selected together;
    /// those to tables planned later follow one by one, and agree with them.
    fn others(&mut self, b: &PlanContext<'_>, parents: &[TablePlan], links: Vec<Link>) -> Result<(), Unplannable> {
        let later = |l: &Link| b.position(l.parent) > Some(self.position);
        let (later, before): (Vec<Link>, Vec<Link>) = links.into_iter().partition(later);
        let mut decided: BTreeSet<usize> = before.iter().flat_map(|l| l.columns.iter().copied()).collect();
        if !before.is_empty() {
            self.join_overlapping(b, parents, before)?;
        }
        // Foreign keys outside cycles can determine the columns of those within.
        let (back, plain): (Vec<Link>, Vec<Link>) =
            later.into_iter().partition(|l| b.back_edge(self.index, l).is_some());
        for link in plain.into_iter().chain(back) {
            let looped = b.back_edge(self.index, &link);
            let of = link.columns.iter().copied();
            let fixed: BTreeSet<usize> =
                of.clone().filter(|c| decided.contains(c) || looped.is_some_and(|l| l.contains(c))).collect();
            decided.extend(of);
            if fixed.is_empty() {
                self.join_overlapping(b, parents, vec![link])?;
            } else {
                self.agreeing(b, &link, &fixed)?;
            }
        }
        Ok(())
    }

    /// Sets foreign keys NULL whose parent has no rows and is not filled; returns the others.
    fn unserved(&mut self, b: &PlanContext<'_>, components: Vec<Vec<Link>>) -> Result<Vec<Vec<Link>>, EmptyParent> {
        let mut rest: Vec<Link> = components.into_iter().flatten().collect();
        while let Some(i) = rest.iter().position(|l| l.parent != self.index && !b.holds_rows(l.parent)) {
            let link = rest.remove(i);
            if !derived_constraints::is_needed(b.declared, self.index, &link.name) {
                continue;
            }
            let shared: BTreeSet<usize> = rest.iter().flat_map(|l| l.columns.iter().copied()).collect();
            let null_columns = self.null_columns(&link, &shared);
            let free = |c: &usize| self.table.columns[*c].nullable && !self.in_key(&[*c]);
            let all_free = link.columns.iter().all(free);
            if !null_columns.is_empty() {
                let (columns, name) = (null_columns.clone(), b.schema.tables[link.parent].name.clone());
                let foreign = self.push_foreign(b, &link, null_columns, Arc::default());
                for c in columns {
                    self.missing_parents.push((c, self.empty_parent(b, &link)));
                    let position = link.columns.iter().position(|l| *l == c).expect("one of its columns");
                    self.columns[c].foreign = Some((foreign, position));
                }
                self.sources.push(PendingSelection {
                    pick: Some(ParentChoice::Never),
                    reason: format!("`{name}` has no rows and is not filled: left NULL"),
                    ..PendingSelection::of(vec![foreign], 0)
                });
            } else if let Some(&c) = link.columns.iter().find(|c| free(c) && (all_free || !link.match_full)) {
                // A NULL also satisfies other keys that share the column.
                for c in if link.match_full { link.columns.clone() } else { vec![c] } {
                    self.columns[c].always_null = true;
                    self.columns[c].null_share = 1.0;
                    self.missing_parents.push((c, self.empty_parent(b, &link)));
                    rest.retain(|l| !l.columns.contains(&c));
                }
            } else {
                return Err(self.empty_parent(b, &link));
            }
        }
        Ok(foreign_keys::components(rest))
    }

    /// Plans a self reference; `shared` columns come from other foreign keys.
    pub(super) fn own(&mut self, b: &PlanContext<'_>, link: Link, shared: &BTreeSet<usize>) -> Result<(), Unplannable> {
        let looped = b.fk_cycles.self_dependent(self.index, &link.name).filter(|l| !l.is_empty());
        let pairs = link.columns.iter().copied().zip(link.parent_columns.iter().copied());
        let decided = |c: usize| {
            shared.contains(&c) || self.columns[c].foreign.is_some() || looped.is_some_and(|l| l.contains(&c))
        };
        let fixed: BTreeSet<usize> = pairs.filter(|&(c, p)| c == p || decided(c)).map(|(c, _)| c).collect();
        if !fixed.is_empty() && fixed.len() < link.columns.len() {
            return Ok(self.agreeing(b, &link, &fixed)?);
        }
        if !fixed.is_empty() && link.columns != link.parent_columns {
            return Err(ForeignKeyError::SelfReference(link.name).into());
        }
        let mut null_columns = self.null_columns(&link, shared);
        // A first row without a parent is NULL in all columns.
        if fixed.is_empty() && null_columns.len() < link.columns.len() {
            null_columns.clear();
        }
        let (pick, reason) = match (!fixed.is_empty(), null_columns.is_empty()) {
            (true, false) => (ParentChoice::Never, "self reference that shares columns with another key: left NULL"),
            (true, true) => {
                (ParentChoice::Itself, "self reference that shares columns with another key: the row itself")
            }
            (false, true) => match self.chained(b, &link) {
                Some(length @ 2) => (ParentChoice::Chain { length }, "self reference that is unique: rows in pairs"),
                Some(length) => {
                    (ParentChoice::Chain { length }, "self reference that is unique: the next row, in closed chains")
                }
                None => (ParentChoice::Earlier { rooted: true }, "self reference: an earlier row"),
            },
            (false, false) if self.is_unique(&link) => {
                (ParentChoice::Previous { length: CHAIN }, "self reference that is unique: the row before")
            }
            (false, false) => (ParentChoice::Earlier { rooted: false }, "self reference: an earlier row"),
        };
        let existing_keys = match pick {
            ParentChoice::Earlier { .. } => b.existing_keys(self.index, &link.parent_columns, POOL_BESIDE_NEW)?,
            _ => Arc::default(),
        };
        let size = existing_keys.len() as u64 + b.rows(self.index);
        let foreign = self.push_foreign(b, &link, null_columns, existing_keys);
        for (position, c) in link.columns.iter().enumerate().filter(|(_, c)| !fixed.contains(c)) {
            self.columns[*c].foreign = Some((foreign, position));
        }
        self.sources.push(PendingSelection {
            pick: Some(pick),
            reason: reason.into(),
            ..PendingSelection::of(vec![foreign], size)
        });
        Ok(())
    }

    /// Returns true if a key consists of columns of the foreign key only.
    pub(super) fn is_unique(&self, link: &Link) -> bool {
        let own = |column: &str| self.table.column_index(column).is_some_and(|c| link.columns.contains(&c));
        let plain =
            |k: &Key| k.predicate.is_none().then(|| k.plain_columns()).flatten().map(|c| c.into_iter().all(own));
        self.table.keys.iter().any(|k| plain(k) == Some(true))
    }

    /// Plans one foreign key to another table, or several that share columns.
    pub(super) fn join_overlapping(
        &mut self,
        b: &PlanContext<'_>,
        parents: &[TablePlan],
        links: Vec<Link>,
    ) -> Result<(), Unplannable> {
        let spaces = links.iter().map(|l| self.parent_space(b, parents, l)).collect::<Result<Vec<_>, _>>()?;
        let mut fk_sources: Vec<(Link, (SharedKeys, u64))> = links.into_iter().zip(spaces).collect();
        // A foreign key whose columns are unique leads, because each row of its parent has at most one child; otherwise
        // the one with the smallest parent.
        fk_sources.sort_by_key(|(l, (_, size))| {
            let fewest = if self.is_unique(l) { *size } else { u64::MAX };
            (!self.is_counted(b, &l.name), fewest, std::cmp::Reverse(l.columns.len()))
        });
        let several = fk_sources.len() > 1;
        let space = fk_sources[0].1.1;
        let mut members = Vec::new();
        let mut links = Vec::new();
        for (link, (existing_keys, size)) in fk_sources {
            self.note_sample(b, &link, &existing_keys);
            let null_columns = if several || self.is_counted(b, &link.name) {
                Vec::new()
            } else {
                self.null_columns(&link, &BTreeSet::new())
            };
            if size == 0 && null_columns.is_empty() && !several {
                return Err(self.empty_parent(b, &link).into());
            }
            let foreign = self.push_foreign(b, &link, null_columns, existing_keys);
            for (position, &c) in link.columns.iter().enumerate() {
                if self.columns[c].foreign.is_none() {
                    self.columns[c].foreign = Some((foreign, position));
                    self.columns[c].parents = self.parent_domain(parents, foreign, position);
                    self.columns[c].parents_differ = self.parents_differ(parents, foreign, position);
                }
            }
            members.push(foreign);
            links.push(link);
        }
        let step = links.iter().filter_map(|l| b.fk_cycles.step(self.index, &l.name)).max();
        let mut source = PendingSelection { step, ..PendingSelection::of(members, space) };
        if several {
            let (combinations, partners) = self.combinations(b, parents, &links, &source.members, space)?;
            let count = combinations.len() as u64 / links.len() as u64;
            source.size = count / partners.max(1);
            let why = match self.met.get(&links[0].name) {
                Some(met) => format!("two paths to {}", met.ancestor),
                None => format!("{} foreign keys share columns", links.len()),
            };
            source.reason = format!("{why}: {} combinations of parent rows agree", humanize::count(count));
            (source.combinations, source.partners) = (Some(combinations), partners);
        } else if space == 0 {
            source.pick = Some(ParentChoice::Never);
            source.reason = "its parent has no rows: left NULL".into();
        } else {
            source.first = self.first_parent(b, parents, &links[0], source.members[0]);
            source.size = space - source.first;
        }
        self.sources.push(source);
        Ok(())
    }

    /// Returns the first parent row to refer to: the first new one, if there are any, if existing rows may have children
    /// with the same key, or if new parent rows need children.
    fn first_parent(&self, b: &PlanContext<'_>, parents: &[TablePlan], link: &Link, foreign: usize) -> u64 {
        let new = b.position(link.parent).is_some_and(|p| parents.get(p).is_none_or(|t| t.rows > 0));
        let there = b.rows_before(self.index) > 0 && new && self.in_key(&link.columns);
        let looked_for = b.fk_cycles.step(self.index, &link.name).is_some();
        let counted = self.is_counted(b, &link.name) && b.position(link.parent).is_some();
        if there || looked_for || counted { self.foreign[foreign].existing_count } else { 0 }
    }

    pub(super) fn combinations(
        &self,
        b: &PlanContext<'_>,
        parents: &[TablePlan],
        links: &[Link],
        members: &[usize],
        leading: u64,
    ) -> Result<(Arc<Vec<u64>>, u64), Unplannable> {
        let names = || links.iter().map(|l| format!("`{}`", l.name)).collect::<Vec<_>>().join(", ");
        let with_ancestors: Vec<Link> = links.iter().map(|l| self.with_ancestor(l)).collect();
        let fk_sources: Vec<FkSource<'_>> = with_ancestors
            .iter()
            .zip(members)
            .map(|(l, &m)| FkSource {
                columns: &l.columns,
                parent: self.foreign[m].parent_table,
                parent_columns: &l.parent_columns,
                existing_keys: &self.foreign[m].existing_keys,
            })
            .collect();
        let key = Stream::new(b.options.seed, &b.schema.label(&self.table.name), &links[0].name).key();
        let rows = b.rows(self.index);
        let wanted = if self.leading_row_repeats(b, members) {
            // More than needed, so that the number of children per parent varies.
            RequestedCombinations::Different(rows.saturating_mul(2))
        } else {
            // If rows of another parent may occur once only, most of them are used up before the last rows.
            let scarce = links[1..].iter().any(|l| self.is_unique(l));
            let usual = (rows.saturating_mul(2) / leading.max(1)).clamp(1, PARTNERS);
            RequestedCombinations::ForEach(if scarce { SCARCE_PARTNERS } else { usual })
        };
        let agree = |from| overlapping_fks::agree(&b.generator, &fk_sources, from, key, wanted);
        let (mut combinations, mut partners) = agree(self.first_parent(b, parents, &links[0], members[0]))?;
        if combinations.is_empty() {
            (combinations, partners) = agree(0)?;
        }
        if combinations.is_empty() {
            return Err(ForeignKeyError::NoAgreement(names()).into());
        }
        Ok((Arc::new(combinations), partners))
    }

    /// Returns true if every key that identifies the leading parent's row also identifies the other parents' rows: then
    /// a leading row may occur in several combinations.
    fn leading_row_repeats(&self, b: &PlanContext<'_>, members: &[usize]) -> bool {
        let column = |c: &str| self.table.column_index(c);
        let keys = self.table.keys.iter().filter_map(|k| k.plain_columns());
        let keys: Vec<Vec<usize>> = keys.map(|k| k.into_iter().filter_map(column).collect()).collect();
        let correlated = |m: usize, key: &Vec<usize>| {
            let sets = identifying(b, &self.foreign[m]);
            sets.iter().any(|set| set.iter().all(|c| key.contains(c)))
        };
        let mut leading = keys.iter().filter(|key| correlated(members[0], key)).peekable();
        leading.peek().is_some() && leading.all(|key| members.iter().all(|&m| correlated(m, key)))
    }

    /// Returns the domain of a planned parent's column, if the parent has no existing rows.
    pub(super) fn parent_domain(&self, parents: &[TablePlan], foreign: usize, position: usize) -> Option<Domain> {
        let f = &self.foreign[foreign];
        let parent = parents.get(f.parent_table?).filter(|_| f.existing_count == 0)?;
        let column = &parent.columns[f.parent_columns[position]];
        match &column.rule {
            Rule::Sequence { start, step } => {
                let last = start + (i128::from(parent.rows.max(1)) - 1) * step;
                Some(Domain::Range {
                    kind: RangeKind::Int,
                    lo: *start.min(&last),
                    hi: *start.max(&last),
                    step: step.abs(),
                    except: Vec::new(),
                    shape: Shape::Uniform,
                })
            }
            Rule::Draw { domain } | Rule::Unique { domain, .. } | Rule::Component { domain, .. } => {
                Some(domain.clone())
            }
            Rule::Foreign { .. } | Rule::Fixed { .. } | Rule::Listed { .. } => column.domain.clone(),
            _ => None,
        }
    }

    /// Returns true if all rows of a planned parent without existing rows differ in the column.
    fn parents_differ(&self, parents: &[TablePlan], foreign: usize, position: usize) -> bool {
        let f = &self.foreign[foreign];
        let parent = f.parent_table.and_then(|p| parents.get(p)).filter(|_| f.existing_count == 0);
        let rule = parent.map(|p| &p.columns[f.parent_columns[position]].rule);
        match rule {
            Some(Rule::Sequence { .. }) => true,
            Some(Rule::Unique { size, total, retried: false, .. }) => size == total,
            _ => false,
        }
    }

    /// Returns the existing key tuples of the parent, and the size of its index space.
    pub(super) fn parent_space(
        &self,
        b: &PlanContext<'_>,
        parents: &[TablePlan],
        link: &Link,
    ) -> Result<(SharedKeys, u64), QueryError> {
        let position = b.position(link.parent);
        let limit = if position.is_some() { POOL_BESIDE_NEW } else { POOL_ALONE };
        let existing_keys = b.existing_keys(link.parent, &link.parent_columns, limit)?;
        let new = match position {
            None => 0,
            Some(p) => parents.get(p).map_or(b.rows(link.parent), |t| t.rows),
        };
        let size = existing_keys.len() as u64 + new;
        Ok((existing_keys, size))
    }

    /// Adds a note if only some of the existing rows are referred to.
    fn note_sample(&mut self, b: &PlanContext<'_>, link: &Link, existing_keys: &SharedKeys) {
        let (there, alone) = (b.rows_before(link.parent), b.position(link.parent).is_none());
        if existing_keys.thinned || (alone && there > POOL_ALONE) {
            let why = if existing_keys.thinned { "--memory-limit allows no more" } else { "the most that are read" };
            self.notes.push(format!(
                "foreign key `{}` refers to {} of the {} rows of `{}`, spread evenly: {why}",
                link.name,
                humanize::count(existing_keys.len() as u64),
                humanize::count(there),
                b.schema.tables[link.parent].name
            ));
        }
    }

    pub(super) fn empty_parent(&self, b: &PlanContext<'_>, link: &Link) -> EmptyParent {
        let why = if b.is_skipped(link.parent) {
            EmptyReason::LeftOut
        } else if b.schema.tables[link.parent].outside {
            EmptyReason::Elsewhere(b.schema.elsewhere())
        } else if let Some((why, origin)) = b.overrides.not_filled(link.parent) {
            EmptyReason::NotRequested { why, origin: origin.to_owned() }
        } else {
            EmptyReason::NotSelected
        };
        EmptyParent { foreign_key: link.name.clone(), parent: b.schema.tables[link.parent].name.clone(), why }
    }

    pub(super) fn push_foreign(
        &mut self,
        b: &PlanContext<'_>,
        link: &Link,
        null_columns: Vec<usize>,
        existing_keys: SharedKeys,
    ) -> usize {
        if b.position(link.parent).is_some_and(|p| p > self.position)
            || (b.same_cycle(self.index, link.parent) && link.parent != self.index)
        {
            self.deferred.push(link.name.clone());
        }
        self.foreign.push(ForeignKeyPlan {
            name: link.name.clone(),
            columns: link.columns.clone(),
            parent: b.schema.tables[link.parent].name.clone(),
            parent_table: b.position(link.parent),
            parent_columns: link.parent_columns.clone(),
            source: self.sources.len(),
            null_share: if null_columns.is_empty() {
                0.0
            } else {
                self.override_null_share(b, &link.columns).unwrap_or(FOREIGN_NULLS)
            },
            null_columns,
            existing_count: existing_keys.len() as u64,
            existing_keys,
        });
        self.foreign.len() - 1
    }

    /// Returns the columns that can be NULL together, so that the key refers to nothing.
    pub(super) fn null_columns(&self, link: &Link, shared: &BTreeSet<usize>) -> Vec<usize> {
        let nullable: Vec<usize> = link
            .columns
            .iter()
            .copied()
            .filter(|c| self.table.columns[*c].nullable && !shared.contains(c) && self.columns[*c].foreign.is_none())
            .collect();
        if link.match_full && nullable.len() < link.columns.len() { Vec::new() } else { nullable }
    }
}
