//! Inputs of a group of coupled columns for the row that it is solved for.

use super::{Generator, RuleGen};
use dbmocker_core::rng_stream::{Stream, row_hash};
use dbmocker_core::value::Value;
use dbmocker_predicate::{MOST_TRIES, PATIENCE, RowSource};

/// Limits the nesting of groups: a row's group may solve a parent's group, and so on; a cycle must end.
pub(super) struct NestingLimit;

impl NestingLimit {
    const LIMIT: u32 = 100;

    pub fn enter() -> Option<NestingLimit> {
        let depth = DEPTH.get();
        (depth < NestingLimit::LIMIT).then(|| {
            DEPTH.set(depth + 1);
            NestingLimit
        })
    }
}

impl Drop for NestingLimit {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

thread_local! {
    static DEPTH: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Gives a group the random words and input cells of one row.
pub(super) struct RowDraws<'a> {
    generator: &'a Generator,
    t: usize,
    row: u64,
    base: u32,
    /// The group being solved.
    group: usize,
    /// The row's hash for the first attempt, which every column uses.
    hash: u64,
    stream: Stream,
    most_tries: Option<u32>,
}

impl<'a> RowDraws<'a> {
    pub fn new(generator: &'a Generator, t: usize, group: usize, row: u64, base: u32) -> Self {
        let stream = generator.tables[t].groups[group].1;
        RowDraws {
            generator,
            t,
            row,
            base,
            group,
            hash: row_hash(row, base.wrapping_mul(0x1_0000)),
            stream,
            most_tries: None,
        }
    }

    /// With at most so many tries.
    pub fn within(self, most_tries: Option<u32>) -> Self {
        RowDraws { most_tries, ..self }
    }

    /// Attempts inside a group are numbered separately for each attempt of the whole row.
    fn attempt(&self, attempt: u32) -> u32 {
        self.base.wrapping_mul(0x1_0000).wrapping_add(attempt)
    }
}

impl RowSource for RowDraws<'_> {
    fn hash(&self, column: usize, attempt: u32) -> u64 {
        let stream = self.generator.tables[self.t].columns[column].stream;
        if attempt == 0 { stream.of_row(self.hash) } else { stream.at(self.row, self.attempt(attempt)) }
    }

    fn branch(&self, attempt: u32) -> u64 {
        self.stream.at(self.row, self.attempt(attempt))
    }

    fn given(&self, column: usize, attempt: u32) -> Value {
        if let RuleGen::Listed { values, rows } = &self.generator.tables[self.t].columns[column].rule {
            // The other columns of the list are not part of the group: all attempts of a row take the same one.
            return values[rows.at(self.row, self.base)].clone();
        }
        let last = if attempt >= PATIENCE { LAST_RESORT } else { 0 };
        let proposed = self.generator.proposed(self.t, column, self.row, self.attempt(attempt) | last);
        proposed.unwrap_or(Value::Null)
    }

    fn most_tries(&self) -> u32 {
        self.most_tries.unwrap_or(MOST_TRIES)
    }

    fn present(&self, column: usize, known: &dyn Fn(usize) -> Option<Value>) -> Option<bool> {
        let table = &self.generator.tables[self.t];
        if let RuleGen::Foreign { foreign, .. } = table.columns[column].rule
            && let Some(root) = self.generator.is_root(self.t, foreign, self.row)
        {
            return Some(!root);
        }
        let presence = table.columns[column].presence.as_ref().filter(|p| p.instead.is_none())?;
        if table.columns[presence.by].group.is_some_and(|(g, _)| g == self.group) {
            return Some(presence.holds(presence.member(&known(presence.by)?), self.row));
        }
        self.generator.is_present(self.t, column, self.row, self.base).ok()
    }
}

/// Flag of attempts in which a self reference may refer to any row: no tree of earlier rows satisfies the CHECK.
const LAST_RESORT: u32 = 1 << 31;

/// Returns true if a self reference may refer to any row.
pub(super) fn is_last_resort(attempt: u32) -> bool {
    attempt & LAST_RESORT != 0
}
