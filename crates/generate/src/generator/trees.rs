//! Rows that refer to earlier rows of their table: trees, and columns that hold a row's position in its tree.
//!
//! Wide trees are divided into levels: each row's parent is in the level above, and the children of a parent are
//! consecutive, so depths, subtrees and nested-set numbers are functions of the row number.

use super::parents::ParentChoiceGen;
use super::{Generator, RowError, threshold};
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::value::Value;
use dbmocker_plan::{AnyParent, TreeColumn, TreeShape};

/// Maximum number of levels of a wide tree.
const LEVELS: u32 = 4;
/// Percentage of root rows at most.
const ROOTS: u64 = 25;
/// Share of comments that are no reply.
const BEGIN: f64 = 0.55;
/// Maximum distance, in rows, of a reply from its comment.
const BACK: f64 = 40.0;

#[derive(Debug)]
pub struct TreeGen {
    key: u64,
    /// Number of existing rows: they come first in the parents' index space and get no new children.
    existing_count: u64,
    rooted: bool,
    /// Rows of a thread whose random word lies below are no reply.
    begin_below: u64,
    /// First row and number of rows of each level; empty for threads.
    levels: Vec<(u64, u64)>,
}

impl TreeGen {
    /// Creates the tree of `rows`, with this share of roots if it is not that of the shape.
    pub fn new(
        key: u64,
        shape: TreeShape,
        (rows, share): (u64, Option<f64>),
        existing_count: u64,
        rooted: bool,
    ) -> Self {
        let roots = |usual: u64| share.map_or(usual, |share| ((rows as f64 * share).round() as u64).max(1));
        let levels = match shape {
            TreeShape::Thread => Vec::new(),
            TreeShape::Wide => levels(rows, (rows / 8).max(1), LEVELS, roots((rows * ROOTS / 100).clamp(1, 12))),
            TreeShape::Staff => levels(rows, (rows / 2).max(1), LEVELS, roots(1)),
        };
        TreeGen { key, existing_count, rooted, begin_below: threshold(share.unwrap_or(BEGIN)), levels }
    }

    /// Returns the index of the parent in its index space of `size`; `None` for a root without parent.
    pub fn parent(&self, row: u64, attempt: u32, size: u64) -> Option<u64> {
        let above = match attempt {
            0 => self.above(row),
            // Even the first row must refer to another row.
            _ if row == 0 && size > 0 => return Some(CellRng::new(self.key ^ u64::from(attempt)).below(size)),
            _ => self.any_before(row, attempt),
        };
        match above {
            Some(parent) => Some(self.existing_count + parent),
            None => self.rooted.then_some(self.existing_count + row),
        }
    }

    /// Returns the row's parent by the shape of the tree.
    fn above(&self, row: u64) -> Option<u64> {
        if self.levels.is_empty() {
            let mut rng = CellRng::new(self.key ^ mix(row));
            if row == 0 || rng.word() < self.begin_below {
                return None;
            }
            let u = rng.unit();
            let back = 1 + (u * u * BACK.min(row as f64)) as u64;
            return Some(row - back.min(row));
        }
        let (level, i) = self.place(row);
        let (start, above) = *self.levels.get(level.checked_sub(1)?)?;
        Some(start + part(i, above, self.levels[level].1))
    }

    /// Returns any earlier row, after the parent by shape was rejected.
    fn any_before(&self, row: u64, attempt: u32) -> Option<u64> {
        let word = mix(self.key ^ mix(row)).wrapping_add(u64::from(attempt));
        (row > 0).then(|| CellRng::new(word).below(row))
    }

    /// Returns the row's level, and its number within that level.
    fn place(&self, row: u64) -> (usize, u64) {
        let level = self.levels.partition_point(|(start, _)| *start <= row) - 1;
        (level, row - self.levels[level].0)
    }

    /// Returns true if the row has no parent.
    pub fn is_root(&self, row: u64) -> bool {
        self.above(row).is_none()
    }

    /// Returns the path from the row up to its root.
    fn path_to_root(&self, row: u64) -> Vec<u64> {
        let mut path = vec![row];
        while let Some(above) = self.above(path[path.len() - 1]) {
            path.push(above);
        }
        path
    }

    /// Returns the number of rows before this one in preorder, and the number of its descendants.
    fn nested(&self, row: u64) -> (u64, u64) {
        let (level, i) = self.place(row);
        let mut before = i;
        // Its ancestors, and the subtrees of their earlier children.
        for ancestor in &self.path_to_root(row)[1..] {
            before += self.place(*ancestor).1 + 1;
        }
        let (mut from, mut to, mut below) = (i, i + 1, 0);
        for l in level + 1..self.levels.len() {
            let (above, own) = (self.levels[l - 1].1, self.levels[l].1);
            (from, to) = (first(from, above, own), first(to, above, own));
            before += from;
            below += to - from;
        }
        (before, below)
    }
}

/// Returns which of `above` equal parts of `own` numbers holds number `i`.
fn part(i: u64, above: u64, own: u64) -> u64 {
    (u128::from(i) * u128::from(above) / u128::from(own.max(1))) as u64
}

/// Returns the first number of a part.
fn first(part: u64, above: u64, own: u64) -> u64 {
    (u128::from(part) * u128::from(own)).div_ceil(u128::from(above.max(1))) as u64
}

/// Returns levels whose sizes grow by a constant factor, starting with a few roots.
fn levels(rows: u64, spread: u64, most: u32, roots: u64) -> Vec<(u64, u64)> {
    let factor = ((spread as f64).powf(1.0 / f64::from(most - 1))).max(3.0);
    let (mut out, mut start, mut size) = (Vec::new(), 0, roots as f64);
    while start < rows {
        let last = out.len() + 1 >= most as usize;
        let own = if last { rows - start } else { (size.round() as u64).clamp(1, rows - start) };
        out.push((start, own));
        start += own;
        size *= factor;
    }
    out
}

impl Generator {
    /// Returns true if a row of a tree is a root; `None` if the foreign key does not form a tree.
    pub fn is_root(&self, t: usize, foreign: usize, row: u64) -> Option<bool> {
        let table = &self.tables[t];
        match &table.sources[table.foreign[foreign].source].pick {
            ParentChoiceGen::Tree(tree) => Some(tree.is_root(row)),
            _ => None,
        }
    }

    /// Returns the cell of a column that holds the row's position in its tree.
    pub(super) fn in_tree(&self, t: usize, source: usize, tells: &TreeColumn, row: u64) -> Result<Value, RowError> {
        let table = &self.tables[t];
        let ParentChoiceGen::Tree(tree) = &table.sources[source].pick else { return Ok(Value::Null) };
        Ok(match tells {
            TreeColumn::Level { root } => Value::Int(i128::from(*root) + tree.path_to_root(row).len() as i128 - 1),
            TreeColumn::Left | TreeColumn::Right => {
                let (before, below) = tree.nested(row);
                let depth = tree.path_to_root(row).len() as i128 - 1;
                let left = 2 * i128::from(before) + 1 - depth;
                let right = left + 2 * i128::from(below) + 1;
                Value::Int(if *tells == TreeColumn::Left { left } else { right })
            }
            TreeColumn::Path { column, separator, leading } => {
                let mut path = String::new();
                for above in tree.path_to_root(row).iter().rev() {
                    if *leading || !path.is_empty() {
                        path.push_str(separator);
                    }
                    path.push_str(&self.cell(t, *column, *above)?.to_string());
                }
                Value::Text(path)
            }
        })
    }

    /// Returns the key of a row of the table that another column of the row names.
    pub(super) fn row_of_any(
        &self,
        t: usize,
        column: usize,
        by: usize,
        parents: &[AnyParent],
        row: u64,
        attempt: u32,
    ) -> Result<Value, RowError> {
        let kind = self.cells_at(t, &[by], row, attempt)?.swap_remove(0);
        let Some(parent) = parents.iter().find(|p| p.value == kind).or_else(|| parents.first()) else {
            return Ok(Value::Null);
        };
        let rows = self.tables[parent.table].rows;
        if rows == 0 {
            return Ok(Value::Null);
        }
        let word = self.tables[t].columns[column].stream.at(row, attempt);
        // Early rows more often: old rows have accumulated more references.
        let u = CellRng::of_cell(word).unit();
        self.cell(parent.table, parent.column, ((u * u * rows as f64) as u64).min(rows - 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the depth of each row, computed from the parents.
    fn depths(tree: &TreeGen, rows: u64) -> Vec<usize> {
        let mut depths = Vec::new();
        for row in 0..rows {
            depths.push(tree.parent(row, 0, rows).map_or(0, |p| depths[p as usize] + 1));
        }
        depths
    }

    #[test]
    fn wide_trees_are_shallow_and_threads_are_deep() {
        for rows in [1, 2, 5, 20, 60, 2_000, 100_000] {
            let depths = depths(&TreeGen::new(1, TreeShape::Wide, (rows, None), 0, false), rows);
            let roots = depths.iter().filter(|d| **d == 0).count() as u64;
            assert!(roots <= (rows * 3 / 10).max(1) && depths.iter().all(|d| *d < 4), "{rows}: {roots} roots");
        }
        let staff = depths(&TreeGen::new(1, TreeShape::Staff, (500, None), 0, false), 500);
        assert_eq!(staff.iter().filter(|d| **d == 0).count(), 1);
        let threads = depths(&TreeGen::new(1, TreeShape::Thread, (2_000, None), 0, false), 2_000);
        assert!(threads.iter().max() > Some(&4) && threads.iter().filter(|d| **d == 0).count() > 800);
    }

    #[test]
    fn trees_have_the_requested_share_of_roots() {
        for shape in [TreeShape::Wide, TreeShape::Staff, TreeShape::Thread] {
            for share in [0.0, 0.2, 0.7, 1.0] {
                let depths = depths(&TreeGen::new(1, shape, (2_000, Some(share)), 0, false), 2_000);
                let roots = depths.iter().filter(|d| **d == 0).count() as f64;
                assert!((roots / 2_000.0 - share).abs() < 0.04, "{shape:?} {share}: {roots}");
            }
        }
    }

    #[test]
    fn small_shares_of_roots_are_kept() {
        let rows = 2_000_000;
        for shape in [TreeShape::Wide, TreeShape::Staff, TreeShape::Thread] {
            for share in [0.0001, 0.0105, 0.9999] {
                let tree = TreeGen::new(1, shape, (rows, Some(share)), 0, false);
                let roots = (0..rows).filter(|row| tree.is_root(*row)).count() as f64;
                let (wanted, sd) = (rows as f64 * share, (rows as f64 * share * (1.0 - share)).sqrt());
                assert!((roots - wanted).abs() < 5.0 * sd, "{shape:?} {share}: {roots}");
            }
        }
    }

    proptest! {
        #[test]
        fn nested_set_numbers_match_the_tree(rows in 1u64..400, key: u64, staff: bool) {
            let shape = if staff { TreeShape::Staff } else { TreeShape::Wide };
            let tree = TreeGen::new(key, shape, (rows, None), 0, false);
            let mut children: Vec<Vec<u64>> = vec![Vec::new(); rows as usize];
            let mut roots = Vec::new();
            for row in 0..rows {
                match tree.parent(row, 0, rows) {
                    Some(p) => {
                        prop_assert!(p < row);
                        children[p as usize].push(row);
                    }
                    None => roots.push(row),
                }
            }
            fn walk(row: u64, children: &[Vec<u64>], next: &mut u64, out: &mut [(u64, u64)]) {
                *next += 1;
                out[row as usize].0 = *next;
                children[row as usize].iter().for_each(|&c| walk(c, children, next, out));
                *next += 1;
                out[row as usize].1 = *next;
            }
            let (mut next, mut expected) = (0, vec![(0, 0); rows as usize]);
            roots.iter().for_each(|&r| walk(r, &children, &mut next, &mut expected));
            for row in 0..rows {
                let (before, below) = tree.nested(row);
                let left = 2 * before + 1 - (tree.path_to_root(row).len() as u64 - 1);
                prop_assert_eq!((left, left + 2 * below + 1), expected[row as usize], "row {}", row);
            }
        }

        #[test]
        fn rejected_parents_form_no_cycle(rows in 2u64..200, key: u64, attempt in 1u32..50) {
            let tree = TreeGen::new(key, TreeShape::Wide, (rows, None), 0, false);
            for row in 1..rows {
                prop_assert!(tree.parent(row, attempt, rows) < Some(row));
            }
        }
    }
}
