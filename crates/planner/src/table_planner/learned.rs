//! Columns and foreign keys with statistics in a profile.

use std::collections::BTreeSet;

use super::{PlanContext, TablePlanner};
use crate::profile;
use dbmocker_core::schema::Column;
use dbmocker_domain::Domain;
use dbmocker_plan::{ForeignKeyPlan, ParentChoice, ParentSelection, Rule, TablePlan};

/// A learned column, and the values that its type and CHECKs allow.
pub(crate) struct LearnedScope<'a> {
    /// Index into the schema's tables.
    pub table: usize,
    pub column: &'a Column,
    pub allowed: &'a Domain,
    pub nullable: bool,
    /// Share of NULLs by the config file.
    pub nulls: Option<f64>,
    /// Sample size from which the profile's server estimates the number of distinct values.
    pub sampled: Option<f64>,
}

impl TablePlanner<'_> {
    /// Stores the table's columns as the profile alone determines them.
    pub(super) fn learn(&self, b: &mut PlanContext<'_>, plan: &mut TablePlan) {
        b.learned.remove(&self.position);
        if b.options.profile.is_none() || self.rows_given() || plan.rows == 0 {
            return;
        }
        let mut coupled = self.coupled(b);
        // What laws keep together, the profile does not tear apart.
        coupled.extend(
            plan.columns
                .iter()
                .enumerate()
                .filter(|(_, c)| c.law.as_ref().is_some_and(|l| l.flow().is_some()))
                .map(|(c, _)| c),
        );
        coupled.extend(self.given_changes.iter().flat_map(|(_, columns)| *columns));
        coupled.extend(self.ordered_columns().into_iter().flat_map(|(low, high)| [low, high]));
        let open: BTreeSet<usize> = (0..plan.columns.len())
            .filter(|&c| {
                let column = &plan.columns[c];
                self.may_follow(b, &coupled, c)
                    && matches!(column.rule, Rule::Draw { .. })
                    && column.group.is_none()
                    && !column.computed
            })
            .collect();
        let allowed = self.allowed_by_checks(b, &open);
        for c in open {
            let Some(allowed) = &allowed[c] else { continue };
            let override_ = b.overrides.column(self.index, c);
            let scope = LearnedScope {
                table: self.index,
                column: &self.table.columns[c],
                allowed,
                nullable: b.nullable(self.index, c) && plan.columns[c].nullable,
                nulls: override_.and_then(|w| w.null_probability),
                sampled: profile::sampled(b),
            };
            if let Some(learned) = scope.learn(b, &plan.columns[c], plan.rows) {
                b.learned.entry(self.position).or_default().insert(c, learned);
            }
        }
    }

    /// Sets the learned fan-outs and NULL shares of foreign keys that nothing else determines.
    pub(super) fn learn_parents(
        &self,
        b: &PlanContext<'_>,
        rows: u64,
        foreign: &mut [ForeignKeyPlan],
        sources: &mut [ParentSelection],
    ) {
        if b.options.profile.is_none() {
            return;
        }
        for f in foreign.iter_mut() {
            let names: Vec<&str> = f.columns.iter().map(|&c| self.table.columns[c].name.as_str()).collect();
            let source = &mut sources[f.source];
            let nulls = |c: &usize| profile::nulls(b, self.index, &self.table.columns[*c].name);
            if !f.null_columns.is_empty()
                && self.override_null_share(b, &f.columns).is_none()
                && let Some(share) = f.columns.iter().find_map(nulls)
            {
                f.null_share = share;
            }
            let free =
                matches!(source.pick, ParentChoice::Skewed | ParentChoice::Spread { .. } | ParentChoice::Detail { .. });
            let Some(parent) = b.schema.tables.iter().position(|t| t.name == f.parent) else { continue };
            let size = self.sources[f.source].size;
            if free
                && source.members.len() == 1
                && source.combinations.is_none()
                && let Some(pick) = profile::parents(b, self.index, &names, parent, (size, rows), &source.pick)
            {
                source.pick = pick;
                source.reason = "profile: its fan-out".into();
            }
        }
    }
}
