//! Plans one table: domains from types and names, parents from foreign keys, narrowing by CHECKs, carriers of keys.

pub(crate) use common_ancestors::KeyPair;
pub(crate) use learned::LearnedScope;
pub(crate) use related_parents::{KnownParents, RowsAbove, RowsByKind};
pub(crate) use status_presence::decides;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::coherence::{MomentColumn, TableMoments, TwoColumns};
use super::context::PlanContext;
use super::error::Unplannable;
use super::error::constraints::ExclusionError;
use super::error::parents::EmptyParent;
use super::keys;
use super::keys::KeyInput;
use super::references;
use dbmocker_core::schema::{Dialect, Table};
use dbmocker_domain::Domain;
use dbmocker_plan::LawPlan;
use dbmocker_plan::{Duplicates, ExistingKeys, ForeignKeyPlan, ParentChoice, TablePlan};
use dbmocker_predicate::{NamedCheck, Solution};
use dbmocker_semantics::stated::Stated;
use duplicates::unsupported;
use phases::{InferredTable, TrialOutcome};

mod assemble;
mod attempts;
mod branch_keys;
mod check_oracle;
mod columns;
mod common_ancestors;
mod constraints;
mod correlated;
mod counted;
mod counts;
mod documents;
pub(crate) mod drawn;
mod duplicates;
mod edges;
mod exclusion_existing;
mod exclusion_slots;
mod fixed_rows;
mod fk_agreement;
mod forbidden_values;
mod formula_checks;
mod formulas;
mod given_moments;
mod kept;
mod key_facts;
mod learned;
mod listed_parents;
mod mentions;
mod naming;
mod nested_domains;
mod oracle_probe;
mod oracle_sampling;
mod orderings;
mod overridden_attributes;
mod owned;
mod pairs;
mod parent_filter;
mod parents;
mod periods;
mod phases;
mod places;
mod related_parents;
mod roles;
mod row_laws;
mod row_size;
mod shares;
mod status_changes;
mod status_presence;
mod timing;
mod two_sides;

mod values;

pub(super) use assemble::stub;
pub(super) use formulas::fold;

/// Maximum number of key tuples read from a table that is not filled: all its rows may be referred to.
pub(super) const POOL_ALONE: u64 = 1_000_000;
/// Rows solved during planning, to find CHECKs that keys leave no room for.
const TRIAL_ROWS: u64 = 256;

/// Key tuples of existing rows.
type SharedKeys = Arc<ExistingKeys>;

/// A table being planned.
struct TablePlanner<'a> {
    table: &'a Table,
    /// Index in the schema.
    index: usize,
    position: usize,
    columns: Vec<PendingColumn>,
    foreign: Vec<ForeignKeyPlan>,
    sources: Vec<PendingSelection>,
    /// Conditions that exclusion constraints impose on two columns.
    exclusion_checks: Vec<NamedCheck>,
    /// Answers of the check oracle.
    answers: Vec<check_oracle::CheckAnswer>,
    /// Rows made independently would conflict with existing rows, so each is compared with them.
    avoid: bool,
    /// CHECKs that no queried row satisfied, with the number of rows queried.
    unanswered: Vec<(String, usize)>,
    notes: Vec<String>,
    fallbacks: Vec<String>,
    deferred: Vec<String>,
    /// Columns that are NULL because a parent has no rows, with the reason.
    missing_parents: Vec<(usize, EmptyParent)>,
    /// Fixed rows of the table, and lists from which groups of its columns take rows.
    fixed_rows: Vec<fixed_rows::FixedRowsOfTable<'a>>,
    /// Laws of columns that nothing else determines.
    laws: BTreeMap<usize, LawPlan>,
    /// The formulas that comments state, and the columns whose laws they are.
    stated: Vec<(usize, Stated)>,
    commented: BTreeSet<usize>,
    /// The moments of its rows, in order.
    moments: TableMoments,
    /// Its moments if the config file gives some of them.
    given_moments: Option<given_moments::GivenMoments>,
    /// CHECKs that the order of the moments satisfies.
    orderings: Vec<orderings::Ordering>,
    /// Timestamps of the steps of a status, in their order.
    stamps: Vec<usize>,
    dialect: Dialect,
    /// The columns of debits and credits, and the CHECKs that their law satisfies.
    two_sides: Option<TwoColumns>,
    given_sides: Vec<String>,
    /// CHECKs that every change of the parent's status satisfies.
    given_changes: Vec<(String, [usize; 2])>,
    /// Foreign keys of one key that share an ancestor, by name.
    met: BTreeMap<String, common_ancestors::CommonAncestor>,
    /// Why a foreign key refers to some of the parent's rows only.
    related: BTreeMap<usize, String>,
    /// Columns of moments that laws may determine, and those of keys.
    kept: Vec<MomentColumn>,
    keyed: Vec<MomentColumn>,
    /// Columns of numbers and moments that laws may determine, with their bounds.
    free: BTreeMap<usize, (i64, i64)>,
}

struct PendingColumn {
    domain: Option<Domain>,
    /// Every value that the type allows, used if the likely values are too few.
    legal: Option<Domain>,
    null_share: f64,
    reason: String,
    /// The column is not sent.
    omit: bool,
    /// CHECKs allow only NULL.
    always_null: bool,
    /// The domain of the parent's column, if a foreign key determines this one and all parent rows are generated.
    parents: Option<Domain>,
    /// All parent rows differ in that column.
    parents_differ: bool,
    /// (foreign key, position in it).
    foreign: Option<(usize, usize)>,
    /// Description of the domain's size, if the domain is what the planner can produce rather than all values.
    made: Option<String>,
    /// The duplicate mode in effect.
    duplicates: Option<Duplicates>,
}

struct PendingSelection {
    members: Vec<usize>,
    /// Set if the layout of the key determines it.
    pick: Option<ParentChoice>,
    combinations: Option<Arc<Vec<u64>>>,
    /// As [`ParentSelection::partners`](dbmocker_plan::ParentSelection::partners).
    partners: u64,
    first: u64,
    size: u64,
    /// As [`ParentSelection::within`](dbmocker_plan::ParentSelection::within).
    within: Option<u64>,
    /// Part of the path of a back edge (`fk_cycles.rs`): `Some(true)` if every parent row must have a child.
    step: Option<bool>,
    reason: String,
}

impl PendingSelection {
    /// Creates a parent selection for these foreign keys among this many rows.
    fn of(members: Vec<usize>, size: u64) -> Self {
        PendingSelection {
            members,
            pick: None,
            combinations: None,
            partners: 0,
            first: 0,
            size,
            within: None,
            step: None,
            reason: String::new(),
        }
    }
}

/// Plans the table at `position` and compiles it, so that its children can be planned.
///
/// Inferred references are dropped if they leave less room than the table has without them.
pub(super) fn plan_table(
    b: &mut PlanContext<'_>,
    parents: &[TablePlan],
    position: usize,
) -> Result<TablePlan, Unplannable> {
    let index = b.order[position];
    let planned = declared_and_named(b, parents, position);
    let named = b.schema.tables[index].foreign_keys.iter().any(|f| references::is_by_name(&f.name));
    let whole = |t: &TablePlan| t.limited_by.is_none() && t.unsolved.is_empty() && t.attempt_table.is_none();
    if !named || planned.as_ref().is_ok_and(whole) {
        return planned;
    }
    b.generator.truncate(position);
    b.declared_only.insert(index);
    let without = declared_and_named(b, parents, position);
    let better = match (&planned, &without) {
        (Ok(with), Ok(without)) => {
            // Beside existing rows, rows may be tried only to differ from those.
            let free = |t: &TablePlan| t.attempt_table.is_none() || t.existing > 0;
            let merit = |t: &TablePlan| (std::cmp::Reverse(t.unsolved.len()), t.rows, free(t));
            merit(without) > merit(with)
        }
        (with, without) => with.is_err() && without.is_ok(),
    };
    if better {
        return without;
    }
    b.generator.truncate(position);
    b.declared_only.remove(&index);
    if planned.is_err() { planned } else { declared_and_named(b, parents, position) }
}

fn declared_and_named(
    b: &mut PlanContext<'_>,
    parents: &[TablePlan],
    position: usize,
) -> Result<TablePlan, Unplannable> {
    match planned(b, parents, position, false)? {
        Some(plan) => Ok(plan),
        None => {
            b.generator.truncate(position);
            Ok(planned(b, parents, position, true)?.expect("rows that avoid others are the last word"))
        }
    }
}

/// Returns the table's plan; `None` if its rows would overlap existing ones and the plan does not `avoid` them yet.
fn planned(
    b: &mut PlanContext<'_>,
    parents: &[TablePlan],
    position: usize,
    avoid: bool,
) -> Result<Option<TablePlan>, Unplannable> {
    let keyed = InferredTable::new(b, position, avoid)?.link(b, parents)?.narrow(b)?.key(b)?;
    match keyed.verify(b, parents)? {
        TrialOutcome::Plan(plan) => Ok(Some(*plan)),
        outcome @ (TrialOutcome::Unordered | TrialOutcome::Unsided | TrialOutcome::Unchanged) => {
            // Another constraint determines one of the columns: the solver must handle these CHECKs.
            b.generator.truncate(position);
            let solved = match outcome {
                TrialOutcome::Unordered => &mut b.solved_orderings,
                TrialOutcome::Unchanged => &mut b.solved_changes,
                _ => &mut b.solved_sides,
            };
            solved.insert(b.order[position]);
            planned(b, parents, position, avoid)
        }
        TrialOutcome::Overlaps(_) if !avoid => Ok(None),
        TrialOutcome::Overlaps(name) => Err(ExclusionError::Overlap(name).into()),
    }
}

/// Whether CHECKs treat key columns as constants, or may have them drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    Fixed,
    Redrawn,
}

/// Returns true if rows cannot be solved although every single CHECK is solvable.
fn needs_other_rows(b: &PlanContext<'_>, plan: &TablePlan, position: usize) -> bool {
    if plan.groups.is_empty() || plan.keys.is_empty() || plan.rows == 0 {
        return false;
    }
    let grouped: Vec<usize> = (0..plan.columns.len()).filter(|&c| plan.columns[c].group.is_some()).collect();
    trial_rows(plan.rows).any(|row| b.generator.cells(position, &grouped, row).is_err())
}

/// Returns evenly spaced rows of a table: [`TRIAL_ROWS`] to twice as many, or all.
fn trial_rows(rows: u64) -> impl Iterator<Item = u64> {
    spaced(rows, TRIAL_ROWS)
}

fn spaced(rows: u64, least: u64) -> impl Iterator<Item = u64> {
    (0..rows).step_by(usize::try_from((rows / least).max(1)).unwrap_or(usize::MAX))
}

impl<'a> TablePlanner<'a> {
    fn new(b: &PlanContext<'a>, position: usize, avoid: bool) -> Result<Self, Unplannable> {
        let index = b.order[position];
        let table = &b.schema.tables[index];
        if !table.unfit.is_empty() {
            return Err(Unplannable::Unfit(table.unfit.clone()));
        }
        if let Some(table) = super::partitions::nowhere(table) {
            return Err(Unplannable::NoPartition { table });
        }
        let mut planner = TablePlanner {
            table,
            index,
            position,
            columns: Vec::new(),
            foreign: Vec::new(),
            sources: Vec::new(),
            exclusion_checks: Vec::new(),
            answers: Vec::new(),
            avoid,
            unanswered: Vec::new(),
            notes: b.overrides.notes(index).to_vec(),
            fallbacks: Vec::new(),
            deferred: Vec::new(),
            missing_parents: Vec::new(),
            fixed_rows: fixed_rows::FixedRowsOfTable::all(b, index),
            laws: BTreeMap::new(),
            stated: Vec::new(),
            commented: BTreeSet::new(),
            moments: TableMoments::default(),
            given_moments: None,
            orderings: Vec::new(),
            stamps: Vec::new(),
            dialect: b.schema.dialect,
            two_sides: None,
            given_sides: Vec::new(),
            given_changes: Vec::new(),
            kept: Vec::new(),
            keyed: Vec::new(),
            free: BTreeMap::new(),
            met: BTreeMap::new(),
            related: BTreeMap::new(),
        };
        for (c, column) in table.columns.iter().enumerate() {
            let mut planned = planner.column(b, column);
            if let Ok(d) = &mut planned
                && let Err(none) = planner.narrow_inside(b, column, d)
            {
                let assigned = b.overrides.column(index, c).is_some_and(|w| w.shapes_values())
                    || b.overrides.fixed_column(index, c).is_some();
                planned = planned.and_then(|d| if assigned { Ok(d) } else { Err(none) });
            }
            let planned = planner.fixed_column(b, c, column, planned);
            let planned = planner.apply_override(b, c, column, planned)?;
            planner.columns.push(planned);
        }
        planner.keeps_listed_values(b)?;
        planner.reach_given_moments(b);
        planner.assign_slots(b)?;
        planner.fit_page(b)?;
        Ok(planner)
    }

    /// Returns the compiled plan with unique keys: by arithmetic, or by rejection sampling.
    fn keyed(
        &mut self,
        b: &mut PlanContext<'_>,
        solution: &Solution,
        inputs: &[KeyInput],
    ) -> Result<TablePlan, Unplannable> {
        let redrawn_solves_more = || self.solve(b, Keys::Redrawn).unsolved.len() < solution.unsolved.len();
        // A filter would reject rows whose key is fixed: some combinations of the key must not occur.
        if solution.filters.is_empty() && (solution.unsolved.is_empty() || !redrawn_solves_more()) {
            self.apply(solution);
            let facts = self.facts(b, solution, inputs);
            let assignment = self.limited(b, keys::assign(self.most_rows(b), inputs, &facts, &self.members(b)));
            let plan = self.compile(b, solution, assignment, inputs)?;
            let fits = !needs_other_rows(b, &plan, self.position) && !self.clashes(b, &plan, inputs)?;
            if fits && !self.lacks_fixed(&plan) {
                return self.assign_attempts(b, plan, inputs);
            }
            b.generator.pop();
        }
        // The keys leave a coupled CHECK no room, or conflict with existing rows: use rejection sampling for all keys.
        let redrawn = self.solve(b, Keys::Redrawn);
        self.apply(&redrawn);
        let usual = self.redrawn(b, &redrawn, inputs, false);
        if matches!(&usual, Ok(plan) if plan.limited_by.is_none()) {
            return usual;
        }
        // Likely values may be exhausted while others are available.
        b.generator.truncate(self.position);
        let spread = self.redrawn(b, &redrawn, inputs, true);
        let rows = |plan: &Result<TablePlan, Unplannable>| plan.as_ref().map_or(0, |p| p.rows);
        if rows(&spread) > rows(&usual) {
            return spread;
        }
        usual?;
        b.generator.truncate(self.position);
        self.redrawn(b, &redrawn, inputs, false)
    }

    /// Returns the plan with rejection sampling, drawing uniformly from all of a column's values with `spread`.
    fn redrawn(
        &mut self,
        b: &mut PlanContext<'_>,
        solution: &Solution,
        inputs: &[KeyInput],
        spread: bool,
    ) -> Result<TablePlan, Unplannable> {
        let facts = self.facts(b, solution, inputs);
        let assignment = keys::assign_redraw(self.most_rows(b), inputs, &facts, &self.members(b), spread);
        let assignment = self.limited(b, assignment);
        let plan = self.compile(b, solution, assignment, inputs)?;
        self.assign_attempts(b, plan, inputs)
    }

    fn in_key(&self, columns: &[usize]) -> bool {
        let name = |c: &usize| Some(self.table.columns[*c].name.as_str());
        self.table.keys.iter().any(|k| k.parts.iter().any(|p| columns.iter().any(|c| p.column.as_deref() == name(c))))
    }

    fn column_names(&self) -> Vec<String> {
        self.table.columns.iter().map(|c| c.name.clone()).collect()
    }
}
