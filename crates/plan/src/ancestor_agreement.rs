//! Two foreign keys of a row that lead to the same row of an ancestor.

use serde::{Deserialize, Serialize};

use crate::FkStep;

/// Number of attempts in which the two keys must lead to one ancestor; later attempts drop that, so that a unique key
/// can be satisfied.
pub const PREFERRED: u32 = 16;

/// A parent selection that depends on another foreign key of the row: both lead to the same row of an ancestor. If the
/// other key is NULL or refers to an existing row, the selection is independent; if the ancestor has no row to refer
/// to, the key is NULL where it may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AncestorAgreement {
    /// The other foreign key of the table.
    pub by: usize,
    /// The path from the other key's parent up to the ancestor, child first; empty if that parent is the ancestor.
    pub up: Vec<FkStep>,
    /// The path from this key's own parent up to the ancestor.
    pub down: Vec<FkStep>,
    /// For a self reference: of the ancestor's rows before this one, only the first `1 / earlier` are candidates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub earlier: Option<u64>,
}
