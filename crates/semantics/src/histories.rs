//! Tables that record the changes of a status of their parent row, by the names of their columns.

use super::names::Name;
use super::roles::singular;

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

/// The side of a change of the parent's status that a column holds, and how well the names match, from 1 to 3 (higher is
/// better). `column` and `status` are names: `to_status` of a history and `status` of its parent; `None` if they are
/// unrelated.
///
/// ```
/// use dbmocker_semantics::histories::{ChangeSide, change_side};
/// let side = |table, column, status| change_side(table, "orders", column, status).map(|(side, _)| side);
/// assert_eq!(side("ticket_history", "old_status", "status"), Some(ChangeSide::From));
/// assert_eq!(side("ticket_history", "status", "status"), Some(ChangeSide::To));
/// assert_eq!(side("payments", "status", "status"), None);
/// ```
pub fn change_side(table: &str, parent: &str, column: &str, status: &str) -> Option<(ChangeSide, u8)> {
    let (table, parent) = (Name::new(table), singular(parent));
    let (mut column, mut status) = (Name::new(column), Name::new(status));
    let what = status.last().to_owned();
    let what = what.as_str();
    if !STATUSES.contains(&what) || !column.has(what) {
        return None;
    }
    let side = match () {
        () if column.has_any(FROM) => ChangeSide::From,
        () if column.has_any(TO) => ChangeSide::To,
        // `order_status`, `status`: the status that the row records.
        () if is_history(&table) && column.last() == what => ChangeSide::To,
        () => return None,
    };
    column.words.retain(|w| !FROM.contains(&w.as_str()) && !TO.contains(&w.as_str()) && !parent.words.contains(w));
    // `order_status` of orders.
    status.words.retain(|w| !parent.words.contains(w));
    // `payment_status_history` is that of the `payment_status`.
    let rank = match column.words == status.words {
        true if status.words.len() > 1 => 3,
        true if table.has_any(STATUSES) || table.words.len() < 3 => 2,
        true => 1,
        false if column.words == [what] && status.words.len() > 1 && table.has(&status.words.join(" ")) => 3,
        false => return None,
    };
    Some((side, rank))
}

/// Words of the status before a change, and of the one after it.
const FROM: &[&str] = &["from", "old", "previous", "prior", "before", "prev"];
const TO: &[&str] = &["to", "new", "next", "after"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_that_of_one_status() {
        let rank = |table, column, status| change_side(table, "orders", column, status).map(|(_, rank)| rank);
        assert!(
            rank("order_status_history", "to_status", "status")
                > rank("order_status_history", "to_status", "payment_status")
        );
        assert_eq!(rank("order_status_history", "payment_status", "status"), None);
        assert!(
            rank("payment_status_history", "to_status", "payment_status")
                > rank("payment_status_history", "to_status", "status")
        );
        assert_eq!(rank("order_log", "order_status", "status"), rank("order_log", "status", "status"));
    }
}
