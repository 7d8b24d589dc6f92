//! Chooses the rows that are tried.

use std::collections::BTreeSet;

use super::WHOLE;
use dbmocker_core::schema::{Schema, TableName};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, READ_ROWS};

/// First rows of each table of a larger plan, besides the parents that others need.
const FIRST: u64 = 50;

/// The rows of each table that are tried.
pub(super) fn rows(schema: &Schema, plan: &Plan, generator: &Generator) -> Vec<BTreeSet<u64>> {
    if plan.tables.iter().all(|t| t.rows <= WHOLE) {
        return plan.tables.iter().map(|t| (0..t.rows).collect()).collect();
    }
    let mut out = vec![BTreeSet::new(); plan.tables.len()];
    let read = |t: &TableName| schema.tables.iter().any(|table| table.reads.contains(t));
    for t in 0..plan.tables.len() {
        let first = if read(&plan.tables[t].name) { READ_ROWS } else { FIRST };
        for row in 0..plan.tables[t].rows.min(first) {
            let mut found = BTreeSet::new();
            if with_parents(generator, &out, &mut found, t, row) {
                found.into_iter().for_each(|(t, row)| {
                    out[t].insert(row);
                });
            }
        }
    }
    out
}

/// Adds a row and the parents it needs, at any depth; `false` if the parents of a row are unknown, because a CHECK made
/// it choose other parents than its keys would.
fn with_parents(
    generator: &Generator,
    there: &[BTreeSet<u64>],
    found: &mut BTreeSet<(usize, u64)>,
    t: usize,
    row: u64,
) -> bool {
    let mut open = vec![(t, row)];
    while let Some((t, row)) = open.pop() {
        if there[t].contains(&row) || !found.insert((t, row)) {
            continue;
        }
        match generator.parents(t, row) {
            Some(parents) => open.extend(parents),
            None => return false,
        }
    }
    true
}

/// The rows as ranges without gaps.
pub(super) fn runs(rows: &BTreeSet<u64>) -> Vec<std::ops::Range<u64>> {
    let mut out: Vec<std::ops::Range<u64>> = Vec::new();
    for &row in rows {
        match out.last_mut() {
            Some(last) if last.end == row => last.end += 1,
            _ => out.push(row..row + 1),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_without_gaps() {
        let rows: BTreeSet<u64> = [0, 1, 2, 7, 9, 10].into();
        assert_eq!(runs(&rows), [0..3, 7..8, 9..11]);
        assert!(runs(&BTreeSet::new()).is_empty());
    }
}
