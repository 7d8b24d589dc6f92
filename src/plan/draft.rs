//! One table's plan: domains from types and names, parents from foreign keys, narrowing from CHECKs, carriers for keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::Builder;
use super::keys::{self, Assignment, Carrier, KeyInput};
use super::path::load_path;
use super::semantics::{self, InferContext};
use super::{ColumnPlan, Duplicates, ForeignPlan, Pick, Pool, Redraw, Rule, ShareLaw, SourcePlan, TablePlan, Unsolved};
use crate::domain::Domain;
use crate::predicate::{self, NamedCheck, Solution, UnsolvedCheck};
use crate::schema::{Column, KeyPart, SqlType, Table};
use duplicates::unsupported;

pub(super) mod apart;
mod ask;
mod beside;
mod carriers;
mod duplicates;
mod given;
mod inside;
mod narrowing;
mod parents;
mod restrict;
mod settling;
mod values;

/// Key tuples read from a table that is not filled: all its rows may be pointed at.
const POOL_ALONE: u64 = 1_000_000;
/// Rows solved on trial while planning, to find CHECKs that keys leave no room for.
const TRIAL_ROWS: u64 = 256;

/// Key tuples of rows that were there before.
type SharedPool = Arc<Pool>;

/// A table being planned.
struct Draft<'a> {
    table: &'a Table,
    /// Index in the schema.
    index: usize,
    position: usize,
    columns: Vec<DraftColumn>,
    foreign: Vec<ForeignPlan>,
    sources: Vec<DraftSource>,
    /// What exclusion constraints ask of two columns.
    apart: Vec<NamedCheck>,
    /// What the server says of CHECKs.
    answers: Vec<ask::Answer>,
    /// Rows that are there are in the way of what would be made without looking at them.
    avoid: bool,
    /// CHECKs that no row asked about keeps, and how many were.
    unheard: Vec<(String, usize)>,
    notes: Vec<String>,
    fallbacks: Vec<String>,
    deferred: Vec<String>,
    /// Columns that are NULL because a parent has no rows, with the reason.
    starved: Vec<(usize, String)>,
    given: Option<given::Given<'a>>,
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
    match drafted(b, parents, position, false)? {
        Some(plan) => Ok(plan),
        None => {
            b.generator.truncate(position);
            Ok(drafted(b, parents, position, true)?.expect("rows that avoid others are the last word"))
        }
    }
}

/// The table's plan; `None` if its rows would overlap others that are there, and do not `avoid` them yet.
fn drafted(
    b: &mut Builder<'_>,
    parents: &[TablePlan],
    position: usize,
    avoid: bool,
) -> Result<Option<TablePlan>, String> {
    let mut draft = Draft::new(b, position, avoid)?;
    draft.link(b, parents)?;
    draft.ask_unread(b)?;
    draft.restrict(b)?;
    let mut inputs = draft.key_inputs(b);
    draft.given_keys(b, &mut inputs)?;
    draft.listed(b);
    let mut solution = draft.solve(b, Keys::Fixed);
    if !(solution.impossible.is_empty() && solution.unsolved.is_empty()) {
        // The likely values may be what leaves no room: try all that the types allow.
        draft.widen(b);
        solution = draft.solve(b, Keys::Fixed);
    }
    if !solution.unsolved.is_empty() && draft.ask_unsolved(b, &solution)? {
        solution = draft.solve(b, Keys::Fixed);
    }
    if let Some(i) = solution.impossible.first() {
        return Err(draft.impossible(b, i));
    }
    draft.contradicted(b, &solution)?;
    let solution = draft.repeat(b, solution)?;
    let plan = draft.keyed(b, &solution, &inputs)?;
    draft.given_rows(b, &plan)?;
    match draft.overlapping(b, &plan)? {
        None => Ok(Some(plan)),
        Some(_) if !avoid => Ok(None),
        Some(name) => Err(format!(
            "exclusion constraint `{name}`: rows that are there are in the way of new ones; empty the table with --truncate, or leave it out with --exclude-tables"
        )),
    }
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
        computed: false,
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
        cut: None,
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
    fn new(b: &Builder<'a>, position: usize, avoid: bool) -> Result<Self, String> {
        let index = b.order[position];
        let table = &b.schema.tables[index];
        if !table.unfit.is_empty() {
            return Err(table.unfit.join("; "));
        }
        let mut draft = Draft {
            table,
            index,
            position,
            columns: Vec::new(),
            foreign: Vec::new(),
            sources: Vec::new(),
            apart: Vec::new(),
            answers: Vec::new(),
            avoid,
            unheard: Vec::new(),
            notes: Vec::new(),
            fallbacks: Vec::new(),
            deferred: Vec::new(),
            starved: Vec::new(),
            given: b.wishes.given(index).map(given::Given::new),
        };
        for (c, column) in table.columns.iter().enumerate() {
            let mut drafted = draft.column(b, column);
            if let Ok(d) = &mut drafted
                && let Err(none) = draft.narrow_inside(b, column, d)
            {
                let settled = b.wishes.column(index, c).is_some_and(|w| w.shapes_values())
                    || b.wishes.given_column(index, c).is_some();
                drafted = drafted.and_then(|d| if settled { Ok(d) } else { Err(none) });
            }
            let drafted = draft.given_column(b, c, column, drafted);
            let drafted = draft.wished(b, c, column, drafted)?;
            draft.columns.push(drafted);
        }
        draft.keep_apart(b)?;
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
            // A foreign key chooses its value; what it is worked out from must agree (`computed`).
            let chosen = self.table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name));
            return Ok(DraftColumn { omit: !chosen, ..omitted("generated by the server".into()) });
        }
        let in_key = self.table.keys.iter().any(|k| k.parts.iter().any(|p| p.column.as_deref() == Some(&column.name)));
        let context = InferContext { dialect: b.schema.dialect, now_micros: b.options.now, in_key };
        match semantics::infer(self.table, column, &context) {
            Ok(i) => Ok(DraftColumn {
                // A key needs room more than looks.
                domain: Some(if self.feeds_key(b, column) && i.domain.size() < u128::from(b.rows(self.index)) * 4 {
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

    /// Whether a key holds the column, or something that is worked out from it.
    fn feeds_key(&self, b: &Builder<'_>, column: &Column) -> bool {
        let mentions = |text: &str| {
            text.contains(column.name.as_str())
                && predicate::parse(text, b.schema.dialect).is_ok_and(|e| e.columns().contains(&column.name))
        };
        let feeds = |part: &KeyPart| match (&part.column, &part.expression) {
            (Some(name), _) if *name == column.name => true,
            (Some(name), _) => {
                let generated = self.table.column(name).and_then(|c| c.generated.as_ref());
                generated.is_some_and(|g| mentions(&g.expression))
            }
            (None, expression) => expression.as_deref().is_some_and(mentions),
        };
        self.table.keys.iter().any(|k| k.parts.iter().any(feeds))
    }

    /// The compiled plan whose keys are unique: by arithmetic, or else by rows tried in order.
    fn keyed(&mut self, b: &mut Builder<'_>, solution: &Solution, inputs: &[KeyInput]) -> Result<TablePlan, String> {
        let redrawn_solves_more = || self.solve(b, Keys::Redrawn).unsolved.len() < solution.unsolved.len();
        // A filter would refuse rows whose key is fixed: some combinations of the key must not occur.
        if solution.filters.is_empty() && (solution.unsolved.is_empty() || !redrawn_solves_more()) {
            self.apply(solution);
            let facts = self.facts(b, solution, inputs);
            let assignment = keys::assign(b.rows(self.index), inputs, &facts, &self.members(b));
            let plan = self.compile(b, solution, assignment, inputs)?;
            let fits = !needs_other_rows(b, &plan, self.position) && !self.clashes(b, &plan, inputs)?;
            if fits && !self.lacks_given(&plan) {
                return self.settle(b, plan, inputs);
            }
            b.generator.pop();
        }
        // The keys leave a coupled CHECK no room, or meet rows that are there: let every key be found by redraws instead.
        let redrawn = self.solve(b, Keys::Redrawn);
        self.apply(&redrawn);
        let facts = self.facts(b, &redrawn, inputs);
        let assignment = keys::assign_redraw(b.rows(self.index), inputs, &facts, &self.members(b));
        let plan = self.compile(b, &redrawn, assignment, inputs)?;
        self.settle(b, plan, inputs)
    }

    fn in_key(&self, columns: &[usize]) -> bool {
        let name = |c: &usize| Some(self.table.columns[*c].name.as_str());
        self.table.keys.iter().any(|k| k.parts.iter().any(|p| columns.iter().any(|c| p.column.as_deref() == name(c))))
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
                .map(|u| Unsolved { check: u.check.clone(), text: u.text.clone(), why: self.why(u) })
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
            _ if self.is_given(c) => (Rule::Given { values: self.given_values(c) }, d.reason.clone()),
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
            computed: column.generated.is_some() && !d.omit,
            domain: d
                .parents
                .clone()
                .or_else(|| d.domain.clone().filter(|_| open_type(&column.ty) || self.is_given(c))),
            rule,
            null_share,
            group,
            duplicates: d.duplicates.clone(),
            reason,
        }
    }

    /// Why a CHECK is unsolved, with what the server said of it.
    fn why(&self, u: &UnsolvedCheck) -> String {
        match self.unheard.iter().find(|(check, _)| *check == u.check) {
            Some((_, asked)) => format!("{}, and the server takes none of {asked} different rows", u.why),
            None => u.why.clone(),
        }
    }

    fn column_names(&self) -> Vec<String> {
        self.table.columns.iter().map(|c| c.name.clone()).collect()
    }
}

/// Types whose values' shape only the domain tells.
fn open_type(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Untyped | SqlType::Decimal { precision: 0, .. })
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
