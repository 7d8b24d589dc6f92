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
        let status = path.after(place - i64::from(before), child.count);
        if status.is_some() || nullable {
            return Ok(Some(status));
        }
        // Something must have been before: another status than the one after.
        let after = path.after(place, child.count);
        let others = path.beside.iter().chain(&path.steps).map(String::as_str);
        Ok(others.into_iter().find(|other| Some(*other) != after).map(Some))
    }
}
