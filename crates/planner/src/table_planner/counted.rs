//! Parent selections whose parents have aggregate columns: the rows of a parent must be computable from its row number.

use super::{PlanContext, TablePlanner};
use crate::coherence::is_asked;
use dbmocker_plan::{ColumnPlan, ForeignKeyPlan, LawPlan, ParentChoice, Rule, TablePlan};

/// Maximum number of periods, and minimum number of rows of one.
const PERIODS: u64 = 64;
const ROWS: u64 = 256;

impl TablePlanner<'_> {
    /// Returns true if a column of the parent aggregates the rows that refer to it.
    pub(super) fn is_aggregated(&self, b: &PlanContext<'_>, f: &ForeignKeyPlan) -> bool {
        let Some(of) = f.parent_table.filter(|&p| p < self.position).map(|p| b.order[p]) else { return false };
        let named = b.coherent(self.index) && b.coherent(of);
        b.formulas.aggregate(of, self.index, &f.columns)
            || named && is_asked(&b.schema.tables[of], self.table, &f.columns)
    }

    /// If a parent has a column that aggregates these rows, replaces a selection by hash with one that has an inverse.
    pub(super) fn count_children(&self, b: &PlanContext<'_>, plan: &mut TablePlan) {
        if self.rows_given() || plan.attempt_table.is_some() || plan.rows == 0 {
            return;
        }
        for (foreign, f) in plan.foreign.iter().enumerate() {
            let Some(parent) = f.parent_table.filter(|&p| p < self.position) else {
                continue;
            };
            let source = &plan.sources[f.source];
            let rows = b.generator.table(parent).rows;
            let size = source.candidates(f.existing_count + rows).min(source.within.unwrap_or(u64::MAX));
            let owned = |&c: &usize| {
                matches!(plan.columns[c].rule, Rule::Foreign { foreign: by, .. } if by == foreign)
                    && plan.columns[c].group.is_none()
            };
            let by_hash = matches!(source.pick, ParentChoice::Skewed | ParentChoice::Spread { .. });
            let alone = source.members.len() == 1
                && source.partners <= 1
                && source.meets.is_none()
                && f.columns.iter().all(owned);
            // A key that follows this one is counted through it.
            let leads = plan.foreign.iter().any(|other| {
                let met = plan.sources[other.source].meets.as_ref();
                met.is_some_and(|met| met.by == foreign && met.down.is_empty()) && self.is_aggregated(b, other)
            });
            // A balance or a counter goes on from the row before of the same owner.
            let flow =
                |c: &ColumnPlan| c.law.as_ref().and_then(LawPlan::flow).is_some_and(|f| f.foreign == Some(foreign));
            let owns = plan.columns.iter().any(flow);
            if size > 0 && by_hash && alone && (leads || owns || self.is_aggregated(b, f)) {
                let source = &mut plan.sources[f.source];
                // Within a period, the row before another one of its parent is looked for.
                let periods = (plan.rows / ROWS).clamp(1, PERIODS);
                source.pick = ParentChoice::Active {
                    existing: vec![size; usize::try_from(periods).unwrap_or(1)],
                    weights: Vec::new(),
                };
                source.reason += "; in an order that can be computed";
            }
        }
    }
}
