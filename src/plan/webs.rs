//! Foreign keys that share columns: the combinations of parent rows that agree on them.
//!
//! In: the compiled parents and which of their columns must be equal. Out: a list of combinations, one for each row of
//! the leading parent that has partners, the same for every run. Memory is bounded by [`LEADING_ROWS`].

use std::collections::HashMap;

use super::Pool;
use crate::generate::table::{Generator, RowError};
use crate::stream::mix;
use crate::value::{Value, digest, fold};

/// At most so many rows of each parent are looked at: 8 bytes each for every foreign key of the web.
const LEADING_ROWS: u64 = 1 << 20;

/// One foreign key of a web: where its parent's tuples come from.
pub struct Strand<'a> {
    /// Columns of the child.
    pub columns: &'a [usize],
    pub parent: Option<usize>,
    pub parent_columns: &'a [usize],
    pub pool: &'a Pool,
}

impl Strand<'_> {
    fn rows(&self, generator: &Generator) -> u64 {
        let new = self.parent.map_or(0, |p| generator.table(p).rows);
        (self.pool.len() as u64 + new).min(LEADING_ROWS)
    }

    fn tuple(&self, generator: &Generator, row: u64) -> Result<Vec<Value>, RowError> {
        let pooled = self.pool.len() as u64;
        if row < pooled {
            return Ok(self.pool.tuple(row as usize));
        }
        let parent = self.parent.expect("a row beyond the pool is a planned parent's");
        generator.cells(parent, self.parent_columns, row - pooled)
    }
}

/// Combinations of parent rows, `strands.len()` indices each, in the strands' order. Strand 0 leads: each of its rows
/// occurs at most once.
///
/// # Errors
/// If a parent's row cannot be generated.
pub fn agree(generator: &Generator, strands: &[Strand<'_>], key: u64) -> Result<Vec<u64>, RowError> {
    // For each follower: which of its columns are known by then, and its rows by their values there.
    let mut known: Vec<usize> = strands[0].columns.to_vec();
    let mut followers = Vec::new();
    for (s, strand) in strands.iter().enumerate().skip(1) {
        let shared: Vec<usize> = (0..strand.columns.len()).filter(|&i| known.contains(&strand.columns[i])).collect();
        let mut index = Vec::new();
        for row in 0..strand.rows(generator) {
            let tuple = strand.tuple(generator, row)?;
            let values: Vec<Value> = shared.iter().map(|&i| tuple[i].clone()).collect();
            index.push((fold(digest(&values)), u32::try_from(row).expect("fewer rows than LEADING_ROWS")));
        }
        // Less memory than a map of lists.
        index.sort_unstable();
        known.extend(strand.columns.iter().filter(|c| !known.contains(c)).copied().collect::<Vec<_>>());
        followers.push((s, shared, index));
    }
    let mut out = Vec::new();
    'rows: for row in 0..strands[0].rows(generator) {
        let mut values: HashMap<usize, Value> = HashMap::new();
        let mut note = |strand: &Strand<'_>, tuple: Vec<Value>| {
            strand.columns.iter().zip(tuple).for_each(|(&c, v)| {
                values.entry(c).or_insert(v);
            });
            values.clone()
        };
        let mut so_far = note(&strands[0], strands[0].tuple(generator, row)?);
        let mut combination = vec![row];
        for (s, shared, index) in &followers {
            let strand = &strands[*s];
            let wanted: Vec<Value> = shared.iter().map(|&i| so_far[&strand.columns[i]].clone()).collect();
            let wanted = fold(digest(&wanted));
            let from = index.partition_point(|(known, _)| *known < wanted);
            let candidates = index[from..].partition_point(|(known, _)| *known == wanted);
            if candidates == 0 {
                continue 'rows;
            }
            let candidates = &index[from..from + candidates];
            let (_, pick) = candidates[(mix(key ^ mix(row ^ (*s as u64) << 56)) % candidates.len() as u64) as usize];
            let pick = u64::from(pick);
            so_far = note(strand, strand.tuple(generator, pick)?);
            combination.push(pick);
        }
        out.extend(combination);
    }
    Ok(out)
}
