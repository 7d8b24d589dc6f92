//! Overrides of JSON documents and arrays.

use serde_json::Value as Json;

use super::ColumnOverride;

/// What a document, or a part of one, consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonOverride {
    /// An object of these members.
    Members(Vec<MemberOverride>),
    /// This value, the same in every document.
    Value(Json),
    /// Values of the same form as this one.
    Example(Json),
    /// Whatever this JSON Schema accepts.
    Schema(Json),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberOverride {
    pub name: String,
    /// Share of the objects without it, from 0 to 1.
    pub missing: f64,
    /// Its NULLs are JSON's `null`.
    pub rule: ColumnOverride,
}

/// The items of an array.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemsOverride {
    pub rule: Box<ColumnOverride>,
    /// Fewest and most items.
    pub count: Option<(u32, u32)>,
    /// No item occurs twice in an array.
    pub unique: bool,
}

impl std::fmt::Display for JsonOverride {
    /// As in a config file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JsonOverride::Members(members) => {
                let names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
                write!(f, "{{{}}}", names.join(", "))
            }
            JsonOverride::Value(value) | JsonOverride::Example(value) | JsonOverride::Schema(value) => {
                let text = value.to_string();
                let shown: String = text.chars().take(60).collect();
                write!(f, "{shown}{}", if shown.len() < text.len() { "..." } else { "" })
            }
        }
    }
}
