//! What a group of columns asks of the row that it is solved for.

use super::{Generator, RuleGen};
use dbmocker_core::rng_stream::{Stream, row_hash};
use dbmocker_core::value::Value;
use dbmocker_predicate::{PATIENCE, RowSource};

/// Groups inside groups: a row's group may ask for a parent's, and so on, but not in a circle.
pub(super) struct Depth;

impl Depth {
    const LIMIT: u32 = 100;

    pub fn enter() -> Option<Depth> {
        let depth = DEPTH.get();
        (depth < Depth::LIMIT).then(|| {
            DEPTH.set(depth + 1);
            Depth
        })
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

thread_local! {
    static DEPTH: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// What a group asks of the row that it is solved for.
pub(super) struct RowDraws<'a> {
    generator: &'a Generator,
    t: usize,
    row: u64,
    base: u32,
    /// The group that is solved.
    group: usize,
    /// The row's hash for a first attempt, which every column asks for.
    hash: u64,
    stream: Stream,
}

impl<'a> RowDraws<'a> {
    pub fn new(generator: &'a Generator, t: usize, group: usize, row: u64, base: u32) -> Self {
        let stream = generator.tables[t].groups[group].1;
        RowDraws { generator, t, row, base, group, hash: row_hash(row, base.wrapping_mul(0x1_0000)), stream }
    }

    /// Attempts inside a group come after those of the row as a whole.
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
        let last = if attempt >= PATIENCE { LAST_RESORT } else { 0 };
        let proposed = self.generator.proposed(self.t, column, self.row, self.attempt(attempt) | last);
        proposed.unwrap_or(Value::Null)
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

/// Marks attempts in which a self reference may go to any row: the trees that earlier rows form cannot meet a CHECK.
const LAST_RESORT: u32 = 1 << 31;

/// Whether a self reference may go to any row.
pub(super) fn is_last_resort(attempt: u32) -> bool {
    attempt & LAST_RESORT != 0
}
