//! Laws that need the place of a row among those of its parent, where rows have none.

use super::{PlanContext, TablePlanner};
use dbmocker_plan::{Formula, Law, TablePlan};

impl TablePlanner<'_> {
    /// Replaces laws by the draw, or by the parent's whole value, if the rows of a parent are not consecutive.
    pub(super) fn settle_places(&self, b: &mut PlanContext<'_>, plan: &mut TablePlan) {
        let position = self.position;
        let mut changed = false;
        for column in &mut plan.columns {
            let Some(law) = &mut column.law else { continue };
            let foreign = match &law.law {
                Law::StatusPath { foreign, .. } => *foreign,
                Law::Number { expr: Formula::Or(first, _), .. } => match **first {
                    Formula::Portion { foreign, .. } => foreign,
                    _ => continue,
                },
                _ => continue,
            };
            let placed = plan.rows == 0 || b.generator.child(position, foreign, 0).is_some();
            match &mut law.law {
                // Its NULLs are those of the first changes.
                Law::StatusPath { .. } if placed => (column.null_share, column.presence) = (0.0, None),
                Law::StatusPath { .. } => {
                    column.law = None;
                    column.reason += "; not a path: the rows of a parent are not consecutive";
                }
                Law::Number { expr, .. } if !placed => {
                    if let Formula::Or(_, whole) = expr.clone() {
                        *expr = *whole;
                    }
                    law.text = law.text.replace(crate::coherence::PORTION, "");
                }
                _ => continue,
            }
            changed = true;
        }
        if changed {
            b.generator.replace(b.options.seed, position, plan);
        }
    }
}
