//! Consistency checks of a plan: a plan read from a file is untrusted input.
//!
//! In: a plan. Out: the first inconsistency that would make generation loop or index out of bounds.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Endless, PlanFault, TableFault};
use crate::{
    AncestorAgreement, Began, ColumnId, CompositeKey, FkStep, ForeignKeyPlan, KeyLayout, Law, LawPlan, ParentChoice,
    ParentSelection, Plan, Presence, Rule, TablePlan, TreeColumn,
};
use dbmocker_domain::Domain;

mod laws;

/// Maximum number of rows of a table: more than a server stores, and too few to overflow arithmetic on row numbers.
pub const MOST_ROWS: u64 = 1_000_000_000_000_000;

/// Valid moments of a clock, in microseconds since 1970: the years 1000 to 9999.
const MOMENTS: std::ops::RangeInclusive<i64> = -30_610_224_000_000_000..=253_402_300_800_000_000;

/// Maximum number of tables through which a value is copied: each copy is a nested call.
pub(crate) const MOST_COPIES: usize = 250;

/// Maximum nesting of brackets in a plan's JSON.
const MOST_NESTED: usize = 1000;

type Validity = Result<(), TableFault>;

impl Plan {
    /// Checks that every index of the plan is in range, and that no column's value depends on itself.
    ///
    /// # Errors
    /// The table, and its first inconsistency.
    pub fn validate(&self) -> Result<(), PlanFault> {
        for (t, table) in self.tables.iter().enumerate() {
            PlanChecker { tables: &self.tables, t, table }
                .all()
                .map_err(|fault| PlanFault::Table { table: table.label.clone(), fault })?;
        }
        let mut depths = Depths::default();
        let told = |Copied { table, column, why }| {
            let table = &self.tables[table];
            PlanFault::Column { table: table.label.clone(), column: table.columns[column].name.clone(), why }
        };
        (0..self.tables.len()).try_for_each(|t| depths.look(&self.tables, t)).map_err(told)
    }
}

/// Returns true if a JSON text nests more deeply than the reader's stack allows.
pub fn is_deep(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for b in text.bytes() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_NESTED {
            return true;
        }
    }
    false
}

struct PlanChecker<'a> {
    tables: &'a [TablePlan],
    t: usize,
    table: &'a TablePlan,
}

/// Checks that `index` is below `len`.
fn within(what: &'static str, index: usize, len: usize) -> Validity {
    if index < len { Ok(()) } else { Err(TableFault::OutOfRange { what, index, len }) }
}

fn holds(what: &'static str, truth: bool) -> Validity {
    if truth { Ok(()) } else { Err(TableFault::Inconsistent(what)) }
}

impl PlanChecker<'_> {
    fn all(&self) -> Validity {
        let TablePlan { columns, foreign, sources, composite_keys, groups, attempt_table, rows, .. } = self.table;
        holds("more rows than there can be", *rows <= MOST_ROWS && self.table.existing <= MOST_ROWS)?;
        composite_keys.iter().try_for_each(|s| self.composite_key(s))?;
        foreign.iter().enumerate().try_for_each(|(i, f)| self.foreign(i, f))?;
        sources.iter().enumerate().try_for_each(|(i, s)| self.source(i, s))?;
        for column in columns {
            self.rule(&column.rule)?;
            column.domain.iter().try_for_each(domain)?;
            column.presence.iter().try_for_each(|p| self.presence(p))?;
            let edges = column.edges.as_ref();
            holds("edge cases without values", edges.is_none_or(|e| !e.values.is_empty() && e.share.is_finite()))?;
            if let Some((group, place)) = column.group {
                within("a group", group, groups.len())?;
                within("a group's column", place, groups[group].columns().len())?;
            }
        }
        for group in groups {
            group.columns().iter().try_for_each(|&c| within("a column", c, columns.len()))?;
            holds("a group that is damaged", group.is_whole())?;
        }
        self.began()?;
        (0..columns.len()).try_for_each(|c| self.moment(c))?;
        (0..columns.len()).try_for_each(|c| self.law(c))?;
        let attempts = attempt_table.as_ref().map_or(0, |r| r.attempts.len() as u64);
        holds("too few attempts", attempts == 0 || attempts >= *rows)
    }

    /// Checks that start times depend on rows of earlier tables only.
    fn began(&self) -> Validity {
        let (parents, clock) = match &self.table.began {
            None => return Ok(()),
            Some(Began::Clock(clock)) => (Vec::new(), clock),
            Some(Began::After { parents, otherwise, course, together, ahead, gap }) => {
                let apart =
                    (0..=gap.most).contains(&gap.least) && MOMENTS.contains(&gap.most.saturating_mul(1_000_000));
                holds(
                    "rows ahead of a course, or together ahead of several parents",
                    !ahead || course.is_none() && (parents.len() == 1 || !together),
                )?;
                holds("a gap that is none", !ahead || apart)?;
                holds("rows that come after none", !parents.is_empty())?;
                if let Some(course) = course {
                    let parent = parents.first().and_then(|&f| self.table.foreign.get(f)?.parent_table);
                    let columns = parent.filter(|&p| p < self.t).map_or(&[][..], |p| &self.tables[p].columns);
                    let of_parent = |c: usize| {
                        within("a column of the course of a parent", c, columns.len())?;
                        let moment = columns[c].law.as_ref().is_some_and(|l| matches!(l.law, Law::Moment { .. }));
                        holds("a course between columns that are no moments", moment)
                    };
                    course.from.into_iter().chain([course.to]).try_for_each(of_parent)?;
                    holds("a course of several parents", *together && parents.len() == 1)?;
                }
                (parents.clone(), otherwise)
            }
            Some(Began::Owned(owned)) => {
                holds("a series without steps", owned.unit > 0 && owned.step.is_none_or(|step| step > 0))?;
                (owned.foreign.into_iter().collect(), &owned.otherwise)
            }
        };
        holds("a clock without days", MOMENTS.contains(&clock.from) && MOMENTS.contains(&clock.to))?;
        for foreign in parents {
            within("a foreign key", foreign, self.table.foreign.len())?;
            let before = self.table.foreign[foreign].parent_table.is_some_and(|p| p < self.t);
            holds("rows that come after those of a later table", before)?;
        }
        Ok(())
    }

    /// Checks that a column's moment does not depend on itself.
    fn moment(&self, c: usize) -> Validity {
        let columns = &self.table.columns;
        let of = |c: usize| match &columns[c].law {
            Some(LawPlan { law: Law::Moment { at, .. }, .. }) => at.of(),
            _ => None,
        };
        let (mut at, mut steps) = (c, 0);
        while let Some(next) = of(at) {
            within("a column", next, columns.len())?;
            holds("a moment that leads to itself", steps <= columns.len())?;
            (at, steps) = (next, steps + 1);
        }
        Ok(())
    }

    fn composite_key(&self, composite_key: &CompositeKey) -> Validity {
        holds("a key without parts", !composite_key.sizes.is_empty() && !composite_key.sizes.contains(&0))?;
        let rest = composite_key.sizes[1..].iter().fold(1u64, |a, &b| a.saturating_mul(b)).min(1 << 63);
        let all = u128::from(composite_key.sizes[0]) * u128::from(rest);
        let fits = all >= u128::from(self.table.rows) && (composite_key.law != KeyLayout::Product || all <= 1 << 63);
        holds("a key that does not hold its rows", fits)?;
        let existing = &composite_key.existing;
        let bounded = composite_key.law == KeyLayout::FanOut && composite_key.sizes.len() == 2;
        holds("a bound of a key of other parts", existing.is_empty() || bounded)?;
        holds("a bound that a key exceeds", existing.iter().all(|n| (1..=rest).contains(n)))?;
        let counted = composite_key.counts.as_ref().is_none_or(|counts| {
            counts.rows() == self.table.rows && counts.most() <= rest && counts.parents() <= composite_key.sizes[0]
        });
        holds(
            "numbers of rows that do not fit the key",
            counted && (composite_key.counts.is_none() || composite_key.law != KeyLayout::Product),
        )
    }

    fn foreign(&self, index: usize, f: &ForeignKeyPlan) -> Validity {
        let columns = self.table.columns.len();
        f.columns.iter().chain(&f.null_columns).try_for_each(|&c| within("a column", c, columns))?;
        holds("a foreign key of unequal columns", f.columns.len() == f.parent_columns.len() && !f.columns.is_empty())?;
        if let Some(parent) = f.parent_table {
            within("a table", parent, self.tables.len())?;
            let there = self.tables[parent].columns.len();
            f.parent_columns.iter().try_for_each(|&c| within("a parent's column", c, there))?;
        }
        within("a choice of parents", f.source, self.table.sources.len())?;
        holds("a foreign key in another's choice", self.table.sources[f.source].members.contains(&index))?;
        let width = f.existing_keys.width().is_none_or(|w| w >= f.columns.len());
        holds("keys that are too narrow", width)
    }

    /// Returns the number of rows of a foreign key's parent, existing and generated.
    fn space(&self, f: &ForeignKeyPlan) -> u64 {
        f.existing_keys.len() as u64 + f.parent_table.map_or(0, |p| self.tables[p].rows)
    }

    fn source(&self, index: usize, s: &ParentSelection) -> Validity {
        s.members.iter().try_for_each(|&m| within("a foreign key", m, self.table.foreign.len()))?;
        let own = s.members.iter().all(|&m| self.table.foreign[m].source == index);
        holds("a choice without foreign keys of its own", own && !s.members.is_empty())?;
        let leading = &self.table.foreign[s.members[0]];
        let space = self.space(leading);
        let members = s.members.len() as u64;
        let size = match &s.combinations {
            None => space.checked_sub(s.first).ok_or("a choice that begins beyond its parent")?,
            Some(combinations) => {
                let each = members.saturating_mul(s.partners.max(1));
                holds("combinations that are cut off", (combinations.len() as u64).is_multiple_of(each))?;
                let count = combinations.len() as u64 / members;
                holds("too many combinations", members == 1 || u32::try_from(count).is_ok())?;
                holds("candidates that are not in order", members > 1 || combinations.is_sorted())?;
                for combination in combinations.chunks(s.members.len()) {
                    let there =
                        combination.iter().zip(&s.members).all(|(&row, &m)| row < self.space(&self.table.foreign[m]));
                    holds("a combination of rows that are not there", there)?;
                }
                combinations.len() as u64 / each
            }
        };
        holds("combinations that begin at another row", s.combinations.is_none() || s.first == 0)?;
        s.meets.iter().try_for_each(|meets| self.ancestor_agreement(s, meets))?;
        self.pick(s, leading, size)
    }

    fn pick(&self, s: &ParentSelection, leading: &ForeignKeyPlan, size: u64) -> Validity {
        let rows = self.table.rows;
        match &s.pick {
            ParentChoice::Component { composite_key, place } => {
                within("a key", *composite_key, self.table.composite_keys.len())?;
                let sizes = &self.table.composite_keys[*composite_key].sizes;
                within("a key's part", *place, sizes.len())?;
                holds("a key's part that is larger than its parent", rows == 0 || sizes[*place] <= size)
            }
            ParentChoice::Few { weights, rows: listed, .. } => {
                let sum = weights.iter().map(|w| u64::from(*w)).sum::<u64>();
                let combined = s.combinations.as_ref().map(|all| (all.len() / s.members.len().max(1)) as u64);
                let places = combined.unwrap_or_else(|| self.space(leading));
                let there = listed.iter().all(|&row| row < places) && listed.len() <= weights.len();
                holds("a list of parent rows that are not there", sum > 0 && there && size <= 1 << 62)
            }
            ParentChoice::Listed { rows: listed, weights, .. } => {
                let there = listed.iter().all(|&row| row < self.space(leading)) && !listed.is_empty();
                let weighted = weights.as_ref().is_none_or(|w| w.len() == listed.len() && w.iter().any(|w| *w > 0));
                holds(
                    "a list of parent rows that are not there",
                    there && weighted && s.first == 0 && s.combinations.is_none(),
                )
            }
            ParentChoice::Counted { counts } => holds(
                "numbers of rows that do not fit the table or its parent",
                rows == counts.rows() && counts.parents() <= size,
            ),
            ParentChoice::Weighted { counts } => holds(
                "numbers of rows that do not fit the table or its parent",
                rows == counts.iter().map(|&n| u64::from(n)).sum::<u64>() && counts.len() as u64 <= size,
            ),
            ParentChoice::Detail { .. } | ParentChoice::Together { .. } => {
                holds("details of no rows", rows == 0 || size > 0)
            }
            ParentChoice::Ranked { ranks } => {
                let shares = ranks.head.iter().all(|s| s.is_finite() && *s >= 0.0);
                holds("frequencies of parents", ranks.size > 0 && shares && ranks.exponent.is_none_or(f64::is_finite))
            }
            ParentChoice::Active { existing, weights } => {
                let even = weights.is_empty() || weights.len() == 256 && weights.iter().all(|w| *w < 1 << 20);
                holds("256 weights, or none", even)?;
                let fits = existing.iter().all(|n| (1..=size).contains(n)) && existing.is_sorted();
                holds("more parents by a moment than there are", rows == 0 || !existing.is_empty() && fits)
            }
            ParentChoice::Itself
            | ParentChoice::Earlier { .. }
            | ParentChoice::Tree { .. }
            | ParentChoice::Chain { .. }
            | ParentChoice::Previous { .. } => {
                holds("a self reference to another table", leading.parent_table == Some(self.t) || rows == 0)
            }
            ParentChoice::Agreeing { shared, path, earlier, rooted, .. } => {
                shared.iter().try_for_each(|&i| within("a column of a foreign key", i, leading.columns.len()))?;
                path.iter().try_for_each(|step| self.step(*step))?;
                let own = leading.parent_table == Some(self.t);
                holds("a self reference to another table", own || !(*earlier || *rooted))?;
                let parent = leading.parent_table.map_or(0, |p| self.tables[p].rows);
                let list = s.agreeing.as_deref().map_or(&[][..], Vec::as_slice);
                let there = list.len().is_multiple_of(2) && list.iter().skip(1).step_by(2).all(|&row| row < parent);
                holds("a list of parent rows that are not there", there && leading.existing_keys.is_empty())
            }
            ParentChoice::InOrder => holds("more rows than parents in order", rows <= size),
            ParentChoice::Skewed
            | ParentChoice::Spread { .. }
            | ParentChoice::OneToOne
            | ParentChoice::Cover { .. }
            | ParentChoice::Never => Ok(()),
        }
    }

    /// Checks that both paths end at one ancestor and lead to earlier tables only.
    fn ancestor_agreement(&self, s: &ParentSelection, meets: &AncestorAgreement) -> Validity {
        let by_agreement = |t: &TablePlan, f: &ForeignKeyPlan| {
            t.sources.get(f.source).is_none_or(|s| matches!(s.pick, ParentChoice::Agreeing { .. }))
        };
        let end = |foreign: usize, path: &[FkStep]| {
            within("a foreign key", foreign, self.table.foreign.len())?;
            let mut at = self.table.foreign[foreign].parent_table.ok_or("a path from rows that are not planned")?;
            for step in path {
                self.step(*step)?;
                let table = &self.tables[step.table];
                let key = &table.foreign[step.foreign];
                let next = key.parent_table.filter(|&p| step.table == at && p < at && !by_agreement(table, key));
                at = next.ok_or("a path that is broken")?;
            }
            Ok::<usize, TableFault>(at)
        };
        let mut own = s.members.iter();
        let ends = (end(meets.by, &meets.up)?, own.next().map_or(Ok(usize::MAX), |&own| end(own, &meets.down))?);
        holds("ways to different tables", ends.0 == ends.1 && own.next().is_none())?;
        holds("a key that agrees by two laws", !matches!(s.pick, ParentChoice::Agreeing { .. }))?;
        holds("rows that are counted by none", meets.earlier != Some(0))?;
        let by = self.table.foreign[meets.by].parent_table;
        holds("a key that agrees with one to a later table", by.is_some_and(|parent| parent < self.t))?;
        let list = s.agreeing.as_deref().map_or(&[][..], Vec::as_slice);
        let parent = self.table.foreign[s.members[0]].parent_table.map_or(0, |p| self.tables[p].rows);
        let there = list.len().is_multiple_of(2) && list.iter().skip(1).step_by(2).all(|&row| row < parent);
        holds("a list of parent rows that are not there", there)?;
        self.led(s.members[0])
    }

    /// Checks that the selection of a foreign key's parent does not depend on itself.
    fn led(&self, foreign: usize) -> Validity {
        let (mut open, mut seen) = (vec![foreign], BTreeSet::new());
        while let Some(f) = open.pop() {
            within("a foreign key", f, self.table.foreign.len())?;
            let source = self.table.sources.get(self.table.foreign[f].source).ok_or("no choice of parents")?;
            holds(
                "a path by a key that agrees",
                f == foreign || !matches!(source.pick, ParentChoice::Agreeing { .. }),
            )?;
            let Some(meets) = &source.meets else { continue };
            let inside = meets.up.iter().chain(&meets.down).filter(|step| step.table == self.t).map(|s| s.foreign);
            for next in inside.chain([meets.by]) {
                holds("a choice of parents that leads to itself", next != foreign)?;
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        Ok(())
    }

    fn step(&self, step: FkStep) -> Validity {
        within("a table", step.table, self.tables.len())?;
        within("a foreign key", step.foreign, self.tables[step.table].foreign.len())?;
        within(
            "a choice of parents",
            self.tables[step.table].foreign[step.foreign].source,
            self.tables[step.table].sources.len(),
        )
    }

    fn rule(&self, rule: &Rule) -> Validity {
        let rows = self.table.rows;
        rule.domain().into_iter().try_for_each(domain)?;
        match rule {
            Rule::Fixed { values } => holds("too few rows that are given", values.len() as u64 >= rows),
            Rule::Listed { values, weights, distinct, .. } => {
                let weighs = |w: &std::sync::Arc<Vec<u32>>| w.len() == values.len() && w.iter().any(|w| *w > 0);
                holds("a list without rows", !values.is_empty() || rows == 0)?;
                holds("weights of other rows", weights.as_ref().is_none_or(weighs))?;
                holds("a list with too few rows", !distinct || values.len() as u64 >= rows)
            }
            Rule::Sequence { start, step } => {
                let end = step.checked_mul(rows.into()).and_then(|length| start.checked_add(length));
                holds("a counter that ends", *step != 0 && end.is_some())
            }
            Rule::Unique { domain, size, total, first, .. } => {
                let holds_all = u128::from(*size) <= domain.size() && size <= total && rows <= *total;
                holds(
                    "a unique column that does not hold its rows",
                    holds_all && *total <= 1 << 63 && *first < 1 << 63 && (*total > 0 || rows == 0),
                )
            }
            Rule::Component { domain, composite_key, place } => {
                within("a key", *composite_key, self.table.composite_keys.len())?;
                let sizes = &self.table.composite_keys[*composite_key].sizes;
                within("a key's part", *place, sizes.len())?;
                holds("a key's part that is larger than its values", u128::from(sizes[*place]) <= domain.size())
            }
            Rule::Foreign { foreign, position } => {
                within("a foreign key", *foreign, self.table.foreign.len())?;
                within("a foreign key's column", *position, self.table.foreign[*foreign].columns.len())
            }
            Rule::AnyOf { by, parents } => {
                within("a column", *by, self.table.columns.len())?;
                parents.iter().try_for_each(|p| {
                    within("a table", p.table, self.tables.len())?;
                    within("a parent's column", p.column, self.tables[p.table].columns.len())
                })
            }
            Rule::Tree { source, tells } => {
                within("a choice of parents", *source, self.table.sources.len())?;
                match tells {
                    TreeColumn::Path { column, .. } => within("a column", *column, self.table.columns.len()),
                    TreeColumn::Level { .. } | TreeColumn::Left | TreeColumn::Right => Ok(()),
                }
            }
            Rule::Draw { domain } => holds("a column without values", domain.size() > 0 || rows == 0),
            Rule::Omit | Rule::Null | Rule::Constant { .. } => Ok(()),
        }
    }

    fn presence(&self, presence: &Presence) -> Validity {
        within("a column", presence.by, self.table.columns.len())?;
        holds("shares of other values", presence.values.len() == presence.shares.len())?;
        presence.instead.iter().try_for_each(domain)
    }
}

fn domain(domain: &Domain) -> Validity {
    holds("values that are none", domain.is_whole())
}

/// A column whose value depends on itself, or is copied through too many tables.
pub struct Copied {
    pub table: usize,
    pub column: usize,
    pub why: Endless,
}

/// The dependency depth of columns visited so far.
#[derive(Default)]
pub struct Depths(BTreeMap<ColumnId, usize>);

impl Depths {
    /// Searches the columns of a table for values that depend on themselves or are copied through too many tables.
    ///
    /// # Errors
    /// The first such column.
    pub fn look(&mut self, tables: &[TablePlan], table: usize) -> Result<(), Copied> {
        (0..tables[table].columns.len()).try_for_each(|c| self.follow(tables, (table, c)))
    }

    /// Returns true if a column's value depends on itself, or is copied through too many tables.
    pub fn is_endless(tables: &[TablePlan], table: usize, column: usize) -> bool {
        Depths::default().follow(tables, (table, column)).is_err()
    }

    /// Computes the dependency depth of a column, without recursion: the depth is not bounded yet.
    fn follow(&mut self, tables: &[TablePlan], from: ColumnId) -> Result<(), Copied> {
        let mut open: BTreeSet<ColumnId> = BTreeSet::new();
        let mut calls = vec![(from, sources(tables, from), 0usize)];
        while let Some((place, next, depth)) = calls.last_mut() {
            let place = *place;
            let copied = |why: Endless| Copied { table: place.0, column: place.1, why };
            open.insert(place);
            let Some(&to) = next.last() else {
                if *depth > MOST_COPIES {
                    return Err(copied(Endless::TooDeep));
                }
                self.0.insert(place, *depth);
                open.remove(&place);
                calls.pop();
                continue;
            };
            match self.0.get(&to) {
                Some(below) => {
                    *depth = (*depth).max(below + 1);
                    next.pop();
                }
                None if open.contains(&to) => return Err(copied(Endless::Circular)),
                None => calls.push((to, sources(tables, to), 0)),
            }
        }
        Ok(())
    }
}

/// Returns the columns on which a column's value depends. Groups that read other rows of the same table are omitted:
/// those rows are earlier ones, and the generator limits the nesting.
fn sources(tables: &[TablePlan], (t, c): ColumnId) -> Vec<ColumnId> {
    let table = &tables[t];
    let own: Vec<usize> = match group(table, c) {
        Some(group) => table.groups[group].columns().to_vec(),
        None => vec![c],
    };
    let mut out = Vec::new();
    // A law may replace the group's value.
    let of_group = group(table, c);
    for c in own.into_iter().filter(|&c| group(table, c) == of_group) {
        let column = &table.columns[c];
        let decides = |by: &usize| group(table, *by).is_none() || group(table, *by) != group(table, c);
        out.extend(laws::looked_at(tables, (t, c)));
        out.extend(column.presence.iter().map(|p| p.by).filter(decides).map(|by| (t, by)));
        match &column.rule {
            Rule::AnyOf { by, parents } => {
                out.push((t, *by));
                out.extend(parents.iter().filter(|p| p.table < tables.len()).map(|p| (p.table, p.column)));
            }
            Rule::Tree { tells: TreeColumn::Path { column, .. }, .. } => out.push((t, *column)),
            _ => {}
        }
        let Rule::Foreign { foreign, position } = column.rule else { continue };
        let f = &table.foreign[foreign];
        // A table that is planned later generates its rows on demand.
        let Some(parent) = f.parent_table.filter(|&p| p < tables.len()) else { continue };
        let above = f.parent_columns[position];
        if parent != t || group(table, above).is_none() {
            out.push((parent, above));
        }
        if let ParentChoice::Agreeing { shared, .. } = &table.sources[f.source].pick {
            out.extend(shared.iter().flat_map(|&i| [(t, f.columns[i]), (parent, f.parent_columns[i])]));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Returns the group that computes a column's value.
fn group(table: &TablePlan, c: usize) -> Option<usize> {
    let column = &table.columns[c];
    let carried = matches!(column.rule, Rule::Sequence { .. } | Rule::Unique { .. } | Rule::Component { .. });
    let asked = !matches!(column.rule, Rule::Fixed { .. } | Rule::Listed { .. }) && (column.nullable || !carried);
    column.group.filter(|_| asked).map(|(group, _)| group)
}
