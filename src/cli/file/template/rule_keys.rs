//! The rule of a planned column as keys of the config file.

use dbmocker_core::value::Value;
use dbmocker_domain::range_units::of_units;
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_plan::{ColumnPlan, Rule};
use dbmocker_semantics::generators;

/// Values that a list has at most.
const MOST: usize = 40;

/// The keys; `None` where the rule follows from others: of keys, other columns, or the server.
pub(super) fn of(column: &ColumnPlan) -> Option<String> {
    let follows = column.law.is_some() || column.group.is_some() || column.correlated.is_some();
    if follows || column.presence.is_some() || column.computed {
        return None;
    }
    let Rule::Draw { domain } = &column.rule else { return None };
    let mut keys = values(domain)?;
    if column.null_share > 0.0 && column.nullable {
        keys += &format!(", null_probability: {:.3}", column.null_share);
    }
    Some(keys)
}

fn values(domain: &Domain) -> Option<String> {
    match domain {
        Domain::Choice { values, weights: None } if values.len() <= MOST => {
            let values: Vec<String> = values.iter().map(scalar).collect::<Option<_>>()?;
            Some(format!("possible_values: [{}]", values.join(", ")))
        }
        Domain::Choice { values, weights: Some(weights) } if values.len() <= MOST => {
            let pairs =
                values.iter().zip(weights).map(|(v, w)| Some(format!("{{value: {}, weight: {w}}}", scalar(v)?)));
            Some(format!("weighted_values: [{}]", pairs.collect::<Option<Vec<String>>>()?.join(", ")))
        }
        Domain::Range { kind, lo, hi, .. } if *kind != RangeKind::Interval => {
            let (from, to) = (scalar(&of_units(*kind, *lo))?, scalar(&of_units(*kind, *hi))?);
            Some(format!("min_value: {from}, max_value: {to}"))
        }
        Domain::Float { lo, hi, .. } => Some(format!("min_value: {lo}, max_value: {hi}")),
        Domain::Text(text) => {
            let found = generators().into_iter().find(|g| g.kind == text.kind)?;
            Some(format!("generator_function: {}", found.name))
        }
        _ => None,
    }
}

/// A value in YAML.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Int(_) | Value::Decimal { .. } | Value::Float(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Text(_) | Value::Date(_) | Value::Time(_) | Value::Timestamp(_) => {
            Some(super::quoted(&value.to_string()))
        }
        _ => None,
    }
}
