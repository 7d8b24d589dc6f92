//! Tries coupled columns on a few rows, so that failures are reported before anything is written.

use super::coupled_columns::{CoupledColumns, Exhausted};
use super::row_source::RowSource;
use super::state::Relation;
use super::{ColumnInput, ValueSource};
use crate::eval::{Env, OneColumn};
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;

const ROWS: u64 = 12;
/// Number of rows in which a column that is only sometimes NULL has a value at least once.
const SURE: u64 = 64;
/// The share of NULLs of such a column.
const RARE: f64 = 0.7;

struct SyntheticRows<'a> {
    row: u64,
    columns: &'a [ColumnInput],
}

impl RowSource for SyntheticRows<'_> {
    fn hash(&self, column: usize, attempt: u32) -> u64 {
        mix(self.row ^ mix(column as u64 ^ mix(u64::from(attempt))))
    }

    fn branch(&self, attempt: u32) -> u64 {
        mix(self.row.wrapping_add(77) ^ mix(u64::from(attempt)))
    }

    fn given(&self, column: usize, attempt: u32) -> Value {
        let mut rng = CellRng::new(self.hash(column, attempt));
        match &self.columns[column].domain {
            Some(d) => d.draw(&mut rng),
            None => Value::Null,
        }
    }
}

/// The columns that were NULL in every row, contrary to their share of NULLs; an error if a row cannot be solved. Values of parents are not known here, so coupled columns with such values pass.
pub(super) fn run(group: &CoupledColumns, columns: &[ColumnInput]) -> Result<Vec<usize>, Exhausted> {
    if group.columns().iter().any(|&c| columns[c].role != ValueSource::Free) {
        return Ok(vec![]);
    }
    let row = |row| group.solve_row(&SyntheticRows { row, columns });
    let mut null: Vec<usize> = (0..group.columns().len()).collect();
    for n in 0..ROWS {
        let values = row(n)?;
        null.retain(|&place| values[place].is_null());
    }
    let rare = |place: &usize| columns[group.columns()[*place]].null_share < RARE;
    null.retain(|place| rare(place) && columns[group.columns()[*place]].legal.is_some());
    for n in ROWS..SURE {
        if null.is_empty() {
            break;
        }
        let Ok(values) = row(n) else { break };
        null.retain(|&place| values[place].is_null());
    }
    Ok(null.into_iter().map(|place| group.columns()[place]).collect())
}

/// Whether values sampled from the whole domain satisfy every relation.
pub(super) fn all_hold(d: &Domain, column: &str, relations: &[&Relation], env: Env) -> bool {
    const VALUES: u128 = 256;
    let sampler = d.sampler();
    let size = sampler.size();
    (0..VALUES.min(size)).map(|i| if size <= VALUES { i } else { size / VALUES * i }).all(|i| {
        let v = sampler.value(i);
        relations.iter().all(|r| match r.tree.truth(&OneColumn(column, &v), env) {
            Ok(Some(b)) => b,
            Ok(None) => r.null_passes,
            Err(_) => false,
        })
    })
}
