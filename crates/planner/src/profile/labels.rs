//! Values stored in a profile, converted from text to the column's type.

use crate::apply_override;
use crate::table_planner::LearnedScope;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_plan::Scalar;
use dbmocker_profile::{ColumnProfile, Labels};

/// Weights are integers that add up to about this.
const WEIGHTS: f64 = 1e9;

/// Returns the stored values of a column, with their shares of the rows that are not NULL; values that the column
/// cannot hold are omitted. `None` if the profile stores no values.
pub(super) fn values(scope: &LearnedScope<'_>, profile: &ColumnProfile) -> Option<Vec<(Value, f64)>> {
    if profile.labels == Some(Labels::Masked) || profile.common.is_empty() {
        return None;
    }
    let filled = 1.0 - profile.nulls.unwrap_or(0.0);
    if filled <= 0.0 || profile.common.iter().any(|c| c.label.is_none()) {
        return None;
    }
    let value = |label: &str| {
        let read =
            apply_override::typed_value(scope.column, scope.allowed, &Scalar::Text(label.into()), Dialect::Sqlite)
                .ok()?;
        is_allowed(scope.allowed, &read).then_some(read)
    };
    let of = |c: &dbmocker_profile::Common| Some((value(c.label.as_deref()?)?, c.share / filled));
    let known: Vec<(Value, f64)> = profile.common.iter().filter_map(of).collect();
    (!known.is_empty()).then_some(known)
}

fn is_allowed(domain: &Domain, value: &Value) -> bool {
    // CHECKs narrow a number to a range in its own unit.
    match (domain, value) {
        (Domain::Range { kind, lo, hi, .. }, value) => dbmocker_domain::range_units::units(*kind, value)
            .is_some_and(|(n, exact)| exact && (*lo..=*hi).contains(&n)),
        (domain, value) => domain.contains(value),
    }
}

/// Returns the list of values as a domain.
pub(super) fn choice(known: &[(Value, f64)]) -> Domain {
    let total: f64 = known.iter().map(|(_, share)| share).sum();
    let weight = |share: f64| ((share / total * WEIGHTS).round() as u32).max(1); // at most WEIGHTS
    Domain::Choice {
        values: known.iter().map(|(value, _)| value.clone()).collect(),
        weights: Some(known.iter().map(|(_, share)| weight(*share)).collect()),
    }
}
