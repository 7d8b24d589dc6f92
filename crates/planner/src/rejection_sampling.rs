//! Rejection sampling: for keys that no formula makes unique, rows are tried in order before the run, and the valid
//! attempt is stored (one byte per row). Generation stays a pure function of the row and that table.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::error::Unplannable;
use dbmocker_core::value::{Value, digest, fold};
use dbmocker_generate::generator::{Generator, RowError};
use dbmocker_predicate::{Env, EvalError, Expr};

/// Attempts of a row before the key counts as full.
const ATTEMPTS: u8 = 200;
/// Attempts of a row in which its CHECKs are searched with all tries; if none of them has found values, the others are
/// searched with few, since rows that no value satisfies would take minutes.
const THOROUGH: u8 = 8;
/// Tries of the others: enough for preferences to be dropped, and parents that are not planned to be NULL.
const FEW_TRIES: u32 = 120;

/// A key to keep unique.
pub struct WatchedKey {
    pub name: String,
    pub parts: Vec<WatchedPart>,
    /// Rows for which the index's predicate is not true are not in the index.
    pub predicate: Option<Expr>,
    pub nulls_distinct: bool,
    /// Every column that the key parts or the predicate read.
    pub columns: Vec<usize>,
    /// Sorted digests of existing key values.
    pub taken: Vec<u64>,
}

/// A column or expression of a key.
pub enum WatchedPart {
    Column(usize),
    Expression(Expr),
}

/// The attempt of each row.
pub struct AttemptOutcome {
    pub attempts: Arc<Vec<u8>>,
    /// Number of rows with a valid attempt, and the key that rejected the next one.
    pub rows: u64,
    pub full: Option<String>,
}

/// Returns the bytes that [`AttemptTrial::assign_attempts`] allocates for this many rows and the existing rows, key by
/// key.
pub fn memory(rows: u64, taken: impl Iterator<Item = usize>) -> u64 {
    // A hash set has a power of two of slots, at most seven eighths full, and one control byte per slot.
    let set = (rows.saturating_mul(8) / 7).checked_next_power_of_two().unwrap_or(u64::MAX).saturating_mul(9);
    taken.fold(rows, |sum, t| sum.saturating_add(set).saturating_add(8 * t as u64))
}

/// Rows of a table, tested against its keys.
pub struct AttemptTrial<'a> {
    pub generator: &'a Generator,
    /// The table's position in the generator.
    pub table: usize,
    pub rows: u64,
    pub keys: &'a [WatchedKey],
    /// The names of the table's columns.
    pub names: &'a [String],
    pub env: Env,
}

/// An attempt of a row.
enum Tried {
    /// The row's digest for each key.
    Valid(Vec<Option<u64>>),
    /// The key that has the row's value already.
    Taken(String),
    /// The CHECK for which no values were found.
    Unsatisfied(String),
}

impl AttemptTrial<'_> {
    /// Assigns an attempt to each row, in order.
    ///
    /// # Errors
    /// If a key's expression cannot be evaluated.
    pub fn assign_attempts(&self) -> Result<AttemptOutcome, Unplannable> {
        let columns = self.columns();
        let mut taken: Vec<HashSet<u64>> = self.keys.iter().map(|_| HashSet::new()).collect();
        let mut attempts = Vec::with_capacity(usize::try_from(self.rows).unwrap_or(0));
        for row in 0..self.rows {
            let mut stopped_by = String::new();
            let (mut found, mut unsatisfied) = (None, 0);
            for attempt in 0..ATTEMPTS {
                let few = unsatisfied == attempt && attempt >= THOROUGH;
                match self.attempt(&columns, row, (attempt, few.then_some(FEW_TRIES)), &taken)? {
                    Tried::Valid(digests) => {
                        found = Some((attempt, digests));
                        break;
                    }
                    Tried::Taken(key) => stopped_by = key,
                    Tried::Unsatisfied(check) => (stopped_by, unsatisfied) = (check, unsatisfied + 1),
                }
            }
            let Some((attempt, digests)) = found else {
                return Ok(AttemptOutcome { rows: row, full: Some(stopped_by), attempts: Arc::new(attempts) });
            };
            attempts.push(attempt);
            for (set, d) in taken.iter_mut().zip(digests) {
                set.extend(d);
            }
        }
        Ok(AttemptOutcome { rows: self.rows, full: None, attempts: Arc::new(attempts) })
    }

    fn attempt(
        &self,
        columns: &[usize],
        row: u64,
        (attempt, most_tries): (u8, Option<u32>),
        taken: &[HashSet<u64>],
    ) -> Result<Tried, EvalError> {
        let cells = match self.generator.cells_within(self.table, columns, row, u32::from(attempt), most_tries) {
            Ok(cells) => cells,
            Err(RowError { check, .. }) => return Ok(Tried::Unsatisfied(check)),
        };
        let values = self.values(columns, &cells);
        let digests = self.keys.iter().map(|k| k.digest(&values)).collect::<Result<Vec<_>, EvalError>>()?;
        let clash = (digests.iter().zip(taken).zip(self.keys))
            .find(|((d, set), key)| d.is_some_and(|d| set.contains(&d) || key.is_taken(d)));
        Ok(match clash {
            Some((_, key)) => Tried::Taken(key.name.clone()),
            None => Tried::Valid(digests),
        })
    }

    /// Returns true if a row would have an existing key value.
    ///
    /// # Errors
    /// If a key's expression cannot be evaluated.
    pub fn clashes(&self) -> Result<bool, Unplannable> {
        let columns = self.columns();
        for row in 0..self.rows {
            let cells = self.generator.cells(self.table, &columns, row)?;
            let values = self.values(&columns, &cells);
            for key in self.keys {
                if key.digest(&values)?.is_some_and(|d| key.is_taken(d)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Returns every column that a key reads, in order.
    fn columns(&self) -> Vec<usize> {
        let all: BTreeSet<usize> = self.keys.iter().flat_map(|k| k.columns.iter().copied()).collect();
        all.into_iter().collect()
    }

    fn values<'b>(&'b self, columns: &'b [usize], cells: &'b [Value]) -> RowValues<'b> {
        RowValues { columns, cells, names: self.names, env: self.env }
    }
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

impl dbmocker_predicate::Row for RowValues<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        let c = self.columns.iter().position(|&c| self.names[c] == column)?;
        Some(self.cells[c].clone())
    }
}

impl WatchedKey {
    fn digest(&self, row: &RowValues<'_>) -> Result<Option<u64>, EvalError> {
        self.of(row, &|c| row.cell(c).clone(), row.env)
    }

    /// Returns true if an existing row has the value.
    pub fn is_taken(&self, digest: u64) -> bool {
        self.taken.binary_search(&digest).is_ok()
    }

    /// Returns the digest of the key's value in a row, whose cells are read by name and by index; `None` if the row is
    /// not in the index or a part is NULL.
    ///
    /// # Errors
    /// If an expression cannot be evaluated.
    pub fn of(
        &self,
        row: &dyn dbmocker_predicate::Row,
        cell: &dyn Fn(usize) -> Value,
        env: Env,
    ) -> Result<Option<u64>, EvalError> {
        if let Some(p) = &self.predicate
            && p.truth(row, env)? != Some(true)
        {
            return Ok(None);
        }
        let values: Vec<Value> = self
            .parts
            .iter()
            .map(|p| match p {
                WatchedPart::Column(c) => Ok(cell(*c)),
                WatchedPart::Expression(e) => e.value(row, env),
            })
            .collect::<Result<_, EvalError>>()?;
        if self.nulls_distinct && values.iter().any(Value::is_null) {
            return Ok(None);
        }
        Ok(Some(fold(digest(&values))))
    }
}
