//! Learned shares of NULL for each value of another column, such as a status.

use crate::context::PlanContext;
use crate::table_planner;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_plan::{ColumnPlan, Presence, Rule, TablePlan};

/// Makes NULLs depend on the other column, where nothing but the profile decides which rows have them.
pub(super) fn apply(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    for (p, table) in tables.iter_mut().enumerate() {
        let index = b.order[p];
        if table.rows == 0 || b.has_failed(index) {
            continue;
        }
        let mut changed = false;
        for c in 0..table.columns.len() {
            let name = table.columns[c].name.clone();
            let Some(by) =
                b.column_profile(index, &name).and_then(|known| Some(known.nulls_by.as_ref()?.column.clone()))
            else {
                continue;
            };
            match presence(b, index, table, c) {
                Some(presence) => {
                    set(table, c, presence);
                    changed = true;
                }
                None => table.notes.push(format!("profile: NULLs of `{name}` by `{by}` are not reproduced")),
            }
        }
        if changed {
            b.generator.replace(b.options.seed, p, table);
        }
    }
}

fn presence(b: &PlanContext<'_>, index: usize, table: &TablePlan, c: usize) -> Option<Presence> {
    let column = &table.columns[c];
    let learned = b.column_profile(index, &column.name)?.nulls_by.as_ref()?;
    let by = table.columns.iter().position(|other| other.name == learned.column).filter(|by| *by != c)?;
    let decider = &table.columns[by];
    let values = match &decider.rule {
        Rule::Draw { domain: Domain::Choice { values, .. } } => values.clone(),
        Rule::Listed { values, .. } => {
            let mut distinct: Vec<Value> = Vec::new();
            values.iter().filter(|v| !v.is_null()).for_each(|v| {
                if !distinct.contains(v) {
                    distinct.push(v.clone());
                }
            });
            distinct
        }
        _ => return None,
    };
    let plain = decider.law.is_none() && decider.correlated.is_none() && decider.group.is_none();
    if !plain || !may_lack(b, index, table, c) || table_planner::decides(&table.columns, c, by) {
        return None;
    }
    let otherwise = 1.0 - b.column_profile(index, &column.name)?.nulls?;
    let share = |value: &Value| learned.shares.get(&value.to_string()).map_or(otherwise, |nulls| 1.0 - nulls);
    let shares = values.iter().map(share).collect();
    let of = format!("{} profile", decider.name);
    Some(Presence { by, of, values, shares, otherwise, instead: None })
}

/// Returns true if the profile decides which rows have no value.
fn may_lack(b: &PlanContext<'_>, index: usize, table: &TablePlan, c: usize) -> bool {
    let column = &table.columns[c];
    let by_rule = match column.rule {
        Rule::Draw { .. } => true,
        Rule::Foreign { foreign: f, .. } => {
            let foreign = &table.foreign[f];
            foreign.null_columns == [c]
                && foreign.columns == [c]
                && foreign.parent_table.is_none_or(|p| b.order[p] != index)
        }
        _ => false,
    };
    let replaces = column.presence.as_ref().is_some_and(|p| p.instead.is_some());
    let overridden = b.overrides.column(index, c).is_some_and(|w| w.null_probability.is_some());
    by_rule
        && column.nullable
        && b.nullable(index, c)
        && column.group.is_none()
        && column.duplicates.is_none()
        && !column.computed
        && !replaces
        && !overridden
        && !table.keys.iter().any(|key| key.columns.contains(&column.name))
        && !b.schema.tables[index].checks.iter().any(|check| check.text.contains(column.name.as_str()))
}

fn set(table: &mut TablePlan, c: usize, presence: Presence) {
    if let Rule::Foreign { foreign: f, .. } = table.columns[c].rule {
        table.foreign[f].null_share = 0.0;
    }
    let by = table.columns[presence.by].name.clone();
    let column: &mut ColumnPlan = &mut table.columns[c];
    column.nulls_of = None;
    column.reason += &format!("; profile: NULL by `{by}`");
    column.presence = Some(presence);
}
