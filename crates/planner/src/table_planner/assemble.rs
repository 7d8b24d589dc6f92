//! Assembles the results of the planner's phases into the table's plan, and compiles it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{PendingColumn, PlanContext, TablePlanner};
use crate::error::Unplannable;
use crate::keys::{Assignment, Carrier, KeyInput};
use crate::load_path::load_path;
use crate::{declared, references};
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_domain::Domain;
use dbmocker_plan::{
    Attempts, ColumnPlan, ForeignKeyPlan, KeyLayout, ParentChoice, ParentSelection, Rule, TablePlan, Unsolved,
};
use dbmocker_predicate::{Solution, UnsolvedCheck};

/// Returns a plan without rows, for a table that cannot be planned.
pub fn stub(b: &PlanContext<'_>, position: usize) -> TablePlan {
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
        correlated: None,
        law: None,
        presence: None,
        edges: None,
        nulls_of: None,
        sampled_nulls: None,
        duplicates: None,
        reason: String::new(),
    };
    TablePlan {
        name: table.name.clone(),
        label: b.schema.label(&table.name),
        level: b.levels[position],
        requested: b.requested(b.order[position]),
        rows: b.rows(b.order[position]),
        limited_by: None,
        existing: 0,
        columns: table.columns.iter().map(column).collect(),
        foreign: Vec::new(),
        sources: Vec::new(),
        composite_keys: Vec::new(),
        keys: Vec::new(),
        groups: Vec::new(),
        attempt_table: None,
        began: None,
        unsolved: Vec::new(),
        deferred: Vec::new(),
        load: String::new(),
        deferred_indexes: None,
        chunks: None,
        self_reference: false,
        fallbacks: Vec::new(),
        notes: Vec::new(),
    }
}

impl TablePlanner<'_> {
    /// Assembles and compiles the plan of the table under `assignment`.
    ///
    /// # Errors
    /// A rule of the config file that cannot be satisfied.
    pub(super) fn compile(
        &self,
        b: &mut PlanContext<'_>,
        solution: &Solution,
        assignment: Assignment,
        keys: &[KeyInput],
    ) -> Result<TablePlan, Unplannable> {
        let mut plan = self.finish(b, solution, assignment, keys);
        self.timing(b, &mut plan);
        self.common_ancestors(b, &mut plan);
        self.count_children(b, &mut plan);
        self.distribute(b, &mut plan);
        self.learn(b, &mut plan);
        self.apply_rules(b, &mut plan)?;
        self.edge_cases(b, &mut plan)?;
        b.free.insert(self.position, self.free.clone());
        b.generator.push(b.options.seed, &plan);
        self.own_lists(b, &mut plan);
        let compiled = b.generator.table(self.position);
        plan.load = load_path(b.schema, self.table, &compiled.sent, &compiled.schema);
        Ok(plan)
    }

    fn finish(&self, b: &PlanContext<'_>, solution: &Solution, mut a: Assignment, keys: &[KeyInput]) -> TablePlan {
        let strict: BTreeSet<usize> =
            keys.iter().filter(|k| k.primary || !k.nulls_distinct).flat_map(|k| k.columns.iter().copied()).collect();
        let mut group_of: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (g, group) in solution.groups.iter().enumerate() {
            for (place, &c) in group.columns().iter().enumerate() {
                group_of.insert(c, (g, place));
            }
        }
        let planned = |c| self.column_plan(b, c, &a, group_of.get(&c).copied(), &strict);
        let mut columns: Vec<ColumnPlan> = (0..self.columns.len()).map(planned).collect();
        self.assign_entities(b, &mut columns, keys);
        self.follow(&mut columns);
        self.follow_given(b, &mut columns, keys);
        let mut groups = solution.groups.clone();
        let mut foreign = self.foreign.clone();
        let mut sources = self.planned_sources(&a, &strict, &mut foreign, solution);
        self.pair_rows(b, &mut columns, keys);
        self.ask_parents(b, &foreign, &mut sources);
        if b.coherent(self.index) {
            self.spread(b, a.rows, &mut sources, &mut a.composite_keys);
            self.grow(b, &mut columns, keys, &sources);
            self.weigh(b, &mut columns, keys, &mut groups);
            self.foreign_nulls(b, &mut foreign, &sources);
            self.learn_parents(b, a.rows, &mut foreign, &mut sources);
            self.apply_life_cycles(b, &mut columns, keys, &mut foreign, solution);
            self.pair_nulls(b, &mut columns, keys, &mut foreign, solution);
        }
        self.express(b, &mut columns);
        self.count_rows(b, &mut sources, &mut a.composite_keys);
        let attempt_table = (!a.attempted_keys.is_empty()).then(|| Attempts {
            keys: a.attempted_keys.iter().map(|&k| keys[k].name.clone()).collect(),
            attempts: Arc::default(),
        });
        TablePlan {
            rows: a.rows,
            limited_by: a.limited_by.or_else(|| b.caps.get(&self.index).map(|(_, why)| why.clone())),
            existing: b.rows_before(self.index),
            columns,
            foreign,
            sources,
            composite_keys: a.composite_keys,
            keys: a.plans,
            groups,
            attempt_table,
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
        }
    }

    /// Returns the parent selections; foreign keys with `strict` columns are never NULL.
    fn planned_sources(
        &self,
        a: &Assignment,
        strict: &BTreeSet<usize>,
        foreign: &mut [ForeignKeyPlan],
        solution: &Solution,
    ) -> Vec<ParentSelection> {
        let mut sources = Vec::new();
        for (i, s) in self.sources.iter().enumerate() {
            let any = s.step.map_or(ParentChoice::Skewed, |all| ParentChoice::Cover { all });
            let pick = s.pick.clone().or_else(|| a.picks.get(&i).cloned()).unwrap_or(any);
            let (pick, because) = self.without_group_dependency(pick, &foreign[s.members[0]], &solution.groups);
            let chosen = matches!(pick, ParentChoice::Component { .. } | ParentChoice::OneToOne);
            if matches!(pick, ParentChoice::Agreeing { .. }) {
                // Its other columns are determined by other keys.
                let foreign = &mut foreign[s.members[0]];
                foreign.null_columns.retain(|c| !strict.contains(c));
                foreign.null_share = if foreign.null_columns.is_empty() { 0.0 } else { foreign.null_share };
            } else if chosen || s.members.iter().any(|&m| foreign[m].columns.iter().any(|c| strict.contains(c))) {
                s.members.iter().for_each(|&m| {
                    foreign[m].null_columns.clear();
                    foreign[m].null_share = 0.0;
                });
            }
            let free = s.members.iter().all(|&m| foreign[m].null_columns.is_empty());
            let pick = match pick {
                // CHECKs may forbid the NULL of the first row.
                ParentChoice::Earlier { .. } => ParentChoice::Earlier { rooted: free },
                ParentChoice::Few { weights, rows, earlier, .. } => {
                    ParentChoice::Few { weights, rows, earlier, rooted: free }
                }
                ParentChoice::Agreeing { shared, path, own, earlier, .. } => {
                    ParentChoice::Agreeing { shared, path, own, earlier, rooted: free && earlier }
                }
                other => other,
            };
            let reason = if s.reason.is_empty() { pick_reason(&pick).to_string() } else { s.reason.clone() };
            sources.push(ParentSelection {
                members: s.members.clone(),
                within: s.within.filter(|_| matches!(pick, ParentChoice::Skewed)),
                pick,
                first: s.first,
                combinations: s.combinations.clone(),
                partners: s.partners,
                agreeing: None,
                meets: None,
                reason: because.unwrap_or(reason),
            });
        }
        sources
    }

    fn column_plan(
        &self,
        b: &PlanContext<'_>,
        c: usize,
        a: &Assignment,
        group: Option<(usize, usize)>,
        strict: &BTreeSet<usize>,
    ) -> ColumnPlan {
        let column = &self.table.columns[c];
        let d = &self.columns[c];
        let null_share = if strict.contains(&c) { 0.0 } else { d.null_share };
        let (rule, reason) = self.rule(b, c, a, null_share);
        let null_share = match rule {
            Rule::Sequence { .. } | Rule::Component { .. } => 0.0,
            Rule::Unique { size, total, .. } if total > size => 0.0,
            _ => null_share,
        };
        ColumnPlan {
            name: column.name.clone(),
            ty: column.ty.clone(),
            type_name: column.type_name.clone(),
            nullable: column.nullable,
            computed: column.generated.is_some() && !d.omit && b.formulas.get(self.index, c).is_none(),
            domain: d
                .parents
                .clone()
                .or_else(|| d.domain.clone().filter(|_| open_type(&column.ty) || self.is_fixed(c))),
            rule,
            null_share,
            group,
            correlated: None,
            law: None,
            presence: None,
            edges: None,
            nulls_of: None,
            sampled_nulls: None,
            duplicates: d.duplicates.clone(),
            reason,
        }
    }

    /// Returns the rule of a column, and its reason.
    fn rule(&self, b: &PlanContext<'_>, c: usize, a: &Assignment, null_share: f64) -> (Rule, String) {
        let d = &self.columns[c];
        if let (Some((foreign, position)), false) = (d.foreign, d.omit || d.always_null || self.is_fixed(c)) {
            let f = &self.foreign[foreign];
            let reason = if references::is_by_name(&f.name) {
                format!("refers to `{}` by its name, without a foreign key", f.parent)
            } else if declared::is_declared(&f.name) {
                format!("refers to `{}`, as the config file says", f.parent)
            } else {
                format!("foreign key `{}` to `{}`", f.name, f.parent)
            };
            return (Rule::Foreign { foreign, position }, reason);
        }
        let rule = match (a.columns.get(&c), &d.domain) {
            _ if d.omit => Rule::Omit,
            _ if self.is_fixed(c) => self.fixed_rule(c),
            _ if d.always_null => Rule::Null,
            (Some(carrier), _) => return self.carried(b, a, carrier, d),
            (None, _) if null_share >= 1.0 => Rule::Null,
            (None, Some(Domain::Choice { values, .. })) if d.duplicates.is_some() && values.len() == 1 => {
                Rule::Constant { value: values[0].clone() }
            }
            (None, Some(domain)) => Rule::Draw { domain: domain.clone() },
            (None, None) => Rule::Null,
        };
        (rule, d.reason.clone())
    }

    /// Returns the rule of a column that makes a key unique.
    fn carried(&self, b: &PlanContext<'_>, a: &Assignment, carrier: &Carrier, d: &PendingColumn) -> (Rule, String) {
        let domain = || d.domain.clone().expect("a carrier has a domain");
        match carrier {
            Carrier::Sequence { start, step } => {
                (Rule::Sequence { start: *start, step: *step }, "counts up".to_owned())
            }
            Carrier::Unique { size, total, retried } => {
                let (first, retried) = (b.rows_before(self.index) % total, *retried);
                let rule = Rule::Unique { domain: domain(), size: *size, total: *total, first, retried };
                (rule, format!("{}; unique", d.reason))
            }
            Carrier::Component { composite_key, place } => {
                let domain = match (&a.composite_keys[*composite_key].law, domain()) {
                    // Ordinals start at 1 if the domain contains it.
                    (KeyLayout::Ordinal, Domain::Range { kind, lo, hi, step, except, shape }) if hi >= 1 => {
                        Domain::Range { kind, lo: lo.max(1), hi, step, except, shape }
                    }
                    (_, domain) => domain,
                };
                let reason = format!("{}; {}", d.reason, a.composite_keys[*composite_key].reason);
                (Rule::Component { domain, composite_key: *composite_key, place: *place }, reason)
            }
        }
    }

    /// Returns the reason why a CHECK is unsolved, with the result of the check oracle.
    fn why(&self, u: &UnsolvedCheck) -> String {
        match self.unanswered.iter().find(|(check, _)| *check == u.check) {
            Some((_, asked)) => format!("{}, and the server takes none of {asked} different rows", u.why),
            None => u.why.clone(),
        }
    }
}

/// Types that do not determine the form of their values without a domain.
fn open_type(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Untyped | SqlType::Decimal { precision: 0, .. })
}

fn pick_reason(pick: &ParentChoice) -> &'static str {
    match pick {
        ParentChoice::Skewed => "any row of the parent, early ones more often",
        ParentChoice::Spread { .. } => "some rows of the parent more often",
        ParentChoice::Ranked { .. } => "profile: frequencies of the parents",
        ParentChoice::Tree { .. } => "a tree",
        ParentChoice::OneToOne | ParentChoice::InOrder => "one to one",
        ParentChoice::Component { .. } => "part of a key",
        ParentChoice::Detail { .. } | ParentChoice::Together { .. } => "the rows of each together",
        ParentChoice::Counted { .. } => "so many rows for each",
        ParentChoice::Weighted { .. } => "by weight",
        ParentChoice::Active { .. } => "one that exists by then, some more often than others",
        ParentChoice::Earlier { .. } => "an earlier row",
        ParentChoice::Itself => "the row itself",
        ParentChoice::Never => "always NULL",
        ParentChoice::Cover { .. } => "any row of the parent, most have one",
        ParentChoice::Agreeing { .. } => "a row that agrees",
        ParentChoice::Chain { .. } => "the next row",
        ParentChoice::Previous { .. } => "the row before",
        ParentChoice::Few { weights, .. } if weights.len() == 1 => "one parent row for all",
        ParentChoice::Few { .. } => "few parent rows",
        ParentChoice::Listed { .. } => "that of a row of a list",
    }
}
