//! Rows that lie within the period of a parent row: the sessions of an event, the phases of a project.

use super::timing::TimedForeignKey;
use super::{PlanContext, TablePlanner};
use crate::coherence::TableMoments;
use dbmocker_plan::{Course, Moment, TablePlan};
use dbmocker_semantics as semantics;

impl TablePlanner<'_> {
    /// Returns the columns of the parent's period, if the rows lie within it by the names of the tables.
    pub(super) fn lies_within(&self, b: &PlanContext<'_>, parent: usize) -> Option<Course> {
        let name = b.schema.tables[b.order[parent]].name.name.as_str();
        if semantics::periods::lies_within(&self.table.name.name, name) { course_of(b, parent) } else { None }
    }

    /// Returns the columns in which what a row describes begins and ends, by their names.
    fn own_period(&self, moments: &TableMoments) -> Option<(Option<usize>, usize)> {
        let name = |c: usize| self.table.columns[c].name.as_str();
        let named: Vec<(usize, &str)> = moments.laws.iter().map(|(c, ..)| (*c, name(*c))).collect();
        semantics::course(&self.table.name.name, &named)
    }

    /// Returns true if a row begins when what it describes begins, not when it was recorded.
    pub(super) fn begins_with_start(&self) -> bool {
        let Some(main) = self.moments.main else { return true };
        let recorded = semantics::stage(&self.table.name.name, &self.table.columns[main].name);
        recorded != Some(semantics::Stage::Begun)
    }

    /// Returns the moments of rows that were recorded before they begin: what they describe begins and ends within the
    /// parent's period.
    pub(super) fn within_period(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        moments: &TableMoments,
        leads: &[TimedForeignKey],
    ) -> Option<TableMoments> {
        let (Some(start), end) = self.own_period(moments)? else { return None };
        if moments.main == Some(start) || moments.main == Some(end) || start == end {
            return None;
        }
        let (foreign, period) = leads.iter().find_map(|lead| self.period_of(b, plan, lead))?;
        // A CHECK may order these columns after others.
        let orders = self.ordered_columns();
        if orders.iter().any(|&(low, high)| high == start || high == end && low != start) {
            return None;
        }
        let text = period_text(b, plan, foreign, period);
        let mut out = moments.clone();
        for (c, at, _, says) in &mut out.laws {
            if *c == start {
                (*at, *says) = (Moment::Within { foreign, period }, text.clone());
            } else if *c == end {
                *at = Moment::Until { of: Some(start), foreign, period };
                *says = format!("after {}, {text}", self.table.columns[start].name);
            }
        }
        Some(out)
    }

    /// Returns the moments of rows that begin within the parent's period: they also end within it.
    pub(super) fn until_end(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        moments: &TableMoments,
        (foreign, period): (usize, Course),
    ) -> Option<TableMoments> {
        self.lies_within(b, plan.foreign[foreign].parent_table?)?;
        let (start, end) = self.own_period(moments)?;
        if moments.main == Some(end) || start.is_some() && start != moments.main {
            return None;
        }
        let mut out = moments.clone();
        let (_, at, _, says) = out.laws.iter_mut().find(|(c, ..)| *c == end)?;
        // What follows another column than the start keeps its order.
        at.after().filter(|of| of.is_none() || *of == moments.main)?;
        *at = Moment::Until { of: at.after().flatten(), foreign, period };
        *says += &format!(", {}", period_text(b, plan, foreign, period));
        Some(out)
    }

    /// Returns the foreign key and the columns of the parent's period within which the rows lie.
    fn period_of(&self, b: &PlanContext<'_>, plan: &TablePlan, lead: &TimedForeignKey) -> Option<(usize, Course)> {
        let f = &plan.foreign[lead.foreign];
        let certain = f.null_columns.is_empty() && f.existing_count == 0;
        let parent = f.parent_table.filter(|_| certain)?;
        Some((lead.foreign, self.lies_within(b, parent)?))
    }
}

/// Returns the columns of moments between which a row of a planned table takes its course.
pub(super) fn course_of(b: &PlanContext<'_>, parent: usize) -> Option<Course> {
    let name = b.schema.tables[b.order[parent]].name.name.as_str();
    let columns = b.generator.table(parent).columns.iter().enumerate();
    let named: Vec<(usize, &str)> = columns.filter(|(_, c)| c.has_moment()).map(|(i, c)| (i, &*c.name)).collect();
    let (from, to) = semantics::course(name, &named)?;
    Some(Course { from, to })
}

/// Describes the period of a foreign key's parent.
pub(super) fn period_text(b: &PlanContext<'_>, plan: &TablePlan, foreign: usize, period: Course) -> String {
    let f = &plan.foreign[foreign];
    let parent = &f.parent.name;
    let Some(compiled) = f.parent_table.map(|p| b.generator.table(p)) else { return format!("within {parent}") };
    let name = |c: usize| compiled.columns[c].name.as_str();
    match period.from {
        Some(from) => format!("within {parent}.{} to {}", name(from), name(period.to)),
        None => format!("up to {parent}.{}", name(period.to)),
    }
}
