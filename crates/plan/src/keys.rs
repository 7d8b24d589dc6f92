//! Keys of a planned table: why they are unique, and how the components of one number are assigned to their columns.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::is_empty;

/// Several columns that are unique together: a row's number is decomposed into one component for each member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompositeKey {
    pub law: KeyLayout,
    /// Number of values of each member, in the order of `place`.
    pub sizes: Vec<u64>,
    /// Every parent has at least one row.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub every: bool,
    /// The distribution of rows over parents, for layouts that have one.
    #[serde(skip_serializing_if = "is_usual", default)]
    pub fan: Fan,
    /// With two members and `FanOut`: for equal parts of the values of the first one, how many values of the second one
    /// their rows choose among; all if it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub existing: Vec<u64>,
    /// Exact numbers of rows of the parents, instead of `fan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<ChildCounts>,
    /// All members but the first are columns of the table itself.
    #[serde(skip)]
    pub free: bool,
    pub reason: String,
}

/// Pairs of a number of rows and the number of parents that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildCounts(pub Vec<(u64, u64)>);

impl ChildCounts {
    /// Returns the number of parents, including those without rows.
    pub fn parents(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, parents)| sum.saturating_add(*parents))
    }

    /// Returns the rows of all parents.
    pub fn rows(&self) -> u64 {
        self.0.iter().fold(0, |sum, (rows, parents)| sum.saturating_add(rows.saturating_mul(*parents)))
    }

    /// Returns the largest number of rows of a parent.
    pub fn most(&self) -> u64 {
        self.0.iter().filter(|(_, parents)| *parents > 0).map(|(rows, _)| *rows).max().unwrap_or(0)
    }

    /// Returns the smallest and largest number of rows of a parent, as text.
    pub fn span(&self) -> String {
        let least = self.0.iter().filter(|(_, parents)| *parents > 0).map(|(rows, _)| *rows).min().unwrap_or(0);
        match self.most() {
            most if most == least => format!("{most}"),
            most => format!("{least} to {most}"),
        }
    }
}

/// The distribution of rows over the parents of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// Most parents have few rows, some have many, few have none.
    #[default]
    Usual,
    /// At least one row each if there are enough; few parents have many.
    Light,
    /// Only this percentage of the parents has rows.
    Among(u8),
}

/// How the components of one number are assigned to the members of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLayout {
    /// Member 0 is the parent by a fan-out law; the ordinal among its children gives the other components, permuted.
    FanOut,
    /// As `FanOut`, but the ordinal itself is member 1: 1, 2, 3, ...
    Ordinal,
    /// Mixed radix of a permuted row number.
    Product,
}

/// The reason why a key is unique.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyPlan {
    pub name: String,
    pub primary: bool,
    pub columns: Vec<String>,
    /// Number of distinct key values; saturates.
    #[serde(with = "dbmocker_core::serde_ext::unsigned")]
    pub capacity: u128,
    pub how: String,
    /// The expression that gives its values, if they are not proved to differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<UnprovedExpression>,
}

/// An expression that identifies rows, of whose values only a sample is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnprovedExpression {
    pub column: String,
    /// The place in the config file.
    pub origin: String,
}

impl KeyPlan {
    /// Returns the capacity; `None` if it is too large to matter.
    pub fn limit(&self) -> Option<u128> {
        (self.capacity < 1 << 62).then_some(self.capacity)
    }
}

/// Uniqueness that no formula gives: rows are tried in order before the run, and the first valid attempt is stored, one
/// byte per row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempts {
    pub keys: Vec<String>,
    #[serde(with = "dbmocker_core::serde_ext::runs", skip_serializing_if = "is_empty", default)]
    pub attempts: Arc<Vec<u8>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_usual(fan: &Fan) -> bool {
    *fan == Fan::Usual
}
