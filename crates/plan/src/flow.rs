//! Amounts of rows that depend on each other: lines of an entry whose two sides balance, changes of a balance, readings of
//! a counter. Data only; the planner chooses them.

use serde::{Deserialize, Serialize};

/// How the amounts of a table's rows depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub kind: FlowKind,
    /// The foreign key to the entry, or to the owner of the balance or counter.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub foreign: Option<usize>,
    /// The column whose random words determine the amounts.
    pub by: usize,
    /// Smallest amount of a row, and largest amount or level: `n / 10^scale`.
    pub least: i64,
    pub most: i64,
    pub scale: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// Each row has one side.
    Single,
    /// The rows of an entry have two sides of equal sums.
    Entry,
    /// A row changes the balance of its owner, which is never negative.
    Balance,
    /// A row reads the counter of its owner, which only rises.
    Counter,
}

/// The part of a flow that a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowPart {
    /// The amount of a row of this side, NULL on the other one.
    In,
    Out,
    /// The amount, whatever its side.
    Amount,
    /// The amount, negative on the side [`FlowPart::Out`].
    Change,
    /// The level before and after the row.
    Before,
    After,
}
