//! Whether a row has a value in a column, depending on the value of another column of the row.

use serde::{Deserialize, Serialize};

use dbmocker_core::value::Value;
use dbmocker_domain::Domain;

/// The share of rows with a value, for each value of another column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Presence {
    /// The column on which the presence depends.
    pub by: usize,
    /// Keys the stream that all columns depending on one column share, so that the rows of a smaller share are a subset
    /// of those of a larger one.
    pub of: String,
    /// The values of that column.
    pub values: Vec<Value>,
    pub shares: Vec<f64>,
    /// The share for any other value, and for NULL.
    pub otherwise: f64,
    /// The domain of rows that do not have the column's own value; `None`: NULL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instead: Option<Domain>,
}

impl Presence {
    /// Returns the values for which the column always has a value, as text for the printed plan.
    pub fn always(&self) -> Vec<String> {
        let all = self.values.iter().zip(&self.shares);
        all.filter(|(_, share)| **share >= 1.0).map(|(value, _)| value.to_string()).collect()
    }
}
