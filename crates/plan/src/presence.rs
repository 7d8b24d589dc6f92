//! Whether a row has a value in a column, where another column of the row decides that.

use serde::{Deserialize, Serialize};

use dbmocker_core::value::Value;
use dbmocker_domain::Domain;

/// The share of rows with a value, for each value of the column that decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// The column that decides.
    pub by: usize,
    /// Keys the stream that all columns share which one column decides about: what is there in fewer rows is there only
    /// where the others are.
    pub of: String,
    /// The decider's values, in the order of its domain.
    pub values: Vec<Value>,
    pub shares: Vec<f64>,
    /// Where the decider has another value, or none.
    pub otherwise: f64,
    /// What rows hold that are not to have the column's own value; NULL if nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instead: Option<Domain>,
}

impl Presence {
    /// The values under which there is always something, for people.
    pub fn always(&self) -> Vec<String> {
        let all = self.values.iter().zip(&self.shares);
        all.filter(|(_, share)| **share >= 1.0).map(|(value, _)| value.to_string()).collect()
    }
}
