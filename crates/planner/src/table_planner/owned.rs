//! Tables whose rows divide the time of an owner: series of readings, periods of validity.

use super::timing::{ParentTiming, TimedForeignKey};
use super::{PlanContext, TablePlanner};
use crate::coherence::{MomentColumn, TableMoments};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_plan::{Began, Clock, Form, KeyLayout, Moment, Owned, ParentChoice, Rule, TablePlan};
use dbmocker_semantics as semantics;

/// Maximum length of a series of a whole table, in microseconds.
const SERIES: i64 = 40 * 365 * MICROS_PER_DAY;

/// The columns of such a table.
struct OwnedMoments {
    main: MomentColumn,
    owner: Option<usize>,
    step: Option<i64>,
    /// The column of a period's end.
    end: Option<usize>,
}

impl TablePlanner<'_> {
    /// Sets the law of start times within an owner's time; returns the ordered moments of the row, if there is one.
    pub(super) fn owned(
        &self,
        b: &PlanContext<'_>,
        plan: &mut TablePlan,
        leads: &mut [TimedForeignKey],
        mut otherwise: Clock,
    ) -> Option<TableMoments> {
        let found = self.in_a_key(b, plan, leads).or_else(|| self.periods(plan, leads))?;
        let owner = leads.iter().find(|l| Some(l.foreign) == found.owner);
        if let Some(lead) = owner.filter(|l| l.choice == ParentTiming::Free) {
            let source = &mut plan.sources[plan.foreign[lead.foreign].source];
            source.pick = ParentChoice::Detail { even: false };
            source.reason = "one timeline for each, its rows together".into();
            let name = &self.table.columns[found.main.column].name;
            let parent = &plan.foreign[lead.foreign].parent.name;
            for key in plan.keys.iter_mut().filter(|key| key.columns.contains(name)) {
                key.how = format!("`{name}` differs in the rows of each `{parent}`");
            }
        }
        let unit = if in_days(found.main.form) { MICROS_PER_DAY } else { MICROS_PER_SECOND };
        otherwise.from = found.main.from.min(otherwise.to - MICROS_PER_DAY);
        // A series of the whole table goes back as far as its rows need.
        if let (None, Some(step)) = (found.owner, found.step) {
            let span = i64::try_from(plan.rows + 2).unwrap_or(i64::MAX).saturating_mul(step * MICROS_PER_SECOND);
            otherwise.from = otherwise.from.min(otherwise.to - span.min(SERIES));
        }
        plan.began = Some(Began::Owned(Owned {
            foreign: found.owner,
            timed: owner.is_some_and(|l| l.timed),
            step: found.step,
            unit,
            otherwise,
        }));
        let kept: Vec<MomentColumn> = self.kept.iter().chain(&self.keyed).copied().collect();
        let kept: Vec<MomentColumn> = kept.into_iter().filter(|k| Some(k.column) != found.end).collect();
        let mut moments = TableMoments::new(self.table, &kept, Some(found.main.column), &self.ordered_columns());
        if let Some(end) = found.end.and_then(|c| self.kept.iter().find(|k| k.column == c)) {
            let nullable = plan.columns[end.column].nullable;
            let text = format!("the next {}; open for the last one", self.table.columns[found.main.column].name);
            moments.laws.push((end.column, Moment::Next { nullable }, end.form, text));
        }
        Some(moments)
    }

    /// Finds a moment that is unique together with its owner, or by itself.
    fn in_a_key(&self, b: &PlanContext<'_>, plan: &TablePlan, leads: &[TimedForeignKey]) -> Option<OwnedMoments> {
        if plan.existing > 0 || plan.attempt_table.is_some() || b.rows_before(self.index) > 0 {
            return None;
        }
        let owner_of = |main: &MomentColumn| match plan.columns[main.column].rule {
            Rule::Component { composite_key, place: 1.., .. } => {
                let owned = plan.composite_keys[composite_key].law == KeyLayout::FanOut;
                let leads = leads.iter().filter(|_| owned);
                let of = |l: &&TimedForeignKey| {
                    let source = &plan.sources[plan.foreign[l.foreign].source];
                    source.pick == ParentChoice::Component { composite_key, place: 0 } && source.members.len() == 1
                };
                leads.into_iter().find(of).map(|l| Some(l.foreign))
            }
            Rule::Unique { size, total, .. } if size == total => self.owner_in_keys(plan, main.column, leads),
            _ => None,
        };
        let dated = |k: &&MomentColumn| {
            plan.columns[k.column].group.is_none() && matches!(k.form, Form::Date | Form::Timestamp)
        };
        let (main, owner) = self.keyed.iter().filter(dated).find_map(|k| Some((*k, owner_of(k)?)))?;
        let end = self.end_of(plan, main.column, owner.is_some());
        let name = &self.table.columns[main.column].name;
        let length = |k: &MomentColumn| {
            let days = semantics::periods::days(&self.table.name.name, name, &self.table.columns[k.column].name)?;
            (k.future && in_days(k.form) == in_days(main.form)).then_some(days * 86_400)
        };
        let length = self.kept.iter().find_map(length);
        let step = length.or_else(|| semantics::step(&self.table.name.name, name)).filter(|_| end.is_none());
        // Without an owner the whole table is one series.
        let step = if owner.is_none() { step.or(Some(if in_days(main.form) { 86_400 } else { 900 })) } else { step };
        let step = step.map(|s| if in_days(main.form) { s.max(86_400) } else { s });
        Some(OwnedMoments { main, owner, step, end })
    }

    /// Returns the foreign key that every key over the column contains; `Some(None)` if there is no such foreign key,
    /// `None` if no key contains the column.
    fn owner_in_keys(&self, plan: &TablePlan, c: usize, leads: &[TimedForeignKey]) -> Option<Option<usize>> {
        let keys: Vec<_> = plan.keys.iter().filter(|k| k.columns.contains(&plan.columns[c].name)).collect();
        let holds = |l: &&TimedForeignKey| {
            let own = &plan.foreign[l.foreign].columns;
            keys.iter().all(|k| own.iter().all(|&c| k.columns.contains(&plan.columns[c].name)))
        };
        let empty = |l: &&TimedForeignKey| plan.sources[plan.foreign[l.foreign].source].first == 0;
        let free =
            |l: &&TimedForeignKey| l.choice == ParentTiming::Free && plan.foreign[l.foreign].null_columns.is_empty();
        let owner = leads.iter().filter(free).filter(empty).find(holds);
        if keys.is_empty() { None } else { Some(owner.map(|l| l.foreign)) }
    }

    /// Finds the start and end of a period of validity for an owner.
    fn periods(&self, plan: &TablePlan, leads: &mut [TimedForeignKey]) -> Option<OwnedMoments> {
        let ends = |k: &&MomentColumn| self.end_of(plan, k.column, true).is_some();
        let main = *self.kept.iter().find(ends)?;
        let table = &self.table.name.name;
        let lies = |l: &&mut TimedForeignKey| l.choice == ParentTiming::Consecutive;
        let owner = match leads.iter_mut().find(lies) {
            Some(lying) => lying.foreign,
            None => {
                let free = |l: &&TimedForeignKey| {
                    l.choice == ParentTiming::Free && plan.sources[plan.foreign[l.foreign].source].first == 0
                };
                let parent = |l: &TimedForeignKey| plan.foreign[l.foreign].parent.name.clone();
                let named = leads.iter().filter(free).find(|l| semantics::roles::is_named_after(table, &parent(l)));
                let timed = || leads.iter().filter(free).find(|l| l.timed);
                named.or_else(timed).or_else(|| leads.iter().find(free))?.foreign
            }
        };
        Some(OwnedMoments { main, owner: Some(owner), step: None, end: self.end_of(plan, main.column, true) })
    }

    /// Returns the column that holds the end of the period that starts at `start`.
    fn end_of(&self, plan: &TablePlan, start: usize, owned: bool) -> Option<usize> {
        let name = |c: usize| self.table.columns[c].name.as_str();
        let form = |c: usize| self.kept.iter().chain(&self.keyed).find(|k| k.column == c).map(|k| k.form);
        let ends = |k: &&MomentColumn| {
            k.column != start
                && form(k.column) == form(start)
                && plan.columns[k.column].group.is_none()
                && semantics::is_validity(&self.table.name.name, name(start), name(k.column))
        };
        self.kept.iter().filter(|_| owned).find(ends).map(|k| k.column)
    }
}

fn in_days(form: Form) -> bool {
    matches!(form, Form::Date | Form::DateText)
}
