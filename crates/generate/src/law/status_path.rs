//! Changes of a parent's status: each row records one step of the path to it.

use dbmocker_core::value::Value;
use dbmocker_plan::StatusPath;

use crate::generator::{Generator, RowError};

impl Generator {
    /// Returns the status after the row's change, or before it: `Some(None)` if nothing was before; `None` if the row has
    /// no generated parent, the parent's rows have no places, or no path leads to the parent's status.
    pub(super) fn of_status_path<'c>(
        &self,
        (t, row): (usize, u64),
        (foreign, column): (usize, usize),
        (before, nullable): (bool, bool),
        paths: &'c [StatusPath],
    ) -> Result<Option<Option<&'c str>>, RowError> {
        let Some((parent, p)) = self.planned_parent(t, foreign, row) else { return Ok(None) };
        let Some(child) = self.child(t, foreign, row) else { return Ok(None) };
        let Value::Text(status) = self.cell(parent, column, p)? else { return Ok(None) };
        let Some(path) = paths.iter().find(|path| path.status == status) else { return Ok(None) };
        let place = i64::try_from(child.ordinal).unwrap_or(i64::MAX);
        Ok(Some(match (before, nullable) {
            (false, true) => path.after(place, child.count),
            (false, false) => path.after(place, child.count).or(path.steps.last().map(String::as_str)),
            (true, true) => path.after(place - 1, child.count),
            (true, false) => path.before(place, child.count),
        }))
    }
}
