//! `--size`: row counts for a size in bytes.
//!
//! In: a request, its plan for row counts, and the size of that plan's rows. Out: the plan whose rows have about the
//! size asked for. Tables keep their proportions: one number changes all of them, the rows of the largest table or the
//! scale of the profile. Sizes grow nearly linearly with it, so a few plans are enough.

use std::sync::Arc;

use super::request::Request;
use crate::error::{Exit, Failure};
use dbmocker_core::humanize;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;
use dbmocker_planner::{LearnedProfile, RowDistribution};

/// Rows of the largest table in the first plan.
const FIRST_ROWS: f64 = 10_000.0;
/// Plans at most.
const TRIES: usize = 8;
/// The relative error at which the search stops, and the largest error allowed for the best plan found.
const CLOSE: f64 = 0.01;
const ENOUGH: f64 = 0.05;

/// Why no plan has the size.
#[derive(Debug, thiserror::Error)]
enum TargetSizeError {
    #[error("--size {}: even with a row for each table and short lists it would be {}; give a larger size, or fewer tables", humanize::bytes(*wanted), humanize::bytes(*least))]
    Small { wanted: u64, least: u64 },
    #[error("--size {}: the tables hold no more rows than {}{}; give a smaller size", humanize::bytes(*wanted), humanize::bytes(*found), limited.concat())]
    Limited { wanted: u64, found: u64, limited: Vec<String> },
    #[error("--size {}: no row counts come closer than {}; give --rows instead", humanize::bytes(*wanted), humanize::bytes(*found))]
    NotFound { wanted: u64, found: u64 },
}

/// A plan and the bytes of its rows.
type Sized = (Plan, Arc<Generator>, f64);

/// Makes the plan of a request.
type BuildPlan<'a> = &'a dyn Fn(&Request) -> Result<(Plan, Arc<Generator>), Failure>;

/// Measures a plan, in bytes.
type MeasurePlan<'a> = &'a dyn Fn(&Plan, &Arc<Generator>) -> Result<f64, Failure>;

/// Finds the plan with `size` bytes; `how` describes, for messages, what was estimated and how.
///
/// # Errors
/// A plan cannot be made or measured, or none has the size.
pub fn plan_of_size(
    request: &Request,
    size: u64,
    how: &str,
    build: BuildPlan<'_>,
    measure: MeasurePlan<'_>,
) -> Result<(Plan, Arc<Generator>), Failure> {
    let target = size as f64;
    let least = if request.profile.is_some() { f64::MIN_POSITIVE } else { 1.0 };
    let mut factor = if request.profile.is_some() { 1.0 } else { FIRST_ROWS };
    let mut tried: Vec<(f64, f64)> = Vec::new();
    let mut best: Option<Sized> = None;
    let far = |bytes: f64| (bytes / target - 1.0).abs();
    for _ in 0..TRIES {
        let (plan, generator) = build(&scaled_to(request, factor))?;
        let bytes = measure(&plan, &generator)?;
        if best.as_ref().is_none_or(|(.., before)| far(bytes) < far(*before)) {
            best = Some((plan, generator, bytes));
        }
        tried.push((factor, bytes));
        let next = next_dial(&tried, target).max(least);
        let next = if request.profile.is_some() { next } else { next.round() };
        if far(bytes) <= CLOSE || tried.iter().any(|(d, _)| (d / next - 1.0).abs() < 1e-9) {
            break;
        }
        factor = next;
    }
    let (mut plan, generator, bytes) = best.expect("a plan was made");
    if far(bytes) > ENOUGH {
        return Err(Failure::new(Exit::Source, why(&plan, size, bytes, tried.iter().any(|(d, _)| *d <= least))));
    }
    plan.sized = Some(format!(
        "--size {}: these row counts are estimated to be {} {how}",
        humanize::bytes(size),
        humanize::bytes(bytes as u64)
    ));
    Ok((plan, generator))
}

/// The request with another number of rows, or another scale.
fn scaled_to(request: &Request, factor: f64) -> Request {
    match &request.profile {
        Some(learned) => {
            let profile = Some(LearnedProfile { scale: factor, rows: true, ..learned.clone() });
            Request { profile, ..request.clone() }
        }
        // The conversion saturates.
        None => Request { rows: factor as u64, shape: RowDistribution::Largest, ..request.clone() },
    }
}

/// The next number to try: on the line through the last two points.
fn next_dial(tried: &[(f64, f64)], target: f64) -> f64 {
    match tried {
        [.., (d0, b0), (d1, b1)] if (b1 - b0).abs() > 1.0 && (d1 - d0) * (b1 - b0) > 0.0 => {
            let next = d1 + (target - b1) * (d1 - d0) / (b1 - b0);
            next.clamp(d1 / 1e6, d1 * 1e6)
        }
        [.., (d, b)] => d * target / b.max(1.0),
        [] => FIRST_ROWS,
    }
}

fn why(plan: &Plan, wanted: u64, found: f64, at_least: bool) -> TargetSizeError {
    let found = found as u64;
    let limited = plan.tables.iter().filter_map(|t| Some(format!("\n  `{}`: {}", t.name, t.limited_by.as_ref()?)));
    let limited: Vec<String> = limited.collect();
    match () {
        () if found > wanted && at_least => TargetSizeError::Small { wanted, least: found },
        () if found < wanted && !limited.is_empty() => TargetSizeError::Limited { wanted, found, limited },
        () => TargetSizeError::NotFound { wanted, found },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_met_in_a_few_steps() {
        // Lists and empty files have a constant size.
        let size = |rows: f64| 100_000.0 + 120.0 * rows + 3.0 * rows.sqrt();
        for target in [2e5, 1e7, 1e10, 1e13] {
            let mut tried = vec![(FIRST_ROWS, size(FIRST_ROWS))];
            while (tried.last().unwrap().1 / target - 1.0).abs() > CLOSE {
                let next = next_dial(&tried, target);
                tried.push((next, size(next)));
            }
            assert!(tried.len() <= 4, "{target}: {tried:?}");
        }
    }
}
