//! Whether a row has a value in a column, depending on the value of another column of the row.

use super::compile::threshold;
use super::{Generator, RowError, RuleGen, TableGen};
use dbmocker_core::rng_stream::{CellRng, Stream};
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, Sampler};
use dbmocker_plan::Presence;
use dbmocker_plan::TablePlan;

#[derive(Debug)]
pub struct PresenceGen {
    /// The column on which the presence depends.
    pub by: usize,
    values: Vec<Value>,
    /// The index in `values` of each value of that column's list, which may have another order, or more values.
    listed: Vec<usize>,
    /// Thresholds for the stream's word, one for each of `values` and one for any other value: below it, the row has a
    /// value.
    below: Vec<u64>,
    stream: Stream,
    /// The domain of the rows that do not have the column's own value.
    pub instead: Option<Sampler>,
}

impl PresenceGen {
    pub fn new(seed: u64, table: &TablePlan, p: &Presence) -> Self {
        let below = p.shares.iter().chain([&p.otherwise]).map(|share| threshold(*share)).collect();
        let instead = p.instead.as_ref().map(Domain::sampler);
        let listed = match table.columns.get(p.by).and_then(|by| by.rule.domain()) {
            Some(Domain::Choice { values, .. }) => values.iter().map(|v| position(&p.values, v)).collect(),
            _ => Vec::new(),
        };
        PresenceGen {
            by: p.by,
            values: p.values.clone(),
            listed,
            below,
            stream: Stream::new(seed, &table.label, &p.of),
            instead,
        }
    }

    /// Returns the index of a value in `values`; `values.len()` for any other value.
    pub fn member(&self, value: &Value) -> usize {
        position(&self.values, value)
    }

    /// Returns true if a row has a value, given the index of the other column's value.
    #[inline]
    pub fn holds(&self, member: usize, row: u64) -> bool {
        match self.below[member] {
            0 => false,
            u64::MAX => true,
            below => self.stream.at(row, 0) < below,
        }
    }
}

fn position(values: &[Value], value: &Value) -> usize {
    values.iter().position(|v| v == value).unwrap_or(values.len())
}

impl TableGen {
    /// Returns the cell of a row that does not have the column's own value.
    pub fn absent(&self, column: usize, row: u64, attempt: u32) -> Value {
        let c = &self.columns[column];
        match c.presence.as_ref().and_then(|p| p.instead.as_ref()) {
            Some(domain) => domain.draw(&mut CellRng::of_cell(c.stream.at(row, attempt))),
            None => Value::Null,
        }
    }

    /// Returns the index of the other column's value from its random stream alone; `None` if that column is not a plain
    /// draw.
    pub fn member_drawn(&self, presence: &PresenceGen, hash: u64) -> Option<usize> {
        let by = &self.columns[presence.by];
        let RuleGen::Draw(domain) = &by.rule else { return None };
        if by.group.is_some() || by.null_below > 0 || by.presence.is_some() || by.edges.is_some() {
            return None;
        }
        let drawn = domain.draw_member(&mut CellRng::of_cell(by.stream.of_row(hash)))?;
        presence.listed.get(drawn).copied()
    }
}

impl Generator {
    /// Returns true if the column has a value in this row.
    pub fn is_present(&self, t: usize, column: usize, row: u64, attempt: u32) -> Result<bool, RowError> {
        let table = &self.tables[t];
        let Some(presence) = &table.columns[column].presence else { return Ok(true) };
        let drawn = table.member_drawn(presence, dbmocker_core::rng_stream::row_hash(row, attempt));
        let member = match drawn {
            Some(member) => member,
            None => presence.member(&self.cells_at(t, &[presence.by], row, attempt)?[0]),
        };
        Ok(presence.holds(member, row))
    }
}
