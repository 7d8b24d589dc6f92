//! How many rows of a table refer to one row of its parent, as a small picture.

use std::collections::HashMap;

use serde::Serialize;

use dbmocker_core::value::Value;
use dbmocker_generate::batch::GenerateError;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, TablePlan};

/// The most parents whose children are counted, if a formula gives their number.
const PARENTS: u64 = 1000;
/// Where each interval of numbers of children begins.
const BEGIN: [u64; 16] = [0, 1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000];

/// The numbers of children of a foreign key's parents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FanOutPicture {
    /// Parents that were counted: all, or a sample.
    pub parents: u64,
    pub median: u64,
    pub most: u64,
    /// An interval of numbers of children, and how many parents have such a number.
    pub bars: Vec<(String, u64)>,
}

/// Counts the children of a foreign key's parents: exactly if the table has at most `limit` rows, else of a sample of its
/// parents; `None` if no formula gives these.
///
/// # Errors
/// A row cannot be generated.
pub fn fan_out(
    (plan, generator): (&Plan, &Generator),
    (t, foreign): (usize, usize),
    limit: u64,
) -> Result<Option<FanOutPicture>, GenerateError> {
    let table = &plan.tables[t];
    let f = &table.foreign[foreign];
    let parents =
        f.existing_count.max(f.existing_keys.len() as u64) + f.parent_table.map_or(0, |p| plan.tables[p].rows);
    if parents == 0 || table.rows == 0 {
        return Ok(None);
    }
    if table.rows <= limit {
        return exact(table, generator, (t, foreign), parents).map(Some);
    }
    Ok(generator.has_inverse(t, foreign).then(|| {
        let counted = spread(parents, PARENTS).map(|p| generator.children_count(t, foreign, p)).collect();
        FanOutPicture::of(counted)
    }))
}

fn exact(
    table: &TablePlan,
    generator: &Generator,
    (t, foreign): (usize, usize),
    parents: u64,
) -> Result<FanOutPicture, GenerateError> {
    let mut children: HashMap<Vec<String>, u64> = HashMap::new();
    for row in 0..table.rows {
        let key = generator.cells(t, &table.foreign[foreign].columns, row)?;
        if !key.iter().any(Value::is_null) {
            *children.entry(key.iter().map(Value::to_string).collect()).or_default() += 1;
        }
    }
    let without = parents.saturating_sub(children.len() as u64);
    Ok(FanOutPicture::of(children.into_values().chain((0..without).map(|_| 0)).collect()))
}

/// At most `n` of `0..size`, evenly spaced.
pub fn spread(size: u64, n: u64) -> impl Iterator<Item = u64> {
    let n = n.min(size);
    (0..n).map(move |i| (u128::from(i) * u128::from(size) / u128::from(n)) as u64)
}

impl FanOutPicture {
    fn of(mut children: Vec<u64>) -> Self {
        children.sort_unstable();
        let most = children.last().copied().unwrap_or(0);
        let median = children.get(children.len() / 2).copied().unwrap_or(0);
        let below = |n: u64| children.partition_point(|&c| c < n);
        let mut bars = Vec::new();
        for (i, &begin) in BEGIN.iter().enumerate().take_while(|(_, begin)| **begin <= most) {
            let end = BEGIN.get(i + 1).copied();
            let label = match end {
                Some(end) if end == begin + 1 => begin.to_string(),
                Some(end) => format!("{begin} to {}", end - 1),
                None => format!("{begin} and more"),
            };
            bars.push((label, (end.map_or(children.len(), below) - below(begin)) as u64));
        }
        FanOutPicture { parents: children.len() as u64, median, most, bars }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_counted_by_intervals_of_children() {
        let f = FanOutPicture::of(vec![0, 0, 1, 3, 7, 7, 12]);
        assert_eq!((f.parents, f.median, f.most), (7, 3, 12));
        let bars: Vec<(&str, u64)> = f.bars.iter().map(|(l, n)| (&**l, *n)).collect();
        assert_eq!(bars, [("0", 2), ("1", 1), ("2", 0), ("3", 1), ("4", 0), ("5 to 9", 2), ("10 to 19", 1)]);
    }

    #[test]
    fn a_sample_is_spread_over_all() {
        assert_eq!(spread(10, 5).collect::<Vec<_>>(), [0, 2, 4, 6, 8]);
        assert_eq!(spread(3, 5).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(0, 5).count(), 0);
        assert_eq!(spread(u64::MAX, 2).last(), Some(u64::MAX / 2));
    }
}
