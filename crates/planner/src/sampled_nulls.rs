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
        let decided: Vec<usize> = (0..table.columns.len()).filter(|&c| is_decided(&table.columns[c])).collect();
        let Some(shares) = shares(b, t, &decided, table.rows) else { continue };
        for (c, share) in decided.into_iter().zip(shares) {
            let planned = match table.columns[c].rule {
                Rule::Foreign { foreign, .. } => table.foreign[foreign].null_share,
                _ => table.columns[c].null_share,
            };
            let differs = differs(planned, share, table.rows.min(SAMPLE));
            table.columns[c].sampled_nulls = Some(share).filter(|_| differs);
        }
    }
}

fn is_decided(column: &ColumnPlan) -> bool {
    column.nullable && column.group.is_some() && column.law.is_none()
}

/// Returns each column's share of NULLs in rows at equal distances; `None` without rows, and if one cannot be generated.
fn shares(b: &PlanContext<'_>, t: usize, columns: &[usize], rows: u64) -> Option<Vec<f64>> {
    let n = rows.min(SAMPLE);
    let mut nulls = vec![0_u64; columns.len()];
    if columns.is_empty() || n == 0 {
        return None;
    }
    for i in 0..n {
        let row = (u128::from(i) * u128::from(rows) / u128::from(n)) as u64; // below the number of rows
        let cells = b.generator.cells(t, columns, row).ok()?;
        nulls.iter_mut().zip(cells).for_each(|(nulls, cell)| *nulls += u64::from(cell.is_null()));
    }
    Some(nulls.into_iter().map(|nulls| nulls as f64 / n as f64).collect())
}

fn differs(planned: f64, found: f64, n: u64) -> bool {
    let deviation = (planned * (1.0 - planned) / n as f64).max(0.0).sqrt();
    (found - planned).abs() > DEVIATIONS * deviation + 0.005
}
