//! Learned combinations of labels: columns that take their values together.

use std::sync::Arc;

use crate::context::PlanContext;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_plan::{Rule, TablePlan};
use dbmocker_profile::Group;

/// The least share of the rows that the combinations must have in total.
const WHOLE: f64 = 0.97;
/// Weights are integers that add up to about this.
const WEIGHTS: f64 = 1e9;

/// Draws the columns of each group together; of groups that share columns, the widest comes first.
pub(super) fn apply(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    for (p, table) in tables.iter_mut().enumerate() {
        let index = b.order[p];
        if table.rows == 0 || b.has_failed(index) {
            continue;
        }
        let mut groups: Vec<Group> = b.table_profile(index).map_or(Vec::new(), |profile| profile.groups.clone());
        groups.sort_by_key(|group| std::cmp::Reverse(group.columns.len()));
        let mut changed = false;
        for group in groups {
            match draw_together(table, &group) {
                Some(()) => changed = true,
                None => table.notes.push(format!(
                    "profile: that `{}` depend on each other is not reproduced",
                    group.columns.join("`, `")
                )),
            }
        }
        if changed {
            b.generator.replace(b.options.seed, p, table);
        }
    }
}

/// Sets the rules of a group's columns; `None` if one of them is determined otherwise, or has other values.
fn draw_together(table: &mut TablePlan, group: &Group) -> Option<()> {
    let position = |name: &String| table.columns.iter().position(|c| c.name == *name);
    let columns: Vec<usize> = group.columns.iter().map(position).collect::<Option<_>>()?;
    let total: f64 = group.common.iter().map(|c| c.share).sum();
    if columns.len() < 2 || total < WHOLE {
        return None;
    }
    let values_of = |(place, c): (usize, &usize)| {
        let column = &table.columns[*c];
        let Rule::Draw { domain: Domain::Choice { values, .. } } = &column.rule else { return None };
        let learned = column.reason.starts_with("profile: ") && column.presence.is_none();
        if !learned || column.law.is_some() || column.group.is_some() || column.correlated.is_some() {
            return None;
        }
        let value = |label: &Option<String>| match label {
            Some(label) => values.iter().find(|v| v.to_string() == *label).cloned(),
            None => column.nullable.then_some(Value::Null),
        };
        group.common.iter().map(|combination| value(combination.labels.get(place)?)).collect::<Option<Vec<_>>>()
    };
    let values: Vec<Vec<Value>> = columns.iter().enumerate().map(values_of).collect::<Option<_>>()?;
    let weight = |share: f64| ((share / total * WEIGHTS).round() as u32).max(1); // at most WEIGHTS
    let weights: Arc<Vec<u32>> = Arc::new(group.common.iter().map(|c| weight(c.share)).collect());
    let of = format!("profile {}", group.columns.join(","));
    for (c, values) in columns.into_iter().zip(values) {
        let column = &mut table.columns[c];
        let others: Vec<&str> = group.columns.iter().filter(|n| **n != column.name).map(String::as_str).collect();
        column.reason += &format!("; together with `{}`", others.join("`, `"));
        column.rule =
            Rule::Listed { of: of.clone(), values: Arc::new(values), weights: Some(weights.clone()), distinct: false };
        (column.null_share, column.nulls_of) = (0.0, None);
    }
    Some(())
}
