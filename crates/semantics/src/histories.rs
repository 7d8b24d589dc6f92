//! Tables that record the changes of a status of their parent row, by the names of their columns.

use super::names::Name;

/// Words for a column that holds a status.
const STATUSES: &[&str] = &["status", "state", "stage", "phase"];

/// Words of tables whose rows are changes.
const CHANGES: &[&str] = &["history", "transition", "change", "log", "audit", "trail", "timeline", "event", "update"];

/// The side of a change that a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeSide {
    /// The status before the change.
    From,
    /// The status after the change.
    To,
}

/// Whether the rows of a table are changes, by its name.
pub(super) fn is_history(table: &Name) -> bool {
    table.has_any(CHANGES)
}

/// The side of a change of the parent's status that a column holds. `column` and `status` are names: `to_status` of a
/// history and `status` of its parent; `None` if they are unrelated.
///
/// ```
/// use dbmocker_semantics::histories::{ChangeSide, change_side};
/// assert_eq!(change_side("ticket_history", "old_status", "status"), Some(ChangeSide::From));
/// assert_eq!(change_side("ticket_history", "status", "status"), Some(ChangeSide::To));
/// assert_eq!(change_side("payments", "status", "status"), None);
/// ```
pub fn change_side(table: &str, column: &str, status: &str) -> Option<ChangeSide> {
    let (table, column, status) = (Name::new(table), Name::new(column), Name::new(status));
    let what = status.last();
    if !STATUSES.contains(&what) || !column.has(what) {
        return None;
    }
    if column.has_any(&["from", "old", "previous", "prior", "before", "prev"]) {
        return Some(ChangeSide::From);
    }
    if column.has_any(&["to", "new", "next", "after"]) {
        return Some(ChangeSide::To);
    }
    // `order_status`, `status`: the status that the row records.
    let own = column.words == status.words || column.words.len() <= 2 && column.last() == what;
    (own && is_history(&table)).then_some(ChangeSide::To)
}
