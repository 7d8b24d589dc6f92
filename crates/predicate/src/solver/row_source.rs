//! The input of a row for solving coupled columns: random words, and given values (those that the solver does not
//! choose).

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use super::RoleKind;
use super::branch_tree::Ready;
use super::coupled_columns::CoupledMember;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, Sampler};

/// Attempts in which a row must be fully valid. After them, a source of given values may give any value that the CHECKs
/// may accept, and NULL is always accepted, because the parent may not be planned yet.
pub const PATIENCE: u32 = 100;

/// Maximum complete tries of a row.
pub const MOST_TRIES: u32 = 1000;

/// A row's random words and given values.
pub trait RowSource {
    /// The random word of a column; `attempt` counts redraws.
    fn hash(&self, column: usize, attempt: u32) -> u64;
    /// The random word that chooses the branch.
    fn branch(&self, attempt: u32) -> u64;
    /// The value proposed for a key's or foreign key's column; NULL only if there is no other. Another `attempt` gives
    /// another value, if the column's role allows redraws.
    fn given(&self, column: usize, attempt: u32) -> Value;
    /// Whether a column has a value in this row, if this is not random. `known`: the known values of coupled columns in
    /// this row.
    fn present(&self, column: usize, known: &dyn Fn(usize) -> Option<Value>) -> Option<bool> {
        let _ = (column, known);
        None
    }

    /// The most tries of the row. A row that is found within fewer tries is the same with more.
    fn most_tries(&self) -> u32 {
        MOST_TRIES
    }
}

impl<T: RowSource + ?Sized> RowSource for &T {
    fn hash(&self, column: usize, attempt: u32) -> u64 {
        (**self).hash(column, attempt)
    }

    fn branch(&self, attempt: u32) -> u64 {
        (**self).branch(attempt)
    }

    fn given(&self, column: usize, attempt: u32) -> Value {
        (**self).given(column, attempt)
    }

    fn present(&self, column: usize, known: &dyn Fn(usize) -> Option<Value>) -> Option<bool> {
        (**self).present(column, known)
    }

    fn most_tries(&self) -> u32 {
        (**self).most_tries()
    }
}

/// A column whose value is drawn before a branch is chosen, so that its frequencies do not depend on the conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EarlyDraw {
    pub(super) place: usize,
    domain: Domain,
    #[serde(skip)]
    sampler: Ready<Sampler>,
}

impl EarlyDraw {
    pub fn new(place: usize, domain: Domain) -> Self {
        EarlyDraw { place, domain, sampler: Ready::default() }
    }

    fn draw(&self, word: u64) -> Value {
        self.sampler.0.get_or_init(|| self.domain.sampler()).draw(&mut CellRng::of_cell(word))
    }
}

/// Tries in which the values of leading columns are kept.
const LED: u32 = 16;

/// The given values of a row, computed on first use, because a parent's cell may have to be solved.
pub(super) struct FixedCells<'a> {
    members: &'a [CoupledMember],
    leads: &'a [EarlyDraw],
    columns: &'a [usize],
    draws: &'a dyn RowSource,
    attempt: u32,
    values: Vec<OnceCell<Value>>,
}

impl<'a> FixedCells<'a> {
    pub fn new(
        members: &'a [CoupledMember],
        leads: &'a [EarlyDraw],
        columns: &'a [usize],
        draws: &'a dyn RowSource,
    ) -> Self {
        FixedCells { members, leads, columns, draws, attempt: 0, values: vec![OnceCell::new(); members.len()] }
    }

    /// Another attempt gives other values for columns that may be redrawn.
    pub fn set_attempt(&mut self, attempt: u32) {
        self.attempt = attempt;
        let drawn = |m: &CoupledMember| m.role == RoleKind::Foreign { redraw: true };
        let values = self.values.iter_mut().zip(self.members);
        values.filter(|(_, m)| drawn(m)).for_each(|(v, _)| *v = OnceCell::new());
        self.leads.iter().for_each(|l| self.values[l.place] = OnceCell::new());
    }

    /// Whether the given value can be used for a column that must not be NULL.
    pub fn accepts(&self, v: &Value) -> bool {
        !v.is_null() || self.attempt >= PATIENCE
    }

    /// `None` for a column that the solver generates.
    pub fn of(&self, place: usize) -> Option<&Value> {
        let attempt = match self.members[place].role {
            RoleKind::Free => return self.lead(place),
            RoleKind::Key | RoleKind::Foreign { redraw: false } => 0,
            RoleKind::Foreign { redraw: true } => self.attempt,
        };
        Some(self.values[place].get_or_init(|| self.draws.given(self.columns[place], attempt)))
    }

    fn lead(&self, place: usize) -> Option<&Value> {
        let lead = self.leads.iter().find(|l| l.place == place && self.attempt < LED)?;
        let word = || self.draws.hash(self.columns[place], self.attempt);
        Some(self.values[place].get_or_init(|| lead.draw(word())))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::fixtures::{With, boolean, int};
    use super::super::{NamedCheck, ValueSource, solve};
    use super::*;
    use dbmocker_core::schema::Dialect;

    /// Counts how often the second column, a parent's cell, is computed.
    struct CallCounter {
        row: u64,
        asked: Cell<u32>,
    }

    impl RowSource for CallCounter {
        fn hash(&self, column: usize, attempt: u32) -> u64 {
            dbmocker_core::rng_stream::mix(self.row << 32 | (column as u64) << 16 | u64::from(attempt))
        }

        fn branch(&self, attempt: u32) -> u64 {
            self.hash(9, attempt)
        }

        fn given(&self, _: usize, _: u32) -> Value {
            self.asked.set(self.asked.get() + 1);
            Value::Int(7)
        }
    }

    #[test]
    fn a_parent_is_asked_where_its_cell_matters_and_once_a_row() {
        let parent = int("parent", 1, 50).null().role(ValueSource::Foreign { redraw: false });
        let columns = [boolean("alone"), parent, int("x", 1, 9)];
        let s = solve(
            &columns,
            &[NamedCheck::new("c", "CASE WHEN alone THEN parent IS NULL ELSE parent > x END")],
            Dialect::Postgres,
            0,
        );
        let [group] = &*s.groups else { panic!("one group") };
        let alone = group.columns().iter().position(|&c| c == 0).unwrap();
        let mut seen = [false; 2];
        for row in 0..50 {
            let draws = CallCounter { row, asked: Cell::new(0) };
            let values = group.solve_row(&draws).unwrap();
            let without = values[alone] == Value::Bool(true);
            seen[usize::from(without)] = true;
            assert!(draws.asked.get() <= u32::from(!without), "{values:?}: {} times", draws.asked.get());
        }
        assert_eq!(seen, [true, true]);
    }
}
