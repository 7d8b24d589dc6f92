//! The phases of planning one table, in their order: each consumes the result of the one before.
//!
//! [`InferredTable`] (domains from types and names) -> [`LinkedTable`] (parents from foreign keys) -> [`NarrowedTable`] (CHECKs
//! solved) -> [`KeyedTable`] (unique keys, compiled) -> the table's plan.

use super::{KeyInput, Keys, PlanContext, TablePlanner};
use crate::error::Unplannable;
use dbmocker_plan::TablePlan;
use dbmocker_predicate::Solution;

/// Each column has a domain.
pub(super) struct InferredTable<'a>(TablePlanner<'a>);

/// Foreign keys have their parent rows.
pub(super) struct LinkedTable<'a>(TablePlanner<'a>);

/// CHECKs have narrowed the domains.
pub(super) struct NarrowedTable<'a> {
    planner: TablePlanner<'a>,
    solution: Solution,
    inputs: Vec<KeyInput>,
}

/// Keys are unique, and the table is compiled.
pub(super) struct KeyedTable<'a> {
    planner: TablePlanner<'a>,
    plan: TablePlan,
}

/// The end of the last phase.
pub(super) enum TrialOutcome {
    Plan(Box<TablePlan>),
    /// The rows would overlap existing ones, which this exclusion constraint does not allow.
    Overlaps(String),
    /// The laws of moments do not keep the orderings that were left to them.
    Unordered,
    /// The law of two sides does not keep the CHECKs that were left to it.
    Unsided,
    /// The history does not keep the CHECKs that were left to it.
    Unchanged,
}

impl<'a> InferredTable<'a> {
    pub(super) fn new(b: &PlanContext<'a>, position: usize, avoid: bool) -> Result<Self, Unplannable> {
        Ok(InferredTable(TablePlanner::new(b, position, avoid)?))
    }

    pub(super) fn link(self, b: &PlanContext<'_>, parents: &[TablePlan]) -> Result<LinkedTable<'a>, Unplannable> {
        let InferredTable(mut planner) = self;
        planner.link(b, parents)?;
        planner.relate_parents(b, parents);
        planner.pair_keys(b, parents);
        planner.name_values(b);
        Ok(LinkedTable(planner))
    }
}

impl<'a> LinkedTable<'a> {
    pub(super) fn narrow(self, b: &PlanContext<'_>) -> Result<NarrowedTable<'a>, Unplannable> {
        let LinkedTable(mut planner) = self;
        planner.query_unreadable(b)?;
        planner.restrict(b)?;
        planner.make_room(b);
        planner.allow_empty_texts(b);
        planner.span_lists(b);
        let mut inputs = planner.key_inputs(b);
        planner.fixed_keys(b, &mut inputs)?;
        planner.documents(b);
        planner.row_laws(b);
        let mut solution = planner.solve(b, Keys::Fixed);
        // The likely values may be too few.
        while !(solution.impossible.is_empty() && solution.unsolved.is_empty()) && planner.widen(b, &solution) {
            solution = planner.solve(b, Keys::Fixed);
        }
        if !solution.unsolved.is_empty() && planner.query_unsolved(b, &solution)? {
            solution = planner.solve(b, Keys::Fixed);
        }
        if let Some(i) = solution.impossible.first() {
            return Err(planner.impossible(b, i).into());
        }
        planner.contradicted(b, &solution)?;
        let mut solution = planner.repeat(b, solution)?;
        planner.narrow_branch_keys(b, &mut solution);
        Ok(NarrowedTable { planner, solution, inputs })
    }
}

impl<'a> NarrowedTable<'a> {
    pub(super) fn key(self, b: &mut PlanContext<'_>) -> Result<KeyedTable<'a>, Unplannable> {
        let NarrowedTable { mut planner, solution, inputs } = self;
        let mut plan = planner.keyed(b, &solution, &inputs)?;
        planner.settle_entries(b, &mut plan);
        planner.settle_places(b, &mut plan);
        Ok(KeyedTable { planner, plan })
    }
}

impl KeyedTable<'_> {
    /// Checks the conditions that overrides and existing rows impose on the rows.
    pub(super) fn verify(self, b: &PlanContext<'_>, parents: &[TablePlan]) -> Result<TrialOutcome, Unplannable> {
        let KeyedTable { planner, mut plan } = self;
        if !planner.keeps_orderings(&plan) {
            return Ok(TrialOutcome::Unordered);
        }
        if !planner.keeps_sides(&plan) {
            return Ok(TrialOutcome::Unsided);
        }
        if !planner.keeps_changes(b, &plan) {
            return Ok(TrialOutcome::Unchanged);
        }
        planner.check_distributions(b, &plan)?;
        planner.fixed_rows(b, &plan)?;
        planner.keeps_counts(b, &plan)?;
        planner.keeps_pairs(b, &plan)?;
        planner.keeps_formulas(b, &plan)?;
        planner.keeps_shares(b, &mut plan)?;
        let early = planner.early_moments(b, parents, &plan);
        plan.notes.extend(early);
        Ok(match planner.overlapping(b, &plan)? {
            None => TrialOutcome::Plan(Box::new(plan)),
            Some(name) => TrialOutcome::Overlaps(name.to_owned()),
        })
    }
}
