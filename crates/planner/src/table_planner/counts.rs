//! Row counts per parent row: sets the parent selection, and checks that nothing else determines it.

use super::{PlanContext, TablePlanner};
use crate::error::constraints::{CountConflict, CountedError};
use crate::row_counts::CountedParent;
use dbmocker_plan::{CompositeKey, ParentChoice, ParentSelection, Rule, TablePlan};

impl TablePlanner<'_> {
    /// Returns the foreign key whose parents determine the table's row count.
    pub(super) fn counted_parent<'b>(&self, b: &'b PlanContext<'_>) -> Option<&'b CountedParent> {
        b.counted.get(&self.index)
    }

    /// Returns true if the parents of this foreign key determine the row count.
    pub(super) fn is_counted(&self, b: &PlanContext<'_>, foreign_key: &str) -> bool {
        self.counted_parent(b).is_some_and(|counted| counted.foreign == foreign_key)
    }

    /// Sets the exact numbers of that parent selection, if the foreign key is independent or the first component of a
    /// key.
    pub(super) fn count_rows(
        &self,
        b: &PlanContext<'_>,
        sources: &mut [ParentSelection],
        composite_keys: &mut [CompositeKey],
    ) {
        let Some(counted) = self.counted_parent(b) else { return };
        let Some(foreign) = self.foreign.iter().position(|f| f.name == counted.foreign) else { return };
        let at = self.foreign[foreign].source;
        let (source, size) = (&mut sources[at], self.sources[at].size);
        if source.members[0] != foreign || size != counted.counts.parents() {
            return;
        }
        match source.pick {
            ParentChoice::Component { composite_key, place: 0 } if counted.weights.is_none() => {
                let key = &mut composite_keys[composite_key];
                let room = key.sizes[1..].iter().fold(1u64, |a, &b| a.saturating_mul(b));
                if counted.counts.most() <= room && key.sizes[0] == size {
                    key.counts = Some(counted.counts.clone());
                }
            }
            ParentChoice::OneToOne => {}
            _ if source.combinations.is_some() && source.partners == 0 => {}
            ParentChoice::Skewed
            | ParentChoice::Spread { .. }
            | ParentChoice::Detail { .. }
            | ParentChoice::Together { .. }
            | ParentChoice::Ranked { .. } => {
                source.pick = match &counted.weights {
                    Some(weights) => ParentChoice::Weighted { counts: weights.counts.clone() },
                    None => ParentChoice::Counted { counts: counted.counts.clone() },
                };
            }
            _ => {}
        }
        source.reason.clone_from(&counted.reason);
    }

    /// Checks that the plan has the requested numbers.
    ///
    /// # Errors
    /// The constraint that determines the rows of a parent, or of the table, otherwise.
    pub(super) fn keeps_counts(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), CountedError> {
        let Some(counted) = self.counted_parent(b) else { return Ok(()) };
        let refused = |why| Err(CountedError { requested: counted.reason.clone(), why: Box::new(why) });
        let Some(foreign) = plan.foreign.iter().position(|f| f.name == counted.foreign) else {
            return refused(CountConflict::Implied(counted.foreign.clone()));
        };
        let rows = counted.counts.rows();
        if plan.rows != rows {
            let why = plan.limited_by.as_deref().unwrap_or("a key is full").to_owned();
            return refused(CountConflict::Limited { requested: rows, rows: plan.rows, why });
        }
        let f = &plan.foreign[foreign];
        let source = &plan.sources[f.source];
        let most = counted.counts.most();
        let kept = match &source.pick {
            ParentChoice::Counted { .. } | ParentChoice::Weighted { .. } => true,
            ParentChoice::Component { .. } | ParentChoice::OneToOne if counted.weights.is_some() => {
                return refused(CountConflict::WeightsOfKey);
            }
            ParentChoice::Component { composite_key, place: 0 } => {
                let key = &plan.composite_keys[*composite_key];
                let room = key.sizes[1..].iter().fold(1u64, |a, &b| a.saturating_mul(b));
                if most > room {
                    return refused(CountConflict::KeyRoom { room, reason: key.reason.clone() });
                }
                key.counts.is_some()
            }
            ParentChoice::OneToOne if most > 1 => return refused(CountConflict::KeyOfOne),
            ParentChoice::OneToOne => true,
            _ => false,
        };
        let owned = f.columns.iter().all(|&c| {
            let column = &plan.columns[c];
            matches!(column.rule, Rule::Foreign { foreign: by, .. } if by == foreign)
                && column.group.is_none()
                && column.presence.is_none()
        });
        if !kept || source.meets.is_some() || !f.null_columns.is_empty() {
            return refused(CountConflict::Chosen { parent: f.parent.clone(), reason: source.reason.clone() });
        }
        if !owned {
            return refused(CountConflict::Decided(f.name.clone()));
        }
        Ok(())
    }
}
