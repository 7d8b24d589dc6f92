//! Foreign keys that share columns: the combinations of parent rows that agree on them.
//!
//! In: the compiled parents, and which of their columns must be equal. Out: a list of combinations, the same in every
//! run: distinct ones for a key that identifies them, else some for each row of the leading parent. Memory is bounded
//! by [`LEADING_ROWS`] and [`MOST`].

use std::collections::HashMap;
use std::ops::Range;

use dbmocker_core::rng_stream::mix;
use dbmocker_core::value::{Value, digest, fold};
use dbmocker_generate::generator::{Generator, RowError};
use dbmocker_plan::ExistingKeys;

/// Maximum number of rows of each parent that are indexed: 8 bytes each for every foreign key.
const LEADING_ROWS: u64 = 1 << 20;
/// Maximum number of combinations.
const MOST: u64 = 1 << 21;

/// One of the overlapping foreign keys, and the source of its parent's tuples.
pub struct FkSource<'a> {
    /// Columns of the child.
    pub columns: &'a [usize],
    pub parent: Option<usize>,
    pub parent_columns: &'a [usize],
    pub existing_keys: &'a ExistingKeys,
}

impl FkSource<'_> {
    fn rows(&self, generator: &Generator) -> u64 {
        let new = self.parent.map_or(0, |p| generator.table(p).rows);
        (self.existing_keys.len() as u64 + new).min(LEADING_ROWS)
    }

    fn tuple(&self, generator: &Generator, row: u64) -> Result<Vec<Value>, RowError> {
        let existing_count = self.existing_keys.len() as u64;
        if row < existing_count {
            return Ok(self.existing_keys.tuple(row as usize));
        }
        let parent = self.parent.expect("a row beyond the pool is a planned parent's");
        generator.cells(parent, self.parent_columns, row - existing_count)
    }
}

/// The number of combinations requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedCombinations {
    /// This number of distinct ones, if they exist.
    Different(u64),
    /// This number for each row of the leading parent that has any; a row with fewer repeats them.
    ForEach(u64),
}

/// Returns combinations of parent rows, `fk_sources.len()` indices each, in the order of `fk_sources`; source 0 leads,
/// starting at its row `from`. With [`RequestedCombinations::ForEach`], also returns the number for each leading row: at most the
/// requested one.
///
/// # Errors
/// If a parent's row cannot be generated.
pub fn agree(
    generator: &Generator,
    fk_sources: &[FkSource<'_>],
    from: u64,
    key: u64,
    wanted: RequestedCombinations,
) -> Result<(Vec<u64>, u64), RowError> {
    let join = Join::new(generator, fk_sources, from, key)?;
    match wanted {
        RequestedCombinations::Different(n) => Ok((join.different(n.min(MOST))?, 0)),
        RequestedCombinations::ForEach(n) => join.for_each(n.min(MOST / join.leading().count().max(1) as u64).max(1)),
    }
}

struct Join<'a> {
    generator: &'a Generator,
    fk_sources: &'a [FkSource<'a>],
    from: u64,
    key: u64,
    followers: Vec<Follower>,
}

/// A foreign key after the leading one.
struct Follower {
    fk_source: usize,
    /// Its columns that earlier foreign keys determine.
    shared: Vec<usize>,
    /// Its parent's rows by the digest of these columns, sorted: smaller than a map of lists.
    index: Vec<(u64, u32)>,
}

impl<'a> Join<'a> {
    fn new(generator: &'a Generator, fk_sources: &'a [FkSource<'a>], from: u64, key: u64) -> Result<Self, RowError> {
        let mut known: Vec<usize> = fk_sources[0].columns.to_vec();
        let mut followers = Vec::new();
        for (s, fk_source) in fk_sources.iter().enumerate().skip(1) {
            let shared: Vec<usize> =
                (0..fk_source.columns.len()).filter(|&i| known.contains(&fk_source.columns[i])).collect();
            let mut index = Vec::new();
            for row in 0..fk_source.rows(generator) {
                let tuple = fk_source.tuple(generator, row)?;
                let values: Vec<Value> = shared.iter().map(|&i| tuple[i].clone()).collect();
                index.push((fold(digest(&values)), u32::try_from(row).expect("fewer rows than LEADING_ROWS")));
            }
            index.sort_unstable();
            known.extend(fk_source.columns.iter().filter(|c| !known.contains(c)).copied().collect::<Vec<_>>());
            followers.push(Follower { fk_source: s, shared, index });
        }
        Ok(Join { generator, fk_sources, from, key, followers })
    }

    fn leading(&self) -> Range<u64> {
        self.from..self.from.max(self.fk_sources[0].rows(self.generator))
    }

    /// Returns the `n`-th combination of a leading row, from 0; `None` beyond the last.
    fn combination(&self, row: u64, tuple: &[Value], mut n: u64) -> Result<Option<Vec<u64>>, RowError> {
        let mut values: HashMap<usize, Value> = HashMap::new();
        let mut note = |fk_source: &FkSource<'_>, tuple: &[Value]| {
            for (&c, v) in fk_source.columns.iter().zip(tuple) {
                values.entry(c).or_insert_with(|| v.clone());
            }
            values.clone()
        };
        let mut so_far = note(&self.fk_sources[0], tuple);
        let mut combination = vec![row];
        for Follower { fk_source: s, shared, index } in &self.followers {
            let fk_source = &self.fk_sources[*s];
            let wanted: Vec<Value> = shared.iter().map(|&i| so_far[&fk_source.columns[i]].clone()).collect();
            let wanted = fold(digest(&wanted));
            let from = index.partition_point(|(known, _)| *known < wanted);
            let size = index[from..].partition_point(|(known, _)| *known == wanted) as u64;
            if size == 0 {
                return Ok(None);
            }
            let first = mix(self.key ^ mix(row ^ (*s as u64) << 56)) % size;
            let (_, pick) = index[from + ((first + n % size) % size) as usize];
            n /= size;
            if *s + 1 < self.fk_sources.len() {
                so_far = note(fk_source, &fk_source.tuple(self.generator, pick.into())?);
            }
            combination.push(pick.into());
        }
        Ok((n == 0).then_some(combination))
    }

    /// Returns one for each leading row, then a second for each, up to `most` or until there are no more.
    fn different(&self, most: u64) -> Result<Vec<u64>, RowError> {
        let mut out = Vec::new();
        let mut rows: Vec<u64> = self.leading().collect();
        for n in 0.. {
            let mut more = Vec::new();
            for row in rows {
                let tuple = self.fk_sources[0].tuple(self.generator, row)?;
                if let Some(combination) = self.combination(row, &tuple, n)? {
                    out.extend(combination);
                    more.push(row);
                }
            }
            if more.is_empty() || (out.len() / self.fk_sources.len()) as u64 >= most {
                break;
            }
            rows = more;
        }
        Ok(out)
    }

    /// Returns the combinations of the leading rows in order, the same number for each: the largest number of any row,
    /// at most `most`.
    fn for_each(&self, most: u64) -> Result<(Vec<u64>, u64), RowError> {
        let own = |row: u64, most: u64| {
            let tuple = self.fk_sources[0].tuple(self.generator, row)?;
            let mut own = Vec::new();
            for n in 0..most {
                let Some(combination) = self.combination(row, &tuple, n)? else { break };
                own.extend(combination);
            }
            Ok(own)
        };
        let width = self.fk_sources.len();
        let mut each = 0;
        for row in self.leading() {
            if each == most as usize {
                break;
            }
            each = each.max(own(row, most)?.len() / width);
        }
        let mut out = Vec::new();
        for row in self.leading() {
            out.extend(own(row, each as u64)?.iter().cycle().take(each * width));
        }
        Ok((out, each as u64))
    }
}
