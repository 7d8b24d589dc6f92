//! The sequential fall-back: keys that no formula makes unique are tried row by row before the run, and the attempt that
//! fits is kept (one byte a row). Generation stays a pure function of the row and that table.

use std::collections::HashSet;
use std::sync::Arc;

use crate::generate::table::{Generator, RowError};
use crate::predicate::{Env, Expr};
use crate::value::{Value, digest, fold};

/// Attempts a row has before the key counts as full.
const ATTEMPTS: u8 = 200;

/// One key to keep.
pub struct Watched {
    pub name: String,
    pub parts: Vec<Part>,
    /// Rows for which the index's predicate does not hold are outside it.
    pub predicate: Option<Expr>,
    pub nulls_distinct: bool,
    /// Every column that parts or predicate look at.
    pub columns: Vec<usize>,
    /// Fingerprints of key values that were there before, sorted.
    pub taken: Vec<u64>,
}

pub enum Part {
    Column(usize),
    Expression(Expr),
}

pub struct Outcome {
    pub attempts: Arc<Vec<u8>>,
    /// Rows that found a place, and the key that stopped the rest.
    pub rows: u64,
    pub full: Option<String>,
}

/// Bytes that [`settle`] holds for so many rows, and for the rows that were there before, key by key.
pub fn memory(rows: u64, taken: impl Iterator<Item = usize>) -> u64 {
    // A set is at most seven eighths full, of a power of two, with a byte beside each of its values.
    let set = (rows.saturating_mul(8) / 7).checked_next_power_of_two().unwrap_or(u64::MAX).saturating_mul(9);
    taken.fold(rows, |sum, t| sum.saturating_add(set).saturating_add(8 * t as u64))
}

/// Finds the attempts for table `t`, `rows` rows of it; `names` are its columns' names.
///
/// # Errors
/// If a key's expression cannot be evaluated.
pub fn settle(
    generator: &Generator,
    t: usize,
    rows: u64,
    keys: &[Watched],
    names: &[String],
    env: Env,
) -> Result<Outcome, String> {
    let mut columns: Vec<usize> = keys.iter().flat_map(|k| k.columns.iter().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut taken: Vec<HashSet<u64>> = keys.iter().map(|_| HashSet::new()).collect();
    let mut attempts = Vec::with_capacity(usize::try_from(rows).unwrap_or(0));
    for row in 0..rows {
        let mut stopped_by = String::new();
        let found = (0..ATTEMPTS).find_map(|attempt| {
            let cells = match generator.cells_at(t, &columns, row, u32::from(attempt)) {
                Ok(cells) => cells,
                Err(RowError { check, .. }) => {
                    stopped_by = check;
                    return None;
                }
            };
            let values = RowValues { columns: &columns, cells: &cells, names, env };
            let digests: Result<Vec<Option<u64>>, String> = keys.iter().map(|k| k.digest(&values)).collect();
            let digests = match digests {
                Ok(d) => d,
                Err(e) => return Some(Err(e)),
            };
            let clash = digests
                .iter()
                .zip(&taken)
                .zip(keys)
                .position(|((d, set), key)| d.is_some_and(|d| set.contains(&d) || key.is_taken(d)));
            if let Some(k) = clash {
                stopped_by.clone_from(&keys[k].name);
                return None;
            }
            Some(Ok((attempt, digests)))
        });
        let Some(found) = found else {
            return Ok(Outcome { rows: row, full: Some(stopped_by), attempts: Arc::new(attempts) });
        };
        let (attempt, digests) = found?;
        attempts.push(attempt);
        for (set, d) in taken.iter_mut().zip(digests) {
            set.extend(d);
        }
    }
    Ok(Outcome { rows, full: None, attempts: Arc::new(attempts) })
}

/// Whether a row of table `t` would have a key value that was there before.
///
/// # Errors
/// If a key's expression cannot be evaluated.
pub fn clashes(
    generator: &Generator,
    t: usize,
    rows: u64,
    keys: &[Watched],
    names: &[String],
    env: Env,
) -> Result<bool, String> {
    let mut columns: Vec<usize> = keys.iter().flat_map(|k| k.columns.iter().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    for row in 0..rows {
        let cells = generator.cells(t, &columns, row).map_err(|e| e.to_string())?;
        let values = RowValues { columns: &columns, cells: &cells, names, env };
        for key in keys {
            if key.digest(&values)?.is_some_and(|d| key.is_taken(d)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

struct RowValues<'a> {
    columns: &'a [usize],
    cells: &'a [Value],
    names: &'a [String],
    env: Env,
}

impl RowValues<'_> {
    fn cell(&self, c: usize) -> &Value {
        &self.cells[self.columns.binary_search(&c).expect("a watched key's columns are all generated")]
    }
}

impl crate::predicate::Row for RowValues<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        let c = self.columns.iter().position(|&c| self.names[c] == column)?;
        Some(self.cells[c].clone())
    }
}

impl Watched {
    fn digest(&self, row: &RowValues<'_>) -> Result<Option<u64>, String> {
        self.of(row, &|c| row.cell(c).clone(), row.env)
    }

    /// Whether a row that was there before has the value.
    pub fn is_taken(&self, digest: u64) -> bool {
        self.taken.binary_search(&digest).is_ok()
    }

    /// The key's value in a row, whose cells are read by name and by index; `None` where the row cannot clash.
    ///
    /// # Errors
    /// If an expression cannot be evaluated.
    pub fn of(
        &self,
        row: &dyn crate::predicate::Row,
        cell: &dyn Fn(usize) -> Value,
        env: Env,
    ) -> Result<Option<u64>, String> {
        if let Some(p) = &self.predicate
            && p.truth(row, env).map_err(|e| e.to_string())? != Some(true)
        {
            return Ok(None);
        }
        let values: Vec<Value> = self
            .parts
            .iter()
            .map(|p| match p {
                Part::Column(c) => Ok(cell(*c)),
                Part::Expression(e) => e.value(row, env).map_err(|e| e.to_string()),
            })
            .collect::<Result<_, String>>()?;
        if self.nulls_distinct && values.iter().any(Value::is_null) {
            return Ok(None);
        }
        Ok(Some(fold(digest(&values))))
    }
}
