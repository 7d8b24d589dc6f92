//! The shares of NULLs that the plan shows for columns which CHECKs couple: measured, since the branches of a CHECK decide
//! them.

use super::context::PlanContext;
use dbmocker_plan::{ColumnPlan, Rule, TablePlan};

/// Number of rows that are generated to measure shares.
const SAMPLE: u64 = 500;
/// Standard deviations by which a measured share differs from the planned one before it is shown instead.
const DEVIATIONS: f64 = 4.0;

/// Sets the measured shares where they differ from the planned ones.
pub(super) fn measure(b: &PlanContext<'_>, tables: &mut [TablePlan]) {
    for (t, table) in tables.iter_mut().enumerate() {
        let shares = table.foreign.iter().map(|f| f.null_share).collect::<Vec<_>>();
        let rows = table.rows;
        for (c, column) in table.columns.iter_mut().enumerate().filter(|(_, column)| is_decided(column)) {
            let planned = match column.rule {
                Rule::Foreign { foreign, .. } => shares[foreign],
                _ => column.null_share,
            };
            column.sampled_nulls = share(b, (t, c), rows).filter(|share| differs(planned, *share, rows.min(SAMPLE)));
        }
    }
}

fn is_decided(column: &ColumnPlan) -> bool {
    column.nullable && column.group.is_some() && column.law.is_none()
}

/// Returns the share of NULLs in rows at equal distances.
fn share(b: &PlanContext<'_>, (t, c): (usize, usize), rows: u64) -> Option<f64> {
    let n = rows.min(SAMPLE);
    let mut nulls = 0;
    for i in 0..n {
        let row = (u128::from(i) * u128::from(rows) / u128::from(n)) as u64; // below the number of rows
        nulls += u64::from(b.generator.cell(t, c, row).ok()?.is_null());
    }
    (n > 0).then(|| nulls as f64 / n as f64)
}

fn differs(planned: f64, found: f64, n: u64) -> bool {
    let deviation = (planned * (1.0 - planned) / n as f64).max(0.0).sqrt();
    (found - planned).abs() > DEVIATIONS * deviation + 0.005
}
