//! One table's plan: domains from types and names, parents from foreign keys, narrowing from CHECKs, carriers for keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::Builder;
use super::keys::{self, Assignment, Carrier, ColumnFacts, Counter, KeyInput, Member};
use super::links::{Link, links};
use super::path::load_path;
use super::redraw::{self, Part, Watched};
use super::semantics::{self, InferContext};
use super::webs::{self, Strand};
use super::{
    ColumnPlan, Duplicates, ForeignPlan, Pick, Redraw, Rule, ShareLaw, SourcePlan, TablePlan, Unsolved, partitions,
    wishes,
};
use crate::domain::{Domain, RangeKind, Shape};
use crate::generate::stream::Stream;
use crate::predicate::{self, ColumnInput, Env, Expr, NamedCheck, Nulls, Role, Solution};
use crate::schema::{Column, Key, SqlType, Table};
use crate::value::{Value, digest};

mod duplicates;

/// Key tuples read from a table that is filled as well: enough for new rows to point at old ones.
const POOL_BESIDE_NEW: u64 = 10_000;
/// Key tuples read from a table that is not filled: all its rows may be pointed at.
const POOL_ALONE: u64 = 1_000_000;
/// Share of NULLs in foreign keys that allow them.
const FOREIGN_NULLS: f64 = 0.1;
/// Rows solved on trial while planning, to find CHECKs that keys leave no room for.
const TRIAL_ROWS: u64 = 256;

/// Key tuples of rows that were there before.
type Pool = Arc<Vec<Vec<Value>>>;

/// A table being planned.
struct Draft<'a> {
    table: &'a Table,
    /// Index in the schema.
    index: usize,
    position: usize,
    columns: Vec<DraftColumn>,
    foreign: Vec<ForeignPlan>,
    sources: Vec<DraftSource>,
    notes: Vec<String>,
    fallbacks: Vec<String>,
    deferred: Vec<String>,
}

struct DraftColumn {
    domain: Option<Domain>,
    /// Everything the type allows, for where the likely values are too few.
    legal: Option<Domain>,
    null_share: f64,
    reason: String,
    /// Not sent at all.
    omit: bool,
    /// CHECKs leave it nothing but NULL.
    never: bool,
    /// What the parent's column holds, where a foreign key fills this one and all of its rows are planned.
    parents: Option<Domain>,
    /// (foreign key, position in it).
    foreign: Option<(usize, usize)>,
    /// The mode that is kept.
    duplicates: Option<Duplicates>,
}

struct DraftSource {
    members: Vec<usize>,
    /// Fixed where the shape of the key leaves no choice.
    pick: Option<Pick>,
    web: Option<Arc<Vec<u64>>>,
    first: u64,
    size: u64,
    reason: String,
}

/// Plans the table at `position` and compiles it, so that its children can be planned.
pub(super) fn plan_table(b: &mut Builder<'_>, parents: &[TablePlan], position: usize) -> Result<TablePlan, String> {
    let mut draft = Draft::new(b, position)?;
    draft.link(b, parents)?;
    let inputs = draft.key_inputs(b);
    draft.listed(b);
    let mut solution = draft.solve(b, Keys::Fixed);
    if !(solution.impossible.is_empty() && solution.unsolved.is_empty()) {
        // The likely values may be what leaves no room: try all that the types allow.
        draft.widen();
        solution = draft.solve(b, Keys::Fixed);
    }
    if let Some(i) = solution.impossible.first() {
        return Err(draft.impossible(b, i));
    }
    draft.contradicted(b, &solution)?;
    let solution = draft.repeat(b, solution)?;
    let redrawn_solves_more = || draft.solve(b, Keys::Redrawn).unsolved.len() < solution.unsolved.len();
    // A filter would refuse rows whose key is fixed: some combinations of the key must not occur.
    if solution.filters.is_empty() && (solution.unsolved.is_empty() || !redrawn_solves_more()) {
        draft.apply(&solution);
        let facts = draft.facts(b, &solution, &inputs);
        let assignment = keys::assign(b.rows(draft.index), &inputs, &facts, &draft.members(b));
        let plan = draft.compile(b, &solution, assignment, &inputs)?;
        if !needs_other_rows(b, &plan, position) && !draft.clashes(b, &plan, &inputs)? {
            return draft.settle(b, plan, &inputs);
        }
        b.generator.pop();
    }
    // The keys leave a coupled CHECK no room, or meet rows that are there: let every key be found by redraws instead.
    let redrawn = draft.solve(b, Keys::Redrawn);
    draft.apply(&redrawn);
    let facts = draft.facts(b, &redrawn, &inputs);
    let assignment = keys::assign_redraw(b.rows(draft.index), &inputs, &facts, &draft.members(b));
    let plan = draft.compile(b, &redrawn, assignment, &inputs)?;
    draft.settle(b, plan, &inputs)
}

/// Whether CHECKs take key columns as given, or may have them drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    Fixed,
    Redrawn,
}

/// A plan of no rows, for a table that cannot be planned.
pub(super) fn stub(b: &Builder<'_>, position: usize) -> TablePlan {
    let table = &b.schema.tables[b.order[position]];
    let column = |c: &Column| ColumnPlan {
        name: c.name.clone(),
        ty: c.ty.clone(),
        type_name: c.type_name.clone(),
        nullable: true,
        rule: Rule::Null,
        domain: None,
        null_share: 1.0,
        group: None,
        duplicates: None,
        reason: String::new(),
    };
    TablePlan {
        name: table.name.clone(),
        label: b.schema.label(&table.name),
        level: b.levels[position],
        requested: b.rows(b.order[position]),
        rows: b.rows(b.order[position]),
        limited_by: None,
        existing: 0,
        columns: table.columns.iter().map(column).collect(),
        foreign: Vec::new(),
        sources: Vec::new(),
        shares: Vec::new(),
        keys: Vec::new(),
        groups: Vec::new(),
        redraw: None,
        unsolved: Vec::new(),
        deferred: Vec::new(),
        load: String::new(),
        postponed: None,
        self_reference: false,
        fallbacks: Vec::new(),
        notes: Vec::new(),
    }
}

/// Whether rows on trial fail although every single CHECK is solvable.
fn needs_other_rows(b: &Builder<'_>, plan: &TablePlan, position: usize) -> bool {
    if plan.groups.is_empty() || plan.keys.is_empty() || plan.rows == 0 {
        return false;
    }
    let grouped: Vec<usize> = (0..plan.columns.len()).filter(|&c| plan.columns[c].group.is_some()).collect();
    let step = (plan.rows / TRIAL_ROWS).max(1);
    (0..plan.rows)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .any(|row| b.generator.cells(position, &grouped, row).is_err())
}

impl<'a> Draft<'a> {
    fn new(b: &Builder<'a>, position: usize) -> Result<Self, String> {
        let index = b.order[position];
        let table = &b.schema.tables[index];
        let mut draft = Draft {
            table,
            index,
            position,
            columns: Vec::new(),
            foreign: Vec::new(),
            sources: Vec::new(),
            notes: Vec::new(),
            fallbacks: Vec::new(),
            deferred: Vec::new(),
        };
        for (c, column) in table.columns.iter().enumerate() {
            let drafted = draft.column(b, column);
            let drafted = draft.wished(b, c, column, drafted)?;
            draft.columns.push(drafted);
        }
        Ok(draft)
    }

    fn column(&mut self, b: &Builder<'_>, column: &Column) -> Result<DraftColumn, String> {
        let omitted = |reason: String| DraftColumn {
            domain: None,
            legal: None,
            null_share: 0.0,
            reason,
            omit: true,
            never: false,
            parents: None,
            foreign: None,
            duplicates: None,
        };
        if column.generated.is_some() {
            return Ok(omitted("generated by the server".into()));
        }
        let in_key = self.table.keys.iter().any(|k| k.parts.iter().any(|p| p.column.as_deref() == Some(&column.name)));
        let context = InferContext { dialect: b.schema.dialect, now_micros: b.options.now, in_key };
        match semantics::infer(self.table, column, &context) {
            Ok(i) => Ok(DraftColumn {
                // A key needs room more than looks.
                domain: Some(if in_key && i.domain.size() < u128::from(b.rows(self.index)) * 4 {
                    i.legal.clone()
                } else {
                    i.domain
                }),
                legal: Some(i.legal),
                null_share: if b.nullable(self.index, self.columns.len()) { i.null_share } else { 0.0 },
                reason: i.reason,
                omit: false,
                never: false,
                parents: None,
                foreign: None,
                duplicates: None,
            }),
            Err(_) if self.table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name)) => {
                Ok(DraftColumn { omit: false, ..omitted(String::new()) })
            }
            Err(u) if column.default.is_some() => {
                Ok(omitted(format!("no generator for {}: left to its default", u.what)))
            }
            Err(u) if column.nullable => Ok(omitted(format!("no generator for {}: left NULL", u.what))),
            Err(u) => Err(format!("column `{}`: no generator for {}; {}", column.name, u.what, u.way_out)),
        }
    }

    /// Takes over whole lists of values from CHECKs (`state IN (1, 2, 6)`): the list says more than the name.
    fn listed(&mut self, b: &Builder<'_>) {
        let lists = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.contains(" in ") || text.contains(" in(") || text.contains(" any ") || text.contains(" any(")
        };
        let domain_checks = self.table.columns.iter().flat_map(|c| &c.domain_checks);
        if !self.table.checks.iter().chain(domain_checks).any(|c| lists(&c.text)) {
            return;
        }
        let likely: Vec<Option<Domain>> = self.columns.iter().map(|c| c.domain.clone()).collect();
        for column in &mut self.columns {
            column.domain = column.legal.clone().or(column.domain.take());
        }
        let solution = self.solve(b, Keys::Fixed);
        for ((column, likely), narrowed) in self.columns.iter_mut().zip(likely).zip(&solution.columns) {
            let is_list = |d: &Option<Domain>| matches!(d, Some(Domain::Choice { .. }));
            if !is_list(&narrowed.domain) || is_list(&likely) {
                column.domain = likely;
            }
        }
    }

    /// All that the types allow, where CHECKs are concerned.
    fn widen(&mut self) {
        for (column, d) in self.table.columns.iter().zip(&mut self.columns) {
            let mentioned = |text: &str| text.contains(column.name.as_str());
            if !column.domain_checks.is_empty() || self.table.checks.iter().any(|c| mentioned(&c.text)) {
                d.domain = d.legal.clone().or(d.domain.take());
            }
        }
    }

    // ---- foreign keys ------------------------------------------------------------------------------------------

    fn link(&mut self, b: &Builder<'_>, parents: &[TablePlan]) -> Result<(), String> {
        let links = links(b.schema, self.index);
        self.notes.extend(links.notes);
        self.notes.extend(self.table.obstacles.iter().cloned());
        for c in links.dangling {
            if !self.table.columns[c].nullable || self.in_key(&[c]) {
                continue;
            }
            self.columns[c].never = true;
            self.columns[c].null_share = 1.0;
        }
        for component in links.components {
            let (own, others): (Vec<Link>, Vec<Link>) = component.into_iter().partition(|l| l.parent == self.index);
            let shared: BTreeSet<usize> = others.iter().flat_map(|l| l.columns.iter().copied()).collect();
            if !others.is_empty() {
                self.web(b, parents, others)?;
            }
            for link in own {
                self.own(b, link, &shared)?;
            }
        }
        Ok(())
    }

    /// A foreign key to the table itself; `shared` columns come from other foreign keys.
    fn own(&mut self, b: &Builder<'_>, link: Link, shared: &BTreeSet<usize>) -> Result<(), String> {
        let null_columns = self.null_columns(&link, shared);
        let entangled = link.columns.iter().any(|c| shared.contains(c) || self.columns[*c].foreign.is_some())
            || link.columns.iter().any(|c| link.parent_columns.contains(c));
        let (pick, reason) = match (entangled, null_columns.is_empty()) {
            (true, false) => (Pick::Never, "self reference that shares columns with another key: left NULL"),
            (true, true) => (Pick::Itself, "self reference that shares columns with another key: the row itself"),
            (false, nullable) => (Pick::Earlier { rooted: nullable }, "self reference: an earlier row"),
        };
        let owned: Vec<usize> =
            link.columns.iter().copied().filter(|c| !shared.contains(c) && !link.parent_columns.contains(c)).collect();
        let pool = match pick {
            Pick::Earlier { .. } => b.pool(self.index, &link.parent_columns, POOL_BESIDE_NEW)?,
            _ => Arc::default(),
        };
        let size = pool.len() as u64 + b.rows(self.index);
        let foreign = self.push_foreign(b, &link, null_columns, pool);
        for (position, c) in link.columns.iter().enumerate().filter(|(_, c)| owned.contains(c)) {
            self.columns[*c].foreign = Some((foreign, position));
        }
        self.sources.push(DraftSource {
            members: vec![foreign],
            pick: Some(pick),
            web: None,
            first: 0,
            size,
            reason: reason.into(),
        });
        Ok(())
    }

    /// One foreign key to another table, or several that share columns.
    fn web(&mut self, b: &Builder<'_>, parents: &[TablePlan], mut links: Vec<Link>) -> Result<(), String> {
        links.sort_by_key(|l| std::cmp::Reverse(l.columns.len()));
        let several = links.len() > 1;
        let mut members = Vec::new();
        let mut space = 0;
        for (i, link) in links.iter().enumerate() {
            let (pool, size) = self.parent_space(b, parents, link)?;
            if i == 0 {
                space = size;
            }
            let null_columns = if several { Vec::new() } else { self.null_columns(link, &BTreeSet::new()) };
            if size == 0 && null_columns.is_empty() && !several {
                return Err(self.empty_parent(b, link));
            }
            let foreign = self.push_foreign(b, link, null_columns, pool);
            for (position, &c) in link.columns.iter().enumerate() {
                if self.columns[c].foreign.is_none() {
                    self.columns[c].foreign = Some((foreign, position));
                    self.columns[c].parents = self.parent_domain(parents, foreign, position);
                }
            }
            members.push(foreign);
        }
        let mut source = DraftSource { members, pick: None, web: None, first: 0, size: space, reason: String::new() };
        if several {
            let web = self.combinations(b, &links, &source.members)?;
            source.size = web.len() as u64 / links.len() as u64;
            source.reason = format!(
                "{} foreign keys share columns: {} combinations of parent rows agree",
                links.len(),
                source.size
            );
            source.web = Some(web);
        } else if space == 0 {
            source.pick = Some(Pick::Never);
            source.reason = "its parent has no rows: left NULL".into();
        } else if b.rows_before(self.index) > 0
            && b.position(links[0].parent).is_some()
            && self.in_key(&links[0].columns)
        {
            // Only new parents: old ones may have children with the same key already.
            source.first = self.foreign[source.members[0]].pooled;
            source.size = space - source.first;
        }
        self.sources.push(source);
        Ok(())
    }

    fn combinations(&self, b: &Builder<'_>, links: &[Link], members: &[usize]) -> Result<Arc<Vec<u64>>, String> {
        let names = || links.iter().map(|l| format!("`{}`", l.name)).collect::<Vec<_>>().join(", ");
        let ahead = |l: &Link| b.position(l.parent).is_some_and(|p| p >= self.position);
        if links.iter().any(ahead) {
            return Err(format!(
                "foreign keys {} share columns and are part of a cycle, which no rule settles; leave the table out with --exclude-tables",
                names()
            ));
        }
        let strands: Vec<Strand<'_>> = links
            .iter()
            .zip(members)
            .map(|(l, &m)| Strand {
                columns: &l.columns,
                parent: self.foreign[m].parent_table,
                parent_columns: &l.parent_columns,
                pool: &self.foreign[m].pool,
            })
            .collect();
        let key = Stream::new(b.options.seed, &b.schema.label(&self.table.name), &links[0].name).key();
        let web = webs::agree(&b.generator, &strands, key).map_err(|e| e.to_string())?;
        if web.is_empty() {
            return Err(format!("foreign keys {} share columns, but no rows of their parents agree on them", names()));
        }
        Ok(Arc::new(web))
    }

    /// The values that a planned parent's column takes, if no rows were there before.
    fn parent_domain(&self, parents: &[TablePlan], foreign: usize, position: usize) -> Option<Domain> {
        let f = &self.foreign[foreign];
        let parent = parents.get(f.parent_table?).filter(|_| f.pooled == 0)?;
        let column = &parent.columns[f.parent_columns[position]];
        match &column.rule {
            Rule::Sequence { start } => Some(Domain::Range {
                kind: RangeKind::Int,
                lo: *start,
                hi: start + i128::from(parent.rows.max(1)) - 1,
                step: 1,
                except: Vec::new(),
                shape: Shape::Uniform,
            }),
            Rule::Draw { domain } | Rule::Unique { domain, .. } | Rule::Digit { domain, .. } => Some(domain.clone()),
            Rule::Foreign { .. } => column.domain.clone(),
            _ => None,
        }
    }

    /// Old rows of the parent, and the size of its whole index space.
    fn parent_space(&self, b: &Builder<'_>, parents: &[TablePlan], link: &Link) -> Result<(Pool, u64), String> {
        let position = b.position(link.parent);
        let limit = if position.is_some() { POOL_BESIDE_NEW } else { POOL_ALONE };
        let pool = b.pool(link.parent, &link.parent_columns, limit)?;
        let new = match position {
            None => 0,
            Some(p) => parents.get(p).map_or(b.rows(link.parent), |t| t.rows),
        };
        let size = pool.len() as u64 + new;
        Ok((pool, size))
    }

    fn empty_parent(&self, b: &Builder<'_>, link: &Link) -> String {
        let parent = &b.schema.tables[link.parent].name;
        format!(
            "foreign key `{}` needs rows of `{parent}`, which is empty and not among the tables to fill; add it with --tables, or fill it first",
            link.name
        )
    }

    fn push_foreign(
        &mut self,
        b: &Builder<'_>,
        link: &Link,
        null_columns: Vec<usize>,
        pool: Arc<Vec<Vec<Value>>>,
    ) -> usize {
        if b.position(link.parent).is_some_and(|p| p > self.position)
            || (b.same_cycle(self.index, link.parent) && link.parent != self.index)
        {
            self.deferred.push(link.name.clone());
        }
        self.foreign.push(ForeignPlan {
            name: link.name.clone(),
            columns: link.columns.clone(),
            parent: b.schema.tables[link.parent].name.clone(),
            parent_table: b.position(link.parent),
            parent_columns: link.parent_columns.clone(),
            source: self.sources.len(),
            null_share: if null_columns.is_empty() {
                0.0
            } else {
                self.wished_nulls(b, &link.columns).unwrap_or(FOREIGN_NULLS)
            },
            null_columns,
            pooled: pool.len() as u64,
            pool,
        });
        self.foreign.len() - 1
    }

    /// Columns that may be set NULL together so that the key points nowhere.
    fn null_columns(&self, link: &Link, shared: &BTreeSet<usize>) -> Vec<usize> {
        let nullable: Vec<usize> = link
            .columns
            .iter()
            .copied()
            .filter(|c| self.table.columns[*c].nullable && !shared.contains(c) && self.columns[*c].foreign.is_none())
            .collect();
        if link.match_full && nullable.len() < link.columns.len() { Vec::new() } else { nullable }
    }

    fn in_key(&self, columns: &[usize]) -> bool {
        let name = |c: &usize| Some(self.table.columns[*c].name.as_str());
        self.table.keys.iter().any(|k| k.parts.iter().any(|p| columns.iter().any(|c| p.column.as_deref() == name(c))))
    }

    // ---- keys --------------------------------------------------------------------------------------------------

    fn key_inputs(&mut self, b: &Builder<'_>) -> Vec<KeyInput> {
        let table = self.table;
        table.keys.iter().map(|k| self.key_input(b, k)).collect()
    }

    fn key_input(&mut self, b: &Builder<'_>, key: &Key) -> KeyInput {
        let mut columns = Vec::new();
        let mut exact = true;
        for part in &key.parts {
            match (&part.column, &part.expression) {
                (Some(c), _) => columns.extend(self.table.column_index(c)),
                (None, Some(e)) => match predicate::parse(e, b.schema.dialect) {
                    Ok(e) => {
                        exact &= injective(&e);
                        columns.extend(e.columns().iter().filter_map(|c| self.table.column_index(c)));
                    }
                    Err(_) => exact = false,
                },
                (None, None) => exact = false,
            }
        }
        // A generated column is as unique as what it is computed from only where it is a plain copy; be careful.
        exact &= !columns.iter().any(|&c| self.table.columns[c].generated.is_some());
        columns.sort_unstable();
        columns.dedup();
        for part in &key.parts {
            if let (Some(c), Some(prefix)) =
                (part.column.as_ref().and_then(|c| self.table.column_index(c)), part.prefix)
                && let Some(Domain::Text(text)) = &mut self.columns[c].domain
            {
                text.distinct_prefix = Some(text.distinct_prefix.map_or(prefix, |p| p.min(prefix)));
            }
        }
        KeyInput {
            name: key.name.clone(),
            primary: key.primary,
            columns,
            exact,
            nulls_distinct: key.nulls_distinct,
            partial: key.predicate.is_some(),
        }
    }

    fn facts(&self, b: &Builder<'_>, solution: &Solution, keys: &[KeyInput]) -> Vec<ColumnFacts> {
        let coupled: BTreeSet<usize> = solution.groups.iter().flat_map(|g| g.columns().iter().copied()).collect();
        (0..self.columns.len())
            .map(|c| {
                let column = &self.table.columns[c];
                let d = &self.columns[c];
                ColumnFacts {
                    name: column.name.clone(),
                    size: if d.foreign.is_some() { 0 } else { d.domain.as_ref().map_or(0, Domain::size) },
                    nullable: b.nullable(self.index, c),
                    sequence: self.counter(b, c),
                    member: d.foreign.map(|(f, _)| self.foreign[f].source),
                    coupled: coupled.contains(&c) && !self.is_key_role(c, keys),
                }
            })
            .collect()
    }

    /// Columns whose value a single key fixes: CHECKs take them as given.
    fn is_key_role(&self, c: usize, keys: &[KeyInput]) -> bool {
        self.columns[c].foreign.is_none()
            && (self.table.columns[c].auto.is_some() || keys.iter().any(|k| k.columns == [c] && k.exact))
    }

    /// Numbered by the server, or a whole-number primary key of its own: always counted up.
    fn counted(&self, b: &Builder<'_>, c: usize) -> bool {
        let name = self.table.columns[c].name.as_str();
        let alone = self.table.primary_key().and_then(Key::plain_columns).is_some_and(|p| p == [name]);
        self.table.columns[c].auto.is_some() || (alone && self.counter(b, c).is_some())
    }

    /// Counting up from after what is there, for whole numbers.
    fn counter(&self, b: &Builder<'_>, c: usize) -> Option<Counter> {
        let column = &self.table.columns[c];
        let Some(Domain::Range { kind, lo, hi, step: 1, except, .. }) = &self.columns[c].domain else { return None };
        let whole = matches!(kind, RangeKind::Int | RangeKind::Decimal { scale: 0 });
        if !whole || !except.is_empty() || self.columns[c].foreign.is_some() {
            return None;
        }
        let auto = column.auto.is_some();
        // A server's counter must still be able to move past the last value.
        let hi = if auto { (*hi).min(type_max(&column.ty) - 1) } else { *hi };
        let top = if b.rows_before(self.index) > 0 { self.table.existing.max.get(&column.name).copied() } else { None };
        let natural = top.map_or(1, |t| t + 1).max(*lo);
        let start =
            if top.is_none() && hi - natural + 1 < i128::from(b.rows(self.index)) && !auto { *lo } else { natural };
        Some(Counter { start, room: u128::try_from(hi - start + 1).unwrap_or(0), auto })
    }

    fn members(&self, b: &Builder<'_>) -> Vec<Member> {
        self.sources
            .iter()
            .map(|s| {
                let leader = &self.foreign[s.members[0]];
                let columns: BTreeSet<usize> =
                    s.members.iter().flat_map(|&m| self.foreign[m].columns.iter().copied()).collect();
                Member {
                    name: leader.parent.name.clone(),
                    size: s.size,
                    identified_by: identifying(b, leader),
                    nullable: !leader.null_columns.is_empty(),
                    columns: columns.into_iter().collect(),
                    fixed: s.pick.is_some(),
                }
            })
            .collect()
    }

    // ---- CHECKs ------------------------------------------------------------------------------------------------

    fn solve(&self, b: &Builder<'_>, keys: Keys) -> Solution {
        let key_columns = |c: usize| {
            let name = &self.table.columns[c].name;
            self.table.keys.iter().any(|k| k.plain_columns().is_some_and(|p| p == [name.as_str()]))
        };
        let inputs: Vec<ColumnInput> = (0..self.columns.len())
            .map(|c| {
                let column = &self.table.columns[c];
                let d = &self.columns[c];
                let role = match (&column.generated, d.foreign) {
                    (Some(g), _) => Role::Generated { expr: g.expression.clone() },
                    (None, Some((f, _))) => {
                        Role::Foreign { redraw: keys == Keys::Redrawn || !self.in_key(&self.foreign[f].columns) }
                    }
                    (None, None) if self.counted(b, c) => Role::Key,
                    (None, None) if key_columns(c) && keys == Keys::Fixed => Role::Key,
                    (None, None) => Role::Free,
                };
                let null_share = match d.foreign {
                    Some((f, _)) => self.foreign[f].null_share,
                    None => d.null_share,
                };
                ColumnInput {
                    name: column.name.clone(),
                    domain: if d.foreign.is_some() { d.parents.clone() } else { d.domain.clone() },
                    ty: column.ty.clone(),
                    nullable: b.nullable(self.index, c),
                    null_share,
                    role,
                }
            })
            .collect();
        predicate::solve(&inputs, &self.checks(b), b.schema.dialect, b.options.now)
    }

    fn checks(&self, b: &Builder<'_>) -> Vec<NamedCheck> {
        let mut checks: Vec<NamedCheck> = self.table.checks.iter().map(|c| NamedCheck::new(&c.name, &c.text)).collect();
        for column in &self.table.columns {
            checks.extend(
                column.domain_checks.iter().map(|c| NamedCheck::new(&c.name, &c.text).over_value(&column.name)),
            );
        }
        if let Some(text) = partitions::predicate(self.table, b.schema.dialect) {
            checks.push(NamedCheck::new("partition bounds", &text));
        }
        checks.extend(
            semantics::soft_checks(self.table, b.schema.dialect)
                .iter()
                .map(|(name, text)| NamedCheck::new(name, text).wish()),
        );
        checks
    }

    /// Takes over what single-column CHECKs leave of the domains.
    fn apply(&mut self, solution: &Solution) {
        for (c, narrowed) in solution.columns.iter().enumerate() {
            let column = &mut self.columns[c];
            if let Some(domain) = &narrowed.domain {
                column.domain = Some(domain.clone());
            }
            match narrowed.nulls {
                Nulls::Free => {}
                Nulls::Never => {
                    column.null_share = 0.0;
                    if let Some((f, _)) = column.foreign {
                        let f = &mut self.foreign[f];
                        f.null_columns.retain(|&x| x != c);
                        if f.null_columns.is_empty() {
                            f.null_share = 0.0;
                        }
                    }
                }
                Nulls::Always => {
                    column.null_share = 1.0;
                    column.never = true;
                }
            }
            if !narrowed.reasons.is_empty() {
                column.reason = format!("{}; {}", column.reason, narrowed.reasons.join("; "));
            }
        }
    }

    /// The plan of the table under `assignment`, compiled.
    fn compile(
        &self,
        b: &mut Builder<'_>,
        solution: &Solution,
        assignment: Assignment,
        keys: &[KeyInput],
    ) -> Result<TablePlan, String> {
        let mut plan = self.finish(b, solution, assignment, keys)?;
        b.generator.push(b.options.seed, &plan);
        let compiled = b.generator.table(self.position);
        plan.load = load_path(b.schema, self.table, &compiled.sent, &compiled.schema);
        Ok(plan)
    }

    // ---- the whole ---------------------------------------------------------------------------------------------

    fn finish(
        &self,
        b: &Builder<'_>,
        solution: &Solution,
        a: Assignment,
        keys: &[KeyInput],
    ) -> Result<TablePlan, String> {
        let strict: BTreeSet<usize> =
            keys.iter().filter(|k| k.primary || !k.nulls_distinct).flat_map(|k| k.columns.iter().copied()).collect();
        let mut group_of: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (g, group) in solution.groups.iter().enumerate() {
            for (place, &c) in group.columns().iter().enumerate() {
                group_of.insert(c, (g, place));
            }
        }
        let columns =
            (0..self.columns.len()).map(|c| self.column_plan(b, c, &a, group_of.get(&c).copied(), &strict)).collect();
        let mut foreign = self.foreign.clone();
        let mut sources = Vec::new();
        for (i, s) in self.sources.iter().enumerate() {
            let pick = s.pick.clone().or_else(|| a.picks.get(&i).cloned()).unwrap_or(Pick::Skewed);
            let chosen = matches!(pick, Pick::Digit { .. } | Pick::OneToOne);
            if chosen || s.members.iter().any(|&m| foreign[m].columns.iter().any(|c| strict.contains(c))) {
                s.members.iter().for_each(|&m| {
                    foreign[m].null_columns.clear();
                    foreign[m].null_share = 0.0;
                });
            }
            let free = s.members.iter().all(|&m| foreign[m].null_columns.is_empty());
            let pick = match pick {
                // CHECKs may have taken the NULL away that the first row had.
                Pick::Earlier { .. } => Pick::Earlier { rooted: free },
                Pick::Few { weights, rows, earlier, .. } => Pick::Few { weights, rows, earlier, rooted: free },
                other => other,
            };
            let reason = if s.reason.is_empty() { pick_reason(&pick).to_string() } else { s.reason.clone() };
            sources.push(SourcePlan { members: s.members.clone(), pick, first: s.first, web: s.web.clone(), reason });
        }
        let redraw = (!a.redraw.is_empty()).then(|| Redraw {
            keys: a.redraw.iter().map(|&k| keys[k].name.clone()).collect(),
            attempts: Arc::default(),
        });
        Ok(TablePlan {
            rows: a.rows,
            limited_by: a.limited_by,
            existing: b.rows_before(self.index),
            columns,
            foreign,
            sources,
            shares: a.shares,
            keys: a.plans,
            groups: solution.groups.clone(),
            redraw,
            unsolved: solution
                .unsolved
                .iter()
                .map(|u| Unsolved { check: u.check.clone(), text: u.text.clone(), why: u.why.clone() })
                .collect(),
            deferred: self.deferred.clone(),
            self_reference: self.foreign.iter().any(|f| f.parent_table == Some(self.position)),
            fallbacks: self.fallbacks.clone(),
            notes: self.notes.clone(),
            ..stub(b, self.position)
        })
    }

    fn column_plan(
        &self,
        b: &Builder<'_>,
        c: usize,
        a: &Assignment,
        group: Option<(usize, usize)>,
        strict: &BTreeSet<usize>,
    ) -> ColumnPlan {
        let column = &self.table.columns[c];
        let d = &self.columns[c];
        let domain = || d.domain.clone().expect("a carrier has a domain");
        let mut null_share = if strict.contains(&c) { 0.0 } else { d.null_share };
        let (rule, reason) = match (a.columns.get(&c), d.foreign) {
            _ if d.omit => (Rule::Omit, d.reason.clone()),
            _ if d.never => (Rule::Null, d.reason.clone()),
            (_, Some((foreign, position))) => {
                let f = &self.foreign[foreign];
                let reason = format!("foreign key `{}` to `{}`", f.name, f.parent);
                (Rule::Foreign { foreign, position }, reason)
            }
            (Some(Carrier::Sequence { start }), _) => {
                null_share = 0.0;
                (Rule::Sequence { start: *start }, "counts up".to_string())
            }
            (Some(Carrier::Unique { size, total }), _) => {
                if total > size {
                    null_share = 0.0;
                }
                let first = b.rows_before(self.index) % total;
                (Rule::Unique { domain: domain(), size: *size, total: *total, first }, format!("{}; unique", d.reason))
            }
            (Some(Carrier::Digit { share, place }), _) => {
                null_share = 0.0;
                let domain = match (&a.shares[*share].law, domain()) {
                    // Ordinals start at 1 where the domain allows it.
                    (ShareLaw::Ordinal, Domain::Range { kind, lo, hi, step, except, shape }) if hi >= 1 => {
                        Domain::Range { kind, lo: lo.max(1), hi, step, except, shape }
                    }
                    (_, domain) => domain,
                };
                (
                    Rule::Digit { domain, share: *share, place: *place },
                    format!("{}; {}", d.reason, a.shares[*share].reason),
                )
            }
            (None, None) if null_share >= 1.0 => (Rule::Null, d.reason.clone()),
            (None, None) => match &d.domain {
                Some(Domain::Choice { values, .. }) if d.duplicates.is_some() && values.len() == 1 => {
                    (Rule::Constant { value: values[0].clone() }, d.reason.clone())
                }
                Some(domain) => (Rule::Draw { domain: domain.clone() }, d.reason.clone()),
                None => (Rule::Null, d.reason.clone()),
            },
        };
        ColumnPlan {
            name: column.name.clone(),
            ty: column.ty.clone(),
            type_name: column.type_name.clone(),
            nullable: column.nullable,
            domain: d.parents.clone().or_else(|| d.domain.clone().filter(|_| open_type(&column.ty))),
            rule,
            null_share,
            group,
            duplicates: d.duplicates.clone(),
            reason,
        }
    }

    /// Fills the table of attempts where keys need one, and compiles the table for good.
    fn settle(&self, b: &mut Builder<'_>, mut plan: TablePlan, keys: &[KeyInput]) -> Result<TablePlan, String> {
        let Some(redraw) = &plan.redraw else { return Ok(plan) };
        let watched = redraw
            .keys
            .iter()
            .map(|name| {
                self.watched(
                    b,
                    &self.table.keys[keys.iter().position(|k| &k.name == name).expect("a key of the table")],
                )
            })
            .collect::<Result<Vec<_>, String>>()?;
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        let outcome = redraw::settle(&b.generator, self.position, plan.rows, watched, &self.column_names(), env)?;
        if let Some(key) = outcome.full {
            if outcome.rows == 0 {
                let columns = keys
                    .iter()
                    .find(|k| k.name == key)
                    .map_or_else(Vec::new, |k| k.columns.iter().map(|&c| self.table.columns[c].name.clone()).collect());
                return Err(format!(
                    "no row satisfies `{key}`; give rules for its columns in the config file, e.g.{}",
                    wishes::lines_to_add(&plan.label, &columns)
                ));
            }
            plan.limited_by = Some(format!("`{key}` left no room for more than {} rows", outcome.rows));
        }
        plan.rows = outcome.rows;
        plan.redraw = Some(Redraw { keys: redraw.keys.clone(), attempts: outcome.attempts });
        b.generator.pop();
        b.generator.push(b.options.seed, &plan);
        Ok(plan)
    }

    /// Whether keys that do not simply count on would meet rows that were there before.
    fn clashes(&self, b: &Builder<'_>, plan: &TablePlan, keys: &[KeyInput]) -> Result<bool, String> {
        if b.rows_before(self.index) == 0 || plan.redraw.is_some() {
            return Ok(false);
        }
        let counted = |c: &usize| matches!(plan.columns[*c].rule, Rule::Sequence { .. });
        let fresh_parents = |c: &usize| {
            let source = self.columns[*c].foreign.map(|(f, _)| &plan.sources[self.foreign[f].source]);
            source.is_some_and(|s| s.first > 0)
        };
        let safe = |k: &KeyInput| k.columns.iter().any(|c| counted(c) || fresh_parents(c));
        let watched = keys.iter().zip(&self.table.keys).filter(|(k, _)| k.exact && !safe(k));
        let watched = watched.map(|(_, key)| self.watched(b, key)).collect::<Result<Vec<_>, String>>()?;
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        redraw::clashes(&b.generator, self.position, plan.rows, &watched, &self.column_names(), env)
    }

    fn column_names(&self) -> Vec<String> {
        self.table.columns.iter().map(|c| c.name.clone()).collect()
    }

    fn watched(&self, b: &Builder<'_>, key: &Key) -> Result<Watched, String> {
        let mut columns = BTreeSet::new();
        let mut parts = Vec::new();
        let parse = |text: &str| {
            let e = predicate::parse(text, b.schema.dialect);
            e.map_err(|e| {
                format!(
                    "key `{}`: cannot work out `{text}` ({e}); give rules for its columns in the config file",
                    key.name
                )
            })
        };
        for part in &key.parts {
            match (&part.column, &part.expression) {
                (Some(c), _) => {
                    let c = self
                        .table
                        .column_index(c)
                        .ok_or_else(|| format!("key `{}` names no column `{c}`", key.name))?;
                    if let Some(g) = &self.table.columns[c].generated {
                        let e = parse(&g.expression)?;
                        columns.extend(e.columns().iter().filter_map(|c| self.table.column_index(c)));
                        parts.push(Part::Expression(e));
                    } else {
                        columns.insert(c);
                        parts.push(Part::Column(c));
                    }
                }
                (None, e) => {
                    let e = parse(e.as_deref().unwrap_or_default())?;
                    columns.extend(e.columns().iter().filter_map(|c| self.table.column_index(c)));
                    parts.push(Part::Expression(e));
                }
            }
        }
        let predicate = key.predicate.as_deref().map(parse).transpose()?;
        if let Some(p) = &predicate {
            columns.extend(p.columns().iter().filter_map(|c| self.table.column_index(c)));
        }
        let plain: Option<Vec<usize>> =
            parts.iter().map(|p| if let Part::Column(c) = p { Some(*c) } else { None }).collect();
        let taken = match plain {
            Some(plain) => b.pool(self.index, &plain, POOL_ALONE)?.iter().map(|t| digest(t)).collect(),
            None => Vec::new(),
        };
        Ok(Watched {
            name: key.name.clone(),
            parts,
            predicate,
            nulls_distinct: key.nulls_distinct,
            columns: columns.into_iter().collect(),
            taken,
        })
    }
}

/// Sets of the child's columns that tell the parent row: the whole foreign key, and any unique key of the parent inside it.
fn identifying(b: &Builder<'_>, f: &ForeignPlan) -> Vec<Vec<usize>> {
    let mut sets = vec![f.columns.clone()];
    if let Some(parent) = b.schema.table(&f.parent) {
        for key in parent.keys.iter().filter(|k| k.predicate.is_none()) {
            let inside: Option<Vec<usize>> = key
                .parts
                .iter()
                .map(|p| {
                    let c = parent.column_index(p.column.as_deref()?)?;
                    f.parent_columns.iter().position(|&x| x == c).map(|i| f.columns[i])
                })
                .collect();
            sets.extend(inside);
        }
    }
    sets
}

/// Whether different column values give different expression values under [`Domain::value`]'s canonical texts.
fn injective(e: &Expr) -> bool {
    match e {
        Expr::Column(_) => true,
        Expr::Cast { expr, .. } => injective(expr),
        Expr::Call { name, args } => {
            let same = [
                "lower", "upper", "trim", "btrim", "ltrim", "rtrim", "md5", "sha256", "sha2", "coalesce", "ifnull",
                "unaccent",
            ];
            same.contains(&name.as_str()) && args.first().is_some_and(injective)
        }
        _ => false,
    }
}

/// Types whose values' shape only the domain tells.
fn open_type(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Untyped | SqlType::Decimal { precision: 0, .. })
}

fn type_max(ty: &SqlType) -> i128 {
    match ty {
        SqlType::Int { bytes, unsigned, .. } => {
            let bits = u32::from(*bytes) * 8 - u32::from(!unsigned);
            (1i128 << bits) - 1
        }
        _ => i128::from(i64::MAX),
    }
}

fn pick_reason(pick: &Pick) -> &'static str {
    match pick {
        Pick::Skewed => "any row of the parent, early ones more often",
        Pick::OneToOne => "one to one",
        Pick::Digit { .. } => "part of a key",
        Pick::Earlier { .. } => "an earlier row",
        Pick::Itself => "the row itself",
        Pick::Never => "always NULL",
        Pick::Few { weights, .. } if weights.len() == 1 => "one parent row for all",
        Pick::Few { .. } => "few parent rows",
    }
}
