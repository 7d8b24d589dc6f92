//! What each rule of a config file did to the plan, and which changed nothing.
//!
//! In: the plan, and the same plan without the rules of columns. Out: lines for `plan`.

use dbmocker_core::schema::Schema;
use dbmocker_plan::{ColumnPlan, Plan, TablePlan};
use dbmocker_planner::{Overrides, fits, resolve};

/// A rule of a column, and what it did.
pub struct RuleEffect {
    pub text: String,
    /// The plan would be the same without it.
    pub idle: bool,
}

/// Returns the overrides without rules of columns, for the other plan.
pub fn without_columns(overrides: &Overrides) -> Overrides {
    let mut out = overrides.clone();
    out.tables.values_mut().for_each(|table| table.columns.clear());
    out
}

/// Returns true if there are rules of columns.
pub fn has_columns(overrides: &Overrides) -> bool {
    overrides.tables.values().any(|table| !table.columns.is_empty())
}

/// Returns what each rule of a column did.
pub fn effects(schema: &Schema, overrides: &Overrides, plan: &Plan, without: Option<&Plan>) -> Vec<RuleEffect> {
    let mut out = Vec::new();
    for (name, override_) in &overrides.tables {
        let own = resolve(schema, name).ok().map(|t| schema.tables[t].name.to_string());
        let of = |table: &&TablePlan| match &own {
            Some(own) => table.name.to_string() == *own,
            None => fits(name, &table.name.to_string()) || fits(name, &table.name.name),
        };
        let tables: Vec<&TablePlan> = plan.tables.iter().filter(of).collect();
        for (column, rule) in &override_.columns {
            let mut idle = true;
            let mut shown = None;
            for table in &tables {
                let Some(c) = table.columns.iter().position(|c| c.name.eq_ignore_ascii_case(column)) else { continue };
                let other = without.and_then(|plan| plan.tables.iter().find(|t| t.name == table.name));
                idle &= other.is_some_and(|other| same(table, other, c));
                let (values, why) = table.column_texts(c);
                shown.get_or_insert_with(|| format!("{}.{}: {values}  -- {why}", table.label, table.columns[c].name));
            }
            let named = shown.as_ref().is_some_and(|text: &String| text.contains(&rule.origin));
            let place = if rule.origin.is_empty() || named { String::new() } else { format!(" ({})", rule.origin) };
            match shown {
                None => {
                    out.push(RuleEffect { text: format!("{name}.{column}{place}: its table gets no rows"), idle: true })
                }
                Some(_) if idle => {
                    out.push(RuleEffect {
                        text: format!("{name}.{column}{place}: it changes nothing, the column would be so without it"),
                        idle,
                    });
                }
                Some(text) => out.push(RuleEffect { text: text + &place, idle }),
            }
        }
    }
    out
}

/// Returns true if a column has the same values under both plans.
fn same(table: &TablePlan, other: &TablePlan, c: usize) -> bool {
    let Some(b) = other.columns.get(c) else { return false };
    let a = &table.columns[c];
    let told = |column: &ColumnPlan, of: &TablePlan| {
        let mut column = column.clone();
        column.reason.clear();
        column.duplicates = None;
        let foreign = of.foreign.iter().filter(|f| f.columns.contains(&c)).map(|f| {
            let source = &of.sources[f.source];
            (f.null_share.to_string(), format!("{:?}", source.pick))
        });
        (serde_json::to_string(&column).ok(), foreign.collect::<Vec<_>>())
    };
    told(a, table) == told(b, other)
}
