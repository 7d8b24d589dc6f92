//! The requested frequency of duplicate values, and untyped values.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How often the values of a column repeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Duplicates {
    /// The column's rule is used unchanged.
    GenerateNew,
    /// One value for all rows: this one, or a generated one.
    AllowDuplicates {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        value: Option<Scalar>,
    },
    /// At most `max_values` distinct values: with `probability` drawn from a skewed distribution, else uniformly.
    SmartDuplicates { probability: f64, max_values: u32 },
}

/// The text that the original's plan prints after a column.
impl fmt::Display for Duplicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Duplicates::GenerateNew => f.write_str("generate_new"),
            Duplicates::AllowDuplicates { value: None } => f.write_str("allow_duplicates"),
            Duplicates::AllowDuplicates { value: Some(v) } => write!(f, "allow_duplicates, value={v}"),
            Duplicates::SmartDuplicates { probability, max_values } => {
                write!(f, "smart_duplicates, p={probability}, max={max_values}")
            }
        }
    }
}

/// A value as the user wrote it, not yet converted to the column's type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Null => f.write_str("null"),
            Scalar::Bool(b) => write!(f, "{b}"),
            Scalar::Int(i) => write!(f, "{i}"),
            Scalar::Float(x) => write!(f, "{x}"),
            Scalar::Text(s) => f.write_str(s),
        }
    }
}
