//! Two foreign keys of a row that lead to one ancestor, and meet there.

use serde::{Deserialize, Serialize};

use crate::Step;

/// Attempts of a row up to which two ways meet: a key that leaves no room for that wins.
pub const PREFERRED: u32 = 16;

/// A choice of a parent row by another foreign key of the row: both lead to the same row of one ancestor. Where the other
/// key is NULL, or refers to a row that was there before, the choice is made by itself; where the ancestor has no row to
/// choose, the key is NULL if it may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// The other foreign key of the table.
    pub by: usize,
    /// From the other key's parent up to the ancestor, child first; empty if that is the ancestor.
    pub up: Vec<Step>,
    /// The same from this key's own parent.
    pub down: Vec<Step>,
    /// A self reference: only the rows before this one, of which every so many are looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub earlier: Option<u64>,
}
